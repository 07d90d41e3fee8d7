/* SPDX-License-Identifier: Apache-2.0 */
/* What the containers that run now were given: finds them below /proc, asks the
 * reader for their files, and judges. */
#ifndef BW_AGENT_SCAN_H
#define BW_AGENT_SCAN_H

#include "agent/reader.h"

#define SCAN_CONTAINERS_MAX 4096u

struct scan_container {
	uint32_t init_tgid;
	const char *id;	     /* "" when nobody says */
	const char *runtime; /* likewise */
	const struct container_facts *facts;
	const struct posture *posture;
	/* 0; else why its files were not all found: -ENOENT, -ETIMEDOUT, ... */
	int error;
	bool is_container; /* false: only its root directory is its own, and it is not judged */
	char exe[64];	   /* of the init */
};

struct scan_stats {
	size_t n_containers;
	size_t n_unreadable; /* processes that may not be looked at */
	size_t n_nested;     /* roots of their own within a container: judged with it */
	bool is_inside;	     /* not in the host's pid namespace: sees only what is in its own */
	size_t n_dropped;    /* beyond SCAN_CONTAINERS_MAX */
};

typedef void (*scan_visit_fn)(const struct scan_container *container, void *arg);

/* Visit each. From the first visit on this process has no capability, and
 * opens nothing (sandbox_enter_engine()).
 *
 * 0; -EPERM when not even the host's init may be looked at; -EPIPE when the
 * reader died, and containers not visited yet stay unjudged; else -errno. */
int scan_run(const struct reader_config *config, scan_visit_fn visit, void *arg,
	     struct scan_stats *ret);

#endif
