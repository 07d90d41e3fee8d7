/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mounts by any interface. What was mounted is taken from the kernel's mount,
 * superblock or file system context; the caller's strings are remarks. */
#ifndef BW_MOUNT_BPF_H
#define BW_MOUNT_BPF_H

#include "open.bpf.h"

/* include/uapi/linux/mount.h */
#define MOUNT_REMOUNT 32u
#define MOUNT_BIND 4096u
#define MOUNT_MOVE 8192u
#define MOUNT_PROPAGATION ((1u << 17) | (1u << 18) | (1u << 19) | (1u << 20))
#define TREE_CLONE 1u	   /* OPEN_TREE_CLONE */
#define EMPTY_PATH 0x1000u /* AT_EMPTY_PATH */
#define MOVE_FROM_EMPTY 4u /* MOVE_MOUNT_F_EMPTY_PATH */
#define CONFIG_CREATE 6u   /* FSCONFIG_CMD_* */
#define CONFIG_RECONFIGURE 7u
#define CONFIG_CREATE_EXCL 8u
#define NR_OPEN_TREE_ATTR 467 /* in every ABI */

#define ANCESTORS_OF_ROOT 8
#define PEERS_MAX 256

/* Grade what was mounted. A procfs of the mounter's own, nested pid namespace
 * in a nested mount namespace, or in a user namespace of its own, is what
 * sandboxes inside containers make; it gives no new power over the host. */
static __always_inline u64 mount_facts(const struct sensor_config *cfg, const struct subject *sub,
				       const struct event_mount *ev, bool is_bind)
{
	struct container_state *born = bpf_map_lookup_elem(&containers, &sub->container);
	bool is_init_userns = ev->hdr.user_ns_inum == cfg->init_ns_inum[NSK_USER];
	u64 facts = 0;

	if (is_bind)
		return 0;
	if (ev->bdev)
		facts |= FACT_BLOCK_DEVICE;
	switch (ev->file.fs_magic) {
	case MAGIC_PROC:
		if (is_init_userns && !(born && ev->hdr.pid_ns_inum != born->ns_inum[NSK_PID] &&
					sub->mnt_ns != sub->container))
			facts |= FACT_MOUNT_KERNEL_FS;
		break;
	case MAGIC_BINFMT:
		if (is_init_userns)
			facts |= FACT_MOUNT_KERNEL_FS;
		break;
	case MAGIC_CGROUP:
	case MAGIC_DEBUGFS:
	case MAGIC_TRACEFS:
	case MAGIC_SECURITYFS:
	case MAGIC_BPFFS:
	case MAGIC_CONFIGFS:
	case MAGIC_EFIVARFS: facts |= FACT_MOUNT_KERNEL_FS; break;
	}
	return facts;
}

/* Is it the host's root directory, or does it hold that? By dentry: which mount
 * of the file system it was reached through says nothing. */
static __always_inline bool is_host_root(const struct sensor_config *cfg, struct dentry *dentry)
{
	struct dentry *up = (struct dentry *)cfg->host_root_dentry, *parent;
	int i;

	for (i = 0; i < ANCESTORS_OF_ROOT; i++) {
		if (up == dentry)
			return true;
		parent = KREAD(up, d_parent);
		if (parent == up)
			break;
		up = parent;
	}
	return false;
}

struct peer_walk {
	struct list_head *at, *start;
	u64 init_mnt_ns;
	bool found;
};

static long peer_step(u32 i, void *ctx)
{
	struct peer_walk *w = ctx;
	struct mount *m =
		(struct mount *)((char *)w->at - bpf_core_field_offset(struct mount, mnt_share));

	if ((u64)KREAD(m, mnt_ns) == w->init_mnt_ns) {
		w->found = true;
		return 1;
	}
	w->at = KREAD(w->at, next);
	return w->at == w->start || !w->at;
}

/* Does what is mounted below `m` appear in the host's mount namespace too? */
static __always_inline bool reaches_host(const struct sensor_config *cfg, struct mount *m)
{
	struct peer_walk w = { .init_mnt_ns = cfg->init_mnt_ns };

	if (!kcompat_mount_is_shared(m))
		return false;
	w.start = (struct list_head *)((char *)m + bpf_core_field_offset(struct mount, mnt_share));
	w.at = w.start;
	bpf_loop(PEERS_MAX, peer_step, &w, 0);
	return w.found;
}

