/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schema of rule files, from the tables that the loader reads by. It
 * is for editors: names, types, words. What conditions mean is the loader's. */
#include "rule/define.h"

#include <stdio.h>

#include "base/json_text.h"

/* New references, as jansson's json_object_set_new() wants them. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
	return object;
}

static json_t *with_text(json_t *object, const char *key, const char *text)
{
	return with(object, key, json_from_text(text));
}

static json_t *typed(const char *type)
{
	return with_text(json_object(), "type", type);
}

static json_t *reference(const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "#/definitions/%s", name);
	return with_text(json_object(), "$ref", text);
}

static json_t *pattern(const char *regex)
{
	return with_text(typed("string"), "pattern", regex);
}

static json_t *array_of(json_t *items, long long min, long long max)
{
	json_t *json = with(typed("array"), "items", items);

	if (min > 0)
		json_object_set_new(json, "minItems", json_integer(min));
	if (max > 0)
		json_object_set_new(json, "maxItems", json_integer(max));
	return json;
}

static json_t *either(json_t *a, json_t *b)
{
	return json_pack("{s:[o,o]}", "anyOf", a, b);
}

static json_t *one_of_words(const char *const *words, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n && words[i]; i++)
		json_array_append_new(all, json_from_text(words[i]));
	return json_pack("{s:o}", "enum", all);
}

static json_t *number(long long min, long long max)
{
	return with(with(typed("integer"), "minimum", json_integer(min)), "maximum",
		    json_integer(max));
}

#define NAME_PATTERN "^[a-z][a-z0-9_]{0,63}$"

static json_t *by_name(json_t *values)
{
	json_t *names = with_text(json_object(), "pattern", NAME_PATTERN);

	return with(with(typed("object"), "propertyNames", names), "additionalProperties", values);
}

static json_t *object_with(const struct key_spec *keys);

/* Objects that are described once and referred to. */
static const struct {
	const char *name;
	const struct key_spec *keys;
} objects[] = {
	{ "rule", rule_keys },	       { "exception", exception_keys },
	{ "override", override_keys }, { "sequence", sequence_keys },
	{ "step", step_keys },	       { "threshold", threshold_keys },
	{ "suppress", suppress_keys }, { "test", test_keys },
};

static json_t *reference_to(const struct key_spec *keys)
{
	size_t i = 0;

	while (objects[i].keys != keys)
		i++;
	return reference(objects[i].name);
}

/* --- events of tests: every field by its name ---------------------------- */

static json_t *item_schema(const struct field *field, enum value_type type)
{
	size_t n = 0;

	while (field->words && field->words[n])
		n++;
	if (type == VALUE_BOOL)
		return typed("boolean");
	if (type == VALUE_INT)
		return typed("integer");
	return n > 0 ? one_of_words(field->words, n) : typed("string");
}

/* A value, or null for one that is missing. Lists, and numbers of a kind, may
 * be written as they are printed. */
static json_t *field_schema(const struct field *field)
{
	json_t *json = json_object(), *ways = json_array();

	if (field->type == VALUE_LIST) {
		json_array_append_new(ways, array_of(item_schema(field, field->item), 0,
						     VALUE_ITEMS_MAX));
		if (field->item == VALUE_STRING)
			json_array_append_new(ways, typed("string"));
	} else {
		json_array_append_new(ways, item_schema(field, field->type));
		if (field->type == VALUE_INT && field->kind != FIELD_PLAIN)
			json_array_append_new(ways, typed("string"));
	}
	json_array_append_new(ways, typed("null"));
	json_object_set_new(json, "description", json_from_text(field->doc));
	json_object_set_new(json, "anyOf", ways);
	return json;
}

static json_t *event_schema(const struct key_spec *keys)
{
	json_t *json = object_with(keys);
	json_t *properties = json_object_get(json, "properties");

	for (size_t i = 0; i < field_table_len; i++)
		json_object_set_new(properties, field_table[i].name, field_schema(&field_table[i]));
	return json;
}

/* --- keys ---------------------------------------------------------------- */

static json_t *join_schema(void)
{
	static const char *const words[] = { "process_tree", "container", "file", "incident" };

	return either(one_of_words(words, ARRAY_SIZE(words)), array_of(reference("field"), 1, 0));
}

static json_t *kind_schema(const struct key_spec *key)
{
	switch (key->kind) {
	case KEY_SCHEMA: return typed("string");
	case KEY_VERSION: return json_pack("{s:i}", "const", 1);
	case KEY_TEXT: return reference("text");
	case KEY_TEXTS: return array_of(reference("text"), key->not_empty, 0);
	case KEY_ID: return pattern("^[A-Z]+-[0-9]{4}$");
	case KEY_MITRE: return array_of(pattern("^T[0-9]{4}(\\.[0-9]{3})?$"), 0, 0);
	case KEY_TECHNIQUES: return array_of(pattern(TECHNIQUE_PATTERN), 0, 0);
	case KEY_PRIORITY: return reference("priority");
	case KEY_BOOL: return typed("boolean");
	case KEY_NUMBER: return number(key->min, key->max);
	case KEY_CONDITION: return reference("condition");
	case KEY_DATE: return pattern("^2[01][0-9]{2}-[01][0-9]-[0-3][0-9]$");
	case KEY_DURATION: return reference("duration");
	case KEY_FIELD: return reference("field");
	case KEY_FIELDS: return array_of(reference("field"), 1, 0);
	case KEY_JOIN: return join_schema();
	case KEY_PIDS: return array_of(number(0, INT32_MAX), 1, key->max);
	case KEY_SELECTORS: return either(reference("text"), array_of(reference("text"), 1, 0));
	case KEY_NAME: return pattern(NAME_PATTERN);
	case KEY_MACROS: return by_name(reference("condition"));
	case KEY_LISTS: return by_name(reference("values"));
	case KEY_VALUES: return reference("values");
	case KEY_VALUES_OR_CONDITION: return either(reference("values"), reference("condition"));
	case KEY_EVENTS: return array_of(event_schema(key->inner), 0, 0);
	case KEY_OBJECT: return reference_to(key->inner);
	case KEY_OBJECTS:
		return array_of(reference_to(key->inner), key->not_empty ? 1 : key->min, key->max);
	default: return typed("null");
	}
}

