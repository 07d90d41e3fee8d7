/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that a rule remembers something for: a bounded table, whoever was quiet
 * for longest is forgotten first. window.c and sequence.c keep their state so. */
#ifndef BW_RULE_KEEP_H
#define BW_RULE_KEEP_H

#include "base/table.h"
#include "rule/internal.h"

struct entry {
	struct table_link link;
	struct list lru;
	uint64_t key[2];
};

struct memory {
	struct table table;
	struct list lru;
	char *entries; /* n_max structs that begin with struct entry */
	size_t size;   /* of one */
	size_t n_used, n_max;
};

/* -ENOMEM, or room for `n_max` entries of `size` bytes: all that is ever taken. */
int memory_init(struct memory *memory, size_t size, size_t n_max);
void memory_release(struct memory *memory);

/* NULL when there is none. What is found is the youngest again. */
struct entry *memory_find(struct memory *memory, const uint64_t key[2]);

/* An entry for a key that has none. *ret_evicted: it was another key's, whose
 * content is still there. */
struct entry *memory_take(struct memory *memory, const uint64_t key[2], bool *ret_evicted);

/* Add to a key. 128 bits with the table's secret seed: two values that somebody
 * chose are as good as never the same key. Only whether keys are equal counts,
 * so a replay with another seed decides the same. */
void key_mix(const struct table *table, uint64_t key[2], uint64_t word);

/* The value of a field. False, and another key, when the event has no such value. */
bool key_mix_field(const struct table *table, uint64_t key[2], const struct reader *reader,
		   const struct field *field, struct value *tmp);

#endif
