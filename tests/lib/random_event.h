/* SPDX-License-Identifier: Apache-2.0 */
/* Records made up at random, as no kernel would send them, but well-formed. */
#ifndef BW_TESTS_RANDOM_EVENT_H
#define BW_TESTS_RANDOM_EVENT_H

#include "lib/condition.h"

/* A decoded event and all that it points to. */
struct random_event {
	struct event ev;
	char record[EVENT_SIZE_MAX];
	struct container_view container, target;
	struct proc_view procs[EVENT_ANCESTORS_MAX + 1];
};

void random_event_init(struct random_event *ret, const struct pool *pool, struct random *random);

#endif
