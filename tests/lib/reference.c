/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/reference.h"

#include <assert.h>

uint64_t reference_answers[EXPR_OP_MAX][3];
uint64_t reference_cuts[EXPR_OP_MAX];

static enum answer answer_from(bool is)
{
	return is ? ANSWER_YES : ANSWER_NO;
}

/* --- operators on strings, a byte at a time -------------------------------- */

/* Do the bytes of `piece` stand in `str` from `at` on? */
static bool stands_at(struct slice str, size_t at, struct slice piece, bool nocase)
{
	if (at > str.len || piece.len > str.len - at)
		return false;
	for (size_t i = 0; i < piece.len; i++) {
		unsigned char a = (unsigned char)str.data[at + i];
		unsigned char b = (unsigned char)piece.data[i];

		if (nocase && a >= 'A' && a <= 'Z')
			a = (unsigned char)(a + 32);
		if (nocase && b >= 'A' && b <= 'Z')
			b = (unsigned char)(b + 32);
		if (a != b)
			return false;
	}
	return true;
}

static bool is_equal(struct slice a, struct slice b)
{
	return a.len == b.len && stands_at(a, 0, b, false);
}

static bool has_end(struct slice str, struct slice end)
{
	return str.len >= end.len && stands_at(str, str.len - end.len, end, false);
}

static bool has_piece(struct slice str, struct slice piece, bool nocase)
{
	for (size_t at = 0; at <= str.len; at++)
		if (stands_at(str, at, piece, nocase))
			return true;
	return false;
}

/* One element of a pattern: which bytes it takes, or any number of any. */
struct element {
	bool star;
	bool takes[256];
};

static size_t read_set(struct slice pattern, size_t i, struct element *ret)
{
	bool inverted = false, first = true;

	if (pattern.data[i] == '!' || pattern.data[i] == '^') {
		inverted = true;
		i++;
	}
	for (; first || pattern.data[i] != ']'; first = false) {
		unsigned int low = (unsigned char)pattern.data[i], high = low;

		if (pattern.data[i + 1] == '-' && pattern.data[i + 2] != ']') {
			high = (unsigned char)pattern.data[i + 2];
			i += 2;
		}
		i++;
		for (unsigned int byte = low; byte <= high; byte++)
			ret->takes[byte] = true;
	}
	for (unsigned int byte = 0; inverted && byte < 256; byte++)
		ret->takes[byte] = !ret->takes[byte];
	return i + 1;
}

/* The pattern as elements; returns how many. */
static size_t read_pattern(struct slice pattern, struct element *ret)
{
	size_t n = 0, i = 0;

	while (i < pattern.len) {
		struct element *element = &ret[n++];
		unsigned char byte = (unsigned char)pattern.data[i++];

		memset(element, 0, sizeof(*element));
		if (byte == '*')
			element->star = true;
		else if (byte == '?')
			memset(element->takes, true, sizeof(element->takes));
		else if (byte == '[')
			i = read_set(pattern, i, element);
		else if (byte == '\\')
			element->takes[(unsigned char)pattern.data[i++]] = true;
		else
			element->takes[byte] = true;
	}
	return n;
}

/* reach[i]: the bytes so far can be what the first i elements take. */
static bool fits_glob(struct slice pattern, struct slice str)
{
	struct element *elements = malloc((pattern.len + 1) * sizeof(*elements));
	bool *reach = calloc(pattern.len + 2, 1), fits;
	size_t n;

	assert(elements && reach);
	n = read_pattern(pattern, elements);
	reach[0] = true;
	for (size_t i = 0; i < n && elements[i].star; i++)
		reach[i + 1] = true;
	for (size_t t = 0; t < str.len; t++) {
		for (size_t i = n; i > 0; i--)
			reach[i] = (elements[i - 1].star && reach[i]) ||
				   (!elements[i - 1].star && reach[i - 1] &&
				    elements[i - 1].takes[(unsigned char)str.data[t]]);
		reach[0] = false;
		for (size_t i = 0; i < n; i++)
			if (elements[i].star && reach[i])
				reach[i + 1] = true;
	}
	fits = reach[n];
	free(elements);
	free(reach);
	return fits;
}

/* The next part of a path, without slashes; nothing behind the last. */
static struct slice take_part(struct slice *path)
{
	struct slice part;

	while (path->len > 0 && path->data[0] == '/')
		*path = (struct slice){ path->data + 1, path->len - 1 };
	part = (struct slice){ path->data, 0 };
	while (path->len > 0 && path->data[0] != '/') {
		*path = (struct slice){ path->data + 1, path->len - 1 };
		part.len++;
	}
	return part;
}

static bool lies_below(struct slice path, struct slice top)
{
	if (path.len == 0 || path.data[0] != '/')
		return false;
	for (;;) {
		struct slice want = take_part(&top);

		if (want.len == 0)
			return true;
		if (!is_equal(take_part(&path), want))
			return false;
	}
}

/* --- tests ---------------------------------------------------------------- */

static bool ask_string(const struct expr *expr, struct slice str)
{
	const struct slice *values = expr->values;
	bool any = false;

	for (size_t i = 0; i < expr->n_values; i++)
		any = any || is_equal(str, values[i]);
	switch (expr->op) {
	case EXPR_IS:
	case EXPR_INTERSECTS:
	case EXPR_IN: return any;
	case EXPR_IS_NOT: return !any;
	case EXPR_PMATCH:
		for (size_t i = 0; i < expr->n_values; i++)
			any = any || lies_below(str, values[i]);
		return any;
	case EXPR_REGEX: return fits_glob(values[0], str);
	case EXPR_CONTAINS: return has_piece(str, values[0], false);
	case EXPR_ICONTAINS: return has_piece(str, values[0], true);
	case EXPR_STARTSWITH: return stands_at(str, 0, values[0], false);
	case EXPR_ENDSWITH: return has_end(str, values[0]);
	case EXPR_GLOB: return fits_glob(values[0], str);
	default: abort();
	}
}

