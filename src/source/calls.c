// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "source/calls.h"

#include "base/base.h"

/* arch/x86/entry/syscalls/syscall_64.tbl */
const struct watched_call calls_native[] = {
	{ 2, HANDLER_OPEN },		/* open */
	{ 85, HANDLER_OPEN },		/* creat */
	{ 257, HANDLER_OPENAT },	/* openat */
	{ 437, HANDLER_OPENAT2 },	/* openat2 */
	{ 304, HANDLER_OPEN_BY_HANDLE_AT },
	{ 165, HANDLER_MOUNT },
	{ 166, HANDLER_UMOUNT },	/* umount2 */
	{ 155, HANDLER_PIVOT_ROOT },
	{ 80, HANDLER_CHDIR },
	{ 81, HANDLER_FCHDIR },
	{ 161, HANDLER_CHROOT },
	{ 308, HANDLER_SETNS },
	{ 272, HANDLER_UNSHARE },
	{ 42, HANDLER_CONNECT },
};
const size_t calls_native_len = ARRAY_SIZE(calls_native);

/* arch/x86/entry/syscalls/syscall_32.tbl */
const struct watched_call calls_ia32[] = {
	{ 5, HANDLER_OPEN },		/* open */
	{ 8, HANDLER_OPEN },		/* creat */
	{ 295, HANDLER_OPENAT },	/* openat */
	{ 437, HANDLER_OPENAT2 },	/* openat2 */
	{ 342, HANDLER_OPEN_BY_HANDLE_AT },
	{ 21, HANDLER_MOUNT },
	{ 22, HANDLER_UMOUNT },		/* umount */
	{ 52, HANDLER_UMOUNT },		/* umount2 */
	{ 217, HANDLER_PIVOT_ROOT },
	{ 12, HANDLER_CHDIR },
	{ 133, HANDLER_FCHDIR },
	{ 61, HANDLER_CHROOT },
	{ 346, HANDLER_SETNS },
	{ 310, HANDLER_UNSHARE },
	{ 362, HANDLER_CONNECT },
	{ 102, HANDLER_SOCKETCALL },
};
const size_t calls_ia32_len = ARRAY_SIZE(calls_ia32);

const char *const handler_programs[HANDLER_MAX] = {
	[HANDLER_OPEN] = "handle__open",
	[HANDLER_OPENAT] = "handle__open",
	[HANDLER_OPENAT2] = "handle__open",
	[HANDLER_OPEN_BY_HANDLE_AT] = "handle__open",
	[HANDLER_REFUSED_OPEN] = "handle__refused_open",
	[HANDLER_MOUNT] = "handle__mount",
	[HANDLER_UMOUNT] = "handle__umount",
	[HANDLER_PIVOT_ROOT] = "handle__umount",
	[HANDLER_CHDIR] = "handle__chdir",
	[HANDLER_FCHDIR] = "handle__chdir",
	[HANDLER_CHROOT] = "handle__chdir",
	[HANDLER_SETNS] = "handle__setns",
	[HANDLER_UNSHARE] = "handle__unshare",
	[HANDLER_CONNECT] = "handle__connect",
	[HANDLER_SOCKETCALL] = "handle__connect",
};
