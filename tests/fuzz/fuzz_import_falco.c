/* SPDX-License-Identifier: Apache-2.0 */
/* import-falco: any bytes as a file of Falco rules. What is written is taken by
 * our loader, and the tests that were made do what they say. */
#include <stdio.h>

#include "../../tools/import-falco/import.h"
#include "rule/rule.h"

#define INPUT_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct import *import)
{
	struct rule_set *set = NULL;
	struct parse_error error;
	unsigned int n_run;
	char *text;

	if (json_array_size(json_object_get(import->json, "rules")) == 0)
		return;
	text = json_dumps(import->json, 0);
	if (!text)
		abort();
	if (rule_set_load_text("fuzz", slice_from(text), &set, &error) < 0) {
		fprintf(stderr, "%s\n%s\n", error.message, text);
		abort();
	}
	for (size_t i = 0; i < rule_set_len(set); i++) {
		if (rule_run_tests(set, rule_set_at(set, i), &n_run, NULL, NULL) > 0)
			abort();
	}
	rule_set_free(set);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct options options = { .prefix = "FUZZ" };
	struct import import = { .n_files = 1 };
	struct problem problem;
	struct node *root = NULL;
	struct slice bytes;
	json_t *report;
	FILE *null;

	if (size > INPUT_MAX)
		return 0;
	bytes.data = pool_copy(&import.model.pool, (const char *)data, size);
	bytes.len = size;
	if (yaml_read(&import.model.pool, "fuzz.yaml", bytes, &root, &problem) == 0 &&
	    model_add(&import.model, root, &problem) == 0 &&
	    import_rules(&import, &options, &problem) == 0) {
		check_written(&import);
		report = report_json(&import);
		if (!report)
			abort();
		json_decref(report);
		null = fopen("/dev/null", "we");
		if (null) {
			report_text(null, &import);
			fclose(null);
		}
	}
	import_release(&import);
	return 0;
}
