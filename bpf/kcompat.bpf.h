/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel differences, one getter each, naming the commit that made them. */
#ifndef BW_KCOMPAT_BPF_H
#define BW_KCOMPAT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Follow members from a kernel pointer: KREAD(task, real_parent, tgid). KHOT is the
 * same for the hot path, where `src` must be a pointer that the verifier trusts.
 *
 * The programs are built twice, and the loader takes what fits the kernel:
 *
 * BW_CAST: it has bpf_rdonly_cast() (6.2, a35b9af4ec2c). Plain loads, each a
 * fraction of a nanosecond and allowed under lockdown. The cast also makes the
 * pointer untrusted: for each pointer loaded through a trusted one the verifier
 * searches the kernel's type information by name, up to a millisecond each at
 * every start. The operand is evaluated outside of the access, which would make
 * it a relocation too.
 *
 * Else: one probe a hop (25 to 50 ns), and typed loads on the hot path. Not chosen
 * by the verifier: to take the dead half out of each program took it a third of
 * the start. */
#ifdef BW_CAST
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

#define KREAD(src, ...)                                                                          \
	({                                                                                       \
		typeof(src) kread_src = (src);                                                   \
		typeof(kread_src) kread_cast =                                                   \
			bpf_rdonly_cast(kread_src, bpf_core_type_id_kernel(typeof(*kread_src))); \
		___arrow(kread_cast, __VA_ARGS__);                                               \
	})
#define KHOT(src, ...) KREAD(src, __VA_ARGS__)
#else
#define KREAD(src, ...)                                                 \
	({                                                              \
		typeof(src) kread_src = (src);                          \
		___type((kread_src), __VA_ARGS__) kread_ret;            \
		BPF_CORE_READ_INTO(&kread_ret, kread_src, __VA_ARGS__); \
		kread_ret;                                              \
	})
#define KHOT(src, ...)                           \
	({                                       \
		typeof(src) khot_src = (src);    \
		___arrow(khot_src, __VA_ARGS__); \
	})
#endif

/* One of a cred's capability sets: u32[2] until 6.2, a u64 since (f122a08b197d). */
#define KHOT_CAP(cred_, member)                                                              \
	({                                                                                   \
		struct cred *cap_cred = (cred_);                                             \
		struct cred___v61 *cap_cred61 = (void *)cap_cred;                            \
		u64 cap_ret;                                                                 \
		if (bpf_core_field_exists(cap_cred->member.val))                             \
			cap_ret = KHOT(cap_cred, member.val);                                \
		else                                                                         \
			cap_ret = cap_cred61->member.cap[0] | (u64)cap_cred61->member.cap[1] \
								      << 32;                 \
		cap_ret;                                                                     \
	})

/* The number that is never reused. mnt_namespace.seq until 6.17; since 6.18 all
 * kinds of namespaces have ns_common.ns_id. 0: anonymous (fsmount, open_tree). */
static __always_inline u64 kcompat_mnt_ns_id(struct mnt_namespace *ns)
{
	if (bpf_core_field_exists(ns->ns.ns_id))
		return KREAD(ns, ns.ns_id);
	return KREAD((struct mnt_namespace___v61 *)ns, seq);
}

/* kernfs_node.parent became __parent in 6.15 (633488947ef6). */
static __always_inline struct kernfs_node *kcompat_kernfs_parent(struct kernfs_node *kn)
{
	if (bpf_core_field_exists(kn->__parent))
		return KREAD(kn, __parent);
	return KREAD((struct kernfs_node___v61 *)kn, parent);
}

/* kernel_cap_t was u32[2] until 6.2 and is a u64 since (f122a08b197d): the same
 * eight bytes in little endian, so only the address is taken. */
static __always_inline u64 kcompat_cap_effective(struct cred *cred)
{
	u64 cap = 0;

	bpf_probe_read_kernel(&cap, sizeof(cap), &cred->cap_effective);
	return cap;
}

/* sk_protocol is a u16 since 5.6 (bf9765145b85), before that a bit field, which
 * no kernel that we load on has. */
static __always_inline u16 kcompat_sk_protocol(struct sock *sk)
{
	return KREAD(sk, sk_protocol);
}

/* The inode that holds the data of a file that was written: the upper one of
 * overlayfs. ovl_inode has its upper dentry right behind the inode it embeds, in
 * all versions (6.1 to 6.18); its own type may be a module's and out of reach. */
static __always_inline struct inode *kcompat_data_inode(struct inode *inode, u32 magic)
{
	struct dentry *upper = NULL;

	if (magic != 0x794c7630 /* OVERLAYFS_SUPER_MAGIC */)
		return inode;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (char *)inode + bpf_core_type_size(struct inode));
	return upper ? KREAD(upper, d_inode) : inode;
}

