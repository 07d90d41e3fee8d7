/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/enrich.h"

#include "enrich/claims.h"
#include "enrich/inner.h"

#define PROCS_DEFAULT 32768u
#define PROCS_MIN 64u
#define PROCS_MAX (1u << 22)
#define CONTAINERS_DEFAULT 4096u
#define CONTAINERS_MIN 4u
#define CONTAINERS_MAX (1u << 20)
#define INNERS_MAX 1024u /* containers in containers */
#define INNER_BYTES_MAX (256u << 10)
#define BYTES_DEFAULT (8u << 20)
#define BYTES_MIN (64u << 10)
#define BYTES_MAX (1u << 30)

struct enrich {
	struct procs procs;
	struct containers containers, inners;
	struct claims claims;
	struct proc_view views[1 + EVENT_ANCESTORS_MAX]; /* subject, then ancestors */
};

static size_t limit(size_t want, size_t standard, size_t min, size_t max)
{
	if (want == 0)
		return standard;
	return want < min ? min : want > max ? max : want;
}

int enrich_new(const struct enrich_limits *limits, struct enrich **ret)
{
	static const struct enrich_limits none;
	size_t n_procs, n_containers, n_bytes;
	struct enrich *enrich;
	int r;

	if (!limits)
		limits = &none;
	n_procs = limit(limits->procs_max, PROCS_DEFAULT, PROCS_MIN, PROCS_MAX);
	n_containers =
		limit(limits->containers_max, CONTAINERS_DEFAULT, CONTAINERS_MIN, CONTAINERS_MAX);
	n_bytes = limit(limits->bytes_max, BYTES_DEFAULT, BYTES_MIN, BYTES_MAX);

	enrich = calloc(1, sizeof(*enrich));
	if (!enrich)
		return -ENOMEM;
	/* Containers are fewer, and their names are worth more. */
	r = procs_init(&enrich->procs, n_procs, n_bytes - n_bytes / 4);
	if (r >= 0)
		r = containers_init(&enrich->containers, n_containers, n_bytes / 4);
	if (r >= 0)
		r = containers_init(&enrich->inners, INNERS_MAX, INNER_BYTES_MAX);
	if (r < 0) {
		enrich_free(enrich);
		return r;
	}
	enrich->claims.containers = &enrich->containers;
	enrich->claims.procs = &enrich->procs;
	*ret = enrich;
	return 0;
}

void enrich_free(struct enrich *enrich)
{
	if (!enrich)
		return;
	procs_release(&enrich->procs);
	containers_release(&enrich->containers);
	containers_release(&enrich->inners);
	free(enrich);
}

void enrich_apply(struct enrich *enrich, struct event *ev)
{
	const struct image *image;
	unsigned int n;

	image = procs_learn(&enrich->procs, ev, ev->hdr.container);
	n = procs_view_chain(image, enrich->views, ARRAY_SIZE(enrich->views));
	ev->proc = n ? &enrich->views[0] : NULL;
	ev->n_ancestors = n ? n - 1 : 0;
	for (unsigned int i = 0; i < EVENT_ANCESTORS_MAX; i++)
		ev->ancestors[i] = i < ev->n_ancestors ? &enrich->views[1 + i] : NULL;

	/* Who made it names it: the ancestors come first. */
	ev->container = claims_learn(&enrich->claims, ev);
	ev->inner = inner_learn(&enrich->inners, &enrich->claims, ev);
	inner_place(&enrich->containers, ev);
	ev->target_container = containers_find(&enrich->containers, ev->hdr.target_container);
}

bool enrich_take_conflict(struct enrich *enrich, struct identity_conflict *ret)
{
	return claims_take(&enrich->claims, ret);
}

void enrich_note_alert(struct enrich *enrich, const struct event *ev)
{
	containers_note_alert(&enrich->containers, ev->hdr.container);
}

void enrich_get_stats(const struct enrich *enrich, struct enrich_stats *ret)
{
	*ret = (struct enrich_stats){
		.procs = enrich->procs.n,
		.procs_evicted = enrich->procs.n_evicted,
		.containers = enrich->containers.by_key.n,
		.containers_evicted = enrich->containers.n_evicted,
		.inners_evicted = enrich->inners.n_evicted,
		.conflicts_dropped = enrich->claims.n_dropped,
		.strings_cut = enrich->procs.n_cut + enrich->containers.n_cut +
			       enrich->inners.n_cut,
	};
}

const struct container_view *enrich_find_container(const struct enrich *enrich, uint64_t key)
{
	return containers_find(&enrich->containers, key);
}
