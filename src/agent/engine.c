// SPDX-License-Identifier: Apache-2.0
#include "agent/engine.h"

#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "agent/asks.h"
#include "agent/figures.h"
#include "agent/incident.h"
#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/resolve.h"
#include "agent/rulebook.h"
#include "agent/sandbox.h"
#include "agent/watch.h"
#include "enrich/enrich.h"
#include "sink/sink.h"
#include "source/source.h"

/* Urgent records with a fact wake the engine at once; all others wait for the
 * end of its nap. */
#define NAP_MS 20
#define CHECK_INTERVAL_NS 1000000000ull
/* An alert waits so long for a container's name, once per container. */
#define ENRICH_WAIT_MS 50
/* A heartbeat that has not come back by then is missing. */
#define CANARY_LATE_NS 5000000000ull
#define MESSAGE_ROOM 16384
#define LABEL_ROOM 512
#define OPEN_INCIDENTS_MAX 512
#define RULES_ERROR_MAX 1024

struct engine_output {
	const struct output_spec *spec;
	struct outbox *box;
	bool colour;
	bool is_full;	/* the last alert found no room */
	bool is_told;	/* that, by a record */
	uint64_t n_dropped, n_told;
};

struct engine {
	const struct engine_config *config;
	struct source *source;
	struct enrich *enrich;
	struct engine_output outputs[OUTPUTS_MAX];
	size_t n_outputs;
	struct rulebook book;
	struct incidents *incidents;
	struct ledger ledger;
	struct figures figures;
	struct asks asks;
	struct resolver resolver;
	struct own own;
	struct watchers watchers;
	unsigned int n_watchers_told;
	uint64_t wall_offset_ns;	/* CLOCK_REALTIME - CLOCK_BOOTTIME */
	uint64_t next_check_ns;
	uint64_t canary, canary_sent_ns;	/* canary 0: none under way */
	uint64_t canary_early;		/* came through the ring before we were told of it */
	uint64_t n_alerts;
	uint64_t n_by_priority[PRIORITY_MAX];
	bool stop;
	int exit_code;
	char message[MESSAGE_ROOM];
	char labels[OUTBOX_LABELS][LABEL_ROOM];
	char resolved[EVENT_SIZE_MAX];	/* the record under way, with its object */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* ---- outputs ---- */

static void fill_labels(struct engine *engine, const struct finding *finding, struct outbox_record *record)
{
	const struct container_view *container = finding->event->container;
	const struct slice texts[OUTBOX_LABELS] = {
		[OUTBOX_RULE] = slice_from(finding->rule_id),
		[OUTBOX_RULE_NAME] = slice_from(finding->rule_name),
		[OUTBOX_CONTAINER] = container ? container->id : (struct slice){},
		[OUTBOX_CONTAINER_NAME] = container ? container->name : (struct slice){},
		[OUTBOX_IMAGE] = container ? container->image : (struct slice){},
		[OUTBOX_NAMESPACE] = container ? container->pod_ns : (struct slice){},
		[OUTBOX_POD] = container ? container->pod : (struct slice){},
	};

	for (size_t i = 0; i < OUTBOX_LABELS; i++)
		record->labels[i] = (struct slice){ engine->labels[i],
						    encode_text(texts[i], engine->labels[i], LABEL_ROOM) };
}

static void note_push(struct engine_output *output, int r)
{
	if (r == 0) {
		/* A small one may fit where a large one did not: that is no end of it. */
		if (output->is_full && outbox_room(output->box) >= output->spec->queue_bytes / 2)
			output->is_full = false;
		return;
	}
	output->n_dropped++;
	if (!output->is_full)
		log_message("output", "%s: %s. Detection goes on, alerts that find no room are counted", output->spec->name,
			    r == -EMSGSIZE ? "an alert is too large for its queue" :
			    r == -ENOMEM   ? "no memory for an alert" :
					     "its queue is full");
	output->is_full = true;
}

/* Each format is rendered once. Nobody is waited for. */
static void offer(struct engine *engine, const struct finding *finding)
{
	struct outbox_record record = {
		.wall_ns = finding->event->wall_ns,
		.severity = finding->severity,
		.is_urgent = finding->severity <= PRIORITY_CRITICAL,
	};
	char *texts[OUTPUTS_MAX] = {};
	size_t lens[OUTPUTS_MAX];

	fill_labels(engine, finding, &record);
	for (size_t i = 0; i < engine->n_outputs; i++) {
		struct engine_output *output = &engine->outputs[i];
		size_t same = 0;

		if (output->spec->has_min_priority && finding->severity > output->spec->min_priority)
			continue;
		while (same < i && !(texts[same] && engine->outputs[same].spec->format == output->spec->format &&
				     engine->outputs[same].colour == output->colour))
			same++;
		if (same == i && sink_render(finding, output->spec->format, output->colour, &texts[i], &lens[i]) < 0) {
			/* Counted like one that is too large. */
			record.text = (struct slice){ NULL, SIZE_MAX };
			(void)outbox_push(output->box, &record);
			note_push(output, -ENOMEM);
			continue;
		}
		record.text = (struct slice){ texts[same], lens[same] };
		note_push(output, outbox_push(output->box, &record));
	}
	for (size_t i = 0; i < engine->n_outputs; i++)
		free(texts[i]);
}

static size_t fill_sequence(const struct engine *engine, const struct rule *rule,
			    struct sequence_step *ret)
{
	struct rule_step steps[SEQUENCE_STEPS_MAX];
	size_t n = rule_state_steps(engine->book.state, rule, steps);

