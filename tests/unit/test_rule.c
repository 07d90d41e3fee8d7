/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: what is refused and where, what a condition means, what fires. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "rule/internal.h"
#include "unit/record.h"

/* --- helpers ------------------------------------------------------------ */

static struct rule_set *load(const char *text)
{
	struct rule_set *set;
	struct parse_error err;

	if (rule_set_load_text("t.json", slice_from(text), &set, &err) < 0)
		fail_msg("%s:%u:%u: %s\n%s", err.file, err.line, err.column, err.message, text);
	return set;
}

/* One rule; its condition begins at line 2, column 15, as written in JSON. */
#define HEAD "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\n \"condition\":\""
#define TAIL                                                                                                 \
	"\",\n \"id\":\"T-0001\",\"name\":\"n\",\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\n" \
	" \"priority\":\"error\",\"output\":\"o\"}]"
#define MACROS                                                                                               \
	",\n \"macros\":{\"contained\":\"proc.phase = contained\",\"two\":\"not contained or evt.failed\"}," \
	"\"lists\":{\"shells\":[\"sh\",\"bash\"],\"numbers\":[1,\"0x10\"],\"mixed\":[\"1\",\"one\"]}}"
#define CONDITION_COLUMN 15

static char *json_escape(const char *condition)
{
	char *text = malloc(strlen(condition) * 2 + 1), *to = text;

	assert_non_null(text);
	for (; *condition; condition++) {
		if (*condition == '"' || *condition == '\\')
			*to++ = '\\';
		*to++ = *condition;
	}
	*to = '\0';
	return text;
}

/* As a rule author writes it: backslashes and quotes are escaped for JSON here. */
static struct rule_set *load_condition(const char *condition)
{
	char *escaped = json_escape(condition), *text;
	struct rule_set *set;

	assert_true(asprintf(&text, HEAD "%s" TAIL MACROS, escaped) > 0);
	set = load(text);
	free(escaped);
	free(text);
	return set;
}

/* --- errors: what, and where --------------------------------------------- */

static void refuses_wrong_conditions(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *condition, *message;
		unsigned int pos;	/* in the condition as JSON writes it */
	} cases[] = {
		{ "empty", "", "expected a condition", 0 },
		{ "blank", "   ", "expected a condition", 0 },
		{ "unknown field", "evt.failed and file.mount_ower = host", "did you mean 'file.mount_owner'?", 15 },
		{ "unknown field, nothing near", "what.ever = 1", "unknown field 'what.ever'", 0 },
		{ "unknown macro", "containd and evt.failed", "unknown macro 'containd', did you mean 'contained'?", 0 },
		{ "field without its dot", "evtfailed", "unknown macro 'evtfailed', did you mean 'evt.failed'?", 0 },
		{ "double equals", "proc.name == sh", "did you mean '='?", 10 },
		{ "sql unequal", "proc.name <> sh", "did you mean '!='?", 10 },
		{ "turned round", "proc.pid => 1", "did you mean '>='?", 9 },
		{ "bang", "! evt.failed", "did you mean 'not'?", 0 },
		{ "c and", "evt.failed && evt.folded", "did you mean 'and'?", 11 },
		{ "upper-case OR", "evt.failed OR evt.folded", "did you mean 'or'?", 11 },
		{ "c or after a value", "proc.name = sh || evt.failed", "did you mean 'or'?", 15 },
		{ "misspelt operator", "proc.name startwith sh", "did you mean 'startswith'?", 10 },
		{ "regex that looks ahead", "file.path regex 'a(?=b)'", "looking ahead", 18 },
		{ "not before in", "proc.name not in (sh)", "'not' stands before the field", 10 },
		{ "string operator on a number", "proc.pid contains 1", "proc.pid is a number", 9 },
		{ "order of strings", "proc.name < sh", "proc.name is a string", 10 },
		{ "operator on a boolean", "evt.failed contains x", "evt.failed is true or false", 11 },
		{ "in on a boolean", "evt.failed in (true)", "'in' does not go with it", 11 },
		{ "boolean compared with a word", "evt.failed = yes", "expected true or false", 13 },
		{ "string as a boolean", "proc.name and evt.failed", "it wants an operator", 0 },
		{ "number as a boolean", "proc.pid", "it wants an operator", 0 },
		{ "macro with an operator", "contained = 1", "after macro 'contained'", 10 },
		{ "word for a number", "proc.pid = sh", "'sh' is not", 11 },
		{ "number with a leading zero", "file.nlink = 0644", "'0644' is not", 13 },
		{ "bad octal", "file.nlink = 0o648", "'0o648' is not", 13 },
		{ "number out of range", "proc.pid = 9223372036854775808", "out of range", 11 },
		{ "a word the field never has", "proc.phase = contaned", "did you mean 'contained'?", 13 },
		{ "a word in a list", "evt.type in (open, conect)", "did you mean 'connect'?", 19 },
		{ "an errno", "evt.res = EACCESS", "did you mean 'EACCES'?", 10 },
		{ "prefix no word has", "proc.phase startswith x", "no value of proc.phase matches", 22 },
		{ "unknown list", "proc.name in (shell)", "unknown list 'shell', did you mean 'shells'?", 14 },
		{ "list of the wrong type", "proc.pid in (mixed)", "'one' (from list 'mixed') is not", 13 },
		{ "list of wrong words", "proc.phase in (shells)", "(from list 'shells')", 15 },
		{ "in without brackets", "proc.name in shells", "in brackets", 13 },
		{ "brackets without in", "proc.name = (sh)", "several go with 'in'", 12 },
		{ "empty list", "proc.name in ()", "expected a value", 14 },
		{ "comma at the end", "proc.name in (sh,)", "expected a value", 17 },
		{ "no comma", "proc.name in (sh bash)", "expected ',' or ')'", 17 },
		{ "list not closed", "proc.name in (sh", "not closed", 13 },
		{ "value missing", "proc.name =", "a value for proc.name is missing", 11 },
		{ "keyword as a value", "proc.name = in", "quote it", 12 },
		{ "bracket not closed", "(evt.failed", "not closed", 0 },
		{ "bracket never opened", "evt.failed)", "never opened", 10 },
		{ "two tests without a joiner", "evt.failed evt.folded", "unknown operator 'evt.folded'", 11 },
		{ "two after a value", "proc.name = sh evt.folded", "expected 'and', 'or' or the end", 15 },
		{ "ends after and", "evt.failed and", "ends where a field", 14 },
		{ "ends after not", "not", "ends where a field", 3 },
		{ "keyword as a field", "and evt.failed", "expected a field or a macro", 0 },
		{ "string as a field", "\\\"x\\\" = 1", "expected a field or a macro", 0 },
		{ "string not closed", "proc.name = 'sh", "' is missing", 12 },
		{ "unknown escape", "proc.name = '\\\\q'", "unknown escape", 13 },
		{ "bad hex escape", "proc.name = '\\\\x4'", "unknown escape", 13 },
		{ "unquoted backslash", "proc.name = a\\\\b", "must be quoted", 13 },
		{ "control character", "proc.name = \\u0001", "byte 0x01", 12 },
		{ "column after JSON escapes", "proc.name = '\\u00e4\\t\\\"' and nope", "unknown macro 'nope'", 29 },
		{ "column after UTF-8", "proc.name = '\xc3\xa4\xe2\x82\xac' and nope", "unknown macro 'nope'", 21 },
		{ "glob not closed", "proc.name glob '[ab'", "']' is missing", 15 },
		{ "empty prefix", "proc.name startswith ''", "matches everything", 21 },
		{ "can never be true", "evt.type = open and evt.type = exec", "can never be true", 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int column = CONDITION_COLUMN + cases[i].pos;
		struct parse_error err;
		struct rule_set *set;
		char *text;
		bool at_value;
		int r;

		assert_true(asprintf(&text, HEAD "%s" TAIL MACROS, cases[i].condition) > 0);
		r = rule_set_load_text("t.json", slice_from(text), &set, &err);
		/* What concerns the whole condition points at its quote. */
		at_value = strstr(cases[i].message, "can never") ||
			   strstr(cases[i].message, "expected a condition");
		column -= at_value;
		if (r != -EINVAL || !strstr(err.message, cases[i].message) || err.line != 2 ||
		    err.column != column)
			fail_msg("%s: want 2:%u '%s', got %d %u:%u '%s'", cases[i].name, column,
				 cases[i].message, r, err.line, err.column,
				 r < 0 ? err.message : "");
		assert_string_equal(err.file, "t.json");
		assert_int_equal(err.caret, column);
		free(text);
	}
}

#define RULE_REST \
	"\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\"condition\":\"evt.failed\",\"output\":\"o\""
#define RULE(extra)                                                                                                                \
	"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n{\"id\":\"T-0001\",\"name\":\"n\",\"priority\":\"error\"," RULE_REST \
	",\n" extra "}]}"