/* The record's file is the root of a mount or of a superblock. */
static __always_inline void fill_mount_root(const struct sensor_config *cfg,
					    struct task_struct *task, const struct subject *sub,
					    struct event_mount *ev, struct vfsmount *mnt,
					    struct dentry *root, bool is_bind)
{
	struct block_device *bdev;
	struct file_view v = {};

	view_of_path(cfg, task, sub, mnt, root, KREAD(root, d_inode), &v);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	bdev = KREAD(root, d_sb, s_bdev);
	if (bdev)
		ev->bdev = KREAD(bdev, bd_dev);
	if (mnt)
		ev->mnt_flags = KREAD(mnt, mnt_flags);
	ev->hdr.facts |= mount_facts(cfg, sub, ev, is_bind);
	if (is_host_root(cfg, root))
		ev->hdr.facts |= FACT_HOST_ROOT;
}

/* An attached mount: what, and below whom. */
static __always_inline void fill_attached(const struct sensor_config *cfg, struct task_struct *task,
					  const struct subject *sub, struct event_mount *ev,
					  struct mount *m, bool is_bind)
{
	fill_mount_root(cfg, task, sub, ev, vfsmount_of(m), KREAD(m, mnt.mnt_root), is_bind);
	if (reaches_host(cfg, KREAD(m, mnt_parent)))
		ev->hdr.facts |= FACT_REACHES_HOST;
}

static __always_inline u16 put_mount_point(struct scratch *s, struct mount *m)
{
	struct mount *parent = KREAD(m, mnt_parent);

	return put_path_of(s, vfsmount_of(parent), KREAD(m, mnt_mountpoint));
}

static __always_inline struct event_mount *mount_begin(struct scratch *s, struct task_struct *task,
						       const struct subject *sub, u32 op)
{
	struct event_mount *ev = record_begin(s, sizeof(*ev));

	fill_header(s, EVENT_MOUNT, task, sub);
	fill_call(s);
	ev->op = op;
	return ev;
}

/* ---- mount(2), umount(2), pivot_root(2) ---- */

static __always_inline void judge_mount(const struct sensor_config *cfg, struct scratch *s,
					struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_MOUNT);
	u32 flags = s->call.args[3];
	struct mount *m = NULL;

	ev->flags = s->call.args[3];
	/* What was mounted is the newest mount of the namespace: the caller's
	 * strings may have been rewritten since. */
	if (s->call.ret == 0 && !(flags & (MOUNT_REMOUNT | MOUNT_MOVE | MOUNT_PROPAGATION)))
		m = kcompat_newest_mount(KREAD(task, nsproxy, mnt_ns));
	if (m)
		fill_attached(cfg, task, sub, ev, m, flags & MOUNT_BIND);
	ev->target_len = put_user_string(s, s->call.args[1]);
	ev->source_len = put_user_string(s, s->call.args[0]);
	/* fstype is ignored by the kernel for these, and may be garbage. */
	if (!(flags & (MOUNT_BIND | MOUNT_REMOUNT | MOUNT_MOVE | MOUNT_PROPAGATION)))
		ev->fstype_len = put_user_string(s, s->call.args[2]);
	if (m) {
		ev->path_len = put_path_of(s, NULL, KREAD(m, mnt.mnt_root));
		ev->point_len = put_mount_point(s, m);
	}
	record_end(RING_URGENT);
}

static __always_inline void judge_umount(const struct sensor_config *cfg, struct scratch *s,
					 struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_UMOUNT);
	struct dentry *root = NULL;

	if (s->call.handler == HANDLER_PIVOT_ROOT) {
		ev->op = MOUNT_PIVOT_ROOT;
		if (s->call.ret == 0)
			root = KREAD(task, fs, root.dentry);
		if (root)
			fill_mount_root(cfg, task, sub, ev, KREAD(task, fs, root.mnt), root, true);
		ev->target_len = put_user_string(s, s->call.args[0]);
		ev->source_len = put_user_string(s, s->call.args[1]);
		if (root)
			ev->path_len = put_path_of(s, NULL, root);
	} else {
		ev->flags = s->call.args[1];
		ev->target_len = put_user_string(s, s->call.args[0]);
	}
	record_end(RING_URGENT);
}

