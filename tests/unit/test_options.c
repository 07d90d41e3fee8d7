/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `run`: who wins, what is refused and where, and files as an enemy
 * or a slip would leave them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cmd/options.h"

struct told {
	struct parse_error errors[32];
	bool is_warning[32];
	size_t n;
};

static void take_note(const struct parse_error *error, bool is_warning, void *arg)
{
	struct told *told = arg;

	if (told->n == 32)
		return;
	told->errors[told->n] = *error;
	told->is_warning[told->n++] = is_warning;
}

static char dir[] = "/tmp/brigwatch-options-XXXXXX";

static const char *write_file(const char *name, const char *text, size_t len, mode_t mode)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

/* All sources; `args` up to NULL, behind "run". The file is --config's. */
static enum options_result read_all(struct options *ret, struct told *told, const char *file,
				    char **environment, const char *const *args)
{
	char *argv[24] = { "run", "--config", file ? (char *)write_file("all.json", file, strlen(file), 0644) :
						     "none" };
	int argc = 3;

	for (; args && *args && argc < 23; args++)
		argv[argc++] = (char *)*args;
	memset(told, 0, sizeof(*told));
	return options_read(ret, argc, argv, environment, take_note, told);
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define ENV(...) ((char *[]){ __VA_ARGS__, NULL })

static void want_list(const struct options *options, enum option_id id, const char *const *wanted)
{
	size_t n, i = 0;
	const char *const *list = options_list(options, id, &n);

	for (; wanted[i]; i++) {
		assert_true(i < n);
		assert_string_equal(list[i], wanted[i]);
	}
	assert_int_equal(n, i);
	if (list)
		assert_null(list[n]);
}

static void test_defaults(void **state)
{
	struct options options;
	struct told told;

	(void)state;
	assert_int_equal(read_all(&options, &told, NULL, NULL, NULL), OPTIONS_READY);
	assert_string_equal(options_text(&options, OPTION_FORMAT), "text");
	assert_string_equal(options_text(&options, OPTION_HOST_ROOT), "/");
	assert_string_equal(options_text(&options, OPTION_RUN_DIR), "/run/brigwatch");
	assert_null(options_text(&options, OPTION_OUTPUTS));
	assert_null(options_list(&options, OPTION_RULES, NULL));
	assert_int_equal(options.values[OPTION_FORMAT].source, FROM_DEFAULT);
	assert_int_equal(told.n, 0);
	options_release(&options);
}

/* --- who wins ----------------------------------------------------------- */

#define FILE_A "{\"format\": \"json\", \"rules\": [\"/f1\", \"/f2\"], \"run_dir\": \"/f\"}"

static void test_precedence(void **state)
{
	const struct {
		const char *name, *file;
		char **environment;
		const char *const *args;
		const char *run_dir;
		enum option_source source;
	} cases[] = {
		{ "default", "{}", NULL, NULL, "/run/brigwatch", FROM_DEFAULT },
		{ "file", FILE_A, NULL, NULL, "/f", FROM_FILE },
		{ "environment over file", FILE_A, ENV("BRIGWATCH_RUN_DIR=/e"), NULL, "/e", FROM_ENVIRONMENT },
		{ "flag over both", FILE_A, ENV("BRIGWATCH_RUN_DIR=/e"), ARGS("--run-dir", "/c"), "/c", FROM_FLAG },
		{ "flag over file", FILE_A, NULL, ARGS("--run-dir=/c"), "/c", FROM_FLAG },
		{ "the last flag", FILE_A, NULL, ARGS("--run-dir=/c", "--run-dir=/d"), "/d", FROM_FLAG },
		{ "null is nothing", "{\"run_dir\": null}", NULL, NULL, "/run/brigwatch", FROM_DEFAULT },
		{ "an empty variable is none", FILE_A, ENV("BRIGWATCH_RUN_DIR="), NULL, "/f", FROM_FILE },
	};
	struct options options;
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (read_all(&options, &told, cases[i].file, cases[i].environment, cases[i].args) !=
			    OPTIONS_READY ||
		    strcmp(options_text(&options, OPTION_RUN_DIR), cases[i].run_dir) != 0 ||
		    options.values[OPTION_RUN_DIR].source != cases[i].source)
			fail_msg("%s: got %s from %d (%s)", cases[i].name,
				 options_text(&options, OPTION_RUN_DIR),
				 (int)options.values[OPTION_RUN_DIR].source,
				 told.n ? told.errors[0].message : "no error");
		options_release(&options);
	}
}

