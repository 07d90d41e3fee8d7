/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules diff OLD NEW`: what a change of rules means. Both sets are
 * loaded, so that what is compared is what would be used. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

#define LINES_MAX 512
#define BY_MACRO "condition by macros"

struct diff {
	const struct rules_call *call;
	const struct rule_set *old, *new;
	json_t *added, *removed, *changed, *macros, *lists;
};

/* --- one text against another ------------------------------------------- */

struct lines {
	struct slice at[LINES_MAX];
	size_t n;
};

static void cut_lines(const char *text, struct lines *ret)
{
	ret->n = 0;
	while (*text && ret->n < LINES_MAX) {
		size_t len = ret->n == LINES_MAX - 1 ? strlen(text) : strcspn(text, "\n");

		ret->at[ret->n++] = (struct slice){ text, len };
		text += len + (text[len] == '\n');
	}
}

static void add_line(json_t *array, char sign, struct slice line)
{
	char *text = malloc(line.len + 3);

	if (!text)
		return;
	text[0] = sign;
	text[1] = ' ';
	memcpy(text + 2, line.data, line.len);
	text[line.len + 2] = '\0';
	json_array_append_new(array, json_from_text(text));
	free(text);
}

/* Lines with ' ', '-' or '+' in front: the longest common run of lines stays. */
static json_t *diff_lines(const char *old_text, const char *new_text)
{
	struct lines *old = malloc(sizeof(*old)), *new = malloc(sizeof(*new));
	uint16_t(*common)[LINES_MAX + 1] = calloc(LINES_MAX + 1, sizeof(*common));
	json_t *array = json_array();
	size_t i = 0, k = 0;

	if (!old || !new || !common)
		goto out;
	cut_lines(old_text, old);
	cut_lines(new_text, new);
	for (i = old->n; i-- > 0;) {
		for (k = new->n; k-- > 0;) {
			uint16_t down = common[i + 1][k], right = common[i][k + 1];

			common[i][k] = slice_eq(old->at[i], new->at[k]) ? common[i + 1][k + 1] + 1 :
				       down > right			? down :
									  right;
		}
	}
	i = k = 0;
	while (i < old->n || k < new->n) {
		if (i < old->n && k < new->n &&slice_eq(old->at[i], new->at[k])) {
			add_line(array, ' ', old->at[i++]);
			k++;
		} else if (i < old->n && (k == new->n || common[i + 1][k] >= common[i][k + 1])) {
			add_line(array, '-', old->at[i++]);
		} else {
			add_line(array, '+', new->at[k++]);
		}
	}
out:
	free(old);
	free(new);
	free(common);
	return array;
}

/* Conditions are compared part by part, not letter by letter. */
static json_t *diff_conditions(const char *old_text, const char *new_text)
{
	char *old = rule_pretty(NULL, old_text, 0), *new = rule_pretty(NULL, new_text, 0);
	json_t *array = diff_lines(old ? old : old_text, new ? new : new_text);

	free(old);
	free(new);
	return array;
}

static bool has_text(const char *const *texts, const char *text)
{
	while (*texts && strcmp(*texts, text) != 0)
		texts++;
	return *texts;
}

static json_t *diff_texts(const char *const *old, const char *const *new)
{
	json_t *array = json_array();

	for (const char *const *text = old; *text; text++) {
		if (!has_text(new, *text))
			add_line(array, '-', slice_from(*text));
	}
	for (const char *const *text = new; *text; text++) {
		if (!has_text(old, *text))
			add_line(array, '+', slice_from(*text));
	}
	return array;
}

/* --- rules -------------------------------------------------------------- */

/* No change is no key. */
static void set_change(json_t *keys, const char *key, json_t *lines)
{
	size_t i = 0;

	while (i < json_array_size(lines) && json_string_value(json_array_get(lines, i))[0] == ' ')
		i++;
	if (i < json_array_size(lines))
		json_object_set(keys, key, lines);
	json_decref(lines);
}

static void compare_texts(json_t *keys, const struct rule *old, const struct rule *new)
{
	static const struct {
		const char *key;
		const char *(*get)(const struct rule *rule);
	} texts[] = {
		{ "name", rule_name },
		{ "description", rule_description },
		{ "why", rule_why },
		{ "output", rule_output },
	};
	static const struct {
		const char *key;
		const char *const *(*get)(const struct rule *rule);
	} lists[] = {
		{ "response", rule_response },	   { "references", rule_references },
		{ "mitre", rule_mitre },	   { "tags", rule_tags },
		{ "techniques", rule_techniques },
	};
	static const char *const others[] = { "threshold", "suppress", "sequence",
					      "capture",   "action",   "tests" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		set_change(keys, texts[i].key, diff_lines(texts[i].get(old), texts[i].get(new)));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		set_change(keys, lists[i].key, diff_texts(lists[i].get(old), lists[i].get(new)));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		set_change(keys, others[i],
			   diff_lines(rule_key(old, others[i]), rule_key(new, others[i])));
	set_change(keys, "priority",
		   diff_lines(priority_name(rule_priority(old)),
			      priority_name(rule_priority(new))));
}

/* Each exception as one line. */
static char *exceptions_text(const struct rule *rule)
{
	struct rule_exception exception;
	char *text = strdup(""), *more;

	for (size_t i = 0; text && rule_exception_at(rule, i, &exception); i++) {
		int n = asprintf(&more, "%s%s%s until %s: %s (%s)", text, i > 0 ? "\n" : "",
				 exception.name, exception.expires ? exception.expires : "ever",
				 exception.when, exception.reason);

		free(text);
		text = n < 0 ? NULL : more;
	}
	return text;
}

/* The condition as it stands; and, when that is the same, whether a macro made it mean another thing. */
static void compare_conditions(const struct diff *diff, json_t *keys, const struct rule *old,
			       const struct rule *new)
{
	char *old_full = rule_pretty(diff->old, rule_condition(old), 0);
	char *new_full = rule_pretty(diff->new, rule_condition(new), 0);
	json_t *lines = diff_conditions(rule_condition(old), rule_condition(new));

	if (strcmp(rule_condition(old), rule_condition(new)) == 0 && old_full && new_full)
		set_change(keys, BY_MACRO, diff_lines(old_full, new_full));
	set_change(keys, "condition", lines);
	free(old_full);
	free(new_full);
}

static const struct rule *find_rule(const struct rule_set *set, const char *id)
{
	for (size_t i = 0; i < rule_set_len(set); i++) {
		if (strcmp(rule_id(rule_set_at(set, i)), id) == 0)
			return rule_set_at(set, i);
	}
	return NULL;
}

static void compare_rule(struct diff *diff, const struct rule *old, const struct rule *new)
{
	json_t *keys = json_object(), *json = json_object();
	char *old_text = exceptions_text(old), *new_text = exceptions_text(new);

	compare_conditions(diff, keys, old, new);
	compare_texts(keys, old, new);
	if (old_text && new_text)
		set_change(keys, "exceptions", diff_lines(old_text, new_text));
	free(old_text);
	free(new_text);
	json_object_set_new(json, "id", json_from_text(rule_id(new)));
	json_object_set_new(json, "name", json_from_text(rule_name(new)));
	json_object_set_new(json, "keys", keys);
	if (json_object_size(keys) > 0)
		json_array_append(diff->changed, json);
	json_decref(json);
}

static json_t *short_json(const struct rule *rule)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", json_from_text(rule_id(rule)));
	json_object_set_new(json, "name", json_from_text(rule_name(rule)));
	json_object_set_new(json, "priority", json_from_text(priority_name(rule_priority(rule))));
	return json;
}

static void compare_rules(struct diff *diff)
{
	for (size_t i = 0; i < rule_set_len(diff->old); i++) {
		const struct rule *old = rule_set_at(diff->old, i);
		const struct rule *new = find_rule(diff->new, rule_id(old));

		if (new)
			compare_rule(diff, old, new);
		else
			json_array_append_new(diff->removed, short_json(old));
	}
	for (size_t i = 0; i < rule_set_len(diff->new); i++) {
		const struct rule *new = rule_set_at(diff->new, i);

		if (!find_rule(diff->old, rule_id(new)))
			json_array_append_new(diff->added, short_json(new));
	}
}

/* --- macros and lists --------------------------------------------------- */

typedef size_t definitions_of(const struct rule_set *set, const struct rule_definition **ret);

static const struct rule_definition *find_definition(const struct rule_set *set,
						     definitions_of *get, const char *name)
{
	const struct rule_definition *all;
	size_t n = get(set, &all);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	}
	return NULL;
}

static json_t *diff_definition(const struct rule_definition *old, const struct rule_definition *new)
{
	static const char *const none[] = { NULL };

	if ((old && old->values) || (new &&new->values))
		return diff_texts(old && old->values ? old->values : none,
				  new && new->values ? new->values : none);
	return diff_conditions(old ? old->text : "", new ? new->text : "");
}

static void compare_definitions(struct diff *diff, definitions_of *get, json_t *ret)
{
	const struct rule_definition *all;
	size_t n = get(diff->old, &all);

	for (size_t i = 0; i < n; i++)
		set_change(ret, all[i].name,
			   diff_definition(&all[i], find_definition(diff->new, get, all[i].name)));
	n = get(diff->new, &all);
	for (size_t i = 0; i < n; i++) {
		if (!find_definition(diff->old, get, all[i].name))
			set_change(ret, all[i].name, diff_definition(NULL, &all[i]));
	}
}

/* --- output ------------------------------------------------------------- */

static void print_rules(json_t *rules, char sign)
{
	json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule) {
		printf("%c %-10s %s (%s)\n", sign, json_string_value(json_object_get(rule, "id")),
		       json_string_value(json_object_get(rule, "name")),
		       json_string_value(json_object_get(rule, "priority")));
	}
}

static void print_keys(json_t *keys, const char *before)
{
	const char *key;
	json_t *lines, *line;
	size_t i;

	json_object_foreach(keys, key, lines) {
		printf("%s%s:\n", before, key);
		json_array_foreach(lines, i, line) {
			printf("    ");
			rules_print_lines(json_string_value(line));
		}
	}
}

/* Does only a macro make it another rule? Such are named on one line, for one
 * macro may change many. */
static bool is_by_macro(json_t *rule)
{
	json_t *keys = json_object_get(rule, "keys");

	return json_object_size(keys) == 1 && json_object_get(keys, BY_MACRO);
}

static void print_by_macro(const struct diff *diff)
{
	char text[8192] = "";
	size_t len = 0, i;
	json_t *rule;

	json_array_foreach(diff->changed, i, rule) {
		if (is_by_macro(rule) && len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len > 0 ? ", " : "",
						json_string_value(json_object_get(rule, "id")));
	}
	if (len > 0)
		rules_print_wrapped("~ by macros", text);
}

static void print_diff(const struct diff *diff)
{
	json_t *rule;
	size_t i;

	print_rules(diff->removed, '-');
	print_rules(diff->added, '+');
	print_by_macro(diff);
	json_array_foreach(diff->changed, i, rule) {
		if (is_by_macro(rule))
			continue;
		printf("~ %-10s %s\n", json_string_value(json_object_get(rule, "id")),
		       json_string_value(json_object_get(rule, "name")));
		print_keys(json_object_get(rule, "keys"), "    ");
	}
	print_keys(diff->macros, "~ macro ");
	print_keys(diff->lists, "~ list ");
	printf("%zu rules added, %zu removed, %zu changed; %zu macros and %zu lists differ\n",
	       json_array_size(diff->added), json_array_size(diff->removed),
	       json_array_size(diff->changed), json_object_size(diff->macros),
	       json_object_size(diff->lists));
}

static bool is_same(const struct diff *diff)
{
	return json_array_size(diff->added) + json_array_size(diff->removed) +
		       json_array_size(diff->changed) + json_object_size(diff->macros) +
		       json_object_size(diff->lists) ==
	       0;
}

static int compare_sets(const struct rules_call *call, const struct rule_set *old,
			const struct rule_set *new)
{
	struct diff diff = { call,	   old,		 new,		json_array(),
			     json_array(), json_array(), json_object(), json_object() };
	bool same;
	json_t *json;

	compare_rules(&diff);
	compare_definitions(&diff, rule_set_macros, diff.macros);
	compare_definitions(&diff, rule_set_lists, diff.lists);
	same = is_same(&diff);
	if (!call->json)
		print_diff(&diff);

	json = json_object();
	json_object_set_new(json, "same", json_boolean(same));
	json_object_set_new(json, "added", diff.added);
	json_object_set_new(json, "removed", diff.removed);
	json_object_set_new(json, "changed", diff.changed);
	json_object_set_new(json, "macros", diff.macros);
	json_object_set_new(json, "lists", diff.lists);
	if (call->json)
		rules_print_json(json);
	else
		json_decref(json);
	return same ? RULES_DONE : RULES_DIFFER;
}

static int diff_sets(const struct rules_call *call, const struct rule_set *set)
{
	struct rule_set *old = NULL, *new = NULL;
	int code;

	(void)set;
	code = rules_load(call, call->args[0], &old);
	if (code == 0)
		code = rules_load(call, call->args[1], &new);
	if (code == 0)
		code = compare_sets(call, old, new);
	rule_set_free(old);
	rule_set_free(new);
	return code;
}

const struct rules_command rules_diff = {
	.name = "diff",
	.args = "OLD NEW",
	.summary = "what a change of rules means: rules, conditions part by part, macros, lists",
	.args_min = 2,
	.args_max = 2,
	.no_set = true,
	.run = diff_sets,
};
