/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: one test, from the field to the last value. */
#include "rule/parse.h"

#include "base/suggest.h"

static const struct operator
{
	const char *word;
	enum test_op op;
	unsigned int kinds; /* ON_*: what it goes with */
	bool is_set;	    /* values in brackets */
}
operators[] = {
	{ "=", OP_EQUAL, ON_BOOL | ON_NUMBER | ON_BITS | ON_STRING | ON_ADDRESS, false },
	{ "!=", OP_EQUAL, ON_BOOL | ON_NUMBER | ON_BITS | ON_STRING | ON_ADDRESS, false },
	{ "<=", OP_LESS_EQUAL, ON_NUMBER | ON_BITS, false },
	{ ">=", OP_GREATER_EQUAL, ON_NUMBER | ON_BITS, false },
	{ "<", OP_LESS, ON_NUMBER | ON_BITS, false },
	{ ">", OP_GREATER, ON_NUMBER | ON_BITS, false },
	{ "in", OP_EQUAL, ON_NUMBER | ON_BITS | ON_STRING | ON_ADDRESS, true },
	{ "intersects", OP_EQUAL, ON_LIST | ON_BITS, true },
	{ "contains", OP_CONTAINS, ON_STRING, false },
	{ "icontains", OP_ICONTAINS, ON_STRING, false },
	{ "startswith", OP_STARTSWITH, ON_STRING, false },
	{ "endswith", OP_ENDSWITH, ON_STRING, false },
	{ "glob", OP_GLOB, ON_STRING, false },
	{ "regex", OP_REGEX, ON_STRING, false },
	{ "pmatch", OP_PMATCH, ON_STRING, true },
};

unsigned int subject_kind(const struct subject *subject)
{
	unsigned int list = subject->is_list ? ON_LIST : 0;

	switch (subject->type) {
	case VALUE_BOOL: return list | ON_BOOL;
	case VALUE_INT:
		return list |
		       (subject->field->kind == FIELD_FLAGS || subject->field->kind == FIELD_MODE ?
				ON_BITS :
				ON_NUMBER);
	default: return list | (subject->field->kind == FIELD_ADDRESS ? ON_ADDRESS : ON_STRING);
	}
}

static const char *kind_name(const struct subject *subject)
{
	unsigned int kind = subject_kind(subject);

	if (kind & ON_LIST)
		return kind & ON_STRING ? "a list of strings" : "a list of numbers";
	switch (kind) {
	case ON_BOOL: return "true or false";
	case ON_NUMBER: return "a number";
	case ON_BITS: return subject->field->kind == FIELD_MODE ? "a mode" : "a set of flags";
	case ON_ADDRESS: return "an address";
	default: return "a string";
	}
}

/* `and` or `or`, as other languages write them or as a slip of the pen. */
const char *suggest_joiner(struct slice typed)
{
	struct suggest suggest = { NULL, 0 };

	if (slice_eq(typed, SLICE_LITERAL("&&")) || slice_eq(typed, SLICE_LITERAL("AND")))
		return "and";
	if (slice_eq(typed, SLICE_LITERAL("||")) || slice_eq(typed, SLICE_LITERAL("OR")))
		return "or";
	suggest_offer(&suggest, typed, "and");
	suggest_offer(&suggest, typed, "or");
	return suggest.best;
}

static const char *suggest_operator(struct slice typed)
{
	/* Other languages' words, and Falco's that are not ours. */
	static const struct {
		const char *typed, *meant;
	} others[] = {
		{ "like", "glob" },
		{ "iglob", "glob" },
		{ "matches", "regex" },
		{ "=~", "regex" },
		{ "is", "=" },
		{ "eq", "=" },
		{ "ne", "!=" },
		{ "starts_with", "startswith" },
		{ "bcontains", "contains" },
		{ "bstartswith", "startswith" },
		{ "ends_with", "endswith" },
		{ "has", "contains" },
	};
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (slice_eq(typed, slice_from(others[i].typed)))
			return others[i].meant;
	}
	for (size_t i = 6; i < ARRAY_SIZE(operators); i++) /* those that are words */
		suggest_offer(&suggest, typed, operators[i].word);
	suggest_offer(&suggest, typed, "exists");
	return suggest.best ? suggest.best : suggest_joiner(typed);
}

