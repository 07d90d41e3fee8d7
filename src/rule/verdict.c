/* SPDX-License-Identifier: Apache-2.0 */
/* Can a condition be true at all, and can it be anything else? Comparisons that
 * must hold together are gathered field by field; where the values that could
 * satisfy them can be counted, all are tried. What cannot be decided so counts
 * as possible: nothing is refused that might fire. A missing value is unknown,
 * neither true nor false, and a path without its head is left out of account. */
#include "rule/internal.h"

#define HELD_MAX 512u	   /* comparisons that hold together; beyond, all is possible */
#define STEPS_MAX 4000000u /* values tried for one condition */

/* A comparison that must be true, or false. */
struct held {
	const struct test *test;
	bool want;
};

struct verdict {
	struct held held[HELD_MAX];
	size_t n;
	size_t n_steps;
	struct held clash[2]; /* the first that excluded each other */
};

static bool is_conjunction(const struct node *node, bool want)
{
	return node->kind == (want ? NODE_AND : NODE_OR);
}

static bool same_subject(const struct test *a, const struct test *b)
{
	return a->field == b->field && a->item == b->item;
}

/* --- the values of one field -------------------------------------------- */

/* What this says of a value that was tried is not to be relied on. */
static bool is_beyond(const struct test *test)
{
	return test->op == OP_FLAGS || test->op == OP_REGEX || test->op == OP_ADDRESS;
}

static bool holds(const struct held *held, const struct value *value)
{
	if (is_beyond(held->test))
		return true;
	if (held->test->op == OP_EXISTS)
		return held->want;
	return (test_value(held->test, value) == TRUTH_TRUE) == held->want;
}

/* Does the value satisfy all that is held about `subject`? */
static bool all_hold(struct verdict *verdict, const struct test *subject, const struct value *value)
{
	for (size_t i = 0; i < verdict->n; i++) {
		if (!same_subject(verdict->held[i].test, subject))
			continue;
		verdict->n_steps++;
		if (!holds(&verdict->held[i], value))
			return false;
	}
	return true;
}

static bool any_word(struct verdict *verdict, const struct test *subject, struct value *value)
{
	const struct field *field = &field_table[subject->field];

	for (size_t i = 0; field->words[i]; i++) {
		value->str = slice_from(field->words[i]);
		if (all_hold(verdict, subject, value))
			return true;
	}
	return false;
}

static bool any_truth(struct verdict *verdict, const struct test *subject, struct value *value)
{
	value->truth = false;
	if (all_hold(verdict, subject, value))
		return true;
	value->truth = true;
	return all_hold(verdict, subject, value);
}

/* Between two numbers that are compared with, and beyond them, all are alike. */
static bool any_number(struct verdict *verdict, const struct test *subject, struct value *value)
{
	bool compared = false;

	for (size_t i = 0; i < verdict->n; i++) {
		const struct test *test = verdict->held[i].test;

		if (!same_subject(test, subject) || !test->nums)
			continue;
		compared = true;
		for (uint32_t k = 0; k < test->n_values; k++) {
			for (int64_t near = -1; near <= 1; near++) {
				if (__builtin_add_overflow(test->nums[k], near, &value->num))
					continue;
				if (all_hold(verdict, subject, value))
					return true;
			}
		}
	}
	return !compared;
}