/* ---- the interface by descriptors ---- */

/* The file system context behind a descriptor of fsopen() or fspick(). Another
 * thread may have put another file there meanwhile, hence the look at its name,
 * which only the kernel gives to anonymous files. */
static __always_inline struct fs_context *fs_context_of(struct task_struct *task, s64 fd)
{
	struct file *file = file_of_fd(task, fd);
	const unsigned char *given;
	char name[12] = {};

	if (!file)
		return NULL;
	given = KREAD(file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel_str(name, sizeof(name), given);
	/* "[fscontext]", cut by the terminator */
	return is_word(name, "[fscontext]", 11) ? KREAD(file, private_data) : NULL;
}

static __always_inline u16 put_fs_type(struct scratch *s, struct fs_context *fc)
{
	return put_kernel_string(s, KREAD(fc, fs_type, name));
}

static __always_inline void judge_fsopen(struct scratch *s, struct task_struct *task,
					 const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_FSOPEN);
	struct fs_context *fc = fs_context_of(task, s->call.ret);

	ev->flags = s->call.args[1];
	ev->fstype_len = fc ? put_fs_type(s, fc) : put_user_string(s, s->call.args[0]);
	record_end(RING_URGENT);
}

static __always_inline void judge_fspick(const struct sensor_config *cfg, struct scratch *s,
					 struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_FSPICK);
	struct fs_context *fc = fs_context_of(task, s->call.ret);
	struct dentry *root = fc ? KREAD(fc, root) : NULL;

	ev->flags = s->call.args[2];
	if (root)
		fill_mount_root(cfg, task, sub, ev, NULL, root, true);
	ev->target_len = put_user_string(s, s->call.args[1]);
	if (fc)
		ev->fstype_len = put_fs_type(s, fc);
	if (root)
		ev->path_len = put_path_of(s, NULL, root);
	record_end(RING_URGENT);
}

/* The parameters are remarks; the commands are what counts: a superblock was made
 * (or was refused) or its flags were changed. */
static __always_inline void judge_fsconfig(const struct sensor_config *cfg, struct scratch *s,
					   struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_FSCONFIG);
	struct fs_context *fc = fs_context_of(task, (s32)s->call.args[0]);
	struct dentry *root = NULL;
	const char *source = NULL;
	u32 cmd = s->call.args[1];

	ev->cmd = cmd;
	if (fc && cmd >= CONFIG_CREATE) {
		root = KREAD(fc, root);
		source = KREAD(fc, source);
	}
	if (root) {
		fill_mount_root(cfg, task, sub, ev, NULL, root, false);
		ev->mnt_flags = KREAD(root, d_sb, s_flags);
	}
	if (cmd < CONFIG_CREATE) {
		ev->target_len = put_user_string(s, s->call.args[2]);
		if (cmd == 1) /* FSCONFIG_SET_STRING: the others are no strings */
			ev->source_len = put_user_string(s, s->call.args[3]);
	} else if (source) {
		ev->source_len = put_kernel_string(s, source);
	}
	if (fc)
		ev->fstype_len = put_fs_type(s, fc);
	if (root)
		ev->path_len = put_path_of(s, NULL, root);
	record_end(RING_URGENT);
}

/* A mount without a place in any tree is as good as an attached one: its files
 * are opened relative to the descriptor. */