/* Operators of other languages, and slips of the pen. */
static int refuse_operator(struct parser *parser, const struct subject *subject)
{
	const struct token *token = &parser->token;

	if (token_is(parser, "=="))
		return FAIL(parser, token->pos, "'==' is not an operator, did you mean '='?");
	if (token_is(parser, "!") || token_is(parser, "<>"))
		return FAIL(parser, token->pos, "'%.*s' is not an operator, did you mean '!='?",
			    SHOWN(token->raw));
	if (token_is(parser, "=>") || token_is(parser, ">>"))
		return FAIL(parser, token->pos, "'%.*s' is not an operator, did you mean '>='?",
			    SHOWN(token->raw));
	if (token_is(parser, "not"))
		return FAIL(parser, token->pos, "'not' stands before the field: not %.*s in (...)",
			    SHOWN(subject->name));
	return FAIL(parser, token->pos, "unknown operator '%.*s' after %.*s%s", SHOWN(token->raw),
		    SHOWN(subject->name), hint_from(suggest_operator(token->raw)).text);
}

/* What was probably meant when the operator does not go with the field. */
static const char *suggest_instead(const struct subject *subject, const struct operator* operator)
{
	unsigned int kind = subject_kind(subject);

	if ((kind & ON_BITS) && operator->op >= OP_CONTAINS && operator->op <= OP_PMATCH)
		return ", did you mean 'intersects'? Names of bits go with it: intersects (A, B)";
	if (kind == ON_ADDRESS)
		return ", write a prefix: in (10.0.0.0/8, fd00::/8)";
	if ((kind & (ON_STRING | ON_NUMBER)) && !(kind & ON_LIST) &&
	    strcmp(operator->word, "intersects") == 0)
		return ", did you mean 'in'? It has one value, not a list of them";
	if (kind & ON_LIST)
		return ", did you mean 'intersects'?";
	return "";
}

static int find_operator(struct parser *parser, const struct subject *subject, struct test *test,
			 bool *ret_set)
{
	const struct operator* operator= NULL;
	unsigned int kind = subject_kind(subject);

	for (size_t i = 0; i < ARRAY_SIZE(operators) && !operator; i++) {
		if (token_is(parser, operators[i].word))
			operator= & operators[i];
	}
	if (!operator)
		return refuse_operator(parser, subject);
	if (!(operator->kinds & kind))
		return FAIL(parser, parser->token.pos, "%.*s is %s, '%s' does not go with it%s",
			    SHOWN(subject->name), kind_name(subject), operator->word,
			    suggest_instead(subject, operator));
	test->op = operator->op;
	test->negate = strcmp(operator->word, "!=") == 0;
	*ret_set = operator->is_set;
	if (strcmp(operator->word, "intersects") == 0 && (kind & ON_BITS))
		test->op = OP_FLAGS;
	if (test->op == OP_EQUAL && (kind & ON_ADDRESS))
		test->op = OP_ADDRESS;
	return 0;
}

/* Is what follows the end of a test: nothing, a bracket, `and`, `or`? */
bool at_end_of_test(const struct parser *parser)
{
	return parser->token.kind == TOKEN_END || parser->token.kind == TOKEN_CLOSE ||
	       token_is(parser, "and") || token_is(parser, "or");
}

static struct subject subject_from(const struct field_ref *ref, struct slice name)
{
	const struct field *field = ref->field;
	bool is_list = field->type == VALUE_LIST;

	return (struct subject){ .field = field,
				 .name = name,
				 .type = is_list ? field->item : field->type,
				 .is_list = is_list && ref->item < 0 };
}

int parse_test(struct parser *parser, const struct field_ref *ref, const struct token *name,
	       struct test *test)
{
	const struct subject subject = subject_from(ref, name->raw);
	bool is_set = false;
	int r;

	test->field = (uint16_t)(ref->field - field_table);
	test->item = (int8_t)ref->item;
	if (at_end_of_test(parser)) {
		if (subject.type != VALUE_BOOL)
			return FAIL(parser, name->pos,
				    "%.*s is %s, it wants an operator and a value",
				    SHOWN(name->raw), kind_name(&subject));
		test->op = OP_TRUTH;
		return 0;
	}
	if (token_is(parser, "exists")) {
		test->op = OP_EXISTS;
		return parser_next(parser);
	}
	if (parser->token.kind == TOKEN_OPEN || parser->token.kind == TOKEN_COMMA ||
	    parser->token.kind == TOKEN_STRING)
		return FAIL(parser, parser->token.pos,
			    "expected an operator after %.*s, found '%.*s'", SHOWN(name->raw),
			    SHOWN(parser->token.raw));
	r = find_operator(parser, &subject, test, &is_set);
	if (r == 0)
		r = parser_next(parser);
	return r < 0 ? r : parse_operands(parser, &subject, is_set, test);
}
