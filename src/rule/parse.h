/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that read conditions: token.c, operand.c, parse.c. */
#ifndef BW_RULE_PARSE_H
#define BW_RULE_PARSE_H

#include "rule/internal.h"

enum token_kind {
	TOKEN_END,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_SYMBOL,
	TOKEN_WORD,
	TOKEN_STRING
};

struct token {
	enum token_kind kind;
	size_t pos;
	struct slice raw;  /* as written */
	struct slice text; /* of a string: what its escapes stand for */
};

struct parser {
	struct loader *loader;
	const struct place *place;
	struct slice text;
	size_t pos;	    /* behind the token */
	struct token token; /* the one to look at */
	unsigned int depth;
};

/* How much of a token a message shows. */
static inline int shown(struct slice raw)
{
	return raw.len > 60 ? 60 : (int)raw.len;
}
#define SHOWN(raw) shown(raw), (raw).data

#define FAIL(parser, at_pos, ...) fail_text((parser)->loader, (parser)->place, at_pos, __VA_ARGS__)

/* token.c */
int parser_next(struct parser *parser);
bool token_is(const struct parser *parser, const char *word);
bool is_keyword(struct slice word);

/* What is compared: a field, or an item of its list. */
struct subject {
	const struct field *field;
	struct slice name;    /* as written */
	enum value_type type; /* of the value, or of each item */
	bool is_list;	      /* any of its items may meet the test */
};

/* What kind of values, as a bit: which operators go with it. */
enum subject_kind {
	ON_BOOL = 1,
	ON_NUMBER = 2,
	ON_BITS = 4,
	ON_STRING = 8,
	ON_ADDRESS = 16,
	ON_LIST = 32, /* besides the kind of its items */
};
unsigned int subject_kind(const struct subject *subject);

/* operand.c: the values behind the operator, which is in test->op, read, checked
 * and kept in the set's memory. `is_set`: they stand in brackets. */
int parse_operands(struct parser *parser, const struct subject *subject, bool is_set,
		   struct test *test);

/* operator.c */
bool at_end_of_test(const struct parser *parser);
/* From behind the field's name on. */
int parse_test(struct parser *parser, const struct field_ref *ref, const struct token *name,
	       struct test *test);
/* "and", "or" or NULL. */
const char *suggest_joiner(struct slice typed);

#endif
