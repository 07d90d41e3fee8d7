/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator against a slow and obvious one, on rules and events made up at
 * random: both must say the same of each pair.
 *
 *	REFERENCE_SEED=n	begin with this seed, as a failure prints it
 *	REFERENCE_ROUNDS=n	so many rounds
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/random_event.h"
#include "lib/reference.h"
#include "rule/internal.h"

/* With sanitizers a pair takes ten times as long. */
#ifdef __SANITIZE_ADDRESS__
#define PAIRS_MIN 200000
#else
#define PAIRS_MIN 1000000
#endif
#define RULES_PER_ROUND 48
#define EVENTS_PER_ROUND 48
#define SEED 0x6272696777617463ull

struct made_exception {
	struct condition when;
	int64_t expires_ns; /* 0: never */
	const char *date;
};

struct made_rule {
	struct condition condition;
	struct made_exception exceptions[2];
	size_t n_exceptions;
	uint64_t spelling; /* seed of how it is written */
};

struct round {
	struct random random;
	struct pool pool;
	struct vocabulary vocabulary;
	struct made_rule rules[RULES_PER_ROUND];
	size_t n_rules;
	struct text names; /* the vocabulary, written */
	struct rule_set *set;
	struct random_event event;
	bool fires[RULES_PER_ROUND]; /* what the evaluator said of `event` */
	size_t last;		     /* rule that it told last, +1 */
};

static struct {
	uint64_t pairs, fired, silenced, refused, answers[3];
} totals;

/* --- writing rules --------------------------------------------------------- */

static void write_condition(struct text *text, const struct expr *root, struct random *random)
{
	struct text condition = { 0 };
	char *space;

	expr_write(&condition, root, random);
	space = random_chance(random, 30) ? strchr(condition.bytes, ' ') : NULL;
	if (space) {
		*space = '\0';
		text_add(text, "[");
		json_write(text, condition.bytes);
		text_add(text, ",");
		json_write(text, space + 1);
		text_add(text, "]");
	} else {
		json_write(text, condition.bytes);
	}
	text_release(&condition);
}

static void write_rule(struct text *text, const struct made_rule *rule, size_t number)
{
	struct random spelling = { rule->spelling };

	text_add(text,
		 "{\"id\":\"T-%04zu\",\"name\":\"n\",\"description\":\"d\",\"why\":\"w\","
		 "\"response\":[\"r\"],\"priority\":\"error\",\"output\":\"o\",\"condition\":",
		 number);
	write_condition(text, rule->condition.root, &spelling);
	text_add(text, ",\"exceptions\":[");
	for (size_t i = 0; i < rule->n_exceptions; i++) {
		text_add(text, "%s{\"name\":\"e%zu\",\"reason\":\"r\",", i > 0 ? "," : "", i);
		if (rule->exceptions[i].date)
			text_add(text, "\"expires\":\"%s\",", rule->exceptions[i].date);
		text_add(text, "\"when\":");
		write_condition(text, rule->exceptions[i].when.root, &spelling);
		text_add(text, "}");
	}
	text_add(text, "]}");
}

/* The rules from `first` on, `n` of them, as a file. */
static void write_rules(struct text *text, const struct round *round, size_t first, size_t n)
{
	text_add(text, "{\"schema_version\":1,\"ruleset\":\"t\",%s\"rules\":[", round->names.bytes);
	for (size_t i = first; i < first + n; i++) {
		text_add(text, i > first ? ",\n" : "\n");
		write_rule(text, &round->rules[i], i);
	}
	text_add(text, "]}");
}

static int load_rules(const struct round *round, size_t first, size_t n, struct rule_set **ret,
		      struct parse_error *err)
{
	struct text text = { 0 };
	int r;

	write_rules(&text, round, first, n);
	r = rule_set_load_text("made.json", (struct slice){ text.bytes, text.len }, ret, err);
	text_release(&text);
	return r;
}

