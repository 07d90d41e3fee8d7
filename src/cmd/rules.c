/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules`: the table of its commands, and how a command line is read. */
#include "cmd/rules.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/suggest.h"
#include "cmd/rules_tool.h"

#define BW_RULES_DIR "rules"
#define RULES_INSTALLED "/etc/brigwatch/rules"
#ifndef RULES_SHARED
#define RULES_SHARED "/usr/share/brigwatch/rules"
#endif

/* In the order of the help. */
static const struct rules_command *const commands[] = {
	/* clang-format off */
	&rules_check,
	&rules_test,
	&rules_list,
	&rules_explain,
	&rules_fields,
	&rules_coverage,
	&rules_diff,
	&rules_fmt,
	&rules_bench,
	&rules_schema,
	/* clang-format on */
};

/* What goes with every command. */
static const struct rules_option common[] = {
	{ "rules", "DIR",
	  "directory of *.json and rules.d/*.json, or one file (default " BW_RULES_DIR
	  ", else the installed ones); may be repeated" },
	{ "enable", "WHICH", "use these rules: id, tag, T1611, warning, warning+ (and above)" },
	{ "disable", "WHICH", "do not use them; several are separated by commas" },
	{ "only", "WHICH", "use no others" },
	{ "format", "FORMAT", "text (default) or json" },
	{ "help", NULL, "this text" },
	{ NULL },
};

static const struct rules_option none[] = { { NULL } };

static const struct rules_option *own_options(const struct rules_command *command)
{
	return command && command->options ? command->options : none;
}

/* --- help --------------------------------------------------------------- */

static void print_options(const struct rules_option *options)
{
	for (; options->name; options++) {
		char left[48];

		snprintf(left, sizeof(left), "--%s%s%s", options->name, options->value ? " " : "",
			 options->value ? options->value : "");
		printf("  %-20s %s\n", left, options->help);
	}
}

static int print_help(void)
{
	printf("usage: brigwatch rules COMMAND [OPTION]...\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		char left[48];

		snprintf(left, sizeof(left), "%s%s%s", commands[i]->name,
			 commands[i]->args ? " " : "", commands[i]->args ? commands[i]->args : "");
		printf("  %-20s %s\n", left, commands[i]->summary);
	}
	printf("\nOptions:\n");
	print_options(common);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!commands[i]->options)
			continue;
		printf("\nOptions of %s:\n", commands[i]->name);
		print_options(commands[i]->options);
	}
	printf("\nExit codes: 0 done, 1 diff: they differ, 2 usage or a rule is wrong, 5 a file could not be read or written.\n");
	return RULES_DONE;
}

/* --- what is wrong ------------------------------------------------------ */

int rules_refuse(const struct rules_call *call, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "rules%s%s: ", call->command ? " " : "",
		call->command ? call->command->name : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (help: brigwatch rules --help)\n");
	return RULES_WRONG;
}

static int refuse_command(const struct rules_call *call, const char *typed)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		suggest_offer(&suggest, slice_from(typed), commands[i]->name);
	if (suggest.best)
		return rules_refuse(call, "unknown command '%s', did you mean '%s'?", typed,
				    suggest.best);
	return rules_refuse(call, "unknown command '%s'", typed);
}

static void offer_options(struct suggest *suggest, struct slice typed,
			  const struct rules_option *options)
{
	for (; options->name; options++)
		suggest_offer(suggest, typed, options->name);
}

static int refuse_option(const struct rules_call *call, const char *typed)
{
	struct slice name = slice_from(typed);
	struct suggest suggest = { NULL, 0 };
	const char *equals = strchr(typed, '=');

	if (equals)
		name.len = (size_t)(equals - typed);
	while (name.len > 0 && name.data[0] == '-')
		name = (struct slice){ name.data + 1, name.len - 1 };
	offer_options(&suggest, name, common);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		offer_options(&suggest, name, own_options(commands[i]));
	if (suggest.best)
		return rules_refuse(call, "unknown option '%s', did you mean '--%s'?", typed,
				    suggest.best);
	return rules_refuse(call, "unknown option '%s'", typed);
}

/* --- the command line --------------------------------------------------- */

#define OPTIONS_MAX 64u

/* The options of all commands, each name once: which of them a command has is
 * asked when the command is known. */
static void gather_options(struct option *ret)
{
	size_t n = 0;

	for (size_t i = 0; i <= ARRAY_SIZE(commands); i++) {
		const struct rules_option *option = i == 0 ? common : own_options(commands[i - 1]);

		for (; option->name && n + 1 < OPTIONS_MAX; option++) {
			size_t k = 0;

			while (k < n && strcmp(ret[k].name, option->name) != 0)
				k++;
			if (k == n)
				ret[n++] = (struct option){ option->name,
							    option->value ? required_argument :
									    no_argument,
							    NULL, 'o' };
		}
	}
	ret[n] = (struct option){ NULL, 0, NULL, 0 };
}

static bool has_option(const struct rules_option *options, const char *name)
{
	for (; options->name; options++) {
		if (strcmp(options->name, name) == 0)
			return true;
	}
	return false;
}

const char *rules_given(const struct rules_call *call, const char *name)
{
	for (size_t i = call->n_given; i > 0; i--) {
		if (strcmp(call->given[i - 1].name, name) == 0)
			return call->given[i - 1].value;
	}
	return NULL;
}

/* -1: go on; else the exit code. */
static int check_options(struct rules_call *call)
{
	const char *format;

	if (rules_given(call, "rules"))
		call->path = rules_given(call, "rules");
	format = rules_given(call, "format");
	if (format && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return rules_refuse(call, "unknown format '%s': text or json", format);
	call->json = format && strcmp(format, "json") == 0;
	for (size_t i = 0; i < call->n_given; i++) {
		const char *name = call->given[i].name;

		if (!has_option(common, name) && !has_option(own_options(call->command), name))
			return rules_refuse(call, "has no option '--%s'", name);
	}
	return -1;
}

static int find_command(struct rules_call *call, int argc, char **argv)
{
	if (optind >= argc)
		return rules_refuse(call, "a command is missing");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->name, argv[optind]) == 0)
			call->command = commands[i];
	}
	if (!call->command)
		return refuse_command(call, argv[optind]);
	call->args = (const char *const *)argv + optind + 1;
	call->n_args = (size_t)(argc - optind - 1);
	if (call->n_args > call->command->args_max)
		return rules_refuse(call, "too many arguments: '%s'",
				    call->args[call->command->args_max]);
	if (call->n_args < call->command->args_min)
		return rules_refuse(call, "wants %s", call->command->args);
	return -1;
}

/* -1: go on; else the exit code. */
static int read_line(struct rules_call *call, int argc, char **argv)
{
	struct option known[OPTIONS_MAX];
	int c, which, code;

	gather_options(known);
	optind = 0; /* glibc: start over, another command line may have been read before */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", known, &which)) != -1) {
		if (c == 'h' || (c == 'o' && strcmp(known[which].name, "help") == 0))
			return print_help();
		if (c == ':')
			return rules_refuse(call, "option '%s' needs a value", argv[optind - 1]);
		if (c != 'o')
			return refuse_option(call, argv[optind - 1]);
		if (call->n_given == RULES_GIVEN_MAX)
			return rules_refuse(call, "more than %d options", RULES_GIVEN_MAX);
		call->given[call->n_given].name = known[which].name;
		call->given[call->n_given++].value = optarg ? optarg : "";
	}
	code = find_command(call, argc, argv);
	return code < 0 ? check_options(call) : code;
}

static int run_command(const struct rules_call *call)
{
	struct rule_set *set = NULL;
	int code = 0;

	if (!call->command)
		return RULES_WRONG; /* has been told */
	if (!call->command->no_set)
		code = rules_load(call, call->path, &set);
	if (code == 0)
		code = call->command->run(call, set);
	rule_set_free(set);
	return code;
}

int cmd_rules(int argc, char **argv)
{
	struct rules_call call = { .path = BW_RULES_DIR };
	int code;

	/* Beside the sources it is the rules being worked on, elsewhere those that `run` takes. */
	if (access(call.path, F_OK) != 0)
		call.path = access(RULES_INSTALLED, F_OK) == 0 ? RULES_INSTALLED : RULES_SHARED;
	code = read_line(&call, argc, argv);
	if (code < 0)
		code = run_command(&call);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "rules: cannot write to stdout: %s\n", strerror(errno));
		return RULES_IO;
	}
	return code;
}
