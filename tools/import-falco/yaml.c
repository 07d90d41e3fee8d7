/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to nodes, from libyaml's events: what is too deep, too large or too
 * clever is refused as it comes, before it takes room. Of YAML only what rule
 * files use is let in: one document, no anchors, no tags, keys that are scalars
 * and come once. */
#include "import.h"

#include <stdio.h>
#include <yaml.h>

struct reader {
	struct pool *pool;
	const char *name;
	struct slice bytes;
	yaml_parser_t parser;
	size_t *lines; /* offset at which each begins */
	size_t n_lines;
	unsigned int n_nodes;
	struct problem *problem;
};

/* --- where --------------------------------------------------------------- */

static void index_lines(struct reader *reader)
{
	struct slice bytes = reader->bytes;
	size_t n = 1;

	for (size_t i = 0; i < bytes.len; i++)
		n += bytes.data[i] == '\n';
	reader->lines = pool_alloc(reader->pool, n * sizeof(*reader->lines));
	reader->n_lines = 1;
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] == '\n')
			reader->lines[reader->n_lines++] = i + 1;
	}
}

/* The bytes of line `line` (from 1), without its end. */
static struct slice line_of(const struct reader *reader, size_t line)
{
	size_t start, end = reader->bytes.len;

	if (line < 1 || line > reader->n_lines)
		return (struct slice){ NULL, 0 };
	start = reader->lines[line - 1];
	if (line < reader->n_lines)
		end = reader->lines[line] - 1;
	return (struct slice){ reader->bytes.data + start, end - start };
}

static int fail(struct reader *reader, struct where at, const char *message)
{
	struct slice line = line_of(reader, at.line);
	struct problem *problem = reader->problem;
	size_t n = line.len < sizeof(problem->excerpt) - 1 ? line.len : sizeof(problem->excerpt) - 1;

	problem_set(problem, at, "%s", message);
	for (size_t i = 0; i < n; i++)
		problem->excerpt[i] = line.data[i] >= ' ' && line.data[i] < 0x7f ? line.data[i] : ' ';
	problem->excerpt[n] = '\0';
	return -EINVAL;
}

static struct where where_of(const struct reader *reader, yaml_mark_t mark)
{
	return (struct where){ reader->name, (unsigned int)mark.line + 1,
			       (unsigned int)mark.column + 1 };
}

/* A byte's place, for what libyaml refuses before it counts lines. */
static struct where where_of_offset(const struct reader *reader, size_t offset)
{
	struct where at = { reader->name, 1, 1 };

	for (size_t i = 0; i < offset && i < reader->bytes.len; i++) {
		at.column++;
		if (reader->bytes.data[i] == '\n') {
			at.line++;
			at.column = 1;
		}
	}
	return at;
}

static int fail_parse(struct reader *reader)
{
	yaml_parser_t *parser = &reader->parser;
	char message[256];

	if (parser->error == YAML_READER_ERROR) {
		snprintf(message, sizeof(message), "%s; the file must be UTF-8 text",
			 parser->problem ? parser->problem : "unreadable bytes");
		return fail(reader, where_of_offset(reader, parser->problem_offset), message);
	}
	snprintf(message, sizeof(message), "this is not YAML: %s%s%s",
		 parser->problem ? parser->problem : "no memory", parser->context ? ", " : "",
		 parser->context ? parser->context : "");
	return fail(reader, where_of(reader, parser->problem_mark), message);
}

/* --- scalars ------------------------------------------------------------- */

static struct slice trim(struct slice line)
{
	while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
		line.data++;
		line.len--;
	}
	while (line.len > 0 && strchr(" \t\r", line.data[line.len - 1]))
		line.len--;
	return line;
}

/* A folded scalar holds its lines one after the other, each as it is written
 * but for the space around it: find them again. Where that fails too often (the
 * text is written with escapes), the line at which it begins must do. */
static void find_segments(struct reader *reader, struct node *node, yaml_mark_t start,
			  yaml_mark_t end)
{
	size_t n = end.line - start.line + 1, cursor = 0;
	unsigned int misses = 0;

	node->segments = pool_alloc(reader->pool, n * sizeof(*node->segments));
	node->segments[node->n_segments++] = (struct segment){ 0, node->at };
	for (size_t i = 1; i < n && misses < 64; i++) {
		struct slice raw = line_of(reader, start.line + 1 + i), line = trim(raw);
		const char *found;

		if (line.len == 0)
			continue;
		found = memmem(node->text + cursor, node->len - cursor, line.data, line.len);
		if (!found) {
			misses++;
			continue;
		}
		cursor = (size_t)(found - node->text);
		node->segments[node->n_segments++] = (struct segment){
			cursor,
			{ reader->name, (unsigned int)(start.line + 1 + i),
			  (unsigned int)(line.data - raw.data) + 1 },
		};
		cursor += line.len;
	}
}

static int read_scalar(struct reader *reader, const yaml_event_t *event, struct node *node)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (len > YAML_SCALAR_MAX)
		return fail(reader, node->at, "this text is longer than 64 KiB");
	if (memchr(text, '\0', len))
		return fail(reader, node->at, "NUL is not allowed in texts");
	node->text = pool_copy(reader->pool, text, len);
	node->len = len;
	node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	find_segments(reader, node, event->start_mark, event->end_mark);
	return 0;
}

