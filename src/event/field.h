/* SPDX-License-Identifier: Apache-2.0 */
/* The field table: the single source of the names that rules, JSON output,
 * documentation and completion use. Names are Falco's where the meaning is the
 * same. No I/O, no clock. */
#ifndef BW_EVENT_FIELD_H
#define BW_EVENT_FIELD_H

#include "event/event.h"

enum value_type { VALUE_BOOL = 1, VALUE_INT = 2, VALUE_STRING = 3, VALUE_LIST = 4 };

/* Most items of a list: ancestors, names of namespaces, arguments of a call. */
#define VALUE_ITEMS_MAX 16

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
	uint32_t symbols;	/* VALUE_INT: what its bits mean, SYMBOLS_*; 0: not known */

	/* VALUE_LIST. Items keep their places: one that is not known leaves a gap. */
	enum value_type item_type; /* VALUE_INT: nums; VALUE_STRING: items */
	uint32_t n_items;
	uint32_t known; /* bit i: item i is there; never 0 */
	struct slice items[VALUE_ITEMS_MAX];
	int64_t nums[VALUE_ITEMS_MAX];

	char scratch[VALUE_SCRATCH_SIZE];	/* last, and not to be cleared before each use */
};

/* How values of a field are written in conditions. */
enum field_kind {
	FIELD_PLAIN = 0,
	FIELD_FLAGS,	   /* numbers and names of `symbols` */
	FIELD_MODE,	   /* the same, numbers are octal */
	FIELD_ADDRESS,	   /* IPv4 and IPv6 addresses, and prefixes of them */
	FIELD_DURATION_NS, /* 10s; the value counts nanoseconds */
	FIELD_DURATION_MS, /* 10s; the value counts milliseconds */
	FIELD_SIZE,	   /* 4KiB, 10MB; the value counts bytes */
};

/* In the order in which the table is written. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct field {
	const char *name;		/* "file.mount_owner" */
	enum value_type type;
	/* 0, or -ENODATA when this event has no such value ("missing"). A kernel
	 * fact about an event that has the object is never missing. */
	int (*get)(const struct event *ev, struct value *ret);
	const char *doc;		/* one line for `rules fields`, docs, man page */
	const char *const *
		words; /* NULL-terminated: every value that a string (or an item) can be, or NULL */
	enum field_kind kind;
	uint32_t symbols;     /* SYMBOLS_* whose names it knows */
	enum value_type item; /* of a list: type of its items */
	const char *self; /* of a list: the field that [0] stands for; then [1] is its first item */
};

/* All fields, sorted by name. */
extern const struct field field_table[];
extern const size_t field_table_len;

/* By its name or by Falco's for the same. NULL when there is none. Case-sensitive. */
const struct field *field_find(struct slice name);

/* A field as rules write it: "proc.aname", "proc.aname[2]". */
struct field_ref {
	const struct field *field;
	int item; /* -1: the value as it is; else the place in its list, from 0 */
};

/* -ENOENT: no such field; -EINVAL: brackets without a number in them; -ENOTSUP: the
 * field is no list; -ERANGE: a list never has that many items. ret->field is set
 * unless -ENOENT. */
int field_find_ref(struct slice text, struct field_ref *ret);

/* A list becomes its item `item`; -ENODATA when that is missing. */
int value_take_item(struct value *value, int item);

/* A list becomes one string, its items joined by commas; others stay. */
void value_join(struct value *value);

/* The nearest name within edit distance 3, for "did you mean", else NULL. */
const char *field_suggest(struct slice name);

/* FACT_*: the field is false for every record that bears none of these. 0: its
 * value hangs on more than facts. */
uint64_t field_facts(const struct field *field);

/* EVENT_* of a word of evt.type ("pivot_root": EVENT_MOUNT); 0 when it is none. */
unsigned int field_event_type(struct slice word);

/* *ret: what the table's getter says, rendered for output (strings as they are,
 * numbers in decimal, booleans as true/false) into `buf` when needed.
 * -ENODATA: missing. */
int field_format(const struct field *field, const struct event *ev, struct value *tmp, struct slice *ret);

/* The same of a value that one has, and of what a rule wrote. */
int value_format(struct value *value, struct slice *ret);
int field_ref_format(const struct field_ref *ref, const struct event *ev, struct value *tmp,
		     struct slice *ret);

/* --- names of bits, symbols.c ------------------------------------------- */

/* Families of names. Bits mean something only within one. */
enum symbols {
	SYMBOLS_OPEN = 1u << 0,	      /* O_* */
	SYMBOLS_CLONE = 1u << 1,      /* CLONE_* */
	SYMBOLS_MOUNT = 1u << 2,      /* MS_* */
	SYMBOLS_UMOUNT = 1u << 3,     /* MNT_*, UMOUNT_NOFOLLOW */
	SYMBOLS_OPEN_TREE = 1u << 4,  /* OPEN_TREE_*, AT_* */
	SYMBOLS_MOVE_MOUNT = 1u << 5, /* MOVE_MOUNT_* */
	SYMBOLS_FSOPEN = 1u << 6,     /* FSOPEN_* */
	SYMBOLS_FSMOUNT = 1u << 7,    /* FSMOUNT_* */
	SYMBOLS_FSPICK = 1u << 8,     /* FSPICK_* */
	SYMBOLS_RENAME = 1u << 9,     /* RENAME_* */
	SYMBOLS_AT = 1u << 10,	      /* AT_* */
	SYMBOLS_XATTR = 1u << 11,     /* XATTR_* */
	SYMBOLS_MODE = 1u << 12,      /* S_* */
	SYMBOLS_CAP = 1u << 13,	      /* CAP_* */
	SYMBOLS_POSTURE = 1u << 14,   /* POSTURE_* */
	SYMBOLS_END = 1u << 15,
};

/* It is set when (bits & mask) == value: O_WRONLY is { 3, 1 }, O_RDONLY { 3, 0 }. */
struct symbol {
	const char *name;
	uint64_t mask, value;
};

/* The symbol of one of `families`; NULL when there is none. *ret_families: of which
 * (a name can be of several, with the same bits). */
const struct symbol *symbol_find(struct slice name, uint32_t families, uint32_t *ret_families);
const char *symbol_suggest(struct slice name, uint32_t families);
/* The i-th name of one family, NULL behind the last. */
const struct symbol *symbol_at(enum symbols family, size_t i);

/* --- Falco's names, falco_names.c --------------------------------------- */

/* One of Falco's fields that is not also a name of ours with the same meaning. */
struct falco_name {
	const char *name;
	const char *ours; /* the field that serves instead, or NULL */
	const char *
		note; /* what differs, or why it is missing; NULL: the same meaning, rules may use it */
};

/* Sorted by name. */
extern const struct falco_name falco_names[];
extern const size_t falco_names_len;
const struct falco_name *falco_name_find(struct slice name);

#endif