static void refuses_wrong_files(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *text, *message;
		unsigned int line, column;
	} cases[] = {
		{ "empty", "", "not valid JSON", 1, 1 },
		{ "an array", "[]", "expected an object", 1, 1 },
		{ "cut off", "{\n  \"schema_version\": 1,\n", "not valid JSON", 2, 23 },
		{ "wrong token", "{\n  \"schema_version\": 1;\n}", "not valid JSON", 2, 22 },
		{ "invalid UTF-8", "{\"ruleset\": \"\xff\"}", "not valid JSON", 1, 13 },
		{ "NUL in a string", "{\"ruleset\": \"\\u0000\"}", "not valid JSON", 1, 0 },
		{ "duplicate key", "{\"ruleset\": \"a\",\n \"ruleset\": \"b\"}", "duplicate object key", 2, 2 },
		{ "unknown key", "{\n \"rulez\": []}", "unknown key 'rulez', did you mean 'rules'?", 2, 2 },
		{ "no version", "{\"ruleset\":\"t\"}", "'schema_version' is missing", 1, 1 },
		{ "other version", "{\"schema_version\": 2}", "schema_version 1 only", 1, 20 },
		{ "version as a string", "{\"schema_version\": \"1\"}", "schema_version 1 only", 1, 20 },
		{ "no ruleset", "{\"schema_version\":1}", "'ruleset' is missing", 1, 1 },
		{ "macros as an array", "{\"schema_version\":1,\"ruleset\":\"t\",\n\"macros\":[]}", "expected an object", 2, 10 },
		{ "macro with a dot", "{\"schema_version\":1,\"ruleset\":\"t\",\n\"macros\":{\"a.b\":\"evt.failed\"}}",
		  "names are made of", 2, 11 },
		{ "macro named like an operator", "{\"schema_version\":1,\"ruleset\":\"t\",\n\"macros\":{\"glob\":\"evt.failed\"}}",
		  "word of the language", 2, 11 },
		{ "error within an unused macro",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\n\"macros\":{\"a\":[\"evt.failed\",\n\"or nope\"]}}", "unknown macro 'nope'",
		  3, 5 },
		{ "cyclic macros",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\n\"macros\":{\"a\":\"b or evt.failed\",\n\"b\":\"not c\",\n\"c\":\"(a)\"}}",
		  "macro 'a' refers to itself", 4, 7 },
		{ "macro of itself", "{\"schema_version\":1,\"ruleset\":\"t\",\n\"macros\":{\"a\":\"a\"}}",
		  "macro 'a' refers to itself", 2, 16 },
		{ "macro of a wrong type", "{\"schema_version\":1,\"ruleset\":\"t\",\n\"macros\":{\"a\":1}}", "expected a string", 2, 15 },
		{ "empty list", "{\"schema_version\":1,\"ruleset\":\"t\",\n\"lists\":{\"a\":[]}}", "matches nothing", 2, 14 },
		{ "list of objects", "{\"schema_version\":1,\"ruleset\":\"t\",\n\"lists\":{\"a\":[\"x\", {}]}}", "whole number", 2, 20 },
		{ "rules as an object", "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":{}}", "array of rules", 1, 43 },
		{ "rule as a string", "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\"x\"]}", "expected an object", 1, 44 },
		{ "rule without a name",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n {\"id\":\"T-0001\"}]}", "'name' is missing", 2, 2 },
		{ "small letters in an id",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n{\"id\":\"t-0001\"}]}", "is not an id", 2, 7 },
		{ "five digits in an id",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n{\"id\":\"T-00011\"}]}", "is not an id", 2, 7 },
		{ "same id twice",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\"id\":\"T-0001\",\"name\":\"n\",\"priority\":\"error\"," RULE_REST "},\n"
		  "{\"id\":\"T-0001\",\"name\":\"n\",\"priority\":\"error\"," RULE_REST "}]}",
		  "'T-0001' is defined twice, first in t.json:1", 2, 7 },
		{ "unknown priority",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n{\"id\":\"T-0001\",\"name\":\"n\",\"priority\":\"waning\"," RULE_REST "}]}",
		  "unknown priority 'waning', did you mean 'warning'?", 2, 38 },
		{ "priority of another world",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n{\"id\":\"T-0001\",\"name\":\"n\",\"priority\":\"high\"," RULE_REST "}]}",
		  "known are emergency", 2, 38 },
		{ "line break in a name",
		  "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[\n{\"id\":\"T-0001\",\"name\":\"a\\nb\"}]}", "control characters", 2, 23 },
		{ "misspelt key of a rule", RULE("\"exeptions\":[]"), "unknown key 'exeptions', did you mean 'exceptions'?", 3, 1 },
		{ "bad technique", RULE("\"mitre\":[\"T1611\",\"T16\"]"), "MITRE ATT&CK", 3, 18 },
		{ "no such technique", RULE("\"techniques\":[\"A1\",\"A12\"]"), "'A12' is not a technique", 3, 20 },
		{ "no technique's id", RULE("\"techniques\":[\"B01\"]"), "'B01' is not a technique", 3, 15 },
		{ "no technique's letter", RULE("\"techniques\":[\"H1\"]"), "'H1' is not a technique", 3, 15 },
		{ "technique with a tail", RULE("\"techniques\":[\"A1x\"]"), "'A1x' is not a technique", 3, 15 },
		{ "bad sub-technique", RULE("\"mitre\":[\"T1611.1\"]"), "MITRE ATT&CK", 3, 10 },
		{ "tags as a string", RULE("\"tags\":\"a\""), "array of strings", 3, 8 },
		{ "threshold without a window", RULE("\"threshold\":{\"count\":3}"), "'within' is missing", 3, 13 },
		{ "threshold without by", RULE("\"threshold\":{\"count\":3,\"within\":\"1s\"}"), "'by' is missing", 3, 13 },
		{ "threshold of one", RULE("\"threshold\":{\"count\":1,\"within\":\"1s\"}"), "from 2 to 4096", 3, 22 },
		{ "threshold too high", RULE("\"threshold\":{\"count\":4097,\"within\":\"1s\"}"), "from 2 to 4096", 3, 22 },
		{ "threshold of a string", RULE("\"threshold\":{\"count\":\"3\"}"), "from 2 to 4096", 3, 22 },
		{ "threshold by a misspelt field",
		  RULE("\"threshold\":{\"count\":3,\"within\":\"1s\",\"by\":[\"container.di\"]}"), "did you mean 'container.id'?", 3, 44 },
		{ "threshold by nothing", RULE("\"threshold\":{\"count\":3,\"within\":\"1s\",\"by\":[]}"), "array of field names", 3, 43 },
		{ "threshold by the same twice",
		  RULE("\"threshold\":{\"count\":3,\"within\":\"1s\",\"by\":[\"proc.pid\",\"proc.pid\"]}"), "named twice", 3, 55 },
		{ "threshold that counts its own key",
		  RULE("\"threshold\":{\"count\":3,\"within\":\"1s\",\"distinct\":\"proc.pid\",\"by\":[\"proc.pid\"]}"),
		  "never more than one", 3, 65 },
		{ "threshold with a misspelt key", RULE("\"threshold\":{\"cuont\":3}"), "did you mean 'count'?", 3, 14 },
		{ "threshold for centuries", RULE("\"threshold\":{\"count\":3,\"within\":\"400d\"}"), "at most a year", 3, 33 },
		{ "event that happens never",
		  RULE("\"tests\":[{\"name\":\"n\",\"alerts\":1,\"events\":[{\"repeat\":0}]}]"), "from 1 to 100000", 3, 53 },
		{ "event with a boolean varied",
		  RULE("\"tests\":[{\"name\":\"n\",\"alerts\":1,\"events\":[{\"vary\":[\"evt.failed\"]}]}]"), "cannot be varied", 3, 52 },
		{ "event with what it has not varied",
		  RULE("\"tests\":[{\"name\":\"n\",\"alerts\":1,\"events\":[{\"vary\":[\"proc.pid\"]}]}]"), "the event has no 'proc.pid'", 3, 52 },
		{ "capture", RULE("\"capture\":{}"), "'capture' is not supported yet", 3, 1 },
		{ "action", RULE("\"action\":\"kill\""), "'action' is not supported yet", 3, 1 },
		{ "suppress without by", RULE("\"suppress\":{\"for\":\"60s\"}"), "'by' is missing", 3, 12 },
		{ "suppress by an unknown field", RULE("\"suppress\":{\"for\":\"60s\",\"by\":[\"container.di\"]}"),
		  "did you mean 'container.id'?", 3, 31 },
		{ "suppress for ever", RULE("\"suppress\":{\"for\":\"ever\",\"by\":[\"container.id\"]}"), "a duration", 3, 19 },
		{ "suppress for nothing", RULE("\"suppress\":{\"for\":\"0s\",\"by\":[\"container.id\"]}"), "a duration", 3, 19 },
		{ "exception without a reason", RULE("\"exceptions\":[{\"name\":\"n\",\"when\":\"evt.failed\"}]"),
		  "'reason' is missing", 3, 15 },
		{ "exception that is wrong", RULE("\"exceptions\":[{\"name\":\"n\",\"reason\":\"r\",\"when\":\"evt.faild\"}]"),
		  "did you mean 'evt.failed'?", 3, 48 },
		{ "no such day",
		  RULE("\"exceptions\":[{\"name\":\"n\",\"reason\":\"r\",\"when\":\"evt.failed\",\"expires\":\"2027-02-29\"}]"), "a date", 3, 70 },
		{ "date of another form",
		  RULE("\"exceptions\":[{\"name\":\"n\",\"reason\":\"r\",\"when\":\"evt.failed\",\"expires\":\"30.06.2027\"}]"), "a date", 3, 70 },
		{ "test without alerts", RULE("\"tests\":[{\"name\":\"n\",\"events\":[]}]"), "'alerts' is missing", 3, 10 },
		{ "test of less than nothing", RULE("\"tests\":[{\"name\":\"n\",\"events\":[],\"alerts\":-1}]"), "number of alerts", 3, 43 },
		{ "test with an unknown field",
		  RULE("\"tests\":[{\"name\":\"n\",\"alerts\":1,\"events\":[{},{\"evt.typ\":\"open\"}]}]"), "did you mean 'evt.type'?", 3, 47 },
		{ "test with a wrong word",
		  RULE("\"tests\":[{\"name\":\"n\",\"alerts\":1,\"events\":[{\"evt.type\":\"opne\"}]}]"), "did you mean 'open'?", 3, 55 },
		{ "test with a wrong type",
		  RULE("\"tests\":[{\"name\":\"n\",\"alerts\":1,\"events\":[{\"proc.pid\":\"1\"}]}]"), "whole number", 3, 55 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parse_error err;
		struct rule_set *set;
		int r;

		r = rule_set_load_text("t.json", slice_from(cases[i].text), &set, &err);
		if (r != -EINVAL || !strstr(err.message, cases[i].message) ||
		    err.line != cases[i].line || (cases[i].column && err.column != cases[i].column))
			fail_msg("%s: want %u:%u '%s', got %d %u:%u '%s'", cases[i].name,
				 cases[i].line, cases[i].column, cases[i].message, r, err.line,
				 err.column, r < 0 ? err.message : "");
	}
}

static void refuses_wrong_templates(void **state)
{
	/* clang-format off */
	static const struct {
		const char *output, *message;
		unsigned int pos;
	} cases[] = {
		{ "a %proc.nmae b", "unknown field 'proc.nmae', did you mean 'proc.name'?", 2 },
		{ "\\t%{proc.name", "%field or %{field}", 2 },
		{ "100 %", "a percent sign itself is %%", 4 },
		{ "%s", "unknown field 's'", 0 },
		{ "%{}", "%field or %{field}", 0 },
		{ "%...", "%field or %{field}", 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parse_error err;
		struct rule_set *set;
		char *text;
		int r;

		assert_true(
			asprintf(
				&text,
				"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\"id\":\"T-0001\",\"name\":\"n\","
				"\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\"priority\":\"error\","
				"\"condition\":\"evt.failed\",\n\"output\":\"%s\"}]}",
				cases[i].output) > 0);
		r = rule_set_load_text("t.json", slice_from(text), &set, &err);
		if (r != -EINVAL || !strstr(err.message, cases[i].message) || err.line != 2 ||
		    err.column != 11 + cases[i].pos)
			fail_msg("%s: want 2:%u '%s', got %d %u:%u '%s'", cases[i].output,
				 11 + cases[i].pos, cases[i].message, r, err.line, err.column,
				 r < 0 ? err.message : "");
		free(text);
	}
}

/* Strings of an array are joined; the message finds the right one. */
static void points_into_arrays_of_strings(void **state)
{
	static const char text[] =
		"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\n"
		"  \"condition\": [\"evt.failed\",\n"
		"                \"\",\n"
		"                \"and \\u0066ile.is_stdio\",\n"
		"                \"and nope\"],\n"
		"  \"id\":\"T-0001\",\"name\":\"n\",\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\n"
		"  \"priority\":\"error\",\"output\":\"o\"}]}";
	struct parse_error err;
	struct rule_set *set;

	(void)state;
	assert_int_equal(rule_set_load_text("t.json", slice_from(text), &set, &err), -EINVAL);
	assert_int_equal(err.line, 5);
	assert_int_equal(err.column, 22);
	assert_int_equal(err.caret, 22);
	assert_string_equal(err.excerpt, "                \"and nope\"],");
}

/* A long line is shown around the place, its caret at the right character. */
static void cuts_long_excerpts(void **state)
{
	struct parse_error err;
	struct rule_set *set;
	char *text, *filler = calloc(1, 2001);

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		memcpy(filler + 2 * i, "\xc3\xa4", 2);
	assert_true(
		asprintf(&text,
			 HEAD
			 "proc.name != '%.1000s' and nope and proc.name != '%.1000s'" TAIL MACROS,
			 filler, filler) > 0);
	assert_int_equal(rule_set_load_text("t.json", slice_from(text), &set, &err), -EINVAL);
	assert_int_equal(err.column, CONDITION_COLUMN + 14 + 500 + 6);
	assert_true(strlen(err.excerpt) > 80);
	assert_memory_equal(strchr(strstr(err.excerpt, "' and"), 'n') + 3, "nope", 4);
	/* No character is cut in two, and the caret counts characters. */
	assert_int_not_equal((unsigned char)err.excerpt[0] & 0xc0, 0x80);
	for (size_t i = 0, n = 0; err.excerpt[i]; i++) {
		n += ((unsigned char)err.excerpt[i] & 0xc0) != 0x80;
		if (n == err.caret) {
			assert_memory_equal(err.excerpt + i, "nope", 4);
			break;
		}
	}
	free(text);
	free(filler);
}

/* --- limits ------------------------------------------------------------- */

static char *repeat(const char *piece, size_t n)
{
	size_t len = strlen(piece);
	char *text = malloc(len * n + 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, piece, len);
	text[len * n] = '\0';
	return text;
}

static int load_joined(const char *a, const char *b, const char *c, struct parse_error *err)
{
	struct rule_set *set = NULL;
	char *text;
	int r;

	assert_true(asprintf(&text, HEAD "%s%s%s" TAIL MACROS, a, b, c) > 0);
	r = rule_set_load_text("t.json", slice_from(text), &set, err);
	if (r == 0)
		rule_set_free(set);
	free(text);
	return r;
}

static void refuses_deep_nesting(void **state)
{
	/* clang-format off */
	static const struct {
		const char *piece, *tail;
		size_t n;
		int want;
	} cases[] = {
		{ "not ", "", 63, 0 },	 { "not ", "", 64, -EINVAL }, { "not ", "", 4000, -EINVAL },
		{ "(", ")", 63, 0 },	 { "(", ")", 64, -EINVAL },   { "(", ")", 8000, -EINVAL },
		{ "(", "", 16000, -EINVAL },
	};
	/* clang-format on */
	struct parse_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *open = repeat(cases[i].piece, cases[i].n),
		     *close = repeat(cases[i].tail, cases[i].n);
		int r = load_joined(open, "evt.failed", close, &err);

		if (r != cases[i].want)
			fail_msg("%zu x '%s': want %d, got %d (%s)", cases[i].n, cases[i].piece,
				 cases[i].want, r, err.message);
		free(open);
		free(close);
	}
}

static void refuses_deep_json(void **state)
{
	char *open = repeat("[", 10000), *close = repeat("]", 10000), *text;
	struct parse_error err;
	struct rule_set *set;

	(void)state;
	assert_true(asprintf(&text, "{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":%s%s}", open,
			     close) > 0);
	assert_int_equal(rule_set_load_text("t.json", slice_from(text), &set, &err), -EINVAL);
	assert_non_null(strstr(err.message, "depth"));
	free(text);

	/* As deep as jansson goes, and then an error behind it. */
	open[2000] = close[2000] = '\0';
	assert_true(asprintf(&text, "{\"lists\":%s%s,\n\"schema_version\":2}", open, close) > 0);
	assert_int_equal(rule_set_load_text("t.json", slice_from(text), &set, &err), -EINVAL);
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 18);
	free(text);
	free(open);
	free(close);
}

/* Macros `first` to `last` in that order, each made of the one below, and m0. */
static char *make_macros(const char *before, bool twice, int first, int last)
{
	int step = first < last ? 1 : -1;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fprintf(out, "{\"schema_version\":1,\"ruleset\":\"t\",\"macros\":{");
	for (int m = first; m != last + step; m += step) {
		fprintf(out, "\"m%d\":\"%sm%d", m, before, m - 1);
		if (twice)
			fprintf(out, " and %sm%d", before, m - 1);
		fprintf(out, "\",");
	}
	fprintf(out, "\"m0\":\"evt.failed\"}}");
	fclose(out);
	return text;
}

static void refuses_macro_bombs_and_chains(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *before;
		bool twice;
		int n, want;
		const char *message;
	} cases[] = {
		{ "a thousand comparisons", "", true, 10, 0, "" },
		{ "a million comparisons", "", true, 20, -EINVAL, "4096 comparisons" },
		{ "2^200 comparisons", "", true, 200, -EINVAL, "4096 comparisons" },
		{ "60 deep", "not ", false, 60, 0, "" },
		{ "3000 deep", "not ", false, 3000, -EINVAL, "nest deeper" },
		{ "only renamed, used after its definition", "", false, 3000, 0, "" },
	};
	/* clang-format on */
	struct parse_error err;
	struct rule_set *set;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text;
		int r;

		text = make_macros(cases[i].before, cases[i].twice, 1, cases[i].n);
		r = rule_set_load_text("t.json", slice_from(text), &set, &err);
		if (r != cases[i].want || (r < 0 && !strstr(err.message, cases[i].message)))
			fail_msg("%s: want %d, got %d: %s", cases[i].name, cases[i].want, r,
				 r < 0 ? err.message : "");
		if (r == 0)
			rule_set_free(set);
		free(text);
	}

	/* The other way round each macro is parsed on the way to the next. */
	for (int n = 50; n <= 1000; n += 950) {
		char *text = make_macros("", false, n, 1);
		int r;

		r = rule_set_load_text("t.json", slice_from(text), &set, &err);
		assert_int_equal(r, n == 50 ? 0 : -EINVAL);
		if (r == 0)
			rule_set_free(set);
		else
			assert_non_null(strstr(err.message, "nest deeper"));
		free(text);
	}
}

static void refuses_what_is_too_large(void **state)
{
	char *value = repeat("x", VALUE_LEN_MAX + 1), *condition = repeat(" ", CONDITION_LEN_MAX);
	char *tests = repeat(" or evt.failed", 1000), *big = calloc(1, 2u << 20);
	struct parse_error err;
	struct rule_set *set;

	(void)state;
	assert_int_equal(load_joined("proc.name = ", value, "", &err), -EINVAL);
	assert_non_null(strstr(err.message, "at most 1024"));
	assert_int_equal(load_joined("proc.name = ", value + 1, "", &err), 0);
	assert_int_equal(load_joined("evt.failed", condition, "", &err), -EINVAL);
	assert_non_null(strstr(err.message, "at most 16384"));
	assert_int_equal(load_joined("evt.failed", tests, "", &err), 0);

	memset(big, ' ', 2u << 20);
	assert_int_equal(rule_set_load_text("t.json", (struct slice){ big, 2u << 20 }, &set, &err),
			 -EFBIG);
	free(value);
	free(condition);
	free(tests);
	free(big);
}

/* Whatever is done to a file, loading it ends, and an error has a place. */
static void survives_damaged_files(void **state)
{
	static const char base[] = RULE(
		"\"mitre\":[\"T1611\"],\"techniques\":[\"A1\"],"
		"\"threshold\":{\"count\":3,\"distinct\":\"proc.name\",\"by\":[\"container.id\"],\"within\":\"9s\"},"
		"\"tags\":[\"a\"],\"suppress\":{\"for\":\"1s\",\"by\":[\"proc.pid\"]},"
		"\"exceptions\":[{\"name\":\"n\",\"reason\":\"r\",\"when\":[\"proc.name in (a,'b')\",\"and not evt.failed\"],"
		"\"expires\":\"2027-06-30\"}],\"tests\":[{\"name\":\"n\",\"events\":[{\"evt.type\":\"open\",\"proc.name\":\"x\","
		"\"repeat\":3,\"every\":\"1s\",\"vary\":[\"proc.name\"]}],\"alerts\":0}]");
	static const char interesting[] = "\"'\\{}[](),=!<>%* \n\x80\xff"
					  "0aA_.";
	unsigned int seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[sizeof(base)];
		struct parse_error err;
		struct rule_set *set;
		size_t len = sizeof(base) - 1;

		memcpy(text, base, sizeof(base));
		for (int n = rand_r(&seed) % 3; n >= 0; n--)
			text[(size_t)rand_r(&seed) % len] =
				interesting[(size_t)rand_r(&seed) % (sizeof(interesting) - 1)];
		if (rand_r(&seed) % 8 == 0)
			len = (size_t)rand_r(&seed) % len;
		if (rule_set_load_text("t.json", (struct slice){ text, len }, &set, &err) == 0) {
			rule_set_free(set);
			continue;
		}
		assert_true(err.line > 0 && err.column > 0 && err.message[0] != '\0');
	}
}

