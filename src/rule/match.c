/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on bytes: no locale, no encoding, NUL is a byte like any other. */
#include "rule/internal.h"

/* Length of the pattern's first element, at least 1. */
static size_t element_len(struct slice pattern)
{
	size_t i = 1;

	if (pattern.data[0] == '\\')
		return pattern.len > 1 ? 2 : 1;
	if (pattern.data[0] != '[')
		return 1;
	if (i < pattern.len && (pattern.data[i] == '!' || pattern.data[i] == '^'))
		i++;
	if (i < pattern.len && pattern.data[i] == ']') /* first in the set: itself */
		i++;
	while (i < pattern.len && pattern.data[i] != ']')
		i++;
	return i < pattern.len ? i + 1 : pattern.len;
}

/* `set` is "[...]" in full. */
static bool set_match(struct slice set, unsigned char byte)
{
	size_t i = 1, end = set.len - 1;
	bool inverted = false, found = false;

	if (i < end && (set.data[i] == '!' || set.data[i] == '^')) {
		inverted = true;
		i++;
	}
	while (i < end) {
		unsigned char low = (unsigned char)set.data[i], high = low;

		if (i + 2 < end && set.data[i + 1] == '-') {
			high = (unsigned char)set.data[i + 2];
			i += 2;
		}
		i++;
		found |= low <= byte && byte <= high;
	}
	return found != inverted;
}

static bool element_match(struct slice element, char byte)
{
	switch (element.data[0]) {
	case '?': return true;
	case '[': return element.len > 2 ? set_match(element, (unsigned char)byte) : byte == '[';
	case '\\': return byte == element.data[element.len - 1];
	default: return byte == element.data[0];
	}
}

/* Only the last `*` needs to be taken back: whatever an earlier one could
 * give up, the later one can take as well. Each other element takes one byte,
 * so when the text runs out, taking back cannot help. */
bool glob_match(struct slice pattern, struct slice text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;

	while (t < text.len || p < pattern.len) {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			star_text = t;
			continue;
		}
		if (p < pattern.len && t < text.len) {
			struct slice element = { pattern.data + p, pattern.len - p };

			element.len = element_len(element);
			if (element_match(element, text.data[t])) {
				p += element.len;
				t++;
				continue;
			}
		}
		if (star == SIZE_MAX || t >= text.len)
			return false;
		p = star + 1;
		t = ++star_text;
	}
	return true;
}

const char *glob_check(struct slice pattern)
{
	for (size_t i = 0; i < pattern.len;) {
		struct slice element = { pattern.data + i, pattern.len - i };

		element.len = element_len(element);
		if (element.data[0] == '\\' && element.len == 1)
			return "a pattern ends in a single backslash";
		if (element.data[0] == '[' &&
		    (element.len < 3 || element.data[element.len - 1] != ']'))
			return "a set in a pattern is not closed, ']' is missing";
		i += element.len;
	}
	return NULL;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool contains_nocase(struct slice hay, struct slice needle)
{
	if (needle.len > hay.len)
		return false;
	for (size_t i = 0; i <= hay.len - needle.len; i++) {
		size_t n = 0;

		while (n < needle.len && lower(hay.data[i + n]) == needle.data[n])
			n++;
		if (n == needle.len)
			return true;
	}
	return false;
}

/* --- one test -------------------------------------------------------------- */

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

/* Bits of another family mean something else: they are not those. */
static bool has_bits(const struct test *test, uint64_t num, uint32_t symbols)
{
	for (uint32_t i = 0; i < test->n_values; i++) {
		const struct bits *bits = &test->bits[i];

		if (symbols && bits->symbols && !(symbols & bits->symbols))
			continue;
		if ((num & bits->mask) == bits->value)
			return true;
	}
	return false;
}

static enum truth test_num(const struct test *test, int64_t num, uint32_t symbols)
{
	switch (test->op) {
	case OP_EQUAL:
		return truth_from(
			bsearch(&num, test->nums, test->n_values, sizeof(num), compare_num));
	case OP_LESS: return truth_from(num < test->nums[0]);
	case OP_LESS_EQUAL: return truth_from(num <= test->nums[0]);
	case OP_GREATER: return truth_from(num > test->nums[0]);
	case OP_GREATER_EQUAL: return truth_from(num >= test->nums[0]);
	case OP_FLAGS: return truth_from(has_bits(test, (uint64_t)num, symbols));
	default: return TRUTH_UNKNOWN;
	}
}

/* Of few values each is looked at: most differ in their length. */
static bool is_any(const struct test *test, struct slice str)
{
	if (test->n_values > 8)
		return bsearch(&str, test->strs, test->n_values, sizeof(str), compare_slice);
	for (uint32_t i = 0; i < test->n_values; i++) {
		if (slice_eq(test->strs[i], str))
			return true;
	}
	return false;
}

static enum truth test_str(const struct test *test, struct slice str)
{
	switch (test->op) {
	case OP_EQUAL: return truth_from(is_any(test, str));
	case OP_CONTAINS: return truth_from(contains(str, test->strs[0]));
	case OP_ICONTAINS: return truth_from(contains_nocase(str, test->strs[0]));
	case OP_STARTSWITH: return truth_from(starts_with(str, test->strs[0]));
	case OP_ENDSWITH: return truth_from(ends_with(str, test->strs[0]));
	case OP_GLOB: return truth_from(glob_match(test->strs[0], str));
	case OP_REGEX: return regex_match(test->regex, str);
	case OP_PMATCH: return truth_from(paths_match(test->paths, str));
	case OP_ADDRESS: return truth_from(nets_match(test->nets, str));
	default: return TRUTH_UNKNOWN;
	}
}

/* `str` is the tail of a longer path. Unknown: its missing head decides. A
 * pattern that has met the tail may be one that the head forbids (^). */
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

/* One item that meets the test is enough. Items that are not known do not
 * count: the list is of those that are. */
static enum truth test_list(const struct test *test, const struct value *value)
{
	enum truth best = TRUTH_FALSE;

	for (uint32_t i = 0; i < value->n_items && best != TRUTH_TRUE; i++) {
		enum truth truth;

		if (!(value->known & 1u << i))
			continue;
		truth = value->item_type == VALUE_INT ? test_num(test, value->nums[i], 0) :
							test_str(test, value->items[i]);
		if (truth > best)
			best = truth;
	}
	return best;
}

enum truth test_value(const struct test *test, const struct value *value)
{
	enum truth truth = TRUTH_UNKNOWN;

	switch (value->type) {
	case VALUE_BOOL:
		truth = truth_from(test->op == OP_TRUTH ? value->truth :
							  value->truth == test->truth);
		break;
	case VALUE_INT: truth = test_num(test, value->num, value->symbols); break;
	case VALUE_LIST: truth = test_list(test, value); break;
	case VALUE_STRING:
		truth = value->cut_head ? test_tail(test, value->str) : test_str(test, value->str);
		break;
	}
	/* A missing head or a limit: whatever leaves the alert standing. */
	if (truth == TRUTH_UNKNOWN)
		return test->when_cut;
	return test->negate ? TRUTH_TRUE - truth : truth;
}
