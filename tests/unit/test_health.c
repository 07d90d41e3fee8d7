// SPDX-License-Identifier: Apache-2.0
/* What is told of the agent's state: the judgement, the metrics, the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "agent/status_http.h"
#include "agent/status_metrics.h"
#include "agent/status_server.h"

#define S 1000000000ull

/* An agent that is well, at 100 s after boot. */
static void make_good(struct view *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->now_ns = ret->boot_ns = 100 * S;
	ret->wall_ns = 1000000 * S;
	ret->has_engine = ret->has_sensor = true;
	ret->engine_turn_ns = ret->sensor_turn_ns = 100 * S;
	ret->engine.rules_loaded = 3;
	ret->engine.canary_ok_ns = 98 * S;
	ret->sensor.start_ns = 10 * S;
	ret->sensor.n_hooks = 2;
	snprintf(ret->sensor.hooks[0].name, sizeof(ret->sensor.hooks[0].name), "first");
	snprintf(ret->sensor.hooks[1].name, sizeof(ret->sensor.hooks[1].name), "second");
	ret->sensor.hooks[0].is_attached = ret->sensor.hooks[1].is_attached = 1;
	ret->sensor.hooks[0].is_required = 1;
	ret->sensor.is_pinned = 1;
	ret->sensor.pins_expected = 9;
	ret->sensor.n_processes = 1;
	snprintf(ret->sensor.processes[0].name, 16, "engine");
	ret->sensor.processes[0].pid = 7;
	ret->sensor.processes[0].is_wanted = 1;
	ret->n_outputs = 1;
}

static void nothing(struct view *v) { (void)v; }
static void engine_hangs(struct view *v) { v->engine_turn_ns = 94 * S; }
static void engine_nearly_hangs(struct view *v) { v->engine_turn_ns = 95 * S; }
static void sensor_hangs(struct view *v) { v->sensor_turn_ns = 79 * S; }
static void engine_begins(struct view *v)
{
	v->engine_turn_ns = 0;
	v->has_engine = false;
	v->sensor.start_ns = 80 * S;
}
static void engine_never_began(struct view *v)
{
	v->engine_turn_ns = 0;
	v->has_engine = false;
}
static void needed_hook_gone(struct view *v) { v->sensor.hooks[0].is_attached = 0; }
static void other_hook_gone(struct view *v) { v->sensor.hooks[1].is_attached = 0; }
static void pins_back(struct view *v) { v->sensor.pins_taken_ns = 41 * S; }
static void pins_back_long(struct view *v) { v->sensor.pins_taken_ns = 39 * S; }
static void pins_away(struct view *v)
{
	v->sensor.pins_missing = 2;
	v->sensor.pin_error = EROFS;
}
static void canary_lost(struct view *v) { v->engine.canary_missed_ns = 99 * S; }
static void canary_lost_once(struct view *v) { v->engine.canary_missed_ns = 50 * S; }
static void canary_old(struct view *v) { v->engine.canary_ok_ns = 84 * S; }
static void canary_never(struct view *v) { v->engine.canary_ok_ns = 0; }
static void no_rules(struct view *v) { v->engine.rules_loaded = 0; }
static void lost_now(struct view *v) { v->engine.lost_ns = 60 * S; }
static void lost_long(struct view *v) { v->engine.lost_ns = 40 * S; }
static void missed_now(struct view *v) { v->sensor.missed_ns = 99 * S; }
static void refused(struct view *v) { v->sensor.is_refused = 1; }
static void fallen(struct view *v) { v->sensor.processes[0].pid = 0; }
static void fallen_unwanted(struct view *v)
{
	v->sensor.processes[0].pid = 0;
	v->sensor.processes[0].is_wanted = 0;
}
static void stopping(struct view *v) { v->sensor.is_stopping = 1; }
static void sink_fails(struct view *v) { v->outputs[0].is_failing = true; }
static void output_fails(struct view *v)
{
	v->n_outputs = 0;
	v->engine.output_error = ENOSPC;
}
static void future(struct view *v) { v->engine_turn_ns = v->sensor_turn_ns = 200 * S; }

