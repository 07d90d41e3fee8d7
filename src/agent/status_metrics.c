// SPDX-License-Identifier: Apache-2.0
#include "agent/status_metrics.h"

#include <ctype.h>
#include <inttypes.h>

#include "event/event.h"
#include "rule/rule.h"

static const char *const ring_names[RING_MAX] = { [RING_URGENT] = "urgent", [RING_BULK] = "bulk" };
static const uint64_t ring_sizes[RING_MAX] = { [RING_URGENT] = RING_URGENT_BYTES, [RING_BULK] = RING_BULK_BYTES };

static void head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP brigwatch_%s %s\n# TYPE brigwatch_%s %s\n", name, help, name, type);
}

static void put_u64(FILE *to, const char *name, const char *type, const char *help, uint64_t value)
{
	head(to, name, type, help);
	fprintf(to, "brigwatch_%s %" PRIu64 "\n", name, value);
}

static void put_seconds(FILE *to, const char *name, const char *help, double value)
{
	head(to, name, "gauge", help);
	fprintf(to, "brigwatch_%s %.3f\n", name, value);
}

/* ---- values of a label: any text, escaped as the format wants it */

static const char *lower(const char *text, char buf[16])
{
	size_t i;

	for (i = 0; i < 15 && text[i]; i++)
		buf[i] = (char)tolower((unsigned char)text[i]);
	buf[i] = '\0';
	return buf;
}

static void put_label(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", to);
		else if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else
			putc(*text, to);
	}
}

static void put_labelled(FILE *to, const char *name, const char *label, const char *text, uint64_t value)
{
	fprintf(to, "brigwatch_%s{%s=\"", name, label);
	put_label(to, text);
	fprintf(to, "\"} %" PRIu64 "\n", value);
}

static void put_pair(FILE *to, const char *name, const char *label, const char *text, const char *label2,
		     const char *text2, uint64_t value)
{
	fprintf(to, "brigwatch_%s{%s=\"", name, label);
	put_label(to, text);
	fprintf(to, "\",%s=\"", label2);
	put_label(to, text2);
	fprintf(to, "\"} %" PRIu64 "\n", value);
}

/* ---- families */

static void write_agent(const struct view *view, const struct verdict *verdict, FILE *to)
{
	const struct status_sensor *sensor = &view->sensor;

	head(to, "build_info", "gauge", "Version of the agent and hash of its kernel side, always 1.");
	put_pair(to, "build_info", "version", sensor->version, "bpf_object", sensor->object, 1);
	head(to, "kernel_info", "gauge", "Kernel and tier of the hooks, always 1.");
	put_pair(to, "kernel_info", "release", sensor->release, "tier", sensor->tier, 1);
	put_seconds(to, "start_time_seconds", "When the agent started, seconds since 1970.",
		    (double)sensor->start_wall_ns / 1e9);
	put_u64(to, "adopted", "gauge", "1 if the hooks of an agent that was killed were taken over at the start.",
		sensor->is_adopted);
	put_u64(to, "live", "gauge", "1 if /livez answers 200.", verdict->is_live);
	put_u64(to, "ready", "gauge", "1 if /readyz answers 200.", verdict->is_ready);
	put_u64(to, "healthy", "gauge", "1 if /healthz answers 200.", verdict->is_healthy);
	put_seconds(to, "engine_last_turn_timestamp_seconds", "When the engine's loop last turned.",
		    view_wall_seconds(view, view->engine_turn_ns));
}

static void write_processes(const struct view *view, FILE *to)
{
	const struct status_sensor *sensor = &view->sensor;

	head(to, "process_up", "gauge", "1 if the process of the agent runs.");
	for (size_t i = 0; i < sensor->n_processes; i++)
		put_labelled(to, "process_up", "process", sensor->processes[i].name, sensor->processes[i].pid != 0);
	head(to, "process_restarts_total", "counter", "Times that the process fell and was started anew.");
	for (size_t i = 0; i < sensor->n_processes; i++)
		put_labelled(to, "process_restarts_total", "process", sensor->processes[i].name,
			     sensor->processes[i].restarts);
	head(to, "process_cpu_seconds_total", "counter", "CPU time of the process that runs now.");
	for (size_t i = 0; i < sensor->n_processes; i++)
		fprintf(to, "brigwatch_process_cpu_seconds_total{process=\"%s\"} %.2f\n", sensor->processes[i].name,
			(double)sensor->processes[i].cpu_ns / 1e9);
	head(to, "process_resident_memory_bytes", "gauge", "Resident memory of the process, the rings in it included.");
	for (size_t i = 0; i < sensor->n_processes; i++)
		put_labelled(to, "process_resident_memory_bytes", "process", sensor->processes[i].name,
			     sensor->processes[i].resident_bytes);
}

