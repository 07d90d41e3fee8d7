/* SPDX-License-Identifier: Apache-2.0 */
/* An alert is whole, on its own line, whatever the bytes in it, or the caller is
 * told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>

#include "sink/render.h"
#include "unit/check_text.h"
#include "unit/record.h"

static int get_name(const struct event *ev, struct value *ret)
{
	ret->str = slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm));
	return 0;
}

static int get_path(const struct event *ev, struct value *ret)
{
	if (!ev->path.data)
		return -ENODATA;
	ret->str = ev->path;
	return 0;
}

static int get_pid(const struct event *ev, struct value *ret)
{
	ret->num = ev->hdr.proc.tgid;
	return 0;
}

static int get_write(const struct event *ev, struct value *ret)
{
	ret->truth = ev->hdr.facts & FACT_FILE_WRITE;
	return 0;
}

static int get_missing(const struct event *ev, struct value *ret)
{
	(void)ev;
	(void)ret;
	return -ENODATA;
}

static const struct field fields[] = {
	{ "proc.name", VALUE_STRING, get_name, "", NULL },
	{ "file.path", VALUE_STRING, get_path, "", NULL },
	{ "proc.pid", VALUE_INT, get_pid, "", NULL },
	{ "evt.is_open_write", VALUE_BOOL, get_write, "", NULL },
	{ "k8s.pod.name", VALUE_STRING, get_missing, "", NULL },
};
static const struct field *const field_list[] = { &fields[0], &fields[1], &fields[2], &fields[3],
						  &fields[4] };

/* A whole alert in static storage; tests change what they are about. */
struct sample {
	struct event ev;
	struct container_view container;
	struct proc_view proc, parents[EVENT_ANCESTORS_MAX];
	struct incident_step steps[3];
	struct incident_view incident;
	struct finding finding;
};

/* clang-format off */
static struct sample sample_make(void)
{
	static const char *const response[] = {
		"Freeze the container: docker pause 4f1c2d3e5a6b. Do not stop it, its memory is evidence.",
		"Compare the checksum of /usr/bin/runc with that of its package; replace it from a clean source.",
		NULL };
	static const char *const references[] = { "CVE-2019-5736", NULL };
	static const char *const mitre[] = { "T1611", NULL };
	static const char *const techniques[] = { "A1", "A2", NULL };
	static const char *const tags[] = { "escape", "runtime", NULL };
	struct sample s = {
		.container = { .key = 77, .cgroup_id = 5151,
			.id = SLICE_LITERAL("4f1c2d3e5a6b7c8d9e0f4f1c2d3e5a6b7c8d9e0f4f1c2d3e5a6b7c8d9e0f1234"),
			.name = SLICE_LITERAL("web-1"), .image = SLICE_LITERAL("registry.example/nginx:1.27"),
			.pod = SLICE_LITERAL("shop-7d9f"), .pod_ns = SLICE_LITERAL("prod"),
			.pod_uid = SLICE_LITERAL("u-1"), .sandbox = SLICE_LITERAL("5aa"),
			.image_id = SLICE_LITERAL("sha256:aa"), .digest = SLICE_LITERAL("sha256:bb"),
			.runtime = SLICE_LITERAL("docker"), .cgroup = SLICE_LITERAL("/system.slice/docker-4f1c.scope") },
		.proc = { .id = { 900000000, 4133, 2 }, .name = SLICE_LITERAL("evil"),
			.exepath = SLICE_LITERAL("/tmp/evil"), .args = SLICE_LITERAL("evil\0--now\0"),
			.cwd = SLICE_LITERAL("/tmp") },
		.parents = { { .id = { 800000000, 4120, 1 }, .name = SLICE_LITERAL("sh"),
				.exepath = SLICE_LITERAL("/bin/sh") },
			{ .id = { 700000000, 4101, 1 }, .name = SLICE_LITERAL("runc") } },
		.steps = { { 1782909290123456789ull, "BW-0103", "Foreign file opened in a container", "Critical",
				"contained", 4133, SLICE_LITERAL("evil"), SLICE_LITERAL("/tmp/evil"),
				SLICE_LITERAL("/tmp/evil opened /etc/shadow of host") },
			{ 1782909291123456789ull, "BW-0103", "Foreign file opened in a container", "Critical",
				"contained", 4133, SLICE_LITERAL("evil"), SLICE_LITERAL("/tmp/evil"),
				SLICE_LITERAL("/tmp/evil opened /etc/passwd of host") },
			{ 1782909296123456789ull, "BW-0101", "Container runtime binary opened for writing", "Critical",
				"contained", 4133, SLICE_LITERAL("evil"), SLICE_LITERAL("/tmp/evil"),
				SLICE_LITERAL("evil tried to write /usr/bin/runc") } },
		.incident = { .id = "00f1e2d3c4b5a697", .container = SLICE_LITERAL("4f1c2d3e5a6b"),
			.first_wall_ns = 1782909200123456789ull, .step = 5, .n_steps = 3 },
		.finding = { .rule_id = "BW-0101", .rule_name = "Container runtime binary opened for writing",
			.description = "A contained process opened a container runtime's program for writing.",
			.why = "A container that overwrites runc runs as root on the host at the next docker exec: "
			       "this is how CVE-2019-5736 and its successors leave a container.",
			.priority = "Critical", .severity = 2, .response = response, .references = references,
			.mitre = mitre, .techniques = techniques, .tags = tags, .fields = field_list, .n_fields = ARRAY_SIZE(field_list),
			.message = SLICE_LITERAL("evil tried to write /usr/bin/runc (ETXTBSY) in web-1"),
			.number = 17, .folded = 3, .rules_hash = "abc123", .hostname = "node-1", .lost = 0 },
	};

