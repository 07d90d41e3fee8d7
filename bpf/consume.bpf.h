/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What containers leave behind, and the host then runs as its own code: programs,
 * libraries, scripts, and what the kernel starts by itself. Judged by the inode
 * that was written. Names serve only to choose which of the host's tasks are
 * looked at for the moment in which an interpreter opens its script. */
#ifndef BW_CONSUME_BPF_H
#define BW_CONSUME_BPF_H

#include "file.bpf.h"

#define TASK_KTHREAD 0x00200000u /* linux/sched.h: PF_KTHREAD */
#define PROT_EXEC_BIT 4u
#define NR_MMAP_NATIVE 9
#define NR_MMAP2_IA32 192
/* Opens that an interpreter makes before its script's: libraries, locales, and
 * the fifty or so files of a Python. */
#define SCRIPT_OPENS_MAX 160
#define ARG_SIZE 256

/* For mounts seen by a task of the host that has no record. */
static const struct subject nobody = {};

static __always_inline struct written *written_of(struct inode *inode)
{
	struct inode_id id = {};

	inode_id_of(kcompat_data_inode(inode, KREAD(inode, i_sb, s_magic)), &id);
	return bpf_map_lookup_elem(&container_written, &id);
}

/* The end of a name: the rest of long ones is the same on both sides. */
static __always_inline void name_key_of(struct dentry *dentry, struct name_key *ret)
{
	u32 len = KREAD(dentry, d_name.len), skip = 0;
	const unsigned char *name = KREAD(dentry, d_name.name);

	if (len > sizeof(ret->name) - 1)
		skip = len - (sizeof(ret->name) - 1);
	bpf_probe_read_kernel_str(ret->name, sizeof(ret->name), name + skip);
}

static __always_inline u32 name_hash(const struct name_key *key)
{
	const u64 *words = (const u64 *)key->name;
	u64 h = words[0] * 0x9e3779b97f4a7c15ull ^ words[1] * 0xc2b2ae3d27d4eb4full ^
		words[2] * 0x165667b19e3779f9ull ^ words[3] * 0x27d4eb2f165667c5ull;

	return (u32)(h >> 32) | 1;
}

/* A contained task has a file of its own open for writing. */
static __noinline int note_written(struct task_struct *task, const struct subject *sub,
				   const struct file_view *v)
{
	struct inode *inode = kcompat_data_inode(v->inode, v->magic);
	struct scratch *s = scratch_get();
	struct inode_id id = {};
	struct written *fresh, *old;
	u32 one = 1;

	if (!s)
		return 0;
	fresh = &s->written;
	fresh->container = sub->container;
	fresh->flags = 0;
	fresh->told = 0;
	fresh->time_ns = bpf_ktime_get_boot_ns();
	inode_id_of(inode, &id);
	old = bpf_map_lookup_elem(&container_written, &id);
	if (old) {
		old->container = fresh->container;
		old->time_ns = fresh->time_ns;
		old->told = 0;
	} else {
		if (v->mnt == KREAD(task, fs, root.mnt))
			fresh->flags |= WRITTEN_OWN_LAYER;
		/* Truncated or new is a file of the container's making. */
		if (KREAD(inode, i_size) > 0)
			fresh->flags |= WRITTEN_PATCHED;
		bpf_map_update_elem(&container_written, &id, fresh, BPF_ANY);
	}
	__builtin_memset(&s->name, 0, sizeof(s->name));
	name_key_of(v->dentry, &s->name);
	if (!bpf_map_lookup_elem(&written_names, &s->name))
		bpf_map_update_elem(&written_names, &s->name, &one, BPF_ANY);
	return 0;
}

static __always_inline bool is_data_file(const struct file_view *v)
{
	return (v->f_mode & FMODE_WRITE_BIT) && (v->mode & MODE_FMT) == MODE_REG && !is_kernel_fs(v->magic);
}

static __always_inline u64 written_facts(const struct written *w)
{
	u64 facts = FACT_FROM_CONTAINER;

	if (w->flags & WRITTEN_OWN_LAYER)
		facts |= FACT_OWN_LAYER;
	if (w->flags & WRITTEN_PATCHED)
		facts |= FACT_PATCHED;
	return facts;
}

/* ---- helpers of the kernel ---- */

