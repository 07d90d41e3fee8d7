/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked when rules are loaded: conditions that say nothing, ids that
 * nobody knows, what is doubtful, files that others may have written. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "rule/internal.h"

#define RULE_WITH(id, rest)                                                                          \
	"{\"id\":\"" id "\",\"name\":\"n\",\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"]," \
	"\"priority\":\"error\",\"output\":\"o\"," rest "}"
#define FILE_WITH(rules, rest) \
	"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n" rules "]" rest "}"
#define CONDITION "\"condition\":\"evt.type = exec and evt.failed\""
#define TESTS                                                                                      \
	"\"tests\":[{\"name\":\"f\",\"alerts\":1,\"events\":[{\"evt.type\":\"exec\",\"evt.failed\":" \
	"true}]},{\"name\":\"m\",\"alerts\":0,\"events\":[{\"evt.type\":\"exec\"}]}]"

static int load_condition(const char *condition, const char *where, struct parse_error *err)
{
	struct rule_set *set = NULL;
	char *text;
	int r;

	if (strcmp(where, "condition") == 0)
		assert_true(asprintf(&text, FILE_WITH(RULE_WITH("T-0001", "\"condition\":\"%s\""), ""),
				     condition) > 0);
	else
		assert_true(asprintf(&text,
				     FILE_WITH(RULE_WITH("T-0001", CONDITION
							 ",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\","
							 "\"when\":\"%s\"}]"), ""),
				     condition) > 0);
	r = rule_set_load_text("t.json", slice_from(text), &set, err);
	rule_set_free(set);
	free(text);
	return r;
}

/* --- conditions that say nothing ----------------------------------------- */

enum verdict_wanted { SOMETIMES, NEVER, ALWAYS };

