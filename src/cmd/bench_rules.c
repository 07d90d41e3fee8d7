/* SPDX-License-Identifier: Apache-2.0 */
/* Rule sets for measuring. Copies of rules keep their fields and operators, and
 * facts of the kernel as they are, but compare with other strings and numbers:
 * so would rules that somebody writes for as many programs and files. */
#include "cmd/bench_rules.h"

#include <dirent.h>
#include <stdio.h>

#include "base/json_text.h"

/* --- reading -------------------------------------------------------------- */

static int is_rule_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       strcmp(entry->d_name + len - 5, ".json") == 0 &&
	       !strstr(entry->d_name, ".schema.json");
}

json_t *bench_rules_read(const char *path, char *ret_which, size_t size)
{
	struct dirent **entries;
	json_t *files = json_array(), *file;
	int n;

	snprintf(ret_which, size, "%s", path);
	n = scandir(path, &entries, is_rule_file, alphasort);
	if (n < 0) {
		file = json_load_file(path, 0, NULL);
		if (file && json_array_append_new(files, file) == 0)
			return files;
		json_decref(files);
		return NULL;
	}
	for (int i = 0; i < n; i++) {
		if (files) {
			snprintf(ret_which, size, "%s/%s", path, entries[i]->d_name);
			file = json_load_file(ret_which, 0, NULL);
			if (!file || json_array_append_new(files, file) < 0) {
				json_decref(files);
				files = NULL;
			}
		}
		free(entries[i]);
	}
	free(entries);
	return files;
}

/* --- other values --------------------------------------------------------- */

struct scribe {
	const char *at;
	FILE *out;
	json_t *macros, *lists;
	unsigned int copy;
	const struct field *field; /* of the comparison that is being read */
	bool values;		   /* its operator has been read */
	bool equal;		   /* it is = != or in: numbers may change */
};

static bool is_word(char byte)
{
	return (unsigned char)byte > ' ' && byte != 0x7f && !strchr("(),=!<>\"'\\", byte);
}

/* Addresses and words of a fixed set would be refused if they were others. */
static bool takes_any_string(const struct field *field)
{
	return field->type == VALUE_STRING && !field->words && strcmp(field->name, "fd.sip") != 0;
}

static bool is_number(const char *word)
{
	return word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
}

static void write_value(struct scribe *scribe, const char *word)
{
	if (json_object_get(scribe->lists, word))
		fprintf(scribe->out, takes_any_string(scribe->field) ? "%s__%u" : "%s", word,
			scribe->copy);
	else if (takes_any_string(scribe->field))
		fprintf(scribe->out, "%s~%u", word, scribe->copy);
	else if (scribe->field->type == VALUE_INT && scribe->equal && is_number(word) &&
		 strlen(word) < 10)
		fprintf(scribe->out, "%lu", strtoul(word, NULL, 10) + scribe->copy);
	else
		fputs(word, scribe->out);
}

static void write_word(struct scribe *scribe, const char *word)
{
	static const char *const ends[] = { "and", "or", "not", "exists" };
	const struct field *field = field_find(slice_from(word));

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (strcmp(word, ends[i]) == 0) {
			scribe->field = NULL;
			scribe->values = false;
			fputs(word, scribe->out);
			return;
		}
	}
	if (scribe->field && scribe->values) {
		write_value(scribe, word);
	} else if (scribe->field) {
		scribe->values = true;
		scribe->equal = strcmp(word, "in") == 0;
		fputs(word, scribe->out);
	} else if (field) {
		scribe->field = field;
		fputs(word, scribe->out);
	} else if (json_object_get(scribe->macros, word)) {
		fprintf(scribe->out, "%s__%u", word, scribe->copy);
	} else {
		fputs(word, scribe->out);
	}
}

static void write_string(struct scribe *scribe)
{
	char quote = *scribe->at++;

	fputc(quote, scribe->out);
	while (*scribe->at && *scribe->at != quote) {
		if (*scribe->at == '\\' && scribe->at[1])
			fputc(*scribe->at++, scribe->out);
		fputc(*scribe->at++, scribe->out);
	}
	if (scribe->field && takes_any_string(scribe->field))
		fprintf(scribe->out, "~%u", scribe->copy);
	fputc(quote, scribe->out);
	scribe->at += *scribe->at != '\0';
}

static void write_condition(struct scribe *scribe)
{
	while (*scribe->at) {
		char word[256];
		size_t len = 0;

		if (*scribe->at == '"' || *scribe->at == '\'') {
			write_string(scribe);
		} else if (!is_word(*scribe->at)) {
			if (strchr("=!<>", *scribe->at)) {
				scribe->values = true;
				scribe->equal = *scribe->at == '=' || *scribe->at == '!';
			}
			fputc(*scribe->at++, scribe->out);
		} else {
			while (is_word(*scribe->at) && len + 1 < sizeof(word))
				word[len++] = *scribe->at++;
			word[len] = '\0';
			write_word(scribe, word);
		}
	}
}

/* A condition is a string or an array of them, joined by spaces. */
static char *join_condition(json_t *condition)
{
	char *text = NULL;
	size_t len;
	FILE *out;

	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	if (json_is_string(condition))
		fputs(json_string_value(condition), out);
	for (size_t i = 0; i < json_array_size(condition); i++) {
		const char *part = json_string_value(json_array_get(condition, i));

		fprintf(out, "%s%s", i > 0 ? " " : "", part ? part : "");
	}
	fclose(out);
	return text;
}

