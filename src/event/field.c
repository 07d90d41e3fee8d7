/* SPDX-License-Identifier: Apache-2.0 */
#include "event/field_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/suggest.h"
#include "event/syscalls.h"

/* clang-format off */
/* The words of evt.type and the record type behind each. */
static const struct {
	const char *word;
	unsigned int type;
} event_types[] = {
	{ "fork", EVENT_FORK },		{ "exec", EVENT_EXEC },
	{ "exit", EVENT_EXIT },		{ "open", EVENT_OPEN },
	{ "mount", EVENT_MOUNT },	{ "umount", EVENT_MOUNT },
	{ "pivot_root", EVENT_MOUNT },	{ "chdir", EVENT_CHDIR },
	{ "fchdir", EVENT_CHDIR },	{ "chroot", EVENT_CHDIR },
	{ "setns", EVENT_NS },		{ "unshare", EVENT_NS },
	{ "clone", EVENT_NS },		{ "connect", EVENT_CONNECT },
	{ "compat", EVENT_COMPAT },	{ "cgroup", EVENT_CGROUP },
	{ "container", EVENT_CONTAINER }, { "proc", EVENT_PROC },
	{ "canary", EVENT_CANARY },	{ "loss", EVENT_LOSS },
	{ "container_info", EVENT_CONTAINER_INFO },
	{ "fsopen", EVENT_MOUNT },	{ "fsconfig", EVENT_MOUNT },
	{ "fsmount", EVENT_MOUNT },	{ "fspick", EVENT_MOUNT },
	{ "open_tree", EVENT_MOUNT },	{ "move_mount", EVENT_MOUNT },
	{ "mount_setattr", EVENT_MOUNT },
	{ "link", EVENT_CHANGE },	{ "symlink", EVENT_CHANGE },
	{ "rename", EVENT_CHANGE },	{ "unlink", EVENT_CHANGE },
	{ "mkdir", EVENT_CHANGE },	{ "mknod", EVENT_CHANGE },
	{ "truncate", EVENT_CHANGE },	{ "chmod", EVENT_CHANGE },
	{ "chown", EVENT_CHANGE },	{ "setxattr", EVENT_CHANGE },
	{ "utime", EVENT_CHANGE },	{ "change", EVENT_CHANGE },
	{ "ptrace", EVENT_ACCESS },	{ "process_vm_readv", EVENT_ACCESS },
	{ "process_vm_writev", EVENT_ACCESS }, { "pidfd_getfd", EVENT_ACCESS },
	{ "signal", EVENT_ACCESS },	{ "process_madvise", EVENT_ACCESS },
	{ "kcmp", EVENT_ACCESS },	{ "pidfd_open", EVENT_ACCESS },
	{ "proc_open", EVENT_ACCESS },
	{ "syscall", EVENT_SYSCALL },	{ "inet", EVENT_INET },
	{ "cred", EVENT_CRED },		{ "capable", EVENT_CAPABLE },
	{ "rate", EVENT_RATE },		{ "use", EVENT_USE },
	{ "unknown_call", EVENT_UNKNOWN_CALL }, { "rules", EVENT_RULES },
	{ "identity", EVENT_IDENTITY },
	{ "posture", EVENT_POSTURE },
};

static const char *const words_event[] = {
	"fork", "exec", "exit", "open", "mount", "umount", "pivot_root", "chdir", "fchdir", "chroot", "setns",
	"unshare", "clone", "connect", "compat", "cgroup", "container", "proc", "canary", "loss", "container_info",
	"fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "move_mount", "mount_setattr",
	"link", "symlink", "rename", "unlink", "mkdir", "mknod", "truncate", "chmod", "chown", "setxattr", "utime",
	"change", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "signal", "process_madvise", "kcmp",
	"pidfd_open", "proc_open", "syscall", "inet", "cred", "capable", "rate", "use", "unknown_call", "rules",
	"identity", "posture",
	"unknown", NULL,
};
static const char *const words_phase[] = { "unknown", "host", "runtime", "contained", "escaped", NULL };
static const char *const words_owner[] = { "unknown", "own", "host", "other", "detached", "internal", NULL };
static const char *const words_way[] = { "native", "ia32", "x32", "io_uring", "none", "unknown", NULL };
static const char *const words_tier[] = { "lsm", "fentry", "tracepoint", "user", "unknown", NULL };
static const char *const words_boundary[] = { "none", "same", "other", "host", "unknown", NULL };
static const char *const words_id_source[] = { "none", "cgroup", "runtime", NULL };
static const char *const words_source[] = { "none", "kernel", "magic", "resolved", "unknown", NULL };
static const char *const words_loss[] = {
	"ring_full", "gap", "canary", "malformed", "suppressed", "state", "tail_call", "hook",
	"missed_run", "output", "unknown", NULL,
};
static const char *const words_rate[] = { "forks", "tasks", "unknown", NULL };
static const char *const words_file_type[] = {
	"regular", "directory", "char", "block", "fifo", "socket", "link", "unknown", NULL,
};
static const char *const words_l4proto[] = { "tcp", "mptcp", "sctp", "dccp", "unknown", NULL };
static const char *const words_mount_op[] = { "new", "bind", "remount", "move", "propagation", NULL };
static const char *const words_result[] = {
	"SUCCESS", "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF",
	"ECHILD", "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV",
	"ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE",
	"EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG", "ENOLCK", "ENOSYS",
	"ENOTEMPTY", "ELOOP", "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC", "EL3HLT", "EL3RST", "ELNRNG",
	"EUNATCH", "ENOCSI", "EL2HLT", "EBADE", "EBADR", "EXFULL", "ENOANO", "EBADRQC", "EBADSLT", "EBFONT",
	"ENOSTR", "ENODATA", "ETIME", "ENOSR", "ENONET", "ENOPKG", "EREMOTE", "ENOLINK", "EADV", "ESRMNT",
	"ECOMM", "EPROTO", "EMULTIHOP", "EDOTDOT", "EBADMSG", "EOVERFLOW", "ENOTUNIQ", "EBADFD", "EREMCHG",
	"ELIBACC", "ELIBBAD", "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ", "ERESTART", "ESTRPIPE", "EUSERS",
	"ENOTSOCK", "EDESTADDRREQ", "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT",
	"ESOCKTNOSUPPORT", "EOPNOTSUPP", "EPFNOSUPPORT", "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL",
	"ENETDOWN", "ENETUNREACH", "ENETRESET", "ECONNABORTED", "ECONNRESET", "ENOBUFS", "EISCONN",
	"ENOTCONN", "ESHUTDOWN", "ETOOMANYREFS", "ETIMEDOUT", "ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH",
	"EALREADY", "EINPROGRESS", "ESTALE", "EUCLEAN", "ENOTNAM", "ENAVAIL", "EISNAM", "EREMOTEIO",
	"EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE", "ECANCELED", "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED",
	"EKEYREJECTED", "EOWNERDEAD", "ENOTRECOVERABLE", "ERFKILL", "EHWPOISON", "UNKNOWN", NULL,
};
/* clang-format on */

