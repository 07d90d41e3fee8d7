/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Building a record in the scratch buffer and giving it to a ring: header,
 * strings, budget, books. */
#ifndef BW_EMIT_BPF_H
#define BW_EMIT_BPF_H

#include "brigwatch.bpf.h"

/* What one container may put into a ring, per event type and set of facts: the
 * first BURST whole, then RATE a second; the rest is counted. Records of the
 * host have no budget: containers do not make them. */
#define BUDGET_LIFECYCLE_BURST 8192u
#define BUDGET_LIFECYCLE_RATE 4096u
#define BUDGET_FACT_BURST 512u
#define BUDGET_FACT_RATE 64u
#define BUDGET_BULK_BURST 2048u
#define BUDGET_BULK_RATE 512u

/* Above this fill of a ring nothing made by a container is taken: the reserve
 * for the host's events, the canary and other containers' first records would
 * otherwise be used up by one flood. Lifecycle records stop at half. */
#define RING_RESERVE(bytes) ((bytes) - (bytes) / 8)
#define RING_HALF(bytes) ((bytes) / 2)

static __always_inline u32 pid_nr_in_own_ns(struct pid *pid)
{
	u32 level = KREAD(pid, level);
	u32 nr = 0;

	/* numbers[] holds one struct upid for each level, outermost first. */
	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (char *)pid + bpf_core_field_offset(struct pid, numbers) +
				      (level & 31) * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return nr;
}

static __always_inline u32 pid_ns_inum(struct pid *pid)
{
	u32 level = KREAD(pid, level);
	struct pid_namespace *ns = NULL;

	bpf_probe_read_kernel(&ns, sizeof(ns),
			      (char *)pid + bpf_core_field_offset(struct pid, numbers) +
				      (level & 31) * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, ns));
	return ns ? KREAD(ns, ns.inum) : 0;
}

static __always_inline void exec_id_of(struct task_struct *task, struct exec_id *ret)
{
	ret->start_ns = task->group_leader->start_boottime;
	ret->tgid = task->tgid;
	ret->exec_seq = (u32)task->self_exec_id;
}

/* The cgroup that stands for the task's container: the one of the default (v2)
 * hierarchy, or, on hybrid hosts where old runtimes leave that at the root, the
 * one of a v1 controller that runtimes always use. */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
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
	__builtin_memset(s->data, 0, sizeof(struct event_hdr) + 96);
	s->len = size;
	return s->data;
}

