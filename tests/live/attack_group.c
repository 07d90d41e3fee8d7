/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups from inside: the list of devices, and the way out of one's own group.
 * Only a new, empty group and a child of this program are touched. binfmt_misc and
 * overlayfs are here as well: control by a mount of one's own. */
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
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS "/tmp/cg"

static long open_by(const char *way, const char *path)
{
	long ret;

	if (strcmp(way, "uring") == 0)
		return deed_uring_openat(AT_FDCWD, path, O_WRONLY, 0);
	if (strcmp(way, "int80") == 0)
		return deed_int80(5, (long)deed_low(path, strlen(path) + 1), O_WRONLY, 0, 0, 0);
	ret = open(path, O_WRONLY);
	return ret < 0 ? -errno : ret;
}

static long put_by(const char *way, const char *path, const char *text)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_WRITE,
				    .addr = (uintptr_t)text,
				    .len = (uint32_t)strlen(text) };
	long fd = open_by(way, path);

	if (fd < 0)
		return fd;
	if (strcmp(way, "uring") == 0) {
		sqe.fd = (int)fd;
		return deed_uring(&sqe, URING_PLAIN);
	}
	if (strcmp(way, "int80") == 0)
		return deed_int80(4, fd, (long)deed_low(text, strlen(text) + 1),
				  (long)strlen(text), 0, 0);
	return write((int)fd, text, strlen(text)) < 0 ? -errno : 0;
}

static long hierarchy(const char *options)
{
	bool second = strcmp(options, "cgroup2") == 0;

	mkdir(GROUPS, 0700);
	return mount("none", GROUPS, second ? "cgroup2" : "cgroup", 0, second ? NULL : options) < 0 ?
		       -errno :
		       0;
}

/* WAY: everything allowed, in a new group without tasks. */
static int attack_devices(char **argv)
{
	char group[100], path[200];
	long ret;

	if (hierarchy("devices") < 0)
		deed_fail("no hierarchy of devices");
	snprintf(group, sizeof(group), GROUPS "/brigwatch-%d", getpid());
	if (mkdir(group, 0700) < 0)
		deed_fail("no group");
	snprintf(path, sizeof(path), "%s/devices.allow", group);
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm("devices.allow");
	ret = put_by(argv[0], path, "a");
	rmdir(group);
	umount2(GROUPS, MNT_DETACH);
	return deed_done(ret < 0 ? ret : 0);
}

/* Are we in the root of that hierarchy? */
static bool in_root(const char *options)
{
	char line[400], want[100];
	bool found = false;
	FILE *f = fopen("/proc/thread-self/cgroup", "re");

	/* Seen from a cgroup namespace, the root may be "/../..". */
	if (strcmp(options, "cgroup2") == 0)
		snprintf(want, sizeof(want), "0::/");
	else
		snprintf(want, sizeof(want), ":%s:/", options);
	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, want);

		if (at)
			found = strspn(at + strlen(want) - 1, "/.") == strcspn(at + strlen(want) - 1, "\n");
	}
	if (f)
		fclose(f);
	return found;
}

struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

static long leave(const char *way, const char *options)
{
	struct clone3_args args = { .flags = 0x200000000ull /* CLONE_INTO_CGROUP */,
				    .exit_signal = SIGCHLD };
	const char *file = strcmp(way, "thread") == 0 ? GROUPS "/tasks" : GROUPS "/cgroup.procs";
	int status, fd;
	long pid;

	if (strcmp(way, "clone3") == 0) {
		fd = open(GROUPS, O_RDONLY | O_DIRECTORY);
		args.cgroup = (uint64_t)fd;
		pid = syscall(SYS_clone3, &args, sizeof(args));
		if (pid < 0)
			return -errno;
	} else {
		pid = fork();
		if (pid == 0 && put_by(way, file, "0") < 0)
			_exit(errno ? errno : EPERM);
	}
	if (pid == 0) {
		usleep(50 * 1000);
		_exit(in_root(options) ? 0 : EXDEV);
	}
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? -(long)WEXITSTATUS(status) : -EINTR;
}

/* WAY OPTIONS|cgroup2: a child of ours goes to the root of the hierarchy. */
static int attack_leave(char **argv)
{
	long ret;

	if (hierarchy(argv[1]) < 0)
		deed_skip("no hierarchy %s to be mounted: %s", argv[1], strerrorname_np(errno));
	if (in_root(argv[1]))
		deed_skip("the container has no group of its own in %s", argv[1]);
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	deed_harm(argv[0]);
	ret = leave(argv[0], argv[1]);
	umount2(GROUPS, MNT_DETACH);
	return deed_done(ret);
}

static void map_root(void)
{
	int fd = open("/proc/self/uid_map", O_WRONLY);

	if (fd < 0 || write(fd, "0 0 1", 5) != 5)
		deed_fail("no uid map");
	close(fd);
	fd = open("/proc/self/setgroups", O_WRONLY);
	if (fd >= 0) {
		(void)!write(fd, "deny", 4);
		close(fd);
	}
	fd = open("/proc/self/gid_map", O_WRONLY);
	if (fd >= 0) {
		(void)!write(fd, "0 0 1", 5);
		close(fd);
	}
}

