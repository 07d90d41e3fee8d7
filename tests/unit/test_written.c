/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of rules: conditions laid out, and what decided a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rule/rule.h"

static struct rule_set *load(const char *condition, const char *keys)
{
	struct parse_error err;
	struct rule_set *set;
	char text[4096];

	snprintf(
		text, sizeof(text),
		"{\"schema_version\":1,\"ruleset\":\"t\","
		"\"macros\":{\"inside\":\"proc.phase in (contained, escaped)\","
		"\"odd\":\"inside and (evt.failed or file.handle)\"},"
		"\"lists\":{\"shells\":[\"sh\",\"bash\"]},"
		"\"rules\":[{\"id\":\"T-0001\",\"name\":\"n\","
		"\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\"priority\":\"error\",\"output\":\"o\","
		"\"condition\":\"%s\"%s}]}",
		condition, keys);
	if (rule_set_load_text("t.json", slice_from(text), &set, &err) < 0)
		fail_msg("%s:%u:%u: %s\n%s", err.file, err.line, err.column, err.message, text);
	return set;
}

static void conditions_are_laid_out(void **state)
{
	static const struct {
		const char *condition;
		bool expand;
		unsigned int width;
		const char *want;
	} cases[] = {
		{ "evt.type  =\\topen", false, 80, "evt.type = open" },
		{ "evt.type = open and inside", false, 80, "evt.type = open and inside" },
		{ "evt.type = open and inside", true, 80,
		  "evt.type = open and proc.phase in (contained, escaped)" },
		{ "evt.type = open and inside", true, 40,
		  "evt.type = open\nand proc.phase in (contained, escaped)" },
		{ "evt.type = open and inside", false, 0, "evt.type = open\nand inside" },
		/* and in and is one level, or in and gets brackets, also from a macro */
		{ "evt.type = open and odd", true, 0,
		  "evt.type = open\nand proc.phase in (contained, escaped)\nand (evt.failed or file.handle)" },
		{ "evt.type = open and not odd", true, 200,
		  "evt.type = open and not (proc.phase in (contained, escaped) and (evt.failed or file.handle))" },
		{ "evt.type = open and (evt.failed or (file.handle and inside))", false, 40,
		  "evt.type = open\nand (evt.failed\n     or (file.handle and inside))" },
		{ "((evt.type = open))", false, 80, "evt.type = open" },
		/* words within values and quotes are no words of the language */
		{ "evt.type = open and file.path = 'a and  (b' or file.name in ('and', inside, x)",
		  true, 200,
		  "(evt.type = open and file.path = 'a and  (b') or file.name in ('and', inside, x)" },
		{ "evt.type = open and file.path = 'it\\\\'s or' and inside", false, 0,
		  "evt.type = open\nand file.path = 'it\\'s or'\nand inside" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *set = load(cases[i].condition, "");
		char *pretty = rule_pretty(cases[i].expand ? set : NULL,
					   rule_condition(rule_set_at(set, 0)), cases[i].width);

		assert_string_equal(pretty, cases[i].want);
		free(pretty);
		rule_set_free(set);
	}
}

/* What is laid out is the same condition: it loads, and says the same again. */
static void layout_is_stable(void **state)
{
	static const char condition[] =
		"evt.type = open and (evt.failed or not (file.handle or inside)) and not not odd";
	struct rule_set *set = load(condition, ""), *again;
	char *first, *second;

	(void)state;
	first = rule_pretty(NULL, rule_condition(rule_set_at(set, 0)), 500);
	again = load(first, "");
	second = rule_pretty(NULL, rule_condition(rule_set_at(again, 0)), 500);
	assert_string_equal(first, second);
	free(first);
	free(second);
	rule_set_free(set);
	rule_set_free(again);
}

static void hostile_text_is_shown_as_it_is(void **state)
{
	static const char *const cases[] = {
		"", ")", "(", "((", "a and", "not", "'", "a 'b", "and and and", "a ) b",
	};
	char deep[20001];
	char *pretty;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pretty = rule_pretty(NULL, cases[i], 80);
		assert_non_null(pretty);
		free(pretty);
	}
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	pretty = rule_pretty(NULL, deep, 80);
	assert_string_equal(pretty, deep);
	free(pretty);
	for (size_t i = 0; i + 4 < sizeof(deep); i += 4)
		memcpy(deep + i, "not ", 4);
	pretty = rule_pretty(NULL, deep, 80);
	assert_string_equal(pretty, deep);
	free(pretty);
}

/* --- traces ------------------------------------------------------------- */

struct told {
	char text[1024];
};

