/* SPDX-License-Identifier: Apache-2.0 */
/* The queue between engine and output process, one for each sink: one producer,
 * one consumer, bounded in bytes, in memory that all of the agent's processes
 * share. The engine copies a rendered alert in and never waits; without room it
 * is dropped and counted.
 *
 * Positions and counts are in the shared memory, so that an engine or an output
 * process that is killed loses nothing that was accepted. That memory is a file
 * below the agent's directory in /run where there is one: then it also outlives
 * an agent that is killed with all its processes, and the next one delivers what
 * waits. Neither side believes the other: the consumer cannot write what the
 * producer wrote, and both check every number of the other. */
#ifndef BW_AGENT_OUTBOX_H
#define BW_AGENT_OUTBOX_H

#include "base/base.h"

/* Of one record: rendered text and labels. Larger ones are dropped. */
#define OUTBOX_RECORD_MAX (1u << 20)
#define OUTBOX_NAME_MAX 128
#define OUTBOX_LABEL_MAX 4096 /* bytes of one label; longer ones are dropped with their record */

enum outbox_label {
	OUTBOX_RULE, OUTBOX_RULE_NAME, OUTBOX_CONTAINER, OUTBOX_CONTAINER_NAME, OUTBOX_IMAGE,
	OUTBOX_NAMESPACE, OUTBOX_POD,
	OUTBOX_LABELS,
};

struct outbox_record {
	uint64_t wall_ns;		/* of the event */
	uint64_t queued_ns;		/* CLOCK_BOOTTIME, when it was accepted */
	uint64_t number;		/* the how manyth that was accepted, from 1 */
	unsigned int severity;		/* 0 emergency .. 7 debug */
	bool is_urgent;			/* critical and above: to be flushed at once */
	struct slice labels[OUTBOX_LABELS];	/* valid UTF-8, one line, may be empty */
	struct slice text;		/* rendered, with its line end */
};

/* Of this run; what an earlier one left counts as accepted. Exact at every moment
 * that no push or delivery is under way:
 *   offered = accepted + dropped
 *   accepted = written + failed + queued
 * Bytes are those of the queue: text, labels and 64 of each record. */
struct outbox_stats {
	char name[OUTBOX_NAME_MAX];	/* of the sink: struct output_spec's name */
	char kind[16];			/* "file", "http"... */
	uint64_t size;			/* bytes of the queue */
	uint64_t queued, queued_bytes;	/* records and bytes that wait */
	uint64_t accepted, accepted_bytes;
	uint64_t dropped, dropped_bytes;/* no room, or too large */
	uint64_t written;		/* the receiver has it */
	uint64_t failed;		/* given up: refused by the receiver, or nobody there ever again */
	uint64_t retries;		/* deliveries that were tried again */
	uint64_t rotations, reopens;
	uint64_t adopted;		/* waited in what an earlier run left */
	uint64_t last_written_ns;	/* CLOCK_BOOTTIME, 0: never */
	uint64_t last_error_ns;		/* likewise */
	int32_t last_error;		/* errno */
	uint32_t last_status;		/* HTTP status of the last refusal, else 0 */
	bool is_failing;		/* the last try to deliver did not succeed */
};

enum outbox_role { OUTBOX_PRODUCER = 1, OUTBOX_CONSUMER, OUTBOX_OBSERVER };

/* A queue's memory and wake-up, made by the sensor and inherited. */
struct outbox_file {
	int fd;			/* read and write */
	int read_fd;		/* the same memory, read only; who has it open has the file locked */
	int wake_fd;		/* eventfd: a record came */
	uint64_t size;		/* of the ring, bytes */
	uint64_t n_adopted;	/* records that an earlier agent left and that are taken over */
	uint64_t n_lost;	/* that it left and that cannot be: the queue's size was changed */
	bool is_kept;		/* outlives this agent when it is killed */
	char path[256];		/* "" when not kept */
};

/* Make the memory, of at least `size` bytes of queue. `dir`: where to keep it, or
 * NULL; `key`: names sink and format, so that the same sink finds it again. A
 * file there that holds what was accepted before is taken over when its size and
 * key are the same; -EWOULDBLOCK while another process has it.
 *
 * 0 or -errno; -ENOSPC: no room in `dir` (without one it is plain memory). */
int outbox_file_make(const char *dir, const char *key, const char *kind, const char *name, uint64_t size,
		     struct outbox_file *ret);

/* Close; `unlink_it`: nothing in it is to be delivered any more. */
void outbox_file_release(struct outbox_file *file, bool unlink_it);

/* What a file that an earlier agent left holds: the sink's name and the records that
 * wait. -EWOULDBLOCK: a process has it; -EBADMSG: it is no queue. */
int outbox_file_look(const char *path, char ret_name[OUTBOX_NAME_MAX], uint64_t *ret_queued);

struct outbox;

/* Map it. The producer has its own page and the ring to write, the consumer its
 * own page, an observer nothing. Needs no descriptor afterwards but wake_fd,
 * which is borrowed. */
int outbox_open(const struct outbox_file *file, enum outbox_role role, struct outbox **ret);
void outbox_close(struct outbox *box);

/* Producer. 0: accepted, number and queued_ns are set by it. -ENOSPC: dropped,
 * no room; -EMSGSIZE: dropped, too large. Both counted. */
int outbox_push(struct outbox *box, const struct outbox_record *record);

/* Bytes of the ring that are free. */
uint64_t outbox_room(const struct outbox *box);

/* Consumer. The record number `ahead` (0: the oldest) of those that wait, copied
 * into memory of the box's own: valid until outbox_done(). They are asked for in
 * order; one that was asked for before may be again. 0, -EAGAIN: there is none,
 * -ENOMEM, -EBADMSG: what is there makes no sense, all that waits was skipped and
 * counted as failed. */
#define OUTBOX_AHEAD_MAX 1000u
int outbox_peek(struct outbox *box, unsigned int ahead, struct outbox_record *ret);

/* Records that wait. */
uint64_t outbox_waiting(const struct outbox *box);

/* The oldest `n`, all of them peeked, are dealt with. */
enum outbox_result { OUTBOX_WRITTEN, OUTBOX_FAILED };
void outbox_done(struct outbox *box, unsigned int n, enum outbox_result result);

/* A try that failed. `error`: errno; `status`: of HTTP, or 0. A retry is an error
 * after which the same records come again. */
void outbox_note_retry(struct outbox *box, int error, unsigned int status);
void outbox_note_error(struct outbox *box, int error, unsigned int status);
void outbox_note_rotation(struct outbox *box);
void outbox_note_reopen(struct outbox *box);

/* Everybody. */
void outbox_get_stats(const struct outbox *box, struct outbox_stats *ret);

#endif
