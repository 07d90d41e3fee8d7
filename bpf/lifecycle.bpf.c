// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Birth, exec and death of tasks, and their moves between cgroups: where
 * subject state is inherited, ends its runtime phase, and goes. */
#include "consume.bpf.h"
#include "cred.bpf.h"

#define CLONE_THREAD_FLAG 0x00010000u

static __always_inline bool in_initial_mnt_ns(const struct sensor_config *cfg, struct task_struct *task)
{
	struct nsproxy *ns = task->nsproxy;

	return !ns || (u64)ns->mnt_ns == cfg->init_mnt_ns;
}

static __always_inline void emit_fork(struct scratch *s, struct task_struct *parent, struct task_struct *child,
				      const struct subject *sub, u64 clone_flags)
{
	struct event_fork *ev = record_begin(s, sizeof(*ev));

	fill_header(s, EVENT_FORK, child, sub);
	/* With CLONE_PARENT real_parent is not who forked. */
	exec_id_of(parent, &ev->hdr.parent);
	ev->hdr.ppid = ev->hdr.parent.tgid;
	ev->clone_flags = clone_flags;
	record_end(RING_URGENT);
}

static __always_inline void emit_clone_ns(struct scratch *s, struct task_struct *child, const struct subject *sub,
					  u64 clone_flags)
{
	struct event_ns *ev = record_begin(s, sizeof(*ev));

	fill_header(s, EVENT_NS, child, sub);
	ev->op = NS_CLONE;
	ev->flags = clone_flags & NEW_ANY;
	ev->changed = ev->flags;
	record_end(RING_URGENT);
}

static __noinline int emit_rate(struct scratch *s, struct task_struct *parent, const struct subject *sub, u32 kind,
				u32 n)
{
	struct container_state *state = bpf_map_lookup_elem(&containers, &sub->container);
	struct event_rate *ev;

	if (!state)
		return 0;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_RATE, parent, sub);
	ev->kind = kind;
	ev->count = n;
	ev->window_ms = (ev->hdr.time_ns - state->window_ns) / 1000000;
	record_end(RING_URGENT);
	return 0;
}

/* One process more. Two CPUs may count the same one: the numbers are for rules
 * that ask for thousands. */
static __always_inline void count_fork(const struct sensor_config *cfg, struct scratch *s, struct task_struct *parent,
				       const struct subject *sub)
{
	struct container_state *state = bpf_map_lookup_elem(&containers, &sub->container);
	u64 now = bpf_ktime_get_boot_ns();
	u32 forks;
	s32 grown;

	if (!state)
		return;
	__sync_fetch_and_add(&state->alive, 1);
	if (now - state->window_ns > RATE_WINDOW_NS) {
		state->window_ns = now;
		state->forks = 0;
		state->alive_before = state->alive;
	}
	forks = ++state->forks;
	grown = state->alive - state->alive_before;
	if (!is_wanted(cfg, EVENT_RATE))
		return;
	if (forks >= RATE_FORKS_MIN && is_power_of_two(forks))
		emit_rate(s, parent, sub, RATE_FORKS, forks);
	if (grown >= RATE_TASKS_MIN && is_power_of_two(grown))
		emit_rate(s, parent, sub, RATE_TASKS, grown);
}

static __always_inline bool cgroup_is_within(struct cgroup *cgrp, u64 id)
{
	struct kernfs_node *kn = KREAD(cgrp, kn);
	int i;

	for (i = 0; i < 16 && kn; i++) {
		if (KREAD(kn, id) == id)
			return true;
		kn = kcompat_kernfs_parent(kn);
	}
	return false;
}

/* `task` is in the group `dst` now, and a contained task has put it there. */
static __noinline int judge_cgroup_move(struct task_struct *task, struct cgroup *dst)
{
	struct subject *sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct container_state *state;
	struct event_cgroup *ev;

	if (!sub || !s || !cfg || !dst || !sub->container || !is_wanted(cfg, EVENT_CGROUP))
		return 0;
	state = bpf_map_lookup_elem(&containers, &sub->container);
	if (!state)
		return 0;
	/* Of the other hierarchies of v1, the root is outside of every container; a
	 * group below may be one that a nested engine made. */
	if (cgroup_is_within(cgroup_of(task), state->cgroup_id) &&
	    (KREAD(dst, level) > 0 || KREAD(dst, kn, id) == state->cgroup_id))
		return 0;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CGROUP, task, sub);
	ev->hdr.facts |= FACT_CGROUP_LEFT;
	ev->old_id = state->cgroup_id;
	ev->new_id = KREAD(dst, kn, id);
	ev->path_len = put_cgroup_path_of(s, dst);
	record_end(RING_URGENT);
	return 0;
}

