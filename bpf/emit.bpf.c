// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From the scratch buffer into a ring: budgets, reserve, books. A function of
 * its own (not inlined), so that the verifier walks it once for all programs. */
#include "emit.bpf.h"

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

/* The ring is nearly full: count against the container without taking a token. */
static __always_inline void budget_refuse(const struct event_hdr *hdr, const struct budget_key *key)
{
	struct budget fresh = { .last_ns = hdr->time_ns, .suppressed = 1 };
	struct budget *b = bpf_map_lookup_elem(&budgets, key);

	if (b)
		__sync_fetch_and_add(&b->suppressed, 1);
	else if (bpf_map_update_elem(&budgets, key, &fresh, BPF_ANY))
		count(COUNTER_BUDGETS_FULL);
}

/* Take one token, or count a suppressed record. A container without an entry is
 * new and starts full. */
static __always_inline bool budget_take(const struct event_hdr *hdr, const struct budget_key *key, u32 burst,
					u32 rate)
{
	struct budget fresh = { .last_ns = hdr->time_ns, .tokens = burst - 1 };
	struct budget *b;
	u64 grown;

	if (!hdr->container)
		return true;
	b = bpf_map_lookup_elem(&budgets, key);
	if (!b) {
		if (bpf_map_update_elem(&budgets, key, &fresh, BPF_ANY))
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

__noinline int fill_task(u64 task_address)
{
	struct task_struct *task = (struct task_struct *)task_address, *parent;
	struct scratch *s = scratch_get();
	struct mnt_namespace *mnt;
	struct event_hdr *hdr;
	struct nsproxy *ns;
	struct cred *cred;

	if (!s)
		return 0;
	hdr = (struct event_hdr *)s->data;
	parent = KREAD(task, real_parent);
	ns = KREAD(task, nsproxy);
	cred = KREAD(task, cred);
	hdr->version = EVENT_VERSION;
	hdr->tier = TIER_TRACEPOINT;
	hdr->cpu = bpf_get_smp_processor_id();
	hdr->time_ns = bpf_ktime_get_boot_ns();
	exec_id_of(task, &hdr->proc);
	exec_id_of(parent, &hdr->parent);
	hdr->ppid = hdr->parent.tgid;
	hdr->tid = KREAD(task, pid);
	read_upid(KREAD(task, thread_pid), &hdr->ns_tid, &hdr->pid_ns_inum);
	if (hdr->tid == hdr->proc.tgid)
		hdr->ns_tgid = hdr->ns_tid;
	else
		read_upid(KREAD(task, group_leader, thread_pid), &hdr->ns_tgid, NULL);
	hdr->uid = KREAD(cred, euid.val);
	hdr->gid = KREAD(cred, egid.val);
	hdr->cap_effective = kcompat_cap_effective(cred);
	hdr->user_ns_inum = KREAD(cred, user_ns, ns.inum);
	if (ns) {
		mnt = KREAD(ns, mnt_ns);
		hdr->mnt_ns = kcompat_mnt_ns_id(mnt);
		hdr->mnt_ns_inum = KREAD(mnt, ns.inum);
		hdr->net_ns_inum = KREAD(ns, net_ns, ns.inum);
	}
	hdr->cgroup_id = cgroup_id_of(task);
	hdr->nr = -1;
	hdr->way = WAY_NONE;
	bpf_probe_read_kernel(hdr->comm, sizeof(hdr->comm), &task->comm);
	return 0;
}

/* Give the finished record to `ring`. Exactly one of delivered, dropped and
 * suppressed grows with `seen`. Urgent records with a fact, and the births of
 * containers (their runtime's files may be gone soon), wake the reader at once;
 * the others wait for its next nap to end. */
__noinline int record_end(u32 ring)
{
	struct scratch *s = scratch_get();
	struct event_hdr *hdr;
	u32 index, size, fill, bytes;
	u64 facts;
	u64 *seq;
	struct book *book;
	struct budget_key key = {}; /* one for both: callers leave little of the stack */
	long r;

	if (!s || ring >= RING_MAX)
		return 0;
	hdr = (struct event_hdr *)s->data;
	facts = hdr->facts & ~(FACT_ESCAPED | FACT_COMPAT | FACT_FIRST_EXEC | FACT_STDIO);
	index = ring * EVENT_TYPE_MAX + (hdr->type & (EVENT_TYPE_MAX - 1));
	size = s->len;
	book = bpf_map_lookup_elem(&books, &index);
	seq = bpf_map_lookup_elem(&sequences, &ring);
	if (!book || !seq)
		return 0;
	book->seen++;

	hdr->ring = ring;
	key.container = hdr->container;
	key.facts = (u32)hdr->facts;
	key.type = hdr->type;
	key.ring = ring;
	if (ring == RING_BULK) {
		bytes = RING_BULK_BYTES;
		fill = bpf_ringbuf_query(&ring_bulk, BPF_RB_AVAIL_DATA);
	} else {
		bytes = RING_URGENT_BYTES;
		fill = bpf_ringbuf_query(&ring_urgent, BPF_RB_AVAIL_DATA);
	}
	if (hdr->container && (fill > RING_RESERVE(bytes) || (!facts && fill > RING_HALF(bytes)))) {
		budget_refuse(hdr, &key);
		book->suppressed++;
		return 0;
	}
	if (ring == RING_BULK)
		r = budget_take(hdr, &key, BUDGET_BULK_BURST, BUDGET_BULK_RATE);
	else if (facts)
		r = budget_take(hdr, &key, BUDGET_FACT_BURST, BUDGET_FACT_RATE);
	else
		r = budget_take(hdr, &key, BUDGET_LIFECYCLE_BURST, BUDGET_LIFECYCLE_RATE);
	if (!r) {
		book->suppressed++;
		return 0;
	}

	barrier_var(size);	/* else 6.1 loses the bound */
	if (size > EVENT_SIZE_MAX) {
		count(COUNTER_TOO_LARGE);
		book->dropped++;
		return 0;
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
	return 0;
}