	s.ev = (struct event){
		.hdr = record_hdr(), .wall_ns = 1782909296123456789ull, .n_ancestors = 2,
		.path = SLICE_LITERAL("/usr/bin/runc"), .fspath = SLICE_LITERAL("/usr/bin/runc"),
		.arg = SLICE_LITERAL("/proc/self/exe"),
	};
	s.ev.hdr.type = EVENT_OPEN;
	s.ev.hdr.nr = 257;
	s.ev.hdr.ret = -26;
	s.ev.hdr.flags = EVENT_F_FAILED;
	s.ev.hdr.facts = FACT_FILE_FOREIGN | FACT_RUNTIME_BINARY | FACT_FILE_WRITE;
	s.ev.u.open.hdr = s.ev.hdr;
	s.ev.u.open.file = record_file();
	s.ev.u.open.open_flags = 1;
	s.ev.u.open.dirfd = -100;
	s.ev.u.open.f_mode = 2;
	return s;
}
/* clang-format on */

/* Pointers within the sample, once it has its final address. */
static const struct finding *sample_link(struct sample *s)
{
	s->ev.file = &s->ev.u.open.file;
	s->ev.container = &s->container;
	s->ev.proc = &s->proc;
	for (unsigned int i = 0; i < s->ev.n_ancestors; i++)
		s->ev.ancestors[i] = &s->parents[i];
	for (unsigned int i = 0; i < ARRAY_SIZE(s->steps); i++)
		s->incident.steps[i] = &s->steps[i];
	s->finding.incident = &s->incident;
	s->finding.event = &s->ev;
	return &s->finding;
}

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

/* What stands at "process.ancestors.0.name", as text. */
static const char *look_up(json_t *root, const char *path, char *buf, size_t size)
{
	char part[64], *end;
	json_t *at = root;
	size_t len;

	for (; at && *path; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		if (path[0] == '[') { /* "[proc.name]": a key with dots */
			len = strcspn(path, "]") + 1;
			snprintf(part, sizeof(part), "%.*s", (int)len - 2, path + 1);
		} else {
			snprintf(part, sizeof(part), "%.*s", (int)len, path);
		}
		at = json_is_array(at) ? json_array_get(at, strtoul(part, &end, 10)) :
					 json_object_get(at, part);
	}

	if (!at)
		return "absent";
	if (json_is_string(at))
		return json_string_value(at);
	if (json_is_null(at))
		return "null";
	if (json_is_boolean(at))
		return json_is_true(at) ? "true" : "false";
	if (json_is_integer(at))
		snprintf(buf, size, "%lld", (long long)json_integer_value(at));
	else
		snprintf(buf, size, "%s of %zu", json_is_array(at) ? "array" : "object",
			 json_is_array(at) ? json_array_size(at) : json_object_size(at));
	return buf;
}

struct want {
	const char *path, *value;
};

static void assert_json(const struct finding *finding, const struct want *wants, size_t n_wants)
{
	struct buf buf = { 0 };
	char scratch[64];
	const char *got;
	json_t *root;

	assert_int_equal(render_json(finding, &buf), 0);
	root = parse_line(&buf);
	for (size_t i = 0; i < n_wants; i++) {
		got = look_up(root, wants[i].path, scratch, sizeof(scratch));
		if (strcmp(got, wants[i].value) != 0)
			fail_msg("%s is \"%s\", wanted \"%s\"", wants[i].path, got, wants[i].value);
	}
	json_decref(root);
	buf_release(&buf);
}

