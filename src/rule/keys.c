/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/keys.h"

#include "rule/internal.h"

const char *const priority_words[PRIORITY_MAX] = {
	"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug",
};

/* clang-format off */
const struct key_spec exception_keys[] = {
	{ "name", KEY_TEXT, .required = true, .doc = "What it is called in messages" },
	{ "when", KEY_CONDITION, .required = true, .doc = "What is no finding; unknown does not apply" },
	{ "reason", KEY_TEXT, .required = true, .doc = "Why this is no finding, for whoever reads it later" },
	{ "expires", KEY_DATE, .or_null = true, .doc = "Last day on which it applies, UTC, by the event's own time" },
	{ NULL },
};

const struct key_spec threshold_keys[] = {
	{ "count", KEY_NUMBER, .required = true, .min = 2, .max = THRESHOLD_COUNT_MAX, .doc = "Fire at the n-th time" },
	{ "distinct", KEY_FIELD, .doc = "Count different values of this field, not events" },
	{ "by", KEY_FIELDS, .required = true, .doc = "Events with the same values of these are counted together" },
	{ "within", KEY_DURATION, .required = true, .doc = "At most so long from the first to the last" },
	{ NULL },
};

const struct key_spec suppress_keys[] = {
	{ "for", KEY_DURATION, .required = true, .doc = "How long repeats are only counted" },
	{ "by", KEY_FIELDS, .required = true, .doc = "Findings with the same values of these are repeats" },
	{ NULL },
};

const struct key_spec step_keys[] = {
	{ "name", KEY_TEXT, .required = true, .doc = "What the alert calls this step" },
	{ "condition", KEY_CONDITION, .required = true, .doc = "Which events are this step" },
	{ NULL },
};

const struct key_spec sequence_keys[] = {
	{ "within", KEY_DURATION, .required = true, .doc = "At most so long from the first step to the last" },
	{ "by", KEY_JOIN, .required = true, .doc = "What the steps have in common" },
	{ "steps", KEY_OBJECTS, .required = true, .min = 2, .max = SEQUENCE_STEPS_MAX, .inner = step_keys,
	  .doc = "One after the other" },
	{ NULL },
};

const struct key_spec event_keys[] = {
	{ "repeat", KEY_NUMBER, .min = 1, .max = REPEAT_MAX, .doc = "How often it happens" },
	{ "every", KEY_DURATION, .doc = "Time between two of these" },
	{ "after", KEY_DURATION, .doc = "Time since the event before" },
	{ "ancestors", KEY_PIDS, .max = EVENT_ANCESTORS_MAX,
	  .doc = "Process ids of its ancestors, the parent first; without it, proc.ppid" },
	{ "vary", KEY_FIELDS, .doc = "Fields that have another value each time" },
	{ NULL },
};

const struct key_spec test_keys[] = {
	{ "name", KEY_TEXT, .required = true, .doc = "What it shows; near misses begin with that word" },
	{ "events", KEY_EVENTS, .required = true, .inner = event_keys,
	  .doc = "Fields and values. Booleans not named are false, all else not named is missing, as is null" },
	{ "alerts", KEY_NUMBER, .required = true, .min = 0, .max = REPEAT_MAX, .doc = "How often the rule must fire" },
	{ NULL },
};

