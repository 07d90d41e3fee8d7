/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: the values that a field is compared with. */
#include "rule/parse.h"

#include <stdio.h>

#include "base/suggest.h"

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

static const char *suggest_list(const struct loader *loader, struct slice typed)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; i < loader->n_lists; i++)
		suggest_offer(&suggest, typed, loader->lists[i].name);
	return suggest.best;
}

static struct value_list *find_list(const struct loader *loader, struct slice name)
{
	for (size_t i = 0; i < loader->n_lists; i++) {
		if (slice_eq(name, slice_from(loader->lists[i].name)))
			return &loader->lists[i];
	}
	return NULL;
}

/* Where a value comes from, for messages: itself, or a list. */
struct origin {
	const struct value_list *list; /* NULL: it is written out */
	bool bare;		       /* without quotes, within brackets: may be a list's name */
	char text[96];		       /* " (from list 'x')" or "" */
};

static struct origin origin_from(const struct value_list *list, bool bare)
{
	struct origin origin = { list, bare, "" };

	if (list)
		snprintf(origin.text, sizeof(origin.text), " (from list '%.60s')", list->name);
	return origin;
}

/* --- is it a value that the field can have? ------------------------------- */

static bool looks_like_name(struct slice text)
{
	return text.len > 0 && ((text.data[0] >= 'A' && text.data[0] <= 'Z') ||
				(text.data[0] >= 'a' && text.data[0] <= 'z'));
}

static int check_number(struct parser *parser, const struct subject *subject, struct slice value,
			const struct origin *origin)
{
	const struct field *field = subject->field;
	const char *why = "", *best = NULL;
	uint32_t symbols = 0;
	int64_t num = 0;
	int r;

	r = parse_quantity(field, value, &num, &why);
	if (r == 0)
		return 0;
	if (r == -ERANGE)
		return FAIL(parser, parser->token.pos, "number out of range: '%.*s'%s",
			    SHOWN(value), origin->text);
	if (symbol_find(value, field->symbols, &symbols))
		return FAIL(parser, parser->token.pos,
			    "names of bits go with 'intersects': %.*s intersects (%.*s)",
			    SHOWN(subject->name), SHOWN(value));
	if (origin->bare && looks_like_name(value))
		best = suggest_list(parser->loader, value);
	return FAIL(parser, parser->token.pos, "%.*s is %s, '%.*s'%s is not: %s%s",
		    SHOWN(subject->name),
		    field->kind == FIELD_MODE				     ? "a mode" :
		    field->kind == FIELD_SIZE				     ? "a size" :
		    field->kind == FIELD_PLAIN || field->kind == FIELD_FLAGS ? "a number" :
									       "a duration",
		    SHOWN(value), origin->text, why, hint_from(best).text);
}

static int check_bits(struct parser *parser, const struct subject *subject, struct slice value,
		      const struct origin *origin)
{
	const struct field *field = subject->field;
	struct bits bits[64];
	const char *best;
	uint32_t symbols;
	size_t n = 0;
	int r;

	r = parse_bits(field, value, bits, &n);
	if (r == 0)
		return 0;
	if (!looks_like_name(value)) {
		if (slice_eq(value, SLICE_LITERAL("0")))
			return FAIL(parser, parser->token.pos, "0 has no bits%s", origin->text);
		return check_number(parser, subject, value, origin);
	}
	if (symbol_find(value, SYMBOLS_END - 1, &symbols))
		return FAIL(parser, parser->token.pos, "%.*s never holds '%.*s'%s",
			    SHOWN(subject->name), SHOWN(value), origin->text);
	best = symbol_suggest(value, field->symbols);
	if (!best && origin->bare)
		best = suggest_list(parser->loader, value);
	return FAIL(parser, parser->token.pos, "unknown name of a bit '%.*s'%s%s", SHOWN(value),
		    origin->text, hint_from(best).text);
}

static int check_word(struct parser *parser, const struct subject *subject, struct slice value,
		      const struct origin *origin)
{
	const char *const *words = subject->field->words;
	struct suggest suggest = { NULL, 0 };
	const char *best;

	for (size_t i = 0; words[i]; i++) {
		if (slice_eq(value, slice_from(words[i])))
			return 0;
		suggest_offer(&suggest, value, words[i]);
	}
	best = suggest.best;
	if (!best && origin->bare)
		best = suggest_list(parser->loader, value);
	return FAIL(parser, parser->token.pos, "%.*s is never '%.*s'%s%s", SHOWN(subject->name),
		    SHOWN(value), origin->text, hint_from(best).text);
}

/* "/etc" is not a misspelt "etc". */
static bool could_name_list(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.data[i];

		if (byte != '_' && byte != '-' && !(byte >= 'a' && byte <= 'z') &&
		    !(byte >= 'A' && byte <= 'Z') && !(byte >= '0' && byte <= '9'))
			return false;
	}
	return true;
}

