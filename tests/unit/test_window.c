/* SPDX-License-Identifier: Apache-2.0 */
/* Thresholds and suppression: what is counted, when it fires, what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rule/internal.h"
#include "unit/record.h"

#define SECOND 1000000000ull

static struct rule_set *load(const char *keys)
{
	struct parse_error err;
	struct rule_set *set;
	char text[2048];

	snprintf(
		text, sizeof(text),
		"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\"id\":\"T-0001\",\"name\":\"n\","
		"\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\"priority\":\"error\",\"output\":\"o\","
		"\"condition\":\"evt.type = open\",%s}]}",
		keys);
	if (rule_set_load_text("t.json", slice_from(text), &set, &err) < 0)
		fail_msg("%s:%u:%u: %s\n%s", err.file, err.line, err.column, err.message, text);
	return set;
}

struct world {
	struct rule_set *set;
	struct rule_state *state;
	uint64_t folded;
};

static struct world world_from(const char *keys)
{
	struct world world = { .set = load(keys) };

	assert_int_equal(rule_state_new(world.set, &world.state), 0);
	return world;
}

static void world_release(struct world *world)
{
	rule_state_free(world->state);
	rule_set_free(world->set);
}

/* An event of container `container` on the file `name`; NULL: on none. */
static bool note(struct world *world, uint64_t time_ns, uint64_t container, const char *path)
{
	struct event_file file = record_file();
	struct event ev = { .hdr = record_hdr() };

	ev.hdr.type = EVENT_OPEN;
	ev.hdr.time_ns = time_ns;
	ev.hdr.container = container;
	if (path) {
		ev.file = &file;
		ev.path = slice_from(path);
	}
	return rule_state_note(world->state, rule_set_at(world->set, 0), &ev, &world->folded);
}

#define COUNT_3_IN_10S "\"threshold\":{\"count\":3,\"by\":[\"container.id\"],\"within\":\"10s\"}"
#define PATHS_3_IN_10S \
	"\"threshold\":{\"count\":3,\"distinct\":\"file.path\",\"by\":[\"container.id\"],\"within\":\"10s\"}"

static void fires_at_the_nth_event_within_the_window(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		uint64_t times[6];	/* ns, 0: no more */
		const char *want;	/* f: fires */
	} cases[] = {
		{ "third of three", { 1, 2, 3 }, "..f" },
		{ "begins anew", { 1, 2, 3, 4, 5, 6 }, "..f..f" },
		{ "exactly as long as the window", { 1, 2, 1 + 10 * SECOND }, "..f" },
		{ "a nanosecond longer", { 1, 2, 2 + 10 * SECOND }, "..." },
		{ "slides", { 1, 9 * SECOND, 11 * SECOND, 12 * SECOND }, "...f" },
		{ "the same moment", { 5, 5, 5 }, "..f" },
		{ "out of order", { 5 * SECOND, 1 * SECOND, 3 * SECOND }, "..f" },
		{ "too late to count", { 20 * SECOND, 9 * SECOND, 21 * SECOND, 22 * SECOND }, "...f" },
		{ "late within the window", { 20 * SECOND, 10 * SECOND, 19 * SECOND }, "..f" },
		{ "end of time", { UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX }, "..f" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world world = world_from(COUNT_3_IN_10S);

		for (size_t j = 0; j < 6 && cases[i].times[j]; j++) {
			bool fires = note(&world, cases[i].times[j], 1, NULL);

			if (fires != (cases[i].want[j] == 'f'))
				fail_msg("%s: event %zu: got %d", cases[i].name, j, fires);
		}
		world_release(&world);
	}
}

static void counts_each_key_by_itself(void **state)
{
	struct world world = world_from(COUNT_3_IN_10S);

	(void)state;
	for (uint64_t container = 1; container <= 500; container++) {
		assert_false(note(&world, 100, container, NULL));
		assert_false(note(&world, 101, container, NULL));
	}
	for (uint64_t container = 1; container <= 500; container++)
		assert_true(note(&world, 102, container, NULL));
	world_release(&world);
}

static void counts_values_not_events(void **state)
{
	struct world world = world_from(PATHS_3_IN_10S);

	(void)state;
	for (uint64_t i = 1; i < 1000; i++)
		assert_false(note(&world, i, 1, i % 2 ? "/a" : "/b"));
	assert_false(note(&world, 1000, 1, NULL)); /* no value: not counted */
	assert_true(note(&world, 1001, 1, "/c"));
	assert_false(note(&world, 1002, 1, "/c"));

	/* A value is as young as its last sight. */
	assert_false(note(&world, 1 * SECOND, 2, "/a"));
	assert_false(note(&world, 8 * SECOND, 2, "/b"));
	assert_false(note(&world, 9 * SECOND, 2, "/a"));
	assert_true(note(&world, 12 * SECOND, 2, "/c"));
	world_release(&world);
}

