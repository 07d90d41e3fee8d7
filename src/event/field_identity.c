/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of what is said of a container and does not agree, and of containers
 * in containers. */
#include "event/field_internal.h"

const char *const words_identity_kind[] = { "cgroup", "taken", "moved", "inner", "unknown", NULL };
const char *const words_identity_source[] = {
	"nobody", "state", "arguments", "cgroup", "unknown", NULL,
};

int get_identity_kind(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_IDENTITY ?
		       give_word(ret, identity_kind_name(ev->u.identity.kind)) :
		       -ENODATA;
}

int get_identity_source(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_IDENTITY ?
		       give_word(ret, identity_source_name(ev->u.identity.source)) :
		       -ENODATA;
}

int get_identity_claimed(const struct event *ev, struct value *ret)
{
	return give_nonempty(ret, ev->claimed);
}

int get_identity_actual(const struct event *ev, struct value *ret)
{
	return give_nonempty(ret, ev->actual);
}

int get_container_inner_id(const struct event *ev, struct value *ret)
{
	return ev->inner ? give_nonempty(ret, ev->inner->id) : -ENODATA;
}

int get_container_inner_runtime(const struct event *ev, struct value *ret)
{
	return ev->inner ? give_nonempty(ret, ev->inner->runtime) : -ENODATA;
}

int get_container_inner_depth(const struct event *ev, struct value *ret)
{
	return ev->hdr.container ? give_uint(ret, ev->inner ? ev->inner->depth : 0) : -ENODATA;
}
