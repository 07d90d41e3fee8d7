/* SPDX-License-Identifier: Apache-2.0 */
/* Play one attack in one container, and judge what the agent made of it. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define CASE_SECONDS 40
/* How long an alert may take to count as raised at all. */
#define ALERT_WAIT (3 * SECOND)
/* How long one alert too many may take. */
#define COUNT_SETTLE_US 500000

static void replace(char *text, size_t size, const char *key, const char *value)
{
	char whole[2048], *at;

	while ((at = strstr(text, key))) {
		snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(at - text), text, value,
			 at + strlen(key));
		snprintf(text, size, "%s", whole);
	}
}

void play_expand(const struct play *p, const char *text, char *out, size_t size)
{
	const struct host *h = p->host;
	char number[64];

	snprintf(out, size, "%s", text);
	replace(out, size, "{dir}", h->dir);
	replace(out, size, "{case}", p->dir);
	replace(out, size, "{name}", strrchr(h->dir, '.') + 1);
	replace(out, size, "{handle}", h->handle);
	replace(out, size, "{identity}", p->identity);
	snprintf(number, sizeof(number), "%d", h->decoy.pid);
	replace(out, size, "{decoy}", number);
	snprintf(number, sizeof(number), "%d", p->victim ? p->victim->pid : 0);
	replace(out, size, "{victim}", number);
	snprintf(number, sizeof(number), "%d", h->lender.pid);
	replace(out, size, "{lender}", number);
	snprintf(number, sizeof(number), "%d", h->listener.pid);
	replace(out, size, "{daemon}", number);
	snprintf(number, sizeof(number), "%u", h->tcp_port);
	replace(out, size, "{port}", number);
	snprintf(number, sizeof(number), "%u %u", h->loop_major, h->loop_minor);
	replace(out, size, "{loop}", number);
}

/* The command line inside the container. `store` holds what argv points to. */
static void play_argv(const struct play *p, char *store, size_t size, char *argv[], size_t n)
{
	char *part, *rest;

	play_expand(p, p->c->argv, store, size);
	if (*store != '/')
		argv[n++] = "/bin/attack";
	for (part = strtok_r(store, " ", &rest); part && n + 1 < ARGS_MAX;
	     part = strtok_r(NULL, " ", &rest))
		argv[n++] = part;
	argv[n] = NULL;
}

/* A copy of the case's box with everything expanded, in `store`. */
static struct box play_box(const struct play *p, char *store, size_t size)
{
	struct box box = p->c->box;
	size_t used = 0;
	int i;

	for (i = 0; i < BINDS_MAX && box.binds[i]; i++) {
		play_expand(p, box.binds[i], store + used, size - used);
		box.binds[i] = store + used;
		used += strlen(store + used) + 1;
	}
	if (box.env) {
		play_expand(p, box.env, store + used, size - used);
		box.env = store + used;
		used += strlen(store + used) + 1;
	}
	if (box.hook) {
		play_expand(p, box.hook, store + used, size - used);
		box.hook = store + used;
	}
	return box;
}

/* Names of runc's containers: what it allows, unique to this run. */
static void play_name_container(struct play *p)
{
	char *c;

	snprintf(p->id, sizeof(p->id), "bw-%.100s-%s", p->name, strrchr(p->host->dir, '.') + 1);
	for (c = p->id; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *c))
			*c = '-';
}

static int start_runc(struct play *p, const struct box *box)
{
	char store[1024], folder[300], *argv[ARGS_MAX];
	struct child_how how = { .log = p->host->log, .leak_fd = -1, .capture = true };
	size_t n = 0;
	int r;

	play_name_container(p);
	play_argv(p, store, sizeof(store), argv, 0);
	r = bundle_write(p->host, p->dir, box, argv);
	if (r < 0)
		return r;

	argv[n++] = p->runtime;
	argv[n++] = "run";
	if (p->c->leak) {
		snprintf(folder, sizeof(folder), "%s/outside", p->host->dir);
		how.leak_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		argv[n++] = "--preserve-fds";
		argv[n++] = "1";
	}
	argv[n++] = "-b";
	argv[n++] = p->dir;
	argv[n++] = p->id;
	argv[n] = NULL;
	p->start_ns = boot_ns();
	r = child_start(&p->main, argv, &how);
	if (how.leak_fd >= 0)
		close(how.leak_fd);
	return r;
}

