/* SPDX-License-Identifier: Apache-2.0 */
/* Falco's conditions, text to tree:
 *
 *	or    := and { "or" and }
 *	and   := unary { "and" unary }
 *	unary := "not" unary | "(" or ")" | check
 *	check := macro | side "exists" | side op side | side listop list
 *	side  := field | transformer "(" side ")" | value
 *	field := name "." name { "." name } [ "[" argument "]" ]
 *	list  := "(" [ value { "," value } ] ")" | name of a list
 *
 * Words are separated as Falco does it: a bare value ends at a blank, a bracket,
 * a comma, a quote or "=", so that runc:[0:PARENT] is one. */
#include "import.h"

#include <ctype.h>
#include <stdio.h>

struct scanner {
	struct pool *pool;
	const struct source_text *source;
	const char *p, *end;
	unsigned int depth;
	struct filter_budget *budget;
	struct problem *problem;
};

static const char *const operators[] = {
	"==",	    "=",	  "!=",	      "<=",   "<",	  ">=",	       ">",
	"in",	    "intersects", "pmatch",   "glob", "iglob",	  "icontains", "contains",
	"bcontains", "startswith", "bstartswith", "endswith", "regex", "exists",
};

/* --- words --------------------------------------------------------------- */

static size_t offset(const struct scanner *scanner)
{
	return (size_t)(scanner->p - scanner->source->text.data);
}

static struct where here(const struct scanner *scanner)
{
	return source_at(scanner->source, offset(scanner));
}

/* The text around the place, as excerpt; the caret stands below its column. */
#define FAIL(scanner, ...) fail_here(scanner, problem_set((scanner)->problem, here(scanner), __VA_ARGS__))

static int fail_here(struct scanner *scanner, int r)
{
	const char *text = scanner->source->text.data;
	size_t at = offset(scanner), from = at > 40 ? at - 40 : 0;
	size_t n = scanner->source->text.len - from;

	if (n > 80)
		n = 80;
	snprintf(scanner->problem->excerpt, sizeof(scanner->problem->excerpt), "%.*s\n    %*s^", (int)n,
		 text + from, (int)(at - from), "");
	for (char *c = scanner->problem->excerpt; *c && c < scanner->problem->excerpt + n; c++) {
		if ((unsigned char)*c < ' ')
			*c = ' ';
	}
	return r;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\b';
}

static void skip_blanks(struct scanner *scanner)
{
	while (scanner->p < scanner->end && is_blank(*scanner->p))
		scanner->p++;
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static size_t word_len(const struct scanner *scanner)
{
	const char *p = scanner->p;

	while (p < scanner->end && is_word_byte(*p))
		p++;
	return (size_t)(p - scanner->p);
}

static bool is_bare_byte(char c)
{
	return !is_blank(c) && !strchr("(),=\"'", c);
}

static size_t bare_len(const struct scanner *scanner)
{
	const char *p = scanner->p;

	while (p < scanner->end && is_bare_byte(*p))
		p++;
	return (size_t)(p - scanner->p);
}

/* Is `word` next, and does a word end there? It is then behind. */
static bool take_word(struct scanner *scanner, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(scanner);
	if (word_len(scanner) != len || memcmp(scanner->p, word, len) != 0)
		return false;
	scanner->p += len;
	return true;
}

static bool take_byte(struct scanner *scanner, char byte)
{
	skip_blanks(scanner);
	if (scanner->p >= scanner->end || *scanner->p != byte)
		return false;
	scanner->p++;
	return true;
}

static const char *take_operator(struct scanner *scanner)
{
	const char *found = NULL;

	skip_blanks(scanner);
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t len = strlen(operators[i]);

		if ((size_t)(scanner->end - scanner->p) < len ||
		    memcmp(scanner->p, operators[i], len) != 0)
			continue;
		if (isalpha((unsigned char)operators[i][0]) && word_len(scanner) != len)
			continue;
		if (!found || len > strlen(found))
			found = operators[i];
	}
	if (found)
		scanner->p += strlen(found);
	return found;
}

static int count_node(struct scanner *scanner)
{
	if (++scanner->budget->n_nodes > FILTER_NODES_MAX)
		return FAIL(scanner, "more than %u tests with all macros expanded", FILTER_NODES_MAX);
	return 0;
}

/* --- values -------------------------------------------------------------- */

/* What Falco's escapes stand for; others stay as they are, with the backslash. */
static char escaped_byte(char c)
{
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case '\\':
	case '"':
	case '\'':
	case '/': return c;
	default: return 0;
	}
}

