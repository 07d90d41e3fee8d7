// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Changes of a tree that leave no descriptor. The kernel's word that an inode
 * was changed comes from the dirty-inode tracepoints; what was refused, and what
 * is known by a descriptor, from the exit of the call. */
#include "change.bpf.h"

/* ---- which mounts show it ---- */

/* Whose mount is it? First by address alone; the mounts of all other namespaces
 * cost a look-up each and are asked only if these gave no answer. */
static __always_inline u32 search_owner(struct mount_search *w, struct mnt_namespace *ns)
{
	struct mnt_ns_state *state;
	u64 id;

	if ((u64)ns == w->own_ns)
		return w->second ? 0 : SEEN_OWN;
	if ((u64)ns == w->init_ns)
		return w->second ? 0 : SEEN_HOST;
	if (!w->second) {
		w->found |= SEEN_REST;
		return 0;
	}
	id = kcompat_mnt_ns_id(ns);
	if (!id)
		return 0;	/* anonymous: nobody's, or made by the task itself */
	state = bpf_map_lookup_elem(&mnt_ns, &id);
	if (!state)
		return SEEN_HOST;
	if (state->container == w->container)
		return SEEN_OWN;
	if (!(w->found & SEEN_OTHER))
		w->foreign_container = state->container;
	return SEEN_OTHER;
}

/* A mount of the kernel's own is how an overlay holds a layer. Beside the upper
 * one, in the same directory, is where it prepares what it puts there. */
static __always_inline bool is_near_layer(struct mount *m, u64 dentry)
{
	u64 above = (u64)KREAD(m, mnt.mnt_root, d_parent);
	struct dentry *d = (struct dentry *)dentry, *parent;
	int i;

	for (i = 0; i < 32; i++) {
		if ((u64)d == above)
			return true;
		parent = KREAD(d, d_parent);
		if (parent == d)
			break;
		d = parent;
	}
	return false;
}

static long search_step(u32 i, void *ctx)
{
	struct mount_search **pw = ctx, *w = *pw;
	struct mnt_namespace *ns;
	struct mount *m;
	u64 cursor = w->cursor;
	u32 seen;

	if (cursor == w->end)
		return 1;
	if (!cursor) {
		w->found |= SEEN_BROKEN;
		return 1;
	}
	m = kcompat_mount_of_cursor(cursor);
	w->cursor = kcompat_next_mount_cursor(cursor);
	ns = KREAD(m, mnt_ns);
	if (IS_ERR_PTR(ns) && !w->second && is_near_layer(m, w->dentry))
		w->found |= SEEN_LAYER;
	if (!ns || IS_ERR_PTR(ns))
		return 0;
	seen = search_owner(w, ns);
	if (!seen || (w->found & seen) || !is_reachable((u64)vfsmount_of(m), w->dentry))
		return 0;
	w->found |= seen;
	if (seen == SEEN_OWN)
		w->own = (u64)m;
	else if (!w->foreign || seen == SEEN_HOST)
		w->foreign = (u64)m;
	return (w->found & w->enough) != 0;
}

/* Fill s->search: which mounts show the dentry. `own_ns` and the rest of the
 * question are there already. Ends early at one of `enough`. */
__noinline int find_mounts(u64 dentry, u64 enough)
{
	struct scratch *s = scratch_get();
	struct mount_search *w;
	struct super_block *sb;

	if (!s || !dentry)
		return 0;
	w = &s->search;
	sb = KREAD((struct dentry *)dentry, d_sb);
	w->dentry = dentry;
	w->enough = enough;
	w->found = 0;
	w->own = 0;
	w->foreign = 0;
	w->foreign_container = 0;
	w->second = 0;
	w->end = kcompat_end_mount_cursor(sb);
	w->cursor = kcompat_first_mount_cursor(sb);
	bpf_loop(SB_MOUNTS_MAX, search_step, &w, 0);
	if (w->cursor != w->end && !(w->found & enough))
		w->found |= SEEN_BROKEN;
	if ((w->found & enough) || !(w->found & SEEN_REST))
		return w->found;
	w->second = 1;
	w->cursor = kcompat_first_mount_cursor(sb);
	bpf_loop(SB_MOUNTS_MAX, search_step, &w, 0);
	if (w->cursor != w->end && !(w->found & enough))
		w->found |= SEEN_BROKEN;
	return w->found;
}

