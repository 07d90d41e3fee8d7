/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures that no list has: several doors in one deed. */
#include "attack.h"
#include "deed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long is_decoy(int fd)
{
	char got[sizeof(DECOY_TEXT)] = "";

	if (fd < 0)
		return -errno;
	if (pread(fd, got, sizeof(got) - 1, 0) < 0)
		return -errno;
	return strcmp(got, DECOY_TEXT) == 0 ? 0 : -ENOMSG;
}

/* PATH: opened into a slot and written, two linked requests of one submission. */
static long linked(char **argv)
{
	struct open_how how = { .flags = O_WRONLY };
	struct io_uring_sqe sqes[2] = {
		{ .opcode = IORING_OP_OPENAT2,
		  .flags = IOSQE_IO_LINK,
		  .fd = AT_FDCWD,
		  .addr = (uintptr_t)argv[0],
		  .len = sizeof(how),
		  .off = (uintptr_t)&how,
		  .file_index = 1 },
		{ .opcode = IORING_OP_WRITE,
		  .flags = IOSQE_FIXED_FILE,
		  .fd = 0,
		  .addr = (uintptr_t)DECOY_TEXT,
		  .len = sizeof(DECOY_TEXT) - 1 },
	};
	int got[2] = { 0, 0 };

	deed_harm("linked");
	deed_uring_chain(sqes, 2, got);
	return got[0] < 0 ? got[0] : got[1] == sizeof(DECOY_TEXT) - 1 ? 0 : -EIO;
}

/* PATH: opened into a slot, taken out of it into the table, read by a child. */
static long installed(char **argv)
{
	struct io_uring_sqe sqes[2] = {
		{ .opcode = IORING_OP_OPENAT,
		  .flags = IOSQE_IO_LINK,
		  .fd = AT_FDCWD,
		  .addr = (uintptr_t)argv[0],
		  .file_index = 1 },
		{ .opcode = 54 /* FIXED_FD_INSTALL */, .flags = IOSQE_FIXED_FILE, .fd = 0 },
	};
	int got[2] = { 0, 0 }, status;
	pid_t pid;

	deed_harm("installed");
	deed_uring_chain(sqes, 2, got);
	if (got[0] < 0 || got[1] < 0)
		return got[0] < 0 ? got[0] : got[1];
	pid = fork();
	if (pid == 0)
		_exit(is_decoy(got[1]) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -EIO;
}

/* PID FD NAME: a folder out of another process, and a file below it. */
static long taken(char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0), dir;

	deed_harm("pidfd_getfd");
	dir = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(argv[1]), 0);
	return dir < 0 ? -errno : is_decoy(openat(dir, argv[2] + 1, O_RDONLY));
}

/* DIR: a foreign folder as the lower layer of an overlay, given as a descriptor. */
static long layered(char **argv)
{
	int dir, fs, mnt;

	mkdir("/tmp/empty", 0755);
	deed_harm("open of the folder");
	dir = open(argv[0], O_PATH | O_DIRECTORY);
	if (dir < 0)
		deed_fail("cannot open %s", argv[0]);
	fs = (int)syscall(SYS_fsopen, "overlay", 0);
	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_FD, "lowerdir+", NULL, dir) < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir+", "/tmp/empty", 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mnt = (int)syscall(SYS_fsmount, fs, 0, 0);
	return mnt < 0 ? -errno : is_decoy(openat(mnt, "secret", O_RDONLY));
}

