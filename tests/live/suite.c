/* SPDX-License-Identifier: Apache-2.0 */
/* All selected attacks, the table of their scores, and the latency. */
#include "harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS_MAX 16

/* The pool: `jobs` threads take the next case. */

static struct {
	pthread_mutex_t lock;
	struct play *plays;
	size_t n, next;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *pool_work(void *arg)
{
	size_t i;

	(void)arg;
	while (!stopping) {
		struct play *p;

		pthread_mutex_lock(&pool.lock);
		i = pool.next++;
		pthread_mutex_unlock(&pool.lock);
		if (i >= pool.n)
			break;
		p = &pool.plays[i];
		play_one(p);
		fprintf(stderr, "%-4s %s%s%s\n", p->verdict, p->name, p->reason[0] ? ": " : "",
			p->reason);
	}
	return NULL;
}

static void pool_run(struct play *plays, size_t n, int jobs)
{
	pthread_t threads[JOBS_MAX];
	int started, i;

	pool.plays = plays;
	pool.n = n;
	pool.next = 0;
	for (started = 0; started < jobs && started < JOBS_MAX; started++)
		if (pthread_create(&threads[started], NULL, pool_work, NULL) != 0)
			break;
	if (started == 0)
		pool_work(NULL);
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static size_t select_plays(struct host *h, const struct options *o, struct play *plays)
{
	const struct attack_case *const *cases;
	size_t i, n_cases, n = 0;

	cases = cases_all(&n_cases);
	for (i = 0; i < n_cases; i++) {
		struct play *p = &plays[n];

		snprintf(p->name, sizeof(p->name), "%s %s %s", cases[i]->technique,
			 cases[i]->variant, cases[i]->runtime == DOCKER ? "docker" : "runc");
		if (!selected(o, p->name))
			continue;
		p->c = cases[i];
		p->host = h;
		p->options = o;
		snprintf(p->dir, sizeof(p->dir), "%s/case.%zu", h->dir, i);
		n++;
	}
	return n;
}

/* The table: columns as wide as their widest cell. */

static const char *const heads[] = { "technique", "runtime", "variant",	      "deed",
				     "expected",  "alerted", "at/after harm", "container",
				     "latency",	  "verdict" };
#define N_COLUMNS ARRAY_SIZE(heads)
#define CELL_MAX 480

static void row_cells(const struct play *p, char cells[N_COLUMNS][CELL_MAX])
{
	snprintf(cells[0], CELL_MAX, "%s", p->c->technique);
	snprintf(cells[1], CELL_MAX, "%s", p->c->runtime == DOCKER ? "docker" : "runc");
	snprintf(cells[2], CELL_MAX, "%s", p->c->variant);
	snprintf(cells[3], CELL_MAX, "%s", !p->done ? "-" : p->refused ? p->error : "done");
	snprintf(cells[4], CELL_MAX, "%s", p->c->expect);
	snprintf(cells[5], CELL_MAX, "%s", p->got[0] ? p->got : "-");
	snprintf(cells[6], CELL_MAX, "%s", p->after ? "yes" : p->any ? "before" : "no");
	snprintf(cells[7], CELL_MAX, "%s", p->container[0] ? p->container : "-");
	if (p->latency_ms > 0)
		snprintf(cells[8], CELL_MAX, "%.1f ms", p->latency_ms);
	else
		snprintf(cells[8], CELL_MAX, "-");
	snprintf(cells[9], CELL_MAX, "%s%s%s", p->verdict, p->reason[0] ? ": " : "", p->reason);
}

static void print_row(char cells[N_COLUMNS][CELL_MAX], const int *width)
{
	size_t k;

	for (k = 0; k + 1 < N_COLUMNS; k++)
		printf("%-*s | ", width[k], cells[k]);
	printf("%s\n", cells[k]);
}

static void print_table(const struct play *plays, size_t n)
{
	char cells[N_COLUMNS][CELL_MAX];
	int width[N_COLUMNS];
	size_t i, k;

	for (k = 0; k < N_COLUMNS; k++)
		width[k] = (int)strlen(heads[k]);
	for (i = 0; i < n; i++) {
		row_cells(&plays[i], cells);
		for (k = 0; k < N_COLUMNS; k++)
			if ((int)strlen(cells[k]) > width[k])
				width[k] = (int)strlen(cells[k]);
	}
	for (k = 0; k < N_COLUMNS; k++)
		snprintf(cells[k], CELL_MAX, "%s", heads[k]);
	printf("\n");
	print_row(cells, width);
	for (i = 0; i < n; i++) {
		row_cells(&plays[i], cells);
		print_row(cells, width);
	}
}

/* Is the play the reason for the alert? Some leave things that the host uses. */
static bool explains(const struct play *p, const struct alert *a)
{
	if (strcmp(p->id, a->container) == 0)
		return true;
	return p->c->host_too && alert_of_host(a) && a->boot_ns >= p->start_ns &&
	       a->boot_ns <= p->end_ns;
}

/* In the window of all attacks: who else was accused? */
static void check_strays(size_t first, const struct play *plays, size_t n_plays)
{
	size_t i, k, n = watch_count(), strays = 0;
	struct alert a;

	for (i = first; i < n; i++) {
		watch_get(i, &a);
		for (k = 0; k < n_plays && !explains(&plays[k], &a); k++)
			;
		if (k < n_plays || a.priority > PRIORITY_WARNING)
			continue;
		if (strays++ < 10)
			printf("accused without cause: %.600s\n", a.line);
	}
	printf("attribution: %zu alerts on anyone but the attackers\n", strays);
	if (strays)
		count_fail();
	else
		count_pass();
}

void play_attacks(struct host *h, const struct options *o)
{
	size_t i, n, first = watch_count(), any = 0, after = 0, done = 0;
	struct play *plays;

	cases_all(&n);
	plays = calloc(n, sizeof(*plays));

	n = plays ? select_plays(h, o, plays) : 0;
	if (n > 0)
		pool_run(plays, n, o->jobs);
	for (i = 0; i < n; i++) {
		const struct play *p = &plays[i];

		if (!p->verdict[0])
			play_finish(&plays[i], "skip", "interrupted");
		report_attack(p);
		if (p->verdict[0] == 'p')
			count_pass();
		else if (p->verdict[0] == 's')
			count_skip();
		else
			count_fail();
		done += p->done;
		any += p->done && p->any;
		after += p->done && p->after;
	}
	if (n > 0)
		print_table(plays, n);
	if (n > 0 && !o->no_agent) {
		printf("recall: %zu deeds; %zu with any alert, %zu with one at or after the harmful "
		       "call\n",
		       done, any, after);
		check_strays(first, plays, n);
	}
	free(plays);
}

/* Latency: from the moment before a harmful call to the moment when the alert's
 * line can be read, on an otherwise idle machine. Several containers, so that
 * no budget per container folds what is to be measured. */

#define FLURRY 10
#define FLURRY_ARGV "flurry /proc/{decoy}/root{dir}/lat 10 40" /* FLURRY calls, 40 ms apart */
#define FLURRY_SECONDS 20
#define MEDIAN_MS 5.0
#define P99_MS 50.0

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The delay of the first alert of each call; `harm` has one more entry, the end
 * of time. Returns how many calls had one. */
static size_t flurry_score(const struct play *p, const uint64_t *harm, size_t n, double *ms)
{
	size_t i, k, count = 0;
	struct alert a;

	for (k = 0; k < n; k++)
		for (i = p->first_alert; i < watch_count(); i++) {
			watch_get(i, &a);
			if (strcmp(a.container, p->id) != 0 || a.boot_ns < harm[k] ||
			    a.boot_ns >= harm[k + 1])
				continue;
			ms[count++] = (double)(a.seen_ns - harm[k]) / 1e6;
			break;
		}
	return count;
}

static size_t flurry(struct host *h, const struct options *o, int round, double *ms)
{
	static const struct attack_case c = { .technique = "latency",
					      .variant = "flurry",
					      .runtime = RUNC,
					      .box = { .flags = BOX_HOST_PID,
						       .caps = "SYS_PTRACE" },
					      .argv = FLURRY_ARGV };
	uint64_t harm[FLURRY + 1], deadline = boot_ns() + FLURRY_SECONDS * 1000000000ull;
	struct play *p = calloc(1, sizeof(*p));
	unsigned long long ns;
	size_t n = 0;
	char *line;

	if (!p)
		return 0;
	p->c = &c;
	p->host = h;
	p->options = o;
	snprintf(p->name, sizeof(p->name), "latency %d", round);
	snprintf(p->dir, sizeof(p->dir), "%s/latency.%d", h->dir, round);
	if (play_start(p) == 0)
		while ((line = child_line(&p->main, deadline)))
			if (sscanf(line, "HARM %llu", &ns) == 1 && n < FLURRY)
				harm[n++] = ns;
	usleep(300 * 1000);
	harm[n] = UINT64_MAX;
	n = flurry_score(p, harm, n, ms);
	play_stop(p);
	free(p);
	return n;
}

void play_latency(struct host *h, const struct options *o)
{
	int rounds = (o->n_latency + FLURRY - 1) / FLURRY, i;
	size_t want = (size_t)rounds * FLURRY, n = 0;
	double *ms = calloc(want + FLURRY, sizeof(*ms)), median, p99;
	char text[200];
	bool good;

	if (!selected(o, "latency") || !ms) {
		free(ms);
		return;
	}
	for (i = 0; i < rounds && !stopping && watch_running(); i++)
		n += flurry(h, o, i, ms + n);
	if (n == 0) {
		printf("\nlatency: no alert came: fail\n");
		count_fail();
		free(ms);
		return;
	}
	qsort(ms, n, sizeof(*ms), compare_double);
	median = ms[n / 2];
	p99 = ms[n * 99 / 100];
	good = median <= MEDIAN_MS && p99 <= P99_MS && n >= want * 95 / 100;
	snprintf(text, sizeof(text), "%zu of %zu calls alerted, median %.2f ms, p99 %.2f ms", n,
		 want, median, p99);
	report_check("latency", good ? "pass" : "fail", text);
	printf("\nlatency from harmful call to written alert: %zu of %zu calls alerted, median "
	       "%.2f ms (limit %.0f), p99 %.2f ms (limit %.0f), worst %.2f ms: %s\n",
	       n, want, median, MEDIAN_MS, p99, P99_MS, ms[n - 1], good ? "pass" : "fail");
	if (good)
		count_pass();
	else
		count_fail();
	free(ms);
}
