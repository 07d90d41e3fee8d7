/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t suggest_distance(struct slice a, struct slice b)
{
	uint8_t rows[3][SUGGEST_LEN_MAX + 1];
	uint8_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	if (a.len > SUGGEST_LEN_MAX || b.len > SUGGEST_LEN_MAX)
		return SUGGEST_LEN_MAX + 1;
	for (size_t j = 0; j <= b.len; j++)
		last[j] = (uint8_t)j;

	for (size_t i = 1; i <= a.len; i++) {
		row[0] = (uint8_t)i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best = last[j - 1] + (a.data[i - 1] != b.data[j - 1]);

			best = min_size(best, min_size(last[j], row[j - 1]) + 1u);
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
			    a.data[i - 2] == b.data[j - 1])
				best = min_size(best, before[j - 2] + 1u);
			row[j] = (uint8_t)best;
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b.len];
}

void suggest_offer(struct suggest *suggest, struct slice typed, const char *candidate)
{
	struct slice name = slice_from(candidate);
	size_t allowed = min_size(3, (name.len + 2) / 3);
	size_t distance;

	distance = suggest_distance(typed, name);
	if (distance > allowed || (suggest->best && distance >= suggest->distance))
		return;
	suggest->best = candidate;
	suggest->distance = distance;
}
