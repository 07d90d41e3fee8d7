// SPDX-License-Identifier: Apache-2.0
#include "source/calls.h"

const char *const handler_programs[HANDLER_MAX] = {
	[HANDLER_UNKNOWN] = "handle__unknown_call",
	[HANDLER_OPEN] = "handle__open",
	[HANDLER_OPENAT] = "handle__open",
	[HANDLER_OPENAT2] = "handle__open",
	[HANDLER_OPEN_BY_HANDLE_AT] = "handle__open",
	[HANDLER_REFUSED_OPEN] = "handle__refused_open",
	[HANDLER_IDENTITY] = "handle__identity",
	[HANDLER_USE] = "handle__use",
	[HANDLER_MMAP] = "handle__mmap",
	[HANDLER_OLD_MMAP] = "handle__mmap",
	[HANDLER_MPROTECT] = "handle__mprotect",
	[HANDLER_MOUNT] = "handle__mount",
	[HANDLER_UMOUNT] = "handle__umount",
	[HANDLER_PIVOT_ROOT] = "handle__umount",
	[HANDLER_FSOPEN] = "handle__fsopen",
	[HANDLER_FSCONFIG] = "handle__fsconfig",
	[HANDLER_FSMOUNT] = "handle__fsmount",
	[HANDLER_FSPICK] = "handle__fspick",
	[HANDLER_OPEN_TREE] = "handle__open_tree",
	[HANDLER_MOVE_MOUNT] = "handle__move_mount",
	[HANDLER_MOUNT_SETATTR] = "handle__mount_setattr",
	[HANDLER_RUNTIME_OPEN] = "handle__runtime_open",
	[HANDLER_RUNTIME_MOUNT] = "handle__runtime_mount",
	[HANDLER_CHDIR] = "handle__chdir",
	[HANDLER_FCHDIR] = "handle__chdir",
	[HANDLER_CHROOT] = "handle__chdir",
	[HANDLER_SETNS] = "handle__setns",
	[HANDLER_UNSHARE] = "handle__unshare",
	[HANDLER_CONNECT] = "handle__connect",
	[HANDLER_SOCKETCALL] = "handle__connect",
	[HANDLER_LINK] = "handle__change",
	[HANDLER_LINKAT] = "handle__change",
	[HANDLER_SYMLINK] = "handle__change",
	[HANDLER_SYMLINKAT] = "handle__change",
	[HANDLER_RENAME] = "handle__change",
	[HANDLER_RENAMEAT] = "handle__change",
	[HANDLER_UNLINK] = "handle__change",
	[HANDLER_UNLINKAT] = "handle__change",
	[HANDLER_MKDIR] = "handle__change",
	[HANDLER_MKDIRAT] = "handle__change",
	[HANDLER_MKNOD] = "handle__change",
	[HANDLER_MKNODAT] = "handle__change",
	[HANDLER_TRUNCATE] = "handle__change",
	[HANDLER_FTRUNCATE] = "handle__change",
	[HANDLER_CHMOD] = "handle__change",
	[HANDLER_FCHMOD] = "handle__change",
	[HANDLER_FCHMODAT] = "handle__change",
	[HANDLER_CHOWN] = "handle__change",
	[HANDLER_FCHOWN] = "handle__change",
	[HANDLER_FCHOWNAT] = "handle__change",
	[HANDLER_SETXATTR] = "handle__change",
	[HANDLER_FSETXATTR] = "handle__change",
	[HANDLER_SETXATTRAT] = "handle__change",
	[HANDLER_UTIME] = "handle__change",
	[HANDLER_UTIMENSAT] = "handle__change",

	[HANDLER_PTRACE] = "handle__access",
	[HANDLER_VM_ACCESS] = "handle__access",
	[HANDLER_PIDFD_GETFD] = "handle__access",
	[HANDLER_PIDFD_OPEN] = "handle__access",
	[HANDLER_MADVISE] = "handle__access",
	[HANDLER_KCMP] = "handle__access",
	[HANDLER_KILL] = "handle__access",
	[HANDLER_TGKILL] = "handle__access",
	[HANDLER_PIDFD_SIGNAL] = "handle__access",
	[HANDLER_SURFACE] = "handle__surface",
	[HANDLER_BPF] = "handle__bpf",
	[HANDLER_PERF] = "handle__perf",
	[HANDLER_SOCKET] = "handle__socket",
	[HANDLER_BIND] = "handle__socket",
	[HANDLER_SPLICE] = "handle__splice",
	[HANDLER_IOCTL] = "handle__ioctl",
	[HANDLER_FANOTIFY] = "handle__fanotify",
	[HANDLER_HOST_MAP] = "handle__host_map",
	[HANDLER_SCRIPT_OPEN] = "handle__script_open",
};

unsigned int calls_handler(enum syscall_abi abi, unsigned int nr)
{
	const struct syscall_desc *call = syscall_find(abi, nr);

	if (!call)
		return HANDLER_UNKNOWN;
	/* Judged where all calls are: see has_program() in bpf/dispatch.bpf.c. */
	if (call->handler == HANDLER_CRED)
		return HANDLER_CRED;
	if (call->handler > HANDLER_COUNT && !handler_programs[call->handler])
		return HANDLER_COUNT;
	return call->handler;
}