	for (size_t i = 0; i < n; i++)
		ret[i] = (struct sequence_step){ steps[i].name, steps[i].wall_ns, steps[i].pid,
						 steps[i].proc_name };
	return n;
}

static void on_match(const struct rule *rule, const struct event *ev, void *arg)
{
	struct engine *engine = arg;
	const struct field *const *fields = NULL;
	struct sequence_step sequence[SEQUENCE_STEPS_MAX];
	struct finding finding = {
		.rule_id = rule_id(rule),
		.rule_name = rule_name(rule),
		.description = rule_description(rule),
		.why = rule_why(rule),
		.priority = priority_name(rule_priority(rule)),
		.severity = rule_priority(rule),
		.response = rule_response(rule),
		.references = rule_references(rule),
		.mitre = rule_mitre(rule),
		.tags = rule_tags(rule),
		.techniques = rule_techniques(rule),
		.event = ev,
		.rules_hash = rule_set_hash(engine->book.set),
		.hostname = engine->config->hostname,
		.lost = engine->ledger.lost,
	};
	uint64_t now;

	if (!rule_state_note(engine->book.state, rule, ev, &finding.folded))
		return;
	finding.n_sequence = fill_sequence(engine, rule, sequence);
	finding.sequence = sequence;
	finding.message.data = engine->message;
	finding.message.len = rule_format_output(rule, ev, engine->message, sizeof(engine->message));
	finding.n_fields = rule_fields(rule, &fields);
	finding.fields = fields;
	finding.incident = incidents_join(engine->incidents, &finding);
	finding.number = ++engine->n_alerts;
	enrich_note_alert(engine->enrich, ev);
	watchers_alert(&engine->watchers, &finding);
	if (rule_priority(rule) < PRIORITY_MAX)
		engine->n_by_priority[rule_priority(rule)]++;
	offer(engine, &finding);
	now = clock_ns(CLOCK_BOOTTIME);
	figures_count_alert(&engine->figures, rule, now > ev->hdr.time_ns ? now - ev->hdr.time_ns : 0);
}

static void note_match(const struct rule *rule, const struct event *ev, void *arg)
{
	(void)rule;
	(void)ev;
	*(bool *)arg = true;
}

static bool would_match(const struct engine *engine, const struct event *ev)
{
	bool is_match = false;

	rule_set_evaluate(engine->book.set, ev, note_match, &is_match);
	return is_match;
}

static void handle_record(struct engine *engine, const void *rec, size_t len, bool is_made_here);

/* A record that the engine makes itself goes the way of all others, so that
 * rules see it and a capture would hold it. */
static void submit_own(void *rec, size_t len, void *arg)
{
	struct engine *engine = arg;
	struct event_hdr hdr;

	memcpy(&hdr, rec, sizeof(hdr));
	hdr.size = (uint32_t)len;
	hdr.version = EVENT_VERSION;
	hdr.tier = TIER_USER;
	hdr.time_ns = clock_ns(CLOCK_BOOTTIME);
	hdr.nr = -1;
	hdr.way = WAY_NONE;
	if (hdr.phase == PHASE_UNKNOWN)
		hdr.phase = PHASE_HOST;
	memcpy(rec, &hdr, sizeof(hdr));
	handle_record(engine, rec, len, true);
}

static void report_loss(struct engine *engine, enum loss_kind kind, unsigned int type, uint64_t container,
			uint64_t n)
{
	struct event_loss loss = { .count = n, .kind = kind, .event_type = type };

	loss.hdr.type = EVENT_LOSS;
	loss.hdr.container = container;
	submit_own(&loss, sizeof(loss), engine);
}

static void on_canary(struct engine *engine, const struct event *ev)
{
	if (ev->u.canary.nonce == engine->canary)
		engine->canary = 0;
	else
		engine->canary_early = ev->u.canary.nonce;
	engine->figures.status.canary_ok_ns = status_now();
}

static void learn_birth(struct engine *engine, const struct event *ev)
{
	own_note_birth(&engine->own, ev);
	asks_begin(&engine->asks, ev->container, ev->u.container.init_tgid, ev->u.container.init_start_ns,
		   ev->u.container.seeded, submit_own, engine);
}

static size_t put_string(char *buf, size_t at, const char *s, __u16 *ret_len)
{
	size_t len = strlen(s);

	memcpy(buf + at, s, len);
	*ret_len = (__u16)len;
	return at + len;
}

/* What is said of containers and disagrees becomes records of its own. */
static void report_conflicts(struct engine *engine)
{
	struct identity_conflict conflict;

	while (enrich_take_conflict(engine->enrich, &conflict)) {
		struct event_identity identity = { .hdr = conflict.hdr };
		char buf[sizeof(identity) + sizeof(conflict.claimed) + sizeof(conflict.actual) + sizeof(conflict.path)];
		size_t at = sizeof(identity);

		identity.hdr.type = EVENT_IDENTITY;
		identity.hdr.flags = 0;
		identity.hdr.facts = 0;
		identity.hdr.boundary = conflict.hdr.target_container ? BOUNDARY_OTHER : BOUNDARY_NONE;
		identity.hdr.ret = 0;
		identity.kind = (__u16)conflict.kind;
		identity.source = (__u16)conflict.source;
		at = put_string(buf, at, conflict.claimed, &identity.claimed_len);
		at = put_string(buf, at, conflict.actual, &identity.actual_len);
		at = put_string(buf, at, conflict.path, &identity.path_len);
		memcpy(buf, &identity, sizeof(identity));
		submit_own(buf, at, engine);
	}
}

static void judge(struct engine *engine, struct event *ev)
{
	/* Does any rule match at all? Only then is a name worth waiting for. */
	if (ev->container && ev->container->pending && ev->hdr.type != EVENT_CONTAINER_INFO &&
	    ev->hdr.type != EVENT_POSTURE && would_match(engine, ev)) {
		/* Where the birth was lost nobody has asked yet. */
		asks_begin(&engine->asks, ev->container, 0, 0, true, submit_own, engine);
		asks_wait(&engine->asks, ev->hdr.container, ENRICH_WAIT_MS, submit_own, engine);
		enrich_apply(engine->enrich, ev);	/* learns nothing twice, but views are new */
	}
	rule_set_evaluate(engine->book.set, ev, on_match, engine);
}

static void handle_record(struct engine *engine, const void *rec, size_t len, bool is_made_here)
{
	struct event ev;
	int r;

	r = event_decode(rec, len, &ev);
	if (r < 0) {
		engine->ledger.malformed++;
		return;
	}
	if (!is_made_here)
		ledger_note(&engine->ledger, &ev.hdr);
	ev.wall_ns = ev.hdr.time_ns + engine->wall_offset_ns;
	if (ev.hdr.type == EVENT_CANARY) {
		on_canary(engine, &ev);
		return;
	}
	watchers_record(&engine->watchers, rec, len);
	enrich_apply(engine->enrich, &ev);
	if (ev.hdr.type == EVENT_CONTAINER && ev.container) {
		learn_birth(engine, &ev);
		enrich_apply(engine->enrich, &ev);
	}
	if (!own_is_doing(&engine->own, &ev))
		judge(engine, &ev);
	report_conflicts(engine);
}

/* From here on the completed record is the record: rules see it, and a capture
 * is to hold it instead of the kernel's. */
static int on_record(const void *rec, size_t len, unsigned int ring, void *arg)
{
	struct engine *engine = arg;

	(void)ring;
	if (resolve_record(&engine->resolver, rec, len, engine->resolved, &len))
		rec = engine->resolved;
	handle_record(engine, rec, len, false);
	return 0;
}

/* What happened while no engine ran lies in the ring before the snapshot that
 * tells of whom it is: that is learned first, out of turn. */
static int on_waiting(const void *rec, size_t len, unsigned int ring, void *arg)
{
	struct engine *engine = arg;
	struct event ev;

	(void)ring;
	if (event_decode(rec, len, &ev) < 0)
		return 0;
	if (ev.hdr.type != EVENT_CONTAINER && ev.hdr.type != EVENT_PROC)
		return 0;
	enrich_apply(engine->enrich, &ev);
	if (ev.hdr.type == EVENT_CONTAINER && ev.container)
		learn_birth(engine, &ev);
	return 0;
}

/* ---- duties beside the rings ---- */

static void check_canary(struct engine *engine, uint64_t now)
{
	if (!engine->canary || now - engine->canary_sent_ns < CANARY_LATE_NS)
		return;
	engine->canary = 0;
	engine->figures.status.canaries_missed++;
	engine->figures.status.canary_missed_ns = status_now();
	report_loss(engine, LOSS_CANARY, EVENT_CANARY, 0, 1);
}

static void check_ledger(struct engine *engine)
{
	struct ledger_report report;

	ledger_check(&engine->ledger, engine->source, &report);
	for (size_t i = 0; i < report.n; i++)
		report_loss(engine, report.losses[i].kind, report.losses[i].type, report.losses[i].container,
			    report.losses[i].count);
}

/* Once when a queue is full and once when there is room again: the alert that tells
 * of it goes the same way. */
static void check_outputs(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_outputs; i++) {
		struct engine_output *output = &engine->outputs[i];
		uint64_t n = output->n_dropped - output->n_told;

		if (!n || (output->is_full && output->is_told))
			continue;
		output->n_told = output->n_dropped;
		output->is_told = output->is_full;
		report_loss(engine, LOSS_OUTPUT, 0, 0, n);
	}
}

