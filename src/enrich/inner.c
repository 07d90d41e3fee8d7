/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/inner.h"

#include "enrich/maker.h"

static struct container *learn(struct containers *inners, const struct event *ev)
{
	struct container_view want = { 0 };
	struct container *inner;
	unsigned int depth;
	struct maker maker = maker_of_inner(ev, &depth);

	if (!maker.runtime)
		return NULL;
	inner = containers_get(inners, ev->hdr.mnt_ns, ev->hdr.cgroup_id);
	if (!inner)
		return NULL;
	inner->view.outer = ev->hdr.container;
	inner->view.depth = depth;
	inner->view.pending = false;
	inner->view.id_source = ID_FROM_RUNTIME;
	want.id = maker.id;
	want.runtime = slice_from(maker.runtime);
	container_set_strings(inners, inner, &want);
	return inner;
}

const struct container_view *inner_learn(struct containers *inners, struct claims *claims,
					 const struct event *ev)
{
	struct container *inner;

	/* The key of a container is the number of the mount namespace it was born in. */
	if (!ev->hdr.container || !ev->hdr.mnt_ns || ev->hdr.mnt_ns == ev->hdr.container ||
	    ev->hdr.phase != PHASE_CONTAINED)
		return NULL;
	inner = containers_lookup(inners, ev->hdr.mnt_ns);
	if (inner)
		return inner->view.outer == ev->hdr.container ? &inner->view : NULL;
	inner = learn(inners, ev);
	if (!inner)
		return NULL;
	claims_judge_inner(claims, ev, &inner->view);
	return &inner->view;
}
