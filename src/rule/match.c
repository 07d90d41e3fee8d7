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
