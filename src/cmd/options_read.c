/* SPDX-License-Identifier: Apache-2.0 */
/* Where options come from: the command line, the environment, a file. */
#include <ctype.h>
#include <getopt.h>

#include "agent/status_server.h"
#include "base/suggest.h"
#include "cmd/options.h"

/* --- the command line --------------------------------------------------- */

#define NUMBER_OF(id) (256 + (int)(id)) /* of an option for getopt, apart from letters */

struct known {
	struct option list[OPTIONS_N + 1];
	char letters[2 * OPTIONS_N + 2]; /* ":" first: a missing value is told apart */
};

static void fill_known(struct known *ret)
{
	size_t n = 0;

	*ret = (struct known){};
	ret->letters[n++] = ':';
	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];

		ret->list[id] = (struct option){ option->flag,
						 option->argument ? required_argument : no_argument,
						 NULL, NUMBER_OF(id) };
		if (option->letter) {
			ret->letters[n++] = option->letter;
			if (option->argument)
				ret->letters[n++] = ':';
		}
	}
}

static void refuse_flag(struct options *options, const struct option_place *place, const char *typed,
			const char *const *more)
{
	struct slice name = slice_from(typed);
	struct suggest suggest = {};
	const char *equals = strchr(typed, '=');

	if (equals)
		name.len = (size_t)(equals - typed);
	while (name.len > 0 && name.data[0] == '-')
		name = (struct slice){ name.data + 1, name.len - 1 };
	for (int id = 0; id < OPTIONS_N; id++)
		suggest_offer(&suggest, name, run_options[id].flag);
	for (; more && *more; more++)
		suggest_offer(&suggest, name, *more);
	if (suggest.best)
		options_fail(options, place, false, "unknown option '%.200s', did you mean '--%s'?",
			     typed, suggest.best);
	else
		options_fail(options, place, false, "unknown option '%.200s'", typed);
}

/* What getopt answers with to the option's number. */
static int option_from(int c)
{
	if (c >= NUMBER_OF(0))
		return c - NUMBER_OF(0);
	for (int id = 0; id < OPTIONS_N; id++)
		if (run_options[id].letter && run_options[id].letter == c)
			return id;
	return -1;
}

static void add_flag(struct options *options, int id, struct option_place *place)
{
	const struct run_option *option = &run_options[id];
	char name[40];

	snprintf(name, sizeof(name), "--%s", option->flag);
	place->name = name;
	options_begin(options, (enum option_id)id, place);
	options_add(options, (enum option_id)id, place, option->argument ? optarg : "true");
	place->name = NULL;
}

/* True: --help is among them. */
static bool read_flags(struct options *options, int argc, char **argv, const char *const *more,
		       struct option_place *place)
{
	struct known known;
	int c, id;

	fill_known(&known);
	optind = 0; /* glibc: start over */
	opterr = 0;
	while ((c = getopt_long(argc, argv, known.letters, known.list, NULL)) != -1) {
		char letter[3] = { '-', (char)optopt, '\0' };

		id = option_from(c);
		if (id == OPTION_HELP)
			return true;
		if (id >= 0)
			add_flag(options, id, place);
		else if (c == ':')
			options_fail(options, place, false, "option '%.200s' needs a value",
				     optopt < 256 ? letter : argv[optind - 1]);
		else if (optopt >= NUMBER_OF(0))
			options_fail(options, place, false, "option '--%s' takes no value",
				     run_options[optopt - NUMBER_OF(0)].flag);
		else
			refuse_flag(options, place, optopt ? letter : argv[optind - 1], more);
	}
	return false;
}

/* --- the environment ---------------------------------------------------- */

#define ENV_PREFIX "BRIGWATCH_"

/* Kubernetes names a Service called "brigwatch" by such variables in all pods of
 * its namespace. */
static bool is_of_service(const char *name)
{
	static const char *const ends[] = { "_SERVICE_HOST", "_PORT", "_ADDR", "_PROTO" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t len = strlen(name), end_len = strlen(ends[i]);

		if (len >= end_len && !strcmp(name + len - end_len, ends[i]))
			return true;
	}
	return strstr(name, "_SERVICE_PORT") || !strncmp(name, "BRIGWATCH_PORT_", 15);
}

static void add_variable(struct options *options, enum option_id id, const struct option_place *place,
			 const char *text)
{
	const struct run_option *option = &run_options[id];
	cleanup_free char *copy = NULL;
	char separators[] = { option->separator, '\0' }, *state = NULL;

	options_begin(options, id, place);
	if (option->type == OPTION_IS_SWITCH) {
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			options_fail(options, place, false, "%s is true or false, not '%.100s'",
				     place->name, text);
		else
			options_add(options, id, place, text);
		return;
	}
	if (option->items_max <= 1 && !option->separator) {
		options_add(options, id, place, text);
		return;
	}
	copy = strdup(text);
	if (!copy) {
		options_fail(options, place, false, "out of memory");
		return;
	}
	for (char *item = strtok_r(copy, option->separator == ' ' ? " \t\n" : separators, &state); item;
	     item = strtok_r(NULL, option->separator == ' ' ? " \t\n" : separators, &state))
		options_add(options, id, place, item);
}

