/* SPDX-License-Identifier: Apache-2.0 */
/* Falco's names: which are ours, and fields that Falco's users expect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "event/field.h"

static void table_is_sorted_and_true(void **state)
{
	(void)state;
	for (size_t i = 0; i < falco_names_len; i++) {
		const struct falco_name *row = &falco_names[i];
		const struct field *field = field_find(slice_from(row->name));

		if (i > 0 && strcmp(falco_names[i - 1].name, row->name) >= 0)
			fail_msg("%s must stand before %s", row->name, falco_names[i - 1].name);
		if (row->ours && !field_find(slice_from(row->ours)))
			fail_msg("%s names '%s', which is no field", row->name, row->ours);
		if (!row->ours && !row->note)
			fail_msg("%s has neither a field nor a reason", row->name);
		if (!row->ours && field)
			fail_msg("%s is a field, and is said to be missing", row->name);
		if (!row->note && field != field_find(slice_from(row->ours)))
			fail_msg("%s is not %s", row->name, row->ours);
		/* Under its own name, or not at all: else a rule would mean another thing. */
		if (row->note && field && strcmp(field->name, row->name) != 0)
			fail_msg("%s differs, and is taken all the same", row->name);
		assert_ptr_equal(falco_name_find(slice_from(row->name)), row);
	}
	assert_null(falco_name_find(SLICE_LITERAL("")));
	assert_null(falco_name_find(SLICE_LITERAL("fd.nam")));
}

static void references(void **state)
{
	static const struct {
		const char *text, *field;
		int r, item;
	} cases[] = {
		{ "proc.aname", "proc.aname", 0, -1 },
		{ "proc.aname[1]", "proc.aname", 0, 0 },
		{ "proc.aname[0]", "proc.name", 0, -1 },
		{ "proc.apid[0]", "proc.pid", 0, -1 },
		{ "proc.aname[16]", "proc.aname", 0, 15 },
		{ "proc.aname[17]", NULL, -ERANGE, 0 },
		{ "proc.aname[999]", NULL, -EINVAL, 0 },
		{ "proc.aname[-1]", NULL, -EINVAL, 0 },
		{ "proc.aname[1]]", NULL, -EINVAL, 0 },
		{ "proc.aname[1][2]", NULL, -EINVAL, 0 },
		{ "proc.aname[", NULL, -EINVAL, 0 },
		{ "proc.name[1]", NULL, -ENOTSUP, 0 },
		{ "fd.name", "file.path", 0, -1 },
		{ "fd.snet", "fd.sip", 0, -1 },
		{ "syscall.arg[0]", "syscall.arg", 0, 0 },
		{ "proc.anam", NULL, -ENOENT, 0 },
		{ "[1]", NULL, -ENOENT, 0 },
		{ "", NULL, -ENOENT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct field_ref ref;
		int r = field_find_ref(slice_from(cases[i].text), &ref);

		if (r != cases[i].r)
			fail_msg("%s: want %d, got %d", cases[i].text, cases[i].r, r);
		if (r < 0)
			continue;
		assert_string_equal(ref.field->name, cases[i].field);
		assert_int_equal(ref.item, cases[i].item);
	}
}

static void check(const struct event *ev, const char *name, const char *want)
{
	struct slice got = SLICE_LITERAL("<NA>");
	struct field_ref ref;
	struct value value;

	assert_int_equal(field_find_ref(slice_from(name), &ref), 0);
	(void)field_ref_format(&ref, ev, &value, &got);
	if (!slice_eq(got, slice_from(want)))
		fail_msg("%s: want '%s', got '%.*s'", name, want, (int)got.len, got.data);
}

static void files(void **state)
{
	static const struct {
		const char *path, *directory, *filename;
	} cases[] = {
		{ "/etc/ssl/cert.pem", "/etc/ssl", "cert.pem" },
		{ "/etc", "/", "etc" },
		{ "/", "/", "<NA>" },
		{ "cut/tail", "cut", "tail" },
		{ "tail", "<NA>", "tail" },
		{ "", "<NA>", "<NA>" },
	};
	struct event_file file = { .source = SOURCE_KERNEL, .mode = 0100644 };
	struct event ev = { .hdr = { .type = EVENT_OPEN }, .file = &file };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ev.path = slice_from(cases[i].path);
		check(&ev, "fd.directory", cases[i].directory);
		check(&ev, "fd.filename", cases[i].filename);
	}
	check(&ev, "fd.type", "file");
	file.mode = 0040755;
	check(&ev, "fd.type", "directory");
	file.mode = 0020666;
	check(&ev, "fd.type", "file");
	file.source = SOURCE_NONE;
	check(&ev, "fd.type", "<NA>");
	ev = (struct event){ .hdr = { .type = EVENT_INET } };
	ev.u.inet.family = 6;
	check(&ev, "fd.type", "ipv6");
}