static void json_says_what_the_finding_says(void **state)
{
	static const struct want wants[] = {
		{ "version", "1" },
		{ "time", "2026-07-01T12:34:56.123456789Z" },
		{ "rule", "Container runtime binary opened for writing" },
		{ "rule_id", "BW-0101" },
		{ "priority", "Critical" },
		{ "source", "syscall" },
		{ "hostname", "node-1" },
		{ "output",
		  "2026-07-01T12:34:56.123456789Z: Critical evil tried to write /usr/bin/runc (ETXTBSY) in web-1" },
		{ "message", "evil tried to write /usr/bin/runc (ETXTBSY) in web-1" },
		{ "tags", "array of 2" },
		{ "tags.0", "escape" },
		{ "mitre.0", "T1611" },
		{ "techniques", "array of 2" },
		{ "techniques.1", "A2" },
		{ "pages.0", "docs/techniques/A1.md" },
		{ "references.0", "CVE-2019-5736" },
		{ "response", "array of 2" },
		{ "number", "17" },
		{ "folded", "3" },
		{ "incident.id", "00f1e2d3c4b5a697" },
		{ "incident.step", "5" },
		{ "incident.first_seen", "2026-07-01T12:33:20.123456789Z" },
		{ "incident.container", "4f1c2d3e5a6b" },
		{ "incident.omitted", "2" },
		{ "incident.steps", "array of 3" },
		{ "incident.steps.0.step", "3" },
		{ "incident.steps.0.time", "2026-07-01T12:34:50.123456789Z" },
		{ "incident.steps.0.rule_id", "BW-0103" },
		{ "incident.steps.0.phase", "contained" },
		{ "incident.steps.0.exe", "/tmp/evil" },
		{ "incident.steps.2.step", "5" },
		{ "incident.steps.2.pid", "4133" },
		{ "incident.steps.2.summary", "evil tried to write /usr/bin/runc" },
		{ "rules_hash", "abc123" },
		{ "container.id",
		  "4f1c2d3e5a6b7c8d9e0f4f1c2d3e5a6b7c8d9e0f4f1c2d3e5a6b7c8d9e0f1234" },
		{ "container.name", "web-1" },
		{ "container.image", "registry.example/nginx:1.27" },
		{ "container.runtime", "docker" },
		{ "container.image_id", "sha256:aa" },
		{ "container.image_digest", "sha256:bb" },
		{ "container.pod.name", "shop-7d9f" },
		{ "container.pod.namespace", "prod" },
		{ "container.pod.uid", "u-1" },
		{ "container.pod.sandbox_id", "5aa" },
		{ "container.key", "77" },
		{ "container.pending", "false" },
		{ "enrichment", "absent" },
		{ "container.cgroup", "/system.slice/docker-4f1c.scope" },
		{ "target.boundary", "host" },
		{ "target.container", "null" },
		{ "process.pid", "4133" },
		{ "process.tid", "4133" },
		{ "process.vpid", "13" },
		{ "process.ppid", "4120" },
		{ "process.uid", "0" },
		{ "process.gid", "0" },
		{ "process.name", "evil" },
		{ "process.exepath", "/tmp/evil" },
		{ "process.cwd", "/tmp" },
		{ "process.args", "array of 2" },
		{ "process.args.1", "--now" },
		{ "process.args_b64", "absent" },
		{ "process.cap_effective", "0xa80425fb" },
		{ "process.start_ns", "900000000" },
		{ "process.exec_seq", "2" },
		{ "process.phase", "contained" },
		{ "process.ancestors", "array of 2" },
		{ "process.ancestors.0.name", "sh" },
		{ "process.ancestors.0.pid", "4120" },
		{ "process.ancestors.1.exepath", "null" },
		{ "file.path", "/usr/bin/runc" },
		{ "file.path_b64", "absent" },
		{ "file.fs", "ext4" },
		{ "file.mount_owner", "host" },
		{ "file.source", "kernel" },
		{ "file.dev", "8:1" },
		{ "file.ino", "262401" },
		{ "file.mode", "0755" },
		{ "file.type", "file" },
		{ "file.arg", "/proc/self/exe" },
		{ "event.type", "open" },
		{ "event.syscall", "openat" },
		{ "event.way", "native" },
		{ "event.tier", "lsm" },
		{ "event.result", "-26" },
		{ "event.errno", "ETXTBSY" },
		{ "event.boot_ns", "1000000007" },
		{ "event.cpu", "1" },
		{ "event.seq", "7" },
		{ "event.facts", "array of 3" },
		{ "event.facts.1", "runtime_binary" },
		{ "event.flags.0", "failed" },
		{ "output_fields", "object of 5" },
		{ "output_fields.[proc.name]", "evil" },
		{ "output_fields.[proc.pid]", "4133" },
		{ "output_fields.[evt.is_open_write]", "true" },
		{ "output_fields.[k8s.pod.name]", "null" },
		{ "open.write", "true" },
		{ "view.complete", "true" },
		{ "view.lost", "0" },
		{ "view.seeded", "false" },
		{ "view.truncated", "false" },
	};
	struct sample s = sample_make();

	(void)state;
	assert_json(sample_link(&s), wants, ARRAY_SIZE(wants));
}

static void a_sequence_lists_its_steps(void **state)
{
	static const struct sequence_step steps[] = {
		{ "it is dropped", 1782909290123456789, 41, SLICE_LITERAL("sh") },
		{ "it \"connects\"", 1782909296123456789, 42, SLICE_LITERAL("a(1): x > b|\"\xff") },
	};
	static const struct want wants[] = {
		{ "sequence", "array of 2" },
		{ "sequence.0.step", "it is dropped" },
		{ "sequence.0.time", "2026-07-01T12:34:50.123456789Z" },
		{ "sequence.0.pid", "41" },
		{ "sequence.0.name", "sh" },
		{ "sequence.1.step", "it \"connects\"" },
		{ "sequence.1.name_b64", "YSgxKTogeCA+IGJ8Iv8=" },
	};
	static const char line[] =
		" sequence=\"12:34:50.123 sh(41): it is dropped > 12:34:56.123 "
		"a\\x281\\x29: x \\x3E b\\x7C\\x22\\xFF(42): it \\x22connects\\x22\" incident=";
	struct sample s = sample_make();
	struct buf buf = { 0 };

	(void)state;
	sample_link(&s);
	assert_json(&s.finding, &(struct want){ "sequence", "absent" }, 1);
	s.finding.sequence = steps;
	s.finding.n_sequence = 2;
	assert_json(&s.finding, wants, ARRAY_SIZE(wants));
	assert_int_equal(render_text(&s.finding, &buf), 0);
	buf_add(&buf, "", 1);
	if (!strstr(buf.data, line))
		fail_msg("no %s in %s", line, buf.data);
	buf_release(&buf);
	assert_int_equal(render_block(&s.finding, &buf), 0);
	buf_add(&buf, "", 1);
	assert_non_null(strstr(buf.data, "1. 12:34:50.123 sh(41): it is dropped\n"));
	buf_release(&buf);
}

