/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor's part of the status pages: the memory of both, and what it writes
 * into its own once a second. */
#ifndef BW_AGENT_STATUS_SENSOR_H
#define BW_AGENT_STATUS_SENSOR_H

#include <sys/types.h>

#include "agent/status_view.h"
#include "source/live.h"

struct sensor_status {
	int engine_fd;			/* the engine's page, to be written by it alone */
	int engine_read_fd, sensor_read_fd;
	struct status_page *page;	/* the sensor's; NULL: there is no memory for it */
	uint64_t next_usage_ns;
	/* Both pages as others see them: for sensor_status_judge(). */
	struct status_page *engine_seen, *sensor_seen;
	struct view *view;
	struct status_sensor data;
};

/* Make both pages. On failure, -errno, all other functions do nothing. */
int sensor_status_init(struct sensor_status *ret, const char *hostname);
void sensor_status_release(struct sensor_status *status);

/* What live_check_hooks() saw. */
void sensor_status_take_hooks(struct sensor_status *status, const struct live_state *state);

/* A process of the agent as it is now; `pid` 0: it does not run. Known again by
 * its name, at most STATUS_PROCESSES_MAX of them. */
void sensor_status_note_process(struct sensor_status *status, const char *name, pid_t pid, bool is_wanted,
				uint64_t restarts);

/* Write the page; processor time and memory are looked up every few seconds. */
void sensor_status_publish(struct sensor_status *status);

/* What both pages and the outputs say, in status->view, and the judgement. False:
 * no memory. */
bool sensor_status_judge(struct sensor_status *status, const struct outbox *const *outputs, size_t n_outputs,
			 struct verdict *ret);

#endif
