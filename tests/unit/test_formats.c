// SPDX-License-Identifier: Apache-2.0
/* Alerts for other people's programs: falcosidekick takes every one of them, and
 * an OCSF event has what its class requires. (tests/outputs compares OCSF with
 * the schema itself.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include <cmocka.h>

#include <jansson.h>

#include "lib/alerts.h"
#include "sink/render.h"
#include "unit/check_text.h"

static json_t *parse_line(const struct buf *buf)
{
	json_error_t error;
	json_t *root;

	assert_true(buf->len > 1 && buf->data[buf->len - 1] == '\n');
	if (!check_is_safe((struct slice){ buf->data, buf->len - 1 }))
		fail_msg("unsafe bytes in: %.*s", (int)buf->len, buf->data);
	root = json_loadb(buf->data, buf->len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s at %d of: %.*s", error.text, error.position, (int)buf->len, buf->data);
	return root;
}

/* ---- falcosidekick ---- */

/* Go's time.RFC3339 in encoding/json, as far as we write it; not year 1. */
static bool is_go_time(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest || tm.tm_year + 1900 <= 1)
		return false;
	if (*rest == '.') {
		rest++;
		if (strspn(rest, "0123456789") == 0)
			return false;
		rest += strspn(rest, "0123456789");
	}
	return strcmp(rest, "Z") == 0;
}

