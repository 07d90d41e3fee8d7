/* SPDX-License-Identifier: Apache-2.0 */
/* The field table: sorted, documented, and each getter says what it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "event/field.h"
#include "unit/record.h"

static bool has_word(const char *const *words, const char *word)
{
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

static const struct field *field(const char *name)
{
	const struct field *found = field_find(slice_from(name));

	if (!found)
		fail_msg("no field %s", name);
	return found;
}

static void table_is_sorted_and_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *f = &field_table[i];

		if (i > 0 && strcmp(field_table[i - 1].name, f->name) >= 0)
			fail_msg("%s must stand before %s", f->name, field_table[i - 1].name);
		assert_non_null(f->get);
		if (strlen(f->doc) < 5 || strchr(f->doc, '\n'))
			fail_msg("%s has no doc line", f->name);
		if (f->words && f->type != VALUE_STRING && f->item != VALUE_STRING)
			fail_msg("%s has words and is no string", f->name);
		assert_ptr_equal(field_find(slice_from(f->name)), f);
	}
	assert_null(field_find(SLICE_LITERAL("file.pat")));
	assert_null(field_find(SLICE_LITERAL("file.pathx")));
	assert_null(field_find(SLICE_LITERAL("")));
	assert_null(field_find((struct slice){ "file.path\0", 10 }));
}

static void suggestions_are_near(void **state)
{
	static const struct {
		const char *typed, *want;
	} cases[] = {
		{ "file.mount_ower", "file.mount_owner" },
		{ "proc.nmae", "proc.name" },
		{ "container.image_name", NULL },
		{ "evt.failled", "evt.failed" },
		{ "", NULL },
		{ "something.else.entirely", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = field_suggest(slice_from(cases[i].typed));

		if (cases[i].want ? !got || strcmp(got, cases[i].want) != 0 : got != NULL)
			fail_msg("%s: want %s, got %s", cases[i].typed,
				 cases[i].want ? cases[i].want : "nothing", got ? got : "nothing");
	}
}

/* Whatever event.c may call a thing, rules can name. */
static void words_cover_all_names(void **state)
{
	static const struct {
		const char *field;
		const char *(*name)(unsigned int number);
	} cases[] = {
		{ "proc.phase", phase_name },	      { "file.mount_owner", owner_name },
		{ "proc.cwd_owner", owner_name },     { "evt.way", way_name },
		{ "target.boundary", boundary_name }, { "evt.tier", tier_name },
		{ "file.source", source_name },	      { "loss.kind", loss_name },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned int number = 0; number < 300; number++) {
			if (!has_word(field(cases[i].field)->words, cases[i].name(number)))
				fail_msg("%s: %s is not among its words", cases[i].field,
					 cases[i].name(number));
		}
	}
}

static void event_types_match_event_names(void **state)
{
	const struct field *type = field("evt.type");
	struct event ev = { 0 };

	(void)state;
	for (unsigned int t = 0; t < EVENT_TYPE_MAX + 2; t++) {
		for (unsigned int op = 0; op < 6; op++) {
			unsigned int back;

			ev.hdr.type = (uint16_t)t;
			if (t == EVENT_MOUNT)
				ev.u.mount.op = op;
			else if (t == EVENT_CHDIR)
				ev.u.chdir.op = op;
			else if (t == EVENT_NS)
				ev.u.ns.op = op;
			if (!has_word(type->words, event_name(&ev)))
				fail_msg("%s is not a word of evt.type", event_name(&ev));
			back = field_event_type(slice_from(event_name(&ev)));
			if (strcmp(event_name(&ev), "unknown") != 0)
				assert_int_equal(back, t);
			else
				assert_int_equal(back, 0);
		}
	}
}

