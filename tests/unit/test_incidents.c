/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch incidents`: real alerts read back, and whatever else a file holds. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <jansson.h>

#include "agent/incident.h"
#include "agent/log.h"
#include "cmd/cmd.h"
#include "sink/render.h"
#include "unit/check_text.h"
#include "unit/record.h"

/* --- helpers ------------------------------------------------------------ */

static char *out; /* what the last run printed */
static size_t out_len;
static char *messages;

static int temp_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static char *read_back(int fd, size_t *ret_len)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)len + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)len, 0), len);
	text[len] = '\0';
	*ret_len = (size_t)len;
	return text;
}

static int run(const char *input, size_t len, const char *format)
{
	int in = temp_file(), to = temp_file(), err = temp_file();
	int saved_out = dup(1), saved_err = dup(2), code;
	char path[64];
	char *argv[] = { "incidents", "--format", (char *)format, path, NULL };
	size_t n;

	assert_int_equal(write(in, input, len), (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", in);
	fflush(stdout);
	dup2(to, 1);
	dup2(err, 2);
	code = cmd_incidents(4, argv);
	fflush(stdout);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(saved_out);
	close(saved_err);
	free(out);
	free(messages);
	out = read_back(to, &out_len);
	messages = read_back(err, &n);
	close(in);
	close(to);
	close(err);
	return code;
}

/* Alerts as the agent writes them: two containers, three steps and one. */
static struct buf real_alerts(void)
{
	static const char *const responses[] = { "Isolate the host.", "Ask who it was.", NULL };
	static const char *const techniques[] = { "B10", NULL };
	static const char *const rules[] = { "BW-0130", "BW-0108", "BW-0360" };
	struct incidents *incidents;
	struct buf buf = { 0 };

	assert_int_equal(incidents_new(4, &incidents), 0);
	for (unsigned int i = 0; i < 4; i++) {
		struct container_view container = { .id = i == 2 ? SLICE_LITERAL("other") :
								   SLICE_LITERAL("4f1c2d3e5a6b"),
						    .name = SLICE_LITERAL("web-1") };
		struct event ev = { .hdr = record_hdr(), .container = &container };
		struct finding finding = {
			.rule_id = rules[i == 3 ? 2 : i % 2],
			.rule_name = "A rule's name",
			.why = "Because.",
			.priority = i == 1 ? "Alert" : "Critical",
			.severity = i == 1 ? 1 : 2,
			.response = responses,
			.techniques = techniques,
			.message = SLICE_LITERAL("evil did it"),
			.event = &ev,
		};

		ev.hdr.type = EVENT_COMPAT;
		ev.hdr.container = i == 2 ? 8 : 7;
		ev.hdr.time_ns = 1000000000ull * (i + 1);
		ev.wall_ns = 1782909296000000000ull + ev.hdr.time_ns;
		finding.incident = incidents_join(incidents, &finding);
		assert_int_equal(render_json(&finding, &buf), 0);
	}
	incidents_free(incidents);
	return buf;
}

static json_t *first_json(void)
{
	json_t *root = json_loads(out, JSON_DISABLE_EOF_CHECK, NULL);

	assert_non_null(root);
	return root;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text++;
	}
	return n;
}

/* --- tests -------------------------------------------------------------- */

static void tells_real_alerts(void **state)
{
	struct buf alerts = real_alerts();
	json_t *root;

	(void)state;
	assert_int_equal(run(alerts.data, alerts.len, "text"), EXIT_DONE);
	assert_int_equal(count(out, "Incident "), 2);
	assert_non_null(strstr(out, ": 3 steps, worst Alert\n  container  4f1c2d3e5a6b, web-1\n"));
	assert_non_null(
		strstr(out, "  1. 2026-07-01T12:34:57.000000000Z  Critical  BW-0130 A rule's name\n"
			    "     what  evil did it\n"
			    "     who   evil (pid 4133, uid 0, contained)\n"
			    "     why   Because.\n"));
	assert_true(strstr(out, "  1. 2026") < strstr(out, "  2. 2026") &&
		    strstr(out, "  2. 2026") < strstr(out, "  3. 2026"));
	assert_int_equal(count(out, "Isolate the host."), 2);
	assert_int_equal(count(out, "See docs/techniques/B10.md\n"), 2);
	assert_string_equal(messages, "");

	assert_int_equal(run(alerts.data, alerts.len, "json"), EXIT_DONE);
	assert_int_equal(count(out, "\n"), 2);
	root = first_json();
	assert_string_equal(json_string_value(json_object_get(root, "worst")), "Alert");
	assert_int_equal(json_array_size(json_object_get(root, "steps")), 3);
	assert_int_equal(json_array_size(json_object_get(root, "next")), 2);
	json_decref(root);
	buf_release(&alerts);
}

/* A later alert tells of the steps whose own alerts are not there. */
static void fills_gaps_from_what_later_alerts_tell(void **state)
{
	struct buf alerts = real_alerts();
	const char *last = alerts.data;

	(void)state;
	for (int i = 0; i < 3; i++)
		last = strchr(last, '\n') + 1;
	assert_int_equal(run(last, alerts.len - (size_t)(last - alerts.data), "text"), EXIT_DONE);
	assert_non_null(strstr(out, ": 3 steps, worst Alert"));
	assert_non_null(strstr(out, "BW-0130 A rule's name\n     what  evil did it\n"
				    "     who   evil (pid 4133, contained)\n"));
	buf_release(&alerts);
}

#define ALERT(id, step, more)                                                                      \
	"{\"rule_id\":\"R-0001\",\"rule\":\"r\",\"priority\":\"Warning\",\"time\":\"t" #step "\"," \
	"\"message\":\"m" #step "\",\"incident\":{\"id\":\"" id "\",\"step\":" #step "}" more      \
	"}\n"

static void orders_and_says_what_is_missing(void **state)
{
	static const char lines[] = ALERT("a", 9, "") ALERT("a", 2, "") ALERT("b", 1, "")
		ALERT("a", 1, "") ALERT("a", 2, ",\"why\":\"again\"");

	(void)state;
	assert_int_equal(run(lines, strlen(lines), "text"), EXIT_DONE);
	assert_true(strstr(out, "Incident a: 3 steps") < strstr(out, "Incident b: 1 step,"));
	assert_non_null(strstr(out, "(steps 3 to 8 are not in the input)"));
	assert_int_equal(count(out, "m2"), 1);
	assert_null(strstr(out, "again"));
}

static void leaves_out_what_is_no_alert(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		struct slice input;
		int code;
		size_t n_incidents;
		const char *message;
	} cases[] = {
		{ "nothing", SLICE_LITERAL(""), EXIT_DONE, 0, "" },
		{ "blank lines", SLICE_LITERAL("\n\n"), EXIT_DONE, 0, "" },
		{ "no JSON", SLICE_LITERAL("hello\n"), EXIT_USAGE, 0, "1 of 1 lines" },
		{ "no alert", SLICE_LITERAL("{\"a\":1}\n[]\n7\n"), EXIT_USAGE, 0, "3 of 3 lines" },
		{ "half a line at the end", SLICE_LITERAL(ALERT("a", 1, "") "{\"rule_id\":"), EXIT_DONE, 1, "line 2 is the first" },
		{ "invalid UTF-8", SLICE_LITERAL("{\"rule_id\":\"\xff\"}\n" ALERT("a", 1, "")), EXIT_DONE, 1, "line 1 is the first" },
		{ "a NUL", SLICE_LITERAL("{\"rule_id\0\":\"x\"}\n" ALERT("a", 1, "")), EXIT_DONE, 1, "line 1 is the first" },
		{ "no incident", SLICE_LITERAL("{\"rule_id\":\"x\",\"incident\":null}\n"), EXIT_DONE, 0, "1 alerts belong to no incident" },
		{ "incident that is a number", SLICE_LITERAL("{\"rule_id\":\"x\",\"incident\":7}\n"), EXIT_DONE, 0, "no incident" },
		{ "step zero", SLICE_LITERAL(ALERT("a", 0, "")), EXIT_DONE, 0, "no incident" },
		{ "step below", SLICE_LITERAL(ALERT("a", -1, "")), EXIT_DONE, 0, "no incident" },
		{ "step beyond", SLICE_LITERAL(ALERT("a", 9223372036854775807, "")), EXIT_DONE, 0, "no incident" },
		{ "empty id", SLICE_LITERAL(ALERT("", 1, "")), EXIT_DONE, 0, "no incident" },
		{ "everything of a wrong type",
		  SLICE_LITERAL("{\"rule_id\":\"x\",\"rule\":[],\"priority\":{},\"time\":1,\"message\":null,\"response\":{},\"pages\":[1,{}],"
				"\"process\":[],\"container\":\"x\",\"incident\":{\"id\":\"a\",\"step\":1,\"steps\":[1,null,{},{\"step\":\"2\"}]}}\n"),
		  EXIT_DONE, 1, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int code = run(cases[i].input.data, cases[i].input.len, "text");

		if (code != cases[i].code || count(out, "Incident ") != cases[i].n_incidents ||
		    !strstr(messages, cases[i].message))
			fail_msg("%s: got %d: %s%s", cases[i].name, code, out, messages);
		assert_int_equal(run(cases[i].input.data, cases[i].input.len, "json"),
				 cases[i].code);
	}
}

/* Forged by whoever can write the file: a terminal gets nothing to act upon. */
static void shows_nothing_that_a_terminal_would_obey(void **state)
{
	static const char lines[] = ALERT(
		"\\u001b[31ma\\u202e", 1,
		",\"why\":\"\\u001b]0;x\\u0007\\r\\nIncident fake: \\u0000\",\"hostname\":\"\\u009b2J\","
		"\"response\":[\"\\u001b[2J\\n\"],\"process\":{\"name\":\"\\n\\u200b\","
		"\"exepath\":\"\\u001b\",\"phase\":\"\\u001bc\",\"ancestors\":[{\"name\":\"\\u001b\"}]}");

	(void)state;
	assert_int_equal(run(lines, strlen(lines), "text"), EXIT_DONE);
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(check_is_safe(slice_from(line)));
		assert_true(strncmp(line, "Incident fake", 13) != 0);
	}
	assert_int_equal(run(lines, strlen(lines), "json"), EXIT_DONE);
	assert_int_equal(count(out, "\n"), 1);
	assert_true(check_is_safe((struct slice){ out, out_len - 1 }));
}

static void bounds_lines_and_steps(void **state)
{
	struct buf buf = { 0 };
	char *big = malloc(3u << 20);

	(void)state;
	assert_non_null(big);
	memset(big, 'x', 3u << 20);
	buf_add(&buf, big, 3u << 20);
	buf_add_str(&buf, "\n" ALERT("a", 1, ""));
	assert_int_equal(run(buf.data, buf.len, "text"), EXIT_DONE);
	assert_non_null(strstr(messages, "1 of 2 lines"));
	assert_int_equal(count(out, "Incident "), 1);
	buf_release(&buf);
	free(big);

	for (unsigned int i = 1; i <= 20100; i++)
		buf_printf(&buf, "{\"rule_id\":\"x\",\"incident\":{\"id\":\"i%u\",\"step\":%u}}\n",
			   i % 5000, i);
	assert_int_equal(run(buf.data, buf.len, "json"), EXIT_DONE);
	assert_int_equal(count(out, "\n"), 4096);
	assert_non_null(strstr(messages, "steps were left out"));
	buf_release(&buf);
}

static void survives_damage(void **state)
{
	struct buf alerts = real_alerts();
	static const char interesting[] = "\"'\\{}[](),:0-9 \n\x80\xff\x1b\x00u";
	char *copy = malloc(alerts.len);
	unsigned int seed = 11;

	(void)state;
	assert_non_null(copy);
	for (int round = 0; round < 2000; round++) {
		memcpy(copy, alerts.data, alerts.len);
		for (int n = rand_r(&seed) % 4; n >= 0; n--)
			copy[(size_t)rand_r(&seed) % alerts.len] =
				interesting[(size_t)rand_r(&seed) % (sizeof(interesting) - 1)];
		run(copy, alerts.len - (size_t)rand_r(&seed) % 50, round % 2 ? "json" : "text");
		for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(check_is_safe(slice_from(line)));
	}
	free(copy);
	buf_release(&alerts);
}

static void refuses_wrong_use(void **state)
{
	char *format[] = { "incidents", "--format", "xml", NULL };
	char *option[] = { "incidents", "--what", NULL };
	char *many[] = { "incidents", "a", "b", NULL };
	char *none[] = { "incidents", "/nonexistent/file", NULL };

	(void)state;
	assert_int_equal(cmd_incidents(3, format), EXIT_USAGE);
	assert_int_equal(cmd_incidents(2, option), EXIT_USAGE);
	assert_int_equal(cmd_incidents(3, many), EXIT_USAGE);
	assert_int_equal(cmd_incidents(2, none), EXIT_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_real_alerts),
		cmocka_unit_test(fills_gaps_from_what_later_alerts_tell),
		cmocka_unit_test(orders_and_says_what_is_missing),
		cmocka_unit_test(leaves_out_what_is_no_alert),
		cmocka_unit_test(shows_nothing_that_a_terminal_would_obey),
		cmocka_unit_test(bounds_lines_and_steps),
		cmocka_unit_test(survives_damage),
		cmocka_unit_test(refuses_wrong_use),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	free(out);
	free(messages);
	return r;
}
