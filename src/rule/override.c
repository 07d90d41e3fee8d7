/* SPDX-License-Identifier: Apache-2.0 */
/* "overrides": changes that one file makes to what others define. Nothing is
 * redefined in silence: what changes is named, a reason is given, and each
 * effective change is kept as origin data. */
#include "rule/define.h"

#include <stdio.h>

#include "base/suggest.h"

/* --- one override ------------------------------------------------------- */

static const char *const targets[] = { "rules", "list", "macro" };
static const char *const rule_changes[] = {
	"enabled",    "priority", "condition", "condition_and", "output",
	"exceptions", "tags",	  "threshold", "suppress",	"tests",
};
static const char *const list_changes[] = { "append", "remove", "replace" };
static const char *const macro_changes[] = { "replace", "or", "and" };

static const struct {
	const char *const *names;
	size_t n;
} changes_of[] = {
	{ rule_changes, ARRAY_SIZE(rule_changes) },
	{ list_changes, ARRAY_SIZE(list_changes) },
	{ macro_changes, ARRAY_SIZE(macro_changes) },
};

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* What the override is about: an index into `targets`. */
static int find_target(struct loader *loader, const struct place *place, size_t *ret)
{
	struct member member;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		if (!find_member(place, targets[i], &member))
			continue;
		if (n++ > 0)
			return fail_key(loader, &member.place,
					"an override is of 'rules', of a 'list' or of a 'macro': "
					"two of them are here");
		*ret = i;
	}
	if (n == 0)
		return fail_at(loader, place,
			       "an override names what it changes: 'rules', a 'list' or a 'macro'");
	return 0;
}

/* Its keys, a reason, and at least one change that goes with the target. */
static int check_override(struct loader *loader, const struct place *place, size_t *ret_target)
{
	const char *key, *reason;
	struct member member;
	size_t n = 0;
	json_t *json;
	int r;

	r = check_keys(loader, place, override_keys);
	if (r == 0)
		r = find_target(loader, place, ret_target);
	if (r == 0)
		r = take_string(loader, place, "reason", &reason);
	if (r < 0)
		return r;
	json_object_foreach(place->json, key, json) {
		if (is_one_of(key, targets, ARRAY_SIZE(targets)) || strcmp(key, "reason") == 0)
			continue;
		find_member(place, key, &member);
		if (!is_one_of(key, changes_of[*ret_target].names, changes_of[*ret_target].n))
			return fail_key(loader, &member.place, "'%s' does not go with '%s'", key,
					targets[*ret_target]);
		n++;
	}
	if (n == 0)
		return fail_at(loader, place, "this override changes nothing");
	return 0;
}

/* Call `apply` for each override of the targets of which `wanted` has the bit. */
static int for_each_override(struct loader *loader, const struct source_file *source,
			     unsigned int wanted,
			     int (*apply)(struct loader *loader, const struct place *place,
					  size_t target))
{
	const struct place file = { source, NULL, source->root };
	struct member member, element;
	size_t target = 0;
	int r = 0;

	if (!find_member(&file, "overrides", &member))
		return 0;
	if (!json_is_array(member.place.json))
		return collect(loader,
			       fail_at(loader, &member.place, "expected an array of overrides"));
	for (size_t i = 0; i < json_array_size(member.place.json) && r == 0; i++) {
		find_element(&member.place, i, &element);
		r = check_override(loader, &element.place, &target);
		if (r == 0 && wanted & 1u << target)
			r = apply(loader, &element.place, target);
		r = collect(loader, r);
	}
	return r;
}

/* A value as a reader would write it: malloc()ed. */
static char *show_json(json_t *json)
{
	char *text = NULL;
	size_t len;
	FILE *out;

	if (json_is_string(json))
		return strdup(json_string_value(json));
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	for (size_t i = 0; i < json_array_size(json); i++) {
		json_t *part = json_array_get(json, i);

		if (!json_is_string(part)) {
			fclose(out);
			free(text);
			return json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
		}
		fprintf(out, "%s%s", i > 0 ? " " : "", json_string_value(part));
	}
	fclose(out);
	if (json_is_array(json))
		return text;
	free(text);
	return json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("");
}

static const char *reason_of(const struct place *override)
{
	return json_string_value(json_object_get(override->json, "reason"));
}

/* --- rules -------------------------------------------------------------- */

/* The last value that was noted, or the file's. */
static char *old_value(const struct loader *loader, const struct rule *rule, const char *what)
{
	const struct rule_set *set = loader->set;
	json_t *rules = json_object_get(loader->files[rule->file_index].root, "rules");

	for (size_t i = set->n_origins; i > 0; i--) {
		const struct rule_origin *origin = &set->origins[i - 1];

		if (origin->rule == rule && strcmp(origin->what, what) == 0)
			return strdup(origin->new_value);
	}
	if (strcmp(what, "enabled") == 0)
		return strdup(rule->disabled ? "false" : "true");
	if (strcmp(what, "priority") == 0)
		return strdup(priority_words[rule->priority]);
	if (strcmp(what, "condition") == 0)
		return strdup(rule->condition_text);
	return show_json(json_object_get(json_array_get(rules, rule->index), what));
}

