/* SPDX-License-Identifier: Apache-2.0 */
/* Their rules to ours, as JSON. Each is tried on the loader that will read it. */
#include "import.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/json_text.h"
#include "rule/rule.h"

#define TEXT_MAX 4000u /* bytes of a description or output that is taken over */

struct writer {
	struct import *import;
	const struct options *options;
	struct job job;
	json_t *rules, *lists;
	const char **ids; /* by number: the name of the rule that has it */
	struct probe **probes;
	struct ptrs used_lists; /* of all rules that were written */
	char list_prefix[40];
};

#define IDS_MAX 10000u

/* --- ids ----------------------------------------------------------------- */

/* A rule's number comes from its name, so that it stays when rules come and go.
 * Where two names give the same, the later one takes the next free number: a
 * file of numbers (--ids) keeps those that were given. */
static int take_id(struct writer *w, const char *name, char ret[64])
{
	uint32_t hash = 2166136261u;
	unsigned int number;

	for (number = 0; number < IDS_MAX; number++) {
		if (w->ids[number] && strcmp(w->ids[number], name) == 0)
			break;
	}
	if (number == IDS_MAX) {
		for (const char *p = name; *p; p++)
			hash = (hash ^ (unsigned char)*p) * 16777619u;
		number = hash % IDS_MAX;
		for (unsigned int i = 0; w->ids[number]; i++) {
			if (i == IDS_MAX)
				return -ENOSPC;
			number = (number + 1) % IDS_MAX;
		}
		w->ids[number] = name;
	}
	snprintf(ret, 64, "%s-%04u", w->options->prefix, number);
	return 0;
}

/* Lines of "FALCO-0123 name of the rule". */
static int read_ids(struct writer *w, struct problem *retproblem)
{
	size_t len = strlen(w->options->prefix);
	struct where at = { w->options->ids, 0, 0 };
	char line[1024], *name;
	FILE *file;
	int r = 0;

	file = fopen(w->options->ids, "re");
	if (!file)
		return errno == ENOENT ? 0 : problem_set(retproblem, at, "%s", strerror(errno));
	while (r == 0 && fgets(line, sizeof(line), file)) {
		unsigned long number = IDS_MAX;

		at.line++;
		line[strcspn(line, "\n")] = '\0';
		name = strchr(line, ' ');
		if (name && strncmp(line, w->options->prefix, len) == 0 && line[len] == '-')
			number = strtoul(line + len + 1, NULL, 10);
		if (number >= IDS_MAX || !name || w->ids[number])
			r = problem_set(retproblem, at, "expected \"%s-0123 name of a rule\", each number once",
					w->options->prefix);
		else
			w->ids[number] = pool_copy(&w->import->model.pool, name + 1, strlen(name + 1));
	}
	fclose(file);
	return r;
}

static int write_ids(struct writer *w, struct problem *retproblem)
{
	struct where at = { w->options->ids, 0, 0 };
	FILE *file = fopen(w->options->ids, "we");

	if (!file)
		return problem_set(retproblem, at, "%s", strerror(errno));
	for (unsigned int i = 0; i < IDS_MAX; i++) {
		if (w->ids[i])
			fprintf(file, "%s-%04u %s\n", w->options->prefix, i, w->ids[i]);
	}
	if (fclose(file) != 0)
		return problem_set(retproblem, at, "%s", strerror(errno));
	return 0;
}

/* --- texts --------------------------------------------------------------- */

/* One line, without control characters, not longer than what our loader takes. */
static char *one_line(struct pool *pool, const char *text)
{
	char *line = pool_copy(pool, text ? text : "", text ? strlen(text) : 0);
	size_t n = 0;

	for (const char *p = line; *p && n < TEXT_MAX; p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || c == 0x7f)
			c = ' ';
		if (c == ' ' && (n == 0 || line[n - 1] == ' '))
			continue;
		line[n++] = (char)c;
	}
	while (n > 0 && (line[n - 1] == ' ' || ((unsigned char)line[n - 1] & 0xc0) == 0x80))
		n--;
	line[n] = '\0';
	return line;
}

static const char *priority_word(const char *theirs)
{
	static const struct {
		const char *theirs, *ours;
	} words[] = {
		{ "emergency", "emergency" }, { "alert", "alert" },
		{ "critical", "critical" },   { "error", "error" },
		{ "warning", "warning" },     { "notice", "notice" },
		{ "info", "informational" },  { "informational", "informational" },
		{ "debug", "debug" },
	};

	for (size_t i = 0; theirs && i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(words[i].theirs, theirs) == 0)
			return words[i].ours;
	}
	return NULL;
}

