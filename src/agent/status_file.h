/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics in a file, for the textfile collector of node_exporter: written
 * beside it and renamed, so that nobody ever reads half a file. */
#ifndef BW_AGENT_STATUS_FILE_H
#define BW_AGENT_STATUS_FILE_H

#include "agent/status_view.h"

#define STATUS_FILE_INTERVAL_NS 15000000000ull

struct status_file {
	int dir_fd;	 /* -1: none is to be written */
	const char *path, *name;
	char temporary[64];
	uint64_t next_ns;
	int error;	 /* errno of the last try; told when it changes */
};

/* `path` is borrowed; its directory must be there. Links are not followed. -errno. */
int status_file_open(struct status_file *ret, const char *path);
void status_file_close(struct status_file *file);

/* Write it anew when it is time, or `now`. Failures are told once in a row. */
void status_file_write(struct status_file *file, const struct view *view, const struct verdict *verdict, bool now);

#endif
