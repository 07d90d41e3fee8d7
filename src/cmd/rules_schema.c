/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules schema`: for editors. */
#include <stdio.h>

#include "cmd/rules_tool.h"

static int schema(const struct rules_call *call, const struct rule_set *set)
{
	cleanup_free char *text = rule_schema();

	(void)call;
	(void)set;
	if (!text)
		return RULES_IO;
	puts(text);
	return RULES_DONE;
}

const struct rules_command rules_schema = {
	.name = "schema",
	.summary = "the JSON Schema of rule files, which rules/rules.schema.json is",
	.no_set = true,
	.run = schema,
};
