/* SPDX-License-Identifier: Apache-2.0 */
/* What may be right and probably is not: names that nothing uses, rules that
 * nothing tests. */
#include "rule/define.h"

/* The kernel side reads these lists by name. */
static bool is_watched(const char *name)
{
	for (size_t i = 0; i < RULE_WATCH_MAX; i++) {
		if (strcmp(watch_list_names[i], name) == 0)
			return true;
	}
	return false;
}

static int warn_of_name(struct loader *loader, const struct source_file *file, const char *key,
			const char *kind, const char *name)
{
	const struct json_at names = { NULL, key, 0 }, at = { &names, name, 0 };
	const struct place place = { file, &at, NULL };

	return warn_key(loader, &place, "%s '%s' is used by no condition", kind, name);
}

int warn_of_unused(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_macros && r == 0; i++) {
		const struct macro *macro = &loader->macros[i];

		if (!macro->used)
			r = warn_of_name(loader, macro->file, "macros", "macro", macro->name);
	}
	for (size_t i = 0; i < loader->n_lists && r == 0; i++) {
		const struct value_list *list = &loader->lists[i];

		if (!list->used && !is_watched(list->name))
			r = warn_of_name(loader, list->file, "lists", "list", list->name);
	}
	return r;
}

static int warn_of_rule(struct loader *loader, const struct rule *rule, const char *missing)
{
	const struct json_at rules = { NULL, "rules", 0 }, element = { &rules, NULL, rule->index };
	const struct json_at at = { &element, "id", 0 };
	const struct place place = { &loader->files[rule->file_index], &at, NULL };

	return warn_at(loader, &place, "rule %s has no test %s", rule->id, missing);
}

int warn_of_untested(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->set->n_rules && r == 0; i++) {
		const struct rule *rule = loader->set->rules[i];
		bool fires = false, misses = false;

		for (size_t k = 0; k < rule->n_tests; k++) {
			fires |= rule->tests[k].alerts > 0;
			misses |= rule->tests[k].alerts == 0 && rule->tests[k].n_events > 0;
		}
		if (!fires)
			r = warn_of_rule(loader, rule,
					 misses ? "that fires" : "that fires and no near miss");
		else if (!misses)
			r = warn_of_rule(loader, rule, "of a near miss");
	}
	return r;
}
