// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* System calls at their exit: one base program that ends almost every call at
 * once, and one handler a kind, reached by tail call.
 *
 * sys_exit and not sys_enter: calls that seccomp refuses never reach the
 * latter, the objects exist only at exit, and the arguments are still in the
 * registers. Handlers are added to `enum handler`, to src/event/syscalls.tbl and
 * to src/source/calls.c; nothing else here changes. */
#include "calls.bpf.h"
#include "connect.bpf.h"
#include "cred.bpf.h"
#include "mount.bpf.h"
#include "runtime.bpf.h"
#include "surface.bpf.h"
#include "use.bpf.h"

#define NR_SETNS_NATIVE 308
#define NR_SETNS_IA32 346
#define TS_COMPAT_BIT 2u /* arch/x86/include/asm/thread_info.h: TS_COMPAT */
#define USER_CS_64 0x33	 /* __USER_CS: 64-bit code */

#define AT_FDCWD_VALUE (-100)
#define CANARY_FD 0xffffffffu

static __always_inline void read_args(struct pt_regs *regs, struct call *call)
{
	if (call->way == WAY_IA32) {
		call->args[0] = (u32)regs->bx;
		call->args[1] = (u32)regs->cx;
		call->args[2] = (u32)regs->dx;
		call->args[3] = (u32)regs->si;
		call->args[4] = (u32)regs->di;
		call->args[5] = (u32)regs->bp;
	} else {
		call->args[0] = regs->di;
		call->args[1] = regs->si;
		call->args[2] = regs->dx;
		call->args[3] = regs->r10;
		call->args[4] = regs->r8;
		call->args[5] = regs->r9;
	}
}

/* Was something mapped as code? The protection is the same argument in both
 * ABIs; the handler tells their numbers apart. */
static __always_inline bool is_code_map(struct pt_regs *regs, u64 nr, long ret)
{
	return (nr == NR_MMAP_NATIVE || nr == NR_MMAP2_IA32) && (regs->dx & PROT_EXEC_BIT) &&
	       (ret >= 0 || ret < -ERRNO_MAX);
}

/* A successful set*id explains a change of identity and is nothing more. */
static __always_inline bool has_program(u32 handler)
{
	return handler != HANDLER_IGNORE && handler != HANDLER_COUNT && handler != HANDLER_CRED;
}

/* Calls that do no harm by what the caller is: what an exploit gained shows at the
 * next one that does. They are most of all calls, so a look at what exploits
 * change is enough. */
static __always_inline bool is_everyday(u32 handler)
{
	return handler == HANDLER_IGNORE || handler == HANDLER_USE || handler == HANDLER_MMAP;
}

/* Families of sockets that everybody uses; see is_family_everyday(). */
static __always_inline bool is_plain_family(u32 family)
{
	return family == FAMILY_UNIX || family == FAMILY_INET || family == FAMILY_INET6;
}

/* The calls that contained tasks make all the time, mostly of no interest: judged
 * without the price of a tail call and of looking everything up again. */
static __always_inline bool is_remarkable(const struct sensor_config *cfg, struct scratch *s,
					  struct task_struct *task, const struct subject *sub,
					  u32 which)
{
	const struct call *call = &s->call;
	s32 fd;

	if (which >= HANDLER_OPEN && which <= HANDLER_OPEN_BY_HANDLE_AT)
		return call->ret < 0 || is_open_remarkable(cfg, s, task, sub, call->ret,
							   which == HANDLER_OPEN_BY_HANDLE_AT);
	if (which == HANDLER_USE || which == HANDLER_MMAP) {
		if (IS_ERR_PTR(call->ret))
			return false;
		fd = use_fd_of(call);
		if (which == HANDLER_MMAP)
			fd = call->args[3] & MAP_ANONYMOUS_BIT ? -1 : (s32)call->args[4];
		return is_use_foreign(sub, file_of_fd(task, (s32)forget(s, fd)));
	}
	if (which == HANDLER_MPROTECT)
		return call->ret == 0 && (call->args[2] & PROT_EXEC_BIT);
	if (which == HANDLER_SOCKET)
		return !is_plain_family(call->args[0]);
	if (which == HANDLER_IOCTL)
		return is_terminal_input(call->args[1]);
	return true;
}