static __always_inline void fill_header(struct scratch *s, u16 type, struct task_struct *task,
					const struct subject *sub)
{
	struct event_hdr *hdr = (struct event_hdr *)s->data;
	const struct cred *cred = task->cred;
	struct nsproxy *ns = task->nsproxy;
	struct task_struct *parent;

	hdr->type = type;
	hdr->version = EVENT_VERSION;
	hdr->tier = TIER_TRACEPOINT;
	hdr->cpu = bpf_get_smp_processor_id();
	hdr->time_ns = bpf_ktime_get_boot_ns();
	exec_id_of(task, &hdr->proc);
	parent = task->real_parent;
	exec_id_of(parent, &hdr->parent);
	hdr->ppid = parent->tgid;
	hdr->tid = task->pid;
	hdr->ns_tgid = pid_nr_in_own_ns(task->group_leader->thread_pid);
	hdr->ns_tid = pid_nr_in_own_ns(task->thread_pid);
	hdr->uid = cred->euid.val;
	hdr->gid = cred->egid.val;
	hdr->cap_effective = kcompat_cap_effective(cred);
	hdr->user_ns_inum = cred->user_ns->ns.inum;
	if (ns) {
		hdr->mnt_ns = kcompat_mnt_ns_id(ns->mnt_ns);
		hdr->mnt_ns_inum = ns->mnt_ns->ns.inum;
		hdr->net_ns_inum = ns->net_ns->ns.inum;
	}
	hdr->pid_ns_inum = pid_ns_inum(task->thread_pid);
	hdr->cgroup_id = cgroup_id_of(task);
	if (sub) {
		hdr->container = sub->container;
		hdr->phase = sub->phase;
		if (sub->flags & SUBJECT_F_SEEDED)
			hdr->flags |= EVENT_F_SEEDED;
		if (sub->phase == PHASE_ESCAPED)
			hdr->facts |= FACT_ESCAPED;
	}
	hdr->nr = -1;
	hdr->way = WAY_NONE;
	__builtin_memcpy(hdr->comm, task->comm, sizeof(hdr->comm));
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
	if (!len || bpf_probe_read_kernel(&s->data[off], len & 0xfff, src))
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

/* The ring is nearly full: count against the container without taking a token. */
static __always_inline void budget_refuse(const struct event_hdr *hdr)
{
	struct budget_key key = {
		.container = hdr->container, .facts = (u32)hdr->facts, .type = hdr->type, .ring = hdr->ring,
	};
	struct budget fresh = { .last_ns = hdr->time_ns, .suppressed = 1 };
	struct budget *b = bpf_map_lookup_elem(&budgets, &key);

	if (b)
		__sync_fetch_and_add(&b->suppressed, 1);
	else if (bpf_map_update_elem(&budgets, &key, &fresh, BPF_ANY))
		count(COUNTER_BUDGETS_FULL);
}

/* Take one token, or count a suppressed record. A container without an entry is
 * new and starts full. */
static __always_inline bool budget_take(const struct event_hdr *hdr, u32 burst, u32 rate)
{
	struct budget_key key = {
		.container = hdr->container, .facts = (u32)hdr->facts, .type = hdr->type, .ring = hdr->ring,
	};
	struct budget fresh = { .last_ns = hdr->time_ns, .tokens = burst - 1 };
	struct budget *b;
	u64 grown;

	if (!hdr->container)
		return true;
	b = bpf_map_lookup_elem(&budgets, &key);
	if (!b) {
		if (bpf_map_update_elem(&budgets, &key, &fresh, BPF_ANY))
			count(COUNTER_BUDGETS_FULL);
		return true;
	}
	/* Racing CPUs may both take the last token: the bound is approximate, the
	 * counts of what was suppressed are exact. */
	grown = (hdr->time_ns - b->last_ns) * rate / 1000000000ull;
	if (hdr->time_ns > b->last_ns && grown) {
		b->last_ns = hdr->time_ns;
		b->tokens = grown + b->tokens > burst ? burst : (u32)(grown + b->tokens);
	}
	if (b->tokens) {
		b->tokens--;
		return true;
	}
	__sync_fetch_and_add(&b->suppressed, 1);
	return false;
}

/* Give the finished record to `ring`. Exactly one of delivered, dropped and
 * suppressed grows with `seen`. Urgent records with a fact, and the births of
 * containers (their runtime's files may be gone soon), wake the reader at once;
 * the others wait for its next nap to end. */
static __always_inline void record_end(struct scratch *s, u32 ring)
{
	struct event_hdr *hdr = (struct event_hdr *)s->data;
	u32 index = ring * EVENT_TYPE_MAX + (hdr->type & (EVENT_TYPE_MAX - 1));
	u32 size = s->len, fill, bytes;
	u64 facts = hdr->facts & ~(FACT_ESCAPED | FACT_COMPAT | FACT_FIRST_EXEC | FACT_STDIO);
	u64 *seq;
	struct book *book;
	long r;

	book = bpf_map_lookup_elem(&books, &index);
	seq = bpf_map_lookup_elem(&sequences, &ring);
	if (!book || !seq)
		return;
	book->seen++;

	hdr->ring = ring;
	if (ring == RING_BULK) {
		bytes = RING_BULK_BYTES;
		fill = bpf_ringbuf_query(&ring_bulk, BPF_RB_AVAIL_DATA);
	} else {
		bytes = RING_URGENT_BYTES;
		fill = bpf_ringbuf_query(&ring_urgent, BPF_RB_AVAIL_DATA);
	}
	if (hdr->container && (fill > RING_RESERVE(bytes) || (!facts && fill > RING_HALF(bytes)))) {
		budget_refuse(hdr);
		book->suppressed++;
		return;
	}
	if (ring == RING_BULK)
		r = budget_take(hdr, BUDGET_BULK_BURST, BUDGET_BULK_RATE);
	else if (facts)
		r = budget_take(hdr, BUDGET_FACT_BURST, BUDGET_FACT_RATE);
	else
		r = budget_take(hdr, BUDGET_LIFECYCLE_BURST, BUDGET_LIFECYCLE_RATE);
	if (!r) {
		book->suppressed++;
		return;
	}

	if (size > EVENT_SIZE_MAX) {
		count(COUNTER_TOO_LARGE);
		book->dropped++;
		return;
	}
	hdr->size = size;
	hdr->seq = ++*seq;
	if (ring == RING_BULK)
		r = bpf_ringbuf_output(&ring_bulk, s->data, size, BPF_RB_NO_WAKEUP);
	else
		r = bpf_ringbuf_output(&ring_urgent, s->data, size,
				       facts || hdr->type == EVENT_CONTAINER ? BPF_RB_FORCE_WAKEUP
									     : BPF_RB_NO_WAKEUP);
	if (r)
		book->dropped++;
	else
		book->delivered++;
}

/* Does any loaded rule (or the process tree) need this type? */
static __always_inline bool is_wanted(const struct sensor_config *cfg, u32 type)
{
	return cfg->wanted & (1ull << type);
}

#endif