/* --- what conditions mean ------------------------------------------------ */

/* A reader with one string, one number and one boolean. */
struct stub_reader {
	struct reader reader;
	struct slice str;
	bool cut_head, missing;
	int64_t num;
};

static int stub_get(const struct reader *reader, size_t field, struct value *ret)
{
	const struct stub_reader *stub = (const struct stub_reader *)reader;

	ret->type = field_table[field].type;
	ret->cut_head = stub->cut_head;
	ret->str = stub->str;
	ret->num = stub->num;
	ret->truth = true;
	return stub->missing ? -ENODATA : 0;
}

static enum truth run(const char *condition, const struct reader *reader)
{
	struct rule_set *set = load_condition(condition);
	enum truth truth;
	struct value tmp;

	truth = program_run(&set->rules[0]->condition, reader, &tmp);
	rule_set_free(set);
	return truth;
}

static const char *const truth_names[] = { "false", "unknown", "true" };

static struct made_value is_true(const char *name)
{
	return (struct made_value){ .field = (uint16_t)(field_find(slice_from(name)) - field_table),
				    .truth = true };
}

/* Each operand a field of its own: what excludes itself is refused. */
static void three_valued_logic(void **state)
{
	static const char *const atoms[] = { "evt.folded", "proc.name = x", "evt.failed" };
	static const char *const more[] = { "cgroup.left", "proc.pname = x", "file.handle" };
	static const char *const third[] = { "ns.joined_host", "proc.exepath = x",
					     "file.is_stdio" };
	const struct made_value values[] = { is_true("evt.failed"), is_true("file.handle"),
					     is_true("file.is_stdio") };
	struct made_event event = { values, 3 };
	struct made_reader reader = made_reader_from(&event);

	(void)state;
	for (int a = 0; a < 3; a++) {
		char text[200];

		snprintf(text, sizeof(text), "not %s", atoms[a]);
		assert_int_equal(run(text, &reader.reader), 2 - a);
		for (int b = 0; b < 3; b++) {
			int min = a < b ? a : b, max = a > b ? a : b;

			snprintf(text, sizeof(text), "%s and %s", atoms[a], more[b]);
			if (run(text, &reader.reader) != (enum truth)min)
				fail_msg("%s: want %s", text, truth_names[min]);
			snprintf(text, sizeof(text), "%s or %s", atoms[a], more[b]);
			if (run(text, &reader.reader) != (enum truth)max)
				fail_msg("%s: want %s", text, truth_names[max]);
			snprintf(text, sizeof(text), "not (%s or %s) and not not %s", atoms[a],
				 more[b], third[a]);
			if (run(text, &reader.reader) != (enum truth)(2 - max < a ? 2 - max : a))
				fail_msg("%s", text);
		}
	}
}

