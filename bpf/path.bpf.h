/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths from dentries, never from the caller's string. */
#ifndef BW_PATH_BPF_H
#define BW_PATH_BPF_H

#include "emit.bpf.h"

/* Each is verified once for all programs, so kernel pointers come as numbers;
 * the wrappers below make numbers of typed ones. See path.bpf.c. */
int put_path(u64 mnt, u64 dentry);
int put_cgroup_path(u64 cgrp);
int is_reachable(u64 mnt, u64 dentry);

/* Which mounts show the dentry: SEEN_*, and more in s->search. See change.bpf.c. */
#define SEEN_OWN (1u << 0) /* below a mount of the container */
#define SEEN_HOST (1u << 1)
#define SEEN_OTHER (1u << 2) /* below a mount of another container */

int find_mounts(u64 dentry, u64 enough);

/* Append the path of a dentry to the record in the scratch buffer: as seen from
 * the root of its mount namespace when `mnt` is given, else within its file
 * system. Returns the bytes appended. */
static __always_inline u16 put_path_of(struct scratch *s, struct vfsmount *mnt, struct dentry *dentry)
{
	return put_path(forget(s, (u64)mnt), forget(s, (u64)dentry));
}

/* Append the path of a cgroup in its hierarchy. */
static __always_inline u16 put_cgroup_path_of(struct scratch *s, struct cgroup *cgrp)
{
	return put_cgroup_path(forget(s, (u64)cgrp));
}

/* Is the dentry below the root of its mount? True also when that cannot be told. */
static __always_inline bool is_below_mount(struct scratch *s, struct vfsmount *mnt, struct dentry *dentry)
{
	return is_reachable(forget(s, (u64)mnt), forget(s, (u64)dentry));
}

#endif
