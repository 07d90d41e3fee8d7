/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of src/rule share. The way of a rule: load.c reads files,
 * define*.c turn JSON into rules, parse.c conditions into trees, compile.c
 * trees into programs, evaluate.c runs them, window.c counts what matched,
 * sequence.c joins it to steps. */
#ifndef BW_RULE_INTERNAL_H
#define BW_RULE_INTERNAL_H

#include <jansson.h>

#include "base/json_where.h"
#include "rule/rule.h"

#define CONDITION_LEN_MAX 16384u  /* bytes of one condition, array elements joined */
#define CONDITION_DEPTH_MAX 64u	  /* brackets, nots and macros within each other */
#define PROGRAM_TESTS_MAX 4096u	  /* comparisons of one condition, macros expanded */
#define VALUE_LEN_MAX 1024u	  /* bytes of one value to compare with */
#define TEXT_LEN_MAX 8192u	  /* bytes of a description, an output template... */
#define SET_VALUES_MAX (1u << 20) /* values of all lists as they are used */
#define DURATION_MS_MAX (366ull * 86400000)
#define THRESHOLD_COUNT_MAX 4096u /* events or values that a window waits for */
#define REPEAT_MAX 100000u	  /* times that an event of a test happens */
#define FILES_MAX 512u		  /* rule files of one directory */

/* --- memory: freed all at once ------------------------------------------ */

struct arena {
	struct arena_block *blocks;
};

/* Zeroed, or NULL. */
void *arena_alloc(struct arena *arena, size_t size);
/* With a NUL behind it that does not count. */
char *arena_copy(struct arena *arena, struct slice bytes);
void arena_release(struct arena *arena);

/* --- compiled conditions ------------------------------------------------ */

/* Ordered so that `and` is the smaller and `or` the larger of two. */
enum truth { TRUTH_FALSE = 0, TRUTH_UNKNOWN = 1, TRUTH_TRUE = 2 };

enum test_op {
	OP_TRUTH, /* a boolean as it is */
	OP_EXISTS,
	OP_EQUAL, /* any of n_values: = and in */
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_CONTAINS,
	OP_ICONTAINS,
	OP_STARTSWITH,
	OP_ENDSWITH,
	OP_GLOB,
	OP_REGEX,
	OP_PMATCH,  /* equal to, or below, one of `paths` */
	OP_ADDRESS, /* in one of `nets`: = and in of an address */
	OP_FLAGS,   /* one of `bits` is set: intersects of flags */
};

/* Set when (number & mask) == value, in numbers of one of `symbols`. */
struct bits {
	uint64_t mask, value;
	uint32_t symbols; /* SYMBOLS_*; 0: any */
};

struct nets;
struct paths;
struct regex;

/* One comparison. Values are sorted for OP_EQUAL; all others but the last four
 * have one. A list meets a test when one of its items does; OP_EQUAL of a list
 * is `intersects` too. */
struct test {
	uint16_t field; /* index into field_table */
	uint8_t op;
	bool negate;	  /* != */
	uint8_t when_cut; /* the answer that the missing head of a path would decide */
	int8_t item;	  /* place within a list, value_take_item(); -1: the value as it is */
	struct slice text; /* as it was written */
	uint32_t n_values;
	const int64_t *nums;
	const struct slice *strs; /* as written for OP_REGEX, OP_PMATCH and OP_ADDRESS too */
	const struct bits *bits;
	const struct nets *nets;
	const struct paths *paths;
	const struct regex *regex;
	bool truth; /* OP_EQUAL on a boolean */
};

enum insn_op { INSN_TEST, INSN_NOT, INSN_PUSH, INSN_AND, INSN_OR, INSN_JUMP_FALSE, INSN_JUMP_TRUE };

struct insn {
	uint32_t op;
	uint32_t arg; /* INSN_TEST: which test; jumps: where to, always forward */
};

/* One register, and a stack of at most CONDITION_DEPTH_MAX + 1. Jumps only go
 * forward: no program takes more steps than it has instructions. */
struct program {
	const struct insn *insns;
	const struct test *tests;
	uint32_t n_insns;
	uint32_t n_tests;
	uint64_t event_types; /* bit t: may be true for records of type t */
	const uint32_t *shared; /* of a test: its number among those of all rules, index.h */
};