static bool is_prefix(struct slice a, struct slice b)
{
	return a.len <= b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool is_suffix(struct slice a, struct slice b)
{
	return a.len <= b.len && memcmp(a.data, b.data + b.len - a.len, a.len) == 0;
}

/* Two beginnings, or two ends, of the same string. */
static bool can_be_both(const struct held *a, const struct held *b)
{
	bool (*is_part)(struct slice, struct slice);
	struct slice x, y;

	if (!a->want || !b->want || a->test->op != b->test->op || a->test->n_values != 1 ||
	    b->test->n_values != 1 || (a->test->op != OP_STARTSWITH && a->test->op != OP_ENDSWITH))
		return true;
	is_part = a->test->op == OP_STARTSWITH ? is_prefix : is_suffix;
	x = a->test->strs[0];
	y = b->test->strs[0];
	return is_part(x, y) || is_part(y, x);
}

/* Strings can be counted when they are equal to one of some. */
static bool any_string(struct verdict *verdict, const struct test *subject, struct value *value)
{
	const struct held *last = &verdict->held[verdict->n - 1];

	for (size_t i = 0; i < verdict->n; i++) {
		const struct held *held = &verdict->held[i];

		if (!same_subject(held->test, subject))
			continue;
		if (!can_be_both(held, last))
			return false;
		if (held->test->op != OP_EQUAL || held->want == held->test->negate)
			continue;
		for (uint32_t k = 0; k < held->test->n_values; k++) {
			value->str = held->test->strs[k];
			if (all_hold(verdict, subject, value))
				return true;
		}
		return false;
	}
	return true;
}

static bool any_value(struct verdict *verdict, const struct test *subject)
{
	const struct field *field = &field_table[subject->field];
	struct value value;

	value.type = subject->item >= 0 ? field->item : field->type;
	value.cut_head = false;
	value.symbols = 0;
	if (field->type == VALUE_LIST || verdict->n_steps > STEPS_MAX)
		return true;
	switch (value.type) {
	case VALUE_BOOL: return any_truth(verdict, subject, &value);
	case VALUE_INT: return field->kind == FIELD_FLAGS || any_number(verdict, subject, &value);
	case VALUE_STRING:
		if (field->kind == FIELD_ADDRESS)
			return true;
		return field->words ? any_word(verdict, subject, &value) :
				      any_string(verdict, subject, &value);
	default: return true;
	}
}

/* --- what must hold together -------------------------------------------- */

static bool exclude_each_other(const struct held *a, const struct held *b)
{
	bool a_missing = a->test->op == OP_EXISTS && !a->want;
	bool b_missing = b->test->op == OP_EXISTS && !b->want;

	if (a_missing != b_missing)
		return true; /* whatever is compared must be there */
	return a->want != b->want && slice_eq(a->test->text, b->test->text);
}

static void note_clash(struct verdict *verdict, struct held a, struct held b)
{
	if (verdict->clash[0].test)
		return;
	verdict->clash[0] = a;
	verdict->clash[1] = b;
}

/* False: it cannot hold beside the others. */
static bool hold(struct verdict *verdict, const struct test *test, bool want)
{
	const struct held last = { test, want };
	const struct held *other = NULL;

	if (verdict->n == HELD_MAX)
		return true;
	for (size_t i = 0; i < verdict->n; i++) {
		if (!same_subject(verdict->held[i].test, test))
			continue;
		other = &verdict->held[i];
		if (exclude_each_other(other, &last)) {
			note_clash(verdict, *other, last);
			return false;
		}
	}
	verdict->held[verdict->n++] = last;
	if (test->op == OP_EXISTS && !want)
		return true; /* nothing is compared */
	if (any_value(verdict, test))
		return true;
	note_clash(verdict, other ? *other : last, last);
	return false;
}

/* Everything below that must hold in any case. */
static bool hold_all(struct verdict *verdict, const struct node *node, bool want)
{
	if (node->kind == NODE_TEST)
		return hold(verdict, &node->test, want);
	if (node->kind == NODE_NOT)
		return hold_all(verdict, node->children->node, !want);
	if (!is_conjunction(node, want))
		return true;
	for (const struct child *child = node->children; child; child = child->next) {
		if (!hold_all(verdict, child->node, want))
			return false;
	}
	return true;
}

static bool is_possible(struct verdict *verdict, const struct node *node, bool want);

/* Of what may hold in several ways, one way at least is left. */
static bool has_ways(struct verdict *verdict, const struct node *node, bool want)
{
	bool conjunction = is_conjunction(node, want);

	if (node->kind == NODE_TEST)
		return true;
	if (node->kind == NODE_NOT)
		return has_ways(verdict, node->children->node, !want);
	for (const struct child *child = node->children; child; child = child->next) {
		size_t n = verdict->n;
		bool possible = conjunction ? has_ways(verdict, child->node, want) :
					      is_possible(verdict, child->node, want);

		verdict->n = n;
		if (possible != conjunction)
			return possible;
	}
	return conjunction;
}

/* Leaves what holds behind for those who come after; the caller takes it back. */
static bool is_possible(struct verdict *verdict, const struct node *node, bool want)
{
	return hold_all(verdict, node, want) && has_ways(verdict, node, want);
}

/* --- the verdict -------------------------------------------------------- */

#define SHOW(held)                                                                               \
	(held).want ? "" : "not ", (held).test->text.len > 60 ? 60 : (int)(held).test->text.len, \
		(held).test->text.data

int check_verdict(struct loader *loader, const struct place *place, const struct node *root)
{
	cleanup_free struct verdict *verdict = calloc(1, sizeof(*verdict));
	struct held *clash;

	if (!verdict)
		return fail_memory(loader);
	clash = verdict->clash;
	if (!is_possible(verdict, root, true)) {
		if (!clash[0].test || !clash[1].test)
			return fail_at(loader, place, "this can never be true");
		if (clash[0].test == clash[1].test)
			return fail_at(loader, place, "this can never be true: '%s%.*s' is not",
				       SHOW(clash[0]));
		return fail_at(loader, place,
			       "this can never be true: '%s%.*s' and '%s%.*s' exclude each other",
			       SHOW(clash[0]), SHOW(clash[1]));
	}
	memset(verdict, 0, sizeof(*verdict));
	if (is_possible(verdict, root, false))
		return 0;
	if (!clash[0].test || !clash[1].test)
		return fail_at(loader, place, "this is always true");
	clash[0].want = !clash[0].want;
	clash[1].want = !clash[1].want;
	if (clash[0].test == clash[1].test)
		return fail_at(loader, place, "this is always true: '%s%.*s' is", SHOW(clash[0]));
	return fail_at(loader, place, "this is always true: one of '%s%.*s' and '%s%.*s' is",
		       SHOW(clash[0]), SHOW(clash[1]));
}
