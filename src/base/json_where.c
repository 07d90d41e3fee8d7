/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_where.h"

#include <sys/auxv.h>

#define AT_DEPTH_MAX 12

size_t json_skip_space(struct slice text, size_t i)
{
	while (i < text.len && strchr(" \t\r\n", text.data[i]) && text.data[i])
		i++;
	return i;
}

/* From a quote to behind the closing one. */
static size_t skip_string(struct slice text, size_t i)
{
	for (i++; i < text.len && text.data[i] != '"'; i++) {
		if (text.data[i] == '\\')
			i++;
	}
	return i < text.len ? i + 1 : text.len;
}

/* Without recursion: values may nest as deep as jansson lets them. */
size_t json_skip_value(struct slice text, size_t i)
{
	size_t depth = 0;

	while (i < text.len) {
		switch (text.data[i]) {
		case '"': i = skip_string(text, i); break;
		case '{':
		case '[':
			depth++;
			i++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return i;
			depth--;
			i++;
			break;
		case ',':
			if (depth == 0)
				return i;
			i++;
			break;
		default: i++; continue;
		}
		if (depth == 0 && i < text.len && strchr(",]}", text.data[i]) && text.data[i])
			return i;
	}
	return i;
}

static unsigned int hex_value(struct slice text, size_t i)
{
	char digits[5] = { 0 };

	if (i + 4 > text.len)
		return 0;
	memcpy(digits, text.data + i, 4);
	return (unsigned int)strtoul(digits, NULL, 16);
}

/* Step over one character of a JSON string as written, at *i; returns how many
 * bytes it stands for. `ret` gets them when not NULL, up to 4. */
static size_t string_step(struct slice text, size_t *i, unsigned char *ret)
{
	unsigned char bytes[4];
	unsigned int code;
	size_t n = 0;

	if (text.data[*i] != '\\') {
		bytes[n++] = (unsigned char)text.data[(*i)++];
	} else if (*i + 1 < text.len && text.data[*i + 1] != 'u') {
		const char *known = "b\bf\fn\nr\rt\t";
		char escaped = text.data[*i + 1];

		bytes[n++] = (unsigned char)escaped;
		for (const char *pair = known; *pair; pair += 2) {
			if (pair[0] == escaped)
				bytes[0] = (unsigned char)pair[1];
		}
		*i += 2;
	} else {
		code = hex_value(text, *i + 2);
		*i += 6;
		if (code >= 0xd800 && code < 0xdc00) {
			code = 0x10000 + ((code - 0xd800) << 10) +
			       ((hex_value(text, *i + 2) - 0xdc00) & 0x3ff);
			*i += 6;
		}
		if (code < 0x80) {
			bytes[n++] = (unsigned char)code;
		} else if (code < 0x800) {
			bytes[n++] = (unsigned char)(0xc0 | code >> 6);
			bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
		} else if (code < 0x10000) {
			bytes[n++] = (unsigned char)(0xe0 | code >> 12);
			bytes[n++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
			bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
		} else {
			bytes[n++] = (unsigned char)(0xf0 | (code >> 18 & 7));
			bytes[n++] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
			bytes[n++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
			bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
		}
	}
	if (*i > text.len)
		*i = text.len;
	if (ret)
		memcpy(ret, bytes, n);
	return n;
}

/* Is the string at `i`, with its escapes, `key`? */
static bool string_is(struct slice text, size_t i, const char *key)
{
	size_t end = skip_string(text, i) - 1, pos = 0, len = strlen(key);

	for (i++; i < end;) {
		unsigned char bytes[4];
		size_t n = string_step(text, &i, bytes);

		if (len - pos < n || memcmp(key + pos, bytes, n) != 0)
			return false;
		pos += n;
	}
	return pos == len;
}

/* Offset of what `step` leads to from the value at `i`; *ret_key is where its
 * key stands. SIZE_MAX: there is none. */
static size_t find_step(struct slice text, size_t i, const struct json_at *step, size_t *ret_key)
{
	char close = step->key ? '}' : ']';
	size_t n = 0;

	if (i >= text.len || text.data[i] != (step->key ? '{' : '['))
		return SIZE_MAX;
	i = json_skip_space(text, i + 1);
	while (i < text.len && text.data[i] != close) {
		size_t key = i;

		if (step->key) {
			i = json_skip_space(text, skip_string(text, i));
			i = json_skip_space(text, i + 1); /* the colon */
		}
		if (step->key ? string_is(text, key, step->key) : n == step->index) {
			*ret_key = key;
			return i;
		}
		n++;
		i = json_skip_space(text, json_skip_value(text, i));
		if (i < text.len && text.data[i] == ',')
			i = json_skip_space(text, i + 1);
	}
	return SIZE_MAX;
}

size_t json_find(struct slice text, const struct json_at *at, bool want_key)
{
	const struct json_at *steps[AT_DEPTH_MAX];
	size_t n = 0, i, key, next;

	for (; at && n < AT_DEPTH_MAX; at = at->up)
		steps[n++] = at;
	i = json_skip_space(text, 0);
	key = i;
	while (n > 0) {
		next = find_step(text, i, steps[--n], &key);
		if (next == SIZE_MAX)
			break;
		i = next;
	}
	return want_key ? key : i;
}

size_t json_find_in_string(struct slice text, size_t i, size_t pos)
{
	size_t end = skip_string(text, i);
	size_t done = 0;

	for (i++; i + 1 < end && done < pos;)
		done += string_step(text, &i, NULL);
	return i;
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static unsigned int count_chars(const char *bytes, size_t len)
{
	unsigned int n = 0;

	for (size_t i = 0; i < len; i++)
		n += !is_continuation(bytes[i]);
	return n;
}

/* The line around the offset, cut to what fits, on character borders. */
static void fill_excerpt(struct text_place *ret, struct slice line, size_t pos)
{
	const size_t room = sizeof(ret->excerpt) - 1, before = 60;
	size_t start = 0, end = line.len;

	if (line.len > room) {
		start = pos > before ? pos - before : 0;
		while (start > 0 && is_continuation(line.data[start]))
			start--;
		end = line.len - start > room ? start + room : line.len;
		while (end > start && end < line.len && is_continuation(line.data[end]))
			end--;
	}
	for (size_t i = start; i < end; i++) {
		unsigned char byte = (unsigned char)line.data[i];

		ret->excerpt[i - start] = byte < 0x20 || byte == 0x7f ? ' ' : (char)byte;
	}
	ret->excerpt[end - start] = '\0';
	ret->caret = pos <= end ? count_chars(line.data + start, pos - start) + 1 : 0;
}

bool text_may_be_shown(void)
{
	return getauxval(AT_SECURE) == 0;
}

void text_place_find(struct slice text, size_t offset, struct text_place *ret)
{
	size_t start, end;

	if (offset > text.len)
		offset = text.len;
	/* An error at the end of the file is shown behind its last line. */
	while (offset == text.len && offset > 0 && text.data[offset - 1] == '\n')
		text.len = --offset;

	ret->line = 1;
	for (size_t i = 0; i < offset; i++)
		ret->line += text.data[i] == '\n';
	start = offset;
	while (start > 0 && text.data[start - 1] != '\n')
		start--;
	end = offset;
	while (end < text.len && text.data[end] != '\n')
		end++;
	ret->column = count_chars(text.data + start, offset - start) + 1;
	ret->excerpt[0] = '\0';
	ret->caret = 0;
	if (text_may_be_shown())
		fill_excerpt(ret, (struct slice){ text.data + start, end - start },
			     offset - start);
}
