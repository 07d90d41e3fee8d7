/* SPDX-License-Identifier: Apache-2.0 */
/* Parsed JSON to macros, lists and rules. Strict: what is not known here is an
 * error, for a rule with a misspelt key protects nobody. */
#include "rule/define.h"

#include <stdio.h>
#include <strings.h>

#include "base/suggest.h"

json_t *find_member(const struct place *object, const char *key, struct member *ret)
{
	ret->at = (struct json_at){ object->at, key, 0 };
	ret->place = (struct place){ object->file, &ret->at, json_object_get(object->json, key) };
	return ret->place.json;
}

void find_element(const struct place *array, size_t i, struct member *ret)
{
	ret->at = (struct json_at){ array->at, NULL, i };
	ret->place = (struct place){ array->file, &ret->at, json_array_get(array->json, i) };
}

int check_keys(struct loader *loader, const struct place *object, const struct key_spec *known)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object->json))
		return fail_at(loader, object, "expected an object { }");
	json_object_foreach(object->json, key, value) {
		struct suggest suggest = { NULL, 0 };
		struct member member;
		size_t i = 0;

		while (known[i].name && strcmp(known[i].name, key) != 0)
			suggest_offer(&suggest, slice_from(key), known[i++].name);
		if (known[i].name)
			continue;
		find_member(object, key, &member);
		return fail_key(loader, &member.place, "unknown key '%.60s'%s", key,
				hint_from(suggest.best).text);
	}
	return 0;
}

static bool is_printed(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return true;
}

/* A string of the file into the set. */
int keep_string(struct loader *loader, const struct place *place, const char **ret)
{
	const char *text = json_string_value(place->json);
	size_t len = json_string_length(place->json);

	if (!text)
		return fail_at(loader, place, "expected a string");
	if (len == 0)
		return fail_at(loader, place, "this must not be empty");
	if (len > TEXT_LEN_MAX)
		return fail_at(loader, place, "this is %zu bytes long, at most %u are allowed", len,
			       TEXT_LEN_MAX);
	if (!is_printed(text, len))
		return fail_at(loader, place, "control characters are not allowed here");
	*ret = arena_copy(&loader->set->arena, (struct slice){ text, len });
	return *ret ? 0 : fail_memory(loader);
}

int take_string(struct loader *loader, const struct place *object, const char *key,
		const char **ret)
{
	struct member member;

	if (!find_member(object, key, &member))
		return fail_at(loader, object, "key '%s' is missing", key);
	return keep_string(loader, &member.place, ret);
}

/* "A1": a family's letter and a number that the family has. */
bool rule_is_technique(const char *text)
{
	static const unsigned char last[] = { 11, 22, 14, 8, 9, 8, 12 }; /* A to G */
	size_t digits = text[0] ? strspn(text + 1, "0123456789") : 0;

	if (text[0] < 'A' || text[0] > 'G' || digits < 1 || digits > 2 || text[digits + 1])
		return false;
	return text[1] != '0' && strtol(text + 1, NULL, 10) <= last[text[0] - 'A'];
}

static bool is_mitre(const char *text)
{
	size_t len = strlen(text), digits = strspn(text + (text[0] == 'T'), "0123456789");

	if (text[0] != 'T' || digits != 4)
		return false;
	return len == 5 || (len == 9 && text[5] == '.' && strspn(text + 6, "0123456789") == 3);
}

/* What a string of a list must be, if it is not free. */
static const struct {
	const char *key;
	bool (*is_good)(const char *text);
	const char *what;
} list_checks[] = {
	{ "mitre", is_mitre, "a technique of MITRE ATT&CK (T1611, T1055.008)" },
	{ "techniques", rule_is_technique,
	  "a technique of docs/techniques (A1-A11, B1-B22, C1-C14, D1-D8, E1-E9, F1-F8, G1-G12)" },
};

static int check_string(struct loader *loader, const struct place *place, const char *key,
			const char *text)
{
	char near[16];

	for (size_t i = 0; i < ARRAY_SIZE(list_checks); i++) {
		if (strcmp(key, list_checks[i].key) == 0 && !list_checks[i].is_good(text))
			return fail_at(loader, place, "'%.60s' is not %s", text,
				       list_checks[i].what);
	}
	if (strcmp(key, "mitre") == 0 && !mitre_is_known(text, near, sizeof(near)))
		return fail_at(loader, place,
			       "MITRE ATT&CK " MITRE_VERSION " has no technique '%.60s'%s", text,
			       hint_from(near[0] ? near : NULL).text);
	return 0;
}

