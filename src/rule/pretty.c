/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions laid out for reading. The text has been loaded: it is well formed,
 * so that all that matters here is where `and`, `or`, `not` and brackets are;
 * whatever stands between them is copied as it was written. */
#include "rule/internal.h"

#define PARTS_MAX 16384u      /* of one condition, macros taken apart */
#define PRETTY_MAX (1u << 20) /* bytes */

/* A comparison, or parts joined by a word. */
struct part {
	enum node_kind kind;
	struct slice text; /* NODE_TEST: as written */
	struct part *first, *last, *next;
};

struct cutter {
	const struct rule_set *set;
	struct arena *arena;
	struct slice text;
	size_t pos;
	unsigned int depth;
	size_t *n_parts;
};

struct printer {
	char *text;
	size_t len, room;
	unsigned int width;
	bool failed;
};

/* --- cutting ------------------------------------------------------------ */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool ends_word(char byte)
{
	return is_blank(byte) || strchr("(),=!<>\"'", byte);
}

static size_t skip_quoted(struct slice text, size_t i)
{
	char quote = text.data[i];

	for (i++; i < text.len && text.data[i] != quote; i++) {
		if (text.data[i] == '\\')
			i++;
	}
	return i < text.len ? i + 1 : text.len;
}

/* The token at `i`: a word, a quoted string, or one byte. */
static size_t token_end(struct slice text, size_t i)
{
	if (text.data[i] == '"' || text.data[i] == '\'')
		return skip_quoted(text, i);
	if (ends_word(text.data[i]))
		return i + 1;
	while (i < text.len && !ends_word(text.data[i]))
		i++;
	return i;
}

static void skip_blanks(struct cutter *cutter)
{
	while (cutter->pos < cutter->text.len && is_blank(cutter->text.data[cutter->pos]))
		cutter->pos++;
}

static bool at_word(const struct cutter *cutter, const char *word)
{
	size_t end;

	if (cutter->pos >= cutter->text.len)
		return false;
	end = token_end(cutter->text, cutter->pos);
	return slice_eq((struct slice){ cutter->text.data + cutter->pos, end - cutter->pos },
			slice_from(word));
}

static bool take_word(struct cutter *cutter, const char *word)
{
	skip_blanks(cutter);
	if (!at_word(cutter, word))
		return false;
	cutter->pos += strlen(word);
	return true;
}

static struct part *new_part(struct cutter *cutter, enum node_kind kind)
{
	struct part *part = NULL;

	if (++*cutter->n_parts <= PARTS_MAX)
		part = arena_alloc(cutter->arena, sizeof(*part));
	if (part)
		part->kind = kind;
	return part;
}

/* `a and (b and c)` is `a and b and c`, also when unknown. */
static void join(struct part *group, struct part *member)
{
	struct part *first = member, *last = member;

	if (member->kind == group->kind && member->kind != NODE_NOT) {
		first = member->first;
		last = member->last;
	}
	if (group->last)
		group->last->next = first;
	else
		group->first = first;
	group->last = last;
}

static struct part *cut_group(struct cutter *cutter, enum node_kind kind);

static const struct rule_definition *find_macro(const struct rule_set *set, struct slice name)
{
	for (size_t i = 0; set && i < set->n_macros; i++) {
		if (slice_eq(name, slice_from(set->macros[i].name)))
			return &set->macros[i];
	}
	return NULL;
}

/* Up to the `and`, `or` or bracket that ends it. */
static struct part *cut_test(struct cutter *cutter)
{
	const struct rule_definition *macro;
	size_t start = cutter->pos, end = start;
	unsigned int depth = 0;
	struct part *part;
	struct slice text;

	while (cutter->pos < cutter->text.len) {
		char byte = cutter->text.data[cutter->pos];

		if (depth == 0 && (byte == ')' || at_word(cutter, "and") || at_word(cutter, "or")))
			break;
		depth += byte == '(';
		depth -= byte == ')';
		cutter->pos = token_end(cutter->text, cutter->pos);
		end = cutter->pos;
		skip_blanks(cutter);
	}
	text = (struct slice){ cutter->text.data + start, end - start };
	macro = cutter->depth < CONDITION_DEPTH_MAX ? find_macro(cutter->set, text) : NULL;
	if (macro) {
		struct cutter inner = *cutter;

		inner.text = slice_from(macro->text);
		inner.pos = 0;
		inner.depth++;
		return cut_group(&inner, NODE_OR);
	}
	part = new_part(cutter, NODE_TEST);
	if (part)
		part->text = text;
	return part;
}

static struct part *cut_unary(struct cutter *cutter)
{
	struct part *part, *inner;

