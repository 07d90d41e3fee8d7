/* SPDX-License-Identifier: Apache-2.0 */
/* A container a row, a deed a column: the rules that spoke of each deed's last
 * call, by its time. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define ROW_SECONDS 30
/* What a thread of the kernel does may be told a moment after it was done. Deeds
 * are two milliseconds apart. */
#define SLACK_NS 1000000u

struct grid_cell *grid_cell(const struct grid *g, size_t row, size_t column)
{
	return &g->cells[row * g->n_columns + column];
}

static void cell_read(const struct grid *g, size_t row, const char *line)
{
	unsigned long long harm, done;
	char name[32], result[32];
	struct grid_cell *c;
	size_t i;

	if (sscanf(line, "CELL %31s %llu %llu %31s", name, &harm, &done, result) != 4)
		return;
	for (i = 0; i < g->n_columns; i++) {
		if (strcmp(g->columns[i], name) != 0)
			continue;
		c = grid_cell(g, row, i);
		c->harm_ns = harm;
		c->done_ns = done;
		snprintf(c->result, sizeof(c->result), "%s", result);
	}
}

/* Keep the list sorted, each id once. */
static void rules_add(char *rules, size_t size, const char *id)
{
	char copy[GRID_RULES], *part, *rest;
	bool placed = false;
	size_t at = 0;

	if (strstr(rules, id))
		return;
	snprintf(copy, sizeof(copy), "%s", rules);
	rules[0] = '\0';
	for (part = strtok_r(copy, ",", &rest); part || !placed;
	     part = part ? strtok_r(NULL, ",", &rest) : NULL) {
		if (!placed && (!part || strcmp(id, part) < 0)) {
			at += (size_t)snprintf(rules + at, size - at, "%s%s", at ? "," : "", id);
			placed = true;
		}
		if (part && at < size)
			at += (size_t)snprintf(rules + at, size - at, "%s%s", at ? "," : "", part);
		if (at >= size)
			return;
	}
}

void grid_collect(const struct grid *g, size_t row, size_t column, const struct play *p)
{
	struct grid_cell *c = grid_cell(g, row, column);
	size_t i, n = watch_count();
	struct alert a;

	c->rules[0] = '\0';
	c->right = false;
	for (i = p->first_alert; i < n; i++) {
		watch_get(i, &a);
		if (strcmp(a.container, p->id) != 0 || a.boot_ns < c->harm_ns ||
		    a.boot_ns > c->done_ns + SLACK_NS || !g->counts(&a))
			continue;
		rules_add(c->rules, sizeof(c->rules), a.rule_id);
		if (g->names(g, column, &a))
			c->right = true;
	}
}

static bool row_judge(const struct grid *g, size_t row, const struct play *p)
{
	bool all = true;
	size_t i;

	for (i = 0; i < g->n_columns; i++) {
		if (strcmp(grid_cell(g, row, i)->result, "ok") != 0)
			continue;
		grid_collect(g, row, i, p);
		all = all && g->good(g, row, i);
	}
	return all;
}

void grid_play_row(const struct grid *g, struct host *h, const struct options *o,
		   const struct attack_case *c, size_t row)
{
	uint64_t deadline = boot_ns() + ROW_SECONDS * SECOND;
	struct play *p = calloc(1, sizeof(*p));
	char *line;
	size_t n;

	if (!p)
		return;
	p->c = c;
	p->host = h;
	p->options = o;
	snprintf(p->name, sizeof(p->name), "%s %s", g->name, g->rows[row]);
	snprintf(p->dir, sizeof(p->dir), "%s/%s.%zu", h->dir, g->name, row);
	if (play_start(p) == 0)
		while ((line = child_line(&p->main, deadline))) {
			if (o->verbose)
				fprintf(stderr, "%s: %s\n", p->name, line);
			if (strncmp(line, "FAIL", 4) == 0 || strncmp(line, "SKIP", 4) == 0)
				printf("%s: %s\n", p->name, line);
			cell_read(g, row, line);
		}
	deadline = boot_ns() + 3 * SECOND;
	do
		n = watch_count();
	while (!o->no_agent && !row_judge(g, row, p) &&
	       (watch_wait(n, deadline), boot_ns() < deadline) && watch_running());
	/* What should not come has a little more time to. */
	usleep(o->no_agent ? 0 : 200 * 1000);
	row_judge(g, row, p);
	play_stop(p);
	free(p);
}

static const char *cell_text(const struct grid *g, size_t row, size_t column, bool no_agent,
			     struct grid_score *score)
{
	const struct grid_cell *c = grid_cell(g, row, column);
	bool ok = strcmp(c->result, "ok") == 0;

	if (strcmp(c->result, "na") == 0) {
		score->none++;
		return "n/a";
	}
	if (ok && (no_agent || g->good(g, row, column))) {
		score->right++;
		return no_agent ? "done" : *c->rules ? c->rules : "-";
	}
	score->wrong++;
	if (!c->result[0])
		return "NOT PLAYED";
	return !ok ? c->result : *c->rules ? "OTHER" : "MISSED";
}

static void print_wide(const struct grid *g, bool no_agent, struct grid_score *ret)
{
	size_t r, k;

	printf("\n%-16s", g->name);
	for (k = 0; k < g->n_columns; k++)
		printf(" | %-15s", g->columns[k]);
	printf("\n");
	for (r = 0; r < g->n_rows; r++) {
		printf("%-16s", g->rows[r]);
		for (k = 0; k < g->n_columns; k++)
			printf(" | %-15s", cell_text(g, r, k, no_agent, ret));
		printf("\n");
	}
}

/* With many columns, each gets a line. */
static void print_tall(const struct grid *g, bool no_agent, struct grid_score *ret)
{
	size_t r, k;

	printf("\n%-16s", g->name);
	for (r = 0; r < g->n_rows; r++)
		printf(" | %-15s", g->rows[r]);
	printf("\n");
	for (k = 0; k < g->n_columns; k++) {
		printf("%-16s", g->columns[k]);
		for (r = 0; r < g->n_rows; r++)
			printf(" | %-15s", cell_text(g, r, k, no_agent, ret));
		printf("\n");
	}
}

static void print_wrong(const struct grid *g, bool no_agent)
{
	const struct grid_cell *c;
	size_t r, k;

	for (r = 0; r < g->n_rows; r++)
		for (k = 0; k < g->n_columns; k++) {
			c = grid_cell(g, r, k);
			if (strcmp(c->result, "na") == 0 || no_agent ||
			    (strcmp(c->result, "ok") == 0 && g->good(g, r, k)))
				continue;
			printf("wrong: %s, %s: %s, alerts %s\n", g->rows[r], g->columns[k],
			       *c->result ? c->result : "not played",
			       *c->rules ? c->rules : "none");
		}
}

void grid_print(const struct grid *g, bool no_agent, struct grid_score *ret)
{
	if (g->n_columns > 12)
		print_tall(g, no_agent, ret);
	else
		print_wide(g, no_agent, ret);
	print_wrong(g, no_agent);
}
