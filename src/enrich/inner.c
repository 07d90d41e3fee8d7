/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/inner.h"

#include "enrich/enrich.h"
#include "enrich/maker.h"

static struct container *learn(struct containers *inners, const struct event *ev)
{
	struct container_view want = { 0 };
	struct container *inner;
	unsigned int depth;
	struct maker maker = maker_of_inner(ev, ev->hdr.container, &depth);

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

#define DEPTH_MAX 8u

/* Nobody saw who made it. What its cgroup says below that of the outer one is
 * its name; where both share a cgroup, there is none. */
static void name_by_rest(struct containers *containers, struct container *container,
			 const struct container *outer)
{
	struct container_view want = container->view;
	struct slice path = want.cgroup, above = outer->view.cgroup;
	const char *runtime = NULL;

	container->source = IDENTITY_BY_NOBODY;
	container->is_refused = true;
	if (above.len && path.len > above.len && path.data[above.len] == '/' &&
	    memcmp(path.data, above.data, above.len) == 0) {
		path = (struct slice){ path.data + above.len, path.len - above.len };
		if (cgroup_path_parse(path, &want.id, &runtime) ||
		    cgroup_path_name(path, &want.id)) {
			want.runtime = runtime ? slice_from(runtime) : (struct slice){ 0 };
			container_set_strings(containers, container, &want);
			container->view.id_source = ID_FROM_CGROUP;
			container->source = IDENTITY_BY_NAME;
			return;
		}
	}
	container_set_number(containers, container);
}

static void learn_outer(struct containers *containers, struct container *container,
			const struct event *ev)
{
	const struct container *outer = NULL;

	for (unsigned int i = 0; i < ev->n_ancestors; i++) {
		uint64_t key = ev->ancestors[i]->container;

		if (key == container->view.key || key == CONTAINER_UNKNOWN)
			continue;
		outer = containers_lookup(containers, key); /* none for the host's */
		break;
	}
	if (!outer || outer->view.outer == container->view.key)
		return;
	container->view.outer = outer->view.key;
	container->view.depth = outer->view.depth < DEPTH_MAX ? outer->view.depth + 1 : DEPTH_MAX;
	if (container->source != IDENTITY_BY_STATE)
		name_by_rest(containers, container, outer);
}

/* Its runtime's arguments may be read later than its own. */
static void learn_name(struct containers *containers, struct container *container,
		       const struct event *ev)
{
	struct container_view want = container->view;
	unsigned int depth;
	struct maker maker = maker_of_inner(ev, container->view.outer, &depth);

	if (!maker.runtime)
		return;
	want.id = maker.id;
	want.runtime = slice_from(maker.runtime);
	container->view.id_source = ID_FROM_RUNTIME;
	container->source = IDENTITY_BY_ARGS;
	container_set_strings(containers, container, &want);
}

void inner_place(struct containers *containers, struct event *ev)
{
	struct container *container = containers_lookup(containers, ev->hdr.container);
	const struct container *outer = container, *next;

	if (!container || !container->is_seeded || ev->hdr.phase != PHASE_CONTAINED)
		return;
	if (!container->view.outer)
		learn_outer(containers, container, ev);
	if (container->view.outer && container->source != IDENTITY_BY_STATE &&
	    container->source != IDENTITY_BY_ARGS)
		learn_name(containers, container, ev);
	for (unsigned int i = 0; i < DEPTH_MAX && outer->view.outer; i++) {
		next = containers_lookup(containers, outer->view.outer);
		if (!next)
			break;
		outer = next;
	}
	/* What is told of the container itself is told of it. */
	if (outer == container || ev->hdr.type == EVENT_CONTAINER ||
	    ev->hdr.type == EVENT_CONTAINER_INFO || ev->hdr.type == EVENT_IDENTITY)
		return;
	if (!ev->inner)
		ev->inner = &container->view;
	ev->container = &outer->view;
}