/* What the rule looks at: its condition, or any step of its sequence. */
static json_t *watched_by(json_t *rule)
{
	json_t *steps = json_object_get(json_object_get(rule, "sequence"), "steps"), *step, *ret;
	size_t i;

	if (json_object_get(rule, "condition"))
		return json_incref(json_object_get(rule, "condition"));
	ret = json_array();
	json_array_foreach(steps, i, step) {
		cleanup_free char *text = join_condition(json_object_get(step, "condition"));

		json_array_append_new(ret, json_from_text(i > 0 ? "or (" : "("));
		json_array_append_new(ret, json_from_text(text));
		json_array_append_new(ret, json_from_text(")"));
	}
	return ret;
}

/* The condition as copy number `copy` has it; 0: as it is. */
static json_t *copy_condition(json_t *condition, json_t *macros, json_t *lists, unsigned int copy)
{
	cleanup_free char *text = join_condition(condition), *changed = NULL;
	struct scribe scribe = { text, NULL, macros, lists, copy, NULL, false, false };
	json_t *ret;
	size_t len;

	if (!text)
		return NULL;
	if (copy == 0)
		return json_from_text(text);
	scribe.out = open_memstream(&changed, &len);
	if (!scribe.out)
		return NULL;
	write_condition(&scribe);
	fclose(scribe.out);
	ret = json_from_text(changed);
	return ret;
}

/* --- sets ----------------------------------------------------------------- */

static json_t *copy_list(json_t *list, unsigned int copy)
{
	json_t *ret = json_array(), *item;
	char text[2048];
	size_t i;

	json_array_foreach(list, i, item) {
		if (!json_is_string(item)) {
			json_array_append(ret, item);
			continue;
		}
		snprintf(text, sizeof(text), "%s~%u", json_string_value(item), copy);
		json_array_append_new(ret, json_from_text(text));
	}
	return ret;
}

/* The macros and lists of all files, and copies of them for each copy of the rules. */
static void copy_names(json_t *macros, json_t *lists, unsigned int n_copies, json_t *ret_macros,
		       json_t *ret_lists)
{
	const char *name;
	json_t *value;
	char as[512];

	json_object_update(ret_lists, lists);
	for (unsigned int copy = 0; copy < n_copies; copy++) {
		json_object_foreach(macros, name, value) {
			snprintf(as, sizeof(as), copy > 0 ? "%s__%u" : "%s", name, copy);
			json_object_set_new(ret_macros, as,
					    copy_condition(value, macros, lists, copy));
		}
		json_object_foreach(lists, name, value) {
			snprintf(as, sizeof(as), "%s__%u", name, copy);
			if (copy > 0)
				json_object_set_new(ret_lists, as, copy_list(value, copy));
		}
	}
}

static json_t *copy_rule(json_t *rule, size_t number, json_t *macros, json_t *lists,
			 unsigned int copy)
{
	json_t *ret = json_object(), *exceptions = json_array(), *exception, *as;
	json_t *condition = watched_by(rule);
	char id[32];
	size_t i;

	snprintf(id, sizeof(id), "BENCH-%04zu", number);
	json_object_set_new(ret, "id", json_from_text(id));
	json_object_set(ret, "name", json_object_get(rule, "name"));
	json_object_set_new(ret, "priority", json_from_text("notice"));
	json_object_set_new(ret, "description", json_from_text("measured"));
	json_object_set_new(ret, "why", json_from_text("measured"));
	json_object_set_new(ret, "output", json_from_text("measured"));
	json_object_set_new(ret, "response", json_pack("[o]", json_from_text("none")));
	json_object_set_new(ret, "condition", copy_condition(condition, macros, lists, copy));
	json_decref(condition);
	json_array_foreach(json_object_get(rule, "exceptions"), i, exception) {
		as = json_copy(exception);
		json_object_set_new(as, "when",
				    copy_condition(json_object_get(exception, "when"), macros,
						   lists, copy));
		json_array_append_new(exceptions, as);
	}
	json_object_set_new(ret, "exceptions", exceptions);
	return ret;
}

int bench_rules_make(json_t *files, size_t n, struct rule_set **ret, struct parse_error *err)
{
	json_t *macros = json_object(), *lists = json_object(), *rules = json_array();
	json_t *all_macros = json_object(), *all_lists = json_object(), *all = json_array(), *file;
	size_t i, n_rules;
	char *text;
	int r;

	json_array_foreach(files, i, file) {
		json_object_update(macros, json_object_get(file, "macros"));
		json_object_update(lists, json_object_get(file, "lists"));
		json_array_extend(rules, json_object_get(file, "rules"));
	}
	n_rules = json_array_size(rules);
	copy_names(macros, lists, n_rules > 0 ? (unsigned int)((n + n_rules - 1) / n_rules) : 0,
		   all_macros, all_lists);
	for (i = 0; i < n && n_rules > 0; i++) {
		size_t at = n < n_rules ? i * n_rules / n : i % n_rules;

		json_array_append_new(all, copy_rule(json_array_get(rules, at), i, macros, lists,
						     (unsigned int)(i / n_rules)));
	}
	file = json_pack("{s:i, s:o, s:o, s:o, s:o}", "schema_version", 1, "ruleset",
			 json_from_text("bench"), "macros", all_macros, "lists", all_lists, "rules",
			 all);
	text = json_dumps(file, JSON_COMPACT);
	r = text ? rule_set_load_text("generated", slice_from(text), ret, err) : -ENOMEM;
	free(text);
	json_decref(file);
	json_decref(macros);
	json_decref(lists);
	json_decref(rules);
	return r;
}
