/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens by any way: the verdict comes from the file, the caller's string is a
 * remark. A refused open has no file; then what a magic link stands for is
 * taken from the kernel, and the rest is left to the agent. */
#ifndef BW_OPEN_BPF_H
#define BW_OPEN_BPF_H

#include "secret.bpf.h"

/* Facts that make an open worth a record on their own. */
#define OPEN_FACTS (~(FACT_FILE_WRITE | FACT_STDIO | FACT_VOLUME))

/* An entry of /proc/PID was opened (`file`: its address), or could not be:
 * `path` is the user address of its name. An act on that process, not on a
 * file: see access.bpf.c. */
int emit_proc_open(u64 file, u64 path);
int emit_refused_proc_open(u64 path);

/* What was opened for writing is remembered, see consume.bpf.c. */
int note_open(u64 file, u64 facts);

enum magic_kind { MAGIC_LINK_NONE, MAGIC_LINK_EXE, MAGIC_LINK_FD };

struct magic_link {
	u32 kind;
	u32 pid;	/* 0: the caller itself */
	u32 fd;
};

/* A decimal number of at most seven digits at the start of p[8]. Returns the
 * count of its digits, 0: none or too long. */
static __always_inline u32 parse_number(const char *p, u32 *ret)
{
	u32 n = 0, i;

	for (i = 0; i < 8; i++) {
		if (p[i] < '0' || p[i] > '9')
			break;
		n = n * 10 + (p[i] - '0');
	}
	*ret = n;
	return i == 8 ? 0 : i;
}

/* What follows "/proc/self", "/proc/thread-self" or "/proc/N". */
static __always_inline void parse_proc_entry(u64 path, struct magic_link *ret)
{
	char tail[16] = {};
	u32 n;

	bpf_probe_read_user_str(tail, sizeof(tail), (const void *)path);
	if (is_word(tail, "/exe", 5)) {
		ret->kind = MAGIC_LINK_EXE;
		return;
	}
	if (!is_word(tail, "/fd/", 4))
		return;
	n = parse_number(tail + 4, &ret->fd);
	if (n && !tail[(4 + n) & 15])
		ret->kind = MAGIC_LINK_FD;
}

/* /proc/self/exe, /proc/thread-self/exe, /proc/N/exe, the same with fd/M, and
 * /dev/fd/M, read from the user address `path`. Other spellings of the same link
 * are resolved by the agent. All comparisons are at fixed offsets: variable ones
 * multiply the verifier's states. */
static __always_inline void parse_magic_link(u64 path, struct magic_link *ret)
{
	char head[24] = {};
	u32 n;

	if (!path || bpf_probe_read_user_str(head, sizeof(head), (const void *)path) < 0)
		return;
	if (is_word(head, "/dev/fd/", 8)) {
		n = parse_number(head + 8, &ret->fd);
		if (n && !head[(8 + n) & 15])
			ret->kind = MAGIC_LINK_FD;
		return;
	}
	if (!is_word(head, "/proc/", 6))
		return;
	if (is_word(head + 6, "self", 4)) {
		parse_proc_entry(path + 10, ret);
	} else if (is_word(head + 6, "thread-self", 11)) {
		parse_proc_entry(path + 17, ret);
	} else {
		n = parse_number(head + 6, &ret->pid);
		if (n)
			parse_proc_entry(path + 6 + n, ret);
	}
}

/* The file that a magic link of the caller's own stands for, or NULL. */
static __always_inline struct file *file_of_magic_link(struct task_struct *task, const struct magic_link *link,
						       u32 own_pid)
{
	if (link->pid && link->pid != own_pid)
		return NULL;
	if (link->kind == MAGIC_LINK_FD)
		return file_of_fd(task, link->fd);
	return link->kind == MAGIC_LINK_EXE ? KREAD(task, mm, exe_file) : NULL;
}

static __always_inline bool is_write_intent(u64 flags)
{
	return !(flags & OPEN_PATH) && ((flags & OPEN_ACCMODE) == 1 || (flags & OPEN_ACCMODE) == 2 ||
					(flags & OPEN_TRUNC));
}

static __always_inline void fill_boundary(struct event_hdr *hdr, const struct subject *sub, const struct file_view *v)
{
	if (!is_foreign(v->owner))
		return;
	hdr->boundary = v->owner == OWNER_HOST ? BOUNDARY_HOST : BOUNDARY_OTHER;
	hdr->target_container = v->mount_container;
}