static long run_fd(int fd)
{
	char *args[] = { "hostprog", "arrived", NULL }, *env[] = { NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status == 0 ? 0 : -ENOEXEC;
}

/* PATH: run by a descriptor that can only name it. */
static long pathless(char **argv)
{
	int fd = open(argv[0], O_PATH);

	if (fd < 0)
		deed_fail("cannot open %s", argv[0]);
	deed_harm("execveat");
	return run_fd(fd);
}

static long passed_program(char **argv)
{
	int fd = attack_receive("r bin/hostprog");

	(void)argv;
	deed_harm("execveat");
	return run_fd(fd);
}

static long passed_folder(char **argv)
{
	int fd = attack_receive("d bin");

	(void)argv;
	deed_harm("fchdir");
	return result(fchdir(fd));
}

static long passed_chmod(char **argv)
{
	int fd = attack_receive("r secret");

	(void)argv;
	deed_harm("fchmod");
	return result(fchmod(fd, 0644));
}

/* The message with the descriptor, and what is in it, by io_uring alone. */
static long received(char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/serve.sock" };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte, got[sizeof(DECOY_TEXT)] = "";
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	int peer = socket(AF_UNIX, SOCK_STREAM, 0), fd = -1;
	struct io_uring_sqe sqe = { .opcode = IORING_OP_RECVMSG,
				    .fd = peer,
				    .addr = (uintptr_t)&msg,
				    .len = 1 };

	(void)argv;
	if (connect(peer, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    write(peer, "r secret", 8) < 0 || deed_uring(&sqe, URING_PLAIN) < 0 ||
	    !CMSG_FIRSTHDR(&msg))
		deed_fail("nothing came");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	deed_harm("read");
	sqe = (struct io_uring_sqe){ .opcode = IORING_OP_READ,
				     .fd = fd,
				     .addr = (uintptr_t)got,
				     .len = sizeof(got) - 1 };
	if (deed_uring(&sqe, URING_PLAIN) < 0)
		return -EIO;
	return strcmp(got, DECOY_TEXT) == 0 ? 0 : -ENOMSG;
}

/* A supervisor puts the passed file into a child that asked for something else. */
static long injected(char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = code };
	struct seccomp_notif ask = { 0 };
	struct seccomp_notif_addfd add = { 0 };
	int fd = attack_receive("r secret"), listener, status;
	int pair[2];
	pid_t pid;

	(void)argv;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		deed_fail("socketpair");
	pid = fork();
	if (pid == 0) {
		close(fd);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
					SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
		if (write(pair[0], &listener, sizeof(listener)) < 0 || listener < 0)
			_exit(2);
		_exit(is_decoy((int)syscall(SYS_getppid)) < 0);
	}
	if (read(pair[1], &listener, sizeof(listener)) < 0 || listener < 0)
		deed_skip("no listener of seccomp");
	listener = (int)syscall(SYS_pidfd_getfd, (int)syscall(SYS_pidfd_open, pid, 0), listener, 0);
	if (listener < 0 || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		deed_fail("no notification");
	add.id = ask.id;
	add.flags = SECCOMP_ADDFD_FLAG_SEND;
	add.srcfd = (uint32_t)fd;
	deed_harm("SECCOMP_IOCTL_NOTIF_ADDFD");
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0)
		return -errno;
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -EIO;
}

/* Read-only is taken from every mount at once, from the root downwards. */
static long unmasked(char **argv)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
	struct statvfs st;

	(void)argv;
	if (statvfs("/proc/sys", &st) < 0 || !(st.f_flag & ST_RDONLY))
		deed_fail("/proc/sys is writable already");
	deed_harm("mount_setattr");
	if (syscall(442, AT_FDCWD, "/", 0x8000 /* AT_RECURSIVE */, &attr, sizeof(attr)) < 0)
		return -errno;
	return statvfs("/proc/sys", &st) == 0 && !(st.f_flag & ST_RDONLY) ? 0 : -EROFS;
}

/* DIR: a file without a name in a folder of the host, and then a name for it. */
static long named_later(char **argv)
{
	char path[400];
	int dir = open(argv[0], O_PATH | O_DIRECTORY), fd;
	long ret;

	deed_harm("O_TMPFILE");
	fd = openat(dir, ".", O_TMPFILE | O_RDWR, 0600);
	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "named.%d", getpid());
	ret = result(linkat(fd, "", dir, path, AT_EMPTY_PATH));
	unlinkat(dir, path, 0);
	return ret;
}

/* PORT: connected by the first bytes. */
static long fast_open(char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)atoi(argv[0])) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	deed_harm("MSG_FASTOPEN");
	return result(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&addr, sizeof(addr)));
}

/* PATH */
static long opened(char **argv)
{
	deed_harm("open");
	return is_decoy(open(argv[0], O_RDONLY));
}