static void tells_what_can_be_true(void **state)
{
	/* clang-format off */
	static const struct {
		const char *condition;
		enum verdict_wanted want;
	} cases[] = {
		{ "proc.name = a", SOMETIMES },
		{ "proc.name = a and proc.name = b", NEVER },
		{ "proc.name = a and proc.name = a", SOMETIMES },
		{ "proc.name = a and proc.pname = b", SOMETIMES },
		{ "proc.name = a and proc.name != a", NEVER },
		{ "proc.name = a and not proc.name = a", NEVER },
		{ "proc.name = a and not proc.name = b", SOMETIMES },
		{ "proc.name in (a, b) and proc.name in (b, c)", SOMETIMES },
		{ "proc.name in (a, b) and proc.name in (c, d)", NEVER },
		{ "proc.name in (a, b) and not proc.name in (a, b, c)", NEVER },
		{ "proc.name in (a, b) and not proc.name = a and proc.name != b", NEVER },
		{ "proc.name = a and (proc.name = b or proc.name = c)", NEVER },
		{ "proc.name = a and (proc.name = b or evt.failed)", SOMETIMES },
		{ "(proc.name = a or evt.failed) and (proc.name = b or not evt.failed)", SOMETIMES },
		{ "proc.name = abc and proc.name startswith ab", SOMETIMES },
		{ "proc.name = abc and proc.name startswith b", NEVER },
		{ "proc.name = abc and proc.name endswith x", NEVER },
		{ "proc.name = abc and proc.name contains x", NEVER },
		{ "proc.name = ABC and proc.name icontains bc", SOMETIMES },
		{ "proc.name = abc and proc.name glob 'x*'", NEVER },
		{ "file.path startswith /etc and file.path startswith /etc/ssh", SOMETIMES },
		{ "file.path startswith /etc and file.path startswith /usr", NEVER },
		{ "file.path endswith .so and file.path endswith .ko", NEVER },
		{ "file.path startswith /a and file.path endswith b", SOMETIMES },
		{ "not file.path startswith /a and file.path startswith /b", SOMETIMES },
		{ "file.path startswith /a and not file.path startswith /a", NEVER },
		{ "proc.pid > 5 and proc.pid < 3", NEVER },
		{ "proc.pid > 5 and proc.pid < 7", SOMETIMES },
		{ "proc.pid > 5 and proc.pid < 6", NEVER },
		{ "proc.pid >= 5 and proc.pid <= 5", SOMETIMES },
		{ "proc.pid >= 5 and proc.pid <= 5 and proc.pid != 5", NEVER },
		{ "proc.pid in (1, 2) and proc.pid > 2", NEVER },
		{ "proc.pid > 9223372036854775806", SOMETIMES },
		{ "proc.pid > 9223372036854775807", NEVER },
		{ "evt.failed and not evt.failed", NEVER },
		{ "evt.failed = true and evt.failed = false", NEVER },
		{ "evt.failed and evt.failed != true", NEVER },
		{ "proc.phase = host and proc.phase = contained", NEVER },
		{ "proc.phase != host and proc.phase != contained", SOMETIMES },
		{ "not proc.name exists and proc.name = a", NEVER },
		{ "not proc.name exists and not proc.name = a", NEVER },
		{ "not proc.name exists and proc.pname exists", SOMETIMES },
		{ "not proc.name exists or proc.name != a", SOMETIMES },
		{ "not (proc.name = a or not proc.name = a)", NEVER },
		{ "evt.failed or not evt.failed", ALWAYS },
		{ "proc.name = a or not proc.name = a", ALWAYS },
		{ "proc.name = a or proc.name != a", ALWAYS },
		{ "proc.name != a or proc.name != b", ALWAYS },
		{ "proc.name = a or proc.name = b or evt.failed", SOMETIMES },
		{ "proc.pid < 5 or proc.pid >= 5", ALWAYS },
		{ "proc.pid < 5 or proc.pid > 5", SOMETIMES },
		{ "not (proc.name = a and proc.name = b)", ALWAYS },
		{ "evt.type exists", SOMETIMES },
		{ "evt.type = open and evt.type = exec", NEVER },
		{ "proc.aname = a and proc.aname = b", SOMETIMES },	/* two ancestors */
	};
	/* clang-format on */
	static const char *const words[] = { "sometimes", "never", "always" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const char *const places[] = { "condition", "when" };

		for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
			struct parse_error err = { .message = "" };
			enum verdict_wanted got = SOMETIMES;

			if (load_condition(cases[i].condition, places[k], &err) < 0)
				got = strstr(err.message, "can never be true") ? NEVER :
				      strstr(err.message, "always true")       ? ALWAYS :
										 3;
			if (got != cases[i].want)
				fail_msg("%s: want %s, got %s %s", cases[i].condition,
					 words[cases[i].want], got < 3 ? words[got] : "refused",
					 err.message);
			assert_true(got == SOMETIMES || err.line == 2);
		}
	}
}

static void names_what_excludes_each_other(void **state)
{
	struct parse_error err;

	(void)state;
	assert_int_equal(load_condition("evt.type = exec and (proc.name = a and not proc.name in (a, b))",
					"condition", &err),
			 -EINVAL);
	assert_string_equal(err.message, "this can never be true: 'proc.name = a' and 'not proc.name "
					 "in (a, b)' exclude each other");
	assert_int_equal(load_condition("proc.pid < 5 or proc.pid >= 5", "condition", &err), -EINVAL);
	assert_string_equal(err.message,
			    "this is always true: one of 'proc.pid < 5' and 'proc.pid >= 5' is");
}

/* Many ways are tried one by one: a budget ends it, and doubt lets it pass. */
static void does_not_try_for_ever(void **state)
{
	char *text = calloc(1, CONDITION_LEN_MAX + 64);
	struct timespec begin, end;
	struct parse_error err;
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; len < CONDITION_LEN_MAX - 64; i++)
		len += (size_t)sprintf(text + len, "%sproc.pid != %d", i ? " and " : "", i);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(load_condition(text, "condition", &err), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 20);
	free(text);
}

/* --- techniques of ATT&CK ------------------------------------------------- */

