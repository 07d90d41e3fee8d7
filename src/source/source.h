/* SPDX-License-Identifier: Apache-2.0 */
/* Where records come from: the kernel's rings, a capture, or memory. */
#ifndef BW_SOURCE_SOURCE_H
#define BW_SOURCE_SOURCE_H

#include "base/base.h"

/* Called for each record, in the order of record. `rec` is valid during the
 * call only and may be unaligned; nothing in it is to be believed. 0 to go on,
 * negative to stop: source_poll() then returns that value. The record counts as
 * consumed from a live source, so what must not be lost is done before returning. */
typedef int (*source_record_fn)(const void *rec, size_t len, unsigned int ring, void *arg);

struct source;

struct source_ops {
	int (*poll)(struct source *source, int timeout_ms, source_record_fn fn, void *arg);
	void (*free)(struct source *source);
};

struct source {
	const struct source_ops *ops;
};

/* Wait up to timeout_ms for records and hand out all there are. Returns their
 * number, 0 after a time-out, -errno, or what `fn` returned. -ENODATA: the end
 * (never from a live source). */
static inline int source_poll(struct source *source, int timeout_ms, source_record_fn fn, void *arg)
{
	return source->ops->poll(source, timeout_ms, fn, arg);
}

static inline void source_free(struct source *source)
{
	if (source)
		source->ops->free(source);
}

/* Records from memory, each with its length: tests, fuzzers, replay of a saved
 * stream. `bytes` is borrowed: records of the wire format, one after another;
 * hdr.size tells where the next begins. */
int source_memory_new(const void *bytes, size_t len, struct source **ret);

/* The commands of bpf(2) that reading the rings and the books takes: all that the
 * engine's filter lets through. */
extern const int source_bpf_commands[];
extern const size_t source_bpf_commands_len;

/* The two rings of a live sensor by their map descriptors, which are borrowed.
 * Needs no capability. */
int source_rings_new(int urgent_fd, int bulk_fd, struct source **ret);

/* Bytes that lie in each ring of source_rings_new() unread. False: it cannot be
 * told of one of them, and 0 says nothing there. */
bool source_rings_unread(const struct source *source, uint64_t ret[2]);

/* Look at what waits in the urgent ring without taking it out: each record is
 * handed out again by source_poll(). Stops when `fn` returns a negative value.
 * 0 or -errno. */
int source_rings_peek(int urgent_fd, source_record_fn fn, void *arg);

#endif
