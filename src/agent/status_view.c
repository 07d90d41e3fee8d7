// SPDX-License-Identifier: Apache-2.0
#include "agent/status_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define SECOND_NS 1000000000ull

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

/* Two series of the same name would be refused by who reads them. */
static void make_unique(struct outbox_stats *outputs, size_t i)
{
	char suffix[8];

	for (size_t k = 0; k < i; k++) {
		if (strcmp(outputs[k].name, outputs[i].name) != 0)
			continue;
		snprintf(suffix, sizeof(suffix), "#%zu", i % OUTPUTS_MAX + 1);
		memcpy(outputs[i].name + strnlen(outputs[i].name, OUTBOX_NAME_MAX - sizeof(suffix)), suffix, strlen(suffix) + 1);
		return;
	}
}

void view_read(const struct view_sources *from, struct view *ret)
{
	struct view_http http = ret->http;

	memset(ret, 0, sizeof(*ret));
	ret->http = http;
	if (from->engine) {
		ret->has_engine = status_get_engine(from->engine, &ret->engine) == 0;
		ret->engine_turn_ns = status_last_turn(from->engine);
	}
	if (from->sensor) {
		ret->has_sensor = status_get_sensor(from->sensor, &ret->sensor) == 0;
		ret->sensor_turn_ns = status_last_turn(from->sensor);
	}
	/* A copy that could not be had may be half a copy. */
	if (!ret->has_engine)
		memset(&ret->engine, 0, sizeof(ret->engine));
	if (!ret->has_sensor)
		memset(&ret->sensor, 0, sizeof(ret->sensor));
	for (size_t i = 0; i < from->n_outputs && i < OUTPUTS_MAX; i++) {
		struct outbox_stats *stats = &ret->outputs[ret->n_outputs++];

		outbox_get_stats(from->outputs[i], stats);
		status_check_text(stats->name, sizeof(stats->name));
		status_check_text(stats->kind, sizeof(stats->kind));
		make_unique(ret->outputs, i);
	}
	/* Last: what was written is never in the future. */
	ret->now_ns = status_now();
	ret->boot_ns = clock_ns(CLOCK_BOOTTIME);
	ret->wall_ns = clock_ns(CLOCK_REALTIME);
}

struct book view_books(const struct view *view)
{
	struct book sum = {};

	for (unsigned int ring = 0; ring < RING_MAX; ring++) {
		for (unsigned int type = 0; type < EVENT_TYPE_MAX; type++) {
			const struct book *book = &view->engine.books[ring][type];

			sum.seen += book->seen;
			sum.delivered += book->delivered;
			sum.dropped += book->dropped;
			sum.suppressed += book->suppressed;
		}
	}
	return sum;
}

uint64_t view_losses(const struct view *view)
{
	const struct status_engine *engine = &view->engine;

	return view_books(view).dropped + engine->unexplained + engine->malformed + view->sensor.missed_runs;
}

double view_wall_seconds(const struct view *view, uint64_t monotonic_ns)
{
	if (!monotonic_ns)
		return 0;
	return ((double)view->wall_ns - (double)view->now_ns + (double)monotonic_ns) / 1e9;
}

const char *view_scope_name(enum view_scope scope)
{
	return scope == VIEW_LIVE ? "live" : scope == VIEW_READY ? "ready" : "healthy";
}

/* ---- judgement */

static void __attribute__((format(printf, 5, 6)))
blame(struct verdict *verdict, enum view_scope scope, const char *code, const char *advice, const char *format, ...)
{
	struct view_reason *reason;
	va_list args;

	verdict->is_healthy = false;
	if (scope <= VIEW_READY)
		verdict->is_ready = false;
	if (scope == VIEW_LIVE)
		verdict->is_live = false;
	if (verdict->n_reasons == VIEW_REASONS_MAX)
		return;
	reason = &verdict->reasons[verdict->n_reasons++];
	reason->scope = scope;
	reason->code = code;
	reason->advice = advice;
	va_start(args, format);
	vsnprintf(reason->what, sizeof(reason->what), format, args);
	va_end(args);
}