/* Which member of a book. */
static const struct {
	const char *name, *help;
	size_t offset;
} books[] = {
	{ "events_seen_total", "Records that the kernel side wanted to send: delivered + dropped + suppressed.",
	  offsetof(struct book, seen) },
	{ "events_delivered_total", "Records that were put into a ring.", offsetof(struct book, delivered) },
	{ "events_dropped_total", "Records that found no room in the ring.", offsetof(struct book, dropped) },
	{ "events_suppressed_total", "Records beyond the budget of the container that made them.",
	  offsetof(struct book, suppressed) },
};

/* Types that the kernel makes appear with their first record in either ring,
 * but all four numbers at once; the loss of a first series to rate() costs less
 * than hundreds of zeros for ever. */
static void write_books(const struct view *view, FILE *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(books); i++) {
		head(to, books[i].name, "counter", books[i].help);
		for (unsigned int ring = 0; ring < RING_MAX; ring++) {
			for (unsigned int type = 1; type < EVENT_TYPE_MAX; type++) {
				const struct book *book = &view->engine.books[ring][type];
				uint64_t value;

				if (!book->seen)
					continue;
				memcpy(&value, (const char *)book + books[i].offset, sizeof(value));
				put_pair(to, books[i].name, "ring", ring_names[ring], "type", event_type_name(type), value);
			}
		}
	}
}

static void write_events(const struct view *view, FILE *to)
{
	const struct status_engine *engine = &view->engine;

	write_books(view, to);
	put_u64(to, "events_received_total", "counter", "Records that the engine took from the rings.", engine->received);
	put_u64(to, "events_malformed_total", "counter", "Records that could not be decoded.", engine->malformed);
	put_u64(to, "events_gaps_total", "counter",
		"Sequence numbers that never came, those of dropped records included.", engine->gaps);
	head(to, "events_lost_total", "counter",
	     "What no rule saw: dropped, unexplained (gaps beyond that), malformed, missed_run.");
	put_labelled(to, "events_lost_total", "reason", "dropped", view_books(view).dropped);
	put_labelled(to, "events_lost_total", "reason", "unexplained", engine->unexplained);
	put_labelled(to, "events_lost_total", "reason", "malformed", engine->malformed);
	put_labelled(to, "events_lost_total", "reason", "missed_run", view->sensor.missed_runs);
	put_u64(to, "suppressed_containers", "gauge",
		"Containers of which records were suppressed; /health names them.", engine->suppressed_containers);
	head(to, "ring_size_bytes", "gauge", "Size of the ring.");
	for (unsigned int ring = 0; ring < RING_MAX; ring++)
		put_labelled(to, "ring_size_bytes", "ring", ring_names[ring], ring_sizes[ring]);
	head(to, "ring_unread_bytes", "gauge", "What lies in the ring unread.");
	for (unsigned int ring = 0; ring < RING_MAX; ring++)
		put_labelled(to, "ring_unread_bytes", "ring", ring_names[ring], engine->ring_unread[ring]);
}

static void write_kernel(const struct view *view, FILE *to)
{
	static const struct {
		enum counter counter;
		const char *reason;
	} reasons[] = {
		{ COUNTER_TAIL_CALL, "tail_call" },
		{ COUNTER_SUBJECT_FULL, "subjects_full" },
		{ COUNTER_CONTAINERS_FULL, "containers_full" },
		{ COUNTER_MNT_NS_FULL, "mount_namespaces_full" },
		{ COUNTER_RUNTIME_BINARIES_FULL, "runtime_binaries_full" },
		{ COUNTER_BUDGETS_FULL, "budgets_full" },
		{ COUNTER_TOO_LARGE, "record_too_large" },
		{ COUNTER_DIRECT_FD, "direct_descriptor" },
	};
	const struct status_sensor *sensor = &view->sensor;
	size_t n_attached = 0;

	head(to, "kernel_errors_total", "counter",
	     "Times that the kernel side ran out of room for its state, or failed otherwise.");
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		put_labelled(to, "kernel_errors_total", "reason", reasons[i].reason,
			     view->engine.counters[reasons[i].counter]);
	put_u64(to, "unknown_calls_total", "counter",
		"System calls of containers with a number in no table of this build.",
		view->engine.counters[COUNTER_UNKNOWN_CALL]);
	for (size_t i = 0; i < sensor->n_hooks; i++)
		n_attached += sensor->hooks[i].is_attached;
	put_u64(to, "hooks_expected", "gauge", "Hooks that this kernel has.", sensor->n_hooks);
	put_u64(to, "hooks_attached", "gauge", "Hooks that are attached.", n_attached);
	head(to, "hook_attached", "gauge", "1 if the hook is attached.");
	for (size_t i = 0; i < sensor->n_hooks; i++)
		put_labelled(to, "hook_attached", "hook", sensor->hooks[i].name, sensor->hooks[i].is_attached);
	head(to, "hook_missed_runs_total", "counter",
	     "Runs that did not take place because the program was running on that CPU already: losses.");
	for (size_t i = 0; i < sensor->n_hooks; i++)
		put_labelled(to, "hook_missed_runs_total", "hook", sensor->hooks[i].name, sensor->hooks[i].missed_runs);
	put_u64(to, "pins_expected", "gauge",
		"Maps, programs and links that should be pinned; 0 without a bpf file system.", sensor->pins_expected);
	put_u64(to, "pins_intact", "gauge", "Of these, pinned at the last look, before what was missing was put back.",
		sensor->pins_expected > sensor->pins_missing ? sensor->pins_expected - sensor->pins_missing : 0);
	put_u64(to, "pins_restored_total", "counter", "Pins that somebody took away and that were put back.",
		sensor->pins_restored);
	put_u64(to, "canary_sent_total", "counter", "Heartbeats that the sensor sent through the kernel.",
		view->engine.canaries);
	put_u64(to, "canary_missed_total", "counter", "Heartbeats that did not come back within 5 s.",
		view->engine.canaries_missed);
	put_seconds(to, "canary_last_success_timestamp_seconds", "When a heartbeat last came back.",
		    view_wall_seconds(view, view->engine.canary_ok_ns));
}