const struct key_spec rule_keys[] = {
	{ "id", KEY_ID, .required = true, .doc = "Capital letters, '-', four digits; BW- is taken by the default rules" },
	{ "name", KEY_TEXT, .required = true, .doc = "One line" },
	{ "enabled", KEY_BOOL, .doc = "false: read and checked, but not used" },
	{ "priority", KEY_PRIORITY, .required = true, .doc = "How urgent it is, as Falco and syslog have it" },
	{ "description", KEY_TEXT, .required = true, .doc = "What happened" },
	{ "why", KEY_TEXT, .required = true, .doc = "Why it matters" },
	{ "response", KEY_TEXTS, .required = true, .not_empty = true,
	  .doc = "What the reader of the alert should do, step by step" },
	{ "references", KEY_TEXTS, .doc = "CVE numbers and addresses" },
	{ "mitre", KEY_MITRE, .doc = "Techniques of MITRE ATT&CK" },
	{ "techniques", KEY_TECHNIQUES, .doc = "Techniques of docs/techniques that this rule shows; alerts link to their pages" },
	{ "tags", KEY_TEXTS, .doc = "Words to select by" },
	{ "condition", KEY_CONDITION, .required = true, .unless = "sequence", .doc = "What is a finding" },
	{ "output", KEY_TEXT, .required = true, .doc = "The alert's text: %field or %{field}, %% for a percent sign" },
	{ "exceptions", KEY_OBJECTS, .inner = exception_keys, .doc = "What is no finding all the same" },
	{ "threshold", KEY_OBJECT, .or_null = true, .inner = threshold_keys,
	  .doc = "Fire when the condition was met so often, by the same key, within a while" },
	{ "sequence", KEY_OBJECT, .or_null = true, .inner = sequence_keys,
	  .doc = "Fire when events were one step after the other, in this order" },
	{ "suppress", KEY_OBJECT, .or_null = true, .inner = suppress_keys, .doc = "Fold repeats into a count" },
	{ "capture", KEY_PLANNED, .doc = "Not supported yet" },
	{ "action", KEY_PLANNED, .doc = "Not supported yet" },
	{ "tests", KEY_OBJECTS, .inner = test_keys, .doc = "One that fires and a near miss, at least" },
	{ NULL },
};

const struct key_spec override_keys[] = {
	{ "rules", KEY_SELECTORS, .is_target = true, .doc = "Which rules are changed: ids, tags, techniques of ATT&CK, priorities" },
	{ "list", KEY_NAME, .is_target = true, .doc = "Which list is changed" },
	{ "macro", KEY_NAME, .is_target = true, .doc = "Which macro is changed" },
	{ "reason", KEY_TEXT, .required = true, .doc = "Why, for whoever reads it later" },
	{ "enabled", KEY_BOOL, .doc = "Use the rules, or do not" },
	{ "priority", KEY_PRIORITY, .doc = "Their priority from now on" },
	{ "condition", KEY_CONDITION, .doc = "Replaces theirs" },
	{ "condition_and", KEY_CONDITION, .doc = "Must hold as well" },
	{ "output", KEY_TEXT, .doc = "Replaces theirs" },
	{ "exceptions", KEY_OBJECTS, .not_empty = true, .inner = exception_keys, .doc = "Added to theirs" },
	{ "tags", KEY_TEXTS, .not_empty = true, .doc = "Added to theirs" },
	{ "threshold", KEY_OBJECT, .or_null = true, .inner = threshold_keys, .doc = "Replaces theirs; null: none" },
	{ "suppress", KEY_OBJECT, .or_null = true, .inner = suppress_keys, .doc = "Replaces theirs; null: none" },
	{ "tests", KEY_OBJECTS, .inner = test_keys, .doc = "Replace theirs, which may not fit any more" },
	{ "append", KEY_VALUES, .doc = "Values added to the list" },
	{ "remove", KEY_VALUES, .doc = "Values taken from the list" },
	{ "replace", KEY_VALUES_OR_CONDITION, .doc = "All values of the list; for a macro, its condition" },
	{ "or", KEY_CONDITION, .doc = "The macro is true of this as well" },
	{ "and", KEY_CONDITION, .doc = "The macro is true only if this is as well" },
	{ NULL },
};

const struct key_spec file_keys[] = {
	{ "$schema", KEY_SCHEMA, .doc = "Where editors find this schema" },
	{ "schema_version", KEY_VERSION, .required = true, .doc = "Of the format" },
	{ "ruleset", KEY_TEXT, .required = true, .doc = "Name of this set of rules" },
	{ "macros", KEY_MACROS, .doc = "Parts of conditions by name, known to every file" },
	{ "lists", KEY_LISTS, .doc = "Values by name, for `in (...)`, known to every file" },
	{ "rules", KEY_OBJECTS, .inner = rule_keys, .doc = "What is a finding" },
	{ "overrides", KEY_OBJECTS, .inner = override_keys, .doc = "Changes of what other files define" },
	{ NULL },
};
/* clang-format on */