static void knows_the_techniques(void **state)
{
	/* clang-format off */
	static const struct {
		const char *id, *message;	/* NULL: known */
	} cases[] = {
		{ "T1611", NULL }, { "T1001", NULL }, { "T1681", NULL }, { "T1055.008", NULL }, { "T1546.018", NULL },
		{ "T1059.013", NULL }, { "T1574.014", NULL },
		{ "T1699", "has no technique 'T1699', did you mean 'T1" },
		{ "T1611.001", "has no technique 'T1611.001', did you mean" },
		{ "T1055.006", "did you mean 'T1055.00" },	/* a gap */
		{ "T1055.099", "has no technique" },
		{ "T1574.002", "has no technique" },	/* revoked */
		{ "T16111", "is not a technique of MITRE ATT&CK" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parse_error err = { .message = "" };
		struct rule_set *set = NULL;
		char *text;
		int r;

		assert_true(asprintf(&text,
				     FILE_WITH(RULE_WITH("T-0001", CONDITION ",\"mitre\":[\"%s\"]"), ""),
				     cases[i].id) > 0);
		r = rule_set_load_text("t.json", slice_from(text), &set, &err);
		if (cases[i].message ? r == 0 || !strstr(err.message, cases[i].message) : r < 0)
			fail_msg("%s: %d %s", cases[i].id, r, err.message);
		rule_set_free(set);
		free(text);
	}
}

/* --- warnings -------------------------------------------------------------- */

static void warns_of_what_is_doubtful(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *text, *message;	/* NULL: no warning */
		unsigned int line, column;
	} cases[] = {
		{ "nothing", FILE_WITH(RULE_WITH("T-0001", CONDITION "," TESTS), ""), NULL, 0, 0 },
		{ "no test", FILE_WITH(RULE_WITH("T-0001", CONDITION), ""),
		  "rule T-0001 has no test that fires and no near miss", 2, 7 },
		{ "no near miss", FILE_WITH(RULE_WITH("T-0001", CONDITION ",\"tests\":[{\"name\":\"f\",\"alerts\":1,"
		  "\"events\":[{\"evt.type\":\"exec\",\"evt.failed\":true}]}]"), ""), "no test of a near miss", 2, 7 },
		{ "a near miss of no event", FILE_WITH(RULE_WITH("T-0001", CONDITION ",\"tests\":[{\"name\":\"f\",\"alerts\":1,"
		  "\"events\":[{}]},{\"name\":\"m\",\"alerts\":0,\"events\":[]}]"), ""), "no test of a near miss", 2, 7 },
		{ "nothing fires", FILE_WITH(RULE_WITH("T-0001", CONDITION ",\"tests\":[{\"name\":\"f\",\"alerts\":0,"
		  "\"events\":[{}]}]"), ""), "no test that fires", 2, 7 },
		{ "unused macro", FILE_WITH(RULE_WITH("T-0001", CONDITION "," TESTS), ",\n\"macros\":{\"m\":\"evt.failed\"}"),
		  "macro 'm' is used by no condition", 3, 11 },
		{ "unused list", FILE_WITH(RULE_WITH("T-0001", CONDITION "," TESTS), ",\n\"lists\":{\"l\":[\"x\"]}"),
		  "list 'l' is used by no condition", 3, 10 },
		{ "list of an unused macro", FILE_WITH(RULE_WITH("T-0001", CONDITION "," TESTS),
		  ",\n\"lists\":{\"l\":[\"x\"]},\"macros\":{\"m\":\"proc.name in (l)\"}"), "macro 'm'", 3, 31 },
		{ "list that the kernel side reads", FILE_WITH(RULE_WITH("T-0001", CONDITION "," TESTS),
		  ",\n\"lists\":{\"watched_names\":[\"x\"]}"), NULL, 0, 0 },
		{ "list that an exception uses", FILE_WITH(RULE_WITH("T-0001", CONDITION "," TESTS
		  ",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\",\"when\":\"proc.name in (l)\"}]"),
		  ",\n\"lists\":{\"l\":[\"x\"]}"), NULL, 0, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct parse_error *warnings;
		struct rule_set *set;
		struct parse_error err;
		size_t n;

		if (rule_set_load_text("t.json", slice_from(cases[i].text), &set, &err) < 0)
			fail_msg("%s: %s", cases[i].name, err.message);
		n = rule_set_warnings(set, &warnings);
		if (n != (cases[i].message ? 1 : 0))
			fail_msg("%s: %zu warnings, %s", cases[i].name, n, n ? warnings[0].message : "");
		if (n > 0 && (!strstr(warnings[0].message, cases[i].message) ||
			      warnings[0].line != cases[i].line || warnings[0].column != cases[i].column))
			fail_msg("%s: got %u:%u %s", cases[i].name, warnings[0].line,
				 warnings[0].column, warnings[0].message);
		rule_set_free(set);
	}
}

/* --- files ------------------------------------------------------------------ */

struct directory {
	char path[64];
	int fd;
};

static void make_directory(struct directory *dir)
{
	snprintf(dir->path, sizeof(dir->path), "/tmp/bw-checks-XXXXXX");
	assert_non_null(mkdtemp(dir->path));
	dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY);
	assert_true(dir->fd >= 0);
}

