/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who a task is: host, runtime, contained, escaped. See docs/architecture.md,
 * "Subject state".
 *
 * A task in the initial mount namespace without a record is the host's. Any
 * other task without a record is unknown: it is looked at, never believed. */
#ifndef BW_SUBJECT_BPF_H
#define BW_SUBJECT_BPF_H

#include "emit.bpf.h"
#include "identity.bpf.h"
#include "path.bpf.h"

/* A record for a task that has none; the host's until something else is shown. */
static __always_inline struct subject *subject_new(struct task_struct *task)
{
	struct subject *sub = bpf_task_storage_get(&subjects, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!sub)
		count(COUNTER_SUBJECT_FULL);
	else if (sub->phase == PHASE_UNKNOWN)
		sub->phase = PHASE_HOST;
	return sub;
}

static __always_inline void inode_id_of(struct inode *inode, struct inode_id *ret)
{
	ret->ino = KREAD(inode, i_ino);
	ret->dev = KREAD(inode, i_sb, s_dev);
	ret->generation = KREAD(inode, i_generation);
}

static __always_inline struct file *file_of_fd(struct task_struct *task, s64 fd)
{
	struct files_struct *files = KHOT(task, files);
	struct file **table;
	struct fdtable *fdt;

	if (!files || fd < 0)
		return NULL;
	fdt = KHOT(files, fdt);
	if (fd >= KHOT(fdt, max_fds))
		return NULL;
	table = KHOT(fdt, fd);
	/* Any type that begins with a pointer will do for the slot. */
	return (struct file *)KREAD((struct hlist_head *)&table[fd], first);
}

static __always_inline bool is_runtime_inode(struct inode *inode)
{
	struct inode_id id = {};

	inode_id_of(inode, &id);
	return bpf_map_lookup_elem(&runtime_binaries, &id) != NULL;
}

static __always_inline void runtime_binary_add(struct inode *inode, u32 origin)
{
	struct inode_id id = {};

	inode_id_of(inode, &id);
	if (!id.ino)
		return;
	if (bpf_map_lookup_elem(&runtime_binaries, &id))
		return;
	if (bpf_map_update_elem(&runtime_binaries, &id, &origin, BPF_NOEXIST))
		count(COUNTER_RUNTIME_BINARIES_FULL);
}

#define KUBELET_WORD 0x0074656c6562756bull	/* "kubelet" and its NUL, little endian */