static void json_of_a_bare_host_event_is_whole(void **state)
{
	static const struct want wants[] = {
		{ "container", "null" },
		{ "file", "absent" },
		{ "why", "null" },
		{ "tags", "array of 0" },
		{ "hostname", "" },
		{ "message", "" },
		{ "process.exepath", "null" },
		{ "process.args", "null" },
		{ "process.phase", "unknown" },
		{ "event.type", "fork" },
		{ "event.errno", "null" },
		{ "output_fields", "object of 0" },
		{ "time", "1970-01-01T00:00:00.000000000Z" },
	};
	struct event ev = { .hdr.type = EVENT_FORK, .hdr.nr = -1 };
	struct finding finding = {
		.rule_id = "X", .rule_name = "Y", .priority = "Notice", .event = &ev
	};

	(void)state;
	assert_json(&finding, wants, ARRAY_SIZE(wants));
}

static void a_container_without_a_name_keeps_its_identity(void **state)
{
	static const struct want wants[] = {
		{ "container.id", "cg-5151" },
		{ "container.key", "18446744073709551615" },
		{ "container.pending", "true" },
		{ "enrichment", "pending" },
		{ "container.name", "null" },
		{ "file.ino", "18446744073709551615" },
		{ "view.complete", "false" },
		{ "view.lost", "9" },
		{ "view.seeded", "true" },
		{ "view.truncated", "true" },
	};
	struct sample s = sample_make();

	(void)state;
	sample_link(&s);
	s.ev.container = NULL;
	s.ev.hdr.container = UINT64_MAX;
	s.ev.u.open.file.ino = UINT64_MAX;
	s.ev.hdr.flags |= EVENT_F_SEEDED | EVENT_F_PATH_CUT;
	s.finding.lost = 9;
	assert_json(&s.finding, wants, ARRAY_SIZE(wants));
}

/* Every later alert of the container tells why it could happen. */
static void an_alert_says_what_its_container_was_given(void **state)
{
	static const char reason[] =
		"could reach the host because it runs privileged with the host's pid namespace";
	static const struct want wants[] = {
		{ "posture.privileged", "true" },
		{ "posture.severity", "warning" },
		{ "posture.checks", "array of 2" },
		{ "posture.checks.0", "privileged" },
		{ "posture.checks.1", "host-pid" },
		{ "posture.reason", reason },
		{ "posture.details", "absent" },
	};
	static const struct want none[] = { { "posture", "absent" } };
	struct sample s = sample_make();
	struct buf buf = { 0 };

	(void)state;
	sample_link(&s);
	assert_json(&s.finding, none, ARRAY_SIZE(none));
	s.container.has_posture = true;
	s.container.posture = 1ull << POSTURE_PRIVILEGED | 1ull << POSTURE_HOST_PID;
	s.container.posture_severity = POSTURE_WARNING;
	s.container.posture_reason = SLICE_LITERAL("it runs privileged with the host's pid namespace");
	assert_json(&s.finding, wants, ARRAY_SIZE(wants));
	assert_int_equal(render_text(&s.finding, &buf), 0);
	assert_non_null(memmem(buf.data, buf.len, reason, sizeof(reason) - 1));
	buf_release(&buf);
	assert_int_equal(render_block(&s.finding, &buf), 0);
	assert_non_null(memmem(buf.data, buf.len, reason, sizeof(reason) - 1));
	buf_release(&buf);

	/* What is harmless is no reason. */
	s.container.posture_reason = (struct slice){ 0 };
	assert_int_equal(render_text(&s.finding, &buf), 0);
	assert_null(memmem(buf.data, buf.len, "could reach", 11));
	buf_release(&buf);
}

static void a_loss_is_an_internal_finding(void **state)
{
	static const struct want wants[] = {
		{ "source", "internal" },
		{ "loss.kind", "suppressed" },
		{ "loss.count", "12" },
		{ "loss.type", "open" },
	};
	struct event ev = {
		.hdr.type = EVENT_LOSS,
		.hdr.nr = -1,
		.u.loss = { .count = 12, .kind = LOSS_SUPPRESSED, .event_type = EVENT_OPEN }
	};
	struct finding finding = {
		.rule_id = "X", .rule_name = "Y", .priority = "Error", .event = &ev
	};

	(void)state;
	assert_json(&finding, wants, ARRAY_SIZE(wants));
}

#define LITERAL(s)               \
	{                        \
		s, sizeof(s) - 1 \
	}
