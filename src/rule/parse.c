/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: text to tree, with names, types and words checked on the way.
 *
 *	or    := and { "or" and }
 *	and   := unary { "and" unary }
 *	unary := "not" unary | "(" or ")" | test
 *	test  := macro | boolean-field | field "exists" | field op value
 *	       | field "in" "(" value { "," value } ")"
 */
#include "rule/internal.h"

#include <stdio.h>

#include "base/suggest.h"

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

static const struct {
	const char *word;
	enum test_op op;
	bool on_strings, on_numbers;
} operators[] = {
	{ "<=", OP_LESS_EQUAL, false, true },
	{ ">=", OP_GREATER_EQUAL, false, true },
	{ "<", OP_LESS, false, true },
	{ ">", OP_GREATER, false, true },
	{ "contains", OP_CONTAINS, true, false },
	{ "icontains", OP_ICONTAINS, true, false },
	{ "startswith", OP_STARTSWITH, true, false },
	{ "endswith", OP_ENDSWITH, true, false },
	{ "glob", OP_GLOB, true, false },
};

static const char *const keywords[] = {
	"and",	      "or",	  "not",  "in",		"exists", "contains", "icontains",
	"startswith", "endswith", "glob", "intersects", "regex",  "pmatch",
};

/* How much of a token a message shows. */
static int shown(struct slice raw)
{
	return raw.len > 60 ? 60 : (int)raw.len;
}
#define SHOWN(raw) shown(raw), (raw).data

#define FAIL(parser, at_pos, ...) fail_text((parser)->loader, (parser)->place, at_pos, __VA_ARGS__)

/* --- tokens ------------------------------------------------------------- */

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* What a bare word is made of: bytes that are printed and mean nothing else. */
static bool is_word(char byte)
{
	unsigned char b = (unsigned char)byte;

	return b > ' ' && b != 0x7f && !strchr("(),=!<>\"'\\", byte);
}

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

/* The byte an escape at `pos` (behind the backslash) stands for; its length. */
static size_t read_escape(struct slice text, size_t pos, char *ret)
{
	const char *known = "\\\\\"\"''n\nr\rt\t";

	if (pos >= text.len)
		return 0;
	if (text.data[pos] == 'x') {
		int high = pos + 1 < text.len ? hex_digit(text.data[pos + 1]) : -1;
		int low = pos + 2 < text.len ? hex_digit(text.data[pos + 2]) : -1;

		if (high < 0 || low < 0)
			return 0;
		*ret = (char)(high << 4 | low);
		return 3;
	}
	for (const char *pair = known; *pair; pair += 2) {
		if (pair[0] == text.data[pos]) {
			*ret = pair[1];
			return 1;
		}
	}
	return 0;
}

static int read_string(struct parser *parser)
{
	struct token *token = &parser->token;
	struct slice text = parser->text;
	size_t i = token->pos + 1, len = 0;
	char quote = text.data[token->pos], *bytes;

	bytes = arena_alloc(&parser->loader->set->arena, text.len - token->pos);
	if (!bytes)
		return fail_memory(parser->loader);
	while (i < text.len && text.data[i] != quote) {
		size_t n;

		if (text.data[i] != '\\') {
			bytes[len++] = text.data[i++];
			continue;
		}
		n = read_escape(text, i + 1, &bytes[len]);
		if (n == 0)
			return FAIL(parser, i,
				    "unknown escape; known are \\\\ \\\" \\' \\n \\r \\t and \\xHH "
				    "(in JSON each backslash is written twice)");
		len++;
		i += 1 + n;
	}
	if (i >= text.len)
		return FAIL(parser, token->pos, "this string is not closed, %c is missing", quote);
	token->kind = TOKEN_STRING;
	token->text = (struct slice){ bytes, len };
	parser->pos = i + 1;
	token->raw = (struct slice){ text.data + token->pos, parser->pos - token->pos };
	return 0;
}