/* The socket listens at a port of the host and is held by a runtime's program. */
static __always_inline void runtime_port_add(struct task_struct *task, struct sock *sk)
{
	const struct sensor_config *cfg = sensor_config();
	u32 port = KREAD(sk, __sk_common.skc_num), kind = PORT_RUNTIME;
	u16 family = KREAD(sk, __sk_common.skc_family);
	const unsigned char *name;
	union {
		char name[16];
		u64 word;
	} exe = {};

	if ((family != FAMILY_INET && family != FAMILY_INET6) || !port ||
	    KREAD(sk, __sk_common.skc_net.net, ns.inum) != cfg->init_ns_inum[NSK_NET])
		return;
	name = KREAD(task, mm, exe_file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel_str(exe.name, sizeof(exe.name), name);
	if (exe.word == KUBELET_WORD)
		kind = PORT_KUBELET;
	bpf_map_update_elem(&runtime_ports, &port, &kind, BPF_ANY);
}

/* To whom does the mount belong? Compares unique ids, not inode numbers, which
 * are used again. */
static __always_inline u8 mount_owner(const struct sensor_config *cfg, struct task_struct *task,
				      const struct subject *sub, struct vfsmount *vfsmnt, u64 *ret_container)
{
	struct mnt_namespace *ns;
	struct mnt_ns_state *state;
	u64 id;

	*ret_container = 0;
	if (!vfsmnt)
		return OWNER_UNKNOWN;
	if (bpf_probe_read_kernel(&ns, sizeof(ns), &kcompat_real_mount(vfsmnt)->mnt_ns))
		return OWNER_UNKNOWN;
	if (!ns)
		return OWNER_DETACHED;
	if (IS_ERR_PTR(ns))
		return OWNER_INTERNAL;
	if ((u64)ns == cfg->init_mnt_ns)
		return OWNER_HOST;
	if ((u64)ns == sub->own_mnt_ns && ns == KHOT(task, nsproxy, mnt_ns)) {
		*ret_container = sub->container;
		return OWNER_OWN;
	}
	id = kcompat_mnt_ns_id(ns);
	if (!id)
		return OWNER_DETACHED;
	state = bpf_map_lookup_elem(&mnt_ns, &id);
	if (!state)
		return OWNER_HOST;
	*ret_container = state->container;
	return state->container == sub->container ? OWNER_OWN : OWNER_OTHER;
}

static __always_inline bool is_foreign(u8 owner)
{
	return owner == OWNER_HOST || owner == OWNER_OTHER;
}

static __always_inline void read_namespaces(struct task_struct *task, u32 inum[NSK_MAX])
{
	struct nsproxy *ns = KREAD(task, nsproxy);

	inum[NSK_USER] = KREAD(task, cred, user_ns, ns.inum);
	if (!ns)
		return;
	inum[NSK_MNT] = KREAD(ns, mnt_ns, ns.inum);
	inum[NSK_PID] = KREAD(ns, pid_ns_for_children, ns.inum);
	inum[NSK_NET] = KREAD(ns, net_ns, ns.inum);
	inum[NSK_IPC] = KREAD(ns, ipc_ns, ns.inum);
	inum[NSK_UTS] = KREAD(ns, uts_ns, ns.inum);
	inum[NSK_CGROUP] = KREAD(ns, cgroup_ns, ns.inum);
	inum[NSK_TIME] = KREAD(ns, time_ns, ns.inum);
}

static __always_inline u64 current_mnt_ns_id(struct task_struct *task)
{
	struct mnt_namespace *ns = KREAD(task, nsproxy, mnt_ns);

	return ns ? kcompat_mnt_ns_id(ns) : 0;
}

/* Is the task's root directory another one than the host's? By superblock and
 * dentry, so that a bind mount of the host's root (services with private
 * mounts) still counts as the host's. */
static __always_inline bool root_is_pivoted(const struct sensor_config *cfg, struct task_struct *task)
{
	struct dentry *dentry = KREAD(task, fs, root.dentry);

	if (!dentry)
		return false;
	return (u64)dentry != cfg->host_root_dentry || (u64)KREAD(dentry, d_sb) != cfg->host_root_sb;
}

/* 1 or 0 without a branch, each of which would double the verifier's states. */
static __always_inline u32 differ(u32 a, u32 b)
{
	u64 below = 0ull - (a ^ b);

	barrier_var(below);
	return below >> 63;
}

/* Do the namespaces besides the mount namespace speak for a container? A pid
 * namespace of its own alone, or two of the others: runtimes make ipc and uts
 * namespaces even for containers that share the host's pids and network;
 * services and snaps, which also have private mounts, do not. */
static __always_inline bool namespaces_say_container(const struct sensor_config *cfg, struct task_struct *task)
{
	u32 inum[NSK_MAX] = {}, n = 0;

	if (KREAD(task, thread_pid, level) > 0)
		return true;
	read_namespaces(task, inum);
	n += differ(inum[NSK_NET], cfg->init_ns_inum[NSK_NET]);
	n += differ(inum[NSK_IPC], cfg->init_ns_inum[NSK_IPC]);
	n += differ(inum[NSK_UTS], cfg->init_ns_inum[NSK_UTS]);
	n += differ(inum[NSK_CGROUP], cfg->init_ns_inum[NSK_CGROUP]);
	n += differ(inum[NSK_USER], cfg->init_ns_inum[NSK_USER]);
	return n >= 2;
}

static __always_inline void mnt_ns_learn(u64 id, u64 container)
{
	struct mnt_ns_state state = { .container = container, .seen_ns = bpf_ktime_get_boot_ns() };

	if (!id || !container || bpf_map_lookup_elem(&mnt_ns, &id))
		return;
	if (bpf_map_update_elem(&mnt_ns, &id, &state, BPF_NOEXIST) == -7 /* E2BIG */)
		count(COUNTER_MNT_NS_FULL);
}

/* The container that the task's mount namespace belongs to, 0 if none. */
static __always_inline u64 container_of_mnt_ns(u64 id)
{
	struct mnt_ns_state *state = bpf_map_lookup_elem(&mnt_ns, &id);

	return state ? state->container : 0;
}

/* Enter the runtime phase: a program of the host is about to set up, or has
 * joined, a container. What it runs is remembered: if the phase ends in a
 * container, that program is a runtime, whatever it is called. */
static __always_inline void subject_enter_runtime(struct subject *sub, struct task_struct *actor, u64 mnt_id)
{
	struct file *exe = KREAD(actor, mm, exe_file);

	sub->phase = PHASE_RUNTIME;
	sub->mnt_ns = mnt_id;
	if (exe)
		inode_id_of(KREAD(exe, f_inode), &sub->runtime_exe);
}

static __always_inline void keep_stdio(struct task_struct *task, struct subject *sub)
{
	struct file *file;
	int i;

	for (i = 0; i < 3; i++) {
		file = file_of_fd(task, i);
		if (file)
			inode_id_of(KREAD(file, f_inode), &sub->stdio[i]);
		else
			__builtin_memset(&sub->stdio[i], 0, sizeof(sub->stdio[i]));
	}
}

/* Tell of a container that was not known before. */
static __noinline void emit_container(struct scratch *s, struct task_struct *task, const struct subject *sub,
				      u32 seeded)
{
	const struct sensor_config *cfg = sensor_config();
	struct container_state *state = &s->born;
	struct event_container *ev;
	u64 key = sub->container;
	struct file *exe;
	int i;

	if (!cfg)
		return;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CONTAINER, task, sub);
	ev->key = key;
	ev->init_tgid = task->tgid;
	ev->init_start_ns = ev->hdr.proc.start_ns;
	ev->seeded = seeded;
	read_namespaces(task, ev->ns_inum);
	ev->ns_inum[NSK_PID] = ev->hdr.pid_ns_inum;
	for (i = 0; i < NSK_MAX; i++)
		if (ev->ns_inum[i] == cfg->init_ns_inum[i])
			ev->host_ns |= 1u << i;

	__builtin_memset(state, 0, sizeof(*state));
	state->cgroup_id = ev->hdr.cgroup_id;
	state->born_ns = ev->init_start_ns;
	state->init_tgid = ev->init_tgid;
	state->host_ns = ev->host_ns;
	exe = KREAD(task, mm, exe_file);
	if (exe)
		inode_id_of(KREAD(exe, f_inode), &state->main_exe);
	state->root_dentry = (u64)KREAD(task, fs, root.mnt, mnt_root);
	for (i = 0; i < NSK_MAX; i++)
		state->ns_inum[i] = ev->ns_inum[i];
	if (bpf_map_update_elem(&containers, &key, state, BPF_ANY))
		count(COUNTER_CONTAINERS_FULL);

	ev->cgroup_len = put_cgroup_path_of(s, cgroup_of(task));
	ev->rootpath_len = put_path_of(s, NULL, KREAD(task, fs, root.dentry));
	record_end(RING_URGENT);
}

