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

static int list(const struct rules_call *call, const struct rule_set *set)
{
	json_t *array;
	int code;

	code = rules_check_filters(call, set);
	if (code != 0)
		return code;
	array = json_array();
	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);

		if (!rules_passes(call, rule))
			continue;
		if (call->json)
			json_array_append_new(array, rules_rule_json(rule));
		else
			print_rule(rule);
	}
	if (call->json)
		rules_print_json(array);
	else
		json_decref(array);
	return RULES_DONE;
}

const struct rules_command rules_list = {
	.name = "list",
	.summary = "show every rule, or those that the options name",
	.options = rules_filters,
	.run = list,
};
