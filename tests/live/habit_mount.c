/* SPDX-License-Identifier: Apache-2.0 */
/* The mount calls that work on descriptors, as healthy software makes them. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NR_OPEN_TREE = 428, NR_MOVE_MOUNT, NR_FSOPEN, NR_FSCONFIG, NR_FSMOUNT, NR_SETATTR = 442 };

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* As mount(8) of util-linux 2.39 and later. */
static int mount_new(const char *type, const char *at)
{
	long fs = syscall(NR_FSOPEN, type, 1 /* FSOPEN_CLOEXEC */), mnt;

	if (fs < 0)
		return fail(type);
	if (syscall(NR_FSCONFIG, fs, FSCONFIG_SET_STRING, "source", "none", 0) < 0 ||
	    syscall(NR_FSCONFIG, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail("fsconfig");
	mnt = syscall(NR_FSMOUNT, fs, 1 /* FSMOUNT_CLOEXEC */, MOUNT_ATTR_NOSUID);
	if (mnt < 0)
		return fail("fsmount");
	mkdir(at, 0755);
	if (syscall(NR_MOVE_MOUNT, mnt, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail("move_mount");
	return 0;
}

/* As bubblewrap and container engines: a clone, made read-only, then shown. */
static int bind_read_only(const char *from, const char *at)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	long tree = syscall(NR_OPEN_TREE, AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return fail("open_tree");
	if (syscall(NR_SETATTR, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return fail("mount_setattr");
	mkdir(at, 0755);
	if (syscall(NR_MOVE_MOUNT, tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail("move_mount");
	return 0;
}

static int work(void)
{
	struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };
	int fd;

	if (mount_new("tmpfs", "/tmp/t") || bind_read_only("/etc", "/tmp/e"))
		return 1;
	if (syscall(NR_SETATTR, AT_FDCWD, "/tmp/e", 0, &writable, sizeof(writable)) < 0)
		return fail("writable again");
	fd = open("/tmp/t/file", O_CREAT | O_WRONLY, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1)
		return fail("/tmp/t/file");
	close(fd);
	fd = (int)syscall(NR_OPEN_TREE, AT_FDCWD, "/etc", OPEN_TREE_CLOEXEC);
	return fd < 0 ? fail("open_tree") : 0;
}

static int write_map(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, line, strlen(line));

	if (fd >= 0)
		close(fd);
	return n < 0 ? fail(path) : 0;
}

/* A user namespace of its own, with processes and a procfs of its own. */
static int sandbox(void)
{
	int status = 1;
	pid_t pid;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return fail("unshare");
	if (write_map("/proc/self/setgroups", "deny") || write_map("/proc/self/uid_map", "0 0 1") ||
	    write_map("/proc/self/gid_map", "0 0 1"))
		return 1;
	pid = fork();
	if (pid == 0) {
		/* Refused where the container's own is masked; sandboxes go on then. */
		mount_new("proc", "/tmp/p");
		_exit(work());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("fork");
	return status != 0;
}

static int do_newmount(char **argv)
{
	return strcmp(argv[0], "sandbox") == 0 ? sandbox() : work();
}

static const struct deed deeds[] = {
	/* mounts|sandbox */
	{ "newmount", 1, do_newmount },
	{ 0 },
};
DEED_TABLE(deeds);
