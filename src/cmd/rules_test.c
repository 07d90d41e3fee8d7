/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules test`: the tests that the rules carry; of one that failed,
 * which comparison decided each of its events. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

struct results {
	const struct rules_call *call;
	const struct rule *rule;
	size_t i; /* test of the rule */
	json_t *tests;
	unsigned int n_run, n_failed, n_untested;
};

/* --- one that failed ---------------------------------------------------- */

/* "never", "3 times of 20" */
static void format_fired(const struct rule_trace *trace, char *buf, size_t size)
{
	if (trace->n_rounds <= 1)
		snprintf(buf, size, "%s", trace->n_fired ? "fired" : "did not fire");
	else
		snprintf(buf, size, "fired %zu times of %zu", trace->n_fired, trace->n_rounds);
}

static void tell_event(const struct rule_trace *trace, void *arg)
{
	char label[32], text[1024], fired[64];
	int len;

	(void)arg;
	snprintf(label, sizeof(label), "  event %zu", trace->event + 1);
	format_fired(trace, fired, sizeof(fired));
	len = snprintf(text, sizeof(text), "%s: ", fired);
	if (trace->exception)
		snprintf(text + len, sizeof(text) - (size_t)len, "exception '%s' applies",
			 trace->exception);
	else if (trace->matched && trace->n_fired == 0)
		snprintf(text + len, sizeof(text) - (size_t)len,
			 "the condition is true, its threshold or sequence is not complete");
	else if (strcmp(trace->value, "<NA>") == 0)
		snprintf(text + len, sizeof(text) - (size_t)len,
			 "condition %s, decided by [%s]: the event names no %s", trace->result,
			 trace->comparison, trace->field);
	else
		snprintf(text + len, sizeof(text) - (size_t)len,
			 "condition %s, decided by [%s]: %s is '%s'", trace->result,
			 trace->comparison, trace->field, trace->value);
	rules_print_wrapped(label, text);
}

static void gather_event(const struct rule_trace *trace, void *arg)
{
	json_t *json = json_object();

	json_object_set_new(json, "event", json_integer((json_int_t)trace->event + 1));
	json_object_set_new(json, "times", json_integer((json_int_t)trace->n_rounds));
	json_object_set_new(json, "fired", json_integer((json_int_t)trace->n_fired));
	json_object_set_new(json, "condition", json_from_text(trace->result));
	json_object_set_new(json, "comparison", json_from_text(trace->comparison));
	json_object_set_new(json, "field", json_from_text(trace->field));
	json_object_set_new(json, "value", json_from_text(trace->value));
	json_object_set_new(json, "exception",
			    trace->exception ? json_from_text(trace->exception) : json_null());
	json_array_append_new(arg, json);
}

/* --- results ------------------------------------------------------------ */

static json_t *test_json(const struct results *results, const char *line, bool ok)
{
	json_t *json = json_object(), *events;
	unsigned int alerts;
	const char *name = rule_test_at(results->rule, results->i, &alerts);

	json_object_set_new(json, "ok", json_boolean(ok));
	json_object_set_new(json, "rule", json_from_text(rule_id(results->rule)));
	json_object_set_new(json, "name", json_from_text(name ? name : ""));
	json_object_set_new(json, "test", json_from_text(line));
	if (ok)
		return json;
	events = json_array();
	rule_trace_test(results->rule, results->i, gather_event, events);
	json_object_set_new(json, "events", events);
	return json;
}

static void report_test(const char *line, bool ok, void *arg)
{
	struct results *results = arg;

	if (results->call->json) {
		json_array_append_new(results->tests, test_json(results, line, ok));
	} else if (!ok) {
		printf("FAIL %s\n", line);
		rule_trace_test(results->rule, results->i, tell_event, NULL);
	}
	results->i++;
}

static void print_results(const struct results *results, size_t n_rules)
{
	json_t *json;

	if (!results->call->json) {
		printf("%u test%s of %zu rule%s: %u failed, %u rule%s without a test\n",
		       results->n_run, results->n_run == 1 ? "" : "s", n_rules,
		       n_rules == 1 ? "" : "s", results->n_failed, results->n_untested,
		       results->n_untested == 1 ? "" : "s");
		return;
	}
	json = json_object();
	json_object_set_new(json, "ok", json_boolean(results->n_failed == 0));
	json_object_set_new(json, "run", json_integer(results->n_run));
	json_object_set_new(json, "failed", json_integer(results->n_failed));
	json_object_set_new(json, "rules_without_tests", json_integer(results->n_untested));
	json_object_set(json, "tests", results->tests);
	rules_print_json(json);
}

static int test(const struct rules_call *call, const struct rule_set *set)
{
	struct results results = { .call = call };
	size_t n_rules = 0;
	unsigned int run;

	results.tests = json_array();
	for (size_t i = 0; i < rule_set_len(set); i++) {
		results.rule = rule_set_at(set, i);
		results.i = 0;
		n_rules++;
		results.n_failed += rule_run_tests(set, results.rule, &run, report_test, &results);
		results.n_run += run;
		results.n_untested += run == 0;
	}
	print_results(&results, n_rules);
	json_decref(results.tests);
	return results.n_failed > 0 ? RULES_WRONG : RULES_DONE;
}

const struct rules_command rules_test = {
	.name = "test",
	.summary = "run the tests that the rules carry; say what decided one that failed",
	.run = test,
};
