/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules explain ID`: all that one rule says and needs, as a page. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

#define FIELDS_MAX 256
#define WORDS_MAX 128
#define PRETTY_WIDTH 92

/* --- text --------------------------------------------------------------- */

/* Words with commas between them. */
struct words {
	char text[2048];
	size_t len;
};

static void add_word(struct words *words, const char *word)
{
	int n = snprintf(words->text + words->len, sizeof(words->text) - words->len, "%s%s",
			 words->len > 0 ? ", " : "", word);

	if (n > 0 && words->len + (size_t)n < sizeof(words->text))
		words->len += (size_t)n;
}

static void print_texts(const char *label, const char *const *texts)
{
	struct words words = { "", 0 };

	for (; *texts; texts++)
		add_word(&words, *texts);
	if (words.len > 0)
		rules_print_wrapped(label, words.text);
}

static void print_condition(const struct rule_set *set, const struct rule *rule)
{
	char *pretty = rule_pretty(set, rule_condition(rule), PRETTY_WIDTH);
	char *written = rule_pretty(NULL, rule_condition(rule), PRETTY_WIDTH);

	if (pretty && written && strcmp(pretty, written) != 0) {
		printf("\nCondition, as written:\n");
		rules_print_lines(written);
		printf("\nCondition, macros in full:\n");
	} else {
		printf("\nCondition:\n");
	}
	rules_print_lines(pretty ? pretty : rule_condition(rule));
	free(pretty);
	free(written);
}

static void print_fields(const struct rule *rule)
{
	const struct field *fields[FIELDS_MAX];
	size_t n = rule_condition_fields(rule, fields, FIELDS_MAX);

	printf("\nFields that it compares:\n");
	for (size_t i = 0; i < n; i++)
		printf("    %-26s %-8s %s\n", fields[i]->name, rules_type_name(fields[i]),
		       fields[i]->doc);
}

/* Of most types all is sent; of these, only what some rule wants. */
static bool is_sent_on_demand(const char *const *types, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned int type = field_event_type(slice_from(types[i]));

		if (type == EVENT_OPEN || type == EVENT_CHDIR || type == EVENT_CONNECT)
			return true;
	}
	return false;
}

static void print_needs(const struct rule *rule)
{
	const struct field *fields[FIELDS_MAX];
	size_t n = rule_condition_fields(rule, fields, FIELDS_MAX);
	const char *types[WORDS_MAX];
	size_t n_types = rule_event_words(rule, types, WORDS_MAX);
	struct words facts = { "", 0 }, events = { "", 0 };

	for (size_t i = 0; i < n; i++) {
		if (rule_field_is_fact(fields[i]))
			add_word(&facts, fields[i]->name);
	}
	for (size_t i = 0; i < n_types; i++)
		add_word(&events, types[i]);
	printf("\nWhat it needs:\n");
	rules_print_wrapped("    events", events.text);
	if (facts.len > 0)
		rules_print_wrapped("    facts", facts.text);
	if (!is_sent_on_demand(types, n_types))
		return;
	rules_print_wrapped("    plain",
			    rule_plain_types(rule) ?
				    "events without any fact too: they cost a record each" :
				    "events are not needed: the kernel side drops them");
}

static void print_by(struct words *words, const struct field *const *by, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_word(words, by[i]->name);
}

static void print_pace(const struct rule *rule)
{
	struct rule_pace pace = rule_pace(rule);
	char text[4096];
	struct words by = { "", 0 };

	if (pace.count > 0) {
		print_by(&by, pace.by, pace.n_by);
		snprintf(text, sizeof(text), "at the %u. %s%s within %g s%s%s", pace.count,
			 pace.distinct ? "different value of " : "event",
			 pace.distinct ? pace.distinct->name : "", (double)pace.within_ns / 1e9,
			 by.len ? ", counted by " : "", by.text);
		rules_print_wrapped("fires", text);
	}
	by = (struct words){ "", 0 };
	if (pace.suppress_ns > 0) {
		print_by(&by, pace.suppress_by, pace.n_suppress_by);
		snprintf(text, sizeof(text), "once in %g s%s%s", (double)pace.suppress_ns / 1e9,
			 by.len ? " for the same " : "", by.text);
		rules_print_wrapped("told", text);
	}
}

static void print_sequence(const struct rule *rule)
{
	json_t *sequence = json_loads(rule_key(rule, "sequence"), 0, NULL), *by, *step, *part;
	char *whole = sequence ? json_dumps(sequence, JSON_COMPACT) : NULL;
	struct words words = { "", 0 };
	size_t i, k;

	by = json_object_get(sequence, "by");
	if (whole)
		printf("\nIts steps, in this order");
	if (json_is_string(by))
		add_word(&words, json_string_value(by));
	json_array_foreach(by, i, part) {
		add_word(&words, json_string_value(part));
	}
	if (whole && json_is_string(json_object_get(sequence, "within")))
		printf(", within %s", json_string_value(json_object_get(sequence, "within")));
	if (words.len > 0)
		printf(", joined by %s", words.text);
	if (whole)
		printf(":\n");
	json_array_foreach(json_object_get(sequence, "steps"), i, step) {
		char text[4096], label[40];
		int len = 0;

		part = json_object_get(step, "condition");
		text[0] = '\0';
		if (json_is_string(json_object_get(step, "name")))
			len = snprintf(text, sizeof(text), "%.200s: ",
				       json_string_value(json_object_get(step, "name")));
		if (json_is_string(part))
			snprintf(text + len, sizeof(text) - (size_t)len, "%s",
				 json_string_value(part));
		for (k = 0; k < json_array_size(part) && len < (int)sizeof(text); k++)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s",
					k > 0 ? " " : "",
					json_string_value(json_array_get(part, k)));
		snprintf(label, sizeof(label), "    %zu.", i + 1);
		rules_print_wrapped(label, text);
	}
	free(whole);
	json_decref(sequence);
}

static void print_exceptions(const struct rule_set *set, const struct rule *rule)
{
	struct rule_exception exception;

	for (size_t i = 0; rule_exception_at(rule, i, &exception); i++) {
		char *pretty = rule_pretty(set, exception.when, PRETTY_WIDTH);

		printf("\nException '%s', %s%s:\n", exception.name,
		       exception.expires ? "until the end of " : "without an end",
		       exception.expires ? exception.expires : "");
		rules_print_lines(pretty ? pretty : exception.when);
		rules_print_wrapped("    because", exception.reason);
		free(pretty);
	}
}

static void print_tests(const struct rule *rule, const char *title, bool fires)
{
	unsigned int alerts;
	const char *name;
	bool any = false;

	for (size_t i = 0; (name = rule_test_at(rule, i, &alerts)); i++) {
		if ((alerts > 0) != fires)
			continue;
		if (!any)
			printf("\n%s:\n", title);
		any = true;
		rules_print_wrapped("    -", name);
	}
}

static void print_sources(const struct rule *rule)
{
	const char *const *page = rule_techniques(rule);

	if (!*page && !*rule_mitre(rule) && !*rule_references(rule))
		return;
	printf("\nMore:\n");
	for (; *page; page++)
		printf("    docs/techniques/%s.md\n", *page);
	for (const char *const *id = rule_mitre(rule); *id; id++) {
		const char *dot = strchr(*id, '.');

		printf("    https://attack.mitre.org/techniques/%.*s%s%s/\n",
		       dot ? (int)(dot - *id) : (int)strlen(*id), *id, dot ? "/" : "",
		       dot ? dot + 1 : "");
	}
	for (const char *const *text = rule_references(rule); *text; text++) {
		if (strncmp(*text, "https://attack.mitre.org/", 25) != 0)
			rules_print_lines(*text);
	}
}

static void print_changes(const struct rule_set *set, const struct rule *rule)
{
	const struct rule_origin *origins;
	size_t n = rule_set_origins(set, &origins), i = 0;

	while (i < n && origins[i].rule != rule)
		i++;
	if (i == n)
		return;
	printf("\nChanged here:\n");
	rules_print_changes(set, rule);
}

static void print_page(const struct rule_set *set, const struct rule *rule)
{
	char number[16];

	printf("%s  %s\n\n", rule_id(rule), rule_name(rule));
	rules_print_wrapped("priority", priority_name(rule_priority(rule)));
	rules_print_wrapped("file", rule_file(rule));
	print_texts("tags", rule_tags(rule));
	rules_print_wrapped("what", rule_description(rule));
	rules_print_wrapped("why", rule_why(rule));
	print_pace(rule);
	rules_print_wrapped("says", rule_output(rule));
	for (size_t i = 0; rule_response(rule)[i]; i++) {
		snprintf(number, sizeof(number), "%-9s%zu.", i == 0 ? "next" : "", i + 1);
		rules_print_wrapped(number, rule_response(rule)[i]);
	}
	print_changes(set, rule);
	print_sequence(rule);
	print_condition(set, rule);
	print_fields(rule);
	print_needs(rule);
	print_exceptions(set, rule);
	print_tests(rule, "Fires on", true);
	print_tests(rule, "Does not fire on", false);
	print_sources(rule);
}

/* --- JSON --------------------------------------------------------------- */

static json_t *fields_json(const struct rule *rule)
{
	const struct field *fields[FIELDS_MAX];
	size_t n = rule_condition_fields(rule, fields, FIELDS_MAX);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *json = json_object();

		json_object_set_new(json, "name", json_from_text(fields[i]->name));
		json_object_set_new(json, "type", json_from_text(rules_type_name(fields[i])));
		json_object_set_new(json, "doc", json_from_text(fields[i]->doc));
		json_object_set_new(json, "fact", json_boolean(rule_field_is_fact(fields[i])));
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *exceptions_json(const struct rule *rule)
{
	struct rule_exception exception;
	json_t *array = json_array();

	for (size_t i = 0; rule_exception_at(rule, i, &exception); i++) {
		json_t *json = json_object();

		json_object_set_new(json, "name", json_from_text(exception.name));
		json_object_set_new(json, "when", json_from_text(exception.when));
		json_object_set_new(json, "reason", json_from_text(exception.reason));
		json_object_set_new(json, "expires",
				    exception.expires ? json_from_text(exception.expires) :
							json_null());
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *tests_json(const struct rule *rule)
{
	json_t *array = json_array();
	unsigned int alerts;
	const char *name;

	for (size_t i = 0; (name = rule_test_at(rule, i, &alerts)); i++) {
		json_t *json = json_object();

		json_object_set_new(json, "name", json_from_text(name));
		json_object_set_new(json, "alerts", json_integer(alerts));
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *needs_json(const struct rule *rule)
{
	const char *types[WORDS_MAX];
	size_t n = rule_event_words(rule, types, WORDS_MAX);
	json_t *json = json_object(), *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_from_text(types[i]));
	json_object_set_new(json, "events", array);
	json_object_set_new(json, "ordinary_events", json_boolean(rule_plain_types(rule)));
	return json;
}

static json_t *page_json(const struct rule_set *set, const struct rule *rule)
{
	char *pretty = rule_pretty(set, rule_condition(rule), PRETTY_WIDTH);
	json_t *json = rules_rule_json(rule);

	json_object_set_new(json, "condition", json_from_text(rule_condition(rule)));
	json_object_set_new(json, "condition_in_full",
			    json_from_text(pretty ? pretty : rule_condition(rule)));
	json_object_set_new(json, "sequence",
			    rule_key(rule, "sequence")[0] ?
				    json_loads(rule_key(rule, "sequence"), 0, NULL) :
				    json_null());
	json_object_set_new(json, "output", json_from_text(rule_output(rule)));
	json_object_set_new(json, "compares", fields_json(rule));
	json_object_set_new(json, "needs", needs_json(rule));
	json_object_set_new(json, "exceptions", exceptions_json(rule));
	json_object_set_new(json, "tests", tests_json(rule));
	json_object_set_new(json, "changes", rules_changes_json(set, rule));
	free(pretty);
	return json;
}

/* One is an object, several are an array of them. */
static int explain(const struct rules_call *call, const struct rule_set *set)
{
	json_t *array = json_array();
	int code = RULES_DONE;

	for (size_t i = 0; i < call->n_args && code == RULES_DONE; i++) {
		const struct rule *rule = rules_find(call, set, call->args[i]);

		if (!rule) {
			code = RULES_WRONG;
		} else if (call->json) {
			json_array_append_new(array, page_json(set, rule));
		} else {
			if (i > 0)
				printf("\n\n");
			print_page(set, rule);
		}
	}
	if (call->json && code == RULES_DONE)
		rules_print_json(call->n_args == 1 ? json_incref(json_array_get(array, 0)) :
						     json_incref(array));
	json_decref(array);
	return code;
}

const struct rules_command rules_explain = {
	.name = "explain",
	.args = "ID...",
	.summary = "what a rule says, why, what it needs, its exceptions and near misses",
	.args_min = 1,
	.args_max = RULES_MAX,
	.run = explain,
};
