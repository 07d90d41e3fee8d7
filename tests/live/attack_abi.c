/* SPDX-License-Identifier: Apache-2.0 */
/* The same operations by every door of the kernel. Each is described once: its
 * numbers, its arguments (pointers below 4 GiB, so that both gates take them),
 * and its io_uring request where there is one. All aim at a folder of decoys on
 * the host, at a decoy process, or at what is the container's own.
 *
 * What an operation needs beforehand is done before the clock is read. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NONE (-1)

struct call {
	long nr, nr32; /* NONE: that gate has no such call */
	long a[5];
	struct io_uring_sqe sqe; /* opcode 0: io_uring has no such request */
	bool direct;		 /* it can make a direct descriptor */
};

struct op {
	const char *name;
	void (*fill)(struct call *c);
	bool child;	     /* it changes the caller for good */
	void (*after)(void); /* undo it, unseen by the clock */
};

static struct {
	int decoy, dir, n;
	char folder[300], host[300]; /* {dir}/abi and {dir}, through the decoy's root */
	uint64_t *times;	     /* before, after; shared with children */
} abi;

/* Strings and structures that both gates can be handed. */
__attribute__((format(printf, 1, 2))) static long text(const char *fmt, ...)
{
	char buf[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return (long)deed_low(buf, strlen(buf) + 1);
}

static void call_set(struct call *c, long nr, long nr32, long a, long b, long d, long e, long f)
{
	c->nr = nr;
	c->nr32 = nr32;
	c->a[0] = a;
	c->a[1] = b;
	c->a[2] = d;
	c->a[3] = e;
	c->a[4] = f;
}

static long decoy_file(void)
{
	return text("%s/file", abi.folder);
}

/* A new name each time, so that no run finds the one before. */
static long fresh(const char *what)
{
	return text("%s/%s.%d.%d", abi.folder, what, getpid(), abi.n++);
}

static void make(long path)
{
	close(open((const char *)path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* Opens */

static void op_open(struct call *c)
{
	call_set(c, SYS_open, 5, decoy_file(), O_RDONLY, 0, 0, 0);
}

static void op_creat(struct call *c)
{
	call_set(c, SYS_creat, 8, fresh("creat"), 0600, 0, 0, 0);
}

static void op_openat(struct call *c)
{
	call_set(c, SYS_openat, 295, AT_FDCWD, decoy_file(), O_WRONLY, 0, 0);
	c->direct = true;
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
					.fd = AT_FDCWD,
					.addr = (uint64_t)c->a[1],
					.open_flags = O_WRONLY };
}

static void op_openat2(struct call *c)
{
	struct open_how how = { .flags = O_RDONLY };
	long low = (long)deed_low(&how, sizeof(how));

	call_set(c, SYS_openat2, 437, AT_FDCWD, decoy_file(), low, sizeof(how), 0);
	c->direct = true;
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2,
					.fd = AT_FDCWD,
					.addr = (uint64_t)c->a[1],
					.len = sizeof(how),
					.off = (uint64_t)low };
}

static void op_by_handle(struct call *c)
{
	struct {
		struct file_handle fh;
		unsigned char bytes[128];
	} h = { .fh = { .handle_bytes = 128 } };
	int id;

	if (name_to_handle_at(AT_FDCWD, (const char *)decoy_file(), &h.fh, &id, 0) < 0)
		return;
	call_set(c, SYS_open_by_handle_at, 342, abi.dir, (long)deed_low(&h, sizeof(h)), O_RDONLY, 0,
		 0);
}

/* Connections */

static long runtime_socket(int *ret_fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	*ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.90s/decoy.sock", abi.host);
	return (long)deed_low(&addr, sizeof(addr));
}

static void op_connect(struct call *c)
{
	int fd;
	long addr = runtime_socket(&fd);

	call_set(c, SYS_connect, 362, fd, addr, sizeof(struct sockaddr_un), 0, 0);
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_CONNECT,
					.fd = fd,
					.addr = (uint64_t)addr,
					.off = sizeof(struct sockaddr_un) };
}

static void op_socketcall(struct call *c)
{
	int fd;
	long addr = runtime_socket(&fd);
	uint32_t args[3] = { (uint32_t)fd, (uint32_t)addr, sizeof(struct sockaddr_un) };

	call_set(c, SYS_connect, NONE, fd, addr, sizeof(struct sockaddr_un), 0, 0);
	c->nr32 = -102; /* socketcall has other arguments: see go() */
	c->a[3] = (long)deed_low(args, sizeof(args));
}

/* Programs, positions, namespaces */

static long program_args(long path, bool ia32)
{
	long word = text("arrived");
	uint32_t args32[3] = { (uint32_t)path, (uint32_t)word, 0 };
	uint64_t args64[3] = { (uint64_t)path, (uint64_t)word, 0 };

	return ia32 ? (long)deed_low(args32, sizeof(args32)) :
		      (long)deed_low(args64, sizeof(args64));
}

/* Both vectors are kept; go() takes the gate's. */
static void op_execve(struct call *c)
{
	long path = text("%s/bin/hostprog", abi.host);

	call_set(c, SYS_execve, 11, path, program_args(path, false), 0, program_args(path, true),
		 0);
}

static void op_execveat(struct call *c)
{
	long path = text("bin/hostprog");
	int dir = open(abi.host, O_PATH | O_DIRECTORY | O_CLOEXEC);

	call_set(c, SYS_execveat, 358, dir, path, program_args(path, false), 0, 0);
	c->a[4] = program_args(path, true);
}

static void op_chdir(struct call *c)
{
	call_set(c, SYS_chdir, 12, text("%s", abi.folder), 0, 0, 0, 0);
}

static void op_fchdir(struct call *c)
{
	call_set(c, SYS_fchdir, 133, abi.dir, 0, 0, 0, 0);
}

static void op_chroot(struct call *c)
{
	call_set(c, SYS_chroot, 61, text("%s", abi.folder), 0, 0, 0, 0);
}

static void op_setns(struct call *c)
{
	int fd = open((const char *)text("/proc/%d/ns/net", abi.decoy), O_RDONLY | O_CLOEXEC);

	call_set(c, SYS_setns, 346, fd, CLONE_NEWNET, 0, 0, 0);
}

static void op_unshare(struct call *c)
{
	call_set(c, SYS_unshare, 310, CLONE_NEWNS | CLONE_NEWUSER, 0, 0, 0, 0);
}

/* Mounts; nothing that the host sees */

static void op_mount(struct call *c)
{
	mkdir("/tmp/m", 0700);
	call_set(c, SYS_mount, 21, text("none"), text("/tmp/m"), text("proc"), 0, 0);
}

static void mount_undo(void)
{
	umount2("/tmp/m", MNT_DETACH);
}

static void op_remount(struct call *c)
{
	call_set(c, SYS_mount, 21, text("none"), text("/sys"), text("sysfs"), MS_REMOUNT | MS_BIND,
		 0);
}

static void op_umount(struct call *c)
{
	mkdir("/tmp/m", 0700);
	if (mount("none", "/tmp/m", "tmpfs", 0, NULL) == 0)
		call_set(c, SYS_umount2, 52, text("/tmp/m"), MNT_DETACH, 0, 0, 0);
}

static void op_fsopen(struct call *c)
{
	call_set(c, SYS_fsopen, 430, text("proc"), 1 /* FSOPEN_CLOEXEC */, 0, 0, 0);
}

static void op_fsmount(struct call *c)
{
	int fs = (int)syscall(SYS_fsopen, "proc", 1);

	syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0);
	call_set(c, SYS_fsmount, 432, fs, 1, 0, 0, 0);
}