/* Does the control file name a program that the kernel runs? */
static __always_inline bool is_helper_setting(struct dentry *dentry)
{
	const unsigned char *name = KREAD(dentry, d_name.name);
	char word[16] = {};

	bpf_probe_read_kernel_str(word, sizeof(word), name);
	return is_word(word, "core_pattern", 13) || is_word(word, "release_agent", 14) ||
	       is_word(word, "modprobe", 9) || is_word(word, "uevent_helper", 14) ||
	       is_word(word, "hotplug", 8) || is_word(word, "poweroff_cmd", 13);
}

static __noinline int note_setter(const struct subject *sub, const struct file_view *v)
{
	struct helper_setter *setter;
	u32 zero = 0;

	if (!is_helper_setting(v->dentry))
		return 0;
	setter = bpf_map_lookup_elem(&helper_setter, &zero);
	if (!setter)
		return 0;
	setter->container = sub->container;
	setter->time_ns = bpf_ktime_get_boot_ns();
	return 0;
}

/* A helper is told when its program is a container's, or when a container named
 * it. What the kernel ran before any container set anything is the host's, and
 * remembered as such; but an interpreter says nothing of its script. */
static __always_inline u64 judge_helper(const struct sensor_config *cfg, struct scratch *s, struct file *exe,
					bool is_script)
{
	struct inode *inode = KREAD(exe, f_inode);
	struct super_block *sb = KREAD(inode, i_sb);
	struct written *w = written_of(inode);
	struct helper_setter *setter;
	struct inode_id id = {};
	u32 zero = 0, one = 1;

	if (w) {
		s->code_container = w->container;
		return FACT_HELPER | written_facts(w);
	}
	setter = bpf_map_lookup_elem(&helper_setter, &zero);
	if (!setter)
		return 0;
	if (KREAD(sb, s_magic) == MAGIC_OVERLAY && (u64)sb != cfg->host_root_sb) {
		s->code_container = setter->container;
		return FACT_HELPER | FACT_FROM_CONTAINER | FACT_OWN_LAYER;
	}
	inode_id_of(inode, &id);
	if (!setter->container) {
		if (!is_script)
			bpf_map_update_elem(&host_helpers, &id, &one, BPF_ANY);
		return 0;
	}
	if (!is_script && bpf_map_lookup_elem(&host_helpers, &id))
		return 0;
	s->code_container = setter->container;
	return FACT_HELPER;
}

/* ---- programs ---- */

/* The facts of a program that a task of the host has just become. */
static __always_inline u64 judge_host_exec(const struct sensor_config *cfg, struct scratch *s,
					   struct task_struct *task, struct file *exe, bool is_script)
{
	struct written *w;

	if (KREAD(task, real_parent, flags) & TASK_KTHREAD)
		return judge_helper(cfg, s, exe, is_script);
	w = written_of(KREAD(exe, f_inode));
	if (!w || w->told)
		return 0;
	w->told = 1;
	s->code_container = w->container;
	return written_facts(w);
}

/* ---- scripts ---- */

struct last_name {
	char *buf;
	u32 pos;
};

static long last_name_step(u32 i, void *ctx)
{
	struct last_name *n = ctx;
	u32 at = n->pos - 1;

	if (!n->pos || n->buf[at & (ARG_SIZE - 1)] == '/')
		return 1;
	n->pos = at;
	return 0;
}

/* The last part of the path in s->path, `len` bytes without its NUL. */
static __always_inline bool last_name_key(struct scratch *s, u32 len, struct name_key *ret)
{
	struct last_name last = { .buf = s->path, .pos = len };
	u32 n;

	bpf_loop(sizeof(ret->name) - 1, last_name_step, &last, 0);
	n = len - last.pos;
	barrier_var(n);
	n &= sizeof(ret->name) - 1;
	if (!n)
		return false;
	bpf_probe_read_kernel(ret->name, n, &s->path[last.pos & (ARG_SIZE - 1)]);
	return true;
}

/* Is that a name of a file that a container wrote? Returns its hash, or 0. */
static __noinline u32 written_name_hash(struct scratch *s, u32 len)
{
	struct name_key key = {};

	if (!last_name_key(s, len, &key))
		return 0;
	return bpf_map_lookup_elem(&written_names, &key) ? name_hash(&key) : 0;
}

/* A contained task gave something a new name: link, symlink, rename. The string
 * is the caller's own, and only widens the choice of tasks that are looked at. */
