/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences: which events are steps of one, in which order, within which time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rule/internal.h"
#include "unit/record.h"

#define SECOND 1000000000ull

/* A step is a file's path: "/a", "/b", "/c"; "/ab" is both a and b. */
#define STEP(letter) \
	"{\"name\":\"" letter "\",\"condition\":\"file.path contains " letter "\"}"
#define TWO(by)                                              \
	"\"sequence\":{\"within\":\"10s\",\"by\":" by ",\"steps\":[" \
	STEP("a") "," STEP("b") "]}"
#define THREE(by)                                            \
	"\"sequence\":{\"within\":\"10s\",\"by\":" by ",\"steps\":[" \
	STEP("a") "," STEP("b") "," STEP("c") "]}"

static void write_rules(char *text, size_t size, const char *keys)
{
	snprintf(text, size,
		 "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\"id\":\"T-0001\",\"name\":\"n\",\n"
		 "\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\"priority\":\"error\",\"output\":\"o\",\n"
		 "%s}]}",
		 keys);
}

struct world {
	struct rule_set *set;
	struct rule_state *state;
	uint64_t folded;
};

static struct world world_from(const char *keys)
{
	struct parse_error err;
	struct world world;
	char text[4096];

	write_rules(text, sizeof(text), keys);
	if (rule_set_load_text("t.json", slice_from(text), &world.set, &err) < 0)
		fail_msg("%s:%u:%u: %s\n%s", err.file, err.line, err.column, err.message, text);
	assert_int_equal(rule_state_new(world.set, &world.state), 0);
	return world;
}

static void world_release(struct world *world)
{
	rule_state_free(world->state);
	rule_set_free(world->set);
}

static void count_match(const struct rule *rule, const struct event *ev, void *arg)
{
	(void)rule;
	(void)ev;
	++*(unsigned int *)arg;
}

/* As the engine does: only what matches is noted. */
static bool note_event(struct world *world, struct event *ev)
{
	unsigned int n = 0;

	rule_set_evaluate(world->set, ev, count_match, &n);
	return n > 0 && rule_state_note(world->state, rule_set_at(world->set, 0), ev, &world->folded);
}

struct act_at {
	uint64_t time_ns, container, target, ino, start_ns;
	uint32_t tgid, generation;
	const struct proc_view *parents[3];
};

static bool note(struct world *world, const char *path, const struct act_at *at)
{
	struct event_file file = record_file();
	struct event ev = { .hdr = record_hdr(), .file = &file };

	file.ino = at->ino ? at->ino : file.ino;
	file.generation = at->generation;
	ev.hdr.type = EVENT_OPEN;
	ev.hdr.time_ns = at->time_ns;
	ev.wall_ns = at->time_ns;
	ev.hdr.container = at->container;
	ev.hdr.target_container = at->target;
	ev.hdr.phase = at->container ? PHASE_CONTAINED : PHASE_HOST;
	ev.hdr.proc = (struct exec_id){ .start_ns = at->start_ns, .tgid = at->tgid };
	ev.path = slice_from(path);
	while (ev.n_ancestors < 3 && at->parents[ev.n_ancestors]) {
		ev.ancestors[ev.n_ancestors] = at->parents[ev.n_ancestors];
		ev.n_ancestors++;
	}
	return note_event(world, &ev);
}

/* "a1 b5.5 c9": letters and seconds, of one container. */
static void check_story(struct world *world, const char *name, const char *story, const char *want)
{
	char path[32] = "/";
	int i = 0;

	for (const char *at = story; *at; i++) {
		size_t letters = strspn(at, "abcx");
		char *end;
		double seconds = strtod(at + letters, &end);
		bool fires;

		memcpy(path + 1, at, letters);
		path[1 + letters] = '\0';
		fires = note(world, path,
			     &(struct act_at){ .time_ns = (uint64_t)(seconds * 1e9 + 0.5),
					       .container = 7 });
		if (fires != (want[i] == 'f'))
			fail_msg("%s: event %d (%s): got %d", name, i + 1, path, fires);
		at = end + (*end == ' ');
	}
}

