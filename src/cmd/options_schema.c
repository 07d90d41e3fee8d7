/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schema of the configuration file, for editors and for those who make
 * such files by program: names, types, words. The rest is the loader's. */
#include <ctype.h>

#include "base/json_text.h"
#include "cmd/options.h"

static json_t *with(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
	return object;
}

static json_t *with_text(json_t *object, const char *key, const char *text)
{
	return with(object, key, json_from_text(text));
}

/* `type`, or null, which is as if the key were not there. */
static json_t *or_null(const char *type)
{
	json_t *types = json_array();

	json_array_append_new(types, json_from_text(type));
	json_array_append_new(types, json_from_text("null"));
	return with(json_object(), "type", types);
}

static json_t *one_of(const char *const *words, bool is_or_null)
{
	json_t *all = json_array();

	for (; *words; words++)
		json_array_append_new(all, json_from_text(*words));
	if (is_or_null)
		json_array_append_new(all, json_null());
	return with(json_object(), "enum", all);
}

static json_t *text_schema(const struct run_option *option, const char *type)
{
	json_t *json = type ? with_text(json_object(), "type", type) : or_null("string");

	json_object_set_new(json, "maxLength", json_integer(OPTION_TEXT_MAX));
	if (option->type == OPTION_IS_PATH)
		return with_text(json, "pattern", "^/");
	return with(json, "minLength", json_integer(1));
}

/* --- outputs ------------------------------------------------------------- */

static json_t *output_priorities(void)
{
	static char words[PRIORITY_MAX][16];
	const char *list[PRIORITY_MAX + 1] = { NULL };

	for (unsigned int i = 0; i < PRIORITY_MAX; i++) {
		snprintf(words[i], sizeof(words[i]), "%s", priority_name(i));
		words[i][0] = (char)tolower((unsigned char)words[i][0]);
		list[i] = words[i];
	}
	return one_of(list, true);
}

static json_t *output_option_schema(const struct output_option *option)
{
	const char *formats[8] = { NULL };
	json_t *json, *types;

	if (!strcmp(option->key, "format")) {
		for (unsigned int i = SINK_TEXT; i < ARRAY_SIZE(formats) && output_format_name(i);
		     i++)
			formats[i - SINK_TEXT] = output_format_name(i);
		json = one_of(formats, true);
	} else if (!strcmp(option->key, "priority")) {
		json = output_priorities();
	} else {
		json = or_null("string");
		types = json_object_get(json, "type");
		json_array_append_new(types, json_from_text("integer"));
		json_object_set_new(json, "minLength", json_integer(1));
	}
	return with_text(json, "description", option->help);
}

static json_t *output_schema(void)
{
	json_t *properties = json_object(), *required = json_array(), *target = json_object();
	json_t *json = with_text(json_object(), "type", "object");

	with_text(
		with_text(target, "type", "string"), "description",
		"-, PATH, file:PATH, unix:PATH, unixgram:PATH, syslog[:PATH], syslog:udp://HOST[:PORT], "
		"syslog:tcp://HOST[:PORT], journald[:PATH], http://... or https://...");
	json_object_set_new(target, "minLength", json_integer(1));
	json_object_set_new(properties, "target", target);
	for (size_t i = 0; i < output_options_len; i++)
		json_object_set_new(properties, output_options[i].key,
				    output_option_schema(&output_options[i]));
	json_array_append_new(required, json_from_text("target"));
	json_object_set_new(json, "properties", properties);
	json_object_set_new(json, "required", required);
	return with(json, "additionalProperties", json_false());
}

/* --- options ------------------------------------------------------------- */

static json_t *option_schema(const struct run_option *option)
{
	bool is_list = option->items_max > 1 || option->type == OPTION_IS_OUTPUT;
	json_t *json;

	if (is_list) {
		json = or_null("array");
		json_object_set_new(json, "items",
				    option->type == OPTION_IS_OUTPUT ?
					    output_schema() :
					    text_schema(option, "string"));
		json_object_set_new(json, "maxItems", json_integer((json_int_t)option->items_max));
	} else if (option->type == OPTION_IS_SWITCH) {
		json = or_null("boolean");
	} else {
		json = option->words ? one_of(option->words, true) : text_schema(option, NULL);
	}
	if (option->fallback)
		json_object_set_new(json, "default",
				    option->type == OPTION_IS_SWITCH ?
					    json_boolean(!strcmp(option->fallback, "true")) :
					    json_from_text(option->fallback));
	return with_text(json, "description", option->help);
}

static json_t *comment_schema(void)
{
	json_t *lines = with_text(json_object(), "type", "array"), *all = json_array();

	json_object_set_new(lines, "items", with_text(json_object(), "type", "string"));
	json_array_append_new(all, with_text(json_object(), "type", "string"));
	json_array_append_new(all, lines);
	return with_text(with(json_object(), "anyOf", all), "description",
			 "For people: says nothing to brigwatch.");
}

json_t *options_schema(void)
{
	json_t *properties = json_object(), *json = json_object();

	json_object_set_new(properties, "$schema", with_text(json_object(), "type", "string"));
	json_object_set_new(properties, "$comment", comment_schema());
	for (int id = 0; id < OPTIONS_N; id++)
		if (run_options[id].key)
			json_object_set_new(properties, run_options[id].key,
					    option_schema(&run_options[id]));
	with_text(json, "$schema", "http://json-schema.org/draft-07/schema#");
	with_text(json, "title", "Configuration of brigwatch");
	with_text(json, "type", "object");
	json_object_set_new(json, "properties", properties);
	return with(json, "additionalProperties", json_false());
}
