/* SPDX-License-Identifier: Apache-2.0 */
/* What encoded text must be, written apart from the encoder so that both cannot
 * share a mistake. */
#ifndef BW_TESTS_CHECK_TEXT_H
#define BW_TESTS_CHECK_TEXT_H

#include "base/base.h"

/* The next code point of `in` at *pos, which moves on; UINT32_MAX if malformed. */
static inline uint32_t check_next(struct slice in, size_t *pos)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	const unsigned char *p = (const unsigned char *)in.data + *pos;
	uint32_t c;

	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		if ((p[0] & forms[form].mask) != forms[form].lead)
			continue;
		if (in.len - *pos < form + 1)
			return UINT32_MAX;
		c = p[0] & (uint8_t)~forms[form].mask;
		for (size_t i = 1; i <= form; i++) {
			if (p[i] >> 6 != 2)
				return UINT32_MAX;
			c = c * 64 + p[i] % 64;
		}
		if (c < forms[form].least || c > 0x10ffff || c >> 11 == 0xd800 >> 11)
			return UINT32_MAX;
		*pos += form + 1;
		return c;
	}
	return UINT32_MAX;
}

static inline bool check_is_shown(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
		return false; /* controls */
	if (c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return false; /* bidi */
	if ((c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff || c == 0xad || c == 0x034f)
		return false; /* zero-width */
	return c != 0x2028 && c != 0x2029 && (c < 0xe0000 || c > 0xe0fff);
}

/* Valid UTF-8 without a character that hides, breaks a line or turns it. */
static inline bool check_is_safe(struct slice in)
{
	uint32_t c;

	for (size_t pos = 0; pos < in.len;) {
		c = check_next(in, &pos);
		if (c == UINT32_MAX || !check_is_shown(c))
			return false;
	}
	return true;
}

static inline size_t check_put_utf8(uint32_t c, char *out)
{
	size_t n = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const uint8_t leads[] = { 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(leads[n] | c);
	return n + 1;
}

/* Undo the escapes: \xHH is a byte, \u{H...} a character. `out` holds in.len. */
static inline size_t check_unescape(struct slice in, char *out)
{
	size_t len = 0, i = 0;

	while (i < in.len) {
		if (in.len - i >= 4 && memcmp(in.data + i, "\\x", 2) == 0) {
			out[len++] = (char)strtoul((char[]){ in.data[i + 2], in.data[i + 3], 0 },
						   NULL, 16);
			i += 4;
		} else if (in.len - i >= 4 && memcmp(in.data + i, "\\u{", 3) == 0) {
			char digits[8] = "";
			size_t n = 0;

			for (i += 3; i < in.len && in.data[i] != '}' && n < sizeof(digits) - 1; i++)
				digits[n++] = in.data[i];
			len += check_put_utf8((uint32_t)strtoul(digits, NULL, 16), out + len);
			i++;
		} else {
			out[len++] = in.data[i++];
		}
	}
	return len;
}

/* RFC 4648 with padding, as written by us. `out` holds 3/4 of `len`. SIZE_MAX: not base64. */
static inline size_t check_unbase64(const char *in, size_t len, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0, n_pad = 0;
	uint32_t v = 0;
	const char *digit;

	if (len % 4 != 0)
		return SIZE_MAX;
	for (size_t i = 0; i < len; i++) {
		if (in[i] == '=') {
			n_pad++;
			v <<= 6;
		} else {
			digit = memchr(digits, in[i], 64);
			if (!digit || n_pad > 0)
				return SIZE_MAX;
			v = v << 6 | (uint32_t)(digit - digits);
		}
		if (i % 4 == 3) {
			for (size_t k = 0; k < 3; k++)
				out[n++] = (char)(v >> (16 - 8 * k));
			v = 0;
		}
	}
	return n_pad > 2 ? SIZE_MAX : n - n_pad;
}

#endif