static __noinline int note_new_name(struct scratch *s, u64 path)
{
	struct name_key key = {};
	u32 one = 1;
	long n;

	n = bpf_probe_read_user_str(s->path, ARG_SIZE, (const void *)path);
	if (n <= 1 || n >= ARG_SIZE || !last_name_key(s, n - 1, &key))
		return 0;
	if (!bpf_map_lookup_elem(&written_names, &key))
		bpf_map_update_elem(&written_names, &key, &one, BPF_ANY);
	return 0;
}

/* The new name among the arguments, 0: the call gives none. */
static __always_inline u64 new_name_of(const struct call *call)
{
	switch (call->handler) {
	case HANDLER_LINK:
	case HANDLER_SYMLINK:
	case HANDLER_RENAME: return call->args[1];
	case HANDLER_SYMLINKAT: return call->args[2];
	case HANDLER_LINKAT:
	case HANDLER_RENAMEAT: return call->args[3];
	}
	return 0;
}

/* Is the task a shell or the like? By the name it was started as, without the
 * version: the host's own programs are not chosen by a container. */
static __always_inline bool is_interpreter(struct scratch *s, struct task_struct *task)
{
	struct name_key *key = &s->name;
	u32 i, below, over = 0;

	__builtin_memset(key, 0, sizeof(*key));
	bpf_probe_read_kernel(key->name, 16, &task->comm);
	/* Without branches: the verifier would walk the rest once more for each. */
	for (i = 0; i < 16; i++) {
		below = (u32)(u8)(key->name[i] - '0') - 10;
		barrier_var(below);
		over |= below >> 31;
		key->name[i] &= (char)(over - 1);
	}
	return bpf_map_lookup_elem(&interpreters, key) != NULL;
}

/* The first argument that is no option, into s->path. Returns its length. */
static __always_inline u32 first_argument(struct scratch *s, struct task_struct *task)
{
	struct mm_struct *mm = KREAD(task, mm);
	u64 at = KREAD(mm, arg_start), end = KREAD(mm, arg_end);
	long n;
	u32 i;

	for (i = 0; i < 4; i++) {
		if (at >= end)
			return 0;
		n = bpf_probe_read_user_str(s->path, ARG_SIZE, (const void *)at);
		if (n <= 1 || n >= ARG_SIZE)
			return 0;
		if (i && s->path[0] != '-')
			return n - 1;
		at += n;
	}
	return 0;
}

/* The task has become an interpreter. If what it is to run carries the name of
 * something that a container wrote, its next opens are looked at. */
static __noinline int expect_script(struct scratch *s, struct task_struct *task, struct linux_binprm *bprm,
				    u32 is_script)
{
	struct subject *sub;
	u32 hash = 0;
	long n;

	if (is_script) {
		n = bpf_probe_read_kernel_str(s->path, ARG_SIZE, KREAD(bprm, filename));
		if (n <= 1 || n >= ARG_SIZE)
			return 0;
		/* Run by descriptor, it has no name. */
		if (!is_word(s->path, "/dev/fd/", 8) && !written_name_hash(s, n - 1))
			return 0;
	} else {
		if (!is_interpreter(s, task))
			return 0;
		n = first_argument(s, task);
		hash = n ? written_name_hash(s, n) : 0;
		if (!hash)
			return 0;
	}
	sub = subject_new(task);
	if (!sub)
		return 0;
	sub->script_hash = hash;
	sub->script_opens = SCRIPT_OPENS_MAX;
	if (!(sub->flags & SUBJECT_F_SCRIPT))
		__sync_fetch_and_add(&n_outside, 1);
	sub->flags |= SUBJECT_F_SCRIPT;
	return 0;
}

/* ---- telling ---- */

static __always_inline void emit_host_use(const struct sensor_config *cfg, struct scratch *s,
					  struct task_struct *task, const struct subject *sub, struct file *file,
					  u32 op, s32 fd, u64 facts)
{
	struct event_use *ev = record_begin(s, sizeof(*ev));
	struct file_view v = {};

	fill_header(s, EVENT_USE, task, sub);
	fill_call(s);
	ev->hdr.phase = sub ? sub->phase : PHASE_HOST;
	view_of_file(cfg, task, sub ? sub : &nobody, file, &v);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	ev->hdr.facts |= facts;
	ev->hdr.target_container = s->code_container;
	ev->fd = fd;
	ev->op = op;
	ev->f_mode = v.f_mode & 3;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
	record_end(RING_URGENT);
}

#endif
