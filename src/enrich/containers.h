/* SPDX-License-Identifier: Apache-2.0 */
/* The container table. Private to enrich. */
#ifndef BW_ENRICH_CONTAINERS_H
#define BW_ENRICH_CONTAINERS_H

#include "base/table.h"
#include "event/event.h"

#define STRANGERS_MAX 4u /* cgroups of others that were looked at, per container */

struct container {
	struct table_link link;
	struct list lru;
	struct container_view view;
	char *bytes; /* the strings of `view` in one block, see container_set_strings() */
	size_t n_bytes;
	uint64_t n_pending; /* alerts that went out before the runtime's files were read */

	/* See claims.h. */
	uint64_t init_start_ns;
	uint32_t init_tgid; /* 0: its birth was not seen */
	bool is_seeded;	    /* it ran before the agent: `init` may be any process of it */
	bool is_refused;    /* the name that was claimed for it is another's */
	uint8_t source;	    /* enum identity_source */
	uint8_t told;	    /* bit by enum identity_kind: contradictions that were told */
	uint8_t n_strangers;
	uint64_t strangers[STRANGERS_MAX]; /* cgroup ids, a ring */
};

struct containers {
	struct table by_key;
	struct list lru; /* oldest use first */
	size_t n_max, bytes_max, bytes;
	uint64_t n_evicted, n_cut;
};

int containers_init(struct containers *ret, size_t n_max, size_t bytes_max);
void containers_release(struct containers *containers);

/* The container with this key, made when it is not known, called by its
 * cgroup's number. NULL: the key is 0, or memory is out. */
struct container *containers_get(struct containers *containers, uint64_t key, uint64_t cgroup_id);

/* An alert of this container goes out as it is known now. */
void containers_note_alert(struct containers *containers, uint64_t key);

struct container *containers_lookup(const struct containers *containers, uint64_t key);
const struct container_view *containers_find(const struct containers *containers, uint64_t key);

/* Replace the strings of `container` by those of `want`, which may point into
 * them. Without memory everything stays as it was. */
void container_set_strings(struct containers *containers, struct container *container,
			   const struct container_view *want);

/* What it was given, from an EVENT_POSTURE record. */
void containers_learn_posture(struct containers *containers, const struct event *ev,
			      struct container *container);

/* "cg-<cgroup id>": nothing better is known. */
void container_set_number(struct containers *containers, struct container *container);

#endif