/* A list of strings; an empty one when the key is missing and not required. */
int take_strings(struct loader *loader, const struct place *object, const char *key, bool required,
		 const char *const **ret)
{
	struct member member, element;
	const char **strings;
	size_t n;
	int r;

	if (!find_member(object, key, &member) && required)
		return fail_at(loader, object, "key '%s' is missing", key);
	if (member.place.json && !json_is_array(member.place.json))
		return fail_at(loader, &member.place, "expected an array of strings");
	n = json_array_size(member.place.json);
	if (required && n == 0)
		return fail_at(loader, &member.place, "this must not be empty");

	strings = arena_alloc(&loader->set->arena, (n + 1) * sizeof(*strings));
	if (!strings)
		return fail_memory(loader);
	for (size_t i = 0; i < n; i++) {
		find_element(&member.place, i, &element);
		r = keep_string(loader, &element.place, &strings[i]);
		if (r < 0)
			return r;
		r = check_string(loader, &element.place, key, strings[i]);
		if (r < 0)
			return r;
	}
	*ret = strings;
	return 0;
}

/* --- parts of a rule ---------------------------------------------------- */

/* ^[A-Z]+-[0-9]{4}$ */
static bool is_id(const char *id)
{
	size_t letters = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return letters > 0 && id[letters] == '-' && strspn(id + letters + 1, "0123456789") == 4 &&
	       strlen(id) == letters + 5;
}

static int define_id(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct member member;
	int r;

	r = take_string(loader, object, "id", &rule->id);
	if (r < 0)
		return r;
	find_member(object, "id", &member);
	if (!is_id(rule->id))
		return fail_at(loader, &member.place,
			       "'%.60s' is not an id: capital letters, '-', four digits (BW-0101)",
			       rule->id);
	for (size_t i = 0; i < loader->set->n_rules; i++) {
		const struct rule *other = loader->set->rules[i];
		const struct json_at rules = { NULL, "rules", 0 },
				element = { &rules, NULL, other->index };
		const struct json_at at = { &element, "id", 0 };
		const struct place first = { &loader->files[other->file_index], &at, NULL };

		if (strcmp(other->id, rule->id) == 0)
			return fail_at(loader, &member.place,
				       "rule '%s' is defined twice, first in %s:%u", rule->id,
				       first.file->name, place_line(&first));
	}
	return 0;
}

/* Any case: "critical" and Falco's "CRITICAL". */
int define_priority(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct suggest suggest = { NULL, 0 };
	struct member member;
	const char *text;
	int r;

	r = take_string(loader, object, "priority", &text);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < PRIORITY_MAX; i++) {
		suggest_offer(&suggest, slice_from(text), priority_words[i]);
		if (strcasecmp(text, priority_words[i]) == 0) {
			rule->priority = (enum priority)i;
			return 0;
		}
	}
	if (strcasecmp(text, "info") == 0)
		suggest.best = "informational";
	find_member(object, "priority", &member);
	return fail_at(
		loader, &member.place, "unknown priority '%.60s'%s", text,
		suggest.best ?
			hint_from(suggest.best).text :
			"; known are emergency, alert, critical, error, warning, notice, informational, debug");
}

int compile_checked(struct loader *loader, const struct place *place, const struct node *root,
		    bool exception, struct program *ret)
{
	int r;

	r = compile_program(loader, root, exception, ret);
	if (r < 0)
		return r;
	if (ret->event_types == 0)
		return fail_at(loader, place, "this can never be true: no evt.type satisfies it");
	return check_verdict(loader, place, root);
}

/* The number that `n` digits make, or -1. */
static int read_digits(const char *text, size_t n)
{
	int num = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		num = num * 10 + (text[i] - '0');
	}
	return num;
}

/* "2027-06-30": the nanosecond at which that day ends, UTC. False: no date. */
static bool parse_date(const char *text, int64_t *ret_ns)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
	int year, month, day, days, leap, year_days;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	year = read_digits(text, 4);
	month = read_digits(text + 5, 2);
	day = read_digits(text + 8, 2);
	if (year < 2000 || year > 2199 || month < 1 || month > 12 || day < 1)
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day > before[month] - before[month - 1] + (month == 2 && leap))
		return false;

	year_days =
		(year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400;
	days = year_days + before[month - 1] + (month > 2 && leap) + day;
	*ret_ns = (int64_t)days * 86400 * 1000000000;
	return true;
}

