/* SPDX-License-Identifier: Apache-2.0 */
/* System calls by number: name, what is done with them, roles of the arguments.
 * The table is src/event/syscalls.tbl; tools/gen-syscalls makes C of it. */
#ifndef BW_EVENT_SYSCALLS_H
#define BW_EVENT_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

#include "brigwatch/maps.h"

/* Sets of numbers. x32's are without their bit 30. */
enum syscall_abi {
	ABI_NATIVE = CALLS_NATIVE,
	ABI_X32 = CALLS_X32,
	ABI_IA32 = CALLS_IA32,
	ABI_MAX = CALLS_MAX,
};

#define X32_BIT 0x40000000

/* What an argument is; syscalls.tbl explains them. */
enum syscall_role {
	ROLE_NONE = 0,
	ROLE_FD, ROLE_DIRFD, ROLE_PIDFD, ROLE_NSFD,
	ROLE_PATH, ROLE_STRING,
	ROLE_BUF, ROLE_IOV, ROLE_LEN, ROLE_COUNT,
	ROLE_PTR, ROLE_SOCKADDR,
	ROLE_ADDR, ROLE_OFF,
	ROLE_PID, ROLE_UID, ROLE_GID, ROLE_ID, ROLE_KEY,
	ROLE_FLAGS, ROLE_MODE, ROLE_PROT, ROLE_DEV, ROLE_SIG, ROLE_CMD,
	ROLE_ARG, ROLE_VAL,
};

struct syscall_desc {
	const char *name;
	uint8_t handler;	/* enum handler: HANDLER_IGNORE, HANDLER_COUNT or that of an event */
	uint8_t n_args;
	uint8_t args[6];	/* enum syscall_role */
};

/* The call that `nr` is in this set of numbers, or NULL: nobody knows. */
const struct syscall_desc *syscall_find(enum syscall_abi abi, uint32_t nr);

/* Generated. Rows are counted from 1, 0: no such number. Use syscall_find(). */
extern const struct syscall_desc syscall_table[];
extern const size_t syscall_table_len;
extern const uint16_t syscall_rows[ABI_MAX][SYSCALLS_MAX];

#endif