/* What happened to the rules, told by a record: the new ones judge it. */
static void report_rules(struct engine *engine, const char *before, const char *error)
{
	struct event_rules rules = {};
	char buf[sizeof(rules) + 256 + RULES_ERROR_MAX];
	const char *strings[] = { rule_set_hash(engine->book.set), before, error };
	__u16 *lens[] = { &rules.hash_len, &rules.before_len, &rules.error_len };
	size_t at = sizeof(rules);

	rules.hdr.type = EVENT_RULES;
	rules.hdr.flags = *error ? EVENT_F_FAILED : 0;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		*lens[i] = (__u16)strnlen(strings[i], i < 2 ? 128 : RULES_ERROR_MAX);
		memcpy(buf + at, strings[i], *lens[i]);
		at += *lens[i];
	}
	memcpy(buf, &rules, sizeof(rules));
	submit_own(buf, at, engine);
}

static void note_refusal(struct engine *engine)
{
	engine->figures.status.reloads_refused++;
}

static void take_rules(struct engine *engine, int fd)
{
	struct parse_error error;
	char before[80];
	int r;

	snprintf(before, sizeof(before), "%s", rule_set_hash(engine->book.set));
	r = rulebook_replace(&engine->book, fd, engine->config->load, &error);
	if (r < 0) {
		log_message("engine", "cannot take the new rules: %s", error.message);
		note_refusal(engine);
		report_rules(engine, "", error.message);
	} else {
		engine->figures.status.reloads_taken++;
		figures_take_rules(&engine->figures, engine->book.set, clock_ns(CLOCK_REALTIME));
		report_rules(engine, before, "");
	}
	(void)control_send(engine->config->control_fd, CONTROL_TAKEN, (uint64_t)-r, -1);
}