static void needs_all_steps_in_order_and_in_time(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *story, *want;	/* f: fires */
	} cases[] = {
		{ "in order", "a1 b2 c3", "..f" },
		{ "wrong order", "c1 b2 a3", "..." },
		{ "one is missing", "a1 c2 a3 c4", "...." },
		{ "begins anew", "a1 b2 c3 c4 b5 c6 a7 b8 c9", "..f.....f" },
		{ "others between", "a1 x2 b3 x3 b4 a5 c6", "......f" },
		{ "exactly as long as the window", "a1 b2 c11", "..f" },
		{ "longer", "a1 b2 c11.000000001", "..." },
		{ "the younger first step counts", "a1 a5 b6 c14", "...f" },
		{ "but not for a second step before it", "a1 b2 a5 c14", "...." },
		{ "the older one still counts while its time lasts", "a1 b2 a5 c6", "...f" },
		{ "the same moment", "a1 b1 c1", "..f" },
		{ "one event is one step", "ab1 c2", ".." },
		{ "one event may be either", "ab1 ab2 c3", "..f" },
		{ "a late first step", "b1.5 a1 c2", "..f" },
		{ "the last comes first", "c1.5 b1.3 a1.1", "..f" },
		{ "late, but in the wrong order", "b1.5 a2 c2.5", "..." },
		{ "a late step between two first steps", "a1 a2 b1.5 c3", "...f" },
		{ "later than records can be", "b5 c7 a3 c8", "...." },
		{ "nothing is done twice", "a1 b2 c3 c3.1 b3.2 c3.3", "..f..." },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world world = world_from("\"condition\":\"evt.type = open\"," THREE(
			"\"container\""));

		check_story(&world, cases[i].name, cases[i].story, cases[i].want);
		world_release(&world);
	}
}

static void tells_each_step(void **state)
{
	struct world world = world_from(THREE("\"container\""));
	struct rule_step steps[SEQUENCE_STEPS_MAX];

	(void)state;
	note(&world, "/a", &(struct act_at){ 1 * SECOND, .container = 7, .tgid = 11 });
	note(&world, "/a", &(struct act_at){ 2 * SECOND, .container = 7, .tgid = 12 });
	note(&world, "/b", &(struct act_at){ 3 * SECOND, .container = 7, .tgid = 13 });
	assert_true(note(&world, "/c", &(struct act_at){ 4 * SECOND, .container = 7, .tgid = 14 }));
	assert_int_equal(rule_state_steps(world.state, rule_set_at(world.set, 0), steps), 3);
	assert_string_equal(steps[0].name, "a");
	assert_string_equal(steps[2].name, "c");
	assert_int_equal(steps[0].wall_ns, 2 * SECOND);
	assert_int_equal(steps[0].pid, 12);
	assert_int_equal(steps[1].pid, 13);
	assert_int_equal(steps[2].pid, 14);
	assert_true(slice_eq(steps[1].proc_name, SLICE_LITERAL("evil")));
	world_release(&world);
}