/* --- making rules ---------------------------------------------------------- */

/* What a condition made up at random may be refused for: it says nothing, or
 * it is too long. All else is a fault of the loader, or of this test. */
static bool is_fair(const struct parse_error *err)
{
	static const char *const fair[] = { "can never be true", "always true",
					    "no value of",	 "is always",
					    "never be",		 "at most 16384 bytes" };

	for (size_t i = 0; i < ARRAY_SIZE(fair); i++)
		if (strstr(err->message, fair[i]))
			return true;
	return false;
}

static void make_exceptions(struct round *round, struct made_rule *rule)
{
	/* The first nanosecond on which each no longer holds. */
	static const struct {
		const char *date;
		int64_t ns;
	} dates[] = { { NULL, 0 },
		      { "2026-12-31", 1798761600000000000 },
		      { "2028-02-29", 1835481600000000000 },
		      { "2099-01-01", 4070995200000000000 } };
	struct random *random = &round->random;

	rule->n_exceptions = random_chance(random, 60) ? 0 : 1 + random_below(random, 2);
	for (size_t i = 0; i < rule->n_exceptions; i++) {
		size_t date = random_below(random, ARRAY_SIZE(dates));

		condition_init(&rule->exceptions[i].when, &round->vocabulary, &round->pool, random);
		rule->exceptions[i].date = dates[date].date;
		rule->exceptions[i].expires_ns = dates[date].ns;
	}
}

/* A rule that the loader takes. */
static void make_rule(struct round *round)
{
	struct made_rule *rule = &round->rules[round->n_rules];
	struct parse_error err;
	struct rule_set *set;

	for (;;) {
		condition_init(&rule->condition, &round->vocabulary, &round->pool, &round->random);
		make_exceptions(round, rule);
		rule->spelling = random_next(&round->random);
		if (load_rules(round, round->n_rules, 1, &set, &err) == 0)
			break;
		totals.refused++;
		if (!is_fair(&err))
			fail_msg("a made-up rule was refused: %s\n%s", err.message, err.excerpt);
	}
	rule_set_free(set);
	round->n_rules++;
}

static void make_vocabulary(struct round *round)
{
	struct parse_error err;
	struct rule_set *set;

	for (;;) {
		vocabulary_init(&round->vocabulary, &round->pool, &round->random);
		text_release(&round->names);
		vocabulary_write(&round->names, &round->vocabulary, &round->random);
		if (load_rules(round, 0, 0, &set, &err) == 0)
			break;
		totals.refused++;
		if (!is_fair(&err))
			fail_msg("made-up macros were refused: %s\n%s", err.message, err.excerpt);
	}
	rule_set_free(set);
}

static void make_round(struct round *round, uint64_t seed)
{
	struct parse_error err;

	memset(round, 0, sizeof(*round));
	round->random.state = seed;
	pool_init(&round->pool, &round->random);
	make_vocabulary(round);
	while (round->n_rules < RULES_PER_ROUND)
		make_rule(round);
	if (load_rules(round, 0, round->n_rules, &round->set, &err) < 0)
		fail_msg("rules that load alone are refused together: %s", err.message);
}

static void release_round(struct round *round)
{
	rule_set_free(round->set);
	text_release(&round->names);
	pool_release(&round->pool);
}

/* --- what both say --------------------------------------------------------- */

static bool expected(const struct made_rule *rule, const struct event *ev, enum answer *ret)
{
	bool fires;

	*ret = reference_ask(rule->condition.root, ev, false);
	fires = *ret == ANSWER_YES;
	for (size_t i = 0; i < rule->n_exceptions; i++) {
		const struct made_exception *exception = &rule->exceptions[i];
		bool holds = exception->expires_ns == 0 ||
			     (ev->wall_ns != 0 && (int64_t)ev->wall_ns < exception->expires_ns);

		if (holds && reference_ask(exception->when.root, ev, true) == ANSWER_YES)
			fires = false;
	}
	return fires;
}