/* A refused open for writing: EPERM, EACCES, ETXTBSY, EROFS. */
static __always_inline void judge_refused_open(const struct sensor_config *cfg, struct scratch *s,
					       struct task_struct *task, const struct subject *sub,
					       const struct open_call *open)
{
	struct magic_link link = {};
	struct event_open *ev;
	struct file_view v = {};
	struct inode_id *id = NULL;
	struct pid_key key = {};
	struct file *file;

	emit_refused_proc_open(open->path);
	/* Reading is seldom refused with EPERM, but by the list of devices it is. */
	if (!is_write_intent(open->flags) && !open->by_handle && s->call.ret != -ERRNO_PERM)
		return;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_OPEN, task, sub);
	fill_call(s);
	if (is_write_intent(open->flags)) {
		ev->hdr.facts |= FACT_FILE_WRITE;
		ev->f_mode = FMODE_WRITE_BIT;
	}
	if (open->by_handle)
		ev->hdr.facts |= FACT_HANDLE;
	ev->open_flags = open->flags;
	ev->dirfd = open->dirfd;

	parse_magic_link(open->path, &link);
	if (link.kind != MAGIC_LINK_NONE) {
		file = file_of_magic_link(task, &link, ev->hdr.ns_tgid);
		if (file) {
			view_of_file(cfg, task, sub, file, &v);
			v.f_mode |= FMODE_WRITE_BIT;
			fill_file(&ev->file, &v, SOURCE_MAGIC);
			ev->hdr.facts |= forget(s, file_facts(s, sub, &v));
			fill_boundary(&ev->hdr, sub, &v);
		} else if (link.kind == MAGIC_LINK_EXE) {
			key.pid_ns_inum = ev->hdr.pid_ns_inum;
			key.nr = link.pid;
			id = bpf_map_lookup_elem(&exe_by_pid, &key);
			if (id) {
				ev->file.ino = id->ino;
				ev->file.dev = id->dev;
				ev->file.generation = id->generation;
				ev->file.mode = MODE_REG;
				ev->file.source = SOURCE_MAGIC;
				if (bpf_map_lookup_elem(&runtime_binaries, id))
					ev->hdr.facts |= FACT_RUNTIME_BINARY;
			}
		}
	}
	if (v.dentry) {
		ev->path_len = put_path_of(s, v.mnt, v.dentry);
		ev->fspath_len = put_path_of(s, NULL, v.dentry);
	}
	ev->arg_len = put_user_string(s, open->path);
	record_end(RING_URGENT);
}

/* Is this open worth a record? The cheap half of judge_opened_file(). */
static __always_inline bool is_open_remarkable(const struct sensor_config *cfg, struct scratch *s,
					       struct task_struct *task, const struct subject *sub, s64 fd,
					       bool by_handle)
{
	struct file *file = file_of_fd(task, fd);
	struct file_view v = {};

	if (!file)
		return false;
	view_of_file(cfg, task, sub, file, &v);
	/* What is written is noted, where the price of a tail call does not matter. */
	if (by_handle || (v.f_mode & FMODE_WRITE_BIT) || (cfg->wanted_plain & (1ull << EVENT_OPEN)))
		return true;
	if (forget(s, file_facts(s, sub, &v)) & OPEN_FACTS)
		return true;
	return forget(s, watch_facts(task, &v)) & OPEN_FACTS;
}

#define FOLLOWED_FACTS (FACT_FOREIGN_TASK | FACT_FILE_WRITE | FACT_KERNEL_CONTROL)

/* A file was obtained. Returns what was found for follow_open(), which has to be
 * called from another frame: the stack has no room for both. */
static __always_inline u32 judge_opened_file(const struct sensor_config *cfg, struct scratch *s,
					     struct task_struct *task, const struct subject *sub,
					     const struct open_call *open, struct file *file)
{
	struct event_open *ev;
	struct file_view v = {};
	u64 facts;
	u32 found;

	view_of_file(cfg, task, sub, file, &v);
	facts = file_facts(s, sub, &v);
	if (open->by_handle)
		facts |= FACT_HANDLE;
	facts = forget(s, facts | watch_facts(task, &v));
	if (facts & FACT_SENSITIVE)
		facts |= program_facts(task, sub);
	facts = forget(s, facts);
	found = facts & FOLLOWED_FACTS;
	facts &= ~FACT_FOREIGN_TASK;
	if (!(facts & OPEN_FACTS) && !(cfg->wanted_plain & (1ull << EVENT_OPEN)))
		return found;

	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_OPEN, task, sub);
	fill_call(s);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	fill_boundary(&ev->hdr, sub, &v);
	ev->hdr.facts |= facts;
	ev->open_flags = open->flags;
	ev->dirfd = open->dirfd;
	ev->f_mode = v.f_mode & 3;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
	ev->arg_len = put_user_string(s, open->path);
	/* Told here: not again when it is read. That it is run is told all the same. */
	if (facts & FACT_FILE_FOREIGN)
		use_was_told(sub, v.inode, ~(1u << USE_MAP_EXEC));
	record_end((facts & OPEN_FACTS) ? RING_URGENT : RING_BULK);
	return found;
}

/* An entry of another's /proc/PID is an act on that process; what was opened for
 * writing is remembered. */
static __always_inline void follow_open(struct scratch *s, struct file *file, u32 found)
{
	if (found & FACT_FOREIGN_TASK)
		emit_proc_open(forget(s, (u64)file), s->open.path);
	if (found & FACT_FILE_WRITE)
		note_open(forget(s, (u64)file), found);
}

#endif