/* Two events, a and b: are they joined? */
static void joins_what_belongs_together(void **state)
{
	static const struct proc_view p10 = { .id = { .start_ns = 1, .tgid = 10 } },
				      p10_again = { .id = { .start_ns = 2, .tgid = 10 } },
				      p20 = { .id = { .start_ns = 1, .tgid = 20 } };
	/* clang-format off */
	static const struct {
		const char *name, *by;
		struct act_at a, b;
		bool joined;
	} cases[] = {
		{ "same container", "\"container\"", { .container = 7 }, { .container = 7 }, true },
		{ "other container", "\"container\"", { .container = 7 }, { .container = 8 }, false },
		{ "the host is no container", "\"container\"", { 0 }, { 0 }, false },
		{ "same file, other container", "\"file\"", { .ino = 5, .container = 7 }, { .ino = 5 }, true },
		{ "other file", "\"file\"", { .ino = 5 }, { .ino = 6 }, false },
		{ "inode used again", "\"file\"", { .ino = 5, .generation = 1 }, { .ino = 5, .generation = 2 }, false },
		{ "host's process linked to the container", "\"incident\"", { .container = 7 }, { .target = 7 }, true },
		{ "host's process linked to another", "\"incident\"", { .container = 7 }, { .target = 8 }, false },
		{ "the subject's container goes before its target's", "\"incident\"",
		  { .container = 7, .target = 8 }, { .container = 8 }, false },
		{ "linked to none", "\"incident\"", { 0 }, { 0 }, false },
		{ "same process", "\"process_tree\"", { .tgid = 10, .start_ns = 1 }, { .tgid = 10, .start_ns = 1 }, true },
		{ "child", "\"process_tree\"", { .tgid = 10, .start_ns = 1 },
		  { .tgid = 11, .parents = { &p10 } }, true },
		{ "grandchild, in another container", "\"process_tree\"", { .tgid = 10, .start_ns = 1 },
		  { .tgid = 11, .container = 9, .parents = { &p20, &p10 } }, true },
		{ "parent", "\"process_tree\"", { .tgid = 11, .parents = { &p10 } },
		  { .tgid = 10, .start_ns = 1 }, false },
		{ "sibling", "\"process_tree\"", { .tgid = 11, .parents = { &p10 } },
		  { .tgid = 12, .parents = { &p10 } }, false },
		{ "process id used again", "\"process_tree\"", { .tgid = 10, .start_ns = 1 },
		  { .tgid = 11, .parents = { &p10_again } }, false },
		{ "same fields", "[\"file.ino\",\"proc.pid\"]", { .ino = 5, .tgid = 3 }, { .ino = 5, .tgid = 3 }, true },
		{ "one field differs", "[\"file.ino\",\"proc.pid\"]", { .ino = 5, .tgid = 3 }, { .ino = 5, .tgid = 4 }, false },
		{ "a missing field joins nothing", "[\"mount.target\"]", { 0 }, { 0 }, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int late = 0; late < 2; late++) {
			struct act_at a = cases[i].a, b = cases[i].b;
			struct world world;
			char keys[1024];
			bool fires;

			snprintf(keys, sizeof(keys), TWO("%s"), cases[i].by);
			world = world_from(keys);
			a.time_ns = 5 * SECOND;
			b.time_ns = 5 * SECOND + 1000;
			assert_false(late ? note(&world, "/b", &b) : note(&world, "/a", &a));
			fires = late ? note(&world, "/a", &a) : note(&world, "/b", &b);
			if (fires != cases[i].joined)
				fail_msg("%s%s: got %d", cases[i].name, late ? ", late" : "", fires);
			world_release(&world);
		}
	}
}

static void one_event_ends_all_trees_that_it_completes(void **state)
{
	static const struct proc_view p10 = { .id = { .tgid = 10 } }, p11 = { .id = { .tgid = 11 } };
	struct world world = world_from(TWO("\"process_tree\""));
	struct rule_step steps[SEQUENCE_STEPS_MAX];

	(void)state;
	note(&world, "/a", &(struct act_at){ 1 * SECOND, .tgid = 10 });
	note(&world, "/a", &(struct act_at){ 2 * SECOND, .tgid = 11, .parents = { &p10 } });
	assert_true(note(&world, "/b", &(struct act_at){ 3 * SECOND, .tgid = 12, .parents = { &p11, &p10 } }));
	rule_state_steps(world.state, rule_set_at(world.set, 0), steps);
	assert_int_equal(steps[0].pid, 11); /* the nearest */
	assert_false(note(&world, "/b", &(struct act_at){ 4 * SECOND, .tgid = 13, .parents = { &p10 } }));
	world_release(&world);
}