/* task_newtask and not sched_process_fork: io_uring's workers are made without
 * the latter, and the child's storage may be created here already. */
SEC("tp_btf/task_newtask")
int BPF_PROG(tp_btf__task_newtask, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct subject *sub, *child, *init;
	struct scratch *s = scratch_get();
	bool is_outside, is_fresh_ns;
	u64 mnt_id;

	if (!cfg || !s)
		return 0;
	sub = bpf_task_storage_get(&subjects, parent, NULL, 0);
	if (!sub && in_initial_mnt_ns(cfg, task))
		return 0;
	is_fresh_ns = clone_flags & NEWNS;
	init = &s->child;
	if (sub) {
		*init = *sub;
	} else if (!is_fresh_ns) {
		return 0;	/* parent not met yet: the child is derived when it matters */
	} else {
		__builtin_memset(init, 0, sizeof(*init));
		init->phase = PHASE_HOST;
	}

	init->flags &= ~SUBJECT_F_SCRIPT;
	is_outside = init->flags & SUBJECT_F_OUTSIDE;
	if (!(clone_flags & CLONE_THREAD_FLAG))
		init->flags &= ~SUBJECT_F_COMPAT;
	if (is_fresh_ns) {
		mnt_id = current_mnt_ns_id(task);
		if (init->phase == PHASE_HOST || init->phase == PHASE_RUNTIME) {
			subject_enter_runtime(init, parent, mnt_id);
		} else {
			mnt_ns_learn(mnt_id, init->container);
			init->mnt_ns = mnt_id;
			init->own_mnt_ns = (u64)KREAD(task, nsproxy, mnt_ns);
			if (is_outside) {
				init->flags &= ~SUBJECT_F_OUTSIDE;
				is_outside = false;
			}
		}
	}
	child = bpf_task_storage_get(&subjects, task, init, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!child) {
		count(COUNTER_SUBJECT_FULL);
		return 0;
	}
	if (is_outside)
		__sync_fetch_and_add(&n_outside, 1);
	if (init->phase != PHASE_CONTAINED && init->phase != PHASE_ESCAPED)
		return 0;
	if (!(clone_flags & CLONE_THREAD_FLAG))
		count_fork(cfg, s, parent, child);
	if (clone_flags & INTO_CGROUP)
		judge_cgroup_move(task, KREAD(task, cgroups, dfl_cgrp));
	read_identity(task, task->real_cred, &s->id);
	if (identity_differs(&child->id, &s->id)) {
		occasion_begin(s, DRIFT_AT_FORK);
		if (clone_flags & (NEW_ANY | NEWTIME))
			s->occasion.is_ns = s->occasion.is_made = 1;
		judge_identity(s, task, child);
	}
	if (clone_flags & NEW_ANY) {
		read_namespaces(task, child->ns_inum);
		if (is_wanted(cfg, EVENT_NS))
			emit_clone_ns(s, task, child, clone_flags);
	}
	if (!(clone_flags & CLONE_THREAD_FLAG) && is_wanted(cfg, EVENT_FORK))
		emit_fork(s, parent, task, child, clone_flags);
	return 0;
}

/* Is the program known as a runtime's, by identity or, if it is run by root on
 * the host, by the name of its inode? The latter is remembered as identity. */
static __always_inline bool is_runtime_program(struct task_struct *task, struct inode *inode, struct dentry *dentry)
{
	struct name_key key = {};
	const unsigned char *name;

	if (is_runtime_inode(inode))
		return true;
	if (KREAD(task, cred, euid.val) != 0)
		return false;
	name = KREAD(dentry, d_name.name);
	bpf_probe_read_kernel_str(key.name, sizeof(key.name), name);
	if (!bpf_map_lookup_elem(&runtime_names, &key))
		return false;
	runtime_binary_add(inode, RUNTIME_BY_NAME);
	return true;
}