__noinline int is_on_volume(u64 mnt, u64 dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct container_state *born;
	struct subject *sub;

	if (!cfg || !s || !mnt)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	born = bpf_map_lookup_elem(&containers, &sub->container);
	if (!born || born->root_dentry == (u64)KREAD((struct vfsmount *)mnt, mnt_root))
		return 0;
	ask_mounts(s, cfg, task, sub);
	find_mounts(dentry, SEEN_HOST | SEEN_OTHER);
	return (s->search.found & (SEEN_HOST | SEEN_OTHER)) != 0;
}

/* Is the dentry below a root that was found to be the container's own lately? */
__noinline int is_below_own_root(u64 dentry, u64 mnt_ns_id)
{
	struct dentry *d = (struct dentry *)dentry, *parent;
	struct own_roots_key key = { .mnt_ns = mnt_ns_id };
	struct own_roots *roots;
	u64 a, b, c, e;
	int i;

	if (!dentry)
		return 0;
	key.super_block = (u64)KREAD(d, d_sb);
	roots = bpf_map_lookup_elem(&own_roots, &key);
	if (!roots || bpf_ktime_get_boot_ns() > roots->until_ns)
		return 0;
	a = roots->root[0];
	b = roots->root[1];
	c = roots->root[2];
	e = roots->root[3];
	for (i = 0; i < 32; i++) {
		if ((u64)d == a || (u64)d == b || (u64)d == c || (u64)d == e)
			return 1;
		parent = KREAD(d, d_parent);
		if (parent == d)
			return 0;
		d = parent;
	}
	return 0;
}

/* Remember the root of the own mount that s->search found. */
__noinline int own_root_learn(u64 mnt_ns_id)
{
	struct own_roots_key key = { .mnt_ns = mnt_ns_id };
	struct own_roots fresh = {}, *roots;
	struct scratch *s = scratch_get();
	u64 now = bpf_ktime_get_boot_ns(), root;

	if (!s || !s->search.own)
		return 0;
	key.super_block = (u64)KREAD((struct dentry *)s->search.dentry, d_sb);
	root = (u64)KREAD((struct mount *)s->search.own, mnt.mnt_root);
	roots = bpf_map_lookup_elem(&own_roots, &key);
	if (!roots || now > roots->until_ns) {
		fresh.root[0] = root;
		fresh.next = 1;
		fresh.until_ns = now + OWN_ROOT_NS;
		bpf_map_update_elem(&own_roots, &key, &fresh, BPF_ANY);
		return 0;
	}
	/* Two CPUs may write at once: each writes a root that is the container's own. */
	roots->root[roots->next & 3] = root;
	roots->next++;
	return 0;
}

/* ---- the record ---- */

#define OBJECT_SHIFT 8

static __always_inline void fill_change(struct scratch *s, struct event_change *ev)
{
	ev->op = s->change.op;
	ev->flags = s->change.flags;
	ev->mode = s->change.mode;
	ev->rdev = s->change.rdev;
	ev->dirfd = s->change.dirfd;
}

/* Tell of the change in s->call and s->change. `mnt` and `dentry` may be 0;
 * `what` holds the owner and, shifted, enum change_object. */
