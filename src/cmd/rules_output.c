/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `brigwatch rules` print alike: JSON, and what is wrong
 * with a rule file. */
#include "cmd/rules_tool.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

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

void rules_print_error(FILE *to, const struct parse_error *err, const char *before)
{
	if (err->line > 0)
		fprintf(to, "%s:%u:%u: %s%s\n", err->file, err->line, err->column, before,
			err->message);
	else
		fprintf(to, "%s%s%s%s\n", err->file, err->file[0] ? ": " : "", before,
			err->message);
	if (err->excerpt[0] == '\0')
		return;
	fprintf(to, "    %s\n", err->excerpt);
	if (err->caret > 0)
		fprintf(to, "    %*s^\n", (int)err->caret - 1, "");
}

json_t *rules_json_error(const struct parse_error *err)
{
	json_t *error = json_object();

	json_object_set_new(error, "file", json_from_text(err->file));
	json_object_set_new(error, "line", json_integer(err->line));
	json_object_set_new(error, "column", json_integer(err->column));
	json_object_set_new(error, "message", json_from_text(err->message));
	json_object_set_new(error, "excerpt", json_from_text(err->excerpt));
	return error;
}

/* --- loading ------------------------------------------------------------ */

struct told {
	const struct rules_call *call;
	json_t *errors; /* NULL: they are text */
};

static void tell_error(const struct parse_error *err, void *arg)
{
	const struct told *told = arg;

	if (told->errors)
		json_array_append_new(told->errors, rules_json_error(err));
	else
		rules_print_error(stderr, err, "");
}

/* The first error also stands by itself, for whoever wants one only. */
static void print_errors_json(json_t *errors)
{
	json_t *json = json_object();

	json_object_set_new(json, "ok", json_false());
	json_object_set(json, "error", json_array_get(errors, 0));
	json_object_set_new(json, "errors", errors);
	rules_print_json(json);
}

/* The paths and choices of the command line, in its order. Those of a command
 * that names its own sets do not concern what the options say. */
static void gather_load(const struct rules_call *call, const char **paths,
			struct rule_choice *choices, struct rule_load *load)
{
	static const char *const names[] = { "enable", "disable", "only" };
	size_t n_paths = 0;

	for (size_t i = 0; i < call->n_given && !call->command->no_set; i++) {
		if (strcmp(call->given[i].name, "rules") == 0)
			paths[n_paths++] = call->given[i].value;
		for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
			if (strcmp(call->given[i].name, names[k]) == 0)
				choices[load->n_choices++] =
					(struct rule_choice){ (enum rule_choice_kind)k,
							      call->given[i].value };
		}
	}
	if (n_paths > 0)
		load->n_paths = n_paths;
}

int rules_load(const struct rules_call *call, const char *path, struct rule_set **ret)
{
	struct told told = { call, call->json ? json_array() : NULL };
	struct rule_choice choices[RULES_GIVEN_MAX];
	const char *paths[RULES_GIVEN_MAX + 1] = { path };
	struct rule_load load = { .paths = paths,
				  .n_paths = 1,
				  .choices = choices,
				  .now_ns = (int64_t)time(NULL) * 1000000000,
				  .tell = tell_error,
				  .arg = &told };
	struct parse_error err;
	int r;

	gather_load(call, paths, choices, &load);
	r = rule_set_load_with(AT_FDCWD, &load, ret, &err);
	if (r == 0) {
		json_decref(told.errors);
		return 0;
	}
	if (told.errors)
		print_errors_json(told.errors);
	/* What a file is and says is the author's to mend; the rest is the system's. */
	return r == -EINVAL || r == -EPERM || r == -EFBIG || r == -ELOOP ? RULES_WRONG : RULES_IO;
}

/* --- text --------------------------------------------------------------- */

#define LABEL_WIDTH 12
#define TEXT_WIDTH 100

static void print_bytes(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		putchar((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f ? '?' : bytes[i]);
}

void rules_print_wrapped(const char *label, const char *text)
{
	size_t column = LABEL_WIDTH;
	bool first = true;

	printf("%-*s", LABEL_WIDTH, label);
	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && column + 1 + len > TEXT_WIDTH) {
			printf("\n%*s", LABEL_WIDTH, "");
			column = LABEL_WIDTH;
		} else if (!first) {
			putchar(' ');
			column++;
		}
		print_bytes(text, len);
		column += len;
		text += len + (text[len] == ' ');
		first = false;
	}
	putchar('\n');
}

void rules_print_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("    ");
		print_bytes(text, len);
		putchar('\n');
		text += len + (text[len] == '\n');
	}
}

const char *rules_type_name(const struct field *field)
{
	static const char *const kinds[] = {
		[FIELD_FLAGS] = "flags",	  [FIELD_MODE] = "mode",
		[FIELD_ADDRESS] = "address",	  [FIELD_DURATION_NS] = "duration",
		[FIELD_DURATION_MS] = "duration", [FIELD_SIZE] = "size",
	};

	if (field->kind != FIELD_PLAIN)
		return kinds[field->kind];
	switch (field->type) {
	case VALUE_BOOL: return "boolean";
	case VALUE_INT: return "number";
	case VALUE_STRING: return field->words ? "word" : "string";
	case VALUE_LIST:
		return field->item == VALUE_INT ? "numbers" : field->words ? "words" : "strings";
	}
	return "unknown";
}
