// SPDX-License-Identifier: Apache-2.0
/* What `--output SPEC` means, and that what it cannot mean is refused with words
 * that help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "agent/output_spec.h"

static const struct {
	const char *text;
	enum output_kind kind;
	const char *target, *port, *name;
} targets[] = {
	{ "-", OUTPUT_STDOUT, NULL, NULL, "-" },
	{ "/var/log/a.json", OUTPUT_FILE, "/var/log/a.json", NULL, "/var/log/a.json" },
	{ "alerts.json", OUTPUT_FILE, "alerts.json", NULL, "alerts.json" },
	{ "file:alerts.json", OUTPUT_FILE, "alerts.json", NULL, "alerts.json" },
	{ "file:sylog:x", OUTPUT_FILE, "sylog:x", NULL, "sylog:x" },
	{ "./a:b", OUTPUT_FILE, "./a:b", NULL, "./a:b" },
	{ "/a\\,b", OUTPUT_FILE, "/a,b", NULL, "/a,b" },
	{ "/a\\b", OUTPUT_FILE, "/a\\b", NULL, "/a\\b" },
	{ "unix:/run/x.sock", OUTPUT_UNIX, "/run/x.sock", NULL, "unix:/run/x.sock" },
	{ "unixgram:/run/x.sock", OUTPUT_UNIXGRAM, "/run/x.sock", NULL, "unixgram:/run/x.sock" },
	{ "syslog", OUTPUT_SYSLOG_UNIX, "/dev/log", NULL, "syslog:/dev/log" },
	{ "syslog:/dev/log", OUTPUT_SYSLOG_UNIX, "/dev/log", NULL, "syslog:/dev/log" },
	{ "syslog:udp://h.example", OUTPUT_SYSLOG_UDP, "h.example", "514", "syslog:udp://h.example:514" },
	{ "syslog:tcp://h:6514", OUTPUT_SYSLOG_TCP, "h", "6514", "syslog:tcp://h:6514" },
	{ "syslog:tcp://[::1]:601", OUTPUT_SYSLOG_TCP, "::1", "601", "syslog:tcp://[::1]:601" },
	{ "syslog:udp://[fe80::1]", OUTPUT_SYSLOG_UDP, "fe80::1", "514", "syslog:udp://[fe80::1]:514" },
	{ "journald", OUTPUT_JOURNALD, "/run/systemd/journal/socket", NULL, "journald" },
	{ "journald:/tmp/j", OUTPUT_JOURNALD, "/tmp/j", NULL, "journald:/tmp/j" },
	{ "http://localhost:2801/", OUTPUT_HTTP, "http://localhost:2801/", NULL, "http://localhost:2801" },
	{ "HTTPS://h.example", OUTPUT_HTTP, "HTTPS://h.example", NULL, "https://h.example" },
	{ "https://[::1]:8443/x", OUTPUT_HTTP, "https://[::1]:8443/x", NULL, "https://[::1]:8443/..." },
	/* The path of a web hook is its password, and a query may hold one. */
	{ "https://hooks.example/services/T0/B0/s3cret?token=s3cret", OUTPUT_HTTP,
	  "https://hooks.example/services/T0/B0/s3cret?token=s3cret", NULL, "https://hooks.example/..." },
};