static void tell_refusal(struct engine *engine, int fd)
{
	char error[RULES_ERROR_MAX + 1];
	ssize_t n = pread(fd, error, sizeof(error) - 1, 0);

	error[n > 0 ? n : 0] = '\0';
	note_refusal(engine);
	report_rules(engine, "", error[0] ? error : "not known why");
}

static void read_control(struct engine *engine)
{
	struct control control;
	int n;

	for (;;) {
		cleanup_close int fd = -1;

		n = control_receive(engine->config->control_fd, &control, &fd);
		if (n < 0)
			return;
		if (n == 0) {
			log_message("engine", "the sensor is gone; what it attached stays attached and what the rings "
				    "hold stays there for the next start");
			engine->stop = true;
			engine->exit_code = EXIT_INTERNAL;
			return;
		}
		switch (control.type) {
		case CONTROL_CANARY:
			engine->figures.status.canaries++;
			engine->canary = control.value == engine->canary_early ? 0 : control.value;
			engine->canary_sent_ns = clock_ns(CLOCK_BOOTTIME);
			break;
		case CONTROL_HOOKS:
			report_loss(engine, LOSS_HOOK, 0, 0, control.value);
			break;
		case CONTROL_MISSED:
			ledger_note_missed(&engine->ledger, control.value);
			report_loss(engine, LOSS_MISSED_RUN, 0, 0, control.value);
			break;
		case CONTROL_RULES: take_rules(engine, fd); break;
		case CONTROL_REFUSED: tell_refusal(engine, fd); break;
		case CONTROL_WATCH:
			if (fd >= 0)
				watchers_add(&engine->watchers, take_fd(fd));
			break;
		case CONTROL_STOP:
			engine->stop = true;
			break;
		}
	}
}

