/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A runtime that sets a container up is a program of the host with all its power,
 * and the image, the volumes and other containers can race it: they make it write
 * or bind another object than it means to (CVE-2019-16884, CVE-2022-0811,
 * CVE-2025-31133, CVE-2025-52565, CVE-2025-52881). Its memory is honest, so that
 * here, other than with containers, its own string may be held against the object. */
#ifndef BW_RUNTIME_BPF_H
#define BW_RUNTIME_BPF_H

#include "mount.bpf.h"

#define HOST_ROOT_DEPTH 12

/* Which handler is to look at this call of a task in the runtime phase, 0: none. A
 * start of a container makes some eighty opens, few of them for writing. */
static __always_inline u32 runtime_handler(const struct subject *sub, struct task_struct *task,
					   u32 which, s64 ret)
{
	struct file *file;

	if (!sub || sub->phase != PHASE_RUNTIME)
		return 0;
	if (which == HANDLER_MOUNT || which == HANDLER_MOVE_MOUNT)
		return ret == 0 ? HANDLER_RUNTIME_MOUNT : 0;
	if (which < HANDLER_OPEN || which > HANDLER_OPENAT2)
		return 0;
	file = file_of_fd(task, ret);
	return file && (KREAD(file, f_mode) & FMODE_WRITE_BIT) ? HANDLER_RUNTIME_OPEN : 0;
}

/* The key of the container that is being made, or entered. One that is not born
 * yet is told now, so that its name can be found. */
static __always_inline u64 container_in_making(struct scratch *s, struct task_struct *task,
					       const struct subject *sub)
{
	u64 mnt_id = current_mnt_ns_id(task), key = container_of_mnt_ns(mnt_id);
	struct subject *early = &s->child;

	if (key)
		return key;
	*early = *sub;
	early->container = mnt_id;
	emit_container(s, task, early, 0);
	return mnt_id;
}

/* Does the string name an entry of procfs that a runtime writes to: a setting, or
 * one of its own labels, maps and scores? Links out of procfs (root, cwd, exe,
 * map_files) are none. */
static __always_inline bool names_proc_entry(u64 path, u64 flags)
{
	char head[24] = {}, first;

	if (!path || bpf_probe_read_user_str(head, sizeof(head), (const void *)path) < 0)
		return false;
	if (is_word(head, "/proc/sys/", 10))
		return true;
	/* Unpacking an image makes files, wherever; a label is never created. */
	if (flags & OPEN_CREAT)
		return false;
	if (is_word(head, "/proc/self/", 11))
		first = head[11];
	else if (is_word(head, "/proc/thread-self/", 18))
		first = head[18];
	else
		return false;
	/* attr, gid_map, loginuid, oom_score_adj, setgroups, task, uid_map */
	return first == 'a' || first == 'g' || first == 'l' || first == 'o' || first == 's' ||
	       first == 't' || first == 'u';
}

/* A descriptor reopened by /proc/self/fd/N that led to another file than it holds. */
static __always_inline bool is_false_link(struct task_struct *task, u64 path, struct inode *inode)
{
	struct magic_link link = {};
	struct file *held;

	parse_magic_link(path, &link);
	if (link.kind != MAGIC_LINK_FD)
		return false;
	held = file_of_magic_link(task, &link, 0);
	return held && KREAD(held, f_inode) != inode;
}

static __always_inline u64 runtime_open_facts(struct scratch *s, struct task_struct *task,
					      const struct open_call *open,
					      const struct file_view *v)
{
	if (v->magic == MAGIC_CGROUP || v->magic == MAGIC_CGROUP2)
		return 0;
	if (is_kernel_control(s, v))
		return FACT_KERNEL_CONTROL;
	if (v->magic != MAGIC_PROC && names_proc_entry(open->path, open->flags))
		return FACT_MISPLACED;
	return is_false_link(task, open->path, v->inode) ? FACT_MISPLACED : 0;
}

