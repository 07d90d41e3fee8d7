/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions made up at random: as a tree for the reference evaluator, and as
 * text for the real loader. The two share no code: what the text means is what
 * the tree says. */
#ifndef BW_TESTS_CONDITION_H
#define BW_TESTS_CONDITION_H

#include "event/field.h"
#include "lib/random.h"

/* Strings that events and conditions of one round are made of, so that they
 * meet. Never freed before the round is over. */
#define POOL_STRINGS_MAX 64
struct pool {
	struct slice strings[POOL_STRINGS_MAX];
	size_t n_strings;
	char *bytes;
	size_t len, room;
};
void pool_init(struct pool *pool, struct random *random);
void pool_release(struct pool *pool);
/* Room for `len` bytes. */
char *pool_take(struct pool *pool, size_t len);
struct slice pool_pick(const struct pool *pool, struct random *random);

enum expr_kind { EXPR_TEST, EXPR_NOT, EXPR_AND, EXPR_OR };

enum expr_op {
	EXPR_TRUTH, /* a boolean field by itself */
	EXPR_EXISTS,
	EXPR_IS,
	EXPR_IS_NOT,
	EXPR_LESS,
	EXPR_LESS_EQUAL,
	EXPR_GREATER,
	EXPR_GREATER_EQUAL,
	EXPR_INTERSECTS, /* of lists */
	EXPR_FLAGS,	 /* intersects of flags: nums are single bits */
	EXPR_IN,
	EXPR_CONTAINS,
	EXPR_ICONTAINS,
	EXPR_STARTSWITH,
	EXPR_ENDSWITH,
	EXPR_GLOB,
	EXPR_PMATCH,
	EXPR_REGEX, /* values[1] as it is written, values[0] as a glob that means the same */
	EXPR_OP_MAX,
};

#define EXPR_VALUES_MAX 12

struct expr {
	enum expr_kind kind;
	struct expr *left, *right; /* `not` has the left one only */
	int macro;		   /* written as the macro of this number; -1: written out */

	const struct field *field;
	int item; /* of a list, from 0; -1: any */
	enum expr_op op;
	bool truth;
	size_t n_values;
	struct slice values[EXPR_VALUES_MAX];
	int64_t nums[EXPR_VALUES_MAX];
	int list; /* values written as the list of this number; -1: written out */
};

#define EXPRS_MAX 48
#define MACROS_MAX 8
#define LISTS_MAX 4

/* What all rules of a round may use. */
struct vocabulary {
	struct expr *macros[MACROS_MAX];
	size_t n_macros;
	struct slice lists[LISTS_MAX][EXPR_VALUES_MAX]; /* of plain words */
	size_t list_len[LISTS_MAX];
	struct expr exprs[MACROS_MAX * EXPRS_MAX];
	size_t n_exprs;
};

struct condition {
	struct expr exprs[EXPRS_MAX];
	size_t n_exprs;
	struct expr *root;
};

void vocabulary_init(struct vocabulary *vocabulary, struct pool *pool, struct random *random);
void condition_init(struct condition *condition, const struct vocabulary *vocabulary,
		    struct pool *pool, struct random *random);

/* A growing string. */
struct text {
	char *bytes;
	size_t len, room;
};
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_release(struct text *text);

/* In the language of rules, not yet escaped for JSON; brackets, quotes and
 * spelling of numbers vary with `random`. */
void expr_write(struct text *text, const struct expr *expr, struct random *random);
/* `bytes` as a JSON string with its quotes. */
void json_write(struct text *text, const char *bytes);
/* "macros":{...},"lists":{...}, */
void vocabulary_write(struct text *text, const struct vocabulary *vocabulary,
		      struct random *random);

#endif
