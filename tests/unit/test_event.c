/* SPDX-License-Identifier: Apache-2.0 */
/* event_decode() believes nothing, and every number has a name. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event/event.h"
#include "unit/record.h"

/* What the wire format says, copied from include/brigwatch/event.h by hand. */
struct type_case {
	const char *name;
	unsigned int type;
	size_t fixed_len;
	bool has_file;
	struct {
		size_t len_off, slice_off, max;
	} strings[11];
};

/* clang-format off */
#define S(type, member, slice, max) \
	{ offsetof(struct event_##type, member), offsetof(struct event, slice), max }
#define P EVENT_PATH_MAX

static const struct type_case types[] = {
	{ "fork", EVENT_FORK, sizeof(struct event_fork), false, { { 0 } } },
	{ "exec", EVENT_EXEC, sizeof(struct event_exec), true, {
		S(exec, path_len, path, P), S(exec, fspath_len, fspath, P), S(exec, filename_len, filename, P),
		S(exec, cwd_len, cwd, P), S(exec, args_len, args, EVENT_ARGS_MAX) } },
	{ "exit", EVENT_EXIT, sizeof(struct event_exit), false, { { 0 } } },
	{ "open", EVENT_OPEN, sizeof(struct event_open), true, {
		S(open, path_len, path, P), S(open, fspath_len, fspath, P), S(open, arg_len, arg, P) } },
	{ "mount", EVENT_MOUNT, sizeof(struct event_mount), true, {
		S(mount, target_len, target, P), S(mount, source_len, source, P),
		S(mount, fstype_len, fstype, P), S(mount, path_len, path, P),
		S(mount, point_len, point, P) } },
	{ "chdir", EVENT_CHDIR, sizeof(struct event_chdir), true, {
		S(chdir, path_len, path, P), S(chdir, fspath_len, fspath, P), S(chdir, arg_len, arg, P) } },
	{ "ns", EVENT_NS, sizeof(struct event_ns), false, { { 0 } } },
	{ "connect", EVENT_CONNECT, sizeof(struct event_connect), true, {
		S(connect, path_len, path, P), S(connect, arg_len, arg, P) } },
	{ "compat", EVENT_COMPAT, sizeof(struct event_compat), false, { { 0 } } },
	{ "cgroup", EVENT_CGROUP, sizeof(struct event_cgroup), false, { S(cgroup, path_len, cgroup_path, P) } },
	{ "container", EVENT_CONTAINER, sizeof(struct event_container), false, {
		S(container, cgroup_len, cgroup_path, P), S(container, rootpath_len, rootpath, P) } },
	{ "proc", EVENT_PROC, sizeof(struct event_proc), true, {
		S(proc, path_len, path, P), S(proc, args_len, args, EVENT_ARGS_MAX) } },
	{ "canary", EVENT_CANARY, sizeof(struct event_canary), false, { { 0 } } },
	{ "loss", EVENT_LOSS, sizeof(struct event_loss), false, { { 0 } } },
	{ "container_info", EVENT_CONTAINER_INFO, sizeof(struct event_container_info), false, {
		S(container_info, id_len, info_id, P), S(container_info, name_len, info_name, P),
		S(container_info, image_len, info_image, P), S(container_info, runtime_len, info_runtime, P),
		S(container_info, pod_len, info_pod, EVENT_NAME_MAX),
		S(container_info, pod_ns_len, info_pod_ns, EVENT_NAME_MAX),
		S(container_info, pod_uid_len, info_pod_uid, EVENT_NAME_MAX),
		S(container_info, sandbox_len, info_sandbox, EVENT_NAME_MAX),
		S(container_info, image_id_len, info_image_id, EVENT_NAME_MAX),
		S(container_info, digest_len, info_digest, EVENT_NAME_MAX) } },
	{ "change", EVENT_CHANGE, sizeof(struct event_change), true, {
		S(change, path_len, path, P), S(change, fspath_len, fspath, P),
		S(change, arg_len, arg, P), S(change, arg2_len, arg2, P) } },
	{ "access", EVENT_ACCESS, sizeof(struct event_access), true, {
		S(access, path_len, path, P), S(access, fspath_len, fspath, P), S(access, arg_len, arg, P) } },
	{ "syscall", EVENT_SYSCALL, sizeof(struct event_syscall), true, {
		S(syscall, path_len, path, P), S(syscall, fspath_len, fspath, P), S(syscall, arg_len, arg, P) } },
	{ "inet", EVENT_INET, sizeof(struct event_inet), false, { { 0 } } },
	{ "cred", EVENT_CRED, sizeof(struct event_cred), false, { { 0 } } },
	{ "capable", EVENT_CAPABLE, sizeof(struct event_capable), false, { { 0 } } },
	{ "rate", EVENT_RATE, sizeof(struct event_rate), false, { { 0 } } },
	{ "use", EVENT_USE, sizeof(struct event_use), true, {
		S(use, path_len, path, P), S(use, fspath_len, fspath, P) } },
	{ "unknown_call", EVENT_UNKNOWN_CALL, sizeof(struct event_unknown_call), false, { { 0 } } },
	{ "rules", EVENT_RULES, sizeof(struct event_rules), false, {
		S(rules, hash_len, rules_hash, P), S(rules, before_len, rules_before, P),
		S(rules, error_len, rules_error, P) } },
	{ "identity", EVENT_IDENTITY, sizeof(struct event_identity), false, {
		S(identity, claimed_len, claimed, EVENT_NAME_MAX),
		S(identity, actual_len, actual, EVENT_NAME_MAX), S(identity, path_len, cgroup_path, P) } },
	{ "posture", EVENT_POSTURE, sizeof(struct event_posture), false, {
		S(posture, reason_len, posture_reason, P),
		S(posture, details_len, posture_details, P) } },
};
/* clang-format on */

/* String i of a record: its own letter, so that a slice of the wrong one shows. */
static void add_string(struct record *rec, const struct type_case *t, size_t i, size_t len)
{
	static char text[EVENT_ARGS_MAX + 16];

	memset(text, 'a' + (int)i, sizeof(text));
	if (len > 0)
		text[0] = '\0'; /* NULs are bytes like others */
	record_add(rec, t->strings[i].len_off, text, len);
}

static void make_record(struct record *rec, const struct type_case *t, size_t string_len)
{
	unsigned char fixed[512] = { 0 };
	struct event_hdr hdr = record_hdr();

	memcpy(fixed, &hdr, sizeof(hdr));
	record_init(rec, t->type, fixed, t->fixed_len);
	for (size_t i = 0; t->strings[i].len_off; i++)
		add_string(rec, t, i,
			   string_len == SIZE_MAX ? t->strings[i].max :
			   string_len		  ? string_len + i :
						    0);
}

/* Decode a copy of exactly `len` bytes at an odd address: ASan sees every step
 * past the end. The slices of *ret point into *ret_copy. */
static int decode_copy(const void *bytes, size_t len, char **ret_copy, struct event *ret)
{
	char *copy = malloc(len + 1);
	int r;

	assert_non_null(copy);
	memcpy(copy + 1, bytes, len);
	r = event_decode(copy + 1, len, ret);
	*ret_copy = copy;
	return r;
}

/* Captures from before pods were read. */
static void older_container_info_is_taken(void **state)
{
	unsigned char fixed[EVENT_CONTAINER_INFO_OLD_SIZE] = { 0 };
	struct event_hdr hdr = record_hdr();
	struct record rec;
	struct event ev;

	(void)state;
	memcpy(fixed, &hdr, sizeof(hdr));
	/* Long enough for the newer fixed part, too. */
	for (unsigned int len = 0; len < 64; len++) {
		static char text[64] = { [5] = 'x' };
		char *copy;

		record_init(&rec, EVENT_CONTAINER_INFO, fixed, sizeof(fixed));
		record_add(&rec, offsetof(struct event_container_info, id_len), text, len);
		record_add(&rec, offsetof(struct event_container_info, runtime_len), "runc", 4);
		assert_int_equal(decode_copy(rec.bytes, rec.len, &copy, &ev), 0);
		assert_int_equal(ev.info_id.len, len);
		assert_true(slice_eq(ev.info_runtime, SLICE_LITERAL("runc")));
		assert_int_equal(ev.info_pod.len, 0);
		assert_int_equal(ev.u.info.info_flags, 0);
		free(copy);
	}
}

static bool is_untouched(const struct event *ev)
{
	const unsigned char *p = (const unsigned char *)ev;

	for (size_t i = 0; i < sizeof(*ev); i++)
		if (p[i] != 0xa5)
			return false;
	return true;
}

static void assert_refused(const char *name, const void *bytes, size_t len, int want)
{
	struct event ev;
	char *copy;
	int r;

	memset(&ev, 0xa5, sizeof(ev));
	r = decode_copy(bytes, len, &copy, &ev);
	free(copy);
	if (r != want || !is_untouched(&ev))
		fail_msg("%s: %zu bytes: result %d, wanted %d, output %s", name, len, r, want,
			 is_untouched(&ev) ? "untouched" : "changed");
}

static void assert_decodes(const struct type_case *t, const struct record *rec)
{
	struct event ev;
	struct slice *got;
	size_t off = t->fixed_len;
	uint16_t len;
	char *copy;
	int r;

	r = decode_copy(rec->bytes, rec->len, &copy, &ev);
	if (r != 0)
		fail_msg("%s: %zu bytes refused: %d", t->name, rec->len, r);
	assert_int_equal(ev.hdr.type, t->type);
	assert_memory_equal(&ev.u, rec->bytes, t->fixed_len);
	assert_true((ev.file != NULL) == t->has_file);
	if (ev.file) {
		assert_true((const char *)ev.file >= (const char *)&ev.u);
		assert_true((const char *)(ev.file + 1) <= (const char *)(&ev.u + 1));
	}
	for (size_t i = 0; t->strings[i].len_off; i++) {
		got = (struct slice *)((char *)&ev + t->strings[i].slice_off);
		memcpy(&len, rec->bytes + t->strings[i].len_off, sizeof(len));
		assert_ptr_equal(got->data, copy + 1 + off);
		assert_int_equal(got->len, len);
		off += len;
	}
	assert_string_equal(event_type_name(t->type), t->name);
	free(copy);
}

static void each_type_is_decoded_at_every_size(void **state)
{
	static struct record rec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make_record(&rec, &types[i], 0);
		assert_decodes(&types[i], &rec);
		make_record(&rec, &types[i], 5);
		assert_decodes(&types[i], &rec);
		make_record(&rec, &types[i], SIZE_MAX);
		assert_decodes(&types[i], &rec);
	}
	assert_int_equal(ARRAY_SIZE(types), EVENT_TYPE_END - 1);
}

/* With nothing behind its runtime, and the header's word for it, it is a record
 * as they were before pods were read. */
static bool is_older_record(const struct record *rec, unsigned int type)
{
	struct event_container_info info;

	if (type != EVENT_CONTAINER_INFO || rec->len < EVENT_CONTAINER_INFO_OLD_SIZE)
		return false;
	memcpy(&info, rec->bytes, EVENT_CONTAINER_INFO_OLD_SIZE);
	return rec->len == EVENT_CONTAINER_INFO_OLD_SIZE + (size_t)info.id_len + info.name_len +
				   info.image_len + info.runtime_len;
}

static void every_truncation_is_refused(void **state)
{
	static struct record rec, cut;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make_record(&rec, &types[i], 5);
		for (size_t len = 0; len < rec.len; len++) {
			assert_refused(types[i].name, rec.bytes, len, -EBADMSG);
			if (len < sizeof(uint32_t))
				continue;
			/* Nor when the header admits to it. */
			cut = rec;
			cut.len = len;
			record_set_size(&cut);
			if (is_older_record(&cut, types[i].type))
				continue;
			assert_refused(types[i].name, cut.bytes, len, -EBADMSG);
		}
	}
}

