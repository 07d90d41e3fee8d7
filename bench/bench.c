// SPDX-License-Identifier: Apache-2.0
/* bench: what being watched costs, and what the agent itself takes.
 * README.md explains the method and the table. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "bench.h"
#include "hooks.h"
#include "report.h"
#include "subject.h"

#define SETTLE_MS 100 /* after a start or stop, before the clock counts */
#define FLOOD_RATE 100000

struct options {
	const char *agent, *rules, *every_open, *json;
	int rounds;
	unsigned int op_ms; /* for one operation in one round */
	unsigned int load_ms;
	unsigned int budget_ms; /* for all rounds; what exceeds it is not waited for */
	int starts;
	bool hooks_only, verbose;
};

static const struct option long_options[] = {
	{ "agent", required_argument, NULL, 'a' },
	{ "rules", required_argument, NULL, 'r' },
	{ "every-open", required_argument, NULL, 'e' },
	{ "json", required_argument, NULL, 'j' },
	{ "rounds", required_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quick", no_argument, NULL, 'q' },
	{ "hooks", no_argument, NULL, 'H' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: bench [--quick] [--rounds N] [--agent PATH|none] [--rules DIR] [--every-open DIR] [--json FILE]\n"
	"             [--verbose]\n"
	"       bench --hooks\n"
	"\n"
	"  --quick           fewer and shorter rounds: under a minute, twice the spread\n"
	"  --rounds N        how often each configuration is measured (7)\n"
	"  --agent PATH      what is measured (build/brigwatch); none: only the empty programs\n"
	"  --rules DIR       its rules (rules)\n"
	"  --every-open DIR  rules that want every open of a container (bench/rules)\n"
	"  --json FILE       the results as JSON, one object a line, as well\n"
	"  --verbose         every single measurement on stderr\n"
	"  --hooks           attach the empty programs, name them, and end\n"
	"\n"
	"Needs root and runc. Exit: 0 measured, whatever the figures; 2 usage; 3 not root; 5 measuring failed.\n";

/* One line that is written over, for whoever watches. */
__attribute__((format(printf, 1, 2))) static void show_progress(const char *format, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started one line above */
	vfprintf(stderr, format, args);
	va_end(args);
}

/* --- configurations --- */

struct setup {
	enum config config;
	struct hooks *hooks;
	struct agent agent;
};

static int setup_enter(struct setup *setup, enum config config, const struct options *options,
		       const struct site *site)
{
	int r = 0;

	*setup = (struct setup){ .config = config, .agent = { .err = -1 } };
	if (config == CONFIG_EMPTY) {
		r = hooks_attach(&setup->hooks);
		if (r < 0)
			complain("cannot attach the empty programs: %s", strerror(-r));
	} else if (config == CONFIG_AGENT) {
		r = agent_start(&setup->agent, options->agent, options->rules, site->dir);
		if (r == 0)
			r = agent_wait_watching(&setup->agent);
	}
	if (r == 0)
		sleep_ms(SETTLE_MS);
	return r;
}

static int setup_leave(struct setup *setup)
{
	int r = 0;

	hooks_detach(setup->hooks);
	if (setup->agent.pid > 0) {
		r = agent_stop(&setup->agent);
		if (r < 0 && !stopping)
			complain("the agent did not end with 0 on SIGTERM; it said:\n%s",
				 setup->agent.said);
	}
	sleep_ms(SETTLE_MS / 2); /* the kernel frees programs a little later */
	return stopping ? -EINTR : r;
}

/* --- one round --- */

/* Is there time to wait for calm moments, with all rounds still to fit? */
static bool has_patience(const struct options *options, int round)
{
	static uint64_t start;
	uint64_t share = options->budget_ms * 1000000ull / (unsigned int)options->rounds;

	if (!start)
		start = now_ns();
	return now_ns() - start < share * (unsigned int)(round + 1);
}

static int measure_subject(const struct options *options, const struct site *site,
			   struct results *results, enum config config, enum subject_kind kind,
			   int round)
{
	struct subject subject;
	struct reply reply = { 0 };
	int r;

	r = subject_start(site, kind, &subject);
	for (int op = 0; op < OP_MAX && r == 0; op++) {
		struct request request = { .verb = VERB_MEASURE,
					   .op = (uint32_t)op,
					   .speed = results->speed_best,
					   .patient = has_patience(options, round),
					   .ms = op == OP_EXEC ? 4 * options->op_ms :
								 options->op_ms };

		r = subject_send(&subject, &request);
		if (r == 0)
			r = subject_receive(&subject, 4 * request.ms + 10000, &reply);
		if (r < 0) {
			if (!stopping)
				complain("an operation failed in the worker: %s", strerror(-r));
			break;
		}
		results->ns[config][kind][op][round] = reply.ns;
		results->speed[config][kind][op][round] = reply.speed_best;
		if (results->speed_best <= 0 || reply.speed_best < results->speed_best)
			results->speed_best = reply.speed_best;
		results->noisy[config][kind][op][round] = reply.noisy;
		if (options->verbose)
			fprintf(stderr,
				"round %d config %d subject %d op %d: %.1f ns, %u of %u batches clean, speed %.0f%s\n",
				round + 1, config, kind, op, reply.ns, reply.clean, reply.batches,
				reply.speed, reply.noisy ? ", noisy" : "");
	}
	subject_stop(&subject);
	return r;
}

static void shuffle(int *order, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int j = (int)(random() % (i + 1)), tmp = order[i];

		order[i] = order[j];
		order[j] = tmp;
	}
}

static int measure_config(const struct options *options, const struct site *site,
			  struct results *results, enum config config, int round)
{
	int kinds[SUBJECT_MAX] = { SUBJECT_HOST, SUBJECT_CONTAINED, SUBJECT_ALERTING }, r, r2;
	struct setup setup;

	r = setup_enter(&setup, config, options, site);
	shuffle(kinds, SUBJECT_MAX);
	for (int i = 0; i < SUBJECT_MAX && r == 0; i++)
		r = measure_subject(options, site, results, config, (enum subject_kind)kinds[i],
				    round);
	if (r == 0 && config == CONFIG_AGENT)
		results->n_memory = agent_processes(&setup.agent, results->memory);
	r2 = setup_leave(&setup);
	return r < 0 ? r : r2;
}

/* A worker scales its times to the fastest that it knew of then; bring all to the
 * fastest of the whole run. */
static void scale_to_best(struct results *results)
{
	for (int c = 0; c < CONFIG_MAX; c++)
		for (int s = 0; s < SUBJECT_MAX; s++)
			for (int o = 0; o < OP_MAX; o++)
				for (int i = 0; i < results->rounds; i++)
					if (results->speed[c][s][o][i] > 0)
						results->ns[c][s][o][i] *=
							results->speed_best /
							results->speed[c][s][o][i];
}

static int measure_costs(const struct options *options, const struct site *site,
			 struct results *results)
{
	int order[CONFIG_MAX] = { CONFIG_NOTHING, CONFIG_EMPTY, CONFIG_AGENT },
	    n = results->has_agent ? 3 : 2, r;

	for (int round = 0; round < options->rounds; round++) {
		show_progress("round %d of %d", round + 1, options->rounds);
		shuffle(order, n);
		for (int i = 0; i < n; i++) {
			r = measure_config(options, site, results, (enum config)order[i], round);
			if (r < 0)
				return r;
		}
		results->rounds = round + 1;
	}
	scale_to_best(results);
	return 0;
}

/* --- the agent's own figures --- */

/* A container that does the alerting call every ms, and an agent that starts. */
static int measure_starts(const struct options *options, const struct site *site,
			  struct results *results)
{
	struct request request = { .verb = VERB_LOOP };
	struct subject subject;
	struct agent agent;
	uint64_t ns;
	int r;

	r = subject_start(site, SUBJECT_ALERTING, &subject);
	if (r == 0)
		r = subject_send(&subject, &request);
	for (int i = 0; i < options->starts && r == 0; i++) {
		r = agent_start(&agent, options->agent, options->rules, site->dir);
		if (r == 0)
			r = agent_wait_alert(&agent, 10000, &ns);
		if (r == -ETIMEDOUT) {
			complain(
				"no alert within 10 s of the agent's start: the figure is left out");
			agent_stop(&agent);
			r = 0;
			break;
		}
		if (r == 0)
			r = agent_wait_watching(&agent);
		if (r == 0) {
			results->first_alert_ms[results->n_starts] = (double)ns / 1e6;
			results->watching_ms[results->n_starts++] = (double)agent.watching_ns / 1e6;
			agent_stop(&agent);
		}
	}
	subject_stop(&subject);
	return r;
}

/* The last lines of what the agent said: its books. */
static void keep_summary(const struct agent *agent, struct load *load)
{
	const char *watching = strstr(agent->said, "watching"),
		   *start = watching ? strchr(watching, '\n') : NULL;
	size_t len;

	start = start ? start + 1 : agent->said;
	len = strlen(start);
	if (len >= sizeof(load->summary)) {
		start += len - sizeof(load->summary) + 1;
		len = sizeof(load->summary) - 1;
	}
	memcpy(load->summary, start, len);
	load->summary[len] = '\0';
}

static int flood(const struct subject *subject, unsigned int ms, unsigned int rate,
		 double *ret_rate)
{
	struct request request = { .verb = VERB_FLOOD, .ms = ms, .rate = rate };
	struct reply reply;
	int r;

	r = subject_send(subject, &request);
	if (r == 0)
		r = subject_receive(subject, ms + 20000, &reply);
	if (r == 0)
		*ret_rate = reply.ns > 0 ? (double)reply.count * 1e9 / reply.ns : 0;
	return r;
}

/* CPU time of the agent's processes while a container makes `rate` opens a
 * second (0: while nothing happens). */
static int measure_load(const struct options *options, const struct site *site, const char *rules,
			enum subject_kind kind, unsigned int rate, struct load *load)
{
	struct agent_process before[AGENT_PROCESSES_MAX];
	struct subject subject = SUBJECT_NONE;
	struct agent agent;
	uint64_t start = 0;
	int n = 0, r;

	r = agent_start(&agent, options->agent, rules, site->dir);
	if (r == 0)
		r = agent_wait_watching(&agent);
	if (r < 0)
		return r;
	r = subject_start(site, kind, &subject);
	/* Budgets fill and tables grow in the first moments. */
	if (r == 0)
		r = flood(&subject, 300, rate, &load->rate);
	if (r == 0) {
		n = agent_processes(&agent, before);
		start = now_ns();
		r = flood(&subject, options->load_ms, rate, &load->rate);
	}
	if (r == 0) {
		load->seconds = (double)(now_ns() - start) / 1e9;
		load->n_processes = agent_processes(&agent, load->processes);
		for (int i = 0; i < load->n_processes; i++)
			for (int j = 0; j < n; j++)
				if (before[j].pid == load->processes[i].pid)
					load->percent[i] = 100 *
							   (double)(load->processes[i].cpu_ns -
								    before[j].cpu_ns) /
							   1e9 / load->seconds;
		load->measured = true;
	}
	subject_stop(&subject);
	if (agent_stop(&agent) < 0 && r == 0 && !stopping)
		complain("the agent did not end with 0 on SIGTERM after a flood");
	keep_summary(&agent, load);
	return r;
}

static int measure_agent(const struct options *options, const struct site *site,
			 struct results *results)
{
	int r;

	show_progress("starts");
	r = measure_starts(options, site, results);
	if (r < 0)
		return r;
	show_progress("load");
	r = measure_load(options, site, options->rules, SUBJECT_CONTAINED, 0, &results->idle);
	if (r == 0)
		r = measure_load(options, site, options->rules, SUBJECT_ALERTING, FLOOD_RATE,
				 &results->folded);
	if (r == 0 && access(options->every_open, R_OK) == 0)
		r = measure_load(options, site, options->every_open, SUBJECT_CONTAINED, FLOOD_RATE,
				 &results->bulk);
	return r;
}

/* --- the place --- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

static int site_open(struct site *site)
{
	const char *tmp = getenv("TMPDIR");
	char self[PATH_MAX / 4];
	ssize_t len;

	*site = (struct site){ .foreign_dir = -1, .foreign_listener = -1 };
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return -errno;
	self[len] = '\0';
	snprintf(site->build, sizeof(site->build), "%s", dirname(self));
	snprintf(site->dir, sizeof(site->dir), "%s/brigwatch-bench.XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(site->dir)) {
		complain("cannot make %s: %s", site->dir, strerror(errno));
		site->dir[0] = '\0';
		return -errno;
	}
	chmod(site->dir, 0755);
	return subject_prepare(site);
}

static void site_close(struct site *site)
{
	if (site->foreign_dir >= 0)
		close(site->foreign_dir);
	if (site->foreign_listener >= 0)
		close(site->foreign_listener);
	if (site->dir[0])
		nftw(site->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* --- command line --- */

static void on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	int opt;

	*options = (struct options){ .agent = "build/brigwatch",
				     .rules = "rules",
				     .every_open = "bench/rules",
				     .rounds = 7,
				     .op_ms = 150,
				     .load_ms = 4000,
				     .budget_ms = 150000,
				     .starts = 5 };
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case 'a': options->agent = optarg; break;
		case 'r': options->rules = optarg; break;
		case 'e': options->every_open = optarg; break;
		case 'j': options->json = optarg; break;
		case 'n': options->rounds = (int)parse_number(optarg); break;
		case 'q':
			options->rounds = 4;
			options->op_ms = 60;
			options->load_ms = 2000;
			options->budget_ms = 25000;
			options->starts = 3;
			break;
		case 'v': options->verbose = true; break;
		case 'H': options->hooks_only = true; break;
		case 'h': fputs(usage, stdout); exit(0);
		default: return -EINVAL;
		}
	}
	return optind == argc && options->rounds > 0 && options->rounds <= ROUNDS_MAX ? 0 : -EINVAL;
}

