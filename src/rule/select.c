/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules are meant, and which are used. */
#include "rule/define.h"

#include <stdio.h>
#include <strings.h>

#include "base/suggest.h"

enum selector_kind { SELECT_ID, SELECT_MITRE, SELECT_PRIORITY, SELECT_TAG };

static const char *const prefixes[] = { "id:", "mitre:", "priority:", "tag:" };

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool begins_with(struct slice text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

/* Is `word` this priority, with or without "+"? */
static bool is_priority(struct slice word, unsigned int priority)
{
	const char *name = priority_words[priority];
	size_t len = word.len;

	if (len > 0 && word.data[len - 1] == '+')
		len--;
	return strlen(name) == len && strncasecmp(name, word.data, len) == 0;
}

/* What kind a selector is, by its prefix or by its looks; the prefix is cut off. */
static enum selector_kind read_kind(struct slice *selector)
{
	size_t letters = 0;

	for (unsigned int kind = 0; kind < ARRAY_SIZE(prefixes); kind++) {
		if (begins_with(*selector, prefixes[kind])) {
			selector->data += strlen(prefixes[kind]);
			selector->len -= strlen(prefixes[kind]);
			return (enum selector_kind)kind;
		}
	}
	for (unsigned int i = 0; i < PRIORITY_MAX; i++) {
		if (is_priority(*selector, i))
			return SELECT_PRIORITY;
	}
	if (selector->len > 1 && selector->data[0] == 'T' && is_digit(selector->data[1]))
		return SELECT_MITRE;
	while (letters < selector->len && selector->data[letters] >= 'A' &&
	       selector->data[letters] <= 'Z')
		letters++;
	if (letters > 0 && letters < selector->len && selector->data[letters] == '-')
		return SELECT_ID;
	return SELECT_TAG;
}

/* A technique stands for its sub-techniques too. */
static bool has_technique(const struct rule *rule, struct slice id)
{
	for (const char *const *mitre = rule->mitre; *mitre; mitre++) {
		if (id.len <= strlen(*mitre) && memcmp(*mitre, id.data, id.len) == 0 &&
		    ((*mitre)[id.len] == '\0' || (*mitre)[id.len] == '.'))
			return id.len > 0;
	}
	return false;
}

static bool has_tag(const struct rule *rule, struct slice tag)
{
	for (const char *const *each = rule->tags; *each; each++) {
		if (slice_eq(slice_from(*each), tag))
			return true;
	}
	return false;
}

static bool has_priority(const struct rule *rule, struct slice word)
{
	bool and_above = word.len > 0 && word.data[word.len - 1] == '+';

	for (unsigned int i = 0; i < PRIORITY_MAX; i++) {
		if (is_priority(word, i))
			return rule->priority == i || (and_above && rule->priority < i);
	}
	return false;
}

bool selector_matches(struct slice selector, const struct rule *rule)
{
	switch (read_kind(&selector)) {
	case SELECT_ID:
		return selector.len <= VALUE_LEN_MAX && !glob_check(selector) &&
		       glob_match(selector, slice_from(rule->id));
	case SELECT_MITRE: return has_technique(rule, selector);
	case SELECT_PRIORITY: return has_priority(rule, selector);
	default: return has_tag(rule, selector);
	}
}

const char *selector_suggest(const struct rule_set *set, struct slice selector)
{
	struct suggest suggest = { NULL, 0 };

	(void)read_kind(&selector);
	for (size_t i = 0; i < set->n_rules; i++) {
		suggest_offer(&suggest, selector, set->rules[i]->id);
		for (const char *const *each = set->rules[i]->mitre; *each; each++)
			suggest_offer(&suggest, selector, *each);
		for (const char *const *each = set->rules[i]->tags; *each; each++)
			suggest_offer(&suggest, selector, *each);
	}
	for (unsigned int i = 0; i < PRIORITY_MAX; i++)
		suggest_offer(&suggest, selector, priority_words[i]);
	return suggest.best;
}

/* --- choices of the command line ---------------------------------------- */

static const char *const choice_names[] = { "--enable", "--disable", "--only" };

static int switch_rule(struct loader *loader, struct rule *rule, bool disabled, const char *why)
{
	const struct rule_origin origin = {
		.rule = rule,
		.subject = rule->id,
		.what = "enabled",
		.old_value = rule->disabled ? "false" : "true",
		.new_value = disabled ? "false" : "true",
		.file = why,
		.reason = "",
	};

	if (rule->disabled == disabled)
		return 0;
	rule->disabled = disabled;
	return note_origin(loader, &origin);
}

/* One selector of a choice: mark what it selects. */
static int mark_selected(struct loader *loader, enum rule_choice_kind kind, struct slice selector,
			 bool *marks)
{
	const struct rule_set *set = loader->set;
	bool any = false;

	for (size_t i = 0; i < set->n_rules; i++) {
		if (selector_matches(selector, set->rules[i]))
			any = marks[i] = true;
	}
	if (any)
		return 0;
	return collect(loader,
		       fail_file(loader, choice_names[kind], EINVAL,
				 "no rule is selected by '%.*s'%s",
				 selector.len > 60 ? 60 : (int)selector.len, selector.data,
				 hint_from(selector_suggest(set, selector)).text));
}

static int mark_choice(struct loader *loader, const struct rule_choice *choice, bool *marks)
{
	const char *text = choice->selector;
	int r = 0;

	while (r == 0) {
		size_t len = strcspn(text, ",");

		r = mark_selected(loader, choice->kind, (struct slice){ text, len }, marks);
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	return r;
}

/* All --only together: what none of them selects is out. */
static int apply_only(struct loader *loader, bool *marks)
{
	const struct rule_load *load = loader->load;
	struct rule_set *set = loader->set;
	size_t n_only = 0;
	int r = 0;

	for (size_t i = 0; i < load->n_choices && r == 0; i++) {
		if (load->choices[i].kind != RULE_ONLY)
			continue;
		n_only++;
		r = mark_choice(loader, &load->choices[i], marks);
	}
	for (size_t i = 0; n_only > 0 && i < set->n_rules && r == 0; i++) {
		if (!marks[i])
			r = switch_rule(loader, set->rules[i], true, "--only");
	}
	return r;
}

static int apply_choice(struct loader *loader, const struct rule_choice *choice, bool *marks)
{
	struct rule_set *set = loader->set;
	int r;

	memset(marks, 0, set->n_rules * sizeof(*marks));
	r = mark_choice(loader, choice, marks);
	for (size_t i = 0; i < set->n_rules && r == 0; i++) {
		if (marks[i])
			r = switch_rule(loader, set->rules[i], choice->kind == RULE_DISABLE,
					choice_names[choice->kind]);
	}
	return r;
}

/* What is disabled goes where no event meets it. */
static int split_disabled(struct loader *loader)
{
	struct rule_set *set = loader->set;
	size_t n = 0;

	set->disabled = calloc(set->n_rules + 1, sizeof(*set->disabled));
	if (!set->disabled)
		return fail_memory(loader);
	for (size_t i = 0; i < set->n_rules; i++) {
		if (set->rules[i]->disabled) {
			set->disabled[set->n_disabled++] = set->rules[i];
			continue;
		}
		set->rules[i]->number = n;
		set->rules[n++] = set->rules[i];
	}
	set->n_rules = n;
	return 0;
}

int choose_rules(struct loader *loader)
{
	const struct rule_load *load = loader->load;
	cleanup_free bool *marks = calloc(loader->set->n_rules + 1, sizeof(*marks));
	int r;

	if (!marks)
		return fail_memory(loader);
	r = apply_only(loader, marks);
	for (size_t i = 0; i < load->n_choices && r == 0; i++) {
		if (load->choices[i].kind != RULE_ONLY)
			r = apply_choice(loader, &load->choices[i], marks);
	}
	return r < 0 || loader->n_errors > 0 ? r : split_disabled(loader);
}
