/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of others changed without opening a file of theirs, and what is left on
 * volumes for the host to stumble over. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE */

enum op {
	OP_LINK,
	OP_SYMLINK,
	OP_RENAME,
	OP_UNLINK,
	OP_RMDIR,
	OP_MKDIR,
	OP_MKNOD,
	OP_TRUNCATE,
	OP_CHMOD,
	OP_CHOWN,
	OP_SETXATTR,
	OP_UTIME,
	N_OPS
};

static const char *const op_names[N_OPS] = { "link",  "symlink",  "rename", "unlink", "rmdir",	  "mkdir",
					     "mknod", "truncate", "chmod",  "chown",  "setxattr", "utime" };

/* One change: `name` is there before (or not, if it is to be made), `other` is a
 * second name. Both are relative to `dir` for the at calls, absolute else. */
struct change {
	enum op op;
	int dir;
	const char *name, *other;
};

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static long change_native(const struct change *c)
{
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	switch (c->op) {
	case OP_LINK: return result(syscall(SYS_link, c->name, c->other));
	case OP_SYMLINK: return result(syscall(SYS_symlink, "somewhere", c->name));
	case OP_RENAME: return result(syscall(SYS_rename, c->name, c->other));
	case OP_UNLINK: return result(syscall(SYS_unlink, c->name));
	case OP_RMDIR: return result(syscall(SYS_rmdir, c->name));
	case OP_MKDIR: return result(syscall(SYS_mkdir, c->name, 0755));
	case OP_MKNOD: return result(syscall(SYS_mknod, c->name, S_IFIFO | 0600, 0));
	case OP_TRUNCATE: return result(syscall(SYS_truncate, c->name, 3));
	case OP_CHMOD: return result(syscall(SYS_chmod, c->name, 0711));
	case OP_CHOWN: return result(syscall(SYS_chown, c->name, 1, 1));
	case OP_SETXATTR: return result(syscall(SYS_setxattr, c->name, "user.brigwatch", "x", 1, 0));
	case OP_UTIME: return result(syscall(SYS_utimensat, AT_FDCWD, c->name, times, 0));
	default: return -ENOSYS;
	}
}

/* Where there is no at call, the object is held open before. */
static long change_at(const struct change *c)
{
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	int fd = -1;

	if (c->op == OP_TRUNCATE || c->op == OP_SETXATTR)
		fd = openat(c->dir, c->name, O_WRONLY);
	switch (c->op) {
	case OP_LINK: return result(syscall(SYS_linkat, c->dir, c->name, c->dir, c->other, 0));
	case OP_SYMLINK: return result(syscall(SYS_symlinkat, "somewhere", c->dir, c->name));
	case OP_RENAME: return result(syscall(SYS_renameat2, c->dir, c->name, c->dir, c->other, 0));
	case OP_UNLINK: return result(syscall(SYS_unlinkat, c->dir, c->name, 0));
	case OP_RMDIR: return result(syscall(SYS_unlinkat, c->dir, c->name, AT_REMOVEDIR));
	case OP_MKDIR: return result(syscall(SYS_mkdirat, c->dir, c->name, 0755));
	case OP_MKNOD: return result(syscall(SYS_mknodat, c->dir, c->name, S_IFIFO | 0600, 0));
	case OP_TRUNCATE: return result(syscall(SYS_ftruncate, fd, 3));
	case OP_CHMOD: return result(syscall(SYS_fchmodat, c->dir, c->name, 0711));
	case OP_CHOWN: return result(syscall(SYS_fchownat, c->dir, c->name, 1, 1, 0));
	case OP_SETXATTR: return result(syscall(SYS_fsetxattr, fd, "user.brigwatch", "x", 1, 0));
	case OP_UTIME: return result(syscall(SYS_utimensat, c->dir, c->name, times, 0));
	default: return -ENOSYS;
	}
}