static int take_string(struct scanner *scanner, struct ast_value *value)
{
	char quote = *scanner->p, byte, *text;
	const char *start = scanner->p + 1, *p = start;
	size_t len = 0;

	while (p < scanner->end && *p != quote)
		p += *p == '\\' && p + 1 < scanner->end && escaped_byte(p[1]) ? 2 : 1;
	if (p >= scanner->end)
		return FAIL(scanner, "this string is not closed, %c is missing", quote);
	text = pool_alloc(scanner->pool, (size_t)(p - start) + 1);
	scanner->p = p + 1;
	for (p = start; p < scanner->p - 1; p++) {
		byte = *p == '\\' ? escaped_byte(p[1]) : 0;
		if (byte)
			p++;
		text[len++] = byte ? byte : *p;
	}
	value->text = text;
	value->is_quoted = true;
	return 0;
}

static int take_value(struct scanner *scanner, struct ptrs *values)
{
	struct ast_value *value = pool_alloc(scanner->pool, sizeof(*value));
	size_t len;

	skip_blanks(scanner);
	value->at = here(scanner);
	if (++scanner->budget->n_values > FILTER_VALUES_MAX)
		return FAIL(scanner, "more than %u values", FILTER_VALUES_MAX);
	ptrs_add(scanner->pool, values, value);
	if (scanner->p < scanner->end && (*scanner->p == '"' || *scanner->p == '\''))
		return take_string(scanner, value);
	len = bare_len(scanner);
	if (len == 0)
		return FAIL(scanner, "expected a value");
	value->text = pool_copy(scanner->pool, scanner->p, len);
	scanner->p += len;
	return 0;
}

static int take_list(struct scanner *scanner, struct ptrs *values)
{
	int r;

	if (!take_byte(scanner, '('))
		return take_value(scanner, values); /* the bare name of a list */
	if (take_byte(scanner, ')'))
		return 0;
	do {
		r = take_value(scanner, values);
		if (r < 0)
			return r;
	} while (take_byte(scanner, ','));
	if (!take_byte(scanner, ')'))
		return FAIL(scanner, "expected ',' or ')'");
	return 0;
}

/* --- checks -------------------------------------------------------------- */

/* "tolower(", "val(", ...: a word, known or not, right before a bracket. */
static const char *take_transformer(struct scanner *scanner)
{
	static const char *const known[] = { "tolower", "toupper", "b64", "basename", "len", "join",
					     "concat", "strlen",  "val", "storage" };
	size_t len;

	skip_blanks(scanner);
	len = word_len(scanner);
	if (scanner->p + len >= scanner->end || scanner->p[len] != '(')
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i]) == len && memcmp(known[i], scanner->p, len) == 0) {
			scanner->p += len;
			return known[i];
		}
	}
	return NULL;
}

/* A transformer's brackets and all within, which nothing is made of. */
static int skip_brackets(struct scanner *scanner)
{
	unsigned int open = 0;

	do {
		if (scanner->p >= scanner->end)
			return FAIL(scanner, "a bracket is not closed");
		if (*scanner->p == '"' || *scanner->p == '\'') {
			struct ast_value value = { 0 };

			if (take_string(scanner, &value) < 0)
				return -EINVAL;
			continue;
		}
		if (*scanner->p == '(')
			open++;
		else if (*scanner->p == ')')
			open--;
		scanner->p++;
	} while (open > 0);
	return 0;
}

static int take_field_arg(struct scanner *scanner, struct ast *ast)
{
	const char *start = ++scanner->p, *close;

	close = memchr(start, ']', (size_t)(scanner->end - start));
	if (!close)
		return FAIL(scanner, "']' is missing");
	if (close - start >= 2 && (*start == '"' || *start == '\'') && close[-1] == *start)
		ast->arg = pool_copy(scanner->pool, start + 1, (size_t)(close - start) - 2);
	else
		ast->arg = pool_copy(scanner->pool, start, (size_t)(close - start));
	scanner->p = close + 1;
	return 0;
}

static bool is_list_operator(const char *op)
{
	return strcmp(op, "in") == 0 || strcmp(op, "intersects") == 0 || strcmp(op, "pmatch") == 0;
}