static int next(struct parser *parser)
{
	struct token *token = &parser->token;
	struct slice text = parser->text;
	size_t i = parser->pos;
	const char *symbol;

	while (i < text.len && is_space(text.data[i]))
		i++;
	*token = (struct token){ .kind = TOKEN_END, .pos = i };
	if (i >= text.len) {
		parser->pos = i;
		return 0;
	}
	if (text.data[i] == '"' || text.data[i] == '\'')
		return read_string(parser);

	parser->pos = i + 1;
	symbol = strchr("(),", text.data[i]);
	if (symbol && *symbol) {
		token->kind = *symbol == '(' ? TOKEN_OPEN :
			      *symbol == ')' ? TOKEN_CLOSE :
					       TOKEN_COMMA;
	} else if (strchr("=!<>", text.data[i]) && text.data[i]) {
		token->kind = TOKEN_SYMBOL;
		if (parser->pos < text.len &&
		    (text.data[parser->pos] == '=' || text.data[parser->pos] == '>'))
			parser->pos++;
	} else if (is_word(text.data[i])) {
		token->kind = TOKEN_WORD;
		while (parser->pos < text.len && is_word(text.data[parser->pos]))
			parser->pos++;
	} else if (text.data[i] == '\\') {
		return FAIL(parser, i, "values with backslashes must be quoted");
	} else {
		return FAIL(parser, i, "byte 0x%02x is not allowed here",
			    (unsigned char)text.data[i]);
	}
	token->raw = (struct slice){ text.data + i, parser->pos - i };
	token->text = token->raw;
	return 0;
}

static bool token_is(const struct parser *parser, const char *word)
{
	return (parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_SYMBOL) &&
	       slice_eq(parser->token.raw, slice_from(word));
}

static bool is_keyword(struct slice word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (slice_eq(word, slice_from(keywords[i])))
			return true;
	}
	return false;
}

/* --- values ------------------------------------------------------------- */

int parse_number(struct slice text, int64_t *ret)
{
	bool negative = text.len > 0 && text.data[0] == '-';
	size_t i = negative, start;
	uint64_t num = 0, base = 10;

	if (i + 1 < text.len && text.data[i] == '0') {
		if (text.data[i + 1] == 'x')
			base = 16;
		else if (text.data[i + 1] == 'o')
			base = 8;
		else
			return -EINVAL; /* 0644: octal or not? */
		i += 2;
	}
	for (start = i; i < text.len; i++) {
		int digit = hex_digit(text.data[i]);

		if (digit < 0 || (uint64_t)digit >= base)
			return -EINVAL;
		if (num > (INT64_MAX - (uint64_t)digit) / base)
			return -ERANGE;
		num = num * base + (uint64_t)digit;
	}
	if (i == start)
		return -EINVAL;
	*ret = negative ? -(int64_t)num : (int64_t)num;
	return 0;
}

/* Values of a comparison while they are read. */
struct values {
	struct slice *items;
	size_t n, room;
};

static int add_value(struct parser *parser, struct values *values, struct slice value)
{
	struct slice *more;

	if (value.len > VALUE_LEN_MAX)
		return FAIL(parser, parser->token.pos,
			    "this value is %zu bytes long, at most %u are allowed", value.len,
			    VALUE_LEN_MAX);
	if (++parser->loader->n_values > SET_VALUES_MAX)
		return FAIL(parser, parser->token.pos, "more than %u values in all rules",
			    SET_VALUES_MAX);
	if (values->n == values->room) {
		more = reallocarray(values->items, values->room ? values->room * 2 : 8,
				    sizeof(*more));
		if (!more)
			return fail_memory(parser->loader);
		values->items = more;
		values->room = values->room ? values->room * 2 : 8;
	}
	values->items[values->n++] = value;
	return 0;
}

static const char *suggest_word(const struct field *field, struct slice typed)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; field->words && field->words[i]; i++)
		suggest_offer(&suggest, typed, field->words[i]);
	return suggest.best;
}

static const char *suggest_list(const struct loader *loader, struct slice typed)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; i < loader->n_lists; i++)
		suggest_offer(&suggest, typed, loader->lists[i].name);
	return suggest.best;
}

static const struct value_list *find_list(const struct loader *loader, struct slice name)
{
	for (size_t i = 0; i < loader->n_lists; i++) {
		if (slice_eq(name, slice_from(loader->lists[i].name)))
			return &loader->lists[i];
	}
	return NULL;
}

static bool has_word(const struct field *field, struct slice word)
{
	for (size_t i = 0; field->words[i]; i++) {
		if (slice_eq(word, slice_from(field->words[i])))
			return true;
	}
	return false;
}

