/* SPDX-License-Identifier: Apache-2.0 */
/* The container table. Private to enrich. */
#ifndef BW_ENRICH_CONTAINERS_H
#define BW_ENRICH_CONTAINERS_H

#include "base/table.h"
#include "event/event.h"

struct containers {
	struct table by_key;
	struct list lru; /* oldest use first */
	size_t n_max, bytes_max, bytes;
	uint64_t n_evicted, n_cut;
};

int containers_init(struct containers *ret, size_t n_max, size_t bytes_max);
void containers_release(struct containers *containers);

/* Learn what `ev` says of containers. The container that the record is about,
 * or NULL when it is of the host or memory is out. */
const struct container_view *containers_learn(struct containers *containers,
					      const struct event *ev);

/* An alert of this container goes out as it is known now. */
void containers_note_alert(struct containers *containers, uint64_t key);

const struct container_view *containers_find(const struct containers *containers, uint64_t key);

#endif
