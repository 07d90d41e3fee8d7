/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of fixed width, the links inside the members: it allocates once
 * and never grows, so its owner sets the ceiling. Keys that others choose are
 * hashed with a secret seed, so that nobody can fill one bucket on purpose. */
#ifndef BW_BASE_TABLE_H
#define BW_BASE_TABLE_H

#include "base/list.h"

struct table_link {
	struct table_link *next;
	uint64_t hash;
};

struct table {
	struct table_link **heads;
	size_t mask;
	size_t n;
	uint64_t seed[2];
};

/* A table meant for about `n_expected` members; more only make it slower.
 * -ENOMEM, or 0 and *ret is to be given to table_release(). */
int table_init(struct table *ret, size_t n_expected);

/* The members are the caller's. Accepts a zeroed table. */
void table_release(struct table *table);

/* Seeded hash of a key of two words. Equal keys of one table hash equally. */
uint64_t table_hash(const struct table *table, uint64_t a, uint64_t b);

void table_insert(struct table *table, struct table_link *link, uint64_t hash);

/* `link` must be in the table. */
void table_remove(struct table *table, struct table_link *link);

/* The members with this very hash, one after the other, NULL at the end; the
 * caller compares the keys. */
struct table_link *table_first(const struct table *table, uint64_t hash);
struct table_link *table_next(const struct table_link *link);

#endif