static __always_inline bool is_inside(const struct subject *sub)
{
	return sub && (sub->phase == PHASE_CONTAINED || sub->phase == PHASE_ESCAPED);
}

/* Of a task that is not in a container: what is looked at in a mount namespace
 * of its own, or because it began to run a script that may be a container's. */
static __always_inline u32 host_handler(const struct subject *sub, struct pt_regs *regs, u32 nr,
					u32 which, long ret)
{
	if (which == HANDLER_MMAP && is_code_map(regs, nr, ret))
		return HANDLER_HOST_MAP;
	if (sub && (sub->flags & SUBJECT_F_SCRIPT) && which >= HANDLER_OPEN &&
	    which <= HANDLER_OPEN_BY_HANDLE_AT && ret >= 0)
		return HANDLER_SCRIPT_OPEN;
	return 0;
}

/* The host's tasks in the initial mount namespace leave after four loads and a few
 * comparisons. The exceptions: setns(2), which may have brought the task here
 * from a container; code that is mapped, which may be a container's; any call
 * while an escaped task is about, or one that opens its script; and tasks of a
 * child pid namespace: nothing but an exploit changes the namespaces of a task
 * from the outside, and the number of its pid namespace it keeps.
 *
 * Contained tasks are compared with what they were last explained to be: by a few
 * words at each call, whatever its number, and in full at those that can do harm. */
SEC("tp_btf/sys_exit")
int BPF_PROG(tp_btf__sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	u32 nr = regs->orig_ax;
	struct nsproxy *ns = task->nsproxy;
	struct subject *sub;
	struct scratch *s;
	bool compat, inside, differs = false;
	u32 which, other;
	struct cred *cred;

	if ((u64)ns->mnt_ns == cfg->init_mnt_ns && !n_outside && !task->thread_pid->level &&
	    (nr & ~X32_BIT) != NR_SETNS_NATIVE && nr != NR_SETNS_IA32) {
		if (is_code_map(regs, nr, ret))
			bpf_tail_call(ctx, &handlers, HANDLER_HOST_MAP);
		return 0;
	}
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	inside = is_inside(sub);
	s = scratch_get();
	if (!s)
		return 0;
	compat = task->thread_info.status & TS_COMPAT_BIT;
	which = handler_of_call(nr, compat);
	if (sub && inside) {
		cred = task->cred;
		if (!is_everyday(which) || identity_stirs(sub, task, cred, ns)) {
			read_identity(task, cred, &s->id);
			differs = identity_differs(&sub->id, &s->id);
			if (!differs)
				sub->cred = (u64)cred;
		}
		if (which == HANDLER_COUNT)
			count_call(nr, compat);
	}
	if (!has_program(which) && !compat && !differs)
		return 0;
	s->call.nr = nr;
	s->call.ret = ret;
	s->call.way = compat ? WAY_IA32 : (nr & X32_BIT) ? WAY_X32 : WAY_NATIVE;
	s->call.handler = which;
	read_args(regs, &s->call);

	if (!sub || !inside) {
		other = host_handler(sub, regs, nr, which, ret);
		if (other) {
			bpf_tail_call(ctx, &handlers, other);
			count(COUNTER_TAIL_CALL);
			return 0;
		}
		other = runtime_handler(sub, task, which, ret);
		if (other) {
			which = other;
		} else if (which != HANDLER_SETNS && which != HANDLER_UNSHARE) {
			if (sub || (u64)ns->mnt_ns == cfg->init_mnt_ns)
				return 0;
			sub = subject_derive(s, task, 0);
			if (!sub || sub->phase != PHASE_CONTAINED)
				return 0;
		}
	} else if (compat && !(sub->flags & SUBJECT_F_COMPAT) && regs->cs == USER_CS_64) {
		sub->flags |= SUBJECT_F_COMPAT;
		if (is_wanted(cfg, EVENT_COMPAT)) {
			record_begin(s, sizeof(struct event_compat));
			fill_header(s, EVENT_COMPAT, task, sub);
			fill_call(s);
			record_end(RING_URGENT);
		}
	}
	if (inside && which >= HANDLER_LINK && which <= HANDLER_RENAMEAT && ret == 0)
		note_new_name(s, new_name_of(&s->call));
	if (differs) {
		bpf_tail_call(ctx, &handlers, HANDLER_IDENTITY);
		count(COUNTER_TAIL_CALL);
	}
	if (!has_program(which))
		return 0;
	if (sub && !is_remarkable(cfg, s, task, sub, forget(s, which)))
		return 0;
	bpf_tail_call(ctx, &handlers, which);
	count(COUNTER_TAIL_CALL);
	return 0;
}

