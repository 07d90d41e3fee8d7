/* SPDX-License-Identifier: Apache-2.0 */
/* Many constant strings looked for in one value at once: which of them equals
 * it, begins it, ends it, or stands within it? The work grows with the value
 * and with what is found, not with the number of patterns. */
#ifndef BW_RULE_PATTERNS_H
#define BW_RULE_PATTERNS_H

#include "rule/internal.h"

enum pattern_class {
	PATTERN_EQUAL,
	PATTERN_PREFIX,
	PATTERN_SUFFIX,
	PATTERN_PIECE,
	PATTERN_PIECE_NOCASE, /* the pattern is in lower case */
	PATTERN_CLASS_MAX,
};

struct pattern {
	struct slice bytes; /* borrowed */
	uint32_t class;	    /* enum pattern_class */
};

struct patterns;

/* All of `list` differ from each other; of those that are pieces, prefixes and
 * suffixes none is empty. Memory is the arena's. -ENOMEM. */
int patterns_new(struct arena *arena, const struct pattern *list, uint32_t n,
		 struct patterns **ret);

/* Numbers of the patterns that `str` meets, each once, into `ret`, where there
 * is room for all of them. At most str.len nodes are visited for prefixes and for
 * suffixes, twice that for pieces, and one more for each pattern that is met. */
uint32_t patterns_find(struct patterns *patterns, struct slice str, uint32_t *ret);

#endif