static void write_latency(const struct status_engine *engine, FILE *to)
{
	uint64_t sum = 0;

	head(to, "alert_latency_seconds", "histogram", "From the event to the alert in the queues of the outputs.");
	for (size_t i = 0; i < STATUS_LATENCIES; i++) {
		sum += engine->latencies[i];
		fprintf(to, "brigwatch_alert_latency_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", status_latency_bounds[i], sum);
	}
	sum += engine->latencies[STATUS_LATENCIES];
	fprintf(to, "brigwatch_alert_latency_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", sum);
	fprintf(to, "brigwatch_alert_latency_seconds_sum %.9f\n", (double)engine->latency_sum_ns / 1e9);
	fprintf(to, "brigwatch_alert_latency_seconds_count %" PRIu64 "\n", sum);
}

static void write_rules(const struct view *view, FILE *to)
{
	const struct status_engine *engine = &view->engine;
	char buf[16];

	put_u64(to, "rules_loaded", "gauge", "Rules that judge.", engine->rules_loaded);
	head(to, "rules_info", "gauge", "Hash of the rules that judge, always 1.");
	put_labelled(to, "rules_info", "hash", engine->rules_hash, 1);
	head(to, "rules_reloads_total", "counter", "Changes of rules, taken or refused.");
	put_labelled(to, "rules_reloads_total", "result", "taken", engine->reloads_taken);
	put_labelled(to, "rules_reloads_total", "result", "refused", engine->reloads_refused);
	put_seconds(to, "rules_last_change_timestamp_seconds", "Since when these rules judge.",
		    (double)engine->rules_wall_ns / 1e9);
	head(to, "alerts_total", "counter", "Alerts; rule=\"other\" for what is beyond the first 1024 rules.");
	for (size_t i = 0; i < engine->n_rules; i++)
		put_pair(to, "alerts_total", "rule", engine->rules[i].id, "priority",
			 lower(priority_name(engine->rules[i].priority), buf), engine->rules[i].alerts);
	if (engine->alerts_other)
		put_pair(to, "alerts_total", "rule", "other", "priority", "other", engine->alerts_other);
	put_u64(to, "alerts_folded_total", "counter", "Repeats that were counted and not told.", engine->alerts_folded);
	put_u64(to, "alerts_lost_total", "counter", "Alerts that no output took.", engine->alerts_lost);
	write_latency(engine, to);
	put_u64(to, "incidents_total", "counter", "Incidents begun.", engine->incidents);
}

