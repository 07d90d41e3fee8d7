/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile bool stopping;
static unsigned int n_passed, n_failed, n_skipped;
static regex_t only;

void count_pass(void)
{
	n_passed++;
}

void count_fail(void)
{
	n_failed++;
}

void count_skip(void)
{
	n_skipped++;
}

bool selected(const struct options *o, const char *name)
{
	return !o->only || regexec(&only, name, 0, NULL, 0) == 0;
}

static void on_stop(int sig)
{
	(void)sig;
	stopping = true;
}

static void usage(FILE *f)
{
	fprintf(f, "usage: harness [options]\n"
		   "  --agent PATH     the agent (build/brigwatch)\n"
		   "  --rules DIR      its rules (rules)\n"
		   "  --benign DIR     benign scripts (tests/live/benign)\n"
		   "  --programs DIR   attack, benign, decoy, tricked, preload.so (build/live)\n"
		   "  --only PATTERN   cases whose name matches the extended expression;\n"
		   "                   \"routes\", \"races\", \"abi\", \"latency\" are some\n"
		   "  --jobs N         attacks at a time (1)\n"
		   "  --latency N      repetitions of the latency measurement (300)\n"
		   "  --no-agent       prove that the deeds are real, without an agent\n"
		   "  --races N        opens whose path is rewritten meanwhile (10000)\n"
		   "  --matrix FILE    the outcomes as JSON, too\n"
		   "  --list           names of the cases\n"
		   "  --keep           leave the temporary directory\n"
		   "  --verbose        the lines of the attack programs, too\n");
}

static int options_parse(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "agent", 1, NULL, 'a' },
		{ "rules", 1, NULL, 'r' },
		{ "benign", 1, NULL, 'b' },
		{ "programs", 1, NULL, 'p' },
		{ "only", 1, NULL, 'o' },
		{ "jobs", 1, NULL, 'j' },
		{ "latency", 1, NULL, 'n' },
		{ "matrix", 1, NULL, 'm' },
		{ "races", 1, NULL, 'R' },
		{ "no-agent", 0, NULL, 'x' },
		{ "list", 0, NULL, 'l' },
		{ "keep", 0, NULL, 'k' },
		{ "verbose", 0, NULL, 'v' },
		{ "help", 0, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		switch (c) {
		case 'a': o->agent = optarg; break;
		case 'r': o->rules = optarg; break;
		case 'b': o->benign = optarg; break;
		case 'p': o->programs = optarg; break;
		case 'o': o->only = optarg; break;
		case 'j': o->jobs = atoi(optarg); break;
		case 'n': o->n_latency = atoi(optarg); break;
		case 'm': o->matrix = optarg; break;
		case 'R': o->n_races = atoi(optarg); break;
		case 'x': o->no_agent = true; break;
		case 'l': o->list = true; break;
		case 'k': o->keep = true; break;
		case 'v': o->verbose = true; break;
		case 'h': usage(stdout); exit(0);
		default: usage(stderr); return -EINVAL;
		}
	}
	if (o->only && regcomp(&only, o->only, REG_EXTENDED | REG_NOSUB) != 0) {
		fprintf(stderr, "harness: not an extended expression: %s\n", o->only);
		return -EINVAL;
	}
	return 0;
}

static int list(const struct options *o)
{
	const struct attack_case *const *cases;
	DIR *dir = opendir(o->benign);
	struct dirent *entry;
	size_t i, n;

	cases = cases_all(&n);
	for (i = 0; i < n; i++)
		printf("%s %s %s\n", cases[i]->technique, cases[i]->variant,
		       cases[i]->runtime == DOCKER ? "docker" : "runc");
	printf("routes\nraces\nabi\nlatency\n");
	while (dir && (entry = readdir(dir)))
		if (strstr(entry->d_name, ".sh") && strcmp(entry->d_name, "lib.sh") != 0)
			printf("%s\n", entry->d_name);
	if (dir)
		closedir(dir);
	return 0;
}

static void end_watch(void)
{
	const char *wrong;

	printf("\n");
	wrong = watch_stop();
	if (wrong) {
		printf("agent: %s\n", wrong);
		count_fail();
	} else {
		count_pass();
	}
}

/* Where each call's own alert is asked for: nothing folded. */
static void play_counted(struct host *h, const struct options *o)
{
	char rules[300];

	if (!o->no_agent &&
	    (watch_bare_rules(h, o, rules, sizeof(rules)) < 0 || watch_start(h, o, rules) < 0)) {
		count_fail();
		return;
	}
	if (host_init_late(h) < 0)
		count_fail();
	if (!stopping)
		play_attacks(h, o);
	if (!stopping)
		play_routes(h, o);
	if (!stopping)
		play_races(h, o);
	if (!stopping)
		play_abi(h, o);
	if (!stopping && !o->no_agent)
		play_latency(h, o);
	if (!o->no_agent)
		end_watch();
}

/* What an operator would read, who has the rules as they are. */
static void play_as_delivered(struct host *h, const struct options *o)
{
	if (!o->no_agent && watch_start(h, o, o->rules) < 0) {
		count_fail();
		return;
	}
	play_benign(h, o);
	if (!o->no_agent)
		end_watch();
}

int main(int argc, char **argv)
{
	static struct options o = { .agent = "build/brigwatch",
				    .rules = "rules",
				    .benign = "tests/live/benign",
				    .programs = "build/live",
				    .jobs = 1,
				    .n_races = 10000,
				    .n_latency = 300 };
	static struct host h;
	struct sigaction stop = { .sa_handler = on_stop };
	char self[PATH_MAX];
	ssize_t n;

	if (argc > 2 && strcmp(argv[1], "--bundle") == 0)
		return bundle_main(argc - 2, argv + 2);
	if (options_parse(&o, argc, argv) < 0)
		return 2;
	if (cases_init() < 0)
		return 2;
	if (o.list)
		return list(&o);
	if (geteuid() != 0) {
		printf("live tests need root\n0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	setenv("LIVE_HARNESS", self, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);

	if (host_init(&h, &o) < 0) {
		fprintf(stderr, "harness: the stage cannot be set\n");
		count_fail();
	} else {
		play_counted(&h, &o);
		if (!stopping)
			play_as_delivered(&h, &o);
	}
	host_release(&h, &o);
	report_print();
	if (o.matrix && report_write(o.matrix) < 0)
		count_fail();
	printf("%u passed, %u failed, %u skipped\n", n_passed, n_failed, n_skipped);
	return stopping ? 130 : n_failed > 0;
}
