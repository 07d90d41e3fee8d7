/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that are lists: ancestors, names of namespaces, arguments of a call. */
#include "event/field_internal.h"

const char *const words_namespace[] = { "mnt", "cgroup", "uts",	 "ipc", "user",
					"pid", "net",	 "time", NULL };
const char *const words_drift[] = { "uid",	  "gid",     "permitted",  "effective",
				    "bounding",	  "user_ns", "namespaces", "seccomp",
				    "securebits", "root",    "cgroup",	   "no_new_privs",
				    "unknown",	  NULL };

#define MOST_ANCESTORS ((unsigned int)EVENT_ANCESTORS_MAX)

static unsigned int count_ancestors(const struct event *ev)
{
	return ev->n_ancestors < MOST_ANCESTORS ? ev->n_ancestors : MOST_ANCESTORS;
}

static struct slice first_arg(struct slice args)
{
	const char *end = args.len ? memchr(args.data, '\0', args.len) : NULL;

	return (struct slice){ args.data, end ? (size_t)(end - args.data) : args.len };
}

#define ANCESTOR_LIST(function, what)                                             \
	int function(const struct event *ev, struct value *ret)                   \
	{                                                                         \
		list_begin(ret, VALUE_STRING);                                    \
		for (unsigned int i = 0; i < count_ancestors(ev); i++) {          \
			const struct proc_view *proc = ev->ancestors[i];          \
			list_add(ret, proc ? (what) : (struct slice){ NULL, 0 }); \
		}                                                                 \
		return list_end(ret);                                             \
	}

ANCESTOR_LIST(get_proc_aname, proc->name)
ANCESTOR_LIST(get_proc_aexepath, proc->exepath)
ANCESTOR_LIST(get_proc_aexe, first_arg(proc->args))

int get_proc_apid(const struct event *ev, struct value *ret)
{
	list_begin(ret, VALUE_INT);
	for (unsigned int i = 0; i < count_ancestors(ev); i++) {
		const struct proc_view *proc = ev->ancestors[i];

		list_add_num(ret, proc ? proc->id.tgid : 0, proc && proc->id.tgid != 0);
	}
	return list_end(ret);
}

int give_namespaces(struct value *ret, uint64_t flags)
{
	/* CLONE_NEW* of linux/sched.h */
	static const struct {
		uint64_t flag;
		const char *name;
	} names[] = {
		{ 0x00020000, "mnt" }, { 0x02000000, "cgroup" }, { 0x04000000, "uts" },
		{ 0x08000000, "ipc" }, { 0x10000000, "user" },	 { 0x20000000, "pid" },
		{ 0x40000000, "net" }, { 0x00000080, "time" },
	};

	list_begin(ret, VALUE_STRING);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & names[i].flag)
			list_add(ret, slice_from(names[i].name));
	}
	return list_end(ret);
}

int get_cred_changed(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_CRED)
		return -ENODATA;
	list_begin(ret, VALUE_STRING);
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (ev->u.cred.changed & (1ull << bit))
			list_add(ret, slice_from(drift_name(bit)));
	}
	return list_end(ret);
}

/* As passed in registers: what is no number there is an address. */
int get_syscall_arg(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_SYSCALL)
		return -ENODATA;
	list_begin(ret, VALUE_INT);
	for (size_t i = 0; i < ARRAY_SIZE(ev->u.call.args); i++)
		list_add_num(ret, (int64_t)ev->u.call.args[i], true);
	return list_end(ret);
}