static void test_lists_replace(void **state)
{
	struct options options;
	struct told told;

	(void)state;
	read_all(&options, &told, FILE_A, NULL, NULL);
	want_list(&options, OPTION_RULES, ARGS("/f1", "/f2"));
	assert_int_equal(options.values[OPTION_RULES].line, 1);
	options_release(&options);
	read_all(&options, &told, FILE_A, ENV("BRIGWATCH_RULES=/e1:/e2"), NULL);
	want_list(&options, OPTION_RULES, ARGS("/e1", "/e2"));
	options_release(&options);
	read_all(&options, &told, FILE_A, ENV("BRIGWATCH_RULES=/e1:/e2"), ARGS("-r", "c1", "--rules", "c2"));
	want_list(&options, OPTION_RULES, ARGS("c1", "c2"));
	options_release(&options);
	read_all(&options, &told, "{\"rules\": []}", NULL, NULL);
	assert_null(options_list(&options, OPTION_RULES, NULL));
	assert_int_equal(options.values[OPTION_RULES].source, FROM_DEFAULT);
	options_release(&options);
}

static void test_choices(void **state)
{
	struct rule_choice choices[OPTION_CHOICES_MAX];
	struct options options;
	struct told told;

	(void)state;
	/* A file has no order; flags have, and come after it. */
	read_all(&options, &told, "{\"enable\": [\"e\"], \"disable\": [\"d1\", \"d2\"], \"only\": [\"o\"]}", NULL,
		 NULL);
	assert_int_equal(options_choices(&options, choices), 4);
	assert_string_equal(choices[0].selector, "o");
	assert_string_equal(choices[1].selector, "d1");
	assert_string_equal(choices[2].selector, "d2");
	assert_string_equal(choices[3].selector, "e");
	assert_int_equal(choices[3].kind, RULE_ENABLE);
	options_release(&options);
	read_all(&options, &told, "{\"only\": [\"o\"], \"disable\": [\"gone\"]}", NULL,
		 ARGS("--enable", "e1", "--disable", "d", "--enable", "e2"));
	assert_int_equal(options_choices(&options, choices), 4);
	assert_string_equal(choices[0].selector, "o");
	assert_string_equal(choices[1].selector, "e1");
	assert_string_equal(choices[2].selector, "d");
	assert_int_equal(choices[2].kind, RULE_DISABLE);
	assert_string_equal(choices[3].selector, "e2");
	options_release(&options);
}

/* --- what is refused ---------------------------------------------------- */