static void no_flood_of_steps_hides_a_sequence(void **state)
{
	static const char *const floods[] = { "/a", "/b", "/c", "/bc", "/x" };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(floods); f++) {
		struct world world = world_from(THREE("\"container\""));
		struct act_at at = { .time_ns = 100 * SECOND, .container = 7 };
		unsigned int n_fired = 0;

		for (int step = 0; step < 3; step++) {
			static const char *const steps[] = { "/a", "/b", "/c" };

			at.time_ns += SECOND;
			n_fired += note(&world, steps[step], &at);
			for (int i = 0; i < 10000; i++) {
				at.time_ns += 100;
				n_fired += note(&world, floods[f], &at);
			}
		}
		assert_int_equal(n_fired, 1);
		world_release(&world);
	}
}

static void forgets_who_was_quiet_for_longest_and_counts(void **state)
{
	struct world world = world_from(TWO("\"container\""));
	struct rule_stats stats;

	(void)state;
	for (uint64_t i = 1; i <= 3000; i++)
		note(&world, "/a", &(struct act_at){ i * 1000000, .container = i });
	/* The first are forgotten, the last are not. */
	assert_false(note(&world, "/b", &(struct act_at){ 3001000000, .container = 1 }));
	assert_true(note(&world, "/b", &(struct act_at){ 3001000000, .container = 3000 }));
	assert_true(note(&world, "/b", &(struct act_at){ 3001000000, .container = 2000 }));
	rule_state_get_stats(world.state, &stats);
	assert_in_range(stats.n_chains_evicted, 3000 - 2048 - 40, 3000 - 2048);
	world_release(&world);
}

/* --- the same, kept in full ---------------------------------------------- */

struct slow {
	uint64_t times[6000];
	unsigned int steps[6000];
	size_t n;
};

/* Is there a way from an event that is step `step` at or after `from` to the end? */
static bool slow_find(const struct slow *slow, unsigned int step, size_t after, uint64_t until)
{
	for (size_t i = after; i < slow->n; i++) {
		if (slow->times[i] > until || !(slow->steps[i] & 1u << step))
			continue;
		if (step == 2 || slow_find(slow, step + 1, i + 1, until))
			return true;
	}
	return false;
}

static bool slow_note(struct slow *slow, uint64_t time_ns, unsigned int steps)
{
	size_t i = slow->n++;

	for (; i > 0 && slow->times[i - 1] > time_ns; i--) {
		slow->times[i] = slow->times[i - 1];
		slow->steps[i] = slow->steps[i - 1];
	}
	slow->times[i] = time_ns;
	slow->steps[i] = steps;
	for (i = 0; i < slow->n; i++) {
		if (slow->steps[i] & 1 && slow_find(slow, 1, i + 1, slow->times[i] + 10 * SECOND)) {
			slow->n = 0;
			return true;
		}
	}
	/* Nobody will look so far back. */
	while (slow->n > 40) {
		memmove(slow->times, slow->times + 1, --slow->n * sizeof(*slow->times));
		memmove(slow->steps, slow->steps + 1, slow->n * sizeof(*slow->steps));
	}
	return false;
}

static void agrees_with_a_slow_one(void **state)
{
	static const char *const paths[] = { "/x", "/a", "/b", "/ab", "/c", "/ac", "/bc", "/abc" };
	struct world world = world_from(THREE("\"container\""));
	struct slow *slow = calloc(3, sizeof(*slow));
	uint64_t now = 100 * SECOND;
	unsigned int seed = 11, n_fired = 0;

	(void)state;
	assert_non_null(slow);
	for (int i = 0; i < 60000; i++) {
		unsigned int key = (unsigned int)rand_r(&seed) % 3;
		unsigned int steps = (unsigned int)rand_r(&seed) % 3 ? 1u << rand_r(&seed) % 4 & 7 :
								       (unsigned int)rand_r(&seed) % 8;
		struct act_at at = { .container = key + 1 };
		bool want;

		now += (uint64_t)rand_r(&seed) % (3 * SECOND);
		at.time_ns = now - (uint64_t)rand_r(&seed) % (SECOND / 2);
		want = steps && slow_note(&slow[key], at.time_ns, steps);
		if (note(&world, paths[steps], &at) != want)
			fail_msg("event %d: wanted %d", i, want);
		n_fired += want;
	}
	assert_in_range(n_fired, 1000, 30000);
	free(slow);
	world_release(&world);
}

