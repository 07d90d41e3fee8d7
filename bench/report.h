/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured, and what it says. */
#ifndef BW_BENCH_REPORT_H
#define BW_BENCH_REPORT_H

#include <stdio.h>

#include "agent.h"
#include "bench.h"

#define STARTS_MAX 9

struct load {
	bool measured;
	double rate; /* operations a second that were really done */
	double seconds;
	int n_processes;
	struct agent_process processes[AGENT_PROCESSES_MAX];
	double percent[AGENT_PROCESSES_MAX]; /* of one core, by process */
	char summary[4096];		     /* what the agent said at its end */
};

struct results {
	int rounds;
	bool has_agent;
	/* ns per operation; a round that failed ends the bench, so all are there. */
	double ns[CONFIG_MAX][SUBJECT_MAX][OP_MAX][ROUNDS_MAX];
	bool noisy[CONFIG_MAX][SUBJECT_MAX][OP_MAX][ROUNDS_MAX]; /* too few calm moments */

	/* The fastest that a fixed piece of user code had ever run, ns, when each of
	 * these was measured, and over all. */
	double speed[CONFIG_MAX][SUBJECT_MAX][OP_MAX][ROUNDS_MAX];
	double speed_best;

	int n_memory; /* processes, at the end of the last agent round */
	struct agent_process memory[AGENT_PROCESSES_MAX];

	int n_starts;
	double watching_ms[STARTS_MAX], first_alert_ms[STARTS_MAX];

	struct load idle, folded, bulk;
};

/* The table and the aims, for a person. Not more than the results say: an aim
 * without its measurement is "not measured". */
void report_print(const struct results *results, FILE *file);

/* The same as JSON, one object a line. */
void report_json(const struct results *results, FILE *file);

#endif