static void results_have_names(void **state)
{
	const struct field *res = field("evt.res");
	struct event ev = { 0 };
	struct value value;

	(void)state;
	for (int64_t ret = -5000; ret < 10; ret++) {
		ev.hdr.ret = ret;
		assert_int_equal(res->get(&ev, &value), 0);
		if (!has_word(res->words, value.str.data))
			fail_msg("%s (%ld) is not a word of evt.res", value.str.data, (long)ret);
	}
	ev.hdr.ret = INT64_MIN;
	assert_int_equal(res->get(&ev, &value), 0);
	assert_string_equal(value.str.data, "UNKNOWN");
}

/* No getter reads what is not there, and facts are never missing. */
static void bare_events_are_harmless(void **state)
{
	struct event ev = { 0 };
	struct slice text;
	struct value value;

	(void)state;
	for (unsigned int t = 0; t < EVENT_TYPE_MAX; t++) {
		ev.hdr.type = (uint16_t)t;
		for (size_t i = 0; i < field_table_len; i++) {
			int r = field_format(&field_table[i], &ev, &value, &text);

			assert_true(r == 0 || r == -ENODATA);
			if (r == 0) /* a list is joined to be printed */
				assert_int_equal(value.type, field_table[i].type == VALUE_LIST ?
								     VALUE_STRING :
								     field_table[i].type);
			if (field_table[i].type == VALUE_BOOL) {
				assert_int_equal(r, 0);
				assert_false(value.truth);
			}
		}
	}
}

/* --- values ------------------------------------------------------------- */

struct fixture {
	struct event ev;
	struct event_file file;
	struct container_view container;
	struct proc_view self, parent, grandparent;
};

static void set_up(struct fixture *fx, unsigned int type)
{
	*fx = (struct fixture){ 0 };
	fx->ev.hdr = record_hdr();
	fx->ev.hdr.type = (uint16_t)type;
	fx->file = record_file();
	fx->ev.file = &fx->file;
	fx->container = (struct container_view){
		.id = SLICE_LITERAL("4f1c2a3b4c5d6e7f8091"),
		.name = SLICE_LITERAL("web"),
		.image = SLICE_LITERAL("nginx:1"),
		.runtime = SLICE_LITERAL("docker"),
		.cgroup = SLICE_LITERAL("/docker/4f1c"),
	};
	fx->ev.container = &fx->container;
	fx->self = (struct proc_view){
		.exepath = SLICE_LITERAL("/bin/sh"),
		.args = SLICE_LITERAL("sh\0-c\0id"),
		.cwd = SLICE_LITERAL("/srv"),
	};
	fx->parent = (struct proc_view){ .name = SLICE_LITERAL("runc"),
					 .exepath = SLICE_LITERAL("/usr/bin/runc") };
	fx->grandparent = (struct proc_view){ .name = SLICE_LITERAL("shim") };
	fx->ev.proc = &fx->self;
	fx->ev.ancestors[0] = &fx->parent;
	fx->ev.ancestors[1] = &fx->grandparent;
	fx->ev.n_ancestors = 2;
	fx->ev.wall_ns = 1700000000000000000;
}

static void expect(const char *file, int line, struct fixture *fx, const char *name,
		   const char *want)
{
	struct slice got = SLICE_LITERAL("<NA>");
	struct value value;

	field_format(field(name), &fx->ev, &value, &got);
	if (!slice_eq(got, slice_from(want)))
		fail_msg("%s:%d: %s: want '%s', got '%.*s'", file, line, name, want, (int)got.len,
			 got.data);
}
#define EXPECT(fx, name, want) expect(__FILE__, __LINE__, fx, name, want)

