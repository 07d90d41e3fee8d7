/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules coverage`: what the rules speak of, and what none does. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

#define WORDS_MAX 128

typedef const char *const *texts_of(const struct rule *rule);

static void count(json_t *by_name, const char *name, const struct rule *rule)
{
	json_t *rules = json_object_get(by_name, name);

	if (!rules) {
		rules = json_array();
		json_object_set_new(by_name, name, rules);
	}
	if (rule)
		json_array_append_new(rules, json_from_text(rule_id(rule)));
}

static json_t *count_texts(const struct rule_set *set, texts_of *texts)
{
	json_t *by_name = json_object();

	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);

		for (const char *const *text = texts(rule); *text; text++)
			count(by_name, *text, rule);
	}
	return by_name;
}

/* Every technique that has a page, also those without a rule. */
static json_t *count_techniques(const struct rule_set *set)
{
	json_t *used = count_texts(set, rule_techniques), *all = json_object();
	char id[8];

	for (int family = 'A'; family <= 'Z'; family++) {
		for (unsigned int n = 1; n < 100; n++) {
			snprintf(id, sizeof(id), "%c%u", family, n);
			if (!rule_is_technique(id))
				break;
			if (json_object_get(used, id))
				json_object_set(all, id, json_object_get(used, id));
			else
				json_object_set_new(all, id, json_array());
		}
	}
	json_decref(used);
	return all;
}

static json_t *count_priorities(const struct rule_set *set)
{
	json_t *by_name = json_object();

	for (unsigned int i = 0; i < PRIORITY_MAX; i++)
		count(by_name, priority_name(i), NULL);
	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);

		count(by_name, priority_name(rule_priority(rule)), rule);
	}
	return by_name;
}

static json_t *count_events(const struct rule_set *set)
{
	const struct field *type = field_find(SLICE_LITERAL("evt.type"));
	json_t *by_name = json_object();
	const char *words[WORDS_MAX];

	for (size_t i = 0; type->words[i]; i++)
		count(by_name, type->words[i], NULL);
	for (size_t i = 0; i < rule_set_len(set); i++) {
		size_t n = rule_event_words(rule_set_at(set, i), words, WORDS_MAX);

		for (size_t k = 0; k < n; k++)
			count(by_name, words[k], rule_set_at(set, i));
	}
	return by_name;
}

static json_t *count_fields(const struct rule_set *set)
{
	json_t *by_name = json_object();

	for (size_t i = 0; i < field_table_len; i++)
		count(by_name, field_table[i].name, NULL);
	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct field *const *fields;
		size_t n = rule_fields(rule_set_at(set, i), &fields);

		for (size_t k = 0; k < n; k++)
			count(by_name, fields[k]->name, rule_set_at(set, i));
	}
	return by_name;
}

/* --- text --------------------------------------------------------------- */

static void print_counts(const char *title, json_t *by_name)
{
	const char *name;
	json_t *rules;

	printf("%s\n", title);
	json_object_foreach(by_name, name, rules) {
		char label[48], text[4096];
		size_t n = json_array_size(rules), len = 0;

		if (n == 0)
			continue;
		snprintf(label, sizeof(label), "  %-10.10s%2zu", name, n);
		for (size_t i = 0; i < n && len < sizeof(text); i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						i > 0 ? " " : "",
						json_string_value(json_array_get(rules, i)));
		rules_print_wrapped(label, text);
	}
}

static void print_numbers(const char *title, json_t *by_name)
{
	const char *name;
	json_t *rules;

	printf("%s\n", title);
	json_object_foreach(by_name, name, rules) {
		printf("  %-16s %zu\n", name, json_array_size(rules));
	}
}

/* The names that have no rule. */
static void print_missing(const char *title, json_t *by_name)
{
	size_t len = 0, n = 0, room = 16384;
	char *text = calloc(1, room);
	const char *name;
	json_t *rules;

	json_object_foreach(by_name, name, rules) {
		if (!text || json_array_size(rules) > 0 || len >= room)
			continue;
		len += (size_t)snprintf(text + len, room - len, "%s%s", n++ > 0 ? ", " : "", name);
	}
	printf("%s (%zu)\n", title, n);
	if (n > 0)
		rules_print_wrapped("", text);
	free(text);
}

static json_t *sorted(json_t *by_name)
{
	char *text = json_dumps(by_name, JSON_SORT_KEYS);
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	json_decref(by_name);
	return json ? json : json_object();
}

static int coverage(const struct rules_call *call, const struct rule_set *set)
{
	json_t *json = json_object(), *techniques = count_techniques(set);
	json_t *mitre = sorted(count_texts(set, rule_mitre)), *priorities = count_priorities(set);
	json_t *events = count_events(set), *fields = count_fields(set);

	json_object_set_new(json, "rules", json_integer((json_int_t)rule_set_len(set)));
	json_object_set_new(json, "techniques", techniques);
	json_object_set_new(json, "mitre", mitre);
	json_object_set_new(json, "priorities", priorities);
	json_object_set_new(json, "events", events);
	json_object_set_new(json, "fields", fields);
	if (call->json) {
		rules_print_json(json);
		return RULES_DONE;
	}
	print_counts("By technique (docs/techniques), with the number of rules:", techniques);
	print_missing("\nTechniques without a rule", techniques);
	print_counts("\nBy technique of MITRE ATT&CK:", mitre);
	print_numbers("\nBy priority:", priorities);
	print_numbers("\nBy evt.type, rules that may match:", events);
	print_missing("\nFields that no rule uses", fields);
	json_decref(json);
	return RULES_DONE;
}

const struct rules_command rules_coverage = {
	.name = "coverage",
	.summary = "rules by technique, MITRE id, priority and event; what no rule speaks of",
	.run = coverage,
};