static void same(const char *got, const char *want)
{
	if (!want)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void test_targets(void **state)
{
	char error[OUTPUT_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct output_spec spec;

		if (output_spec_parse(targets[i].text, &spec, error) < 0)
			fail_msg("%s: %s", targets[i].text, error);
		assert_int_equal(output_spec_finish(&spec, SINK_JSON, error), 0);
		assert_int_equal(spec.kind, targets[i].kind);
		same(spec.target, targets[i].target);
		same(spec.port, targets[i].port);
		same(spec.name, targets[i].name);
		output_spec_release(&spec);
		assert_null(spec.target);
	}
}

static void test_defaults(void **state)
{
	char error[OUTPUT_ERROR_MAX];
	struct output_spec spec;

	(void)state;
	assert_int_equal(output_spec_parse("syslog", &spec, error), 0);
	assert_false(spec.has_min_priority || spec.has_facility);
	assert_int_equal(spec.format, 0);
	assert_int_equal(output_spec_finish(&spec, SINK_TEXT, error), 0);
	assert_int_equal(spec.format, SINK_TEXT);
	assert_int_equal(spec.min_priority, 7);
	assert_int_equal(spec.queue_bytes, OUTPUT_QUEUE_DEFAULT);
	assert_int_equal(spec.facility, 10);
	assert_int_equal(spec.rfc, 5424);
	assert_int_equal(spec.batch, 1);
	assert_int_equal(spec.timeout_ms, 10000);
	assert_int_equal(spec.retry_max_ms, 60000);
	output_spec_release(&spec);

	/* Nobody posts text who has not said so. */
	assert_int_equal(output_spec_parse("http://h/", &spec, error), 0);
	assert_int_equal(output_spec_finish(&spec, SINK_TEXT, error), 0);
	assert_int_equal(spec.format, SINK_JSON);
	output_spec_release(&spec);
	assert_int_equal(output_spec_parse("http://h/,format=text", &spec, error), 0);
	assert_int_equal(output_spec_finish(&spec, SINK_JSON, error), 0);
	assert_int_equal(spec.format, SINK_TEXT);
	output_spec_release(&spec);
}

static void test_options(void **state)
{
	char error[OUTPUT_ERROR_MAX];
	struct output_spec spec;

	(void)state;
	assert_int_equal(output_spec_parse("/x,format=json,priority=Warning,queue=64K,max-size=10M,keep=3,name=big",
					   &spec, error), 0);
	assert_int_equal(output_spec_finish(&spec, SINK_TEXT, error), 0);
	assert_int_equal(spec.format, SINK_JSON);
	assert_int_equal(spec.min_priority, 4);
	assert_int_equal(spec.queue_bytes, 64 << 10);
	assert_int_equal(spec.max_size, 10 << 20);
	assert_int_equal(spec.keep, 3);
	assert_string_equal(spec.name, "big");
	output_spec_release(&spec);

	assert_int_equal(output_spec_parse("https://h/,batch=50,timeout=2s,retry_max=1500ms,headers=/etc/h\\,x,ca=/etc/ca.pem",
					   &spec, error), 0);
	assert_int_equal(output_spec_finish(&spec, SINK_JSON, error), 0);
	assert_int_equal(spec.batch, 50);
	assert_int_equal(spec.timeout_ms, 2000);
	assert_int_equal(spec.retry_max_ms, 1500);
	assert_string_equal(spec.headers, "/etc/h,x");
	assert_string_equal(spec.ca, "/etc/ca.pem");
	output_spec_release(&spec);

	assert_int_equal(output_spec_parse("syslog:udp://h,facility=kern,timeout=3,priority=info", &spec, error), -EINVAL);
	assert_int_equal(output_spec_parse("syslog:udp://h,facility=kern,retry_max=3,priority=info", &spec, error), 0);
	assert_int_equal(output_spec_finish(&spec, SINK_JSON, error), 0);
	assert_true(spec.has_facility);
	assert_int_equal(spec.facility, 0);
	assert_int_equal(spec.retry_max_ms, 3000);
	assert_int_equal(spec.min_priority, 6);
	output_spec_release(&spec);
}

/* Each with a word that the message must have. */
static const struct {
	const char *text, *want;
} wrong[] = {
	{ "", "empty" },
	{ ",format=json", "empty" },
	{ "file:", "empty" },
	{ "unix:", "empty" },
	{ "sylog:/dev/log", "'syslog'" },
	{ "tcp://h:514", "syslog:tcp://" },
	{ "udp://h", "syslog:udp://" },
	{ "ftp://h/", "'ftp'" },
	{ "htps://user:s3cret@h/", "'https'" },
	{ "syslog:tls://h", "tls" },
	{ "syslog:tcp://", "host" },
	{ "syslog:tcp://h:", "port" },
	{ "syslog:tcp://h:0", "port" },
	{ "syslog:tcp://h:65536", "port" },
	{ "syslog:tcp://h:5x", "port" },
	{ "syslog:tcp://[::1", "]" },
	{ "syslog:tcp://::1", "[::1]" },
	{ "syslog:tcp://h/path", "host" },
	{ "http:///x", "host" },
	{ "http://h:99999/", "port" },
	{ "https://user:s3cret@h/", "headers=" },
	{ "http://h/a b", "%20" },
	{ "http://h/\n", "%" },
	{ "unix:/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/1234567", "107" },
	{ "/x,form=json", "'format'" },
	{ "/x,zzzzzz=json", "format, priority" },
	{ "/x,format", "format=" },
	{ "/x,format=jsn", "'json'" },
	{ "/x,format=", "text, json" },
	{ "/x,priority=hot", "emergency" },
	{ "/x,priority=critcal", "'critical'" },
	{ "/x,queue=1K", "64K" },
	{ "/x,queue=2G", "1G" },
	{ "/x,queue=ten", "64K" },
	{ "/x,max_size=-1", "10M" },
	{ "/x,max_size=10", "64K" },
	{ "/x,keep=0,max_size=1M", "1" },
	{ "/x,keep=1001,max_size=1M", "1000" },
	{ "/x,keep=5", "max_size" },
	{ "/x,batch=5", "http" },
	{ "-,max_size=1M", "file" },
	{ "syslog,facility=24", "23" },
	{ "syslog,rfc=1", "5424" },
	{ "syslog,facility=athpriv", "'authpriv'" },
	{ "http://h,batch=0", "1000" },
	{ "http://h,batch=1001", "1000" },
	{ "http://h,batch=2,format=falco", "falco" },
	{ "http://h,batch=2,format=text", "text" },
	{ "http://h,timeout=0", "timeout" },
	{ "http://h,timeout=1h", "10s" },
	{ "http://h,timeout=99999s", "600" },
	{ "http://h,ca=/x", "https" },
	{ "http://h,headers=", "empty" },
	{ "/x,name=", "empty" },
	{ "/x,name=a\nb", "name" },
	{ "/x,", "option" },
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char error[OUTPUT_ERROR_MAX] = "";
		struct output_spec spec;
		int r;

		r = output_spec_parse(wrong[i].text, &spec, error);
		if (r == 0) {
			r = output_spec_finish(&spec, SINK_JSON, error);
			output_spec_release(&spec);
		} else {
			assert_null(spec.target);
			assert_null(spec.name);
		}
		if (r != -EINVAL || !strstr(error, wrong[i].want))
			fail_msg("'%s': %d, '%s' without '%s'", wrong[i].text, r, error, wrong[i].want);
		if (strstr(error, "s3cret") || strchr(error, '\n'))
			fail_msg("'%s': says too much: %s", wrong[i].text, error);
	}
}

