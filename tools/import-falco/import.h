/* SPDX-License-Identifier: Apache-2.0 */
/* import-falco: Falco's YAML rules to brigwatch's JSON, in steps:
 *
 *	yaml.c       bytes to nodes, each with its line
 *	model.c      nodes to lists, macros and rules; append and override applied
 *	filter.c     text of a condition to a tree
 *	translate.c  that tree to one of ours; map*.c knows what each test becomes
 *	render.c     our tree to text; output templates
 *	solve.c      a test that fires and a near miss, tried on the engine
 *	rules.c      rules to JSON, each tried on the loader
 *	report.c     what became of each rule, and why
 *
 * Every input is bounded. What does not fit is refused with its file and line. */
#ifndef BW_IMPORT_FALCO_H
#define BW_IMPORT_FALCO_H

#include <jansson.h>

#include "base/base.h"
#include "event/field.h"

#define YAML_FILE_MAX (4u << 20)   /* bytes of one file */
#define YAML_FILES_MAX 64u
#define YAML_DEPTH_MAX 16u	   /* brackets within each other; Falco's files need 5 */
#define YAML_NODES_MAX 200000u	   /* of one file */
#define YAML_SCALAR_MAX 65536u	   /* bytes of one scalar */
#define ITEMS_MAX 5000u		   /* lists, macros and rules of all files */
#define WORK_MAX 2000000u	   /* tests and values of all rules, expanded */
#define FILTER_DEPTH_MAX 64u	   /* brackets and nots within each other */
#define FILTER_NODES_MAX 20000u	   /* of one rule, macros expanded */
#define FILTER_VALUES_MAX 100000u  /* of one rule, lists expanded */
#define LIST_DEPTH_MAX 32u	   /* lists within lists */
#define NOTES_MAX 200u		   /* remarks kept for one rule */

/* --- memory: given back all at once, no memory ends the program ---------- */

struct arena_block;
struct pool {
	struct arena_block *blocks;
};
void *pool_alloc(struct pool *pool, size_t size); /* zeroed */
char *pool_copy(struct pool *pool, const char *text, size_t len);
char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pool_release(struct pool *pool);

/* A growing array of pointers in a pool. */
struct ptrs {
	void **items;
	size_t n, room;
};
void ptrs_add(struct pool *pool, struct ptrs *ptrs, void *item);

/* A growing text in a pool. */
struct text {
	char *data;
	size_t len, room;
};
void text_add(struct pool *pool, struct text *text, const char *data, size_t len);
void text_puts(struct pool *pool, struct text *text, const char *data);

/* --- where something stands ---------------------------------------------- */

struct where {
	const char *file;
	unsigned int line, column; /* from 1; 0: not known */
};

