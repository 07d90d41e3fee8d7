/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules check`: a set that loads is well; what is doubtful is told. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

static void print_check(const struct rules_call *call, const struct rule_set *set,
			const struct parse_error *warnings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rules_print_error(stderr, &warnings[i], "warning: ");
	printf("%s: %zu rule%s, ", call->path, rule_set_len(set),
	       rule_set_len(set) == 1 ? "" : "s");
	if (n == 0)
		printf("all well");
	else
		printf("%zu warning%s", n, n == 1 ? "" : "s");
	printf(" (SHA-256 %s)\n", rule_set_hash(set));
}

static int check(const struct rules_call *call, const struct rule_set *set)
{
	const struct parse_error *warnings;
	size_t n = rule_set_warnings(set, &warnings);
	bool strict = rules_given(call, "strict");
	json_t *json, *array;

	if (call->json) {
		json = json_object();
		array = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(array, rules_json_error(&warnings[i]));
		json_object_set_new(json, "ok", json_boolean(n == 0 || !strict));
		json_object_set_new(json, "rules", json_integer((json_int_t)rule_set_len(set)));
		json_object_set_new(json, "hash", json_from_text(rule_set_hash(set)));
		json_object_set_new(json, "warnings", array);
		rules_print_json(json);
	} else {
		print_check(call, set, warnings, n);
	}
	return strict && n > 0 ? RULES_WRONG : RULES_DONE;
}

static const struct rules_option options[] = {
	{ "strict", NULL, "warnings are errors" },
	{ NULL },
};

const struct rules_command rules_check = {
	.name = "check",
	.summary = "load the rules and say what is wrong with them",
	.options = options,
	.run = check,
};