static void op_open_tree(struct call *c)
{
	call_set(c, SYS_open_tree, 428, AT_FDCWD, text("/tmp"),
		 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC, 0, 0);
}

static void op_move_mount(struct call *c)
{
	int fs = (int)syscall(SYS_fsopen, "proc", 1), mnt;

	mkdir("/tmp/m", 0700);
	syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0);
	mnt = (int)syscall(SYS_fsmount, fs, 1, 0);
	call_set(c, SYS_move_mount, 429, mnt, text("%s", ""), AT_FDCWD, text("/tmp/m"),
		 4 /* MOVE_MOUNT_F_EMPTY_PATH */);
}

static void op_mount_setattr(struct call *c)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NODEV };

	mkdir("/tmp/m", 0700);
	if (mount("none", "/tmp/m", "tmpfs", 0, NULL) == 0)
		call_set(c, SYS_mount_setattr, 442, AT_FDCWD, text("/tmp/m"), 0,
			 (long)deed_low(&attr, sizeof(attr)), sizeof(attr));
}

/* Changes of a tree */

static void op_link(struct call *c)
{
	call_set(c, SYS_link, 9, decoy_file(), fresh("link"), 0, 0, 0);
}

static void op_linkat(struct call *c)
{
	call_set(c, SYS_linkat, 303, AT_FDCWD, decoy_file(), AT_FDCWD, fresh("linkat"), 0);
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_LINKAT,
					.fd = AT_FDCWD,
					.addr = (uint64_t)c->a[1],
					.len = (uint32_t)AT_FDCWD,
					.addr2 = (uint64_t)c->a[3] };
}