static void precedence(void **state)
{
	/* clang-format off */
	static const struct {
		const char *condition;
		enum truth want;
	} cases[] = {
		{ "evt.failed or evt.folded and evt.folded", TRUTH_TRUE },
		{ "(evt.failed or evt.folded) and evt.folded", TRUTH_FALSE },
		{ "not evt.folded and cgroup.left", TRUTH_FALSE },
		{ "not (evt.folded and evt.folded)", TRUTH_TRUE },
		{ "not evt.failed or file.handle", TRUTH_TRUE },
		{ "contained or evt.failed", TRUTH_TRUE },
		{ "two and evt.folded", TRUTH_FALSE },	/* a macro is one operand: no text is pasted */
		{ "evt.failed = true and evt.folded = false", TRUTH_TRUE },
		{ "evt.failed != true", TRUTH_FALSE },
	};
	/* clang-format on */
	const struct made_value values[] = { is_true("evt.failed"), is_true("file.handle") };
	struct made_event event = { values, 2 };
	struct made_reader reader = made_reader_from(&event);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum truth got = run(cases[i].condition, &reader.reader);

		if (got != cases[i].want)
			fail_msg("%s: want %s, got %s", cases[i].condition,
				 truth_names[cases[i].want], truth_names[got]);
	}
}

static void string_operators(void **state)
{
#define L(s) SLICE_LITERAL(s)
	/* clang-format off */
	static const struct {
		struct slice value;
		const char *condition;
		bool want;
	} cases[] = {
		{ L("sh"), "proc.name = sh", true },
		{ L("sh"), "proc.name != sh", false },
		{ L("sh "), "proc.name = sh", false },
		{ L("bash"), "proc.name in (shells)", true },
		{ L("shells"), "proc.name in (shells)", false },
		{ L("shells"), "proc.name in ('shells', \"x\")", true },
		{ L("sh\0x"), "proc.name = sh", false },
		{ L("sh\0x"), "proc.name startswith sh", true },
		{ L("sh\0x"), "proc.name = 'sh\\x00x'", true },
		{ L("a\0b"), "proc.name contains '\\x00b'", true },
		{ L("\xff\xfe/x"), "proc.name endswith /x", true },
		{ L("\xff\xfe/x"), "proc.name = '\\xff\\xFE/x'", true },
		{ L("\xff\xfe/x"), "proc.name contains '\\xfe'", true },
		{ L(""), "proc.name = ''", true },
		{ L(""), "proc.name startswith a", false },
		{ L(""), "proc.name exists", true },
		{ L("Docker.SOCK"), "proc.name icontains docker.sock", true },
		{ L("Docker.SOCK"), "proc.name contains docker.sock", false },
		{ L("docker.sock"), "proc.name icontains DOCKER", true },
		{ L("K"), "proc.name icontains '\xe2\x84\xaa'", false },	/* KELVIN SIGN is no k */
		{ L("it's"), "proc.name = \"it's\"", true },
		{ L("a\"b\\c\td\n"), "proc.name = \"a\\\"b\\\\c\\td\\n\"", true },
		{ L("/etc/passwd"), "proc.name glob /etc/*", true },
		{ L("/etc/x/passwd"), "proc.name glob /etc/*", true },
		{ L("not"), "proc.name = 'not'", true },
		{ L("a=b"), "proc.name = 'a=b'", true },
		{ L("caf\xc3\xa9"), "proc.name = caf\xc3\xa9", true },
	};
	/* clang-format on */
#undef L

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stub_reader stub = { { stub_get }, cases[i].value, false, false, 0 };

		if ((run(cases[i].condition, &stub.reader) == TRUTH_TRUE) != cases[i].want)
			fail_msg("%s on '%.*s': want %d", cases[i].condition,
				 (int)cases[i].value.len, cases[i].value.data, cases[i].want);
	}
}