static void print_calls(const struct ledger_totals *totals)
{
	char text[400] = "";
	size_t used = 0;

	if (!totals->counted_calls && !totals->unknown_calls)
		return;
	for (size_t i = 0; i < totals->n_calls && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %" PRIu64,
					 i ? ", " : ": ", totals->calls[i].name,
					 totals->calls[i].n);
	log_message("summary",
		    "containers' calls: %" PRIu64 " with unknown numbers, %" PRIu64
		    " only counted%s",
		    totals->unknown_calls, totals->counted_calls, text);
}

static void print_summary(struct engine *engine)
{
	struct ledger_totals totals;
	struct enrich_stats stats;
	struct incident_stats incidents;
	struct rule_stats rules;

	incidents_get_stats(engine->incidents, &incidents);
	rule_state_get_stats(engine->book.state, &rules);
	ledger_sum(&engine->ledger, &totals);
	enrich_get_stats(engine->enrich, &stats);
	log_message("summary", "%" PRIu64 " events, %" PRIu64 " alerts (%" PRIu64 " critical, %" PRIu64 " error, %" PRIu64
		    " warning, %" PRIu64 " notice), %" PRIu64 " repeats folded",
		    engine->ledger.received, engine->n_alerts, engine->n_by_priority[PRIORITY_CRITICAL],
		    engine->n_by_priority[PRIORITY_ERROR], engine->n_by_priority[PRIORITY_WARNING],
		    engine->n_by_priority[PRIORITY_NOTICE], rules.n_folded);
	log_message("summary", "books: seen=%" PRIu64 " delivered=%" PRIu64 " dropped=%" PRIu64 " suppressed=%" PRIu64
		    " received=%" PRIu64 " gaps=%" PRIu64 " malformed=%" PRIu64 " missed_runs=%" PRIu64,
		    (uint64_t)totals.book.seen, (uint64_t)totals.book.delivered, (uint64_t)totals.book.dropped,
		    (uint64_t)totals.book.suppressed,
		    engine->ledger.received, engine->ledger.gaps, engine->ledger.malformed,
		    engine->ledger.missed_runs);
	print_calls(&totals);
	if (engine->resolver.n_asked || engine->resolver.n_skipped)
		log_message("summary", "refused opens: %" PRIu64 " looked up, %" PRIu64 " objects found, %" PRIu64
			    " answers late, %" PRIu64 " not looked up for want of budget",
			    engine->resolver.n_asked, engine->resolver.n_found, engine->resolver.n_late,
			    engine->resolver.n_skipped);
	if (incidents.n_begun)
		log_message("summary", "%" PRIu64 " incidents, %" PRIu64 " closed early for want of room",
			    incidents.n_begun, incidents.n_evicted);
	if (rules.n_folds_evicted || rules.n_windows_evicted || rules.n_chains_evicted)
		log_message("summary",
			    "rules forgot %" PRIu64 " keys of suppressed repeats, %" PRIu64
			    " of thresholds and %" PRIu64 " of sequences for want of room",
			    rules.n_folds_evicted, rules.n_windows_evicted, rules.n_chains_evicted);
	if (stats.inners_evicted || stats.conflicts_dropped)
		log_message("summary", "%" PRIu64 " containers in containers evicted, %" PRIu64
			    " contradictions about names of containers not told",
			    stats.inners_evicted, stats.conflicts_dropped);
	if (stats.procs_evicted || stats.containers_evicted || totals.direct_fd)
		log_message("summary", "%" PRIu64 " processes and %" PRIu64 " containers evicted from tables, %" PRIu64
			    " files opened by io_uring not found for judgement",
			    stats.procs_evicted, stats.containers_evicted, totals.direct_fd);
}