static void tell(const struct rule_trace *trace, void *arg)
{
	struct told *told = arg;
	size_t len = strlen(told->text);

	snprintf(told->text + len, sizeof(told->text) - len, "%zu:%zu/%zu %s [%s] %s=%s%s%s;",
		 trace->event, trace->n_fired, trace->n_rounds, trace->result, trace->comparison,
		 trace->field, trace->value, trace->exception ? " but " : "",
		 trace->exception ? trace->exception : "");
}

static void the_deciding_comparison_is_told(void **state)
{
	static const struct {
		const char *name, *condition, *keys, *want;
	} cases[] = {
		{ "and: the false one", "evt.type = open and file.name = x and file.handle",
		  ",\"tests\":[{\"name\":\"t\",\"alerts\":1,\"events\":[{\"evt.type\":\"open\",\"file.name\":\"y\","
		  "\"file.handle\":true}]}]",
		  "0:0/1 false [file.name = x] file.name=y;" },
		{ "missing", "evt.type = open and file.name = x and file.handle",
		  ",\"tests\":[{\"name\":\"t\",\"alerts\":1,\"events\":[{\"evt.type\":\"open\",\"file.handle\":true}]}]",
		  "0:0/1 unknown [file.name = x] file.name=<NA>;" },
		{ "false beats unknown", "evt.type = open and file.name = x and file.handle",
		  ",\"tests\":[{\"name\":\"t\",\"alerts\":1,\"events\":[{\"evt.type\":\"open\"}]}]",
		  "0:0/1 false [file.handle] file.handle=false;" },
		{ "not", "evt.type = open and not (file.handle or evt.failed)",
		  ",\"tests\":[{\"name\":\"t\",\"alerts\":1,\"events\":[{\"evt.type\":\"open\",\"evt.failed\":true}]}]",
		  "0:0/1 false [evt.failed] evt.failed=true;" },
		{ "or: the true one", "evt.type = open and (file.handle or file.name in (shells))",
		  ",\"tests\":[{\"name\":\"t\",\"alerts\":0,\"events\":[{\"evt.type\":\"open\",\"file.name\":\"bash\"}]}]",
		  "0:1/1 true [evt.type = open] evt.type=open;" },
		{ "in a macro", "evt.type = open and odd",
		  ",\"tests\":[{\"name\":\"t\",\"alerts\":1,\"events\":[{\"evt.type\":\"open\",\"proc.phase\":\"host\"}]}]",
		  "0:0/1 false [proc.phase in (contained, escaped)] proc.phase=host;" },
		{ "an exception", "evt.type = open",
		  ",\"exceptions\":[{\"name\":\"ci\",\"when\":\"file.name = x\",\"reason\":\"r\"}],"
		  "\"tests\":[{\"name\":\"t\",\"alerts\":1,\"events\":[{\"evt.type\":\"open\",\"file.name\":\"x\"}]}]",
		  "0:0/1 true [evt.type = open] evt.type=open but ci;" },
		{ "a threshold", "evt.type = open",
		  ",\"threshold\":{\"count\":3,\"by\":[\"proc.name\"],\"within\":\"1s\"},"
		  "\"tests\":[{\"name\":\"t\",\"alerts\":1,\"events\":[{\"evt.type\":\"open\",\"repeat\":7}]}]",
		  "0:2/7 true [evt.type = open] evt.type=open;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *set = load(cases[i].condition, cases[i].keys);
		struct told told = { "" };

		rule_trace_test(rule_set_at(set, 0), 0, tell, &told);
		if (strcmp(told.text, cases[i].want) != 0)
			fail_msg("%s:\n  %s, wanted\n  %s", cases[i].name, told.text,
				 cases[i].want);
		rule_set_free(set);
	}
}

static void events_of_a_rule_are_told(void **state)
{
	static const struct {
		const char *condition;
		size_t n;
		const char *first;
	} cases[] = {
		{ "evt.type = open and file.name = x", 1, "open" },
		{ "evt.type in (rename, link)", 2, "link" },
		{ "evt.type = chmod or (evt.type = exec and file.name exists)", 2, "exec" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule_set *set = load(cases[i].condition, "");
		const char *words[128];
		size_t n = rule_event_words(rule_set_at(set, 0), words, ARRAY_SIZE(words));

		if (i < 2)
			assert_int_equal(n, cases[i].n);
		assert_true(n >= cases[i].n);
		assert_string_equal(words[0], cases[i].first);
		rule_set_free(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_laid_out),
		cmocka_unit_test(layout_is_stable),
		cmocka_unit_test(hostile_text_is_shown_as_it_is),
		cmocka_unit_test(the_deciding_comparison_is_told),
		cmocka_unit_test(events_of_a_rule_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
