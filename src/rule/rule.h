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
#define PARSE_ERROR_FILE_MAX 256
struct parse_error {
	char file[PARSE_ERROR_FILE_MAX];
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
	/* The files as they were read, for rule_set_load_bundle(): heap, filled
	 * when the load succeeds; or NULL. */
	char **ret_bundle;
	size_t *ret_bundle_len;
};

#define RULE_BUNDLE_MAX (64u << 20) /* bytes of all files of a set that is handed on */

/* The same set again from the bytes of ret_bundle, by the same choices; `paths`
 * are not looked at. -EBADMSG: no bundle. */
int rule_set_load_bundle(struct slice bundle, const struct rule_load *load, struct rule_set **ret,
			 struct parse_error *reterr);

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

/* What is remembered between events, for "sequence", "threshold" and "suppress": allocated
 * here and never more, time is the events' own. The set must outlive it. */
struct rule_state;
int rule_state_new(const struct rule_set *set, struct rule_state **ret);
void rule_state_free(struct rule_state *state);

/* Take over from the state of another set, which is to be freed then, what it
 * remembers of the rules that are the same in both: same id, and all that
 * decides what they find. The rest begins anew. Cannot fail. Returns the number
 * of rules that are the same. */
size_t rule_state_inherit(struct rule_state *state, struct rule_state *from);

/* Take note that `rule` matched `ev`, once for each match. True: it is to be
 * told, and *ret_folded equals of it were not since the last time. False: steps
 * of its sequence are missing, its threshold is not reached, or it was told a
 * moment ago. */
bool rule_state_note(struct rule_state *state, const struct rule *rule, const struct event *ev,
		     uint64_t *ret_folded);

/* The sequence of which the event that was noted last was the end. Returns how
 * many steps it has, 0 when `rule` has none; names are the rule's and the
 * state's, valid until the next note. */
#define SEQUENCE_STEPS_MAX 8u
struct rule_step {
	const char *name;
	uint64_t wall_ns;
	uint32_t pid;
	struct slice proc_name;
};
size_t rule_state_steps(const struct rule_state *state, const struct rule *rule,
			struct rule_step ret[SEQUENCE_STEPS_MAX]);

struct rule_stats {
	uint64_t n_folded;	    /* findings that were counted and not told */
	uint64_t n_folds_evicted;   /* keys forgotten: their next finding is told again */
	uint64_t n_windows_evicted; /* keys whose counting had to begin anew */
	uint64_t n_chains_evicted;  /* keys whose sequence had to begin anew */
};
void rule_state_get_stats(const struct rule_state *state, struct rule_stats *ret);

/* Render the rule's output template ("%proc.name opened %file.path") into buf,
 * raw bytes (the sink escapes). Missing values print as "<NA>". Returns the
 * length, at most size - 1, and NUL-terminates. */
size_t rule_format_output(const struct rule *rule, const struct event *ev, char *buf, size_t size);

/* Fields the rule's condition and output name, without repeats, for the alert's
 * output_fields. */
size_t rule_fields(const struct rule *rule, const struct field *const **ret);

/* The JSON Schema of rule files, indented; freed by the caller. NULL: no memory. */
char *rule_schema(void);

/* --- what was written: for the tools of `brigwatch rules` ----------------- */

/* As in the file, arrays joined by spaces. */
const char *rule_condition(const struct rule *rule);
const char *rule_output(const struct rule *rule);

struct rule_exception {
	const char *name, *reason, *when;
	const char *expires; /* "2027-06-30", NULL: never */
};
/* The i-th, false when there are not as many. Borrowed from the set. */
bool rule_exception_at(const struct rule *rule, size_t i, struct rule_exception *ret);

/* Name and outcome of the i-th test, NULL when there are not as many. */
const char *rule_test_at(const struct rule *rule, size_t i, unsigned int *ret_alerts);

/* Macros (text) and lists (values, up to NULL), in the order of the files. */
struct rule_definition {
	const char *name, *file, *text;
	const char *const *values;
};
size_t rule_set_macros(const struct rule_set *set, const struct rule_definition **ret);
size_t rule_set_lists(const struct rule_set *set, const struct rule_definition **ret);

/* Fields that the condition compares, in order, without repeats: at most `room`
 * of them; returns how many there are. */
size_t rule_condition_fields(const struct rule *rule, const struct field **ret, size_t room);
/* Words of evt.type with which the condition may be true. */
size_t rule_event_words(const struct rule *rule, const char **ret, size_t room);
/* Types of records that must be sent for this rule without any fact. */
uint64_t rule_plain_types(const struct rule *rule);
/* A boolean that the kernel side states of what it sends; never missing. */
bool rule_field_is_fact(const struct field *field);

/* "threshold" and "suppress" of a rule. */
struct rule_pace {
	uint32_t count; /* 0: no threshold */
	uint64_t within_ns;
	const struct field *distinct; /* NULL: events are counted */
	const struct field *const *by;
	size_t n_by;
	uint64_t suppress_ns; /* 0: none */
	const struct field *const *suppress_by;
	size_t n_suppress_by;
};
struct rule_pace rule_pace(const struct rule *rule);

/* Is there a page docs/techniques/ID.md of this id ("A1")? */
bool rule_is_technique(const char *id);

/* "threshold", "suppress", "sequence", "capture", "action" or "tests" of a rule as
 * compact JSON, to be compared; "" when there is none. */
const char *rule_key(const struct rule *rule, const char *key);

/* A condition laid out for reading: one part a line where it is long, macros of
 * `set` in place of their names (NULL: names stay). `width` 0: one part of the
 * outermost level a line. Freed by the caller; NULL: no memory. */
char *rule_pretty(const struct rule_set *set, const char *condition, unsigned int width);

/* Why a test of the rule came out as it did, event by event. */
struct rule_trace {
	size_t event;		  /* from 0 */
	size_t n_rounds, n_fired; /* how often it happens; how often the rule fires */
	bool matched;		/* the condition is true, in the first round as all that follows */
	const char *exception;	/* that silenced it, else NULL */
	const char *comparison; /* that decided, as written; "" if none */
	const char *field;	/* its field */
	const char *value;	/* what the event has there, "<NA>" if nothing */
	const char *result;	/* of the condition: true, false, unknown */
};
void rule_trace_test(const struct rule *rule, size_t i,
		     void (*tell)(const struct rule_trace *trace, void *arg), void *arg);

/* Run the rule's own "tests": returns the number that failed; `report` is
 * called for each with a line of text. */
unsigned int rule_run_tests(const struct rule_set *set, const struct rule *rule, unsigned int *ret_run,
			    void (*report)(const char *line, bool ok, void *arg), void *arg);

#endif
