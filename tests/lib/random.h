/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that a seed repeats (splitmix64), for tests that make their input up. */
#ifndef BW_TESTS_RANDOM_H
#define BW_TESTS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = (random->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* 0 to n - 1 */
static inline size_t random_below(struct random *random, size_t n)
{
	return (size_t)(random_next(random) % n);
}

static inline bool random_chance(struct random *random, unsigned int percent)
{
	return random_below(random, 100) < percent;
}

#endif