static void test_wrong_files(void **state)
{
	static const struct {
		const char *name, *text, *message;
		unsigned int line;
	} cases[] = {
		{ "unknown key", "{\n\"formt\": \"json\"}", "unknown key 'formt', did you mean 'format'?", 2 },
		{ "a flag's name", "{\"output\": \"x\"}", "unknown key 'output', did you mean 'outputs'?", 1 },
		{ "nothing near", "{\"zzzzzz\": 1}", "unknown key 'zzzzzz'", 1 },
		{ "twice", "{\"format\": \"json\",\n\"format\": \"text\"}",
		  "a key is there twice: duplicate object key near '\"format\"'", 2 },
		{ "not an object", "[]", "expected an object with the keys of brigwatch.json(5), found an array", 1 },
		{ "syntax", "{\n\n\"format\" \"json\"}", "not valid JSON: ':' expected near '\"json\"'", 3 },
		{ "empty", "", "not valid JSON: '[' or '{' expected near end of file", 1 },
		{ "a word", "{\"format\": \"jsn\"}", "format is text, json, falco or ocsf, not 'jsn'", 1 },
		{ "a number for a word", "{\"format\": 1}", "format: expected a string, found a number", 1 },
		{ "a string for a list", "{\"rules\":\n\"/a\"}",
		  "rules: expected an array of strings, found a string", 2 },
		{ "a number in a list", "{\"rules\": [\"/a\",\n1]}", "rules: expected a string, found a number", 2 },
		{ "too many", "{\"outputs\":\n[{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}]}", NULL, 2 },
		{ "a relative path", "{\"rules\": [\"a\"]}", "rules: 'a' is relative, expected an absolute path", 1 },
		{ "nothing", "{\"run_dir\": \"\"}", "run_dir is empty", 1 },
		{ "an output as a string", "{\"outputs\": [\"-\"]}",
		  "outputs: expected an object with a \"target\"", 1 },
		{ "an output without target", "{\"outputs\": [{}]}", "outputs: expected \"target\", a string", 1 },
		{ "target misspelt", "{\"outputs\": [{\"target\": \"-\",\n\"tagret\": \"-\"}]}",
		  "outputs: unknown key 'tagret' of an output, did you mean 'target'?", 2 },
		{ "option misspelt", "{\"outputs\": [{\"target\": \"-\",\n\"fromat\": \"json\"}]}",
		  "outputs: unknown key 'fromat' of an output, did you mean 'format'?", 2 },
		{ "option with a dash", "{\"outputs\": [{\"target\": \"-\",\n\"retry-max\": {}}]}",
		  "outputs: unknown key 'retry-max' of an output, did you mean 'retry_max'?", 2 },
		{ "option of a wrong type", "{\"outputs\": [{\"target\": \"-\",\n\"queue\": {}}]}",
		  "outputs: queue: expected a string or a number", 2 },
		{ "option of another kind", "{\"outputs\": [{\"target\": \"-\",\n\"batch\": 10}]}",
		  "outputs: option batch is for outputs of kind http, and this one is stdout", 2 },
		{ "NUL in a string", "{\"run_dir\": \"/a\\u0000b\"}",
		  "not valid JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"/a\\u0000b\"'", 1 },
		{ "invalid UTF-8", "{\"run_dir\": \"/a\xff\"}", NULL, 1 },
		{ "behind the end", "{}\n{}", "not valid JSON: end of file expected near '{'", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options options = {};
		struct told told = {};

		if (options_read_text(&options, "f.json", slice_from(cases[i].text), take_note, &told) ||
		    told.n != 1 || told.is_warning[0] || told.errors[0].line != cases[i].line ||
		    strcmp(told.errors[0].file, "f.json") != 0 ||
		    (cases[i].message && strcmp(told.errors[0].message, cases[i].message) != 0))
			fail_msg("%s: %zu told, line %u: %s", cases[i].name, told.n, told.errors[0].line,
				 told.errors[0].message);
		options_release(&options);
	}
}

static void test_all_are_told(void **state)
{
	static const char text[] = "{\"formt\": 1,\n\"format\": 1,\n\"rules\": 1,\n\"run_dir\": [1]}";
	struct options options = {};
	struct told told = {};

	(void)state;
	assert_false(options_read_text(&options, "f", slice_from(text), take_note, &told));
	assert_int_equal(told.n, 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(told.errors[i].line, i + 1);
	assert_int_equal(options.n_errors, 4);
	options_release(&options);
}

static void test_wrong_lines(void **state)
{
	const struct {
		const char *name;
		const char *const *args;
		const char *message;
	} cases[] = {
		{ "misspelt", ARGS("--fromat", "json"), "unknown option '--fromat', did you mean '--format'?" },
		{ "misspelt with a value", ARGS("--fromat=json"),
		  "unknown option '--fromat=json', did you mean '--format'?" },
		{ "unknown letter", ARGS("-x"), "unknown option '-x'" },
		{ "no value", ARGS("--rules"), "option '--rules' needs a value" },
		{ "letter without value", ARGS("-r"), "option '-r' needs a value" },
		{ "argument", ARGS("file"), "takes options only, got 'file'" },
		{ "value for none", ARGS("--help=x"), "option '--help' takes no value" },
		{ "empty", ARGS("--rules", ""), "--rules is empty" },
		{ "a word", ARGS("--format", "xml"), "--format is text, json, falco or ocsf, not 'xml'" },
		{ "a host's name", ARGS("--hostname", "a b"),
		  "--hostname: expected at most 253 letters, digits, dots, dashes and underscores" },
		{ "an output", ARGS("--output", "htp://x"), NULL },
	};
	struct options options;
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (read_all(&options, &told, NULL, NULL, cases[i].args) != OPTIONS_WRONG || told.n != 1 ||
		    (cases[i].message && strcmp(told.errors[0].message, cases[i].message) != 0))
			fail_msg("%s: %zu told: %s", cases[i].name, told.n, told.errors[0].message);
		options_release(&options);
	}
	assert_int_equal(read_all(&options, &told, NULL, NULL, ARGS("--help")), OPTIONS_HELP);
	options_release(&options);
}

static void test_environment(void **state)
{
	struct options options;
	struct told told;

	(void)state;
	read_all(&options, &told, NULL,
		 ENV("BRIGWATCH_RULEZ=/a", "PATH=/bin", "BRIGWATCH_PORT_80_TCP=tcp://10.0.0.1:80",
		     "BRIGWATCH_SERVICE_HOST=10.0.0.1", "BRIGWATCH_DISABLE=a,b  c", "BRIGWATCH", "="),
		 NULL);
	assert_int_equal(told.n, 1);
	assert_true(told.is_warning[0]);
	assert_string_equal(told.errors[0].message,
			    "unknown variable BRIGWATCH_RULEZ is ignored, did you mean BRIGWATCH_RULES?");
	want_list(&options, OPTION_DISABLE, ARGS("a,b", "c"));
	options_release(&options);
	assert_int_equal(read_all(&options, &told, NULL, ENV("BRIGWATCH_FORMAT=xml"), NULL), OPTIONS_WRONG);
	assert_string_equal(told.errors[0].message, "BRIGWATCH_FORMAT is text, json, falco or ocsf, not 'xml'");
	options_release(&options);
}

/* --- files -------------------------------------------------------------- */

static const char *read_one(const char *path, struct told *told, bool *ret_good)
{
	struct options options = {};

	memset(told, 0, sizeof(*told));
	alarm(20); /* whoever waits for a FIFO dies here */
	*ret_good = options_read_file(&options, path, take_note, told);
	alarm(0);
	options_release(&options);
	return told->n > 0 ? told->errors[0].message : "";
}

static void test_hostile_files(void **state)
{
	size_t size = CONFIG_FILE_MAX + 10, depth = 100000;
	char *text = malloc(size), path[128];
	struct told told;
	bool is_good;

	(void)state;
	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_string_equal(read_one(path, &told, &is_good), "is not a regular file");
	assert_string_equal(read_one(dir, &told, &is_good), "is not a regular file");
	assert_string_equal(read_one("/dev/zero", &told, &is_good), "is not a regular file");
	assert_false(is_good);
	snprintf(path, sizeof(path), "%s/missing", dir);
	assert_string_equal(read_one(path, &told, &is_good), "cannot open: No such file or directory");

	memset(text, ' ', size);
	text[0] = '{';
	text[CONFIG_FILE_MAX - 1] = '}';
	read_one(write_file("largest", text, CONFIG_FILE_MAX, 0644), &told, &is_good);
	assert_true(is_good);
	assert_string_equal(read_one(write_file("large", text, CONFIG_FILE_MAX + 1, 0644), &told, &is_good),
			    "is longer than the 262144 bytes that are allowed");
	memset(text, '[', depth);
	read_one(write_file("deep", text, depth, 0644), &told, &is_good);
	assert_false(is_good);
	memcpy(text, "{\"format\"\0:1}", 13);
	read_one(write_file("nul", text, 13, 0644), &told, &is_good);
	assert_false(is_good);
	free(text);
}

static void test_who_may_write(void **state)
{
	struct told told;
	bool is_good;

	(void)state;
	assert_string_equal(read_one(write_file("all", "{}", 2, 0666), &told, &is_good),
			    "is writable by everybody (mode 0666), who decide what is watched: chmod go-w helps");
	assert_true(is_good);
	assert_true(told.is_warning[0]);
	assert_string_equal(read_one(write_file("group", "{}", 2, 0664), &told, &is_good),
			    "is writable by its group (mode 0664), who decide what is watched: chmod go-w helps");
	read_one(write_file("own", "{}", 2, 0600), &told, &is_good);
	assert_int_equal(told.n, 0);
	if (geteuid() != 0) {
		read_one(write_file("unreadable", "{}", 2, 0), &told, &is_good);
		assert_false(is_good);
	}
}

/* --- outputs ------------------------------------------------------------ */

static void test_outputs(void **state)
{
	static const struct {
		const char *name, *json, *text;
	} cases[] = {
		{ "stdout", "{\"target\": \"-\"}", "-" },
		{ "options", "{\"format\": \"json\", \"target\": \"https://h/x\", \"batch\": 10, \"queue\": \"1M\"}",
		  "https://h/x,format=json,batch=10,queue=1M" },
		{ "commas", "{\"target\": \"/var/log/a,b\", \"name\": \"c,d\"}", "/var/log/a\\,b,name=c\\,d" },
		{ "null", "{\"target\": \"-\", \"format\": null}", "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options options = {};
		struct told told = {};
		char text[400];

		snprintf(text, sizeof(text), "{\"outputs\": [%s]}", cases[i].json);
		if (!options_read_text(&options, "f", slice_from(text), take_note, &told) ||
		    strcmp(options_text(&options, OPTION_OUTPUTS), cases[i].text) != 0)
			fail_msg("%s: %s, %s", cases[i].name, options_text(&options, OPTION_OUTPUTS),
				 told.n ? told.errors[0].message : "no error");
		options_release(&options);
	}
}

static void test_several_outputs(void **state)
{
	struct options options;
	struct told told;

	(void)state;
	read_all(&options, &told, "{\"outputs\": [{\"target\": \"-\"}, {\"target\": \"/a\", \"format\": \"ocsf\"}]}",
		 NULL, NULL);
	want_list(&options, OPTION_OUTPUTS, ARGS("-", "/a,format=ocsf"));
	options_release(&options);
	read_all(&options, &told, "{\"outputs\": [{\"target\": \"-\"}]}",
		 ENV("BRIGWATCH_OUTPUTS=/b,format=json  journald"), NULL);
	want_list(&options, OPTION_OUTPUTS, ARGS("/b,format=json", "journald"));
	options_release(&options);
	/* What each says alone, and what they must be together, is judged. */
	assert_int_equal(read_all(&options, &told, NULL, NULL, ARGS("-o", "-", "-o", "/c,keep=3")), OPTIONS_WRONG);
	assert_string_equal(told.errors[0].message,
			    "output /c,keep=3: keep is for rotated files and needs max_size=SIZE");
	options_release(&options);
}

/* The table itself. */
static void test_table(void **state)
{
	(void)state;
	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];
		char error[OPTION_ERROR_MAX];

		assert_non_null(option->flag);
		assert_true(option->help && option->help[strlen(option->help) - 1] == '.');
		assert_true(!option->key || option->env);
		assert_int_equal(!option->argument, option->type == OPTION_IS_SWITCH);
		assert_true(option->items_max <= 64);
		if (option->fallback && option->check)
			assert_true(option->check(option->fallback, error));
		for (int other = 0; other < id; other++) {
			assert_string_not_equal(option->flag, run_options[other].flag);
			if (option->key && run_options[other].key)
				assert_string_not_equal(option->key, run_options[other].key);
			if (option->letter)
				assert_true(option->letter != run_options[other].letter);
		}
	}
}

static int make_dir(void **state)
{
	(void)state;
	umask(022);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command); /* NOLINT(cert-env33-c) */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),      cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_lists_replace), cmocka_unit_test(test_choices),
		cmocka_unit_test(test_wrong_files),   cmocka_unit_test(test_all_are_told),
		cmocka_unit_test(test_wrong_lines),   cmocka_unit_test(test_environment),
		cmocka_unit_test(test_hostile_files), cmocka_unit_test(test_who_may_write),
		cmocka_unit_test(test_outputs),	      cmocka_unit_test(test_several_outputs),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