__noinline int change_emit(u64 mnt, u64 dentry, u64 inode, u64 facts, u64 what)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s = scratch_get();
	struct event_change *ev;
	struct file_view v = {};
	struct subject *sub;

	if (!s)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CHANGE, task, sub);
	fill_call(s);
	fill_change(s, ev);
	ev->hdr.facts |= facts;
	ev->object = what >> OBJECT_SHIFT;
	if (inode) {
		v.mnt = (struct vfsmount *)mnt;
		v.dentry = (struct dentry *)dentry;
		v.inode = (struct inode *)inode;
		v.mode = KREAD(v.inode, i_mode);
		v.magic = KREAD(v.inode, i_sb, s_magic);
		v.owner = (u8)what;
		if (v.owner == OWNER_OWN)
			v.mount_container = sub->container;
		else if (v.owner == OWNER_OTHER)
			v.mount_container = s->search.foreign_container;
		fill_file(&ev->file, &v, SOURCE_KERNEL);
		if (is_foreign(v.owner)) {
			ev->hdr.boundary = v.owner == OWNER_HOST ? BOUNDARY_HOST : BOUNDARY_OTHER;
			ev->hdr.target_container = v.mount_container;
		} else if (mnt) {
			ev->mnt_flags = KREAD(v.mnt, mnt_flags);
		}
		ev->path_len = put_path(mnt, dentry);
		ev->fspath_len = put_path(0, dentry);
	}
	ev->arg_len = put_user_string(s, s->change.path);
	ev->arg2_len = put_user_string(s, s->change.path2);
	record_end(facts & ~(FACT_VOLUME | FACT_STDIO) ? RING_URGENT : RING_BULK);
	return 0;
}

/* ---- what deserves a closer look on a volume ---- */

/* Does the text of a link lead out of the mount that it is made on, if it is
 * made in the directory `dentry`? Only of symlink(), and only of what the caller
 * passed: the reader of the link decides what it means. */
__noinline int leads_out(u64 text, u64 dentry, u64 mnt_root)
{
	struct dentry *d = (struct dentry *)dentry, *parent;
	struct scratch *s = scratch_get();
	u32 up = 0, depth = 0, i;
	char *head;

	if (!s)
		return 0;
	head = s->head;
	__builtin_memset(head, 0, sizeof(s->head));
	if (!text || bpf_probe_read_user_str(head, sizeof(s->head), (const void *)text) < 0)
		return 0;
	if (head[0] == '/')
		return 1;
	for (i = 0; i < 20; i++) {
		if (head[3 * i] != '.' || head[3 * i + 1] != '.')
			break;
		up++;
		if (head[3 * i + 2] != '/')
			break;
	}
	up = forget(s, up); /* else what follows is walked once for each number */
	if (!up || !mnt_root)
		return 0;
	for (i = 0; i < 20; i++) {
		if ((u64)d == mnt_root)
			return up > depth;
		parent = KREAD(d, d_parent);
		if (parent == d)
			return 0;
		d = parent;
		depth++;
	}
	return 0;
}

#define CAPABILITY_NAME "security.capability"

static __always_inline bool is_capability_name(u64 name)
{
	char buf[24] = {};

	if (!name || bpf_probe_read_user_str(buf, sizeof(buf), (const void *)name) < 0)
		return false;
	return is_word(buf, CAPABILITY_NAME, sizeof(CAPABILITY_NAME));
}

/* A link's text that could lead out at all. */
static __always_inline bool is_link_suspicious(u64 text)
{
	char head[4] = {};

	bpf_probe_read_user_str(head, sizeof(head), (const void *)text);
	return head[0] == '/' || (head[0] == '.' && head[1] == '.');
}

/* The facts that hold only where the host has the file too, if it does. */
static __always_inline u64 facts_if_shared(struct scratch *s, u32 mode, u32 uid)
{
	switch (s->change.op) {
	case CHANGE_SYMLINK: return is_link_suspicious(s->change.path2) ? FACT_LINK_GAME : 0;
	case CHANGE_SETXATTR: return is_capability_name(s->change.path2) ? FACT_SETID : 0;
	case CHANGE_MKNOD:
		if ((s->change.mode & MODE_FMT) == MODE_BLK)
			return FACT_BLOCK_DEVICE;
		return (mode & MODE_FMT) == MODE_DIR && is_setid(s->change.mode, 0) ? FACT_SETID : 0;
	case CHANGE_CHMOD:
	case CHANGE_RENAME:
	case CHANGE_LINK:
	case CHANGE_OTHER:
		return (mode & MODE_FMT) == MODE_REG && is_setid(mode, uid) ? FACT_SETID : 0;
	}
	return 0;
}

