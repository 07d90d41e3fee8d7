// SPDX-License-Identifier: Apache-2.0
#include "source/source.h"

#include "brigwatch/event.h"

struct memory {
	struct source base;
	struct slice rest;
};

static int memory_poll(struct source *source, int timeout_ms, source_record_fn fn, void *arg)
{
	struct memory *memory = (struct memory *)source;
	struct slice rest = memory->rest, rec;
	uint32_t size;
	int r, n = 0;

	(void)timeout_ms;
	if (rest.len == 0)
		return -ENODATA;
	while (rest.len) {
		if (rest.len < sizeof(size))
			return -EBADMSG;
		memcpy(&size, rest.data, sizeof(size));
		if (size < sizeof(struct event_hdr) || !slice_take(&rest, size, &rec))
			return -EBADMSG;
		r = fn(rec.data, rec.len, RING_URGENT, arg);
		if (r < 0)
			return r;
		memory->rest = rest;
		n++;
	}
	return n;
}

static void memory_free(struct source *source)
{
	free(source);
}

static const struct source_ops memory_ops = { .poll = memory_poll, .free = memory_free };

int source_memory_new(const void *bytes, size_t len, struct source **ret)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	memory->base.ops = &memory_ops;
	memory->rest = (struct slice){ bytes, len };
	*ret = &memory->base;
	return 0;
}
