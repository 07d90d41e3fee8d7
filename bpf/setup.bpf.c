// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that the sensor runs by hand: to learn the host's own namespaces, to
 * take the identity of files that it opened, and to look at what already runs.
 * None of them is attached to a hook of the kernel. */
#include "cred.bpf.h"

#define SWAPPER_DISTANCE_MAX 128
#define STATE_LISTEN 10	/* TCP_LISTEN, also of AF_UNIX */

/* The way up from the sensor ends at the first task (pid 0), whatever pid
 * namespace the sensor is in. Its namespaces are the host's; the root directory
 * of its child reaper (pid 1) is the host's root. */
SEC("raw_tp/sys_enter")
int raw_tp__setup(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *reaper;
	struct nsproxy *ns;
	int i;

	for (i = 0; i < SWAPPER_DISTANCE_MAX && KREAD(task, pid); i++)
		task = KREAD(task, real_parent);
	if (KREAD(task, pid))
		return 1;
	ns = KREAD(task, nsproxy);
	config.init_mnt_ns = (u64)KREAD(ns, mnt_ns);
	read_namespaces(task, config.init_ns_inum);
	reaper = KREAD(ns, pid_ns_for_children, child_reaper);
	config.host_root_dentry = (u64)KREAD(reaper, fs, root.dentry);
	config.host_root_sb = (u64)KREAD(reaper, fs, root.dentry, d_sb);
	return 0;
}

/* Take the identity of descriptor `fd` of the sensor as a runtime's program. */
SEC("raw_tp/sys_enter")
int raw_tp__register_fd(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = file_of_fd(task, (s64)ctx->args[0]);
	struct inode_id id = {};
	u32 one = 1;

	if (!file)
		return 1;
	if (ctx->args[1] == REGISTER_HELPER) {
		inode_id_of(KREAD(file, f_inode), &id);
		bpf_map_update_elem(&host_helpers, &id, &one, BPF_ANY);
		return 0;
	}
	runtime_binary_add(KREAD(file, f_inode), (u32)ctx->args[1]);
	return 0;
}

static __always_inline bool task_runs_runtime(struct task_struct *task)
{
	struct inode *inode = KREAD(task, mm, exe_file, f_inode);

	return inode && is_runtime_inode(inode);
}

static __always_inline bool in_initial(const struct sensor_config *cfg, struct task_struct *task)
{
	struct mnt_namespace *ns = KREAD(task, nsproxy, mnt_ns);

	return ns && (u64)ns == cfg->init_mnt_ns;
}

/* First pass: runtimes that run now, by name, and the lineage of their tasks. */
SEC("iter/task")
int iter__task_runtimes(struct bpf_iter__task *ctx)
{
	const struct sensor_config *cfg = sensor_config();
	struct task_struct *task = ctx->task;
	struct subject *sub;
	struct name_key key = {};
	const unsigned char *name;
	struct inode_id id = {};
	struct pid_key pid = {};
	struct file *exe;

	if (!task || !cfg || !in_initial(cfg, task))
		return 0;
	exe = KREAD(task, mm, exe_file);
	if (!exe)
		return 0;
	if (!is_runtime_inode(KREAD(exe, f_inode))) {
		if (KREAD(task, cred, euid.val) != 0)
			return 0;
		name = KREAD(exe, f_path.dentry, d_name.name);
		bpf_probe_read_kernel_str(key.name, sizeof(key.name), name);
		if (!bpf_map_lookup_elem(&runtime_names, &key))
			return 0;
		runtime_binary_add(KREAD(exe, f_inode), RUNTIME_BY_NAME);
	}
	sub = subject_new(task);
	if (sub)
		sub->lineage |= LINEAGE_RUNTIME;
	if (task->pid == task->tgid) {
		pid.pid_ns_inum = cfg->init_ns_inum[NSK_PID];
		pid.nr = task->tgid;
		inode_id_of(KREAD(exe, f_inode), &id);
		bpf_map_update_elem(&exe_by_pid, &pid, &id, BPF_ANY);
	}
	return 0;
}

static __always_inline u8 lineage_of(struct task_struct *task)
{
	struct task_struct *up = task;
	int i;

	for (i = 0; i < 8; i++) {
		up = KREAD(up, real_parent);
		if (!up || !KREAD(up, pid))
			return 0;
		if (task_runs_runtime(up))
			return LINEAGE_RUNTIME;
	}
	return 0;
}

static __always_inline void emit_process(struct scratch *s, const struct sensor_config *cfg,
					 struct task_struct *task, const struct subject *sub)
{
	struct event_proc *ev;
	struct file_view v = {};
	struct file *exe = KREAD(task, mm, exe_file);

	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_PROC, task, sub);
	if (exe) {
		view_of_file(cfg, task, sub, exe, &v);
		fill_file(&ev->file, &v, SOURCE_KERNEL);
		ev->path_len = put_path_of(s, v.mnt, v.dentry);
	}
	record_end(RING_URGENT);
}

