/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Building a record in the scratch buffer and giving it to a ring: header,
 * strings, budget, books. */
#ifndef BW_EMIT_BPF_H
#define BW_EMIT_BPF_H

#include "brigwatch.bpf.h"

/* The innermost of the pid's numbers: numbers[] holds one struct upid for each
 * level, outermost first. The mask is for 6.1's verifier. */
static __always_inline void read_upid(struct pid *pid, u32 *ret_nr, u32 *ret_ns_inum)
{
	u32 level = KREAD(pid, level);
	struct pid_namespace *ns = NULL;
	char *upid = (char *)pid + bpf_core_field_offset(struct pid, numbers) +
		     (((level & 31) * bpf_core_type_size(struct upid)) & 0x3ff);

	bpf_probe_read_kernel(ret_nr, sizeof(*ret_nr), upid + bpf_core_field_offset(struct upid, nr));
	if (!ret_ns_inum)
		return;
	bpf_probe_read_kernel(&ns, sizeof(ns), upid + bpf_core_field_offset(struct upid, ns));
	*ret_ns_inum = ns ? KREAD(ns, ns.inum) : 0;
}

static __always_inline void exec_id_of(struct task_struct *task, struct exec_id *ret)
{
	ret->start_ns = KREAD(task, group_leader, start_boottime);
	ret->tgid = KREAD(task, tgid);
	ret->exec_seq = (u32)KREAD(task, self_exec_id);
}

/* The cgroup that stands for the task's container: the one of the default (v2)
 * hierarchy, or, on hybrid hosts where old runtimes leave that at the root, the
 * one of a v1 controller that runtimes always use. */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = KREAD(task, cgroups);
	struct cgroup *cgrp = KREAD(set, dfl_cgrp);
	struct cgroup_subsys_state *css;

	if (KREAD(cgrp, level) > 0)
		return cgrp;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, devices_cgrp_id)) {
		css = KREAD(set, subsys[bpf_core_enum_value(enum cgroup_subsys_id, devices_cgrp_id)]);
		if (css && KREAD(css, cgroup, level) > 0)
			return KREAD(css, cgroup);
	}
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id)) {
		css = KREAD(set, subsys[bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id)]);
		if (css && KREAD(css, cgroup, level) > 0)
			return KREAD(css, cgroup);
	}
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id)) {
		css = KREAD(set, subsys[bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id)]);
		if (css && KREAD(css, cgroup, level) > 0)
			return KREAD(css, cgroup);
	}
	return cgrp;
}

static __always_inline u64 cgroup_id_of(struct task_struct *task)
{
	struct cgroup *cgrp = cgroup_of(task);

	return KREAD(cgrp, kn, id);
}

/* Start a record of `type` with a fixed part of `size` bytes, all zero. */
static __always_inline void *record_begin(struct scratch *s, u32 size)
{
	__builtin_memset(s->data, 0, sizeof(struct event_hdr) + 144); /* the longest fixed part */
	s->len = size;
	return s->data;
}

/* What the header says of the task, from its kernel objects; see emit.bpf.c. */
int fill_task(u64 task);

static __always_inline void fill_header(struct scratch *s, u16 type, struct task_struct *task,
					const struct subject *sub)
{
	struct event_hdr *hdr = (struct event_hdr *)s->data;

	fill_task(forget(s, (u64)task));
	hdr->type = type;
	if (sub) {
		hdr->container = sub->container;
		hdr->phase = sub->phase;
		if (sub->flags & SUBJECT_F_SEEDED)
			hdr->flags |= EVENT_F_SEEDED;
		if (sub->phase == PHASE_ESCAPED)
			hdr->facts |= FACT_ESCAPED;
	}
}

static __always_inline void fill_call(struct scratch *s)
{
	struct event_hdr *hdr = (struct event_hdr *)s->data;

	hdr->nr = s->call.nr;
	hdr->way = s->call.way;
	hdr->ret = s->call.ret;
	if (s->call.way == WAY_IA32)
		hdr->facts |= FACT_COMPAT;
	if (s->call.ret < 0 && s->call.ret >= -ERRNO_MAX)
		hdr->flags |= EVENT_F_FAILED;
}

/* Append `len` (at most EVENT_PATH_MAX) bytes of kernel memory. */
static __always_inline u16 put_bytes(struct scratch *s, const void *src, u32 len)
{
	u32 off = s->len;

	if (off >= EVENT_SIZE_MAX - EVENT_PATH_MAX) {
		count(COUNTER_TOO_LARGE);
		return 0;
	}
	if (len > EVENT_PATH_MAX)
		len = EVENT_PATH_MAX;
	/* 6.1 does not follow what the compiler knows of len; it must see the mask. */
	barrier_var(len);
	len &= 0xfff;
	if (!len || bpf_probe_read_kernel(&s->data[off], len, src))
		return 0;
	s->len = off + len;
	return len;
}

/* Append a NUL-terminated string of the caller's memory. */
static __always_inline u16 put_user_string(struct scratch *s, u64 src)
{
	struct event_hdr *hdr = (struct event_hdr *)s->data;
	u32 off = s->len;
	long n;

	if (off >= EVENT_SIZE_MAX - EVENT_PATH_MAX) {
		count(COUNTER_TOO_LARGE);
		return 0;
	}
	if (!src)
		return 0;
	n = bpf_probe_read_user_str(&s->data[off], EVENT_PATH_MAX + 1, (const void *)src);
	if (n <= 0) {
		hdr->flags |= EVENT_F_ARG_UNREAD;
		return 0;
	}
	s->len = off + (u32)n - 1;
	return n - 1;
}

static __always_inline u16 put_kernel_string(struct scratch *s, const void *src)
{
	u32 off = s->len;
	long n;

	if (off >= EVENT_SIZE_MAX - EVENT_PATH_MAX) {
		count(COUNTER_TOO_LARGE);
		return 0;
	}
	n = bpf_probe_read_kernel_str(&s->data[off], EVENT_PATH_MAX + 1, src);
	if (n <= 0)
		return 0;
	s->len = off + (u32)n - 1;
	return n - 1;
}

/* Give the record in the scratch buffer to `ring`; see emit.bpf.c. */
int record_end(u32 ring);

/* Does any loaded rule (or the process tree) need this type? */
static __always_inline bool is_wanted(const struct sensor_config *cfg, u32 type)
{
	return cfg->wanted & (1ull << type);
}

#endif
