// SPDX-License-Identifier: Apache-2.0
#include "source/source.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "brigwatch/event.h"
#include "brigwatch/maps.h"

const int source_bpf_commands[] = { BPF_MAP_LOOKUP_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD };
const size_t source_bpf_commands_len = ARRAY_SIZE(source_bpf_commands);

/* Most records handed out by one call. */
#define BATCH_MAX 8192

struct rings;

struct ring_context {
	struct rings *rings;
	unsigned int ring;
};

struct rings {
	struct source base;
	struct ring_buffer *buffer;
	struct ring_context contexts[RING_MAX];
	const uint64_t *positions[RING_MAX]; /* a page with the consumer's, then the producer's; or NULL */
	source_record_fn fn;
	void *arg;
	int n;
};

static int on_record(void *ctx, void *data, size_t len)
{
	struct ring_context *context = ctx;
	struct rings *rings = context->rings;
	int r;

	r = rings->fn(data, len, context->ring, rings->arg);
	if (r < 0)
		return r;
	/* Come up for air under a flood: the loop has other duties. libbpf counts
	 * the record as consumed. */
	return ++rings->n >= BATCH_MAX ? -EAGAIN : 0;
}

/* The urgent ring first: libbpf keeps the order of ring_buffer__add(). */
static int rings_poll(struct source *source, int timeout_ms, source_record_fn fn, void *arg)
{
	struct rings *rings = (struct rings *)source;
	struct epoll_event events[RING_MAX];
	int r;

	r = epoll_wait(ring_buffer__epoll_fd(rings->buffer), events, RING_MAX, timeout_ms);
	if (r < 0)
		return -errno;
	rings->fn = fn;
	rings->arg = arg;
	rings->n = 0;
	r = ring_buffer__consume(rings->buffer);
	return r < 0 && r != -EAGAIN ? r : rings->n;
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static const uint64_t *map_positions(int fd)
{
	const void *map = mmap(NULL, 2 * page_size(), PROT_READ, MAP_SHARED, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

bool source_rings_unread(const struct source *source, uint64_t ret[RING_MAX])
{
	const struct rings *rings = (const struct rings *)source;
	bool is_known = true;

	for (size_t i = 0; i < RING_MAX; i++) {
		const uint64_t *at = rings->positions[i];
		uint64_t consumer, producer;

		ret[i] = 0;
		is_known &= at != NULL;
		if (!at)
			continue;
		consumer = __atomic_load_n(at, __ATOMIC_ACQUIRE);
		producer = __atomic_load_n(at + page_size() / sizeof(*at), __ATOMIC_ACQUIRE);
		if (producer > consumer)
			ret[i] = producer - consumer;
	}
	return is_known;
}

static void rings_free(struct source *source)
{
	struct rings *rings = (struct rings *)source;

	for (size_t i = 0; i < RING_MAX; i++)
		if (rings->positions[i])
			munmap((void *)(uintptr_t)rings->positions[i], 2 * page_size()); /* NOLINT(performance-no-int-to-ptr): drops const */
	ring_buffer__free(rings->buffer);
	free(rings);
}

static const struct source_ops rings_ops = { .poll = rings_poll, .free = rings_free };

int source_rings_new(int urgent_fd, int bulk_fd, struct source **ret)
{
	struct rings *rings;
	int r;

	rings = calloc(1, sizeof(*rings));
	if (!rings)
		return -ENOMEM;
	rings->base.ops = &rings_ops;
	rings->contexts[RING_URGENT] = (struct ring_context){ rings, RING_URGENT };
	rings->contexts[RING_BULK] = (struct ring_context){ rings, RING_BULK };
	rings->buffer = ring_buffer__new(urgent_fd, on_record, &rings->contexts[RING_URGENT], NULL);
	if (!rings->buffer) {
		r = -errno;
		free(rings);
		return r;
	}
	r = ring_buffer__add(rings->buffer, bulk_fd, on_record, &rings->contexts[RING_BULK]);
	if (r < 0) {
		rings_free(&rings->base);
		return r;
	}
	rings->positions[RING_URGENT] = map_positions(urgent_fd);
	rings->positions[RING_BULK] = map_positions(bulk_fd);
	*ret = &rings->base;
	return 0;
}

/* The records between two positions of a ring, whose data is mapped twice in a
 * row so that none is broken at the end. Lengths are checked all the same. */
static void walk(const char *data, uint64_t at, uint64_t end, source_record_fn fn, void *arg)
{
	while (at < end && end - at <= RING_URGENT_BYTES) {
		const char *rec = data + (at & (RING_URGENT_BYTES - 1));
		uint32_t hdr = __atomic_load_n((const uint32_t *)(const void *)rec, __ATOMIC_ACQUIRE);
		uint32_t len = hdr & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if ((hdr & BPF_RINGBUF_BUSY_BIT) || len > RING_URGENT_BYTES)
			return;
		if (!(hdr & BPF_RINGBUF_DISCARD_BIT) && fn(rec + BPF_RINGBUF_HDR_SZ, len, RING_URGENT, arg) < 0)
			return;
		at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7u;
	}
}

/* One page with the consumer's position, one with the producer's, then the data. */
int source_rings_peek(int urgent_fd, source_record_fn fn, void *arg)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = 2 * page + 2 * (size_t)RING_URGENT_BYTES;
	const char *map;

	map = mmap(NULL, len, PROT_READ, MAP_SHARED, urgent_fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	walk(map + 2 * page, __atomic_load_n((const uint64_t *)(const void *)map, __ATOMIC_ACQUIRE),
	     __atomic_load_n((const uint64_t *)(const void *)(map + page), __ATOMIC_ACQUIRE), fn, arg);
	munmap((void *)(uintptr_t)map, len); /* NOLINT(performance-no-int-to-ptr): drops const */
	return 0;
}
