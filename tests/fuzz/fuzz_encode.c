/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through the encoder: safe text, nothing lost, cuts where they may be.
 * The first byte chooses the size of the output of encode_text(). */
#include "sink/render.h"
#include "unit/check_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_cut(struct slice in, struct slice whole, size_t size)
{
	static const struct slice more = SLICE_LITERAL("…");
	cleanup_free char *buf = malloc(size);
	struct slice out;

	check(buf != NULL);
	out = (struct slice){ buf, encode_text(in, buf, size) };
	check(out.len < size && buf[out.len] == '\0' && check_is_safe(out));
	if (whole.len < size) {
		check(slice_eq(out, whole));
		return;
	}
	/* Cut: the beginning of the whole, then the mark if there was room. */
	if (size > more.len) {
		check(out.len >= more.len &&
		      memcmp(buf + out.len - more.len, more.data, more.len) == 0);
		out.len -= more.len;
	}
	check(out.len == 0 || memcmp(buf, whole.data, out.len) == 0);
}

static void check_base64(struct slice in)
{
	struct buf buf = { 0 };
	char *back = malloc(in.len + 3);
	size_t len;

	buf_add_base64(&buf, in);
	check(back && !buf.failed);
	len = check_unbase64(buf.data, buf.len, back);
	check(slice_eq(in, (struct slice){ back, len }));
	buf_release(&buf);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_free char *text = NULL, *back = NULL;
	size_t text_len, back_len;
	struct slice in, out;
	bool changed;

	if (len == 0)
		return 0;
	in = (struct slice){ (const char *)data + 1, len - 1 };

	text = encode_utf8(in, &text_len, &changed);
	check(text != NULL);
	out = (struct slice){ text, text_len };
	check(strlen(text) == text_len && check_is_safe(out));
	check(changed == !slice_eq(in, out));
	if (!memchr(data, '\\', len)) {
		back = malloc(text_len + 1);
		check(back != NULL);
		back_len = check_unescape(out, back);
		check(slice_eq(in, (struct slice){ back, back_len }));
	}

	check_cut(in, out, 1 + (size_t)data[0]);
	check_base64(in);
	return 0;
}
