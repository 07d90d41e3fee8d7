/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `brigwatch run`, each once: flag, key of the configuration
 * file, environment variable, help, manual pages, schema and completion are all
 * made from one table (options.c). A new option is a number here and a row
 * there; `make config-docs` writes anew what is made from it.
 *
 * A flag wins over the environment, that over the file, that over the default.
 * Of a list, the highest source that names it has all of it. */
#ifndef BW_CMD_OPTIONS_H
#define BW_CMD_OPTIONS_H

#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/output_spec.h"
#include "base/base.h"
#include "base/json_where.h"
#include "rule/rule.h"

#define CONFIG_FILE_DEFAULT "/etc/brigwatch/brigwatch.json"
#define CONFIG_FILE_MAX (256u << 10) /* bytes */
#define OPTIONS_COMMAND_LINE "command line"
#define OPTION_TEXT_MAX 4095u	     /* bytes of one value, as of a path */
#define OPTION_ERROR_MAX OUTPUT_ERROR_MAX

/* In the order of the help. */
enum option_id {
	OPTION_CONFIG,
	OPTION_RULES,
	OPTION_ONLY, /* this and the two behind it: in this order in a file, see options_choices() */
	OPTION_DISABLE,
	OPTION_ENABLE,
	OPTION_FORMAT,
	OPTION_OUTPUTS,
	OPTION_HOST_ROOT,
	OPTION_RUN_DIR,
	OPTION_LISTEN,
	OPTION_LISTEN_ANY,
	OPTION_METRICS_FILE,
	OPTION_HOSTNAME,
	OPTION_RUNC_ROOTS,
	OPTION_CRUN_ROOTS,
	OPTION_DOCKER_ROOTS,
	OPTION_BUNDLE_ROOTS,
	OPTION_STORAGE_ROOTS,
	OPTION_MACHINE_ROOTS,
	OPTION_LXC_ROOTS,
	OPTION_HELP,
	OPTIONS_N,
};

enum option_type {
	OPTION_IS_SWITCH, /* true or false; the flag takes no value */
	OPTION_IS_TEXT,
	OPTION_IS_PATH,	  /* absolute in a file */
	OPTION_IS_WORD,	  /* one of `words` */
	OPTION_IS_OUTPUT, /* in a file an object, see agent/output_spec.h */
};

struct run_option {
	const char *flag;	   /* without dashes */
	const char *argument;	   /* what help calls the value; NULL: a switch */
	const char *key;	   /* in the file; NULL: not there */
	const char *env;	   /* NULL: none */
	const char *const *words;  /* up to NULL */
	size_t items_max;	   /* above 1: a list, and the flag may be repeated */
	const char *fallback;	   /* the value when nobody says; NULL: none */
	const char *fallback_text; /* for people, when there is more to say than that */
	bool (*check)(const char *text, char error[OPTION_ERROR_MAX]); /* may be NULL */
	const char *help;	   /* sentences; for help, manual pages and schema */
	enum option_type type;
	char letter;		   /* 0: none */
	char separator;		   /* of a list in the environment; ' ': any white space */
};
extern const struct run_option run_options[OPTIONS_N];

/* Lowest first. */
enum option_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct option_value {
	enum option_source source;
	unsigned int line; /* FROM_FILE: of the key */
	char **items;	   /* NUL-terminated each; a switch has "true" or "false" */
	unsigned int *order;
	size_t n;
};

struct options {
	struct option_value values[OPTIONS_N];
	char *file; /* that was read; NULL: none */
	struct stat file_state;
	unsigned int n_errors, n_warnings, n_items;
	bool is_misused; /* there are errors on the command line */
};

/* Called for each mistake. `error->file` is the file, "environment" or "command
 * line"; line 0 where there are none. A warning does not keep the agent away. */
typedef void (*option_tell)(const struct parse_error *error, bool is_warning, void *arg);

enum options_result { OPTIONS_READY, OPTIONS_HELP, OPTIONS_WRONG };

/* All sources. OPTIONS_HELP: --help was given, nothing else was looked at.
 * OPTIONS_WRONG: `tell` heard why, of every mistake. options_release() in each case. */