static void number_operators(void **state)
{
	/* clang-format off */
	static const struct {
		int64_t num;
		const char *condition;
		bool want;
	} cases[] = {
		{ 5, "proc.pid = 5", true },	 { 5, "proc.pid != 5", false },	    { 5, "proc.pid < 5", false },
		{ 5, "proc.pid <= 5", true },	 { 5, "proc.pid>4", true },	    { 5, "proc.pid >= 6", false },
		{ 16, "proc.pid in (numbers)", true }, { 2, "proc.pid in (numbers)", false },
		{ 420, "proc.pid = 0o644", true }, { 31, "proc.pid = 0x1F", true }, { -1, "proc.pid = -1", true },
		{ 0, "proc.pid = 0", true },	 { INT64_MAX, "proc.pid = 9223372036854775807", true },
		{ INT64_MAX, "proc.pid > 0x7ffffffffffffffe", true },
		{ 3, "proc.pid in (9, 7, 3, 1, 5)", true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stub_reader stub = { { stub_get }, { NULL, 0 }, false, false, cases[i].num };

		if ((run(cases[i].condition, &stub.reader) == TRUTH_TRUE) != cases[i].want)
			fail_msg("%s on %ld: want %d", cases[i].condition, (long)cases[i].num,
				 cases[i].want);
	}
}

static void missing_values(void **state)
{
	/* clang-format off */
	static const struct {
		const char *condition;
		enum truth want;
	} cases[] = {
		{ "proc.name = sh", TRUTH_UNKNOWN },	  { "proc.name != sh", TRUTH_UNKNOWN },
		{ "not proc.name = sh", TRUTH_UNKNOWN },  { "proc.name exists", TRUTH_FALSE },
		{ "not proc.name exists", TRUTH_TRUE },	  { "proc.pid > 0 or not proc.pid exists", TRUTH_TRUE },
		{ "proc.pid > 0 and proc.name exists", TRUTH_FALSE },
	};
	/* clang-format on */
	struct stub_reader stub = { { stub_get }, { NULL, 0 }, false, true, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum truth got = run(cases[i].condition, &stub.reader);

		if (got != cases[i].want)
			fail_msg("%s: want %s, got %s", cases[i].condition,
				 truth_names[cases[i].want], truth_names[got]);
	}
}

static void globs(void **state)
{
	/* clang-format off */
	static const struct {
		const char *pattern, *text;
		bool want;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "*", "a/b", true }, { "**", "", true },
		{ "?", "", false }, { "?", "a", true }, { "??", "a", false }, { "a*", "a", true }, { "*a", "ba", true },
		{ "*a", "ab", false }, { "a*b*c", "aXbYc", true }, { "a*b*c", "aXcYb", false }, { "a*bc", "abcbc", true },
		{ "[abc]", "b", true }, { "[a-c]x", "bx", true }, { "[!a-c]", "b", false }, { "[^a-c]", "d", true },
		{ "[]]", "]", true }, { "[!]]", "]", false }, { "[!]]", "a", true }, { "[a-]", "-", true }, { "[-a]", "-", true },
		{ "[z-a]", "m", false }, { "\\*", "*", true }, { "\\*", "a", false }, { "\\[a]", "[a]", true },
		{ "a\\?c", "a?c", true }, { "*.sock", "/run/docker.sock", true }, { "/proc/*/root/*", "/proc/1/root/etc", true },
		{ "/proc/*/root/*", "/proc/1/root", false }, { "*?", "", false }, { "*?", "a", true }, { "a**b", "ab", true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (glob_match(slice_from(cases[i].pattern), slice_from(cases[i].text)) !=
		    cases[i].want)
			fail_msg("glob '%s' on '%s': want %d", cases[i].pattern, cases[i].text,
				 cases[i].want);
		assert_null(glob_check(slice_from(cases[i].pattern)));
	}
	assert_non_null(glob_check(SLICE_LITERAL("[a")));
	assert_non_null(glob_check(SLICE_LITERAL("[")));
	assert_non_null(glob_check(SLICE_LITERAL("[]")));
	assert_non_null(glob_check(SLICE_LITERAL("a\\")));
	assert_true(glob_match(SLICE_LITERAL("a*\0*b"), SLICE_LITERAL("a\xff\0\xfe"
								      "b")));
	/* Not checked, and still harmless. */
	(void)glob_match(SLICE_LITERAL("[a"), SLICE_LITERAL("a"));
	(void)glob_match(SLICE_LITERAL("["), SLICE_LITERAL("["));
	(void)glob_match(SLICE_LITERAL("\\"), SLICE_LITERAL("\\"));
}

/* a*a*a*...b on aaaa...: a matcher that backtracks would not come back. */
static void globs_do_not_explode(void **state)
{
	char *pattern = repeat("a*", 500), *text = repeat("a", 4095);

	(void)state;
	pattern[999] = 'b';
	assert_false(glob_match(slice_from(pattern), slice_from(text)));
	free(pattern);
	free(text);
}

/* The head of the path is gone: doubt leaves the alert standing. */
static void cut_paths(void **state)
{
	/* clang-format off */
	static const struct {
		const char *condition;
		bool fires;
	} cases[] = {
		{ "file.fspath startswith /proc", true },
		{ "not file.fspath startswith /proc", true },
		{ "not not file.fspath startswith /proc", true },
		{ "file.fspath startswith tail", true },
		{ "not file.fspath startswith tail", true },
		{ "file.fspath glob /proc/*", true },
		{ "file.fspath contains tail", true },
		{ "not file.fspath contains tail", false },
		{ "file.fspath contains head", true },
		{ "not file.fspath contains head", true },
		{ "file.fspath endswith /name", true },
		{ "not file.fspath endswith /name", false },
		{ "file.fspath endswith /other", false },
		{ "file.fspath endswith head/tail/name", true },
		{ "not file.fspath endswith head/tail/name", true },
		{ "file.fspath = tail/name", false },
		{ "file.fspath = /head/tail/name", true },
		{ "file.fspath != /head/tail/name", true },
		{ "not file.fspath != /head/tail/name", true },
		{ "file.fspath != /other", true },
		{ "file.fspath in (/a, /b)", false },
		{ "file.fspath in (/a, /head/tail/name)", true },
		{ "file.fspath exists", true },
	};
	/* clang-format on */
	struct stub_reader stub = { { stub_get }, SLICE_LITERAL("tail/name"), true, false, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if ((run(cases[i].condition, &stub.reader) == TRUTH_TRUE) != cases[i].fires)
			fail_msg("%s: want %d", cases[i].condition, cases[i].fires);
	}
}

/* --- exceptions --------------------------------------------------------- */

static unsigned int count_alerts(const char *exception, const char *event)
{
	struct rule_set *set;
	unsigned int alerts;
	struct value tmp;
	char *text;

	assert_true(
		asprintf(
			&text,
			RULE("\"exceptions\":[%s],\"tests\":[{\"name\":\"n\",\"alerts\":0,\"events\":[%s]}]"),
			exception, event) > 0);
	set = load(text);
	free(text);
	{
		struct made_reader reader = made_reader_from(&set->rules[0]->tests[0].events[0]);

		alerts = rule_matches(set->rules[0], &reader.reader, &tmp);
	}
	rule_set_free(set);
	return alerts;
}

static void exceptions(void **state)
{
#define WHEN(when) "{\"name\":\"n\",\"reason\":\"r\",\"when\":\"" when "\"}"
#define UNTIL(date) \
	"{\"name\":\"n\",\"reason\":\"r\",\"when\":\"proc.name = a\",\"expires\":\"" date "\"}"
#define AT(ns) "{\"evt.failed\":true,\"proc.name\":\"a\",\"evt.time\":" #ns "}"
	/* clang-format off */
	static const struct {
		const char *name, *exception, *event;
		unsigned int want;
	} cases[] = {
		{ "applies", WHEN("proc.name = a"), AT(1), 0 },
		{ "does not apply", WHEN("proc.name = b"), AT(1), 1 },
		{ "is unknown", WHEN("container.image = b"), AT(1), 1 },
		{ "a negated one is unknown", WHEN("not container.image = b"), AT(1), 1 },
		{ "second of two", WHEN("proc.name = b") "," WHEN("proc.name = a"), AT(1), 0 },
		{ "last second of its last day", UNTIL("2027-06-30"), AT(1814399999999999999), 0 },
		{ "first second after it", UNTIL("2027-06-30"), AT(1814400000000000000), 1 },
		{ "leap day", UNTIL("2028-02-29"), AT(1835481599999999999), 0 },
		{ "after the leap day", UNTIL("2028-02-29"), AT(1835481600000000000), 1 },
		{ "no time in the event", UNTIL("2199-12-31"), "{\"evt.failed\":true,\"proc.name\":\"a\"}", 1 },
		{ "null expires never", "{\"name\":\"n\",\"reason\":\"r\",\"when\":\"proc.name = a\",\"expires\":null}", AT(1), 0 },
	};
	/* clang-format on */
#undef AT
#undef UNTIL
#undef WHEN

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int got = count_alerts(cases[i].exception, cases[i].event);

		if (got != cases[i].want)
			fail_msg("%s: want %u alerts, got %u", cases[i].name, cases[i].want, got);
	}
}

/* In an exception doubt about a cut path must not silence the alert. */
static void cut_paths_do_not_apply_exceptions(void **state)
{
	static const char *const conditions[] = {
		"file.fspath startswith /var",	 "not file.fspath startswith /var",
		"file.fspath glob /var/*",	 "file.fspath contains head",
		"not file.fspath contains head",
	};
	struct stub_reader stub = { { stub_get }, SLICE_LITERAL("tail/name"), true, false, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		struct rule_set *set;
		struct value tmp;
		char *text;

		assert_true(
			asprintf(
				&text,
				RULE("\"exceptions\":[{\"name\":\"n\",\"reason\":\"r\",\"when\":\"%s\"}]"),
				conditions[i]) > 0);
		set = load(text);
		if (!rule_matches(set->rules[0], &stub.reader, &tmp))
			fail_msg("%s silenced the alert", conditions[i]);
		rule_set_free(set);
		free(text);
	}
}

