/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: load, check, compile, evaluate. No clock, and no I/O but reading the
 * rule files named at load. JSON format: docs/rules.md. */
#ifndef BW_RULE_RULE_H
#define BW_RULE_RULE_H

#include "event/event.h"
#include "event/field.h"

/* Falco's words and order, most urgent first. */
enum priority {
	PRIORITY_EMERGENCY, PRIORITY_ALERT, PRIORITY_CRITICAL, PRIORITY_ERROR,
	PRIORITY_WARNING, PRIORITY_NOTICE, PRIORITY_INFORMATIONAL, PRIORITY_DEBUG,
	PRIORITY_MAX,
};
const char *priority_name(unsigned int priority);	/* "Critical" */

/* Where and why a rule file was refused. All strings owned by the struct. */
struct parse_error {
	char file[256];
	unsigned int line, column;	/* from 1; 0: the whole file */
	char message[512];		/* what was found, what was expected, did you mean */
	char excerpt[160];		/* the line, for the caret; "" if none */
	unsigned int caret;		/* column within excerpt, from 1; 0: none */
};

struct rule;
struct rule_set;

#define RULE_FILE_MAX (1u << 20)	/* bytes of one rule file */
#define RULES_MAX 4096

/* Load every *.json of the directory `path` (relative to `dirfd`) in name
 * order, or the one file if `path` is a file. Files must be regular, owned by
 * root or the caller, not writable by group or others; links are not followed.
 * -EINVAL: *reterr tells. Other -errno: file could not be read, *reterr tells. */
int rule_set_load(int dirfd, const char *path, struct rule_set **ret, struct parse_error *reterr);

/* Which rules to use, as said on a command line. A selector is an id ("BW-0101",
 * "BW-01*"), a technique of ATT&CK ("T1611", its sub-techniques too), a priority
 * ("warning", "warning+" for that and what is more urgent) or a tag; "id:",
 * "mitre:", "priority:" or "tag:" before it says which. Several are separated
 * by commas. */
enum rule_choice_kind { RULE_ENABLE, RULE_DISABLE, RULE_ONLY };
struct rule_choice {
	enum rule_choice_kind kind;
	const char *selector;
};

#define RULE_ERRORS_MAX 20 /* told of one load, then it is given up */

struct rule_load {
	const char *const *paths; /* each a directory, *.json then rules.d/ *.json, or a file */
	size_t n_paths;
	const struct rule_choice *choices; /* first RULE_ONLY, then the others in this order */
	size_t n_choices;
	int64_t now_ns; /* wall time, to warn of exceptions that have expired; 0: no such warning */
	/* Called for each error of a load that fails, the first one too; or NULL. */
	void (*tell)(const struct parse_error *error, void *arg);
	void *arg;
};

/* Load all paths as one set. As rule_set_load(), which is this with one path. */
int rule_set_load_with(int dirfd, const struct rule_load *load, struct rule_set **ret,
		       struct parse_error *reterr);

/* The same from text in memory; `name` stands for the file in errors. */
int rule_set_load_text(const char *name, struct slice text, struct rule_set **ret, struct parse_error *reterr);

void rule_set_free(struct rule_set *set);

size_t rule_set_len(const struct rule_set *set);
const struct rule *rule_set_at(const struct rule_set *set, size_t i);
const char *rule_set_hash(const struct rule_set *set);	/* hex SHA-like digest of what was read */

/* What is doubtful about a set that was loaded all the same: names that nothing
 * uses, rules without tests, exceptions that have expired. Borrowed. */
size_t rule_set_warnings(const struct rule_set *set, const struct parse_error **ret);

/* Every change that overrides and choices made, in the order of their making.
 * Strings are never NULL, owned by the set. */
struct rule_origin {
	const struct rule *rule;	   /* NULL: a list or a macro was changed */
	const char *subject;		   /* "BW-0101", "list ci_images", "macro contained" */
	const char *what;		   /* "priority", "enabled", "exceptions", "values"... */
	const char *old_value, *new_value; /* as a reader would write them; "" for none */
	const char *file;		   /* where the change stands; "command line" */
	unsigned int line;		   /* 0: none */
	const char *reason;		   /* "" for the command line */
};
size_t rule_set_origins(const struct rule_set *set, const struct rule_origin **ret);

