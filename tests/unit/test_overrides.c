/* SPDX-License-Identifier: Apache-2.0 */
/* Overrides, local rules, choices: what they change, what is kept of it, what
 * is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "rule/internal.h"

#define RULE(id, priority, tags, mitre, condition)                                                   \
	"{\"id\":\"" id "\",\"name\":\"n\",\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"]," \
	"\"priority\":\"" priority "\",\"tags\":[" tags "],\"mitre\":[" mitre "],"                   \
	"\"condition\":\"" condition "\",\"output\":\"old %proc.name\"}"

/* Overrides begin in line 2. */
#define FILE_HEAD                                                                             \
	"{\"schema_version\":1,\"ruleset\":\"t\",\"lists\":{\"shells\":[\"sh\",\"bash\"]},"   \
	"\"macros\":{\"quiet\":\"proc.name in (shells)\"},\"rules\":["                        \
	RULE("T-0001", "error", "\"escape\"", "\"T1611\"", "evt.type = exec and quiet") ","   \
	RULE("T-0002", "notice", "\"escape\",\"net\"", "\"T1055.008\"", "evt.type = connect") \
	"," RULE("U-0001", "critical", "", "", "evt.type = open and evt.failed") "],\"overrides\":[\n"

static char *file_with(const char *overrides)
{
	char *text;

	assert_true(asprintf(&text, "%s%s]}", FILE_HEAD, overrides) > 0);
	return text;
}

static struct rule_set *load(const char *text)
{
	struct rule_set *set;
	struct parse_error err;

	if (rule_set_load_text("t.json", slice_from(text), &set, &err) < 0)
		fail_msg("%s:%u:%u: %s\n%s", err.file, err.line, err.column, err.message, text);
	return set;
}

static const struct rule *find_rule(const struct rule_set *set, const char *id)
{
	for (size_t i = 0; i < rule_set_len(set); i++) {
		if (strcmp(rule_id(rule_set_at(set, i)), id) == 0)
			return rule_set_at(set, i);
	}
	return NULL;
}

/* An event as the rules' own tests write it: does the rule fire? */
struct words {
	struct reader reader;
	const char *type, *name;
	bool failed;
};

static int words_get(const struct reader *reader, size_t field, struct value *ret)
{
	const struct words *self = (const struct words *)reader;
	const char *name = field_table[field].name;
	const char *text = !strcmp(name, "evt.type") ? self->type :
			   !strcmp(name, "proc.name") ? self->name : NULL;

	ret->type = field_table[field].type;
	ret->cut_head = false;
	ret->truth = !strcmp(name, "evt.failed") && self->failed;
	ret->str = slice_from(text);
	return text || ret->type == VALUE_BOOL ? 0 : -ENODATA;
}

static bool fires(const struct rule_set *set, const char *id, const char *type, const char *name,
		  bool failed)
{
	struct words words = { { words_get }, type, name, failed };
	const struct rule *rule = find_rule(set, id);
	struct value tmp;

	return rule && rule_matches(rule, &words.reader, &tmp);
}

/* --- what changes, and what is kept of it -------------------------------- */