/* --- with the rest of a rule --------------------------------------------- */

static void condition_and_exceptions_say_which_events_count(void **state)
{
	struct world world = world_from(
		"\"condition\":\"proc.pid > 10\",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\","
		"\"when\":\"proc.pid = 20\"}]," TWO("\"container\""));

	(void)state;
	note(&world, "/a", &(struct act_at){ 1 * SECOND, .container = 7, .tgid = 5 });
	assert_false(note(&world, "/b", &(struct act_at){ 2 * SECOND, .container = 7, .tgid = 11 }));
	note(&world, "/a", &(struct act_at){ 3 * SECOND, .container = 7, .tgid = 20 });
	assert_false(note(&world, "/b", &(struct act_at){ 4 * SECOND, .container = 7, .tgid = 11 }));
	note(&world, "/a", &(struct act_at){ 5 * SECOND, .container = 7, .tgid = 12 });
	assert_true(note(&world, "/b", &(struct act_at){ 6 * SECOND, .container = 7, .tgid = 11 }));
	world_release(&world);
}

static void what_is_complete_is_counted_and_folded(void **state)
{
	struct world world = world_from(
		"\"threshold\":{\"count\":2,\"by\":[\"container.id\"],\"within\":\"60s\"},"
		"\"suppress\":{\"for\":\"60s\",\"by\":[\"container.id\"]}," TWO("\"container\""));

	(void)state;
	check_story(&world, "counted", "a1 b2 a3 b4 a5 b6 a7 b8", "...f....");
	assert_false(note(&world, "/a", &(struct act_at){ 70 * SECOND, .container = 7 }));
	assert_false(note(&world, "/b", &(struct act_at){ 71 * SECOND, .container = 7 }));
	assert_false(note(&world, "/a", &(struct act_at){ 72 * SECOND, .container = 7 }));
	assert_true(note(&world, "/b", &(struct act_at){ 73 * SECOND, .container = 7 }));
	assert_int_equal(world.folded, 1);
	world_release(&world);
}

static void a_test_tells_trees_by_process_ids(void **state)
{
	static const char keys[] = TWO("\"process_tree\"") ",\"tests\":["
		"{\"name\":\"child\",\"alerts\":1,\"events\":["
		"{\"evt.type\":\"open\",\"file.path\":\"/a\",\"proc.pid\":10},"
		"{\"evt.type\":\"open\",\"file.path\":\"/b\",\"proc.pid\":11,\"proc.ppid\":10,\"after\":\"5s\"}]},"
		"{\"name\":\"grandchild\",\"alerts\":1,\"events\":["
		"{\"evt.type\":\"open\",\"file.path\":\"/a\",\"proc.pid\":10},"
		"{\"evt.type\":\"open\",\"file.path\":\"/b\",\"proc.pid\":12,\"ancestors\":[11,10]}]},"
		"{\"name\":\"too late\",\"alerts\":0,\"events\":["
		"{\"evt.type\":\"open\",\"file.path\":\"/a\",\"proc.pid\":10},"
		"{\"evt.type\":\"open\",\"file.path\":\"/b\",\"proc.pid\":10,\"after\":\"11s\"}]},"
		"{\"name\":\"sibling\",\"alerts\":0,\"events\":["
		"{\"evt.type\":\"open\",\"file.path\":\"/a\",\"proc.pid\":11,\"proc.ppid\":10},"
		"{\"evt.type\":\"open\",\"file.path\":\"/b\",\"proc.pid\":12,\"proc.ppid\":10}]}]";
	struct world world = world_from(keys);
	unsigned int n_run;

	(void)state;
	assert_int_equal(rule_run_tests(world.set, rule_set_at(world.set, 0), &n_run, NULL, NULL), 0);
	assert_int_equal(n_run, 4);
	world_release(&world);
}

