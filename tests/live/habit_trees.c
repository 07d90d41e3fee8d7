/* SPDX-License-Identifier: Apache-2.0 */
/* Trees that programs change without opening files, on what is their own. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE */

static int fail(const char *what)
{
	fprintf(stderr, "trees: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

/* A file without a name gets one when it is complete. */
static int nameless(void)
{
	char link[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		return errno == EOPNOTSUPP ? 0 : fail("O_TMPFILE");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (write(fd, "x", 1) != 1 || fchmod(fd, 0644) < 0 || fchown(fd, 1, 1) < 0 ||
	    ftruncate(fd, 100) < 0 || futimens(fd, NULL) < 0 ||
	    linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) < 0)
		return fail("nameless");
	close(fd);
	return unlink("named") < 0 ? fail("named") : 0;
}

/* Two versions of a tree change places, as do two of a file. */
static int exchange(void)
{
	int fd = open("file.new", O_CREAT | O_WRONLY, 0600);

	close(fd);
	fd = open("file", O_CREAT | O_WRONLY, 0600);
	close(fd);
	if (mkdir("tree.new", 0755) < 0 || mkdir("tree.now", 0755) < 0)
		return fail("mkdir");
	if (syscall(SYS_renameat2, AT_FDCWD, "tree.new", AT_FDCWD, "tree.now", EXCHANGE) < 0 ||
	    syscall(SYS_renameat2, AT_FDCWD, "file.new", AT_FDCWD, "file", EXCHANGE) < 0)
		return errno == EINVAL ? 0 : fail("renameat2");
	return rmdir("tree.new") < 0 || rmdir("tree.now") < 0 || unlink("file.new") < 0 ||
			       unlink("file") < 0 ?
		       fail("tidying") :
		       0;
}

/* What has no name any more is changed by its descriptor. */
static int deleted(void)
{
	int fd = open("gone", O_CREAT | O_RDWR, 0600);

	if (fd < 0 || unlink("gone") < 0)
		return fail("gone");
	if (fchmod(fd, 0400) < 0 || fchown(fd, 2, 2) < 0 || ftruncate(fd, 4096) < 0)
		return fail("deleted");
	fsetxattr(fd, "user.note", "x", 1, 0);
	close(fd);
	return 0;
}

/* As an ordinary user: much is refused. */
static int refused(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		_exit(chmod("/etc/passwd", 0777) == 0 || chown("/bin/busybox", 1, 1) == 0 ||
		      unlink("/bin/busybox") == 0 || mkdir("/etc/x", 0755) == 0 ||
		      rename("/etc/passwd", "/etc/p") == 0 || truncate("/bin/busybox", 0) == 0);
	}
	waitpid(pid, &status, 0);
	return status ? fail("not refused") : 0;
}

/* Standard output is made one's own, as daemons do that drop their rights. */
static int output(void)
{
	struct stat st;

	if (fstat(1, &st) == 0 && S_ISREG(st.st_mode))
		(void)!fchown(1, st.st_uid, st.st_gid);
	(void)!fchmod(2, 0600);
	return 0;
}

/* The same through io_uring, in the image's own layer as well; `how` may borrow
 * credentials. Last: it leaves where io_uring is switched off. */
static int by_uring(const char *made, const char *moved, enum deed_uring how)
{
	struct io_uring_sqe make = { .opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .len = 0700 };
	struct io_uring_sqe move = { .opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD };

	make.addr = move.addr = (uintptr_t)made;
	move.off = (uintptr_t)moved;
	move.len = (unsigned int)AT_FDCWD;
	errno = -deed_uring(&make, how);
	if (errno == 0)
		errno = -deed_uring(&move, how);
	return errno ? fail(made) : rmdir(moved) < 0;
}

static int do_trees(char **argv)
{
	if (chdir(argv[0]) < 0)
		return fail(argv[0]);
	return nameless() || exchange() || deleted() || refused() || output() ||
	       by_uring("made", "moved", URING_PLAIN) || by_uring("/made", "/moved", URING_PLAIN) ||
	       by_uring("made", "moved", URING_WORKER) || by_uring("/made", "/moved", URING_WORKER) ||
	       by_uring("/made", "/moved", URING_BORROWED);
}

/* changes N: steady work on own files. Prints the nanoseconds of one round. */
static int do_changes(char **argv)
{
	int i, n = atoi(argv[1]), fd;
	uint64_t begin;

	if (chdir(argv[0]) < 0)
		return fail(argv[0]);
	begin = boot_ns();
	for (i = 0; i < n; i++) {
		fd = open("journal", O_CREAT | O_RDWR, 0600);
		if (fd < 0 || write(fd, "page", 4) != 4 || ftruncate(fd, 2) < 0 || fchmod(fd, 0640) < 0)
			return fail("journal");
		close(fd);
		if (chmod("journal", 0600) < 0 || rename("journal", "data") < 0 ||
		    mkdir("dir", 0700) < 0 || rmdir("dir") < 0 || unlink("data") < 0)
			return fail("changes");
	}
	printf("%llu\n", (unsigned long long)((boot_ns() - begin) / (uint64_t)(n ? n : 1)));
	return 0;
}

static const struct deed deeds[] = {
	{ "trees", 1, do_trees },
	{ "changes", 2, do_changes },
	{ 0 },
};

DEED_TABLE(deeds);
