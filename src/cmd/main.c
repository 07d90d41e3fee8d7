// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/log.h"
#include "base/base.h"
#include "base/suggest.h"
#include "cmd/cmd.h"
#include "cmd/rules.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", cmd_run, "watch this host and print alerts" },
	{ "watch", cmd_watch, "show what containers do, as it happens" },
	{ "rules", cmd_rules, "check, list or test rules" },
	{ "scan", cmd_scan, "judge what the running containers were given" },
	{ "incidents", cmd_incidents, "tell alerts as stories" },
	{ "check-config", cmd_check_config, "what `run` makes of its configuration; mistakes in it" },
	{ "health", cmd_health, "how the agent that runs here fares; for probes" },
	{ "doctor", cmd_doctor, "what this kernel allows, which hooks fit, what is not seen" },
	{ "hand-over", cmd_hand_over, "give directories to the user that the agent runs as" },
	{ "version", cmd_version, "print the version" },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: brigwatch COMMAND [OPTION...]\n\n"
		    "Detects containers that break out to their host.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-13s %s\n", commands[i].name, commands[i].summary);
	fprintf(to, "\n`brigwatch COMMAND --help` tells the options of one.\n"
		    "Exit codes: 0 done, 1 findings, 2 usage, configuration or rules, 3 privileges,\n"
		    "4 the kernel cannot, 5 input, output or internal.\n");
}

/* A program started with 0, 1 or 2 closed would open its files there, and
 * messages would go into them. Put something harmless that cannot be written. */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			_exit(EXIT_INTERNAL);
}

static int refuse_command(const char *typed)
{
	struct suggest suggest = {};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		suggest_offer(&suggest, slice_from(typed), commands[i].name);
	fprintf(stderr, "brigwatch: there is no command \"%s\"%s%s%s; `brigwatch --help` lists them\n", typed,
		suggest.best ? ", did you mean \"" : "", suggest.best ? suggest.best : "", suggest.best ? "\"?" : "");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	fill_standard_fds();
	opterr = 0; /* the commands tell, cmd/usage.h */
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return fflush(stdout) == 0 ? EXIT_DONE : EXIT_INTERNAL;
	}
	if (!strcmp(argv[1], "--version"))
		return cmd_version(argc - 1, argv + 1);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return refuse_command(argv[1]);
}