static void header_fields(void **state)
{
	struct fixture fx;

	(void)state;
	set_up(&fx, EVENT_OPEN);
	fx.ev.hdr.ret = -EPERM;
	fx.ev.hdr.flags = EVENT_F_FAILED | EVENT_F_ARGS_CUT;
	EXPECT(&fx, "evt.type", "open");
	EXPECT(&fx, "evt.res", "EPERM");
	EXPECT(&fx, "evt.rawres", "-1");
	EXPECT(&fx, "evt.failed", "true");
	EXPECT(&fx, "evt.truncated", "true");
	EXPECT(&fx, "evt.time", "1700000000000000000");
	EXPECT(&fx, "evt.tier", "lsm");
	EXPECT(&fx, "evt.way", "native");
	EXPECT(&fx, "proc.pid", "4133");
	EXPECT(&fx, "proc.vpid", "13");
	EXPECT(&fx, "proc.ppid", "4120");
	EXPECT(&fx, "proc.name", "evil");
	EXPECT(&fx, "proc.phase", "contained");
	EXPECT(&fx, "proc.escaped", "false");
	EXPECT(&fx, "target.boundary", "host");
	EXPECT(&fx, "target.container", "host");
	EXPECT(&fx, "thread.cap_effective", "2818844155");
	fx.ev.hdr.phase = PHASE_ESCAPED;
	EXPECT(&fx, "proc.escaped", "true");
	fx.ev.hdr.cap_effective = UINT64_MAX;
	EXPECT(&fx, "thread.cap_effective", "9223372036854775807");
	fx.ev.wall_ns = 0;
	EXPECT(&fx, "evt.time", "<NA>");
	memset(fx.ev.hdr.comm, 'x', sizeof(fx.ev.hdr.comm));
	EXPECT(&fx, "proc.name", "xxxxxxxxxxxxxxxx");
	EXPECT(&fx, "user.in_initial_ns", "false");
	fx.ev.hdr.user_ns_inum = 0xeffffffd;
	EXPECT(&fx, "user.in_initial_ns", "true");
}

static void process_fields(void **state)
{
	struct fixture fx;

	(void)state;
	set_up(&fx, EVENT_OPEN);
	EXPECT(&fx, "proc.exepath", "/bin/sh");
	EXPECT(&fx, "proc.exe", "sh");
	EXPECT(&fx, "proc.args", "-c id");
	EXPECT(&fx, "proc.cmdline", "evil -c id");
	EXPECT(&fx, "proc.cwd", "/srv");
	EXPECT(&fx, "proc.pname", "runc");
	EXPECT(&fx, "proc.pexepath", "/usr/bin/runc");
	EXPECT(&fx, "proc.aname", "runc,shim");
	EXPECT(&fx, "proc.cwd_owner", "<NA>");
	fx.ev.proc = NULL;
	fx.ev.n_ancestors = 0;
	EXPECT(&fx, "proc.exepath", "<NA>");
	EXPECT(&fx, "proc.cmdline", "<NA>");
	EXPECT(&fx, "proc.aname", "<NA>");

	/* An exec tells of itself. */
	set_up(&fx, EVENT_EXEC);
	fx.ev.path = SLICE_LITERAL("/usr/bin/id");
	fx.ev.fspath = SLICE_LITERAL("/layer/usr/bin/id");
	fx.ev.filename = SLICE_LITERAL("./id");
	fx.ev.args = SLICE_LITERAL("id\0-u\0\0last\0");
	fx.ev.cwd = SLICE_LITERAL("/proc");
	fx.ev.u.exec.cwd_owner = OWNER_HOST;
	fx.ev.u.exec.root_owner = OWNER_OWN;
	EXPECT(&fx, "proc.exepath", "/usr/bin/id");
	EXPECT(&fx, "file.path", "/usr/bin/id");
	EXPECT(&fx, "file.name", "id");
	EXPECT(&fx, "evt.arg.path", "./id");
	EXPECT(&fx, "proc.exe", "id");
	EXPECT(&fx, "proc.args", "-u  last");
	EXPECT(&fx, "proc.cwd", "/proc");
	EXPECT(&fx, "proc.cwd_owner", "host");
	EXPECT(&fx, "proc.root_owner", "own");
	fx.ev.args = SLICE_LITERAL("id");
	EXPECT(&fx, "proc.args", "");
	EXPECT(&fx, "proc.cmdline", "evil");

	set_up(&fx, EVENT_CHDIR);
	fx.ev.u.chdir.op = CHDIR_FCHDIR;
	fx.ev.path = SLICE_LITERAL("/etc");
	EXPECT(&fx, "proc.cwd_owner", "host");
	EXPECT(&fx, "proc.root_owner", "<NA>");
	EXPECT(&fx, "proc.cwd", "/etc");
	fx.ev.u.chdir.op = CHDIR_CHROOT;
	EXPECT(&fx, "proc.cwd_owner", "<NA>");
	EXPECT(&fx, "proc.root_owner", "host");
	EXPECT(&fx, "proc.cwd", "/srv");
	fx.file.source = SOURCE_NONE;
	EXPECT(&fx, "proc.root_owner", "<NA>");
}