static void op_symlink(struct call *c)
{
	call_set(c, SYS_symlink, 83, text("file"), fresh("symlink"), 0, 0, 0);
}

static void op_symlinkat(struct call *c)
{
	call_set(c, SYS_symlinkat, 304, text("file"), AT_FDCWD, fresh("symlinkat"), 0, 0);
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_SYMLINKAT,
					.fd = AT_FDCWD,
					.addr = (uint64_t)c->a[0],
					.addr2 = (uint64_t)c->a[2] };
}

static void op_rename(struct call *c)
{
	long from = fresh("from");

	make(from);
	call_set(c, SYS_rename, 38, from, fresh("rename"), 0, 0, 0);
}

static void op_renameat(struct call *c)
{
	long from = fresh("from");

	make(from);
	call_set(c, SYS_renameat, 302, AT_FDCWD, from, AT_FDCWD, fresh("renameat"), 0);
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_RENAMEAT,
					.fd = AT_FDCWD,
					.addr = (uint64_t)from,
					.len = (uint32_t)AT_FDCWD,
					.addr2 = (uint64_t)c->a[3] };
}

static void op_mkdir(struct call *c)
{
	call_set(c, SYS_mkdir, 39, fresh("mkdir"), 0700, 0, 0, 0);
}

static void op_mkdirat(struct call *c)
{
	call_set(c, SYS_mkdirat, 296, AT_FDCWD, fresh("mkdirat"), 0700, 0, 0);
	c->sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = (uint64_t)c->a[1], .len = 0700
	};
}

static void op_mknod(struct call *c)
{
	call_set(c, SYS_mknod, 14, fresh("mknod"), S_IFIFO | 0600, 0, 0, 0);
}

static void op_mknodat(struct call *c)
{
	call_set(c, SYS_mknodat, 297, AT_FDCWD, fresh("mknodat"), S_IFIFO | 0600, 0, 0);
}

static void op_unlink(struct call *c)
{
	long path = fresh("unlink");

	make(path);
	call_set(c, SYS_unlink, 10, path, 0, 0, 0, 0);
}

static void op_unlinkat(struct call *c)
{
	long path = fresh("unlinkat");

	make(path);
	call_set(c, SYS_unlinkat, 301, AT_FDCWD, path, 0, 0, 0);
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT,
					.fd = AT_FDCWD,
					.addr = (uint64_t)path };
}

static void op_rmdir(struct call *c)
{
	long path = fresh("rmdir");

	mkdir((const char *)path, 0700);
	call_set(c, SYS_rmdir, 40, path, 0, 0, 0, 0);
}