/* --- evt ---------------------------------------------------------------- */

FLAG_FIELD(get_evt_arg_mismatch, EVENT_F_ARG_MISMATCH)
FLAG_FIELD(get_evt_failed, EVENT_F_FAILED)
FLAG_FIELD(get_evt_folded, EVENT_F_FOLDED)
FLAG_FIELD(get_evt_truncated, EVENT_F_PATH_CUT | EVENT_F_ARGS_CUT)
FACT_FIELD(get_evt_is_open_write, FACT_FILE_WRITE)
HDR_FIELD(get_evt_cpu, cpu)

static int get_evt_arg_dirfd(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_OPEN ? give_int(ret, ev->u.open.dirfd) : -ENODATA;
}

static int get_evt_arg_path(const struct event *ev, struct value *ret)
{
	switch (ev->hdr.type) {
	case EVENT_EXEC: return give_caller(ev, ret, ev->filename);
	case EVENT_MOUNT:
		return give_caller(ev, ret,
				   ev->u.mount.op == MOUNT_OPEN_TREE ? ev->source : ev->target);
	default: return give_caller(ev, ret, ev->arg);
	}
}

static int get_evt_is_open_read(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.type == EVENT_OPEN && (ev->u.open.f_mode & 1));
}

static int get_evt_nr(const struct event *ev, struct value *ret)
{
	uint32_t nr = (uint32_t)ev->hdr.nr;

	if (ev->hdr.way == WAY_NONE)
		return -ENODATA;
	return give_uint(ret, ev->hdr.way == WAY_X32 ? nr & ~(uint32_t)X32_BIT : nr);
}

static int get_evt_rawres(const struct event *ev, struct value *ret)
{
	return give_int(ret, ev->hdr.ret);
}

static int get_evt_res(const struct event *ev, struct value *ret)
{
	const char *name;

	if (ev->hdr.ret >= 0)
		return give_word(ret, "SUCCESS");
	name = ev->hdr.ret > -4096 ? strerrorname_np((int)-ev->hdr.ret) : NULL;
	return give_word(ret, name ? name : "UNKNOWN");
}

static int get_evt_syscall(const struct event *ev, struct value *ret)
{
	return ev->hdr.nr >= 0 ? give_word(ret, event_syscall_name(ev)) : -ENODATA;
}

static int get_evt_tier(const struct event *ev, struct value *ret)
{
	return give_word(ret, tier_name(ev->hdr.tier));
}

static int get_evt_time(const struct event *ev, struct value *ret)
{
	return ev->wall_ns ? give_uint(ret, ev->wall_ns) : -ENODATA;
}

static int get_evt_type(const struct event *ev, struct value *ret)
{
	return give_word(ret, event_name(ev));
}

static int get_evt_way(const struct event *ev, struct value *ret)
{
	return give_word(ret, way_name(ev->hdr.way));
}

/* --- proc, thread, user, group ------------------------------------------ */

HDR_FIELD(get_proc_pid, proc.tgid)
HDR_FIELD(get_proc_tid, tid)
HDR_FIELD(get_proc_vpid, ns_tgid)
HDR_FIELD(get_proc_ppid, ppid)
HDR_FIELD(get_user_uid, uid)
HDR_FIELD(get_group_gid, gid)
FACT_FIELD(get_proc_first_exec, FACT_FIRST_EXEC)
FACT_FIELD(get_proc_is_helper, FACT_HELPER)
FACT_FIELD(get_proc_is_main, FACT_MAIN_PROGRAM)

static int get_proc_escaped(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.phase == PHASE_ESCAPED || (ev->hdr.facts & FACT_ESCAPED));
}

/* The initial user namespace has a number of its own (PROC_USER_INIT_INO). */
static int get_user_in_initial_ns(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.user_ns_inum == 0xeffffffd);
}

/* Does the record itself describe the program, so that the tree is not needed? */
static bool has_program(const struct event *ev)
{
	return ev->hdr.type == EVENT_EXEC || ev->hdr.type == EVENT_PROC;
}

static struct slice proc_argv(const struct event *ev)
{
	struct slice args = { NULL, 0 };

	if (has_program(ev))
		args = ev->args;
	else if (ev->proc)
		args = ev->proc->args;
	if (args.len > 0 && args.data[args.len - 1] == '\0')
		args.len--;
	return args;
}

static size_t first_len(struct slice args)
{
	const char *end = args.len ? memchr(args.data, '\0', args.len) : NULL;

	return end ? (size_t)(end - args.data) : args.len;
}

/* The arguments after the program's own name, joined by spaces, from offset
 * `len` of scratch on. */
static size_t join_args(struct value *ret, size_t len, struct slice args)
{
	size_t skip = first_len(args), end;

	if (skip >= args.len)
		return len;
	skip++;
	end = scratch_append(ret, len, (struct slice){ args.data + skip, args.len - skip });
	for (size_t i = len; i < end; i++) {
		if (ret->scratch[i] == '\0')
			ret->scratch[i] = ' ';
	}
	return end;
}

static int get_proc_exe(const struct event *ev, struct value *ret)
{
	struct slice args = proc_argv(ev);

	if (!args.data)
		return -ENODATA;
	return give_slice(ret, (struct slice){ args.data, first_len(args) });
}

static int get_proc_args(const struct event *ev, struct value *ret)
{
	struct slice args = proc_argv(ev);

	if (!args.data)
		return -ENODATA;
	return give_slice(ret, (struct slice){ ret->scratch, join_args(ret, 0, args) });
}

static struct slice proc_comm(const struct event *ev)
{
	return slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm));
}

static int get_proc_name(const struct event *ev, struct value *ret)
{
	return give_nonempty(ret, proc_comm(ev));
}

/* As Falco has it: the name and the arguments. */
static int get_proc_cmdline(const struct event *ev, struct value *ret)
{
	struct slice args = proc_argv(ev);
	size_t len;

	if (!args.data)
		return -ENODATA;
	len = scratch_append(ret, 0, proc_comm(ev));
	if (first_len(args) < args.len)
		len = scratch_append(ret, len, SLICE_LITERAL(" "));
	return give_slice(ret, (struct slice){ ret->scratch, join_args(ret, len, args) });
}

static int get_proc_exepath(const struct event *ev, struct value *ret)
{
	if (has_program(ev))
		return give_path(ev, ret, ev->path);
	return ev->proc ? give_nonempty(ret, ev->proc->exepath) : -ENODATA;
}