/* The longest argument list, with the longest name before it, fits. */
static void long_arguments_fit(void **state)
{
	static char args[EVENT_ARGS_MAX];
	struct fixture fx;
	struct value value;

	(void)state;
	set_up(&fx, EVENT_EXEC);
	memset(args, 'a', sizeof(args));
	args[0] = '\0'; /* an empty argv[0] */
	fx.ev.args = (struct slice){ args, sizeof(args) };
	assert_int_equal(field("proc.cmdline")->get(&fx.ev, &value), 0);
	assert_int_equal(value.str.len, strlen("evil ") + EVENT_ARGS_MAX - 1);
	memset(args, 0, sizeof(args));
	assert_int_equal(field("proc.args")->get(&fx.ev, &value), 0);
}

static void file_fields(void **state)
{
	struct fixture fx;
	struct value value;

	(void)state;
	set_up(&fx, EVENT_OPEN);
	fx.ev.path = SLICE_LITERAL("/mnt/p/sys/kernel/core_pattern");
	fx.ev.fspath = SLICE_LITERAL("/sys/kernel/core_pattern");
	fx.ev.arg = SLICE_LITERAL("");
	fx.ev.hdr.facts = FACT_FILE_WRITE | FACT_RUNTIME_BINARY | FACT_BLOCK_DEVICE;
	fx.ev.u.open.f_mode = 1;
	EXPECT(&fx, "file.name", "core_pattern");
	EXPECT(&fx, "evt.arg.path", "");
	EXPECT(&fx, "file.fs", "ext4");
	EXPECT(&fx, "file.dev", "8:1");
	EXPECT(&fx, "file.rdev", "<NA>");
	EXPECT(&fx, "file.mode", "33261");
	EXPECT(&fx, "file.type", "regular");
	EXPECT(&fx, "file.mount_owner", "host");
	EXPECT(&fx, "file.source", "kernel");
	EXPECT(&fx, "file.is_runtime_binary", "true");
	EXPECT(&fx, "file.is_block_device", "true");
	EXPECT(&fx, "mount.is_block_device", "false");
	EXPECT(&fx, "evt.is_open_write", "true");
	EXPECT(&fx, "evt.is_open_read", "true");
	fx.file.mode = 0060600;
	fx.file.rdev = 8 << 20 | 17;
	EXPECT(&fx, "file.type", "block");
	EXPECT(&fx, "file.rdev", "8:17");

	/* No object: no facts of one, but the remark and where it comes from. */
	fx.file = (struct event_file){ 0 };
	fx.ev.path = fx.ev.fspath = (struct slice){ "", 0 };
	fx.ev.hdr.flags = EVENT_F_ARG_UNREAD;
	EXPECT(&fx, "file.source", "none");
	EXPECT(&fx, "file.mount_owner", "<NA>");
	EXPECT(&fx, "file.path", "<NA>");
	EXPECT(&fx, "file.name", "<NA>");
	EXPECT(&fx, "file.nlink", "<NA>");
	EXPECT(&fx, "evt.arg.path", "<NA>");

	fx.ev.fspath = SLICE_LITERAL("/");
	EXPECT(&fx, "file.name", "/");
	fx.ev.fspath = SLICE_LITERAL("name/");
	EXPECT(&fx, "file.name", "name/");

	/* What is left of a cut path has no head; its last part is whole. */
	fx.ev.hdr.flags = EVENT_F_PATH_CUT;
	fx.ev.fspath = SLICE_LITERAL("tail/name");
	assert_int_equal(field("file.fspath")->get(&fx.ev, &value), 0);
	assert_true(value.cut_head);
	assert_int_equal(field("file.name")->get(&fx.ev, &value), 0);
	assert_false(value.cut_head);
	fx.ev.fspath = SLICE_LITERAL("ame");
	assert_int_equal(field("file.name")->get(&fx.ev, &value), 0);
	assert_true(value.cut_head);
}