static void images(void **state)
{
	static const struct {
		const char *image, *repository, *tag, *digest;
	} cases[] = {
		{ "nginx", "nginx", "<NA>", "<NA>" },
		{ "docker.io/library/nginx:1.25", "docker.io/library/nginx", "1.25", "<NA>" },
		{ "reg.example:5000/a/b", "reg.example:5000/a/b", "<NA>", "<NA>" },
		{ "reg.example:5000/a/b:v1@sha256:00ff", "reg.example:5000/a/b", "v1",
		  "sha256:00ff" },
		{ "a@sha256:00ff", "a", "<NA>", "sha256:00ff" },
		{ "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "<NA>",
		  "<NA>", "<NA>" },
		{ ":", "<NA>", "<NA>", "<NA>" },
		{ "@", "<NA>", "<NA>", "<NA>" },
	};
	struct container_view container = { 0 };
	struct event ev = { .hdr = { .type = EVENT_EXEC }, .container = &container };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		container.image = slice_from(cases[i].image);
		check(&ev, "container.image.repository", cases[i].repository);
		check(&ev, "container.image.tag", cases[i].tag);
		check(&ev, "container.image.digest", cases[i].digest);
	}
}

static void processes(void **state)
{
	struct proc_view parent = { .id = { 5, 42, 0 },
				    .name = SLICE_LITERAL("sh"),
				    .exepath = SLICE_LITERAL("/bin/dash"),
				    .args = SLICE_LITERAL("/bin/sh\0-c\0id -u\0") };
	struct proc_view unknown = { .id = { 0 } };
	struct proc_view init = { .id = { 1, 1, 0 }, .name = SLICE_LITERAL("init") };
	struct event ev = { .hdr = { .type = EVENT_EXEC, .time_ns = 3000000005 },
			    .ancestors = { &parent, &unknown, &init },
			    .n_ancestors = 3 };

	(void)state;
	ev.hdr.proc.start_ns = 1000000005;
	ev.hdr.parent.start_ns = 5;
	ev.u.exec.args_total = 70000;
	check(&ev, "proc.pcmdline", "sh -c id -u");
	check(&ev, "proc.pexe", "/bin/sh");
	check(&ev, "proc.aname", "sh,init");
	check(&ev, "proc.aname[1]", "sh");
	check(&ev, "proc.aname[2]", "<NA>");
	check(&ev, "proc.aname[3]", "init");
	check(&ev, "proc.aname[4]", "<NA>");
	check(&ev, "proc.apid", "42,1");
	check(&ev, "proc.apid[3]", "1");
	check(&ev, "proc.aexe[1]", "/bin/sh");
	check(&ev, "proc.aexepath", "/bin/dash");
	check(&ev, "proc.duration", "2000000000");
	check(&ev, "proc.ppid.duration", "3000000000");
	check(&ev, "proc.args_size", "70000");
	ev.hdr.proc.start_ns = 4000000000; /* not before the event: not known */
	check(&ev, "proc.duration", "<NA>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sorted_and_true),
		cmocka_unit_test(references),
		cmocka_unit_test(files),
		cmocka_unit_test(images),
		cmocka_unit_test(processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
