/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's questions to the reader: what do the runtimes' files say of this
 * container? Answers become records of the stream. */
#ifndef BW_AGENT_ASKS_H
#define BW_AGENT_ASKS_H

#include "agent/reader.h"

#define ASKS_MAX 512	/* containers asked for at a time; more stay unanswered */
#define ASK_TRIES_MAX 6	/* runtimes write their files a moment after the first process starts */

struct ask {
	struct reader_request request;
	struct reader_result result;
	uint64_t next_try_ns, begun_ns;
	unsigned int tries;
	bool is_sent;
	bool is_judged;		/* its posture was submitted: */
	uint64_t findings;
	bool was_waited;	/* an alert waited for it already */
	bool was_told_late;	/* an INFO_LATE record went out */
	bool is_seeded;		/* the container's init may be another process than the one asked for */
	bool is_late;		/* ... and went out without an answer */
	bool is_counted;	/* in n_ok or n_late */
};

struct asks {
	int fd;			/* -1: no reader */
	uint32_t number;
	struct ask *open[ASKS_MAX];	/* NULL: free */
	bool is_submitting;
	uint64_t n_overflow;
	unsigned int n_in_vain;	/* alerts that waited since the reader last said anything */
	/* Containers whose name was there in time, after an alert, or not at all. */
	uint64_t n_ok, n_late, n_missing;
};

typedef void (*asks_submit_fn)(void *rec, size_t len, void *arg);

void asks_init(struct asks *asks, int reader_fd);
void asks_release(struct asks *asks);

/* A container without an answer for so long gets an INFO_LATE record. */
#define ASKS_LATE_NS 1000000000ull

/* Ask for a container that was just seen for the first time; nothing if that is
 * under way. Every question ends with an EVENT_CONTAINER_INFO record that is an
 * answer: what the files say, or empty, or, when nobody answers (no reader, too
 * many questions: at once; a reader that hangs: after some 17 s), empty with
 * INFO_UNANSWERED. is_seeded: it ran before the agent, and `init` may be any
 * process of it. */
void asks_begin(struct asks *asks, const struct container_view *container, uint32_t init_tgid,
		uint64_t init_start_ns, bool is_seeded, asks_submit_fn submit, void *arg);

/* Take answers without waiting and ask again where it is time. */
void asks_collect(struct asks *asks, asks_submit_fn submit, void *arg);

/* The end: take what has come, and give up the rest as unanswered. */
void asks_finish(struct asks *asks, asks_submit_fn submit, void *arg);

/* Wait for one container's answer, at most timeout_ms and once per container;
 * not at all while the reader is silent (ASKS_IN_VAIN_MAX waited for nothing).
 * True if anything was submitted meanwhile. */
#define ASKS_IN_VAIN_MAX 3
bool asks_wait(struct asks *asks, uint64_t container, int timeout_ms, asks_submit_fn submit, void *arg);

#endif