static int get_proc_cwd(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type == EVENT_EXEC)
		return give_path(ev, ret, ev->cwd);
	if (ev->hdr.type == EVENT_CHDIR && ev->u.chdir.op != CHDIR_CHROOT && ev->hdr.ret >= 0)
		return give_path(ev, ret, ev->path);
	return ev->proc ? give_nonempty(ret, ev->proc->cwd) : -ENODATA;
}

static int get_proc_pname(const struct event *ev, struct value *ret)
{
	return ev->n_ancestors > 0 && ev->ancestors[0] ?
		       give_nonempty(ret, ev->ancestors[0]->name) :
		       -ENODATA;
}

static int get_proc_pexepath(const struct event *ev, struct value *ret)
{
	return ev->n_ancestors > 0 && ev->ancestors[0] ?
		       give_nonempty(ret, ev->ancestors[0]->exepath) :
		       -ENODATA;
}

static int get_proc_phase(const struct event *ev, struct value *ret)
{
	return give_word(ret, phase_name(ev->hdr.phase));
}

static bool has_file(const struct event *ev)
{
	return ev->file && ev->file->source != SOURCE_NONE;
}

static int get_proc_cwd_owner(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type == EVENT_EXEC)
		return give_word(ret, owner_name(ev->u.exec.cwd_owner));
	if (ev->hdr.type == EVENT_CHDIR && ev->u.chdir.op != CHDIR_CHROOT && has_file(ev))
		return give_word(ret, owner_name(ev->file->mount_owner));
	return -ENODATA;
}

static int get_proc_root_owner(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type == EVENT_EXEC)
		return give_word(ret, owner_name(ev->u.exec.root_owner));
	if (ev->hdr.type == EVENT_CHDIR && ev->u.chdir.op == CHDIR_CHROOT && has_file(ev))
		return give_word(ret, owner_name(ev->file->mount_owner));
	return -ENODATA;
}

static int get_proc_exit_code(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_EXIT ? give_int(ret, ev->u.exit.exit_code) : -ENODATA;
}

/* --- file --------------------------------------------------------------- */

#define FILE_FIELD(function, member)                                               \
	static int function(const struct event *ev, struct value *ret)             \
	{                                                                          \
		return has_file(ev) ? give_uint(ret, ev->file->member) : -ENODATA; \
	}

FILE_FIELD(get_file_fs_magic, fs_magic)
FILE_FIELD(get_file_ino, ino)
FILE_FIELD(get_file_mode, mode)
FILE_FIELD(get_file_nlink, nlink)
FILE_FIELD(get_file_uid, uid)
FACT_FIELD(get_file_unreachable, FACT_FILE_UNREACHABLE)
FACT_FIELD(get_file_is_runtime_binary, FACT_RUNTIME_BINARY)
FACT_FIELD(get_file_is_stdio, FACT_STDIO)
FACT_FIELD(get_file_is_kernel_control, FACT_KERNEL_CONTROL)
FACT_FIELD(get_file_handle, FACT_HANDLE)
FACT_FIELD(get_file_is_host_root, FACT_HOST_ROOT)
FACT_FIELD(get_file_is_misplaced, FACT_MISPLACED)
FACT_FIELD(get_file_from_container, FACT_FROM_CONTAINER)
FACT_FIELD(get_file_own_layer, FACT_OWN_LAYER)
FACT_FIELD(get_file_patched, FACT_PATCHED)
FACT_FIELD(get_file_is_sensitive, FACT_SENSITIVE)
FACT_FIELD(get_file_is_volume, FACT_VOLUME)

static int get_file_is_block_device(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.type != EVENT_MOUNT && (ev->hdr.facts & FACT_BLOCK_DEVICE));
}

static int get_file_path(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type == EVENT_MOUNT || ev->hdr.type == EVENT_CGROUP)
		return -ENODATA;
	if (ev->hdr.type == EVENT_CONNECT && ev->u.connect.abstract)
		return -ENODATA;
	return give_path(ev, ret, ev->path);
}

/* A mount record's path is that of the mount's root within its file system. */
static int get_file_fspath(const struct event *ev, struct value *ret)
{
	return give_path(ev, ret, ev->hdr.type == EVENT_MOUNT ? ev->path : ev->fspath);
}

static int get_file_name(const struct event *ev, struct value *ret)
{
	struct slice path;

	if (get_file_fspath(ev, ret) < 0 && get_file_path(ev, ret) < 0)
		return -ENODATA;

	path = ret->str;
	for (size_t i = path.len; i > 0; i--) {
		if (path.data[i - 1] != '/')
			continue;
		if (i == path.len) /* "/" itself */
			return give_slice(ret, path);
		return give_slice(ret, (struct slice){ path.data + i, path.len - i });
	}
	return 0; /* no slash at all: as it is, its head still missing if it was */
}

static int get_file_fs(const struct event *ev, struct value *ret)
{
	if (!has_file(ev))
		return -ENODATA;
	return give_nonempty(ret, slice_from_field(ev->file->fs, sizeof(ev->file->fs)));
}

static int get_file_mount_owner(const struct event *ev, struct value *ret)
{
	return has_file(ev) ? give_word(ret, owner_name(ev->file->mount_owner)) : -ENODATA;
}

static int get_file_source(const struct event *ev, struct value *ret)
{
	return ev->file ? give_word(ret, source_name(ev->file->source)) : -ENODATA;
}

static int get_file_type(const struct event *ev, struct value *ret)
{
	if (!has_file(ev))
		return -ENODATA;
	switch (ev->file->mode & S_IFMT) {
	case S_IFREG: return give_word(ret, "regular");
	case S_IFDIR: return give_word(ret, "directory");
	case S_IFCHR: return give_word(ret, "char");
	case S_IFBLK: return give_word(ret, "block");
	case S_IFIFO: return give_word(ret, "fifo");
	case S_IFSOCK: return give_word(ret, "socket");
	case S_IFLNK: return give_word(ret, "link");
	default: return give_word(ret, "unknown");
	}
}

static int get_file_dev(const struct event *ev, struct value *ret)
{
	return has_file(ev) ? give_device(ret, ev->file->dev) : -ENODATA;
}

static int get_file_rdev(const struct event *ev, struct value *ret)
{
	if (!has_file(ev) || !(S_ISBLK(ev->file->mode) || S_ISCHR(ev->file->mode)))
		return -ENODATA;
	return give_device(ret, ev->file->rdev);
}

/* --- sock, ns, target -------------------------------------------- */

FACT_FIELD(get_sock_is_runtime_api, FACT_RUNTIME_API)
FACT_FIELD(get_sock_peer_is_host, FACT_PEER_HOST)

