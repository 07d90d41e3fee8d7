/* SPDX-License-Identifier: Apache-2.0 */
/* What the manual pages say of each option, in mdoc(7). */
#include <ctype.h>

#include "cmd/options.h"

/* Running text: a sentence a line, nothing that mdoc takes for its own. */
static void print_text(FILE *to, const char *text)
{
	bool at_start = true;

	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			fputs("\\&", to);
		at_start = false;
		if (*text == '\\')
			fputs("\\e", to);
		else if (*text == '-')
			fputs("\\-", to);
		else
			fputc(*text, to);
		if (text[0] == '.' && text[1] == ' ' && isupper((unsigned char)text[2])) {
			fputc('\n', to);
			at_start = true;
			text++;
		}
	}
	fputc('\n', to);
}

/* "FILE" as mdoc has arguments: in small letters. */
static void print_argument(FILE *to, const char *argument)
{
	fputs(" Ar ", to);
	for (; *argument; argument++)
		fputc(tolower((unsigned char)*argument), to);
}

static void print_dashed(FILE *to, const char *name)
{
	for (; *name; name++)
		fprintf(to, *name == '-' ? "\\-" : "%c", *name);
}

static void print_words(FILE *to, const struct run_option *option)
{
	if (!option->words)
		return;
	fputs("It is\n", to);
	for (size_t i = 0; option->words[i]; i++)
		fprintf(to, ".Cm %s%s\n", option->words[i],
			!option->words[i + 1] ? " ." :
			option->words[i + 2]  ? " ," :
						"\nor");
}

static void print_fallback(FILE *to, const struct run_option *option)
{
	char text[400];

	if (option->fallback_text) {
		snprintf(text, sizeof(text), "Default: %s.", option->fallback_text);
		print_text(to, text);
	} else if (option->fallback) {
		fprintf(to, "Default:\n.%s %s .\n", option->type == OPTION_IS_PATH ? "Pa" : "Cm",
			option->fallback);
	}
}

void options_print_man_flags(FILE *to)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];

		fputs(".It Fl \\-", to);
		print_dashed(to, option->flag);
		if (option->argument)
			print_argument(to, option->argument);
		if (option->letter) {
			fprintf(to, " , Fl %c", option->letter);
			if (option->argument)
				print_argument(to, option->argument);
		}
		fputc('\n', to);
		print_text(to, option->help);
		print_words(to, option);
		if (option->items_max > 1)
			fputs("May be repeated.\n", to);
		print_fallback(to, option);
	}
	fputs(".El\n", to);
}

static const char *type_text(const struct run_option *option)
{
	bool is_list = option->items_max > 1;

	switch (option->type) {
	case OPTION_IS_SWITCH: return "true or false";
	case OPTION_IS_PATH: return is_list ? "array of absolute paths" : "absolute path";
	case OPTION_IS_OUTPUT: return "array of objects";
	case OPTION_IS_WORD: return "word";
	default: return is_list ? "array of strings" : "string";
	}
}

void options_print_man_keys(FILE *to)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];

		if (!option->key)
			continue;
		fprintf(to, ".It Cm %s : No %s\n", option->key, type_text(option));
		print_text(to, option->help);
		print_words(to, option);
		print_fallback(to, option);
		fputs("Flag\n.Fl \\-", to);
		print_dashed(to, option->flag);
		fprintf(to, " ,\nenvironment\n.Ev %s ", option->env);
		if (option->separator)
			fprintf(to, ",\nwith %s between its parts.\n",
				option->separator == ':' ? "colons" : "white space");
		else
			fputs(".\n", to);
	}
	fputs(".El\n", to);
}

void options_print_man_outputs(FILE *to)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (size_t i = 0; i < output_options_len; i++) {
		fprintf(to, ".It Cm %s : No %s\n", output_options[i].key, output_options[i].value);
		print_text(to, output_options[i].help);
	}
	fputs(".El\n", to);
}
