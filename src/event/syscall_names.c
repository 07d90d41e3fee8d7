/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the system calls that brigwatch's events come from. Numbers are
 * written out, not taken from <asm/unistd.h>: a capture made on x86-64 reads
 * the same wherever it is replayed. */
#include "event/event.h"

struct call {
	int nr;
	const char *name;
};

/* arch/x86/entry/syscalls/syscall_64.tbl */
static const struct call calls_64[] = {
	{ 1, "write" },
	{ 2, "open" },
	{ 18, "pwrite64" },
	{ 20, "writev" },
	{ 42, "connect" },
	{ 44, "sendto" },
	{ 46, "sendmsg" },
	{ 56, "clone" },
	{ 57, "fork" },
	{ 58, "vfork" },
	{ 59, "execve" },
	{ 60, "exit" },
	{ 80, "chdir" },
	{ 81, "fchdir" },
	{ 85, "creat" },
	{ 155, "pivot_root" },
	{ 161, "chroot" },
	{ 165, "mount" },
	{ 166, "umount2" },
	{ 231, "exit_group" },
	{ 257, "openat" },
	{ 272, "unshare" },
	{ 303, "name_to_handle_at" },
	{ 304, "open_by_handle_at" },
	{ 307, "sendmmsg" },
	{ 308, "setns" },
	{ 322, "execveat" },
	{ 425, "io_uring_setup" },
	{ 426, "io_uring_enter" },
	{ 427, "io_uring_register" },
	{ 428, "open_tree" },
	{ 429, "move_mount" },
	{ 430, "fsopen" },
	{ 431, "fsconfig" },
	{ 432, "fsmount" },
	{ 433, "fspick" },
	{ 435, "clone3" },
	{ 437, "openat2" },
	{ 442, "mount_setattr" },
	{ 467, "open_tree_attr" },
	/* x32 has numbers of its own from 512 on, the rest is shared. */
	{ 518, "sendmsg" },
	{ 520, "execve" },
	{ 538, "sendmmsg" },
	{ 545, "execveat" },
};

/* arch/x86/entry/syscalls/syscall_32.tbl. A compat event may name any call of
 * a 32-bit program, hence some that begin one. */
static const struct call calls_32[] = {
	{ 1, "exit" },
	{ 2, "fork" },
	{ 3, "read" },
	{ 4, "write" },
	{ 5, "open" },
	{ 6, "close" },
	{ 8, "creat" },
	{ 11, "execve" },
	{ 12, "chdir" },
	{ 20, "getpid" },
	{ 21, "mount" },
	{ 22, "umount" },
	{ 45, "brk" },
	{ 52, "umount2" },
	{ 54, "ioctl" },
	{ 61, "chroot" },
	{ 102, "socketcall" },
	{ 120, "clone" },
	{ 122, "uname" },
	{ 125, "mprotect" },
	{ 133, "fchdir" },
	{ 146, "writev" },
	{ 181, "pwrite64" },
	{ 190, "vfork" },
	{ 192, "mmap2" },
	{ 217, "pivot_root" },
	{ 243, "set_thread_area" },
	{ 252, "exit_group" },
	{ 295, "openat" },
	{ 310, "unshare" },
	{ 341, "name_to_handle_at" },
	{ 342, "open_by_handle_at" },
	{ 345, "sendmmsg" },
	{ 346, "setns" },
	{ 358, "execveat" },
	{ 359, "socket" },
	{ 362, "connect" },
	{ 369, "sendto" },
	{ 370, "sendmsg" },
	{ 425, "io_uring_setup" },
	{ 426, "io_uring_enter" },
	{ 427, "io_uring_register" },
	{ 428, "open_tree" },
	{ 429, "move_mount" },
	{ 430, "fsopen" },
	{ 431, "fsconfig" },
	{ 432, "fsmount" },
	{ 433, "fspick" },
	{ 435, "clone3" },
	{ 437, "openat2" },
	{ 442, "mount_setattr" },
	{ 467, "open_tree_attr" },
};

/* enum io_uring_op */
/* clang-format off */
static const struct call calls_io_uring[] = {
	{ 9, "io_uring:sendmsg" },
	{ 16, "io_uring:connect" },
	{ 18, "io_uring:openat" },
	{ 26, "io_uring:send" },
	{ 28, "io_uring:openat2" },
};
/* clang-format on */

static const char *find_call(const struct call *calls, size_t n_calls, int nr,
			     const char *otherwise)
{
	for (size_t i = 0; i < n_calls; i++)
		if (calls[i].nr == nr)
			return calls[i].name;
	return otherwise;
}

const char *event_syscall_name(const struct event *ev)
{
	const int x32_bit = 0x40000000;
	int nr = ev->hdr.nr;

	switch (ev->hdr.way) {
	case WAY_X32:
		if (nr >= 0)
			nr &= ~x32_bit;
		return find_call(calls_64, ARRAY_SIZE(calls_64), nr, "unknown");
	case WAY_NATIVE:
		if (nr >= 512)
			return "unknown";
		return find_call(calls_64, ARRAY_SIZE(calls_64), nr, "unknown");
	case WAY_IA32: return find_call(calls_32, ARRAY_SIZE(calls_32), nr, "unknown");
	case WAY_IO_URING:
		return find_call(calls_io_uring, ARRAY_SIZE(calls_io_uring), nr,
				 "io_uring:unknown");
	default: return "unknown";
	}
}
