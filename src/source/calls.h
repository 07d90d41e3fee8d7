/* SPDX-License-Identifier: Apache-2.0 */
/* Which system call goes to which handler, and which program that is. What each
 * number means is in src/event/syscalls.tbl. */
#ifndef BW_SOURCE_CALLS_H
#define BW_SOURCE_CALLS_H

#include "brigwatch/maps.h"

#include "event/syscalls.h"

/* Names of the BPF programs that the handlers are, by enum handler; NULL for
 * numbers without a program. */
extern const char *const handler_programs[HANDLER_MAX];

/* The handler (enum handler) of this number. An event whose handler has no
 * program yet is counted: a tail call into nothing would be a lost event. */
unsigned int calls_handler(enum syscall_abi abi, unsigned int nr);

#endif