static void note_match(const struct rule *rule, const struct event *ev, void *arg)
{
	struct round *round = arg;
	size_t i = strtoul(rule_id(rule) + 2, NULL, 10);

	(void)ev;
	assert_true(i < round->n_rules);
	assert_true(i >= round->last); /* in load order, each once */
	round->last = i + 1;
	round->fires[i] = true;
}

static void evaluate(struct round *round, const struct rule_set *set)
{
	memset(round->fires, 0, sizeof(round->fires));
	round->last = 0;
	rule_set_evaluate(set, &round->event.ev, note_match, round);
}

/* --- when they do not agree ------------------------------------------------ */

static void print_event(const struct event *ev)
{
	static struct value tmp;
	struct slice str;

	for (size_t i = 0; i < field_table_len; i++) {
		if (field_format(&field_table[i], ev, &tmp, &str) < 0)
			continue;
		if (field_table[i].type == VALUE_BOOL && !tmp.truth)
			continue;
		printf("  %s%s = '", field_table[i].name,
		       field_table[i].type == VALUE_STRING && tmp.cut_head ? " (cut)" : "");
		for (size_t k = 0; k < str.len && k < 400; k++)
			printf(str.data[k] >= ' ' && str.data[k] <= '~' ? "%c" : "\\x%02x",
			       (unsigned char)str.data[k]);
		printf("'%s\n", str.len > 400 ? "..." : "");
	}
}

/* Does the rule, alone, still give the wrong answer? */
static bool still_wrong(struct round *round, size_t i)
{
	struct parse_error err;
	struct rule_set *set;
	enum answer answer;
	bool wrong;

	if (load_rules(round, i, 1, &set, &err) < 0)
		return false;
	evaluate(round, set);
	wrong = round->fires[i] != expected(&round->rules[i], &round->event.ev, &answer);
	rule_set_free(set);
	return wrong;
}

/* Put a part of a condition in place of the whole, as long as that is wrong. */
static void shrink(struct round *round, size_t i, struct expr *expr)
{
	struct expr whole = *expr, *parts[] = { whole.left, whole.right };

	if (expr->kind == EXPR_TEST)
		return;
	expr->macro = -1;
	if (!still_wrong(round, i))
		expr->macro = whole.macro;
	for (size_t k = 0; k < ARRAY_SIZE(parts); k++) {
		if (!parts[k])
			continue;
		whole = *expr;
		*expr = *parts[k];
		if (still_wrong(round, i)) {
			shrink(round, i, expr);
			return;
		}
		*expr = whole;
	}
	for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
		if (parts[k])
			shrink(round, i, parts[k]);
}

static void tell_difference(struct round *round, uint64_t seed, size_t i, bool want)
{
	struct made_rule *rule = &round->rules[i];
	struct text text = { 0 };

	printf("The evaluator and the reference differ: REFERENCE_SEED=%#" PRIx64
	       " REFERENCE_ROUNDS=1 plays it again.\nThe rule must%s fire.\n",
	       seed, want ? "" : " not");
	if (still_wrong(round, i)) {
		if (rule->n_exceptions > 0) {
			size_t n = rule->n_exceptions;

			rule->n_exceptions = 0;
			if (!still_wrong(round, i))
				rule->n_exceptions = n;
		}
		shrink(round, i, rule->condition.root);
		for (size_t k = 0; k < rule->n_exceptions; k++)
			shrink(round, i, rule->exceptions[k].when.root);
		write_rules(&text, round, i, 1);
	} else {
		printf("Alone it is right: it is wrong beside the others.\n");
		write_rules(&text, round, 0, round->n_rules);
	}
	printf("%s\non this event:\n", text.bytes);
	print_event(&round->event.ev);
	text_release(&text);
	fail_msg("rule %zu of seed %#" PRIx64, i, seed);
}

/* --- the test -------------------------------------------------------------- */