/* ---- dirty inodes ---- */

static __always_inline void note_exchanged(struct subject *sub, struct inode *inode, u64 dentry, u64 mount)
{
	u16 type = KREAD(inode, i_mode) & MODE_FMT;

	if (type == MODE_DIR)
		return;
	if (type != MODE_LNK) {
		sub->exchange.n_others++;
	} else if (sub->exchange.inode != (u64)inode) {
		sub->exchange.inode = (u64)inode;
		sub->exchange.dentry = dentry;
		sub->exchange.mount = mount;
		sub->exchange.n_links++;
	}
}

/* A record a call is enough: it dirties several inodes, some of them twice. An
 * operation of io_uring has no end that this task sees, so there the clock tells. */
static __always_inline bool is_told_already(struct subject *sub, u64 inode, bool is_uring)
{
	u64 now;

	if (!is_uring) {
		if (sub->flags & SUBJECT_F_CHANGE_TOLD)
			return true;
		sub->flags |= SUBJECT_F_CHANGE_TOLD;
		return false;
	}
	now = bpf_ktime_get_boot_ns();
	if (sub->change_inode == inode && now - sub->change_ns < TOLD_AGAIN_NS)
		return true;
	sub->change_inode = inode;
	sub->change_ns = now;
	return false;
}

/* The dentry and the mount are known: say what is remarkable about it. */
static __always_inline void judge_change(struct scratch *s, struct subject *sub, u64 inode, u64 dentry,
					 u64 if_shared)
{
	struct container_state *born = bpf_map_lookup_elem(&containers, &sub->container);
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount_search *w = &s->search;
	bool is_uring = s->call.way == WAY_IO_URING, is_borrowed;
	u16 type = KREAD((struct inode *)inode, i_mode) & MODE_FMT;
	u64 facts = 0, mnt_root, object;
	u8 owner = OWNER_OWN;

	is_borrowed = KREAD(task, cred) != KREAD(task, real_cred);
	object = type == MODE_DIR && changes_names(s->change.op) ? OBJECT_PARENT : OBJECT_FILE;
	if (w->found & SEEN_OWN) {
		mnt_root = forget(s, (u64)KREAD((struct mount *)w->own, mnt.mnt_root));
		own_root_learn(sub->mnt_ns);
		if (!(w->found & (SEEN_HOST | SEEN_OTHER)) || (born && born->root_dentry == mnt_root))
			return;
		if (s->change.op == CHANGE_RENAME && (s->change.flags & RENAME_EXCHANGE_FLAG))
			note_exchanged(sub, (struct inode *)inode, dentry, w->own);
		facts = if_shared;
		if (facts == FACT_LINK_GAME && !leads_out(s->change.path2, dentry, mnt_root))
			facts = 0;
		if (!facts)
			return;
		facts |= FACT_VOLUME;
	} else if (w->found & (SEEN_HOST | SEEN_OTHER)) {
		if (w->found & SEEN_BROKEN)
			return;
		if (is_borrowed && (w->found & SEEN_LAYER))
			return;
		if (is_stdio(sub, (struct inode *)inode))
			return;
		owner = w->found & SEEN_HOST ? OWNER_HOST : OWNER_OTHER;
		facts = FACT_FILE_FOREIGN | (if_shared & FACT_SETID);
	} else {
		return;
	}
	if (is_told_already(sub, inode, is_uring))
		return;
	change_emit((u64)vfsmount_of((struct mount *)(owner == OWNER_OWN ? w->own : w->foreign)), dentry, inode,
		    facts, owner | object << OBJECT_SHIFT);
}