/* The task belongs to a container from here on. */
static __always_inline void subject_contain(struct scratch *s, struct task_struct *task, struct subject *sub,
					    u64 mnt_id, u32 seeded)
{
	u64 key = container_of_mnt_ns(mnt_id);
	struct container_state *state;
	u32 origin = RUNTIME_BY_DEED;
	bool is_new = key == 0;

	if (is_new)
		key = mnt_id;
	sub->phase = PHASE_CONTAINED;
	sub->container = key;
	sub->mnt_ns = mnt_id;
	sub->own_mnt_ns = (u64)KREAD(task, nsproxy, mnt_ns);
	if (sub->runtime_exe.ino &&
	    !bpf_map_lookup_elem(&runtime_binaries, &sub->runtime_exe) &&
	    bpf_map_update_elem(&runtime_binaries, &sub->runtime_exe, &origin, BPF_NOEXIST))
		count(COUNTER_RUNTIME_BINARIES_FULL);
	if (seeded)
		sub->flags |= SUBJECT_F_SEEDED;
	read_namespaces(task, sub->ns_inum);
	read_identity(task, task->real_cred, &s->id);
	identity_learn(sub, &s->id);
	keep_stdio(task, sub);
	mnt_ns_learn(mnt_id, key);
	if (is_new)
		emit_container(s, task, sub, seeded);
	if (task->pid == task->tgid) {
		state = bpf_map_lookup_elem(&containers, &key);
		if (state)
			__sync_fetch_and_add(&state->alive, 1);
	}
}

