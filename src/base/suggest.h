/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the nearest of some known names. */
#ifndef BW_BASE_SUGGEST_H
#define BW_BASE_SUGGEST_H

#include "base/base.h"

/* Longest name compared, in bytes; what is longer is near to nothing. */
#define SUGGEST_LEN_MAX 64

/* Insertions, deletions, substitutions and swaps of neighbours that turn `a`
 * into `b`; at most SUGGEST_LEN_MAX + 1, which also means "too long". */
size_t suggest_distance(struct slice a, struct slice b);

/* The search for the nearest name: start with {0}, offer names, read `best`. */
struct suggest {
	const char *best; /* NULL: nothing near enough yet */
	size_t distance;
};

/* Offer `candidate` as what `typed` may have meant. It is taken when it is
 * nearer than the best so far and within a third of its length, at most 3. */
void suggest_offer(struct suggest *suggest, struct slice typed, const char *candidate);

#endif
