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

/* Names of the bits that a field's numbers are made of, in `buf`. */
static size_t join_symbols(const struct field *field, char *buf, size_t size)
{
	const struct symbol *symbol;
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t family = 1; family < SYMBOLS_END; family <<= 1) {
		if (!(field->symbols & family))
			continue;
		for (size_t i = 0; len < size && (symbol = symbol_at(family, i)); i++)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len > 0 ? ", " : "",
						symbol->name);
	}
	return len < size ? len : size - 1;
}

static bool has_symbol(const struct field *field, const char *word)
{
	uint32_t family;

	return field->symbols && symbol_find(slice_from(word), field->symbols, &family);
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
	return has_symbol(field, word);
}

static json_t *symbols_json(const struct field *field)
{
	const struct symbol *symbol;
	json_t *array = json_array();

	for (uint32_t family = 1; family < SYMBOLS_END; family <<= 1) {
		for (size_t i = 0; (field->symbols & family) && (symbol = symbol_at(family, i));
		     i++)
			json_array_append_new(array, json_from_text(symbol->name));
	}
	return array;
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
	if (field->symbols)
		json_object_set_new(json, "flags", symbols_json(field));
	return json;
}

/* Names of bits are many: they are shown to who asks for something. */
static void print_field(const struct field *field, bool names)
{
	char words[WORDS_LEN_MAX];
	size_t len = 0;

	printf("%-26s %-8s %s\n", field->name, rules_type_name(field), field->doc);
	if (names && join_symbols(field, words, sizeof(words)) > 0)
		rules_print_wrapped("", words);
	for (size_t i = 0; field->words && field->words[i] && len < sizeof(words); i++)
		len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s", i > 0 ? ", " : "",
					field->words[i]);
	if (len > 0)
		rules_print_wrapped("", words);
}

/* --- Falco's names ------------------------------------------------------- */

static bool is_falco_about(const struct falco_name *name, const char *word)
{
	return !word || has_part(name->name, word) || (name->ours && has_part(name->ours, word)) ||
	       (name->note && has_part(name->note, word));
}

static json_t *falco_json(const struct falco_name *name)
{
	json_t *json = json_object();

	json_object_set_new(json, "falco", json_from_text(name->name));
	json_object_set_new(json, "field", name->ours ? json_from_text(name->ours) : json_null());
	json_object_set_new(json, "same", json_boolean(name->ours && !name->note));
	json_object_set_new(json, "note", json_from_text(name->note ? name->note : ""));
	return json;
}

static void print_falco(const struct falco_name *name)
{
	printf("%-26s %-26s %s\n", name->name, name->ours ? name->ours : "-",
	       name->note ? name->note : "the same, rules may use either name");
}

/* What Falco names otherwise, or means otherwise, or has alone. All other fields
 * of ours that Falco has too mean there what they mean here. */
static int falco(const struct rules_call *call, const char *word)
{
	json_t *array = json_array();
	size_t n = 0;

	for (size_t i = 0; i < falco_names_len; i++) {
		if (!is_falco_about(&falco_names[i], word))
			continue;
		if (call->json)
			json_array_append_new(array, falco_json(&falco_names[i]));
		else if (n == 0)
			printf("%-26s %-26s %s\n", "Falco", "brigwatch", "what differs");
		if (!call->json)
			print_falco(&falco_names[i]);
		n++;
	}
	if (call->json)
		rules_print_json(array);
	else
		json_decref(array);
	if (n == 0)
		return rules_refuse(call, "no difference to Falco is about '%s'", word);
	return RULES_DONE;
}

static int fields(const struct rules_call *call, const struct rule_set *set)
{
	const char *word = call->n_args > 0 ? call->args[0] : NULL;
	json_t *array;
	size_t n = 0;

	(void)set;
	if (rules_given(call, "falco"))
		return falco(call, word);
	array = json_array();
	for (size_t i = 0; i < field_table_len; i++) {
		if (!is_about(&field_table[i], word))
			continue;
		n++;
		if (call->json)
			json_array_append_new(array, field_json(&field_table[i]));
		else
			print_field(&field_table[i], word != NULL);
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

static const struct rules_option options[] = {
	{ "falco", NULL, "what Falco names or means otherwise, and what it has alone" },
	{ NULL },
};

const struct rules_command rules_fields = {
	.name = "fields",
	.args = "[WORD]",
	.summary = "every field: name, type, meaning, words; those about WORD",
	.args_max = 1,
	.options = options,
	.no_set = true,
	.run = fields,
};
