/* SPDX-License-Identifier: Apache-2.0 */
/* A container runtime that lets itself be tricked, for machines whose own ones are
 * patched or cannot be raced on order. Called as `tricked-HOW run -b DIR ID`, it
 * makes namespaces, mounts procfs, is led astray as HOW says, pivots into
 * DIR/rootfs and executes the entry point there. What it opens by mistake is
 * closed as it was found: nothing is ever written.
 *
 * honest does what runtimes do on every start; its container must stay silent. */
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
#include <sys/wait.h>
#include <unistd.h>

#define CORE_PATTERN "/proc/sys/kernel/core_pattern"

static void must(long ret, const char *what)
{
	if (ret < 0)
		deed_fail("tricked: %s", what);
}

static void open_for_write(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | flags);

	must(fd, path);
	close(fd);
}

static void bind(const char *from, const char *to)
{
	must(mount(from, to, NULL, MS_BIND, NULL), to);
}

static void make_file(const char *path)
{
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

/* ---- before the root is pivoted: paths of the host */

/* As a terminal over /dev/console, where the image's link was followed. */
static void console(const char *root)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/dev/console", root);
	make_file(path);
	deed_harm("bind over /dev/console");
	bind(CORE_PATTERN, path);
}

/* ---- in the new root */

static void mask(void)
{
	deed_harm("bind over a masked file");
	bind(CORE_PATTERN, "/proc/filesystems");
}

static void mask_by_tree(void)
{
	long tree;

	deed_harm("open_tree and move_mount over a masked file");
	tree = syscall(428 /* open_tree */, AT_FDCWD, CORE_PATTERN, 1 /* OPEN_TREE_CLONE */);
	must(tree, "open_tree");
	must(syscall(429 /* move_mount */, tree, "", AT_FDCWD, "/proc/filesystems",
		     4 /* MOVE_MOUNT_F_EMPTY_PATH */),
	     "move_mount");
}

/* The label's file is a link in what stands in for procfs. */
static void label_link(void)
{
	must(symlink(CORE_PATTERN, "/tmp/exec"), "symlink");
	deed_harm("label written through a link");
	open_for_write("/tmp/exec", 0);
}

static void label_poweroff(void)
{
	must(symlink("/proc/sys/kernel/poweroff_cmd", "/tmp/exec"), "symlink");
	deed_harm("label written through a link");
	open_for_write("/tmp/exec", 0);
}

/* A volume stands in for procfs. */
static void label_volume(void)
{
	must(mount("none", "/proc", "tmpfs", 0, NULL), "tmpfs");
	mkdir("/proc/self", 0755);
	mkdir("/proc/self/attr", 0755);
	make_file("/proc/self/attr/exec");
	deed_harm("label written into a volume");
	open_for_write("/proc/self/attr/exec", 0);
	must(umount("/proc"), "umount");
}

static void sysctl_volume(void)
{
	must(mount("none", "/proc/sys", "tmpfs", 0, NULL), "tmpfs");
	deed_harm("setting written into a volume");
	open_for_write("/proc/sys/ip_forward", O_CREAT | O_TRUNC);
	must(umount("/proc/sys"), "umount");
}

static void honest(void)
{
	char link[64];
	int fd;

	open_for_write("/proc/sys/net/ipv4/ip_forward", 0);
	open_for_write("/proc/sys/kernel/shm_rmid_forced", O_CREAT | O_TRUNC);
	open_for_write("/proc/self/oom_score_adj", 0);
	make_file("/tmp/fifo");
	fd = open("/tmp/fifo", O_PATH | O_CLOEXEC);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	open_for_write(link, 0);
	close(fd);
	bind("/proc/sys", "/proc/sys");
	must(mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), "remount");
	bind("/proc/version", "/proc/version");
	make_file("/dev/null");
	bind("/dev/null", "/proc/filesystems");
}

static const struct {
	const char *name;
	void (*early)(const char *root);
	void (*late)(void);
} ways[] = {
	{ "console", console, NULL },
	{ "mask", NULL, mask },
	{ "mask-by-tree", NULL, mask_by_tree },
	{ "label-link", NULL, label_link },
	{ "label-poweroff", NULL, label_poweroff },
	{ "label-volume", NULL, label_volume },
	{ "sysctl-volume", NULL, sysctl_volume },
	{ "honest", NULL, honest },
};

/* deed.c wants one; nothing here is chosen by it. */
static const struct deed deeds[] = { { 0 } };
DEED_TABLE(deeds);

/* A group of its own, named as LXC would: so the alert can name the container. */
static void enter_cgroup(const char *id, bool enter)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids",
					     "/sys/fs/cgroup" };
	char path[600];
	int fd = -1;

	for (size_t i = 0; i < 3 && fd < 0; i++) {
		snprintf(path, sizeof(path), "%s/lxc", roots[i]);
		mkdir(path, 0755);
		snprintf(path, sizeof(path), "%s/lxc/%s", roots[i], id);
		if (!enter) {
			rmdir(path);
			continue;
		}
		mkdir(path, 0755);
		snprintf(path, sizeof(path), "%s/lxc/%s/cgroup.procs", roots[i], id);
		fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	if (enter && (fd < 0 || write(fd, "0", 1) != 1))
		deed_fail("tricked: no cgroup");
	if (fd >= 0)
		close(fd);
}

static void become(size_t how, const char *root, const char *entry)
{
	char path[600];
	char *argv[] = { "attack", "arrived", NULL };
	char *end[] = { NULL };

	must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "propagation");
	must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), "rootfs");
	snprintf(path, sizeof(path), "%s/proc", root);
	must(mount("proc", path, "proc", 0, NULL), path);
	if (ways[how].early)
		ways[how].early(root);
	must(chdir(root), root);
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "/");
	if (ways[how].late)
		ways[how].late();
	/* Whoever watches may look at the task for a moment. */
	usleep(100 * 1000);
	deed_done(0);
	execve(entry, argv, end);
	deed_fail("tricked: exec");
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	char root[512];
	size_t how = 0;
	int status = 0;
	pid_t pid;

	name = strchr(name ? name : argv[0], '-');
	while (name && how < sizeof(ways) / sizeof(ways[0]) &&
	       strcmp(name + 1, ways[how].name) != 0)
		how++;
	if (!name || how == sizeof(ways) / sizeof(ways[0]) || argc != 5)
		return 2;
	alarm(30);
	snprintf(root, sizeof(root), "%s/rootfs", argv[3]);

	pid = fork();
	if (pid == 0) {
		enter_cgroup(argv[4], true);
		if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			    CLONE_NEWNET) < 0)
			deed_fail("tricked: unshare");
		pid = fork();
		if (pid == 0)
			become(how, root, "/bin/attack");
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	waitpid(pid, &status, 0);
	enter_cgroup(argv[4], false);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