static const struct {
	const char *name;
	void (*spoil)(struct view *view);
	int level; /* 0 healthy, 1 ready, 2 live, 3 nothing */
	const char *code;
} cases[] = {
	{ "all is well", nothing, 0, NULL },
	{ "engine hangs", engine_hangs, 3, "engine_stalled" },
	{ "engine 5 s old", engine_nearly_hangs, 0, NULL },
	{ "sensor hangs", sensor_hangs, 3, "sensor_stalled" },
	{ "engine begins", engine_begins, 2, "engine_silent" },
	{ "engine never began", engine_never_began, 3, "engine_silent" },
	{ "needed hook gone", needed_hook_gone, 2, "hook_detached" },
	{ "other hook gone", other_hook_gone, 1, "hook_detached" },
	{ "pins put back", pins_back, 1, "pins_taken" },
	{ "pins put back long ago", pins_back_long, 0, NULL },
	{ "pins missing", pins_away, 1, "pins_missing" },
	{ "canary lost", canary_lost, 2, "canary_missed" },
	{ "canary lost once", canary_lost_once, 0, NULL },
	{ "canary old", canary_old, 2, "canary_late" },
	{ "canary never", canary_never, 2, "canary_awaited" },
	{ "no rules", no_rules, 2, "no_rules" },
	{ "losses", lost_now, 1, "losses" },
	{ "losses long ago", lost_long, 0, NULL },
	{ "missed runs", missed_now, 1, "losses" },
	{ "rules refused", refused, 1, "rules_refused" },
	{ "process down", fallen, 1, "process_down" },
	{ "process that was not to run", fallen_unwanted, 0, NULL },
	{ "stopping", stopping, 2, "stopping" },
	{ "sink fails", sink_fails, 1, "output_failing" },
	{ "output fails", output_fails, 1, "output_failing" },
	{ "times of the future", future, 0, NULL },
};

static void test_judge(void **state)
{
	static struct view view;
	struct verdict verdict;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int level;

		make_good(&view);
		cases[i].spoil(&view);
		view_judge(&view, &verdict);
		level = verdict.is_healthy ? 0 : verdict.is_ready ? 1 : verdict.is_live ? 2 : 3;
		if (level != cases[i].level || (verdict.n_reasons > 0) != (cases[i].code != NULL) ||
		    (cases[i].code && strcmp(verdict.reasons[0].code, cases[i].code) != 0))
			fail_msg("%s: level %d, %zu reasons, first %s", cases[i].name, level, verdict.n_reasons,
				 verdict.n_reasons ? verdict.reasons[0].code : "none");
		for (size_t k = 0; k < verdict.n_reasons; k++)
			assert_true(verdict.reasons[k].what[0] && verdict.reasons[k].advice[0]);
	}
}

/* The gravest first, and however much is wrong there is room. */
static void test_judge_much(void **state)
{
	static struct view view;
	struct verdict verdict;

	(void)state;
	make_good(&view);
	view.sensor.n_hooks = STATUS_HOOKS_MAX;
	memset(view.sensor.hooks, 0, sizeof(view.sensor.hooks));
	view.n_outputs = OUTPUTS_MAX;
	for (size_t i = 0; i < OUTPUTS_MAX; i++)
		view.outputs[i].is_failing = true;
	canary_lost(&view);
	engine_hangs(&view);
	view_judge(&view, &verdict);
	assert_int_equal(verdict.n_reasons, VIEW_REASONS_MAX);
	assert_string_equal(verdict.reasons[0].code, "engine_stalled");
	assert_string_equal(verdict.reasons[1].code, "canary_missed");
	assert_false(verdict.is_live || verdict.is_ready || verdict.is_healthy);
}

