// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/log.h"
#include "agent/output_spec.h"
#include "agent/sensor.h"
#include "cmd/cmd.h"
#include "cmd/options.h"

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

/* Who reads slowly must not stop the engine, so pipes and terminals do not
 * block. They are opened anew for that: O_NONBLOCK belongs to the open file,
 * which the shell and its other children share. Where this is not allowed the
 * descriptor stays as it is. */
static int unblocked(int fd)
{
	char path[32];
	struct stat st;
	int fresh;

	if (fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !isatty(fd)))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fresh = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fresh < 0)
		return fd;
	close(fd);
	return fresh;
}

/* Links are not followed, but for the names of our own descriptors. */
static int open_path(const char *path, int *ret)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;

	if (strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/self/fd/", 14) != 0)
		flags |= O_NOFOLLOW;
	fd = open(path, flags, 0640);
	if (fd < 0) {
		log_message("output", "cannot open %s for alerts: %s", path,
			    errno == ENXIO ? "nobody reads it" : strerror(errno));
		return EXIT_INTERNAL;
	}
	*ret = fd;
	return EXIT_DONE;
}

static int open_stdout(int *ret)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		log_message("output", "stdout is closed: alerts would be lost; use --output FILE");
		return EXIT_INTERNAL;
	}
	*ret = unblocked(fd);
	return EXIT_DONE;
}

static int open_output(const char *text, int *ret)
{
	char error[OUTPUT_ERROR_MAX];
	struct output_spec spec;
	int code;

	if (!text)
		return open_stdout(ret);
	if (output_spec_parse(text, &spec, error) < 0) {
		log_message("output", "%s", error);
		return EXIT_USAGE;
	}
	if (spec.kind == OUTPUT_STDOUT) {
		code = open_stdout(ret);
	} else if (spec.kind == OUTPUT_FILE) {
		code = open_path(spec.target, ret);
	} else {
		log_message("output", "outputs of kind %s cannot be used yet", output_kind_name(spec.kind));
		code = EXIT_USAGE;
	}
	output_spec_release(&spec);
	return code;
}

static void fill_reader(const struct options *options, struct reader_config *ret)
{
	ret->host_root = options_text(options, OPTION_HOST_ROOT);
	ret->runc_roots = options_list(options, OPTION_RUNC_ROOTS, NULL);
	ret->crun_roots = options_list(options, OPTION_CRUN_ROOTS, NULL);
	ret->docker_roots = options_list(options, OPTION_DOCKER_ROOTS, NULL);
	ret->bundle_roots = options_list(options, OPTION_BUNDLE_ROOTS, NULL);
	ret->storage_roots = options_list(options, OPTION_STORAGE_ROOTS, NULL);
}

static int run(struct plan *plan)
{
	struct sensor_options sensor = { .output_fd = -1 };
	const struct options *options = &plan->options;
	struct rule_set *rules = NULL;
	int code;

	options_rules(&plan->options, &plan->rules);
	code = load_rules(plan, &rules);
	if (code == EXIT_DONE)
		code = open_output(options_text(options, OPTION_OUTPUTS), &sensor.output_fd);
	if (code == EXIT_DONE) {
		sensor.rules = rules;
		sensor.load = plan->rules.load;
		sensor.format = output_format_from(options_text(options, OPTION_FORMAT));
		sensor.colour = isatty(sensor.output_fd) && !getenv("NO_COLOR");
		sensor.hostname = options_text(options, OPTION_HOSTNAME);
		sensor.config_file = options->file;
		sensor.config_state = options->file_state;
		sensor.run_dir = options_text(options, OPTION_RUN_DIR);
		sensor.listen = options_text(options, OPTION_LISTEN);
		fill_reader(options, &sensor.reader);
		code = sensor_run(&sensor);
	}
	if (sensor.output_fd >= 0)
		close(sensor.output_fd);
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
