// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths from dentries, never from the caller's string. */
#include "path.bpf.h"

/* Most steps (names and mount points) of one walk. A path of PATH_MAX bytes has
 * at most 2048 names. */
#define WALK_STEPS_MAX 4096
#define WALK_END 4096		/* the path is built backwards from here */

struct walk {
	struct dentry *dentry;
	struct dentry *mnt_root;	/* NULL: walk to the root of the file system */
	struct mount *mnt;
	char *buf;
	u32 pos;
	bool cut;			/* longer than PATH_MAX: its head is missing */
	bool unreachable;		/* the root of the file system came before the root of the mount */
};

static long walk_step(u32 i, void *ctx)
{
	struct walk *w = ctx;
	struct dentry *dentry = w->dentry, *parent;
	const unsigned char *name;
	struct mount *up;
	u32 len, pos;

	if (dentry == w->mnt_root) {
		if (!w->buf)
			return 1;
		up = KREAD(w->mnt, mnt_parent);
		if (up == w->mnt)
			return 1;
		w->dentry = KREAD(w->mnt, mnt_mountpoint);
		w->mnt = up;
		w->mnt_root = KREAD(up, mnt.mnt_root);
		return 0;
	}
	parent = KREAD(dentry, d_parent);
	if (parent == dentry) {
		w->unreachable = w->mnt_root != NULL;
		return 1;
	}
	if (w->buf) {
		len = KREAD(dentry, d_name.len);
		name = KREAD(dentry, d_name.name);
		pos = w->pos;
		if (len > 255 || len + 1 >= pos || pos > WALK_END) {
			w->cut = true;
			return 1;
		}
		pos -= len;
		bpf_probe_read_kernel(&w->buf[pos & 0xfff], len & 0xff, name);
		pos--;
		w->buf[pos & 0xfff] = '/';
		w->pos = pos;
	}
	w->dentry = parent;
	return 0;
}

__noinline int put_path(u64 mnt, u64 dentry)
{
	struct walk w = { .dentry = (struct dentry *)dentry, .pos = WALK_END - 1 };
	struct scratch *s = scratch_get();
	struct event_hdr *hdr;
	u32 len;

	if (!s || !dentry)
		return 0;
	hdr = (struct event_hdr *)s->data;
	w.buf = s->path;
	if (mnt) {
		w.mnt = kcompat_real_mount((struct vfsmount *)mnt);
		w.mnt_root = KREAD((struct vfsmount *)mnt, mnt_root);
	}
	bpf_loop(WALK_STEPS_MAX, walk_step, &w, 0);
	if (w.cut)
		hdr->flags |= EVENT_F_PATH_CUT;
	if (w.pos >= WALK_END - 1) {
		s->path[WALK_END - 2] = '/';
		w.pos = WALK_END - 2;
	}
	len = WALK_END - 1 - w.pos;
	return put_bytes(s, &s->path[w.pos & 0xfff], len);
}

__noinline int is_reachable(u64 mnt, u64 dentry)
{
	struct dentry *mnt_root = KREAD((struct vfsmount *)mnt, mnt_root);
	struct walk w = { .dentry = (struct dentry *)dentry, .mnt_root = mnt_root };
	int i;

	/* A mount of a whole file system has nothing beside it. */
	if (w.dentry == mnt_root || mnt_root == KREAD((struct vfsmount *)mnt, mnt_sb, s_root))
		return 1;
	w.mnt = kcompat_real_mount((struct vfsmount *)mnt);
	/* Names directly below the mount are the common case: no callback for them. */
	for (i = 0; i < 8; i++) {
		struct dentry *parent = KREAD(w.dentry, d_parent);

		if (parent == mnt_root)
			return 1;
		if (parent == w.dentry)
			return 0;
		w.dentry = parent;
	}
	bpf_loop(WALK_STEPS_MAX, walk_step, &w, 0);
	return !w.unreachable;
}

/* Cgroup paths have a short depth limit of their own. */
#define KERNFS_DEPTH_MAX 32

struct kernfs_walk {
	struct kernfs_node *kn;
	char *buf;
	u32 pos;
	bool cut;
};

static long kernfs_walk_step(u32 i, void *ctx)
{
	struct kernfs_walk *w = ctx;
	struct kernfs_node *parent = kcompat_kernfs_parent(w->kn);
	const char *name;
	u32 pos = w->pos;
	long n;

	if (!parent)
		return 1;
	name = KREAD(w->kn, name);
	/* The length is not stored: read to the start of the buffer's second half,
	 * where there is room, then move it to its place. */
	n = bpf_probe_read_kernel_str(&w->buf[WALK_END], 256, name);
	if (n <= 1 || (u32)n + 1 >= pos || pos > WALK_END) {
		w->cut = true;
		return 1;
	}
	n--;
	pos -= (u32)n;
	bpf_probe_read_kernel(&w->buf[pos & 0xfff], n & 0xff, &w->buf[WALK_END]);
	pos--;
	w->buf[pos & 0xfff] = '/';
	w->pos = pos;
	w->kn = parent;
	return 0;
}

__noinline int put_cgroup_path(u64 cgrp)
{
	struct kernfs_walk w = { .pos = WALK_END - 1 };
	struct scratch *s = scratch_get();
	struct event_hdr *hdr;
	u32 len;

	if (!s)
		return 0;
	hdr = (struct event_hdr *)s->data;
	w.buf = s->path;
	w.kn = KREAD((struct cgroup *)cgrp, kn);
	bpf_loop(KERNFS_DEPTH_MAX, kernfs_walk_step, &w, 0);
	if (w.cut)
		hdr->flags |= EVENT_F_PATH_CUT;
	if (w.pos >= WALK_END - 1) {
		s->path[WALK_END - 2] = '/';
		w.pos = WALK_END - 2;
	}
	len = WALK_END - 1 - w.pos;
	return put_bytes(s, &s->path[w.pos & 0xfff], len);
}