static void refuses_what_cannot_be_a_sequence(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *keys, *want;
		unsigned int column;
	} cases[] = {
		{ "not an object", "\"sequence\":[]", "expected an object", 12 },
		{ "unknown key", "\"sequence\":{\"witin\":\"1s\"}", "unknown key 'witin', did you mean 'within'?", 13 },
		{ "no window", "\"sequence\":{\"by\":\"file\",\"steps\":[]}", "key 'within' is missing", 12 },
		{ "no join", "\"sequence\":{\"within\":\"1s\",\"steps\":[]}", "key 'by' is missing", 12 },
		{ "misspelt join", "\"sequence\":{\"within\":\"1s\",\"by\":\"containr\"}", "did you mean 'container'?", 32 },
		{ "misspelt field", "\"sequence\":{\"within\":\"1s\",\"by\":[\"proc.nam\"]}", "did you mean 'proc.name'?", 33 },
		{ "no steps", "\"sequence\":{\"within\":\"1s\",\"by\":\"file\"}", "key 'steps' is missing", 12 },
		{ "one step", "\"sequence\":{\"within\":\"1s\",\"by\":\"file\",\"steps\":[" STEP("a") "]}", "2 to 8 steps", 47 },
		{ "same name", "\"sequence\":{\"within\":\"1s\",\"by\":\"file\",\"steps\":[" STEP("a") "," STEP("a") "]}",
		  "two steps are called 'a'", 104 },
		{ "a step that never comes", "\"sequence\":{\"within\":\"1s\",\"by\":\"file\",\"steps\":["
		  "{\"name\":\"a\",\"condition\":\"evt.type = open and evt.type = exec\"}," STEP("b") "]}",
		  "this can never be true", 72 },
		{ "a step that the rule rules out", "\"condition\":\"evt.type = open\",\"sequence\":{\"within\":\"1s\",\"by\":\"file\","
		  "\"steps\":[{\"name\":\"a\",\"condition\":\"evt.type = exec\"}," STEP("b") "]}",
		  "no evt.type satisfies both", 102 },
		{ "neither condition nor sequence", "\"sequence\":null", "key 'condition' is missing", 44 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *set = NULL;
		struct parse_error err;
		char text[2048];

		write_rules(text, sizeof(text), cases[i].keys);
		if (rule_set_load_text("t.json", slice_from(text), &set, &err) != -EINVAL)
			fail_msg("%s: accepted", cases[i].name);
		if (!strstr(err.message, cases[i].want) || err.column != cases[i].column)
			fail_msg("%s: got %u:%u: %s", cases[i].name, err.line, err.column,
				 err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_all_steps_in_order_and_in_time),
		cmocka_unit_test(tells_each_step),
		cmocka_unit_test(joins_what_belongs_together),
		cmocka_unit_test(one_event_ends_all_trees_that_it_completes),
		cmocka_unit_test(no_flood_of_steps_hides_a_sequence),
		cmocka_unit_test(forgets_who_was_quiet_for_longest_and_counts),
		cmocka_unit_test(agrees_with_a_slow_one),
		cmocka_unit_test(condition_and_exceptions_say_which_events_count),
		cmocka_unit_test(what_is_complete_is_counted_and_folded),
		cmocka_unit_test(a_test_tells_trees_by_process_ids),
		cmocka_unit_test(refuses_what_cannot_be_a_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