static void bytes_after_the_end_are_refused(void **state)
{
	static struct record rec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (size_t more = 1; more <= 8; more++) {
			make_record(&rec, &types[i], 5);
			rec.len += more;
			assert_refused(types[i].name, rec.bytes, rec.len, -EBADMSG);
			record_set_size(&rec);
			assert_refused(types[i].name, rec.bytes, rec.len, -EBADMSG);
		}
	}
}

static void a_string_over_its_limit_is_refused(void **state)
{
	static struct record rec;
	const struct type_case *t;
	unsigned char fixed[512] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		t = &types[i];
		for (size_t long_one = 0; t->strings[long_one].len_off; long_one++) {
			record_init(&rec, t->type, fixed, t->fixed_len);
			for (size_t k = 0; t->strings[k].len_off; k++)
				add_string(&rec, t, k, k == long_one ? t->strings[k].max + 1 : 3);
			assert_refused(t->name, rec.bytes, rec.len, -EBADMSG);
		}
	}
}

static void a_wrong_length_is_refused(void **state)
{
	static const uint16_t lens[] = { 0, 1, 4, 6, 4095, 4096, 0x7fff, 0x8000, 0xffff };
	static struct record rec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (size_t k = 0; types[i].strings[k].len_off; k++) {
			for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
				make_record(&rec, &types[i], 5);
				if (lens[n] == 5 + k)
					continue;
				memcpy(rec.bytes + types[i].strings[k].len_off, &lens[n],
				       sizeof(lens[n]));
				assert_refused(types[i].name, rec.bytes, rec.len, -EBADMSG);
			}
		}
	}
}

