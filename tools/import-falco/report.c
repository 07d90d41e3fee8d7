/* SPDX-License-Identifier: Apache-2.0 */
/* What became of each rule. */
#include "import.h"

#include <stdio.h>

#include "base/json_text.h"

static const char *const kind_words[] = { "note", "narrower", "wider", "refused" };

struct counts {
	size_t rules, translated, tested, narrower, wider, refused;
};

static bool has_kind(const struct result *result, enum note_kind kind)
{
	for (size_t i = 0; i < result->notes.n; i++) {
		const struct note *note = result->notes.items[i];

		if (note->kind == kind)
			return true;
	}
	return false;
}

static struct counts count(const struct import *import)
{
	struct counts n = { 0 };

	for (size_t i = 0; i < import->results.n; i++) {
		const struct result *result = import->results.items[i];

		n.rules++;
		n.translated += result->id != NULL;
		n.refused += result->id == NULL;
		n.tested += result->has_tests;
		n.narrower += result->id && has_kind(result, NOTE_NARROWER);
		n.wider += result->id && has_kind(result, NOTE_WIDER);
	}
	return n;
}

/* What is written comes from files of others: nothing that moves a cursor. */
static void put_text(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++)
		fputc((unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p, out);
}

static void put_note(FILE *out, const struct note *note)
{
	fprintf(out, "  %s:%u: %s: ", note->at.file ? note->at.file : "-", note->at.line,
		kind_words[note->kind]);
	put_text(out, note->text);
	fputc('\n', out);
}

static void put_result(FILE *out, const struct result *result)
{
	if (result->id)
		fprintf(out, "%s ", result->id);
	else
		fputs("refused ", out);
	put_text(out, result->rule->name);
	fprintf(out, " (%s:%u)%s\n", result->rule->at.file, result->rule->at.line,
		result->id && !result->has_tests ? ", without tests" : "");
	for (size_t i = 0; i < result->notes.n; i++) {
		const struct note *note = result->notes.items[i];

		/* Of what was refused only the reasons matter. */
		if (result->id || note->kind == NOTE_REFUSED)
			put_note(out, note);
	}
}

void report_text(FILE *out, const struct import *import)
{
	struct counts n = count(import);

	for (size_t i = 0; i < import->model.notes.n; i++)
		put_note(out, import->model.notes.items[i]);
	for (size_t i = 0; i < import->results.n; i++)
		put_result(out, import->results.items[i]);
	fprintf(out,
		"%zu rules in %zu files: %zu translated (%zu %%), %zu refused; of those translated %zu fire "
		"less often than in Falco, %zu lost an exclusion, %zu have tests\n",
		n.rules, import->n_files, n.translated, n.rules ? n.translated * 100 / n.rules : 0, n.refused,
		n.narrower, n.wider, n.tested);
}

static json_t *note_json(const struct note *note)
{
	return json_pack("{s:s, s:o, s:i, s:o}", "kind", kind_words[note->kind], "file",
			 json_from_text(note->at.file ? note->at.file : ""), "line", (int)note->at.line,
			 "text", json_from_text(note->text));
}

static json_t *notes_json(const struct ptrs *notes)
{
	json_t *all = json_array();

	for (size_t i = 0; i < notes->n; i++)
		json_array_append_new(all, note_json(notes->items[i]));
	return all;
}

json_t *report_json(const struct import *import)
{
	json_t *rules = json_array();
	struct counts n = count(import);

	for (size_t i = 0; i < import->results.n; i++) {
		const struct result *result = import->results.items[i];
		json_t *rule = json_object();

		json_object_set_new(rule, "rule", json_from_text(result->rule->name));
		json_object_set_new(rule, "file", json_from_text(result->rule->at.file));
		json_object_set_new(rule, "line", json_integer(result->rule->at.line));
		json_object_set_new(rule, "id", result->id ? json_from_text(result->id) : json_null());
		json_object_set_new(rule, "translated", json_boolean(result->id != NULL));
		json_object_set_new(rule, "tests", json_boolean(result->has_tests));
		json_object_set_new(rule, "notes", notes_json(&result->notes));
		json_array_append_new(rules, rule);
	}
	return json_pack("{s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:o, s:o}", "counts", "rules",
			 (json_int_t)n.rules, "translated", (json_int_t)n.translated, "refused",
			 (json_int_t)n.refused, "narrower", (json_int_t)n.narrower, "wider",
			 (json_int_t)n.wider, "with_tests", (json_int_t)n.tested, "files",
			 notes_json(&import->model.notes), "rules", rules);
}