static __always_inline void judge_fsmount(const struct sensor_config *cfg, struct scratch *s,
					  struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_FSMOUNT);
	struct fs_context *fc = fs_context_of(task, (s32)s->call.args[0]);
	struct file *file = file_of_fd(task, s->call.ret);
	struct vfsmount *mnt = NULL;
	struct dentry *root = NULL;

	ev->flags = s->call.args[1];
	ev->attr_set = s->call.args[2];
	if (file) {
		mnt = KREAD(file, f_path.mnt);
		root = KREAD(file, f_path.dentry);
	} else if (fc) {
		root = KREAD(fc, root);
	}
	if (root)
		fill_mount_root(cfg, task, sub, ev, mnt, root, false);
	if (fc)
		ev->fstype_len = put_fs_type(s, fc);
	if (root)
		ev->path_len = put_path_of(s, NULL, root);
	record_end(RING_URGENT);
}

/* struct mount_attr of the caller's: a remark. */
static __always_inline void read_attr(struct event_mount *ev, u64 src)
{
	u64 attr[2] = {};

	bpf_probe_read_user(attr, sizeof(attr), (const void *)src);
	ev->attr_set = attr[0];
	ev->attr_clr = attr[1];
}

/* With OPEN_TREE_CLONE; without, it is a way to open (see handle__open_tree). */
static __always_inline void judge_open_tree(const struct sensor_config *cfg, struct scratch *s,
					    struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_OPEN_TREE);
	struct file *file = file_of_fd(task, s->call.ret);
	struct dentry *root = NULL;

	ev->flags = s->call.args[2];
	if ((s->call.nr & 0xfff) == NR_OPEN_TREE_ATTR) /* without the bit of x32 */
		read_attr(ev, s->call.args[3]);
	if (file) {
		root = KREAD(file, f_path.dentry);
		fill_mount_root(cfg, task, sub, ev, KREAD(file, f_path.mnt), root, true);
	}
	ev->source_len = put_user_string(s, s->call.args[1]);
	if (root)
		ev->path_len = put_path_of(s, NULL, root);
	record_end(RING_URGENT);
}

static __always_inline bool is_empty_string(u64 src)
{
	char first = 0;

	return !bpf_probe_read_user(&first, 1, (const void *)src) && !first;
}

/* The mount that move_mount() was given as a descriptor. By path, no object is
 * left to look at: the mount keeps its age, so it is not the newest one. */
static __always_inline struct mount *moved_mount(struct task_struct *task, const struct call *call)
{
	struct file *file;

	if (!(call->args[4] & MOVE_FROM_EMPTY) || !is_empty_string(call->args[1]))
		return NULL;
	file = file_of_fd(task, (s32)call->args[0]);
	return file ? kcompat_real_mount(KREAD(file, f_path.mnt)) : NULL;
}

static __always_inline void judge_move_mount(const struct sensor_config *cfg, struct scratch *s,
					     struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_MOVE_MOUNT);
	struct mount *m = moved_mount(task, &s->call);

	ev->flags = s->call.args[4];
	if (m)
		fill_attached(cfg, task, sub, ev, m, true);
	ev->target_len = put_user_string(s, s->call.args[3]);
	ev->source_len = put_user_string(s, s->call.args[1]);
	if (m) {
		ev->path_len = put_path_of(s, NULL, KREAD(m, mnt.mnt_root));
		if (s->call.ret == 0)
			ev->point_len = put_mount_point(s, m);
	}
	record_end(RING_URGENT);
}

static __always_inline void judge_mount_setattr(const struct sensor_config *cfg, struct scratch *s,
						struct task_struct *task, const struct subject *sub)
{
	struct event_mount *ev = mount_begin(s, task, sub, MOUNT_SETATTR);
	struct dentry *root = NULL;
	struct file *file = NULL;

	ev->flags = s->call.args[2];
	read_attr(ev, s->call.args[3]);
	if ((ev->flags & EMPTY_PATH) && is_empty_string(s->call.args[1]))
		file = file_of_fd(task, (s32)s->call.args[0]);
	if (file) {
		root = KREAD(file, f_path.dentry);
		fill_mount_root(cfg, task, sub, ev, KREAD(file, f_path.mnt), root, true);
	}
	ev->target_len = put_user_string(s, s->call.args[1]);
	if (root) {
		ev->path_len = put_path_of(s, NULL, root);
		ev->point_len = put_path_of(s, KREAD(file, f_path.mnt), root);
	}
	record_end(RING_URGENT);
}

#endif