static void notes_every_effective_change(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *overrides;
		size_t n;			/* changes */
		const char *subject, *what, *old_value, *new_value;	/* of the last */
	} cases[] = {
		{ "priority by id", "{\"rules\":\"T-0001\",\"priority\":\"WARNING\",\"reason\":\"r\"}",
		  1, "T-0001", "priority", "error", "warning" },
		{ "priority by tag", "{\"rules\":\"escape\",\"priority\":\"debug\",\"reason\":\"r\"}",
		  2, "T-0002", "priority", "notice", "debug" },
		{ "by technique", "{\"rules\":\"T1055\",\"priority\":\"debug\",\"reason\":\"r\"}",
		  1, "T-0002", "priority", "notice", "debug" },
		{ "by priority", "{\"rules\":\"critical\",\"priority\":\"debug\",\"reason\":\"r\"}",
		  1, "U-0001", "priority", "critical", "debug" },
		{ "by priority and above", "{\"rules\":\"priority:error+\",\"priority\":\"debug\",\"reason\":\"r\"}",
		  2, "U-0001", "priority", "critical", "debug" },
		{ "by a pattern of ids", "{\"rules\":\"T-*\",\"enabled\":false,\"reason\":\"r\"}",
		  2, "T-0002", "enabled", "true", "false" },
		{ "by several", "{\"rules\":[\"U-0001\",\"tag:net\"],\"enabled\":false,\"reason\":\"r\"}",
		  2, "U-0001", "enabled", "true", "false" },
		{ "twice", "{\"rules\":\"T-0001\",\"priority\":\"debug\",\"reason\":\"r\"},"
		  "{\"rules\":\"T-0001\",\"priority\":\"alert\",\"reason\":\"r\"}",
		  2, "T-0001", "priority", "debug", "alert" },
		{ "off and on", "{\"rules\":\"T-0001\",\"enabled\":false,\"reason\":\"r\"},"
		  "{\"rules\":\"T-0001\",\"enabled\":true,\"reason\":\"r\"}",
		  2, "T-0001", "enabled", "false", "true" },
		{ "output", "{\"rules\":\"T-0001\",\"output\":\"new\",\"reason\":\"r\"}",
		  1, "T-0001", "output", "old %proc.name", "new" },
		{ "condition", "{\"rules\":\"T-0001\",\"condition\":[\"evt.type = exit\",\"and evt.failed\"],\"reason\":\"r\"}",
		  1, "T-0001", "condition", "evt.type = exec and quiet", "evt.type = exit and evt.failed" },
		{ "narrower", "{\"rules\":\"T-0001\",\"condition_and\":\"evt.failed\",\"reason\":\"r\"}",
		  1, "T-0001", "condition", "evt.type = exec and quiet", "(evt.type = exec and quiet) and (evt.failed)" },
		{ "exceptions", "{\"rules\":\"T-0001\",\"reason\":\"r\",\"exceptions\":"
		  "[{\"name\":\"e\",\"when\":\"evt.failed\",\"reason\":\"x\"}]}",
		  1, "T-0001", "exceptions", "", "[\"e\"]" },
		{ "tags", "{\"rules\":\"T-0002\",\"tags\":[\"mine\"],\"reason\":\"r\"}",
		  1, "T-0002", "tags", "escape net", "escape net mine" },
		{ "threshold", "{\"rules\":\"T-0001\",\"threshold\":{\"count\":3,\"by\":[\"proc.pid\"],\"within\":\"1s\"},\"reason\":\"r\"}",
		  1, "T-0001", "threshold", "", "{\"count\":3,\"by\":[\"proc.pid\"],\"within\":\"1s\"}" },
		{ "suppress", "{\"rules\":\"T-0001\",\"suppress\":{\"for\":\"1s\",\"by\":[\"proc.pid\"]},\"reason\":\"r\"},"
		  "{\"rules\":\"T-0001\",\"suppress\":null,\"reason\":\"r\"}",
		  2, "T-0001", "suppress", "{\"for\":\"1s\",\"by\":[\"proc.pid\"]}", "null" },
		{ "more values", "{\"list\":\"shells\",\"append\":[\"ash\",\"zsh\"],\"reason\":\"r\"}",
		  1, "list shells", "append", "sh bash", "sh bash ash zsh" },
		{ "fewer values", "{\"list\":\"shells\",\"remove\":[\"sh\"],\"reason\":\"r\"}",
		  1, "list shells", "remove", "sh bash", "bash" },
		{ "other values", "{\"list\":\"shells\",\"replace\":[\"ash\"],\"reason\":\"r\"}",
		  1, "list shells", "replace", "sh bash", "ash" },
		{ "another macro", "{\"macro\":\"quiet\",\"replace\":\"proc.name in (shells) or evt.failed\",\"reason\":\"r\"}",
		  1, "macro quiet", "replace", "proc.name in (shells)", "proc.name in (shells) or evt.failed" },
		{ "a wider macro", "{\"macro\":\"quiet\",\"or\":\"evt.failed\",\"reason\":\"r\"}",
		  1, "macro quiet", "or", "", "evt.failed" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct rule_origin *origins, *last;
		struct rule_set *set;
		char *text;
		size_t n;

		text = file_with(cases[i].overrides);
		set = load(text);
		n = rule_set_origins(set, &origins);
		if (n != cases[i].n)
			fail_msg("%s: want %zu changes, got %zu", cases[i].name, cases[i].n, n);
		last = &origins[n - 1];
		if (strcmp(last->subject, cases[i].subject) || strcmp(last->what, cases[i].what) ||
		    strcmp(last->old_value, cases[i].old_value) ||
		    strcmp(last->new_value, cases[i].new_value))
			fail_msg("%s: got %s, %s: '%s' to '%s'", cases[i].name, last->subject,
				 last->what, last->old_value, last->new_value);
		assert_string_equal(last->reason, "r");
		assert_string_equal(last->file, "t.json");
		assert_int_equal(last->line, 2);
		assert_true((last->rule != NULL) == (strchr(last->subject, '-') != NULL));
		rule_set_free(set);
		free(text);
	}
}