/* A word that is nearly the name of a list is not believed to be a value. */
static int check_bare(struct parser *parser, struct slice value, const struct origin *origin)
{
	const char *best;

	if (!origin->bare || origin->list)
		return 0;
	best = could_name_list(value) ? suggest_list(parser->loader, value) : NULL;
	if (!best)
		return 0;
	return FAIL(parser, parser->token.pos,
		    "unknown list '%.*s', did you mean '%s'? Quote it if it is a value",
		    SHOWN(value), best);
}

static int check_value(struct parser *parser, const struct subject *subject,
		       const struct test *test, struct slice value, const struct origin *origin)
{
	const char *wrong = NULL;

	if (test->op == OP_FLAGS)
		return check_bits(parser, subject, value, origin);
	if (subject->type == VALUE_INT)
		return check_number(parser, subject, value, origin);
	if (test->op == OP_EQUAL && subject->field->words)
		return check_word(parser, subject, value, origin);
	if (test->op == OP_ADDRESS)
		wrong = net_check(value);
	if (test->op == OP_PMATCH)
		wrong = path_check(value);
	if (wrong && check_bare(parser, value, origin) < 0)
		return -EINVAL;
	if (wrong)
		return FAIL(parser, parser->token.pos, "'%.*s'%s: %s", SHOWN(value), origin->text,
			    wrong);
	return check_bare(parser, value, origin);
}

/* --- reading them -------------------------------------------------------- */

/* One value or, within brackets, the name of a list. */
static int read_value(struct parser *parser, const struct subject *subject, const struct test *test,
		      struct values *values, bool lists)
{
	struct token *token = &parser->token;
	struct value_list *list = NULL;
	struct origin origin;
	int r;

	if (token->kind == TOKEN_WORD && is_keyword(token->raw))
		return FAIL(parser, token->pos,
			    "'%.*s' is a word of the language, quote it if it is a value",
			    SHOWN(token->raw));
	if (token->kind == TOKEN_END)
		return FAIL(parser, token->pos, "a value for %.*s is missing",
			    SHOWN(subject->name));
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_STRING)
		return FAIL(parser, token->pos, "expected a value for %.*s, found '%.*s'",
			    SHOWN(subject->name), SHOWN(token->raw));

	if (lists && token->kind == TOKEN_WORD)
		list = find_list(parser->loader, token->raw);
	if (list)
		list->used = true;
	origin = origin_from(list, lists && token->kind == TOKEN_WORD);
	for (size_t i = 0; i < (list ? list->n_items : 1); i++) {
		struct slice value = list ? list->items[i] : token->text;

		r = check_value(parser, subject, test, value, &origin);
		if (r < 0)
			return r;
		r = add_value(parser, values, value);
		if (r < 0)
			return r;
	}
	return parser_next(parser);
}

static const char *set_operator(const struct test *test)
{
	return test->op == OP_PMATCH ? "pmatch" : test->op == OP_FLAGS ? "intersects" : "in";
}

static int read_values(struct parser *parser, const struct subject *subject,
		       const struct test *test, struct values *values)
{
	size_t open = parser->token.pos;
	int r;

	if (parser->token.kind != TOKEN_OPEN)
		return FAIL(parser, open, "'%s' wants its values in brackets: %s (a, b)",
			    set_operator(test), set_operator(test));
	do {
		r = parser_next(parser);
		if (r < 0)
			return r;
		r = read_value(parser, subject, test, values, true);
		if (r < 0)
			return r;
	} while (parser->token.kind == TOKEN_COMMA);
	if (parser->token.kind == TOKEN_END)
		return FAIL(parser, open, "this bracket is not closed");
	if (parser->token.kind != TOKEN_CLOSE)
		return FAIL(parser, parser->token.pos, "expected ',' or ')', found '%.*s'",
			    SHOWN(parser->token.raw));
	return parser_next(parser);
}

/* --- keeping them --------------------------------------------------------- */

