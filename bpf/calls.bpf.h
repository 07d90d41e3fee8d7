/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done with a system call, by its number, and with numbers that are in
 * no table; how its handler begins. The tables are filled from src/event/syscalls.tbl. */
#ifndef BW_CALLS_BPF_H
#define BW_CALLS_BPF_H

#include "emit.bpf.h"

#define X32_BIT 0x40000000u
#define TS_COMPAT_BIT 2u /* arch/x86/include/asm/thread_info.h: TS_COMPAT */

/* No calls, but marks: sigreturn leaves -1 behind (nothing to restart), and
 * tracers write -1 or -2 (PRoot) over the number of a call that is to be
 * skipped. */
#define NR_NONE_FIRST ((u32)-2)

/* The kernel looks at 32 bits of the register, so do we. Tables differ: x32 has
 * numbers of its own and lacks some of the 64-bit ones; for `int 0x80` bit 30 is
 * a part of a number that nobody has. */
static __always_inline u32 handler_of_call(u32 nr, bool compat)
{
	u8 *handler;

	if (nr >= NR_NONE_FIRST)
		return HANDLER_IGNORE;
	if (compat) {
		handler = bpf_map_lookup_elem(&calls_ia32, &nr);
	} else if (nr & X32_BIT) {
		nr &= ~X32_BIT;
		handler = bpf_map_lookup_elem(&calls_x32, &nr);
	} else {
		handler = bpf_map_lookup_elem(&calls_native, &nr);
	}
	return handler ? *handler : HANDLER_UNKNOWN;
}

/* A container's call that is only counted. */
static __always_inline void count_call(u32 nr, bool compat)
{
	u32 index = nr & ~X32_BIT;
	u64 *n;

	if (index >= SYSCALLS_MAX)
		return;
	index += SYSCALLS_MAX * (compat ? CALLS_IA32 : nr & X32_BIT ? CALLS_X32 : CALLS_NATIVE);
	n = bpf_map_lookup_elem(&call_counts, &index);
	if (n)
		*n += 1;
}

/* A number that this build does not know: a kernel newer than the table, or
 * somebody trying what the filters of others do not know either. Told once by
 * container, way and number. One that tries all of them is told of
 * UNKNOWN_PER_CONTAINER; the last of these says that the rest is only counted. */
static __always_inline bool is_first_unknown(const struct call *call, u64 container,
					     bool *ret_is_last)
{
	struct unknown_key key = { .container = container, .nr = call->nr, .way = call->way };
	struct unknown_key sum = { .container = container, .nr = ~0u };
	u64 one = 1, *n, *told;

	n = bpf_map_lookup_elem(&unknown_calls, &key);
	if (n) {
		__sync_fetch_and_add(n, 1);
		return false;
	}
	told = bpf_map_lookup_elem(&unknown_calls, &sum);
	if (told && *told >= UNKNOWN_PER_CONTAINER)
		return false;
	/* Lost a race against another processor: that one tells. */
	if (bpf_map_update_elem(&unknown_calls, &key, &one, BPF_NOEXIST))
		return false;
	if (told)
		__sync_fetch_and_add(told, 1);
	else
		bpf_map_update_elem(&unknown_calls, &sum, &one, BPF_NOEXIST);
	*ret_is_last = told && *told >= UNKNOWN_PER_CONTAINER;
	return true;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__unknown_call, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct event_hdr *hdr;
	struct subject *sub;
	bool is_last = false;

	count(COUNTER_UNKNOWN_CALL);
	if (!cfg || !s || !is_wanted(cfg, EVENT_UNKNOWN_CALL))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || !is_first_unknown(&s->call, sub->container, &is_last))
		return 0;
	hdr = record_begin(s, sizeof(struct event_unknown_call));
	fill_header(s, EVENT_UNKNOWN_CALL, task, sub);
	fill_call(s);
	if (is_last)
		hdr->flags |= EVENT_F_FOLDED;
	record_end(RING_URGENT);
	return 0;
}

/* What every handler of a contained task begins with. */
#define HANDLER_PROLOGUE(event)                                \
	struct task_struct *task = bpf_get_current_task_btf(); \
	const struct sensor_config *cfg = sensor_config();     \
	struct scratch *s = scratch_get();                     \
	struct subject *sub;                                   \
                                                               \
	if (!cfg || !s || !is_wanted(cfg, event))              \
		return 0;                                      \
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);  \
	if (!sub)                                              \
	return 0

#endif