static int start_docker(struct play *p, const struct box *box)
{
	char store[1024], caps[200], url[340], cidfile[450], *argv[ARGS_MAX];
	struct child_how how = { .log = p->host->log, .leak_fd = -1, .capture = true };
	size_t n = 0;

	shell(p->host->log, 5000, "mkdir -p '%s'", p->dir);
	snprintf(url, sizeof(url), "unix://%s", p->host->docker_sock);
	snprintf(cidfile, sizeof(cidfile), "%s/cid", p->dir);
	argv[n++] = p->host->docker;
	argv[n++] = "-H";
	argv[n++] = url;
	argv[n++] = "run";
	argv[n++] = "--rm";
	argv[n++] = "--cidfile";
	argv[n++] = cidfile;
	if (p->c->runtime_name) {
		argv[n++] = "--runtime";
		argv[n++] = "throwaway";
	}
	n = docker_options(box, argv, n, caps, sizeof(caps));
	if (p->c->argv[0] == '/') {
		/* The malicious image brings its own entry point. */
		argv[n++] = "evil";
		argv[n] = NULL;
	} else {
		argv[n++] = "box";
		play_argv(p, store, sizeof(store), argv, n);
	}
	p->start_ns = boot_ns();
	return child_start(&p->main, argv, &how);
}

static void docker_id(struct play *p)
{
	char path[450];
	FILE *f;

	snprintf(path, sizeof(path), "%s/cid", p->dir);
	f = fopen(path, "re");
	if (f && fscanf(f, "%159s", p->id) != 1)
		p->id[0] = '\0';
	if (f)
		fclose(f);
}

int play_start(struct play *p)
{
	char store[2048], folder[420];
	struct box box;

	p->latency_ms = -1;
	snprintf(p->container, sizeof(p->container), "-");
	p->first_alert = watch_count();
	snprintf(p->runtime, sizeof(p->runtime), "runc");
	if (p->c->runtime == DOCKER) {
		snprintf(p->identity, sizeof(p->identity), "%s", p->host->docker_copy);
	} else if (p->c->runtime_name) {
		snprintf(folder, sizeof(folder), "%s/rt", p->dir);
		if (host_copy_runtime(folder, p->c->runtime_name, p->runtime, sizeof(p->runtime),
				      p->identity, sizeof(p->identity)) < 0)
			return -ENOENT;
	}
	if (p->c->prepare && p->c->prepare(p) < 0)
		return -EIO;
	box = play_box(p, store, sizeof(store));
	return p->c->runtime == DOCKER ? start_docker(p, &box) : start_runc(p, &box);
}

void play_stop(struct play *p)
{
	child_stop(&p->main, SIGKILL, 2000);
	if (p->c->cleanup)
		p->c->cleanup(p);
	p->end_ns = boot_ns();
	if (p->c->runtime == DOCKER) {
		if (p->id[0])
			shell("/dev/null", 15000, "%s -H unix://%s rm -f %s", p->host->docker,
			      p->host->docker_sock, p->id);
		return;
	}
	shell("/dev/null", 15000, "runc delete -f %s", p->id);
	if (!p->options->keep)
		shell("/dev/null", 15000, "rm -rf --one-file-system '%s'", p->dir);
}

void play_finish(struct play *p, const char *verdict, const char *reason)
{
	snprintf(p->verdict, sizeof(p->verdict), "%s", verdict);
	snprintf(p->reason, sizeof(p->reason), "%s", reason);
}