static void write_enrichment(const struct view *view, FILE *to)
{
	static const char *const enriched[ENRICHED_MAX] = {
		[ENRICHED_OK] = "ok", [ENRICHED_LATE] = "late", [ENRICHED_MISSING] = "missing",
	};
	static const char *const refused[REFUSED_MAX] = {
		[REFUSED_FOUND] = "found", [REFUSED_NOT_FOUND] = "not_found",
		[REFUSED_LATE] = "late",   [REFUSED_SKIPPED] = "skipped",
	};
	const struct status_engine *engine = &view->engine;

	head(to, "enrichment_total", "counter",
	     "Containers whose name was there in time (ok), after an alert (late), or never (missing).");
	for (size_t i = 0; i < ENRICHED_MAX; i++)
		put_labelled(to, "enrichment_total", "result", enriched[i], engine->enriched[i]);
	head(to, "refused_opens_total", "counter",
	     "Refused opens whose object was looked up: found, not_found, late, skipped.");
	for (size_t i = 0; i < REFUSED_MAX; i++)
		put_labelled(to, "refused_opens_total", "result", refused[i], engine->refused[i]);
	head(to, "table_entries", "gauge", "Entries of a table of the engine.");
	put_labelled(to, "table_entries", "table", "processes", engine->entries[STATUS_PROCESSES]);
	put_labelled(to, "table_entries", "table", "containers", engine->entries[STATUS_CONTAINERS]);
	head(to, "table_evictions_total", "counter", "Entries that were forgotten for want of room.");
	for (unsigned int i = 0; i < STATUS_TABLES; i++)
		put_labelled(to, "table_evictions_total", "table", status_table_name(i), engine->evictions[i]);
}

static double boot_wall_seconds(const struct view *view, uint64_t boot_ns)
{
	return boot_ns ? ((double)view->wall_ns - (double)view->boot_ns + (double)boot_ns) / 1e9 : 0;
}

/* Numbers of an output, by where they are. */
static const struct {
	const char *name, *type, *help;
	size_t offset;
} outputs[] = {
	{ "output_accepted_total", "counter", "Alerts that the queue of the output took.",
	  offsetof(struct outbox_stats, accepted) },
	{ "output_dropped_total", "counter", "Alerts for which it had no room.", offsetof(struct outbox_stats, dropped) },
	{ "output_written_total", "counter", "Alerts that the receiver has.", offsetof(struct outbox_stats, written) },
	{ "output_failed_total", "counter", "Alerts that were given up.", offsetof(struct outbox_stats, failed) },
	{ "output_retries_total", "counter", "Deliveries that were tried again.", offsetof(struct outbox_stats, retries) },
	{ "output_queue_records", "gauge", "Alerts that wait.", offsetof(struct outbox_stats, queued) },
	{ "output_queue_bytes", "gauge", "Bytes that wait.", offsetof(struct outbox_stats, queued_bytes) },
	{ "output_queue_size_bytes", "gauge", "Room of the queue.", offsetof(struct outbox_stats, size) },
};

static void write_outputs(const struct view *view, FILE *to)
{
	head(to, "output_up", "gauge", "1 if the last delivery succeeded, or none was tried.");
	for (size_t i = 0; i < view->n_outputs; i++)
		put_pair(to, "output_up", "sink", view->outputs[i].name, "kind", view->outputs[i].kind,
			 !view->outputs[i].is_failing);
	for (size_t k = 0; k < ARRAY_SIZE(outputs); k++) {
		head(to, outputs[k].name, outputs[k].type, outputs[k].help);
		for (size_t i = 0; i < view->n_outputs; i++) {
			uint64_t value;

			memcpy(&value, (const char *)&view->outputs[i] + outputs[k].offset, sizeof(value));
			put_pair(to, outputs[k].name, "sink", view->outputs[i].name, "kind", view->outputs[i].kind, value);
		}
	}
	head(to, "output_last_written_timestamp_seconds", "gauge", "When the receiver last took an alert; 0: never.");
	for (size_t i = 0; i < view->n_outputs; i++) {
		fputs("brigwatch_output_last_written_timestamp_seconds{sink=\"", to);
		put_label(to, view->outputs[i].name);
		fputs("\",kind=\"", to);
		put_label(to, view->outputs[i].kind);
		fprintf(to, "\"} %.3f\n", boot_wall_seconds(view, view->outputs[i].last_written_ns));
	}
}

static void write_http(const struct view_http *http, FILE *to)
{
	head(to, "http_requests_total", "counter", "Answers of the status server.");
	put_labelled(to, "http_requests_total", "code", "200", http->ok);
	put_labelled(to, "http_requests_total", "code", "404", http->not_found);
	put_labelled(to, "http_requests_total", "code", "405", http->not_allowed);
	put_labelled(to, "http_requests_total", "code", "503", http->unavailable);
	put_labelled(to, "http_requests_total", "code", "500", http->failed);
	put_u64(to, "http_cut_connections_total", "counter",
		"Connections that were ended because they took too long or were too many.", http->cut);
}

void metrics_write(const struct view *view, const struct verdict *verdict, bool is_textfile, FILE *to)
{
	write_agent(view, verdict, to);
	write_processes(view, to);
	write_events(view, to);
	write_kernel(view, to);
	write_rules(view, to);
	write_enrichment(view, to);
	write_outputs(view, to);
	if (is_textfile)
		put_seconds(to, "textfile_written_timestamp_seconds",
			    "When this was written. Old means that the agent is gone.", (double)view->wall_ns / 1e9);
	else
		write_http(&view->http, to);
}