static void a_wrong_header_is_refused(void **state)
{
	static struct record rec;
	uint16_t type;

	(void)state;
	make_record(&rec, &types[0], 0);
	rec.bytes[offsetof(struct event_hdr, version)] = EVENT_VERSION + 1;
	assert_refused("newer version", rec.bytes, rec.len, -EBADMSG);
	rec.bytes[offsetof(struct event_hdr, version)] = 0;
	assert_refused("no version", rec.bytes, rec.len, -EBADMSG);

	/* A size that is not the record's, though the rest fits. */
	for (unsigned int i = 0; i < 4; i++) {
		make_record(&rec, &types[0], 0);
		rec.bytes[offsetof(struct event_hdr, size) + i] ^= 1;
		assert_refused("size", rec.bytes, rec.len, -EBADMSG);
	}

	for (unsigned int i = 0; i < 3; i++) {
		type = (uint16_t[]){ 0, EVENT_TYPE_MAX, 0xffff }[i];
		make_record(&rec, &types[0], 0);
		memcpy(rec.bytes + offsetof(struct event_hdr, type), &type, sizeof(type));
		assert_refused("unknown type", rec.bytes, rec.len, -ENOTSUP);
	}

	memset(rec.bytes, 0, sizeof(rec.bytes));
	assert_refused("zeroes", rec.bytes, 256, -EBADMSG);
	assert_int_equal(event_decode(NULL, 0, NULL), -EBADMSG);
}