static void play_line(struct play *p, const char *line)
{
	unsigned long long ns;

	if (sscanf(line, "HARM %llu", &ns) == 1) {
		if (!p->harm_ns)
			p->harm_ns = ns;
	} else if (sscanf(line, "DONE %llu", &ns) == 1) {
		p->done = true;
		p->refused = sscanf(line, "DONE %*u refused %*d %31s", p->error) == 1;
	} else if (strncmp(line, "SKIP ", 5) == 0) {
		play_finish(p, "skip", line + 5);
	} else if (strncmp(line, "FAIL ", 5) == 0) {
		play_finish(p, "fail", line + 5);
	} else if (strcmp(line, "READY") == 0 && p->c->on_ready) {
		if (p->c->runtime == DOCKER)
			docker_id(p);
		p->c->on_ready(p);
	} else if (p->c->harm_at_start && !p->harm_ns) {
		/* That the program speaks at all is the proof. */
		p->harm_ns = p->start_ns;
		p->done = true;
	}
}

/* Follow the lines of the container's program until its end. */
static void play_follow(struct play *p)
{
	uint64_t deadline = boot_ns() + CASE_SECONDS * SECOND;
	char line[400], *next;

	while ((next = child_line(&p->main, deadline))) {
		/* on_ready may read lines of its own: keep this one. */
		snprintf(line, sizeof(line), "%s", next);
		if (p->options->verbose)
			fprintf(stderr, "%s: %s\n", p->name, line);
		play_line(p, line);
	}
	if (p->c->runtime == DOCKER)
		docker_id(p);
}

/* Was the deed really done, or really refused? */
static bool play_proven(struct play *p)
{
	if (!p->done && p->c->runtime_may_refuse)
		play_finish(p, "skip", "this runtime is patched and refuses to start it");
	else if (!p->done)
		play_finish(p, "fail", "the deed was not done: no DONE line");
	else if (p->c->outcome == DONE_OK && p->refused)
		play_finish(p, "fail", "the deed was refused");
	else if (p->c->outcome == REFUSED && !p->refused)
		play_finish(p, "fail", "the deed was done, it should have been refused");
	else
		return true;
	return false;
}

/* Does one of the alternatives "a|b" match? */
static bool matches_either(const char *families, const struct alert *a)
{
	char copy[200], *part, *rest;

	snprintf(copy, sizeof(copy), "%s", families);
	for (part = strtok_r(copy, "|", &rest); part; part = strtok_r(NULL, "|", &rest))
		if (family_matches(part, a))
			return true;
	return false;
}

/* Is it the container's own; or the host's, where the case is about that? */
static bool is_mine(const struct play *p, const struct alert *a)
{
	return strcmp(a->container, p->id) == 0 ||
	       (p->c->host_too && alert_of_host(a) && a->boot_ns >= p->start_ns &&
		(!a->target[0] || strcmp(a->target, p->id) == 0));
}

/* The container's own alert of that family, at or after the harmful call. */
static bool find_alert(const struct play *p, const char *families, const char *mention,
		       struct alert *ret)
{
	size_t i, n = watch_count();

	for (i = p->first_alert; i < n; i++) {
		watch_get(i, ret);
		if (is_mine(p, ret) && ret->boot_ns >= p->harm_ns &&
		    matches_either(families, ret) && strstr(ret->line, mention))
			return true;
	}
	return false;
}

/* Are all expected families there? `missing` gets the first that is not. */
static bool judge_families(struct play *p, char *missing, size_t size)
{
	char copy[200], mention[300] = "", *part, *rest;
	struct alert a;
	double ms;

	if (p->c->mention)
		play_expand(p, p->c->mention, mention, sizeof(mention));
	snprintf(copy, sizeof(copy), "%s", p->c->expect);
	for (part = strtok_r(copy, " ", &rest); part; part = strtok_r(NULL, " ", &rest)) {
		if (!find_alert(p, part, mention, &a)) {
			snprintf(missing, size, "%s", part);
			return false;
		}
		ms = ((double)a.seen_ns - (double)a.boot_ns) / 1e6;
		if (ms > p->latency_ms)
			p->latency_ms = ms;
	}
	return true;
}

