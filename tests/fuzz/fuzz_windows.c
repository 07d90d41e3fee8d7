/* SPDX-License-Identifier: Apache-2.0 */
/* Any events in any order through rules that remember: threshold, suppress and
 * sequence. What is told may hang on the events alone: a second run says the
 * same. And the books hold: what is folded was counted and is told of, no
 * threshold fires more often than its count allows, steps are told in order.
 *
 * The input: one byte chooses the rules, then eight bytes are an event. */
#include <stdio.h>

#include "rule/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define EVENTS_MAX 4096
#define RULES_MAX_HERE 4

static void check(bool holds)
{
	if (!holds)
		abort();
}

#define RULE(id, keys)                                                                \
	"{\"id\":\"" id                                                               \
	"\",\"name\":\"n\",\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"]," \
	"\"priority\":\"error\",\"output\":\"o\"," keys "}"
#define OPENS "\"condition\":\"evt.type = open\","
#define STEPS(by)                                                    \
	"\"sequence\":{\"within\":\"10s\",\"by\":" by ",\"steps\":[" \
	"{\"name\":\"a\",\"condition\":\"evt.type = exec\"},"        \
	"{\"name\":\"b\",\"condition\":\"evt.type = open\"},"        \
	"{\"name\":\"c\",\"condition\":\"evt.type in (connect, open) and user.uid = 0\"}]}"

/* clang-format off */
static const struct {
	const char *rules;
	unsigned int counts[RULES_MAX_HERE]; /* of the thresholds, 0: none */
} sets[] = {
	{ RULE("T-0001", OPENS "\"threshold\":{\"count\":3,\"by\":[\"container.id\"],\"within\":\"10s\"}"), { 3 } },
	{ RULE("T-0001", OPENS "\"threshold\":{\"count\":2,\"distinct\":\"file.path\",\"by\":[\"proc.name\"],\"within\":\"1s\"},"
	       "\"suppress\":{\"for\":\"5s\",\"by\":[\"proc.name\"]}"), { 2 } },
	{ RULE("T-0001", OPENS "\"suppress\":{\"for\":\"1s\",\"by\":[\"container.id\",\"file.path\"]}") ","
	  RULE("T-0002", OPENS "\"suppress\":{\"for\":\"1h\",\"by\":[\"evt.res\"]}"), { 0 } },
	{ RULE("T-0001", STEPS("\"process_tree\"")) "," RULE("T-0002", STEPS("\"container\"")) ","
	  RULE("T-0003", STEPS("\"file\"")) "," RULE("T-0004", STEPS("[\"proc.name\"]")), { 0 } },
	{ RULE("T-0001", STEPS("\"incident\"") ",\"threshold\":{\"count\":2,\"by\":[\"evt.res\"],\"within\":\"1h\"}") ","
	  RULE("T-0002", OPENS "\"threshold\":{\"count\":4096,\"distinct\":\"evt.time\",\"by\":[\"file.path\"],\"within\":\"1d\"}"),
	  { 2, 4096 } },
};
/* clang-format on */

struct world {
	const struct rule_set *set;
	struct rule_state *state;
	unsigned int which;
	uint64_t matched[RULES_MAX_HERE], told[RULES_MAX_HERE], folded[RULES_MAX_HERE];
	uint64_t hash; /* of all that was told */
};

static struct rule_set *load(unsigned int which)
{
	static struct rule_set *loaded[ARRAY_SIZE(sets)];
	struct parse_error err;
	char text[8192];

	if (loaded[which])
		return loaded[which];
	snprintf(text, sizeof(text), "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[%s]}",
		 sets[which].rules);
	if (rule_set_load_text("t.json", slice_from(text), &loaded[which], &err) < 0) {
		fprintf(stderr, "set %u: %s\n%s\n", which, err.message, err.excerpt);
		abort();
	}
	return loaded[which];
}

static void mix(struct world *world, uint64_t word)
{
	world->hash = (world->hash ^ word) * 0x100000001b3ull;
}

static void check_steps(struct world *world, const struct rule *rule)
{
	struct rule_step steps[SEQUENCE_STEPS_MAX];
	size_t n = rule_state_steps(world->state, rule, steps);

	check(n <= SEQUENCE_STEPS_MAX);
	for (size_t i = 0; i < n; i++) {
		check(steps[i].name != NULL);
		mix(world, steps[i].wall_ns ^ (uint64_t)steps[i].pid << 40);
	}
}

