/* SPDX-License-Identifier: Apache-2.0 */
/* What is made from the table of options for people and for tools. */
#include "base/json_text.h"
#include "cmd/options.h"

void options_print_error(FILE *to, const struct parse_error *error, bool is_warning)
{
	const char *kind = is_warning ? "warning: " : "";

	if (error->column)
		fprintf(to, "brigwatch: config: %s:%u:%u: %s%s\n", error->file, error->line,
			error->column, kind, error->message);
	else if (error->line)
		fprintf(to, "brigwatch: config: %s:%u: %s%s\n", error->file, error->line, kind,
			error->message);
	else if (!strcmp(error->file, OPTIONS_COMMAND_LINE))
		fprintf(to, "brigwatch: %s%s\n", kind, error->message);
	else
		fprintf(to, "brigwatch: config: %s: %s%s\n", error->file, kind, error->message);
	if (error->excerpt[0]) {
		fprintf(to, "    %s\n", error->excerpt);
		if (error->caret)
			fprintf(to, "    %*s\n", (int)error->caret, "^");
	}
}

/* --- help --------------------------------------------------------------- */

#define HELP_INDENT 26
#define HELP_WIDTH 88

/* `text` from column `at` on, further lines set in. */
static void print_wrapped(FILE *to, const char *text, size_t at)
{
	size_t column = at;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > HELP_INDENT && column + 1 + len > HELP_WIDTH) {
			fprintf(to, "\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		} else if (column > at) {
			fputc(' ', to);
			column++;
		}
		fwrite(text, 1, len, to);
		column += len;
		text += len + (text[len] == ' ');
	}
	fputc('\n', to);
}

/* Help, words and default as one text. */
static void describe(const struct run_option *option, char *ret, size_t size)
{
	const char *fallback = option->fallback_text ? option->fallback_text : option->fallback;
	char words[200], is[240] = "";

	options_list_words(option->words, words, sizeof(words));
	if (words[0])
		snprintf(is, sizeof(is), " %s is %s.", option->argument, words);
	snprintf(ret, size, "%s%s%s%s%s%s", option->help, is,
		 option->items_max > 1 ? " May be repeated." : "", fallback ? " Default: " : "",
		 fallback ? fallback : "", fallback ? "." : "");
}

void options_print_help(FILE *to)
{
	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];
		char left[80], text[2048];
		int len;

		len = snprintf(left, sizeof(left), "  --%s%s%s", option->flag,
			       option->argument ? " " : "",
			       option->argument ? option->argument : "");
		describe(option, text, sizeof(text));
		fprintf(to, "%s", left);
		if (len + 2 > HELP_INDENT)
			fprintf(to, "\n%*s", HELP_INDENT, "");
		else
			fprintf(to, "%*s", HELP_INDENT - len, "");
		print_wrapped(to, text, HELP_INDENT);
	}
}

/* --- what holds ---------------------------------------------------------- */

static void print_source(FILE *to, const struct options *options, int id)
{
	const struct option_value *value = &options->values[id];

	switch (value->source) {
	case FROM_FLAG: fprintf(to, "flag --%s\n", run_options[id].flag); break;
	case FROM_ENVIRONMENT: fprintf(to, "environment %s\n", run_options[id].env); break;
	case FROM_FILE: fprintf(to, "%s:%u\n", options->file, value->line); break;
	case FROM_DEFAULT: fprintf(to, "default\n"); break;
	}
}

void options_print_values(const struct options *options, FILE *to)
{
	char name[OPTION_TEXT_MAX + 1];

	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];
		const struct option_value *value = &options->values[id];
		const char *fallback = option->fallback ? option->fallback : option->fallback_text;

		if (!option->key)
			continue;
		fprintf(to, "%-15s ", option->key);
		print_source(to, options, id);
		for (size_t i = 0; i < value->n; i++) {
			if (option->type == OPTION_IS_OUTPUT)
				options_name_output(value->items[i], name, sizeof(name));
			fprintf(to, "    %s\n", option->type == OPTION_IS_OUTPUT ? name : value->items[i]);
		}
		if (value->n == 0)
			fprintf(to, "    %s\n", fallback ? fallback : "none");
	}
}
