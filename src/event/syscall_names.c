/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the system calls that events come from. */
#include "event/event.h"
#include "event/syscalls.h"

/* enum io_uring_op, in order: these are no system calls, their numbers are of
 * their own. */
/* clang-format off */
static const char *const io_uring_ops[] = {
	"io_uring:nop", "io_uring:readv", "io_uring:writev", "io_uring:fsync",
	"io_uring:read_fixed", "io_uring:write_fixed", "io_uring:poll_add", "io_uring:poll_remove",
	"io_uring:sync_file_range", "io_uring:sendmsg", "io_uring:recvmsg", "io_uring:timeout",
	"io_uring:timeout_remove", "io_uring:accept", "io_uring:async_cancel",
	"io_uring:link_timeout", "io_uring:connect", "io_uring:fallocate", "io_uring:openat",
	"io_uring:close", "io_uring:files_update", "io_uring:statx", "io_uring:read",
	"io_uring:write", "io_uring:fadvise", "io_uring:madvise", "io_uring:send", "io_uring:recv",
	"io_uring:openat2", "io_uring:epoll_ctl", "io_uring:splice", "io_uring:provide_buffers",
	"io_uring:remove_buffers", "io_uring:tee", "io_uring:shutdown", "io_uring:renameat",
	"io_uring:unlinkat", "io_uring:mkdirat", "io_uring:symlinkat", "io_uring:linkat",
	"io_uring:msg_ring", "io_uring:fsetxattr", "io_uring:setxattr", "io_uring:fgetxattr",
	"io_uring:getxattr", "io_uring:socket", "io_uring:uring_cmd", "io_uring:send_zc",
	"io_uring:sendmsg_zc", "io_uring:read_multishot", "io_uring:waitid", "io_uring:futex_wait",
	"io_uring:futex_wake", "io_uring:futex_waitv", "io_uring:fixed_fd_install",
	"io_uring:ftruncate", "io_uring:bind", "io_uring:listen", "io_uring:recv_zc",
	"io_uring:epoll_wait", "io_uring:readv_fixed", "io_uring:writev_fixed", "io_uring:pipe",
};
/* clang-format on */

const struct syscall_desc *syscall_find(enum syscall_abi abi, uint32_t nr)
{
	size_t row;

	if (abi >= ABI_MAX || nr >= SYSCALLS_MAX)
		return NULL;
	row = syscall_rows[abi][nr];
	return row > 0 && row <= syscall_table_len ? &syscall_table[row - 1] : NULL;
}

static const char *name_of(enum syscall_abi abi, uint32_t nr)
{
	const struct syscall_desc *call = syscall_find(abi, nr);

	return call ? call->name : "unknown";
}

const char *event_syscall_name(const struct event *ev)
{
	uint32_t nr = (uint32_t)ev->hdr.nr;

	switch (ev->hdr.way) {
	case WAY_NATIVE: return name_of(ABI_NATIVE, nr);
	case WAY_X32: return name_of(ABI_X32, nr & ~(uint32_t)X32_BIT);
	case WAY_IA32: return name_of(ABI_IA32, nr);
	case WAY_IO_URING:
		return nr < ARRAY_SIZE(io_uring_ops) ? io_uring_ops[nr] : "io_uring:unknown";
	default: return "unknown";
	}
}