static bool is_technique(const char *tag)
{
	size_t len = strlen(tag);

	if (tag[0] != 'T' || strspn(tag + 1, "0123456789") != 4)
		return false;
	return len == 5 || (len == 9 && tag[5] == '.' && strspn(tag + 6, "0123456789") == 3);
}

static char *tag_word(struct pool *pool, const char *theirs)
{
	char *word = one_line(pool, theirs);

	for (char *p = word; *p; p++)
		*p = isalnum((unsigned char)*p) || strchr("_.-", *p) ?
			     (char)tolower((unsigned char)*p) :
			     '_';
	return word;
}

/* Numbers of CVEs that a text names. */
static void add_cves(struct pool *pool, json_t *references, const char *text)
{
	for (const char *p = text; p && (p = strstr(p, "CVE-")); p += 4) {
		size_t year = strspn(p + 4, "0123456789"), serial;
		json_t *cve;
		bool known = false;

		if (year != 4 || p[8] != '-')
			continue;
		serial = strspn(p + 9, "0123456789");
		if (serial < 4)
			continue;
		cve = json_string(pool_copy(pool, p, 9 + serial));
		for (size_t i = 0; i < json_array_size(references); i++)
			known = known || json_equal(json_array_get(references, i), cve);
		if (known)
			json_decref(cve);
		else
			json_array_append_new(references, cve);
	}
}

static void put_tags(struct writer *w, const struct falco_rule *rule, json_t *json)
{
	json_t *mitre = json_array(), *tags = json_array(), *references = json_array();

	for (size_t i = 0; i < rule->tags.n; i++) {
		const char *tag = rule->tags.items[i];

		if (is_technique(tag))
			json_array_append_new(mitre, json_from_text(tag));
		else if (tag[0])
			json_array_append_new(tags, json_from_text(tag_word(w->job.pool, tag)));
	}
	json_array_append_new(tags, json_string("imported"));
	if (!rule->enabled)
		json_array_append_new(tags, json_string("off-in-falco"));
	add_cves(w->job.pool, references, rule->name);
	add_cves(w->job.pool, references, rule->desc);
	add_cves(w->job.pool, references, rule->output);
	json_object_set_new(json, "mitre", mitre);
	json_object_set_new(json, "tags", tags);
	json_object_set_new(json, "references", references);
}

static void put_texts(struct writer *w, const struct falco_rule *rule, json_t *json)
{
	struct pool *pool = w->job.pool;
	const char *base = strrchr(rule->at.file, '/');
	char *desc = one_line(pool, rule->desc), *why;
	json_t *response;

	base = base ? base + 1 : rule->at.file;
	why = pool_printf(pool, "Imported from Falco's rule '%s' (%s:%u); nobody has reviewed it for "
				"brigwatch.",
			  one_line(pool, rule->name), base, rule->at.line);
	response = json_pack("[s, s]",
			     "Falco's rule names no steps: read the description, and look at the process and "
			     "its ancestors.",
			     "If the act was meant, add an exception with the reason; else treat it as an "
			     "incident of this container.");
	json_object_set_new(json, "name", json_from_text(one_line(pool, rule->name)));
	json_object_set_new(json, "priority", json_string(priority_word(rule->priority)));
	json_object_set_new(json, "description",
			    json_from_text(desc[0] ? desc : one_line(pool, rule->name)));
	json_object_set_new(json, "why", json_from_text(why));
	json_object_set_new(json, "response", response);
}

/* --- conditions ---------------------------------------------------------- */

/* One line of the file for each part of the outermost "and". */
static json_t *condition_json(struct writer *w, const struct out *out)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < (out->kind == OUT_AND ? out->kids.n : 1); i++) {
		const struct out *part = out->kind == OUT_AND ? out->kids.items[i] : out;
		struct text text = { 0 };
		bool brackets = part->kind == OUT_OR && out->kind == OUT_AND;

		text_puts(w->job.pool, &text, i > 0 ? "and " : "");
		text_puts(w->job.pool, &text, brackets ? "(" : "");
		render_condition(&w->job, part, &text);
		text_puts(w->job.pool, &text, brackets ? ")" : "");
		json_array_append_new(lines, json_from_text(text.data));
	}
	return lines;
}

