/* SPDX-License-Identifier: Apache-2.0 */
/* No byte string, however chosen, hides, breaks a line or turns the reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sink/render.h"
#include "unit/check_text.h"

#define LITERAL(s)               \
	{                        \
		s, sizeof(s) - 1 \
	}

/* clang-format off */
static const struct { const char *name; struct slice in; const char *want; } cases[] = {
	{ "empty",                LITERAL(""),                     "" },
	{ "plain",                LITERAL("/usr/bin/runc"),        "/usr/bin/runc" },
	{ "umlaut, han, emoji",   LITERAL("äö 漢字 🐳"),            "äö 漢字 🐳" },
	{ "backslash stays",      LITERAL("tty\\x2d1.slice"),      "tty\\x2d1.slice" },
	{ "quotes stay",          LITERAL("\"a\" 'b'"),            "\"a\" 'b'" },
	{ "new line",             LITERAL("x\nfake"),              "x\\x0Afake" },
	{ "carriage return, tab", LITERAL("a\rb\tc"),              "a\\x0Db\\x09c" },
	{ "NUL",                  LITERAL("a\0b"),                 "a\\x00b" },
	{ "DEL",                  LITERAL("a\x7f"),                "a\\x7F" },
	{ "clear the screen",     LITERAL("\x1b[2J"),              "\\x1B[2J" },
	{ "C1 control",           LITERAL("a\xc2\x9b" "2J"),       "a\\u{009B}2J" },
	{ "C1 as a byte",         LITERAL("a\x9b" "2J"),           "a\\x9B2J" },
	{ "right-to-left",        LITERAL("gpj\xe2\x80\xae.sh"),   "gpj\\u{202E}.sh" },
	{ "bidi isolate",         LITERAL("\xe2\x81\xa6"),         "\\u{2066}" },
	{ "Arabic letter mark",   LITERAL("\xd8\x9c"),             "\\u{061C}" },
	{ "zero-width space",     LITERAL("run\xe2\x80\x8b" "c"),  "run\\u{200B}c" },
	{ "byte order mark",      LITERAL("\xef\xbb\xbfrunc"),     "\\u{FEFF}runc" },
	{ "soft hyphen",          LITERAL("ru\xc2\xadnc"),         "ru\\u{00AD}nc" },
	{ "line separator",       LITERAL("\xe2\x80\xa8"),         "\\u{2028}" },
	{ "tag character",        LITERAL("\xf3\xa0\x81\x81"),     "\\u{E0041}" },
	{ "noncharacter",         LITERAL("\xef\xbf\xbf"),         "\\u{FFFF}" },
	{ "one above the BMP",    LITERAL("\xf0\x9f\xbf\xbe"),     "\\u{1FFFE}" },
	{ "last noncharacter",    LITERAL("\xf4\x8f\xbf\xbf"),     "\\u{10FFFF}" },
	{ "lone lead byte",       LITERAL("a\xc3"),                "a\\xC3" },
	{ "lone tail byte",       LITERAL("\x80z"),                "\\x80z" },
	{ "short sequence",       LITERAL("\xe2\x82z"),            "\\xE2\\x82z" },
	{ "overlong slash",       LITERAL("\xc0\xaf"),             "\\xC0\\xAF" },
	{ "overlong, three",      LITERAL("\xe0\x80\xaf"),         "\\xE0\\x80\\xAF" },
	{ "overlong, four",       LITERAL("\xf0\x80\x80\xaf"),     "\\xF0\\x80\\x80\\xAF" },
	{ "surrogate",            LITERAL("\xed\xa0\x80"),         "\\xED\\xA0\\x80" },
	{ "above U+10FFFF",       LITERAL("\xf4\x90\x80\x80"),     "\\xF4\\x90\\x80\\x80" },
	{ "never in UTF-8",       LITERAL("\xfe\xff"),             "\\xFE\\xFF" },
};
/* clang-format on */