/* Of a sequence, the condition and its steps are one. */
static int define_condition_anew(struct loader *loader, const struct place *object,
				 struct rule *rule)
{
	struct member member;

	find_member(object, "condition", &member);
	if (rule->sequence.n_steps > 0)
		return fail_key(loader, &member.place,
				"%s has a sequence: 'condition_and' can narrow it, but its "
				"condition is not replaced",
				rule->id);
	return define_condition(loader, object, rule);
}

static int define_condition_and(struct loader *loader, const struct place *object,
				struct rule *rule)
{
	struct member member;
	struct node *more;
	int r;

	find_member(object, "condition_and", &member);
	r = parse_condition(loader, &member.place, &more);
	if (r == 0)
		r = join_conditions(loader, &member.place, false, rule->root, more, &rule->root);
	if (r == 0)
		r = compile_checked(loader, &member.place, rule->root, false, &rule->condition);
	if (r < 0)
		return r;
	return keep_joined(loader, &member.place, false, &rule->condition_text);
}

static int define_more_tags(struct loader *loader, const struct place *object, struct rule *rule)
{
	const char *const *more;
	const char **all;
	size_t n = 0, n_more = 0;
	int r;

	r = take_strings(loader, object, "tags", true, &more);
	if (r < 0)
		return r;
	while (rule->tags[n])
		n++;
	while (more[n_more])
		n_more++;
	all = arena_alloc(&loader->set->arena, (n + n_more + 1) * sizeof(*all));
	if (!all)
		return fail_memory(loader);
	memcpy(all, rule->tags, n * sizeof(*all));
	memcpy(all + n, more, n_more * sizeof(*all));
	rule->tags = all;
	return 0;
}

static int define_exceptions_too(struct loader *loader, const struct place *object,
				 struct rule *rule)
{
	struct member member;

	if (find_member(object, "exceptions", &member) && json_array_size(member.place.json) == 0)
		return fail_at(loader, &member.place, "expected an array of exceptions");
	return define_exceptions(loader, object, rule);
}

/* `joins`: the new value stands beside the old one. Then `what` is the key of
 * the rule that it becomes a part of. */
static const struct change {
	const char *key, *what, *joins;
	int (*apply)(struct loader *loader, const struct place *object, struct rule *rule);
} changes[] = {
	{ "enabled", "enabled", NULL, define_enabled },
	{ "priority", "priority", NULL, define_priority },
	{ "condition", "condition", NULL, define_condition_anew },
	{ "condition_and", "condition", "(%s) and (%s)", define_condition_and },
	{ "output", "output", NULL, define_output },
	{ "exceptions", "exceptions", "%s%s", define_exceptions_too },
	{ "tags", "tags", "%s %s", define_more_tags },
	{ "threshold", "threshold", NULL, define_threshold },
	{ "suppress", "suppress", NULL, define_suppress },
	{ "tests", "tests", NULL, define_tests },
};

/* The value as it is now. Exceptions are shown by the names of those added. */
static char *new_value(const struct change *change, json_t *json, const char *old)
{
	cleanup_free char *added = NULL;
	char *text = NULL;
	int len;

	if (strcmp(change->key, "exceptions") == 0) {
		json_t *names = json_array();

		for (size_t i = 0; i < json_array_size(json); i++)
			json_array_append(names, json_object_get(json_array_get(json, i), "name"));
		added = json_dumps(names, JSON_COMPACT);
		json_decref(names);
		return take_ptr(added);
	}
	added = show_json(json);
	if (!change->joins || !added)
		return take_ptr(added);
	/* The format is one of the table above. */
	if (strcmp(change->key, "tags") == 0)
		len = asprintf(&text, "%s %s", old, added);
	else
		len = asprintf(&text, "(%s) and (%s)", old, added);
	return len < 0 ? NULL : text;
}

static int apply_change(struct loader *loader, const struct place *override,
			const struct change *change, struct rule *rule)
{
	cleanup_free char *old = NULL, *now = NULL;
	struct rule_origin origin;
	struct member member;
	int r;

	find_member(override, change->key, &member);
	old = strcmp(change->key, "exceptions") == 0 ? strdup("") :
						       old_value(loader, rule, change->what);
	r = change->apply(loader, override, rule);
	if (r < 0)
		return r;
	now = strcmp(change->key, "priority") == 0 ? strdup(priority_words[rule->priority]) :
						     new_value(change, member.place.json, old);
	if (!old || !now)
		return fail_memory(loader);
	if (strcmp(old, now) == 0)
		return warn_key(loader, &member.place, "this changes nothing: '%s' of %s is so already",
				change->what, rule->id);
	origin = (struct rule_origin){
		.rule = rule,
		.subject = rule->id,
		.what = change->what,
		.old_value = old,
		.new_value = now,
		.file = override->file->name,
		.line = place_line(&member.place),
		.reason = reason_of(override),
	};
	return note_origin(loader, &origin);
}