static void a_record_over_the_size_limit_is_refused(void **state)
{
	static char bytes[EVENT_SIZE_MAX + 1];
	struct event_hdr hdr = record_hdr();

	(void)state;
	hdr.type = EVENT_TYPE_MAX; /* refused for its size, not for its type */
	hdr.version = EVENT_VERSION;
	hdr.size = sizeof(bytes);
	memcpy(bytes, &hdr, sizeof(hdr));
	assert_refused("too long", bytes, sizeof(bytes), -EBADMSG);
}

static void strings_that_a_type_has_not_are_null(void **state)
{
	static struct record rec;
	struct event ev;

	(void)state;
	make_record(&rec, &types[EVENT_OPEN - 1], 0);
	assert_int_equal(event_decode(rec.bytes, rec.len, &ev), 0);
	assert_non_null(ev.path.data); /* there, and empty */
	assert_null(ev.args.data);
	assert_null(ev.target.data);
	assert_null(ev.container);
	assert_int_equal(ev.n_ancestors, 0);
}

static void numbers_out_of_range_are_kept_and_unknown(void **state)
{
	static struct record rec;
	struct event_hdr hdr;
	struct event ev;

	(void)state;
	make_record(&rec, &types[EVENT_OPEN - 1], 0);
	memcpy(&hdr, rec.bytes, sizeof(hdr));
	hdr.phase = hdr.way = hdr.boundary = hdr.ring = hdr.tier = 0xff;
	memcpy(rec.bytes, &hdr, sizeof(hdr));

	assert_int_equal(event_decode(rec.bytes, rec.len, &ev), 0);
	assert_int_equal(ev.hdr.phase, 0xff);
	assert_string_equal(phase_name(ev.hdr.phase), "unknown");
	assert_string_equal(way_name(ev.hdr.way), "unknown");
	assert_string_equal(boundary_name(ev.hdr.boundary), "unknown");
	assert_string_equal(tier_name(ev.hdr.tier), "unknown");
	assert_string_equal(event_syscall_name(&ev), "unknown");
}

