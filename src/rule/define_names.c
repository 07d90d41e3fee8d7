/* SPDX-License-Identifier: Apache-2.0 */
/* What a file defines by name: macros and lists. */
#include "rule/define.h"

#include <stdio.h>

#include "base/suggest.h"

/* ^[a-z][a-z0-9_]*$, and no word of the language. */
static int check_name(struct loader *loader, const struct place *place, const char *name)
{
	static const char *const reserved[] = {
		"and",	      "or",	   "not",	 "in",	     "exists",
		"contains",   "icontains", "startswith", "endswith", "glob",
		"intersects", "regex",	   "pmatch",	 "true",     "false",
	};

	if (name[0] < 'a' || name[0] > 'z' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
		return fail_key(loader, place,
				"names are made of a-z, 0-9 and _ and begin with a letter");
	if (strlen(name) > SUGGEST_LEN_MAX)
		return fail_key(loader, place, "names have at most %d characters", SUGGEST_LEN_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (strcmp(name, reserved[i]) == 0)
			return fail_key(loader, place, "'%s' is a word of the language", name);
	}
	return 0;
}

static int refuse_second(struct loader *loader, const struct place *second, const char *what,
			 const char *name, const struct place *first)
{
	return fail_key(loader, second, "%s '%s' is defined twice, first in %s:%u", what, name,
			first->file->name, place_line(first));
}

static int define_macro(struct loader *loader, const struct place *place, const char *name)
{
	struct macro *more;

	for (size_t i = 0; i < loader->n_macros; i++) {
		const struct json_at macros = { NULL, "macros", 0 }, at = { &macros, name, 0 };
		const struct place first = { loader->macros[i].file, &at, NULL };

		if (strcmp(loader->macros[i].name, name) == 0)
			return refuse_second(loader, place, "macro", name, &first);
	}
	if (loader->n_macros >= RULES_MAX)
		return fail_key(loader, place, "more than %d macros", RULES_MAX);
	more = reallocarray(loader->macros, loader->n_macros + 1, sizeof(*more));
	if (!more)
		return fail_memory(loader);
	loader->macros = more;
	more[loader->n_macros++] =
		(struct macro){ .name = name, .file = place->file, .json = place->json };
	return 0;
}

/* Strings as they are, numbers as they would be written in a condition. */
int keep_item(struct loader *loader, const struct place *place, struct slice *ret)
{
	char digits[24];
	struct slice item;

	if (json_is_integer(place->json)) {
		snprintf(digits, sizeof(digits), "%lld",
			 (long long)json_integer_value(place->json));
		item = slice_from(digits);
	} else if (json_is_string(place->json)) {
		item = (struct slice){ json_string_value(place->json),
				       json_string_length(place->json) };
	} else {
		return fail_at(loader, place, "expected a string or a whole number");
	}
	*ret = (struct slice){ arena_copy(&loader->arena, item), item.len };
	return ret->data ? 0 : fail_memory(loader);
}

static int define_list(struct loader *loader, const struct place *place, const char *name)
{
	struct value_list *more, list = { .name = name, .file = place->file };
	struct member element;
	struct slice *items;
	int r;

	for (size_t i = 0; i < loader->n_lists; i++) {
		const struct json_at lists = { NULL, "lists", 0 }, at = { &lists, name, 0 };
		const struct place first = { loader->lists[i].file, &at, NULL };

		if (strcmp(loader->lists[i].name, name) == 0)
			return refuse_second(loader, place, "list", name, &first);
	}
	if (!json_is_array(place->json))
		return fail_at(loader, place, "expected an array of strings or numbers");
	if (json_array_size(place->json) == 0)
		return fail_at(loader, place, "an empty list matches nothing");
	if (loader->n_lists >= RULES_MAX)
		return fail_key(loader, place, "more than %d lists", RULES_MAX);

	list.n_items = json_array_size(place->json);
	items = arena_alloc(&loader->arena, list.n_items * sizeof(*items));
	more = reallocarray(loader->lists, loader->n_lists + 1, sizeof(*more));
	if (more)
		loader->lists = more;
	if (!items || !more)
		return fail_memory(loader);
	for (size_t i = 0; i < list.n_items; i++) {
		find_element(place, i, &element);
		r = keep_item(loader, &element.place, &items[i]);
		if (r < 0)
			return r;
	}
	list.items = items;
	more[loader->n_lists++] = list;
	return 0;
}

static int define_all(struct loader *loader, const struct place *file, const char *key,
		      int (*define)(struct loader *loader, const struct place *place,
				    const char *name))
{
	struct member member, entry;
	const char *name;
	json_t *value;
	int r;

	if (!find_member(file, key, &member))
		return 0;
	if (!json_is_object(member.place.json))
		return fail_at(loader, &member.place, "expected an object { }");
	json_object_foreach(member.place.json, name, value) {
		find_member(&member.place, name, &entry);
		r = check_name(loader, &entry.place, name);
		if (r == 0)
			r = define(loader, &entry.place, name);
		if (r < 0)
			return r;
	}
	return 0;
}

int define_names(struct loader *loader, const struct source_file *source)
{
	const struct place file = { source, NULL, source->root };
	struct member member;
	int r;

	r = check_keys(loader, &file, file_keys);
	if (r < 0)
		return r;
	if (!find_member(&file, "schema_version", &member))
		return fail_at(loader, &file, "key 'schema_version' is missing");
	if (!json_is_integer(member.place.json) || json_integer_value(member.place.json) != 1)
		return fail_at(loader, &member.place, "this brigwatch reads schema_version 1 only");
	if (find_member(&file, "$schema", &member) && !json_is_string(member.place.json))
		return fail_at(loader, &member.place, "expected a string");
	if (!find_member(&file, "ruleset", &member))
		return fail_at(loader, &file, "key 'ruleset' is missing");
	if (!json_is_string(member.place.json) || json_string_length(member.place.json) == 0)
		return fail_at(loader, &member.place, "expected a name for this set of rules");

	r = define_all(loader, &file, "macros", define_macro);
	if (r < 0)
		return r;
	return define_all(loader, &file, "lists", define_list);
}

