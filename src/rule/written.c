/* SPDX-License-Identifier: Apache-2.0 */
/* What the rule files say, kept for the tools that tell people about it. */
#include "rule/internal.h"

#include <stdio.h>

int keep_text(struct loader *loader, const struct place *place, const char **ret)
{
	struct slice text;
	int r;

	r = place_text(loader, place, CONDITION_LEN_MAX, &text);
	if (r < 0)
		return r;
	*ret = arena_copy(&loader->set->arena, text);
	return *ret ? 0 : fail_memory(loader);
}

static const char *const kept_keys[RULE_KEYS_KEPT] = {
	"threshold", "suppress", "sequence", "capture", "action", "tests",
};

int keep_keys(struct loader *loader, const struct place *object, struct rule *rule)
{
	for (size_t i = 0; i < RULE_KEYS_KEPT; i++) {
		const json_t *json = json_object_get(object->json, kept_keys[i]);
		cleanup_free char *text = NULL;

		if (!json)
			continue;
		rule->keys[i] = NULL; /* an override may have the key as well */
		if (json_is_null(json))
			continue;
		text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
		if (!text)
			return fail_memory(loader);
		rule->keys[i] = arena_copy(&loader->set->arena, slice_from(text));
		if (!rule->keys[i])
			return fail_memory(loader);
	}
	return 0;
}

const char *rule_key(const struct rule *rule, const char *key)
{
	for (size_t i = 0; i < RULE_KEYS_KEPT; i++) {
		if (strcmp(kept_keys[i], key) == 0)
			return rule->keys[i] ? rule->keys[i] : "";
	}
	return "";
}

int keep_joined(struct loader *loader, const struct place *place, bool is_or, const char **text)
{
	const char *more;
	char *both;
	size_t len;
	int r;

	r = keep_text(loader, place, &more);
	if (r < 0)
		return r;
	len = strlen(*text) + strlen(more) + sizeof("() and ()");
	both = arena_alloc(&loader->set->arena, len);
	if (!both)
		return fail_memory(loader);
	snprintf(both, len, "(%s) %s (%s)", *text, is_or ? "or" : "and", more);
	*text = both;
	return 0;
}

static int keep_macro(struct loader *loader, const struct macro *macro, struct rule_definition *ret)
{
	const struct json_at macros = { NULL, "macros", 0 }, at = { &macros, macro->name, 0 };
	const struct place place = { macro->file, &at, macro->json };
	int r;

	ret->name = arena_copy(&loader->set->arena, slice_from(macro->name));
	ret->file = arena_copy(&loader->set->arena, slice_from(macro->file->name));
	if (!ret->name || !ret->file)
		return fail_memory(loader);
	r = keep_text(loader, macro->place ? macro->place : &place, &ret->text);
	for (const struct macro_part *part = macro->parts; part && r == 0; part = part->next)
		r = keep_joined(loader, part->place, part->is_or, &ret->text);
	return r;
}

static int keep_list(struct loader *loader, const struct value_list *list,
		     struct rule_definition *ret)
{
	struct arena *arena = &loader->set->arena;
	const char **values = arena_alloc(arena, (list->n_items + 1) * sizeof(*values));

	ret->name = arena_copy(arena, slice_from(list->name));
	ret->file = arena_copy(arena, slice_from(list->file->name));
	ret->values = values;
	if (!ret->name || !ret->file || !values)
		return fail_memory(loader);
	for (size_t i = 0; i < list->n_items; i++) {
		values[i] = arena_copy(arena, list->items[i]);
		if (!values[i])
			return fail_memory(loader);
	}
	return 0;
}

int keep_definitions(struct loader *loader)
{
	struct rule_set *set = loader->set;
	int r = 0;

	set->macros = arena_alloc(&set->arena, (loader->n_macros + 1) * sizeof(*set->macros));
	set->lists = arena_alloc(&set->arena, (loader->n_lists + 1) * sizeof(*set->lists));
	if (!set->macros || !set->lists)
		return fail_memory(loader);
	for (size_t i = 0; i < loader->n_macros && r == 0; i++)
		r = keep_macro(loader, &loader->macros[i], &set->macros[i]);
	for (size_t i = 0; i < loader->n_lists && r == 0; i++)
		r = keep_list(loader, &loader->lists[i], &set->lists[i]);
	set->n_macros = loader->n_macros;
	set->n_lists = loader->n_lists;
	return r;
}

const char *rule_condition(const struct rule *rule)
{
	return rule->condition_text;
}

const char *rule_output(const struct rule *rule)
{
	return rule->output_text;
}

bool rule_exception_at(const struct rule *rule, size_t i, struct rule_exception *ret)
{
	const struct exception *exception;

	if (i >= rule->n_exceptions)
		return false;
	exception = &rule->exceptions[i];
	*ret = (struct rule_exception){ exception->name, exception->reason, exception->when_text,
					exception->expires };
	return true;
}

const char *rule_test_at(const struct rule *rule, size_t i, unsigned int *ret_alerts)
{
	if (i >= rule->n_tests)
		return NULL;
	*ret_alerts = rule->tests[i].alerts;
	return rule->tests[i].name;
}

struct rule_pace rule_pace(const struct rule *rule)
{
	return (struct rule_pace){
		.count = rule->threshold.count,
		.within_ns = rule->threshold.within_ns,
		.distinct = rule->threshold.distinct,
		.by = rule->threshold.key.by,
		.n_by = rule->threshold.key.n_by,
		.suppress_ns = rule->suppress_ns,
		.suppress_by = rule->suppress_key.by,
		.n_suppress_by = rule->suppress_key.n_by,
	};
}

size_t rule_set_macros(const struct rule_set *set, const struct rule_definition **ret)
{
	*ret = set->macros;
	return set->n_macros;
}

size_t rule_set_lists(const struct rule_set *set, const struct rule_definition **ret)
{
	*ret = set->lists;
	return set->n_lists;
}

size_t rule_condition_fields(const struct rule *rule, const struct field **ret, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < rule->condition.n_tests; i++) {
		const struct field *field = &field_table[rule->condition.tests[i].field];
		size_t k = 0;

		while (k < n && k < room && ret[k] != field)
			k++;
		if (k == n && n < room)
			ret[n++] = field;
	}
	return n;
}

/* An event of which only the type is known. */
struct word_reader {
	struct reader reader;
	const char *word;
};

static int word_get(const struct reader *reader, size_t field, struct value *ret)
{
	if (strcmp(field_table[field].name, "evt.type") != 0)
		return -ENODATA;
	ret->type = VALUE_STRING;
	ret->cut_head = false;
	ret->str = slice_from(((const struct word_reader *)reader)->word);
	return 0;
}

size_t rule_event_words(const struct rule *rule, const char **ret, size_t room)
{
	const struct field *field = field_find(SLICE_LITERAL("evt.type"));
	struct word_reader reader = { { word_get }, NULL };
	bool asks_presence = false;
	struct value tmp;
	size_t n = 0;

	/* What is not known here may be there: `exists` must not decide. */
	for (size_t i = 0; i < rule->condition.n_tests; i++)
		asks_presence |= rule->condition.tests[i].op == OP_EXISTS;
	for (size_t i = 0; field->words[i] && n < room; i++) {
		unsigned int type = field_event_type(slice_from(field->words[i]));

		reader.word = field->words[i];
		if (!(rule->condition.event_types & (1ull << type)))
			continue;
		if (asks_presence ||
		    program_run(&rule->condition, &reader.reader, &tmp) != TRUTH_FALSE)
			ret[n++] = field->words[i];
	}
	return n;
}
