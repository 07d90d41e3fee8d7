/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rules.h"

#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include "base/json_text.h"
#include "rule/rule.h"

#ifndef BW_RULES_DIR
#define BW_RULES_DIR "rules"
#endif

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_IO = 5 };

static const char usage[] =
	"Usage: brigwatch rules COMMAND [OPTION]...\n"
	"\n"
	"Commands:\n"
	"  check             load the rules and say what is wrong with them\n"
	"  list              show every rule\n"
	"  test              run the tests that the rules carry\n"
	"\n"
	"Options:\n"
	"  --rules DIR       directory of *.json files, or one file (default " BW_RULES_DIR ")\n"
	"  --format FORMAT   text (default) or json\n"
	"  --help            this text\n"
	"\n"
	"Exit status: 0 done, 2 usage or a rule is wrong, 5 a file could not be read or written.\n";

struct options {
	const char *command;
	const char *path;
	bool json;
};

/* --- output ------------------------------------------------------------- */

static json_t *json_texts(const char *const *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; texts[i]; i++)
		json_array_append_new(array, json_from_text(texts[i]));
	return array;
}

static void print_json(json_t *json)
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
	print_json(json_pack("{s:b, s:o}", "ok", 0, "error", error));
}

/* --- commands ----------------------------------------------------------- */

static int check_rules(const struct options *options, const struct rule_set *set)
{
	json_t *json;

	if (!options->json) {
		printf("%s: %zu rules, all well (SHA-256 %s)\n", options->path, rule_set_len(set),
		       rule_set_hash(set));
		return EXIT_DONE;
	}
	json = json_object();
	json_object_set_new(json, "ok", json_true());
	json_object_set_new(json, "rules", json_integer((json_int_t)rule_set_len(set)));
	json_object_set_new(json, "hash", json_from_text(rule_set_hash(set)));
	print_json(json);
	return EXIT_DONE;
}

static json_t *rule_json(const struct rule *rule)
{
	const struct field *const *fields;
	size_t n_fields = rule_fields(rule, &fields);
	json_t *json = json_object(), *names = json_array();

	for (size_t i = 0; i < n_fields; i++)
		json_array_append_new(names, json_from_text(fields[i]->name));
	json_object_set_new(json, "id", json_from_text(rule_id(rule)));
	json_object_set_new(json, "name", json_from_text(rule_name(rule)));
	json_object_set_new(json, "priority", json_from_text(priority_name(rule_priority(rule))));
	json_object_set_new(json, "description", json_from_text(rule_description(rule)));
	json_object_set_new(json, "why", json_from_text(rule_why(rule)));
	json_object_set_new(json, "response", json_texts(rule_response(rule)));
	json_object_set_new(json, "references", json_texts(rule_references(rule)));
	json_object_set_new(json, "mitre", json_texts(rule_mitre(rule)));
	json_object_set_new(json, "techniques", json_texts(rule_techniques(rule)));
	json_object_set_new(json, "tags", json_texts(rule_tags(rule)));
	json_object_set_new(json, "file", json_from_text(rule_file(rule)));
	json_object_set_new(json, "fields", names);
	return json;
}

static void print_rule(const struct rule *rule)
{
	const char *before = "  [";

	printf("%-10s %-13s %s", rule_id(rule), priority_name(rule_priority(rule)),
	       rule_name(rule));
	for (const char *const *id = rule_techniques(rule); *id; id++) {
		printf("%s%s", before, *id);
		before = " ";
	}
	printf("%s\n", before[0] == ' ' && before[1] == '\0' ? "]" : "");
}

static int list_rules(const struct options *options, const struct rule_set *set)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);

		if (options->json)
			json_array_append_new(array, rule_json(rule));
		else
			print_rule(rule);
	}
	if (options->json)
		print_json(array);
	else
		json_decref(array);
	return EXIT_DONE;
}

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

static int test_rules(const struct options *options, const struct rule_set *set)
{
	struct results results = { options->json, json_array() };
	unsigned int n_run = 0, n_failed = 0, n_untested = 0, run;

	for (size_t i = 0; i < rule_set_len(set); i++) {
		n_failed += rule_run_tests(set, rule_set_at(set, i), &run, report_test, &results);
		n_run += run;
		n_untested += run == 0;
	}
	if (options->json) {
		print_json(json_pack("{s:b, s:i, s:i, s:i, s:o}", "ok", n_failed == 0, "run",
				     (int)n_run, "failed", (int)n_failed, "rules_without_tests",
				     (int)n_untested, "tests", results.lines));
	} else {
		printf("%u tests of %zu rules: %u failed, %u rules without a test\n", n_run,
		       rule_set_len(set), n_failed, n_untested);
		json_decref(results.lines);
	}
	return n_failed > 0 ? EXIT_USAGE : EXIT_DONE;
}

static const struct {
	const char *name;
	int (*run)(const struct options *options, const struct rule_set *set);
} commands[] = {
	{ "check", check_rules },
	{ "list", list_rules },
	{ "test", test_rules },
};

/* --- the command line --------------------------------------------------- */

static int refuse(const char *what, const char *which)
{
	fprintf(stderr, "rules: %s%s%s, try 'brigwatch rules --help'\n", what, which ? ": " : "",
		which ? which : "");
	return EXIT_USAGE;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "rules", required_argument, NULL, 'r' },
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0; /* glibc: start over, another command line may have been read before */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		switch (c) {
		case 'r': options->path = optarg; break;
		case 'f':
			if (strcmp(optarg, "text") != 0 && strcmp(optarg, "json") != 0)
				return refuse("unknown format", optarg);
			options->json = strcmp(optarg, "json") == 0;
			break;
		case 'h': fputs(usage, stdout); return EXIT_DONE;
		case ':': return refuse("option needs a value", argv[optind - 1]);
		default: return refuse("unknown option", argv[optind - 1]);
		}
	}
	if (optind >= argc)
		return refuse("a command is missing: check, list or test", NULL);
	if (optind + 1 < argc)
		return refuse("too many arguments", argv[optind + 1]);
	options->command = argv[optind];
	return -1;
}

static int run_command(const struct options *options)
{
	struct parse_error err;
	struct rule_set *set;
	int code, r;
	size_t i = 0;

	while (i < ARRAY_SIZE(commands) && strcmp(commands[i].name, options->command) != 0)
		i++;
	if (i == ARRAY_SIZE(commands))
		return refuse("unknown command", options->command);

	r = rule_set_load(AT_FDCWD, options->path, &set, &err);
	if (r < 0) {
		if (options->json)
			print_error_json(&err);
		else
			print_error_text(&err);
		/* What a file is and says is the author's to mend; the rest is the system's. */
		return r == -EINVAL || r == -EPERM || r == -EFBIG || r == -ELOOP ? EXIT_USAGE :
										   EXIT_IO;
	}
	code = commands[i].run(options, set);
	rule_set_free(set);
	return code;
}

int cmd_rules(int argc, char **argv)
{
	struct options options = { .path = BW_RULES_DIR };
	int code;

	code = parse_options(argc, argv, &options);
	if (code < 0)
		code = run_command(&options);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "rules: cannot write to stdout: %s\n", strerror(errno));
		return EXIT_IO;
	}
	return code;
}