/* One set of words for all interfaces. */
static void mount_api_fields(void **state)
{
	static const struct {
		struct event_mount mount;
		const char *type, *op, *read_only, *made_writable;
	} calls[] = {
		{ { .op = MOUNT_MOUNT, .flags = 32 }, "mount", "remount", "false", "true" },
		{ { .op = MOUNT_MOUNT, .flags = 32 | 1 }, "mount", "remount", "true", "false" },
		{ { .op = MOUNT_MOUNT, .flags = 4096 }, "mount", "bind", "false", "false" },
		{ { .op = MOUNT_FSOPEN }, "fsopen", "new", "false", "false" },
		{ { .op = MOUNT_FSCONFIG, .cmd = 1 }, "fsconfig", "<NA>", "false", "false" },
		{ { .op = MOUNT_FSCONFIG, .cmd = 6 }, "fsconfig", "new", "false", "false" },
		{ { .op = MOUNT_FSCONFIG, .cmd = 8 }, "fsconfig", "new", "false", "false" },
		{ { .op = MOUNT_FSCONFIG, .cmd = 7 }, "fsconfig", "remount", "false", "true" },
		{ { .op = MOUNT_FSCONFIG, .cmd = 7, .mnt_flags = 1 },
		  "fsconfig",
		  "remount",
		  "true",
		  "false" },
		{ { .op = MOUNT_FSMOUNT, .attr_set = 1 }, "fsmount", "new", "true", "false" },
		{ { .op = MOUNT_FSPICK }, "fspick", "<NA>", "false", "false" },
		{ { .op = MOUNT_OPEN_TREE, .flags = 1 }, "open_tree", "bind", "false", "false" },
		{ { .op = MOUNT_MOVE_MOUNT, .flags = 4 }, "move_mount", "move", "false", "false" },
		{ { .op = MOUNT_MOVE_MOUNT, .flags = 0x100 },
		  "move_mount",
		  "propagation",
		  "false",
		  "false" },
		{ { .op = MOUNT_SETATTR, .attr_clr = 1 },
		  "mount_setattr",
		  "remount",
		  "false",
		  "true" },
		{ { .op = MOUNT_SETATTR, .attr_clr = 1, .attr_set = 1 },
		  "mount_setattr",
		  "remount",
		  "true",
		  "false" },
		{ { .op = MOUNT_SETATTR, .attr_set = 2 },
		  "mount_setattr",
		  "remount",
		  "false",
		  "false" },
		{ { .op = MOUNT_SETATTR }, "mount_setattr", "propagation", "false", "false" },
	};
	struct fixture fx;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		set_up(&fx, EVENT_MOUNT);
		fx.ev.u.mount = calls[i].mount;
		fx.ev.source = SLICE_LITERAL("from");
		fx.ev.target = SLICE_LITERAL("to");
		fx.ev.point = SLICE_LITERAL("/there");
		fx.ev.hdr.facts = FACT_REACHES_HOST | FACT_HOST_ROOT;
		EXPECT(&fx, "evt.type", calls[i].type);
		EXPECT(&fx, "mount.op", calls[i].op);
		EXPECT(&fx, "mount.read_only", calls[i].read_only);
		EXPECT(&fx, "mount.made_writable", calls[i].made_writable);
		EXPECT(&fx, "mount.point", "/there");
		EXPECT(&fx, "mount.reaches_host", "true");
		EXPECT(&fx, "file.is_host_root", "true");
		EXPECT(&fx, "file.is_misplaced", "false");
		EXPECT(&fx, "evt.arg.path", calls[i].mount.op == MOUNT_OPEN_TREE ? "from" : "to");
	}
	set_up(&fx, EVENT_OPEN);
	fx.ev.hdr.facts = FACT_MISPLACED;
	EXPECT(&fx, "file.is_misplaced", "true");
	EXPECT(&fx, "mount.made_writable", "false");
	EXPECT(&fx, "mount.point", "<NA>");
}

