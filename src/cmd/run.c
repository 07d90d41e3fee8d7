// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/log.h"
#include "agent/sensor.h"
#include "cmd/cmd.h"

#define RULES_DEFAULT "/etc/brigwatch/rules"
#ifndef RULES_SHARED
#define RULES_SHARED "/usr/share/brigwatch/rules"
#endif
#define ROOTS_MAX 16
#define CHOICES_MAX 64

struct run_options {
	const char *rules[ROOTS_MAX], *output, *host_root, *run_dir;
	size_t n_rules;
	struct rule_choice choices[CHOICES_MAX];
	size_t n_choices;
	const char *runc_roots[ROOTS_MAX + 1], *docker_roots[ROOTS_MAX + 1];
	size_t n_runc_roots, n_docker_roots;
	enum sink_format format;
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: brigwatch run [OPTION...]\n\n"
		"Watches this host until SIGINT or SIGTERM. Needs root, or CAP_BPF and\n"
		"CAP_PERFMON, with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH for container names.\n\n"
		"  --rules DIR        rules to use: a directory of *.json and rules.d/*.json, or one\n"
		"                     file; may be repeated (default " RULES_DEFAULT ", else\n"
		"                     " RULES_SHARED ")\n"
		"  --enable WHICH     use these rules: ids (BW-0101, BW-01*), tags, techniques (T1611),\n"
		"                     priorities (warning, warning+ for that and above), with commas\n"
		"  --disable WHICH    do not use these rules\n"
		"  --only WHICH       use no others\n"
		"  --format FORMAT    text or json, one alert a line; text is a block an alert on a\n"
		"                     terminal (default text)\n"
		"  --output FILE      append alerts to FILE instead of printing them\n"
		"  --runc-root DIR    another directory of runc's states (runc --root); may be repeated\n"
		"  --docker-root DIR  another data directory of Docker (--data-root); may be repeated\n"
		"  --host-root DIR    the host's root directory as seen from here: in a pod, where\n"
		"                     it is mounted (default /)\n"
		"  --run-dir DIR      directory of the lock, the host's (default /run/brigwatch)\n"
		"  --help             this text\n\n"
		"Alerts go to stdout or FILE, messages and the summary to stderr.\n");
}

/* Numbers of options without a letter: from here, as enum rule_choice_kind. */
#define OPTION_CHOICE 256

static int add_choice(struct run_options *options, enum rule_choice_kind kind, const char *which)
{
	if (options->n_choices == CHOICES_MAX) {
		fprintf(stderr, "brigwatch run: at most %d choices of rules\n", CHOICES_MAX);
		return EXIT_USAGE;
	}
	options->choices[options->n_choices++] = (struct rule_choice){ kind, which };
	return EXIT_DONE;
}

static int add_rules(struct run_options *options, const char *path)
{
	if (options->n_rules == ROOTS_MAX) {
		fprintf(stderr, "brigwatch run: at most %d --rules\n", ROOTS_MAX);
		return EXIT_USAGE;
	}
	options->rules[options->n_rules++] = path;
	return EXIT_DONE;
}

