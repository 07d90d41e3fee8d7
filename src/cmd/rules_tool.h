/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `brigwatch rules` share: one file a command, one table of
 * them in rules.c, one way to print. */
#ifndef BW_CMD_RULES_TOOL_H
#define BW_CMD_RULES_TOOL_H

#include <jansson.h>
#include <stdio.h>

#include "rule/rule.h"

/* agent/log.h has them all; these are what `rules` answers with. */
enum {
	RULES_DONE = 0,
	RULES_DIFFER = 1, /* diff: not the same */
	RULES_WRONG = 2,  /* usage, a rule is wrong, a test failed */
	RULES_IO = 5,
};

/* An option of one command; --rules, --format and --help go with all. */
struct rules_option {
	const char *name;  /* without the dashes; NULL ends the table */
	const char *value; /* what the help calls its value; NULL: it has none */
	const char *help;
};

#define RULES_GIVEN_MAX 32

/* One call as it was typed. */
struct rules_call {
	const struct rules_command *command;
	const char *path; /* --rules */
	bool json;
	const char *const *args; /* behind the command */
	size_t n_args;
	struct {
		const char *name, *value;
	} given[RULES_GIVEN_MAX];
	size_t n_given;
};

struct rules_command {
	const char *name;
	const char *args;    /* "ID", "OLD NEW"; NULL: none */
	const char *summary; /* one line for the list of commands */
	size_t args_min, args_max;
	const struct rules_option *options; /* NULL: none of its own */
	bool no_set;			    /* reads what it needs by itself: `set` is NULL */
	int (*run)(const struct rules_call *call, const struct rule_set *set);
};

/* clang-format off */
extern const struct rules_command rules_check, rules_list, rules_test, rules_explain, rules_fields,
	rules_coverage, rules_diff, rules_fmt, rules_schema;
extern const struct rules_command rules_bench;
/* clang-format on */

/* The value of an option, "" for one without values, NULL when it was not given. */
const char *rules_given(const struct rules_call *call, const char *name);

/* A message of this command to stderr, with where help is. RULES_WRONG. */
__attribute__((format(printf, 2, 3))) int rules_refuse(const struct rules_call *call,
						       const char *format, ...);

/* An error of a rule file: file:line:column, the line and a caret. `before`
 * goes in front of the message. */
void rules_print_error(FILE *to, const struct parse_error *err, const char *before);
json_t *rules_json_error(const struct parse_error *err);

/* Load the set at `path`. 0, or the exit code: what was wrong has been told. */
int rules_load(const struct rules_call *call, const char *path, struct rule_set **ret);

/* The rule of this id; NULL: told that there is none, and which may be meant. */
const struct rule *rules_find(const struct rules_call *call, const struct rule_set *set,
			      const char *id);

/* Does the rule pass --id, --tag, --mitre, --technique and --priority? They are
 * checked by rules_check_filters() before: 0, or the exit code. */
/* clang-format off */
#define RULES_FILTERS                                                                            \
	{ "id", "ID,...", "these rules" },                                                       \
	{ "tag", "TAG,...", "rules with one of these tags" },                                    \
	{ "mitre", "T1611,...", "rules of these MITRE techniques, sub-techniques included" },    \
	{ "technique", "A1,...", "rules of these pages of docs/techniques" },                    \
	{ "priority", "PRIORITY", "rules of this priority and more urgent ones" }
/* clang-format on */
int rules_check_filters(const struct rules_call *call, const struct rule_set *set);
bool rules_passes(const struct rules_call *call, const struct rule *rule);

/* `text` in lines of at most 100 columns, the first behind `label`. Control
 * bytes are shown as '?'. */
void rules_print_wrapped(const char *label, const char *text);
/* Each line of `text` as it is, four columns in from the labels. */
void rules_print_lines(const char *text);

/* The text of a rule file in its one layout; it must be valid JSON. To be freed;
 * NULL: it nests too deep, or no memory. */
char *rules_layout(struct slice text);

/* "boolean", "number", "string", or "word": a string that is one of a few. */
const char *rules_type_name(const struct field *field);

/* One line of JSON to stdout; takes the reference. */
void rules_print_json(json_t *json);
/* What overrides and choices changed of a rule; NULL: of lists and macros (text)
 * or of all (JSON). */
bool rules_print_changes(const struct rule_set *set, const struct rule *rule);
json_t *rules_changes_json(const struct rule_set *set, const struct rule *rule);
/* What `list` says of a rule. */
json_t *rules_rule_json(const struct rule *rule);
/* Strings up to NULL. */
json_t *rules_json_texts(const char *const *texts);

#endif