static void make_lower(struct slice *value, char *copy)
{
	for (size_t i = 0; i < value->len; i++) {
		char byte = value->data[i];

		copy[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
	}
	value->data = copy;
}

static int keep_numbers(struct parser *parser, const struct subject *subject,
			const struct values *values, struct test *test)
{
	int64_t *nums = arena_alloc(&parser->loader->set->arena, values->n * sizeof(*nums));
	const char *why;

	if (!nums)
		return fail_memory(parser->loader);
	for (size_t i = 0; i < values->n; i++) /* checked before */
		(void)parse_quantity(subject->field, values->items[i], &nums[i], &why);
	test_sort(NULL, nums, values->n);
	test->nums = nums;
	return 0;
}

static int keep_bits(struct parser *parser, const struct subject *subject,
		     const struct values *values, struct test *test)
{
	struct bits found[64], *bits;
	size_t n = 0, more = 0;

	for (size_t i = 0; i < values->n; i++, n += more)
		(void)parse_bits(subject->field, values->items[i], found, &more);
	bits = arena_alloc(&parser->loader->set->arena, n * sizeof(*bits));
	if (!bits)
		return fail_memory(parser->loader);
	n = 0;
	for (size_t i = 0; i < values->n; i++, n += more) {
		(void)parse_bits(subject->field, values->items[i], found, &more);
		memcpy(bits + n, found, more * sizeof(*bits));
	}
	test->bits = bits;
	test->n_values = (uint32_t)n;
	return 0;
}

static int keep_strings(struct parser *parser, const struct values *values, struct test *test)
{
	struct arena *arena = &parser->loader->set->arena;
	struct slice *strs = arena_alloc(arena, values->n * sizeof(*strs));
	char *copy;

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

/* Where byte `pos` of a value stands in the text; its beginning when escapes
 * are in the way. */
static size_t find_pos(const struct token *token, size_t pos)
{
	bool quoted = token->kind == TOKEN_STRING;

	if (token->text.len + (quoted ? 2 : 0) != token->raw.len)
		return token->pos;
	return token->pos + quoted + (pos < token->text.len ? pos : token->text.len);
}

static int keep_regex(struct parser *parser, const struct token *token, struct test *test)
{
	const char *why = NULL;
	size_t pos = 0;
	int r;

	r = regex_new(&parser->loader->set->arena, test->strs[0], &test->regex, &pos, &why);
	if (r == -EINVAL)
		return FAIL(parser, find_pos(token, pos), "%s", why);
	return r < 0 ? fail_memory(parser->loader) : 0;
}

/* Move the values into the set's memory, in the form that the test wants. */
static int keep_values(struct parser *parser, const struct subject *subject,
		       const struct token *token, const struct values *values, struct test *test)
{
	struct arena *arena = &parser->loader->set->arena;
	int r;

	test->n_values = (uint32_t)values->n;
	if (subject->type == VALUE_BOOL) {
		test->truth = slice_eq(values->items[0], SLICE_LITERAL("true"));
		return 0;
	}
	if (test->op == OP_FLAGS)
		return keep_bits(parser, subject, values, test);
	if (subject->type == VALUE_INT)
		return keep_numbers(parser, subject, values, test);
	r = keep_strings(parser, values, test);
	if (r < 0)
		return r;
	switch (test->op) {
	case OP_REGEX: return keep_regex(parser, token, test);
	case OP_PMATCH: r = paths_new(arena, test->strs, test->n_values, &test->paths); break;
	case OP_ADDRESS: r = nets_new(arena, test->strs, test->n_values, &test->nets); break;
	default: break;
	}
	return r < 0 ? fail_memory(parser->loader) : 0;
}

/* --- what they must be like --------------------------------------------- */

/* A field with a fixed set of words: can the test be true at all? */
static int check_words(struct parser *parser, const struct subject *subject,
		       const struct test *test, size_t pos)
{
	const char *const *words = subject->field->words;
	struct value value;

	value.type = VALUE_STRING;
	value.cut_head = false;
	for (size_t i = 0; words && words[i]; i++) {
		value.str = slice_from(words[i]);
		if (test_value(test, &value) == TRUTH_TRUE)
			return 0;
	}
	return words ? FAIL(parser, pos, "no value of %.*s matches this", SHOWN(subject->name)) : 0;
}

static int check_single(struct parser *parser, const struct subject *subject,
			const struct test *test, size_t pos)
{
	const char *wrong;

	if (test->op == OP_GLOB) {
		wrong = glob_check(test->strs[0]);
		if (wrong)
			return FAIL(parser, pos, "%s", wrong);
	}
	if (subject->type != VALUE_STRING)
		return 0;
	if (test->strs[0].len == 0)
		return FAIL(parser, pos, "an empty string matches everything");
	return check_words(parser, subject, test, pos);
}

static int read_boolean(struct parser *parser, struct values *values)
{
	int r;

	if (!token_is(parser, "true") && !token_is(parser, "false"))
		return FAIL(parser, parser->token.pos, "expected true or false");
	r = add_value(parser, values, parser->token.text);
	return r < 0 ? r : parser_next(parser);
}

static int read_operands(struct parser *parser, const struct subject *subject, bool is_set,
			 struct test *test, struct values *values)
{
	if (subject->type == VALUE_BOOL)
		return read_boolean(parser, values);
	if (is_set)
		return read_values(parser, subject, test, values);
	if (parser->token.kind == TOKEN_OPEN)
		return FAIL(parser, parser->token.pos,
			    "one value is expected here; several go with 'in'");
	return read_value(parser, subject, test, values, false);
}

/* String operators take any string: words are compared by `=` and `in` only. */
int parse_operands(struct parser *parser, const struct subject *subject, bool is_set,
		   struct test *test)
{
	struct values values = { NULL, 0, 0 };
	struct token first = parser->token;
	int r;

	r = read_operands(parser, subject, is_set, test, &values);
	if (r == 0 && values.n == 0) /* all lists are empty */
		r = FAIL(parser, first.pos, "no value is left to compare with: the list is empty");
	if (r == 0)
		r = keep_values(parser, subject, &first, &values, test);
	free(values.items);
	if (r < 0 || is_set || test->op == OP_EQUAL || test->op == OP_ADDRESS)
		return r;
	return check_single(parser, subject, test, first.pos);
}