static void remove_directory(struct directory *dir)
{
	char command[128];

	close(dir->fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir->path);
	assert_int_equal(system(command), 0);
}

static void put_file(const struct directory *dir, const char *name, const char *text)
{
	int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static const char good[] = FILE_WITH(RULE_WITH("T-0001", CONDITION "," TESTS), "");

/* -errno of loading `path` below the directory; 0 is good. */
static int load_below(const struct directory *dir, const char *path, struct parse_error *err)
{
	struct rule_set *set = NULL;
	char name[200];
	int r;

	snprintf(name, sizeof(name), "%s%s%s", dir->path, *path ? "/" : "", path);
	memset(err, 0, sizeof(*err));
	r = rule_set_load(AT_FDCWD, name, &set, err);
	rule_set_free(set);
	return r;
}

static void expect(const struct directory *dir, const char *path, int want, const char *message)
{
	struct parse_error err;
	int r = load_below(dir, path, &err);

	if (r != want || !strstr(err.message, message))
		fail_msg("%s: want %d '%s', got %d '%s'", path, want, message, r, err.message);
}

static void checks_directories_above(void **state)
{
	struct directory dir;

	(void)state;
	make_directory(&dir);
	assert_int_equal(mkdirat(dir.fd, "above", 0755), 0);
	assert_int_equal(mkdirat(dir.fd, "above/rules", 0755), 0);
	put_file(&dir, "above/rules/a.json", good);
	expect(&dir, "above/rules", 0, "");
	expect(&dir, "above/rules/", 0, "");
	expect(&dir, "above/../above/./rules//a.json", 0, "");

	/* Who may rename the directory may put another in its place. */
	assert_int_equal(fchmodat(dir.fd, "above", 0777, 0), 0);
	expect(&dir, "above/rules", -EPERM, "/above', which is writable by others (mode 0777)");
	expect(&dir, "above/rules/a.json", -EPERM, "which is writable by others");
	assert_int_equal(fchmodat(dir.fd, "above", 0775, 0), 0);
	expect(&dir, "above/rules", -EPERM, "which is writable by others (mode 0775)");
	assert_int_equal(fchmodat(dir.fd, "above", 01777, 0), 0);
	expect(&dir, "above/rules", 0, "");
	assert_int_equal(fchmodat(dir.fd, "above", 0755, 0), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(dir.fd, "above", 12345, 0, 0), 0);
		expect(&dir, "above/rules", -EPERM, "which belongs to uid 12345");
		assert_int_equal(fchownat(dir.fd, "above", 0, 0, 0), 0);
	}
	assert_int_equal(fchmodat(dir.fd, "above/rules", 01777, 0), 0);
	expect(&dir, "above/rules", -EPERM, "is writable by others (mode 1777)");
	remove_directory(&dir);
}

