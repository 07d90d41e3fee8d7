/* SPDX-License-Identifier: Apache-2.0 */
/* Subjects: a worker on the host or inside a real runc container. */
#ifndef BW_BENCH_SUBJECT_H
#define BW_BENCH_SUBJECT_H

#include "bench.h"

struct subject {
	enum subject_kind kind;
	pid_t pid;   /* of the worker, 0: none */
	int fd;	     /* our end of its descriptor 0, -1: none */
	char id[64]; /* of the container, "" on the host */
	char bundle[PATH_MAX / 2];
};

#define SUBJECT_NONE ((struct subject){ .fd = -1 })

/* Make the directories that the subjects use below site->dir, once. */
int subject_prepare(struct site *site);

/* Start a worker and wait until it answers. An alerting one has its foreign
 * directory and listener by then. -errno, said why; to be stopped either way. */
int subject_start(const struct site *site, enum subject_kind kind, struct subject *subject);
void subject_stop(struct subject *subject);

/* Send a request; wait for the reply, at most `ms` longer than the request
 * itself may take. -errno of the worker's own failure as well. */
int subject_send(const struct subject *subject, const struct request *request);
int subject_receive(const struct subject *subject, unsigned int ms, struct reply *ret);

#endif
