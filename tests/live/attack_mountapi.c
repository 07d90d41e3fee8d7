/* SPDX-License-Identifier: Apache-2.0 */
/* The mount calls that work on descriptors, natively and by the 32-bit gate, and
 * trees of the host that a container was given or reached for. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* In every ABI alike. */
enum {
	NR_OPEN_TREE = 428,
	NR_MOVE_MOUNT,
	NR_FSOPEN,
	NR_FSCONFIG,
	NR_FSMOUNT,
	NR_FSPICK,
	NR_SETATTR = 442,
	NR_OPEN_TREE_ATTR = 467,
};

static bool by_gate;

static void choose_way(const char *way)
{
	by_gate = strcmp(way, "int80") == 0;
	if (by_gate)
		deed_int80_probe();
}

/* -errno on failure. Pointers come from text(). */
static long api(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	if (by_gate)
		return deed_int80(nr, a, b, c, d, e);
	ret = syscall(nr, a, b, c, d, e);
	return ret < 0 ? -errno : ret;
}

static long text(const char *s)
{
	return by_gate ? (long)deed_low(s, strlen(s) + 1) : (long)s;
}

/* "source=/dev/x,ro,name=y": a string or a flag each. */
static void configure(long fs, const char *options)
{
	char copy[300], *part, *rest, *value;
	long ret;

	snprintf(copy, sizeof(copy), "%s", options);
	for (part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
		value = strchr(part, '=');
		if (value)
			*value++ = '\0';
		ret = api(NR_FSCONFIG, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			  text(part), value ? text(value) : 0, 0);
		if (ret < 0)
			deed_fail("option %s: %s", part, strerrorname_np((int)-ret));
	}
}

/* fsopen to fsmount; `attach`: to /tmp/m as well. What was mounted must be there. */
static long mount_new(const char *type, const char *options, bool attach)
{
	long fs, mnt, ret;
	int dir;

	deed_harm("fsopen");
	fs = api(NR_FSOPEN, text(type), 0, 0, 0, 0);
	if (fs < 0)
		return fs;
	configure(fs, options);
	ret = api(NR_FSCONFIG, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
	if (ret < 0)
		return ret;
	mnt = api(NR_FSMOUNT, fs, 0, 0, 0, 0);
	if (mnt < 0)
		return mnt;
	if (attach) {
		mkdir("/tmp/m", 0700);
		ret = api(NR_MOVE_MOUNT, mnt, text(""), AT_FDCWD, text("/tmp/m"),
			  MOVE_MOUNT_F_EMPTY_PATH);
		if (ret < 0)
			return ret;
	}
	dir = attach ? open("/tmp/m", O_RDONLY | O_DIRECTORY) :
		       openat((int)mnt, ".", O_RDONLY | O_DIRECTORY);
	return dir < 0 ? -errno : 0;
}

static int attack_fsmount(char **argv)
{
	choose_way(argv[0]);
	return deed_done(mount_new(argv[1], argv[2], strcmp(argv[3], "attach") == 0));
}

static int attack_fsmount_disk(char **argv)
{
	dev_t dev = makedev((unsigned int)atoi(argv[1]), (unsigned int)atoi(argv[2]));

	choose_way(argv[0]);
	if (mknod("/tmp/disk", S_IFBLK | 0600, dev) < 0)
		deed_fail("mknod");
	return deed_done(mount_new(argv[3], "source=/tmp/disk,ro", strcmp(argv[4], "attach") == 0));
}

static int attack_fsmount_userns(char **argv)
{
	choose_way(argv[0]);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		deed_fail("no user namespace");
	return deed_done(mount_new(argv[1], argv[2], false));
}

/* ---- attributes */

static bool is_read_only(const char *path)
{
	struct statvfs st;

	return statvfs(path, &st) == 0 && (st.f_flag & ST_RDONLY);
}

static int attack_setattr(char **argv)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
	bool by_fd = strcmp(argv[1], "fd") == 0;
	long ret, dir = AT_FDCWD;

	choose_way(argv[0]);
	if (!is_read_only(argv[2]))
		deed_fail("%s is writable already", argv[2]);
	if (by_fd)
		dir = open(argv[2], O_PATH | O_DIRECTORY);
	deed_harm("mount_setattr");
	ret = api(NR_SETATTR, dir, text(by_fd ? "" : argv[2]), by_fd ? AT_EMPTY_PATH : 0,
		  by_gate ? (long)deed_low(&attr, sizeof(attr)) : (long)&attr, sizeof(attr));
	if (ret == 0 && is_read_only(argv[2]))
		deed_fail("%s is still read-only", argv[2]);
	return deed_done(ret);
}

