/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules check`: a set that loads is well. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

static int check(const struct rules_call *call, const struct rule_set *set)
{
	json_t *json;

	if (!call->json) {
		printf("%s: %zu rules, all well (SHA-256 %s)\n", call->path, rule_set_len(set),
		       rule_set_hash(set));
		return RULES_DONE;
	}
	json = json_object();
	json_object_set_new(json, "ok", json_true());
	json_object_set_new(json, "rules", json_integer((json_int_t)rule_set_len(set)));
	json_object_set_new(json, "hash", json_from_text(rule_set_hash(set)));
	rules_print_json(json);
	return RULES_DONE;
}

const struct rules_command rules_check = {
	.name = "check",
	.summary = "load the rules and say what is wrong with them",
	.run = check,
};
