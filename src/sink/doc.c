/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/doc.h"

#include <inttypes.h>
#include <stdio.h>

json_t *put(struct doc *doc, json_t *obj, const char *key, json_t *value)
{
	if (json_object_set_new(obj, key, value) == 0)
		return value;
	doc->failed = true;
	return NULL;
}

void append(struct doc *doc, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		doc->failed = true;
}

json_t *string_from(struct slice bytes, bool *changed)
{
	cleanup_free char *text = NULL;
	size_t len;

	text = encode_utf8(bytes, &len, changed);
	return text ? json_stringn(text, len) : NULL;
}

void put_base64(struct doc *doc, json_t *obj, const char *key, struct slice bytes)
{
	struct buf name = { 0 }, text = { 0 };

	buf_add_str(&name, key);
	buf_add(&name, "_b64", sizeof("_b64"));
	buf_add_base64(&text, bytes);
	if (name.failed || text.failed)
		doc->failed = true;
	else
		put(doc, obj, name.data, json_stringn(text.data, text.len));
	buf_release(&name);
	buf_release(&text);
}

void put_bytes(struct doc *doc, json_t *obj, const char *key, struct slice bytes)
{
	bool changed = false;

	put(doc, obj, key, string_from(bytes, &changed));
	if (changed)
		put_base64(doc, obj, key, bytes);
}

void put_known(struct doc *doc, json_t *obj, const char *key, struct slice bytes)
{
	if (bytes.len > 0)
		put_bytes(doc, obj, key, bytes);
	else
		put(doc, obj, key, json_null());
}

void put_str(struct doc *doc, json_t *obj, const char *key, const char *s)
{
	if (s)
		put_bytes(doc, obj, key, slice_from(s));
	else
		put(doc, obj, key, json_null());
}

/* jansson's integers are signed. The few numbers that need the last bit (inode
 * numbers of overlayfs) go out as decimal strings rather than wrong. */
void put_u64(struct doc *doc, json_t *obj, const char *key, uint64_t value)
{
	char text[24];

	if (value <= INT64_MAX) {
		put(doc, obj, key, json_integer((json_int_t)value));
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_str(doc, obj, key, text);
}

void put_i64(struct doc *doc, json_t *obj, const char *key, int64_t value)
{
	put(doc, obj, key, json_integer(value));
}

void put_hex(struct doc *doc, json_t *obj, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	put_str(doc, obj, key, text);
}

void put_bool(struct doc *doc, json_t *obj, const char *key, bool value)
{
	put(doc, obj, key, json_boolean(value));
}

void put_list(struct doc *doc, json_t *obj, const char *key, const char *const *list)
{
	json_t *array = put(doc, obj, key, json_array());
	bool changed;

	for (; list && *list; list++)
		append(doc, array, string_from(slice_from(*list), &changed));
}

void put_field(struct doc *doc, json_t *obj, const struct field *field, const struct event *ev,
	       bool with_missing)
{
	struct value value;

	value.type = field->type;
	value.cut_head = false;
	if (field->get(ev, &value) < 0) {
		if (with_missing)
			put(doc, obj, field->name, json_null());
	} else if (field->type == VALUE_BOOL) {
		put_bool(doc, obj, field->name, value.truth);
	} else if (field->type == VALUE_INT) {
		put_i64(doc, obj, field->name, value.num);
	} else {
		value_join(&value);
		put_bytes(doc, obj, field->name, value.str);
	}
}

static void put_posture_details(struct doc *doc, json_t *obj, struct slice rest)
{
	json_t *array = put(doc, obj, "details", json_array());
	bool changed = false;

	while (rest.len > 0) {
		const char *nul = memchr(rest.data, 0, rest.len);
		struct slice one = { rest.data, nul ? (size_t)(nul - rest.data) : rest.len };

		append(doc, array, string_from(one, &changed));
		rest.data += one.len + (nul ? 1 : 0);
		rest.len -= one.len + (nul ? 1 : 0);
	}
}

void put_posture(struct doc *doc, json_t *root, const struct event *ev)
{
	const struct container_view *view = ev->container;
	struct slice reason;
	struct buf text = { 0 };
	json_t *obj, *checks;

	if (!view || !view->has_posture || ev->hdr.container == 0)
		return;
	obj = put(doc, root, "posture", json_object());
	put_bool(doc, obj, "privileged", view->posture >> POSTURE_PRIVILEGED & 1);
	put_str(doc, obj, "severity", posture_severity_name(view->posture_severity));
	checks = put(doc, obj, "checks", json_array());
	for (unsigned int bit = 0; bit < POSTURE_N; bit++)
		if (view->posture >> bit & 1)
			append(doc, checks, json_string(posture_check_name(bit)));
	reason = view->posture_reason;
	if (reason.len > 0) {
		buf_add_str(&text, POSTURE_BEFORE_REASON);
		buf_add(&text, reason.data, reason.len);
	}
	doc->failed |= text.failed;
	put_known(doc, obj, "reason", (struct slice){ text.data, text.len });
	buf_release(&text);
	if (ev->hdr.type == EVENT_POSTURE)
		put_posture_details(doc, obj, ev->posture_details);
}

void put_output_line(struct doc *doc, json_t *root, const struct finding *finding, const char *time)
{
	struct buf line = { 0 };

	buf_add_str(&line, time);
	buf_add_str(&line, ": ");
	buf_add_str(&line, finding->priority);
	buf_add_str(&line, " ");
	buf_add_encoded(&line, finding->message, NULL);
	if (line.failed)
		doc->failed = true;
	else
		put_bytes(doc, root, "output", (struct slice){ line.data, line.len });
	buf_release(&line);
}

const char *source_of(const struct event *ev)
{
	return ev->hdr.type == EVENT_LOSS || ev->hdr.type == EVENT_RULES ? "internal" : "syscall";
}

static int add_chunk(const char *data, size_t len, void *arg)
{
	struct buf *buf = arg;

	buf_add(buf, data, len);
	return buf->failed ? -1 : 0;
}

int doc_finish(struct doc *doc, json_t *root, struct buf *buf)
{
	if (!doc->failed && json_dump_callback(root, add_chunk, buf, JSON_COMPACT) < 0)
		doc->failed = true;
	json_decref(root);
	buf_add(buf, "\n", 1);
	return doc->failed || buf->failed ? -ENOMEM : 0;
}