static void note(const struct rule *rule, const struct event *ev, void *arg)
{
	struct world *world = arg;
	unsigned int i = (unsigned int)(rule_id(rule)[5] - '1');
	uint64_t folded = 0;

	check(i < RULES_MAX_HERE);
	world->matched[i]++;
	if (!rule_state_note(world->state, rule, ev, &folded))
		return;
	world->told[i]++;
	world->folded[i] += folded;
	mix(world, ev->hdr.seq << 8 | i);
	mix(world, folded);
	check_steps(world, rule);
}

/* Few values of everything, so that keys meet; time goes forth and back. */
static void play_event(struct world *world, const uint8_t *bytes, size_t number, uint64_t *now_ns)
{
	static const unsigned int types[] = { EVENT_OPEN, EVENT_EXEC, EVENT_CONNECT, EVENT_FORK };
	static const char *const paths[] = { "/a", "/b", "/etc/passwd", "" };
	static const uint64_t steps_ns[] = { 0,		 1000000,     100000000,   1000000000,
					     9999999999, 10000000000, 61000000000, 3600000000000 };
	static const struct container_view containers[] = { { .key = 1, .id = { "one", 3 } },
							    { .key = 2, .id = { "two", 3 } },
							    { .key = 3 } };
	struct event_file file = { .source = SOURCE_KERNEL, .ino = bytes[3] & 3, .dev = 1 };
	struct proc_view parents[2] = {
		{ .id = { 1, 1 + (bytes[4] & 3), 1 }, .name = { "sh", 2 } },
		{ .id = { 1, 9, 1 }, .name = { "init", 4 } },
	};
	struct event ev = { .hdr = { .type = (uint16_t)types[bytes[0] & 3], .seq = number } };

	*now_ns += steps_ns[bytes[1] & 7];
	if (bytes[1] & 0x80) /* of another processor, or a liar */
		*now_ns -= *now_ns > 5000000000 ? steps_ns[bytes[1] >> 4 & 7] % *now_ns : 0;
	ev.hdr.time_ns = bytes[1] == 0xff ? UINT64_MAX : *now_ns;
	ev.wall_ns = bytes[6] & 1 ? 0 : ev.hdr.time_ns;
	ev.hdr.container = bytes[2] & 3;
	ev.hdr.proc = (struct exec_id){ 1, 1 + (bytes[4] >> 2 & 7), 1 };
	ev.hdr.ppid = 1 + (bytes[4] & 3);
	ev.hdr.uid = bytes[5] & 1;
	ev.hdr.ret = bytes[5] & 2 ? -1 : 0;
	snprintf(ev.hdr.comm, sizeof(ev.hdr.comm), "p%u", bytes[6] >> 1 & 3);
	if (bytes[7] & 1)
		ev.file = &file;
	ev.path = ev.fspath = slice_from(paths[bytes[7] >> 1 & 3]);
	if (bytes[2] & 4)
		ev.container = &containers[(bytes[2] >> 3) % ARRAY_SIZE(containers)];
	ev.n_ancestors = bytes[7] >> 3 & 3;
	if (ev.n_ancestors > 2)
		ev.n_ancestors = 2;
	for (unsigned int i = 0; i < ev.n_ancestors; i++)
		ev.ancestors[i] = &parents[i];
	rule_set_evaluate(world->set, &ev, note, world);
}

static void check_books(const struct world *world)
{
	uint64_t silent = 0, folded = 0, told = 0;
	struct rule_stats stats;

	rule_state_get_stats(world->state, &stats);
	for (unsigned int i = 0; i < RULES_MAX_HERE; i++) {
		unsigned int count = sets[world->which].counts[i];

		check(world->told[i] <= world->matched[i]);
		if (count > 0)
			check(world->told[i] <= world->matched[i] / count);
		silent += world->matched[i] - world->told[i];
		folded += world->folded[i];
		told += world->told[i];
	}
	check(stats.n_folded <= silent); /* thresholds and sequences are silent, too */
	check(folded <= stats.n_folded); /* some are not told of yet */
	check(told > 0 || stats.n_folded == 0);
}

static uint64_t play(unsigned int which, const uint8_t *data, size_t len)
{
	struct world world = { .set = load(which), .which = which, .hash = 1 };
	uint64_t now_ns = 1000000000000ull;

	check(rule_state_new(world.set, &world.state) == 0);
	for (size_t i = 0; i + 8 <= len && i < 8 * EVENTS_MAX; i += 8)
		play_event(&world, data + i, i / 8 + 1, &now_ns);
	check_books(&world);
	rule_state_free(world.state);
	return world.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int which;

	if (len < 1)
		return 0;
	which = data[0] % ARRAY_SIZE(sets);
	check(play(which, data + 1, len - 1) == play(which, data + 1, len - 1));
	return 0;
}
