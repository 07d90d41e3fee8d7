/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of drifted identities, of used descriptors and of programs that are not
 * from the image. */
#include "event/field_internal.h"

#include <inttypes.h>

FACT_GETTER(get_cred_unexplained, FACT_UNEXPLAINED)
FACT_GETTER(get_proc_code_foreign, FACT_CODE_FOREIGN)
FACT_GETTER(get_proc_is_exe_deleted, FACT_EXE_DELETED)
FACT_GETTER(get_proc_is_exe_from_memfd, FACT_EXE_MEMORY)
FACT_GETTER(get_proc_is_exe_upper_layer, FACT_EXE_UPPER)
FACT_GETTER(get_proc_on_connection, FACT_ON_CONNECTION)

const char *const words_use_op[] = { "read",	"write", "list",    "map", "map_exec",
				     "receive", "ioctl", "script",  "unknown", NULL };

int get_use_op(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_USE ? give_word(ret, use_op_name(ev->u.use.op)) : -ENODATA;
}

int get_use_fd(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_USE || ev->u.use.fd < 0)
		return -ENODATA;
	return give_int(ret, ev->u.use.fd);
}

#define CRED_FIELD(function, member)                                                              \
	int function(const struct event *ev, struct value *ret)                                   \
	{                                                                                         \
		return ev->hdr.type == EVENT_CRED ? give_uint(ret, ev->u.cred.member) : -ENODATA; \
	}

CRED_FIELD(get_cred_old_uid, old_uid)
CRED_FIELD(get_cred_new_uid, new_uid)
CRED_FIELD(get_cred_old_gid, old_gid)
CRED_FIELD(get_cred_new_gid, new_gid)

#define CRED_CAPS(function, member)                                              \
	int function(const struct event *ev, struct value *ret)                  \
	{                                                                        \
		return ev->hdr.type == EVENT_CRED ?                              \
			       give_flags(ret, ev->u.cred.member, SYMBOLS_CAP) : \
			       -ENODATA;                                         \
	}

CRED_CAPS(get_cred_old_permitted, old_permitted)
CRED_CAPS(get_cred_new_permitted, new_permitted)
CRED_CAPS(get_cred_old_bounding, old_bounding)
CRED_CAPS(get_cred_new_bounding, new_bounding)

const char *const words_drift_at[] = { "syscall", "exec", "fork", "sweep", "unknown", NULL };

int get_cred_at(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_CRED)
		return -ENODATA;
	return give_word(ret, drift_at_name(ev->u.cred.at));
}

int get_cred_namespaces(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_CRED ? give_namespaces(ret, ev->u.cred.ns_changed) : -ENODATA;
}

int get_cred_namespaces_host(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_CRED ? give_namespaces(ret, ev->u.cred.ns_joined_host) :
					    -ENODATA;
}