static void op_truncate(struct call *c)
{
	call_set(c, SYS_truncate, 92, decoy_file(), 16, 0, 0, 0);
}

static void op_ftruncate(struct call *c)
{
	int fd = open((const char *)decoy_file(), O_WRONLY | O_CLOEXEC);

	call_set(c, SYS_ftruncate, 93, fd, 16, 0, 0, 0);
	c->sqe = (struct io_uring_sqe){ .opcode = 55 /* FTRUNCATE */, .fd = fd, .off = 16 };
}

static void op_chmod(struct call *c)
{
	call_set(c, SYS_chmod, 15, decoy_file(), 0600, 0, 0, 0);
}

static void op_fchmod(struct call *c)
{
	int fd = open((const char *)decoy_file(), O_RDONLY | O_CLOEXEC);

	call_set(c, SYS_fchmod, 94, fd, 0600, 0, 0, 0);
}

static void op_fchmodat(struct call *c)
{
	call_set(c, SYS_fchmodat, 306, AT_FDCWD, decoy_file(), 0600, 0, 0);
}

static void op_fchmodat2(struct call *c)
{
	call_set(c, 452, 452, AT_FDCWD, decoy_file(), 0600, 0, 0);
}

static void op_chown(struct call *c)
{
	call_set(c, SYS_chown, 212 /* chown32 */, decoy_file(), 0, 0, 0, 0);
}

static void op_fchownat(struct call *c)
{
	call_set(c, SYS_fchownat, 298, AT_FDCWD, decoy_file(), 0, 0, 0);
}

static void op_setxattr(struct call *c)
{
	call_set(c, SYS_setxattr, 226, decoy_file(), text("user.brigwatch"), text("x"), 1, 0);
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_SETXATTR,
					.addr = (uint64_t)c->a[1],
					.off = (uint64_t)c->a[2],
					.addr3 = (uint64_t)c->a[0],
					.len = 1 };
}

static void op_utimensat(struct call *c)
{
	/* NULL: now; so both gates agree on the layout. */
	call_set(c, SYS_utimensat, 320, AT_FDCWD, decoy_file(), 0, 0, 0);
}

/* Other processes: the decoy alone */

static void op_ptrace(struct call *c)
{
	call_set(c, SYS_ptrace, 26, 0x4206 /* PTRACE_SEIZE */, abi.decoy, 0, 0, 0);
}

static void op_pidfd_getfd(struct call *c)
{
	int pidfd = (int)syscall(SYS_pidfd_open, abi.decoy, 0);

	call_set(c, SYS_pidfd_getfd, 438, pidfd, 100, 0, 0, 0);
}

static void op_kill(struct call *c)
{
	call_set(c, SYS_kill, 37, abi.decoy, 0, 0, 0, 0);
}

/* The kernel's surface */

static void op_bpf(struct call *c)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 4,
				.max_entries = 1 };

	call_set(c, SYS_bpf, 357, BPF_MAP_CREATE, (long)deed_low(&attr, sizeof(attr)),
		 sizeof(attr), 0, 0);
}

static void op_perf(struct call *c)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_CPU_CLOCK };

	call_set(c, SYS_perf_event_open, 336, (long)deed_low(&attr, sizeof(attr)), -1, 0, -1, 0);
}

static void op_userfaultfd(struct call *c)
{
	call_set(c, SYS_userfaultfd, 374, O_CLOEXEC, 0, 0, 0, 0);
}

static void op_add_key(struct call *c)
{
	call_set(c, SYS_add_key, 286, text("user"), text("brigwatch"), text("x"), 1,
		 -3 /* session keyring */);
}

static void op_keyctl(struct call *c)
{
	call_set(c, SYS_keyctl, 288, 0 /* GET_KEYRING_ID */, -3, 0, 0, 0);
}