/* When the inode last changed, seconds since 1970: i_ctime until 6.5, __i_ctime
 * until 6.10 (13bc24457850), i_ctime_sec since (3aa63a569c64). */
static __always_inline s64 kcompat_ctime(struct inode *inode)
{
	if (bpf_core_field_exists(inode->i_ctime_sec))
		return KREAD(inode, i_ctime_sec);
	if (bpf_core_field_exists(((struct inode___v66 *)inode)->__i_ctime))
		return KREAD((struct inode___v66 *)inode, __i_ctime.tv_sec);
	return KREAD((struct inode___v61 *)inode, i_ctime.tv_sec);
}

static __always_inline struct mount *kcompat_real_mount(struct vfsmount *mnt)
{
	return (struct mount *)((char *)mnt - bpf_core_field_offset(struct mount, mnt));
}

static __always_inline struct vfsmount *vfsmount_of(struct mount *m)
{
	return (struct vfsmount *)((char *)m + bpf_core_field_offset(struct mount, mnt));
}

/* The mount that was last added to the namespace: tail of a list until 6.7, the
 * rightmost node of a tree by mount id since 6.8 (2eea9ce4310d). */
static __always_inline struct mount *kcompat_newest_mount(struct mnt_namespace *ns)
{
	struct rb_node *node, *next;
	struct list_head *last;
	int i;

	if (!bpf_core_field_exists(ns->mounts)) {
		last = KREAD((struct mnt_namespace___v61 *)ns, list.prev);
		return (struct mount *)((char *)last -
					bpf_core_field_offset(struct mount___v61, mnt_list));
	}
	node = KREAD(ns, mounts.rb_node);
	for (i = 0; i < 40 && node; i++) {
		next = KREAD(node, rb_right);
		if (!next)
			break;
		node = next;
	}
	if (!node)
		return NULL;
	return (struct mount *)((char *)node - bpf_core_field_offset(struct mount, mnt_node));
}

/* Does what is mounted below it appear at its peers too? One of the mount's flags
 * until 6.16; since 6.17 flags that namespace_sem guards have a word of their own. */
static __always_inline bool kcompat_mount_is_shared(struct mount *m)
{
	if (bpf_core_field_exists(m->mnt_t_flags))
		return KREAD(m, mnt_t_flags) & 1; /* T_SHARED */
	return KREAD(m, mnt.mnt_flags) & 0x1000;  /* MNT_SHARED */
}

/* The mounts of a file system, one after the other. A cursor is the mount itself
 * since 6.18 (lists of a superblock's mounts became a chain of pointers there),
 * and a node of a list before. */
static __always_inline u64 kcompat_first_mount_cursor(struct super_block *sb)
{
	if (bpf_core_field_exists(((struct mount *)0)->mnt_next_for_sb))
		return (u64)KREAD(sb, s_mounts);
	return (u64)KREAD((struct super_block___v61 *)sb, s_mounts.next);
}

static __always_inline u64 kcompat_end_mount_cursor(struct super_block *sb)
{
	if (bpf_core_field_exists(((struct mount *)0)->mnt_next_for_sb))
		return 0;
	return (u64)sb + bpf_core_field_offset(struct super_block___v61, s_mounts);
}

static __always_inline struct mount *kcompat_mount_of_cursor(u64 cursor)
{
	if (bpf_core_field_exists(((struct mount *)0)->mnt_next_for_sb))
		return (struct mount *)cursor;
	return (struct mount *)(cursor - bpf_core_field_offset(struct mount___v61, mnt_instance));
}

static __always_inline u64 kcompat_next_mount_cursor(u64 cursor)
{
	if (bpf_core_field_exists(((struct mount *)0)->mnt_next_for_sb))
		return (u64)KREAD((struct mount *)cursor, mnt_next_for_sb);
	return (u64)KREAD((struct list_head *)cursor, next);
}

/* The file in a slot of a ring's table of direct descriptors: an array of
 * pointers to nodes since 6.13 (7029acd8a950), an array of slots before. */
static __always_inline struct file *kcompat_uring_file(struct io_ring_ctx *ctx, u32 slot)
{
	struct io_fixed_file___v61 *files;
	struct io_rsrc_node **nodes, *node = NULL;
	unsigned long ptr = 0;

	if (bpf_core_field_exists(ctx->file_table.data.nodes)) {
		if (slot >= KREAD(ctx, file_table.data.nr))
			return NULL;
		nodes = KREAD(ctx, file_table.data.nodes);
		bpf_probe_read_kernel(&node, sizeof(node), &nodes[slot]);
		if (node)
			ptr = KREAD(node, file_ptr);
	} else {
		files = KREAD((struct io_file_table___v61 *)&ctx->file_table, files);
		bpf_probe_read_kernel(&ptr, sizeof(ptr), &files[slot].file_ptr);
	}
	return (struct file *)(ptr & ~7ul);
}

#endif
