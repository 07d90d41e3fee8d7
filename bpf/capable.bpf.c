// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Capabilities that containers use and do not have by default: whatever the call
 * was, io_uring and tree changes included. The tracepoint exists since 6.14
 * (d48da4d5ed7b); without it the calls that are watched tell most of it. */
#include "access.bpf.h"

/* CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE
 * NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP: what runtimes give to everybody. */
#define CAPS_EVERYDAY                                                                        \
	(1ull << 0 | 1ull << 1 | 1ull << 3 | 1ull << 4 | 1ull << 5 | 1ull << 6 | 1ull << 7 | \
	 1ull << 8 | 1ull << 10 | 1ull << 13 | 1ull << 18 | 1ull << 27 | 1ull << 29 | 1ull << 31)
#define CAP_BIT_SYS_ADMIN 21
#define CAP_QUIET_NS 60000000000ull
#define CAP_KEY 0xcafeu /* access_key.op of these; no call has that number */

/* Memory is accounted with a look at SYS_ADMIN, which may use the last reserve:
 * each mmap() of a privileged container does that. */
static __always_inline bool is_accounting(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	u32 nr = KREAD(regs, orig_ax);

	if (task->thread_info.status & TS_COMPAT_BIT)
		return nr == 2 || nr == 11 || nr == 45 || nr == 90 || nr == 120 || nr == 125 ||
		       nr == 163 || nr == 190 || nr == 192 || nr == 358 || nr == 435;
	nr &= ~X32_BIT;
	return (nr >= 9 && nr <= 12) || nr == 25 || (nr >= 56 && nr <= 59) || nr == 322 ||
	       nr == 435 || nr > 1000; /* page faults have no number */
}

SEC("tp_btf/cap_capable")
int BPF_PROG(tp_btf__cap_capable, struct cred *cred, struct user_namespace *target,
	     struct user_namespace *capable, int cap, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct access_key key = {};
	struct event_capable *ev;
	struct subject *sub;
	struct scratch *s;
	struct nsproxy *ns = task->nsproxy;
	u64 now, *seen;

	if (!ns || ((u64)ns->mnt_ns == cfg->init_mnt_ns && !n_outside))
		return 0;
	if (ret || cap < 0 || cap > 63 || (CAPS_EVERYDAY & (1ull << cap)))
		return 0;
	/* Kernel code that acts with other credentials (overlayfs with the
	 * mounter's) is not the task's doing. */
	if (!is_wanted(cfg, EVENT_CAPABLE) || !task->mm || (u64)cred != (u64)task->real_cred ||
	    KREAD(target, ns.inum) != cfg->init_ns_inum[NSK_USER])
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED))
		return 0;
	if (cap == CAP_BIT_SYS_ADMIN && is_accounting(task))
		return 0;
	key.container = sub->container;
	key.request = cap;
	key.op = CAP_KEY;
	now = bpf_ktime_get_boot_ns();
	seen = bpf_map_lookup_elem(&accesses, &key);
	if (seen && now - *seen < CAP_QUIET_NS)
		return 0;
	s = scratch_get();
	if (!s || bpf_map_update_elem(&accesses, &key, &now, BPF_ANY))
		return 0;
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CAPABLE, task, sub);
	ev->cap = cap;
	record_end(RING_URGENT);
	return 0;
}
