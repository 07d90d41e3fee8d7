/* SPDX-License-Identifier: Apache-2.0 */
/* All tables of attacks as one list, and what families of rules mean. */
#include "cases.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES_MAX 2000
#define FAMILIES_MAX 200

extern const struct case_table *const __start_case_tables[], *const __stop_case_tables[];

static struct {
	const struct family *from;
	regex_t compiled;
} families[FAMILIES_MAX];
static size_t n_families;

static const struct attack_case *all[CASES_MAX];
static size_t n_all;

static const char *const way_names[] = {
	[WAY_NATIVE] = "native",
	[WAY_IA32] = "ia32",
	[WAY_X32] = "x32",
	[WAY_URING] = "io_uring",
	[WAY_URING_DIRECT] = "io_uring direct",
	[WAY_URING_WORKER] = "io_uring worker",
	[WAY_URING_SQPOLL] = "io_uring sqpoll",
	[WAY_RUNTIME] = "runtime",
	[WAY_RECEIVED] = "received",
	[WAY_HOST] = "host",
};
_Static_assert(ARRAY_SIZE(way_names) == N_WAYS, "a way of entry without a name");

const char *way_name(enum way way)
{
	return way_names[way];
}

/* "B10" of "B10 setns", in `out`. */
void case_id(const struct attack_case *c, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)strcspn(c->technique, " "), c->technique);
}

/* By letter, then by number: B9 comes before B10. */
int case_id_compare(const char *a, const char *b)
{
	if (*a != *b)
		return *a < *b ? -1 : 1;
	return atoi(a + 1) - atoi(b + 1);
}

static const struct family *family_find(const char *name, size_t *ret)
{
	size_t i;

	for (i = 0; i < n_families; i++)
		if (strcmp(families[i].from->name, name) == 0) {
			*ret = i;
			return families[i].from;
		}
	return NULL;
}

static int families_add(const struct family *list)
{
	size_t at;

	for (; list->name; list++) {
		if (n_families == FAMILIES_MAX || family_find(list->name, &at) ||
		    regcomp(&families[n_families].compiled, list->ids, REG_EXTENDED | REG_NOSUB)) {
			fprintf(stderr, "harness: family %s: twice, or no expression: %s\n",
				list->name, list->ids);
			return -1;
		}
		families[n_families++].from = list;
	}
	return 0;
}

/* A case that expects a family nobody named would fail for the wrong reason. */
static int case_check(const struct attack_case *c)
{
	char copy[200], *part, *rest;
	size_t at;

	if (!c->variant || !c->argv || !c->expect || !strchr("ABCDEFGIT", c->technique[0])) {
		fprintf(stderr, "harness: case %s: a member is missing\n", c->technique);
		return -1;
	}
	snprintf(copy, sizeof(copy), "%s", c->expect);
	for (part = strtok_r(copy, " |", &rest); part; part = strtok_r(NULL, " |", &rest))
		if (!family_find(part, &at)) {
			fprintf(stderr, "harness: case %s %s: no family %s\n", c->technique,
				c->variant, part);
			return -1;
		}
	return 0;
}

/* Stable: within a technique, the order of its table. */
static void cases_insert(const struct attack_case *c)
{
	size_t at = n_all++;

	for (; at > 0 && case_id_compare(all[at - 1]->technique, c->technique) > 0; at--)
		all[at] = all[at - 1];
	all[at] = c;
}

int cases_init(void)
{
	const struct case_table *const *t;
	const struct attack_case *c;

	for (t = __start_case_tables; t < __stop_case_tables; t++)
		if (families_add((*t)->families) < 0)
			return -1;
	for (t = __start_case_tables; t < __stop_case_tables; t++)
		for (c = (*t)->cases; c->technique; c++) {
			if (n_all == CASES_MAX || case_check(c) < 0)
				return -1;
			cases_insert(c);
		}
	return 0;
}

const struct attack_case *const *cases_all(size_t *n)
{
	*n = n_all;
	return all;
}

bool family_matches(const char *family, const struct alert *a)
{
	size_t at;

	return family_find(family, &at) &&
	       regexec(&families[at].compiled, a->rule_id, 0, NULL, 0) == 0;
}
