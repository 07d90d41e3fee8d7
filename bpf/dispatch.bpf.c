// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* System calls at their exit: one base program that ends almost every call at
 * once, and one handler a kind, reached by tail call.
 *
 * sys_exit and not sys_enter: calls that seccomp refuses never reach the
 * latter, the objects exist only at exit, and the arguments are still in the
 * registers. Handlers are added to `enum handler`, to src/event/syscalls.tbl and
 * to src/source/calls.c; nothing else here changes. */
#include "calls.bpf.h"
#include "cred.bpf.h"
#include "runtime.bpf.h"
#include "surface.bpf.h"
#include "use.bpf.h"

#define NR_SETNS_NATIVE 308
#define NR_SETNS_IA32 346
#define USER_CS_64 0x33	 /* __USER_CS: 64-bit code */

static __always_inline void read_args(struct pt_regs *regs, struct call *call)
{
	if (call->way == WAY_IA32) {
		call->args[0] = (u32)regs->bx;
		call->args[1] = (u32)regs->cx;
		call->args[2] = (u32)regs->dx;
		call->args[3] = (u32)regs->si;
		call->args[4] = (u32)regs->di;
		call->args[5] = (u32)regs->bp;
	} else {
		call->args[0] = regs->di;
		call->args[1] = regs->si;
		call->args[2] = regs->dx;
		call->args[3] = regs->r10;
		call->args[4] = regs->r8;
		call->args[5] = regs->r9;
	}
}

/* Was something mapped as code? The protection is the same argument in both
 * ABIs; the handler tells their numbers apart. */
static __always_inline bool is_code_map(struct pt_regs *regs, u64 nr, long ret)
{
	return (nr == NR_MMAP_NATIVE || nr == NR_MMAP2_IA32) && (regs->dx & PROT_EXEC_BIT) &&
	       (ret >= 0 || ret < -ERRNO_MAX);
}

/* A successful set*id explains a change of identity and is nothing more. */
static __always_inline bool has_program(u32 handler)
{
	return handler != HANDLER_IGNORE && handler != HANDLER_COUNT && handler != HANDLER_CRED;
}

/* Calls that do no harm by what the caller is: what an exploit gained shows at the
 * next one that does. They are most of all calls, so a look at what exploits
 * change is enough. */
static __always_inline bool is_everyday(u32 handler)
{
	return handler == HANDLER_IGNORE || handler == HANDLER_USE || handler == HANDLER_MMAP;
}

/* Families of sockets that everybody uses; see is_family_everyday(). */
static __always_inline bool is_plain_family(u32 family)
{
	return family == FAMILY_UNIX || family == FAMILY_INET || family == FAMILY_INET6;
}

/* The calls that contained tasks make all the time, mostly of no interest: judged
 * without the price of a tail call and of looking everything up again. */
static __always_inline bool is_remarkable(const struct sensor_config *cfg, struct scratch *s,
					  struct task_struct *task, const struct subject *sub,
					  u32 which)
{
	const struct call *call = &s->call;
	s32 fd;

	if (which >= HANDLER_OPEN && which <= HANDLER_OPEN_BY_HANDLE_AT)
		return call->ret < 0 || is_open_remarkable(cfg, s, task, sub, call->ret,
							   which == HANDLER_OPEN_BY_HANDLE_AT);
	if (which == HANDLER_USE || which == HANDLER_MMAP) {
		if (IS_ERR_PTR(call->ret))
			return false;
		fd = use_fd_of(call);
		if (which == HANDLER_MMAP)
			fd = call->args[3] & MAP_ANONYMOUS_BIT ? -1 : (s32)call->args[4];
		return is_use_foreign(sub, file_of_fd(task, (s32)forget(s, fd)));
	}
	if (which == HANDLER_MPROTECT)
		return call->ret == 0 && (call->args[2] & PROT_EXEC_BIT);
	if (which == HANDLER_SOCKET)
		return !is_plain_family(call->args[0]);
	if (which == HANDLER_IOCTL)
		return is_terminal_input(call->args[1]);
	return true;
}

static __always_inline bool is_inside(const struct subject *sub)
{
	return sub && (sub->phase == PHASE_CONTAINED || sub->phase == PHASE_ESCAPED);
}

/* Of a task that is not in a container: what is looked at in a mount namespace
 * of its own, or because it began to run a script that may be a container's. */
static __always_inline u32 host_handler(const struct subject *sub, struct pt_regs *regs, u32 nr,
					u32 which, long ret)
{
	if (which == HANDLER_MMAP && is_code_map(regs, nr, ret))
		return HANDLER_HOST_MAP;
	if (sub && (sub->flags & SUBJECT_F_SCRIPT) && which >= HANDLER_OPEN &&
	    which <= HANDLER_OPEN_BY_HANDLE_AT && ret >= 0)
		return HANDLER_SCRIPT_OPEN;
	return 0;
}

