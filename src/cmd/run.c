// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "agent/log.h"
#include "agent/output_spec.h"
#include "agent/sensor.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/run_outputs.h"

/* What is asked for: options, and what rules they name. */
struct plan {
	struct options options;
	struct options_rules rules;
};

static void usage(FILE *to)
{
	fprintf(to, "usage: brigwatch run [OPTION...]\n\n"
		    "Watches this host until SIGINT or SIGTERM. Needs root, or CAP_BPF and\n"
		    "CAP_PERFMON, with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH for container names.\n\n");
	options_print_help(to);
	fprintf(to, "\nEach option but --config can be said in " CONFIG_FILE_DEFAULT " and by an\n"
		    "environment variable BRIGWATCH_...: brigwatch.json(5). A flag goes before the\n"
		    "environment, that before the file. `brigwatch check-config` tells what holds.\n\n"
		    "Alerts go to stdout or where --output says, messages and the summary to stderr.\n\n"
		    "Exit codes: 0 stopped, 2 usage, configuration or rules, 3 privileges are missing,\n"
		    "4 the kernel cannot, 5 input, output or internal.\n");
}

static void tell_option(const struct parse_error *error, bool is_warning, void *arg)
{
	(void)arg;
	options_print_error(stderr, error, is_warning);
}

#define WARNINGS_TOLD 5

/* Each once, here: an alert is no place for what is doubtful about a rule. */
static void tell_warnings(const struct rule_set *rules)
{
	const struct parse_error *warnings;
	size_t n = rule_set_warnings(rules, &warnings);

	for (size_t i = 0; i < n && i < WARNINGS_TOLD; i++)
		log_message("rules", "%s:%u: %s", warnings[i].file, warnings[i].line,
			    warnings[i].message);
	if (n > WARNINGS_TOLD)
		log_message("rules", "%zu more warnings, `brigwatch rules check` tells them",
			    n - WARNINGS_TOLD);
}

static int load_rules(const struct plan *plan, struct rule_set **ret)
{
	struct rule_load load = plan->rules.load;
	struct parse_error error;

	load.now_ns = (int64_t)time(NULL) * 1000000000;
	load.tell = options_tell_rule;
	if (rule_set_load_with(AT_FDCWD, &load, ret, &error) < 0) {
		fprintf(stderr, "brigwatch: rules: nothing is watched until this is mended\n");
		return EXIT_USAGE;
	}
	tell_warnings(*ret);
	return EXIT_DONE;
}

static void fill_reader(const struct options *options, struct reader_config *ret)
{
	ret->host_root = options_text(options, OPTION_HOST_ROOT);
	ret->runc_roots = options_list(options, OPTION_RUNC_ROOTS, NULL);
	ret->crun_roots = options_list(options, OPTION_CRUN_ROOTS, NULL);
	ret->docker_roots = options_list(options, OPTION_DOCKER_ROOTS, NULL);
	ret->bundle_roots = options_list(options, OPTION_BUNDLE_ROOTS, NULL);
	ret->storage_roots = options_list(options, OPTION_STORAGE_ROOTS, NULL);
	ret->machine_roots = options_list(options, OPTION_MACHINE_ROOTS, NULL);
	ret->lxc_roots = options_list(options, OPTION_LXC_ROOTS, NULL);
}

static int run(struct plan *plan)
{
	const struct options *options = &plan->options;
	struct sensor_options sensor = {};
	struct run_outputs outputs = {};
	struct rule_set *rules = NULL;
	int code;

	options_rules(&plan->options, &plan->rules);
	code = load_rules(plan, &rules);
	if (code == EXIT_DONE)
		code = run_outputs_open(options, &outputs);
	if (code == EXIT_DONE) {
		sensor.rules = rules;
		sensor.load = plan->rules.load;
		sensor.outputs = outputs.specs;
		sensor.output_fds = outputs.fds;
		sensor.n_outputs = outputs.n;
		sensor.colour = outputs.colour;
		sensor.hostname = options_text(options, OPTION_HOSTNAME);
		sensor.config_file = options->file;
		sensor.config_state = options->file_state;
		sensor.run_dir = options_text(options, OPTION_RUN_DIR);
		sensor.metrics_file = options_text(options, OPTION_METRICS_FILE);
		sensor.listen = options_text(options, OPTION_LISTEN);
		fill_reader(options, &sensor.reader);
		code = sensor_run(&sensor);
	}
	run_outputs_release(&outputs);
	rule_set_free(rules);
	return code;
}

int cmd_run(int argc, char **argv)
{
	struct plan plan = {};
	int code = EXIT_USAGE;

	switch (options_read(&plan.options, argc, argv, environ, tell_option, NULL)) {
	case OPTIONS_READY:
		code = run(&plan);
		break;
	case OPTIONS_HELP:
		usage(stdout);
		code = fflush(stdout) == 0 ? EXIT_DONE : EXIT_INTERNAL;
		break;
	case OPTIONS_WRONG:
		fprintf(stderr, "brigwatch run: `brigwatch run --help` lists the options\n");
		break;
	}
	options_release(&plan.options);
	return code;
}
