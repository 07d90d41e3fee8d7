// SPDX-License-Identifier: Apache-2.0
#include "agent/ledger.h"

#include "agent/log.h"
#include "event/syscalls.h"
#include "source/live.h"

/* Of each ring and type, and the sum of all. False: they cannot be read. */
static bool read_books(const struct ledger *ledger, struct book books[RING_MAX][EVENT_TYPE_MAX], struct book *ret)
{
	static bool is_told;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (ledger->books_fd < 0)
		return false;
	for (unsigned int ring = 0; ring < RING_MAX; ring++) {
		for (unsigned int type = 0; type < EVENT_TYPE_MAX; type++) {
			struct book *book = &books[ring][type];

			r = live_read_book(ledger->books_fd, ring, type, book);
			if (r < 0) {
				if (!is_told)
					log_message("ledger", "cannot read the kernel's books: %s; what it drops is "
						    "seen by gaps only", strerror(-r));
				is_told = true;
				return false;
			}
			ret->seen += book->seen;
			ret->delivered += book->delivered;
			ret->dropped += book->dropped;
			ret->suppressed += book->suppressed;
		}
	}
	return true;
}

static uint64_t read_counter(const struct ledger *ledger, enum counter counter)
{
	uint64_t n = 0;

	if (ledger->counters_fd >= 0)
		(void)live_read_counter(ledger->counters_fd, counter, &n);
	return n;
}

void ledger_init(struct ledger *ledger, int books_fd, int counters_fd, int budgets_fd,
		 int call_counts_fd)
{
	struct book book;

	memset(ledger, 0, sizeof(*ledger));
	ledger->books_fd = books_fd;
	ledger->counters_fd = counters_fd;
	ledger->budgets_fd = budgets_fd;
	ledger->call_counts_fd = call_counts_fd;
	/* On first use libbpf reads the number of CPUs from a file: the sandbox, which
	 * comes next, would not let it. */
	(void)read_books(ledger, ledger->books, &book);
}

void ledger_note_missed(struct ledger *ledger, uint64_t n)
{
	ledger->missed_runs += n;
	ledger->lost += n;
	ledger->n_losses++;
}

static size_t slot_of(uint64_t container)
{
	return (container * 0x9e3779b97f4a7c15ull) >> 54 & (LEDGER_CONTAINERS_MAX - 1);
}

/* NULL: there is no room. One slot always stays free, so that a search ends. */
static struct ledger_container *find_container(struct ledger *ledger, uint64_t container)
{
	size_t i = slot_of(container);

	while (ledger->containers[i].container && ledger->containers[i].container != container)
		i = (i + 1) & (LEDGER_CONTAINERS_MAX - 1);
	if (!ledger->containers[i].container) {
		if (ledger->n_containers == LEDGER_CONTAINERS_MAX - 1)
			return NULL;
		ledger->n_containers++;
		ledger->containers[i].container = container;
	}
	return &ledger->containers[i];
}

static void note_container(struct ledger *ledger, uint64_t container)
{
	struct ledger_container *slot;

	if (!container) {
		ledger->received_host++;
		return;
	}
	slot = find_container(ledger, container);
	if (!slot) {
		ledger->received_other++;
		return;
	}
	slot->received++;
	slot->is_recent = true;
}

void ledger_note(struct ledger *ledger, const struct event_hdr *hdr)
{
	uint64_t *next;

	ledger->received++;
	note_container(ledger, hdr->container);
	if (hdr->ring >= RING_MAX || hdr->cpu >= LEDGER_CPUS_MAX)
		return;
	next = &ledger->next_seq[hdr->ring][hdr->cpu];
	if (*next && hdr->seq > *next)
		ledger->gaps += hdr->seq - *next;
	if (hdr->seq >= *next)
		*next = hdr->seq + 1;
}

static void tell(struct ledger_report *report, enum loss_kind kind, unsigned int type, uint64_t container,
		 uint64_t count)
{
	if (count && report->n < LEDGER_LOSSES_MAX)
		report->losses[report->n++] = (struct ledger_loss){ kind, type, container, count };
}

static void on_budget(const struct budget_key *key, const struct budget *budget, void *arg)
{
	struct ledger_container *slot = find_container(arg, key->container);

	if (slot)
		slot->now += budget->suppressed;
}

