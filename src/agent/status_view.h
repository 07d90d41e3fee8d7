/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent tells of itself, put together from both status pages and the
 * queues of the outputs, and the judgement whether all is well. */
#ifndef BW_AGENT_STATUS_VIEW_H
#define BW_AGENT_STATUS_VIEW_H

#include "agent/outbox.h"
#include "agent/output_spec.h"
#include "agent/status.h"

#define VIEW_ENGINE_LATE_NS 5000000000ull   /* its loop did not turn for so long: it hangs */
#define VIEW_SENSOR_LATE_NS 20000000000ull
#define VIEW_START_NS 30000000000ull	    /* so long a start may take */
#define VIEW_MEMORY_NS 60000000000ull	    /* losses and lost pins count as trouble for so long */
#define VIEW_CANARY_LATE_NS 15000000000ull  /* one is sent every 5 s */
#define VIEW_REASONS_MAX 48

/* Where the pages are. Borrowed; NULL is a page that cannot be had. */
struct view_sources {
	const struct status_page *engine, *sensor;
	const struct outbox *const *outputs;
	size_t n_outputs;
};

/* What the status server counts of itself, by class of the answer's code. */
struct view_http {
	uint64_t ok, not_found, not_allowed, unavailable, failed;
	uint64_t cut;	/* connections that took too long, or were too many */
};

struct view {
	uint64_t now_ns;	/* CLOCK_MONOTONIC */
	uint64_t boot_ns;	/* CLOCK_BOOTTIME, for the outputs' times */
	uint64_t wall_ns;	/* since 1970 */
	bool has_engine, has_sensor;
	uint64_t engine_turn_ns, sensor_turn_ns; /* 0: never */
	struct status_engine engine;
	struct status_sensor sensor;
	struct outbox_stats outputs[OUTPUTS_MAX];
	size_t n_outputs;
	struct view_http http;
};

/* What a reason speaks against; each includes those after it. */
enum view_scope { VIEW_LIVE, VIEW_READY, VIEW_HEALTHY };
const char *view_scope_name(enum view_scope scope); /* "live"... */

struct view_reason {
	enum view_scope scope;
	const char *code;	/* for machines: "engine_stalled" */
	const char *advice;
	char what[200];
};

struct verdict {
	bool is_live, is_ready, is_healthy;
	size_t n_reasons;
	struct view_reason reasons[VIEW_REASONS_MAX]; /* the gravest first */
};

/* Read everything. What cannot be read is left zero, has_engine and has_sensor
 * tell. `ret` is large: not for the stack. */
void view_read(const struct view_sources *from, struct view *ret);

void view_judge(const struct view *view, struct verdict *ret);

/* Sums over both rings and all types. */
struct book view_books(const struct view *view);

/* What no rule saw: dropped, unexplained gaps, malformed, missed runs. */
uint64_t view_losses(const struct view *view);

/* CLOCK_MONOTONIC to seconds since 1970; 0 stays 0: never. */
double view_wall_seconds(const struct view *view, uint64_t monotonic_ns);

#endif
