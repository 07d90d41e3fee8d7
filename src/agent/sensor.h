/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor: the privileged process. Loads and pins the kernel side, feeds its
 * maps, opens what must be opened, starts engine and reader and starts them
 * again when they fall. It parses nothing that a container can write. */
#ifndef BW_AGENT_SENSOR_H
#define BW_AGENT_SENSOR_H

#include <sys/stat.h>

#include "agent/output_spec.h"
#include "agent/reader.h"
#include "rule/rule.h"

struct sensor_options {
	struct rule_set *rules; /* the first, the caller's; later ones are read by `load` */
	struct rule_load load;
	const struct output_spec *outputs; /* the caller's */
	const int *output_fds;		   /* inherited ones, else -1; as many */
	size_t n_outputs;
	bool colour; /* text on stdout in colour */
	/* reader.host_root is where the sensor looks for the host's programs, too. */
	struct reader_config reader;
	const char *hostname; /* in alerts and figures; NULL: the system's */
	const char *config_file; /* that all this was read from, for SIGHUP; NULL: none */
	struct stat config_state; /* of it, then */
	const char *run_dir; /* of the lock and the status socket; NULL: /run/brigwatch. The same for all agents of a host */
	const char *metrics_file; /* NULL: none */
	const char *listen;  /* "ADDRESS:PORT" of the status server, checked; NULL: none */
};

/* Run until SIGINT or SIGTERM. Returns an enum exit_code. */
int sensor_run(const struct sensor_options *options);

#endif
