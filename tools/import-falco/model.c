/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes to lists, macros and rules, in the order of the files, with append and
 * override applied as Falco does: text is added to text, and a later definition
 * of the same name takes the place of an earlier one. */
#include "import.h"

#include <stdarg.h>
#include <stdio.h>

struct note *note_new(struct pool *pool, enum note_kind kind, struct where at, const char *format,
		      ...)
{
	struct note *note = pool_alloc(pool, sizeof(*note));
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*note = (struct note){ kind, at, pool_copy(pool, text, strlen(text)) };
	return note;
}

#define NOTE(model, kind, at, ...) \
	ptrs_add(&(model)->pool, &(model)->notes, note_new(&(model)->pool, kind, at, __VA_ARGS__))
#define RULE_PROBLEM(model, rule, at, ...)               \
	ptrs_add(&(model)->pool, &(rule)->problems,      \
		 note_new(&(model)->pool, NOTE_REFUSED, at, __VA_ARGS__))

/* --- looking up ---------------------------------------------------------- */

static bool is_name(const char *name, const char *typed, size_t len)
{
	return strlen(name) == len && memcmp(name, typed, len) == 0;
}

struct falco_list *model_list(const struct model *model, const char *name, size_t len)
{
	for (size_t i = 0; i < model->lists.n; i++) {
		struct falco_list *list = model->lists.items[i];

		if (is_name(list->name, name, len))
			return list;
	}
	return NULL;
}

struct falco_macro *model_macro(const struct model *model, const char *name, size_t len)
{
	for (size_t i = 0; i < model->macros.n; i++) {
		struct falco_macro *macro = model->macros.items[i];

		if (is_name(macro->name, name, len))
			return macro;
	}
	return NULL;
}

static struct falco_rule *find_rule(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->rules.n; i++) {
		struct falco_rule *rule = model->rules.items[i];

		if (strcmp(rule->name, name) == 0)
			return rule;
	}
	return NULL;
}

/* --- texts --------------------------------------------------------------- */

static void add_source(struct model *model, struct source_text *source, const struct node *node)
{
	size_t n = source->n_segments + node->n_segments, base;
	struct segment *segments = pool_alloc(&model->pool, n * sizeof(*segments));

	if (source->text.len > 0)
		text_puts(&model->pool, &source->text, " ");
	base = source->text.len;
	if (source->n_segments)
		memcpy(segments, source->segments, source->n_segments * sizeof(*segments));
	for (size_t i = 0; i < node->n_segments; i++) {
		segments[source->n_segments + i] = node->segments[i];
		segments[source->n_segments + i].offset += base;
	}
	source->segments = segments;
	source->n_segments = n;
	text_add(&model->pool, &source->text, node->text, node->len);
}

struct where source_at(const struct source_text *source, size_t offset)
{
	struct where at = { 0 };

	for (size_t i = 0; i < source->n_segments; i++) {
		if (source->segments[i].offset > offset)
			break;
		at = source->segments[i].at;
		at.column += (unsigned int)(offset - source->segments[i].offset);
	}
	return at;
}

static bool is_true(const struct node *node)
{
	static const char *const words[] = { "true", "True", "TRUE", "yes", "on" };

	for (size_t i = 0; node && node->kind == NODE_SCALAR && i < ARRAY_SIZE(words); i++) {
		if (strcmp(node->text, words[i]) == 0)
			return true;
	}
	return false;
}

/* "append", "replace" or NULL: what `override` says of a key. */
static const char *override_of(const struct node *item, const char *key)
{
	const struct node *override = node_find(item, "override"), *how;

	if (!override || override->kind != NODE_MAPPING)
		return NULL;
	how = node_find(override, key);
	return how && how->kind == NODE_SCALAR ? how->text : NULL;
}

static bool has_override(const struct node *item)
{
	const struct node *override = node_find(item, "override");

	return override && override->kind == NODE_MAPPING && override->n > 0;
}

static bool appends(const struct node *item, const char *key)
{
	const char *how = override_of(item, key);

	return how ? strcmp(how, "append") == 0 : is_true(node_find(item, "append"));
}

static const struct node *find_scalar(const struct node *item, const char *key)
{
	const struct node *node = node_find(item, key);

	return node && node->kind == NODE_SCALAR ? node : NULL;
}

/* --- lists and macros ---------------------------------------------------- */

/* '"a b"' in YAML is "a b" in a condition: quotes say that it is a value. */
static bool is_quoted_literal(const char *text, size_t len)
{
	return len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0];
}

static int add_items(struct model *model, struct falco_list *list, const struct node *items,
		     struct problem *retproblem)
{
	struct list_item *all =
		pool_alloc(&model->pool, (list->n_items + items->n + 1) * sizeof(*all));