/* Is `value`, of the list `list` or written out, one the field can have? */
static int check_value(struct parser *parser, const struct field *field, struct slice value,
		       const struct value_list *list, bool bare)
{
	char from[96] = "";
	const char *best;
	int64_t num;
	int r;

	if (list)
		snprintf(from, sizeof(from), " (from list '%.60s')", list->name);
	if (field->type == VALUE_INT) {
		r = parse_number(value, &num);
		if (r == -ERANGE)
			return FAIL(parser, parser->token.pos, "number out of range: '%.*s'%s",
				    SHOWN(value), from);
		if (r < 0)
			return FAIL(parser, parser->token.pos,
				    "%s is a number, '%.*s'%s is not (10, 0x1f, 0o644 are)",
				    field->name, SHOWN(value), from);
		return 0;
	}
	if (field->words && !has_word(field, value)) {
		best = suggest_word(field, value);
		if (!best && bare)
			best = suggest_list(parser->loader, value);
		return FAIL(parser, parser->token.pos, "%s is never '%.*s'%s%s", field->name,
			    SHOWN(value), from, hint_from(best).text);
	}
	if (bare && !list) {
		best = suggest_list(parser->loader, value);
		if (best)
			return FAIL(
				parser, parser->token.pos,
				"unknown list '%.*s', did you mean '%s'? Quote it if it is a value",
				SHOWN(value), best);
	}
	return 0;
}

/* One value or, within brackets, the name of a list. */
static int read_value(struct parser *parser, const struct field *field, struct values *values,
		      bool lists)
{
	struct token *token = &parser->token;
	const struct value_list *list = NULL;
	int r;

	if (token->kind == TOKEN_WORD && is_keyword(token->raw))
		return FAIL(parser, token->pos,
			    "'%.*s' is a word of the language, quote it if it is a value",
			    SHOWN(token->raw));
	if (token->kind == TOKEN_END)
		return FAIL(parser, token->pos, "a value for %s is missing", field->name);
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_STRING)
		return FAIL(parser, token->pos, "expected a value for %s, found '%.*s'",
			    field->name, SHOWN(token->raw));

	if (lists && token->kind == TOKEN_WORD)
		list = find_list(parser->loader, token->raw);
	if (!list) {
		r = check_value(parser, field, token->text, NULL,
				lists && token->kind == TOKEN_WORD);
		if (r < 0)
			return r;
		r = add_value(parser, values, token->text);
		return r < 0 ? r : next(parser);
	}
	for (size_t i = 0; i < list->n_items; i++) {
		r = check_value(parser, field, list->items[i], list, true);
		if (r < 0)
			return r;
		r = add_value(parser, values, list->items[i]);
		if (r < 0)
			return r;
	}
	return next(parser);
}

static int read_values(struct parser *parser, const struct field *field, struct values *values)
{
	size_t open = parser->token.pos;
	int r;

	if (parser->token.kind != TOKEN_OPEN)
		return FAIL(parser, open, "'in' wants its values in brackets: in (a, b)");
	do {
		r = next(parser);
		if (r < 0)
			return r;
		r = read_value(parser, field, values, true);
		if (r < 0)
			return r;
	} while (parser->token.kind == TOKEN_COMMA);
	if (parser->token.kind == TOKEN_END)
		return FAIL(parser, open, "this bracket is not closed");
	if (parser->token.kind != TOKEN_CLOSE)
		return FAIL(parser, parser->token.pos, "expected ',' or ')', found '%.*s'",
			    SHOWN(parser->token.raw));
	return next(parser);
}

