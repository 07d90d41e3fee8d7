/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch check-config`: what `run` would make of its configuration, without
 * running. Every mistake is told, and where each value comes from. */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/log.h"
#include "cmd/cmd.h"
#include "cmd/options.h"

static const char usage[] =
	"usage: brigwatch check-config [OPTION...] [FILE]\n\n"
	"Reads FILE (default " CONFIG_FILE_DEFAULT "), the environment and options of\n"
	"`brigwatch run` as `run` would, loads the rules and looks at the outputs. Tells every\n"
	"mistake. Starts nothing, opens no output and needs no privileges but to read.\n\n"
	"  --show             then print each value that holds, and where it comes from\n"
	"  --schema           print the JSON Schema of the file and do nothing else\n"
	"  --man PART         print the options for the manual pages: flags, keys or outputs\n"
	"  --help             this text\n\n"
	"All options of `brigwatch run` are taken as well: `brigwatch run --help`.\n\n"
	"Exit codes: 0 `run` would start with it, 1 it would not, 2 usage, 5 output.\n";

/* For suggestions; they also say that a file may be named. */
static const char *const own_flags[] = { "show", "schema", "man", NULL };

struct check {
	bool show, schema, help;
	const char *man;
};

/* Our own options out of the line; the rest is for options_read_for(). */
static int take_own(int argc, char **argv, struct check *ret)
{
	int n = 1;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--show"))
			ret->show = true;
		else if (!strcmp(argv[i], "--schema"))
			ret->schema = true;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			ret->help = true;
		else if (!strcmp(argv[i], "--man"))
			ret->man = i + 1 < argc ? argv[++i] : "";
		else if (!strncmp(argv[i], "--man=", 6))
			ret->man = argv[i] + 6;
		else
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	return n;
}

static void tell(const struct parse_error *error, bool is_warning, void *arg)
{
	(void)arg;
	options_print_error(stderr, error, is_warning);
}

static void warn(unsigned int *n, const char *what, const char *path, const char *why)
{
	fprintf(stderr, "brigwatch: config: warning: %s %s: %s\n", what, path, why);
	++*n;
}

/* --- rules -------------------------------------------------------------- */

/* As `run` loads them; false when it would not start. */
static bool check_rules(const struct options *options, size_t *ret_rules, unsigned int *n_warnings)
{
	const struct parse_error *warnings;
	struct options_rules rules;
	struct rule_set *set = NULL;
	struct parse_error error;
	size_t n;

	options_rules(options, &rules);
	rules.load.now_ns = (int64_t)time(NULL) * 1000000000;
	rules.load.tell = options_tell_rule;
	if (rule_set_load_with(AT_FDCWD, &rules.load, &set, &error) < 0)
		return false;
	n = rule_set_warnings(set, &warnings);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "brigwatch: rules: %s:%u: warning: %s\n", warnings[i].file,
			warnings[i].line, warnings[i].message);
	*n_warnings += (unsigned int)n;
	*ret_rules = rule_set_len(set);
	rule_set_free(set);
	return true;
}

/* --- places ------------------------------------------------------------- */

/* What is not there may come before `run` does, or be on another host: warnings. */
static void check_directory(const char *what, const char *path, unsigned int *n_warnings)
{
	struct stat st;

	if (stat(path, &st) < 0)
		warn(n_warnings, what, path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		warn(n_warnings, what, path, "is not a directory");
}

static void check_readable(const char *what, const char *path, unsigned int *n_warnings)
{
	if (path && access(path, R_OK) < 0)
		warn(n_warnings, what, path, strerror(errno));
}

static void check_output(const struct output_spec *spec, unsigned int *n_warnings)
{
	const char *slash = spec->target ? strrchr(spec->target, '/') : NULL;
	cleanup_free char *parent = NULL;
	struct stat st;

	if (spec->kind == OUTPUT_FILE && slash && slash > spec->target) {
		parent = strndup(spec->target, (size_t)(slash - spec->target));
		if (parent)
			check_directory("directory of an output", parent, n_warnings);
		if (stat(spec->target, &st) == 0 && S_ISDIR(st.st_mode))
			warn(n_warnings, "output", spec->target, "is a directory");
	}
	check_readable("headers", spec->headers, n_warnings);
	check_readable("ca", spec->ca, n_warnings);
}

static void check_outputs(const struct options *options, unsigned int *n_warnings)
{
	size_t n;
	const char *const *list = options_list(options, OPTION_OUTPUTS, &n);
	char error[OUTPUT_ERROR_MAX];
	struct output_spec spec;

	for (size_t i = 0; i < n; i++) {
		if (output_spec_parse(list[i], &spec, error) < 0)
			continue; /* told by options_read_for() */
		check_output(&spec, n_warnings);
		output_spec_release(&spec);
	}
}

/* --- the command -------------------------------------------------------- */

static int print_made(const struct check *check)
{
	json_t *json;

	if (check->schema) {
		json = options_schema();
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else if (!strcmp(check->man, "flags")) {
		options_print_man_flags(stdout);
	} else if (!strcmp(check->man, "keys")) {
		options_print_man_keys(stdout);
	} else if (!strcmp(check->man, "outputs")) {
		options_print_man_outputs(stdout);
	} else {
		fprintf(stderr, "brigwatch: --man is flags, keys or outputs, not '%s'\n",
			check->man);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static int check_all(const struct check *check, struct options *options, bool is_good)
{
	unsigned int n_warnings = 0;
	size_t n_rules = 0;

	/* Whose choice of rules was refused would hear of rules that were not meant. */
	if (is_good || options->values[OPTION_RULES].n > 0) {
		is_good &= check_rules(options, &n_rules, &n_warnings);
		check_outputs(options, &n_warnings);
		check_directory("host_root", options_text(options, OPTION_HOST_ROOT), &n_warnings);
	}
	n_warnings += options->n_warnings;
	if (check->show)
		options_print_values(options, stdout);
	if (is_good)
		printf("%s: good, %zu rules, %u warning%s\n",
		       options->file ? options->file : "no file", n_rules, n_warnings,
		       n_warnings == 1 ? "" : "s");
	else
		fprintf(stderr, "brigwatch: config: `run` would not start with this\n");
	return is_good ? EXIT_DONE : EXIT_FINDINGS;
}

int cmd_check_config(int argc, char **argv)
{
	struct check check = {};
	struct options options;
	int code;

	argc = take_own(argc, argv, &check);
	if (check.help)
		fputs(usage, stdout);
	if (check.help || check.schema || check.man) {
		code = check.help ? EXIT_DONE : print_made(&check);
		return fflush(stdout) == 0 ? code : EXIT_INTERNAL;
	}
	code = options_read_for(&options, argc, argv, environ, own_flags, tell, NULL);
	if (options.is_misused) {
		fprintf(stderr, "brigwatch: `brigwatch check-config --help` lists the options\n");
		code = EXIT_USAGE;
	} else {
		code = check_all(&check, &options, code == OPTIONS_READY);
	}
	options_release(&options);
	return fflush(stdout) == 0 ? code : EXIT_INTERNAL;
}
