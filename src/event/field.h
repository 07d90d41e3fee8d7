/* SPDX-License-Identifier: Apache-2.0 */
/* The field table: the single source of the names that rules, JSON output,
 * documentation and completion use. Names are Falco's where the meaning is the
 * same. No I/O, no clock. */
#ifndef BW_EVENT_FIELD_H
#define BW_EVENT_FIELD_H

#include "event/event.h"

enum value_type { VALUE_BOOL = 1, VALUE_INT = 2, VALUE_STRING = 3 };

/* Longest string made on the fly: the argument list with a name before it. */
#define VALUE_SCRATCH_SIZE (EVENT_ARGS_MAX + 32)

/* `str` is borrowed from the event; for strings made on the fly it points into
 * `scratch`. */
struct value {
	enum value_type type;
	bool truth;
	int64_t num;		/* unsigned 64-bit values above INT64_MAX saturate */
	struct slice str;
	bool cut_head;		/* a path whose head is missing: prefix tests fail closed */
	char scratch[VALUE_SCRATCH_SIZE];	/* last, and not to be cleared before each use */
};

struct field {
	const char *name;		/* "file.mount_owner" */
	enum value_type type;
	/* 0, or -ENODATA when this event has no such value ("missing"). A kernel
	 * fact about an event that has the object is never missing. */
	int (*get)(const struct event *ev, struct value *ret);
	const char *doc;		/* one line for `rules fields`, docs, man page */
	const char *const *words;	/* NULL-terminated: every value a string field can have, or NULL */
};

/* All fields, sorted by name. */
extern const struct field field_table[];
extern const size_t field_table_len;

/* NULL when there is none. Case-sensitive. */
const struct field *field_find(struct slice name);

/* The nearest name within edit distance 3, for "did you mean", else NULL. */
const char *field_suggest(struct slice name);

/* EVENT_* of a word of evt.type ("pivot_root": EVENT_MOUNT); 0 when it is none. */
unsigned int field_event_type(struct slice word);

/* *ret: what the table's getter says, rendered for output (strings as they are,
 * numbers in decimal, booleans as true/false) into `buf` when needed.
 * -ENODATA: missing. */
int field_format(const struct field *field, const struct event *ev, struct value *tmp, struct slice *ret);

#endif
