/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

/* Where a string's length stands in the fixed part, and where its slice goes. */
struct string_layout {
	uint16_t len_off;   /* of the __u16 within the wire struct; 0: end of the list */
	uint16_t slice_off; /* within struct event */
	uint16_t len_max;
};

struct layout {
	const char *name;
	size_t fixed_len; /* 0: no such type */
	size_t file_off;  /* of struct event_file within the wire struct; 0: none */
	size_t old_len; /* fixed part of older records; 0: there are none */
	size_t n_old;	/* strings in these */
	struct string_layout strings[11];
};

/* clang-format off */
#define STRING(type, len_member, slice_member, max) \
	{ offsetof(struct event_##type, len_member), offsetof(struct event, slice_member), max }
#define PATH(type, len_member, slice_member) STRING(type, len_member, slice_member, EVENT_PATH_MAX)

/* What each type carries, its strings in wire order. */
static const struct layout layouts[EVENT_TYPE_MAX] = {
	[EVENT_FORK] = { "fork", sizeof(struct event_fork), 0, 0, 0, { { 0 } } },
	[EVENT_EXEC] = { "exec", sizeof(struct event_exec), offsetof(struct event_exec, file), 0, 0, {
		PATH(exec, path_len, path),
		PATH(exec, fspath_len, fspath),
		PATH(exec, filename_len, filename),
		PATH(exec, cwd_len, cwd),
		STRING(exec, args_len, args, EVENT_ARGS_MAX),
	} },
	[EVENT_EXIT] = { "exit", sizeof(struct event_exit), 0, 0, 0, { { 0 } } },
	[EVENT_OPEN] = { "open", sizeof(struct event_open), offsetof(struct event_open, file), 0, 0, {
		PATH(open, path_len, path),
		PATH(open, fspath_len, fspath),
		PATH(open, arg_len, arg),
	} },
	[EVENT_MOUNT] = { "mount", sizeof(struct event_mount), offsetof(struct event_mount, file), 0, 0, {
		PATH(mount, target_len, target),
		PATH(mount, source_len, source),
		PATH(mount, fstype_len, fstype),
		PATH(mount, path_len, path),
		PATH(mount, point_len, point),
	} },
	[EVENT_CHDIR] = { "chdir", sizeof(struct event_chdir), offsetof(struct event_chdir, file), 0, 0, {
		PATH(chdir, path_len, path),
		PATH(chdir, fspath_len, fspath),
		PATH(chdir, arg_len, arg),
	} },
	[EVENT_NS] = { "ns", sizeof(struct event_ns), 0, 0, 0, { { 0 } } },
	[EVENT_CONNECT] = { "connect", sizeof(struct event_connect),
			    offsetof(struct event_connect, file), 0, 0, {
		PATH(connect, path_len, path),
		PATH(connect, arg_len, arg),
	} },
	[EVENT_COMPAT] = { "compat", sizeof(struct event_compat), 0, 0, 0, { { 0 } } },
	[EVENT_CGROUP] = { "cgroup", sizeof(struct event_cgroup), 0, 0, 0, {
		PATH(cgroup, path_len, cgroup_path),
	} },
	[EVENT_CONTAINER] = { "container", sizeof(struct event_container), 0, 0, 0, {
		PATH(container, cgroup_len, cgroup_path),
		PATH(container, rootpath_len, rootpath),
	} },
	[EVENT_PROC] = { "proc", sizeof(struct event_proc), offsetof(struct event_proc, file), 0, 0, {
		PATH(proc, path_len, path),
		STRING(proc, args_len, args, EVENT_ARGS_MAX),
	} },
	[EVENT_CANARY] = { "canary", sizeof(struct event_canary), 0, 0, 0, { { 0 } } },
	[EVENT_LOSS] = { "loss", sizeof(struct event_loss), 0, 0, 0, { { 0 } } },
	[EVENT_CONTAINER_INFO] = { "container_info", sizeof(struct event_container_info), 0,
				   EVENT_CONTAINER_INFO_OLD_SIZE, 4, {
		PATH(container_info, id_len, info_id),
		PATH(container_info, name_len, info_name),
		PATH(container_info, image_len, info_image),
		PATH(container_info, runtime_len, info_runtime),
		STRING(container_info, pod_len, info_pod, EVENT_NAME_MAX),
		STRING(container_info, pod_ns_len, info_pod_ns, EVENT_NAME_MAX),
		STRING(container_info, pod_uid_len, info_pod_uid, EVENT_NAME_MAX),
		STRING(container_info, sandbox_len, info_sandbox, EVENT_NAME_MAX),
		STRING(container_info, image_id_len, info_image_id, EVENT_NAME_MAX),
		STRING(container_info, digest_len, info_digest, EVENT_NAME_MAX),
	} },
	[EVENT_CHANGE] = { "change", sizeof(struct event_change), offsetof(struct event_change, file), 0, 0, {
		PATH(change, path_len, path),
		PATH(change, fspath_len, fspath),
		PATH(change, arg_len, arg),
		PATH(change, arg2_len, arg2),
	} },
	[EVENT_ACCESS] = { "access", sizeof(struct event_access), offsetof(struct event_access, file), 0, 0, {
		PATH(access, path_len, path),
		PATH(access, fspath_len, fspath),
		PATH(access, arg_len, arg),
	} },
	[EVENT_SYSCALL] = { "syscall", sizeof(struct event_syscall), offsetof(struct event_syscall, file), 0, 0, {
		PATH(syscall, path_len, path),
		PATH(syscall, fspath_len, fspath),
		PATH(syscall, arg_len, arg),
	} },
	[EVENT_INET] = { "inet", sizeof(struct event_inet), 0, 0, 0, { { 0 } } },
	[EVENT_CRED] = { "cred", sizeof(struct event_cred), 0, 0, 0, { { 0 } } },
	[EVENT_CAPABLE] = { "capable", sizeof(struct event_capable), 0, 0, 0, { { 0 } } },
	[EVENT_RATE] = { "rate", sizeof(struct event_rate), 0, 0, 0, { { 0 } } },
	[EVENT_USE] = { "use", sizeof(struct event_use), offsetof(struct event_use, file), 0, 0, {
		PATH(use, path_len, path),
		PATH(use, fspath_len, fspath),
	} },
	[EVENT_UNKNOWN_CALL] = { "unknown_call", sizeof(struct event_unknown_call), 0, 0, 0, { { 0 } } },
	[EVENT_POSTURE] = { "posture", sizeof(struct event_posture), 0, 0, 0, {
		PATH(posture, reason_len, posture_reason),
		PATH(posture, details_len, posture_details),
	} },
	[EVENT_RULES] = { "rules", sizeof(struct event_rules), 0, 0, 0, {
		PATH(rules, hash_len, rules_hash),
		PATH(rules, before_len, rules_before),
		PATH(rules, error_len, rules_error),
	} },
	[EVENT_IDENTITY] = { "identity", sizeof(struct event_identity), 0, 0, 0, {
		STRING(identity, claimed_len, claimed, EVENT_NAME_MAX),
		STRING(identity, actual_len, actual, EVENT_NAME_MAX),
		PATH(identity, path_len, cgroup_path),
	} },
};
/* clang-format on */

_Static_assert(sizeof(struct event_exec) + 4 * EVENT_PATH_MAX + EVENT_ARGS_MAX <= EVENT_SIZE_MAX,
	       "the longest record does not fit EVENT_SIZE_MAX");
_Static_assert(sizeof(struct event_container_info) + 4 * EVENT_PATH_MAX + 6 * EVENT_NAME_MAX <=
		       EVENT_SIZE_MAX,
	       "the longest record does not fit EVENT_SIZE_MAX");

static const struct layout *find_layout(unsigned int type)
{
	if (type >= ARRAY_SIZE(layouts) || layouts[type].fixed_len == 0)
		return NULL;
	return &layouts[type];
}

/* The last name of a path, without slashes; `ret_parent` is what comes before. */
static struct slice last_name(struct slice path, struct slice *ret_parent)
{
	size_t at = path.len;

	while (at > 0 && path.data[at - 1] != '/')
		at--;
	*ret_parent = (struct slice){ path.data, at > 0 ? at - 1 : 0 };
	return (struct slice){ path.data + at, path.len - at };
}

static bool is_word(struct slice s, const char *word)
{
	return slice_eq(s, slice_from(word));
}

static bool is_number(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
	return s.len > 0;
}

/* Names that are not their object's by nature: dots, and the links of procfs. */
static bool is_name_of_another(struct slice name, struct slice parent)
{
	struct slice above;

	if (name.len == 0 || is_word(name, ".") || is_word(name, ".."))
		return true;
	parent = last_name(parent, &above);
	if (is_number(name))
		return parent.len == 0 || is_word(parent, "fd");
	if (is_word(name, "exe") || is_word(name, "cwd") || is_word(name, "root"))
		return is_number(parent) || is_word(parent, "self") ||
		       is_word(parent, "thread-self");
	return is_word(parent, "ns") || is_word(parent, "map_files");
}

/* The string was read after the call. That its last name is not the object's
 * says that it was rewritten since, or that it leads there by a symbolic link:
 * a remark beside a verdict that does not hang on it. */
static void remark_arg(struct event *ev)
{
	struct slice asked, got, parent, above;

	if (!ev->file || ev->file->source != SOURCE_KERNEL || ev->arg.len == 0 || ev->path.len == 0)
		return;
	got = last_name(ev->path, &above);
	asked = last_name(ev->arg, &parent);
	if (got.len == 0 || is_name_of_another(asked, parent))
		return;
	if (!slice_eq(asked, got))
		ev->hdr.flags |= EVENT_F_ARG_MISMATCH;
}

/* The fixed part of a record, and how many strings come behind it. */
struct shape {
	size_t fixed_len;
	size_t n_strings;
};

/* Do the lengths of its strings fill the record, behind its fixed part? */
static bool is_filled(const struct layout *layout, struct shape shape, const char *rec, size_t len)
{
	size_t left = len - shape.fixed_len;
	uint16_t string_len;

	for (size_t i = 0; i < shape.n_strings && layout->strings[i].len_off != 0; i++) {
		memcpy(&string_len, rec + layout->strings[i].len_off, sizeof(string_len));
		if (string_len > layout->strings[i].len_max || string_len > left)
			return false;
		left -= string_len;
	}
	return left == 0;
}

/* Both shapes never fit at once: what the newer one has more makes it longer
 * than the older one's lengths say. */
static bool find_shape(const struct layout *layout, const char *rec, size_t len, struct shape *ret)
{
	struct shape old = { layout->old_len, layout->n_old };

	*ret = (struct shape){ layout->fixed_len, ARRAY_SIZE(layout->strings) };
	if (len >= ret->fixed_len && is_filled(layout, *ret, rec, len))
		return true;
	*ret = old;
	return old.fixed_len != 0 && len >= old.fixed_len && is_filled(layout, old, rec, len);
}

/* What was checked. Only what the record does not fill is cleared: this is done
 * for every event. */
static void fill_event(const struct layout *layout, struct shape shape, const char *rec,
		       struct event *ret)
{
	size_t begin = offsetof(struct event, u) + shape.fixed_len;
	const char *at = rec + shape.fixed_len;
	uint16_t string_len;

	memcpy(&ret->hdr, rec, sizeof(ret->hdr));
	memcpy(&ret->u, rec, shape.fixed_len);
	memset((char *)ret + begin, 0, sizeof(*ret) - begin);
	for (size_t i = 0; i < shape.n_strings && layout->strings[i].len_off != 0; i++) {
		const struct string_layout *string = &layout->strings[i];

		memcpy(&string_len, rec + string->len_off, sizeof(string_len));
		*(struct slice *)((char *)ret + string->slice_off) =
			(struct slice){ at, string_len };
		at += string_len;
	}
	if (layout->file_off != 0)
		ret->file = (const struct event_file *)((const char *)&ret->u + layout->file_off);
}

int event_decode(const void *rec, size_t len, struct event *ret)
{
	const struct layout *layout;
	struct event_hdr hdr;
	struct shape shape;

	if (!rec || len < sizeof(hdr) || len > EVENT_SIZE_MAX)
		return -EBADMSG;
	memcpy(&hdr, rec, sizeof(hdr));
	if (hdr.size != len || hdr.version != EVENT_VERSION)
		return -EBADMSG;
	layout = find_layout(hdr.type);
	if (!layout)
		return -ENOTSUP;
	if (!find_shape(layout, rec, len, &shape))
		return -EBADMSG;

	fill_event(layout, shape, rec, ret);
	if (hdr.type == EVENT_OPEN || hdr.type == EVENT_CHDIR)
		remark_arg(ret);
	return 0;
}

static const char *find_name(const char *const *names, size_t n_names, unsigned int i)
{
	return i < n_names && names[i] ? names[i] : "unknown";
}
#define FIND_NAME(names, i) find_name(names, ARRAY_SIZE(names), i)

static const char *mount_op_name(unsigned int op)
{
	static const char *const names[] = {
		[MOUNT_MOUNT] = "mount",	   [MOUNT_UMOUNT] = "umount",
		[MOUNT_PIVOT_ROOT] = "pivot_root", [MOUNT_FSOPEN] = "fsopen",
		[MOUNT_FSCONFIG] = "fsconfig",	   [MOUNT_FSMOUNT] = "fsmount",
		[MOUNT_FSPICK] = "fspick",	   [MOUNT_OPEN_TREE] = "open_tree",
		[MOUNT_MOVE_MOUNT] = "move_mount", [MOUNT_SETATTR] = "mount_setattr",
	};

	return FIND_NAME(names, op);
}

static const char *chdir_op_name(unsigned int op)
{
	static const char *const names[] = {
		[CHDIR_CHDIR] = "chdir",
		[CHDIR_FCHDIR] = "fchdir",
		[CHDIR_CHROOT] = "chroot",
	};

	return FIND_NAME(names, op);
}

static const char *ns_op_name(unsigned int op)
{
	static const char *const names[] = {
		[NS_SETNS] = "setns",
		[NS_UNSHARE] = "unshare",
		[NS_CLONE] = "clone",
	};

	return FIND_NAME(names, op);
}

static const char *change_op_name(unsigned int op)
{
	static const char *const names[] = {
		[CHANGE_LINK] = "link",		[CHANGE_SYMLINK] = "symlink",
		[CHANGE_RENAME] = "rename",	[CHANGE_UNLINK] = "unlink",
		[CHANGE_MKDIR] = "mkdir",	[CHANGE_MKNOD] = "mknod",
		[CHANGE_TRUNCATE] = "truncate", [CHANGE_CHMOD] = "chmod",
		[CHANGE_CHOWN] = "chown",	[CHANGE_SETXATTR] = "setxattr",
		[CHANGE_UTIME] = "utime",	[CHANGE_OTHER] = "change",
	};

	return FIND_NAME(names, op);
}

static const char *access_op_name(unsigned int op)
{
	static const char *const names[] = {
		[ACCESS_PTRACE] = "ptrace",
		[ACCESS_VM_READ] = "process_vm_readv",
		[ACCESS_VM_WRITE] = "process_vm_writev",
		[ACCESS_GETFD] = "pidfd_getfd",
		[ACCESS_SIGNAL] = "signal",
		[ACCESS_MADVISE] = "process_madvise",
		[ACCESS_KCMP] = "kcmp",
		[ACCESS_PIDFD_OPEN] = "pidfd_open",
		[ACCESS_PROC_OPEN] = "proc_open",
	};

	return FIND_NAME(names, op);
}

const char *use_op_name(unsigned int op)
{
	static const char *const names[] = {
		[USE_READ] = "read",   [USE_WRITE] = "write",	    [USE_LIST] = "list",
		[USE_MAP] = "map",     [USE_MAP_EXEC] = "map_exec", [USE_RECEIVE] = "receive",
		[USE_IOCTL] = "ioctl", [USE_SCRIPT] = "script",
	};

	return FIND_NAME(names, op);
}

const char *rate_name(unsigned int kind)
{
	static const char *const names[] = {
		[RATE_FORKS] = "forks",
		[RATE_TASKS] = "tasks",
	};

	return FIND_NAME(names, kind);
}

const char *identity_kind_name(unsigned int kind)
{
	static const char *const names[] = {
		[IDENTITY_CGROUP] = "cgroup",
		[IDENTITY_TAKEN] = "taken",
		[IDENTITY_MOVED] = "moved",
		[IDENTITY_INNER] = "inner",
	};

	return FIND_NAME(names, kind);
}

const char *identity_source_name(unsigned int source)
{
	static const char *const names[] = {
		[IDENTITY_BY_NOBODY] = "nobody",
		[IDENTITY_BY_STATE] = "state",
		[IDENTITY_BY_ARGS] = "arguments",
		[IDENTITY_BY_NAME] = "cgroup",
	};

	return FIND_NAME(names, source);
}

const char *event_name(const struct event *ev)
{
	switch (ev->hdr.type) {
	case EVENT_MOUNT: return mount_op_name(ev->u.mount.op);
	case EVENT_CHDIR: return chdir_op_name(ev->u.chdir.op);
	case EVENT_NS: return ns_op_name(ev->u.ns.op);
	case EVENT_CHANGE: return change_op_name(ev->u.change.op);
	case EVENT_ACCESS: return access_op_name(ev->u.access.op);
	default: return event_type_name(ev->hdr.type);
	}
}

const char *event_type_name(unsigned int type)
{
	const struct layout *layout = find_layout(type);

	return layout ? layout->name : "unknown";
}

const char *phase_name(unsigned int phase)
{
	static const char *const names[] = {
		[PHASE_UNKNOWN] = "unknown", [PHASE_HOST] = "host",
		[PHASE_RUNTIME] = "runtime", [PHASE_CONTAINED] = "contained",
		[PHASE_ESCAPED] = "escaped",
	};

	return FIND_NAME(names, phase);
}

const char *owner_name(unsigned int owner)
{
	static const char *const names[] = {
		[OWNER_UNKNOWN] = "unknown",   [OWNER_OWN] = "own",
		[OWNER_HOST] = "host",	       [OWNER_OTHER] = "other",
		[OWNER_DETACHED] = "detached", [OWNER_INTERNAL] = "internal",
	};

	return FIND_NAME(names, owner);
}

const char *way_name(unsigned int way)
{
	static const char *const names[] = {
		[WAY_NATIVE] = "native",     [WAY_IA32] = "ia32", [WAY_X32] = "x32",
		[WAY_IO_URING] = "io_uring", [WAY_NONE] = "none",
	};

	return FIND_NAME(names, way);
}

const char *boundary_name(unsigned int boundary)
{
	static const char *const names[] = {
		[BOUNDARY_NONE] = "none",
		[BOUNDARY_SAME] = "same",
		[BOUNDARY_OTHER] = "other",
		[BOUNDARY_HOST] = "host",
	};

	return FIND_NAME(names, boundary);
}

const char *tier_name(unsigned int tier)
{
	static const char *const names[] = {
		[TIER_LSM] = "lsm",
		[TIER_FENTRY] = "fentry",
		[TIER_TRACEPOINT] = "tracepoint",
		[TIER_USER] = "user",
	};

	return FIND_NAME(names, tier);
}

const char *source_name(unsigned int source)
{
	static const char *const names[] = {
		[SOURCE_NONE] = "none",
		[SOURCE_KERNEL] = "kernel",
		[SOURCE_MAGIC] = "magic",
		[SOURCE_RESOLVED] = "resolved",
	};

	return FIND_NAME(names, source);
}

const char *loss_name(unsigned int kind)
{
	static const char *const names[] = {
		[LOSS_RING_FULL] = "ring_full",	  [LOSS_GAP] = "gap",
		[LOSS_CANARY] = "canary",	  [LOSS_MALFORMED] = "malformed",
		[LOSS_SUPPRESSED] = "suppressed", [LOSS_STATE] = "state",
		[LOSS_TAIL_CALL] = "tail_call",	  [LOSS_HOOK] = "hook",
		[LOSS_MISSED_RUN] = "missed_run", [LOSS_OUTPUT] = "output",
	};

	return FIND_NAME(names, kind);
}

const char *drift_at_name(unsigned int at)
{
	static const char *const names[] = {
		[DRIFT_AT_SYSCALL] = "syscall",
		[DRIFT_AT_EXEC] = "exec",
		[DRIFT_AT_FORK] = "fork",
		[DRIFT_AT_SWEEP] = "sweep",
	};

	return FIND_NAME(names, at);
}

/* In the order of the bits of DRIFT_*. */
const char *drift_name(unsigned int bit)
{
	static const char *const names[] = {
		"uid",	      "gid",	 "permitted",  "effective", "bounding", "user_ns",
		"namespaces", "seccomp", "securebits", "root",	    "cgroup",	"no_new_privs",
	};

	return FIND_NAME(names, bit);
}

/* In the order of the bits of FACT_*; tests/unit/test_event.c holds both sides together. */
const char *fact_name(unsigned int bit)
{
	static const char *const names[] = {
		"file_foreign",	  "file_unreachable", "runtime_binary",
		"file_write",	  "cwd_foreign",      "root_foreign",
		"runtime_api",	  "ns_joined_host",   "escaped",
		"kernel_control", "block_device",     "compat",
		"peer_host",	  "handle",	      "cgroup_left",
		"stdio",	  "first_exec",	      "mount_kernel_fs",
		"foreign_task",	  "from_container",   "helper",
		"setid",	  "unexplained",      "volume",
		"exe_memory",	  "exe_upper",	      "exe_deleted",
		"code_foreign",	  "misplaced",	      "sensitive",
		"local_address",  "link_game",	      "host_root",
		"reaches_host",	  "own_layer",	      "patched",
		"main_program",	  "main_is_shell",    "on_connection",
	};

	return FIND_NAME(names, bit);
}

/* In the order of the bits of EVENT_F_*. */
const char *flag_name(unsigned int bit)
{
	static const char *const names[] = {
		"path_cut", "args_cut",	    "arg_unread", "path_unread",
		"seeded",   "arg_mismatch", "failed",	  "folded",
	};

	return FIND_NAME(names, bit);
}

const char *posture_check_name(unsigned int bit)
{
	static const char *const names[] = {
		[POSTURE_PRIVILEGED] = "privileged",
		[POSTURE_HOST_PID] = "host-pid",
		[POSTURE_HOST_NET] = "host-net",
		[POSTURE_HOST_IPC] = "host-ipc",
		[POSTURE_HOST_UTS] = "host-uts",
		[POSTURE_HOST_CGROUP] = "host-cgroup",
		[POSTURE_HOST_USER] = "host-user",
		[POSTURE_ENGINE_SOCKET] = "engine-socket",
		[POSTURE_MOUNT_ROOT_RW] = "mount-root-rw",
		[POSTURE_MOUNT_ROOT_RO] = "mount-root-ro",
		[POSTURE_MOUNT_ETC_RW] = "mount-etc-rw",
		[POSTURE_MOUNT_KERNEL_RW] = "mount-kernel-rw",
		[POSTURE_MOUNT_DEV_RW] = "mount-dev-rw",
		[POSTURE_MOUNT_HOME_RW] = "mount-home-rw",
		[POSTURE_MOUNT_STATE_RW] = "mount-state-rw",
		[POSTURE_MOUNT_RUN_RW] = "mount-run-rw",
		[POSTURE_MOUNT_PROGRAMS_RW] = "mount-programs-rw",
		[POSTURE_MOUNT_SENSITIVE_RO] = "mount-sensitive-ro",
		[POSTURE_CAPABILITIES] = "capabilities",
		[POSTURE_SECCOMP_OFF] = "seccomp-off",
		[POSTURE_LSM_OFF] = "lsm-off",
		[POSTURE_NEW_PRIVILEGES] = "new-privileges",
		[POSTURE_PATHS_UNMASKED] = "paths-unmasked",
		[POSTURE_DEVICES] = "devices",
		[POSTURE_SHARED_MOUNT] = "shared-mount",
		[POSTURE_SECRET_NAMES] = "secret-names",
		[POSTURE_NO_MEMORY_LIMIT] = "no-memory-limit",
		[POSTURE_NO_PIDS_LIMIT] = "no-pids-limit",
		[POSTURE_NO_CPU_LIMIT] = "no-cpu-limit",
		[POSTURE_ROOT_WRITABLE] = "root-writable",
		[POSTURE_ROOT_ON_VOLUME] = "root-on-volume",
		[POSTURE_PRIVILEGED_PORT] = "privileged-port",
		[POSTURE_PORT_ANY_ADDRESS] = "port-any-address",
		[POSTURE_RESTART_ALWAYS] = "restart-always",
		[POSTURE_DEFAULT_BRIDGE] = "default-bridge",
		[POSTURE_CGROUP_PARENT] = "cgroup-parent",
		[POSTURE_NO_HEALTH_CHECK] = "no-health-check",
		[POSTURE_ENGINE_TCP] = "engine-tcp",
		[POSTURE_NO_RLIMITS] = "no-rlimits",
		[POSTURE_HOST_CAPABILITIES] = "host-capabilities",
		[POSTURE_HOST_DEVICES] = "host-devices",
	};

	return FIND_NAME(names, bit);
}

const char *posture_severity_name(unsigned int severity)
{
	static const char *const names[] = { "informational", "notice", "warning", "critical" };

	return FIND_NAME(names, severity);
}