static int define_when(struct loader *loader, const struct place *object, struct program *ret)
{
	struct member member;
	struct node *root;
	int r;

	if (!find_member(object, "when", &member))
		return fail_at(loader, object, "key 'when' is missing");
	r = parse_condition(loader, &member.place, &root);
	return r < 0 ? r : compile_checked(loader, &member.place, root, true, ret);
}

static int define_exception(struct loader *loader, const struct place *place, struct exception *ret)
{
	struct member member;
	int r;

	r = check_keys(loader, place, exception_keys);
	if (r < 0)
		return r;
	r = take_string(loader, place, "name", &ret->name);
	if (r < 0)
		return r;
	r = take_string(loader, place, "reason", &ret->reason);
	if (r < 0)
		return r;
	r = define_when(loader, place, &ret->when);
	if (r == 0 && find_member(place, "when", &member))
		r = keep_text(loader, &member.place, &ret->when_text);
	if (r < 0)
		return r;
	if (!find_member(place, "expires", &member) || json_is_null(member.place.json))
		return 0;
	if (!json_is_string(member.place.json) ||
	    !parse_date(json_string_value(member.place.json), &ret->expires_ns))
		return fail_at(loader, &member.place, "expected a date as \"2027-06-30\", or null");
	if (loader->load->now_ns >= ret->expires_ns && loader->load->now_ns > 0) {
		r = warn_at(loader, &member.place,
			    "exception '%.60s' has expired: it no longer applies", ret->name);
		if (r < 0)
			return r;
	}
	return keep_text(loader, &member.place, &ret->expires);
}

/* Behind those that the rule has: overrides add theirs. */
int define_exceptions(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct member member, element;
	struct exception *all;
	size_t n;
	int r;

	if (!find_member(object, "exceptions", &member))
		return 0;
	if (!json_is_array(member.place.json))
		return fail_at(loader, &member.place, "expected an array of exceptions");
	n = json_array_size(member.place.json);
	all = arena_alloc(&loader->set->arena, (rule->n_exceptions + n) * sizeof(*all));
	if (!all)
		return fail_memory(loader);
	if (rule->n_exceptions > 0)
		memcpy(all, rule->exceptions, rule->n_exceptions * sizeof(*all));
	rule->exceptions = all;
	for (size_t i = 0; i < n; i++) {
		find_element(&member.place, i, &element);
		r = define_exception(loader, &element.place, &all[rule->n_exceptions]);
		if (r < 0)
			return r;
		rule->n_exceptions++;
	}
	return 0;
}

static int refuse_planned(struct loader *loader, const struct place *object, struct rule *rule)
{
	static const char *const planned[] = { "capture", "action" };
	struct member member;

	(void)rule;

	for (size_t i = 0; i < ARRAY_SIZE(planned); i++) {
		if (find_member(object, planned[i], &member) && !json_is_null(member.place.json))
			return fail_key(loader, &member.place,
					"'%s' is not supported yet, only null is", planned[i]);
	}
	return 0;
}

/* --- rules -------------------------------------------------------------- */

static void add_field(struct rule *rule, const struct field *field)
{
	for (size_t i = 0; i < rule->n_fields; i++) {
		if (rule->fields[i] == field)
			return;
	}
	rule->fields[rule->n_fields++] = field;
}

/* The output's in its order, then what only the condition names. */
int collect_fields(struct loader *loader, struct rule *rule)
{
	size_t room = rule->output.n_segments + rule->condition.n_tests;

	if (room > field_table_len)
		room = field_table_len;
	rule->fields = arena_alloc(&loader->set->arena, (room + 1) * sizeof(*rule->fields));
	if (!rule->fields)
		return fail_memory(loader);
	for (size_t i = 0; i < rule->output.n_segments; i++) {
		if (rule->output.segments[i].ref.field)
			add_field(rule, rule->output.segments[i].ref.field);
	}
	for (size_t i = 0; i < rule->condition.n_tests; i++)
		add_field(rule, &field_table[rule->condition.tests[i].field]);
	return 0;
}

