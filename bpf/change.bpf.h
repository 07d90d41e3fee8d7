/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changes of a tree that leave no descriptor: what was asked for, and whose the
 * changed inode is.
 *
 * A path-based call shows no object at its exit. But whatever the call, the file
 * system marks the inodes that it changes as dirty, in the task that changes
 * them. An inode has no mount; so it is asked which mounts show one of its
 * names: one of the container's own, or only those of others? */
#ifndef BW_CHANGE_BPF_H
#define BW_CHANGE_BPF_H

#include "calls.bpf.h"
#include "open.bpf.h"

#define SEEN_REST (1u << 3)	/* there are mounts of which only a look-up tells whose */
#define SEEN_BROKEN (1u << 4)	/* the list changed meanwhile, or is too long */

#define SEEN_LAYER (1u << 5)	/* beside or below a layer of an overlay */

#define ALIASES_MAX 8		/* names of one inode that are asked */
#define SB_MOUNTS_MAX 65536
#define OWN_ROOT_NS 1000000000ull
#define TOLD_AGAIN_NS 1000000ull

#define RENAME_EXCHANGE_FLAG 2u

#define NR_RENAMEAT2_NATIVE 316
#define NR_RENAMEAT2_IA32 353
#define NR_IO_URING_ENTER 426
#define NR_FCHMODAT2 452
#define NR_FILE_SETATTR 469
#define NR_FUTIMESAT_NATIVE 261
#define NR_FUTIMESAT_IA32 299

#define PF_IO_WORKER_FLAG 0x00000010u
#define PF_USER_WORKER_FLAG 0x00004000u	/* 6.4 and later: SQPOLL threads too */

/* ---- which mounts show it ---- */

int is_below_own_root(u64 dentry, u64 mnt_ns);
int own_root_learn(u64 mnt_ns);

/* ---- what was asked for ---- */

static __always_inline void read_change_call(struct scratch *s)
{
	const struct call *call = &s->call;
	struct change_call *ret = &s->change;

	__builtin_memset(ret, 0, sizeof(*ret));
	ret->dirfd = -100; /* AT_FDCWD */
	ret->fd = -1;
	switch (call->handler) {
	case HANDLER_LINK:
		ret->op = CHANGE_LINK;
		ret->path2 = call->args[0];
		ret->path = call->args[1];
		break;
	case HANDLER_LINKAT:
		ret->op = CHANGE_LINK;
		ret->path2 = call->args[1];
		ret->dirfd = call->args[2];
		ret->path = call->args[3];
		ret->flags = call->args[4];
		break;
	case HANDLER_SYMLINK:
		ret->op = CHANGE_SYMLINK;
		ret->path2 = call->args[0];
		ret->path = call->args[1];
		break;
	case HANDLER_SYMLINKAT:
		ret->op = CHANGE_SYMLINK;
		ret->path2 = call->args[0];
		ret->dirfd = call->args[1];
		ret->path = call->args[2];
		break;
	case HANDLER_RENAME:
		ret->op = CHANGE_RENAME;
		ret->path2 = call->args[0];
		ret->path = call->args[1];
		break;
	case HANDLER_RENAMEAT:
		ret->op = CHANGE_RENAME;
		ret->path2 = call->args[1];
		ret->dirfd = call->args[2];
		ret->path = call->args[3];
		if ((call->nr & ~X32_BIT) == (call->way == WAY_IA32 ? NR_RENAMEAT2_IA32 : NR_RENAMEAT2_NATIVE))
			ret->flags = (u32)call->args[4];
		break;
	case HANDLER_UNLINK:
		ret->op = CHANGE_UNLINK;
		ret->path = call->args[0];
		break;
	case HANDLER_UNLINKAT:
		ret->op = CHANGE_UNLINK;
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->flags = (u32)call->args[2];
		break;
	case HANDLER_MKDIR:
		ret->op = CHANGE_MKDIR;
		ret->path = call->args[0];
		ret->mode = call->args[1];
		break;
	case HANDLER_MKDIRAT:
		ret->op = CHANGE_MKDIR;
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->mode = call->args[2];
		break;
	case HANDLER_MKNOD:
		ret->op = CHANGE_MKNOD;
		ret->path = call->args[0];
		ret->mode = call->args[1];
		ret->rdev = call->args[2];
		break;
	case HANDLER_MKNODAT:
		ret->op = CHANGE_MKNOD;
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->mode = call->args[2];
		ret->rdev = call->args[3];
		break;
	case HANDLER_BIND: /* makes a name for a socket; where, its address says */
		ret->op = CHANGE_MKNOD;
		ret->mode = MODE_SOCK;
		break;
	case HANDLER_TRUNCATE:
		ret->op = CHANGE_TRUNCATE;
		ret->path = call->args[0];
		break;
	case HANDLER_FTRUNCATE:
		ret->op = CHANGE_TRUNCATE;
		ret->fd = call->args[0];
		break;
	case HANDLER_CHMOD:
		ret->op = CHANGE_CHMOD;
		ret->path = call->args[0];
		ret->mode = call->args[1];
		break;
	case HANDLER_FCHMOD:
		ret->op = CHANGE_CHMOD;
		ret->fd = call->args[0];
		ret->mode = call->args[1];
		break;
	case HANDLER_FCHMODAT:
		ret->op = CHANGE_CHMOD;
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->mode = call->args[2];
		if ((call->nr & ~X32_BIT) == NR_FCHMODAT2)
			ret->flags = (u32)call->args[3];
		break;
	case HANDLER_CHOWN:
		ret->op = CHANGE_CHOWN;
		ret->path = call->args[0];
		break;
	case HANDLER_FCHOWN:
		ret->op = CHANGE_CHOWN;
		ret->fd = call->args[0];
		break;
	case HANDLER_FCHOWNAT:
		ret->op = CHANGE_CHOWN;
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->flags = (u32)call->args[4];
		break;
	case HANDLER_SETXATTR:
		ret->op = CHANGE_SETXATTR;
		ret->path = call->args[0];
		ret->path2 = call->args[1];
		break;
	case HANDLER_FSETXATTR:
		ret->op = CHANGE_SETXATTR;
		ret->fd = call->args[0];
		ret->path2 = call->args[1];
		break;
	case HANDLER_SETXATTRAT:
		ret->op = CHANGE_SETXATTR;
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		ret->flags = (u32)call->args[2];
		ret->path2 = call->args[3];
		break;
	case HANDLER_UTIME:
		ret->op = CHANGE_UTIME;
		ret->path = call->args[0];
		break;
	case HANDLER_UTIMENSAT:
		ret->op = CHANGE_UTIME;
		ret->dirfd = call->args[0];
		ret->path = call->args[1];
		if ((call->nr & ~X32_BIT) != (call->way == WAY_IA32 ? NR_FUTIMESAT_IA32 : NR_FUTIMESAT_NATIVE))
			ret->flags = (u32)call->args[3];
		if (!ret->path)
			ret->fd = ret->dirfd;
		break;
	default: ret->op = CHANGE_OTHER;
	}
	barrier();
}

static __always_inline bool is_change_handler(u32 handler)
{
	return handler >= HANDLER_LINK && handler <= HANDLER_UTIMENSAT;
}

/* Does the call add a name to a directory, or take one from it? Then it is the
 * directory that shows where. */
static __always_inline bool changes_names(u32 op)
{
	return op >= CHANGE_LINK && op <= CHANGE_MKNOD;
}

#endif