/* arch/x86/entry/syscalls/syscall_32.tbl */
static long change_ia32(const struct change *c)
{
	static const int numbers[N_OPS] = { 9, 83, 38, 10, 40, 39, 14, 92, 15, 212, 226, 30 };
	static const unsigned int times[2] = { 1, 1 }; /* struct utimbuf of 32 bits */
	long name = (long)deed_low(c->name, strlen(c->name) + 1);
	long other = (long)deed_low(c->other, strlen(c->other) + 1);
	int nr = numbers[c->op];

	switch (c->op) {
	case OP_LINK:
	case OP_RENAME: return deed_int80(nr, name, other, 0, 0, 0);
	case OP_SYMLINK: return deed_int80(nr, (long)deed_low("somewhere", 10), name, 0, 0, 0);
	case OP_UNLINK:
	case OP_RMDIR: return deed_int80(nr, name, 0, 0, 0, 0);
	case OP_MKDIR: return deed_int80(nr, name, 0755, 0, 0, 0);
	case OP_MKNOD: return deed_int80(nr, name, S_IFIFO | 0600, 0, 0, 0);
	case OP_TRUNCATE: return deed_int80(nr, name, 3, 0, 0, 0);
	case OP_CHMOD: return deed_int80(nr, name, 0711, 0, 0, 0);
	case OP_CHOWN: return deed_int80(nr, name, 1, 1, 0, 0);
	case OP_SETXATTR:
		return deed_int80(nr, name, (long)deed_low("user.brigwatch", 15), (long)deed_low("x", 2), 1, 0);
	case OP_UTIME: return deed_int80(nr, name, (long)deed_low(times, sizeof(times)), 0, 0, 0);
	default: return -ENOSYS;
	}
}

static long change_uring(const struct change *c, enum deed_uring how)
{
	struct io_uring_sqe sqe = { .fd = AT_FDCWD, .addr = (uintptr_t)c->name };

	switch (c->op) {
	case OP_LINK:
	case OP_RENAME:
		sqe.opcode = c->op == OP_LINK ? IORING_OP_LINKAT : IORING_OP_RENAMEAT;
		sqe.len = (unsigned int)AT_FDCWD;
		sqe.off = (uintptr_t)c->other;
		break;
	case OP_SYMLINK:
		sqe.opcode = IORING_OP_SYMLINKAT;
		sqe.addr = (uintptr_t)"somewhere";
		sqe.off = (uintptr_t)c->name;
		break;
	case OP_UNLINK: sqe.opcode = IORING_OP_UNLINKAT; break;
	case OP_RMDIR:
		sqe.opcode = IORING_OP_UNLINKAT;
		sqe.unlink_flags = AT_REMOVEDIR;
		break;
	case OP_MKDIR:
		sqe.opcode = IORING_OP_MKDIRAT;
		sqe.len = 0755;
		break;
	case OP_SETXATTR:
		sqe.fd = 0;
		sqe.opcode = IORING_OP_SETXATTR;
		sqe.addr = (uintptr_t)"user.brigwatch";
		sqe.off = (uintptr_t)"x";
		sqe.len = 1;
		sqe.addr3 = (uintptr_t)c->name;
		break;
	default: deed_skip("io_uring has no such operation");
	}
	return deed_uring(&sqe, how);
}

/* Is it as it was asked for? */
static long check_change(const struct change *c, const char *name, const char *other)
{
	struct stat st, st2;
	char value[8];
	int r = lstat(name, &st), r2 = lstat(other, &st2);

	switch (c->op) {
	case OP_LINK: return r == 0 && r2 == 0 && st.st_ino == st2.st_ino ? 0 : -ENOMSG;
	case OP_RENAME: return r < 0 && r2 == 0 ? 0 : -ENOMSG;
	case OP_UNLINK:
	case OP_RMDIR: return r < 0 ? 0 : -ENOMSG;
	case OP_SYMLINK: return r == 0 && S_ISLNK(st.st_mode) ? 0 : -ENOMSG;
	case OP_MKDIR: return r == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOMSG;
	case OP_MKNOD: return r == 0 && S_ISFIFO(st.st_mode) ? 0 : -ENOMSG;
	case OP_TRUNCATE: return r == 0 && st.st_size == 3 ? 0 : -ENOMSG;
	case OP_CHMOD: return r == 0 && (st.st_mode & 07777) == 0711 ? 0 : -ENOMSG;
	case OP_CHOWN: return r == 0 && st.st_uid == 1 ? 0 : -ENOMSG;
	case OP_SETXATTR: return getxattr(name, "user.brigwatch", value, sizeof(value)) == 1 ? 0 : -ENOMSG;
	case OP_UTIME: return r == 0 && st.st_mtime == 1 ? 0 : -ENOMSG;
	default: return -ENOSYS;
	}
}