static void make_lower(struct slice *value, char *copy)
{
	for (size_t i = 0; i < value->len; i++) {
		char byte = value->data[i];

		copy[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
	}
	value->data = copy;
}

/* Move the values into the set's memory, in the form that the test wants. */
static int keep_values(struct parser *parser, const struct values *values, struct test *test)
{
	const struct field *field = &field_table[test->field];
	struct arena *arena = &parser->loader->set->arena;
	struct slice *strs;
	int64_t *nums;
	char *copy;

	test->n_values = (uint32_t)values->n;
	if (field->type == VALUE_BOOL) {
		test->truth = values->n == 1 && slice_eq(values->items[0], SLICE_LITERAL("true"));
		return 0;
	}
	if (field->type == VALUE_INT) {
		nums = arena_alloc(arena, values->n * sizeof(*nums));
		if (!nums)
			return fail_memory(parser->loader);
		for (size_t i = 0; i < values->n; i++)
			(void)parse_number(values->items[i], &nums[i]); /* checked before */
		test_sort(NULL, nums, values->n);
		test->nums = nums;
		return 0;
	}

	strs = arena_alloc(arena, values->n * sizeof(*strs));
	if (!strs)
		return fail_memory(parser->loader);
	for (size_t i = 0; i < values->n; i++) {
		copy = arena_copy(arena, values->items[i]);
		if (!copy)
			return fail_memory(parser->loader);
		strs[i] = (struct slice){ copy, values->items[i].len };
		if (test->op == OP_ICONTAINS)
			make_lower(&strs[i], copy);
	}
	test_sort(strs, NULL, values->n);
	test->strs = strs;
	return 0;
}

/* --- tests -------------------------------------------------------------- */

static int new_node(struct parser *parser, enum node_kind kind, struct node **ret)
{
	struct node *node = arena_alloc(&parser->loader->arena, sizeof(*node));

	if (!node)
		return fail_memory(parser->loader);
	node->kind = kind;
	node->depth = 1;
	*ret = node;
	return 0;
}

static int add_child(struct parser *parser, struct node *node, struct node *below,
		     struct child **last)
{
	struct child *child = arena_alloc(&parser->loader->arena, sizeof(*child));

	if (!child)
		return fail_memory(parser->loader);
	child->node = below;
	if (*last)
		(*last)->next = child;
	else
		node->children = child;
	*last = child;

	node->n_tests += below->n_tests;
	if (node->n_tests > PROGRAM_TESTS_MAX)
		return FAIL(parser, parser->token.pos,
			    "with its macros this makes more than %u comparisons",
			    PROGRAM_TESTS_MAX);
	if (below->depth + 1 > node->depth)
		node->depth = below->depth + 1;
	return 0;
}

static const char *type_name(const struct field *field)
{
	switch (field->type) {
	case VALUE_BOOL: return "true or false";
	case VALUE_INT: return "a number";
	default: return "a string";
	}
}

static const char *suggest_operator(struct slice typed)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 3; i < 10; i++) /* from "in" to "glob" */
		suggest_offer(&suggest, typed, keywords[i]);
	return suggest.best;
}

/* `and` or `or`, as other languages write them or as a slip of the pen. */
static const char *suggest_joiner(struct slice typed)
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

/* Falco's operators that are planned, and slips of the pen. */
static int refuse_operator(struct parser *parser, const struct field *field)
{
	const struct token *token = &parser->token;
	const char *best;

	if (token_is(parser, "=="))
		return FAIL(parser, token->pos, "'==' is not an operator, did you mean '='?");
	if (token_is(parser, "!") || token_is(parser, "<>"))
		return FAIL(parser, token->pos, "'%.*s' is not an operator, did you mean '!='?",
			    SHOWN(token->raw));
	if (token_is(parser, "=>") || token_is(parser, ">>"))
		return FAIL(parser, token->pos, "'%.*s' is not an operator, did you mean '>='?",
			    SHOWN(token->raw));
	if (token_is(parser, "not"))
		return FAIL(parser, token->pos, "'not' stands before the field: not %s in (...)",
			    field->name);
	if (token_is(parser, "intersects") || token_is(parser, "regex") ||
	    token_is(parser, "pmatch"))
		return FAIL(parser, token->pos, "operator '%.*s' is not supported yet",
			    SHOWN(token->raw));
	best = suggest_operator(token->raw);
	return FAIL(parser, token->pos, "unknown operator '%.*s' after %s%s", SHOWN(token->raw),
		    field->name, hint_from(best ? best : suggest_joiner(token->raw)).text);
}

static int find_operator(struct parser *parser, const struct field *field, struct test *test,
			 bool *ret_list)
{
	const struct token *token = &parser->token;

	*ret_list = token_is(parser, "in");
	if (*ret_list || token_is(parser, "=") || token_is(parser, "!=")) {
		if (*ret_list && field->type == VALUE_BOOL)
			return FAIL(parser, token->pos,
				    "%s is true or false, 'in' does not go with it", field->name);
		test->op = OP_EQUAL;
		test->negate = token_is(parser, "!=");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (!token_is(parser, operators[i].word))
			continue;
		if ((field->type == VALUE_STRING && !operators[i].on_strings) ||
		    (field->type == VALUE_INT && !operators[i].on_numbers) ||
		    field->type == VALUE_BOOL)
			return FAIL(parser, token->pos, "%s is %s, '%s' does not go with it",
				    field->name, type_name(field), operators[i].word);
		test->op = operators[i].op;
		return 0;
	}
	return refuse_operator(parser, field);
}