static int print_hooks(void)
{
	struct hooks *hooks;
	int r = hooks_attach(&hooks);

	if (r < 0) {
		complain("cannot attach the empty programs: %s", strerror(-r));
		return r == -EPERM ? 3 : 4;
	}
	printf("%d %s\n", hooks_count(hooks), hooks_names(hooks));
	hooks_detach(hooks);
	return 0;
}

static int run(const struct options *options)
{
	static struct results results;
	struct site site;
	FILE *json = NULL;
	int r;

	results.has_agent = strcmp(options->agent, "none") != 0;
	if (results.has_agent && access(options->agent, X_OK) < 0) {
		complain("no agent at %s: %s", options->agent, strerror(errno));
		return 2;
	}
	if (options->json && !(json = fopen(options->json, "we"))) {
		complain("cannot write %s: %s", options->json, strerror(errno));
		return 5;
	}

	r = site_open(&site);
	if (r == 0)
		r = measure_costs(options, &site, &results);
	if (r == 0 && results.has_agent)
		r = measure_agent(options, &site, &results);
	site_close(&site);
	show_progress("%s", "");

	/* What was measured is shown, even when the rest failed. */
	if (results.rounds > 0) {
		report_print(&results, stdout);
		if (json)
			report_json(&results, json);
	}
	if (json && fclose(json) != 0)
		r = -EIO;
	if (r < 0)
		complain("not everything was measured: %s", strerror(-r));
	return r < 0 ? 5 : 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct options options;

	if (parse_options(argc, argv, &options) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (options.hooks_only)
		return print_hooks();
	if (geteuid() != 0) {
		complain(
			"needs root: it starts containers and loads BPF programs (sudo make bench)");
		return 3;
	}

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	srandom((unsigned int)now_ns());
	return run(&options);
}
