/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include <sys/random.h>

#define WIDTH_MIN 16u
#define WIDTH_MAX (1u << 24)

int table_init(struct table *ret, size_t n_expected)
{
	size_t width = WIDTH_MIN;
	struct table_link **heads;
	uint64_t seed[2] = { 0x9e3779b97f4a7c15ull, 0xc2b2ae3d27d4eb4full };
	uint64_t secret[2];

	while (width < n_expected && width < WIDTH_MAX)
		width *= 2;

	heads = calloc(width, sizeof(*heads));
	if (!heads)
		return -ENOMEM;

	/* Early in boot or under a strict filter there may be no randomness.
	 * The order of a bucket shows nowhere, so a replay is not affected. */
	if (getrandom(secret, sizeof(secret), GRND_NONBLOCK) == sizeof(secret)) {
		seed[0] ^= secret[0];
		seed[1] ^= secret[1];
	}

	*ret = (struct table){ .heads = heads, .mask = width - 1, .seed = { seed[0], seed[1] } };
	return 0;
}

void table_release(struct table *table)
{
	if (!table)
		return;
	free(table->heads);
	*table = (struct table){ 0 };
}

/* Both halves of a 64 x 64 bit product. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t table_hash(const struct table *table, uint64_t a, uint64_t b)
{
	uint64_t h = fold(a ^ table->seed[0], 0xa0761d6478bd642full ^ table->seed[1]);

	return fold(h ^ b ^ table->seed[1], 0xe7037ed1a0b428dbull ^ table->seed[0]);
}

void table_insert(struct table *table, struct table_link *link, uint64_t hash)
{
	struct table_link **head = &table->heads[hash & table->mask];

	link->hash = hash;
	link->next = *head;
	*head = link;
	table->n++;
}

void table_remove(struct table *table, struct table_link *link)
{
	struct table_link **at = &table->heads[link->hash & table->mask];

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	link->next = NULL;
	table->n--;
}

static struct table_link *skip_others(struct table_link *link, uint64_t hash)
{
	while (link && link->hash != hash)
		link = link->next;
	return link;
}

struct table_link *table_first(const struct table *table, uint64_t hash)
{
	return skip_others(table->heads[hash & table->mask], hash);
}

struct table_link *table_next(const struct table_link *link)
{
	return skip_others(link->next, link->hash);
}