/* Rules that were read and are not used; rule_set_at() has all others. */
size_t rule_set_disabled(const struct rule_set *set, const struct rule *const **ret);

/* What the sensor must deliver for this set: bit t = EVENT_<t> is wanted. */
uint64_t rule_set_event_types(const struct rule_set *set);

/* Of these, the types that some rule may match without any fact of the kernel
 * side (an open of an ordinary file, say): only then does it send those. */
uint64_t rule_set_plain_types(const struct rule_set *set);

/* Names of files that the kernel side is to watch for: the lists of these names
 * in the rule files. NULL-terminated, empty when there is no such list. */
enum rule_watch {
	RULE_WATCH_OPENED,	/* "watched_names" */
	RULE_WATCH_WRITTEN,	/* "watched_when_written" */
	RULE_WATCH_FOLDERS,	/* "watched_folders" */
	RULE_WATCH_MAX,
};
const char *const *rule_set_watched(const struct rule_set *set, enum rule_watch kind);

/* Borrowed, valid as long as the set. */
const char *rule_id(const struct rule *rule);
const char *rule_name(const struct rule *rule);
const char *rule_description(const struct rule *rule);
const char *rule_why(const struct rule *rule);
enum priority rule_priority(const struct rule *rule);
const char *rule_file(const struct rule *rule);
unsigned int rule_line(const struct rule *rule); /* of its first line in that file */
/* NULL-terminated lists, never NULL themselves. */
const char *const *rule_response(const struct rule *rule);
const char *const *rule_references(const struct rule *rule);
const char *const *rule_mitre(const struct rule *rule);
const char *const *rule_techniques(const struct rule *rule);	/* "A1": page docs/techniques/A1.md */
const char *const *rule_tags(const struct rule *rule);

/* Call `match` for each rule whose condition is true and none of whose
 * exceptions is, in load order. No allocation, bounded steps. Three-valued: a
 * missing value makes a comparison unknown; unknown is no match in a condition
 * and does not apply an exception. */
void rule_set_evaluate(const struct rule_set *set, const struct event *ev,
		       void (*match)(const struct rule *rule, const struct event *ev, void *arg), void *arg);

/* What is remembered between events, for "threshold" and "suppress": allocated
 * here and never more, time is the events' own. The set must outlive it. */
struct rule_state;
int rule_state_new(const struct rule_set *set, struct rule_state **ret);
void rule_state_free(struct rule_state *state);

/* Take note that `rule` matched `ev`, once for each match. True: it is to be
 * told, and *ret_folded equals of it were not since the last time. False: its
 * threshold is not reached, or it was told a moment ago. */
bool rule_state_note(struct rule_state *state, const struct rule *rule, const struct event *ev,
		     uint64_t *ret_folded);

struct rule_stats {
	uint64_t n_folded;	    /* findings that were counted and not told */
	uint64_t n_folds_evicted;   /* keys forgotten: their next finding is told again */
	uint64_t n_windows_evicted; /* keys whose counting had to begin anew */
};
void rule_state_get_stats(const struct rule_state *state, struct rule_stats *ret);

/* Render the rule's output template ("%proc.name opened %file.path") into buf,
 * raw bytes (the sink escapes). Missing values print as "<NA>". Returns the
 * length, at most size - 1, and NUL-terminates. */
size_t rule_format_output(const struct rule *rule, const struct event *ev, char *buf, size_t size);

/* Fields the rule's condition and output name, without repeats, for the alert's
 * output_fields. */
size_t rule_fields(const struct rule *rule, const struct field *const **ret);

/* Run the rule's own "tests": returns the number that failed; `report` is
 * called for each with a line of text. */
unsigned int rule_run_tests(const struct rule_set *set, const struct rule *rule, unsigned int *ret_run,
			    void (*report)(const char *line, bool ok, void *arg), void *arg);

#endif