/* runc since 1.1.15 and crun run themselves from a memory file without a name, so
 * that a container cannot reach the program on disk (CVE-2019-5736). */
static __always_inline bool is_sealed_copy(struct inode *inode)
{
	return !KREAD(inode, i_nlink) && KREAD(inode, i_sb, s_magic) == MAGIC_TMPFS;
}

/* Is the program part of the image? Files without a name, in memory or deleted,
 * are not; nor is one on the container's root file system that changed after the
 * container's start: a file from a lower layer keeps its time. */
static __always_inline u64 exe_facts(const struct sensor_config *cfg, const struct subject *sub,
				     struct vfsmount *root_mnt, const struct file_view *v)
{
	struct container_state *born = bpf_map_lookup_elem(&containers, &sub->container);
	u32 nlink = KREAD(v->inode, i_nlink);
	u64 facts = 0;

	if (v->owner == OWNER_INTERNAL || (!nlink && v->magic == MAGIC_TMPFS))
		facts |= FACT_EXE_MEMORY;
	else if (!nlink)
		facts |= FACT_EXE_DELETED;
	if (born && v->mnt == root_mnt &&
	    (u64)kcompat_ctime(v->inode) * 1000000000 > cfg->wall_boot_ns + born->born_ns)
		facts |= FACT_EXE_UPPER;
	return facts;
}

/* The user's instruction pointer is at the entry of what the kernel started: the
 * program's own if it is static, else its interpreter's. */
static __always_inline u64 interpreter_facts(const struct sensor_config *cfg,
					     struct task_struct *task, const struct subject *sub)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct mapping mapping = {};
	struct file *file;
	u64 container;

	bpf_find_vma(task, KREAD(regs, ip), take_mapping, &mapping, 0);
	file = (struct file *)mapping.file;
	if (!is_use_foreign(sub, file) ||
	    !is_foreign(mount_owner(cfg, task, sub, KREAD(file, f_path.mnt), &container)))
		return 0;
	return FACT_CODE_FOREIGN;
}

/* A shell at the other end of somebody's connection: descriptors 0 and 1, or 0
 * and 2, are one socket that talks over a network. One that listens (FastCGI) is
 * no connection. */
static __noinline u64 connection_facts(struct task_struct *task)
{
	struct file *in = file_of_fd(task, 0), *out = file_of_fd(task, 1);
	struct socket *sock;
	struct inode *inode;
	struct sock *sk;
	u16 family;
	u8 state;

	if (!in)
		return 0;
	inode = KREAD(in, f_inode);
	if ((KREAD(inode, i_mode) & MODE_FMT) != MODE_SOCK)
		return 0;
	if (!out || KREAD(out, f_inode) != inode)
		out = file_of_fd(task, 2);
	if (!out || KREAD(out, f_inode) != inode)
		return 0;
	sock = KREAD(in, private_data);
	sk = sock ? KREAD(sock, sk) : NULL;
	if (!sk)
		return 0;
	family = KREAD(sk, __sk_common.skc_family);
	state = KREAD(sk, __sk_common.skc_state);
	if (family != FAMILY_INET && family != FAMILY_INET6 && family != FAMILY_VSOCK)
		return 0;
	return state == STATE_ESTABLISHED || state == STATE_CLOSE_WAIT ? FACT_ON_CONNECTION : 0;
}

static __always_inline void emit_exec(struct scratch *s, struct task_struct *task, const struct subject *sub,
				 struct linux_binprm *bprm, struct file *exe, u32 first)
{
	const struct sensor_config *cfg = sensor_config();
	struct file_view v = {}, dir = {};
	struct event_exec *ev;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct dentry *dentry, *root;
	struct pid_key key = {};
	struct inode_id id = {};
	u64 start, end, len;
	u32 off;

