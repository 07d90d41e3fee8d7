/* SPDX-License-Identifier: Apache-2.0 */
/* Between the formats that are JSON: a document under way, and the one way from
 * hostile bytes to its strings. Private to this folder. */
#ifndef BW_SINK_DOC_H
#define BW_SINK_DOC_H

#include <jansson.h>

#include "sink/render.h"

/* A document being built. An allocation that fails anywhere sets `failed`; all
 * below go on then, and the end looks once. */
struct doc {
	bool failed;
};

/* Gives `value` to `obj`, or to nobody. Returns it, or NULL when it is lost. */
json_t *put(struct doc *doc, json_t *obj, const char *key, json_t *value);
void append(struct doc *doc, json_t *array, json_t *value);

/* The one way from bytes to a JSON string: jansson answers invalid UTF-8 with
 * NULL, and an alert would be lost to one bad byte in a file name. *changed is set
 * when bytes were replaced, and left alone otherwise. NULL: no memory. */
json_t *string_from(struct slice bytes, bool *changed);

/* The raw bytes beside a string that does not show them as they are: "<key>_b64". */
void put_base64(struct doc *doc, json_t *obj, const char *key, struct slice bytes);

void put_bytes(struct doc *doc, json_t *obj, const char *key,
	       struct slice bytes); /* with its _b64 */
void put_known(struct doc *doc, json_t *obj, const char *key, struct slice bytes); /* empty: null */
void put_str(struct doc *doc, json_t *obj, const char *key, const char *s);	   /* NULL: null */
void put_u64(struct doc *doc, json_t *obj, const char *key, uint64_t value);
void put_i64(struct doc *doc, json_t *obj, const char *key, int64_t value);
void put_hex(struct doc *doc, json_t *obj, const char *key, uint64_t value);
void put_bool(struct doc *doc, json_t *obj, const char *key, bool value);
void put_list(struct doc *doc, json_t *obj, const char *key, const char *const *list);

/* What the field table says of `ev`, by the field's name. Nothing when the event
 * has no such value, unless `with_missing`: then null. */
void put_field(struct doc *doc, json_t *obj, const struct field *field, const struct event *ev,
	       bool with_missing);

/* "posture": what the event's container was given; nothing when that is not known. */
void put_posture(struct doc *doc, json_t *root, const struct event *ev);

/* "<time>: <Priority> <message>", as Falco has it. */
void put_output_line(struct doc *doc, json_t *root, const struct finding *finding,
		     const char *time);

/* "syscall", or "internal" for what the agent says of itself. */
const char *source_of(const struct event *ev);

/* The document and a line end, appended to `buf`; `root` is released. 0 or -ENOMEM. */
int doc_finish(struct doc *doc, json_t *root, struct buf *buf);

#endif
