/* SPDX-License-Identifier: Apache-2.0 */
/* The one layout of rule files. Works on the text: strings and numbers keep
 * their bytes, keys get their order, and only blanks between them change. */
#include <stdio.h>

#include "cmd/rules_tool.h"
#include "rule/keys.h"

#define WIDTH 120
#define DEPTH_MAX 32u

/* A value of the text. */
struct item {
	char kind;	   /* '{', '[', or 0: anything else */
	struct slice key;  /* of an object's member, with its quotes */
	struct slice text; /* of anything else */
	struct item *first, *last, *next;
};

struct layout {
	struct slice in;
	size_t pos;
	unsigned int depth;
	char *out;
	size_t len, room;
	bool failed;
};

/* --- reading: the text is valid JSON ------------------------------------- */

static void skip_blanks(struct layout *layout)
{
	while (layout->pos < layout->in.len && strchr(" \t\r\n", layout->in.data[layout->pos]))
		layout->pos++;
}

static char peek(struct layout *layout)
{
	skip_blanks(layout);
	return layout->pos < layout->in.len ? layout->in.data[layout->pos] : '\0';
}

static struct slice read_scalar(struct layout *layout)
{
	size_t start, i;

	skip_blanks(layout);
	start = i = layout->pos;
	if (i < layout->in.len && layout->in.data[i] == '"') {
		for (i++; i < layout->in.len && layout->in.data[i] != '"'; i++)
			i += layout->in.data[i] == '\\';
		i = i < layout->in.len ? i + 1 : layout->in.len;
	} else {
		while (i < layout->in.len && !strchr(" \t\r\n,]}", layout->in.data[i]))
			i++;
	}
	layout->pos = i;
	return (struct slice){ layout->in.data + start, i - start };
}

static void free_item(struct item *item)
{
	struct item *next;

	if (!item)
		return;
	for (struct item *child = item->first; child; child = next) {
		next = child->next;
		free_item(child);
	}
	free(item);
}

static struct item *read_item(struct layout *layout);

static struct item *read_member(struct layout *layout, bool named)
{
	struct slice key = { NULL, 0 };
	struct item *item;

	if (named) {
		key = read_scalar(layout);
		if (peek(layout) != ':')
			return NULL;
		layout->pos++;
	}
	item = read_item(layout);
	if (item)
		item->key = key;
	return item;
}

static void append(struct item *item, struct item *child)
{
	if (item->last)
		item->last->next = child;
	else
		item->first = child;
	item->last = child;
}

static bool read_members(struct layout *layout, struct item *item)
{
	char close = item->kind == '{' ? '}' : ']';
	struct item *child;

	layout->pos++;
	while (peek(layout) != close) {
		if (item->first && peek(layout) == ',')
			layout->pos++;
		child = read_member(layout, item->kind == '{');
		if (!child)
			return false;
		append(item, child);
	}
	layout->pos++;
	return true;
}

/* NULL: deeper than any rule file, or no memory. */
static struct item *read_item(struct layout *layout)
{
	struct item *item;
	char first = peek(layout);
	bool good = true;

	if (layout->depth == DEPTH_MAX || first == '\0')
		return NULL;
	item = calloc(1, sizeof(*item));
	if (!item)
		return NULL;
	layout->depth++;
	if (first == '{' || first == '[') {
		item->kind = first;
		good = read_members(layout, item);
	} else {
		item->text = read_scalar(layout);
	}
	layout->depth--;
	if (good)
		return item;
	free_item(item);
	return NULL;
}

/* --- writing ------------------------------------------------------------- */

static void put(struct layout *layout, const char *bytes, size_t len)
{
	char *more;

	if (layout->failed)
		return;
	if (layout->len + len >= layout->room) {
		more = realloc(layout->out, 2 * (layout->len + len) + 4096);
		if (!more) {
			layout->failed = true;
			return;
		}
		layout->out = more;
		layout->room = 2 * (layout->len + len) + 4096;
	}
	memcpy(layout->out + layout->len, bytes, len);
	layout->len += len;
	layout->out[layout->len] = '\0';
}

static void put_line(struct layout *layout, unsigned int indent)
{
	put(layout, "\n", 1);
	for (unsigned int i = 0; i < indent; i++)
		put(layout, "  ", 2);
}

/* On one line: [a, b] and { "a": 1 }. */
static size_t flat_len(const struct item *item)
{
	size_t len = item->key.len ? item->key.len + 2 : 0;

	if (!item->kind)
		return len + item->text.len;
	len += item->kind == '{' && item->first ? 4 : 2;
	for (const struct item *child = item->first; child; child = child->next)
		len += flat_len(child) + (child->next ? 2 : 0);
	return len;
}

static void put_key(struct layout *layout, const struct item *item)
{
	if (item->key.len == 0)
		return;
	put(layout, item->key.data, item->key.len);
	put(layout, ": ", 2);
}

static void put_flat(struct layout *layout, const struct item *item)
{
	const char *blank = item->kind == '{' && item->first ? " " : "";

	put_key(layout, item);
	if (!item->kind) {
		put(layout, item->text.data, item->text.len);
		return;
	}
	put(layout, &item->kind, 1);
	put(layout, blank, strlen(blank));
	for (const struct item *child = item->first; child; child = child->next) {
		put_flat(layout, child);
		if (child->next)
			put(layout, ", ", 2);
	}
	put(layout, blank, strlen(blank));
	put(layout, item->kind == '{' ? "}" : "]", 1);
}

