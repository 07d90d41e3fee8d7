/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: text to tree, with names, types and words checked on the way.
 *
 *	or    := and { "or" and }
 *	and   := unary { "and" unary }
 *	unary := "not" unary | "(" or ")" | test
 *	test  := macro | boolean-field | field "exists" | field op value
 *	       | field set-op "(" value { "," value } ")"
 *	field := name | name "[" number "]"
 */
#include "rule/parse.h"

#include "base/suggest.h"

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
	const char *index = memchr(name->raw.data, '[', name->raw.len);
	struct slice base = { name->raw.data,
			      index ? (size_t)(index - name->raw.data) : name->raw.len };
	bool dotted = memchr(base.data, '.', base.len);
	const struct falco_name *falco = falco_name_find(base);

	suggest_offer(&suggest, name->raw, "not");
	if (slice_eq(name->raw, SLICE_LITERAL("&&")))
		return FAIL(parser, name->pos, "'&&' is not an operator, did you mean 'and'?");
	if (slice_eq(name->raw, SLICE_LITERAL("||")))
		return FAIL(parser, name->pos, "'||' is not an operator, did you mean 'or'?");
	if (is_keyword(name->raw))
		return FAIL(parser, name->pos, "expected a field or a macro, found '%.*s'",
			    SHOWN(name->raw));
	if (falco && falco->ours)
		return FAIL(parser, name->pos, "'%s' is Falco's: %s; see %s", falco->name,
			    falco->note, falco->ours);
	if (falco)
		return FAIL(parser, name->pos, "'%s' is Falco's: %s", falco->name, falco->note);
	if (dotted)
		suggest = (struct suggest){ NULL, 0 };
	for (size_t i = 0; i < parser->loader->n_macros; i++)
		suggest_offer(&suggest, name->raw, parser->loader->macros[i].name);
	for (size_t i = 0; i < field_table_len; i++)
		suggest_offer(&suggest, base, field_table[i].name);
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
		if (r < 0 || !macro->root) /* the latter never: for the analyser */
			return r < 0 ? r : -EINVAL;
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

	while (text.len > 0 && text.data[text.len - 1] &&
	       strchr(" \t\n\r", text.data[text.len - 1]))
		text.len--;
	test->text = text;
	test->text.data = arena_copy(&parser->loader->set->arena, text);
	return test->text.data ? 0 : fail_memory(parser->loader);
}

/* The brackets behind the name of a field. */
static int refuse_index(struct parser *parser, const struct token *name,
			const struct field_ref *ref, int error)
{
	const char *field = ref->field->name;

	if (error == -ENOTSUP)
		return FAIL(parser, name->pos, "%s is no list: it has no '%.*s'", field,
			    SHOWN(name->raw));
	if (error == -ERANGE)
		return FAIL(parser, name->pos, "%s has places up to [%d]", field,
			    ref->field->self ? VALUE_ITEMS_MAX : VALUE_ITEMS_MAX - 1);
	return FAIL(parser, name->pos, "'%.*s': a place in a list is a number, as in %s[2]",
		    SHOWN(name->raw), field);
}

static int read_name(struct parser *parser, struct node **ret)
{
	const struct token name = parser->token;
	struct field_ref ref;
	struct macro *macro;
	int r;

	r = field_find_ref(name.raw, &ref);
	macro = r == -ENOENT ? find_macro(parser->loader, name.raw) : NULL;
	if (r == -ENOENT && !macro)
		return refuse_name(parser, &name);
	if (r < 0 && !macro)
		return refuse_index(parser, &name, &ref, r);
	r = parser_next(parser);
	if (r < 0)
		return r;
	if (macro) {
		macro->used = true;
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
	r = parse_test(parser, &ref, &name, &(*ret)->test);
	return r < 0 ? r : keep_test_text(parser, name.pos, &(*ret)->test);
}

/* --- expressions -------------------------------------------------------- */

static int read_group(struct parser *parser, enum node_kind kind, struct node **ret);

static int read_brackets(struct parser *parser, struct node **ret)
{
	size_t open = parser->token.pos;
	int r;

	r = parser_next(parser);
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
	return parser_next(parser);
}

static int read_not(struct parser *parser, struct node **ret)
{
	struct node *below, *node = NULL;
	struct child *last = NULL;
	int r;

	r = parser_next(parser);
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
		r = parser_next(parser);
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
	r = parser_next(&parser);
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

int join_conditions(struct loader *loader, const struct place *place, bool is_or, struct node *a,
	       struct node *b, struct node **ret)
{
	struct parser parser = { .loader = loader, .place = place };
	struct child *last = NULL;
	struct node *node = NULL;
	int r;

	r = new_node(&parser, is_or ? NODE_OR : NODE_AND, &node);
	if (r == 0)
		r = add_child(&parser, node, a, &last);
	if (r == 0)
		r = add_child(&parser, node, b, &last);
	if (r < 0)
		return r;
	if (node->depth > CONDITION_DEPTH_MAX)
		return fail_at(loader, place, "brackets and macros nest deeper than %u",
			       CONDITION_DEPTH_MAX);
	*ret = node;
	return 0;
}

/* The definition, or what replaces it, and what overrides join to it. */
static int parse_parts(struct loader *loader, struct macro *macro, const struct place *place,
		       unsigned int depth, struct node **ret)
{
	struct node *root, *more;
	int r;

	r = parse_text(loader, macro->place ? macro->place : place, depth, &root);
	for (const struct macro_part *part = macro->parts; part && r == 0; part = part->next) {
		r = parse_text(loader, part->place, depth + 1, &more);
		if (r == 0)
			r = join_conditions(loader, part->place, part->is_or, root, more, &root);
	}
	if (r == 0)
		*ret = root;
	return r;
}

int parse_macro(struct loader *loader, struct macro *macro, unsigned int depth)
{
	const struct json_at macros = { NULL, "macros", 0 }, at = { &macros, macro->name, 0 };
	const struct place place = { macro->file, &at, macro->json };
	int r;

	if (depth > CONDITION_DEPTH_MAX)
		return fail_at(loader, &place, "macros nest deeper than %u", CONDITION_DEPTH_MAX);
	macro->busy = true;
	r = parse_parts(loader, macro, &place, depth, &macro->root);
	macro->busy = false;
	return r;
}