static void every_look_up_answers_every_number(void **state)
{
	const char *(*const look_ups[])(unsigned int) = {
		phase_name,  owner_name, way_name,	  boundary_name, tier_name,
		source_name, loss_name,	 event_type_name, fact_name,	 flag_name,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(look_ups); i++) {
		for (unsigned int n = 0; n < 300; n++)
			assert_non_null(look_ups[i](n));
		assert_string_equal(look_ups[i](300), "unknown");
		assert_string_equal(look_ups[i](UINT32_MAX), "unknown");
	}
}

/* clang-format off */
static const struct { const char *(*look_up)(unsigned int); unsigned int n; const char *want; } names[] = {
	{ phase_name, PHASE_UNKNOWN, "unknown" },     { phase_name, PHASE_HOST, "host" },
	{ phase_name, PHASE_RUNTIME, "runtime" },     { phase_name, PHASE_CONTAINED, "contained" },
	{ phase_name, PHASE_ESCAPED, "escaped" },     { owner_name, OWNER_OWN, "own" },
	{ owner_name, OWNER_HOST, "host" },           { owner_name, OWNER_OTHER, "other" },
	{ owner_name, OWNER_DETACHED, "detached" },   { owner_name, OWNER_INTERNAL, "internal" },
	{ owner_name, OWNER_UNKNOWN, "unknown" },     { way_name, WAY_NATIVE, "native" },
	{ way_name, WAY_IA32, "ia32" },               { way_name, WAY_X32, "x32" },
	{ way_name, WAY_IO_URING, "io_uring" },       { way_name, WAY_NONE, "none" },
	{ boundary_name, BOUNDARY_NONE, "none" },     { boundary_name, BOUNDARY_SAME, "same" },
	{ boundary_name, BOUNDARY_OTHER, "other" },   { boundary_name, BOUNDARY_HOST, "host" },
	{ tier_name, TIER_LSM, "lsm" },               { tier_name, TIER_FENTRY, "fentry" },
	{ tier_name, TIER_TRACEPOINT, "tracepoint" }, { tier_name, TIER_USER, "user" },
	{ source_name, SOURCE_NONE, "none" },         { source_name, SOURCE_KERNEL, "kernel" },
	{ source_name, SOURCE_MAGIC, "magic" },       { source_name, SOURCE_RESOLVED, "resolved" },
	{ loss_name, LOSS_RING_FULL, "ring_full" },   { loss_name, LOSS_GAP, "gap" },
	{ loss_name, LOSS_CANARY, "canary" },         { loss_name, LOSS_MALFORMED, "malformed" },
	{ loss_name, LOSS_SUPPRESSED, "suppressed" }, { loss_name, LOSS_STATE, "state" },
	{ loss_name, LOSS_TAIL_CALL, "tail_call" },   { loss_name, LOSS_HOOK, "hook" },
	{ loss_name, LOSS_MISSED_RUN, "missed_run" },
};
/* clang-format on */