static int define_texts(struct loader *loader, const struct place *object, struct rule *rule)
{
	const struct {
		const char *key, **ret;
	} texts[] = {
		{ "name", &rule->name },
		{ "description", &rule->description },
		{ "why", &rule->why },
	};
	const struct {
		const char *key;
		bool required;
		const char *const **ret;
	} lists[] = {
		{ "response", true, &rule->response }, { "references", false, &rule->references },
		{ "mitre", false, &rule->mitre },      { "techniques", false, &rule->techniques },
		{ "tags", false, &rule->tags },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		r = take_string(loader, object, texts[i].key, texts[i].ret);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		r = take_strings(loader, object, lists[i].key, lists[i].required, lists[i].ret);
		if (r < 0)
			return r;
	}
	return 0;
}

int define_output(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct member member;
	int r;

	if (!find_member(object, "output", &member))
		return fail_at(loader, object, "key 'output' is missing");
	r = parse_template(loader, &member.place, &rule->output);
	return r < 0 ? r : keep_text(loader, &member.place, &rule->output_text);
}

int define_condition(struct loader *loader, const struct place *object, struct rule *rule)
{
	const json_t *sequence = json_object_get(object->json, "sequence");
	struct member member;
	int r;

	if (sequence && !json_is_null(sequence))
		return define_sequence(loader, object, rule);
	if (!find_member(object, "condition", &member))
		return fail_at(loader, object, "key 'condition' is missing");
	r = parse_condition(loader, &member.place, &rule->root);
	if (r == 0)
		r = compile_checked(loader, &member.place, rule->root, false, &rule->condition);
	return r < 0 ? r : keep_text(loader, &member.place, &rule->condition_text);
}

int define_enabled(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct member member;

	if (!find_member(object, "enabled", &member))
		return 0;
	rule->disabled = !json_is_true(member.place.json);
	return json_is_boolean(member.place.json) ?
		       0 :
		       fail_at(loader, &member.place, "expected true or false");
}

/* Mistakes of one part do not hide those of the next. 0, or what ends the load. */
static int define_rule(struct loader *loader, const struct place *place, struct rule *rule)
{
	static int (*const parts[])(struct loader *, const struct place *, struct rule *) = {
		define_id,	  define_texts,	    define_priority, define_enabled,
		refuse_planned,	  define_condition, define_output,   define_exceptions,
		define_threshold, define_suppress,  define_tests,
	};
	int r;

	r = collect(loader, check_keys(loader, place, rule_keys));
	if (!json_is_object(place->json))
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = collect(loader, parts[i](loader, place, rule));
	return r < 0 ? r : keep_keys(loader, place, rule);
}

static int add_rule(struct loader *loader, struct rule *rule)
{
	struct rule_set *set = loader->set;
	size_t room = set->rules_room ? set->rules_room * 2 : 16;
	struct rule **more;

	if (set->n_rules == set->rules_room) {
		more = reallocarray(set->rules, room, sizeof(struct rule *));
		if (!more)
			return fail_memory(loader);
		set->rules = more;
		set->rules_room = room;
	}
	rule->number = set->n_rules;
	set->rules[set->n_rules++] = rule;
	return 0;
}

static int define_element(struct loader *loader, const struct place *place, const char *name,
			  size_t file_index, size_t index, unsigned int line)
{
	struct rule *rule = arena_alloc(&loader->set->arena, sizeof(*rule));
	size_t n_errors = loader->n_errors;
	int r;

	if (!rule)
		return fail_memory(loader);
	if (loader->set->n_rules >= RULES_MAX)
		return collect(loader, fail_at(loader, place, "more than %d rules", RULES_MAX));
	rule->file = name;
	rule->file_index = file_index;
	rule->index = index;
	rule->line = line;
	r = define_rule(loader, place, rule);
	return r < 0 || loader->n_errors > n_errors ? r : add_rule(loader, rule);
}

int define_rules(struct loader *loader, size_t file_index)
{
	const struct source_file *source = &loader->files[file_index];
	const struct place file = { source, NULL, source->root };
	cleanup_free unsigned int *lines = NULL;
	struct member member, element;
	const char *name;
	size_t n;
	int r = 0;

	if (!find_member(&file, "rules", &member))
		return 0;
	if (!json_is_array(member.place.json))
		return collect(loader,
			       fail_at(loader, &member.place, "expected an array of rules"));
	n = json_array_size(member.place.json);
	lines = calloc(n + 1, sizeof(*lines));
	name = arena_copy(&loader->set->arena, slice_from(source->name));
	if (!name || !lines)
		return fail_memory(loader);
	place_lines(&member.place, lines, n);
	for (size_t i = 0; i < n && r == 0; i++) {
		find_element(&member.place, i, &element);
		r = define_element(loader, &element.place, name, file_index, i, lines[i]);
	}
	return r;
}