static void publish(struct engine *engine)
{
	const struct figures_sources from = {
		.ledger = &engine->ledger,
		.enrich = engine->enrich,
		.incidents = engine->incidents,
		.asks = &engine->asks,
		.resolver = &engine->resolver,
	};
	struct status_engine *status = &engine->figures.status;

	status->alerts_lost = 0;
	status->output_error = 0;
	for (size_t i = 0; i < engine->n_outputs; i++) {
		struct outbox_stats stats;

		outbox_get_stats(engine->outputs[i].box, &stats);
		status->alerts_lost += stats.dropped + stats.failed;
		if (stats.is_failing)
			status->output_error = stats.last_error;
	}
	(void)source_rings_unread(engine->source, status->ring_unread);
	figures_publish(&engine->figures, &from, engine->book.state);
}

/* The sensor asks the kernel side for less when nobody watches any more. */
static void check_watchers(struct engine *engine)
{
	watchers_sweep(&engine->watchers);
	if (engine->watchers.n != engine->n_watchers_told &&
	    control_send(engine->config->control_fd, CONTROL_WATCHERS, engine->watchers.n, -1) == 0)
		engine->n_watchers_told = engine->watchers.n;
}

static void loop(struct engine *engine)
{
	uint64_t now;
	int r;

	while (!engine->stop) {
		status_turn(engine->figures.page, status_now());
		r = source_poll(engine->source, NAP_MS, on_record, engine);
		if (r < 0 && r != -EINTR) {
			log_message("engine", "cannot read the rings: %s, ending", strerror(-r));
			engine->exit_code = EXIT_INTERNAL;
			return;
		}
		read_control(engine);
		asks_collect(&engine->asks, submit_own, engine);
		now = clock_ns(CLOCK_BOOTTIME);
		check_canary(engine, now);
		if (now >= engine->next_check_ns) {
			engine->next_check_ns = now + CHECK_INTERVAL_NS;
			engine->wall_offset_ns = clock_ns(CLOCK_REALTIME) - now;
			check_ledger(engine);
			check_outputs(engine);
			publish(engine);
			check_watchers(engine);
		}
	}
	/* Told to stop: the hooks are gone, what is in the rings is the rest. */
	if (engine->exit_code == EXIT_DONE) {
		do {
			r = source_poll(engine->source, 0, on_record, engine);
		} while (r > 0);
		asks_finish(&engine->asks, submit_own, engine);
		check_ledger(engine);
		check_outputs(engine);
		publish(engine);
	}
}