/* The task is not what it was last explained to be: judge that, then go on to the
 * call's own handler. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__identity, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s = scratch_get();
	struct subject *sub;
	u32 handler;

	if (!s)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	handler = s->call.handler;
	occasion_begin(s, DRIFT_AT_SYSCALL);
	if (s->call.ret == 0) {
		s->occasion.is_cred = handler == HANDLER_CRED;
		s->occasion.is_made = handler == HANDLER_UNSHARE;
		s->occasion.is_ns = handler == HANDLER_UNSHARE || handler == HANDLER_SETNS;
		s->occasion.is_root = handler == HANDLER_CHROOT || handler == HANDLER_PIVOT_ROOT;
	}
	judge_identity(s, task, sub);
	if (!has_program(handler))
		return 0;
	bpf_tail_call(ctx, &handlers, handler);
	count(COUNTER_TAIL_CALL);
	return 0;
}

/* What every handler of a contained task begins with. */
#define HANDLER_PROLOGUE(event)                                \
	struct task_struct *task = bpf_get_current_task_btf(); \
	const struct sensor_config *cfg = sensor_config();     \
	struct scratch *s = scratch_get();                     \
	struct subject *sub;                                   \
                                                               \
	if (!cfg || !s || !is_wanted(cfg, event))              \
		return 0;                                      \
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);  \
	if (!sub)                                              \
	return 0

/* ---- opening ---- */

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

/* ---- position ---- */

static __always_inline void judge_position(const struct sensor_config *cfg, struct scratch *s,
					   struct task_struct *task, const struct subject *sub,
					   u32 op, u64 arg)
{
	struct fs_struct *fs = KREAD(task, fs);
	struct event_chdir *ev;
	struct file_view v = {};
	struct dentry *dentry;
	struct vfsmount *mnt;
	u64 facts = 0;

	if (s->call.ret != 0 || !fs)
		return;
	mnt = op == CHDIR_CHROOT ? KREAD(fs, root.mnt) : KREAD(fs, pwd.mnt);
	dentry = op == CHDIR_CHROOT ? KREAD(fs, root.dentry) : KREAD(fs, pwd.dentry);
	v.owner = mount_owner(cfg, task, sub, mnt, &v.mount_container);
	if (is_foreign(v.owner))
		facts = op == CHDIR_CHROOT ? FACT_ROOT_FOREIGN : FACT_CWD_FOREIGN;
	else if (v.owner == OWNER_OWN && !is_below_mount(s, mnt, dentry))
		facts = FACT_FILE_UNREACHABLE;
	if (op == CHDIR_CHROOT && is_host_root(cfg, dentry))
		facts |= FACT_HOST_ROOT;
	if (!facts && !(cfg->wanted_plain & (1ull << EVENT_CHDIR)))
		return;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CHDIR, task, sub);
	fill_call(s);
	view_of_path(cfg, task, sub, mnt, dentry, KREAD(dentry, d_inode), &v);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	ev->hdr.facts |= facts;
	ev->hdr.target_container = v.mount_container != sub->container ? v.mount_container : 0;
	if (is_foreign(v.owner))
		ev->hdr.boundary = v.owner == OWNER_HOST ? BOUNDARY_HOST : BOUNDARY_OTHER;
	ev->op = op;
	ev->path_len = put_path_of(s, mnt, dentry);
	ev->fspath_len = put_path_of(s, NULL, dentry);
	if (arg)
		ev->arg_len = put_user_string(s, arg);
	record_end(facts ? RING_URGENT : RING_BULK);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__chdir, struct pt_regs *regs, long ret)
{
	u32 op = CHDIR_CHDIR;
	HANDLER_PROLOGUE(EVENT_CHDIR);

	if (s->call.handler == HANDLER_FCHDIR)
		op = CHDIR_FCHDIR;
	else if (s->call.handler == HANDLER_CHROOT)
		op = CHDIR_CHROOT;
	judge_position(cfg, s, task, sub, op, op == CHDIR_FCHDIR ? 0 : s->call.args[0]);
	return 0;
}

/* ---- namespaces ---- */

