/* SPDX-License-Identifier: Apache-2.0 */
/* Which name of a container is believed, and what contradicts it. Private to
 * enrich.
 *
 * A container is what the kernel says: its mount namespace and who was born in
 * it. Who names it is heard in this order: a runtime's state file that means its
 * init (number and start); the arguments of the runtime on the host that made
 * it; its cgroup's path. The path is a claim and no more: it is not believed
 * against one of the others, nor where it names a container that lives. */
#ifndef BW_ENRICH_CLAIMS_H
#define BW_ENRICH_CLAIMS_H

#include "enrich/containers.h"
#include "enrich/enrich.h"
#include "enrich/procs.h"

#define CONFLICTS_MAX 8u /* not taken yet; more are counted only */

struct claims {
	struct containers *containers;
	const struct procs *procs;
	struct identity_conflict conflicts[CONFLICTS_MAX]; /* a ring, from `first` */
	unsigned int first, n;
	uint64_t n_dropped;
};

/* Learn what `ev`, whose proc and ancestors are filled, says of containers. The
 * container that the record is about, or NULL when it is of the host or memory
 * is out. */
const struct container_view *claims_learn(struct claims *claims, const struct event *ev);

/* A container in a container was learned: does it bear the id of one of the host's? */
void claims_judge_inner(struct claims *claims, const struct event *ev,
			const struct container_view *inner);

/* The oldest contradiction that was not taken yet; false: there is none. */
bool claims_take(struct claims *claims, struct identity_conflict *ret);

#endif