/* As many members a line as fit. */
static void put_filled(struct layout *layout, const struct item *item, unsigned int indent)
{
	size_t column = WIDTH;

	put_key(layout, item);
	put(layout, &item->kind, 1);
	for (const struct item *child = item->first; child; child = child->next) {
		size_t len = flat_len(child) + 1;

		if (column + 1 + len > WIDTH) {
			put_line(layout, indent + 1);
			column = 2 * (indent + 1);
		} else {
			put(layout, " ", 1);
			column++;
		}
		put_flat(layout, child);
		if (child->next)
			put(layout, ",", 1);
		column += len;
	}
	put_line(layout, indent);
	put(layout, item->kind == '{' ? "}" : "]", 1);
}

/* What kind of value this is, by the key that leads to it. */
enum role {
	ROLE_FILE,
	ROLE_RULES,
	ROLE_RULE,
	ROLE_NAMED,
	ROLE_VALUES,
	ROLE_EVENTS,
	ROLE_EVENT,
	ROLE_STEPS,
	ROLE_TESTS,
	ROLE_TEST,
	ROLE_OTHER
};

static bool is_key(const struct item *item, const char *name)
{
	return item->key.len == strlen(name) + 2 &&
	       memcmp(item->key.data + 1, name, item->key.len - 2) == 0;
}

static enum role role_of(const struct item *item, enum role above)
{
	switch (above) {
	case ROLE_FILE:
		return is_key(item, "rules")	 ? ROLE_RULES :
		       is_key(item, "macros")	 ? ROLE_NAMED :
		       is_key(item, "lists")	 ? ROLE_NAMED :
		       is_key(item, "overrides") ? ROLE_RULES :
						   ROLE_OTHER;
	case ROLE_RULES: return ROLE_RULE;
	case ROLE_RULE:
		return is_key(item, "tests")	? ROLE_TESTS :
		       is_key(item, "response") ? ROLE_STEPS :
						  ROLE_OTHER;
	case ROLE_TESTS: return ROLE_TEST;
	case ROLE_TEST: return is_key(item, "events") ? ROLE_EVENTS : ROLE_OTHER;
	case ROLE_EVENTS: return ROLE_EVENT;
	case ROLE_NAMED: return ROLE_VALUES;
	default: return ROLE_OTHER;
	}
}

/* --- order --------------------------------------------------------------- */

static const struct key_spec *find_key(const struct key_spec *keys, struct slice key)
{
	while (keys->name && !(key.len == strlen(keys->name) + 2 &&
			       memcmp(key.data + 1, keys->name, key.len - 2) == 0))
		keys++;
	return keys;
}

/* More members than any object of known keys has: left alone. */
#define SORTED_MAX 64u

/* A stable sort of the members by the table of keys; what is not in it comes
 * behind, as it was written. */
static void sort_members(struct item *item, const struct key_spec *keys)
{
	struct item *sorted = NULL, *next;
	size_t n = 0;

	for (const struct item *child = item->first; child; child = child->next)
		n++;
	if (n > SORTED_MAX)
		return;
	for (struct item *child = item->first; child; child = next) {
		struct item **place = &sorted;

		next = child->next;
		while (*place && find_key(keys, (*place)->key) <= find_key(keys, child->key))
			place = &(*place)->next;
		child->next = *place;
		*place = child;
	}
	item->first = sorted;
}

/* Names of macros, of lists and of fields of events stay in the author's order. */
static void sort_all(struct item *item, const struct key_spec *keys)
{
	if (item->kind == '{')
		sort_members(item, keys);
	for (struct item *child = item->first; child; child = child->next) {
		const struct key_spec *key = keys;

		if (item->kind == '{')
			key = find_key(keys, child->key);
		if (item->kind == '{' && key->kind != KEY_OBJECT && key->kind != KEY_OBJECTS)
			continue;
		if (item->kind == '{' && !key->inner)
			continue;
		sort_all(child, item->kind == '{' ? key->inner : keys);
	}
}

static bool is_always_open(const struct item *item, enum role role)
{
	if (!item->first)
		return false;
	return (role != ROLE_VALUES && role != ROLE_EVENT && role != ROLE_OTHER) ||
	       (is_key(item, "condition") && item->first->next);
}

static void put_item(struct layout *layout, struct item *item, enum role role, unsigned int indent,
		     size_t behind)
{
	if (!item->kind ||
	    (!is_always_open(item, role) && 2 * indent + flat_len(item) + behind <= WIDTH)) {
		put_flat(layout, item);
		return;
	}
	if (role == ROLE_EVENT || role == ROLE_VALUES) {
		put_filled(layout, item, indent);
		return;
	}
	put_key(layout, item);
	put(layout, &item->kind, 1);
	for (struct item *child = item->first; child; child = child->next) {
		put_line(layout, indent + 1);
		put_item(layout, child, role_of(child, role), indent + 1, child->next != NULL);
		if (child->next)
			put(layout, ",", 1);
	}
	put_line(layout, indent);
	put(layout, item->kind == '{' ? "}" : "]", 1);
}

char *rules_layout(struct slice text)
{
	struct layout layout = { .in = text };
	struct item *root = read_item(&layout);

	if (root) {
		sort_all(root, file_keys);
		put_item(&layout, root, ROLE_FILE, 0, 0);
		put(&layout, "\n", 1);
	}
	free_item(root);
	if (!root || layout.failed) {
		free(layout.out);
		return NULL;
	}
	return layout.out;
}