/* --- real events -------------------------------------------------------- */

static void count_match(const struct rule *rule, const struct event *ev, void *arg)
{
	(void)rule;
	(void)ev;
	++*(unsigned int *)arg;
}

static struct event make_open(const struct event_file *file)
{
	struct event ev = { 0 };

	ev.hdr = record_hdr();
	ev.hdr.type = EVENT_OPEN;
	ev.hdr.facts = FACT_FILE_WRITE;
	ev.file = file;
	ev.path = SLICE_LITERAL("/etc/pass\nwd");
	return ev;
}

static void evaluates_real_events(void **state)
{
	/* clang-format off */
	static const struct {
		const char *condition;
		unsigned int want;
	} cases[] = {
		{ "evt.type = open and contained", 1 }, { "evt.type = exec and contained", 0 },
		{ "evt.type != exec and evt.is_open_write", 1 }, { "file.mount_owner in (host, other)", 1 },
		{ "two", 0 }, { "mount.target = /x or evt.type in (open)", 1 },
	};
	/* clang-format on */
	struct event_file file = record_file();
	struct event ev = make_open(&file);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *set = load_condition(cases[i].condition);
		unsigned int got = 0;

		rule_set_evaluate(set, &ev, count_match, &got);
		if (got != cases[i].want)
			fail_msg("%s: want %u, got %u", cases[i].condition, cases[i].want, got);
		ev.hdr.type = 9999; /* a type of the future */
		rule_set_evaluate(set, &ev, count_match, &got);
		assert_int_equal(got, cases[i].want);
		ev.hdr.type = EVENT_OPEN;
		rule_set_free(set);
	}
}

static void formats_output(void **state)
{
	struct event_file file = record_file();
	struct event ev = make_open(&file);
	const struct field *const *fields;
	struct rule_set *set;
	char buf[200];
	size_t len;

	(void)state;
	set = load(
		"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\"id\":\"T-0001\",\"name\":\"n\",\"description\":\"d\","
		"\"why\":\"w\",\"response\":[\"r\"],\"priority\":\"CRITICAL\",\"condition\":\"evt.failed and not proc.pid = 1\","
		"\"output\":\"%%%proc.name: %{file.path}x, 100%%, %proc.pid, %evt.is_open_write, %container.name.\"}]}");
	len = rule_format_output(rule_set_at(set, 0), &ev, buf, sizeof(buf));
	assert_string_equal(buf, "%evil: /etc/pass\nwdx, 100%, 4133, true, <NA>.");
	assert_int_equal(len, strlen(buf));
	for (size_t size = 1; size <= len; size++) {
		char *small = malloc(size);

		assert_int_equal(rule_format_output(rule_set_at(set, 0), &ev, small, size),
				 size - 1);
		assert_int_equal(small[size - 1], '\0');
		assert_memory_equal(small, buf, size - 1);
		free(small);
	}
	assert_int_equal(rule_format_output(rule_set_at(set, 0), &ev, NULL, 0), 0);

	/* Output first, then what only the condition names, nothing twice. */
	assert_int_equal(rule_fields(rule_set_at(set, 0), &fields), 6);
	assert_string_equal(fields[0]->name, "proc.name");
	assert_string_equal(fields[2]->name, "proc.pid");
	assert_string_equal(fields[5]->name, "evt.failed");
	assert_int_equal(rule_priority(rule_set_at(set, 0)), PRIORITY_CRITICAL);
	assert_string_equal(priority_name(PRIORITY_CRITICAL), "Critical");
	assert_string_equal(rule_response(rule_set_at(set, 0))[0], "r");
	assert_null(rule_response(rule_set_at(set, 0))[1]);
	assert_null(rule_tags(rule_set_at(set, 0))[0]);
	assert_null(rule_set_at(set, 1));
	rule_set_free(set);
	rule_set_free(NULL);
}

static void derives_event_types(void **state)
{
#define T(type) (1ull << (type))
	const uint64_t all = (1ull << EVENT_TYPE_END) - 2;
	/* clang-format off */
	const struct {
		const char *condition;
		uint64_t want;
	} cases[] = {
		{ "evt.type = open", T(EVENT_OPEN) },
		{ "evt.type = open and evt.failed", T(EVENT_OPEN) },
		{ "evt.failed and (evt.type = open or evt.type = exec)", T(EVENT_OPEN) | T(EVENT_EXEC) },
		{ "evt.type in (setns, unshare, chroot)", T(EVENT_NS) | T(EVENT_CHDIR) },
		{ "evt.failed", all },
		{ "evt.type = open or evt.failed", all },
		{ "not evt.type = open", all & ~T(EVENT_OPEN) },
		{ "evt.type != open", all & ~T(EVENT_OPEN) },
		{ "not evt.type = mount", all },	/* umount is a mount record too */
		{ "not evt.type in (mount, umount, pivot_root)", all },	/* and so is one of no name */
		{ "not (evt.type != open or evt.failed)", T(EVENT_OPEN) },
		{ "not (evt.type != open and evt.failed)", all },
		{ "evt.type startswith pivot", T(EVENT_MOUNT) },
		{ "evt.type endswith chdir", T(EVENT_CHDIR) },
		{ "evt.type glob \"c[lo][on]*\" and not evt.type = container",
		  T(EVENT_NS) | T(EVENT_CONNECT) | T(EVENT_CONTAINER_INFO) },
		{ "evt.type exists and evt.type = exit", T(EVENT_EXIT) },
	};
	/* clang-format on */
#undef T

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *set = load_condition(cases[i].condition);

		if (rule_set_event_types(set) != cases[i].want)
			fail_msg("%s: want %llx, got %llx", cases[i].condition,
				 (unsigned long long)cases[i].want,
				 (unsigned long long)rule_set_event_types(set));
		rule_set_free(set);
	}
}

/* --- files -------------------------------------------------------------- */

static const char good[] = RULE("\"tags\":[]");

struct directory {
	char path[64];
	int fd;
};