static void mount_and_socket_fields(void **state)
{
	static const struct {
		uint64_t flags;
		const char *op;
	} ops[] = {
		{ 0, "new" },	   { 15, "new" },
		{ 4096, "bind" },  { 4096 | 16384, "bind" },
		{ 32, "remount" }, { 32 | 4096, "remount" },
		{ 8192, "move" },  { 1 << 18 | 16384, "propagation" },
	};
	struct fixture fx;

	(void)state;
	set_up(&fx, EVENT_MOUNT);
	fx.ev.u.mount.op = MOUNT_MOUNT;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		fx.ev.u.mount.flags = ops[i].flags;
		EXPECT(&fx, "mount.op", ops[i].op);
	}
	fx.ev.u.mount.bdev = 8 << 20 | 1;
	fx.ev.hdr.facts = FACT_BLOCK_DEVICE | FACT_MOUNT_KERNEL_FS;
	fx.ev.source = SLICE_LITERAL("/dev/sda1");
	fx.ev.target = SLICE_LITERAL("/mnt");
	fx.ev.fstype = SLICE_LITERAL("ext4");
	fx.ev.path = SLICE_LITERAL("/");
	EXPECT(&fx, "mount.dev", "8:1");
	EXPECT(&fx, "mount.source", "/dev/sda1");
	EXPECT(&fx, "mount.is_block_device", "true");
	EXPECT(&fx, "mount.is_kernel_fs", "true");
	EXPECT(&fx, "file.is_block_device", "false");
	EXPECT(&fx, "evt.arg.path", "/mnt");
	EXPECT(&fx, "file.fspath", "/");
	EXPECT(&fx, "file.path", "<NA>");
	fx.ev.u.mount.op = MOUNT_UMOUNT;
	EXPECT(&fx, "evt.type", "umount");
	EXPECT(&fx, "mount.op", "<NA>");

	set_up(&fx, EVENT_CONNECT);
	fx.ev.path = SLICE_LITERAL("/run/docker.sock");
	fx.ev.hdr.facts = FACT_RUNTIME_API | FACT_PEER_HOST;
	fx.ev.u.connect.peer_tgid = 812;
	EXPECT(&fx, "sock.path", "/run/docker.sock");
	EXPECT(&fx, "file.name", "docker.sock");
	EXPECT(&fx, "sock.is_runtime_api", "true");
	EXPECT(&fx, "sock.peer_pid", "812");
	EXPECT(&fx, "sock.peer_uid", "0");
	EXPECT(&fx, "sock.abstract", "false");
	fx.ev.u.connect.abstract = 1;
	fx.ev.path = SLICE_LITERAL("\0/containerd-shim/x");
	EXPECT(&fx, "sock.path", "@/containerd-shim/x");
	EXPECT(&fx, "sock.abstract", "true");
	EXPECT(&fx, "file.path", "<NA>");
}

