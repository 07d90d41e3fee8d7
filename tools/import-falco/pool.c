/* SPDX-License-Identifier: Apache-2.0 */
#include "import.h"

#include <stdarg.h>
#include <stdio.h>

#define BLOCK_SIZE 65536u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t data[];
};

/* The limits above keep what is needed far below any machine's memory. */
static void die(void)
{
	fputs("import-falco: out of memory\n", stderr);
	exit(5);
}

void *pool_alloc(struct pool *pool, size_t size)
{
	struct arena_block *block = pool->blocks;
	size_t align = _Alignof(max_align_t), room;
	void *ret;

	size = (size + align - 1) & ~(align - 1);
	if (!block || block->size - block->used < size) {
		room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		block = malloc(sizeof(*block) + room);
		if (!block)
			die();
		*block = (struct arena_block){ pool->blocks, 0, room };
		pool->blocks = block;
	}
	ret = (char *)block->data + block->used;
	block->used += size;
	memset(ret, 0, size);
	return ret;
}

char *pool_copy(struct pool *pool, const char *text, size_t len)
{
	char *copy = pool_alloc(pool, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
	va_list args;
	char *text, *copy;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die();
	va_end(args);
	copy = pool_copy(pool, text, strlen(text));
	free(text);
	return copy;
}

void pool_release(struct pool *pool)
{
	while (pool->blocks) {
		struct arena_block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
}

void ptrs_add(struct pool *pool, struct ptrs *ptrs, void *item)
{
	if (ptrs->n == ptrs->room) {
		size_t room = ptrs->room ? ptrs->room * 2 : 8;
		void **more = pool_alloc(pool, room * sizeof(*more));

		if (ptrs->n)
			memcpy(more, ptrs->items, ptrs->n * sizeof(*more));
		ptrs->items = more;
		ptrs->room = room;
	}
	ptrs->items[ptrs->n++] = item;
}

void text_add(struct pool *pool, struct text *text, const char *data, size_t len)
{
	if (text->room - text->len < len + 1) {
		size_t room = (text->len + len + 1) * 2;
		char *more = pool_alloc(pool, room);

		if (text->len)
			memcpy(more, text->data, text->len);
		text->data = more;
		text->room = room;
	}
	memcpy(text->data + text->len, data, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_puts(struct pool *pool, struct text *text, const char *data)
{
	text_add(pool, text, data, strlen(data));
}

int problem_set(struct problem *problem, struct where at, const char *format, ...)
{
	va_list args;

	problem->at = at;
	problem->excerpt[0] = '\0';
	va_start(args, format);
	vsnprintf(problem->message, sizeof(problem->message), format, args);
	va_end(args);
	return -EINVAL;
}