/* WAY own|host: a binfmt_misc is mounted and `register` opened; in a user
 * namespace of its own (a newer kernel has one of its own there) also written. */
static int attack_binfmt(char **argv)
{
	bool own = strcmp(argv[1], "own") == 0;
	long ret;

	if (own && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		deed_fail("no user namespace");
	if (own)
		map_root();
	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	mkdir("/tmp/bf", 0700);
	deed_harm("mount of binfmt_misc");
	if (mount("none", "/tmp/bf", "binfmt_misc", 0, NULL) < 0)
		return deed_done(-errno);
	ret = own ? put_by(argv[0], "/tmp/bf/register", ":brigwatch:E::brigwatch::/bin/true:") :
		    open_by(argv[0], "/tmp/bf/register");
	umount2("/tmp/bf", MNT_DETACH);
	return deed_done(ret < 0 ? ret : 0);
}

/* MAJOR MINOR WAY: a node is made and not to be opened. */
static int attack_node(char **argv)
{
	dev_t dev = makedev((unsigned int)atoi(argv[0]), (unsigned int)atoi(argv[1]));
	const char *path = "/tmp/disk";
	long ret;

	if (mknod(path, S_IFBLK | 0600, dev) < 0)
		deed_fail("mknod");
	if (strcmp(argv[2], "link") == 0) {
		if (symlink(path, "/tmp/innocent") < 0)
			deed_fail("symlink");
		path = "/tmp/innocent";
	}
	if (strcmp(argv[2], "int80") == 0)
		deed_int80_probe();
	deed_harm("open of a block device");
	if (strcmp(argv[2], "read") == 0)
		ret = open(path, O_RDONLY) < 0 ? -errno : 0;
	else if (strcmp(argv[2], "openat2") == 0) {
		struct {
			uint64_t flags, mode, resolve;
		} how = { .flags = O_RDWR };

		ret = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)) < 0 ? -errno : 0;
	} else {
		ret = open_by(argv[2], path);
	}
	usleep(100 * 1000);
	return deed_done(ret < 0 ? ret : 0);
}

static void copy_setid(const char *to)
{
	int fd = open(to, O_WRONLY | O_CREAT, 0755);

	if (fd < 0 || write(fd, "#!/bin/true\n", 12) != 12 || fchmod(fd, 04755) < 0)
		deed_fail("no set-id decoy");
	close(fd);
}

/* open|chown|utime|link DIR: an overlay whose upper layer is a volume, in a user
 * namespace; a set-id program of the lower layer is touched and so copied up. */
static int attack_copy_up(char **argv)
{
	char options[300], up[200];
	struct stat st;
	long ret;

	mkdir("/tmp/low", 0755);
	mkdir("/tmp/over", 0755);
	snprintf(up, sizeof(up), "%s/up", argv[1]);
	mkdir(up, 0755);
	snprintf(up, sizeof(up), "%s/work", argv[1]);
	mkdir(up, 0755);
	copy_setid("/tmp/low/tool");
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		deed_fail("no user namespace");
	map_root();
	snprintf(options, sizeof(options), "lowerdir=/tmp/low,upperdir=%s/up,workdir=%s/work,userxattr",
		 argv[1], argv[1]);
	deed_harm("overlay");
	if (mount("none", "/tmp/over", "overlay", 0, options) < 0)
		return deed_done(-errno);
	if (strcmp(argv[0], "open") == 0)
		ret = open("/tmp/over/tool", O_RDWR) < 0 ? -errno : 0;
	else if (strcmp(argv[0], "link") == 0)
		ret = link("/tmp/over/tool", "/tmp/over/other") < 0 ? -errno : 0;
	else
		ret = utimensat(AT_FDCWD, "/tmp/over/tool", NULL, 0) < 0 ? -errno : 0;
	snprintf(up, sizeof(up), "%s/up/tool", argv[1]);
	if (ret == 0 && (stat(up, &st) < 0 || !(st.st_mode & S_ISUID)))
		deed_skip("the copy lost its set-id bit: %s", strerrorname_np(errno));
	return deed_done(ret);
}

static const struct deed deeds[] = {
	/* native|int80|uring */
	{ "devices", 1, attack_devices },
	/* native|int80|uring|thread|clone3 OPTIONS|cgroup2 */
	{ "leave", 2, attack_leave },
	/* native|int80|uring own|host */
	{ "binfmt", 2, attack_binfmt },
	/* MAJOR MINOR native|read|openat2|link|int80|uring */
	{ "node", 3, attack_node },
	/* open|utime|link DIR */
	{ "copy-up", 2, attack_copy_up },
	{ 0 },
};
DEED_TABLE(deeds);