/* Is what this task has become a container's process? */
static __always_inline bool looks_contained(const struct sensor_config *cfg, struct task_struct *task, u64 mnt_id,
					    u8 lineage)
{
	if (container_of_mnt_ns(mnt_id))
		return true;
	return root_is_pivoted(cfg, task) &&
	       ((lineage & LINEAGE_RUNTIME) || namespaces_say_container(cfg, task));
}

/* First sight of a task outside the initial mount namespace: made before the
 * hooks were attached, or its storage could not be had. */
static __noinline struct subject *subject_derive(struct scratch *s, struct task_struct *task, u32 lineage)
{
	const struct sensor_config *cfg = sensor_config();
	u64 mnt_id = current_mnt_ns_id(task), owner_key;
	struct subject *sub;
	struct file *exe = NULL;
	u8 owner = OWNER_UNKNOWN;

	if (!cfg || !mnt_id)
		return NULL;
	sub = subject_new(task);
	if (!sub)
		return NULL;
	count(COUNTER_UNKNOWN);
	sub->mnt_ns = mnt_id;
	sub->lineage |= lineage;
	if (!looks_contained(cfg, task, mnt_id, lineage))
		return sub;

	/* A program that is not on a mount of the container's namespace is the
	 * runtime, still setting it up. */
	exe = KREAD(task, mm, exe_file);
	if (exe) {
		sub->own_mnt_ns = (u64)KREAD(task, nsproxy, mnt_ns);
		owner = mount_owner(cfg, task, sub, KREAD(exe, f_path.mnt), &owner_key);
	}
	if (owner != OWNER_OWN) {
		sub->own_mnt_ns = 0;
		subject_enter_runtime(sub, task, mnt_id);
		return sub;
	}
	subject_contain(s, task, sub, mnt_id, 1);
	return sub;
}

/* The subject was contained and is in the host's mount namespace now. The
 * count makes the hot path look at tasks of that namespace again. */
static __always_inline void subject_escape(struct task_struct *task, struct subject *sub)
{
	const struct sensor_config *cfg = sensor_config();

	sub->phase = PHASE_ESCAPED;
	if (!cfg || (sub->flags & SUBJECT_F_OUTSIDE) || (u64)KREAD(task, nsproxy, mnt_ns) != cfg->init_mnt_ns)
		return;
	__sync_fetch_and_add(&n_outside, 1);
	sub->flags |= SUBJECT_F_OUTSIDE;
}

/* The script was opened, or will not be. */
static __always_inline void subject_unmark_script(struct subject *sub)
{
	if (!(sub->flags & SUBJECT_F_SCRIPT))
		return;
	__sync_fetch_and_add(&n_outside, -1);
	sub->flags &= ~SUBJECT_F_SCRIPT;
}

static __always_inline void subject_gone(struct subject *sub)
{
	subject_unmark_script(sub);
	if (!(sub->flags & SUBJECT_F_OUTSIDE))
		return;
	__sync_fetch_and_add(&n_outside, -1);
	sub->flags &= ~SUBJECT_F_OUTSIDE;
}

#endif