/* The host's tasks in the initial mount namespace leave after four loads and a few
 * comparisons. The exceptions: setns(2), which may have brought the task here
 * from a container; code that is mapped, which may be a container's; any call
 * while an escaped task is about, or one that opens its script; and tasks of a
 * child pid namespace: nothing but an exploit changes the namespaces of a task
 * from the outside, and the number of its pid namespace it keeps.
 *
 * Contained tasks are compared with what they were last explained to be: by a few
 * words at each call, whatever its number, and in full at those that can do harm. */
SEC("tp_btf/sys_exit")
int BPF_PROG(tp_btf__sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	u32 nr = regs->orig_ax;
	struct nsproxy *ns = task->nsproxy;
	struct subject *sub;
	struct scratch *s;
	bool compat, inside, differs = false;
	u32 which, other;
	struct cred *cred;

	if ((u64)ns->mnt_ns == cfg->init_mnt_ns && !n_outside && !task->thread_pid->level &&
	    (nr & ~X32_BIT) != NR_SETNS_NATIVE && nr != NR_SETNS_IA32) {
		if (is_code_map(regs, nr, ret))
			bpf_tail_call(ctx, &handlers, HANDLER_HOST_MAP);
		return 0;
	}
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	inside = is_inside(sub);
	s = scratch_get();
	if (!s)
		return 0;
	compat = task->thread_info.status & TS_COMPAT_BIT;
	which = handler_of_call(nr, compat);
	if (sub && inside) {
		cred = task->cred;
		if (!is_everyday(which) || identity_stirs(sub, task, cred, ns)) {
			read_identity(task, cred, &s->id);
			differs = identity_differs(&sub->id, &s->id);
			if (!differs)
				sub->cred = (u64)cred;
		}
		if (which == HANDLER_COUNT)
			count_call(nr, compat);
	}
	if (!has_program(which) && !compat && !differs)
		return 0;
	s->call.nr = nr;
	s->call.ret = ret;
	s->call.way = compat ? WAY_IA32 : (nr & X32_BIT) ? WAY_X32 : WAY_NATIVE;
	s->call.handler = which;
	read_args(regs, &s->call);

	if (!sub || !inside) {
		other = host_handler(sub, regs, nr, which, ret);
		if (other) {
			bpf_tail_call(ctx, &handlers, other);
			count(COUNTER_TAIL_CALL);
			return 0;
		}
		other = runtime_handler(sub, task, which, ret);
		if (other) {
			which = other;
		} else if (which != HANDLER_SETNS && which != HANDLER_UNSHARE) {
			if (sub || (u64)ns->mnt_ns == cfg->init_mnt_ns)
				return 0;
			sub = subject_derive(s, task, 0);
			if (!sub || sub->phase != PHASE_CONTAINED)
				return 0;
		}
	} else if (compat && !(sub->flags & SUBJECT_F_COMPAT) && regs->cs == USER_CS_64) {
		sub->flags |= SUBJECT_F_COMPAT;
		if (is_wanted(cfg, EVENT_COMPAT)) {
			record_begin(s, sizeof(struct event_compat));
			fill_header(s, EVENT_COMPAT, task, sub);
			fill_call(s);
			record_end(RING_URGENT);
		}
	}
	if (inside && which >= HANDLER_LINK && which <= HANDLER_RENAMEAT && ret == 0)
		note_new_name(s, new_name_of(&s->call));
	if (differs) {
		bpf_tail_call(ctx, &handlers, HANDLER_IDENTITY);
		count(COUNTER_TAIL_CALL);
	}
	if (!has_program(which))
		return 0;
	if (sub && !is_remarkable(cfg, s, task, sub, forget(s, which)))
		return 0;
	bpf_tail_call(ctx, &handlers, which);
	count(COUNTER_TAIL_CALL);
	return 0;
}

/* The task is not what it was last explained to be: judge that, then go on to the
 * call's own handler. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__identity, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s = scratch_get();
	struct subject *sub;
	u32 handler;

	if (!s)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	handler = s->call.handler;
	occasion_begin(s, DRIFT_AT_SYSCALL);
	if (s->call.ret == 0) {
		s->occasion.is_cred = handler == HANDLER_CRED;
		s->occasion.is_made = handler == HANDLER_UNSHARE;
		s->occasion.is_ns = handler == HANDLER_UNSHARE || handler == HANDLER_SETNS;
		s->occasion.is_root = handler == HANDLER_CHROOT || handler == HANDLER_PIVOT_ROOT;
	}
	judge_identity(s, task, sub);
	if (!has_program(handler))
		return 0;
	bpf_tail_call(ctx, &handlers, handler);
	count(COUNTER_TAIL_CALL);
	return 0;
}
