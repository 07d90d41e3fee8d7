// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The floor: programs that do nothing, on the hooks that the agent uses. What
 * they cost is the kernel's own price of being watched; the agent's price is
 * what comes on top. Keep the list equal to the hooks of bpf/. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define EMPTY(hook)                   \
	SEC("?tp_btf/" #hook)         \
	int tp_btf__##hook(void *ctx) \
	{                             \
		(void)ctx;            \
		return 0;             \
	}

EMPTY(sys_exit)
EMPTY(sched_process_exec)
EMPTY(sched_process_exit)
EMPTY(task_newtask)
EMPTY(cgroup_attach_task)

EMPTY(io_uring_complete)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
