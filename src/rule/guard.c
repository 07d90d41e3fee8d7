/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules must be looked at? For each rule and each word of evt.type, a few
 * comparisons of which at least one must be true for the rule to be: its guard.
 * They are read off its program, each instruction once, as it would be run, with
 * two guards in the place of a truth: that of being true, and of being false.
 * Of what `and` joins the cheaper guard will do; of what `or` joins both are needed. */
#include "rule/index.h"

/* Above that it is not worth asking. */
#define RARE 0.5
/* Guards of one program while they are made. */
#define NODES_MAX (4 * PROGRAM_TESTS_MAX + 4)

enum { NODE_ALWAYS_TRUE, NODE_NEVER_TRUE, NODE_FIRST };

/* A comparison, or two guards of which one will do. */
struct guard_node {
	double chance;
	double price;  /* of asking, and of running the program when it is true, some ns */
	uint32_t test; /* NO_TEST: left and right */
	uint32_t left, right;
};
#define NO_TEST UINT32_MAX

struct smith {
	struct index *index;
	struct guard_node *nodes;
	uint32_t n_nodes;
	struct slice word; /* of evt.type */
	uint16_t type_field;
	/* Guards of this word: rules by test. */
	struct pair {
		uint32_t test, rule;
	} * pairs;
	size_t n_pairs, room;
};

/* --- how often a comparison is true, on a node in peace --------------------- */

static double chance_of_fact(const struct field *field)
{
	static const struct {
		const char *name;
		double chance;
	} known[] = {
		{ "evt.failed", 0.25 },	      { "evt.is_open_read", 0.7 },
		{ "evt.is_open_write", 0.2 }, { "user.in_initial_ns", 0.95 },
		{ "file.is_volume", 0.2 },    { "proc.is_main", 0.5 },
		{ "file.is_stdio", 0.1 },     { "file.is_kernel_control", 0.1 },
		{ "proc.first_exec", 0.1 },   { "file.is_sensitive", 0.05 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(field->name, known[i].name) == 0)
			return known[i].chance;
	}
	return 0.02;
}

/* Words that most events have. */
static double chance_of_word(struct slice word)
{
	static const char *const usual[] = { "contained", "own",  "SUCCESS", "kernel",
					     "regular",	  "none", "native",  "tracepoint",
					     "same",	  "tcp" };

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (slice_eq(word, slice_from(usual[i])))
			return 0.8;
	}
	return 0.06;
}

static double chance_of_equal(const struct test *test, const struct field *field)
{
	double chance = 0;

	if (field->type == VALUE_BOOL)
		return test->truth ? chance_of_fact(field) : 1 - chance_of_fact(field);
	for (uint32_t i = 0; i < test->n_values && chance < 1; i++) {
		if (test->nums)
			chance += test->nums[i] == 0 ? 0.3 : 0.02;
		else if (test->strs)
			chance += field->words ? chance_of_word(test->strs[i]) : 0.01;
		else
			chance += 0.05;
	}
	return chance > 1 ? 1 : chance;
}

static double chance_of(const struct test *test)
{
	const struct field *field = &field_table[test->field];
	double chance;

	switch (test->op) {
	case OP_TRUTH: chance = chance_of_fact(field); break;
	case OP_EXISTS: chance = 0.7; break;
	case OP_EQUAL: chance = chance_of_equal(test, field); break;
	case OP_LESS:
	case OP_LESS_EQUAL:
	case OP_GREATER:
	case OP_GREATER_EQUAL:
	case OP_FLAGS: chance = 0.3; break;
	default: chance = 0.04; break;
	}
	return test->negate ? 1 - chance : chance;
}

/* Facts that a record does not bear are passed over all at once. */
static double price_of(const struct test *test, double chance)
{
	const struct field *field = &field_table[test->field];
	double asking = 30;

	if (field->type == VALUE_BOOL)
		asking = field_facts(field) ? 0 : 8;
	else if (field->type == VALUE_INT || field->words)
		asking = 12;
	else if (test->op == OP_REGEX)
		asking = 500;
	return asking + chance * 100;
}

/* --- the guard of one rule -------------------------------------------------- */

/* What must hold for a condition to be true, and for it to be false. */
struct duo {
	uint32_t yes, no;
};

static uint32_t either(struct smith *smith, uint32_t a, uint32_t b)
{
	struct guard_node *node;
	double chance = smith->nodes[a].chance + smith->nodes[b].chance;
	double price = smith->nodes[a].price + smith->nodes[b].price;

	if (a == NODE_NEVER_TRUE || b == NODE_NEVER_TRUE)
		return a == NODE_NEVER_TRUE ? b : a;
	if (chance >= RARE)
		return NODE_ALWAYS_TRUE;
	node = &smith->nodes[smith->n_nodes];
	*node = (struct guard_node){ chance, price, NO_TEST, a, b };
	return smith->n_nodes++;
}

