// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Handlers of calls on files and sockets: opening, mounting, connecting, using. */
#include "calls.bpf.h"
#include "connect.bpf.h"
#include "mount.bpf.h"
#include "runtime.bpf.h"
#include "use.bpf.h"

/* ---- opening ---- */

#define AT_FDCWD_VALUE (-100)
#define IA32_CREAT 8
#define FD_NSFS_ROOT (-10003) /* linux/fcntl.h: the file system of namespaces */
#define NATIVE_CREAT 85

/* Into the scratch buffer, so that the ways do not multiply the verifier's
 * states. */
static __always_inline void read_open_call(struct scratch *s)
{
	const struct call *call = &s->call;
	struct open_call *ret = &s->open;

	ret->path = 0;
	ret->flags = 0;
	ret->by_handle = 0;
	ret->dirfd = AT_FDCWD_VALUE;
	switch (call->handler) {
	case HANDLER_OPEN:
		ret->path = call->args[0];
		if ((call->nr & ~X32_BIT) == (call->way == WAY_IA32 ? IA32_CREAT : NATIVE_CREAT))
			ret->flags = OPEN_CREAT | OPEN_TRUNC | 1;
		else
			ret->flags = call->args[1];
		break;
	case HANDLER_OPENAT:
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->flags = call->args[2];
		break;
	case HANDLER_OPENAT2:
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		/* struct open_how begins with its flags. Only a remark: on success the
		 * file itself says how it was opened. */
		bpf_probe_read_user(&ret->flags, sizeof(ret->flags), (const void *)call->args[2]);
		break;
	case HANDLER_OPEN_BY_HANDLE_AT:
		ret->dirfd = call->args[0];
		ret->flags = call->args[2];
		ret->by_handle = 1;
		break;
	case HANDLER_OPEN_TREE:
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->flags = OPEN_PATH;
		break;
	}
	barrier();
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__open, struct pt_regs *regs, long ret)
{
	struct file *file;
	HANDLER_PROLOGUE(EVENT_OPEN);

	if (ret < 0) {
		/* No handle of a namespace is refused in another way: it is "stale". */
		if (ret == -ERRNO_PERM || ret == -ERRNO_ACCES || ret == -ERRNO_TXTBSY ||
		    ret == -ERRNO_ROFS ||
		    (ret == -ERRNO_STALE && s->call.handler == HANDLER_OPEN_BY_HANDLE_AT &&
		     (s32)s->call.args[0] == FD_NSFS_ROOT)) {
			bpf_tail_call(ctx, &handlers, HANDLER_REFUSED_OPEN);
			count(COUNTER_TAIL_CALL);
		}
		return 0;
	}
	file = file_of_fd(task, ret);
	if (!file)
		return 0;
	read_open_call(s);
	follow_open(s, file, judge_opened_file(cfg, s, task, sub, &s->open, file));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__refused_open, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_OPEN);

	read_open_call(s);
	judge_refused_open(cfg, s, task, sub, &s->open);
	return 0;
}

/* ---- mounts ---- */

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__mount, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_mount(cfg, s, task, sub);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__umount, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_umount(cfg, s, task, sub);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__fsopen, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_fsopen(s, task, sub);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__fsconfig, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_fsconfig(cfg, s, task, sub);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__fsmount, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_fsmount(cfg, s, task, sub);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__fspick, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_fspick(cfg, s, task, sub);
	return 0;
}

/* Without OPEN_TREE_CLONE nothing is mounted: another way to open. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__open_tree, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct subject *sub;

	if (!s)
		return 0;
	if (!(s->call.args[2] & TREE_CLONE)) {
		bpf_tail_call(ctx, &handlers, HANDLER_OPENAT);
		count(COUNTER_TAIL_CALL);
		return 0;
	}
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (sub && is_wanted(cfg, EVENT_MOUNT))
		judge_open_tree(cfg, s, task, sub);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__move_mount, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_move_mount(cfg, s, task, sub);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__mount_setattr, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_mount_setattr(cfg, s, task, sub);
	return 0;
}

/* ---- runtimes ---- */

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__runtime_open, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_OPEN);

	read_open_call(s);
	judge_runtime_open(cfg, s, task, sub, &s->open);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__runtime_mount, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_MOUNT);

	judge_runtime_mount(cfg, s, task, sub);
	return 0;
}

