/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of opens whose path is rewritten by a second thread meanwhile. The
 * program knows from the descriptor which file came of each; exactly the foreign
 * ones must be alerted, each once. A container makes no more of them than its
 * budget takes whole. */
#include "harness.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define PER_CONTAINER 500
#define CONTAINER_SECONDS 40

static const struct kind {
	const char *name, *target;
} kinds[] = {
	{ "fifo", "races/fifo" },   /* the open blocks, the string is rewritten */
	{ "page", "races/secret" }, /* its page is dropped again and again */
	{ "uffd", "races/secret" }, /* a userfault answers the kernel's read of it */
	{ "busy", "races/secret" }, /* it is rewritten as fast as can be */
};

struct one {
	uint64_t before, after;
	bool foreign;
	unsigned int n_alerts;
};

struct tally {
	unsigned int n, n_foreign, n_own, n_none;
	unsigned int missed, invented;
	unsigned int remarked, unread, wrong_remark;
	char skip[200];
};

/* The last name of a path. */
static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static json_t *member(json_t *root, const char *outer, const char *inner)
{
	return json_object_get(json_object_get(root, outer), inner);
}

static bool has_flag(json_t *root, const char *flag)
{
	json_t *flags = member(root, "event", "flags"), *f;
	size_t i;

	json_array_foreach(flags, i, f)
		if (json_is_string(f) && strcmp(json_string_value(f), flag) == 0)
			return true;
	return false;
}

/* Is the remark what the alert's own two strings say? */
static void count_remark(json_t *root, struct tally *t)
{
	const char *path = json_string_value(member(root, "file", "path"));
	const char *arg = json_string_value(member(root, "file", "arg"));
	bool differs = path && arg && *last_name(arg) &&
		       strcmp(last_name(path), last_name(arg)) != 0;
	bool remarked = has_flag(root, "arg_mismatch");

	t->remarked += remarked;
	t->unread += has_flag(root, "arg_unread");
	t->wrong_remark += differs != remarked;
}

static struct one *find_one(struct one *all, size_t n, uint64_t at)
{
	size_t low = 0, high = n, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (at > all[mid].after)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && at >= all[low].before ? &all[low] : NULL;
}

/* Alerts since the last look. Opens for writing are the second thread's own, of
 * the FIFO's other end. */
static size_t take_alerts(const struct play *p, size_t from, struct one *all, size_t n,
			  struct tally *t)
{
	size_t i, end = watch_count();
	struct one *one;
	struct alert a;
	json_t *root;

	for (i = from; i < end; i++) {
		watch_get(i, &a);
		if (strcmp(a.container, p->id) != 0 || a.boot_ns < p->harm_ns ||
		    !family_matches("foreign-file", &a) || strstr(a.line, "\"write\":true"))
			continue;
		one = find_one(all, n, a.boot_ns);
		if (!one) {
			t->invented++;
			continue;
		}
		one->n_alerts++;
		root = json_loads(a.line, 0, NULL);
		count_remark(root, t);
		json_decref(root);
	}
	return end;
}

static bool all_told(const struct one *all, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i].foreign && all[i].n_alerts == 0)
			return false;
	return true;
}

static void judge(struct play *p, struct one *all, size_t n, struct tally *t)
{
	uint64_t deadline = boot_ns() + 5 * SECOND;
	size_t i, from = p->first_alert;

	do {
		from = take_alerts(p, from, all, n, t);
		if (all_told(all, n))
			break;
		watch_wait(from, deadline);
	} while (boot_ns() < deadline && watch_running());
	/* What should not come had the same time. */
	usleep(100 * 1000);
	take_alerts(p, from, all, n, t);
	for (i = 0; i < n; i++) {
		if (all[i].foreign)
			t->missed += all[i].n_alerts != 1;
		else
			t->invented += all[i].n_alerts;
	}
}

static void read_line(struct play *p, const char *line, struct one *all, size_t *n,
		      struct tally *t)
{
	unsigned long long before, after;
	char got[20];

	if (sscanf(line, "HARM %llu", &before) == 1) {
		p->harm_ns = before;
	} else if (sscanf(line, "RACE %llu %llu %19s", &before, &after, got) == 3 &&
		   *n < PER_CONTAINER) {
		all[*n] = (struct one){ before, after, strcmp(got, "foreign") == 0, 0 };
		t->n++;
		t->n_foreign += all[*n].foreign;
		t->n_own += strcmp(got, "own") == 0;
		t->n_none += strcmp(got, "none") == 0;
		(*n)++;
	} else if (strncmp(line, "SKIP ", 5) == 0) {
		snprintf(t->skip, sizeof(t->skip), "%s", line + 5);
	} else if (strncmp(line, "FAIL ", 5) == 0) {
		printf("races: %s\n", line);
	}
}