/* Where a program reads its fields: a real event or one of a rule's tests. */
struct reader {
	int (*get)(const struct reader *reader, size_t field, struct value *ret);
};

enum truth program_run(const struct program *program, const struct reader *reader,
		       struct value *tmp);
/* One test of a value that is there: of its item, when the test names one. */
enum truth test_value(const struct test *test, const struct value *value);
/* One test of what the reader has. */
enum truth test_run(const struct test *test, const struct reader *reader, struct value *tmp);
/* Sort values as OP_EQUAL wants them. */
void test_sort(struct slice *strs, int64_t *nums, size_t n);

/* `*` any bytes, `?` one byte, [a-z] [!a-z] a set, \ takes the next as it is.
 * No slash is special. At most text.len * pattern.len steps. */
bool glob_match(struct slice pattern, struct slice text);
/* NULL, or what is wrong with the pattern. */
const char *glob_check(struct slice pattern);
/* Letters of ASCII without case; `needle` is in lower case. */
bool contains_nocase(struct slice hay, struct slice needle);

/* --- operators with sets of their own: net.c, paths.c, regex.c ------------ */

/* "10.0.0.0/8", "fd00::1". NULL, or what is wrong with it. */

const char *net_check(struct slice text);
int nets_new(struct arena *arena, const struct slice *texts, size_t n, const struct nets **ret);
/* False for what is no address. */
bool nets_match(const struct nets *nets, struct slice address);

/* Paths, whose parts may be patterns. Steps: parts of the path times patterns. */
const char *path_check(struct slice path);
int paths_new(struct arena *arena, const struct slice *paths, size_t n, const struct paths **ret);
bool paths_match(const struct paths *paths, struct slice path);

/* -EINVAL: *ret_why is what is wrong at byte *ret_pos of the pattern. Nothing to
 * free: all memory is the arena's. */
int regex_new(struct arena *arena, struct slice pattern, const struct regex **ret, size_t *ret_pos,
	      const char **ret_why);
/* Unknown: a limit was reached. No backtracking, nothing is allocated. */
enum truth regex_match(const struct regex *regex, struct slice text);

/* --- rules -------------------------------------------------------------- */

struct exception {
	const char *name, *reason, *when_text;
	const char *expires; /* as written, or NULL */
	struct program when;
	int64_t expires_ns; /* wall time from which it no longer applies; 0: never */
};

/* A piece of an output template: bytes, then a field. */
struct segment {
	struct slice text;
	struct field_ref ref; /* field NULL: text only */
};

struct template
{
	struct segment *segments;
	size_t n_segments;
};

/* A field of an event made up for a test. */
struct made_value {
	uint16_t field;
	bool missing;
	bool truth;
	int64_t num;
	struct slice str;
	const struct slice *items; /* of a list */
	const int64_t *nums;
	size_t n_items;
	uint32_t symbols; /* of flags that were written by name */
};

struct made_event {
	const struct made_value *values;
	size_t n_values;
	uint32_t repeat;	     /* how often it happens, at least once */
	uint64_t every_ns, after_ns; /* between two of them; since the event before */
	const struct field **vary;   /* other values each time */
	size_t n_vary;
	const uint32_t *ancestors; /* process ids, the parent first */
	size_t n_ancestors;
};

struct rule_test {
	const char *name;
	const struct made_event *events;
	size_t n_events;
	unsigned int alerts;
};

/* What is counted, or folded, together. */
struct key {
	const struct field **by;
	size_t n_by;
};

struct threshold {
	uint32_t count; /* 0: the rule has none */
	uint64_t within_ns;
	const struct field *distinct; /* count its values; NULL: count events */
	struct key key;
};

/* By what the steps of a sequence belong together. */
enum join { JOIN_FIELDS, JOIN_TREE, JOIN_CONTAINER, JOIN_FILE, JOIN_INCIDENT };

struct step {
	const char *name;
	struct program condition;
};

struct sequence {
	uint32_t n_steps; /* 0: the rule has none */
	uint64_t within_ns;
	enum join join;
	struct key key; /* JOIN_FIELDS */
	struct step *steps;
};

#define RULE_KEYS_KEPT 6