static void op_packet_socket(struct call *c)
{
	call_set(c, SYS_socket, 359, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0, 0, 0);
	c->direct = true;
	c->sqe = (struct io_uring_sqe){ .opcode = IORING_OP_SOCKET,
					.fd = AF_PACKET,
					.off = SOCK_RAW };
}

static void op_fanotify(struct call *c)
{
	call_set(c, SYS_fanotify_init, 338, 1 /* FAN_CLOEXEC */, O_RDONLY, 0, 0, 0);
}

static const struct op ops[] = {
	{ "open", op_open, false, NULL },
	{ "creat", op_creat, false, NULL },
	{ "openat", op_openat, false, NULL },
	{ "openat2", op_openat2, false, NULL },
	{ "open_by_handle", op_by_handle, false, NULL },
	{ "connect", op_connect, false, NULL },
	{ "socketcall", op_socketcall, false, NULL },
	{ "execve", op_execve, true, NULL },
	{ "execveat", op_execveat, true, NULL },
	{ "chdir", op_chdir, true, NULL },
	{ "fchdir", op_fchdir, true, NULL },
	{ "chroot", op_chroot, true, NULL },
	{ "setns", op_setns, true, NULL },
	{ "unshare", op_unshare, true, NULL },
	{ "mount", op_mount, false, mount_undo },
	{ "remount", op_remount, false, NULL },
	{ "umount2", op_umount, false, NULL },
	{ "fsopen", op_fsopen, false, NULL },
	{ "fsmount", op_fsmount, false, NULL },
	{ "open_tree", op_open_tree, false, NULL },
	{ "move_mount", op_move_mount, false, mount_undo },
	{ "mount_setattr", op_mount_setattr, false, mount_undo },
	{ "link", op_link, false, NULL },
	{ "linkat", op_linkat, false, NULL },
	{ "symlink", op_symlink, false, NULL },
	{ "symlinkat", op_symlinkat, false, NULL },
	{ "rename", op_rename, false, NULL },
	{ "renameat", op_renameat, false, NULL },
	{ "mkdir", op_mkdir, false, NULL },
	{ "mkdirat", op_mkdirat, false, NULL },
	{ "mknod", op_mknod, false, NULL },
	{ "mknodat", op_mknodat, false, NULL },
	{ "unlink", op_unlink, false, NULL },
	{ "unlinkat", op_unlinkat, false, NULL },
	{ "rmdir", op_rmdir, false, NULL },
	{ "truncate", op_truncate, false, NULL },
	{ "ftruncate", op_ftruncate, false, NULL },
	{ "chmod", op_chmod, false, NULL },
	{ "fchmod", op_fchmod, false, NULL },
	{ "fchmodat", op_fchmodat, false, NULL },
	{ "fchmodat2", op_fchmodat2, false, NULL },
	{ "chown", op_chown, false, NULL },
	{ "fchownat", op_fchownat, false, NULL },
	{ "setxattr", op_setxattr, false, NULL },
	{ "utimensat", op_utimensat, false, NULL },
	{ "ptrace", op_ptrace, true, NULL },
	{ "pidfd_getfd", op_pidfd_getfd, false, NULL },
	{ "kill", op_kill, false, NULL },
	{ "bpf", op_bpf, false, NULL },
	{ "perf_event_open", op_perf, false, NULL },
	{ "userfaultfd", op_userfaultfd, false, NULL },
	{ "add_key", op_add_key, false, NULL },
	{ "keyctl", op_keyctl, false, NULL },
	{ "socket", op_packet_socket, false, NULL },
	{ "fanotify_init", op_fanotify, false, NULL },
};

enum door { DOOR_NATIVE, DOOR_IA32, DOOR_PLAIN, DOOR_WORKER, DOOR_SQPOLL, DOOR_DIRECT };
static const char *const doors[] = {
	"native", "ia32", "io_uring", "worker", "sqpoll", "direct",
};

static bool offers(enum door door, const struct call *c)
{
	switch (door) {
	case DOOR_NATIVE: return c->nr > 0;
	case DOOR_IA32: return c->nr > 0 && c->nr32 != NONE;
	case DOOR_DIRECT: return c->direct;
	default: return c->sqe.opcode != 0;
	}
}