static uint32_t cheaper(const struct smith *smith, uint32_t a, uint32_t b)
{
	return smith->nodes[a].price <= smith->nodes[b].price ? a : b;
}

/* A comparison with evt.type is decided by the word. */
static struct duo guard_of_test(struct smith *smith, const struct test *test, uint32_t shared)
{
	struct guard_node *node;
	struct value value;
	enum truth truth;
	double chance;

	if (test->field == smith->type_field) {
		value.type = VALUE_STRING;
		value.cut_head = false;
		value.str = smith->word;
		truth = test->op == OP_EXISTS ? TRUTH_TRUE : test_value(test, &value);
		return truth == TRUTH_TRUE ? (struct duo){ NODE_ALWAYS_TRUE, NODE_NEVER_TRUE } :
					     (struct duo){ NODE_NEVER_TRUE, NODE_ALWAYS_TRUE };
	}
	chance = chance_of(test);
	if (chance >= RARE)
		return (struct duo){ NODE_ALWAYS_TRUE, NODE_ALWAYS_TRUE };
	node = &smith->nodes[smith->n_nodes];
	*node = (struct guard_node){ chance, price_of(test, chance), shared, 0, 0 };
	return (struct duo){ smith->n_nodes++, NODE_ALWAYS_TRUE };
}

static uint32_t guard_of_program(struct smith *smith, const struct program *program)
{
	struct duo stack[CONDITION_DEPTH_MAX + 1] = { 0 };
	struct duo now = { NODE_ALWAYS_TRUE, NODE_ALWAYS_TRUE }, other;
	size_t n = 0;

	smith->n_nodes = NODE_FIRST;
	for (uint32_t i = 0; i < program->n_insns; i++) {
		const struct insn *insn = &program->insns[i];

		switch (insn->op) {
		case INSN_TEST:
			now = guard_of_test(smith, &program->tests[insn->arg],
					    program->shared[insn->arg]);
			break;
		case INSN_NOT: now = (struct duo){ now.no, now.yes }; break;
		case INSN_PUSH: stack[n++] = now; break;
		case INSN_AND:
			other = stack[--n];
			now = (struct duo){ cheaper(smith, other.yes, now.yes),
					    either(smith, other.no, now.no) };
			break;
		case INSN_OR:
			other = stack[--n];
			now = (struct duo){ either(smith, other.yes, now.yes),
					    cheaper(smith, other.no, now.no) };
			break;
		default: break; /* jumps only save time */
		}
	}
	return now.yes;
}

/* --- the guards of one word ------------------------------------------------- */

static void set_bit(uint64_t *bits, uint32_t i)
{
	bits[i / 64] |= 1ull << (i % 64);
}

static int add_pair(struct smith *smith, uint32_t test, uint32_t rule)
{
	void *more;

	if (smith->n_pairs == smith->room) {
		smith->room = smith->room ? smith->room * 2 : 256;
		more = reallocarray(smith->pairs, smith->room, sizeof(*smith->pairs));
		if (!more)
			return -ENOMEM;
		smith->pairs = more;
	}
	smith->pairs[smith->n_pairs].test = test;
	smith->pairs[smith->n_pairs++].rule = rule;
	return 0;
}

/* A tree of alternatives: what lies right is kept for later. */
static int add_guard(struct smith *smith, uint32_t guard, uint32_t rule)
{
	int r = 0;

	while (r == 0 && smith->nodes[guard].test == NO_TEST) {
		r = add_guard(smith, smith->nodes[guard].right, rule);
		guard = smith->nodes[guard].left;
	}
	return r < 0 ? r : add_pair(smith, smith->nodes[guard].test, rule);
}

static int add_rule(struct smith *smith, struct kind *kind, uint32_t rule)
{
	uint32_t guard;

	guard = guard_of_program(smith, &smith->index->set->rules[rule]->condition);
	if (guard == NODE_NEVER_TRUE)
		return 0;
	set_bit(kind->may, rule);
	kind->n_rules++;
	if (guard == NODE_ALWAYS_TRUE) {
		set_bit(kind->always, rule);
		return 0;
	}
	return add_guard(smith, guard, rule);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;

	if (left->test != right->test)
		return left->test < right->test ? -1 : 1;
	return (left->rule > right->rule) - (left->rule < right->rule);
}

static void add_group(struct kind *kind, uint32_t group)
{
	for (uint32_t i = 0; i < kind->n_groups; i++) {
		if (kind->groups[i] == group)
			return;
	}
	kind->groups[kind->n_groups++] = group;
}