static enum op op_find(const char *name)
{
	int i;

	for (i = 0; i < N_OPS; i++)
		if (strcmp(op_names[i], name) == 0)
			return (enum op)i;
	deed_fail("no such change: %s", name);
}

/* What there must be beforehand. Where it cannot be made the change is refused,
 * too, and that is what is to be seen. */
static void prepare(enum op op, const char *name)
{
	int fd;

	if (op == OP_SYMLINK || op == OP_MKDIR || op == OP_MKNOD)
		return;
	if (op == OP_RMDIR) {
		if (mkdir(name, 0700) < 0)
			perror(name);
		return;
	}
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd < 0 || write(fd, "abcdef", 6) != 6)
		perror(name);
	if (fd >= 0)
		close(fd);
	usleep(20000); /* its own record is not to be taken for the one of the change */
}

/* change OP WAY DIR */
static int attack_change(char **argv)
{
	struct change c = { .op = op_find(argv[0]), .dir = -1 };
	const char *way = argv[1], *dir = argv[2];
	char name[4096], other[4200];
	long ret;

	if (strcmp(way, "ia32") == 0)
		deed_int80_probe();
	if (strcmp(way, "alias") == 0) {
		if (symlink(dir, "/tmp/innocent") < 0)
			deed_fail("cannot make a link in the image");
		dir = "/tmp/innocent";
	}
	snprintf(name, sizeof(name), "%s/%s.%llx", dir, argv[0], (unsigned long long)boot_ns());
	snprintf(other, sizeof(other), "%s.2", name);
	prepare(c.op, name);
	c.name = name;
	c.other = other;
	if (strcmp(way, "at") == 0) {
		c.dir = open(dir, O_PATH | O_DIRECTORY);
		if (c.dir < 0)
			deed_fail("cannot open %s", dir);
		c.name += strlen(dir) + 1;
		c.other += strlen(dir) + 1;
	} else if (strcmp(way, "cwd") == 0) {
		if (chdir(dir) < 0)
			deed_fail("cannot enter %s", dir);
		c.name += strlen(dir) + 1;
		c.other += strlen(dir) + 1;
	}

	deed_harm(argv[0]);
	if (strcmp(way, "at") == 0)
		ret = change_at(&c);
	else if (strcmp(way, "ia32") == 0)
		ret = change_ia32(&c);
	else if (strcmp(way, "uring") == 0)
		ret = change_uring(&c, URING_PLAIN);
	else if (strcmp(way, "uring-async") == 0)
		ret = change_uring(&c, URING_WORKER);
	else if (strcmp(way, "uring-borrowed") == 0)
		ret = change_uring(&c, URING_BORROWED);
	else if (strcmp(way, "uring-sqpoll") == 0)
		ret = change_uring(&c, URING_SQPOLL);
	else
		ret = change_native(&c);
	deed_done(ret < 0 ? ret : check_change(&c, name, other));
	if (ret < 0)
		usleep(300000); /* where the string leads can be told while somebody is there */
	return 0;
}

