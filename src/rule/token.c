/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: text to tokens. */
#include "rule/parse.h"

static const char *const keywords[] = {
	"and",	      "or",	  "not",  "in",		"exists", "contains", "icontains",
	"startswith", "endswith", "glob", "intersects", "regex",  "pmatch",
};

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

int parser_next(struct parser *parser)
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

bool token_is(const struct parser *parser, const char *word)
{
	return (parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_SYMBOL) &&
	       slice_eq(parser->token.raw, slice_from(word));
}

bool is_keyword(struct slice word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (slice_eq(word, slice_from(keywords[i])))
			return true;
	}
	return false;
}