/* The same, kept in full. */
struct slow {
	uint64_t times[4000];
	unsigned int values[4000];
	size_t n;
};

static bool slow_note(struct slow *slow, uint64_t time_ns, unsigned int value, bool distinct)
{
	uint64_t youngest = 0;
	unsigned int count = 0;

	slow->times[slow->n] = time_ns;
	slow->values[slow->n++] = value;
	for (size_t i = 0; i < slow->n; i++)
		youngest = slow->times[i] > youngest ? slow->times[i] : youngest;
	for (size_t i = 0; i < slow->n; i++) {
		bool is_first = true;

		if (youngest - slow->times[i] > 10 * SECOND)
			continue;
		for (size_t j = 0; j < i; j++)
			is_first &= slow->values[j] != slow->values[i] ||
				    youngest - slow->times[j] > 10 * SECOND;
		count += is_first || !distinct;
	}
	if (count < 3)
		return false;
	slow->n = 0;
	return true;
}

static void agrees_with_a_slow_counter(void **state)
{
	static const char *const paths[] = { "/a", "/b", "/c", "/d" };
	unsigned int seed = 5, n_fired = 0;

	(void)state;
	for (int distinct = 0; distinct < 2; distinct++) {
		struct world world = world_from(distinct ? PATHS_3_IN_10S : COUNT_3_IN_10S);
		struct slow *slow = calloc(3, sizeof(*slow));
		uint64_t now = 100 * SECOND;

		assert_non_null(slow);
		for (int i = 0; i < 4000; i++) {
			unsigned int key = (unsigned int)rand_r(&seed) % 3;
			unsigned int value = (unsigned int)rand_r(&seed) % 4;
			uint64_t time_ns;
			bool want;

			now += (uint64_t)rand_r(&seed) % (4 * SECOND);
			time_ns = now -
				  (uint64_t)rand_r(&seed) % (rand_r(&seed) % 4 ? 2 : 15 * SECOND);
			want = slow_note(&slow[key], time_ns, value, distinct);
			assert_int_equal(note(&world, time_ns, key + 1, paths[value]), want);
			n_fired += want;
		}
		free(slow);
		world_release(&world);
	}
	assert_true(n_fired > 100);
}

/* A busy key stays, whoever else comes and goes; what is forgotten is counted. */
static void forgets_who_was_quiet_longest(void **state)
{
	struct world world = world_from(
		"\"threshold\":{\"count\":4000,\"by\":[\"container.id\"],\"within\":\"1h\"}");
	struct rule_stats stats;
	bool fired = false;

	(void)state;
	note(&world, 1, 999999, NULL);
	for (uint64_t i = 0; i < 4000; i++) {
		assert_false(fired);
		fired = note(&world, 2 + i, 1, NULL);
		note(&world, 2 + i, 1000 + i, NULL);
	}
	assert_true(fired);
	rule_state_get_stats(world.state, &stats);
	assert_int_equal(stats.n_windows_evicted, 4002 - 64);
	world_release(&world);
}

#define QUIET_60S "\"suppress\":{\"for\":\"60s\",\"by\":[\"container.id\",\"file.path\"]}"

static void folds_repeats(void **state)
{
	struct world world = world_from(QUIET_60S);
	struct rule_stats stats;

	(void)state;
	assert_true(note(&world, 10 * SECOND, 1, "/a"));
	assert_int_equal(world.folded, 0);
	assert_true(note(&world, 10 * SECOND, 1, "/b"));
	assert_true(note(&world, 10 * SECOND, 2, "/a"));
	assert_true(note(&world, 10 * SECOND, 1, NULL)); /* no value is a value too */
	assert_false(note(&world, 10 * SECOND, 1, NULL));
	for (int i = 0; i < 100; i++)
		assert_false(note(&world, 11 * SECOND, 1, "/a"));
	assert_false(note(&world, 9 * SECOND, 1, "/a")); /* came late */
	assert_false(note(&world, 70 * SECOND - 1, 1, "/a"));
	assert_true(note(&world, 70 * SECOND, 1, "/a"));
	assert_int_equal(world.folded, 102);
	assert_false(note(&world, 71 * SECOND, 1, "/a"));
	assert_true(note(&world, 130 * SECOND, 1, "/a"));
	assert_int_equal(world.folded, 1);
	rule_state_get_stats(world.state, &stats);
	assert_int_equal(stats.n_folded, 104);
	world_release(&world);
}