/* A name of the inode that the container has a mount above, or else one that
 * somebody has. */
static __always_inline u64 find_shown_name(struct scratch *s, struct inode *inode, u32 enough)
{
	u64 alias = forget(s, (u64)KREAD(inode, i_dentry.first)), dentry, shown = 0;
	int i;

	for (i = 0; i < ALIASES_MAX && alias; i++) {
		dentry = alias - bpf_core_field_offset(struct dentry, d_u.d_alias);
		find_mounts(dentry, enough);
		if (s->search.found & SEEN_OWN)
			return dentry;
		if (s->search.found & (SEEN_HOST | SEEN_OTHER))
			shown = dentry;
		alias = forget(s, (u64)KREAD((struct hlist_node *)alias, next));
	}
	if (i > 1 && shown)
		find_mounts(shown, enough);
	return shown;
}

/* The inode has a name below a root that is the container's own. */
static __always_inline bool is_known_own(struct scratch *s, const struct subject *sub, struct inode *inode)
{
	u64 alias = forget(s, (u64)KREAD(inode, i_dentry.first));

	if (!alias)
		return true;	/* not linked yet, or not any more: its directory is told of */
	return is_below_own_root(alias - bpf_core_field_offset(struct dentry, d_u.d_alias), sub->mnt_ns);
}

/* The calling task changes `inode`, by the call in s->call. */
__noinline int judge_dirty_inode(u64 inode_address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct inode *inode = (struct inode *)inode_address;
	struct scratch *s = scratch_get();
	struct subject *sub;
	u64 if_shared, dentry;
	bool closely;
	u32 mode;

	if (!cfg || !s || !inode)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED))
		return 0;
	mode = KREAD(inode, i_mode);
	/* Following a link touches its time of access, in an overlay's upper layer
	 * even with the credentials of the caller. */
	closely = s->change.op == CHANGE_RENAME && (s->change.flags & RENAME_EXCHANGE_FLAG);
	if ((mode & MODE_FMT) == MODE_LNK && !closely)
		return 0;
	sub->flags |= SUBJECT_F_CHANGE_SEEN;
	if_shared = facts_if_shared(s, mode, KREAD(inode, i_uid.val));
	closely |= if_shared != 0;
	if (!closely && is_known_own(s, sub, inode))
		return 0;
	ask_mounts(s, cfg, task, sub);
	dentry = find_shown_name(s, inode, closely ? 0 : SEEN_OWN);
	if (dentry)
		judge_change(s, sub, inode_address, dentry, if_shared);
	return 0;
}

/* Overlayfs copies a set-id program into its upper layer: with the mounter's
 * credentials, and whatever call was the reason. */
static __always_inline bool is_setid_copy(struct inode *inode)
{
	u32 mode = inode->i_mode;

	return (mode & MODE_FMT) == MODE_REG && (mode & (MODE_SETUID | MODE_SETGID)) &&
	       is_setid(mode, KREAD(inode, i_uid.val));
}

/* The host's tasks leave after two loads and a comparison, as at the exit of a
 * call; then those whose call does not change a tree. Overlayfs works on its
 * layers with the credentials of who mounted it: that is not the task's deed,
 * the change of the overlay is. An operation of io_uring may have borrowed
 * credentials, too (IORING_REGISTER_PERSONALITY): there it takes a layer to be
 * passed over. */