	if (list->n_items)
		memcpy(all, list->items, list->n_items * sizeof(*all));
	for (size_t i = 0; i < items->n; i++) {
		const struct node *item = items->items[i];
		bool quoted;

		if (item->kind != NODE_SCALAR)
			return problem_set(retproblem, item->at, "an item of a list must be a text");
		quoted = is_quoted_literal(item->text, item->len);
		all[list->n_items + i] = (struct list_item){
			quoted ? pool_copy(&model->pool, item->text + 1, item->len - 2) : item->text,
			quoted,
			item->at,
		};
	}
	list->items = all;
	list->n_items += items->n;
	return 0;
}

static int add_list(struct model *model, const struct node *item, const struct node *name,
		    struct problem *retproblem)
{
	struct falco_list *list = model_list(model, name->text, name->len);
	const struct node *items = node_find(item, "items");
	bool append = appends(item, "items");

	if (!items || items->kind != NODE_SEQUENCE) {
		NOTE(model, NOTE_REFUSED, item->at, "list '%.80s' has no items: passed over", name->text);
		return 0;
	}
	if (append && !list) {
		NOTE(model, NOTE_REFUSED, item->at,
		     "list '%.80s' is to be appended to, but there is none yet: passed over", name->text);
		return 0;
	}
	if (!list) {
		list = pool_alloc(&model->pool, sizeof(*list));
		list->name = name->text;
		ptrs_add(&model->pool, &model->lists, list);
	}
	if (!append) {
		list->n_items = 0;
		list->at = item->at;
	}
	return add_items(model, list, items, retproblem);
}

static int add_macro(struct model *model, const struct node *item, const struct node *name)
{
	struct falco_macro *macro = model_macro(model, name->text, name->len);
	const struct node *condition = find_scalar(item, "condition");
	bool append = appends(item, "condition");

	if (!condition || (append && !macro)) {
		NOTE(model, NOTE_REFUSED, item->at, "macro '%.80s' %s: passed over", name->text,
		     condition ? "is to be appended to, but there is none yet" :
				 "has no condition");
		return 0;
	}
	if (!macro) {
		macro = pool_alloc(&model->pool, sizeof(*macro));
		macro->name = name->text;
		ptrs_add(&model->pool, &model->macros, macro);
	}
	if (!append) {
		macro->condition = (struct source_text){ 0 };
		macro->at = item->at;
	}
	add_source(model, &macro->condition, condition);
	return 0;
}

/* --- rules --------------------------------------------------------------- */

static void take_tags(struct model *model, struct falco_rule *rule, const struct node *item)
{
	const struct node *tags = node_find(item, "tags");

	if (!tags)
		return;
	if (!appends(item, "tags"))
		rule->tags = (struct ptrs){ 0 };
	for (size_t i = 0; tags->kind == NODE_SEQUENCE && i < tags->n; i++) {
		if (tags->items[i]->kind == NODE_SCALAR)
			ptrs_add(&model->pool, &rule->tags, (void *)tags->items[i]->text);
	}
}

static void take_exception(struct model *model, struct falco_rule *rule, const struct node *node)
{
	const struct node *name = node->kind == NODE_MAPPING ? find_scalar(node, "name") : NULL;
	struct falco_exception *exception = NULL;
	struct node *values, *fields;

	if (!name) {
		RULE_PROBLEM(model, rule, node->at, "an exception without a name");
		return;
	}
	for (size_t i = 0; i < rule->exceptions.n; i++) {
		struct falco_exception *other = rule->exceptions.items[i];

		if (strcmp(other->name, name->text) == 0)
			exception = other;
	}
	fields = node_find(node, "fields");
	if (!exception || fields) {
		exception = pool_alloc(&model->pool, sizeof(*exception));
		ptrs_add(&model->pool, &rule->exceptions, exception);
		exception->name = name->text;
		exception->at = node->at;
		exception->fields = fields;
		exception->comps = node_find(node, "comps");
	}
	values = node_find(node, "values");
	for (size_t i = 0; values && values->kind == NODE_SEQUENCE && i < values->n; i++)
		ptrs_add(&model->pool, &exception->values, values->items[i]);
}

static void take_exceptions(struct model *model, struct falco_rule *rule, const struct node *item)
{
	const struct node *exceptions = node_find(item, "exceptions");

	if (!exceptions)
		return;
	if (!appends(item, "exceptions"))
		rule->exceptions = (struct ptrs){ 0 };
	for (size_t i = 0; exceptions->kind == NODE_SEQUENCE && i < exceptions->n; i++)
		take_exception(model, rule, exceptions->items[i]);
}

static void take_text(struct model *model, const struct node *item, const char *key,
		      const char **ret)
{
	const struct node *node = find_scalar(item, key);

	if (!node)
		return;
	*ret = *ret && appends(item, key) ? pool_printf(&model->pool, "%s %s", *ret, node->text) :
					    node->text;
}

static void take_keys(struct model *model, struct falco_rule *rule, const struct node *item)
{
	const struct node *condition = find_scalar(item, "condition"),
			  *enabled = find_scalar(item, "enabled"),
			  *output = find_scalar(item, "output");

	if (condition) {
		if (!appends(item, "condition"))
			rule->condition = (struct source_text){ 0 };
		add_source(model, &rule->condition, condition);
		rule->has_condition = true;
	}
	if (enabled)
		rule->enabled = is_true(enabled);
	if (output && !appends(item, "output"))
		rule->output_at = output->at;
	take_text(model, item, "desc", &rule->desc);
	take_text(model, item, "output", &rule->output);
	take_text(model, item, "priority", &rule->priority);
	take_text(model, item, "source", &rule->source);
	take_tags(model, rule, item);
	take_exceptions(model, rule, item);
}