static void numbers_have_their_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(names[i].look_up(names[i].n), names[i].want);
}

#define BIT(name)           \
	{                   \
		name, #name \
	}
/* clang-format off */
static const struct { uint64_t bit; const char *macro; } facts[] = {
	BIT(FACT_FILE_FOREIGN), BIT(FACT_FILE_UNREACHABLE), BIT(FACT_RUNTIME_BINARY), BIT(FACT_FILE_WRITE),
	BIT(FACT_CWD_FOREIGN), BIT(FACT_ROOT_FOREIGN), BIT(FACT_RUNTIME_API), BIT(FACT_NS_JOINED_HOST),
	BIT(FACT_ESCAPED), BIT(FACT_KERNEL_CONTROL), BIT(FACT_BLOCK_DEVICE), BIT(FACT_COMPAT),
	BIT(FACT_PEER_HOST), BIT(FACT_HANDLE), BIT(FACT_CGROUP_LEFT), BIT(FACT_STDIO),
	BIT(FACT_FIRST_EXEC), BIT(FACT_MOUNT_KERNEL_FS), BIT(FACT_FOREIGN_TASK), BIT(FACT_FROM_CONTAINER),
	BIT(FACT_HELPER), BIT(FACT_SETID), BIT(FACT_UNEXPLAINED), BIT(FACT_VOLUME),
	BIT(FACT_EXE_MEMORY), BIT(FACT_EXE_UPPER), BIT(FACT_EXE_DELETED), BIT(FACT_CODE_FOREIGN),
	BIT(FACT_MISPLACED), BIT(FACT_SENSITIVE), BIT(FACT_LOCAL_ADDRESS), BIT(FACT_LINK_GAME),
	BIT(FACT_HOST_ROOT), BIT(FACT_REACHES_HOST),
	BIT(FACT_OWN_LAYER), BIT(FACT_PATCHED), BIT(FACT_MAIN_PROGRAM), BIT(FACT_MAIN_IS_SHELL), BIT(FACT_ON_CONNECTION),
}, flags[] = {
	BIT(EVENT_F_PATH_CUT), BIT(EVENT_F_ARGS_CUT), BIT(EVENT_F_ARG_UNREAD), BIT(EVENT_F_PATH_UNREAD),
	BIT(EVENT_F_SEEDED), BIT(EVENT_F_ARG_MISMATCH), BIT(EVENT_F_FAILED), BIT(EVENT_F_FOLDED),
};
/* clang-format on */

/* The name of a bit is that of its macro in lower case. */
static void assert_named(const char *macro, const char *prefix, const char *name)
{
	assert_memory_equal(macro, prefix, strlen(prefix));
	macro += strlen(prefix);
	assert_int_equal(strlen(macro), strlen(name));
	for (size_t i = 0; macro[i]; i++)
		assert_int_equal(tolower((unsigned char)macro[i]), name[i]);
}

static void bits_are_named_as_their_macros(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		assert_named(facts[i].macro, "FACT_",
			     fact_name((unsigned int)__builtin_ctzll(facts[i].bit)));
	assert_string_equal(fact_name(ARRAY_SIZE(facts)), "unknown");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_named(flags[i].macro, "EVENT_F_",
			     flag_name((unsigned int)__builtin_ctzll(flags[i].bit)));
	assert_string_equal(flag_name(ARRAY_SIZE(flags)), "unknown");
}