static int get_sock_abstract(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.type == EVENT_CONNECT && ev->u.connect.abstract);
}

/* An abstract name is written as ss(8) and /proc/net/unix do: '@' for its
 * leading NUL. A path within a file system always begins with a slash, so the
 * two cannot be mixed up. */
static int get_sock_path(const struct event *ev, struct value *ret)
{
	size_t len;

	if (ev->hdr.type != EVENT_CONNECT)
		return -ENODATA;
	if (!ev->u.connect.abstract || ev->path.len == 0 || ev->path.data[0] != '\0')
		return give_path(ev, ret, ev->path);
	len = scratch_append(ret, 0, ev->path);
	ret->scratch[0] = '@';
	return give_slice(ret, (struct slice){ ret->scratch, len });
}

static int get_sock_peer_pid(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_CONNECT || ev->u.connect.peer_tgid == 0)
		return -ENODATA;
	return give_uint(ret, ev->u.connect.peer_tgid);
}

static int get_sock_peer_uid(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_CONNECT || ev->u.connect.peer_tgid == 0)
		return -ENODATA;
	return give_uint(ret, ev->u.connect.peer_uid);
}

static int get_ns_joined_host(const struct event *ev, struct value *ret)
{
	return give_bool(ret, (ev->hdr.facts & FACT_NS_JOINED_HOST) ||
				      (ev->hdr.type == EVENT_NS && ev->u.ns.joined_host));
}

static int get_ns_joined(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_NS ? give_namespaces(ret, ev->u.ns.joined_host) : -ENODATA;
}

static int get_ns_changed(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_NS ? give_namespaces(ret, ev->u.ns.changed) : -ENODATA;
}

static int get_ns_target_pid(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_NS || ev->u.ns.target_tgid == 0)
		return -ENODATA;
	return give_uint(ret, ev->u.ns.target_tgid);
}

static int get_target_boundary(const struct event *ev, struct value *ret)
{
	return give_word(ret, boundary_name(ev->hdr.boundary));
}

static int get_target_container(const struct event *ev, struct value *ret)
{
	if (ev->target_container)
		return give_nonempty(ret, ev->target_container->id);
	return ev->hdr.boundary == BOUNDARY_HOST ? give_word(ret, "host") : -ENODATA;
}

static int get_target_container_image(const struct event *ev, struct value *ret)
{
	return ev->target_container ? give_nonempty(ret, ev->target_container->image) : -ENODATA;
}

static int get_target_container_name(const struct event *ev, struct value *ret)
{
	return ev->target_container ? give_nonempty(ret, ev->target_container->name) : -ENODATA;
}

/* --- use, rate ---------------------------------------------------------- */

static int get_rate_kind(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_RATE ? give_word(ret, rate_name(ev->u.rate.kind)) : -ENODATA;
}

static int get_rate_count(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_RATE ? give_uint(ret, ev->u.rate.count) : -ENODATA;
}

static int get_rate_window_ms(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_RATE ? give_uint(ret, ev->u.rate.window_ms) : -ENODATA;
}

/* --- container, cgroup, loss -------------------------------------------- */

static bool is_host(const struct event *ev)
{
	return ev->hdr.phase == PHASE_HOST && ev->hdr.container == 0;
}

static int get_container_id(const struct event *ev, struct value *ret)
{
	if (ev->container && ev->container->id.len > 0)
		return give_slice(ret, ev->container->id);
	if (is_host(ev))
		return give_word(ret, "host");
	if (ev->hdr.container == 0)
		return -ENODATA;
	return give_printf(ret, "cg-%" PRIu64, (uint64_t)ev->hdr.cgroup_id);
}

/* The stand-in "cg-..." is not cut: its number would become another one. */
static int get_container_short_id(const struct event *ev, struct value *ret)
{
	int r;

	r = get_container_id(ev, ret);
	if (r == 0 && ret->str.len > 12 && memcmp(ret->str.data, "cg-", 3) != 0)
		ret->str.len = 12;
	return r;
}

static int get_container_name(const struct event *ev, struct value *ret)
{
	if (is_host(ev))
		return give_word(ret, "host");
	return ev->container ? give_nonempty(ret, ev->container->name) : -ENODATA;
}

static int get_container_image(const struct event *ev, struct value *ret)
{
	return ev->container ? give_nonempty(ret, ev->container->image) : -ENODATA;
}

static int get_container_runtime(const struct event *ev, struct value *ret)
{
	return ev->container ? give_nonempty(ret, ev->container->runtime) : -ENODATA;
}

/* How far is the id to be believed? */
static int get_container_id_source(const struct event *ev, struct value *ret)
{
	if (!ev->container || ev->hdr.container == 0)
		return -ENODATA;
	return give_word(ret, words_id_source[ev->container->id_source]);
}

static int get_container_pending(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->container ? ev->container->pending : ev->hdr.container != 0);
}

static int get_container_completed(const struct event *ev, struct value *ret)
{
	bool is_told = ev->hdr.type == EVENT_CONTAINER_INFO && ev->container;

	return is_told ? give_uint(ret, ev->container->n_completed) : -ENODATA;
}

FACT_FIELD(get_container_runs_script, FACT_MAIN_IS_SHELL)
FACT_FIELD(get_cgroup_left, FACT_CGROUP_LEFT)

static int get_cgroup_path(const struct event *ev, struct value *ret)
{
	if (ev->cgroup_path.data)
		return give_path(ev, ret, ev->cgroup_path);
	return ev->container ? give_nonempty(ret, ev->container->cgroup) : -ENODATA;
}

static int get_loss_kind(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_LOSS ? give_word(ret, loss_name(ev->u.loss.kind)) : -ENODATA;
}

static int get_loss_count(const struct event *ev, struct value *ret)
{
	return ev->hdr.type == EVENT_LOSS ? give_uint(ret, ev->u.loss.count) : -ENODATA;
}

static int get_rules_hash(const struct event *ev, struct value *ret)
{
	return give_nonempty(ret, ev->rules_hash);
}

static int get_rules_before(const struct event *ev, struct value *ret)
{
	return give_nonempty(ret, ev->rules_before);
}

static int get_rules_error(const struct event *ev, struct value *ret)
{
	return give_nonempty(ret, ev->rules_error);
}

static int get_loss_event(const struct event *ev, struct value *ret)
{
	if (ev->hdr.type != EVENT_LOSS || ev->u.loss.event_type == 0)
		return -ENODATA;
	return give_word(ret, event_type_name(ev->u.loss.event_type));
}

/* --- the table ---------------------------------------------------------- */

#define BOOL(name, getter, doc)                     \
	{                                           \
		name, VALUE_BOOL, getter, doc, NULL \
	}