/* How long ago, in seconds; what lies in the future is now. */
static uint64_t ago(const struct view *view, uint64_t then_ns)
{
	return view->now_ns > then_ns ? (view->now_ns - then_ns) / SECOND_NS : 0;
}

static bool is_recent(const struct view *view, uint64_t then_ns)
{
	return then_ns && (view->now_ns <= then_ns || view->now_ns - then_ns < VIEW_MEMORY_NS);
}

static bool is_late(const struct view *view, uint64_t then_ns, uint64_t limit_ns)
{
	return view->now_ns > then_ns && view->now_ns - then_ns > limit_ns;
}

static void judge_loops(const struct view *view, struct verdict *ret)
{
	uint64_t start_ns = view->sensor.start_ns;
	bool is_starting = start_ns && !is_late(view, start_ns, VIEW_START_NS);

	if (view->sensor_turn_ns && is_late(view, view->sensor_turn_ns, VIEW_SENSOR_LATE_NS))
		blame(ret, VIEW_LIVE, "sensor_stalled", "restart the agent; the hooks stay and keep what happens meanwhile",
		      "the sensor's loop has not turned for %" PRIu64 " s", ago(view, view->sensor_turn_ns));
	else if (!view->has_sensor)
		blame(ret, VIEW_READY, "sensor_silent", "wait some seconds, then restart the agent",
		      "the sensor has not told of itself yet");

	if (view->engine_turn_ns && is_late(view, view->engine_turn_ns, VIEW_ENGINE_LATE_NS))
		blame(ret, VIEW_LIVE, "engine_stalled",
		      "restart the agent; the hooks stay and the rings hold what came meanwhile",
		      "the engine's loop has not turned for %" PRIu64 " s: nothing is judged",
		      ago(view, view->engine_turn_ns));
	else if (!view->engine_turn_ns)
		blame(ret, is_starting ? VIEW_READY : VIEW_LIVE, "engine_silent",
		      "wait some seconds, then restart the agent", "the engine has not begun to read");
	else if (!view->has_engine)
		blame(ret, VIEW_READY, "engine_silent", "wait some seconds, then restart the agent",
		      "the engine has not told of itself yet");
}

static void judge_hooks(const struct view *view, struct verdict *ret)
{
	const struct status_sensor *sensor = &view->sensor;

	if (view->has_sensor && !sensor->n_hooks)
		blame(ret, VIEW_READY, "hooks_unknown", "wait some seconds", "the hooks were not looked at yet");
	for (size_t i = 0; i < sensor->n_hooks; i++) {
		const struct status_hook *hook = &sensor->hooks[i];

		if (hook->is_attached)
			continue;
		blame(ret, hook->is_required ? VIEW_READY : VIEW_HEALTHY, "hook_detached",
		      "restart the agent, and look for who detached it: that needs root on the host",
		      "hook %s is not attached: not seen are %s", hook->name, hook->without);
	}
	if (sensor->pin_error)
		blame(ret, VIEW_HEALTHY, "pins_missing", "look whether /sys/fs/bpf is mounted, writable and a bpf file system",
		      "%" PRIu64 " of %" PRIu64 " pins are missing and cannot be put back: %s; an agent that is killed would leave a gap",
		      sensor->pins_missing, sensor->pins_expected, strerror(sensor->pin_error));
	else if (is_recent(view, sensor->pins_taken_ns))
		blame(ret, VIEW_HEALTHY, "pins_taken", "look for who removed them: that needs root on the host",
		      "pins below /sys/fs/bpf/brigwatch were taken away %" PRIu64 " s ago, and put back (%" PRIu64 " so far)",
		      ago(view, sensor->pins_taken_ns), sensor->pins_restored);
	for (size_t i = 0; i < sensor->n_processes; i++) {
		const struct status_process *process = &sensor->processes[i];

		if (process->is_wanted && !process->pid)
			blame(ret, VIEW_HEALTHY, "process_down", "the agent starts it again within a minute; its messages tell why it fell",
			      "process %s does not run, after %" PRIu64 " falls", process->name, process->restarts);
	}
	if (sensor->is_stopping)
		blame(ret, VIEW_READY, "stopping", "nothing, it was told to stop", "the agent is stopping");
}

