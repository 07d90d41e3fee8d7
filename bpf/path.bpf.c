// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths from dentries, never from the caller's string. */
#include "path.bpf.h"

/* Most steps (names and mount points) of one walk. A path of PATH_MAX bytes has
 * at most 2048 names. */
#define WALK_STEPS_MAX 4096
#define WALK_END 4096		/* the path is built backwards from here */

/* The state of a walk is in the scratch buffer and not on the stack: what is
 * loaded from a map is any number to the verifier, which so sees the same state at
 * each step and walks the loop once. */
static long walk_step(u32 i, void *ctx)
{
	struct scratch *s = scratch_get();
	struct dentry *dentry, *parent;
	const unsigned char *name;
	struct mount *up;
	u32 len, pos;
	struct walk *w;

	if (!s)
		return 1;
	w = &s->walk;
	dentry = (struct dentry *)w->dentry;
	if (w->dentry == w->mnt_root) {
		if (!w->is_named)
			return 1;
		up = KREAD((struct mount *)w->mnt, mnt_parent);
		if ((u64)up == w->mnt)
			return 1;
		w->dentry = (u64)KREAD((struct mount *)w->mnt, mnt_mountpoint);
		w->mnt = (u64)up;
		w->mnt_root = (u64)KREAD(up, mnt.mnt_root);
		return 0;
	}
	parent = KREAD(dentry, d_parent);
	if (parent == dentry) {
		w->is_unreachable = w->mnt_root != 0;
		return 1;
	}
	if (w->is_named) {
		len = KREAD(dentry, d_name.len);
		name = KREAD(dentry, d_name.name);
		pos = w->pos;
		if (len > 255 || len + 1 >= pos || pos > WALK_END) {
			w->is_cut = 1;
			return 1;
		}
		pos -= len;
		bpf_probe_read_kernel(&s->path[pos & 0xfff], len & 0xff, name);
		pos--;
		s->path[pos & 0xfff] = '/';
		w->pos = pos;
	}
	w->dentry = (u64)parent;
	return 0;
}

/* What was walked, from its end at the buffer's middle, goes into the record. */
static __always_inline int put_walked(struct scratch *s)
{
	struct event_hdr *hdr = (struct event_hdr *)s->data;
	u32 pos = s->walk.pos;

	if (s->walk.is_cut)
		hdr->flags |= EVENT_F_PATH_CUT;
	if (pos >= WALK_END - 1) {
		s->path[WALK_END - 2] = '/';
		pos = WALK_END - 2;
	}
	return put_bytes(s, &s->path[pos & 0xfff], WALK_END - 1 - pos);
}

__noinline int put_path(u64 mnt, u64 dentry)
{
	struct scratch *s = scratch_get();

	if (!s || !dentry)
		return 0;
	__builtin_memset(&s->walk, 0, sizeof(s->walk));
	s->walk.dentry = dentry;
	s->walk.pos = WALK_END - 1;
	s->walk.is_named = 1;
	if (mnt) {
		s->walk.mnt = (u64)kcompat_real_mount((struct vfsmount *)mnt);
		s->walk.mnt_root = (u64)KREAD((struct vfsmount *)mnt, mnt_root);
	}
	bpf_loop(WALK_STEPS_MAX, walk_step, NULL, 0);
	return put_walked(s);
}

__noinline int is_reachable(u64 mnt, u64 dentry)
{
	struct dentry *mnt_root = KREAD((struct vfsmount *)mnt, mnt_root), *d, *parent;
	struct scratch *s = scratch_get();
	int i;

	d = (struct dentry *)dentry;
	/* A mount of a whole file system has nothing beside it. */
	if (!s || d == mnt_root || mnt_root == KREAD((struct vfsmount *)mnt, mnt_sb, s_root))
		return 1;
	/* Names directly below the mount are the common case: no callback for them. */
	for (i = 0; i < 8; i++) {
		parent = KREAD(d, d_parent);
		if (parent == mnt_root)
			return 1;
		if (parent == d)
			return 0;
		d = parent;
	}
	__builtin_memset(&s->walk, 0, sizeof(s->walk));
	s->walk.dentry = (u64)d;
	s->walk.mnt_root = (u64)mnt_root;
	bpf_loop(WALK_STEPS_MAX, walk_step, NULL, 0);
	return !s->walk.is_unreachable;
}

/* Cgroup paths have a short depth limit of their own. */
#define KERNFS_DEPTH_MAX 32

static long kernfs_walk_step(u32 i, void *ctx)
{
	struct scratch *s = scratch_get();
	struct kernfs_node *kn, *parent;
	struct walk *w;
	u32 pos;
	long n;

	if (!s)
		return 1;
	w = &s->walk;
	kn = (struct kernfs_node *)w->dentry;
	parent = kcompat_kernfs_parent(kn);
	pos = w->pos;
	if (!parent)
		return 1;
	/* The length is not stored: read to the start of the buffer's second half,
	 * where there is room, then move it to its place. */
	n = bpf_probe_read_kernel_str(&s->path[WALK_END], 256, KREAD(kn, name));
	if (n <= 1 || (u32)n + 1 >= pos || pos > WALK_END) {
		w->is_cut = 1;
		return 1;
	}
	n--;
	pos -= (u32)n;
	bpf_probe_read_kernel(&s->path[pos & 0xfff], n & 0xff, &s->path[WALK_END]);
	pos--;
	s->path[pos & 0xfff] = '/';
	w->pos = pos;
	w->dentry = (u64)parent;
	return 0;
}

__noinline int put_cgroup_path(u64 cgrp)
{
	struct scratch *s = scratch_get();

	if (!s)
		return 0;
	__builtin_memset(&s->walk, 0, sizeof(s->walk));
	s->walk.dentry = (u64)KREAD((struct cgroup *)cgrp, kn);
	s->walk.pos = WALK_END - 1;
	bpf_loop(KERNFS_DEPTH_MAX, kernfs_walk_step, NULL, 0);
	return put_walked(s);
}
