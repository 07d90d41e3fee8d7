/* SPDX-License-Identifier: Apache-2.0 */
/* The output process: one thread for each sink takes alerts out of its queue and
 * delivers them. It has no capability and a filter of system calls, but the user
 * of the agent: it opens files and sockets itself, as often as it must.
 *
 * A receiver that fails is tried again with growing pauses; its alerts wait
 * meanwhile, and only its. */
#ifndef BW_AGENT_OUTPUT_H
#define BW_AGENT_OUTPUT_H

#include "agent/output_driver.h"

#define OUTPUT_PAUSE_MIN_MS 100
#define OUTPUT_PAUSE_LOCAL_MS 2000 /* files and pipes cost nothing to try: at most so long */
#define OUTPUT_GATHER_MS 1000	   /* a batch that is not full and holds nothing urgent waits so long */
#define OUTPUT_DRAIN_MS 2500	   /* at the end, for what is queued */

struct output_config {
	const struct output_spec *specs;
	const struct outbox_file *files; /* as many */
	const int *fds;			 /* inherited descriptors to write to, -1: none; as many */
	size_t n;
	int control_fd; /* to the sensor: messages of one enum output_message */
	bool is_restart; /* of one that fell: a line may have been cut short */
};

enum output_message {
	OUTPUT_READY = 1,   /* output -> sensor: reads its queues */
	OUTPUT_GONE = 2,    /* output -> sensor: stdout is closed, the agent is to end */
	OUTPUT_REOPEN = 3,  /* sensor -> output: files were moved away */
	OUTPUT_STOP = 4,    /* sensor -> output: deliver what waits, then end */
	OUTPUT_REFUSED = 5, /* output -> sensor: a file cannot be opened, said why; ends */
};

/* Run until told to stop or the sensor is gone. Returns an enum exit_code. What is
 * not delivered then stays in the queues. */
int output_serve(const struct output_config *config);

#endif