/* Why something is refused. */
struct problem {
	struct where at;
	char message[512];
	char excerpt[160]; /* the line, "" if none; caret below its `column` */
};
int problem_set(struct problem *problem, struct where at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* --- yaml.c -------------------------------------------------------------- */

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

/* Offset in a scalar's text from which on its bytes come from `line`. */
struct segment {
	size_t offset;
	struct where at;
};

struct node {
	enum node_kind kind;
	struct where at;
	const char *text; /* scalar; NUL-terminated, no NUL within */
	size_t len;
	bool is_quoted;
	struct segment *segments; /* scalar */
	size_t n_segments;
	struct node **items; /* elements; of a mapping key, value, key, value... */
	size_t n;
};

/* *ret: the root, NULL of an empty file. -EINVAL: *retproblem tells. */
int yaml_read(struct pool *pool, const char *name, struct slice bytes, struct node **ret,
	      struct problem *retproblem);
struct node *node_find(const struct node *mapping, const char *key);

/* --- model.c ------------------------------------------------------------- */

/* The text of a condition: pieces of scalars, and where each came from. */
struct source_text {
	struct text text;
	struct segment *segments;
	size_t n_segments;
};
struct where source_at(const struct source_text *source, size_t offset);

struct list_item {
	const char *text;
	bool is_literal; /* quoted within the list: no name of a list */
	struct where at;
};

struct falco_list {
	const char *name;
	struct where at;
	struct list_item *items;
	size_t n_items;
	bool busy;	  /* being expanded */
	const char *ours; /* its name in our file, once it was looked for */
	bool is_kept;	  /* a rule that was written uses it */
	struct ptrs values; /* char *: its items, expanded */
	int state;	  /* 0: not expanded, 1: expanded, -1: cannot be */
};

struct falco_macro {
	const char *name;
	struct where at;
	struct source_text condition;
	bool busy;
};

struct falco_rule {
	const char *name, *desc, *output, *priority, *source;
	struct where at, output_at;
	struct source_text condition;
	bool has_condition, enabled;
	struct ptrs tags;	/* char * */
	struct ptrs exceptions; /* struct falco_exception * */
	struct ptrs problems;	/* struct note *: why it cannot be used, found while reading */
};

struct falco_exception {
	const char *name;
	struct where at;
	struct node *fields, *comps; /* NULL: not given */
	struct ptrs values;	     /* struct node * */
};

/* Remarks: about a rule, or about the files. */
enum note_kind {
	NOTE_INFO,	/* worth knowing, nothing is lost */
	NOTE_NARROWER,	/* our rule fires less often than theirs */
	NOTE_WIDER,	/* an exclusion of theirs is lost: ours fires more often */
	NOTE_REFUSED,	/* why there is no rule of ours */
};
struct note {
	enum note_kind kind;
	struct where at;
	const char *text;
};

struct model {
	struct pool pool;
	struct ptrs lists, macros, rules; /* in order of their first definition */
	struct ptrs notes;		  /* struct note *: of the files */
	unsigned int n_items;
	unsigned int n_work; /* tests and values translated so far */
};
/* Take in one file. -EINVAL: it is no file of Falco rules. */
int model_add(struct model *model, const struct node *root, struct problem *retproblem);
void model_release(struct model *model);
struct falco_list *model_list(const struct model *model, const char *name, size_t len);
struct falco_macro *model_macro(const struct model *model, const char *name, size_t len);
/* A list's items with those of the lists it names. -EINVAL: *retproblem tells. */
int model_expand_list(struct model *model, struct falco_list *list, struct problem *retproblem);

/* --- filter.c ------------------------------------------------------------ */

enum ast_kind { AST_AND, AST_OR, AST_NOT, AST_TEST, AST_MACRO };

struct ast_value {
	const char *text;
	bool is_quoted;
	struct where at;
};

struct ast {
	enum ast_kind kind;
	struct where at;
	struct ptrs kids;      /* struct ast * */
	const char *name;      /* field or macro */
	const char *arg;       /* within brackets of the field, or NULL */
	const char *transform; /* "tolower(", "val(": one is used, on either side */
	const char *op;
	struct ptrs values; /* struct ast_value *; with its lists expanded: all of them */
	struct ptrs plain;  /* of these, those that were written out */
	struct ptrs lists;  /* struct falco_list *: those that were named */
};

struct filter_budget {
	unsigned int n_nodes, n_values;
};

/* -EINVAL: *retproblem tells. */
int filter_parse(struct pool *pool, const struct source_text *source, struct filter_budget *budget,
		 struct ast **ret, struct problem *retproblem);

/* --- translate.c, map.c -------------------------------------------------- */

enum out_kind {
	OUT_TRUE,
	OUT_FALSE,  /* its notes, if any, say what is not seen */
	OUT_AND,
	OUT_OR,
	OUT_NOT,
	OUT_TEST,
	OUT_LOST,   /* its notes say why */
};

struct out {
	enum out_kind kind;
	struct ptrs kids;  /* struct out * */
	struct ptrs notes; /* struct note * */
	const char *field; /* of a test, as we write it: "proc.aname[2]" */
	const char *op;	   /* NULL: the boolean field itself */
	struct ptrs values; /* char * */
	struct ptrs lists;  /* struct falco_list *: of their values, too */
	bool is_number;	   /* values are numbers or names of bits: no quotes */
	bool is_container; /* the test whether the process is in a container */
	bool is_negated;   /* lost below an odd number of nots */
	bool is_droppable; /* lost, and without it the rule still means the same */
};

#define PROBES_SIZE 4096u
struct probe;

/* What the rule that is being translated has. */
struct job {
	struct model *model;
	struct pool *pool; /* of this rule only */
	struct filter_budget budget;
	struct ptrs types;	/* char *: words of evt.type that it asks for, ours */
	bool wants_container;	/* it asks for processes of containers only */
	const char *prefix;	/* of names of lists, "falco" */
	struct probe **probes;	/* PROBES_SIZE chains: what the loader was asked already */
	struct ptrs used_lists; /* struct falco_list *, in the model's pool */
};

struct note *note_new(struct pool *pool, enum note_kind kind, struct where at, const char *format,
		      ...) __attribute__((format(printf, 4, 5)));

/* Constructors; map.c uses them. */
struct out *out_new(struct job *job, enum out_kind kind);
struct out *out_test(struct job *job, const char *field, const char *op, const char *value);
struct out *out_word(struct job *job, const char *field, const char *value); /* = */
struct out *out_not(struct job *job, struct out *kid);
struct out *out_join(struct job *job, enum out_kind kind, struct out *a, struct out *b);
struct out *out_lost(struct job *job, struct where at, bool droppable, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
struct out *out_unseen(struct job *job, struct where at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void out_note(struct job *job, struct out *out, enum note_kind kind, struct where at,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What one test of theirs, with its lists expanded, becomes. `positive`: below an
 * even number of nots. */
struct out *map_test(struct job *job, const struct ast *test, bool positive);
/* Is the test one that our loader takes? */
bool map_is_accepted(struct job *job, const struct out *test);
/* Add to job->types what the test asks for. */
void map_note_types(struct job *job, const struct ast *test);
/* May a value of this field of ours be missing where the event has its object? */
bool map_may_miss(const char *field);
/* Our field for one of theirs in an output template, or NULL. */
const char *map_output_field(struct job *job, const char *name, const char *arg);

/* The whole of a condition. -EINVAL: *retproblem tells; *ret may be OUT_LOST. */
int translate_condition(struct job *job, const struct source_text *source, struct out **ret,
			struct problem *retproblem);
/* `when` of an exception of ours: true where theirs applies. */
int translate_exception(struct job *job, const struct falco_exception *exception, struct out **ret,
			struct problem *retproblem);

/* --- render.c ------------------------------------------------------------ */

void render_condition(struct job *job, const struct out *out, struct text *ret);
/* Theirs to ours; names of fields we do not have go to *ret_missing (char *). */
const char *render_output(struct job *job, const char *theirs, struct ptrs *ret_missing);

/* --- solve.c ------------------------------------------------------------- */

/* An array of two tests, one that fires and a near miss, as candidates: the
 * engine has the last word. NULL when none was found. */
json_t *solve_tests(struct job *job, const struct out *condition);

/* --- rules.c, report.c --------------------------------------------------- */

struct result {
	const struct falco_rule *rule;
	const char *id;	   /* NULL: refused */
	bool has_tests;
	struct ptrs notes; /* struct note * */
};

struct options {
	const char *prefix; /* of ids: "FALCO" */
	const char *ids;    /* file of numbers that are given already, or NULL */
	bool strict;	    /* an exclusion that would be lost refuses the rule */
};

struct import {
	struct model model;
	struct ptrs results; /* struct result *, in order of the rules */
	json_t *json;	     /* our rule file */
	size_t n_files;
};

/* Text of files that were read to rules. */
int import_rules(struct import *import, const struct options *options,
		 struct problem *retproblem);
void import_release(struct import *import);

void report_text(FILE *out, const struct import *import);
json_t *report_json(const struct import *import);

#endif