	if (!cfg)
		return;
	mm = KREAD(task, mm);
	fs = KREAD(task, fs);
	if (!mm || !fs)
		return;
	dentry = KREAD(fs, pwd.dentry);
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_EXEC, task, sub);
	view_of_file(cfg, task, sub, exe, &v);
	v.f_mode = FMODE_READ_BIT;
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	ev->hdr.facts |= s->code_facts;
	ev->hdr.target_container = s->code_container;
	if (sub->phase == PHASE_HOST)
		goto judged;	/* a runtime's program: kept as the ancestor of its containers */
	ev->hdr.facts |= forget(s, file_facts(s, sub, &v)) & ~(FACT_KERNEL_CONTROL | FACT_STDIO);
	/* A host program is no less foreign for being someone's standard input. */
	if (is_foreign(v.owner))
		ev->hdr.facts |= FACT_FILE_FOREIGN;
	if (first)
		ev->hdr.facts |= FACT_FIRST_EXEC;
	ev->hdr.facts |= forget(s, exe_facts(cfg, sub, KREAD(fs, root.mnt), &v));
	ev->hdr.facts |= forget(s, interpreter_facts(cfg, task, sub));
	ev->hdr.facts |= connection_facts(task);

	view_of_path(cfg, task, sub, KREAD(fs, pwd.mnt), dentry, KREAD(dentry, d_inode), &dir);
	ev->cwd_owner = dir.owner;
	if (is_foreign(dir.owner))
		ev->hdr.facts |= FACT_CWD_FOREIGN;
	root = KREAD(fs, root.dentry);
	view_of_path(cfg, task, sub, KREAD(fs, root.mnt), root, KREAD(root, d_inode), &dir);
	ev->root_owner = dir.owner;
	if (is_foreign(dir.owner))
		ev->hdr.facts |= FACT_ROOT_FOREIGN;
judged:
	if (!s->code_facts) { /* else nobody takes it out again */
		key.pid_ns_inum = ev->hdr.pid_ns_inum;
		key.nr = ev->hdr.ns_tgid;
		inode_id_of(v.inode, &id);
		bpf_map_update_elem(&exe_by_pid, &key, &id, BPF_ANY);
	}

	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
	ev->filename_len = put_kernel_string(s, KREAD(bprm, filename));
	ev->cwd_len = put_path_of(s, KREAD(fs, pwd.mnt), dentry);

	/* The new image's stack was written a moment ago: it is resident. */
	start = KREAD(mm, arg_start);
	end = KREAD(mm, arg_end);
	len = end - start;
	ev->args_total = len;
	if (end < start)
		len = 0;
	if (len > EVENT_ARGS_MAX - 1) {
		len = EVENT_ARGS_MAX - 1;
		ev->hdr.flags |= EVENT_F_ARGS_CUT;
	}
	off = s->len;
	if (len && off <= EVENT_SIZE_MAX - EVENT_ARGS_MAX) {
		if (bpf_probe_read_user(&s->data[off], len & 0xfff, (const void *)start)) {
			ev->hdr.flags |= EVENT_F_ARG_UNREAD;
		} else {
			ev->args_len = len;
			s->len = off + len;
		}
	}
	record_end(RING_URGENT);
}

/* What the container's first process runs is what the container is made for. */
static __always_inline void note_main_program(struct scratch *s, struct task_struct *task,
					      const struct subject *sub, struct inode *inode)
{
	struct container_state *state = bpf_map_lookup_elem(&containers, &sub->container);

	if (!state || state->init_tgid != (u32)task->tgid)
		return;
	inode_id_of(inode, &state->main_exe);
	state->main_is_shell = is_interpreter(s, task);
}

/* Whose set-id bits count: the program that runs, or, where binfmt_misc gave its
 * descriptor to an interpreter with the program's credentials, the program. */
static __always_inline void explain_exec(struct scratch *s, struct task_struct *task,
					 struct subject *sub, struct linux_binprm *bprm,
					 struct file *exe)
{
	struct file *program;

	read_identity(task, task->real_cred, &s->id);
	if (!identity_differs(&sub->id, &s->id))
		return;
	program = KREAD(bprm, executable);
	occasion_begin(s, DRIFT_AT_EXEC);
	s->occasion.exe_mode = KREAD(exe, f_inode, i_mode);
	if (program)
		s->occasion.exe_mode |= KREAD(program, f_inode, i_mode);
	judge_identity(s, task, sub);
}