/* The locks of the queues' files stay with us, what could make them shorter does not. */
static int open_outputs(struct engine *engine)
{
	const struct engine_config *config = engine->config;
	int r;

	for (size_t i = 0; i < config->n_outputs; i++) {
		struct engine_output *output = &engine->outputs[i];

		output->spec = &config->outputs[i];
		if (output->spec->kind == OUTPUT_FILE)
			own_note_file(&engine->own, output->spec->target);
		output->colour = config->colour && output->spec->kind == OUTPUT_STDOUT;
		r = outbox_open(&config->outboxes[i], OUTBOX_PRODUCER, &output->box);
		if (r < 0)
			return r;
		close(config->outboxes[i].fd);
		engine->n_outputs = i + 1;
	}
	return 0;
}

static int prepare(struct engine *engine)
{
	const struct engine_config *config = engine->config;
	int r;

	r = source_rings_new(config->urgent_fd, config->bulk_fd, &engine->source);
	if (r < 0)
		return r;
	r = rulebook_init(&engine->book, config->rules);
	if (r < 0)
		return r;
	r = incidents_new(OPEN_INCIDENTS_MAX, &engine->incidents);
	if (r < 0)
		return r;
	r = enrich_new(NULL, &engine->enrich);
	if (r < 0)
		return r;
	r = figures_init(&engine->figures, config->status_fd > 0 ? config->status_fd : -1);
	if (r < 0)
		return r;
	figures_take_rules(&engine->figures, engine->book.set, clock_ns(CLOCK_REALTIME));
	engine->own = config->own;
	r = open_outputs(engine);
	if (r < 0)
		return r;
	ledger_init(&engine->ledger, config->books_fd, config->counters_fd, config->budgets_fd,
		    config->call_counts_fd);
	asks_init(&engine->asks, config->reader_fd);
	watchers_init(&engine->watchers);
	resolver_init(&engine->resolver, config->resolve_fd, config->binaries_fd);
	engine->wall_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	return 0;
}

int engine_run(const struct engine_config *config)
{
	struct control ready = { .type = CONTROL_READY };
	struct engine *engine;
	int r;

	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return EXIT_INTERNAL;
	engine->config = config;
	/* The sensor decides when to end; a key pressed at the terminal reaches both. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	json_object_seed(0);	/* opens /dev/urandom on first use */
	r = prepare(engine);
	if (r == 0)
		r = sandbox_enter_engine();
	if (r < 0) {
		log_message("engine", "cannot start: %s", strerror(-r));
		engine->exit_code = EXIT_INTERNAL;
	} else {
		(void)source_rings_peek(config->urgent_fd, on_waiting, engine);
		(void)!send(config->control_fd, &ready, sizeof(ready), MSG_NOSIGNAL);
		loop(engine);
		print_summary(engine);
	}
	r = engine->exit_code;
	asks_release(&engine->asks);
	figures_release(&engine->figures);
	watchers_release(&engine->watchers);
	for (size_t i = 0; i < engine->n_outputs; i++)
		outbox_close(engine->outputs[i].box);
	enrich_free(engine->enrich);
	incidents_free(engine->incidents);
	rulebook_release(&engine->book);
	source_free(engine->source);
	free(engine);
	return r;
}