static void keep_note(struct writer *w, struct result *result, enum note_kind kind, struct where at,
		      const char *text)
{
	for (size_t i = 0; i < result->notes.n; i++) {
		const struct note *other = result->notes.items[i];

		if (strcmp(other->text, text) == 0)
			return;
	}
	if (result->notes.n < NOTES_MAX)
		ptrs_add(&w->import->model.pool, &result->notes,
			 note_new(&w->import->model.pool, kind, at, "%s", text));
}

static void keep_notes(struct writer *w, struct result *result, const struct out *out)
{
	for (size_t i = 0; i < out->notes.n; i++) {
		const struct note *note = out->notes.items[i];

		keep_note(w, result, note->kind, note->at, note->text);
	}
}

static int refuse(struct writer *w, struct result *result, struct where at, const char *text)
{
	keep_note(w, result, NOTE_REFUSED, at, text);
	return -ENOTSUP;
}

/* What holds for all events of a kind. */
static void note_kinds(struct writer *w, struct result *result)
{
	static const struct {
		const char *word, *text;
	} kinds[] = {
		{ "exec", "an exec that failed is not recorded" },
		{ "inet", "connections: TCP only, and of many to one address the first within a minute" },
		{ "ptrace", "ptrace: only where the target is not in the same container" },
		{ "signal", "signals: only where the target is not in the same container" },
		{ "process_vm_readv", "only where the target is not in the same container" },
		{ "process_vm_writev", "only where the target is not in the same container" },
		{ "rename", NULL },  { "unlink", NULL }, { "mkdir", NULL },    { "symlink", NULL },
		{ "link", NULL },    { "chmod", NULL },	 { "chown", NULL },    { "mknod", NULL },
		{ "truncate", NULL }, { "setxattr", NULL },
	};
	char text[200];

	if (!w->job.wants_container)
		keep_note(w, result, NOTE_NARROWER, result->rule->at,
			  "processes of the host are not recorded: it fires for containers only");
	for (size_t t = 0; t < w->job.types.n; t++) {
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			if (strcmp(kinds[i].word, w->job.types.items[t]) != 0)
				continue;
			snprintf(text, sizeof(text),
				 "%s: only changes that the host or another container sees are recorded",
				 kinds[i].word);
			keep_note(w, result, NOTE_NARROWER, result->rule->at,
				  kinds[i].text ? kinds[i].text : text);
		}
	}
}

static int put_condition(struct writer *w, struct result *result, json_t *json, struct out **ret)
{
	const struct falco_rule *rule = result->rule;
	struct problem problem;
	struct out *out;
	char text[640];
	bool wider = false;

	if (translate_condition(&w->job, &rule->condition, &out, &problem) < 0) {
		snprintf(text, sizeof(text), "condition: %s", problem.message);
		return refuse(w, result, problem.at, text);
	}
	keep_notes(w, result, out);
	if (out->kind == OUT_LOST)
		return -ENOTSUP;
	if (out->kind == OUT_FALSE)
		return refuse(w, result, rule->at,
			      out->notes.n ? "what is left of the condition is never true" :
					     "the condition is never true as it is written");
	if (out->kind == OUT_TRUE)
		return refuse(w, result, rule->at, "the condition is always true");
	for (size_t i = 0; i < result->notes.n; i++)
		wider = wider || ((struct note *)result->notes.items[i])->kind == NOTE_WIDER;
	if (wider && w->options->strict)
		return refuse(w, result, rule->at, "an exclusion would be lost, and --strict was given");
	note_kinds(w, result);
	json_object_set_new(json, "condition", condition_json(w, out));
	*ret = out;
	return 0;
}

static void put_output(struct writer *w, struct result *result, json_t *json)
{
	const struct falco_rule *rule = result->rule;
	struct text names = { 0 };
	struct ptrs missing = { 0 };
	const char *text = one_line(w->job.pool, render_output(&w->job, rule->output, &missing));

	json_object_set_new(json, "output", json_from_text(text[0] ? text : "%proc.cmdline"));
	if (missing.n == 0)
		return;
	for (size_t i = 0; i < missing.n && names.len < 400; i++) {
		text_puts(w->job.pool, &names, i ? ", " : "the output loses what we do not have: ");
		text_puts(w->job.pool, &names, missing.items[i]);
	}
	keep_note(w, result, NOTE_INFO, rule->output_at, names.data);
}

