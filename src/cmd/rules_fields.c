/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules fields`: every name that a condition or an output may use. */
#include <stdio.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

#define WORDS_LEN_MAX 4096

static bool has_part(const char *text, const char *word)
{
	return strcasestr(text, word);
}

/* In its name, its meaning, or one of the words that it can be. */
static bool is_about(const struct field *field, const char *word)
{
	if (!word || has_part(field->name, word) || has_part(field->doc, word))
		return true;
	for (size_t i = 0; field->words && field->words[i]; i++) {
		if (strcasecmp(field->words[i], word) == 0)
			return true;
	}
	return false;
}

static json_t *field_json(const struct field *field)
{
	json_t *json = json_object();

	json_object_set_new(json, "name", json_from_text(field->name));
	json_object_set_new(json, "type", json_from_text(rules_type_name(field)));
	json_object_set_new(json, "doc", json_from_text(field->doc));
	json_object_set_new(json, "fact", json_boolean(rule_field_is_fact(field)));
	if (field->words)
		json_object_set_new(json, "words", rules_json_texts(field->words));
	return json;
}

static void print_field(const struct field *field)
{
	char label[64], words[WORDS_LEN_MAX];
	size_t len = 0;

	snprintf(label, sizeof(label), "%-26s %-8s ", field->name, rules_type_name(field));
	printf("%s%s\n", label, field->doc);
	if (!field->words)
		return;
	for (size_t i = 0; field->words[i] && len < sizeof(words); i++)
		len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s", i > 0 ? ", " : "",
					field->words[i]);
	rules_print_wrapped("", words);
}

static int fields(const struct rules_call *call, const struct rule_set *set)
{
	const char *word = call->n_args > 0 ? call->args[0] : NULL;
	json_t *array = json_array();
	size_t n = 0;

	(void)set;
	for (size_t i = 0; i < field_table_len; i++) {
		if (!is_about(&field_table[i], word))
			continue;
		n++;
		if (call->json)
			json_array_append_new(array, field_json(&field_table[i]));
		else
			print_field(&field_table[i]);
	}
	if (call->json)
		rules_print_json(array);
	else
		json_decref(array);
	if (n > 0)
		return RULES_DONE;
	if (field_suggest(slice_from(word)))
		return rules_refuse(call, "no field is about '%s', did you mean '%s'?", word,
				    field_suggest(slice_from(word)));
	return rules_refuse(call, "no field is about '%s'", word);
}

const struct rules_command rules_fields = {
	.name = "fields",
	.args = "[WORD]",
	.summary = "every field: name, type, meaning, words; those about WORD",
	.args_max = 1,
	.no_set = true,
	.run = fields,
};
