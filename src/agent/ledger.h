/* SPDX-License-Identifier: Apache-2.0 */
/* The books: what the kernel side saw, what came, what is missing and why. */
#ifndef BW_AGENT_LEDGER_H
#define BW_AGENT_LEDGER_H

#include "brigwatch/event.h"
#include "brigwatch/maps.h"

#include "base/base.h"
#include "source/source.h"

#define LEDGER_CPUS_MAX 4096
#define LEDGER_LOSSES_MAX 64
#define LEDGER_CALLS_MAX 8
#define LEDGER_CONTAINERS_MAX 1024 /* whose records are counted apart; a power of two */

/* The records of one container. The kernel forgets budgets that were not used for
 * long, so what it says of suppressed ones may fall; `before` keeps that. */
struct ledger_container {
	uint64_t container; /* 0: free */
	uint64_t received;
	uint64_t before, now, told; /* suppressed */
	bool is_recent;		    /* acted since others were last forgotten */
};

struct ledger {
	int books_fd, counters_fd, budgets_fd, call_counts_fd;
	uint64_t received;		/* records handed out by the rings */
	uint64_t malformed;		/* of these, not decodable */
	uint64_t gaps;			/* sequence numbers that never came */
	uint64_t lost;			/* dropped by the kernel + unexplained: never seen by a rule */
	uint64_t next_seq[RING_MAX][LEDGER_CPUS_MAX];	/* 0: none seen yet */
	uint64_t told_dropped, told_suppressed, told_gaps, told_malformed;
	uint64_t told_counter[COUNTER_MAX];
	uint64_t unexplained;		/* gaps beyond drops at the last check: told when they persist */
	/* Records of which the kernel says that they are in a ring, and that did not come
	 * out of it: `ahead` is how many those were when the rings were last empty, and
	 * since when we know what was so from the start. */
	uint64_t ahead, ahead_at_start, taken_away;
	bool has_ahead, has_start;
	uint64_t missed_runs;		/* of hooks, as the sensor told: no rule saw what they would have */
	uint64_t n_losses;		/* times that something was told, but for suppressed records */
	struct book books[RING_MAX][EVENT_TYPE_MAX];	/* at the last check */
	uint64_t counters[COUNTER_MAX];			/* likewise */
	struct ledger_container containers[LEDGER_CONTAINERS_MAX];	/* by hash */
	size_t n_containers;
	uint64_t received_host;	 /* of no container */
	uint64_t received_other; /* of containers not in the table, or not any more */
};

struct ledger_loss {
	enum loss_kind kind;
	unsigned int type;
	uint64_t container, count;
};
struct ledger_report {
	struct ledger_loss losses[LEDGER_LOSSES_MAX];
	size_t n;
};
struct ledger_totals {
	struct book book;		/* since the hooks were attached, all rings and types */
	uint64_t direct_fd;
	uint64_t unknown_calls;		/* made by containers, with numbers in no table */
	uint64_t counted_calls;		/* made by containers, of class count */
	struct ledger_call {
		const char *name;
		uint64_t n;
	} calls[LEDGER_CALLS_MAX];	/* the commonest of these, commonest first */
	size_t n_calls;
};

/* Nothing counts as told: the books begin when the hooks are attached, and what
 * an engine that was killed did not come to tell, or what was lost while there
 * was none, is told by the next. Twice rather than never. */
void ledger_init(struct ledger *ledger, int books_fd, int counters_fd, int budgets_fd,
		 int call_counts_fd);

/* Note a record that came from a ring. */
void ledger_note(struct ledger *ledger, const struct event_hdr *hdr);

/* Hooks missed `n` runs more: what these would have sent is lost. */
void ledger_note_missed(struct ledger *ledger, uint64_t n);

/* The kernel has `delivered` records to the rings, and these are empty now. What was
 * so twice in a row at the beginning is what somebody before us read; whatever is
 * missing beyond that was taken away by somebody else. */
void ledger_compare(struct ledger *ledger, uint64_t delivered);

/* What was lost since the last check. Called about once a second, by who reads the
 * rings: `source` is borrowed, to look whether they are empty; may be NULL. */
void ledger_check(struct ledger *ledger, const struct source *source, struct ledger_report *ret);

void ledger_sum(const struct ledger *ledger, struct ledger_totals *ret);

/* Of one container, since the hooks were attached as far as it is known. */
static inline uint64_t ledger_suppressed(const struct ledger_container *container)
{
	return container->before + container->now;
}

#endif
