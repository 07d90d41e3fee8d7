/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that an attacker chose become text that can neither break a line nor
 * move a cursor, hide, or turn the reading direction. */
#include <stdio.h>

#include "sink/render.h"

/* Characters that change the display without being seen: controls, bidi,
 * zero-width and default-ignorable ones, tags, noncharacters. Sorted. */
/* clang-format off */
static const struct { uint32_t first, last; } hidden[] = {
	{ 0x0000, 0x001f },	/* C0 */
	{ 0x007f, 0x009f },	/* DEL, C1 */
	{ 0x00ad, 0x00ad },	/* soft hyphen */
	{ 0x034f, 0x034f },	/* combining grapheme joiner */
	{ 0x061c, 0x061c },	/* Arabic letter mark */
	{ 0x115f, 0x1160 },	/* Hangul fillers */
	{ 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },	/* Mongolian selectors, vowel separator */
	{ 0x200b, 0x200f },	/* zero-width characters, LRM, RLM */
	{ 0x2028, 0x202e },	/* line and paragraph separator, bidi embeddings */
	{ 0x2060, 0x206f },	/* word joiner, invisible operators, bidi isolates */
	{ 0x3164, 0x3164 },
	{ 0xfdd0, 0xfdef },	/* noncharacters */
	{ 0xfe00, 0xfe0f },	/* variation selectors */
	{ 0xfeff, 0xfeff },	/* byte order mark */
	{ 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },	/* interlinear annotation */
	{ 0xfffe, 0xffff },
	{ 0x1bca0, 0x1bca3 },	/* shorthand format controls */
	{ 0x1d173, 0x1d17a },	/* musical format controls */
	{ 0xe0000, 0xe0fff },	/* tags, variation selectors supplement */
};
/* clang-format on */

static bool is_hidden(uint32_t c)
{
	if (c >= 0x20 && c < 0x7f)
		return false;
	if (c >= 0x1fffe && (c & 0xfffe) == 0xfffe)
		return true; /* the last two of each plane */
	for (size_t i = 0; i < ARRAY_SIZE(hidden) && c >= hidden[i].first; i++)
		if (c <= hidden[i].last)
			return true;
	return false;
}

/* Length of the well-formed UTF-8 sequence at the front of `in` and its code
 * point; 0 if there is none (Unicode 15, table 3-7: no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
static size_t decode_utf8(struct slice in, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)in.data;
	uint32_t c, least;
	size_t len;

	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		len = 2;
		c = p[0] & 0x1f;
		least = 0x80;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		len = 3;
		c = p[0] & 0x0f;
		least = 0x800;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		len = 4;
		c = p[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	if (in.len < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;

	*ret = c;
	return len;
}

/* Longest piece: "\u{10FFFF}" and its NUL. */
#define PIECE_MAX 11

/* Take the next character, or byte that is none, off `in`, and write what is to
 * be shown for it. Returns the length of that; *changed is set when it is not
 * what stood there. `in` must not be empty. */
static size_t take_piece(struct slice *in, const char *also, char piece[PIECE_MAX], bool *changed)
{
	size_t len, piece_len;
	uint32_t c = 0;

	len = decode_utf8(*in, &c);
	if (len == 0) {
		piece_len =
			(size_t)snprintf(piece, PIECE_MAX, "\\x%02X", (unsigned char)in->data[0]);
		len = 1;
		*changed = true;
	} else if (is_hidden(c) || (also && c < 0x80 && strchr(also, (int)c))) {
		piece_len =
			(size_t)snprintf(piece, PIECE_MAX, c < 0x80 ? "\\x%02X" : "\\u{%04X}", c);
		*changed = true;
	} else {
		memcpy(piece, in->data, len);
		piece_len = len;
	}

	in->data += len;
	in->len -= len;
	return piece_len;
}

static bool is_plain(unsigned char c, const char *also)
{
	return c >= 0x20 && c < 0x7f && !(also && strchr(also, c));
}

bool buf_add_encoded(struct buf *buf, struct slice in, const char *also)
{
	char piece[PIECE_MAX];
	bool changed = false;
	size_t n;

	while (in.len > 0) {
		for (n = 0; n < in.len && is_plain((unsigned char)in.data[n], also); n++)
			;
		buf_add(buf, in.data, n);
		in.data += n;
		in.len -= n;
		if (in.len == 0)
			break;
		n = take_piece(&in, also, piece, &changed);
		buf_add(buf, piece, n);
	}
	return changed;
}

size_t encode_text(struct slice in, char *buf, size_t size)
{
	static const char more[] = "…"; /* with its NUL */
	size_t len = 0, cut = 0, piece_len;
	char piece[PIECE_MAX];
	bool changed;

	if (size == 0)
		return 0;

	while (in.len > 0) {
		/* The last border after which "…" still fits. */
		if (len + sizeof(more) <= size)
			cut = len;
		piece_len = take_piece(&in, NULL, piece, &changed);
		if (len + piece_len + 1 > size) {
			len = cut;
			if (size >= sizeof(more)) {
				memcpy(buf + len, more, sizeof(more) - 1);
				len += sizeof(more) - 1;
			}
			break;
		}
		memcpy(buf + len, piece, piece_len);
		len += piece_len;
	}
	buf[len] = '\0';
	return len;
}

char *encode_utf8(struct slice in, size_t *ret_len, bool *ret_changed)
{
	struct buf buf = { 0 };
	bool changed;

	changed = buf_add_encoded(&buf, in, NULL);
	buf_add(&buf, "", 1);
	if (buf.failed) {
		buf_release(&buf);
		return NULL;
	}

	*ret_len = buf.len - 1;
	*ret_changed = changed;
	return buf.data;
}

void buf_add_base64(struct buf *buf, struct slice in)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p;
	size_t left;
	uint32_t v;
	char out[4];

	for (size_t i = 0; i < in.len; i += 3) {
		p = (const unsigned char *)in.data + i;
		left = in.len - i;
		v = (uint32_t)p[0] << 16;
		if (left > 1)
			v |= (uint32_t)p[1] << 8;
		if (left > 2)
			v |= p[2];
		out[0] = digits[v >> 18];
		out[1] = digits[v >> 12 & 63];
		out[2] = left > 1 ? digits[v >> 6 & 63] : '=';
		out[3] = left > 2 ? digits[v & 63] : '=';
		buf_add(buf, out, sizeof(out));
	}
}
