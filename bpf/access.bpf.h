/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Acts on another process: who it is, and whether it is the container's own.
 *
 * Whose a task is says its mount namespace: that of the host, one that the map
 * knows as a container's, or neither, which is a service of the host. */
#ifndef BW_ACCESS_BPF_H
#define BW_ACCESS_BPF_H

#include "open.bpf.h"

#define PID_BY_NUMBER 0u /* enum pid_type: PIDTYPE_PID */
#define PID_OF_GROUP 2u	 /* PIDTYPE_PGID */

/* The same act on the same process is told once in this time. */
#define ACCESS_QUIET_NS 10000000000ull

struct target {
	struct task_struct *task;
	u64 container;
	u8 boundary; /* enum boundary; BOUNDARY_SAME: nothing to tell */
	bool shares_pid_ns;
};

static __always_inline struct task_struct *task_of_pid(struct pid *pid, u32 type)
{
	void *link = NULL;

	if (!pid)
		return NULL;
	if (type == PID_OF_GROUP)
		link = KREAD(pid, tasks[2].first);
	else
		link = KREAD(pid, tasks[0].first);
	if (!link)
		return NULL;
	return (struct task_struct *)((char *)link -
				      (type == PID_OF_GROUP ?
					       bpf_core_field_offset(struct task_struct,
								     pid_links[2]) :
					       bpf_core_field_offset(struct task_struct,
								     pid_links[0])));
}

static __always_inline struct pid_namespace *pid_ns_of(struct task_struct *task)
{
	struct pid *pid = KREAD(task, thread_pid);
	struct pid_namespace *ns = NULL;
	char *upid;
	u32 level;

	if (!pid)
		return NULL;
	level = KREAD(pid, level);
	upid = (char *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (((level & 31) * bpf_core_type_size(struct upid)) & 0x3ff);
	bpf_probe_read_kernel(&ns, sizeof(ns), upid + bpf_core_field_offset(struct upid, ns));
	return ns;
}

/* The pid that a descriptor stands for: anonymous inodes until pidfs (6.9,
 * cb12fd8e0dab); signals also take a directory of procfs. */
static __always_inline struct pid *pid_of_file(struct file *file)
{
	struct inode *inode = KREAD(file, f_inode);
	u32 magic = KREAD(inode, i_sb, s_magic);

	if (magic == MAGIC_PIDFS)
		return KREAD(inode, i_private);
	if (magic == MAGIC_PROC)
		return pid_of_proc_inode(inode);
	if (!(KREAD(inode, i_mode) & MODE_FMT))
		return KREAD(file, private_data);
	return NULL;
}

static __always_inline void judge_target(const struct sensor_config *cfg, struct task_struct *task,
					 const struct subject *sub, struct task_struct *other,
					 struct target *ret)
{
	struct mnt_namespace *ns = KREAD(other, nsproxy, mnt_ns);
	struct pid_namespace *pid_ns;
	struct mnt_ns_state *state;
	u64 id;

	ret->task = other;
	ret->container = 0;
	ret->boundary = BOUNDARY_SAME;
	ret->shares_pid_ns = false;
	if (!ns || KREAD(other, tgid) == task->tgid)
		return; /* a corpse, or the caller itself */
	if ((u64)ns == cfg->init_mnt_ns) {
		ret->boundary = BOUNDARY_HOST;
		return;
	}
	if (ns == KHOT(task, nsproxy, mnt_ns))
		return;
	id = kcompat_mnt_ns_id(ns);
	state = bpf_map_lookup_elem(&mnt_ns, &id);
	if (!state) {
		ret->boundary = BOUNDARY_HOST;
	} else if (state->container != sub->container) {
		ret->boundary = BOUNDARY_OTHER;
		ret->container = state->container;
	}
	pid_ns = pid_ns_of(task);
	ret->shares_pid_ns = pid_ns && pid_ns == pid_ns_of(other) && KREAD(pid_ns, level) > 0;
}

/* Was this act on this process told a moment ago? A debugger that writes word
 * by word, or a daemon that is signalled again and again, is one finding. */
static __always_inline bool is_access_repeated(struct scratch *s, const struct subject *sub,
					       const struct event_access *ev)
{
	struct access_key *key = &s->access; /* the stack is short where this is called from */
	u64 *seen;

	__builtin_memset(key, 0, sizeof(*key));
	key->container = sub->container;
	key->actor_tgid = ev->hdr.proc.tgid;
	key->target_tgid = ev->target.tgid;
	key->request = ev->request;
	key->op = ev->op;
	key->failed = !!(ev->hdr.flags & EVENT_F_FAILED);
	key->inode = ev->file.ino;
	seen = bpf_map_lookup_elem(&accesses, key);
	if (seen && ev->hdr.time_ns - *seen < ACCESS_QUIET_NS)
		return true;
	bpf_map_update_elem(&accesses, key, &ev->hdr.time_ns, BPF_ANY);
	return false;
}

/* Begin the record of an act on `target`, which is not the container's own. */
static __always_inline struct event_access *access_begin(struct scratch *s,
							 struct task_struct *task,
							 const struct subject *sub, u32 op,
							 const struct target *target)
{
	struct event_access *ev = record_begin(s, sizeof(*ev));

	fill_header(s, EVENT_ACCESS, task, sub);
	fill_call(s);
	ev->op = op;
	ev->hdr.facts |= FACT_FOREIGN_TASK;
	ev->hdr.boundary = target->boundary;
	ev->hdr.target_container = target->container;
	if (target->shares_pid_ns)
		ev->flags |= ACCESS_F_SHARED_PID_NS;
	if (target->task) {
		exec_id_of(target->task, &ev->target);
		ev->target_uid = KREAD(target->task, cred, euid.val);
		bpf_probe_read_kernel(ev->target_comm, sizeof(ev->target_comm),
				      (char *)target->task +
					      bpf_core_field_offset(struct task_struct, comm));
	}
	return ev;
}

/* The thread that has the number `nr` in the current task's pid namespace, or
 * the first of its process group; an address, 0: none. See access.bpf.c. */
u64 find_task(u64 nr, u64 type);

#endif