/* Forgotten is told again: a flood of keys costs alerts, never hides one. */
static void tells_again_what_it_forgot(void **state)
{
	struct world world = world_from(QUIET_60S);
	struct rule_stats stats;
	char path[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		assert_true(note(&world, 100, 1, path));
	}
	assert_true(note(&world, 100, 1, "/0"));
	assert_false(note(&world, 100, 1, "/19999"));
	rule_state_get_stats(world.state, &stats);
	assert_int_equal(stats.n_folds_evicted, 20001 - 16384);
	world_release(&world);
}

static void folds_what_a_threshold_found(void **state)
{
	struct world world = world_from(COUNT_3_IN_10S "," QUIET_60S);

	(void)state;
	for (uint64_t i = 1; i <= 9; i++)
		assert_int_equal(note(&world, i, 1, "/a"), i == 3);
	assert_false(note(&world, 61 * SECOND, 1, "/a"));
	assert_false(note(&world, 61 * SECOND, 1, "/a"));
	assert_true(note(&world, 61 * SECOND, 1, "/a"));
	assert_int_equal(world.folded, 2); /* findings, not events */
	world_release(&world);
}

/* The container's name becomes known on the way; it is the same container. */
static void keeps_the_key_of_a_container_that_gets_a_name(void **state)
{
	struct container_view unnamed = { .key = 7, .id = SLICE_LITERAL("cg-12"), .pending = true };
	struct container_view named = { .key = 7, .id = SLICE_LITERAL("4f1c2d3e5a6b") };
	struct world world = world_from(COUNT_3_IN_10S);
	struct event ev = { .hdr = record_hdr() };
	bool fires = false;

	(void)state;
	ev.hdr.type = EVENT_OPEN;
	ev.hdr.container = 7;
	for (int i = 0; i < 3; i++) {
		assert_false(fires);
		ev.container = i == 0 ? &unnamed : &named;
		fires = rule_state_note(world.state, rule_set_at(world.set, 0), &ev, &world.folded);
	}
	assert_true(fires);
	world_release(&world);
}

static void rules_test_themselves(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *events;
		unsigned int alerts;
	} cases[] = {
		{ "three at once", "{\"evt.type\":\"open\",\"repeat\":3}", 1 },
		{ "two", "{\"evt.type\":\"open\",\"repeat\":2}", 0 },
		{ "seven", "{\"evt.type\":\"open\",\"repeat\":7}", 2 },
		{ "slowly", "{\"evt.type\":\"open\",\"repeat\":100,\"every\":\"6s\"}", 0 },
		{ "just quickly enough", "{\"evt.type\":\"open\",\"repeat\":3,\"every\":\"5s\"}", 1 },
		{ "two and one", "{\"evt.type\":\"open\",\"repeat\":2},{\"evt.type\":\"open\",\"after\":\"10s\"}", 1 },
		{ "two and a late one", "{\"evt.type\":\"open\",\"repeat\":2},{\"evt.type\":\"open\",\"after\":\"11s\"}", 0 },
		{ "by evt.time", "{\"evt.type\":\"open\",\"evt.time\":1000,\"repeat\":2},"
		  "{\"evt.type\":\"open\",\"evt.time\":90000000000}", 0 },
		{ "other containers", "{\"evt.type\":\"open\",\"container.id\":\"a\",\"repeat\":9,\"vary\":[\"container.id\"]}", 0 },
		{ "what does not match", "{\"evt.type\":\"exec\",\"repeat\":9}", 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *set;
		unsigned int n_run;
		char keys[1024];

		snprintf(keys, sizeof(keys),
			 COUNT_3_IN_10S
			 ",\"tests\":[{\"name\":\"n\",\"events\":[%s],\"alerts\":%u}]",
			 cases[i].events, cases[i].alerts);
		set = load(keys);
		if (rule_run_tests(set, rule_set_at(set, 0), &n_run, NULL, NULL) != 0)
			fail_msg("%s: not %u alerts", cases[i].name, cases[i].alerts);
		assert_int_equal(n_run, 1);
		rule_set_free(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_at_the_nth_event_within_the_window),
		cmocka_unit_test(counts_each_key_by_itself),
		cmocka_unit_test(counts_values_not_events),
		cmocka_unit_test(agrees_with_a_slow_counter),
		cmocka_unit_test(forgets_who_was_quiet_longest),
		cmocka_unit_test(folds_repeats),
		cmocka_unit_test(tells_again_what_it_forgot),
		cmocka_unit_test(folds_what_a_threshold_found),
		cmocka_unit_test(keeps_the_key_of_a_container_that_gets_a_name),
		cmocka_unit_test(rules_test_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