	skip_blanks(cutter);
	if (cutter->depth > 2 * CONDITION_DEPTH_MAX)
		return NULL;
	if (take_word(cutter, "not")) {
		part = new_part(cutter, NODE_NOT);
		cutter->depth++;
		inner = part ? cut_unary(cutter) : NULL;
		cutter->depth--;
		if (inner)
			join(part, inner);
		return inner ? part : NULL;
	}
	if (take_word(cutter, "(")) {
		cutter->depth++;
		part = cut_group(cutter, NODE_OR);
		cutter->depth--;
		return part && take_word(cutter, ")") ? part : NULL;
	}
	return cut_test(cutter);
}

static struct part *cut_group(struct cutter *cutter, enum node_kind kind)
{
	const char *word = kind == NODE_OR ? "or" : "and";
	struct part *part, *group;

	part = kind == NODE_OR ? cut_group(cutter, NODE_AND) : cut_unary(cutter);
	if (!part || !take_word(cutter, word))
		return part;
	group = new_part(cutter, kind);
	if (!group)
		return NULL;
	join(group, part);
	do {
		part = kind == NODE_OR ? cut_group(cutter, NODE_AND) : cut_unary(cutter);
		if (!part)
			return NULL;
		join(group, part);
	} while (take_word(cutter, word));
	return group;
}

/* --- printing ----------------------------------------------------------- */

static void put(struct printer *printer, const char *bytes, size_t len)
{
	char *more;

	if (printer->failed || printer->len + len >= PRETTY_MAX) {
		printer->failed = true;
		return;
	}
	if (printer->len + len >= printer->room) {
		more = realloc(printer->text, 2 * (printer->len + len) + 256);
		if (!more) {
			printer->failed = true;
			return;
		}
		printer->text = more;
		printer->room = 2 * (printer->len + len) + 256;
	}
	memcpy(printer->text + printer->len, bytes, len);
	printer->len += len;
	printer->text[printer->len] = '\0';
}

static void put_text(struct printer *printer, const char *text)
{
	put(printer, text, strlen(text));
}

/* Blanks outside of quotes become one. */
static void put_test(struct printer *printer, struct slice text)
{
	size_t i = 0, end;

	while (i < text.len) {
		end = token_end(text, i);
		if (!is_blank(text.data[i]))
			put(printer, text.data + i, end - i);
		else if (!is_blank(text.data[i - 1])) /* begins with no blank */
			put(printer, " ", 1);
		i = end;
	}
}

static size_t flat_len(const struct part *part)
{
	size_t len = 0;

	if (part->kind == NODE_TEST)
		return part->text.len;
	if (part->kind == NODE_NOT)
		return 4 + flat_len(part->first) + 2;
	for (const struct part *child = part->first; child; child = child->next)
		len += flat_len(child) + 2 + (child == part->last ? 0 : 5);
	return len;
}

static void put_line(struct printer *printer, unsigned int indent)
{
	put(printer, "\n", 1);
	for (unsigned int i = 0; i < indent; i++)
		put(printer, " ", 1);
}

static void put_part(struct printer *printer, const struct part *part, unsigned int indent,
		     bool top);

static void put_group(struct printer *printer, const struct part *part, unsigned int indent,
		      bool top)
{
	const char *word = part->kind == NODE_OR ? "or " : "and ";
	bool broken = printer->width == 0 ? top : indent + flat_len(part) > printer->width;

	for (const struct part *child = part->first; child; child = child->next) {
		unsigned int in = indent;

		if (child != part->first) {
			if (broken)
				put_line(printer, indent);
			else
				put(printer, " ", 1);
			put_text(printer, word);
			in += (unsigned int)strlen(word);
		}
		put_part(printer, child, in, false);
		if (child == part->last)
			break; /* its `next` may be of the group it was taken from */
	}
}

static void put_part(struct printer *printer, const struct part *part, unsigned int indent,
		     bool top)
{
	if (part->kind == NODE_TEST) {
		put_test(printer, part->text);
	} else if (part->kind == NODE_NOT) {
		put_text(printer, "not ");
		put_part(printer, part->first, indent + 4, false);
	} else if (top) {
		put_group(printer, part, indent, true);
	} else {
		put(printer, "(", 1);
		put_group(printer, part, indent + 1, false);
		put(printer, ")", 1);
	}
}

char *rule_pretty(const struct rule_set *set, const char *condition, unsigned int width)
{
	struct printer printer = { .width = width };
	struct arena arena = { NULL };
	size_t n_parts = 0;
	struct cutter cutter = { set, &arena, slice_from(condition), 0, 0, &n_parts };
	const struct part *root;

	root = cut_group(&cutter, NODE_OR);
	/* More than can be shown, or no condition at all: as it is. */
	if (root && cutter.pos == cutter.text.len)
		put_part(&printer, root, 0, true);
	if (!printer.text || cutter.pos != cutter.text.len || printer.failed) {
		free(printer.text);
		printer.text = strdup(condition);
	}
	arena_release(&arena);
	return printer.text;
}