static int apply_changes(struct loader *loader, const struct place *override, struct rule *rule)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(changes) && r == 0; i++) {
		if (json_object_get(override->json, changes[i].key))
			r = apply_change(loader, override, &changes[i], rule);
	}
	return r < 0 ? r : keep_keys(loader, override, rule);
}

static int mark_rules(struct loader *loader, const struct place *place, bool *marks)
{
	const struct rule_set *set = loader->set;
	const char *text = json_string_value(place->json);
	struct slice selector = slice_from(text);
	bool any = false;

	if (!text || selector.len == 0)
		return fail_at(loader, place,
			       "expected a selector: an id, a tag, a technique of ATT&CK, a priority");
	for (size_t i = 0; i < set->n_rules; i++) {
		if (selector_matches(selector, set->rules[i]))
			any = marks[i] = true;
	}
	if (any)
		return 0;
	return fail_at(loader, place, "no rule is selected by '%.60s'%s", text,
		       hint_from(selector_suggest(set, selector)).text);
}

/* All are selected before the first is changed. */
static int select_rules(struct loader *loader, const struct place *override, bool *marks)
{
	struct member member, element;
	int r = 0;

	find_member(override, "rules", &member);
	if (!json_is_array(member.place.json))
		return mark_rules(loader, &member.place, marks);
	if (json_array_size(member.place.json) == 0)
		return fail_at(loader, &member.place, "this selects no rule");
	for (size_t i = 0; i < json_array_size(member.place.json) && r == 0; i++) {
		find_element(&member.place, i, &element);
		r = mark_rules(loader, &element.place, marks);
	}
	return r;
}

static int override_rule(struct loader *loader, const struct place *override, size_t target)
{
	struct rule_set *set = loader->set;
	cleanup_free bool *marks = calloc(set->n_rules + 1, sizeof(*marks));
	int r;

	(void)target;
	if (!marks)
		return fail_memory(loader);
	r = select_rules(loader, override, marks);
	for (size_t i = 0; i < set->n_rules && r == 0; i++) {
		if (marks[i])
			r = apply_changes(loader, override, set->rules[i]);
	}
	return r;
}

int override_rules(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = for_each_override(loader, &loader->files[i], 1, override_rule);
	return r;
}

/* --- lists and macros --------------------------------------------------- */

/* Keep a place for as long as files are loaded: those of members are not. */
static const struct place *keep_place(struct loader *loader, const struct place *place)
{
	struct place *kept = arena_alloc(&loader->arena, sizeof(*kept));
	const struct json_at **link;

	if (!kept)
		return NULL;
	*kept = *place;
	link = &kept->at;
	for (const struct json_at *at = place->at; at; at = at->up) {
		struct json_at *copy = arena_alloc(&loader->arena, sizeof(*copy));

		if (!copy)
			return NULL;
		*copy = *at;
		*link = copy;
		link = &copy->up;
	}
	*link = NULL;
	return kept;
}

static int note_name(struct loader *loader, const struct place *override, const char *subject,
		     const char *key, const char *old, const char *now)
{
	struct member member;

	if (!now || !old)
		return fail_memory(loader);
	find_member(override, key, &member);
	return note_origin(loader, &(struct rule_origin){ .subject = subject,
							   .what = key,
							   .old_value = old,
							   .new_value = now,
							   .file = override->file->name,
							   .line = place_line(&member.place),
							   .reason = reason_of(override) });
}

/* `old`: what is replaced, or "" where the new part stands beside it. */
static int note_macro(struct loader *loader, const struct place *override,
		      const struct macro *macro, const char *key, const char *old)
{
	cleanup_free char *now = show_json(json_object_get(override->json, key));
	char subject[96];

	snprintf(subject, sizeof(subject), "macro %s", macro->name);
	return note_name(loader, override, subject, key, old, now);
}