#define INT(name, getter, doc)                     \
	{                                          \
		name, VALUE_INT, getter, doc, NULL \
	}
#define STRING(name, getter, doc)                     \
	{                                             \
		name, VALUE_STRING, getter, doc, NULL \
	}
#define WORD(name, getter, words, doc)                 \
	{                                              \
		name, VALUE_STRING, getter, doc, words \
	}
#define ADDRESS(name, getter, doc)                                   \
	{                                                            \
		name, VALUE_STRING, getter, doc, NULL, FIELD_ADDRESS \
	}
#define FLAGS(name, getter, symbols, doc)                                \
	{                                                                \
		name, VALUE_INT, getter, doc, NULL, FIELD_FLAGS, symbols \
	}
#define MODE(name, getter, doc)                                              \
	{                                                                    \
		name, VALUE_INT, getter, doc, NULL, FIELD_MODE, SYMBOLS_MODE \
	}
#define UNIT(name, getter, kind, doc)                    \
	{                                                \
		name, VALUE_INT, getter, doc, NULL, kind \
	}
#define LIST(name, getter, item, words, self, doc)                               \
	{                                                                        \
		name, VALUE_LIST, getter, doc, words, FIELD_PLAIN, 0, item, self \
	}

/* Sorted by name: field_find() bisects. */
/* clang-format off */
const struct field field_table[] = {
	STRING("bpf.cmd", get_bpf_cmd, "what bpf() was asked for: PROG_LOAD, MAP_CREATE..."),
	STRING("bpf.prog_type", get_bpf_prog_type, "type of the program that bpf() was to load: kprobe, tracing, xdp..."),
	STRING("cap.name", get_cap_name, "capability that was used: SYS_ADMIN..."),
	BOOL("cgroup.left", get_cgroup_left, "the task is now outside the cgroup of its container"),
	STRING("cgroup.path", get_cgroup_path, "path of the cgroup: the new one of a cgroup event, else the container's"),
	STRING("change.device", get_change_device, "major:minor of the device node that mknod() makes"),
	BOOL("change.link_game", get_change_link_game,
	     "on a volume, a link and a directory changed places, or a link was made that leads out of it"),
	BOOL("change.makes_block", get_change_makes_block, "mknod() of a block device"),
	BOOL("change.makes_char", get_change_makes_char, "mknod() of a character device"),
	MODE("change.mode", get_change_mode, "mode as the caller passed it to chmod(), mkdir() or mknod()"),
	BOOL("change.nosuid", get_change_nosuid, "the container's own mount that it lies on is nosuid"),
	WORD("change.object", get_change_object, words_change_object,
	     "what file.* is: the file that was changed, or the directory whose names were"),
	BOOL("change.setid", get_change_setid, "a set-id program or file capability where the host has it too"),
	BOOL("change.volume", get_change_volume, "on a mount of the container's own that the host shares"),
	INT("container.completed_alerts", get_container_completed,
	    "alerts that went out before the container's files were read, and that this record completes"),
	STRING("container.full_id", get_container_id, "the same as container.id, under Falco's name"),
	STRING("container.id", get_container_id,
	       "full id as the runtime writes it, cg-<cgroup id> until it is known, \"host\" for tasks of the host"),
	WORD("container.id_source", get_container_id_source, words_id_source,
	     "who says container.id: the runtime; the path of its cgroup, which is a hint; none: it is made up of the cgroup's number"),
	STRING("container.image", get_container_image, "image the container was made from"),
	STRING("container.image.digest", get_container_image_digest, "digest of the image (sha256:...), where the runtime or its name tells"),
	STRING("container.image.id", get_container_image_id, "id of the image as the runtime has it"),
	STRING("container.image.repository", get_container_image_repository,
	       "name of the image without tag and digest: docker.io/library/nginx"),
	STRING("container.image.tag", get_container_image_tag, "tag of the image, where its name has one"),
	INT("container.inner.depth", get_container_inner_depth,
	    "how many containers, made inside of this one, the process is in; 0: none"),
	STRING("container.inner.id", get_container_inner_id,
	       "id of the innermost of these, as the runtime in the container calls it: a claim of the container's"),
	STRING("container.inner.runtime", get_container_inner_runtime, "runtime that made it: runc, crun, containerd..."),
	STRING("container.name", get_container_name, "name of the container, \"host\" for tasks of the host"),
	BOOL("container.pending", get_container_pending, "the runtime's files have not been read yet"),
	BOOL("container.privileged", get_container_privileged, "it runs privileged, as far as is known yet: all capabilities, all devices, no confinement"),
	BOOL("container.runs_script", get_container_runs_script,
	     "with file.is_sensitive: the container was started for a script"),
	STRING("container.runtime", get_container_runtime, "docker, containerd, podman, crio, runc, crun..."),
	STRING("container.short_id", get_container_short_id, "first 12 characters of container.id"),
	WORD("cred.at", get_cred_at, words_drift_at, "where a drifted identity was found"),
	LIST("cred.changed", get_cred_changed, VALUE_STRING, words_drift, NULL,
	       "what differs and nothing explains: uid, gid, permitted, effective, bounding, user_ns, namespaces, seccomp..."),
	LIST("cred.namespaces", get_cred_namespaces, VALUE_STRING, words_namespace, NULL,
	     "namespaces that differ and nothing explains: mnt, pid..."),
	LIST("cred.namespaces_host", get_cred_namespaces_host, VALUE_STRING, words_namespace, NULL,
	     "of these, those that are now the host's"),
	FLAGS("cred.new_bounding", get_cred_new_bounding, SYMBOLS_CAP, "capability bounding set as it is now"),
	INT("cred.new_gid", get_cred_new_gid, "effective group id as it is now, in the initial user namespace"),
	FLAGS("cred.new_permitted", get_cred_new_permitted, SYMBOLS_CAP, "permitted capabilities as they are now"),
	INT("cred.new_uid", get_cred_new_uid, "effective user id as it is now, in the initial user namespace"),
	FLAGS("cred.old_bounding", get_cred_old_bounding, SYMBOLS_CAP, "capability bounding set as last explained"),
	INT("cred.old_gid", get_cred_old_gid, "effective group id as last explained"),
	FLAGS("cred.old_permitted", get_cred_old_permitted, SYMBOLS_CAP, "permitted capabilities as last explained"),
	INT("cred.old_uid", get_cred_old_uid, "effective user id as last explained"),
	BOOL("cred.unexplained", get_cred_unexplained,
	     "credentials, namespaces, seccomp or root directory changed and no system call explains it: a kernel exploit"),
	STRING("crypto.name", get_crypto_name, "algorithm that an AF_ALG socket was bound to, as passed"),
	STRING("crypto.type", get_crypto_type, "its kind: aead, skcipher, hash, rng"),
	INT("evt.arg.dirfd", get_evt_arg_dirfd, "open: directory descriptor as the caller passed it; -100: the working directory"),
	FLAGS("evt.arg.flags", get_evt_arg_flags, SYMBOLS_OF_CALLS,
	      "flags as the caller passed them: O_*, MS_*, CLONE_*, RENAME_*... as the call has it"),
	STRING("evt.arg.path", get_evt_arg_path, "path string as the caller passed it: a remark, the object is file.*"),
	STRING("evt.arg.path2", get_evt_arg_path2,
	       "second string of the caller: old path, text of a link, name of an attribute: a remark"),
	BOOL("evt.arg_mismatch", get_evt_arg_mismatch, "the last name of the caller's string is not the object's: rewritten since, or a symbolic link; a remark only"),
	INT("evt.cpu", get_evt_cpu, "processor the event happened on"),
	BOOL("evt.failed", get_evt_failed, "the call failed: an attempt"),
	BOOL("evt.folded", get_evt_folded, "a budget is exhausted: equals of this event were only counted"),
	BOOL("evt.is_open_read", get_evt_is_open_read, "opened, or tried to be opened, for reading"),
	BOOL("evt.is_open_write", get_evt_is_open_write, "opened, or tried to be opened, for writing"),
	INT("evt.nr", get_evt_nr, "number of the system call, in the numbering of evt.way"),
	INT("evt.rawres", get_evt_rawres, "result of the call, minus the error number on failure"),
	WORD("evt.res", get_evt_res, words_result, "SUCCESS or the name of the error, such as EPERM"),
	STRING("evt.syscall", get_evt_syscall, "system call that the event came from"),
	WORD("evt.tier", get_evt_tier, words_tier, "kind of hook that saw the event"),
	INT("evt.time", get_evt_time, "nanoseconds since 1970-01-01 UTC"),
	BOOL("evt.truncated", get_evt_truncated, "a path or the argument list was longer than could be kept"),
	WORD("evt.type", get_evt_type, words_event, "what happened"),
	WORD("evt.way", get_evt_way, words_way, "how the task entered the kernel"),
	STRING("fanotify.scope", get_fanotify_scope, "what a mark of fanotify covers: inode, mount or filesystem"),
	STRING("fd.directory", get_fd_directory, "directory part of file.path"),
	STRING("fd.filename", get_fd_filename, "last part of file.path; file.name is that of file.fspath"),
	WORD("fd.l4proto", get_fd_l4proto, words_l4proto, "transport protocol of the connection"),
	ADDRESS("fd.sip", get_fd_sip, "address of the server, IPv4 or IPv6"),
	INT("fd.sport", get_fd_sport, "port of the server"),
	WORD("fd.type", get_fd_type, words_fd_type, "kind of file or socket, in Falco's words"),
	STRING("file.dev", get_file_dev, "major:minor of the file system that holds the file"),
	BOOL("file.from_container", get_file_from_container,
	     "the host runs or maps as code what a container wrote: target.container"),
	STRING("file.fs", get_file_fs, "type of the file system, from its superblock"),
	INT("file.fs_magic", get_file_fs_magic, "magic number of the file system"),
	STRING("file.fspath", get_file_fspath, "path within the file system, wherever that is mounted"),
	BOOL("file.handle", get_file_handle, "opened by file handle"),
	INT("file.ino", get_file_ino, "inode number"),
	BOOL("file.is_block_device", get_file_is_block_device, "the file is a block device"),
	BOOL("file.is_host_root", get_file_is_host_root,
	     "the directory, or what was mounted, is the host's root directory or one that holds it"),
	BOOL("file.is_kernel_control", get_file_is_kernel_control,
	     "control file of the kernel: procfs outside /proc/PID, sysfs, cgroupfs, debugfs..."),
	BOOL("file.is_misplaced", get_file_is_misplaced,
	     "a runtime that sets a container up was led to this file: not what it means to write, or to bind here"),
	BOOL("file.is_runtime_binary", get_file_is_runtime_binary, "the inode is a program of the container runtime"),
	BOOL("file.is_sensitive", get_file_is_sensitive,
	     "a secret or a place for persistence, by name, on a volume or of others"),
	BOOL("file.is_stdio", get_file_is_stdio, "same inode as descriptor 0, 1 or 2 when the container started"),
	BOOL("file.is_volume", get_file_is_volume,
	     "on a mount of the container that is not its root: others may share it"),
	MODE("file.mode", get_file_mode, "type and permission bits (i_mode)"),
	WORD("file.mount_owner", get_file_mount_owner, words_owner,
	     "to whom the mount namespace of the file's mount belongs, as seen from the subject's container"),
	STRING("file.name", get_file_name, "last part of file.fspath"),
	INT("file.nlink", get_file_nlink, "number of links, 0 when deleted"),
	BOOL("file.own_layer", get_file_own_layer,
	     "what the host runs lies in the root file system of the container that wrote it, not on a volume"),
	BOOL("file.patched", get_file_patched,
	     "what the host runs held data of the host before the container changed it"),
	STRING("file.path", get_file_path, "path as seen from the root of its mount namespace"),
	STRING("file.rdev", get_file_rdev, "major:minor that a device node stands for"),
	WORD("file.source", get_file_source, words_source, "where the file.* fields come from; none: no object was had"),
	WORD("file.type", get_file_type, words_file_type, "kind of file"),
	INT("file.uid", get_file_uid, "owner of the file, in the initial user namespace"),
	BOOL("file.unreachable", get_file_unreachable, "the file is not below the root of its mount"),
	INT("group.gid", get_group_gid, "effective group id, in the initial user namespace"),
	STRING("identity.actual", get_identity_actual, "id of the container, as it is told"),
	STRING("identity.claimed", get_identity_claimed,
	       "id that its cgroup, or an engine in it, claims, and that is not its own; target.container is whose it is, if that one lives"),
	WORD("identity.kind", get_identity_kind, words_identity_kind,
	     "what disagrees: cgroup (that it was born in), taken (nothing but a cgroup names it, after a living one), moved (a process went into such a cgroup), inner (a container in it is called after one of the host's)"),
	WORD("identity.source", get_identity_source, words_identity_source,
	     "who says identity.actual: a state file that names its init; the arguments of the runtime that made it; its cgroup alone; nobody"),
	INT("inet.addresses", get_inet_addresses, "distinct addresses that the container tried within 10 s"),
	INT("inet.attempts", get_inet_attempts, "connections to this address and port by the container within 60 s"),
	INT("inet.failed", get_inet_failed, "attempts of the container that were refused or given up within 10 s"),
	BOOL("inet.is_host", get_inet_is_host, "the address is one of this host"),
	INT("inet.peers", get_inet_peers, "distinct pairs of address and port that the container tried within 10 s"),
	STRING("k8s.ns.name", get_k8s_ns_name, "Kubernetes' namespace of the container's pod"),
	STRING("k8s.pod.name", get_k8s_pod_name, "name of the container's pod"),
	STRING("k8s.pod.sandbox_id", get_k8s_pod_sandbox_id, "full id of the pod's sandbox"),
	STRING("k8s.pod.uid", get_k8s_pod_uid, "uid of the pod, as Kubernetes counts it"),
	STRING("keys.op", get_keys_op, "what keyctl() was asked for: DESCRIBE, LINK, SEARCH, READ"),
	INT("loss.count", get_loss_count, "how many were lost"),
	STRING("loss.event", get_loss_event, "type of what was lost, missing when mixed or unknown"),
	WORD("loss.kind", get_loss_kind, words_loss, "how the sensor lost something"),
	STRING("mount.dev", get_mount_dev, "major:minor of the block device that was mounted"),
	FLAGS("mount.flags", get_mount_flags, SYMBOLS_OF_MOUNTS,
	       "MS_*, MNT_*, OPEN_TREE_*, MOVE_MOUNT_* or AT_* as the caller passed them"),
	STRING("mount.fstype", get_mount_fstype,
	       "file system type: as the caller of mount() or of a failed fsopen() passed it, else the kernel's; see file.fs"),
	BOOL("mount.is_block_device", get_mount_is_block_device, "what was mounted lies on a block device"),
	BOOL("mount.is_kernel_fs", get_mount_is_kernel_fs, "procfs, cgroup v1, debugfs and the like was mounted"),
	BOOL("mount.made_writable", get_mount_made_writable,
	     "a mount or its file system was, or was to be, made writable: remount, mount_setattr, fsconfig"),
	WORD("mount.op", get_mount_op, words_mount_op,
	     "what the call was asked to do; new: mount(), fsopen(), fsconfig() to create, fsmount(); bind: open_tree() too"),
	STRING("mount.point", get_mount_point, "where it is mounted, by the kernel, from the root of the mount namespace"),
	BOOL("mount.reaches_host", get_mount_reaches_host, "the mount appears in the host's mount namespace too"),
	BOOL("mount.read_only", get_mount_read_only, "a read-only mount was asked for"),
	STRING("mount.source", get_mount_source, "source as the caller passed it; the value that fsconfig() was to set"),
	STRING("mount.target", get_mount_target, "target as the caller passed it; the key that fsconfig() was to set"),
	LIST("ns.changed", get_ns_changed, VALUE_STRING, words_namespace, NULL,
	     "namespaces that differ from before: mnt, pid..."),
	FLAGS("ns.flags", get_ns_flags, SYMBOLS_CLONE, "CLONE_NEW* asked for"),
	LIST("ns.joined", get_ns_joined, VALUE_STRING, words_namespace, NULL,
	     "namespaces of the host that were joined or aimed at: mnt, pid..."),
	BOOL("ns.joined_host", get_ns_joined_host, "a namespace of the host was joined; with evt.failed: was aimed at"),
	INT("ns.target_pid", get_ns_target_pid, "process whose namespaces were joined by pidfd"),
	INT("perf.cpu", get_perf_cpu, "processor that perf_event_open() measures, -1: any"),
	INT("perf.pid", get_perf_pid, "process that it measures as passed, -1: all"),
	FLAGS("posture.checks", get_posture_checks, SYMBOLS_POSTURE,
	      "what the container was given that helps it to reach the host: POSTURE_PRIVILEGED..."),
	STRING("posture.details", get_posture_details, "about what: paths, names, capabilities; in its own event only"),
	BOOL("posture.partial", get_posture_partial, "not all could be looked at; in its own event only"),
	STRING("posture.reason", get_posture_reason,
	       "how it could reach the host: \"it runs privileged\"; missing when nothing leads there"),
	WORD("posture.severity", get_posture_severity, words_posture_severity, "the highest of posture.checks"),
	LIST("proc.aexe", get_proc_aexe, VALUE_STRING, NULL, "proc.exe",
	     "first arguments of the ancestors; [1] is the parent's"),
	LIST("proc.aexepath", get_proc_aexepath, VALUE_STRING, NULL, "proc.exepath",
	     "paths of the ancestors' program files; [1] is the parent's"),
	LIST("proc.aname", get_proc_aname, VALUE_STRING, NULL, "proc.name",
	     "names of the ancestors that are known, at most 16; [1] is the parent's"),
	LIST("proc.apid", get_proc_apid, VALUE_INT, NULL, "proc.pid",
	     "process ids of the ancestors, initial pid namespace; [1] is the parent's"),
	STRING("proc.args", get_proc_args, "arguments after the program's name, joined by spaces"),
	UNIT("proc.args_size", get_proc_args_size, FIELD_SIZE, "bytes of the whole argument list of an exec, even if proc.args is cut"),
	STRING("proc.cmdline", get_proc_cmdline, "proc.name and proc.args"),
	BOOL("proc.code_foreign", get_proc_code_foreign,
	     "interpreter of the program, or the file that was mapped as code, is the host's or another container's"),
	STRING("proc.cwd", get_proc_cwd, "working directory"),
	WORD("proc.cwd_owner", get_proc_cwd_owner, words_owner, "owner of the working directory's mount"),
	UNIT("proc.duration", get_proc_duration, FIELD_DURATION_NS, "since the process was made"),
	BOOL("proc.escaped", get_proc_escaped, "was contained, now holds namespaces or root of the host"),
	STRING("proc.exe", get_proc_exe, "first argument (argv[0])"),
	STRING("proc.exepath", get_proc_exepath, "path of the program file"),
	INT("proc.exit_code", get_proc_exit_code, "exit status as wait(2) has it"),
	BOOL("proc.first_exec", get_proc_first_exec, "the exec that ended the runtime phase: the container's entry"),
	BOOL("proc.in_host_pid_ns", get_proc_in_host_pid_ns, "the task is in the host's pid namespace"),
	BOOL("proc.is_exe_deleted", get_proc_is_exe_deleted, "the program's file has no name (any more)"),
	BOOL("proc.is_exe_from_memfd", get_proc_is_exe_from_memfd, "the program has no file: memfd, or unnamed in memory"),
	BOOL("proc.is_exe_upper_layer", get_proc_is_exe_upper_layer,
	     "the program is on the container's root file system and changed after the container's start"),
	BOOL("proc.is_helper", get_proc_is_helper, "started by the kernel itself (user-mode helper)"),
	BOOL("proc.is_main", get_proc_is_main,
	     "with file.is_sensitive: the program is the one that the container was started for"),
	STRING("proc.name", get_proc_name, "name of the task (comm)"),
	BOOL("proc.on_connection", get_proc_on_connection,
	     "exec: standard input and output are one network connection"),
	STRING("proc.pcmdline", get_proc_pcmdline, "the parent's name and arguments"),
	STRING("proc.pexe", get_proc_pexe, "first argument of the parent"),
	STRING("proc.pexepath", get_proc_pexepath, "path of the parent's program file"),
	WORD("proc.phase", get_proc_phase, words_phase, "where the task stands between host and container"),
	INT("proc.pid", get_proc_pid, "process id, initial pid namespace"),
	STRING("proc.pname", get_proc_pname, "name of the parent"),
	INT("proc.ppid", get_proc_ppid, "parent's process id, initial pid namespace"),
	UNIT("proc.ppid.duration", get_proc_ppid_duration, FIELD_DURATION_NS, "since its parent was made"),
	WORD("proc.root_owner", get_proc_root_owner, words_owner, "owner of the root directory's mount"),
	INT("proc.tid", get_proc_tid, "thread id, initial pid namespace"),
	INT("proc.vpid", get_proc_vpid, "process id in the task's own pid namespace"),
	STRING("ptrace.request", get_ptrace_request, "what ptrace() was asked for: ATTACH, SEIZE, POKEDATA..."),
	INT("rate.count", get_rate_count, "how many there were"),
	WORD("rate.kind", get_rate_kind, words_rate, "what a container makes too much of"),
	UNIT("rate.window_ms", get_rate_window_ms, FIELD_DURATION_MS, "within so many milliseconds"),
	STRING("rules.before", get_rules_before, "hash of the rules that judged until now, missing if they are the same"),
	STRING("rules.error", get_rules_error, "why rules were refused that were read again: file:line:column: message"),
	STRING("rules.hash", get_rules_hash, "hash of the rules that judge now"),
	STRING("signal.name", get_signal_name, "signal that was sent, such as SIGKILL"),
	INT("signal.number", get_signal_number, "its number"),
	BOOL("sock.abstract", get_sock_abstract, "the peer is bound to an abstract name"),
	BOOL("sock.is_runtime_api", get_sock_is_runtime_api, "the peer is held by a container runtime"),
	STRING("sock.path", get_sock_path, "path the peer is bound to; @name when abstract"),
	BOOL("sock.peer_is_host", get_sock_peer_is_host, "the peer was made by a task of the host"),
	INT("sock.peer_pid", get_sock_peer_pid, "process that called listen()"),
	INT("sock.peer_uid", get_sock_peer_uid, "its user id"),
	STRING("socket.family", get_socket_family, "address family of a socket() that few programs use: ALG, PACKET, VSOCK..."),
	INT("socket.protocol", get_socket_protocol, "its protocol"),
	STRING("splice.into", get_splice_into, "where pages of a file went: pipe, crypto"),
	BOOL("splice.is_setid", get_splice_is_setid, "the file has a set-id bit"),
	BOOL("splice.not_writable", get_splice_not_writable, "the caller may not write the file"),
	LIST("syscall.arg", get_syscall_arg, VALUE_INT, NULL, NULL,
	     "arguments of a system call as passed, [0] to [5]; only events of type syscall"),
	WORD("target.boundary", get_target_boundary, words_boundary, "whom the act hits, as seen from the subject"),
	STRING("target.container", get_target_container, "container that the act hits, \"host\" for the host"),
	STRING("target.container_image", get_target_container_image, "its image"),
	STRING("target.container_name", get_target_container_name, "its name"),
	BOOL("target.is_foreign", get_target_is_foreign,
	     "the act hits a process (or a namespace) of the host or of another container"),
	STRING("target.name", get_target_name, "name (comm) of the process that the act hits"),
	INT("target.pid", get_target_pid, "its process id, initial pid namespace"),
	BOOL("target.shares_pid_ns", get_target_shares_pid_ns,
	     "actor and target share a pid namespace that is not the host's: containers of one pod"),
	INT("target.uid", get_target_uid, "its effective user id, in the initial user namespace"),
	FLAGS("thread.cap_effective", get_thread_cap_effective, SYMBOLS_CAP, "effective capabilities: CAP_SYS_ADMIN..."),
	BOOL("thread.ismain", get_thread_ismain, "the first thread of its process"),
	INT("thread.vtid", get_thread_vtid, "thread id in the task's own pid namespace"),
	INT("use.fd", get_use_fd, "descriptor that was used"),
	WORD("use.op", get_use_op, words_use_op, "what was done with a descriptor's file"),
	BOOL("user.in_initial_ns", get_user_in_initial_ns,
	     "the task is in the initial user namespace: its capabilities count on the host"),
	INT("user.uid", get_user_uid, "effective user id, in the initial user namespace"),
};
/* clang-format on */
const size_t field_table_len = ARRAY_SIZE(field_table);