static char long_path[EVENT_PATH_MAX];
/* clang-format off */
static const struct { const char *name; struct slice bytes; } hostile[] = {
	{ "plain",            LITERAL("/usr/bin/runc") },
	{ "new line",         LITERAL("x\nfake {\"rule\":\"ok\"}") },
	{ "clear screen",     LITERAL("\x1b[2J\x1b[H") },
	{ "right to left",    LITERAL("gpj\xe2\x80\xae.exe") },
	{ "invalid UTF-8",    LITERAL("bad\xff\xfe\xc3") },
	{ "NUL",              LITERAL("\0abstract\0name") },
	{ "separators",       LITERAL("a | container=host process=init | b") },
	{ "quotes",           LITERAL("\" container=host \"") },
	{ "arrows",           LITERAL("sh->init") },
	{ "JSON",             LITERAL("\",\"priority\":\"Debug\"}\\") },
	{ "format",           LITERAL("%s%n%500000d") },
	{ "spaces",           LITERAL("   ") },
	{ "C1 and DEL",       LITERAL("\xc2\x9b" "31m\x7f\x9b") },
	{ "4095 bytes",       { long_path, sizeof(long_path) } },
};
/* clang-format on */

static void fill_long_path(void)
{
	for (size_t i = 0; i < sizeof(long_path); i++)
		long_path[i] = (char)(i % 251 + 1);
}

/* The same bytes wherever others choose them. */
static const struct finding *sample_fill(struct sample *s, struct slice bytes)
{
	*s = sample_make();
	sample_link(s);
	memset(s->ev.hdr.comm, 0, sizeof(s->ev.hdr.comm));
	if (bytes.len > 0)
		memcpy(s->ev.hdr.comm, bytes.data, bytes.len < 16 ? bytes.len : 16);
	s->ev.path = s->ev.fspath = s->ev.arg = bytes;
	s->proc.exepath = s->proc.args = s->proc.cwd = bytes;
	s->parents[0].name = s->parents[0].exepath = bytes;
	s->container.id = s->container.name = s->container.image = s->container.runtime = bytes;
	s->container.cgroup = s->container.posture_reason = bytes;
	s->container.has_posture = true;
	s->finding.message = bytes;
	s->incident.container = bytes;
	for (unsigned int i = 0; i < ARRAY_SIZE(s->steps); i++)
		s->steps[i].name = s->steps[i].exe = s->steps[i].summary = bytes;
	return &s->finding;
}

/* The text at `path`, or the raw bytes beside it, are what went in. */
static void assert_recovers(json_t *root, const char *path, struct slice want)
{
	char name[80], scratch[64], *raw;
	const char *text;
	struct slice got;

	snprintf(name, sizeof(name), "%s_b64", path);
	text = look_up(root, name, scratch, sizeof(scratch));
	if (strcmp(text, "absent") == 0) {
		assert_true(
			slice_eq(slice_from(look_up(root, path, scratch, sizeof(scratch))), want));
		return;
	}
	raw = malloc(strlen(text) + 1);
	assert_non_null(raw);
	got = (struct slice){ raw, check_unbase64(text, strlen(text), raw) };
	if (!slice_eq(got, want))
		fail_msg("%s does not give the bytes back: %s", name, text);
	free(raw);
}

static void json_survives_hostile_bytes_and_gives_them_back(void **state)
{
	static const char *const paths[] = {
		"message",
		"container.id",
		"container.name",
		"container.image",
		"container.runtime",
		"container.cgroup",
		"process.exepath",
		"process.cwd",
		"process.ancestors.0.name",
		"process.ancestors.0.exepath",
		"file.path",
		"file.fspath",
		"file.arg",
	};
	struct buf buf = { 0 };
	struct sample s;
	json_t *root;

	(void)state;
	fill_long_path();
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		assert_int_equal(render_json(sample_fill(&s, hostile[i].bytes), &buf), 0);
		root = parse_line(&buf);
		for (size_t k = 0; k < ARRAY_SIZE(paths); k++)
			assert_recovers(root, paths[k], hostile[i].bytes);
		assert_recovers(root, "process.name",
				slice_from_field(s.ev.hdr.comm, sizeof(s.ev.hdr.comm)));
		json_decref(root);
		buf_release(&buf);
	}
}

static void arguments_that_are_not_text_come_back(void **state)
{
	static const struct {
		struct slice args;
		size_t n;
		const char *second;
	} lists[] = {
		{ LITERAL("a\0b\xff"), 2, "b\\xFF" },
		{ LITERAL("a\0b\xff\0"), 2, "b\\xFF" },
		{ LITERAL("a\0\0\n"), 3, "" },
		{ LITERAL("\0"), 1, "absent" },
	};
	struct buf buf = { 0 };
	char scratch[64];
	struct sample s;
	json_t *root;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		s = sample_make();
		sample_link(&s);
		s.proc.args = lists[i].args;
		assert_int_equal(render_json(&s.finding, &buf), 0);
		root = parse_line(&buf);
		assert_int_equal(
			json_array_size(json_object_get(json_object_get(root, "process"), "args")),
			lists[i].n);
		assert_string_equal(look_up(root, "process.args.1", scratch, sizeof(scratch)),
				    lists[i].second);
		if (memchr(lists[i].args.data, '\xff', lists[i].args.len))
			assert_recovers(root, "process.args", lists[i].args);
		json_decref(root);
		buf_release(&buf);
	}
}

