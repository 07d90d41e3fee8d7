/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `brigwatch rules` print alike: JSON, and what is wrong
 * with a rule file. */
#include "cmd/rules_tool.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/json_text.h"

json_t *rules_json_texts(const char *const *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; texts[i]; i++)
		json_array_append_new(array, json_from_text(texts[i]));
	return array;
}

void rules_print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(json);
}

static void print_error_text(const struct parse_error *err)
{
	if (err->line > 0)
		fprintf(stderr, "%s:%u:%u: %s\n", err->file, err->line, err->column, err->message);
	else
		fprintf(stderr, "%s%s%s\n", err->file, err->file[0] ? ": " : "", err->message);
	if (err->excerpt[0] == '\0')
		return;
	fprintf(stderr, "    %s\n", err->excerpt);
	if (err->caret > 0)
		fprintf(stderr, "    %*s^\n", (int)err->caret - 1, "");
}

static void print_error_json(const struct parse_error *err)
{
	json_t *error = json_object();

	json_object_set_new(error, "file", json_from_text(err->file));
	json_object_set_new(error, "line", json_integer(err->line));
	json_object_set_new(error, "column", json_integer(err->column));
	json_object_set_new(error, "message", json_from_text(err->message));
	json_object_set_new(error, "excerpt", json_from_text(err->excerpt));
	rules_print_json(json_pack("{s:b, s:o}", "ok", 0, "error", error));
}

int rules_load(const struct rules_call *call, const char *path, struct rule_set **ret)
{
	struct parse_error err;
	int r;

	r = rule_set_load(AT_FDCWD, path, ret, &err);
	if (r == 0)
		return 0;
	if (call->json)
		print_error_json(&err);
	else
		print_error_text(&err);
	/* What a file is and says is the author's to mend; the rest is the system's. */
	return r == -EINVAL || r == -EPERM || r == -EFBIG || r == -ELOOP ? RULES_WRONG : RULES_IO;
}