static void make_directory(struct directory *dir)
{
	snprintf(dir->path, sizeof(dir->path), "/tmp/bw-rules-XXXXXX");
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

static void put_file(const struct directory *dir, const char *name, const char *text, size_t len,
		     mode_t mode)
{
	int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void expect_refused(const struct directory *dir, int want, const char *message,
			   const char *file)
{
	struct parse_error err;
	struct rule_set *set = NULL;
	int r;

	r = rule_set_load(AT_FDCWD, dir->path, &set, &err);
	if (r != want || !strstr(err.message, message) || !strstr(err.file, file))
		fail_msg("want %d '%s' of %s, got %d '%s' of %s", want, message, file, r,
			 r < 0 ? err.message : "", r < 0 ? err.file : "");
	assert_null(set);
}

static void loads_directories_in_name_order(void **state)
{
	static const char macros[] =
		"{\"schema_version\":1,\"ruleset\":\"m\",\"macros\":{\"late\":\"evt.failed\"}}";
	struct rule_set *set, *again;
	struct parse_error err;
	struct directory dir;
	char text[1000];

	(void)state;
	make_directory(&dir);
	for (int i = 2; i >= 1; i--) {
		char name[20];

		snprintf(name, sizeof(name), "%d.json", i);
		snprintf(
			text, sizeof(text),
			"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\"id\":\"T-000%d\",\"name\":\"n\",\"description\":\"d\","
			"\"why\":\"w\",\"response\":[\"r\"],\"priority\":\"error\",\"condition\":\"late\",\"output\":\"o\"}]}",
			i);
		put_file(&dir, name, text, strlen(text), 0644);
	}
	put_file(&dir, "9.json", macros, strlen(macros), 0600);
	put_file(&dir, "rules.schema.json", "{", 1, 0644);
	put_file(&dir, ".hidden.json", "{", 1, 0644);
	put_file(&dir, "README", "{", 1, 0666);

	assert_int_equal(rule_set_load(AT_FDCWD, dir.path, &set, &err), 0);
	assert_int_equal(rule_set_len(set), 2);
	assert_string_equal(rule_id(rule_set_at(set, 0)), "T-0001");
	assert_string_equal(rule_id(rule_set_at(set, 1)), "T-0002");
	assert_non_null(strstr(rule_file(rule_set_at(set, 1)), "/2.json"));
	assert_int_equal(strlen(rule_set_hash(set)), 64);

	put_file(&dir, "9.json", macros, strlen(macros), 0644);
	assert_int_equal(rule_set_load(dir.fd, ".", &again, &err), 0);
	assert_string_equal(rule_set_hash(set), rule_set_hash(again));
	rule_set_free(again);
	put_file(&dir, "8.json", "{\"schema_version\":1,\"ruleset\":\"x\"}", 34, 0644);
	assert_int_equal(rule_set_load(dir.fd, ".", &again, &err), 0);
	assert_string_not_equal(rule_set_hash(set), rule_set_hash(again));
	rule_set_free(again);
	rule_set_free(set);

	/* One file alone. */
	put_file(&dir, "good.json", good, strlen(good), 0644);
	assert_int_equal(rule_set_load(dir.fd, "good.json", &set, &err), 0);
	assert_int_equal(rule_set_len(set), 1);
	rule_set_free(set);

	/* The same macro in two files. */
	put_file(&dir, "z.json", macros, strlen(macros), 0644);
	expect_refused(&dir, -EINVAL, "macro 'late' is defined twice, first in ", "z.json");
	remove_directory(&dir);
}

static void refuses_files_of_others(void **state)
{
	struct directory dir;
	char *big = repeat(" ", 2u << 20);

	(void)state;
	make_directory(&dir);
	expect_refused(&dir, -EINVAL, "no rule files", dir.path);

	put_file(&dir, "a.json", good, strlen(good), 0664);
	expect_refused(&dir, -EPERM, "writable by others (mode 0664)", "a.json");
	put_file(&dir, "a.json", good, strlen(good), 0646);
	expect_refused(&dir, -EPERM, "writable by others", "a.json");
	put_file(&dir, "a.json", good, strlen(good), 0644);

	put_file(&dir, "b.json", big, 2u << 20, 0644);
	expect_refused(&dir, -EFBIG, "at most 1048576", "b.json");
	unlinkat(dir.fd, "b.json", 0);

	assert_int_equal(symlinkat("a.json", dir.fd, "b.json"), 0);
	expect_refused(&dir, -ELOOP, "symbolic link", "b.json");
	unlinkat(dir.fd, "b.json", 0);

	assert_int_equal(mkfifoat(dir.fd, "b.json", 0600), 0); /* must not block */
	expect_refused(&dir, -EINVAL, "not a regular file", "b.json");
	unlinkat(dir.fd, "b.json", 0);

	assert_int_equal(mkdirat(dir.fd, "b.json", 0700), 0);
	expect_refused(&dir, -EINVAL, "not a regular file", "b.json");
	unlinkat(dir.fd, "b.json", AT_REMOVEDIR);

	if (geteuid() == 0) {
		put_file(&dir, "b.json", good, strlen(good), 0644);
		assert_int_equal(fchownat(dir.fd, "b.json", 12345, 0, 0), 0);
		expect_refused(&dir, -EPERM, "belongs to uid 12345", "b.json");
		unlinkat(dir.fd, "b.json", 0);
	}

	assert_int_equal(fchmod(dir.fd, 0777), 0);
	expect_refused(&dir, -EPERM, "writable by others", dir.path);
	assert_int_equal(fchmod(dir.fd, 0700), 0);

	put_file(&dir, "a.json", "{\"schema_version\":1,\"ruleset\":\"t\"}", 34, 0644);
	expect_refused(&dir, -EINVAL, "no rule in here", dir.path);
	remove_directory(&dir);
	expect_refused(&dir, -ENOENT, "cannot open", dir.path);
	free(big);
}

/* --- the default rules --------------------------------------------------- */

static void report_failure(const char *line, bool ok, void *arg)
{
	(void)arg;
	if (!ok)
		print_error("FAIL %s\n", line);
}

static void default_rules_pass_their_tests(void **state)
{
	const char *path = getenv("BRIGWATCH_RULES");
	unsigned int n_failed = 0, n_run;
	struct parse_error err;
	struct rule_set *set;

	(void)state;
	if (rule_set_load(AT_FDCWD, path ? path : "rules", &set, &err) < 0)
		fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.message);
	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);
		unsigned int n_fire = 0, n_silent = 0;

		n_failed += rule_run_tests(set, rule, &n_run, report_failure, NULL);
		for (size_t j = 0; j < rule->n_tests; j++) {
			n_fire += rule->tests[j].alerts > 0;
			n_silent += rule->tests[j].alerts == 0 && rule->tests[j].n_events > 0;
		}
		if (n_fire == 0 || n_silent == 0)
			fail_msg("%s has no firing test or no near miss", rule_id(rule));
		if (rule->condition.event_types == (1ull << EVENT_TYPE_END) - 2)
			fail_msg("%s does not say which evt.type it is about", rule_id(rule));
		assert_true(rule_response(rule)[0] && rule_response(rule)[1]);
	}
	assert_int_equal(n_failed, 0);
	assert_true(rule_set_len(set) >= 12);
	rule_set_free(set);
}

/* --- against a slow and simple evaluator ---------------------------------- */

enum ref_kind { REF_AND, REF_OR, REF_NOT, REF_STR, REF_NUM, REF_BOOL, REF_EXISTS };

struct ref {
	enum ref_kind kind;
	struct ref *a, *b;
	unsigned int field, op;
	const char *values[4];
	long nums[4];
	size_t n;
};

static const char *const ref_strings[] = { "evt.type", "file.fspath", "proc.name", "proc.phase" };
static const char *const ref_numbers[] = { "proc.pid", "file.nlink" };
static const char *const ref_booleans[] = { "evt.failed", "file.is_stdio" };
static const char *const ref_str_ops[] = { "=",		"!=",	      "in",	  "contains",
					   "icontains", "startswith", "endswith", "glob" };
static const char *const ref_num_ops[] = { "=", "!=", "in", "<", "<=", ">", ">=" };
/* Few letters, so that values meet. */
static const char *const ref_values[] = {
	"a", "ab", "/a/b", "b", "ba", "a/b", "/", "B", "aab", "/a"
};
static const char *const ref_globs[] = { "*a",	"a*", "*",	"?",	"[ab]*",
					 "*/*", "a?", "[!a]*b", "/*/?", "*a*b*" };
static const char *const ref_types[] = { "open",   "exec",  "mount", "umount", "chdir",
					 "chroot", "setns", "clone", "loss" };
static const char *const ref_phases[] = { "host", "contained", "escaped", "runtime" };

static unsigned int ref_seed = 1;

static unsigned int pick(size_t n)
{
	return (unsigned int)rand_r(&ref_seed) % (unsigned int)n;
}
#define PICK(array) (array)[pick(ARRAY_SIZE(array))]

static const char *pick_string(unsigned int field)
{
	if (field == 0)
		return PICK(ref_types);
	return field == 3 ? PICK(ref_phases) : PICK(ref_values);
}

static struct ref *make_ref(unsigned int depth)
{
	struct ref *ref = calloc(1, sizeof(*ref));
	unsigned int what = pick(10);

	assert_non_null(ref);
	if (depth > 0 && what < 6) {
		ref->kind = what < 3 ? REF_AND : what < 5 ? REF_OR : REF_NOT;
		ref->a = make_ref(depth - 1);
		ref->b = ref->kind == REF_NOT ? NULL : make_ref(depth - 1);
		return ref;
	}
	ref->kind = REF_STR + pick(4);
	ref->n = 1;
	if (ref->kind == REF_NUM) {
		ref->field = pick(ARRAY_SIZE(ref_numbers));
		ref->op = pick(ARRAY_SIZE(ref_num_ops));
	} else if (ref->kind == REF_BOOL) {
		ref->field = pick(ARRAY_SIZE(ref_booleans));
		ref->op = pick(5);
	} else {
		ref->field = pick(ARRAY_SIZE(ref_strings));
		/* Fields of words take = and in only: others may match no word. */
		ref->op = ref->field == 0 || ref->field == 3 ? pick(3) :
							       pick(ARRAY_SIZE(ref_str_ops));
	}
	if (ref->op == 2)
		ref->n = 1 + pick(4);
	for (size_t i = 0; i < ref->n; i++) {
		ref->values[i] = ref->op == 7 ? PICK(ref_globs) : pick_string(ref->field);
		ref->nums[i] = (long)pick(6) - 2;
	}
	return ref;
}

static void free_ref(struct ref *ref)
{
	if (!ref)
		return;
	free_ref(ref->a);
	free_ref(ref->b);
	free(ref);
}

static void print_ref(FILE *out, const struct ref *ref)
{
	static const char *const bool_ops[] = { "", " = true", " = false", " != true",
						" != false" };

	switch (ref->kind) {
	case REF_AND:
	case REF_OR:
		fputc('(', out);
		print_ref(out, ref->a);
		fputs(ref->kind == REF_AND ? " and " : " or ", out);
		print_ref(out, ref->b);
		fputc(')', out);
		return;
	case REF_NOT:
		fputs("not ", out);
		print_ref(out, ref->a);
		return;
	case REF_EXISTS: fprintf(out, "%s exists", ref_strings[ref->field]); return;
	case REF_BOOL: fprintf(out, "%s%s", ref_booleans[ref->field], bool_ops[ref->op]); return;
	case REF_NUM:
		fprintf(out, "%s %s %s", ref_numbers[ref->field], ref_num_ops[ref->op],
			ref->op == 2 ? "(" : "");
		for (size_t i = 0; i < ref->n; i++)
			fprintf(out, "%s%ld", i ? "," : "", ref->nums[i]);
		break;
	case REF_STR:
		fprintf(out, "%s %s %s", ref_strings[ref->field], ref_str_ops[ref->op],
			ref->op == 2 ? "(" : "");
		for (size_t i = 0; i < ref->n; i++)
			fprintf(out, "%s'%s'", i ? "," : "", ref->values[i]);
		break;
	}
	fputs(ref->op == 2 ? ")" : "", out);
}

struct ref_event {
	struct reader reader;
	const char *strs[4]; /* NULL: missing */
	bool cut;	     /* file.fspath has lost its head */
	long nums[2];
	bool nums_missing[2];
	bool bools[2];
};

static int ref_get(const struct reader *reader, size_t field, struct value *ret)
{
	const struct ref_event *ev = (const struct ref_event *)reader;
	const char *name = field_table[field].name;

	ret->type = field_table[field].type;
	ret->cut_head = false;
	for (size_t i = 0; i < 4; i++) {
		if (strcmp(name, ref_strings[i]) != 0)
			continue;
		ret->cut_head = i == 1 && ev->cut;
		ret->str = slice_from(ev->strs[i]);
		return ev->strs[i] ? 0 : -ENODATA;
	}
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(name, ref_numbers[i]) == 0) {
			ret->num = ev->nums[i];
			return ev->nums_missing[i] ? -ENODATA : 0;
		}
		if (strcmp(name, ref_booleans[i]) == 0) {
			ret->truth = ev->bools[i];
			return 0;
		}
	}
	return -ENODATA;
}