struct rule {
	const char *id, *name, *description, *why, *file;
	enum priority priority;
	const char *const *response, *const *references, *const *mitre, *const *techniques;
	const char *const *tags;
	const char *condition_text, *output_text;
	const char *keys[RULE_KEYS_KEPT]; /* see rule_key() */
	struct program condition;
	struct exception *exceptions;
	size_t n_exceptions;
	struct template output;
	const struct field **fields; /* output's and condition's, without repeats */
	size_t n_fields;
	struct sequence sequence;
	struct threshold threshold;
	uint64_t suppress_ns; /* 0: none */
	struct key suppress_key;
	struct rule_test *tests;
	size_t n_tests;
	size_t file_index, index; /* where it was defined, for messages */
	size_t number;		  /* within the set */
	unsigned int line;	  /* of the file */
	uint64_t digest;	  /* rule_digest() */
	bool disabled;
	struct node *root; /* the condition's tree, only while loading */
};

struct rule_set {
	struct arena arena;
	struct rule **rules;
	size_t n_rules, rules_room;
	struct rule **by_type[EVENT_TYPE_MAX]; /* candidates for each record type, in load order */
	size_t n_by_type[EVENT_TYPE_MAX];
	uint64_t event_types;
	struct index *index;
	const char **watched[RULE_WATCH_MAX]; /* NULL-terminated, or NULL */
	struct rule_definition *macros, *lists;
	size_t n_macros, n_lists;
	char hash[65];
	/* What overrides, choices and checks left behind: origin.c. */
	struct rule **disabled;
	size_t n_disabled;
	struct rule_origin *origins;
	size_t n_origins, origins_room;
	struct parse_error *warnings;
	size_t n_warnings, warnings_room;
};

/* Does the rule fire? The condition is true and no exception is. */
bool rule_matches(const struct rule *rule, const struct reader *reader, struct value *tmp);

/* The windows of one rule's threshold, see window.c. */
struct tracker;
int tracker_new(const struct rule *rule, struct tracker **ret);
void tracker_free(struct tracker *tracker);
uint64_t tracker_evicted(const struct tracker *tracker);
/* Count an event that matched. True: that was as many as the rule waits for,
 * and the window of its key begins anew. */
bool tracker_count(struct tracker *tracker, const struct rule *rule, const struct reader *reader,
		   uint64_t time_ns, struct value *tmp);

/* A number that is as good as never the same for rules that find different
 * things, or are called differently. */
uint64_t rule_digest(const struct rule *rule);

/* --- an event as what a rule remembers sees it -------------------------- */

struct act {
	const struct reader *fields; /* for conditions */
	const struct reader *keys;   /* for what is counted, folded or joined together */
	const struct event *ev;	     /* NULL: made up by a test, namely: */
	const struct made_event *made;
	uint64_t time_ns, wall_ns;
};

/* rule_state_note() for any event. */
bool state_note(struct rule_state *state, const struct rule *rule, const struct act *act,
		uint64_t *ret_folded);

/* --- the steps of one rule's sequence, see sequence.c ------------------- */

struct sequencer;
int sequencer_new(const struct rule *rule, struct sequencer **ret);
void sequencer_free(struct sequencer *sequencer);
uint64_t sequencer_evicted(const struct sequencer *sequencer);
/* Note an event that matched. True: with it all steps are done, and what was
 * noted of its key begins anew. */
bool sequencer_note(struct sequencer *sequencer, const struct rule *rule, const struct act *act,
		    struct value *tmp);
/* What a rule remembers during one of its tests. Released even after a failure. */
struct notes {
	struct sequencer *sequencer;
	struct tracker *tracker;
	struct value tmp;
};
struct made_reader;
int notes_init(struct notes *notes, const struct rule *rule);
void notes_release(struct notes *notes);
/* Does the rule fire at this event? */
bool notes_fire(struct notes *notes, const struct rule *rule, const struct made_reader *reader,
		uint64_t now_ns);

/* The steps that were complete last; returns their number. */
size_t sequencer_told(const struct sequencer *sequencer, const struct rule *rule,
		      struct rule_step ret[SEQUENCE_STEPS_MAX]);

/* --- what rules share, index.h ------------------------------------------- */