static void test_sizes(void **state)
{
	static const struct { const char *text; bool ok; uint64_t want; } cases[] = {
		{ "0", true, 0 }, { "17", true, 17 }, { "64K", true, 65536 }, { "64k", true, 65536 },
		{ "3M", true, 3 << 20 }, { "2G", true, 2ull << 30 }, { "64KiB", true, 65536 }, { "1MB", false, 0 },
		{ "", false, 0 }, { "K", false, 0 }, { "-1", false, 0 }, { " 1", false, 0 }, { "+1", false, 0 },
		{ "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 },
		{ "18446744073709551615K", false, 0 }, { "0x10", false, 0 }, { "1.5M", false, 0 }, { "1Kx", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t got = 0;

		if (output_parse_size(cases[i].text, &got) != cases[i].ok || got != cases[i].want)
			fail_msg("'%s': %llu", cases[i].text, (unsigned long long)got);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned int kind = OUTPUT_STDOUT; kind <= OUTPUT_HTTP; kind++)
		assert_non_null(output_kind_name(kind));
	assert_null(output_kind_name(OUTPUT_HTTP + 1));
	assert_int_equal(output_format_from("json"), SINK_JSON);
	assert_int_equal(output_format_from("JSON"), 0);
	assert_int_equal(output_format_from("nope"), 0);
	assert_string_equal(output_format_name(SINK_TEXT), "text");
	assert_null(output_format_name(0));
	/* Every option can be set in some way, and has its words for help. */
	for (size_t i = 0; i < output_options_len; i++) {
		assert_true(output_options[i].kinds != 0);
		assert_true(output_options[i].help[0] && output_options[i].value[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets), cmocka_unit_test(test_defaults), cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong),	cmocka_unit_test(test_sizes),	 cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