/* What a refused setns() aimed at: a namespace's or a process' descriptor. */
static __always_inline void aim_of_setns(const struct sensor_config *cfg, struct task_struct *task,
					 struct scratch *s, struct event_ns *ev)
{
	struct file *file = file_of_fd(task, (s32)s->call.args[0]);
	struct mnt_namespace *mnt = NULL;
	struct task_struct *target;
	struct ns_common *ns;
	struct inode *inode;
	struct pid *pid;
	void *link;
	u32 magic, i;

	if (!file)
		return;
	inode = KREAD(file, f_inode);
	magic = KREAD(inode, i_sb, s_magic);
	if (magic == MAGIC_NSFS) {
		ns = KREAD(inode, i_private);
		ev->target_inum = KREAD(ns, inum);
		for (i = 0; i < NSK_MAX; i++)
			if (ev->target_inum == cfg->init_ns_inum[i])
				ev->joined_host |= ns_kind_flag(i);
		return;
	}
	/* pidfds were anonymous inodes until pidfs (6.9, cb12fd8e0dab). */
	if (magic == MAGIC_PIDFS)
		pid = KREAD(inode, i_private);
	else if (!(KREAD(inode, i_mode) & MODE_FMT))
		pid = KREAD(file, private_data);
	else
		return;
	if (!pid)
		return;
	link = KREAD(pid, tasks[1].first); /* PIDTYPE_TGID */
	if (!link)
		return;
	target = (struct task_struct *)((char *)link -
					bpf_core_field_offset(struct task_struct, pid_links[1]));
	ev->target_tgid = KREAD(target, tgid);
	mnt = KREAD(target, nsproxy, mnt_ns);
	if ((u64)mnt == cfg->init_mnt_ns)
		ev->joined_host |= NEWNS;
}

static __always_inline int canary(const struct sensor_config *cfg, struct scratch *s,
				  struct task_struct *task)
{
	struct event_canary *ev;

	if ((u32)task->tgid != cfg->agent_tgid || (u32)s->call.args[0] != CANARY_FD)
		return 0;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CANARY, task, NULL);
	fill_call(s);
	ev->hdr.phase = PHASE_HOST;
	ev->nonce = s->call.args[1];
	record_end(RING_URGENT);
	return 0;
}

static __always_inline int judge_namespaces(u32 op)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct subject *sub;
	struct scratch *s = scratch_get();
	struct event_ns *ev;
	bool is_initial;
	u64 mnt_id;

	if (!cfg || !s)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	is_initial = (u64)KHOT(task, nsproxy, mnt_ns) == cfg->init_mnt_ns;
	if (!sub && is_initial)
		return op == NS_SETNS ? canary(cfg, s, task) : 0;

	if (!sub || sub->phase == PHASE_HOST || sub->phase == PHASE_RUNTIME) {
		if (s->call.ret != 0 || is_initial)
			return 0;
		if (!sub)
			sub = subject_new(task);
		if (!sub)
			return 0;
		mnt_id = current_mnt_ns_id(task);
		if (mnt_id != sub->mnt_ns)
			subject_enter_runtime(sub, task, mnt_id);
		return 0;
	}

	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_NS, task, sub);
	fill_call(s);
	ev->op = op;
	ev->flags = op == NS_SETNS ? (u32)s->call.args[1] : s->call.args[0] & NEW_ANY;
	if (s->call.ret == 0) {
		explain_namespaces(cfg, s, task, sub, op == NS_UNSHARE);
		ev->changed = s->ns.changed;
		ev->joined_host = s->ns.joined_host;
		if (s->ns.other) {
			ev->hdr.target_container = s->ns.other;
			ev->hdr.boundary = BOUNDARY_OTHER;
		}
		if (ev->joined_host && op == NS_SETNS) {
			subject_escape(task, sub);
			ev->hdr.phase = sub->phase;
			ev->hdr.facts |= FACT_ESCAPED;
		} else {
			ev->joined_host = 0;
		}
	} else if (op == NS_SETNS) {
		aim_of_setns(cfg, task, s, ev);
	} else {
		return 0;
	}
	if (ev->joined_host) {
		ev->hdr.facts |= FACT_NS_JOINED_HOST;
		ev->hdr.boundary = BOUNDARY_HOST;
	}
	if (is_wanted(cfg, EVENT_NS))
		record_end(RING_URGENT);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__setns, struct pt_regs *regs, long ret)
{
	return judge_namespaces(NS_SETNS);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__unshare, struct pt_regs *regs, long ret)
{
	return judge_namespaces(NS_UNSHARE);
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

/* ---- the host's own code ---- */

/* A hook of a runtime, in the new mount namespace, has the image's root directory
 * as its working directory, on a mount of its own that is nobody's root yet. */
static __always_inline bool is_of_coming_root(const struct sensor_config *cfg,
					      struct task_struct *task, struct file *file)
{
	struct vfsmount *mnt = KREAD(file, f_path.mnt);

	return !in_initial_mnt_ns(cfg, task) && mnt == KREAD(task, fs, pwd.mnt) &&
	       mnt != KREAD(task, fs, root.mnt);
}

/* A program of a runtime's lineage maps a file of a container's root as code: a
 * copy helper or a hook that loads what the image brought. Told once a file. */
static __always_inline u64 image_code_facts(const struct sensor_config *cfg,
					    struct task_struct *task, const struct subject *sub,
					    struct file *file, struct inode *inode)
{
	u32 magic = KREAD(inode, i_sb, s_magic);
	struct written told = { .told = 1 };
	struct inode *exe = KREAD(task, mm, exe_file, f_inode);
	struct super_block *sb = KREAD(inode, i_sb);
	struct inode_id id = {};

	if (!sub || !(sub->lineage & LINEAGE_RUNTIME) || !exe)
		return 0;
	if (!is_of_coming_root(cfg, task, file) &&
	    (magic != MAGIC_OVERLAY || (u64)sb == cfg->host_root_sb || KREAD(exe, i_sb) == sb))
		return 0;
	inode_id_of(kcompat_data_inode(inode, magic), &id);
	told.time_ns = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&container_written, &id, &told, BPF_NOEXIST);
	return FACT_FROM_CONTAINER | FACT_OWN_LAYER;
}

