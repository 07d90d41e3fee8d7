/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/claims.h"

#include "enrich/maker.h"

#define UNIQUE_ID_LEN 64u /* hexadecimal digits: no two containers have the same */

/* ---- who is who */

static bool is_unique(struct slice id)
{
	if (id.len != UNIQUE_ID_LEN)
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (!((id.data[i] >= '0' && id.data[i] <= '9') ||
		      (id.data[i] >= 'a' && id.data[i] <= 'f')))
			return false;
	return true;
}

/* An engine may put its containers below another's cgroup on purpose
 * (--cgroup-parent), so any component that bears the id agrees with it. */
static bool path_bears(struct slice path, struct slice id)
{
	return id.len && path.len >= id.len && memmem(path.data, path.len, id.data, id.len);
}

static bool path_is_below(struct slice path, struct slice above)
{
	return above.len && path.len > above.len && path.data[above.len] == '/' &&
	       memcmp(path.data, above.data, above.len) == 0;
}

static bool is_alive(const struct claims *claims, const struct container *container)
{
	if (container->init_tgid &&
	    (!container->is_seeded || container->source == IDENTITY_BY_STATE))
		return procs_is_alive(claims->procs, container->init_tgid,
				      container->init_start_ns);
	return procs_has_living(claims->procs, container->view.key);
}

static bool is_named(const struct container *container)
{
	return container->view.id_source != ID_MADE_UP;
}

/* The living container, other than `self`, that is called so. */
static struct container *find_living(const struct claims *claims, struct slice id,
				     const struct container *self)
{
	const struct list *all = &claims->containers->lru;

	for (struct list *at = all->next; at && is_unique(id) && at != all; at = at->next) {
		struct container *other = member_of(at, struct container, lru);

		if (other != self && is_named(other) && slice_eq(other->view.id, id) &&
		    is_alive(claims, other))
			return other;
	}
	return NULL;
}

/* ---- contradictions */

static void copy(char *to, size_t size, struct slice from)
{
	size_t len = from.len < size - 1 ? from.len : size - 1;

	if (len)
		memcpy(to, from.data, len);
	to[len] = '\0';
}

static void contradict(struct claims *claims, const struct event *ev, struct container *container,
		       enum identity_kind kind, struct slice claimed,
		       const struct container *owner, struct slice path)
{
	struct identity_conflict *conflict;

	if (container->told & (1u << kind))
		return;
	container->told |= (uint8_t)(1u << kind);
	if (claims->n == CONFLICTS_MAX) {
		claims->n_dropped++;
		return;
	}
	conflict = &claims->conflicts[(claims->first + claims->n++) % CONFLICTS_MAX];
	*conflict = (struct identity_conflict){
		.hdr = ev->hdr,
		.kind = kind,
		.source = container->source,
	};
	conflict->hdr.container = container->view.key;
	conflict->hdr.target_container = owner ? owner->view.key : 0;
	copy(conflict->claimed, sizeof(conflict->claimed), claimed);
	copy(conflict->actual, sizeof(conflict->actual), container->view.id);
	copy(conflict->path, sizeof(conflict->path), path);
}

bool claims_take(struct claims *claims, struct identity_conflict *ret)
{
	if (claims->n == 0)
		return false;
	*ret = claims->conflicts[claims->first];
	claims->first = (claims->first + 1) % CONFLICTS_MAX;
	claims->n--;
	return true;
}

/* Another id than the one believed so far: what was said of that one goes. */
static void forget_names(struct container_view *want)
{
	want->name = want->image = want->runtime = (struct slice){ 0 };
	want->pod = want->pod_ns = want->pod_uid = want->sandbox = (struct slice){ 0 };
	want->image_id = want->digest = (struct slice){ 0 };
}

/* The id that is claimed for `container` is `owner`'s: it goes by its number. */
static void refuse(struct claims *claims, const struct event *ev, struct container *container,
		   struct slice claimed, const struct container *owner)
{
	struct container_view want = container->view;

	container->source = IDENTITY_BY_NOBODY;
	container->is_refused = true;
	if (is_named(container)) {
		forget_names(&want);
		container_set_strings(claims->containers, container, &want);
		container_set_number(claims->containers, container);
	}
	/* Of what was there before the agent too little is known: it may be a
	 * container's own container. */
	if (!container->is_seeded)
		contradict(claims, ev, container, IDENTITY_TAKEN, claimed, owner,
			   container->view.cgroup);
}

/* ---- birth */

static void call(struct claims *claims, struct container *container, struct slice id,
		 const char *runtime, enum identity_source source)
{
	struct container_view want = container->view;

	want.id = id;
	want.runtime = slice_from(runtime);
	container_set_strings(claims->containers, container, &want);
	container->source = (uint8_t)source;
	container->view.id_source = source == IDENTITY_BY_NAME ? ID_FROM_CGROUP : ID_FROM_RUNTIME;
}

