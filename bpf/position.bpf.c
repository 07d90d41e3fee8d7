// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where a task stands: its working and root directory, its namespaces. */
#include "calls.bpf.h"
#include "cred.bpf.h"

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

#define CANARY_FD 0xffffffffu

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

/* Wherever the agent runs: in a pod, and as a service with mounts of its own, it is a
 * subject like others. */
static __always_inline bool is_canary(const struct sensor_config *cfg, const struct scratch *s,
				      const struct task_struct *task)
{
	return (u32)task->tgid == cfg->agent_tgid && (u32)s->call.args[0] == CANARY_FD;
}

static __always_inline int canary(struct scratch *s, struct task_struct *task)
{
	struct event_canary *ev;

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
	if (op == NS_SETNS && is_canary(cfg, s, task))
		return canary(s, task);
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	is_initial = (u64)KHOT(task, nsproxy, mnt_ns) == cfg->init_mnt_ns;
	if (!sub && is_initial)
		return 0;

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