/* mmap() as code by a task of the host. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__host_map, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct subject *sub;
	struct inode *inode;
	struct written *w;
	struct file *file;
	bool compat;
	u64 facts;
	s32 fd;

	if (!cfg || !s || !is_wanted(cfg, EVENT_USE))
		return 0;
	compat = task->thread_info.status & TS_COMPAT_BIT;
	if (regs->orig_ax != (compat ? NR_MMAP2_IA32 : NR_MMAP_NATIVE))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (sub && (sub->phase == PHASE_CONTAINED || sub->phase == PHASE_ESCAPED))
		return 0;
	fd = (s32)(compat ? regs->di : regs->r8);
	file = file_of_fd(task, fd);
	if (!file)
		return 0;
	inode = KREAD(file, f_inode);
	w = written_of(inode);
	s->code_container = 0;
	if (w) {
		if (w->told)
			return 0;
		w->told = 1;
		s->code_container = w->container;
		facts = written_facts(w);
	} else {
		facts = image_code_facts(cfg, task, sub, file, inode);
		if (!facts)
			return 0;
	}
	s->call.nr = regs->orig_ax;
	s->call.ret = ret;
	s->call.way = compat ? WAY_IA32 : WAY_NATIVE;
	emit_host_use(cfg, s, task, sub, file, USE_MAP_EXEC, fd, facts);
	return 0;
}

/* An open by a task of the host that is an interpreter and whose script bears the
 * name of something that a container wrote. The inode decides. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__script_open, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct name_key name = {};
	struct subject *sub;
	struct written *w;
	struct file *file;

	if (!cfg || !s || !is_wanted(cfg, EVENT_USE))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || !(sub->flags & SUBJECT_F_SCRIPT))
		return 0;
	if (!sub->script_opens--)
		subject_unmark_script(sub);
	file = file_of_fd(task, ret);
	w = file ? written_of(KREAD(file, f_inode)) : NULL;
	if (!w)
		return 0;
	if (sub->script_hash) {
		name_key_of(KREAD(file, f_path.dentry), &name);
		if (name_hash(&name) != sub->script_hash)
			return 0;
	}
	subject_unmark_script(sub);
	if (w->told)
		return 0;
	w->told = 1;
	s->code_container = w->container;
	emit_host_use(cfg, s, task, sub, file, USE_SCRIPT, ret, written_facts(w));
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