/* A field with a fixed set of words: can the test be true at all? */
static int check_words(struct parser *parser, const struct test *test, size_t pos)
{
	const struct field *field = &field_table[test->field];
	struct value value;

	value.type = VALUE_STRING;
	value.cut_head = false;
	for (size_t i = 0; field->words && field->words[i]; i++) {
		value.str = slice_from(field->words[i]);
		if (test_value(test, &value) == TRUTH_TRUE)
			return 0;
	}
	return field->words ? FAIL(parser, pos, "no value of %s matches this", field->name) : 0;
}

static int check_single(struct parser *parser, const struct test *test, size_t pos)
{
	const struct field *field = &field_table[test->field];
	const char *wrong;

	if (test->op == OP_GLOB) {
		wrong = glob_check(test->strs[0]);
		if (wrong)
			return FAIL(parser, pos, "%s", wrong);
	}
	if (test->op >= OP_CONTAINS && test->strs[0].len == 0)
		return FAIL(parser, pos, "an empty string matches everything");
	return field->type == VALUE_STRING ? check_words(parser, test, pos) : 0;
}

static int read_boolean(struct parser *parser, struct values *values)
{
	int r;

	if (!token_is(parser, "true") && !token_is(parser, "false"))
		return FAIL(parser, parser->token.pos, "expected true or false");
	r = add_value(parser, values, parser->token.text);
	return r < 0 ? r : next(parser);
}

/* The values, and what they must be like. String operators take any string,
 * so that words are compared by `=` and `in` only. */
static int read_operands(struct parser *parser, const struct field *field, struct test *test,
			 bool is_list, struct values *values)
{
	struct field any = *field;
	size_t pos = parser->token.pos;
	int r;

	if (field->type == VALUE_BOOL)
		r = read_boolean(parser, values);
	else if (is_list)
		r = read_values(parser, field, values);
	else if (parser->token.kind == TOKEN_OPEN)
		r = FAIL(parser, pos, "one value is expected here; several go with 'in'");
	else {
		if (test->op != OP_EQUAL)
			any.words = NULL;
		r = read_value(parser, &any, values, false);
	}
	if (r < 0)
		return r;
	r = keep_values(parser, values, test);
	if (r < 0 || test->op == OP_EQUAL)
		return r;
	return check_single(parser, test, pos);
}

/* Is what follows the end of a test: nothing, a bracket, `and`, `or`? */
static bool at_end_of_test(const struct parser *parser)
{
	return parser->token.kind == TOKEN_END || parser->token.kind == TOKEN_CLOSE ||
	       token_is(parser, "and") || token_is(parser, "or");
}

static int read_test(struct parser *parser, const struct field *field, size_t pos,
		     struct test *test)
{
	struct values values = { NULL, 0, 0 };
	bool is_list;
	int r;

	test->field = (uint16_t)(field - field_table);
	if (at_end_of_test(parser)) {
		if (field->type != VALUE_BOOL)
			return FAIL(parser, pos, "%s is %s, it wants an operator and a value",
				    field->name, type_name(field));
		test->op = OP_TRUTH;
		return 0;
	}
	if (token_is(parser, "exists")) {
		test->op = OP_EXISTS;
		return next(parser);
	}
	if (parser->token.kind == TOKEN_OPEN || parser->token.kind == TOKEN_COMMA ||
	    parser->token.kind == TOKEN_STRING)
		return FAIL(parser, parser->token.pos,
			    "expected an operator after %s, found '%.*s'", field->name,
			    SHOWN(parser->token.raw));
	r = find_operator(parser, field, test, &is_list);
	if (r < 0)
		return r;
	r = next(parser);
	if (r < 0)
		return r;
	r = read_operands(parser, field, test, is_list, &values);
	free(values.items);
	return r;
}

/* --- names -------------------------------------------------------------- */

static struct macro *find_macro(const struct loader *loader, struct slice name)
{
	for (size_t i = 0; i < loader->n_macros; i++) {
		if (slice_eq(name, slice_from(loader->macros[i].name)))
			return &loader->macros[i];
	}
	return NULL;
}