/* A file was opened for writing. */
static __always_inline void judge_runtime_open(const struct sensor_config *cfg, struct scratch *s,
					       struct task_struct *task, const struct subject *sub,
					       const struct open_call *open)
{
	struct file *file = file_of_fd(task, s->call.ret);
	struct event_open *ev;
	struct file_view v = {};
	u64 facts, key;

	if (!file)
		return;
	view_of_file(cfg, task, sub, file, &v);
	facts = forget(s, runtime_open_facts(s, task, open, &v));
	if (!facts)
		return;
	key = container_in_making(s, task, sub);
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_OPEN, task, sub);
	fill_call(s);
	ev->hdr.container = key;
	ev->hdr.facts |= facts | FACT_FILE_WRITE;
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	ev->open_flags = open->flags;
	ev->dirfd = open->dirfd;
	ev->f_mode = v.f_mode & 3;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
	ev->arg_len = put_user_string(s, open->path);
	record_end(RING_URGENT);
}

/* Is the newest mount, or one that it came with (a recursive bind), of the host's
 * root? The mount at the root of the namespace is, until the root is pivoted. */
static __always_inline bool is_host_root_bind(const struct sensor_config *cfg, struct mount *m)
{
	struct mount *parent;
	int i;

	for (i = 0; i < HOST_ROOT_DEPTH; i++) {
		parent = KREAD(m, mnt_parent);
		if (parent == m || KREAD(parent, mnt_parent) == parent)
			return false;
		if ((u64)KREAD(m, mnt.mnt_root) == cfg->host_root_dentry)
			return true;
		m = parent;
	}
	return false;
}

/* A file of procfs or sysfs over something else. Runtimes bind such files onto
 * themselves only, to make them read-only; what they put over a file to hide it,
 * and over /dev/console, is a device. */
static __always_inline bool is_misplaced(struct mount *m)
{
	struct dentry *root = KREAD(m, mnt.mnt_root);
	struct inode *inode = KREAD(root, d_inode);
	u32 magic = KREAD(root, d_sb, s_magic);

	if (magic != MAGIC_PROC && magic != MAGIC_SYSFS)
		return false;
	return (KREAD(inode, i_mode) & MODE_FMT) == MODE_REG && KREAD(m, mnt_mountpoint) != root;
}

/* Something was mounted. */
static __always_inline void judge_runtime_mount(const struct sensor_config *cfg, struct scratch *s,
						struct task_struct *task, const struct subject *sub)
{
	bool is_move = s->call.handler == HANDLER_MOVE_MOUNT;
	struct event_mount *ev;
	struct mount *m = NULL;
	u64 facts = 0, key;
	u32 flags = s->call.args[3];

	if (is_move)
		m = moved_mount(task, &s->call);
	else if ((flags & MOUNT_BIND) && !(flags & MOUNT_REMOUNT))
		m = kcompat_newest_mount(KREAD(task, nsproxy, mnt_ns));
	if (!m)
		return;
	if (is_misplaced(m))
		facts = FACT_MISPLACED;
	else if ((sub->lineage & LINEAGE_RUNTIME) && is_host_root_bind(cfg, m))
		facts = FACT_HOST_ROOT;
	if (!facts)
		return;
	key = container_in_making(s, task, sub);
	ev = mount_begin(s, task, sub, is_move ? MOUNT_MOVE_MOUNT : MOUNT_MOUNT);
	ev->hdr.container = key;
	ev->flags = is_move ? s->call.args[4] : flags;
	fill_mount_root(cfg, task, sub, ev, vfsmount_of(m), KREAD(m, mnt.mnt_root), true);
	ev->hdr.facts |= facts;
	ev->target_len = put_user_string(s, s->call.args[is_move ? 3 : 1]);
	ev->source_len = put_user_string(s, s->call.args[is_move ? 1 : 0]);
	ev->path_len = put_path_of(s, NULL, KREAD(m, mnt.mnt_root));
	ev->point_len = put_mount_point(s, m);
	record_end(RING_URGENT);
}

#endif
