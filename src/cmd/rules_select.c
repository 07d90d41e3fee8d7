/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules are meant: by id, tag, technique, MITRE id or priority. */
#include <stdio.h>
#include <strings.h>

#include "base/suggest.h"
#include "cmd/rules_tool.h"

const struct rule *rules_find(const struct rules_call *call, const struct rule_set *set,
			      const char *id)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);

		if (strcasecmp(rule_id(rule), id) == 0)
			return rule;
		suggest_offer(&suggest, slice_from(id), rule_id(rule));
	}
	if (suggest.best)
		rules_refuse(call, "no rule '%s', did you mean '%s'?", id, suggest.best);
	else
		rules_refuse(call, "no rule '%s'; 'brigwatch rules list' shows all", id);
	return NULL;
}

/* The next of the names between commas; false: no more. */
static bool next_name(const char **list, struct slice *ret)
{
	size_t len = strcspn(*list, ",");

	*ret = (struct slice){ *list, len };
	*list += len + ((*list)[len] == ',');
	return len > 0;
}

typedef const char *const *texts_of(const struct rule *rule);

static bool equals(const char *text, struct slice name)
{
	return strlen(text) == name.len && strncasecmp(text, name.data, name.len) == 0;
}

/* "T1059" is asked for, the rule has "T1059.004". */
static bool is_below(const char *text, struct slice name)
{
	return strlen(text) > name.len && strncasecmp(text, name.data, name.len) == 0 &&
	       text[name.len] == '.';
}

static bool has_text(const struct rule *rule, texts_of *texts, struct slice name)
{
	for (const char *const *text = texts(rule); *text; text++) {
		if (equals(*text, name) || is_below(*text, name))
			return true;
	}
	return false;
}

static bool has_any(const struct rule *rule, texts_of *texts, const char *list)
{
	struct slice name;

	while (next_name(&list, &name)) {
		if (has_text(rule, texts, name))
			return true;
	}
	return false;
}

static const struct {
	const char *option;
	texts_of *texts;
} filters[] = {
	{ "tag", rule_tags },
	{ "mitre", rule_mitre },
	{ "technique", rule_techniques },
};

/* A name that no rule has is a slip of the pen, not an empty list. */
static int check_names(const struct rules_call *call, const struct rule_set *set,
		       const char *option, texts_of *texts)
{
	const char *list = rules_given(call, option);
	struct slice name;

	while (list && next_name(&list, &name)) {
		struct suggest suggest = { NULL, 0 };
		bool found = false;

		for (size_t i = 0; i < rule_set_len(set) && !found; i++) {
			const struct rule *rule = rule_set_at(set, i);

			found = has_text(rule, texts, name);
			for (const char *const *text = texts(rule); *text; text++)
				suggest_offer(&suggest, name, *text);
		}
		if (!found && suggest.best)
			return rules_refuse(call, "no rule has %s '%.*s', did you mean '%s'?",
					    option, (int)name.len, name.data, suggest.best);
		if (!found)
			return rules_refuse(call, "no rule has %s '%.*s'", option, (int)name.len,
					    name.data);
	}
	return 0;
}

static unsigned int priority_from(const char *word)
{
	unsigned int i = 0;

	while (i < PRIORITY_MAX && strcasecmp(priority_name(i), word) != 0)
		i++;
	return i;
}

static int check_priority(const struct rules_call *call, const char *word)
{
	struct suggest suggest = { NULL, 0 };

	if (priority_from(word) < PRIORITY_MAX)
		return 0;
	for (unsigned int i = 0; i < PRIORITY_MAX; i++)
		suggest_offer(&suggest, slice_from(word), priority_name(i));
	if (suggest.best)
		return rules_refuse(call, "unknown priority '%s', did you mean '%s'?", word,
				    suggest.best);
	return rules_refuse(call,
			    "unknown priority '%s': emergency, alert, critical, error, "
			    "warning, notice, informational or debug",
			    word);
}

static int check_ids(const struct rules_call *call, const struct rule_set *set, const char *list)
{
	struct slice name;
	char id[64];

	while (next_name(&list, &name)) {
		snprintf(id, sizeof(id), "%.*s", (int)name.len, name.data);
		if (!rules_find(call, set, id))
			return RULES_WRONG;
	}
	return 0;
}

int rules_check_filters(const struct rules_call *call, const struct rule_set *set)
{
	const char *ids = rules_given(call, "id"), *priority = rules_given(call, "priority");
	int code = 0;

	if (ids)
		code = check_ids(call, set, ids);
	for (size_t i = 0; i < ARRAY_SIZE(filters) && code == 0; i++)
		code = check_names(call, set, filters[i].option, filters[i].texts);
	if (priority && code == 0)
		code = check_priority(call, priority);
	return code;
}

static bool has_id(const struct rule *rule, const char *list)
{
	struct slice name;

	while (next_name(&list, &name)) {
		if (equals(rule_id(rule), name))
			return true;
	}
	return false;
}

bool rules_passes(const struct rules_call *call, const struct rule *rule)
{
	const char *ids = rules_given(call, "id"), *priority = rules_given(call, "priority");

	if (ids && !has_id(rule, ids))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		const char *list = rules_given(call, filters[i].option);

		if (list && !has_any(rule, filters[i].texts, list))
			return false;
	}
	return !priority || rule_priority(rule) <= priority_from(priority);
}
