/* SPDX-License-Identifier: Apache-2.0 */
/* What `rules bench` measures with: rules of any number, and events they judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cmd/bench_rules.h"

static const char rules[] =
	"[{\"macros\":{\"ours\":\"proc.name in (names)\"},\"lists\":{\"names\":[\"sh\",\"bash\"]},"
	"\"rules\":["
	"{\"name\":\"one\",\"condition\":[\"evt.type = exec and ours and\",\"file.path = '/bin/sh'\"],"
	"\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\",\"when\":\"proc.cwd startswith /a\"}]},"
	"{\"name\":\"two\",\"condition\":\"evt.type in (exec, open) and user.uid = 7 and proc.phase = contained\"}"
	"]}]";

static struct rule_set *make(size_t n)
{
	json_t *files = json_loads(rules, 0, NULL);
	struct parse_error err;
	struct rule_set *set;

	assert_non_null(files);
	if (bench_rules_make(files, n, &set, &err) < 0)
		fail_msg("%zu rules: %s: %s", n, err.message, err.excerpt);
	json_decref(files);
	return set;
}

static void note(const struct rule *rule, const struct event *ev, void *arg)
{
	(void)ev;
	strcat(arg, " ");
	strcat(arg, rule_id(rule));
}

static const char *who_fires(const struct rule_set *set, const char *name, const char *path,
			     unsigned int uid)
{
	static char fired[256];
	struct event ev = { .hdr = { .type = EVENT_EXEC, .phase = PHASE_CONTAINED, .uid = uid } };

	strcpy(ev.hdr.comm, name);
	ev.path = ev.fspath = slice_from(path);
	fired[0] = '\0';
	rule_set_evaluate(set, &ev, note, fired);
	return fired;
}

static void copies_compare_with_other_values(void **state)
{
	struct rule_set *set = make(6);

	(void)state;
	assert_int_equal(rule_set_len(set), 6);
	assert_string_equal(who_fires(set, "sh", "/bin/sh", 0), " BENCH-0000");
	assert_string_equal(who_fires(set, "bash~1", "/bin/sh~1", 0), " BENCH-0002");
	assert_string_equal(who_fires(set, "bash~2", "/bin/sh~2", 0), " BENCH-0004");
	assert_string_equal(who_fires(set, "bash~2", "/bin/sh~1", 0), "");
	assert_string_equal(who_fires(set, "nginx", "/", 7), " BENCH-0001");
	assert_string_equal(who_fires(set, "nginx", "/", 9), " BENCH-0005");
	rule_set_free(set);
}

static void makes_any_number_of_rules(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rule_set *set = make(sizes[i]);

		assert_int_equal(rule_set_len(set), sizes[i]);
		rule_set_free(set);
	}
}

/* The stream is of all kinds, each record decodes, and it is the same each time. */
static void makes_a_mixed_stream(void **state)
{
	struct bench_stream *stream = bench_stream_new(4096), *again = bench_stream_new(4096);
	unsigned int n[EVENT_TYPE_END] = { 0 }, n_types = 0;

	(void)state;
	assert_non_null(stream);
	assert_non_null(again);
	for (size_t i = 0; i < bench_stream_len(stream); i++) {
		struct event ev, same;

		assert_int_equal(bench_stream_decode(stream, i, &ev), 0);
		assert_int_equal(bench_stream_decode(again, i, &same), 0);
		assert_memory_equal(&ev.u, &same.u, sizeof(ev.u));
		n[ev.hdr.type]++;
	}
	for (unsigned int type = 0; type < EVENT_TYPE_END; type++)
		n_types += n[type] > 0;
	assert_true(n_types >= 15);
	assert_in_range(n[EVENT_OPEN], 1400, 1900);
	assert_in_range(n[EVENT_EXEC], 300, 600);
	bench_stream_free(stream);
	bench_stream_free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_compare_with_other_values),
		cmocka_unit_test(makes_any_number_of_rules),
		cmocka_unit_test(makes_a_mixed_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
