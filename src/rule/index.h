/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of a set share, so that an event costs what it says and not
 * how many rules there are:
 *
 *  - Comparisons. Each distinct one has a number, and is made at most once per
 *    event; each field is read at most once. Both are remembered with the
 *    number of the event (`now`), so that nothing is cleared between events.
 *  - Groups. Constant strings and numbers that one field is compared with are
 *    looked for together (patterns.h): what a group does not find is false.
 *  - Guards. Of each rule some comparisons are known of which one must be true
 *    for the rule to be (guard.c), for each word of evt.type. A rule is looked
 *    at only when one of them is.
 *
 * Nothing here decides anything new: a rule that is looked at runs its program,
 * and a comparison means what test_value() says. */
#ifndef BW_RULE_INDEX_H
#define BW_RULE_INDEX_H

#include "rule/patterns.h"

/* Constants of one field; its tests are true, false or unknown together. */
struct group {
	uint16_t slot;
	struct patterns *patterns;
	/* Of pattern p: links[first[p]] up to links[first[p + 1]]. */
	uint32_t *first;
	struct group_link {
		uint32_t test : 31;
		uint32_t exact : 1; /* the pattern decides; else the test is asked as well */
	} * links;
	uint32_t *found; /* room for patterns_find() */
	uint32_t *hits;	 /* tests that are true of this event */
	uint32_t n_hits;
	uint32_t asked; /* number of the event that it was asked about */
	enum { GROUP_DONE, GROUP_MISSING, GROUP_SINGLY } state;
};

/* A comparison that one or more programs make. */
struct shared_test {
	const struct test *test;
	uint32_t group; /* NO_GROUP: by itself */
	uint16_t slot;	/* of its field */
};
#define NO_GROUP UINT32_MAX

/* Rules that are looked at when a comparison is true. */
struct guard {
	uint32_t test, n_rules;
	const uint32_t *rules;
	uint64_t facts; /* FACT_*: false for records with none of them; 0: not known */
};

/* What is known of one word of evt.type. */
struct kind {
	uint64_t *may;	       /* bit r: rule r can be true */
	uint64_t *always;      /* of these, rules without a guard */
	struct guard *guards;  /* comparisons by themselves */
	struct guard *facts;   /* fields that are facts of the kernel */
	struct guard *grouped; /* comparisons in `groups`, by their number */
	uint32_t *groups;
	uint32_t n_guards, n_facts, n_grouped, n_groups, n_rules;
	uint64_t all_facts; /* of `facts` */
};

struct index {
	struct arena arena;
	struct shared_test *tests;
	uint32_t n_tests;
	uint32_t *marks; /* of a test: number of the event << 2 | truth */
	uint32_t now;

	/* Fields that are asked for, or single items of them. */
	struct slot {
		uint32_t read; /* number of the event << 1 | missing */
		uint16_t field;
		int8_t item; /* -1: the value as it is */
	} * slots;
	uint32_t n_slots;
	struct value *values; /* of a slot */

	struct group *groups;
	uint32_t n_groups;

	struct kind *kinds; /* by word of evt.type */
	uint32_t n_kinds;
	struct patterns *words; /* the words */
	const struct kind *by_type[EVENT_TYPE_MAX]; /* of types that have one word only */
	uint16_t type_slot, time_slot;

	const struct rule_set *set;
	uint64_t *candidates; /* bit r: rule r is to be looked at */
	uint32_t n_words;     /* of such a set of rules */

	const struct reader *reader; /* of this event */
};

/* Which rules must be looked at, for each word of evt.type: guard.c. */
int index_guards(struct index *index);

#endif