static void play_container(struct host *h, const struct options *o, const struct kind *kind,
			   int number, struct tally *t)
{
	uint64_t deadline = boot_ns() + CONTAINER_SECONDS * SECOND;
	struct attack_case c = { .technique = "races",
				 .variant = kind->name,
				 .runtime = RUNC,
				 .box = { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE" } };
	struct one *all = calloc(PER_CONTAINER, sizeof(*all));
	struct play *p = calloc(1, sizeof(*p));
	char argv[200], *line;
	size_t n = 0;

	if (!p || !all)
		goto out;
	snprintf(argv, sizeof(argv), "race %s /proc/{decoy}/root{dir}/%s %d", kind->name,
		 kind->target, PER_CONTAINER);
	c.argv = argv;
	p->c = &c;
	p->host = h;
	p->options = o;
	snprintf(p->name, sizeof(p->name), "race %s %d", kind->name, number);
	snprintf(p->dir, sizeof(p->dir), "%s/race.%s.%d", h->dir, kind->name, number);
	if (play_start(p) == 0)
		while ((line = child_line(&p->main, deadline)))
			read_line(p, line, all, &n, t);
	if (!o->no_agent)
		judge(p, all, n, t);
	play_stop(p);
out:
	free(p);
	free(all);
}

/* Was it a race at all, and was each open judged by what it got? */
static bool print_tally(const struct kind *kind, unsigned int want, const struct tally *t,
			bool no_agent)
{
	bool real = t->n == want && t->n_foreign > 0 && t->n_own > 0;
	bool good = real && !t->missed && !t->invented && !t->wrong_remark;

	/* There, the string names the other file each time. */
	if (strcmp(kind->name, "fifo") == 0 && !no_agent)
		good = good && t->remarked == t->n_foreign;
	if (*t->skip)
		printf("%-5s| skip: %s\n", kind->name, t->skip);
	else
		printf("%-5s| %-6u| %-8u| %-6u| %-6u| %-7u| %-9u| %-9u| %-11u| %s\n", kind->name,
		       t->n, t->n_foreign, t->n_own, t->n_none, t->missed, t->invented, t->remarked,
		       t->unread, good ? "pass" : real ? "fail" : "fail: no real race");
	return good;
}

static int stage_set(const struct host *h)
{
	return shell(h->log, 5000, "cd '%s' && mkdir races && echo text >races/secret && mkfifo races/fifo",
		     h->dir);
}

void play_races(struct host *h, const struct options *o)
{
	int per_kind = o->n_races / (int)ARRAY_SIZE(kinds) / PER_CONTAINER, i;
	unsigned int total = 0, wrong = 0;
	bool good = true, skipped = false;
	char text[200];
	size_t k;

	if (!selected(o, "races"))
		return;
	per_kind = per_kind > 0 ? per_kind : 1;
	if (stage_set(h) != 0)
		good = false;
	printf("\n%-5s| %-6s| %-8s| %-6s| %-6s| %-7s| %-9s| %-9s| %-11s|\n", "races", "opens",
	       "foreign", "own", "none", "missed", "invented", "remarked", "unreadable");
	for (k = 0; k < ARRAY_SIZE(kinds) && !stopping; k++) {
		struct tally t = { 0 };

		for (i = 0; i < per_kind && !stopping && !*t.skip && t.n == (unsigned int)i * PER_CONTAINER; i++)
			play_container(h, o, &kinds[k], i, &t);
		if (!print_tally(&kinds[k], (unsigned int)per_kind * PER_CONTAINER, &t,
				 o->no_agent) &&
		    !*t.skip)
			good = false;
		skipped = skipped || *t.skip;
		if (t.n % PER_CONTAINER)
			good = false;
		total += t.n;
		wrong += t.missed + t.invented;
	}
	snprintf(text, sizeof(text), "%u opens, %u wrong verdicts%s", total, wrong,
		 skipped ? ", some kinds skipped" : "");
	printf("races: %s: %s\n", text, good ? "pass" : "fail");
	report_check("races", good ? "pass" : "fail", text);
	if (good)
		count_pass();
	else
		count_fail();
	if (skipped)
		count_skip();
}