/* DIR PATH: as if DIR were the root. */
static long in_root(char **argv)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT };
	int dir = open(argv[0], O_PATH | O_DIRECTORY);

	if (dir < 0)
		deed_fail("cannot open %s", argv[0]);
	deed_harm("openat2");
	return is_decoy((int)syscall(SYS_openat2, dir, argv[1], &how, sizeof(how)));
}

static void *join_alone(void *arg)
{
	int fd = open(arg, O_RDONLY);

	if (fd < 0 || unshare(CLONE_FS) < 0)
		return (void *)(long)errno;
	deed_harm("setns of one thread");
	return (void *)(long)(setns(fd, CLONE_NEWNS) < 0 ? errno : 0);
}

/* PID: one thread leaves, the others stay. */
static long alone(char **argv)
{
	static char path[64];
	pthread_t thread;
	void *ret;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", argv[0]);
	if (pthread_create(&thread, NULL, join_alone, path) != 0 || pthread_join(thread, &ret) != 0)
		return -EAGAIN;
	return -(long)ret;
}

/* PID: tried again from a user namespace, where every capability is held. */
static long nested(char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0);

	if (unshare(CLONE_NEWUSER) < 0)
		deed_fail("no user namespace");
	deed_harm("setns");
	return result(setns(pidfd, CLONE_NEWNS));
}

static long passed_hole(char **argv)
{
	int fd = attack_receive("w secret");

	(void)argv;
	deed_harm("fallocate");
	/* Beyond its end, and the size is kept: nothing of it changes. */
	return result(fallocate(fd, FALLOC_FL_KEEP_SIZE, 4096, 4096));
}

static long passed_attribute(char **argv)
{
	int fd = attack_receive("w secret");

	(void)argv;
	deed_harm("fsetxattr");
	return result(fsetxattr(fd, "user.brigwatch", "x", 1, 0));
}

/* PID: limits, processors and the choice of the killer, as they are. */
static long limited(char **argv)
{
	struct rlimit limit;
	int pid = atoi(argv[0]);

	deed_harm("prlimit");
	if (prlimit(pid, RLIMIT_CORE, NULL, &limit) < 0)
		return -errno;
	limit.rlim_cur = 0;
	return result(prlimit(pid, RLIMIT_CORE, &limit, NULL));
}

static long bound(char **argv)
{
	cpu_set_t set;
	int pid = atoi(argv[0]);

	if (sched_getaffinity(pid, sizeof(set), &set) < 0)
		return -errno;
	deed_harm("sched_setaffinity");
	return result(sched_setaffinity(pid, sizeof(set), &set));
}

/* PID NAME TEXT: an entry of its /proc is written. */
static long entry(char **argv)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", argv[0], argv[1]);
	deed_harm(path);
	fd = open(path, O_WRONLY);
	return fd < 0 ? -errno : result(write(fd, argv[2], strlen(argv[2])));
}

static const struct {
	const char *name;
	long (*run)(char **argv);
} mixtures[] = {
	{ "passed-hole", passed_hole },
	{ "passed-attribute", passed_attribute },
	{ "limited", limited },
	{ "bound", bound },
	{ "entry", entry },
	{ "linked", linked },
	{ "installed", installed },
	{ "taken", taken },
	{ "layered", layered },
	{ "pathless", pathless },
	{ "passed-program", passed_program },
	{ "passed-folder", passed_folder },
	{ "passed-chmod", passed_chmod },
	{ "received", received },
	{ "injected", injected },
	{ "unmasked", unmasked },
	{ "named-later", named_later },
	{ "fast-open", fast_open },
	{ "opened", opened },
	{ "in-root", in_root },
	{ "alone", alone },
	{ "nested", nested },
};

static int attack_mixed(char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(mixtures) / sizeof(mixtures[0]); i++)
		if (strcmp(mixtures[i].name, argv[0]) == 0)
			return deed_done(mixtures[i].run(argv + 1));
	deed_fail("no such mixture: %s", argv[0]);
}

static const struct deed deeds[] = {
	/* NAME [ARGS]: see above */
	{ "mixed", 1, attack_mixed },
	{ 0 },
};
DEED_TABLE(deeds);