static void compare_event(struct round *round, uint64_t seed)
{
	for (size_t i = 0; i < round->n_rules; i++) {
		enum answer answer;
		bool want = expected(&round->rules[i], &round->event.ev, &answer);

		totals.pairs++;
		totals.answers[answer]++;
		totals.fired += want;
		totals.silenced += !want && answer == ANSWER_YES;
		if (round->fires[i] != want)
			tell_difference(round, seed, i, want);
	}
}

static void play_round(uint64_t seed)
{
	static struct round round;

	make_round(&round, seed);
	for (size_t i = 0; i < EVENTS_PER_ROUND; i++) {
		random_event_init(&round.event, &round.pool, &round.random);
		evaluate(&round, round.set);
		compare_event(&round, seed);
	}
	release_round(&round);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void agrees_with_the_reference(void **state)
{
	uint64_t seed = from_environment("REFERENCE_SEED", SEED);
	uint64_t n_rounds = from_environment("REFERENCE_ROUNDS", 0);

	(void)state;
	for (uint64_t i = 0; n_rounds > 0 ? i < n_rounds : totals.pairs < PAIRS_MIN; i++)
		play_round(seed + i);
	printf("%" PRIu64 " pairs of rule and event from seed %#" PRIx64 ": %" PRIu64
	       " fire, %" PRIu64 " silenced, %" PRIu64 " unknown; %" PRIu64 " conditions refused\n",
	       totals.pairs, seed, totals.fired, totals.silenced, totals.answers[ANSWER_UNKNOWN],
	       totals.refused);
}

/* What is said to hang on facts is false without them. */
static void facts_stand_behind_fields(void **state)
{
	static struct random_event made;
	static struct value value;
	struct random random = { SEED };
	unsigned int n_true = 0;
	struct pool pool;

	(void)state;
	pool_init(&pool, &random);
	for (unsigned int i = 0; i < 20000; i++) {
		random_event_init(&made, &pool, &random);
		for (size_t k = 0; k < field_table_len; k++) {
			uint64_t facts = field_facts(&field_table[k]);

			if (facts == 0 || field_table[k].get(&made.ev, &value) < 0 || !value.truth)
				continue;
			n_true++;
			if (!(made.ev.hdr.facts & facts))
				fail_msg("%s is true without its fact", field_table[k].name);
		}
	}
	assert_true(n_true > 5000);
	pool_release(&pool);
}

/* Agreement on what never happened would prove nothing. */
static void met_every_case(void **state)
{
	/* With sanitizers there are fewer pairs. */
	uint64_t least = totals.pairs / 1000, least_cuts = totals.pairs / 50000;

	(void)state;
	if (getenv("REFERENCE_ROUNDS"))
		skip();
	assert_true(totals.fired > totals.pairs / 20);
	assert_true(totals.silenced > totals.pairs / 200);
	assert_true(totals.answers[ANSWER_UNKNOWN] > totals.pairs / 20);
	for (unsigned int op = 0; op < EXPR_OP_MAX; op++) {
		if (reference_answers[op][ANSWER_YES] < least ||
		    reference_answers[op][ANSWER_NO] < least ||
		    (op != EXPR_EXISTS && op != EXPR_TRUTH &&
		     reference_answers[op][ANSWER_UNKNOWN] < least))
			fail_msg("operator %u: %" PRIu64 " no, %" PRIu64 " unknown, %" PRIu64
				 " yes",
				 op, reference_answers[op][0], reference_answers[op][1],
				 reference_answers[op][2]);
		if ((op == EXPR_IS || op == EXPR_IN || op >= EXPR_CONTAINS) &&
		    reference_cuts[op] < least_cuts)
			fail_msg("operator %u: only %" PRIu64 " paths without a head", op,
				 reference_cuts[op]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_reference),
		cmocka_unit_test(met_every_case),
		cmocka_unit_test(facts_stand_behind_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