static int add_rule(struct model *model, const struct node *item, const struct node *name)
{
	struct falco_rule *rule = find_rule(model, name->text);
	bool append = is_true(node_find(item, "append")) || has_override(item);
	/* Falco's old way to switch a rule on or off: its name and `enabled` alone. */
	bool is_switch = rule && node_find(item, "enabled") && !node_find(item, "condition") &&
			 !node_find(item, "output");

	if (append && !rule) {
		NOTE(model, NOTE_REFUSED, item->at,
		     "rule '%.80s' is to be changed, but there is none yet: passed over", name->text);
		return 0;
	}
	if (!rule) {
		rule = pool_alloc(&model->pool, sizeof(*rule));
		ptrs_add(&model->pool, &model->rules, rule);
	}
	if (!append && !is_switch)
		*rule = (struct falco_rule){ .name = name->text, .at = item->at, .enabled = true };
	take_keys(model, rule, item);
	return 0;
}

/* --- files --------------------------------------------------------------- */

static int add_item(struct model *model, const struct node *item, struct problem *retproblem)
{
	static const char *const ignored[] = { "required_engine_version", "required_plugin_versions" };
	const struct node *name;

	if (item->kind != NODE_MAPPING)
		return problem_set(retproblem, item->at,
				   "expected a mapping that begins with rule, macro or list");
	if (++model->n_items > ITEMS_MAX)
		return problem_set(retproblem, item->at, "more than %u items", ITEMS_MAX);
	if ((name = find_scalar(item, "list")) && name->len > 0)
		return add_list(model, item, name, retproblem);
	if ((name = find_scalar(item, "macro")) && name->len > 0)
		return add_macro(model, item, name);
	if ((name = find_scalar(item, "rule")) && name->len > 0)
		return add_rule(model, item, name);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		const struct node *value = node_find(item, ignored[i]);

		if (!value)
			continue;
		NOTE(model, NOTE_INFO, item->at, "%s %s: read and not needed", ignored[i],
		     value->kind == NODE_SCALAR ? value->text : "(a list)");
		return 0;
	}
	if (item->n == 0)
		return problem_set(retproblem, item->at, "an empty mapping");
	NOTE(model, NOTE_REFUSED, item->at, "'%.80s' is not known: passed over", item->items[0]->text);
	return 0;
}

int model_add(struct model *model, const struct node *root, struct problem *retproblem)
{
	int r = 0;

	if (!root)
		return 0;
	if (root->kind == NODE_SCALAR && root->len == 0)
		return 0; /* comments alone */
	if (root->kind != NODE_SEQUENCE)
		return problem_set(retproblem, root->at,
				   "a file of Falco rules is a list: \"- rule: ...\", \"- macro: ...\"");
	for (size_t i = 0; i < root->n && r == 0; i++)
		r = add_item(model, root->items[i], retproblem);
	return r;
}

void model_release(struct model *model)
{
	pool_release(&model->pool);
	memset(model, 0, sizeof(*model));
}

/* --- lists within lists -------------------------------------------------- */

static int expand(struct model *model, struct falco_list *list, unsigned int depth,
		  struct problem *retproblem)
{
	int r;

	if (list->state > 0)
		return 0;
	if (list->busy)
		return problem_set(retproblem, list->at, "list '%.80s' contains itself", list->name);
	if (depth > LIST_DEPTH_MAX)
		return problem_set(retproblem, list->at, "lists nested deeper than %u", LIST_DEPTH_MAX);
	list->busy = true;
	for (size_t i = 0; i < list->n_items; i++) {
		const struct list_item *item = &list->items[i];
		struct falco_list *other =
			item->is_literal ? NULL : model_list(model, item->text, strlen(item->text));

		if (other) {
			r = expand(model, other, depth + 1, retproblem);
			if (r < 0) {
				list->busy = false;
				return r;
			}
			if (list->values.n + other->values.n > FILTER_VALUES_MAX) {
				list->busy = false;
				return problem_set(retproblem, item->at, "more than %u values in list '%.80s'",
						   FILTER_VALUES_MAX, list->name);
			}
			for (size_t k = 0; k < other->values.n; k++)
				ptrs_add(&model->pool, &list->values, other->values.items[k]);
		} else {
			ptrs_add(&model->pool, &list->values, (void *)item->text);
		}
	}
	list->busy = false;
	list->state = 1;
	return 0;
}

int model_expand_list(struct model *model, struct falco_list *list, struct problem *retproblem)
{
	int r = expand(model, list, 0, retproblem);

	if (r < 0 && list->state == 0)
		list->values = (struct ptrs){ 0 };
	return r;
}