static void learn_birth(struct claims *claims, const struct event *ev, struct container *container)
{
	struct container_view want = container->view;
	struct maker maker = maker_of_born(ev);
	const struct container *owner;
	const char *runtime = NULL;
	struct slice claimed = { 0 };
	bool is_claimed;

	if (ev->cgroup_path.len) {
		want.cgroup = ev->cgroup_path;
		container_set_strings(claims->containers, container, &want);
	}
	container->init_tgid = ev->u.container.init_tgid;
	container->init_start_ns = ev->u.container.init_start_ns;
	container->is_seeded = ev->u.container.seeded;
	if (!container->view.pending)
		return;

	is_claimed = cgroup_path_parse(ev->cgroup_path, &claimed, &runtime);
	if (is_claimed && maker.is_weak)
		maker.runtime = NULL;
	if (!maker.runtime && !is_claimed)
		return;
	if (maker.runtime && is_claimed && slice_eq(maker.id, claimed))
		maker.runtime = runtime; /* the engine's name and not its helper's */
	owner = find_living(claims, maker.runtime ? maker.id : claimed, container);
	/* Arguments are believed against what only a cgroup says. */
	if (owner && (!maker.runtime || owner->source == IDENTITY_BY_STATE)) {
		refuse(claims, ev, container, maker.runtime ? maker.id : claimed, owner);
		return;
	}
	if (!maker.runtime) {
		call(claims, container, claimed, runtime, IDENTITY_BY_NAME);
		return;
	}
	call(claims, container, maker.id, maker.runtime, IDENTITY_BY_ARGS);
	if (is_unique(claimed) && !path_bears(ev->cgroup_path, maker.id))
		contradict(claims, ev, container, IDENTITY_CGROUP, claimed,
			   find_living(claims, claimed, container), ev->cgroup_path);
}

/* ---- the runtimes' files */

static void take(struct slice *at, struct slice said)
{
	if (said.len)
		*at = said;
}

static void take_facts(struct claims *claims, const struct event *ev, struct container *container)
{
	struct container_view want = container->view;

	if (!slice_eq(want.id, ev->info_id))
		forget_names(&want);
	take(&want.id, ev->info_id);
	take(&want.name, ev->info_name);
	take(&want.image, ev->info_image);
	take(&want.runtime, ev->info_runtime);
	take(&want.pod, ev->info_pod);
	take(&want.pod_ns, ev->info_pod_ns);
	take(&want.pod_uid, ev->info_pod_uid);
	take(&want.sandbox, ev->info_sandbox);
	take(&want.image_id, ev->info_image_id);
	take(&want.digest, ev->info_digest);
	container_set_strings(claims->containers, container, &want);
}

/* Files that lie under the name that is claimed: whose they are, they do not say. */
static void learn_by_name(struct claims *claims, const struct event *ev,
			  struct container *container)
{
	const struct container *owner = find_living(claims, ev->info_id, container);

	if (container->source != IDENTITY_BY_NOBODY && !slice_eq(container->view.id, ev->info_id))
		return;
	if (owner && container->source != IDENTITY_BY_STATE &&
	    container->source != IDENTITY_BY_ARGS) {
		refuse(claims, ev, container, ev->info_id, owner);
		return;
	}
	take_facts(claims, ev, container);
	container->view.id_source = ID_FROM_RUNTIME;
	if (container->source == IDENTITY_BY_NOBODY)
		container->source = IDENTITY_BY_NAME;
}

/* A state file means the container's init: that is its name. */
static void learn_verified(struct claims *claims, const struct event *ev,
			   struct container *container)
{
	const struct list *all = &claims->containers->lru;
	const char *runtime;
	struct slice claimed;

	take_facts(claims, ev, container);
	container->view.id_source = ID_FROM_RUNTIME;
	container->source = IDENTITY_BY_STATE;
	if (cgroup_path_parse(container->view.cgroup, &claimed, &runtime) && is_unique(claimed) &&
	    !path_bears(container->view.cgroup, container->view.id))
		contradict(claims, ev, container, IDENTITY_CGROUP, claimed,
			   find_living(claims, claimed, container), container->view.cgroup);

	/* Who was called so for less is another. */
	for (struct list *at = all->next; at && is_unique(ev->info_id) && at != all; at = at->next) {
		struct container *other = member_of(at, struct container, lru);

		if (other != container && other->source != IDENTITY_BY_STATE && is_named(other) &&
		    slice_eq(other->view.id, ev->info_id) && is_alive(claims, other))
			/* NOLINTNEXTLINE(readability-suspicious-call-argument) */
			refuse(claims, ev, other, ev->info_id, container);
	}
}