static void changes_what_fires(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *overrides;
		bool sh, zsh, failed_sh;	/* does an exec of it fire T-0001? */
	} cases[] = {
		{ "none", "", true, false, true },
		{ "off", "{\"rules\":\"T-0001\",\"enabled\":false,\"reason\":\"r\"}", false, false, false },
		{ "narrower", "{\"rules\":\"T-0001\",\"condition_and\":\"evt.failed\",\"reason\":\"r\"}", false, false, true },
		{ "narrower twice", "{\"rules\":\"T-0001\",\"condition_and\":\"evt.failed\",\"reason\":\"r\"},"
		  "{\"rules\":\"T-0001\",\"condition_and\":\"proc.name = bash\",\"reason\":\"r\"}", false, false, false },
		{ "other condition", "{\"rules\":\"T-0001\",\"condition\":\"evt.type = exec\",\"reason\":\"r\"}", true, true, true },
		{ "an exception", "{\"rules\":\"T-0001\",\"reason\":\"r\",\"exceptions\":"
		  "[{\"name\":\"e\",\"when\":\"evt.failed\",\"reason\":\"x\"}]}", true, false, false },
		{ "two exceptions", "{\"rules\":\"T-0001\",\"reason\":\"r\",\"exceptions\":"
		  "[{\"name\":\"e\",\"when\":\"evt.failed\",\"reason\":\"x\"}]},{\"rules\":\"T-0001\",\"reason\":\"r\",\"exceptions\":"
		  "[{\"name\":\"f\",\"when\":\"proc.name = sh\",\"reason\":\"x\"}]}", false, false, false },
		{ "more values", "{\"list\":\"shells\",\"append\":[\"zsh\"],\"reason\":\"r\"}", true, true, true },
		{ "fewer values", "{\"list\":\"shells\",\"remove\":[\"sh\"],\"reason\":\"r\"}", false, false, false },
		{ "other values", "{\"list\":\"shells\",\"replace\":[\"zsh\"],\"reason\":\"r\"}", false, true, false },
		{ "wider macro", "{\"macro\":\"quiet\",\"or\":\"proc.name = zsh\",\"reason\":\"r\"}", true, true, true },
		{ "narrower macro", "{\"macro\":\"quiet\",\"and\":\"not evt.failed\",\"reason\":\"r\"}", true, false, false },
		{ "wider, then narrower", "{\"macro\":\"quiet\",\"or\":\"proc.name = zsh\",\"reason\":\"r\"},"
		  "{\"macro\":\"quiet\",\"and\":\"not evt.failed\",\"reason\":\"r\"}", true, true, false },
		{ "replaced after all", "{\"macro\":\"quiet\",\"or\":\"proc.name = zsh\",\"reason\":\"r\"},"
		  "{\"macro\":\"quiet\",\"replace\":\"evt.failed\",\"reason\":\"r\"}", false, false, true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool sh, zsh, failed_sh;
		struct rule_set *set;
		char *text;

		text = file_with(cases[i].overrides);
		set = load(text);
		sh = fires(set, "T-0001", "exec", "sh", false);
		zsh = fires(set, "T-0001", "exec", "zsh", false);
		failed_sh = fires(set, "T-0001", "exec", "sh", true);
		if (sh != cases[i].sh || zsh != cases[i].zsh || failed_sh != cases[i].failed_sh)
			fail_msg("%s: got %d %d %d", cases[i].name, sh, zsh, failed_sh);
		assert_true(fires(set, "T-0002", "connect", "sh", false));
		rule_set_free(set);
		free(text);
	}
}

