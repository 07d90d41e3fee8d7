/* SPDX-License-Identifier: Apache-2.0 */
/* Which system call goes to which handler, by ABI. */
#ifndef BW_SOURCE_CALLS_H
#define BW_SOURCE_CALLS_H

#include "brigwatch/maps.h"

struct watched_call {
	__u16 nr;
	__u8 handler;	/* enum handler */
};

extern const struct watched_call calls_native[];
extern const size_t calls_native_len;
extern const struct watched_call calls_ia32[];
extern const size_t calls_ia32_len;

/* Names of the BPF programs that the handlers are, by enum handler; NULL for
 * numbers without a program. */
extern const char *const handler_programs[HANDLER_MAX];

#endif