static bool is_answer(const struct event *ev)
{
	return !(ev->u.info.info_flags & (INFO_LATE | INFO_HINT));
}

/* Nothing found is an answer too. */
static void learn_info(struct claims *claims, const struct event *ev, struct container *container)
{
	struct container_view want = container->view;

	if (ev->info_id.len && (ev->u.info.info_flags & (INFO_BY_NAME | INFO_HINT))) {
		learn_by_name(claims, ev, container);
	} else if (ev->info_id.len) {
		learn_verified(claims, ev, container);
	} else if (is_answer(ev) && !is_named(container) && !container->is_refused &&
		   cgroup_path_name(container->view.cgroup, &want.id)) {
		container_set_strings(claims->containers, container, &want);
		container->view.id_source = ID_FROM_CGROUP;
		container->source = IDENTITY_BY_NAME;
	}
	if (!is_answer(ev))
		return;
	container->view.pending = false;
	container->view.is_unanswered = ev->u.info.info_flags & INFO_UNANSWERED;
	container->view.n_completed = container->n_pending;
	container->n_pending = 0;
}

/* ---- moves */

/* A process of it went out of its cgroup, into one whose path bears another's id. */
static void learn_move(struct claims *claims, const struct event *ev, struct container *container)
{
	const char *runtime;
	struct slice claimed;

	if (!cgroup_path_parse(ev->cgroup_path, &claimed, &runtime) || !is_unique(claimed) ||
	    path_bears(ev->cgroup_path, container->view.id) ||
	    path_is_below(ev->cgroup_path, container->view.cgroup))
		return;
	contradict(claims, ev, container, IDENTITY_MOVED, claimed,
		   find_living(claims, claimed, container), ev->cgroup_path);
}

/* Looked at once per cgroup: nested engines make many, and none is another's. */
static bool is_new_stranger(struct container *container, uint64_t cgroup_id)
{
	for (unsigned int i = 0; i < STRANGERS_MAX; i++)
		if (container->strangers[i] == cgroup_id)
			return false;
	container->strangers[container->n_strangers++ % STRANGERS_MAX] = cgroup_id;
	return true;
}

/* A process of it is in the very cgroup that another container was born in,
 * whoever has put it there. */
static void judge_stranger(struct claims *claims, const struct event *ev,
			   struct container *container)
{
	const struct list *all = &claims->containers->lru;

	if (!is_new_stranger(container, ev->hdr.cgroup_id))
		return;
	for (struct list *at = all->next; at && at != all; at = at->next) {
		struct container *other = member_of(at, struct container, lru);

		if (other == container || other->view.cgroup_id != ev->hdr.cgroup_id ||
		    path_is_below(other->view.cgroup, container->view.cgroup) ||
		    path_bears(other->view.cgroup, container->view.id) ||
		    other->view.outer == container->view.key ||
		    container->view.outer == other->view.key || !is_alive(claims, other))
			continue;
		contradict(claims, ev, container, IDENTITY_MOVED, other->view.id, other,
			   other->view.cgroup);
		return;
	}
}

void claims_judge_inner(struct claims *claims, const struct event *ev,
			const struct container_view *inner)
{
	struct container *outer = containers_lookup(claims->containers, inner->outer);
	const struct container *owner = find_living(claims, inner->id, NULL);

	if (outer && owner)
		contradict(claims, ev, outer, IDENTITY_INNER, inner->id, owner, inner->cgroup);
}

const struct container_view *claims_learn(struct claims *claims, const struct event *ev)
{
	struct container *container, *born;

	if (ev->hdr.type == EVENT_CONTAINER && ev->u.container.key) {
		born = containers_get(claims->containers, ev->u.container.key, ev->hdr.cgroup_id);
		if (born)
			learn_birth(claims, ev, born);
		if (ev->hdr.container == 0)
			return born ? &born->view : NULL;
	}

	container = containers_get(claims->containers, ev->hdr.container, ev->hdr.cgroup_id);
	if (!container)
		return NULL;
	container->view.n_completed = 0;
	if (ev->hdr.type == EVENT_CONTAINER_INFO)
		learn_info(claims, ev, container);
	else if (ev->hdr.type == EVENT_CGROUP)
		learn_move(claims, ev, container);
	else if (ev->hdr.type == EVENT_POSTURE)
		containers_learn_posture(claims->containers, ev, container);
	if (ev->hdr.cgroup_id != container->view.cgroup_id && ev->hdr.cgroup_id &&
	    (ev->hdr.phase == PHASE_CONTAINED || ev->hdr.phase == PHASE_ESCAPED))
		judge_stranger(claims, ev, container);
	return &container->view;
}
