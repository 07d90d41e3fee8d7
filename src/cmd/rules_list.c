/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules list`: what there is. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

json_t *rules_rule_json(const struct rule *rule)
{
	const struct field *const *fields;
	size_t n_fields = rule_fields(rule, &fields);
	json_t *json = json_object(), *names = json_array();

	for (size_t i = 0; i < n_fields; i++)
		json_array_append_new(names, json_from_text(fields[i]->name));
	json_object_set_new(json, "id", json_from_text(rule_id(rule)));
	json_object_set_new(json, "name", json_from_text(rule_name(rule)));
	json_object_set_new(json, "priority", json_from_text(priority_name(rule_priority(rule))));
	json_object_set_new(json, "description", json_from_text(rule_description(rule)));
	json_object_set_new(json, "why", json_from_text(rule_why(rule)));
	json_object_set_new(json, "response", rules_json_texts(rule_response(rule)));
	json_object_set_new(json, "references", rules_json_texts(rule_references(rule)));
	json_object_set_new(json, "mitre", rules_json_texts(rule_mitre(rule)));
	json_object_set_new(json, "techniques", rules_json_texts(rule_techniques(rule)));
	json_object_set_new(json, "tags", rules_json_texts(rule_tags(rule)));
	json_object_set_new(json, "file", json_from_text(rule_file(rule)));
	json_object_set_new(json, "line", json_integer(rule_line(rule)));
	json_object_set_new(json, "fields", names);
	return json;
}

static void print_rule(const struct rule *rule)
{
	const char *before = "  [";

	printf("%-10s %-13s %s", rule_id(rule), priority_name(rule_priority(rule)),
	       rule_name(rule));
	for (const char *const *id = rule_techniques(rule); *id; id++) {
		printf("%s%s", before, *id);
		before = " ";
	}
	printf("%s\n", before[0] == ' ' && before[1] == '\0' ? "]" : "");
}

/* --- what overrides and choices changed ---------------------------------- */

static json_t *change_json(const struct rule_origin *origin)
{
	json_t *json = json_object();

	json_object_set_new(json, "subject", json_from_text(origin->subject));
	json_object_set_new(json, "what", json_from_text(origin->what));
	json_object_set_new(json, "old", json_from_text(origin->old_value));
	json_object_set_new(json, "new", json_from_text(origin->new_value));
	json_object_set_new(json, "file", json_from_text(origin->file));
	json_object_set_new(json, "line", json_integer(origin->line));
	json_object_set_new(json, "reason", json_from_text(origin->reason));
	return json;
}

json_t *rules_changes_json(const struct rule_set *set, const struct rule *rule)
{
	const struct rule_origin *origins;
	size_t n = rule_set_origins(set, &origins);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		if (!rule || origins[i].rule == rule)
			json_array_append_new(array, change_json(&origins[i]));
	}
	return array;
}

static void print_change(const struct rule_origin *origin, bool subject)
{
	char text[4096];
	int len;

	len = snprintf(text, sizeof(text), "%s%s%s", subject ? origin->subject : "",
		       subject ? ", " : "", origin->what);
	if (origin->old_value[0] || origin->new_value[0])
		len += snprintf(text + len, sizeof(text) - (size_t)len, ": %.1000s -> %.1000s",
				origin->old_value[0] ? origin->old_value : "nothing",
				origin->new_value[0] ? origin->new_value : "nothing");
	len += snprintf(text + len, sizeof(text) - (size_t)len, ", by %.300s", origin->file);
	if (origin->line > 0)
		len += snprintf(text + len, sizeof(text) - (size_t)len, ":%u", origin->line);
	if (origin->reason[0])
		snprintf(text + len, sizeof(text) - (size_t)len, ": %.1000s", origin->reason);
	rules_print_wrapped("    changed", text);
}

bool rules_print_changes(const struct rule_set *set, const struct rule *rule)
{
	const struct rule_origin *origins;
	size_t n = rule_set_origins(set, &origins);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (origins[i].rule != rule)
			continue;
		print_change(&origins[i], !rule);
		any = true;
	}
	return any;
}

/* --- the command --------------------------------------------------------- */

static void list_text(const struct rules_call *call, const struct rule_set *set, bool origin)
{
	const struct rule *const *disabled;
	size_t n = rule_set_disabled(set, &disabled);

	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);

		if (!rules_passes(call, rule))
			continue;
		print_rule(rule);
		if (!origin)
			continue;
		printf("    from    %s:%u\n", rule_file(rule), rule_line(rule));
		rules_print_changes(set, rule);
	}
	for (size_t i = 0; i < n && origin; i++) {
		if (!rules_passes(call, disabled[i]))
			continue;
		printf("%-10s %-13s %s\n", rule_id(disabled[i]), "(off)", rule_name(disabled[i]));
		printf("    from    %s:%u\n", rule_file(disabled[i]), rule_line(disabled[i]));
		rules_print_changes(set, disabled[i]);
	}
	if (origin)
		rules_print_changes(set, NULL); /* of lists and macros */
}

static json_t *gather(const struct rules_call *call, const struct rule *const *rules, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		if (rules_passes(call, rules[i]))
			json_array_append_new(array, rules_rule_json(rules[i]));
	}
	return array;
}

static void list_json(const struct rules_call *call, const struct rule_set *set, bool origin)
{
	const struct rule *const *disabled;
	size_t n = rule_set_disabled(set, &disabled);
	json_t *json = json_object(), *array = json_array();

	for (size_t i = 0; i < rule_set_len(set); i++) {
		if (rules_passes(call, rule_set_at(set, i)))
			json_array_append_new(array, rules_rule_json(rule_set_at(set, i)));
	}
	json_object_set_new(json, "rules", array);
	if (!origin) {
		rules_print_json(json_incref(array));
		json_decref(json);
		return;
	}
	json_object_set_new(json, "disabled", gather(call, disabled, n));
	json_object_set_new(json, "changes", rules_changes_json(set, NULL));
	rules_print_json(json);
}

static int list(const struct rules_call *call, const struct rule_set *set)
{
	bool origin = rules_given(call, "origin");
	int code;

	code = rules_check_filters(call, set);
	if (code != 0)
		return code;
	if (call->json)
		list_json(call, set, origin);
	else
		list_text(call, set, origin);
	return RULES_DONE;
}

static const struct rules_option options[] = {
	RULES_FILTERS,
	{ "origin", NULL,
	  "where each rule stands, and what overrides changed; rules that are off too" },
	{ NULL },
};

const struct rules_command rules_list = {
	.name = "list",
	.summary = "show every rule, or those that the options name",
	.options = options,
	.run = list,
};