static int refuse_name(struct parser *parser, const struct token *name)
{
	struct suggest suggest = { NULL, 0 };
	bool dotted = memchr(name->raw.data, '.', name->raw.len);

	suggest_offer(&suggest, name->raw, "not");
	if (slice_eq(name->raw, SLICE_LITERAL("&&")))
		return FAIL(parser, name->pos, "'&&' is not an operator, did you mean 'and'?");
	if (slice_eq(name->raw, SLICE_LITERAL("||")))
		return FAIL(parser, name->pos, "'||' is not an operator, did you mean 'or'?");
	if (is_keyword(name->raw))
		return FAIL(parser, name->pos, "expected a field or a macro, found '%.*s'",
			    SHOWN(name->raw));
	if (dotted)
		suggest = (struct suggest){ NULL, 0 };
	for (size_t i = 0; i < parser->loader->n_macros; i++)
		suggest_offer(&suggest, name->raw, parser->loader->macros[i].name);
	for (size_t i = 0; i < field_table_len; i++)
		suggest_offer(&suggest, name->raw, field_table[i].name);
	return FAIL(parser, name->pos, "unknown %s '%.*s'%s", dotted ? "field" : "macro",
		    SHOWN(name->raw), hint_from(suggest.best).text);
}

static int read_macro(struct parser *parser, struct macro *macro, const struct token *name,
		      struct node **ret)
{
	int r;

	if (macro->busy)
		return FAIL(parser, name->pos, "macro '%s' refers to itself", macro->name);
	if (!macro->root) {
		r = parse_macro(parser->loader, macro, parser->depth + 1);
		if (r < 0)
			return r;
	}
	if (parser->depth + macro->root->depth > CONDITION_DEPTH_MAX)
		return FAIL(parser, name->pos, "macros and brackets nest deeper than %u",
			    CONDITION_DEPTH_MAX);
	*ret = macro->root;
	return 0;
}

/* What was written from `start` to before the token in sight. */
static int keep_test_text(struct parser *parser, size_t start, struct test *test)
{
	struct slice text = { parser->text.data + start, parser->token.pos - start };

	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	test->text = text;
	test->text.data = arena_copy(&parser->loader->set->arena, text);
	return test->text.data ? 0 : fail_memory(parser->loader);
}

static int read_name(struct parser *parser, struct node **ret)
{
	const struct token name = parser->token;
	const struct field *field;
	struct macro *macro;
	int r;

	field = field_find(name.raw);
	macro = field ? NULL : find_macro(parser->loader, name.raw);
	if (!field && !macro)
		return refuse_name(parser, &name);
	r = next(parser);
	if (r < 0)
		return r;
	if (macro) {
		if (!at_end_of_test(parser))
			return FAIL(
				parser, parser->token.pos,
				"expected 'and', 'or' or the end after macro '%s', found '%.*s'",
				macro->name, SHOWN(parser->token.raw));
		return read_macro(parser, macro, &name, ret);
	}
	r = new_node(parser, NODE_TEST, ret);
	if (r < 0)
		return r;
	(*ret)->n_tests = 1;
	r = read_test(parser, field, name.pos, &(*ret)->test);
	return r < 0 ? r : keep_test_text(parser, name.pos, &(*ret)->test);
}

/* --- expressions -------------------------------------------------------- */

static int read_group(struct parser *parser, enum node_kind kind, struct node **ret);

static int read_brackets(struct parser *parser, struct node **ret)
{
	size_t open = parser->token.pos;
	int r;

	r = next(parser);
	if (r < 0)
		return r;
	r = read_group(parser, NODE_OR, ret);
	if (r < 0)
		return r;
	if (parser->token.kind == TOKEN_END)
		return FAIL(parser, open, "this bracket is not closed");
	if (parser->token.kind != TOKEN_CLOSE)
		return FAIL(parser, parser->token.pos, "expected 'and', 'or' or ')', found '%.*s'",
			    SHOWN(parser->token.raw));
	return next(parser);
}

static int read_not(struct parser *parser, struct node **ret)
{
	struct node *below, *node = NULL;
	struct child *last = NULL;
	int r;

	r = next(parser);
	if (r < 0)
		return r;
	parser->depth++;
	r = read_group(parser, NODE_TEST, &below);
	parser->depth--;
	if (r < 0)
		return r;
	r = new_node(parser, NODE_NOT, &node);
	if (r < 0)
		return r;
	r = add_child(parser, node, below, &last);
	if (r < 0)
		return r;
	*ret = node;
	return 0;
}