/* Containers that did nothing for a while make room for others. */
static void forget_containers(struct ledger *ledger)
{
	struct ledger_container *old;

	if (ledger->n_containers < LEDGER_CONTAINERS_MAX / 4 * 3)
		return;
	old = malloc(sizeof(ledger->containers));
	if (!old)
		return;
	memcpy(old, ledger->containers, sizeof(ledger->containers));
	memset(ledger->containers, 0, sizeof(ledger->containers));
	ledger->n_containers = 0;
	for (size_t i = 0; i < LEDGER_CONTAINERS_MAX; i++) {
		bool keep = old[i].now || old[i].is_recent;
		struct ledger_container *slot = keep ? find_container(ledger, old[i].container) : NULL;

		if (slot)
			*slot = old[i];
		else
			ledger->received_other += old[i].received;
		if (slot)
			slot->is_recent = false;
	}
	free(old);
}

/* Who used up a budget: the flooder is named in the alert. */
static void tell_suppressed(struct ledger *ledger, struct ledger_report *ret)
{
	uint64_t last[LEDGER_CONTAINERS_MAX];

	if (ledger->budgets_fd < 0)
		return;
	for (size_t i = 0; i < LEDGER_CONTAINERS_MAX; i++) {
		last[i] = ledger->containers[i].now;
		ledger->containers[i].now = 0;
	}
	(void)live_each_budget(ledger->budgets_fd, on_budget, ledger);
	for (size_t i = 0; i < LEDGER_CONTAINERS_MAX; i++) {
		struct ledger_container *slot = &ledger->containers[i];

		if (!slot->container)
			continue;
		if (slot->now < last[i])
			slot->before += last[i] - slot->now;
		if (ret->n == LEDGER_LOSSES_MAX)
			break; /* the rest with the next that is suppressed */
		tell(ret, LOSS_SUPPRESSED, 0, slot->container, ledger_suppressed(slot) - slot->told);
		slot->told = ledger_suppressed(slot);
	}
}

static void tell_counters(struct ledger *ledger, struct ledger_report *ret)
{
	static const struct {
		enum counter counter;
		enum loss_kind kind;
	} map[] = {
		{ COUNTER_TAIL_CALL, LOSS_TAIL_CALL },
		{ COUNTER_SUBJECT_FULL, LOSS_STATE },
		{ COUNTER_CONTAINERS_FULL, LOSS_STATE },
		{ COUNTER_MNT_NS_FULL, LOSS_STATE },
		{ COUNTER_RUNTIME_BINARIES_FULL, LOSS_STATE },
		{ COUNTER_BUDGETS_FULL, LOSS_STATE },
		{ COUNTER_TOO_LARGE, LOSS_STATE },
	};

	for (unsigned int i = 0; i < COUNTER_MAX; i++)
		ledger->counters[i] = read_counter(ledger, (enum counter)i);
	for (size_t i = 0; i < ARRAY_SIZE(map); i++) {
		uint64_t n = ledger->counters[map[i].counter];

		tell(ret, map[i].kind, 0, 0, n - ledger->told_counter[map[i].counter]);
		ledger->told_counter[map[i].counter] = n;
	}
}

void ledger_compare(struct ledger *ledger, uint64_t delivered)
{
	uint64_t ahead = delivered - ledger->received - ledger->malformed;
	int64_t more;

	if (!ledger->has_start) {
		ledger->has_start = ledger->has_ahead && ledger->ahead == ahead;
		ledger->ahead_at_start = ahead;
	}
	ledger->ahead = ahead;
	ledger->has_ahead = true;
	/* Below nothing: a record is in the ring a moment before it is in the books. */
	more = (int64_t)(ahead - ledger->ahead_at_start);
	if (more > 0 && (uint64_t)more > ledger->taken_away)
		ledger->taken_away = (uint64_t)more;
}

/* Books first, then the rings: if these are empty then, all that the books speak of
 * was taken out, by us or by somebody else. */
static void compare(struct ledger *ledger, const struct source *source, uint64_t delivered)
{
	uint64_t unread[RING_MAX] = {};

	if (!source_rings_unread(source, unread))
		return;
	for (unsigned int ring = 0; ring < RING_MAX; ring++)
		if (unread[ring])
			return;
	ledger_compare(ledger, delivered);
}

