/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: takes records from the rings, decodes, enriches, matches, writes.
 * It parses hostile bytes, so it holds no capability, opens no path and runs
 * below a system call filter. */
#ifndef BW_AGENT_ENGINE_H
#define BW_AGENT_ENGINE_H

#include "agent/outbox.h"
#include "agent/output_spec.h"
#include "agent/own.h"
#include "rule/rule.h"

/* Everything it works with is opened by others; descriptors are borrowed. */
struct engine_config {
	int urgent_fd, bulk_fd;			/* ring maps */
	int books_fd, counters_fd, budgets_fd, call_counts_fd;	/* -1: none (tests) */
	int control_fd;				/* to the sensor, see enum control_type */
	int reader_fd;				/* to the reader, -1: none */
	int resolve_fd;				/* to the reader that resolves, -1: none */
	int binaries_fd;			/* map of runtimes' programs, -1: none */
	int status_fd;				/* status page, -1: none; 0 is not one either */
	const struct output_spec *outputs;
	const struct outbox_file *outboxes; /* their queues, as many */
	size_t n_outputs;
	bool colour; /* of text on stdout */
	const struct rule_set *rules;
	const struct rule_load *load; /* how those that come later are chosen from files */
	struct own own; /* who the sensor is */
	const char *hostname;
};

/* One SOCK_SEQPACKET message between sensor and engine. */
enum control_type {
	CONTROL_READY = 1,  /* engine -> sensor: sandboxed, reading */
	CONTROL_CANARY = 2, /* sensor -> engine: `value` was sent through the kernel */
	CONTROL_STOP = 3,   /* sensor -> engine: hooks are detached; drain, sum up, end */
	CONTROL_HOOKS = 4,  /* sensor -> engine: `value` hooks or pins are gone */
	CONTROL_RULES = 5,  /* sensor -> engine, with a descriptor: rules to judge by from now on */
	CONTROL_REFUSED =
		6, /* sensor -> engine, with a descriptor: why rules were refused, as text */
	CONTROL_TAKEN =
		7, /* engine -> sensor: the answer to CONTROL_RULES; value 0: they judge now */
	CONTROL_WATCH = 8, /* sensor -> engine, with a descriptor: somebody watches; agent/watch.h */
	CONTROL_WATCHERS = 9, /* engine -> sensor: `value` of them are there now */
	CONTROL_MISSED = 10, /* sensor -> engine: `value` runs of hooks more were missed */
};
struct control {
	uint32_t type;
	uint32_t pad;
	uint64_t value;
};

/* One message, and a descriptor with it unless -1. -errno. */
int control_send(int control_fd, enum control_type type, uint64_t value, int fd);

/* The next message that is there: 1; 0 at the end of the other side; -EAGAIN.
 * *ret_fd: the descriptor that came with it, the caller's, or -1. */
int control_receive(int control_fd, struct control *ret, int *ret_fd);

/* Run until told to stop or the sensor is gone. Returns an enum exit_code. */
int engine_run(const struct engine_config *config);

#endif
