/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy deeds that busybox has no applet for. One static binary, run inside
 * containers by the benign cases; exit code 0 says that the deed was done. More
 * of them in habit_*.c. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "benign: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* uring FILE: what a data base does with its own file. */
static int do_uring(char **argv)
{
	int fd = open(argv[0], O_RDWR | O_CREAT, 0600), i, other;

	if (fd < 0 || deed_uring_work(fd, 200) < 0)
		return fail("io_uring work");
	for (i = 0; i < 50; i++) {
		other = deed_uring_openat(AT_FDCWD, argv[0], O_RDWR, i & 1);
		if (other < 0)
			return fail("io_uring openat");
		close(other);
	}
	return 0;
}

/* userns: a sandbox of one's own, as browsers make it. */
static int do_userns(char **argv)
{
	char map[64];
	int uid = (int)getuid(), gid = (int)getgid();

	(void)argv;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return fail("unshare");
	if (write_text("/proc/self/setgroups", "deny") < 0)
		return fail("setgroups");
	snprintf(map, sizeof(map), "0 %d 1\n", uid);
	if (write_text("/proc/self/uid_map", map) < 0)
		return fail("uid_map");
	snprintf(map, sizeof(map), "0 %d 1\n", gid);
	if (write_text("/proc/self/gid_map", map) < 0)
		return fail("gid_map");
	if (mount("none", "/tmp", "tmpfs", 0, NULL) < 0)
		return fail("tmpfs");
	if (open("/tmp/file", O_CREAT | O_RDWR, 0600) < 0)
		return fail("open in the sandbox");
	if (chdir("/tmp") < 0 || chroot("/") < 0)
		return fail("chroot");
	return execl("/bin/busybox", "true", NULL);
}

/* mountns: a private mount namespace; descriptors from before stay in use. */
static int do_mountns(char **argv)
{
	int dir = open("/etc", O_RDONLY | O_DIRECTORY), fd;

	(void)argv;
	if (unshare(CLONE_NEWNS) < 0)
		return fail("unshare");
	fd = openat(dir, "hostname", O_RDONLY | O_CREAT, 0600);
	if (fd < 0 || fchdir(dir) < 0)
		return fail("descriptor from before");
	if (mount("none", "/tmp", "tmpfs", 0, NULL) < 0 ||
	    mount("/etc", "/tmp", NULL, MS_BIND, NULL) < 0)
		return fail("mount");
	return execl("/bin/busybox", "true", NULL);
}

/* stdio: reopen standard output by name, as web servers and supervisors do. */
static int do_stdio(char **argv)
{
	static const char *const names[] = { "/dev/stdout", "/dev/stderr", "/proc/self/fd/1",
					     "/dev/fd/1" };
	size_t i;
	int fd, n = 0;

	(void)argv;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fd = open(names[i], O_WRONLY | O_APPEND);
		if (fd < 0)
			continue;
		n += (int)write(fd, "line\n", 5);
		close(fd);
	}
	return n > 0 ? 0 : fail("no name of stdout could be opened");
}

/* selfexe: run one's own program again by its link, and from a memory file. */
static int do_selfexe(char **argv)
{
	char *again[] = { "benign", "true", NULL };
	char buf[65536];
	int status, self, mem;
	ssize_t n;
	pid_t pid;

	(void)argv;
	pid = fork();
	if (pid == 0) {
		execv("/proc/self/exe", again);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	if (status != 0)
		return fail("exec of /proc/self/exe");

	self = open("/proc/self/exe", O_RDONLY);
	mem = (int)syscall(SYS_memfd_create, "again", 0);
	while ((n = read(self, buf, sizeof(buf))) > 0)
		if (write(mem, buf, (size_t)n) != n)
			return fail("copy");
	pid = fork();
	if (pid == 0) {
		fexecve(mem, again, environ);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return status == 0 ? 0 : fail("exec of a memory file");
}

static int do_true(char **argv)
{
	(void)argv;
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), ret;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
	return ret;
}

/* connect PATH: a socket that the host lends, such as the log's. */
static int do_connect(char **argv)
{
	return connect_to(argv[0]) < 0 ? fail(argv[0]) : 0;
}

/* socket PATH: a socket of one's own, whatever it is called; its peer is the
 * container itself. */
static int do_socket(char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), i;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", argv[0]);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 64) < 0)
		return fail(argv[0]);
	for (i = 0; i < 20; i++)
		if (connect_to(argv[0]) < 0)
			return fail(argv[0]);
	return 0;
}

