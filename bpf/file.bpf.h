/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an open file, directory or program is, from the kernel's own objects. */
#ifndef BW_FILE_BPF_H
#define BW_FILE_BPF_H

#include "subject.bpf.h"

/* An inode of others is told once within so long, for each kind of use. */
#define USE_REPEAT_NS 60000000000ull

/* The file behind a mapping, as a number: see take_mapping(). */
struct mapping {
	u64 file;
};

/* For bpf_find_vma(). */
static long take_mapping(struct task_struct *task, struct vm_area_struct *vma, struct mapping *ret)
{
	ret->file = (u64)vma->vm_file;
	return 0;
}

/* A file as far as a verdict needs it; kept small, on the stack. */
struct file_view {
	struct vfsmount *mnt;
	struct dentry *dentry;
	struct inode *inode;
	u64 mount_container;
	u32 magic;
	u32 f_mode;
	u16 mode;
	u8 owner;
};

static __always_inline void view_of_path(const struct sensor_config *cfg, struct task_struct *task,
					 const struct subject *sub, struct vfsmount *mnt, struct dentry *dentry,
					 struct inode *inode, struct file_view *ret)
{
	ret->mnt = mnt;
	ret->dentry = dentry;
	ret->inode = inode;
	ret->mode = KREAD(inode, i_mode);
	ret->magic = KREAD(inode, i_sb, s_magic);
	ret->owner = mount_owner(cfg, task, sub, mnt, &ret->mount_container);
}

static __always_inline void view_of_file(const struct sensor_config *cfg, struct task_struct *task,
					 const struct subject *sub, struct file *file, struct file_view *ret)
{
	ret->f_mode = KREAD(file, f_mode);
	view_of_path(cfg, task, sub, KREAD(file, f_path.mnt), KREAD(file, f_path.dentry),
		     KREAD(file, f_inode), ret);
}

/* The cheap half, a few loads for each read and write of a container: is the file's
 * mount, if it is in a namespace at all, not in the task's own? */
static __always_inline bool is_use_foreign(const struct subject *sub, struct file *file)
{
	struct mnt_namespace *ns;
	struct vfsmount *mnt;

	if (!file)
		return false;
	mnt = KREAD(file, f_path.mnt);
	if (!mnt)
		return false;
	ns = KREAD(kcompat_real_mount(mnt), mnt_ns);
	return ns && !IS_ERR_PTR(ns) && (u64)ns != sub->own_mnt_ns;
}

static __always_inline bool is_stdio(const struct subject *sub, struct inode *inode)
{
	struct inode_id id = {};
	int i;

	inode_id_of(inode, &id);
	for (i = 0; i < 3; i++)
		if (sub->stdio[i].ino == id.ino && sub->stdio[i].dev == id.dev)
			return true;
	return false;
}

static __always_inline bool is_kernel_fs(u32 magic)
{
	switch (magic) {
	case MAGIC_PROC:
	case MAGIC_SYSFS:
	case MAGIC_CGROUP:
	case MAGIC_CGROUP2:
	case MAGIC_DEBUGFS:
	case MAGIC_TRACEFS:
	case MAGIC_SECURITYFS:
	case MAGIC_BPFFS:
	case MAGIC_BINFMT:
	case MAGIC_CONFIGFS:
	case MAGIC_EFIVARFS:
	case MAGIC_PSTORE: return true;
	}
	return false;
}

/* Of a file in procfs: does writing it, or even reading it, reach the whole kernel
 * and not one process? See access.bpf.c. */
int is_proc_control(u64 dentry, u64 writes);

/* Does opening this steer the kernel? Writing to procfs outside /proc/PID,
 * sysfs or a cgroup hierarchy; anything in file systems that exist to steer or
 * inspect it; memory devices. */
static __always_inline bool is_kernel_control(struct scratch *s, const struct file_view *v)
{
	u32 rdev;

	if ((v->mode & MODE_FMT) == MODE_CHR) {
		rdev = KREAD(v->inode, i_rdev);
		/* /dev/mem, /dev/kmem, /dev/port (Documentation/admin-guide/devices.txt) */
		return rdev == (1u << 20 | 1) || rdev == (1u << 20 | 2) || rdev == (1u << 20 | 4);
	}
	if ((v->mode & MODE_FMT) != MODE_REG)
		return false;
	switch (v->magic) {
	case MAGIC_PROC:
		return is_proc_control(forget(s, (u64)v->dentry), v->f_mode & FMODE_WRITE_BIT);
	case MAGIC_SYSFS:
	case MAGIC_CGROUP:
	case MAGIC_CGROUP2:
		return v->f_mode & FMODE_WRITE_BIT;
	case MAGIC_DEBUGFS:
	case MAGIC_TRACEFS:
	case MAGIC_SECURITYFS:
	case MAGIC_BPFFS:
	case MAGIC_BINFMT:
	case MAGIC_CONFIGFS:
	case MAGIC_EFIVARFS:
	case MAGIC_PSTORE: return true;
	}
	return false;
}

#define MODE_SETUID 04000
#define MODE_SETGID 02000
#define MODE_XGRP 00010
#define MOUNT_NOSUID_FLAG 1 /* include/linux/mount.h: MNT_NOSUID */

/* A program with this mode runs with other rights than its caller's. Set-uid to
 * an ordinary user gives none that matter. */
