/* SPDX-License-Identifier: Apache-2.0 */
/* Whole rule files as an enemy would write them. What loads must be whole: every
 * rule has its strings, its own tests run, and it meets an event. */
#include <stdio.h>

#include "rule/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note_match(const struct rule *rule, const struct event *ev, void *arg)
{
	(void)rule;
	(void)ev;
	++*(size_t *)arg;
}

static void want(bool is_so)
{
	if (!is_so)
		abort();
}

static void check_error(const struct parse_error *err)
{
	want(memchr(err->message, '\0', sizeof(err->message)) && err->message[0]);
	want(memchr(err->excerpt, '\0', sizeof(err->excerpt)) != NULL);
	want(err->caret <= sizeof(err->excerpt));
}

static void check_set(const struct rule_set *set)
{
	const struct parse_error *warnings;
	const struct rule_origin *origins;
	const struct rule *const *disabled;
	size_t n_warnings = rule_set_warnings(set, &warnings);
	size_t n_origins = rule_set_origins(set, &origins);
	size_t n_disabled = rule_set_disabled(set, &disabled);
	struct event ev = { 0 };
	size_t n_matches = 0;

	for (size_t i = 0; i < n_warnings; i++)
		check_error(&warnings[i]);
	for (size_t i = 0; i < n_origins; i++)
		want(origins[i].subject && origins[i].what && origins[i].old_value &&
		     origins[i].new_value && origins[i].file && origins[i].reason);
	for (size_t i = 0; i < n_disabled; i++)
		want(rule_id(disabled[i]) != NULL);
	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);
		unsigned int n_run;
		char text[256];

		want(rule_id(rule) && rule_name(rule) && rule_why(rule) && rule_condition(rule));
		want(rule_priority(rule) < PRIORITY_MAX);
		if (i < 8)
			rule_run_tests(set, rule, &n_run, NULL, NULL);
		rule_format_output(rule, &ev, text, sizeof(text));
	}
	for (unsigned int type = 1; type < EVENT_TYPE_END; type++) {
		ev.hdr.type = (uint16_t)type;
		rule_set_evaluate(set, &ev, note_match, &n_matches);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct rule_set *set = NULL;
	struct parse_error err;

	if (rule_set_load_text("fuzz.json", text, &set, &err) < 0) {
		check_error(&err);
		want(set == NULL);
		return 0;
	}
	check_set(set);
	rule_set_free(set);
	return 0;
}
