/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/internal.h"

/* One malloc() each, so that ASan sees every border. */
struct arena_block {
	struct arena_block *next;
	max_align_t bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block;

	if (size > SIZE_MAX / 2)
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = arena->blocks;
	arena->blocks = block;
	return block->bytes;
}

char *arena_copy(struct arena *arena, struct slice bytes)
{
	char *copy;

	copy = arena_alloc(arena, bytes.len + 1);
	if (copy && bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	return copy;
}

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}