static void follows_no_link(void **state)
{
	struct directory dir;

	(void)state;
	make_directory(&dir);
	assert_int_equal(mkdirat(dir.fd, "real", 0755), 0);
	assert_int_equal(mkdirat(dir.fd, "real/rules", 0755), 0);
	put_file(&dir, "real/rules/a.json", good);
	assert_int_equal(symlinkat("real", dir.fd, "link"), 0);
	assert_int_equal(symlinkat("real/rules", dir.fd, "last"), 0);
	assert_int_equal(symlinkat("real/rules/a.json", dir.fd, "file.json"), 0);
	expect(&dir, "link/rules", -ELOOP, "is a symbolic link, refused");
	expect(&dir, "link/rules/a.json", -ELOOP, "is a symbolic link");
	expect(&dir, "last", -ELOOP, "is a symbolic link");
	expect(&dir, "last/a.json", -ELOOP, "is a symbolic link");
	expect(&dir, "file.json", -ELOOP, "is a symbolic link");
	assert_int_equal(symlinkat("..", dir.fd, "real/rules/rules.d"), 0);
	expect(&dir, "real/rules", -ELOOP, "is a symbolic link");
	unlinkat(dir.fd, "real/rules/rules.d", 0);
	put_file(&dir, "real/rules/rules.d", good);
	expect(&dir, "real/rules", -ENOTDIR, "cannot open");
	expect(&dir, "real/nothing", -ENOENT, "cannot open");
	expect(&dir, "real/rules/a.json/b", -ENOTDIR, "cannot open");
	remove_directory(&dir);
}

/* A gigabyte is refused by its size: reading it would take longer, and memory. */
static void refuses_a_huge_file_unread(void **state)
{
	struct directory dir;
	int fd;

	(void)state;
	make_directory(&dir);
	fd = openat(dir.fd, "huge.json", O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1ll << 30), 0);
	close(fd);
	expect(&dir, "", -EFBIG, "is 1073741824 bytes long, at most 1048576 are allowed");
	remove_directory(&dir);
}

static void refuses_what_nests_too_deeply(void **state)
{
	const size_t depth = 10000;
	char *text = calloc(1, 2 * depth + 64), *condition = calloc(1, 2 * depth + 64);
	struct rule_set *set = NULL;
	struct parse_error err;

	(void)state;
	assert_true(text && condition);
	memset(text, '[', depth);
	assert_int_equal(rule_set_load_text("t.json", (struct slice){ text, depth }, &set, &err), -EINVAL);
	assert_non_null(strstr(err.message, "not valid JSON: maximum parsing depth reached"));

	memset(condition, '(', depth);
	strcpy(condition + depth, "evt.failed");
	assert_int_equal(load_condition(condition, "condition", &err), -EINVAL);
	assert_non_null(strstr(err.message, "nest deeper than 64"));
	assert_int_equal(err.line, 2);
	free(text);
	free(condition);
}

/* --- all errors of a load --------------------------------------------------- */

struct told {
	size_t n;
	char text[8192];
};

static void note_error(const struct parse_error *err, void *arg)
{
	struct told *told = arg;
	size_t len = strlen(told->text);

	told->n++;
	snprintf(told->text + len, sizeof(told->text) - len, "%s:%u: %s\n",
		 strrchr(err->file, '/') ? strrchr(err->file, '/') + 1 : err->file, err->line,
		 err->message);
}

