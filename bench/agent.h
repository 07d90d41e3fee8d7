/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as its user sees it: a command, its processes in /proc, its output. */
#ifndef BW_BENCH_AGENT_H
#define BW_BENCH_AGENT_H

#include "bench.h"

#define AGENT_PROCESSES_MAX 8

struct agent {
	pid_t pid;	  /* 0: not running */
	int err;	  /* read end of its stderr, not blocking */
	char said[16384]; /* what came from there so far: the first part of it */
	size_t said_len;
	char output[PATH_MAX / 2]; /* its alerts */
	uint64_t started_ns;	   /* just before exec */
	uint64_t watching_ns;	   /* since then, when it said "watching" */
};

struct agent_process {
	pid_t pid;
	char name[32];
	uint64_t cpu_ns; /* of all its threads so far */
	uint64_t rss;	 /* bytes, without the mappings of BPF maps */
	uint64_t pss;	 /* the same, shared pages divided by who shares them */
	uint64_t rings;	 /* bytes resident in mappings of BPF maps */
};

/* Execute `path` run --rules `rules`; alerts go to a new file in `dir`. Returns
 * at once. */
int agent_start(struct agent *agent, const char *path, const char *rules, const char *dir);

/* Until it says that it watches. On failure the agent is stopped and its last
 * words are on stderr. */
int agent_wait_watching(struct agent *agent);

/* Until the first alert is written: *ret_ns since agent->started_ns. */
int agent_wait_alert(struct agent *agent, unsigned int ms, uint64_t *ret_ns);

/* SIGTERM and wait; its summary is in agent->said afterwards. -EIO when it did
 * not end with 0. */
int agent_stop(struct agent *agent);

/* The agent and its descendants, at most AGENT_PROCESSES_MAX. Their number. */
int agent_processes(const struct agent *agent, struct agent_process *ret);

#endif