static size_t count(struct slice in, const char *what)
{
	size_t n = 0, len = strlen(what);

	for (size_t i = 0; i + len <= in.len; i++)
		n += memcmp(in.data + i, what, len) == 0;
	return n;
}

static void assert_one_line(const char *name, const struct buf *buf)
{
	struct slice line = { buf->data, buf->len - 1 };

	assert_true(buf->len > 0 && buf->data[buf->len - 1] == '\n');
	if (!check_is_safe(line))
		fail_msg("%s: unsafe bytes in: %.*s", name, (int)line.len, line.data);
	if (count(line, "|") != 2 || count(line, " | ") != 2)
		fail_msg("%s: not three parts: %.*s", name, (int)line.len, line.data);
}

static void text_is_one_line_of_three_parts(void **state)
{
	struct buf buf = { 0 };
	struct sample s;

	(void)state;
	fill_long_path();
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		assert_int_equal(render_text(sample_fill(&s, hostile[i].bytes), &buf), 0);
		assert_one_line(hostile[i].name, &buf);
		buf_release(&buf);
	}
}

static void text_reads_as_it_should(void **state)
{
	static const char want[] =
		"2026-07-01T12:34:56.123456789Z CRITICAL BW-0101 Container runtime binary opened for writing | "
		"evil tried to write /usr/bin/runc (ETXTBSY) in web-1 | "
		"container=4f1c2d3e5a6b (web-1) pod=shop-7d9f ns=prod image=registry.example/nginx:1.27 process=runc->sh->evil pid=4133 uid=0 "
		"exe=/tmp/evil event=open syscall=openat file=/usr/bin/runc target=host result=ETXTBSY "
		"facts=file_foreign,runtime_binary,file_write folded=3 incident=00f1e2d3c4b5a697 step=5 after=BW-0103 view=complete "
		"see=docs/techniques/A1.md,docs/techniques/A2.md\n";
	struct sample s = sample_make();
	struct buf buf = { 0 };

	(void)state;
	assert_int_equal(render_text(sample_link(&s), &buf), 0);
	buf_add(&buf, "", 1);
	assert_string_equal(buf.data, want);
	buf_release(&buf);
}