static int put_exceptions(struct writer *w, struct result *result, json_t *json)
{
	const struct falco_rule *rule = result->rule;
	json_t *all = json_array();
	struct problem problem;
	char text[640];
	int r = 0;

	for (size_t i = 0; i < rule->exceptions.n && r == 0; i++) {
		const struct falco_exception *exception = rule->exceptions.items[i];
		struct out *out;

		if (exception->values.n == 0)
			continue; /* a template for others to fill */
		if (translate_exception(&w->job, exception, &out, &problem) < 0) {
			r = refuse(w, result, problem.at, problem.message);
			break;
		}
		if (out->kind == OUT_LOST || out->kind == OUT_TRUE) {
			snprintf(text, sizeof(text), "exception '%.80s' is lost: %s", exception->name,
				 out->notes.n ? ((struct note *)out->notes.items[0])->text :
						"it applies always");
			keep_note(w, result, NOTE_WIDER, exception->at, text);
			if (w->options->strict)
				r = refuse(w, result, exception->at,
					   "an exception would be lost, and --strict was given");
			continue;
		}
		keep_notes(w, result, out);
		if (out->kind == OUT_FALSE)
			continue;
		json_array_append_new(
			all, json_pack("{s:o, s:o, s:s}", "name",
				       json_from_text(one_line(w->job.pool, exception->name)), "when",
				       condition_json(w, out), "reason",
				       "Imported: an exception of Falco's rule, which gives no reason."));
	}
	if (json_array_size(all) > 0)
		json_object_set(json, "exceptions", all);
	json_decref(all);
	return r;
}

/* --- trying them on the loader ------------------------------------------- */

static json_t *list_json(const struct falco_list *list)
{
	json_t *items = json_array();

	for (size_t i = 0; i < list->values.n; i++)
		json_array_append_new(items, json_from_text(list->values.items[i]));
	return items;
}

static json_t *file_json(json_t *lists, json_t *rules)
{
	return json_pack("{s:s, s:i, s:s, s:O, s:O}", "$schema", "rules.schema.json", "schema_version", 1,
			 "ruleset", "imported", "lists", lists, "rules", rules);
}

/* Load one rule with the lists that it uses; *ret_failed: how many of
 * its tests did not do what they say. */
static int try_rule(struct writer *w, json_t *rule, struct parse_error *reterr,
		    unsigned int *ret_failed)
{
	json_t *rules = json_pack("[O]", rule), *lists = json_object(), *file;
	struct rule_set *set = NULL;
	unsigned int n_run;
	char *text;
	int r;

	for (size_t i = 0; i < w->job.used_lists.n; i++) {
		struct falco_list *list = w->job.used_lists.items[i];

		json_object_set_new(lists, list->ours, list_json(list));
	}
	file = file_json(lists, rules);
	text = json_dumps(file, JSON_INDENT(1));
	r = text ? rule_set_load_text("the translated rule", slice_from(text), &set, reterr) : -ENOMEM;
	if (r == 0 && ret_failed)
		*ret_failed = rule_run_tests(set, rule_set_at(set, 0), &n_run, NULL, NULL);
	rule_set_free(set);
	free(text);
	json_decref(file);
	json_decref(rules);
	json_decref(lists);
	return r;
}

static bool fits(struct writer *w, json_t *json, json_t *tests)
{
	struct parse_error error;
	unsigned int failed = 1;
	bool good;

	json_object_set(json, "tests", tests);
	good = try_rule(w, json, &error, &failed) == 0 && failed == 0;
	json_object_del(json, "tests");
	return good;
}

/* Of the candidates the first near miss that the engine confirms, with the test
 * that fires before it. */
static bool put_tests(struct writer *w, json_t *json, const struct out *condition)
{
	json_t *candidates = solve_tests(&w->job, condition), *pair;
	bool found = false;

	for (size_t i = 1; i < json_array_size(candidates) && !found; i++) {
		pair = json_pack("[O, O]", json_array_get(candidates, 0), json_array_get(candidates, i));
		found = fits(w, json, pair);
		if (found)
			json_object_set(json, "tests", pair);
		json_decref(pair);
	}
	json_decref(candidates);
	return found;
}

/* --- one rule ------------------------------------------------------------ */