static long go_ia32(const struct op *op, const struct call *c)
{
	if (c->nr32 == -102)
		return deed_int80(102, 3 /* SYS_CONNECT */, c->a[3], 0, 0, 0);
	if (op->fill == op_execve)
		return deed_int80(c->nr32, c->a[0], c->a[3], 0, 0, 0);
	if (op->fill == op_execveat)
		return deed_int80(c->nr32, c->a[0], c->a[1], c->a[4], 0, 0);
	return deed_int80(c->nr32, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4]);
}

static long go_native(const struct op *op, const struct call *c)
{
	long last = op->fill == op_execveat ? 0 : c->a[4];
	long ret;

	if (op->fill == op_execve)
		ret = syscall(c->nr, c->a[0], c->a[1], 0);
	else
		ret = syscall(c->nr, c->a[0], c->a[1], c->a[2], c->a[3], last, 0);
	return ret < 0 ? -errno : ret;
}

static long go(const struct op *op, const struct call *c, enum door door)
{
	long ret;

	abi.times[0] = boot_ns();
	if (door == DOOR_NATIVE)
		ret = go_native(op, c);
	else if (door == DOOR_IA32)
		ret = go_ia32(op, c);
	else
		ret = deed_uring(&c->sqe, (enum deed_uring)(door - DOOR_PLAIN));
	abi.times[1] = boot_ns();
	return ret;
}

/* The child's exit code is its errno; a program that came to life exits with 0. */
static long go_in_child(const struct op *op, const struct call *c, enum door door)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long ret = go(op, c, door);

		_exit(ret < 0 ? (int)-ret : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	if (op->fill == op_execve || op->fill == op_execveat)
		abi.times[1] = boot_ns();
	return WIFEXITED(status) ? -(long)WEXITSTATUS(status) : -EINTR;
}

/* Older kernels know neither the call nor the request. */
static bool is_missing(long ret, enum door door)
{
	return ret == -ENOSYS || (ret == -EINVAL && door >= DOOR_PLAIN);
}

static void play_op(const struct op *op, enum door door)
{
	struct call c = { 0 };
	long ret;

	op->fill(&c);
	if (!offers(door, &c)) {
		printf("CELL %s 0 0 na\n", op->name);
	} else {
		usleep(3000);
		ret = op->child ? go_in_child(op, &c, door) : go(op, &c, door);
		if (is_missing(ret, door))
			ret = -ENOSYS;
		printf("CELL %s %llu %llu %s\n", op->name, (unsigned long long)abi.times[0],
		       (unsigned long long)abi.times[1],
		       ret >= 0 ? "ok" : ret == -ENOSYS ? "na" : strerrorname_np((int)-ret));
		usleep(3000);
	}
	fflush(stdout);
	if (op->after)
		op->after();
}

static int attack_abi(char **argv)
{
	enum door door = DOOR_NATIVE;
	size_t i;

	while (strcmp(doors[door], argv[0]) != 0)
		if (++door > DOOR_DIRECT)
			deed_fail("no such door: %s", argv[0]);
	if (door == DOOR_IA32)
		deed_int80_probe();
	abi.decoy = atoi(argv[1]);
	snprintf(abi.host, sizeof(abi.host), "/proc/%d/root%s", abi.decoy, argv[2]);
	snprintf(abi.folder, sizeof(abi.folder), "/proc/%d/root%s/abi", abi.decoy, argv[2]);
	abi.dir = open(abi.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	abi.times = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (abi.dir < 0 || abi.times == MAP_FAILED)
		deed_fail("cannot open %s", abi.folder);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		play_op(&ops[i], door);
	return deed_done(0);
}

static const struct deed deeds[] = {
	/* DOOR DECOY DIR: every operation by that door */
	{ "abi", 3, attack_abi },
	{ 0 },
};
DEED_TABLE(deeds);