static const struct container_view inner = {
	.key = 99,
	.outer = 77,
	.depth = 2,
	.id = SLICE_LITERAL("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	.runtime = SLICE_LITERAL("runc\xff"),
};

static void container_in_a_container_is_told_beside_it(void **state)
{
	static const struct want wants[] = {
		{ "container.inner.id", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "container.inner.depth", "2" },
		{ "container.inner.key", "99" },
	};
	struct sample s = sample_make();
	struct buf buf = { 0 };

	(void)state;
	assert_json(sample_link(&s), &(struct want){ "container.inner", "absent" }, 1);
	s.ev.inner = &inner;
	assert_json(&s.finding, wants, ARRAY_SIZE(wants));
	assert_int_equal(render_text(&s.finding, &buf), 0);
	buf_add(&buf, "", 1);
	assert_non_null(strstr(buf.data, " inner=aaaaaaaaaaaa process="));
	buf_release(&buf);
	assert_int_equal(render_block(&s.finding, &buf), 0);
	buf_add(&buf, "", 1);
	assert_non_null(strstr(buf.data, " aaaaaaaaaaaa, "));
	buf_release(&buf);
}

static void contradiction_is_told_with_both_names(void **state)
{
	static const struct want wants[] = {
		{ "event.type", "identity" },
	};
	struct sample s = sample_make();
	struct buf buf = { 0 };
	json_t *root;
	const json_t *obj;

	(void)state;
	sample_link(&s);
	s.ev.hdr.type = EVENT_IDENTITY;
	s.ev.file = NULL;
	s.ev.u.identity = (struct event_identity){ .kind = IDENTITY_TAKEN, .source = IDENTITY_BY_NOBODY };
	s.ev.claimed = SLICE_LITERAL("aa");
	s.ev.actual = SLICE_LITERAL("cg-7");
	s.ev.cgroup_path = SLICE_LITERAL("/docker/aa");
	assert_json(&s.finding, wants, ARRAY_SIZE(wants));
	assert_int_equal(render_json(&s.finding, &buf), 0);
	root = parse_line(&buf);
	obj = json_object_get(root, "identity");
	assert_string_equal(json_string_value(json_object_get(obj, "identity.kind")), "taken");
	assert_string_equal(json_string_value(json_object_get(obj, "identity.source")), "nobody");
	assert_string_equal(json_string_value(json_object_get(obj, "identity.claimed")), "aa");
	assert_string_equal(json_string_value(json_object_get(obj, "identity.actual")), "cg-7");
	assert_string_equal(json_string_value(json_object_get(obj, "cgroup.path")), "/docker/aa");
	json_decref(root);
	buf_release(&buf);
}

/* A forged name cannot pass for a pair of its own. */
static void text_quotes_what_could_mislead(void **state)
{
	struct sample s = sample_make();
	struct buf buf = { 0 };
	struct slice line;

	(void)state;
	sample_link(&s);
	s.container.name = SLICE_LITERAL("x) container=host (y");
	s.container.image = SLICE_LITERAL("y\" target=\"none");
	s.parents[0].name = SLICE_LITERAL("a->b");
	assert_int_equal(render_text(&s.finding, &buf), 0);
	line = (struct slice){ buf.data, buf.len };
	assert_int_equal(count(line, "container=4f1c2d3e5a6b (\"x) container=host (y\")"), 1);
	assert_int_equal(count(line, " image=\"y\\x22 target=\\x22none\" "), 1);
	assert_int_equal(count(line, "process=runc->\"a->b\"->evil "), 1);
	assert_int_equal(count(line, "enrichment="), 0);
	buf_release(&buf);

	s.container.pending = true;
	assert_int_equal(render_text(&s.finding, &buf), 0);
	line = (struct slice){ buf.data, buf.len };
	assert_int_equal(count(line, " enrichment=pending "), 1);
	buf_release(&buf);
}

static void a_long_chain_is_shortened_at_its_head(void **state)
{
	struct sample s = sample_make();
	struct buf buf = { 0 };

	(void)state;
	for (unsigned int i = 0; i < EVENT_ANCESTORS_MAX; i++)
		s.parents[i].name = SLICE_LITERAL("sh");
	s.ev.n_ancestors = EVENT_ANCESTORS_MAX;
	sample_link(&s);
	assert_int_equal(render_text(&s.finding, &buf), 0);
	assert_int_equal(count((struct slice){ buf.data, buf.len },
			       " process=…->sh->sh->sh->sh->sh->sh->sh->evil "),
			 1);
	buf_release(&buf);
}

/* `buf` without our own colours. */
static struct buf strip_colours(const struct buf *buf)
{
	struct buf plain = { 0 };

	for (size_t i = 0; i < buf->len; i++) {
		if (buf->len - i >= 2 && memcmp(buf->data + i, "\033[", 2) == 0) {
			for (i += 2; i < buf->len && buf->data[i] != 'm'; i++)
				assert_true((buf->data[i] >= '0' && buf->data[i] <= '9') ||
					    buf->data[i] == ';');
		} else {
			buf_add(&plain, buf->data + i, 1);
		}
	}
	return plain;
}

/* Calls back for each line, without its end. */
static void each_line(const struct buf *buf, void (*check)(const char *name, struct slice line),
		      const char *name)
{
	struct slice rest = { buf->data, buf->len }, line = { NULL, 0 };
	const char *end;

	while (rest.len > 0) {
		end = memchr(rest.data, '\n', rest.len);
		assert_non_null(end);
		slice_take(&rest, (size_t)(end - rest.data), &line);
		check(name, line);
		slice_take(&rest, 1, &line);
	}
}

static void check_line_is_safe(const char *name, struct slice line)
{
	if (!check_is_safe(line))
		fail_msg("%s: unsafe bytes in: %.*s", name, (int)line.len, line.data);
}

static void check_line_fits(const char *name, struct slice line)
{
	check_line_is_safe(name, line);
	if (line.len > 100)
		fail_msg("%s: %zu columns: %.*s", name, line.len, (int)line.len, line.data);
}

static void the_block_fits_a_terminal(void **state)
{
	struct sample s = sample_make();
	struct buf buf = { 0 }, plain;

	(void)state;
	assert_int_equal(render_block(sample_link(&s), &buf), 0);
	plain = strip_colours(&buf);
	each_line(&plain, check_line_fits, "block");
	assert_int_equal(count((struct slice){ plain.data, plain.len },
			       "\n  who   runc(4101) -> sh(4120) -> evil(4133)\n"),
			 1);
	assert_int_equal(count((struct slice){ plain.data, plain.len }, "\n  next  1. Freeze"), 1);
	buf_release(&buf);
	buf_release(&plain);
}

/* The labels of a block's paragraphs, at `indent`, one after the other. */
static void gather_labels(struct slice text, size_t indent, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = '\0';
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t line = end ? (size_t)(end - text.data) : text.len, i = 0;

		while (i < line && text.data[i] == ' ')
			i++;
		if (i == indent && text.data[i] >= 'a' && text.data[i] <= 'z')
			len += (size_t)snprintf(ret + len, size - len, "%.*s ",
						(int)strcspn(text.data + i, " \n"), text.data + i);
		slice_take(&text, line + (end != NULL), &(struct slice){ 0 });
	}
}

/* What the README shows is a real alert; this tells when the parts of alerts
 * change and it has to be made anew. */
static void the_block_has_the_parts_that_the_readme_shows(void **state)
{
	char readme[65536], shown[256], made[256];
	FILE *file = fopen("README.md", "re");
	struct sample s = sample_make();
	struct buf buf = { 0 }, plain;
	const char *start, *end;

	(void)state;
	assert_non_null(file);
	readme[fread(readme, 1, sizeof(readme) - 1, file)] = '\0';
	fclose(file);
	start = strstr(readme, "\n     CRITICAL  ");
	assert_non_null(start);
	end = strstr(start, "\n\n");
	assert_non_null(end);
	gather_labels((struct slice){ start, (size_t)(end - start) }, 6, shown, sizeof(shown));

	assert_int_equal(render_block(sample_link(&s), &buf), 0);
	plain = strip_colours(&buf);
	gather_labels((struct slice){ plain.data, plain.len }, 2, made, sizeof(made));
	assert_string_equal(shown, made);
	buf_release(&buf);
	buf_release(&plain);
}

