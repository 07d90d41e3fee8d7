/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths from dentries, never from the caller's string. */
#ifndef BW_PATH_BPF_H
#define BW_PATH_BPF_H

#include "emit.bpf.h"

/* Each is verified once for all programs; kernel pointers are passed as numbers
 * and read with probes only. See path.bpf.c. */

/* Append the path of a dentry to the record in the scratch buffer: as seen from
 * the root of its mount namespace when `mnt` (struct vfsmount *) is given, else
 * within its file system. Returns the bytes appended. */
int put_path(u64 mnt, u64 dentry);

/* Append the path of a struct cgroup in its hierarchy. */
int put_cgroup_path(u64 cgrp);

/* Is the dentry below the root of its mount? 1 also when that cannot be told. */
int is_reachable(u64 mnt, u64 dentry);

#endif