static void judge_events(const struct view *view, struct verdict *ret)
{
	const struct status_engine *engine = &view->engine;
	struct book books = view_books(view);

	if (!view->has_engine)
		return;
	if (!engine->rules_loaded)
		blame(ret, VIEW_READY, "no_rules", "name rules with --rules", "no rule judges");
	if (engine->canary_missed_ns > engine->canary_ok_ns)
		blame(ret, VIEW_READY, "canary_missed", "run `brigwatch doctor`, then restart the agent",
		      "an act of the agent's own did not come back through the kernel: it may be blind");
	else if (!engine->canary_ok_ns)
		blame(ret, VIEW_READY, "canary_awaited", "wait some seconds",
		      "no act of the agent's own has come back through the kernel yet");
	else if (is_late(view, engine->canary_ok_ns, VIEW_CANARY_LATE_NS))
		blame(ret, VIEW_READY, "canary_late", "restart the agent",
		      "no act of the agent's own came back through the kernel for %" PRIu64 " s",
		      ago(view, engine->canary_ok_ns));
	if (is_recent(view, engine->lost_ns) || is_recent(view, view->sensor.missed_ns))
		blame(ret, VIEW_HEALTHY, "losses",
		      "alert BW-0190 names the cause: give the agent more processor time, or look for who floods it",
		      "records were lost within the last minute; so far %" PRIu64 " dropped by full rings, %" PRIu64
		      " vanished, %" PRIu64 " malformed, %" PRIu64 " runs missed",
		      (uint64_t)books.dropped, engine->unexplained, engine->malformed, view->sensor.missed_runs);
	if (view->sensor.is_refused)
		blame(ret, VIEW_HEALTHY, "rules_refused", "mend them: `brigwatch rules check` tells what is wrong",
		      "the rules as their files have them were refused, those before judge (%.12s)", engine->rules_hash);
}

static void judge_outputs(const struct view *view, struct verdict *ret)
{
	if (view->engine.output_error && !view->n_outputs)
		blame(ret, VIEW_HEALTHY, "output_failing", "mend the output; alerts that it does not take are counted as lost",
		      "alerts cannot be written: %s; %" PRIu64 " lost so far", strerror(view->engine.output_error),
		      view->engine.alerts_lost);
	for (size_t i = 0; i < view->n_outputs; i++) {
		const struct outbox_stats *output = &view->outputs[i];

		if (!output->is_failing)
			continue;
		blame(ret, VIEW_HEALTHY, "output_failing",
		      "mend the receiver; deliveries go on by themselves then",
		      "output %.48s does not take alerts (%s): %" PRIu64 " wait, %" PRIu64 " dropped, %" PRIu64 " given up",
		      output->name, output->last_status ? "refused" : strerror(output->last_error), output->queued,
		      output->dropped, output->failed);
	}
}

/* Stable, so that each scope keeps the order of the judges. */
static void sort_reasons(struct verdict *verdict)
{
	for (size_t i = 1; i < verdict->n_reasons; i++) {
		struct view_reason moved = verdict->reasons[i];
		size_t k = i;

		for (; k > 0 && verdict->reasons[k - 1].scope > moved.scope; k--)
			verdict->reasons[k] = verdict->reasons[k - 1];
		verdict->reasons[k] = moved;
	}
}

void view_judge(const struct view *view, struct verdict *ret)
{
	*ret = (struct verdict){ .is_live = true, .is_ready = true, .is_healthy = true };
	judge_loops(view, ret);
	judge_hooks(view, ret);
	judge_events(view, ret);
	judge_outputs(view, ret);
	sort_reasons(ret);
}
