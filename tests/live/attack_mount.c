/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, and the kernel's control files that they lead to. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int attack_mount(char **argv)
{
	mkdir(argv[2], 0700);
	deed_harm("mount");
	if (mount(argv[1], argv[2], argv[0], 0, NULL) < 0)
		return deed_done(-errno);
	umount2(argv[2], MNT_DETACH);
	return deed_done(0);
}

static int attack_block(char **argv)
{
	dev_t dev = makedev((unsigned int)atoi(argv[0]), (unsigned int)atoi(argv[1]));
	long ret = 0;
	int fd;

	if (mknod("/tmp/disk", S_IFBLK | 0600, dev) < 0)
		deed_fail("mknod");
	mkdir("/tmp/at", 0700);
	deed_harm("mount of a block device");
	if (mount("/tmp/disk", "/tmp/at", argv[2], MS_RDONLY, NULL) < 0)
		ret = -errno;
	fd = open("/tmp/at/lost+found", O_RDONLY | O_DIRECTORY);
	if (ret == 0 && fd < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	umount2("/tmp/at", 0);
	unlink("/tmp/disk");
	return deed_done(ret);
}

/* What a refused call was aimed at can be told as long as anybody is there who
 * sees what the caller saw: intruders are, they try the next thing. */
static int stay(int ret)
{
	usleep(100 * 1000);
	return ret;
}

static int attack_bind_open(char **argv)
{
	char *next[] = { argv[0], "/tmp/innocent", "same", NULL };
	int fd = open("/tmp/innocent", O_CREAT | O_WRONLY, 0600);

	close(fd);
	if (mount(argv[1], "/tmp/innocent", NULL, MS_BIND, NULL) < 0)
		deed_fail("cannot bind %s", argv[1]);
	return attack_open(next);
}

static int attack_link_open(char **argv)
{
	char *next[] = { argv[0], "/tmp/innocent", "same", NULL };

	if (symlink(argv[1], "/tmp/innocent") < 0)
		deed_fail("cannot link to %s", argv[1]);
	return stay(attack_open(next));
}

static int attack_open_stay(char **argv)
{
	char *next[] = { argv[0], argv[1], "same", NULL };

	return stay(attack_open(next));
}

static void link_in_dir(const char *target)
{
	mkdir("/tmp/dir", 0755);
	if (symlink(target, "/tmp/dir/innocent") < 0)
		deed_fail("cannot link to %s", target);
}

static int attack_dir_open(char **argv)
{
	int dir, fd;

	link_in_dir(argv[0]);
	dir = open("/tmp/dir", O_RDONLY | O_DIRECTORY);
	if (dir < 0 || setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		deed_fail("cannot become nobody");
	deed_harm("openat");
	fd = openat(dir, "innocent", O_WRONLY);
	return stay(deed_done(fd < 0 ? -errno : fd));
}

static int attack_child_open(char **argv)
{
	pid_t pid;
	int status;

	link_in_dir(argv[0]);
	deed_harm("open by a child");
	pid = fork();
	if (pid == 0)
		_exit(open("/tmp/dir/innocent", O_WRONLY) < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		deed_fail("no child");
	return stay(deed_done(-(long)WEXITSTATUS(status)));
}

static int attack_proc_open(char **argv)
{
	char path[4096];
	char *next[] = { argv[0], path, "same", NULL };

	mkdir("/tmp/p", 0700);
	if (mount("none", "/tmp/p", "proc", 0, NULL) < 0)
		deed_fail("cannot mount a procfs");
	snprintf(path, sizeof(path), "/tmp/p/%s", argv[1]);
	return attack_open(next);
}

/* A cgroup v1 hierarchy, mounted from inside. release_agent lives in its root,
 * notify_on_release is written in a group of our own. Both get back the value
 * that they had. */
static int attack_cgroup(char **argv)
{
	char path[4096];
	char *next[] = { "openat", path, "same", NULL };
	int ret;

	mkdir("/tmp/cg", 0700);
	deed_harm("mount of cgroup v1");
	if (mount("none", "/tmp/cg", "cgroup", 0, argv[0]) < 0)
		return deed_done(-errno);

	if (strcmp(argv[1], "release_agent") == 0) {
		snprintf(path, sizeof(path), "/tmp/cg/release_agent");
		ret = attack_open(next);
	} else {
		snprintf(path, sizeof(path), "/tmp/cg/brigwatch-%d/%s", getpid(), argv[1]);
		*strrchr(path, '/') = '\0';
		if (mkdir(path, 0700) < 0)
			deed_fail("cannot make a group");
		path[strlen(path)] = '/';
		ret = attack_open(next);
		*strrchr(path, '/') = '\0';
		rmdir(path);
	}
	umount2("/tmp/cg", 0);
	return ret;
}

static const struct deed deeds[] = {
	/* FSTYPE SOURCE TARGET */
	{ "mount", 3, attack_mount },
	/* MAJOR MINOR FSTYPE */
	{ "block", 3, attack_block },
	/* WAY PATH: bind PATH under another name first */
	{ "bind-open", 2, attack_bind_open },
	/* WAY PATH: through a symbolic link */
	{ "link-open", 2, attack_link_open },
	/* WAY PATH: as it is; all three live on for a moment */
	{ "open-stay", 2, attack_open_stay },
	/* PATH: through a link, from a directory, as nobody */
	{ "dir-open", 1, attack_dir_open },
	/* PATH: through a link, by a child that ends at once */
	{ "child-open", 1, attack_child_open },
	/* WAY NAME: below a procfs of its own */
	{ "proc-open", 2, attack_proc_open },
	/* OPTIONS release_agent|notify_on_release */
	{ "cgroup", 2, attack_cgroup },
	{ 0 },
};
DEED_TABLE(deeds);