/* `str` has lost its head, of at least one byte. Would that head decide? */
static bool head_decides(const struct expr *expr, struct slice str)
{
	switch (expr->op) {
	case EXPR_IS:
	case EXPR_IS_NOT:
	case EXPR_IN:
	case EXPR_ENDSWITH:
		for (size_t i = 0; i < expr->n_values; i++)
			if (expr->values[i].len > str.len && has_end(expr->values[i], str))
				return true;
		return false;
	case EXPR_CONTAINS: return !has_piece(str, expr->values[0], false);
	case EXPR_ICONTAINS: return !has_piece(str, expr->values[0], true);
	default: return true;
	}
}

/* Where the head does not decide, the value is none of those compared with. */
static bool ask_tail(const struct expr *expr, struct slice str)
{
	switch (expr->op) {
	case EXPR_IS:
	case EXPR_IN: return false;
	case EXPR_IS_NOT: return true;
	default: return ask_string(expr, str);
	}
}

static bool ask_number(const struct expr *expr, int64_t num)
{
	bool any = false;

	for (size_t i = 0; i < expr->n_values; i++)
		any = any || num == expr->nums[i];
	switch (expr->op) {
	case EXPR_IS:
	case EXPR_INTERSECTS:
	case EXPR_IN: return any;
	case EXPR_IS_NOT: return !any;
	case EXPR_FLAGS:
		for (size_t i = 0; i < expr->n_values; i++)
			any = any || (num & expr->nums[i]);
		return any;
	case EXPR_LESS: return num < expr->nums[0];
	case EXPR_LESS_EQUAL: return num <= expr->nums[0];
	case EXPR_GREATER: return num > expr->nums[0];
	case EXPR_GREATER_EQUAL: return num >= expr->nums[0];
	default: abort();
	}
}

static bool ask_boolean(const struct expr *expr, bool truth)
{
	switch (expr->op) {
	case EXPR_TRUTH: return truth;
	case EXPR_IS: return truth == expr->truth;
	case EXPR_IS_NOT: return truth != expr->truth;
	default: abort();
	}
}

/* Any item that is there, and != is the opposite of that. */
static bool ask_list(const struct expr *expr, const struct value *value)
{
	struct expr positive = *expr;
	bool any = false;

	if (expr->op == EXPR_IS_NOT)
		positive.op = EXPR_IS;
	for (uint32_t i = 0; i < value->n_items; i++) {
		if (!(value->known >> i & 1))
			continue;
		any = any ||
		      (value->item_type == VALUE_INT ? ask_number(&positive, value->nums[i]) :
						       ask_string(&positive, value->items[i]));
	}
	return any != (expr->op == EXPR_IS_NOT);
}

/* Make the value one of its items. */
static int pick_item(struct value *value, unsigned int item)
{
	if (item >= value->n_items || !(value->known >> item & 1))
		return -1;
	value->type = value->item_type;
	value->cut_head = false;
	value->num = value->nums[item];
	value->str = value->items[item];
	return 0;
}

/* `silences`: a yes to this test speaks against the alert. */
static enum answer ask_test(const struct expr *expr, const struct event *ev, bool silences)
{
	struct value value;
	int r;

	memset(&value, 0xa5, offsetof(struct value, scratch));
	r = expr->field->get(ev, &value);
	if (r == 0 && expr->item >= 0)
		r = pick_item(&value, (unsigned int)expr->item);
	if (expr->op == EXPR_EXISTS)
		return answer_from(r == 0);
	if (r < 0)
		return ANSWER_UNKNOWN;
	switch (value.type) {
	case VALUE_BOOL: return answer_from(ask_boolean(expr, value.truth));
	case VALUE_INT: return answer_from(ask_number(expr, value.num));
	case VALUE_LIST: return answer_from(ask_list(expr, &value));
	case VALUE_STRING: break;
	}
	if (!value.cut_head)
		return answer_from(ask_string(expr, value.str));
	if (head_decides(expr, value.str)) {
		reference_cuts[expr->op]++;
		return silences ? ANSWER_NO : ANSWER_YES;
	}
	return answer_from(ask_tail(expr, value.str));
}

static enum answer ask(const struct expr *expr, const struct event *ev, bool silences)
{
	enum answer left, right;

	if (expr->kind == EXPR_TEST) {
		left = ask_test(expr, ev, silences);
		reference_answers[expr->op][left]++;
		return left;
	}
	if (expr->kind == EXPR_NOT) {
		left = ask(expr->left, ev, !silences);
		return left == ANSWER_UNKNOWN ? ANSWER_UNKNOWN : answer_from(left == ANSWER_NO);
	}
	left = ask(expr->left, ev, silences);
	right = ask(expr->right, ev, silences);
	if (expr->kind == EXPR_AND) {
		if (left == ANSWER_NO || right == ANSWER_NO)
			return ANSWER_NO;
		return left == ANSWER_YES && right == ANSWER_YES ? ANSWER_YES : ANSWER_UNKNOWN;
	}
	if (left == ANSWER_YES || right == ANSWER_YES)
		return ANSWER_YES;
	return left == ANSWER_NO && right == ANSWER_NO ? ANSWER_NO : ANSWER_UNKNOWN;
}

enum answer reference_ask(const struct expr *expr, const struct event *ev, bool exception)
{
	return ask(expr, ev, exception);
}