enum options_result options_read(struct options *ret, int argc, char **argv, char **environment,
				 option_tell tell, void *arg);
/* The same for who has `more` flags of its own, up to NULL, and lets the file be
 * named without --config, as the one argument. NULL: neither. */
enum options_result options_read_for(struct options *ret, int argc, char **argv, char **environment,
				     const char *const *more, option_tell tell, void *arg);

/* A file alone, and its text alone. False: there were errors. */
bool options_read_file(struct options *options, const char *path, option_tell tell, void *arg);
bool options_read_text(struct options *options, const char *name, struct slice text, option_tell tell,
		       void *arg);
/* The variables BRIGWATCH_*; an empty one is none. False: there were errors. */
bool options_read_environment(struct options *options, char **environment, option_tell tell, void *arg);
void options_release(struct options *options);

/* For the commands that talk to an agent: what the environment and the file say
 * of `id`, as `run` would take it, or the fallback. Mistakes are `run`'s to tell:
 * what cannot be read says nothing. To be freed; NULL: nobody says, or no memory. */
char *options_find(enum option_id id);

/* The value, or the fallback; NULL: neither. Borrowed. */
const char *options_text(const struct options *options, enum option_id id);
bool options_is_on(const struct options *options, enum option_id id);
/* Up to NULL; NULL itself when nobody said anything. Borrowed. */
const char *const *options_list(const struct options *options, enum option_id id, size_t *ret_n);
/* --only, --disable and --enable: those of the command line in its order, those
 * of the environment and the file before them. Returns how many there are. */
#define OPTION_CHOICES_MAX 192u
size_t options_choices(const struct options *options, struct rule_choice ret[OPTION_CHOICES_MAX]);

/* For the files of this family. Takes a copy; false: refused, and told. */
struct option_place {
	enum option_source source;
	const char *file;	/* or "environment", "command line" */
	const char *name;	/* the option as it is called there: "--rules", "rules" */
	struct slice text;	/* of the file, to find lines in */
	const struct json_at *at;
	bool at_key;		/* what is wrong is the key, not its value */
	bool has_offset;	/* `offset` counts, not `at` */
	size_t offset;
	unsigned int line;	/* when there is no `text` to find it in; 0: none */
	option_tell tell;
	void *arg;
};
__attribute__((format(printf, 4, 5))) void options_fail(struct options *options,
							const struct option_place *place,
							bool is_warning, const char *format, ...);
bool options_add(struct options *options, enum option_id id, const struct option_place *place,
		 const char *text);
bool options_check_hostname(const char *text, char error[OPTION_ERROR_MAX]);
/* "text, json or falco"; "" for NULL. */
void options_list_words(const char *const *words, char *ret, size_t size);
/* An output as a file says it: an object. */
bool options_add_output(struct options *options, enum option_id id, const struct option_place *place,
			json_t *json);
bool options_check_output(const char *text, char error[OPTION_ERROR_MAX]);
/* The text of an output for messages: the path of a web hook is its password. */
void options_name_output(const char *text, char *ret, size_t size);
void options_check_outputs(struct options *options, struct option_place *place);
/* Values of `place` come: forget what lower sources said. What comes from a lower
 * one than has spoken is checked, and left out. */
void options_begin(struct options *options, enum option_id id, const struct option_place *place);

/* options_print.c: made from the table. */
void options_print_error(FILE *to, const struct parse_error *error, bool is_warning);
void options_print_help(FILE *to);
void options_print_values(const struct options *options, FILE *to);
json_t *options_schema(void);
void options_print_man_flags(FILE *to);	  /* mdoc, for brigwatch(8) */
void options_print_man_keys(FILE *to);	  /* mdoc, for brigwatch.json(5) */
void options_print_man_outputs(FILE *to); /* likewise */

/* What is to be loaded as rules: `load` points into the others, and into `options`. */
struct options_rules {
	struct rule_choice choices[OPTION_CHOICES_MAX];
	const char *default_paths[1];
	struct rule_load load;
};
void options_rules(const struct options *options, struct options_rules *ret);
void options_tell_rule(const struct parse_error *error, void *arg); /* to stderr */

#endif