/* The facts without which a comparison is not true. */
static uint64_t facts_of(const struct test *test)
{
	bool is_fact = test->op == OP_TRUTH ||
		       (test->op == OP_EQUAL && field_table[test->field].type == VALUE_BOOL &&
			test->truth != test->negate);

	return is_fact ? field_facts(&field_table[test->field]) : 0;
}

/* One guard for each comparison. */
static int settle_pairs(struct smith *smith, struct kind *kind)
{
	struct index *index = smith->index;
	size_t n = smith->n_pairs;
	struct guard *guard = NULL;
	uint32_t *rules;

	if (n > 0)
		qsort(smith->pairs, n, sizeof(*smith->pairs), compare_pairs);
	kind->guards = arena_alloc(&index->arena, (n + 1) * sizeof(*kind->guards));
	kind->facts = arena_alloc(&index->arena, (n + 1) * sizeof(*kind->facts));
	kind->grouped = arena_alloc(&index->arena, (n + 1) * sizeof(*kind->grouped));
	kind->groups = arena_alloc(&index->arena, (index->n_groups + 1) * sizeof(*kind->groups));
	rules = arena_alloc(&index->arena, (n + 1) * sizeof(*rules));
	if (!kind->guards || !kind->facts || !kind->grouped || !kind->groups || !rules)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint32_t test = smith->pairs[i].test, group = index->tests[test].group;

		if (!guard || guard->test != test) {
			uint64_t facts = facts_of(index->tests[test].test);

			guard = facts		  ? &kind->facts[kind->n_facts++] :
				group != NO_GROUP ? &kind->grouped[kind->n_grouped++] :
						    &kind->guards[kind->n_guards++];
			*guard = (struct guard){ test, 0, &rules[i], facts };
			kind->all_facts |= facts;
			if (group != NO_GROUP)
				add_group(kind, group);
		}
		rules[i] = smith->pairs[i].rule;
		guard->n_rules++;
	}
	return 0;
}

static int make_kind(struct smith *smith, struct kind *kind)
{
	struct index *index = smith->index;
	int r = 0;

	kind->always = arena_alloc(&index->arena, (index->n_words + 1) * sizeof(*kind->always));
	kind->may = arena_alloc(&index->arena, (index->n_words + 1) * sizeof(*kind->may));
	if (!kind->always || !kind->may)
		return -ENOMEM;
	smith->n_pairs = 0;
	for (uint32_t i = 0; i < index->set->n_rules && r == 0; i++)
		r = add_rule(smith, kind, i);
	return r < 0 ? r : settle_pairs(smith, kind);
}

/* --- all of them ------------------------------------------------------------ */

/* A record of a type with one word need not be asked for its word. */
static void note_word(struct index *index, struct slice word, const struct kind *kind, bool *seen)
{
	unsigned int type = field_event_type(word);

	index->by_type[type] = seen[type] ? NULL : kind;
	seen[type] = true;
}

static int find_words(struct index *index, const struct field *type)
{
	cleanup_free struct pattern *words = NULL;
	bool seen[EVENT_TYPE_MAX] = { false };
	uint32_t n = 0;

	while (type->words[n])
		n++;
	words = calloc(n + 1, sizeof(*words));
	index->kinds = arena_alloc(&index->arena, (n + 1) * sizeof(*index->kinds));
	if (!words || !index->kinds)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		words[i] = (struct pattern){ slice_from(type->words[i]), PATTERN_EQUAL };
	index->n_kinds = n;
	for (uint32_t i = 0; i < n; i++)
		note_word(index, words[i].bytes, &index->kinds[i], seen);
	return patterns_new(&index->arena, words, n, &index->words);
}

int index_guards(struct index *index)
{
	const struct field *type = field_find(SLICE_LITERAL("evt.type"));
	cleanup_free struct guard_node *nodes = calloc(NODES_MAX, sizeof(*nodes));
	struct smith smith = { .index = index, .nodes = nodes };
	int r;

	if (!nodes)
		return -ENOMEM;
	nodes[NODE_ALWAYS_TRUE].chance = 1;
	nodes[NODE_ALWAYS_TRUE].price = 100;
	smith.type_field = (uint16_t)(type - field_table);
	index->n_words = (uint32_t)((index->set->n_rules + 63) / 64);
	index->candidates =
		arena_alloc(&index->arena, (index->n_words + 1) * sizeof(*index->candidates));
	r = index->candidates ? find_words(index, type) : -ENOMEM;
	for (uint32_t i = 0; i < index->n_kinds && r == 0; i++) {
		smith.word = slice_from(type->words[i]);
		r = make_kind(&smith, &index->kinds[i]);
	}
	free(smith.pairs);
	return r;
}