static int change_macro(struct loader *loader, const struct place *override, struct macro *macro)
{
	cleanup_free char *old = NULL;
	struct macro_part **last = &macro->parts;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(macro_changes) && r == 0; i++) {
		const struct place *place;
		struct member member;

		if (!find_member(override, macro_changes[i], &member))
			continue;
		place = keep_place(loader, &member.place);
		if (!place)
			return fail_memory(loader);
		if (strcmp(macro_changes[i], "replace") == 0) {
			free(old);
			old = show_json(macro->place ? macro->place->json : macro->json);
			macro->place = place;
			macro->parts = NULL;
			r = note_macro(loader, override, macro, "replace", old);
			continue;
		}
		while (*last)
			last = &(*last)->next;
		*last = arena_alloc(&loader->arena, sizeof(**last));
		if (!*last)
			return fail_memory(loader);
		(*last)->place = place;
		(*last)->is_or = strcmp(macro_changes[i], "or") == 0;
		r = note_macro(loader, override, macro, macro_changes[i], "");
	}
	return r;
}

static bool has_item(const struct slice *items, size_t n, struct slice item)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq(items[i], item))
			return true;
	}
	return false;
}

/* The list without one value. */
static int remove_item(struct loader *loader, const struct place *place, struct value_list *list,
		       struct slice *items, struct slice item)
{
	struct suggest suggest = { NULL, 0 };
	size_t n = 0;

	for (size_t i = 0; i < list->n_items; i++) {
		suggest_offer(&suggest, item, items[i].data);
		if (!slice_eq(items[i], item))
			items[n++] = items[i];
	}
	if (n == list->n_items)
		return fail_at(loader, place, "list '%s' has no '%.60s'%s", list->name, item.data,
			       hint_from(suggest.best).text);
	list->n_items = n;
	return 0;
}

static int change_items(struct loader *loader, const struct place *values, const char *key,
			struct value_list *list)
{
	size_t n = json_array_size(values->json);
	struct member element;
	struct slice *items, item;
	int r;

	if (!json_is_array(values->json) || n == 0)
		return fail_at(loader, values, "expected an array of strings or numbers");
	items = arena_alloc(&loader->arena, (list->n_items + n) * sizeof(*items));
	if (!items)
		return fail_memory(loader);
	if (strcmp(key, "replace") == 0)
		list->n_items = 0;
	memcpy(items, list->items, list->n_items * sizeof(*items));
	list->items = items;
	for (size_t i = 0; i < n; i++) {
		find_element(values, i, &element);
		r = keep_item(loader, &element.place, &item);
		if (r == 0 && strcmp(key, "remove") == 0)
			r = remove_item(loader, &element.place, list, items, item);
		else if (r == 0 && has_item(items, list->n_items, item))
			r = warn_at(loader, &element.place, "list '%s' has '%.60s' already",
				    list->name, item.data);
		else if (r == 0)
			items[list->n_items++] = item;
		if (r < 0)
			return r;
	}
	if (list->n_items == 0)
		return fail_at(loader, values, "nothing is left of list '%s'", list->name);
	return 0;
}

static char *show_items(const struct value_list *list)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < list->n_items; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", list->items[i].data);
	fclose(out);
	return text;
}

static int change_list(struct loader *loader, const struct place *override, struct value_list *list)
{
	char subject[96];
	int r = 0;

	snprintf(subject, sizeof(subject), "list %s", list->name);
	for (size_t i = 0; i < ARRAY_SIZE(list_changes) && r == 0; i++) {
		cleanup_free char *old = NULL, *now = NULL;
		struct member member;

		if (!find_member(override, list_changes[i], &member))
			continue;
		old = show_items(list);
		r = change_items(loader, &member.place, list_changes[i], list);
		if (r < 0)
			return r;
		now = show_items(list);
		if (old && now && strcmp(old, now) == 0)
			continue; /* each value was warned of */
		r = note_name(loader, override, subject, list_changes[i], old, now);
	}
	return r;
}

static int override_name(struct loader *loader, const struct place *override, size_t target)
{
	bool is_list = strcmp(targets[target], "list") == 0;
	struct suggest suggest = { NULL, 0 };
	struct member member;
	const char *name;

	find_member(override, targets[target], &member);
	name = json_string_value(member.place.json);
	if (!name)
		return fail_at(loader, &member.place, "expected the name of a %s", targets[target]);
	for (size_t i = 0; i < loader->n_lists && is_list; i++) {
		if (strcmp(loader->lists[i].name, name) == 0)
			return change_list(loader, override, &loader->lists[i]);
		suggest_offer(&suggest, slice_from(name), loader->lists[i].name);
	}
	for (size_t i = 0; i < loader->n_macros && !is_list; i++) {
		if (strcmp(loader->macros[i].name, name) == 0)
			return change_macro(loader, override, &loader->macros[i]);
		suggest_offer(&suggest, slice_from(name), loader->macros[i].name);
	}
	return fail_at(loader, &member.place, "unknown %s '%.60s'%s", targets[target], name,
		       hint_from(suggest.best).text);
}

int override_names(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = for_each_override(loader, &loader->files[i], 1u << 1 | 1u << 2, override_name);
	return r;
}