/* update FILE: replace a running program, as package managers do. */
static int do_update(char **argv)
{
	char fresh[4096];
	int i;

	for (i = 0; i < 20; i++) {
		int fd;

		snprintf(fresh, sizeof(fresh), "%s.dpkg-new", argv[0]);
		fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || write(fd, "#!/bin/sh\n", 10) != 10)
			return fail(fresh);
		fsync(fd);
		close(fd);
		if (chmod(fresh, 04755) < 0 || rename(fresh, argv[0]) < 0)
			return fail(argv[0]);
	}
	return 0;
}

static int expect_refusal(const char *path, int error)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0 || errno != error) {
		fprintf(stderr, "benign: %s: not refused with %s\n", path, strerrorname_np(error));
		return 1;
	}
	return 0;
}

/* refused READONLY: what programs that do not know where they run try, and are
 * refused: files of their own they may not write, a read-only mount, the program
 * that runs, the log of who started them, settings of the kernel. */
static int do_refused(char **argv)
{
	int fd = open("/etc/shadow", O_CREAT | O_WRONLY, 0600), bad = 0;
	char self[64];

	close(fd);
	if (symlink("/etc/shadow", "/tmp/shadow") < 0)
		return fail("link");
	bad |= expect_refusal(argv[0], EROFS);
	bad |= expect_refusal("/bin/benign", ETXTBSY);
	bad |= expect_refusal("/proc/self/root/bin/benign", ETXTBSY);
	bad |= expect_refusal("/proc/sys/net/ipv4/ip_forward", EROFS);
	bad |= expect_refusal("/proc/sys/vm/max_map_count", EROFS);
	(void)!open("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY);
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return fail("nobody");
	bad |= expect_refusal("/etc/shadow", EACCES);
	bad |= expect_refusal("/tmp/shadow", EACCES);
	bad |= expect_refusal("/proc/self/root/etc/shadow", EACCES);
	snprintf(self, sizeof(self), "/proc/%d/oom_score_adj", (int)getppid());
	(void)!open(self, O_WRONLY);
	(void)!open("/dev/stdout", O_WRONLY);
	(void)!open("/dev/stderr", O_WRONLY | O_APPEND);
	if (chdir("/etc") < 0)
		return fail("chdir");
	bad |= expect_refusal("shadow", EACCES);
	usleep(100 * 1000);
	return bad;
}

/* opens N: steady work on own files. */
static int do_opens(char **argv)
{
	int i, n = atoi(argv[0]), fd;

	for (i = 0; i < n; i++) {
		fd = open(i & 1 ? "/etc/passwd" : "/tmp/work", O_RDWR | O_CREAT, 0600);
		if (fd < 0)
			return fail("open");
		close(fd);
	}
	return 0;
}

static const struct deed deeds[] = {
	{ "uring", 1, do_uring },     { "userns", 0, do_userns },   { "mountns", 0, do_mountns },
	{ "stdio", 0, do_stdio },     { "selfexe", 0, do_selfexe }, { "true", 0, do_true },
	{ "connect", 1, do_connect }, { "socket", 1, do_socket },   { "update", 1, do_update },
	{ "opens", 1, do_opens },     { "refused", 1, do_refused }, { 0 },
};
DEED_TABLE(deeds);

int main(int argc, char **argv)
{
	alarm(60);
	return deed_main(argc, argv);
}