/* ---- connecting ---- */

/* linux/net.h: SYS_SOCKET, SYS_BIND, SYS_CONNECT, and the numbers of the calls of
 * their own that ia32 has for them since */
#define SOCKETCALL_SOCKET 1
#define SOCKETCALL_BIND 2
#define SOCKETCALL_CONNECT 3
#define NR_SOCKET_IA32 359
#define NR_BIND_IA32 361

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__connect, struct pt_regs *regs, long ret)
{
	u32 args[3] = {};
	u64 addr;
	s64 fd;
	HANDLER_PROLOGUE(EVENT_CONNECT);

	fd = (s32)s->call.args[0];
	addr = s->call.args[1];
	if (s->call.handler == HANDLER_SOCKETCALL) {
		bpf_probe_read_user(args, sizeof(args), (const void *)s->call.args[1]);
		if (s->call.args[0] == SOCKETCALL_SOCKET || s->call.args[0] == SOCKETCALL_BIND) {
			s->call.handler = HANDLER_SOCKET;
			s->call.nr = NR_SOCKET_IA32;
			if (s->call.args[0] == SOCKETCALL_BIND) {
				s->call.handler = HANDLER_BIND;
				s->call.nr = NR_BIND_IA32;
			}
			s->call.args[0] = args[0];
			s->call.args[1] = args[1];
			s->call.args[2] = args[2];
			bpf_tail_call(ctx, &handlers, HANDLER_SOCKET);
			count(COUNTER_TAIL_CALL);
			return 0;
		}
		if (s->call.args[0] != SOCKETCALL_CONNECT)
			return 0;
		fd = (s32)args[0];
		addr = args[1];
	}
	judge_connect(cfg, s, task, sub, file_of_fd(task, fd), addr);
	return 0;
}

/* ---- using ---- */

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__use, struct pt_regs *regs, long ret)
{
	struct file *file;
	s32 fd;
	HANDLER_PROLOGUE(EVENT_USE);

	if (sub->phase != PHASE_CONTAINED || s->call.ret < 0)
		return 0;
	fd = use_fd_of(&s->call);
	file = file_of_fd(task, fd);
	if (file)
		judge_use(cfg, s, task, sub, file, fd, use_op_of(&s->call));
	return 0;
}

/* mmap() of the 32-bit table has its arguments in memory: addr, len, prot, flags, fd. */
static __always_inline bool read_old_mmap(struct call *call)
{
	u32 args[5];

	if (bpf_probe_read_user(args, sizeof(args), (const void *)call->args[0]))
		return false;
	call->args[2] = args[2];
	call->args[3] = args[3];
	call->args[4] = args[4];
	return true;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__mmap, struct pt_regs *regs, long ret)
{
	struct file *file;
	s32 fd;
	HANDLER_PROLOGUE(EVENT_USE);

	if (sub->phase != PHASE_CONTAINED || IS_ERR_PTR(s->call.ret))
		return 0;
	if (s->call.handler == HANDLER_OLD_MMAP && !read_old_mmap(&s->call))
		return 0;
	if (s->call.args[3] & MAP_ANONYMOUS_BIT)
		return 0;
	fd = s->call.args[4];
	file = file_of_fd(task, fd);
	if (file)
		judge_use(cfg, s, task, sub, file, fd,
			  s->call.args[2] & PROT_EXEC_BIT ? USE_MAP_EXEC : USE_MAP);
	return 0;
}

/* What was mapped to be read may become code later. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__mprotect, struct pt_regs *regs, long ret)
{
	struct mapping mapping = {};
	HANDLER_PROLOGUE(EVENT_USE);

	if (sub->phase != PHASE_CONTAINED || s->call.ret != 0)
		return 0;
	bpf_find_vma(task, s->call.args[0], take_mapping, &mapping, 0);
	if (is_use_foreign(sub, (struct file *)mapping.file))
		judge_use(cfg, s, task, sub, (struct file *)mapping.file, -1, USE_MAP_EXEC);
	return 0;
}