static void the_block_shows_no_colour_but_its_own(void **state)
{
	struct buf buf = { 0 }, plain;
	struct sample s;
	size_t n_lines = 0;

	(void)state;
	fill_long_path();
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		assert_int_equal(render_block(sample_fill(&s, hostile[i].bytes), &buf), 0);
		plain = strip_colours(&buf);
		each_line(&plain, check_line_is_safe, hostile[i].name);
		if (i == 0)
			n_lines = count((struct slice){ plain.data, plain.len }, "\n  who");
		assert_int_equal(count((struct slice){ plain.data, plain.len }, "\n  who"),
				 n_lines);
		buf_release(&buf);
		buf_release(&plain);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static void any_bytes_make_one_line_in_every_format(void **state)
{
	char bytes[48];
	struct buf buf = { 0 };
	uint64_t seed = 42;
	struct sample s;
	struct slice in;
	json_t *root;

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		in = (struct slice){ bytes, next_random(&seed) % sizeof(bytes) };
		for (size_t k = 0; k < in.len; k++)
			bytes[k] = (char)next_random(&seed);

		assert_int_equal(render_json(sample_fill(&s, in), &buf), 0);
		root = parse_line(&buf);
		assert_recovers(root, "message", in);
		json_decref(root);
		buf_release(&buf);

		assert_int_equal(render_text(&s.finding, &buf), 0);
		assert_one_line("random", &buf);
		buf_release(&buf);
	}
}

/* Allocation number `alloc_fails` of jansson fails, from 0; with `all_after` the
 * later ones too. */
static unsigned int n_allocs, alloc_fails;
static bool all_after;
static void *failing_malloc(size_t size)
{
	unsigned int i = n_allocs++;

	return i == alloc_fails || (all_after && i > alloc_fails) ? NULL : malloc(size);
}

static void an_allocation_that_fails_is_told(void **state)
{
	struct sample s = sample_make();
	const struct finding *finding = sample_link(&s);
	char *text;
	size_t len;
	int r;

	(void)state;
	json_set_alloc_funcs(failing_malloc, free);
	for (int all = 0; all < 2; all++) {
		all_after = all;
		for (alloc_fails = 0;; alloc_fails++) {
			n_allocs = 0;
			text = NULL;
			r = sink_render(finding, SINK_JSON, false, &text, &len);
			if (n_allocs <= alloc_fails)
				break;
			if (r != -ENOMEM)
				fail_msg("allocation %u failed and sink_render() said %d", alloc_fails, r);
			assert_null(text);
		}
		assert_true(alloc_fails > 100);
		assert_int_equal(r, 0);
		free(text);
	}
	json_set_alloc_funcs(malloc, free);
}

static void no_such_format_is_told(void **state)
{
	struct sample s = sample_make();
	char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(sink_render(sample_link(&s), (enum sink_format)9, false, &text, &len), -EINVAL);
	assert_null(text);
}

static void a_text_that_cannot_grow_is_told(void **state)
{
	struct sample s = sample_make();
	const struct finding *finding = sample_link(&s);
	struct buf buf = { .failed = true };

	(void)state;
	assert_int_equal(render_text(finding, &buf), -ENOMEM);
	assert_int_equal(render_block(finding, &buf), -ENOMEM);
	assert_int_equal(render_json(finding, &buf), -ENOMEM);
	assert_null(buf.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_says_what_the_finding_says),
		cmocka_unit_test(json_of_a_bare_host_event_is_whole),
		cmocka_unit_test(a_sequence_lists_its_steps),
		cmocka_unit_test(a_container_without_a_name_keeps_its_identity),
		cmocka_unit_test(an_alert_says_what_its_container_was_given),
		cmocka_unit_test(a_loss_is_an_internal_finding),
		cmocka_unit_test(json_survives_hostile_bytes_and_gives_them_back),
		cmocka_unit_test(arguments_that_are_not_text_come_back),
		cmocka_unit_test(text_reads_as_it_should),
		cmocka_unit_test(container_in_a_container_is_told_beside_it),
		cmocka_unit_test(contradiction_is_told_with_both_names),
		cmocka_unit_test(text_is_one_line_of_three_parts),
		cmocka_unit_test(text_quotes_what_could_mislead),
		cmocka_unit_test(a_long_chain_is_shortened_at_its_head),
		cmocka_unit_test(the_block_fits_a_terminal),
		cmocka_unit_test(the_block_has_the_parts_that_the_readme_shows),
		cmocka_unit_test(the_block_shows_no_colour_but_its_own),
		cmocka_unit_test(any_bytes_make_one_line_in_every_format),
		cmocka_unit_test(an_allocation_that_fails_is_told),
		cmocka_unit_test(no_such_format_is_told),
		cmocka_unit_test(a_text_that_cannot_grow_is_told),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
