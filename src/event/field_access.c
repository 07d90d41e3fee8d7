/* SPDX-License-Identifier: Apache-2.0 */
/* Acts on another process: the fields target.*, ptrace.*, signal.*. */
#include "event/field_internal.h"

#include <signal.h>
#include <stdio.h>

static bool is_access(const struct event *ev)
{
	return ev->hdr.type == EVENT_ACCESS;
}

static bool has_target(const struct event *ev)
{
	return is_access(ev) && ev->u.access.target.tgid != 0;
}

int get_target_is_foreign(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.facts & FACT_FOREIGN_TASK);
}

int get_target_pid(const struct event *ev, struct value *ret)
{
	return has_target(ev) ? give_uint(ret, ev->u.access.target.tgid) : -ENODATA;
}

int get_target_uid(const struct event *ev, struct value *ret)
{
	return has_target(ev) ? give_uint(ret, ev->u.access.target_uid) : -ENODATA;
}

int get_target_name(const struct event *ev, struct value *ret)
{
	if (!has_target(ev))
		return -ENODATA;
	return give_nonempty(ret, slice_from_field(ev->u.access.target_comm,
						   sizeof(ev->u.access.target_comm)));
}

int get_target_shares_pid_ns(const struct event *ev, struct value *ret)
{
	return give_bool(ret, is_access(ev) && (ev->u.access.flags & ACCESS_F_SHARED_PID_NS));
}

int get_ptrace_request(const struct event *ev, struct value *ret)
{
	/* linux/ptrace.h and asm/ptrace-abi.h */
	static const struct {
		unsigned int request;
		const char *name;
	} names[] = {
		{ 4, "POKETEXT" },    { 5, "POKEDATA" },	{ 6, "POKEUSER" },
		{ 13, "SETREGS" },    { 15, "SETFPREGS" },	{ 16, "ATTACH" },
		{ 19, "SETFPXREGS" }, { 0x4203, "SETSIGINFO" }, { 0x4205, "SETREGSET" },
		{ 0x4206, "SEIZE" },
	};

	if (!is_access(ev) || ev->u.access.op != ACCESS_PTRACE)
		return -ENODATA;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].request == ev->u.access.request)
			return give_word(ret, names[i].name);
	}
	return give_word(ret, "unknown");
}

int get_signal_number(const struct event *ev, struct value *ret)
{
	if (!is_access(ev) || ev->u.access.op != ACCESS_SIGNAL)
		return -ENODATA;
	return give_uint(ret, ev->u.access.request);
}

int get_signal_name(const struct event *ev, struct value *ret)
{
	const char *name;

	if (!is_access(ev) || ev->u.access.op != ACCESS_SIGNAL)
		return -ENODATA;
	name = ev->u.access.request <= (uint64_t)SIGRTMAX ?
		       sigabbrev_np((int)ev->u.access.request) :
		       NULL;
	return name ? give_printf(ret, "SIG%s", name) :
		      give_printf(ret, "%u", (unsigned int)ev->u.access.request);
}