struct index;
/* Of the rules of a set, which then do not change. -ENOMEM. */
int index_new(const struct rule_set *set, struct index **ret);
void index_free(struct index *index);
/* rule_set_evaluate() for any reader; `ev` is what it reads, NULL: something made up. */
void index_evaluate(struct index *index, const struct reader *reader, const struct event *ev,
		    void (*match)(const struct rule *rule, const struct event *ev, void *arg),
		    void *arg);

/* --- loading ------------------------------------------------------------ */

struct source_file {
	const char *name;
	struct slice text;
	json_t *root;
};

struct node;

/* What an override joins to a macro. */
struct macro_part {
	const struct place *place;
	bool is_or; /* else `and` */
	struct macro_part *next;
};

struct macro {
	const char *name;
	const struct source_file *file;
	json_t *json;
	struct node *root;	   /* NULL: not parsed yet */
	bool busy;		   /* being parsed: met again, it is a cycle */
	bool used;		   /* some condition names it */
	const struct place *place; /* of what replaces the definition, or NULL */
	struct macro_part *parts;  /* joined to it, in this order */
};

struct value_list {
	const char *name;
	const struct source_file *file;
	const struct slice *items;
	size_t n_items;
	bool used; /* some condition names it */
};

/* All that lives while files are loaded; nothing of it is kept. */
struct loader {
	struct rule_set *set;
	struct arena arena;
	struct source_file *files;
	size_t n_files;
	struct macro *macros;
	size_t n_macros;
	struct value_list *lists;
	size_t n_lists;
	size_t n_values;
	struct parse_error *err;
	const struct rule_load *load;
	struct parse_error *errors; /* RULE_ERRORS_MAX of them, NULL before the first */
	size_t n_errors;
	int first_error; /* what the first of them returned */
};

/* A value of a file: what messages point at. */
struct place {
	const struct source_file *file;
	const struct json_at *at;
	json_t *json;
};

/* Fill loader->err. tell_at: the value; tell_key: the key that names it;
 * tell_text: byte `pos` of a string, or of strings joined by spaces;
 * tell_offset: a byte of the file. The macros are the same with their result
 * in sight of the compiler and of those who analyse the code. */
__attribute__((format(printf, 3, 4))) void tell_at(struct loader *loader, const struct place *place,
						   const char *format, ...);
__attribute__((format(printf, 3, 4))) void tell_key(struct loader *loader,
						    const struct place *place, const char *format,
						    ...);
__attribute__((format(printf, 4, 5))) void tell_text(struct loader *loader,
						     const struct place *place, size_t pos,
						     const char *format, ...);
__attribute__((format(printf, 4, 5))) void tell_offset(struct loader *loader,
						       const struct source_file *file,
						       size_t offset, const char *format, ...);
void tell_memory(struct loader *loader);

#define fail_at(...) (tell_at(__VA_ARGS__), -EINVAL)
#define fail_key(...) (tell_key(__VA_ARGS__), -EINVAL)
#define fail_text(...) (tell_text(__VA_ARGS__), -EINVAL)
#define fail_offset(...) (tell_offset(__VA_ARGS__), -EINVAL)
#define fail_memory(loader) (tell_memory(loader), -ENOMEM)

/* Tell of a file as a whole; -error is returned. */
__attribute__((format(printf, 4, 5))) int fail_file(struct loader *loader, const char *name,
						    int error, const char *format, ...);

/* Put an error aside and go on: 0, or what ends the load at once. */
#define LOAD_GIVEN_UP (-ECANCELED)
int collect(struct loader *loader, int r);

/* Add the files of a path, or a text, to loader->files: read.c. */
int read_path(struct loader *loader, int dirfd, const char *path);
int read_text(struct loader *loader, const char *name, struct slice text);

/* Line of the value, for "first defined in"; of each element of an array. */
unsigned int place_line(const struct place *place);
void place_lines(const struct place *array, unsigned int *lines, size_t n_lines);

/* ", did you mean 'x'?" or "". */
struct hint {
	char text[96];
};
struct hint hint_from(const char *best);

/* The text of a string or an array of strings joined by spaces, into the
 * loader's arena. */
int place_text(struct loader *loader, const struct place *place, size_t len_max, struct slice *ret);

