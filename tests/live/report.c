/* SPDX-License-Identifier: Apache-2.0 */
/* What came out: technique x way of entry x outcome, and the counts, as text
 * and, if asked for, as JSON. */
#include "harness.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome_kind { ALERTED, REFUSED_ALERTED, MISSED, NOT_DONE, SKIPPED, N_OUTCOMES };
static const char *const outcome_names[N_OUTCOMES] = {
	"alerted", "refused, alerted", "missed", "not done", "skipped",
};
/* As the matrix writes them behind their number. */
static const char outcome_letters[N_OUTCOMES] = { 'a', 'r', 'M', 'X', 's' };

static struct {
	json_t *attacks, *benign, *checks;
	struct cell {
		unsigned int n[N_OUTCOMES];
	} total;
	struct row {
		char id[8];
		struct cell ways[N_WAYS];
	} *rows;
	size_t n_rows;
	unsigned int n_benign, n_benign_silent, n_benign_told, n_benign_failed, n_benign_skipped;
} report;

static enum outcome_kind outcome_of(const struct play *p)
{
	if (strcmp(p->verdict, "skip") == 0)
		return SKIPPED;
	if (strcmp(p->verdict, "pass") == 0)
		return p->refused ? REFUSED_ALERTED : ALERTED;
	/* Without a proven deed there was nothing to miss. */
	return p->missed ? MISSED : NOT_DONE;
}

static struct row *row_find(const char *id)
{
	struct row *row;
	size_t i;

	for (i = 0; i < report.n_rows; i++)
		if (strcmp(report.rows[i].id, id) == 0)
			return &report.rows[i];
	row = realloc(report.rows, (report.n_rows + 1) * sizeof(*row));
	if (!row)
		return NULL;
	report.rows = row;
	row = &report.rows[report.n_rows++];
	memset(row, 0, sizeof(*row));
	snprintf(row->id, sizeof(row->id), "%s", id);
	return row;
}

static json_t *list_of(json_t **list)
{
	if (!*list)
		*list = json_array();
	return *list;
}

void report_attack(const struct play *p)
{
	enum outcome_kind outcome = outcome_of(p);
	struct row *row;
	json_t *entry;
	char id[8];

	case_id(p->c, id, sizeof(id));
	row = row_find(id);
	if (row)
		row->ways[p->c->way].n[outcome]++;
	report.total.n[outcome]++;
	entry = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "technique", id,
			  "name", p->c->technique, "variant", p->c->variant, "way",
			  way_name(p->c->way), "runtime", p->c->runtime == DOCKER ? "docker" : "runc",
			  "outcome", outcome_names[outcome], "expected", p->c->expect, "rules", p->got,
			  "container", p->container, "at_or_after_harm", p->after, "reason",
			  p->reason);
	if (entry && p->latency_ms > 0)
		json_object_set_new(entry, "latency_ms", json_real(p->latency_ms));
	json_array_append_new(list_of(&report.attacks), entry);
}

void report_benign(const char *name, const char *verdict, size_t warnings, size_t notices,
		   const char *expects, const char *reason)
{
	report.n_benign++;
	if (strcmp(verdict, "skip") == 0)
		report.n_benign_skipped++;
	else if (strcmp(verdict, "pass") != 0)
		report.n_benign_failed++;
	else if (*expects)
		report.n_benign_told++;
	else
		report.n_benign_silent++;
	json_array_append_new(list_of(&report.benign),
			      json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "name", name, "verdict",
					verdict, "warnings", (json_int_t)warnings, "notices",
					(json_int_t)notices, "expects", expects, "reason", reason));
}

void report_check(const char *name, const char *verdict, const char *text)
{
	json_array_append_new(list_of(&report.checks),
			      json_pack("{s:s, s:s, s:s}", "name", name, "verdict", verdict, "text",
					text));
}

static void cell_text(const struct cell *cell, char *out, size_t size)
{
	size_t at = 0;
	int k;

	snprintf(out, size, ".");
	for (k = 0; k < N_OUTCOMES; k++)
		if (cell->n[k])
			at += (size_t)snprintf(out + at, size - at, "%s%u%c", at ? " " : "",
					       cell->n[k], outcome_letters[k]);
}