/* types.Priority's UnmarshalJSON */
static bool is_priority(const char *text)
{
	static const char *const words[] = { "emergency", "alert",	   "critical",	    "error", "warning",
					     "notice",	  "informational", "info", "debug" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* Why falcosidekick would refuse it, or NULL: types.FalcoPayload and its Check(),
 * newFalcoPayload(), mainHandler(). Go decodes strings from strings or null only. */
static const char *sidekick_refuses(const json_t *root)
{
	static const char *const strings[] = { "uuid", "output", "priority", "rule", "time", "source", "hostname" };
	const json_t *fields = json_object_get(root, "output_fields"), *tags = json_object_get(root, "tags"), *value;
	size_t i;

	if (!json_is_object(root))
		return "not an object";
	for (i = 0; i < ARRAY_SIZE(strings); i++) {
		value = json_object_get(root, strings[i]);
		if (value && !json_is_null(value) && !json_is_string(value))
			return strings[i];
	}
	if (!json_is_string(json_object_get(root, "priority")) ||
	    !is_priority(json_string_value(json_object_get(root, "priority"))))
		return "priority";
	if (json_string_length(json_object_get(root, "rule")) == 0)
		return "rule is empty";
	if (json_string_length(json_object_get(root, "output")) == 0)
		return "output is empty";
	if (!json_is_string(json_object_get(root, "time")) ||
	    !is_go_time(json_string_value(json_object_get(root, "time"))))
		return "time";
	if (!json_is_object(fields) || json_object_size(fields) == 0)
		return "output_fields is empty";
	if (tags && !json_is_null(tags)) {
		if (!json_is_array(tags))
			return "tags";
		for (i = 0; i < json_array_size(tags); i++)
			if (!json_is_string(json_array_get(tags, i)))
				return "a tag";
	}
	value = json_object_get(fields, "k8s.ns.name");
	if (value && !json_is_null(value) && !json_is_string(value))
		return "k8s.ns.name panics";
	value = json_object_get(fields, "k8s.pod.name");
	if (value && !json_is_null(value) && !json_is_string(value))
		return "k8s.pod.name panics";
	return NULL;
}

static void check_falco(const struct finding *finding, void *arg)
{
	static const char *const keys[] = { "hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time" };
	const char *why, *last = NULL, *tag;
	struct buf buf = { 0 };
	json_t *root, *tags;

	assert_int_equal(render_falco(finding, &buf), 0);
	root = parse_line(&buf);
	why = sidekick_refuses(root);
	if (why)
		fail_msg("%s: %s: %.*s", finding->rule_id, why, (int)buf.len, buf.data);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_non_null(json_object_get(root, keys[i]));
	assert_int_equal(json_object_size(root), ARRAY_SIZE(keys));
	tags = json_object_get(root, "tags");
	for (size_t i = 0; i < json_array_size(tags); i++, last = tag) {
		tag = json_string_value(json_array_get(tags, i));
		assert_true(!last || strcmp(last, tag) < 0);
	}
	json_decref(root);
	buf_release(&buf);
	++*(unsigned int *)arg;
}

static void test_falco_every_rule(void **state)
{
	unsigned int n = 0;
	int n_rules;

	(void)state;
	n_rules = alerts_of_every_rule("rules", 25, 20261130, check_falco, &n);
	assert_true(n_rules > 50);
	assert_int_equal(n, n_rules * 25);
}

/* The check itself can say no. */
static void test_sidekick_refuses(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{ "{\"output\":\"o\",\"priority\":\"Critical\",\"rule\":\"r\",\"time\":\"2026-07-01T12:34:56.123456789Z\","
		  "\"output_fields\":{\"a\":1}}", NULL },
		{ "{\"output\":\"o\",\"priority\":\"urgent\",\"rule\":\"r\",\"time\":\"2026-07-01T12:34:56Z\","
		  "\"output_fields\":{\"a\":1}}", "priority" },
		{ "{\"output\":\"o\",\"priority\":\"info\",\"rule\":\"\",\"time\":\"2026-07-01T12:34:56Z\","
		  "\"output_fields\":{\"a\":1}}", "rule is empty" },
		{ "{\"output\":\"o\",\"priority\":\"info\",\"rule\":\"r\",\"time\":\"yesterday\","
		  "\"output_fields\":{\"a\":1}}", "time" },
		{ "{\"output\":\"o\",\"priority\":\"info\",\"rule\":\"r\",\"time\":\"2026-07-01T12:34:56Z\","
		  "\"output_fields\":{}}", "output_fields is empty" },
		{ "{\"output\":\"o\",\"priority\":\"info\",\"rule\":\"r\",\"time\":\"2026-07-01T12:34:56Z\","
		  "\"output_fields\":{\"k8s.pod.name\":7}}", "k8s.pod.name panics" },
		{ "{\"output\":7,\"priority\":\"info\",\"rule\":\"r\",\"time\":\"2026-07-01T12:34:56Z\","
		  "\"output_fields\":{\"a\":1}}", "output" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *root = json_loads(cases[i].text, 0, NULL);
		const char *why = sidekick_refuses(root);

		if (!why != !cases[i].why || (why && strcmp(why, cases[i].why) != 0))
			fail_msg("%s: %s", cases[i].text, why);
		json_decref(root);
	}
}

/* ---- values ---- */

static struct event sample_event(void)
{
	struct event ev = { 0 };

	ev.hdr.type = EVENT_OPEN;
	ev.hdr.proc = (struct exec_id){ .start_ns = 1000000000, .tgid = 41, .exec_seq = 2 };
	ev.hdr.time_ns = 3000000000;
	ev.wall_ns = 1782909296123456789ull;
	ev.hdr.tid = 42;
	ev.hdr.ns_tgid = 7;
	ev.hdr.container = 5;
	ev.hdr.uid = 1000;
	ev.hdr.cpu = 1;
	ev.hdr.seq = 99;
	ev.hdr.cap_effective = 1ull << 0 | 1ull << 21;
	memcpy(ev.hdr.comm, "evil", 5);
	ev.path = SLICE_LITERAL("/etc/shadow");
	ev.u.open.file.source = SOURCE_KERNEL;
	ev.u.open.file.mode = 0100640;
	return ev;
}

static void assert_text(const json_t *root, const char *key, const char *want)
{
	const char *got = json_string_value(json_object_get(root, key));

	if (!got || strcmp(got, want) != 0)
		fail_msg("%s: '%s', not '%s'", key, got ? got : "(none)", want);
}

static void assert_number(const json_t *root, const char *key, long long want)
{
	const json_t *got = json_object_get(root, key);

	if (!json_is_integer(got) || json_integer_value(got) != want)
		fail_msg("%s: %lld, not %lld", key, (long long)json_integer_value(got), want);
}

static const json_t *at(const json_t *root, const char *key)
{
	const json_t *got = json_is_array(root) ? json_array_get(root, strtoul(key, NULL, 10)) : json_object_get(root, key);

	if (!got)
		fail_msg("no %s", key);
	return got;
}

static const char *const mitre[] = { "T1611", "T1055.008", NULL };
static const char *const tags[] = { "runtime", "escape", NULL };
static const char *const response[] = { "Freeze it.", "Look at it.", NULL };
static const struct container_view container = {
	.key = 5,
	.id = SLICE_LITERAL("4f1c2d3e5a6b7c8d9e0f4f1c2d3e5a6b7c8d9e0f4f1c2d3e5a6b7c8d9e0f1234"),
	.name = SLICE_LITERAL("web"),
	.image = SLICE_LITERAL("registry.example:5000/shop/nginx:1.27"),
	.image_id = SLICE_LITERAL("sha256:aa"),
	.runtime = SLICE_LITERAL("containerd"),
	.pod = SLICE_LITERAL("shop-7d9f"),
	.pod_ns = SLICE_LITERAL("prod"),
	.pod_uid = SLICE_LITERAL("7b0e5e5c-95b1-4f0e-8d4c-2a5a0f5f3c11"),
};
static const struct proc_view proc = { .exepath = SLICE_LITERAL("/tmp/evil"), .args = SLICE_LITERAL("evil\0--now\0"),
				     .cwd = SLICE_LITERAL("/tmp") };
static const struct proc_view parents[] = {
	{ .id = { .start_ns = 900000000, .tgid = 40 }, .name = SLICE_LITERAL("sh"), .exepath = SLICE_LITERAL("/bin/sh") },
	{ .id = { .tgid = 39 }, .name = SLICE_LITERAL("runc") },
};

static struct finding sample_finding(struct event *ev)
{
	ev->file = &ev->u.open.file;
	ev->container = &container;
	ev->proc = &proc;
	ev->ancestors[0] = &parents[0];
	ev->ancestors[1] = &parents[1];
	ev->n_ancestors = 2;
	return (struct finding){
		.rule_id = "BW-0103", .rule_name = "Foreign file", .description = "d", .why = "w", .priority = "Critical",
		.severity = 2, .mitre = mitre, .tags = tags, .response = response, .hostname = "node-1", .number = 3,
		.folded = 4, .rules_hash = "h", .message = SLICE_LITERAL("evil opened /etc/shadow"), .event = ev,
	};
}

static void test_falco_values(void **state)
{
	struct event ev = sample_event();
	struct finding finding = sample_finding(&ev);
	const struct container_view inner = { .id = SLICE_LITERAL("inner") };
	struct container_view late;
	struct buf buf = { 0 };
	json_t *root, *fields;

	(void)state;
	assert_int_equal(render_falco(&finding, &buf), 0);
	root = parse_line(&buf);
	assert_text(root, "time", "2026-07-01T12:34:56.123456789Z");
	assert_text(root, "output", "2026-07-01T12:34:56.123456789Z: Critical evil opened /etc/shadow");
	assert_text(root, "hostname", "node-1");
	assert_text(root, "source", "syscall");
	assert_text(root, "rule", "Foreign file");
	assert_string_equal(json_string_value(json_array_get(json_object_get(root, "tags"), 0)), "T1055.008");
	fields = json_object_get(root, "output_fields");
	assert_number(fields, "evt.time", 1782909296123456789ll);
	assert_text(fields, "container.id", "4f1c2d3e5a6b");
	assert_text(fields, "container.image.repository", "registry.example:5000/shop/nginx");
	assert_text(fields, "container.image.tag", "1.27");
	assert_text(fields, "k8s.ns.name", "prod");
	assert_text(fields, "k8s.pod.name", "shop-7d9f");
	assert_text(fields, "proc.cmdline", "evil --now");
	assert_text(fields, "proc.aname[2]", "runc");
	assert_text(fields, "thread.cap_effective", "CAP_CHOWN CAP_SYS_ADMIN");
	assert_text(fields, "fd.name", "/etc/shadow");
	assert_text(fields, "brigwatch.rule_id", "BW-0103");
	json_decref(root);
	buf_release(&buf);

	/* Not named yet, in a container of the container. */
	late = container;
	late.pending = true;
	late.has_posture = true;
	late.posture = 1ull << POSTURE_PRIVILEGED | 1ull << POSTURE_HOST_PID;
	late.posture_reason = SLICE_LITERAL("it runs privileged");
	ev.container = &late;
	ev.inner = &inner;
	assert_int_equal(render_falco(&finding, &buf), 0);
	root = parse_line(&buf);
	assert_text(at(root, "output_fields"), "brigwatch.enrichment", "pending");
	assert_text(at(root, "output_fields"), "brigwatch.inner_container", "inner");
	assert_true(json_is_true(at(at(root, "output_fields"), "container.privileged")));
	assert_text(at(root, "output_fields"), "brigwatch.posture", "privileged,host-pid");
	assert_text(at(root, "output_fields"), "brigwatch.posture_reason", POSTURE_BEFORE_REASON "it runs privileged");
	json_decref(root);
	buf_release(&buf);
	assert_int_equal(render_ocsf(&finding, &buf), 0);
	root = parse_line(&buf);
	assert_text(at(root, "unmapped"), "enrichment", "pending");
	assert_text(at(root, "unmapped"), "inner_container", "inner");
	assert_string_equal(json_string_value(at(at(at(at(root, "unmapped"), "posture"), "checks"), "0")), "privileged");
	json_decref(root);
	buf_release(&buf);

	/* On the host. */
	ev.container = ev.inner = NULL;
	ev.hdr.container = 0;
	assert_int_equal(render_falco(&finding, &buf), 0);
	root = parse_line(&buf);
	fields = json_object_get(root, "output_fields");
	assert_text(fields, "container.id", "host");
	assert_true(json_is_null(json_object_get(fields, "k8s.pod.name")));
	json_decref(root);
	buf_release(&buf);
}

/* What the container was given, under Falco's name and ours. */
static void test_posture(void **state)
{
	static const char reason[] = "could reach the host because it runs privileged";
	struct event ev = sample_event();
	struct finding finding = sample_finding(&ev);
	struct container_view given = container;
	struct buf buf = { 0 };
	json_t *root, *fields;

	(void)state;
	assert_int_equal(render_falco(&finding, &buf), 0);
	root = parse_line(&buf);
	assert_true(json_is_null(json_object_get(json_object_get(root, "output_fields"), "container.privileged")));
	json_decref(root);
	buf_release(&buf);

	given.has_posture = true;
	given.posture = 1ull << POSTURE_PRIVILEGED | 1ull << POSTURE_HOST_PID;
	given.posture_severity = POSTURE_WARNING;
	given.posture_reason = SLICE_LITERAL("it runs privileged");
	ev.container = &given;
	assert_int_equal(render_falco(&finding, &buf), 0);
	root = parse_line(&buf);
	fields = json_object_get(root, "output_fields");
	assert_true(json_is_true(json_object_get(fields, "container.privileged")));
	assert_text(fields, "brigwatch.posture", "privileged,host-pid");
	assert_text(fields, "brigwatch.posture_reason", reason);
	json_decref(root);
	buf_release(&buf);

	assert_int_equal(render_ocsf(&finding, &buf), 0);
	root = parse_line(&buf);
	fields = json_object_get(json_object_get(root, "unmapped"), "posture");
	assert_text(fields, "reason", reason);
	assert_text(fields, "severity", "warning");
	json_decref(root);
	buf_release(&buf);
}

static void test_ocsf_values(void **state)
{
	struct event ev = sample_event();
	struct finding finding = sample_finding(&ev);
	const json_t *process, *info;
	struct buf buf = { 0 };
	json_t *root;

	(void)state;
	assert_int_equal(render_ocsf(&finding, &buf), 0);
	root = parse_line(&buf);
	assert_number(root, "class_uid", 2004);
	assert_number(root, "type_uid", 200401);
	assert_number(root, "time", 1782909296123ll);
	assert_number(root, "severity_id", 5);
	assert_number(root, "count", 5);
	assert_text(at(root, "metadata"), "uid", "node-1/1782909296123456789/1-99/BW-0103");
	info = at(root, "finding_info");
	assert_text(info, "uid", "node-1/1782909296123456789/1-99/BW-0103");
	assert_text(info, "title", "Foreign file");
	assert_text(at(at(at(info, "attacks"), "1"), "technique"), "uid", "T1055");
	assert_text(at(at(at(info, "attacks"), "1"), "sub_technique"), "uid", "T1055.008");
	assert_text(at(root, "remediation"), "desc", "Freeze it. Look at it.");
	process = at(at(at(at(root, "evidences"), "0"), "actor"), "process");
	assert_number(process, "pid", 41);
	assert_number(process, "created_time", 1782909294123ll);
	assert_text(process, "cmd_line", "evil --now");
	assert_text(process, "working_directory", "/tmp");
	assert_text(at(process, "container"), "pod_uuid", "7b0e5e5c-95b1-4f0e-8d4c-2a5a0f5f3c11");
	assert_text(at(at(process, "container"), "image"), "name", "registry.example:5000/shop/nginx");
	assert_string_equal(json_string_value(at(at(at(at(process, "container"), "image"), "labels"), "0")), "1.27");
	assert_text(at(at(process, "parent_process"), "parent_process"), "name", "runc");
	assert_text(at(at(at(root, "evidences"), "0"), "file"), "name", "shadow");
	assert_number(at(at(at(root, "evidences"), "0"), "file"), "type_id", 1);
	assert_text(at(at(root, "resources"), "0"), "namespace", "prod");
	json_decref(root);
	buf_release(&buf);
}

static void check_ocsf(const struct finding *finding, void *arg)
{
	static const char *const required[] = { "activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time",
						"metadata", "finding_info" };
	struct buf buf = { 0 };
	json_t *root;

	assert_int_equal(render_ocsf(finding, &buf), 0);
	root = parse_line(&buf);
	for (size_t i = 0; i < ARRAY_SIZE(required); i++)
		if (!json_object_get(root, required[i]))
			fail_msg("%s: no %s", finding->rule_id, required[i]);
	json_decref(root);
	buf_release(&buf);
	++*(unsigned int *)arg;
}

static void test_ocsf_every_rule(void **state)
{
	unsigned int n = 0;
	int n_rules;

	(void)state;
	n_rules = alerts_of_every_rule("rules", 25, 4711, check_ocsf, &n);
	assert_true(n_rules > 50);
	assert_int_equal(n, n_rules * 25);
}

/* Raw bytes stay to be had. */
static void test_raw_bytes(void **state)
{
	struct event ev = sample_event();
	struct finding finding = sample_finding(&ev);
	const struct field *fields[] = { field_find(SLICE_LITERAL("file.path")) };
	struct buf buf = { 0 };
	json_t *root;

	(void)state;
	ev.path = SLICE_LITERAL("/tmp/\xff\0x");
	finding.fields = fields;
	finding.n_fields = 1;
	assert_int_equal(render_falco(&finding, &buf), 0);
	root = parse_line(&buf);
	assert_text(at(root, "output_fields"), "file.path", "/tmp/\\xFF\\x00x");
	assert_text(at(root, "output_fields"), "file.path_b64", "L3RtcC//AHg=");
	json_decref(root);
	buf_release(&buf);
	assert_int_equal(render_ocsf(&finding, &buf), 0);
	root = parse_line(&buf);
	assert_text(at(at(at(root, "evidences"), "0"), "file"), "path", "/tmp/\\xFF\\x00x");
	assert_text(at(at(root, "unmapped"), "output_fields"), "file.path_b64", "L3RtcC//AHg=");
	json_decref(root);
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sidekick_refuses), cmocka_unit_test(test_falco_values),
		cmocka_unit_test(test_posture),
		cmocka_unit_test(test_falco_every_rule), cmocka_unit_test(test_ocsf_values),
		cmocka_unit_test(test_ocsf_every_rule),	 cmocka_unit_test(test_raw_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
