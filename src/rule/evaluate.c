/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/internal.h"

/* Any order will do, as long as it is one: by length first, it is cheap. */
static int compare_slice(const void *a, const void *b)
{
	const struct slice *left = a, *right = b;

	if (left->len != right->len)
		return left->len < right->len ? -1 : 1;
	return left->len ? memcmp(left->data, right->data, left->len) : 0;
}

static int compare_num(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

void test_sort(struct slice *strs, int64_t *nums, size_t n)
{
	if (strs)
		qsort(strs, n, sizeof(*strs), compare_slice);
	if (nums)
		qsort(nums, n, sizeof(*nums), compare_num);
}

static enum truth truth_from(bool is)
{
	return is ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool starts_with(struct slice str, struct slice prefix)
{
	return str.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(str.data, prefix.data, prefix.len) == 0);
}

static bool ends_with(struct slice str, struct slice suffix)
{
	return str.len >= suffix.len && (suffix.len == 0 || memcmp(str.data + str.len - suffix.len,
								   suffix.data, suffix.len) == 0);
}

static bool contains(struct slice hay, struct slice needle)
{
	return needle.len == 0 ||
	       (hay.len >= needle.len && memmem(hay.data, hay.len, needle.data, needle.len));
}

static enum truth test_num(const struct test *test, int64_t num)
{
	switch (test->op) {
	case OP_EQUAL:
		return truth_from(
			bsearch(&num, test->nums, test->n_values, sizeof(num), compare_num));
	case OP_LESS: return truth_from(num < test->nums[0]);
	case OP_LESS_EQUAL: return truth_from(num <= test->nums[0]);
	case OP_GREATER: return truth_from(num > test->nums[0]);
	case OP_GREATER_EQUAL: return truth_from(num >= test->nums[0]);
	default: return TRUTH_UNKNOWN;
	}
}

static enum truth test_str(const struct test *test, struct slice str)
{
	switch (test->op) {
	case OP_EQUAL:
		return truth_from(
			bsearch(&str, test->strs, test->n_values, sizeof(str), compare_slice));
	case OP_CONTAINS: return truth_from(contains(str, test->strs[0]));
	case OP_ICONTAINS: return truth_from(contains_nocase(str, test->strs[0]));
	case OP_STARTSWITH: return truth_from(starts_with(str, test->strs[0]));
	case OP_ENDSWITH: return truth_from(ends_with(str, test->strs[0]));
	case OP_GLOB: return truth_from(glob_match(test->strs[0], str));
	default: return TRUTH_UNKNOWN;
	}
}

/* `str` is the tail of a longer path. Unknown: its missing head decides. */
static enum truth test_tail(const struct test *test, struct slice str)
{
	switch (test->op) {
	case OP_EQUAL:
		for (uint32_t i = 0; i < test->n_values; i++) {
			if (test->strs[i].len > str.len && ends_with(test->strs[i], str))
				return TRUTH_UNKNOWN;
		}
		return TRUTH_FALSE;
	case OP_CONTAINS:
	case OP_ICONTAINS: return test_str(test, str) == TRUTH_TRUE ? TRUTH_TRUE : TRUTH_UNKNOWN;
	case OP_ENDSWITH:
		if (str.len >= test->strs[0].len || !ends_with(test->strs[0], str))
			return test_str(test, str);
		return TRUTH_UNKNOWN;
	default: return TRUTH_UNKNOWN;
	}
}

enum truth test_value(const struct test *test, const struct value *value)
{
	enum truth truth = TRUTH_UNKNOWN;

	switch (value->type) {
	case VALUE_BOOL:
		truth = truth_from(test->op == OP_TRUTH ? value->truth :
							  value->truth == test->truth);
		break;
	case VALUE_INT: truth = test_num(test, value->num); break;
	case VALUE_STRING:
		if (!value->cut_head) {
			truth = test_str(test, value->str);
			break;
		}
		truth = test_tail(test, value->str);
		if (truth == TRUTH_UNKNOWN)
			return test->when_cut;
		break;
	}
	return test->negate ? TRUTH_TRUE - truth : truth;
}

enum truth test_run(const struct test *test, const struct reader *reader, struct value *tmp)
{
	int r;

	r = reader->get(reader, test->field, tmp);
	if (test->op == OP_EXISTS)
		return truth_from(r == 0);
	return r < 0 ? TRUTH_UNKNOWN : test_value(test, tmp);
}

enum truth program_run(const struct program *program, const struct reader *reader,
		       struct value *tmp)
{
	enum truth stack[CONDITION_DEPTH_MAX + 1], now = TRUTH_UNKNOWN;
	size_t n = 0;

	for (uint32_t i = 0; i < program->n_insns; i++) {
		const struct insn *insn = &program->insns[i];

		switch (insn->op) {
		case INSN_TEST: now = test_run(&program->tests[insn->arg], reader, tmp); break;
		case INSN_NOT: now = TRUTH_TRUE - now; break;
		case INSN_PUSH: stack[n++] = now; break;
		case INSN_AND:
			n--;
			/* add_group() makes one INSN_PUSH for each. */
			/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
			now = stack[n] < now ? stack[n] : now;
			break;
		case INSN_OR:
			n--;
			/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
			now = stack[n] > now ? stack[n] : now;
			break;
		case INSN_JUMP_FALSE:
			if (now == TRUTH_FALSE)
				i = insn->arg - 1;
			break;
		case INSN_JUMP_TRUE:
			if (now == TRUTH_TRUE)
				i = insn->arg - 1;
			break;
		}
	}
	return now;
}