static void read_variable(struct options *options, struct option_place *place, const char *variable)
{
	const char *equals = strchr(variable, '=');
	struct suggest suggest = {};
	char name[SUGGEST_LEN_MAX + 1];

	if (!equals || strncmp(variable, ENV_PREFIX, sizeof(ENV_PREFIX) - 1) != 0 || !equals[1])
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(equals - variable), variable);
	place->name = name;
	for (int id = 0; id < OPTIONS_N; id++) {
		const char *env = run_options[id].env;

		if (env && !strcmp(env, name)) {
			add_variable(options, (enum option_id)id, place, equals + 1);
			return;
		}
		if (env)
			suggest_offer(&suggest, slice_from(name), env);
	}
	if (is_of_service(name))
		return;
	options_fail(options, place, true, "unknown variable %s is ignored%s%s%s", name,
		     suggest.best ? ", did you mean " : "", suggest.best ? suggest.best : "",
		     suggest.best ? "?" : "");
}

bool options_read_environment(struct options *options, char **environment, option_tell tell, void *arg)
{
	struct option_place place = { .source = FROM_ENVIRONMENT, .file = "environment", .tell = tell,
				      .arg = arg };
	unsigned int before = options->n_errors;

	for (size_t i = 0; environment && environment[i]; i++)
		read_variable(options, &place, environment[i]);
	return options->n_errors == before;
}

/* --- all ---------------------------------------------------------------- */

static void add_file(struct options *options, struct option_place *place, const char *path)
{
	place->name = "FILE";
	options_begin(options, OPTION_CONFIG, place);
	options_add(options, OPTION_CONFIG, place, path);
}

static const char *name_source(const struct options *options, enum option_source source)
{
	switch (source) {
	case FROM_FLAG: return OPTIONS_COMMAND_LINE;
	case FROM_FILE: return options->file;
	default: return "environment";
	}
}

/* For what can be judged only when all sources have spoken. */
static void set_place(const struct options *options, enum option_id id, struct option_place *place)
{
	place->source = options->values[id].source;
	place->line = options->values[id].line;
	place->file = name_source(options, place->source);
}

/* The pod's own address is told by who made the pod. */
static void check_listen(struct options *options, const struct option_place *place)
{
	const char *listen = options_text(options, OPTION_LISTEN), *pod = getenv("POD_IP");

	if (!listen || status_check_address(listen, pod, options_is_on(options, OPTION_LISTEN_ANY)) == 0)
		return;
	options_fail(options, place, false,
		     "%s is neither of the loopback nor the pod's own (POD_IP is %s): who can reach it "
		     "could read the metrics; --listen-any allows it",
		     listen, pod ? pod : "not set");
}

enum options_result options_read_for(struct options *ret, int argc, char **argv, char **environment,
				     const char *const *more, option_tell tell, void *arg)
{
	struct option_place place = { .source = FROM_FLAG, .file = OPTIONS_COMMAND_LINE, .tell = tell,
				      .arg = arg };
	const char *path;

	*ret = (struct options){};
	if (read_flags(ret, argc, argv, more, &place))
		return OPTIONS_HELP;
	if (more && optind < argc)
		add_file(ret, &place, argv[optind++]);
	if (optind < argc && ret->n_errors == 0)
		options_fail(ret, &place, false, "takes %s, got '%.200s'",
			     more ? "one file" : "options only", argv[optind]);
	ret->is_misused = ret->n_errors > 0;
	options_read_environment(ret, environment, tell, arg);
	path = options_text(ret, OPTION_CONFIG);
	if (!path && (access(CONFIG_FILE_DEFAULT, F_OK) == 0 || errno != ENOENT))
		path = CONFIG_FILE_DEFAULT;
	if (path && strcmp(path, "none") != 0)
		options_read_file(ret, path, tell, arg);
	set_place(ret, OPTION_OUTPUTS, &place);
	options_check_outputs(ret, &place);
	set_place(ret, OPTION_LISTEN, &place);
	check_listen(ret, &place);
	return ret->n_errors == 0 ? OPTIONS_READY : OPTIONS_WRONG;
}

enum options_result options_read(struct options *ret, int argc, char **argv, char **environment,
				 option_tell tell, void *arg)
{
	return options_read_for(ret, argc, argv, environment, NULL, tell, arg);
}

char *options_find(enum option_id id)
{
	struct options options = {};
	const char *path, *text;
	char *found;

	options_read_environment(&options, environ, NULL, NULL);
	path = options_text(&options, OPTION_CONFIG);
	if (!path || strcmp(path, "none") != 0)
		options_read_file(&options, path ? path : CONFIG_FILE_DEFAULT, NULL, NULL);
	text = options_text(&options, id);
	found = text ? strdup(text) : NULL;
	options_release(&options);
	return found;
}