static bool slow_glob(const char *p, const char *t)
{
	bool inverted, in;

	if (*p == '\0')
		return *t == '\0';
	if (*p == '*')
		return slow_glob(p + 1, t) || (*t && slow_glob(p, t + 1));
	if (*t == '\0')
		return false;
	if (*p != '[')
		return (*p == '?' || *p == *t) && slow_glob(p + 1, t + 1);
	p++;
	inverted = *p == '!';
	p += inverted;
	for (in = false; *p != ']'; p++)
		in |= *p == *t;
	return in != inverted && slow_glob(p + 1, t + 1);
}

static char low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool slow_find(const char *hay, const char *needle, bool nocase)
{
	for (;; hay++) {
		size_t i = 0;

		while (needle[i] && (nocase ? low(hay[i]) == low(needle[i]) : hay[i] == needle[i]))
			i++;
		if (!needle[i])
			return true;
		if (!*hay)
			return false;
	}
}

static bool slow_ends(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static enum truth slow_str(const struct ref *ref, const struct ref_event *ev, bool negative)
{
	const char *text = ev->strs[ref->field], *value = ref->values[0];
	bool cut = ref->field == 1 && ev->cut, is = false, doubt = false;

	if (!text)
		return TRUTH_UNKNOWN;
	switch (ref->op) {
	case 0:
	case 1:
	case 2:
		for (size_t i = 0; i < ref->n; i++) {
			is |= !cut && strcmp(text, ref->values[i]) == 0;
			doubt |= cut && strlen(ref->values[i]) > strlen(text) &&
				 slow_ends(ref->values[i], text);
		}
		break;
	case 3:
	case 4:
		is = slow_find(text, value, ref->op == 4);
		doubt = cut && !is;
		break;
	case 5:
		is = strncmp(text, value, strlen(value)) == 0;
		doubt = cut;
		break;
	case 6:
		is = slow_ends(text, value);
		doubt = cut && strlen(value) > strlen(text) && slow_ends(value, text);
		break;
	case 7:
		is = slow_glob(value, text);
		doubt = cut;
		break;
	}
	if (doubt)
		return negative ? TRUTH_FALSE : TRUTH_TRUE;
	return is != (ref->op == 1) ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth slow_num(const struct ref *ref, const struct ref_event *ev)
{
	long num = ev->nums[ref->field];
	bool is = false;

	if (ev->nums_missing[ref->field])
		return TRUTH_UNKNOWN;
	for (size_t i = 0; i < ref->n; i++) {
		long want = ref->nums[i];
		const bool by_op[] = { num == want, num != want, num == want,
				       num<want, num <= want, num> want, num >= want };

		is |= by_op[ref->op];
	}
	return is ? TRUTH_TRUE : TRUTH_FALSE;
}

/* No short cuts, no jumps: every branch is looked at. */
static enum truth slow_eval(const struct ref *ref, const struct ref_event *ev, bool negative)
{
	enum truth a, b;
	bool is;

	switch (ref->kind) {
	case REF_NOT:
		a = slow_eval(ref->a, ev, !negative);
		return a == TRUTH_TRUE	? TRUTH_FALSE :
		       a == TRUTH_FALSE ? TRUTH_TRUE :
					  TRUTH_UNKNOWN;
	case REF_AND:
	case REF_OR:
		a = slow_eval(ref->a, ev, negative);
		b = slow_eval(ref->b, ev, negative);
		if (ref->kind == REF_AND) {
			if (a == TRUTH_FALSE || b == TRUTH_FALSE)
				return TRUTH_FALSE;
			return a == TRUTH_TRUE && b == TRUTH_TRUE ? TRUTH_TRUE : TRUTH_UNKNOWN;
		}
		if (a == TRUTH_TRUE || b == TRUTH_TRUE)
			return TRUTH_TRUE;
		return a == TRUTH_FALSE && b == TRUTH_FALSE ? TRUTH_FALSE : TRUTH_UNKNOWN;
	case REF_EXISTS: return ev->strs[ref->field] ? TRUTH_TRUE : TRUTH_FALSE;
	case REF_BOOL:
		is = ev->bools[ref->field];
		return (ref->op == 2 || ref->op == 3 ? !is : is) ? TRUTH_TRUE : TRUTH_FALSE;
	case REF_NUM: return slow_num(ref, ev);
	case REF_STR: return slow_str(ref, ev, negative);
	}
	return TRUTH_UNKNOWN;
}

static struct ref_event make_ref_event(void)
{
	struct ref_event ev = { .reader = { ref_get } };

	for (unsigned int i = 0; i < 4; i++)
		ev.strs[i] = i > 0 && pick(4) == 0 ? NULL : pick_string(i);
	ev.cut = pick(3) == 0;
	for (unsigned int i = 0; i < 2; i++) {
		ev.nums[i] = (long)pick(6) - 2;
		ev.nums_missing[i] = pick(4) == 0;
		ev.bools[i] = pick(2);
	}
	return ev;
}

/* As a loadable rule, or NULL for a condition that is refused as never true, or
 * as always true. */
static struct rule_set *load_ref(const struct ref *ref, char **ret_text, bool *ret_always)
{
	struct parse_error err;
	struct rule_set *set;
	size_t len;
	FILE *out = open_memstream(ret_text, &len);

	assert_non_null(out);
	fputs(HEAD, out);
	print_ref(out, ref);
	fputs(TAIL "}", out);
	fclose(out);
	if (rule_set_load_text("t.json", (struct slice){ *ret_text, len }, &set, &err) == 0)
		return set;
	*ret_always = strstr(err.message, "always true") != NULL;
	if (!*ret_always && !strstr(err.message, "can never be true"))
		fail_msg("%s: %s", *ret_text, err.message);
	return NULL;
}

static void agrees_with_a_slow_evaluator(void **state)
{
	size_t n_pairs = 0, n_true = 0, n_unknown = 0, n_refused = 0, n_always = 0;

	(void)state;
	while (n_pairs < 120000) {
		struct ref *ref = make_ref(1 + pick(6));
		bool always = false;
		struct rule_set *set;
		char *text;

		set = load_ref(ref, &text, &always);
		n_refused += !set && !always;
		n_always += !set && always;
		for (int i = 0; i < 60; i++) {
			struct ref_event ev = make_ref_event();
			enum truth want = slow_eval(ref, &ev, false), got = TRUTH_FALSE;
			unsigned int type = field_event_type(slice_from(ev.strs[0]));
			struct value tmp;

			if (set)
				got = program_run(&set->rules[0]->condition, &ev.reader, &tmp);
			/* What is refused as never true must never be; so with always. But
			 * doubt about a missing head satisfies what excludes each other. */
			if (!set && ev.cut)
				got = want;
			else if (!set)
				got = want == (always ? TRUTH_FALSE : TRUTH_TRUE) ? TRUTH_UNKNOWN :
										    want;
			if (got != want)
				fail_msg("%s\nwant %s, got %s (type %s, path %s%s, name %s)", text,
					 truth_names[want], truth_names[got], ev.strs[0],
					 ev.cut ? "..." : "", ev.strs[1] ? ev.strs[1] : "-",
					 ev.strs[2] ? ev.strs[2] : "-");
			if (set && want == TRUTH_TRUE &&
			    !(rule_set_event_types(set) & (1ull << type)))
				fail_msg("%s\nis true for %s, which the index leaves out", text,
					 ev.strs[0]);
			n_pairs++;
			n_true += want == TRUTH_TRUE;
			n_unknown += want == TRUTH_UNKNOWN;
		}
		rule_set_free(set);
		free(text);
		free_ref(ref);
	}
	/* The test is worth something: all answers are met often. */
	assert_true(n_true > n_pairs / 10 && n_unknown > n_pairs / 50);
	if (n_refused < 20 || n_always < 3)
		fail_msg("%zu never true, %zu always", n_refused, n_always);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_wrong_conditions),
		cmocka_unit_test(refuses_wrong_files),
		cmocka_unit_test(refuses_wrong_templates),
		cmocka_unit_test(points_into_arrays_of_strings),
		cmocka_unit_test(cuts_long_excerpts),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(refuses_deep_json),
		cmocka_unit_test(refuses_macro_bombs_and_chains),
		cmocka_unit_test(refuses_what_is_too_large),
		cmocka_unit_test(survives_damaged_files),
		cmocka_unit_test(three_valued_logic),
		cmocka_unit_test(precedence),
		cmocka_unit_test(string_operators),
		cmocka_unit_test(number_operators),
		cmocka_unit_test(missing_values),
		cmocka_unit_test(globs),
		cmocka_unit_test(globs_do_not_explode),
		cmocka_unit_test(cut_paths),
		cmocka_unit_test(exceptions),
		cmocka_unit_test(cut_paths_do_not_apply_exceptions),
		cmocka_unit_test(evaluates_real_events),
		cmocka_unit_test(formats_output),
		cmocka_unit_test(derives_event_types),
		cmocka_unit_test(loads_directories_in_name_order),
		cmocka_unit_test(refuses_files_of_others),
		cmocka_unit_test(default_rules_pass_their_tests),
		cmocka_unit_test(agrees_with_a_slow_evaluator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