/* clang-format off */
static const struct { unsigned int type, op; const char *want; } ops[] = {
	{ EVENT_MOUNT, MOUNT_MOUNT, "mount" },
	{ EVENT_MOUNT, MOUNT_UMOUNT, "umount" },
	{ EVENT_MOUNT, MOUNT_PIVOT_ROOT, "pivot_root" },
	{ EVENT_MOUNT, 0, "unknown" },
	{ EVENT_MOUNT, MOUNT_FSOPEN, "fsopen" },
	{ EVENT_MOUNT, MOUNT_SETATTR, "mount_setattr" },
	{ EVENT_MOUNT, MOUNT_SETATTR + 1, "unknown" },
	{ EVENT_CHDIR, CHDIR_CHDIR, "chdir" },
	{ EVENT_CHDIR, CHDIR_FCHDIR, "fchdir" },
	{ EVENT_CHDIR, CHDIR_CHROOT, "chroot" },
	{ EVENT_CHDIR, UINT32_MAX, "unknown" },
	{ EVENT_NS, NS_SETNS, "setns" },
	{ EVENT_NS, NS_UNSHARE, "unshare" },
	{ EVENT_NS, NS_CLONE, "clone" },
	{ EVENT_NS, 9, "unknown" },
	{ EVENT_CHANGE, CHANGE_LINK, "link" },
	{ EVENT_CHANGE, CHANGE_OTHER, "change" },
	{ EVENT_CHANGE, 0, "unknown" },
	{ EVENT_ACCESS, ACCESS_PTRACE, "ptrace" },
	{ EVENT_ACCESS, ACCESS_PIDFD_OPEN, "pidfd_open" },
	{ EVENT_ACCESS, ACCESS_PROC_OPEN, "proc_open" },
	{ EVENT_ACCESS, UINT32_MAX, "unknown" },
	{ EVENT_OPEN, 0, "open" },
	{ EVENT_CONTAINER_INFO, 0, "container_info" },
	{ EVENT_TYPE_MAX, 0, "unknown" },
};
/* clang-format on */

static void events_are_named_by_type_and_op(void **state)
{
	struct event ev;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		ev = (struct event){ .hdr.type = (uint16_t)ops[i].type };
		if (ops[i].type == EVENT_MOUNT)
			ev.u.mount.op = ops[i].op;
		else if (ops[i].type == EVENT_CHDIR)
			ev.u.chdir.op = ops[i].op;
		else if (ops[i].type == EVENT_NS)
			ev.u.ns.op = ops[i].op;
		else if (ops[i].type == EVENT_CHANGE)
			ev.u.change.op = ops[i].op;
		else if (ops[i].type == EVENT_ACCESS)
			ev.u.access.op = ops[i].op;
		assert_string_equal(event_name(&ev), ops[i].want);
	}
}

/* clang-format off */
static const struct { uint8_t way; int nr; const char *want; } calls[] = {
	{ WAY_NATIVE, 2, "open" },            { WAY_NATIVE, 85, "creat" },
	{ WAY_NATIVE, 257, "openat" },        { WAY_NATIVE, 437, "openat2" },
	{ WAY_NATIVE, 304, "open_by_handle_at" }, { WAY_NATIVE, 166, "umount2" },
	{ WAY_NATIVE, 470, "listns" },        { WAY_NATIVE, 520, "unknown" },
	{ WAY_NATIVE, -1, "unknown" },        { WAY_NATIVE, INT32_MAX, "unknown" },
	{ WAY_IA32, 5, "open" },              { WAY_IA32, 21, "mount" },
	{ WAY_IA32, 102, "socketcall" },      { WAY_IA32, 346, "setns" },
	{ WAY_IA32, 295, "openat" },          { WAY_IA32, 251, "unknown" },
	{ WAY_X32, 0x40000000 + 257, "openat" }, { WAY_X32, 0x40000000 + 520, "execve" },
	{ WAY_X32, 257, "openat" },           { WAY_X32, -1, "unknown" },
	{ WAY_IO_URING, 18, "io_uring:openat" }, { WAY_IO_URING, 28, "io_uring:openat2" },
	{ WAY_IO_URING, 62, "io_uring:pipe" }, { WAY_IO_URING, 63, "io_uring:unknown" },
	{ WAY_IO_URING, 16, "io_uring:connect" }, { WAY_IO_URING, -1, "io_uring:unknown" },
	{ WAY_NONE, 2, "unknown" },           { 200, 2, "unknown" },
};
/* clang-format on */