/* Second pass: what runs outside the initial mount namespace gets its subject
 * state, and the engine hears of every contained process and its container. Run
 * at start and for each new engine. */
SEC("iter/task")
int iter__task_subjects(struct bpf_iter__task *ctx)
{
	const struct sensor_config *cfg = sensor_config();
	struct task_struct *task = ctx->task;
	struct scratch *s = scratch_get();
	struct container_state *state;
	struct subject *sub;

	if (!task || !cfg || !s || !KREAD(task, nsproxy) || !KREAD(task, mm))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub && in_initial(cfg, task))
		return 0;
	if (!sub)
		sub = subject_derive(s, task, lineage_of(task));
	if (!sub)
		return 0;
	if (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED)
		return 0;
	if (task->pid != task->tgid)
		return 0;
	state = bpf_map_lookup_elem(&containers, &sub->container);
	if (state && state->init_tgid == (u32)task->tgid)
		emit_container(s, task, sub, 1);
	emit_process(s, cfg, task, sub);
	return 0;
}

/* Keep the namespaces alive in the table that tasks live in; the sensor deletes
 * what was not seen for long. */
SEC("iter/task")
int iter__task_namespaces(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct mnt_ns_state *state;
	u64 id;

	if (!task || !KREAD(task, nsproxy))
		return 0;
	id = current_mnt_ns_id(task);
	state = bpf_map_lookup_elem(&mnt_ns, &id);
	if (state)
		state->seen_ns = bpf_ktime_get_boot_ns();
	return 0;
}

static __always_inline u64 identity_mark(const struct identity *id)
{
	const u64 *word = (const u64 *)id;
	u64 mark = 1;
	u32 i;

#pragma unroll
	for (i = 0; i < IDENTITY_WORDS; i++)
		mark = mark * 31 + word[i];
	return mark;
}

/* Tasks that make no system call, and those that were taken to the host's mount
 * namespace by whatever changed them. A task may be seen here between the change
 * and the end of the call that made it: only what two sweeps in a row find, and
 * no end of a call has explained since, is judged. */
SEC("iter/task")
int iter__task_identities(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct scratch *s = scratch_get();
	struct subject *sub;
	u64 mark;

	if (!task || !s)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED))
		return 0;
	if ((task->flags & TASK_EXITING) || !task->nsproxy || !task->fs)
		return 0;
	read_identity(task, task->real_cred, &s->id);
	if (!identity_differs(&sub->id, &s->id)) {
		sub->suspect = 0;
		return 0;
	}
	mark = identity_mark(&s->id);
	if (sub->suspect != mark) {
		sub->suspect = mark;
		return 0;
	}
	occasion_begin(s, DRIFT_AT_SWEEP);
	judge_identity(s, task, sub);
	return 0;
}

/* Sockets that runtimes hold, whoever called listen() on them: with socket
 * activation that is systemd. */
SEC("iter/task_file")
int iter__task_file_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct socket_name_key name = {};
	struct file *file = ctx->file;
	struct unix_address *addr;
	struct inode_id id = {};
	struct dentry *dentry;
	struct socket *sock;
	u32 one = 1, len;
	struct sock *sk;

	if (!task || !file)
		return 0;
	if ((KREAD(file, f_inode, i_mode) & MODE_FMT) != MODE_SOCK || !task_runs_runtime(task))
		return 0;
	sock = KREAD(file, private_data);
	sk = KREAD(sock, sk);
	if (!sk || KREAD(sk, __sk_common.skc_state) != STATE_LISTEN)
		return 0;
	if (KREAD(sk, __sk_common.skc_family) != FAMILY_UNIX) {
		runtime_port_add(task, sk);
		return 0;
	}
	dentry = KREAD((struct unix_sock *)sk, path.dentry);
	if (dentry) {
		inode_id_of(KREAD(dentry, d_inode), &id);
		bpf_map_update_elem(&runtime_sockets, &id, &one, BPF_ANY);
		return 0;
	}
	addr = KREAD((struct unix_sock *)sk, addr);
	if (!addr)
		return 0;
	len = KREAD(addr, len);
	if (len < 3 || len > 110)
		return 0;
	bpf_probe_read_kernel(name.name, (len - 2) & 127,
			      (char *)addr + bpf_core_field_offset(struct unix_address, name) + 2);
	bpf_map_update_elem(&runtime_abstract, &name, &one, BPF_ANY);
	return 0;
}