static void each_case_is_shown_as_wanted(void **state)
{
	char buf[128];
	size_t len;
	bool changed;
	char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		len = encode_text(cases[i].in, buf, sizeof(buf));
		if (strcmp(buf, cases[i].want) != 0 || len != strlen(buf))
			fail_msg("%s: got \"%s\" (%zu), wanted \"%s\"", cases[i].name, buf, len,
				 cases[i].want);

		text = encode_utf8(cases[i].in, &len, &changed);
		assert_non_null(text);
		if (strcmp(text, cases[i].want) != 0 || len != strlen(text))
			fail_msg("%s: got \"%s\" (%zu), wanted \"%s\"", cases[i].name, text, len,
				 cases[i].want);
		assert_true(changed == !slice_eq(cases[i].in, slice_from(cases[i].want)));
		free(text);
	}
}

/* clang-format off */
static const struct { const char *name; struct slice in; size_t size; const char *want; } cuts[] = {
	{ "fits exactly",             LITERAL("abcdef"),         7,  "abcdef" },
	{ "one too long",             LITERAL("abcdefg"),        7,  "abc…" },
	{ "room for the dots only",   LITERAL("abcdefg"),        4,  "…" },
	{ "no room for the dots",     LITERAL("abcdefg"),        3,  "" },
	{ "one byte",                 LITERAL("a"),              1,  "" },
	{ "characters that fit",      LITERAL("a漢漢"),           8,  "a漢漢" },
	{ "not within a character",   LITERAL("a漢漢"),           7,  "a…" },
	{ "before a character",       LITERAL("a漢漢b"),          7,  "a…" },
	{ "not within an escape",     LITERAL("ab\n\n"),         10, "ab\\x0A…" },
	{ "escape of a character",    LITERAL("\xe2\x80\xae" "abcd"), 12, "\\u{202E}…" },
};
/* clang-format on */

static void a_cut_falls_between_characters(void **state)
{
	char buf[128];
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		memset(buf, 'z', sizeof(buf));
		len = encode_text(cuts[i].in, buf, cuts[i].size);
		if (strcmp(buf, cuts[i].want) != 0 || len != strlen(buf))
			fail_msg("%s: got \"%s\" (%zu), wanted \"%s\"", cuts[i].name, buf, len,
				 cuts[i].want);
		assert_int_equal(buf[cuts[i].size], 'z');
	}
	buf[0] = 'z';
	assert_int_equal(encode_text(SLICE_LITERAL("abc"), buf, 0), 0);
	assert_int_equal(buf[0], 'z');
}

/* xorshift64*: the same strings in every run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* Bytes, characters and pieces of characters, in a mix that finds the borders. */
static size_t make_string(uint64_t *seed, char *buf, size_t size)
{
	size_t len_max = next_random(seed) % (size - 3), len = 0;
	uint32_t c;

	while (len < len_max) {
		switch (next_random(seed) % 6) {
		case 0: buf[len++] = (char)next_random(seed); break;
		case 1: buf[len++] = (char)(0x80 | next_random(seed) % 128); break;
		case 2: buf[len++] = (char)(next_random(seed) % 32); break;
		case 3:
			c = (uint32_t)(0x2000 + next_random(seed) % 0x80);
			len += check_put_utf8(c, buf + len);
			break;
		case 4:
			c = (uint32_t)(next_random(seed) % 0x110000);
			if (len + 4 <= size && (c < 0xd800 || c > 0xdfff))
				len += check_put_utf8(c, buf + len);
			break;
		default: buf[len++] = (char)(0x20 + next_random(seed) % 0x5f);
		}
	}
	return len;
}

#ifdef __SANITIZE_ADDRESS__
#define N_STRINGS 100000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define N_STRINGS 100000
#endif
#endif
#ifndef N_STRINGS
#define N_STRINGS 1000000
#endif

