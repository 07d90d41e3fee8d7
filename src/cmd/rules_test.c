/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules test`: the tests that the rules carry. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

struct results {
	bool json;
	json_t *lines;
};

static void report_test(const char *line, bool ok, void *arg)
{
	struct results *results = arg;

	if (results->json)
		json_array_append_new(results->lines, json_pack("{s:b, s:o}", "ok", ok, "test",
								json_from_text(line)));
	else if (!ok)
		printf("FAIL %s\n", line);
}

static int test(const struct rules_call *call, const struct rule_set *set)
{
	struct results results = { call->json, json_array() };
	unsigned int n_run = 0, n_failed = 0, n_untested = 0, run;

	for (size_t i = 0; i < rule_set_len(set); i++) {
		n_failed += rule_run_tests(set, rule_set_at(set, i), &run, report_test, &results);
		n_run += run;
		n_untested += run == 0;
	}
	if (call->json) {
		rules_print_json(json_pack("{s:b, s:i, s:i, s:i, s:o}", "ok", n_failed == 0, "run",
					   (int)n_run, "failed", (int)n_failed,
					   "rules_without_tests", (int)n_untested, "tests",
					   results.lines));
	} else {
		printf("%u tests of %zu rules: %u failed, %u rules without a test\n", n_run,
		       rule_set_len(set), n_failed, n_untested);
		json_decref(results.lines);
	}
	return n_failed > 0 ? RULES_WRONG : RULES_DONE;
}

const struct rules_command rules_test = {
	.name = "test",
	.summary = "run the tests that the rules carry",
	.run = test,
};