static int compare_rows(const void *a, const void *b)
{
	return case_id_compare(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static bool way_is_used(int way)
{
	size_t i;
	int k;

	for (i = 0; i < report.n_rows; i++)
		for (k = 0; k < N_OUTCOMES; k++)
			if (report.rows[i].ways[way].n[k])
				return true;
	return false;
}

static void print_matrix(void)
{
	char text[64];
	size_t i;
	int way;

	printf("\ntechnique x way of entry (a: alerted, r: refused and alerted, M: missed, X: not "
	       "done, s: skipped)\n%-9s", "");
	for (way = 0; way < N_WAYS; way++)
		if (way_is_used(way))
			printf(" | %-15s", way_name((enum way)way));
	printf("\n");
	qsort(report.rows, report.n_rows, sizeof(*report.rows), compare_rows);
	for (i = 0; i < report.n_rows; i++) {
		printf("%-9s", report.rows[i].id);
		for (way = 0; way < N_WAYS; way++) {
			if (!way_is_used(way))
				continue;
			cell_text(&report.rows[i].ways[way], text, sizeof(text));
			printf(" | %-15s", text);
		}
		printf("\n");
	}
}

/* Each reason once, with how many cases it stands for. */
static void print_reasons(const char *outcome)
{
	const char *reason, *other;
	size_t i, k, n = json_array_size(report.attacks), same;
	const json_t *entry;

	for (i = 0; i < n; i++) {
		entry = json_array_get(report.attacks, i);
		if (strcmp(json_string_value(json_object_get(entry, "outcome")), outcome) != 0)
			continue;
		reason = json_string_value(json_object_get(entry, "reason"));
		for (same = 0, k = 0; k < n; k++) {
			const json_t *e = json_array_get(report.attacks, k);

			other = json_string_value(json_object_get(e, "reason"));
			if (strcmp(json_string_value(json_object_get(e, "outcome")), outcome) != 0 ||
			    strcmp(reason, other) != 0)
				continue;
			if (k < i)
				break;
			same++;
		}
		if (same == 0)
			continue;
		printf("%s: %s %s", outcome, json_string_value(json_object_get(entry, "name")),
		       json_string_value(json_object_get(entry, "variant")));
		if (same > 1)
			printf(" and %zu more", same - 1);
		printf(": %s\n", reason);
	}
}

void report_print(void)
{
	const unsigned int *n = report.total.n;

	if (report.n_rows > 0) {
		print_matrix();
		print_reasons(outcome_names[MISSED]);
		print_reasons(outcome_names[NOT_DONE]);
		print_reasons(outcome_names[SKIPPED]);
		printf("attack cases: %u; %u alerted, %u refused and alerted, %u missed, %u not "
		       "done, %u skipped; %zu techniques\n",
		       n[ALERTED] + n[REFUSED_ALERTED] + n[MISSED] + n[NOT_DONE] + n[SKIPPED],
		       n[ALERTED], n[REFUSED_ALERTED], n[MISSED], n[NOT_DONE], n[SKIPPED],
		       report.n_rows);
	}
	if (report.n_benign > 0)
		printf("benign cases: %u; %u silent, %u told once as expected, %u failed, %u "
		       "skipped\n",
		       report.n_benign, report.n_benign_silent, report.n_benign_told,
		       report.n_benign_failed, report.n_benign_skipped);
}

int report_write(const char *path)
{
	json_t *root, *counts = json_object();
	int k, r;

	for (k = 0; k < N_OUTCOMES; k++)
		json_object_set_new(counts, outcome_names[k], json_integer(report.total.n[k]));
	root = json_pack("{s:o, s:O, s:O, s:O}", "counts", counts, "attacks",
			 list_of(&report.attacks), "benign", list_of(&report.benign), "checks",
			 list_of(&report.checks));
	r = root ? json_dump_file(root, path, JSON_INDENT(1)) : -1;
	json_decref(root);
	if (r < 0)
		fprintf(stderr, "harness: cannot write %s\n", path);
	return r;
}