static int attack_reconfigure(char **argv)
{
	long fs;

	choose_way(argv[0]);
	deed_harm("fspick");
	fs = api(NR_FSPICK, AT_FDCWD, text(argv[1]), 0, 0, 0);
	if (fs < 0)
		return deed_done(fs);
	configure(fs, argv[2]);
	return deed_done(api(NR_FSCONFIG, fs, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0));
}

/* ---- trees */

static int attack_tree(char **argv)
{
	bool is_clone = strcmp(argv[1], "clone") == 0;
	char back[64] = "";
	long tree;
	int fd;

	choose_way(argv[0]);
	deed_harm("open_tree");
	tree = api(NR_OPEN_TREE, AT_FDCWD, text(argv[2]), is_clone ? OPEN_TREE_CLONE : 0, 0, 0);
	if (tree < 0 || is_clone)
		return deed_done(tree);
	fd = openat((int)tree, argv[3], O_RDONLY);
	if (fd < 0 || read(fd, back, sizeof(back) - 1) < 0 || strcmp(back, DECOY_TEXT) != 0)
		deed_fail("the decoy was not read");
	return deed_done(0);
}

static int attack_bind(char **argv)
{
	mkdir("/tmp/b", 0700);
	deed_harm("bind");
	return deed_done(mount(argv[0], "/tmp/b", NULL, MS_BIND, NULL) < 0 ? -errno : 0);
}

static long enter(const char *how, const char *dir)
{
	long tree;

	if (strcmp(how, "chroot") == 0)
		return chroot(dir) < 0 || chdir("/") < 0 ? -errno : 0;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	mkdir("/tmp/new", 0700);
	tree = api(NR_OPEN_TREE, AT_FDCWD, text(dir), OPEN_TREE_CLONE, 0, 0);
	if (tree < 0)
		return tree;
	tree = api(NR_MOVE_MOUNT, tree, text(""), AT_FDCWD, text("/tmp/new"),
		   MOVE_MOUNT_F_EMPTY_PATH);
	if (tree < 0)
		return tree;
	if (strcmp(how, "tree") == 0)
		return chroot("/tmp/new") < 0 || chdir("/") < 0 ? -errno : 0;
	if (chdir("/tmp/new") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

/* The proof: a file of the host's by its path there. */
static int attack_enter(char **argv)
{
	long ret;

	by_gate = false;
	if (access(argv[2], F_OK) == 0)
		deed_fail("%s is there already", argv[2]);
	deed_harm("root directory");
	ret = enter(argv[0], argv[1]);
	if (ret == 0 && access(argv[2], F_OK) < 0)
		ret = -errno;
	return deed_done(ret);
}

static int attack_shared(char **argv)
{
	char path[300];

	choose_way(argv[0]);
	snprintf(path, sizeof(path), "%s/over", argv[2]);
	mkdir(path, 0755);
	deed_harm("mount below a shared folder");
	if (strcmp(argv[1], "mount") == 0)
		return deed_done(mount("none", path, "tmpfs", 0, NULL) < 0 ? -errno : 0);
	if (mount_new("tmpfs", "", false) < 0)
		deed_fail("no tmpfs");
	/* The mount is the newest descriptor but one, the folder below it. */
	for (int fd = 20; fd > 2; fd--)
		if (api(NR_MOVE_MOUNT, fd, text(""), AT_FDCWD, text(path),
			MOVE_MOUNT_F_EMPTY_PATH) == 0)
			return deed_done(0);
	return deed_done(-EINVAL);
}

/* The harm was done when the container started. */
static int attack_report(char **argv)
{
	(void)argv;
	printf("here\n");
	return 0;
}

static const struct deed deeds[] = {
	/* WAY TYPE OPTIONS attach|float */
	{ "fsmount", 4, attack_fsmount },
	/* WAY MAJOR MINOR TYPE attach|float */
	{ "fsmount-disk", 5, attack_fsmount_disk },
	/* WAY TYPE OPTIONS: in a user namespace of its own */
	{ "fsmount-userns", 3, attack_fsmount_userns },
	/* WAY fd|path PATH: take read-only away */
	{ "setattr", 3, attack_setattr },
	/* WAY PATH OPTIONS: of a whole file system */
	{ "reconfigure", 3, attack_reconfigure },
	/* WAY clone|open PATH [NAME] */
	{ "tree", 3, attack_tree },
	/* SOURCE */
	{ "bind", 1, attack_bind },
	/* chroot|pivot|tree DIR PROOF */
	{ "enter", 3, attack_enter },
	/* WAY mount|fsmount DIR */
	{ "shared", 3, attack_shared },
	{ "report", 0, attack_report },
	{ 0 },
};
DEED_TABLE(deeds);