static void keeps_what_is_disabled_apart(void **state)
{
	struct rule_set *set =
		load(FILE_HEAD "{\"rules\":\"T-0002\",\"enabled\":false,\"reason\":\"r\"}]}");
	const struct rule *const *disabled;

	(void)state;
	assert_int_equal(rule_set_len(set), 2);
	assert_int_equal(rule_set_disabled(set, &disabled), 1);
	assert_string_equal(rule_id(disabled[0]), "T-0002");
	assert_false(rule_set_event_types(set) & 1ull << EVENT_CONNECT);
	for (size_t i = 0; i < rule_set_len(set); i++)
		assert_int_equal(rule_set_at(set, i)->number, i);
	rule_set_free(set);
}

/* --- what is refused ----------------------------------------------------- */

static void refuses_wrong_overrides(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *overrides, *message;
		unsigned int column;	/* in line 2 */
	} cases[] = {
		{ "no object", "1", "expected an object", 1 },
		{ "nothing named", "{\"reason\":\"r\"}", "names what it changes", 1 },
		{ "two named", "{\"rules\":\"T-0001\",\"list\":\"shells\",\"reason\":\"r\"}", "two of them", 19 },
		{ "no reason", "{\"rules\":\"T-0001\",\"enabled\":false}", "'reason' is missing", 1 },
		{ "empty reason", "{\"reason\":\"\",\"rules\":\"T-0001\",\"enabled\":false}", "must not be empty", 11 },
		{ "no change", "{\"rules\":\"T-0001\",\"reason\":\"r\"}", "changes nothing", 1 },
		{ "misspelt change", "{\"rules\":\"T-0001\",\"enable\":false,\"reason\":\"r\"}", "did you mean 'enabled'?", 19 },
		{ "change of a list for a rule", "{\"rules\":\"T-0001\",\"append\":[\"x\"],\"reason\":\"r\"}",
		  "'append' does not go with 'rules'", 19 },
		{ "change of a rule for a list", "{\"list\":\"shells\",\"enabled\":true,\"reason\":\"r\"}",
		  "'enabled' does not go with 'list'", 18 },
		{ "unknown id", "{\"rules\":\"T-0008\",\"enabled\":false,\"reason\":\"r\"}", "did you mean 'T-0001'?", 10 },
		{ "unknown tag", "{\"rules\":[\"escape\",\"escpe\"],\"enabled\":false,\"reason\":\"r\"}", "did you mean 'escape'?", 20 },
		{ "unknown technique", "{\"rules\":\"T1612\",\"enabled\":false,\"reason\":\"r\"}", "did you mean 'T1611'?", 10 },
		{ "priority of no rule", "{\"rules\":\"debug\",\"enabled\":false,\"reason\":\"r\"}", "no rule is selected by 'debug'", 10 },
		{ "misspelt priority", "{\"rules\":\"priority:critcal\",\"enabled\":false,\"reason\":\"r\"}", "did you mean 'critical'?", 10 },
		{ "no selector", "{\"rules\":[],\"enabled\":false,\"reason\":\"r\"}", "selects no rule", 10 },
		{ "selector of a wrong type", "{\"rules\":[1],\"enabled\":false,\"reason\":\"r\"}", "expected a selector", 11 },
		{ "enabled as a string", "{\"rules\":\"T-0001\",\"enabled\":\"no\",\"reason\":\"r\"}", "true or false", 29 },
		{ "unknown priority", "{\"rules\":\"T-0001\",\"priority\":\"erorr\",\"reason\":\"r\"}", "did you mean 'error'?", 30 },
		{ "wrong condition", "{\"rules\":\"T-0001\",\"condition_and\":\"evt.faild\",\"reason\":\"r\"}", "did you mean 'evt.failed'?", 36 },
		{ "never true together", "{\"rules\":\"T-0001\",\"condition_and\":\"evt.type = open\",\"reason\":\"r\"}", "can never be true", 35 },
		{ "wrong output", "{\"rules\":\"T-0001\",\"output\":\"%proc.nam\",\"reason\":\"r\"}", "did you mean 'proc.name'?", 29 },
		{ "exception without a reason", "{\"rules\":\"T-0001\",\"exceptions\":[{\"name\":\"e\",\"when\":\"evt.failed\"}],\"reason\":\"r\"}",
		  "'reason' is missing", 33 },
		{ "no exceptions", "{\"rules\":\"T-0001\",\"exceptions\":[],\"reason\":\"r\"}", "expected an array of exceptions", 32 },
		{ "wrong threshold", "{\"rules\":\"T-0001\",\"threshold\":{\"count\":1},\"reason\":\"r\"}", "from 2 to", 40 },
		{ "unknown list", "{\"list\":\"shell\",\"append\":[\"x\"],\"reason\":\"r\"}", "did you mean 'shells'?", 9 },
		{ "unknown macro", "{\"macro\":\"quite\",\"or\":\"evt.failed\",\"reason\":\"r\"}", "did you mean 'quiet'?", 10 },
		{ "macro of a wrong type", "{\"macro\":1,\"or\":\"evt.failed\",\"reason\":\"r\"}", "name of a macro", 10 },
		{ "append nothing", "{\"list\":\"shells\",\"append\":[],\"reason\":\"r\"}", "array of strings or numbers", 27 },
		{ "append an object", "{\"list\":\"shells\",\"append\":[{}],\"reason\":\"r\"}", "whole number", 28 },
		{ "remove what is not there", "{\"list\":\"shells\",\"remove\":[\"bahs\"],\"reason\":\"r\"}", "did you mean 'bash'?", 28 },
		{ "remove all", "{\"list\":\"shells\",\"remove\":[\"sh\",\"bash\"],\"reason\":\"r\"}", "nothing is left", 27 },
		{ "a macro that is wrong now", "{\"macro\":\"quiet\",\"or\":\"nope\",\"reason\":\"r\"}", "unknown macro 'nope'", 24 },
		{ "a macro of itself", "{\"macro\":\"quiet\",\"and\":\"quiet\",\"reason\":\"r\"}", "refers to itself", 25 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parse_error err;
		struct rule_set *set;
		char *text;
		int r;

		text = file_with(cases[i].overrides);
		r = rule_set_load_text("t.json", slice_from(text), &set, &err);
		if (r != -EINVAL || !strstr(err.message, cases[i].message) || err.line != 2 ||
		    err.column != cases[i].column)
			fail_msg("%s: want 2:%u '%s', got %d %u:%u '%s'", cases[i].name,
				 cases[i].column, cases[i].message, r, err.line, err.column,
				 r < 0 ? err.message : "");
		free(text);
	}
}