static void calls_are_named_by_way_and_number(void **state)
{
	struct event ev = { .hdr.type = EVENT_OPEN };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		ev.hdr.way = calls[i].way;
		ev.hdr.nr = calls[i].nr;
		assert_string_equal(event_syscall_name(&ev), calls[i].want);
	}
}

/* The remark is about the last name alone, and knows names that lie by nature. */
static void a_string_that_names_something_else_is_remarked(void **state)
{
	static const struct {
		const char *path, *arg;
		bool remark;
	} cases[] = {
		{ "/srv/secret", "/proc/7/root/srv/secret", false },
		{ "/srv/secret", "secret", false },
		{ "/srv/secret", "/etc/hostname", true },
		{ "/srv/secret", "/srv/ecret", true },
		{ "/srv/secret", "/tmp/xsecret", true },
		{ "/srv/secret", "/proc/self/fd/3", false },
		{ "/srv/secret", "/dev/fd/3", false },
		{ "/srv/secret", "3", false },
		{ "/srv/secret", "/tmp/3", true },
		{ "/usr/bin/runc", "/proc/self/exe", false },
		{ "/usr/bin/runc", "/proc/7/exe", false },
		{ "/usr/bin/runc", "/tmp/exe", true },
		{ "/", "/proc/7/root", false },
		{ "/srv", "/proc/7/root/srv/", false },
		{ "/srv", "/proc/7/root/srv/a/..", false },
		{ "/srv/secret", "", false },
		{ "", "/etc/hostname", false },
		{ "/", "/etc/hostname", false },
	};
	static struct record rec;
	struct event_open open = { .hdr = record_hdr(), .file.source = SOURCE_KERNEL };
	struct event ev;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		record_init(&rec, EVENT_OPEN, &open, sizeof(open));
		record_add_str(&rec, offsetof(struct event_open, path_len), cases[i].path);
		record_add_str(&rec, offsetof(struct event_open, arg_len), cases[i].arg);
		assert_int_equal(event_decode(rec.bytes, rec.len, &ev), 0);
		if (!!(ev.hdr.flags & EVENT_F_ARG_MISMATCH) != cases[i].remark)
			fail_msg("%s asked for as %s: remark %d", cases[i].path, cases[i].arg,
				 !cases[i].remark);
	}
	/* What a refused open was aimed at is found by that very string. */
	open.file.source = SOURCE_RESOLVED;
	record_init(&rec, EVENT_OPEN, &open, sizeof(open));
	record_add_str(&rec, offsetof(struct event_open, path_len), "/srv/secret");
	record_add_str(&rec, offsetof(struct event_open, arg_len), "/tmp/link");
	assert_int_equal(event_decode(rec.bytes, rec.len, &ev), 0);
	assert_false(ev.hdr.flags & EVENT_F_ARG_MISMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_is_decoded_at_every_size),
		cmocka_unit_test(older_container_info_is_taken),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(a_string_over_its_limit_is_refused),
		cmocka_unit_test(a_wrong_length_is_refused),
		cmocka_unit_test(a_wrong_header_is_refused),
		cmocka_unit_test(a_record_over_the_size_limit_is_refused),
		cmocka_unit_test(strings_that_a_type_has_not_are_null),
		cmocka_unit_test(a_string_that_names_something_else_is_remarked),
		cmocka_unit_test(numbers_out_of_range_are_kept_and_unknown),
		cmocka_unit_test(every_look_up_answers_every_number),
		cmocka_unit_test(numbers_have_their_names),
		cmocka_unit_test(bits_are_named_as_their_macros),
		cmocka_unit_test(events_are_named_by_type_and_op),
		cmocka_unit_test(calls_are_named_by_way_and_number),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