static int compare_name(const void *key, const void *element)
{
	const struct slice *name = key;
	const struct field *field = element;
	size_t len = strlen(field->name);
	int r;

	r = memcmp(name->data, field->name, name->len < len ? name->len : len);
	if (r != 0)
		return r;
	return (name->len > len) - (name->len < len);
}

const struct field *field_find(struct slice name)
{
	const struct falco_name *falco;
	const struct field *field;

	if (name.len == 0)
		return NULL;
	field = bsearch(&name, field_table, field_table_len, sizeof(field_table[0]), compare_name);
	falco = field ? NULL : falco_name_find(name);
	return falco && falco->ours && !falco->note ? field_find(slice_from(falco->ours)) : field;
}

const char *field_suggest(struct slice name)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; i < field_table_len; i++)
		suggest_offer(&suggest, name, field_table[i].name);
	return suggest.best;
}

unsigned int field_event_type(struct slice word)
{
	for (size_t i = 0; i < ARRAY_SIZE(event_types); i++) {
		if (slice_eq(word, slice_from(event_types[i].word)))
			return event_types[i].type;
	}
	return 0;
}

int value_format(struct value *value, struct slice *ret)
{
	int n;

	switch (value->type) {
	case VALUE_BOOL: *ret = slice_from(value->truth ? "true" : "false"); return 0;
	case VALUE_INT:
		n = snprintf(value->scratch, sizeof(value->scratch), "%" PRId64, value->num);
		*ret = (struct slice){ value->scratch, (size_t)n };
		return 0;
	case VALUE_LIST: value_join(value); break;
	case VALUE_STRING: break;
	}
	*ret = value->str;
	return 0;
}

int field_format(const struct field *field, const struct event *ev, struct value *tmp,
		 struct slice *ret)
{
	const struct field_ref ref = { field, -1 };

	return field_ref_format(&ref, ev, tmp, ret);
}