/* Which rules spoke, of whom, and when: the table's columns. */
static void judge_columns(struct play *p)
{
	size_t i, n = watch_count(), used;
	struct alert a;

	snprintf(p->container, sizeof(p->container), "none");
	for (i = p->first_alert; i < n; i++) {
		watch_get(i, &a);
		if (a.boot_ns < p->start_ns)
			continue;
		if (!is_mine(p, &a)) {
			/* With one case at a time, whoever else is accused now is
			 * accused in this one's place. */
			if (p->options->jobs == 1 && a.priority <= PRIORITY_WARNING && !p->any)
				snprintf(p->container, sizeof(p->container), "wrong");
			continue;
		}
		p->any = true;
		p->after = p->after || a.boot_ns >= p->harm_ns;
		snprintf(p->container, sizeof(p->container), "right");
		used = strlen(p->got);
		if (!strstr(p->got, a.rule_id))
			snprintf(p->got + used, sizeof(p->got) - used, "%s%s", used ? "," : "",
				 a.rule_id);
	}
}

/* Is something told as often as it should be, after a while for one too many? */
static bool judge_count(struct play *p)
{
	unsigned int had = 0;
	size_t i, n;
	struct alert a;

	if (!p->c->counted)
		return true;
	usleep(COUNT_SETTLE_US);
	n = watch_count();
	for (i = p->first_alert; i < n; i++) {
		watch_get(i, &a);
		had += strcmp(a.container, p->id) == 0 && matches_either(p->c->counted, &a);
	}
	if (had == p->c->n_counted)
		return true;
	play_finish(p, "fail", "");
	snprintf(p->reason, sizeof(p->reason), "%u alerts of %.60s, want %u", had, p->c->counted,
		 p->c->n_counted);
	return false;
}

static void play_judge(struct play *p)
{
	uint64_t deadline = boot_ns() + ALERT_WAIT;
	char missing[200] = "", mention[300] = "";
	size_t n;
	bool good, is_told;

	if (p->options->no_agent) {
		play_finish(p, "pass", "");
		return;
	}
	do {
		n = watch_count();
		good = judge_families(p, missing, sizeof(missing));
		/* A step may come later than another of its family. */
		is_told = good && (!p->c->story || !story_check(p, missing, sizeof(missing)));
		if (!is_told)
			watch_wait(n, deadline);
	} while (!is_told && boot_ns() < deadline && watch_running());
	judge_columns(p);

	if (good && p->c->story && story_check(p, missing, sizeof(missing))) {
		play_finish(p, "fail", missing);
		return;
	}
	if (good) {
		if (judge_count(p))
			play_finish(p, "pass", "");
		return;
	}
	play_finish(p, "fail", "");
	p->missed = true;
	if (p->c->mention)
		play_expand(p, p->c->mention, mention, sizeof(mention));
	snprintf(p->reason, sizeof(p->reason), "no alert of %.60s at or after the harm%s%.200s",
		 missing, *mention ? " that holds " : "", mention);
}

static const char *not_here(const struct play *p)
{
	if (p->c->runtime == DOCKER && p->host->no_docker[0])
		return p->host->no_docker;
	if (p->c->needs_loop && p->host->no_loop[0])
		return p->host->no_loop;
	if (p->c->needs_handle && p->host->no_handle[0])
		return p->host->no_handle;
	return p->c->why_not ? p->c->why_not(p) : NULL;
}

void play_one(struct play *p)
{
	const char *why = not_here(p);

	if (why) {
		play_finish(p, "skip", why);
		return;
	}
	if (play_start(p) < 0)
		play_finish(p, "fail", "the container cannot be started");
	else
		play_follow(p);
	if (!p->verdict[0] && play_proven(p))
		play_judge(p);
	play_stop(p);
}