static __always_inline bool is_setid(u32 mode, u32 uid)
{
	if ((mode & MODE_FMT) != MODE_REG && (mode & MODE_FMT))
		return false;
	if ((mode & MODE_SETUID) && uid == 0)
		return true;
	return (mode & (MODE_SETGID | MODE_XGRP)) == (MODE_SETGID | MODE_XGRP);
}

static __always_inline void ask_mounts(struct scratch *s, const struct sensor_config *cfg,
				       struct task_struct *task, const struct subject *sub)
{
	u64 ns = forget(s, (u64)KREAD(task, nsproxy, mnt_ns));

	s->search.own_ns = sub->own_mnt_ns == ns ? ns : 0;
	s->search.init_ns = cfg->init_mnt_ns;
	s->search.container = sub->container;
}

/* Does the host, or another container, have the file too, on a mount of the
 * container's that is not its root? Not inlined: its callers have no stack left. */
int is_on_volume(u64 mnt, u64 dentry);

/* Entries of /proc/PID that take a right over a process that is not the
 * container's own; namespaces of the host. See access.bpf.c. */
int is_foreign_proc_entry(u64 inode, u64 dentry, u64 writes);
int is_foreign_ns_file(u64 inode);

static __always_inline struct pid *pid_of_proc_inode(struct inode *inode)
{
	return KREAD((struct proc_inode *)((char *)inode -
					   bpf_core_field_offset(struct proc_inode, vfs_inode)), pid);
}

/* The facts of section 1 of the design about one opened file. */
static __always_inline u64 file_facts(struct scratch *s, const struct subject *sub, const struct file_view *v)
{
	u16 type = v->mode & MODE_FMT;
	u64 facts = 0;

	if (v->magic == MAGIC_NSFS)
		return is_foreign_ns_file(forget(s, (u64)v->inode)) ? FACT_FOREIGN_TASK : 0;
	if (v->owner == OWNER_INTERNAL && v->magic != MAGIC_TMPFS)
		return 0;	/* pipes, sockets; memfds go on: runc's sealed copy is one */
	if (v->f_mode & FMODE_WRITE_BIT)
		facts |= FACT_FILE_WRITE;
	/* Reading a file of one's own is never of interest: no look-up for that. */
	if (type == MODE_REG && ((v->f_mode & FMODE_WRITE_BIT) || v->owner != OWNER_OWN) &&
	    is_runtime_inode(v->inode))
		facts |= FACT_RUNTIME_BINARY;
	if (is_foreign(v->owner)) {
		if (is_stdio(sub, v->inode))
			facts |= FACT_STDIO;
		else
			facts |= FACT_FILE_FOREIGN;
	} else if (v->owner == OWNER_OWN && !is_below_mount(s, v->mnt, v->dentry)) {
		facts |= FACT_FILE_UNREACHABLE;
	}
	if ((v->f_mode & FMODE_WRITE_BIT) && (v->mode & (MODE_SETUID | MODE_SETGID)) && type == MODE_REG &&
	    v->owner == OWNER_OWN && is_setid(v->mode, KREAD(v->inode, i_uid.val)) &&
	    !(KREAD(v->mnt, mnt_flags) & MOUNT_NOSUID_FLAG) &&
	    is_on_volume(forget(s, (u64)v->mnt), forget(s, (u64)v->dentry)))
		facts |= FACT_SETID | FACT_VOLUME;
	if (type == MODE_BLK)
		facts |= FACT_BLOCK_DEVICE;
	if (is_kernel_control(s, v))
		facts |= FACT_KERNEL_CONTROL;
	if (v->magic == MAGIC_PROC && type == MODE_REG &&
	    is_foreign_proc_entry(forget(s, (u64)v->inode), forget(s, (u64)v->dentry),
				  v->f_mode & FMODE_WRITE_BIT))
		facts |= FACT_FOREIGN_TASK;
	return facts;
}

/* Remember that this kind of use was told. Returns whether it was before. */
static __always_inline bool use_was_told(const struct subject *sub, struct inode *inode, u32 ops)
{
	struct use_key key = { .container = sub->container };
	struct use_state fresh = { .since_ns = bpf_ktime_get_boot_ns(), .ops = ops }, *state;

	inode_id_of(inode, &key.inode);
	state = bpf_map_lookup_elem(&uses, &key);
	if (state && fresh.since_ns - state->since_ns < USE_REPEAT_NS) {
		if ((state->ops & ops) == ops)
			return true;
		state->ops |= ops;
		return false;
	}
	bpf_map_update_elem(&uses, &key, &fresh, BPF_ANY);
	return false;
}

static __always_inline void fill_file(struct event_file *f, const struct file_view *v, u8 source)
{
	struct super_block *sb = KREAD(v->inode, i_sb);
	const char *name;

	f->ino = KREAD(v->inode, i_ino);
	f->mount_container = v->mount_container;
	f->dev = KREAD(sb, s_dev);
	f->generation = KREAD(v->inode, i_generation);
	f->rdev = KREAD(v->inode, i_rdev);
	f->fs_magic = v->magic;
	f->nlink = KREAD(v->inode, i_nlink);
	f->uid = KREAD(v->inode, i_uid.val);
	f->mode = v->mode;
	f->mount_owner = v->owner;
	f->source = source;
	name = KREAD(sb, s_type, name);
	bpf_probe_read_kernel_str(f->fs, sizeof(f->fs), name);
}

#endif