/* "12", "-1", "0x1f", "0o644": 0, -EINVAL or -ERANGE. */
int parse_number(struct slice text, int64_t *ret);
/* The same as `field` has it: 0644, 10s, 4KiB. -EINVAL: *ret_why tells. */
int parse_quantity(const struct field *field, struct slice text, int64_t *ret,
		   const char **ret_why);
/* What a name of the field's symbols, or a number, stands for: at most 64. */
int parse_bits(const struct field *field, struct slice text, struct bits *ret, size_t *ret_n);

/* All files in one run of bytes, heap; -EFBIG: more than RULE_BUNDLE_MAX. */
int bundle_make(const struct loader *loader, char **ret, size_t *ret_len);
int bundle_read(struct loader *loader, struct slice bundle);

int parse_condition(struct loader *loader, const struct place *place, struct node **ret);
int parse_macro(struct loader *loader, struct macro *macro, unsigned int depth);
int parse_template(struct loader *loader, const struct place *place, struct template *ret);

/* `exception`: what is true here silences an alert, so doubt counts as false. */
int compile_program(struct loader *loader, const struct node *root, bool exception,
		    struct program *ret);

/* Either or both, as one tree; `place` is told of what grows too large. */
int join_conditions(struct loader *loader, const struct place *place, bool is_or, struct node *a,
	       struct node *b, struct node **ret);

/* --- overrides, choices, doubts ----------------------------------------- */

extern const char *const watch_list_names[RULE_WATCH_MAX];

/* Apply "overrides" of all files, in their order: of lists and macros before
 * conditions are parsed, of rules after they are defined. */
int override_names(struct loader *loader);
int override_rules(struct loader *loader);

/* Apply the choices of the command line; take what is disabled out of the set. */
int choose_rules(struct loader *loader);

/* Does the selector choose the rule? See struct rule_choice. */
bool selector_matches(struct slice selector, const struct rule *rule);
/* For one that chose none: what may have been meant, or NULL. */
const char *selector_suggest(const struct rule_set *set, struct slice selector);

/* Keep a change as origin data; strings are copied. */
int note_origin(struct loader *loader, const struct rule_origin *origin);

#define WARNINGS_MAX 256u
/* Keep a warning about a value, or about the key that names it. */
__attribute__((format(printf, 3, 4))) int warn_at(struct loader *loader, const struct place *place,
						  const char *format, ...);
__attribute__((format(printf, 3, 4))) int warn_key(struct loader *loader, const struct place *place,
						   const char *format, ...);
/* What nothing uses, and what nothing tests. */
int warn_of_unused(struct loader *loader);
int warn_of_untested(struct loader *loader);

/* A condition that no event, or every event, satisfies is refused. */
int check_verdict(struct loader *loader, const struct place *place, const struct node *root);

/* Define what a parsed file says: first all names, then all rules. */
int define_names(struct loader *loader, const struct source_file *source);
int define_rules(struct loader *loader, size_t file_index);

/* Read fields of a made-up event: what it does not name is missing, booleans
 * are false, for facts of the kernel are never missing. */
struct made_reader {
	struct reader reader;
	const struct made_event *event;
	uint32_t round; /* how often it has happened before */
};
struct made_reader made_reader_from(const struct made_event *event);

/* --- what was written, written.c and trace.c ----------------------------- */

/* A condition or template as one string of the set. */
int keep_text(struct loader *loader, const struct place *place, const char **ret);
/* What rule_key() tells. */
int keep_keys(struct loader *loader, const struct place *object, struct rule *rule);
/* "(text) and (that of place)" */
int keep_joined(struct loader *loader, const struct place *place, bool is_or, const char **text);
/* Macros and lists, for those who want to read them. */
int keep_definitions(struct loader *loader);
/* The clock of a test when `event` begins. */
uint64_t made_event_begin(const struct made_event *event, uint64_t now_ns);
/* The exception that applies, or NULL. */
const struct exception *rule_excepted(const struct rule *rule, const struct reader *reader,
				      struct value *tmp);

/* The tree of a condition, alive while loading. */
enum node_kind { NODE_TEST, NODE_NOT, NODE_AND, NODE_OR };

struct child {
	struct node *node;
	struct child *next;
};

struct node {
	enum node_kind kind;
	unsigned int depth; /* of the tree below, itself included */
	size_t n_tests;	    /* below, macros counted each time they are used */
	struct child *children;
	struct test test;
};

#endif