static void namespace_and_loss_fields(void **state)
{
	struct fixture fx;

	(void)state;
	set_up(&fx, EVENT_NS);
	fx.ev.u.ns.op = NS_SETNS;
	fx.ev.u.ns.joined_host = 0x00020000 | 0x20000000;
	EXPECT(&fx, "evt.type", "setns");
	EXPECT(&fx, "ns.joined", "mnt,pid");
	EXPECT(&fx, "ns.joined_host", "true");
	EXPECT(&fx, "ns.changed", "<NA>");
	EXPECT(&fx, "ns.target_pid", "<NA>");

	set_up(&fx, EVENT_RULES);
	EXPECT(&fx, "rules.error", "<NA>");
	fx.ev.rules_hash = SLICE_LITERAL("ab12");
	fx.ev.rules_before = SLICE_LITERAL("cd34");
	fx.ev.rules_error = SLICE_LITERAL("a.json:1:2: no");
	EXPECT(&fx, "evt.type", "rules");
	EXPECT(&fx, "rules.hash", "ab12");
	EXPECT(&fx, "rules.before", "cd34");
	EXPECT(&fx, "rules.error", "a.json:1:2: no");

	set_up(&fx, EVENT_POSTURE);
	EXPECT(&fx, "posture.reason", "<NA>");
	EXPECT(&fx, "posture.details", "<NA>");
	EXPECT(&fx, "posture.partial", "false");
	EXPECT(&fx, "container.privileged", "false");
	fx.ev.u.posture.findings = 1ull << POSTURE_PRIVILEGED | 1ull << POSTURE_HOST_PID;
	fx.ev.u.posture.severity = POSTURE_WARNING;
	fx.ev.u.posture.posture_flags = POSTURE_F_NO_FILES;
	fx.ev.posture_reason = SLICE_LITERAL("it runs privileged");
	fx.ev.posture_details = SLICE_LITERAL("privileged\0devices: /dev/sda");
	EXPECT(&fx, "evt.type", "posture");
	EXPECT(&fx, "posture.checks", "3");
	EXPECT(&fx, "posture.severity", "warning");
	EXPECT(&fx, "posture.reason", "it runs privileged");
	EXPECT(&fx, "posture.details", "privileged, devices: /dev/sda");
	EXPECT(&fx, "posture.partial", "true");
	EXPECT(&fx, "container.privileged", "true");
	fx.ev.u.posture.severity = 9;
	EXPECT(&fx, "posture.severity", "unknown");

	/* Later events have it of their container. */
	set_up(&fx, EVENT_EXEC);
	EXPECT(&fx, "posture.severity", "<NA>");
	EXPECT(&fx, "container.privileged", "false");
	fx.container.has_posture = true;
	fx.container.posture = 1ull << POSTURE_PRIVILEGED;
	fx.container.posture_severity = POSTURE_WARNING;
	fx.container.posture_reason = SLICE_LITERAL("it runs privileged");
	EXPECT(&fx, "container.privileged", "true");
	EXPECT(&fx, "posture.checks", "1");
	EXPECT(&fx, "posture.reason", "it runs privileged");
	EXPECT(&fx, "posture.details", "<NA>");
	EXPECT(&fx, "posture.partial", "false");

	set_up(&fx, EVENT_LOSS);
	fx.ev.u.loss.kind = LOSS_GAP;
	fx.ev.u.loss.count = UINT64_MAX;
	EXPECT(&fx, "loss.kind", "gap");
	EXPECT(&fx, "loss.count", "9223372036854775807");
	EXPECT(&fx, "loss.event", "<NA>");
	fx.ev.u.loss.event_type = EVENT_OPEN;
	EXPECT(&fx, "loss.event", "open");
}