void ledger_check(struct ledger *ledger, const struct source *source, struct ledger_report *ret)
{
	uint64_t unexplained;
	size_t n_suppressed;
	struct book now;

	ret->n = 0;
	/* What could not be read has not changed; gaps tell all the same. */
	if (!read_books(ledger, ledger->books, &now)) {
		now.dropped = ledger->told_dropped;
		now.suppressed = ledger->told_suppressed;
	} else if (source) {
		compare(ledger, source, now.delivered);
	}
	tell(ret, LOSS_RING_FULL, 0, 0, now.dropped - ledger->told_dropped);
	ledger->told_dropped = now.dropped;

	/* A dropped record leaves a gap, which shows with the next record of that
	 * CPU; so gaps may lag behind drops, never lead, unless somebody took records
	 * out of the ring. Told when it is still so at the next check. Where no record
	 * follows on that CPU, the books tell. */
	unexplained = ledger->gaps > now.dropped ? ledger->gaps - now.dropped : 0;
	if (unexplained < ledger->taken_away)
		unexplained = ledger->taken_away;
	if (unexplained > ledger->told_gaps && ledger->unexplained >= unexplained) {
		tell(ret, LOSS_GAP, 0, 0, unexplained - ledger->told_gaps);
		ledger->told_gaps = unexplained;
	}
	ledger->unexplained = unexplained;
	ledger->lost = now.dropped + ledger->told_gaps + ledger->missed_runs;

	tell(ret, LOSS_MALFORMED, 0, 0, ledger->malformed - ledger->told_malformed);
	ledger->told_malformed = ledger->malformed;
	tell_counters(ledger, ret);
	n_suppressed = ret->n;
	forget_containers(ledger);
	if (now.suppressed != ledger->told_suppressed)
		tell_suppressed(ledger, ret);
	ledger->told_suppressed = now.suppressed;
	if (n_suppressed)
		ledger->n_losses++;
}

/* Keep the commonest calls in order. */
static void note_call(struct ledger_totals *totals, const char *name, uint64_t n)
{
	size_t i = totals->n_calls;

	totals->counted_calls += n;
	if (i == LEDGER_CALLS_MAX) {
		if (totals->calls[--i].n >= n)
			return;
	} else {
		totals->n_calls++;
	}
	for (; i > 0 && totals->calls[i - 1].n < n; i--)
		totals->calls[i] = totals->calls[i - 1];
	totals->calls[i] = (struct ledger_call){ name, n };
}

static uint64_t read_call_count(const struct ledger *ledger, enum syscall_abi abi, uint32_t nr)
{
	uint64_t n = 0;

	(void)live_read_counter(ledger->call_counts_fd, (unsigned int)abi * SYSCALLS_MAX + nr, &n);
	return n;
}

/* One row may have several numbers: of 64-bit and of 32-bit programs. */
static void sum_calls(const struct ledger *ledger, struct ledger_totals *ret)
{
	uint64_t sums[CALLS_MAX * SYSCALLS_MAX] = { 0 };

	if (ledger->call_counts_fd < 0)
		return;
	for (enum syscall_abi abi = 0; abi < ABI_MAX; abi++) {
		for (uint32_t nr = 0; nr < SYSCALLS_MAX; nr++) {
			const struct syscall_desc *call = syscall_find(abi, nr);

			if (call && call->handler != HANDLER_IGNORE)
				sums[call - syscall_table] += read_call_count(ledger, abi, nr);
		}
	}
	for (size_t i = 0; i < syscall_table_len; i++)
		if (sums[i])
			note_call(ret, syscall_table[i].name, sums[i]);
}

void ledger_sum(const struct ledger *ledger, struct ledger_totals *ret)
{
	struct book books[RING_MAX][EVENT_TYPE_MAX];

	memset(ret, 0, sizeof(*ret));
	(void)read_books(ledger, books, &ret->book);
	ret->direct_fd = read_counter(ledger, COUNTER_DIRECT_FD);
	ret->unknown_calls = read_counter(ledger, COUNTER_UNKNOWN_CALL);
	sum_calls(ledger, ret);
}