static void tells_every_error_of_a_phase(void **state)
{
	struct directory dir;
	const char *path = dir.path;
	struct told told = { 0 };
	struct rule_load load = { .paths = &path, .n_paths = 1, .tell = note_error, .arg = &told };
	struct rule_set *set = NULL;
	struct parse_error err;
	char *many = NULL;
	size_t len;
	FILE *out;

	(void)state;
	make_directory(&dir);
	put_file(&dir, "a.json", FILE_WITH(RULE_WITH("T-0001", "\"condition\":\"nope\",\"tags\":1"), ""));
	put_file(&dir, "b.json", FILE_WITH(RULE_WITH("t-2", CONDITION) ",\n" RULE_WITH("T-0003", CONDITION ",\"x\":1"), ""));
	assert_int_equal(rule_set_load_with(AT_FDCWD, &load, &set, &err), -EINVAL);
	assert_string_equal(told.text, "a.json:2: expected an array of strings\n"
				       "a.json:2: unknown macro 'nope'\n"
				       "b.json:2: 't-2' is not an id: capital letters, '-', four digits (BW-0101)\n"
				       "b.json:3: unknown key 'x'\n");
	assert_non_null(strstr(err.message, "expected an array of strings"));

	/* A macro that is wrong is told once, whoever names it. */
	memset(&told, 0, sizeof(told));
	put_file(&dir, "a.json", FILE_WITH("", ",\n\"macros\":{\"a\":\"nope\",\"b\":\"a\",\"c\":\"a or b\"}"));
	assert_int_equal(rule_set_load_with(AT_FDCWD, &load, &set, &err), -EINVAL);
	assert_string_equal(told.text, "a.json:3: unknown macro 'nope'\n");

	/* Not without end. */
	memset(&told, 0, sizeof(told));
	out = open_memstream(&many, &len);
	fputs("{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[", out);
	for (int i = 0; i < 100; i++)
		fprintf(out, "%s{\"id\":\"x\"}", i ? ",\n" : "");
	fputs("]}", out);
	fclose(out);
	put_file(&dir, "a.json", many);
	assert_int_equal(rule_set_load_with(AT_FDCWD, &load, &set, &err), -EINVAL);
	assert_int_equal(told.n, RULE_ERRORS_MAX);
	assert_null(set);
	free(many);
	remove_directory(&dir);
}

/* --- exceptions that have ended ----------------------------------------------- */

static void tells_of_expired_exceptions_once(void **state)
{
	static const char text[] = FILE_WITH(
		RULE_WITH("T-0001", CONDITION "," TESTS
			  ",\"exceptions\":[\n{\"name\":\"old\",\"reason\":\"r\",\"when\":\"proc.name = a\",\"expires\":\"2024-02-28\"},"
			  "\n{\"name\":\"new\",\"reason\":\"r\",\"when\":\"proc.name = b\",\"expires\":\"2099-12-31\"}]"), "");
	struct directory dir;
	const char *path = dir.path;
	struct rule_load load = { .paths = &path, .n_paths = 1 };
	const struct parse_error *warnings;
	struct parse_error err;
	struct rule_set *set;

	(void)state;
	make_directory(&dir);
	put_file(&dir, "a.json", text);
	/* Without a clock, nothing is known of today. */
	assert_int_equal(rule_set_load_with(AT_FDCWD, &load, &set, &err), 0);
	assert_int_equal(rule_set_warnings(set, &warnings), 0);
	rule_set_free(set);
	/* The last nanosecond of its last day, and the first of the next. */
	load.now_ns = 1709164800000000000 - 1;
	assert_int_equal(rule_set_load_with(AT_FDCWD, &load, &set, &err), 0);
	assert_int_equal(rule_set_warnings(set, &warnings), 0);
	rule_set_free(set);
	load.now_ns++;
	assert_int_equal(rule_set_load_with(AT_FDCWD, &load, &set, &err), 0);
	assert_int_equal(rule_set_warnings(set, &warnings), 1);
	assert_string_equal(warnings[0].message, "exception 'old' has expired: it no longer applies");
	assert_int_equal(warnings[0].line, 3);
	rule_set_free(set);
	remove_directory(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_can_be_true),
		cmocka_unit_test(names_what_excludes_each_other),
		cmocka_unit_test(does_not_try_for_ever),
		cmocka_unit_test(knows_the_techniques),
		cmocka_unit_test(warns_of_what_is_doubtful),
		cmocka_unit_test(checks_directories_above),
		cmocka_unit_test(follows_no_link),
		cmocka_unit_test(refuses_a_huge_file_unread),
		cmocka_unit_test(refuses_what_nests_too_deeply),
		cmocka_unit_test(tells_every_error_of_a_phase),
		cmocka_unit_test(tells_of_expired_exceptions_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
