/* SPDX-License-Identifier: Apache-2.0 */
/* The outputs as the sensor has them: their queues, and the process that serves
 * them. */
#ifndef BW_AGENT_OUTPUTS_H
#define BW_AGENT_OUTPUTS_H

#include <sys/types.h>

#include "agent/output.h"

struct outputs {
	const struct output_spec *specs; /* borrowed */
	size_t n;
	int fds[OUTPUTS_MAX];		 /* inherited descriptors, -1: none; borrowed */
	struct outbox_file files[OUTPUTS_MAX];
	/* For whoever wants figures, in this process and in those forked from it. */
	struct outbox *boxes[OUTPUTS_MAX];
	int control_fd;			 /* to the output process, -1: none */
};

/* Make the queues. `run_dir`: where they may be kept. `fds`: as many as specs. Says
 * what is wrong. 0 or -errno; -EEXIST: two outputs are the same. */
int outputs_init(struct outputs *ret, const struct output_spec *specs, const int *fds, size_t n, const char *run_dir);

/* Start the process and wait until it serves. `shed` is called in it: to free what
 * only the parent needs. -ECANCELED: it cannot write where it is to, and said so. */
int outputs_spawn(struct outputs *outputs, bool is_restart, void (*shed)(void *arg), void *arg, pid_t *ret_pid);

/* Files were moved away: open them anew. */
void outputs_reopen(struct outputs *outputs);

/* What the process says: true when the agent is to end, for nobody reads stdout. */
bool outputs_read(struct outputs *outputs);

/* No more alerts will come: deliver what waits, in bounded time. *pid becomes 0. */
void outputs_stop(struct outputs *outputs, pid_t *pid);

/* One line for each, with the numbers of its queue. */
void outputs_print_summary(const struct outputs *outputs);

/* Queues that hold something are kept for the next run, where they can be. */
void outputs_release(struct outputs *outputs);

#endif
