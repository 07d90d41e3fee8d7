/* SPDX-License-Identifier: Apache-2.0 */
/* Who made a container, by the arguments of the processes that it descends from.
 * Private to enrich. */
#ifndef BW_ENRICH_MAKER_H
#define BW_ENRICH_MAKER_H

#include "event/event.h"

struct maker {
	struct slice id;     /* borrowed from the process's arguments */
	const char *runtime; /* NULL: none was found */
	bool is_weak; /* a shim of containerd's, which in a pod bears the sandbox's id; or a
		       * program that is known as no runtime and has arguments like one */
};

/* Of the host's processes that the newborn of an EVENT_CONTAINER descends from,
 * the nearest that is a runtime. A container's own could say what they like. */
struct maker maker_of_born(const struct event *ev);

/* Likewise within the container `outer`: who made the container in it that the
 * subject of `ev` is in. *ret_depth: how many runtimes with different ids there
 * are above. */
struct maker maker_of_inner(const struct event *ev, uint64_t outer, unsigned int *ret_depth);

#endif