static __always_inline int on_dirty_inode(struct inode *inode, bool is_attribute)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct nsproxy *ns = task->nsproxy;
	struct pt_regs *regs;
	struct scratch *s;
	u32 nr = NR_IO_URING_ENTER, which = HANDLER_UNKNOWN;
	bool compat = false, is_uring, is_copy;

	if (!ns || ((u64)ns->mnt_ns == cfg->init_mnt_ns && !n_outside))
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	is_copy = task->cred != task->real_cred && is_setid_copy(inode);
	if (!(task->flags & (PF_IO_WORKER_FLAG | PF_USER_WORKER_FLAG))) {
		nr = (u32)regs->orig_ax;
		compat = task->thread_info.status & TS_COMPAT_BIT;
		which = handler_of_call(nr, compat);
		if (!is_copy && !is_change_handler(which) && which != HANDLER_BIND &&
		    (nr & ~X32_BIT) != NR_IO_URING_ENTER && (nr & ~X32_BIT) != NR_FILE_SETATTR)
			return 0;
	}
	is_uring = (nr & ~X32_BIT) == NR_IO_URING_ENTER;
	if ((task->cred != task->real_cred && !is_uring && !is_copy) ||
	    !is_wanted(cfg, EVENT_CHANGE))
		return 0;
	/* Which operation of io_uring it is, is not known here. Those that change names
	 * dirty a directory; reads and writes dirty files, in an overlay's upper layer
	 * with the caller's credentials (time of access). */
	if (is_uring && !is_attribute && !is_copy && (inode->i_mode & MODE_FMT) != MODE_DIR)
		return 0;
	s = scratch_get();
	if (!s)
		return 0;
	__builtin_memset(&s->call, 0, sizeof(s->call));
	if (is_uring) {
		s->call.nr = -1;
		s->call.way = WAY_IO_URING;
	} else {
		s->call.nr = nr;
		s->call.way = compat ? WAY_IA32 : (nr & X32_BIT) ? WAY_X32 : WAY_NATIVE;
		s->call.handler = which;
		read_args(regs, &s->call);
	}
	if (is_copy) /* what was asked for is not what happens to this inode */
		s->call.handler = HANDLER_UNKNOWN;
	read_change_call(s);
	return judge_dirty_inode(forget(s, (u64)inode));
}

SEC("tp_btf/ext4_mark_inode_dirty")
int BPF_PROG(tp_btf__ext4_mark_inode_dirty, struct inode *inode)
{
	return on_dirty_inode(inode, false);
}

/* ext4 writes a small attribute into the inode's own block without marking the
 * inode; but each change of an attribute begins a transaction of this kind. */
#define EXT4_HT_XATTR 10 /* fs/ext4/ext4_jbd2.h */

SEC("tp_btf/ext4_journal_start_inode")
int BPF_PROG(tp_btf__ext4_journal_start_inode, struct inode *inode, int blocks, int rsv_blocks,
	     int revoke_creds, int type)
{
	return type == EXT4_HT_XATTR ? on_dirty_inode(inode, true) : 0;
}

/* Every file system calls it, for some of what it changes. */
SEC("tp_btf/writeback_mark_inode_dirty")
int BPF_PROG(tp_btf__writeback_mark_inode_dirty, struct inode *inode)
{
	return on_dirty_inode(inode, false);
}

/* ---- at the exit of the call ---- */

#define CAP_SYS_PTRACE_BIT 19

/* The object that the call names by a descriptor: what is changed, or the
 * directory that the name is relative to. */
static __always_inline u32 object_of_change(struct task_struct *task, struct scratch *s, struct path *ret)
{
	struct change_call *change = &s->change;
	struct file *file = NULL;
	char first = 0;

	if (change->fd >= 0) {
		file = file_of_fd(task, change->fd);
	} else if (change->path) {
		bpf_probe_read_user(&first, sizeof(first), (const void *)change->path);
		if (first == '/')
			return OBJECT_NONE;
		if (change->dirfd < 0) {
			ret->mnt = KREAD(task, fs, pwd.mnt);
			ret->dentry = KREAD(task, fs, pwd.dentry);
			return OBJECT_PARENT;
		}
		file = file_of_fd(task, change->dirfd);
	}
	if (!file || bpf_probe_read_kernel(ret, sizeof(*ret), &file->f_path))
		return OBJECT_NONE;
	return change->fd >= 0 || !first ? OBJECT_FILE : OBJECT_PARENT;
}

