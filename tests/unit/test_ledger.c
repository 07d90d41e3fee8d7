// SPDX-License-Identifier: Apache-2.0
/* The engine's side of the books, without a kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "agent/ledger.h"

static void note(struct ledger *ledger, unsigned int cpu, uint64_t seq, uint64_t container)
{
	const struct event_hdr hdr = { .cpu = (uint16_t)cpu, .seq = seq, .container = container };

	ledger_note(ledger, &hdr);
}

static uint64_t of_container(const struct ledger *ledger, uint64_t container)
{
	for (size_t i = 0; i < LEDGER_CONTAINERS_MAX; i++)
		if (ledger->containers[i].container == container)
			return ledger->containers[i].received;
	return 0;
}

static uint64_t sum(const struct ledger *ledger)
{
	uint64_t n = ledger->received_host + ledger->received_other;

	for (size_t i = 0; i < LEDGER_CONTAINERS_MAX; i++)
		n += ledger->containers[i].received;
	return n;
}

static void test_gaps(void **state)
{
	static struct ledger ledger;

	(void)state;
	ledger_init(&ledger, -1, -1, -1, -1);
	note(&ledger, 0, 5, 0); /* others read before us */
	note(&ledger, 1, 9, 0);
	note(&ledger, 0, 6, 0);
	assert_int_equal(ledger.gaps, 0);
	note(&ledger, 0, 9, 0);
	assert_int_equal(ledger.gaps, 2);
	note(&ledger, 0, 7, 0); /* late, counted as received only */
	assert_int_equal(ledger.gaps, 2);
	assert_int_equal(ledger.received, 5);
}

/* More containers than there is room for: no record is left out of the sums. */
static void test_containers(void **state)
{
	static struct ledger ledger;
	struct ledger_report report;

	(void)state;
	ledger_init(&ledger, -1, -1, -1, -1);
	for (unsigned int round = 0; round < 5; round++) {
		for (uint64_t i = 1; i <= 700; i++)
			note(&ledger, 0, round * 1000 + i, round * 700 + i);
		note(&ledger, 0, round * 1000 + 701, 0);
		note(&ledger, 0, round * 1000 + 702, 1);
		ledger_check(&ledger, NULL, &report);
		assert_int_equal(sum(&ledger), ledger.received);
		assert_true(ledger.n_containers < LEDGER_CONTAINERS_MAX);
	}
	assert_int_equal(ledger.received_host, 5);
	/* It was there all the time, and is not one of those that made room. */
	assert_int_equal(of_container(&ledger, 1), 6);
	/* The last 700 found room, or were counted with the others. */
	assert_int_equal(ledger.received, 5 * 702);
	assert_true(ledger.received_other > 0);
}

static void test_missed(void **state)
{
	static struct ledger ledger;
	struct ledger_report report;

	(void)state;
	ledger_init(&ledger, -1, -1, -1, -1);
	ledger_note_missed(&ledger, 3);
	ledger_note_missed(&ledger, 2);
	ledger_check(&ledger, NULL, &report);
	assert_int_equal(ledger.missed_runs, 5);
	assert_int_equal(ledger.lost, 5);
	assert_int_equal(ledger.n_losses, 2);
}

static const struct {
	const char *name;
	struct {
		uint64_t delivered, received;
	} at[8];
	uint64_t want;
} cases[] = {
	{ "nothing is missing", { { 5, 5 }, { 5, 5 }, { 9, 9 } }, 0 },
	{ "two are", { { 5, 5 }, { 5, 5 }, { 9, 7 } }, 2 },
	{ "and stay so", { { 5, 5 }, { 5, 5 }, { 9, 7 }, { 20, 18 } }, 2 },
	{ "then one more", { { 5, 5 }, { 5, 5 }, { 9, 7 }, { 20, 17 } }, 3 },
	{ "another agent read before us", { { 105, 5 }, { 109, 9 }, { 110, 10 } }, 0 },
	{ "and one is missing since", { { 105, 5 }, { 109, 9 }, { 111, 10 } }, 1 },
	{ "books behind the ring once", { { 4, 5 }, { 9, 9 }, { 9, 9 }, { 12, 12 } }, 0 },
	{ "books behind the ring later", { { 5, 5 }, { 6, 6 }, { 8, 9 }, { 12, 12 } }, 0 },
	{ "once is not enough to begin", { { 5, 5 }, { 9, 7 }, { 12, 10 } }, 0 },
};

static void test_compare(void **state)
{
	static struct ledger ledger;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ledger_init(&ledger, -1, -1, -1, -1);
		for (size_t k = 0; k < ARRAY_SIZE(cases[i].at) && cases[i].at[k].delivered; k++) {
			ledger.received = cases[i].at[k].received;
			ledger_compare(&ledger, cases[i].at[k].delivered);
		}
		if (ledger.taken_away != cases[i].want)
			fail_msg("%s: %llu, wanted %llu", cases[i].name, (unsigned long long)ledger.taken_away,
				 (unsigned long long)cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_missed),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