static json_t *key_schema(const struct key_spec *key)
{
	json_t *json = kind_schema(key), *whole;

	if (key->or_null)
		json = either(typed("null"), json);
	if (!json_object_get(json, "$ref")) {
		json_object_set_new(json, "description", json_from_text(key->doc));
		return json;
	}
	/* What stands beside "$ref" is not read. */
	whole = with_text(json_object(), "description", key->doc);
	json_object_set_new(whole, "allOf", json_pack("[o]", json));
	return whole;
}

static json_t *wants(const char *key)
{
	return with(json_object(), "required", json_pack("[o]", json_from_text(key)));
}

/* One of both keys, and not null in place of the second. */
static json_t *either_key(const char *key, const char *other)
{
	json_t *is_object = with(json_object(), other, typed("object"));

	return json_pack("[o,o]", wants(key), with(wants(other), "properties", is_object));
}

static json_t *object_with(const struct key_spec *keys)
{
	json_t *json = typed("object"), *properties = json_object(), *required = json_array();
	json_t *targets = json_array();

	for (; keys->name; keys++) {
		json_object_set_new(properties, keys->name, key_schema(keys));
		if (keys->is_target)
			json_array_append_new(targets, wants(keys->name));
		if (keys->required && !keys->unless)
			json_array_append_new(required, json_from_text(keys->name));
		if (keys->required && keys->unless)
			json_object_set_new(json, "anyOf", either_key(keys->name, keys->unless));
	}
	if (json_array_size(targets) > 0)
		json_object_set(json, "oneOf", targets);
	json_decref(targets);
	json_object_set_new(json, "additionalProperties", json_false());
	json_object_set_new(json, "required", required);
	json_object_set_new(json, "properties", properties);
	return json;
}

/* --- the whole ------------------------------------------------------------ */

static json_t *field_names(void)
{
	json_t *names = json_array();

	for (size_t i = 0; i < field_table_len; i++)
		json_array_append_new(names, json_from_text(field_table[i].name));
	return either(json_pack("{s:o}", "enum", names), pattern("^[a-z.]+\\[[0-9]+\\]$"));
}

/* Any case, as the loader takes it; editors complete the words. */
static json_t *priorities(void)
{
	return either(one_of_words(priority_words, PRIORITY_MAX),
		      pattern("^([Ee][Mm][Ee][Rr][Gg][Ee][Nn][Cc][Yy]|[Aa][Ll][Ee][Rr][Tt]|"
			      "[Cc][Rr][Ii][Tt][Ii][Cc][Aa][Ll]|[Ee][Rr][Rr][Oo][Rr]|"
			      "[Ww][Aa][Rr][Nn][Ii][Nn][Gg]|[Nn][Oo][Tt][Ii][Cc][Ee]|"
			      "[Ii][Nn][Ff][Oo][Rr][Mm][Aa][Tt][Ii][Oo][Nn][Aa][Ll]|"
			      "[Dd][Ee][Bb][Uu][Gg])$"));
}

static json_t *definitions(void)
{
	json_t *json = json_object();
	json_t *value = either(typed("string"), typed("integer"));
	json_t *condition = with(typed("string"), "minLength", json_integer(1));

	json_object_set_new(json, "text",
			    with(with(typed("string"), "minLength", json_integer(1)), "maxLength",
				 json_integer(TEXT_LEN_MAX)));
	condition = either(condition, array_of(typed("string"), 1, 0));
	json_object_set_new(condition, "description",
			    json_from_text(
				    "A condition; the strings of an array are joined by spaces. "
				    "Names of fields: `brigwatch rules fields`"));
	json_object_set_new(json, "condition", condition);
	json_object_set_new(json, "values", array_of(value, 1, 0));
	json_object_set_new(json, "duration", pattern("^[0-9]{1,9}(ms|s|m|h|d)$"));
	json_object_set_new(json, "priority", priorities());
	json_object_set_new(json, "field", field_names());
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		json_object_set_new(json, objects[i].name, object_with(objects[i].keys));
	return json;
}

char *rule_schema(void)
{
	json_t *json = json_object(), *file = object_with(file_keys);
	char *text;

	json_object_set_new(json, "$schema",
			    json_from_text("http://json-schema.org/draft-07/schema#"));
	json_object_set_new(json, "title", json_from_text("brigwatch rules"));
	json_object_set_new(
		json, "description",
		json_from_text(
			"One file of rules, see docs/rules.md. Made by `brigwatch rules schema`, "
			"for editors: brigwatch itself checks more than this (conditions, types)."));
	json_object_update(json, file);
	json_decref(file);
	json_object_set_new(json, "definitions", definitions());
	text = json_dumps(json, JSON_INDENT(1));
	json_decref(json);
	return text;
}