static const struct {
	const char *address, *own;
	bool any;
	int want;
} addresses[] = {
	{ "127.0.0.1:9110", NULL, false, 0 },
	{ "127.9.9.9:1", NULL, false, 0 },
	{ "[::1]:65535", NULL, false, 0 },
	{ "10.1.2.3:9110", NULL, false, -EADDRNOTAVAIL },
	{ "10.1.2.3:9110", "10.1.2.3", false, 0 },
	{ "10.1.2.3:9110", "10.1.2.4", false, -EADDRNOTAVAIL },
	{ "10.1.2.3:9110", "nonsense", false, -EADDRNOTAVAIL },
	{ "[fd00::7]:9110", "fd00:0::7", false, 0 },
	{ "0.0.0.0:9110", "0.0.0.0", false, -EADDRNOTAVAIL },
	{ "[::]:9110", "::", false, -EADDRNOTAVAIL },
	{ "0.0.0.0:9110", NULL, true, 0 },
	{ "[::ffff:127.0.0.1]:9110", NULL, false, -EADDRNOTAVAIL },
	{ "::1:9110", NULL, true, -EINVAL },
	{ "[127.0.0.1]:9110", NULL, true, -EINVAL },
	{ "[::1:9110", NULL, true, -EINVAL },
	{ "localhost:9110", NULL, true, -EINVAL },
	{ "127.0.0.1", NULL, true, -EINVAL },
	{ ":9110", NULL, true, -EINVAL },
	{ "127.0.0.1:", NULL, true, -EINVAL },
	{ "127.0.0.1:0", NULL, true, -EINVAL },
	{ "127.0.0.1:65536", NULL, true, -EINVAL },
	{ "127.0.0.1:-1", NULL, true, -EINVAL },
	{ "127.0.0.1:9110x", NULL, true, -EINVAL },
	{ "127.0.0.1:99999999999999999999", NULL, true, -EINVAL },
	{ "", NULL, true, -EINVAL },
	{ "[]:1", NULL, true, -EINVAL },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		int r = status_check_address(addresses[i].address, addresses[i].own, addresses[i].any);

		if (r != addresses[i].want)
			fail_msg("%s, own %s: %d, wanted %d", addresses[i].address,
				 addresses[i].own ? addresses[i].own : "none", r, addresses[i].want);
	}
}

static void test_latency(void **state)
{
	static struct view view;
	struct verdict verdict;
	char *text = NULL;
	size_t len;
	FILE *to;

	(void)state;
	make_good(&view);
	for (size_t i = 0; i <= STATUS_LATENCIES; i++)
		view.engine.latencies[i] = 2;
	view.engine.n_rules = 1;
	snprintf(view.engine.rules[0].id, sizeof(view.engine.rules[0].id), "BW-1");
	snprintf(view.outputs[0].name, sizeof(view.outputs[0].name), "a\"b\\c\nd");
	view_judge(&view, &verdict);
	to = open_memstream(&text, &len);
	metrics_write(&view, &verdict, true, to);
	fclose(to);
	assert_non_null(strstr(text, "_bucket{le=\"0.001\"} 2\n"));
	assert_non_null(strstr(text, "_bucket{le=\"0.0025\"} 4\n"));
	assert_non_null(strstr(text, "_bucket{le=\"10\"} 24\n"));
	assert_non_null(strstr(text, "_bucket{le=\"+Inf\"} 26\n"));
	assert_non_null(strstr(text, "_count 26\n"));
	assert_non_null(strstr(text, "sink=\"a\\\"b\\\\c\\nd\""));
	assert_non_null(strstr(text, "brigwatch_canary_last_success_timestamp_seconds 999998.000\n"));
	assert_non_null(strstr(text, "brigwatch_textfile_written_timestamp_seconds 1000000.000\n"));
	assert_null(strstr(text, "brigwatch_http_requests_total"));
	free(text);
}

/* Without pages: answers, but nothing is well. */
static void test_answers(void **state)
{
	static const struct {
		const char *method, *path;
		bool is_local;
		unsigned int code;
	} asked[] = {
		{ "GET", "/metrics", false, 200 },	{ "GET", "/livez", false, 503 },
		{ "GET", "/readyz", false, 503 },	{ "GET", "/healthz", true, 503 },
		{ "GET", "/version", false, 200 },	{ "GET", "/health", true, 503 },
		{ "GET", "/health", false, 404 },	{ "GET", "/", true, 404 },
		{ "GET", "", true, 404 },		{ "HEAD", "/metrics", true, 200 },
		{ "POST", "/metrics", true, 405 },	{ "get", "/metrics", true, 405 },
		{ "GET", "/metrics/", true, 404 },	{ "DELETE", "/", false, 405 },
	};
	static struct view view;
	struct view_sources from = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct http_answer answer;

		http_answer(&from, &view, asked[i].method, asked[i].path, asked[i].is_local, &answer);
		if (answer.code != asked[i].code || !answer.body || !answer.len)
			fail_msg("%s %s: %u, wanted %u", asked[i].method, asked[i].path, answer.code, asked[i].code);
		free(answer.body);
	}
	assert_int_equal(view.http.ok, 3);
	assert_int_equal(view.http.unavailable, 4);
	assert_int_equal(view.http.not_found, 4);
	assert_int_equal(view.http.not_allowed, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_judge_much),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