/* A set-uid program that is left on a volume. setid WAY DIR */
static int attack_setid(char **argv)
{
	const char *way = argv[0], *dir = argv[1];
	char name[4096], other[4200];
	struct stat st;
	long ret = 0;
	int fd = -1;

	snprintf(name, sizeof(name), "%s/setid.%llx", dir, (unsigned long long)boot_ns());
	snprintf(other, sizeof(other), "%s.2", name);
	if (strcmp(way, "open") != 0 && strcmp(way, "mknod") != 0 && strcmp(way, "tmpfile") != 0) {
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0755);
		if (fd < 0)
			deed_fail("cannot make %s", name);
	}

	deed_harm(way);
	if (strcmp(way, "chmod") == 0) {
		ret = result(chmod(name, 04755));
	} else if (strcmp(way, "fchmod") == 0) {
		ret = result(fchmod(fd, 04755));
	} else if (strcmp(way, "fchmodat2") == 0) {
		ret = result(syscall(452 /* fchmodat2 */, AT_FDCWD, name, 04755, 0));
		if (ret == -ENOSYS)
			deed_skip("no fchmodat2");
	} else if (strcmp(way, "open") == 0) {
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 04755);
		ret = result(fd);
	} else if (strcmp(way, "mknod") == 0) {
		umask(0);
		ret = result(mknod(name, S_IFREG | 04755, 0));
	} else if (strcmp(way, "rename") == 0) {
		ret = result(chmod(name, 04755)) ?: result(rename(name, other));
		strcpy(name, other);
	} else if (strcmp(way, "tmpfile") == 0) {
		char link[64];

		fd = open(dir, O_TMPFILE | O_WRONLY, 0755);
		if (fd < 0)
			deed_skip("no O_TMPFILE there");
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ret = result(fchmod(fd, 04755)) ?:
		      result(linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW));
	} else if (strcmp(way, "setgid") == 0) {
		ret = result(chmod(name, 02755));
	} else if (strcmp(way, "ia32") == 0) {
		deed_int80_probe();
		ret = deed_int80(15, (long)deed_low(name, strlen(name) + 1), 04755, 0, 0, 0);
	} else {
		deed_fail("no such way: %s", way);
	}
	if (ret == 0 && (stat(name, &st) < 0 || !(st.st_mode & (S_ISUID | S_ISGID))))
		ret = -ENOMSG;
	return deed_done(ret);
}

/* File capabilities that are left on a volume. setcap WAY DIR */
static int attack_setcap(char **argv)
{
	/* struct vfs_cap_data, revision 2, effective: CAP_SYS_ADMIN */
	static const unsigned int caps[5] = { 0x02000001, 1u << 21, 0, 0, 0 };
	char name[4096];
	long ret;
	int fd;

	snprintf(name, sizeof(name), "%s/setcap.%llx", argv[1], (unsigned long long)boot_ns());
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0755);
	if (fd < 0)
		deed_fail("cannot make %s", name);

	deed_harm("setxattr");
	if (strcmp(argv[0], "fsetxattr") == 0)
		ret = result(fsetxattr(fd, "security.capability", caps, sizeof(caps), 0));
	else
		ret = result(setxattr(name, "security.capability", caps, sizeof(caps), 0));
	return deed_done(ret);
}

/* A link and a directory on a volume that change places for ever, for a runtime
 * that mounts one of them. exchange DIR */
static int attack_exchange(char **argv)
{
	char dir[4096], link[4096];
	long ret = 0;
	int i;

	snprintf(dir, sizeof(dir), "%s/game.dir", argv[0]);
	snprintf(link, sizeof(link), "%s/game.link", argv[0]);
	rmdir(dir);
	unlink(link);
	if (mkdir(dir, 0755) < 0 || symlink("..", link) < 0)
		deed_fail("cannot set the game up");

	deed_harm("renameat2");
	for (i = 0; i < 10 && ret == 0; i++)
		ret = result(syscall(SYS_renameat2, AT_FDCWD, dir, AT_FDCWD, link, EXCHANGE));
	return deed_done(ret);
}

/* symlink-out TEXT DIR */
static int attack_symlink_out(char **argv)
{
	char name[4096];

	snprintf(name, sizeof(name), "%s/0.log.%llx", argv[1], (unsigned long long)boot_ns());
	deed_harm("symlink");
	return deed_done(result(symlink(argv[0], name)));
}

/* mknod-device MAJOR MINOR PATH */
static int attack_mknod_device(char **argv)
{
	dev_t dev = makedev((unsigned int)atoi(argv[0]), (unsigned int)atoi(argv[1]));

	deed_harm("mknod");
	return deed_done(result(mknod(argv[2], S_IFBLK | 0600, dev)));
}

static const struct deed deeds[] = {
	{ "change", 3, attack_change },
	{ "setid", 2, attack_setid },
	{ "setcap", 2, attack_setcap },
	{ "exchange", 1, attack_exchange },
	{ "symlink-out", 2, attack_symlink_out },
	{ "mknod-device", 3, attack_mknod_device },
	{ 0 },
};

DEED_TABLE(deeds);