/* --- nodes --------------------------------------------------------------- */

static int next_event(struct reader *reader, yaml_event_t *ret)
{
	return yaml_parser_parse(&reader->parser, ret) ? 0 : fail_parse(reader);
}

static int check_event(struct reader *reader, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	case YAML_ALIAS_EVENT:
		return fail(reader, where_of(reader, event->start_mark),
			    "aliases (*name) are not read: write it out, or use a Falco list or macro");
	default: return 0;
	}
	if (anchor)
		return fail(reader, where_of(reader, event->start_mark),
			    "anchors (&name) are not read: write it out, or use a Falco list or macro");
	if (tag)
		return fail(reader, where_of(reader, event->start_mark), "tags (!name) are not read");
	if (++reader->n_nodes > YAML_NODES_MAX)
		return fail(reader, where_of(reader, event->start_mark),
			    "more than 200000 values in one file");
	return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, unsigned int depth,
		     struct node **ret);

/* Keys that come twice: in the files of others the last one wins, in silence. */
static int check_key(struct reader *reader, const struct ptrs *items, const struct node *key)
{
	char message[160];

	if (key->kind != NODE_SCALAR)
		return fail(reader, key->at, "a key must be a word, not a list or a mapping");
	for (size_t i = 0; i < items->n; i += 2) {
		const struct node *other = items->items[i];

		if (other == key || strcmp(other->text, key->text) != 0)
			continue;
		snprintf(message, sizeof(message), "key '%.60s' is there twice, first in line %u",
			 key->text, other->at.line);
		return fail(reader, key->at, message);
	}
	return 0;
}

/* What follows the start of a sequence or a mapping, up to its end. */
static int read_items(struct reader *reader, struct node *node, unsigned int depth)
{
	struct ptrs items = { 0 };
	yaml_event_t event;
	struct node *item;
	int r;

	if (depth >= YAML_DEPTH_MAX)
		return fail(reader, node->at, "nested deeper than 16: no Falco rules look like this");
	for (;;) {
		r = next_event(reader, &event);
		if (r < 0)
			return r;
		if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			break;
		}
		r = read_node(reader, &event, depth + 1, &item);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
		ptrs_add(reader->pool, &items, item);
		if (node->kind == NODE_MAPPING && items.n % 2 == 1) {
			if (items.n > 200)
				return fail(reader, item->at, "more than 100 keys in one mapping");
			r = check_key(reader, &items, item);
			if (r < 0)
				return r;
		}
	}
	node->items = (struct node **)items.items;
	node->n = items.n;
	return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, unsigned int depth,
		     struct node **ret)
{
	struct node *node;
	int r;

	r = check_event(reader, event);
	if (r < 0)
		return r;
	node = pool_alloc(reader->pool, sizeof(*node));
	node->at = where_of(reader, event->start_mark);
	*ret = node;
	switch (event->type) {
	case YAML_SCALAR_EVENT: return read_scalar(reader, event, node);
	case YAML_SEQUENCE_START_EVENT: node->kind = NODE_SEQUENCE; break;
	case YAML_MAPPING_START_EVENT: node->kind = NODE_MAPPING; break;
	default: return fail(reader, node->at, "unexpected end");
	}
	return read_items(reader, node, depth);
}

static int read_document(struct reader *reader, struct node **ret)
{
	unsigned int n_documents = 0;
	yaml_event_t event;
	bool done = false;
	int r;

	while (!done) {
		r = next_event(reader, &event);
		if (r < 0)
			return r;
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT: break;
		case YAML_STREAM_END_EVENT: done = true; break;
		case YAML_DOCUMENT_START_EVENT:
			if (++n_documents > 1)
				r = fail(reader, where_of(reader, event.start_mark),
					 "a second document (---) begins here; one file holds one");
			break;
		default: r = read_node(reader, &event, 0, ret);
		}
		yaml_event_delete(&event);
		if (r < 0)
			return r;
	}
	return 0;
}

int yaml_read(struct pool *pool, const char *name, struct slice bytes, struct node **ret,
	      struct problem *retproblem)
{
	struct reader reader = { .pool = pool, .name = name, .bytes = bytes, .problem = retproblem };
	const struct where start = { name, 0, 0 };
	struct node *root = NULL;
	int r;

	if (bytes.len > YAML_FILE_MAX)
		return problem_set(retproblem, start, "more than 4 MiB");
	index_lines(&reader);
	if (!yaml_parser_initialize(&reader.parser))
		return problem_set(retproblem, start, "no memory for the YAML parser");
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes.data, bytes.len);
	r = read_document(&reader, &root);
	yaml_parser_delete(&reader.parser);
	if (r == 0)
		*ret = root;
	return r;
}

struct node *node_find(const struct node *mapping, const char *key)
{
	for (size_t i = 0; i + 1 < mapping->n; i += 2) {
		if (strcmp(mapping->items[i]->text, key) == 0)
			return mapping->items[i + 1];
	}
	return NULL;
}