/* Could a path lead this task to files of processes of the host? A refusal shows
 * that it sees those at all; to get there it needs the right, too. */
static __always_inline bool has_doors(const struct sensor_config *cfg, struct task_struct *task, bool refused)
{
	struct cred *cred;

	if (KREAD(task, thread_pid, level) != 0)
		return false;
	if (refused)
		return true;
	cred = KREAD(task, cred);
	return (kcompat_cap_effective(cred) & (1ull << CAP_SYS_PTRACE_BIT)) &&
	       KREAD(cred, user_ns, ns.inum) == cfg->init_ns_inum[NSK_USER];
}

static __always_inline bool is_refusal(s64 ret)
{
	return ret == -ERRNO_PERM || ret == -ERRNO_ACCES || ret == -ERRNO_ROFS || ret == -ERRNO_TXTBSY;
}

static __always_inline bool is_device(u32 mode, u32 rdev)
{
	u32 type = mode & MODE_FMT;

	/* 0:0 is how overlays mark what was deleted. */
	return type == MODE_BLK || (type == MODE_CHR && rdev);
}

/* A link and a directory changed places, on a volume. */
static __always_inline void judge_exchange(struct subject *sub)
{
	struct exchange *x = &sub->exchange;

	if (x->n_links == 1 && !x->n_others && x->mount)
		change_emit((u64)vfsmount_of((struct mount *)x->mount), x->dentry, x->inode,
			    FACT_VOLUME | FACT_LINK_GAME, OWNER_OWN | OBJECT_FILE << OBJECT_SHIFT);
	x->inode = 0;
	x->dentry = 0;
	x->mount = 0;
	x->n_links = 0;
	x->n_others = 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__change, struct pt_regs *regs, long ret)
{
	struct path path = {};
	u64 facts = 0, container = 0;
	u32 object, told, seen;
	u8 owner = OWNER_UNKNOWN;
	bool refused, makes_device;
	HANDLER_PROLOGUE(EVENT_CHANGE);

	told = sub->flags & SUBJECT_F_CHANGE_TOLD;
	seen = sub->flags & SUBJECT_F_CHANGE_SEEN;
	sub->flags &= ~(SUBJECT_F_CHANGE_TOLD | SUBJECT_F_CHANGE_SEEN);
	read_change_call(s);
	if (sub->exchange.inode && ret == 0) {
		judge_exchange(sub);
		return 0;
	}
	refused = is_refusal(ret);
	if (told || (ret < 0 && !refused))
		return 0;
	object = object_of_change(task, s, &path);
	if (object != OBJECT_NONE)
		owner = mount_owner(cfg, task, sub, path.mnt, &container);
	makes_device = s->change.op == CHANGE_MKNOD && is_device(s->change.mode, s->change.rdev);
	if (makes_device && (s->change.mode & MODE_FMT) == MODE_BLK)
		facts = FACT_BLOCK_DEVICE;
	if (is_foreign(owner) && !(path.dentry && is_stdio(sub, KREAD(path.dentry, d_inode))))
		facts |= FACT_FILE_FOREIGN;
	else if (owner == OWNER_OWN && path.dentry && !is_below_mount(s, path.mnt, path.dentry))
		facts |= FACT_FILE_UNREACHABLE;
	/* Only the caller's string names it, and no file system said what was changed:
	 * the agent looks where the string leads, if it can lead out at all. */
	if (!facts && !makes_device &&
	    (object != OBJECT_NONE || seen || !s->change.path || !has_doors(cfg, task, refused)))
		return 0;
	s->search.foreign_container = container;
	if (object == OBJECT_NONE)
		change_emit(0, 0, 0, facts, 0);
	else
		change_emit(forget(s, (u64)path.mnt), forget(s, (u64)path.dentry),
			    forget(s, (u64)KREAD(path.dentry, d_inode)), facts,
			    owner | (u64)object << OBJECT_SHIFT);
	return 0;
}
