/* SPDX-License-Identifier: Apache-2.0 */
/* Every key that a rule file may have, once: the loader knows no others, and
 * the JSON Schema for editors is made from the same tables. */
#ifndef BW_RULE_KEYS_H
#define BW_RULE_KEYS_H

#include "rule/rule.h"

enum key_kind {
	KEY_SCHEMA,	/* "$schema": any string */
	KEY_VERSION,	/* 1 */
	KEY_TEXT,	/* a string, not empty */
	KEY_TEXTS,	/* an array of them */
	KEY_ID,		/* BW-0101 */
	KEY_MITRE,	/* ["T1611"] */
	KEY_TECHNIQUES, /* ["A1"] */
	KEY_PRIORITY,
	KEY_BOOL,
	KEY_NUMBER,    /* min to max */
	KEY_CONDITION, /* a string, or strings to be joined */
	KEY_DATE,      /* "2027-06-30" */
	KEY_DURATION,  /* "60s" */
	KEY_FIELD,
	KEY_FIELDS,    /* at least one */
	KEY_JOIN,      /* a word, or fields */
	KEY_PIDS,      /* 1 to max of them */
	KEY_SELECTORS, /* "BW-0101", ["tag:escape", "BW-02*"] */
	KEY_NAME,      /* of a macro or a list */
	KEY_MACROS,    /* conditions by name */
	KEY_LISTS,     /* values by name */
	KEY_VALUES,    /* of a list */
	KEY_VALUES_OR_CONDITION,
	KEY_EVENTS,  /* fields and values, and the keys of `inner` */
	KEY_OBJECT,  /* with the keys of `inner` */
	KEY_OBJECTS, /* an array of them */
	KEY_PLANNED, /* only null */
};

struct key_spec {
	const char *name; /* NULL ends a table */
	enum key_kind kind;
	bool required;
	bool or_null;	/* null is as if the key were not there */
	bool not_empty; /* of arrays */
	bool is_target; /* exactly one of those that are */
	const char *unless; /* the key that makes this one needless */
	const char *doc;
	const struct key_spec *inner;
	long long min, max;
};

extern const struct key_spec file_keys[], rule_keys[], exception_keys[], threshold_keys[],
	suppress_keys[], test_keys[], event_keys[], sequence_keys[], step_keys[], override_keys[];

/* Ids of docs/techniques. */
#define TECHNIQUE_PATTERN \
	"^(A([1-9]|1[01])|B([1-9]|1[0-9]|2[0-2])|C([1-9]|1[0-4])|[DF][1-8]|E[1-9]|G([1-9]|1[0-2]))$"

/* As rule files write them. */
extern const char *const priority_words[PRIORITY_MAX];

#endif