static void any_bytes_become_safe_text_and_come_back(void **state)
{
	char in_buf[64], back[64 * 9], cut[64];
	uint64_t seed = 0x6272696777617463ull;
	size_t len, back_len, cut_size;
	struct slice in, out;
	bool changed;
	char *text;

	(void)state;
	for (unsigned int i = 0; i < N_STRINGS; i++) {
		in = (struct slice){ in_buf, make_string(&seed, in_buf, sizeof(in_buf)) };
		text = encode_utf8(in, &len, &changed);
		assert_non_null(text);
		out = (struct slice){ text, len };
		if (!check_is_safe(out) || text[len] != '\0' || strlen(text) != len)
			fail_msg("string %u: unsafe output \"%s\"", i, text);
		if (changed == slice_eq(in, out))
			fail_msg("string %u: changed is %d for \"%s\"", i, changed, text);

		/* Without a backslash of its own the text says it all. */
		if (!memchr(in.data, '\\', in.len)) {
			back_len = check_unescape(out, back);
			if (!slice_eq(in, (struct slice){ back, back_len }))
				fail_msg("string %u: does not come back from \"%s\"", i, text);
		}

		cut_size = 1 + next_random(&seed) % sizeof(cut);
		len = encode_text(in, cut, cut_size);
		if (len >= cut_size || cut[len] != '\0' ||
		    !check_is_safe((struct slice){ cut, len }))
			fail_msg("string %u: bad cut at %zu: \"%s\"", i, cut_size, cut);
		if (out.len < cut_size && !slice_eq(out, (struct slice){ cut, len }))
			fail_msg("string %u: cut without need: \"%s\"", i, cut);
		free(text);
	}
}

static void base64_comes_back(void **state)
{
	static const struct {
		struct slice in;
		const char *want;
	} known[] = {
		{ LITERAL(""), "" },
		{ LITERAL("f"), "Zg==" },
		{ LITERAL("fo"), "Zm8=" },
		{ LITERAL("foo"), "Zm9v" },
		{ LITERAL("foobar"), "Zm9vYmFy" },
		{ LITERAL("\xff\xfe\xfd"), "//79" },
		{ LITERAL("\xfb\xef\xbe"), "++++" },
	};
	struct buf buf = { 0 };
	char back[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		buf_add_base64(&buf, known[i].in);
		assert_false(buf.failed);
		assert_true(
			slice_eq((struct slice){ buf.data, buf.len }, slice_from(known[i].want)));
		len = check_unbase64(buf.data, buf.len, back);
		assert_true(slice_eq((struct slice){ back, len }, known[i].in));
		buf_release(&buf);
	}
}

static void a_failed_buffer_stays_failed(void **state)
{
	struct buf buf = { .failed = true };

	(void)state;
	buf_add_str(&buf, "a");
	assert_int_equal(buf.len, 0);
	buf_release(&buf);
	buf_add(&buf, "x", SIZE_MAX / 2); /* refused before it is read */
	assert_true(buf.failed);
	buf_release(&buf);
	buf_release(NULL);
}

/* clang-format off */
static const struct { uint64_t wall_ns; const char *want; } times[] = {
	{ 0,                       "1970-01-01T00:00:00.000000000Z" },
	{ 1782909296123456789ull,  "2026-07-01T12:34:56.123456789Z" },
	{ 1709164800000000001ull,  "2024-02-29T00:00:00.000000001Z" },
	{ UINT64_MAX,              "2554-07-21T23:34:33.709551615Z" },
};
/* clang-format on */

static void times_are_utc_with_nine_decimals(void **state)
{
	char text[TIME_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		format_time(times[i].wall_ns, text);
		assert_string_equal(text, times[i].want);
	}
}

static void only_hexadecimal_ids_are_shortened(void **state)
{
	(void)state;
	assert_true(slice_eq(short_id(SLICE_LITERAL("4f1c2d3e5a6b7c8d9e0f")),
			     SLICE_LITERAL("4f1c2d3e5a6b")));
	assert_true(slice_eq(short_id(SLICE_LITERAL("4f1c")), SLICE_LITERAL("4f1c")));
	assert_true(slice_eq(short_id(SLICE_LITERAL("cg-18446744073709551615")),
			     SLICE_LITERAL("cg-18446744073709551615")));
	assert_true(slice_eq(short_id(SLICE_LITERAL("my-runc-container")),
			     SLICE_LITERAL("my-runc-container")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_is_shown_as_wanted),
		cmocka_unit_test(a_cut_falls_between_characters),
		cmocka_unit_test(any_bytes_become_safe_text_and_come_back),
		cmocka_unit_test(base64_comes_back),
		cmocka_unit_test(a_failed_buffer_stays_failed),
		cmocka_unit_test(times_are_utc_with_nine_decimals),
		cmocka_unit_test(only_hexadecimal_ids_are_shortened),
	};

	return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