static int check_rule(struct writer *w, struct result *result)
{
	const struct falco_rule *rule = result->rule;
	char text[200];

	for (size_t i = 0; i < rule->problems.n; i++) {
		const struct note *note = rule->problems.items[i];

		keep_note(w, result, NOTE_REFUSED, note->at, note->text);
	}
	if (rule->source && strcmp(rule->source, "syscall") != 0) {
		snprintf(text, sizeof(text), "its source is '%.60s': only rules on system calls are translated",
			 rule->source);
		return refuse(w, result, rule->at, text);
	}
	if (!rule->has_condition || !rule->output)
		return refuse(w, result, rule->at,
			      rule->has_condition ? "it has no output" : "it has no condition");
	if (!priority_word(rule->priority)) {
		snprintf(text, sizeof(text), "unknown priority '%.40s'",
			 rule->priority ? rule->priority : "");
		return refuse(w, result, rule->at, text);
	}
	return rule->problems.n > 0 ? -ENOTSUP : 0;
}

static void keep_lists(struct writer *w)
{
	for (size_t i = 0; i < w->job.used_lists.n; i++) {
		struct falco_list *list = w->job.used_lists.items[i];

		if (list->is_kept)
			continue;
		list->is_kept = true;
		ptrs_add(&w->import->model.pool, &w->used_lists, list);
	}
}

static int make_rule(struct writer *w, struct result *result, json_t *json)
{
	struct parse_error error = { 0 };
	struct out *condition = NULL;
	char id[64], text[700];
	int r;

	r = check_rule(w, result);
	if (r < 0)
		return r;
	if (take_id(w, result->rule->name, id) < 0)
		return refuse(w, result, result->rule->at, "no number is left for it");
	json_object_set_new(json, "id", json_string(id));
	put_texts(w, result->rule, json);
	put_tags(w, result->rule, json);
	r = put_condition(w, result, json, &condition);
	if (r == 0)
		put_output(w, result, json);
	if (r == 0)
		r = put_exceptions(w, result, json);
	if (r == 0 && try_rule(w, json, &error, NULL) < 0) {
		snprintf(text, sizeof(text), "our loader refuses the translation: %s", error.message);
		r = refuse(w, result, result->rule->at, text);
	}
	if (r < 0)
		return r;
	keep_lists(w);
	result->has_tests = put_tests(w, json, condition);
	if (!result->rule->enabled)
		keep_note(w, result, NOTE_INFO, result->rule->at,
			  "off in Falco (enabled: false): tagged off-in-falco, and on with us");
	result->id = pool_copy(&w->import->model.pool, id, strlen(id));
	return 0;
}

static void import_rule(struct writer *w, const struct falco_rule *rule)
{
	struct result *result = pool_alloc(&w->import->model.pool, sizeof(*result));
	struct pool pool = { 0 };
	json_t *json = json_object();

	result->rule = rule;
	w->job = (struct job){
		.model = &w->import->model,
		.pool = &pool,
		.prefix = w->list_prefix,
		.probes = w->probes,
	};
	if (w->import->model.n_work > WORK_MAX)
		refuse(w, result, rule->at,
		       "the rules before it were too much work: 2000000 tests and values");
	else if (make_rule(w, result, json) == 0)
		json_array_append(w->rules, json);
	w->import->model.n_work += w->job.budget.n_nodes + w->job.budget.n_values;
	json_decref(json);
	pool_release(&pool);
	ptrs_add(&w->import->model.pool, &w->import->results, result);
}

/* --- all ----------------------------------------------------------------- */

int import_rules(struct import *import, const struct options *options, struct problem *retproblem)
{
	struct writer w = { .import = import, .options = options };
	int r = 0;

	w.ids = pool_alloc(&import->model.pool, IDS_MAX * sizeof(*w.ids));
	snprintf(w.list_prefix, sizeof(w.list_prefix), "%s", options->prefix);
	for (char *p = w.list_prefix; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (options->ids)
		r = read_ids(&w, retproblem);
	if (r < 0)
		return r;
	w.probes = pool_alloc(&import->model.pool, PROBES_SIZE * sizeof(struct probe *));
	w.rules = json_array();
	w.lists = json_object();
	for (size_t i = 0; i < import->model.rules.n; i++)
		import_rule(&w, import->model.rules.items[i]);
	for (size_t i = 0; i < w.used_lists.n; i++) {
		struct falco_list *list = w.used_lists.items[i];

		json_object_set_new(w.lists, list->ours, list_json(list));
	}
	import->json = file_json(w.lists, w.rules);
	json_decref(w.rules);
	json_decref(w.lists);
	return options->ids ? write_ids(&w, retproblem) : 0;
}

void import_release(struct import *import)
{
	json_decref(import->json);
	model_release(&import->model);
	memset(import, 0, sizeof(*import));
}
