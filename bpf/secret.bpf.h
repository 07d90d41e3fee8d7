/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Secrets and places for persistence: files that are worth a record for their
 * name, if they are not of the container's own root file system. What lies there
 * came with the image; what lies on a volume may be the host's, or another's. */
#ifndef BW_SECRET_BPF_H
#define BW_SECRET_BPF_H

#include "consume.bpf.h"

static __always_inline u32 watch_of(struct dentry *dentry)
{
	struct scratch *s = scratch_get();
	u32 *kinds;

	if (!s)
		return 0;
	__builtin_memset(&s->name, 0, sizeof(s->name));
	name_key_of(dentry, &s->name);
	kinds = bpf_map_lookup_elem(&watched_names, &s->name);
	return kinds ? *kinds : 0;
}

static __noinline u32 name_is_watched(const struct file_view *v)
{
	u32 kinds = watch_of(v->dentry);

	if (kinds & WATCH_OPENED)
		return 1;
	if (!(v->f_mode & FMODE_WRITE_BIT))
		return 0;
	return (kinds & WATCH_WRITTEN) || (watch_of(KREAD(v->dentry, d_parent)) & WATCH_FOLDER);
}

/* Files of the root mount leave after one comparison: the common case. */
static __noinline u64 watch_facts(struct task_struct *task, const struct file_view *v)
{
	u64 facts = 0;

	if (v->owner == OWNER_OWN && v->mnt == KREAD(task, fs, root.mnt))
		return 0;
	if ((v->mode & MODE_FMT) != MODE_REG || v->owner == OWNER_INTERNAL || is_kernel_fs(v->magic))
		return 0;
	if (v->owner == OWNER_OWN || v->owner == OWNER_DETACHED)
		facts |= FACT_VOLUME;
	return name_is_watched(v) ? facts | FACT_SENSITIVE : facts;
}

/* Who touches it: the program that the container was made for, or another? Of a
 * container that was made for a script every tool is part of the work. */
static __noinline u64 program_facts(struct task_struct *task, const struct subject *sub)
{
	struct container_state *state = bpf_map_lookup_elem(&containers, &sub->container);
	struct file *exe = KREAD(task, mm, exe_file);
	struct inode_id id = {};
	u64 facts = 0;

	if (!state || !exe)
		return 0;
	inode_id_of(KREAD(exe, f_inode), &id);
	if (id.ino == state->main_exe.ino && id.dev == state->main_exe.dev)
		facts |= FACT_MAIN_PROGRAM;
	if (state->main_is_shell)
		facts |= FACT_MAIN_IS_SHELL;
	return facts;
}

#endif