static void container_fields(void **state)
{
	struct fixture fx;

	(void)state;
	set_up(&fx, EVENT_CGROUP);
	EXPECT(&fx, "container.id", "4f1c2a3b4c5d6e7f8091");
	EXPECT(&fx, "container.short_id", "4f1c2a3b4c5d");
	EXPECT(&fx, "container.name", "web");
	EXPECT(&fx, "cgroup.path", "/docker/4f1c");
	fx.ev.cgroup_path = SLICE_LITERAL("/");
	EXPECT(&fx, "cgroup.path", "/");

	fx.ev.container = NULL;
	EXPECT(&fx, "container.id", "cg-5151");
	EXPECT(&fx, "container.name", "<NA>");
	EXPECT(&fx, "container.pending", "true");
	fx.container.id = SLICE_LITERAL("cg-12345678901234");
	fx.ev.container = &fx.container;
	EXPECT(&fx, "container.short_id", "cg-12345678901234");
	EXPECT(&fx, "container.id_source", "none");
	fx.container.id_source = ID_FROM_CGROUP;
	EXPECT(&fx, "container.id_source", "cgroup");
	fx.container.id_source = ID_FROM_RUNTIME;
	EXPECT(&fx, "container.id_source", "runtime");

	fx.ev.container = NULL;
	fx.ev.hdr.container = 0;
	fx.ev.hdr.phase = PHASE_HOST;
	EXPECT(&fx, "container.id", "host");
	EXPECT(&fx, "container.name", "host");
	EXPECT(&fx, "container.pending", "false");
	fx.ev.hdr.phase = PHASE_UNKNOWN; /* unknown is never host */
	EXPECT(&fx, "container.id", "<NA>");
}

static void contradictions_and_inner_containers_have_fields(void **state)
{
	static const struct container_view inner = {
		.id = SLICE_LITERAL("inside"), .runtime = SLICE_LITERAL("crun"), .depth = 2, .outer = 77,
	};
	struct fixture fx;

	(void)state;
	set_up(&fx, EVENT_IDENTITY);
	fx.ev.u.identity.kind = IDENTITY_MOVED;
	fx.ev.u.identity.source = IDENTITY_BY_ARGS;
	fx.ev.claimed = SLICE_LITERAL("aa");
	fx.ev.actual = SLICE_LITERAL("bb");
	EXPECT(&fx, "evt.type", "identity");
	EXPECT(&fx, "identity.kind", "moved");
	EXPECT(&fx, "identity.source", "arguments");
	EXPECT(&fx, "identity.claimed", "aa");
	EXPECT(&fx, "identity.actual", "bb");
	fx.ev.u.identity.kind = 77;
	EXPECT(&fx, "identity.kind", "unknown");

	EXPECT(&fx, "container.inner.id", "<NA>");
	EXPECT(&fx, "container.inner.depth", "0");
	fx.ev.inner = &inner;
	EXPECT(&fx, "container.inner.id", "inside");
	EXPECT(&fx, "container.inner.runtime", "crun");
	EXPECT(&fx, "container.inner.depth", "2");

	set_up(&fx, EVENT_OPEN);
	EXPECT(&fx, "identity.kind", "<NA>");
	EXPECT(&fx, "identity.claimed", "<NA>");
	fx.ev.hdr.container = 0;
	EXPECT(&fx, "container.inner.depth", "<NA>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sorted_and_complete),
		cmocka_unit_test(contradictions_and_inner_containers_have_fields),
		cmocka_unit_test(suggestions_are_near),
		cmocka_unit_test(words_cover_all_names),
		cmocka_unit_test(event_types_match_event_names),
		cmocka_unit_test(results_have_names),
		cmocka_unit_test(bare_events_are_harmless),
		cmocka_unit_test(header_fields),
		cmocka_unit_test(process_fields),
		cmocka_unit_test(long_arguments_fit),
		cmocka_unit_test(file_fields),
		cmocka_unit_test(mount_and_socket_fields),
		cmocka_unit_test(mount_api_fields),
		cmocka_unit_test(namespace_and_loss_fields),
		cmocka_unit_test(container_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