static int read_unary(struct parser *parser, struct node **ret)
{
	const struct token *token = &parser->token;
	int r;

	if (parser->depth >= CONDITION_DEPTH_MAX)
		return FAIL(parser, token->pos, "brackets and macros nest deeper than %u",
			    CONDITION_DEPTH_MAX);
	if (token_is(parser, "not"))
		return read_not(parser, ret);
	if (token_is(parser, "!"))
		return FAIL(parser, token->pos, "'!' is not an operator, did you mean 'not'?");
	if (token->kind == TOKEN_OPEN) {
		parser->depth++;
		r = read_brackets(parser, ret);
		parser->depth--;
		return r;
	}
	if (token->kind == TOKEN_WORD)
		return read_name(parser, ret);
	if (token->kind == TOKEN_END)
		return FAIL(parser, token->pos,
			    "the condition ends where a field or a macro is expected");
	return FAIL(parser, token->pos, "expected a field or a macro, found '%.*s'",
		    SHOWN(token->raw));
}

/* `kind` names the level: NODE_OR, NODE_AND, or NODE_TEST for a single one. */
static int read_group(struct parser *parser, enum node_kind kind, struct node **ret)
{
	const char *word = kind == NODE_OR ? "or" : "and";
	enum node_kind inner = kind == NODE_OR ? NODE_AND : NODE_TEST;
	struct node *first, *group = NULL;
	struct child *last = NULL;
	int r;

	if (kind == NODE_TEST)
		return read_unary(parser, ret);
	r = read_group(parser, inner, &first);
	if (r < 0)
		return r;
	if (!token_is(parser, word)) {
		*ret = first;
		return 0;
	}
	r = new_node(parser, kind, &group);
	if (r < 0)
		return r;
	r = add_child(parser, group, first, &last);
	while (r == 0 && token_is(parser, word)) {
		r = next(parser);
		if (r == 0)
			r = read_group(parser, inner, &first);
		if (r == 0)
			r = add_child(parser, group, first, &last);
	}
	*ret = group;
	return r;
}

/* What may follow a complete condition: nothing. */
static int refuse_rest(struct parser *parser)
{
	const struct token *token = &parser->token;

	if (token->kind == TOKEN_END)
		return 0;
	if (token->kind == TOKEN_CLOSE)
		return FAIL(parser, token->pos, "this bracket was never opened");
	return FAIL(parser, token->pos, "expected 'and', 'or' or the end, found '%.*s'%s",
		    SHOWN(token->raw), hint_from(suggest_joiner(token->raw)).text);
}

static int parse_text(struct loader *loader, const struct place *place, unsigned int depth,
		      struct node **ret)
{
	struct parser parser = { .loader = loader, .place = place, .depth = depth };
	struct node *root;
	int r;

	r = place_text(loader, place, CONDITION_LEN_MAX, &parser.text);
	if (r < 0)
		return r;
	r = next(&parser);
	if (r < 0)
		return r;
	if (parser.token.kind == TOKEN_END)
		return fail_at(loader, place, "this is empty, expected a condition");
	r = read_group(&parser, NODE_OR, &root);
	if (r < 0)
		return r;
	r = refuse_rest(&parser);
	if (r < 0)
		return r;
	if (root->depth > CONDITION_DEPTH_MAX)
		return fail_at(loader, place, "brackets and macros nest deeper than %u",
			       CONDITION_DEPTH_MAX);
	*ret = root;
	return 0;
}

int parse_condition(struct loader *loader, const struct place *place, struct node **ret)
{
	return parse_text(loader, place, 0, ret);
}

int parse_macro(struct loader *loader, struct macro *macro, unsigned int depth)
{
	const struct at macros = { NULL, "macros", 0 }, at = { &macros, macro->name, 0 };
	const struct place place = { macro->file, &at, macro->json };
	int r;

	if (depth > CONDITION_DEPTH_MAX)
		return fail_at(loader, &place, "macros nest deeper than %u", CONDITION_DEPTH_MAX);
	macro->busy = true;
	r = parse_text(loader, &place, depth, &macro->root);
	macro->busy = false;
	return r;
}