static void warns_of_changes_without_effect(void **state)
{
	/* clang-format off */
	static const struct {
		const char *overrides, *message;
	} cases[] = {
		{ "{\"rules\":\"T-0001\",\"priority\":\"error\",\"reason\":\"r\"}", "'priority' of T-0001 is so already" },
		{ "{\"rules\":\"T-0001\",\"enabled\":true,\"reason\":\"r\"}", "'enabled' of T-0001 is so already" },
		{ "{\"list\":\"shells\",\"append\":[\"sh\"],\"reason\":\"r\"}", "has 'sh' already" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct parse_error *warnings;
		struct rule_set *set;
		bool told = false;
		char *text;
		size_t n;

		text = file_with(cases[i].overrides);
		set = load(text);
		n = rule_set_warnings(set, &warnings);
		for (size_t k = 0; k < n; k++)
			told |= warnings[k].line == 2 &&
				strstr(warnings[k].message, cases[i].message) != NULL;
		if (!told)
			fail_msg("%s: no warning '%s'", cases[i].overrides, cases[i].message);
		rule_set_free(set);
		free(text);
	}
}

/* --- files and choices --------------------------------------------------- */

struct directory {
	char path[64];
	int fd;
};

static void make_directory(struct directory *dir)
{
	snprintf(dir->path, sizeof(dir->path), "/tmp/bw-overrides-XXXXXX");
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

#define LOCAL(rest) "{\"schema_version\":1,\"ruleset\":\"local\"," rest "}"
#define PRIORITY(word) \
	LOCAL("\"overrides\":[{\"rules\":\"T-0001\",\"priority\":\"" word "\",\"reason\":\"r\"}]")

static void reads_local_files_last_and_in_name_order(void **state)
{
	const struct rule_origin *origins;
	struct parse_error err;
	struct directory dir;
	struct rule_set *set;

	(void)state;
	make_directory(&dir);
	put_file(&dir, "z.json", FILE_HEAD "]}");
	assert_int_equal(mkdirat(dir.fd, "rules.d", 0755), 0);
	put_file(&dir, "rules.d/50-b.json", PRIORITY("debug"));
	put_file(&dir, "rules.d/10-a.json", PRIORITY("alert"));
	put_file(&dir, "rules.d/60-c.json",
		 LOCAL("\"rules\":[" RULE("L-0001", "error", "", "", "evt.type = exec and quiet") "]"));

	assert_int_equal(rule_set_load(AT_FDCWD, dir.path, &set, &err), 0);
	assert_int_equal(rule_set_len(set), 4);
	assert_int_equal(rule_priority(find_rule(set, "T-0001")), PRIORITY_DEBUG);
	assert_non_null(strstr(rule_file(find_rule(set, "L-0001")), "/rules.d/60-c.json"));
	assert_int_equal(rule_set_origins(set, &origins), 2);
	assert_non_null(strstr(origins[0].file, "/rules.d/10-a.json"));
	assert_string_equal(origins[1].old_value, "alert");
	rule_set_free(set);

	/* A second rule of the same id is no override. */
	put_file(&dir, "rules.d/70-d.json",
		 LOCAL("\"rules\":[" RULE("T-0001", "error", "", "", "evt.type = exec") "]"));
	assert_int_equal(rule_set_load(AT_FDCWD, dir.path, &set, &err), -EINVAL);
	assert_non_null(strstr(err.message, "defined twice, first in"));
	remove_directory(&dir);
}

static void reads_several_paths_as_one_set(void **state)
{
	struct directory a, b;
	const char *paths[] = { a.path, b.path };
	const struct rule_load load_both = { .paths = paths, .n_paths = 2 };
	struct parse_error err;
	struct rule_set *set;

	(void)state;
	make_directory(&a);
	make_directory(&b);
	put_file(&a, "a.json", FILE_HEAD "]}");
	put_file(&b, "a.json", PRIORITY("debug"));
	assert_int_equal(rule_set_load_with(AT_FDCWD, &load_both, &set, &err), 0);
	assert_int_equal(rule_set_len(set), 3);
	assert_int_equal(rule_priority(find_rule(set, "T-0001")), PRIORITY_DEBUG);
	rule_set_free(set);
	remove_directory(&a);
	remove_directory(&b);
}

static void chooses_rules_by_command_line(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		struct rule_choice choices[3];
		const char *want;	/* ids, or the message */
	} cases[] = {
		{ "all", { { 0 } }, "T-0001 T-0002 U-0001" },
		{ "one off", { { RULE_DISABLE, "T-0001" } }, "T-0002 U-0001" },
		{ "a tag off", { { RULE_DISABLE, "escape" } }, "U-0001" },
		{ "two off", { { RULE_DISABLE, "T-0001,U-0001" } }, "T-0002" },
		{ "a tag off, one on again", { { RULE_DISABLE, "escape" }, { RULE_ENABLE, "T-0002" } }, "T-0002 U-0001" },
		{ "on, then off", { { RULE_ENABLE, "T-0002" }, { RULE_DISABLE, "escape" } }, "U-0001" },
		{ "only a tag", { { RULE_ONLY, "net" } }, "T-0002" },
		{ "only two", { { RULE_ONLY, "net" }, { RULE_ONLY, "U-0001" } }, "T-0002 U-0001" },
		{ "only some, and one more", { { RULE_ENABLE, "U-*" }, { RULE_ONLY, "net" } }, "T-0002 U-0001" },
		{ "only what is urgent", { { RULE_ONLY, "error+" } }, "T-0001 U-0001" },
		{ "only one priority", { { RULE_ONLY, "priority:notice" } }, "T-0002" },
		{ "only a technique", { { RULE_ONLY, "mitre:T1055" } }, "T-0002" },
		{ "only a sub-technique", { { RULE_ONLY, "T1055.008" } }, "T-0002" },
		{ "none left", { { RULE_DISABLE, "*-*,id:*" } }, "--disable: no rule is selected by '*-*'" },
		{ "all off", { { RULE_DISABLE, "id:*" } }, "every rule is switched off" },
		{ "unknown id", { { RULE_DISABLE, "T-0009" } }, "--disable: no rule is selected by 'T-0009', did you mean 'T-0001'?" },
		{ "unknown tag", { { RULE_ONLY, "escap" } }, "--only: no rule is selected by 'escap', did you mean 'escape'?" },
		{ "empty", { { RULE_ENABLE, "" } }, "--enable: no rule is selected by ''" },
		{ "half of a technique", { { RULE_ONLY, "T105" } }, "no rule is selected by 'T105'" },
	};
	/* clang-format on */
	struct directory dir;
	const char *path = dir.path;

	(void)state;
	make_directory(&dir);
	put_file(&dir, "a.json", FILE_HEAD "]}");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_load load = { .paths = &path, .n_paths = 1, .choices = cases[i].choices };
		struct rule_set *set = NULL;
		struct parse_error err;
		char got[800] = "";
		size_t len = 0;

		while (load.n_choices < 3 && cases[i].choices[load.n_choices].selector)
			load.n_choices++;
		if (rule_set_load_with(AT_FDCWD, &load, &set, &err) < 0) {
			snprintf(got, sizeof(got), "%s: %s", err.file, err.message);
			if (!strstr(got, cases[i].want))
				fail_msg("%s: want '%s', got '%s'", cases[i].name, cases[i].want, got);
			continue;
		}
		for (size_t k = 0; k < rule_set_len(set); k++)
			len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s", k ? " " : "",
						rule_id(rule_set_at(set, k)));
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: want '%s', got '%s'", cases[i].name, cases[i].want, got);
		rule_set_free(set);
	}
	remove_directory(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_every_effective_change),
		cmocka_unit_test(changes_what_fires),
		cmocka_unit_test(keeps_what_is_disabled_apart),
		cmocka_unit_test(refuses_wrong_overrides),
		cmocka_unit_test(warns_of_changes_without_effect),
		cmocka_unit_test(reads_local_files_last_and_in_name_order),
		cmocka_unit_test(reads_several_paths_as_one_set),
		cmocka_unit_test(chooses_rules_by_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