static int parse_options(int argc, char **argv, struct run_options *ret)
{
	static const struct option options[] = {
		{ "rules", required_argument, NULL, 'r' },
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "runc-root", required_argument, NULL, 'c' },
		{ "docker-root", required_argument, NULL, 'd' },
		{ "host-root", required_argument, NULL, 'H' },
		{ "run-dir", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ "enable", required_argument, NULL, OPTION_CHOICE + RULE_ENABLE },
		{ "disable", required_argument, NULL, OPTION_CHOICE + RULE_DISABLE },
		{ "only", required_argument, NULL, OPTION_CHOICE + RULE_ONLY },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "r:f:o:h", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			if (add_rules(ret, optarg) != EXIT_DONE)
				return EXIT_USAGE;
			break;
		case OPTION_CHOICE + RULE_ENABLE:
		case OPTION_CHOICE + RULE_DISABLE:
		case OPTION_CHOICE + RULE_ONLY:
			if (add_choice(ret, (enum rule_choice_kind)(c - OPTION_CHOICE), optarg) !=
			    EXIT_DONE)
				return EXIT_USAGE;
			break;
		case 'o':
			ret->output = optarg;
			break;
		case 'H':
			ret->host_root = optarg;
			break;
		case 'R':
			ret->run_dir = optarg;
			break;
		case 'f':
			if (!strcmp(optarg, "text")) {
				ret->format = SINK_TEXT;
			} else if (!strcmp(optarg, "json")) {
				ret->format = SINK_JSON;
			} else {
				fprintf(stderr, "brigwatch run: --format is text or json, not \"%s\"\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'c':
		case 'd': {
			size_t *n = c == 'c' ? &ret->n_runc_roots : &ret->n_docker_roots;

			if (*n == ROOTS_MAX) {
				fprintf(stderr, "brigwatch run: at most %d directories of a kind\n", ROOTS_MAX);
				return EXIT_USAGE;
			}
			(c == 'c' ? ret->runc_roots : ret->docker_roots)[(*n)++] = optarg;
			break;
		}
		case 'h':
			usage(stdout);
			return -1;
		default:
			fprintf(stderr, "brigwatch run: `brigwatch run --help` lists the options\n");
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "brigwatch run: takes options only, got \"%s\"\n", argv[optind]);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static void tell_error(const struct parse_error *error, void *arg)
{
	(void)arg;
	if (error->line)
		fprintf(stderr, "brigwatch: rules: %s:%u:%u: %s\n", error->file, error->line,
			error->column, error->message);
	else
		fprintf(stderr, "brigwatch: rules: %s%s%s\n", error->file,
			error->file[0] ? ": " : "", error->message);
	if (error->excerpt[0]) {
		fprintf(stderr, "    %s\n", error->excerpt);
		if (error->caret)
			fprintf(stderr, "    %*s\n", (int)error->caret, "^");
	}
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

/* Which rules, at the start and each time that they are read again. */
static struct rule_load choose_rules(const struct run_options *options)
{
	return (struct rule_load){
		.paths = options->rules,
		.n_paths = options->n_rules,
		.choices = options->choices,
		.n_choices = options->n_choices,
	};
}

static int load_rules(const struct run_options *options, struct rule_set **ret)
{
	struct rule_load load = choose_rules(options);
	struct parse_error error;

	load.now_ns = (int64_t)time(NULL) * 1000000000;
	load.tell = tell_error;
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
static int open_output(const char *path, int *ret)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;

	if (!path) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd < 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
			log_message("output", "stdout is closed: alerts would be lost; use --output FILE");
			return EXIT_INTERNAL;
		}
		*ret = unblocked(fd);
		return EXIT_DONE;
	}
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

/* The usual places and the given ones. */
static void fill_roots(struct run_options *options, struct reader_config *reader)
{
	static const char *const runc_usual[] = { "/run/runc", "/run/docker/runtime-runc/moby",
						  "/run/docker/runtime-runc/*", "/run/containerd/runc/*" };
	static const char *const docker_usual[] = { "/var/lib/docker" };

	if (options->n_runc_roots) {
		for (size_t i = 0; i < ARRAY_SIZE(runc_usual) && options->n_runc_roots < ROOTS_MAX; i++)
			options->runc_roots[options->n_runc_roots++] = runc_usual[i];
		reader->runc_roots = options->runc_roots;
	}
	if (options->n_docker_roots) {
		for (size_t i = 0; i < ARRAY_SIZE(docker_usual) && options->n_docker_roots < ROOTS_MAX; i++)
			options->docker_roots[options->n_docker_roots++] = docker_usual[i];
		reader->docker_roots = options->docker_roots;
	}
}

int cmd_run(int argc, char **argv)
{
	struct run_options options = { .format = SINK_TEXT };
	struct sensor_options sensor = { .output_fd = -1 };
	struct rule_set *rules = NULL;
	int code;

	code = parse_options(argc, argv, &options);
	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (options.n_rules == 0)
		options.rules[options.n_rules++] = access(RULES_DEFAULT, F_OK) == 0 ? RULES_DEFAULT : RULES_SHARED;
	code = load_rules(&options, &rules);
	if (code == EXIT_DONE)
		code = open_output(options.output, &sensor.output_fd);
	if (code == EXIT_DONE) {
		sensor.rules = rules;
		sensor.load = choose_rules(&options);
		sensor.format = options.format;
		sensor.colour = isatty(sensor.output_fd) && !getenv("NO_COLOR");
		sensor.run_dir = options.run_dir;
		sensor.reader.host_root = options.host_root;
		fill_roots(&options, &sensor.reader);
		code = sensor_run(&sensor);
	}
	if (sensor.output_fd >= 0)
		close(sensor.output_fd);
	rule_set_free(rules);
	return code;
}