/* Fires after the new image is installed: comm, credentials and mm are the new
 * ones. A failed execve() does not pass here. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(tp_btf__sched_process_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	const struct sensor_config *cfg = sensor_config();
	struct subject *sub;
	struct scratch *s = scratch_get();
	struct file *exe = NULL;
	bool in_initial, first = false, is_runtime = false;
	u32 is_script;
	u64 mnt_id;

	if (!cfg || !s)
		return 0;
	exe = KREAD(task, mm, exe_file);
	if (!exe)
		return 0;
	s->code_facts = 0;
	s->code_container = 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	in_initial = forget(s, in_initial_mnt_ns(cfg, task));
	if (sub)
		subject_unmark_script(sub);
	if (!sub || sub->phase == PHASE_HOST || sub->phase == PHASE_RUNTIME) {
		is_runtime = is_runtime_program(task, KREAD(exe, f_inode), KREAD(exe, f_path.dentry));
		if (!is_runtime && sub && (sub->lineage & LINEAGE_RUNTIME) && is_sealed_copy(KREAD(exe, f_inode))) {
			runtime_binary_add(KREAD(exe, f_inode), RUNTIME_SEALED);
			is_runtime = true;
		}
		if (is_runtime) {
			if (!sub)
				sub = subject_new(task);
			if (sub)
				sub->lineage |= LINEAGE_RUNTIME;
		}
		is_script = forget(s, KREAD(bprm, interp) != KREAD(bprm, filename));
		is_runtime = forget(s, is_runtime);
		if (in_initial) {
			s->code_facts = judge_host_exec(cfg, s, task, exe, is_script);
			expect_script(s, task, bprm, is_script);
			if (s->code_facts && !sub)
				sub = subject_new(task);
			if (!sub)
				return 0;
			sub->phase = PHASE_HOST;
			if (!is_runtime && !s->code_facts)
				return 0;
			goto emit;
		}
		if (!sub) {
			sub = subject_new(task);
			if (!sub)
				return 0;
			count(COUNTER_UNKNOWN);
		}
		mnt_id = current_mnt_ns_id(task);
		if (!looks_contained(cfg, task, mnt_id, sub->lineage)) {
			sub->phase = PHASE_HOST;
			sub->mnt_ns = mnt_id;
			s->code_facts = judge_host_exec(cfg, s, task, exe, is_script);
			expect_script(s, task, bprm, is_script);
			/* An engine may have private mounts: one in a snap, for instance. */
			if (!is_runtime && !s->code_facts)
				return 0;
			goto emit;
		}
		subject_contain(s, task, sub, mnt_id, 0);
		first = true;
	} else {
		explain_exec(s, task, sub, bprm, exe);
	}
	note_main_program(s, task, sub, KREAD(exe, f_inode));
	sub->flags &= ~SUBJECT_F_COMPAT;
emit:
	if (is_wanted(cfg, EVENT_EXEC))
		emit_exec(s, task, sub, bprm, exe, first);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tp_btf__sched_process_exit, struct task_struct *task)
{
	struct subject *sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct container_state *state;
	struct event_exit *ev;
	struct pid_key key = {};

	if (!sub || !s || !cfg)
		return 0;
	subject_gone(sub);
	if (KREAD(task, signal, live.counter) > 0)
		return 0;	/* a thread of a process that goes on */
	if (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED) {
		if (!(sub->lineage & LINEAGE_RUNTIME))
			return 0;
		key.pid_ns_inum = cfg->init_ns_inum[NSK_PID];
		key.nr = task->tgid;
		bpf_map_delete_elem(&exe_by_pid, &key);
		return 0;
	}
	state = bpf_map_lookup_elem(&containers, &sub->container);
	if (state)
		__sync_fetch_and_add(&state->alive, -1);
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_EXIT, task, sub);
	ev->exit_code = task->exit_code;
	key.pid_ns_inum = ev->hdr.pid_ns_inum;
	key.nr = ev->hdr.ns_tgid;
	bpf_map_delete_elem(&exe_by_pid, &key);
	if (is_wanted(cfg, EVENT_EXIT))
		record_end(RING_URGENT);
	return 0;
}

/* Moves that the host makes (a runtime's update, systemd) are its own business;
 * a container that moves its processes out of its own cgroup is leaving. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(tp_btf__cgroup_attach_task, struct cgroup *dst, const char *path, struct task_struct *task)
{
	struct task_struct *actor = bpf_get_current_task_btf();
	struct subject *by = bpf_task_storage_get(&subjects, actor, NULL, 0);

	if (by && (by->phase == PHASE_CONTAINED || by->phase == PHASE_ESCAPED))
		judge_cgroup_move(task, dst);
	return 0;
}