static int parse_right_side(struct scanner *scanner, struct ast *ast)
{
	const char *transform;

	if (strcmp(ast->op, "exists") == 0)
		return 0;
	transform = take_transformer(scanner);
	if (transform) {
		ast->transform = transform;
		return skip_brackets(scanner);
	}
	return is_list_operator(ast->op) ? take_list(scanner, &ast->values) :
					   take_value(scanner, &ast->values);
}

static int parse_check(struct scanner *scanner, struct ast *ast)
{
	const char *start;
	size_t len;
	int r;

	skip_blanks(scanner);
	ast->at = here(scanner);
	ast->kind = AST_TEST;
	ast->transform = take_transformer(scanner);
	if (ast->transform) {
		ast->name = ast->transform;
		r = skip_brackets(scanner);
	} else {
		start = scanner->p;
		len = word_len(scanner);
		if (len == 0 || !isalpha((unsigned char)*start))
			return FAIL(scanner, "expected a field, a macro, 'not' or '('");
		ast->name = pool_copy(scanner->pool, start, len);
		scanner->p += len;
		if (!memchr(start, '.', len)) {
			ast->kind = AST_MACRO;
			return 0;
		}
		r = scanner->p < scanner->end && *scanner->p == '[' ? take_field_arg(scanner, ast) : 0;
	}
	if (r < 0)
		return r;
	ast->op = take_operator(scanner);
	if (!ast->op)
		return FAIL(scanner, "expected an operator behind %s", ast->name);
	return parse_right_side(scanner, ast);
}

/* --- and, or, not -------------------------------------------------------- */

static int parse_or(struct scanner *scanner, struct ast **ret);

static int parse_unary(struct scanner *scanner, struct ast **ret)
{
	struct ast *ast, *kid = NULL;
	int r;

	skip_blanks(scanner);
	if (scanner->depth >= FILTER_DEPTH_MAX)
		return FAIL(scanner, "brackets and nots deeper than %u", FILTER_DEPTH_MAX);
	r = count_node(scanner);
	if (r < 0)
		return r;
	ast = pool_alloc(scanner->pool, sizeof(*ast));
	ast->at = here(scanner);
	*ret = ast;
	scanner->depth++;
	if (take_word(scanner, "not")) {
		ast->kind = AST_NOT;
		r = parse_unary(scanner, &kid);
		if (r == 0)
			ptrs_add(scanner->pool, &ast->kids, kid);
	} else if (take_byte(scanner, '(')) {
		r = parse_or(scanner, ret);
		if (r == 0 && !take_byte(scanner, ')'))
			r = FAIL(scanner, "expected ')', 'and' or 'or'");
	} else {
		r = parse_check(scanner, ast);
	}
	scanner->depth--;
	return r;
}

static int parse_chain(struct scanner *scanner, enum ast_kind kind, const char *word,
		       int (*parse)(struct scanner *, struct ast **), struct ast **ret)
{
	struct ast *first = NULL, *ast, *kid = NULL;
	int r;

	r = parse(scanner, &first);
	if (r < 0 || !first)
		return r;
	*ret = first;
	if (!take_word(scanner, word))
		return 0;
	ast = pool_alloc(scanner->pool, sizeof(*ast));
	ast->kind = kind;
	ast->at = first->at;
	ptrs_add(scanner->pool, &ast->kids, first);
	do {
		r = parse(scanner, &kid);
		if (r < 0)
			return r;
		ptrs_add(scanner->pool, &ast->kids, kid);
	} while (take_word(scanner, word));
	*ret = ast;
	return 0;
}

static int parse_and(struct scanner *scanner, struct ast **ret)
{
	return parse_chain(scanner, AST_AND, "and", parse_unary, ret);
}

static int parse_or(struct scanner *scanner, struct ast **ret)
{
	return parse_chain(scanner, AST_OR, "or", parse_and, ret);
}

int filter_parse(struct pool *pool, const struct source_text *source, struct filter_budget *budget,
		 struct ast **ret, struct problem *retproblem)
{
	struct scanner scanner = {
		.pool = pool,
		.source = source,
		.p = source->text.data ? source->text.data : "",
		.budget = budget,
		.problem = retproblem,
	};
	struct ast *ast = NULL;
	int r;

	if (source->text.len == 0)
		return problem_set(retproblem, source_at(source, 0), "the condition is empty");
	scanner.end = scanner.p + source->text.len;
	r = parse_or(&scanner, &ast);
	if (r < 0)
		return r;
	skip_blanks(&scanner);
	if (scanner.p < scanner.end)
		return FAIL(&scanner, "expected 'and', 'or' or the end");
	*ret = ast;
	return 0;
}
