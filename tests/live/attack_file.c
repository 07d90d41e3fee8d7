/* SPDX-License-Identifier: Apache-2.0 */
/* Files of others: through /proc/PID/root, an inherited descriptor, a handle. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* Every way to open a path; the open itself is the last call of each. */

static long way_open(const char *path, int flags)
{
	return result(syscall(SYS_open, path, flags, 0600));
}

static long way_creat(const char *path, int flags)
{
	(void)flags;
	return result(syscall(SYS_creat, path, 0600));
}

static long way_openat(const char *path, int flags)
{
	return result(syscall(SYS_openat, AT_FDCWD, path, flags, 0600));
}

static long way_openat2(const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned int)flags };

	return result(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
}

static long way_opath(const char *path, int flags)
{
	char again[64];
	int fd = open(path, O_PATH);

	if (fd < 0)
		return -errno;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	return result(open(again, flags));
}

/* One directory at a time, from the handle of the one before. The link of
 * /proc/PID/root is the second step. */
static long way_step(const char *path, int flags)
{
	char copy[4096], *part, *rest;
	int dir = open("/", O_PATH | O_DIRECTORY), next;

	snprintf(copy, sizeof(copy), "%s", path);
	part = strtok_r(copy, "/", &rest);
	while (part) {
		char *after = strtok_r(NULL, "/", &rest);

		next = openat(dir, part, after ? O_RDONLY | O_DIRECTORY : flags, 0600);
		if (next < 0)
			return -errno;
		close(dir);
		dir = next;
		part = after;
	}
	return dir;
}

static long way_uring(const char *path, int flags)
{
	return deed_uring_openat(AT_FDCWD, path, flags, 0);
}

static long way_uring_async(const char *path, int flags)
{
	return deed_uring_openat(AT_FDCWD, path, flags, 1);
}

static long way_uring_sqpoll(const char *path, int flags)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)path,
		.len = 0600,
		.open_flags = (unsigned int)flags,
	};

	return deed_uring(&sqe, URING_SQPOLL);
}

static long way_int80(const char *path, int flags)
{
	return deed_int80(5 /* open */, (long)deed_low(path, strlen(path) + 1), flags, 0600, 0, 0);
}

static long way_int80_openat(const char *path, int flags)
{
	return deed_int80(295 /* openat */, AT_FDCWD, (long)deed_low(path, strlen(path) + 1), flags,
			  0600, 0);
}

static long way_int80_openat2(const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned int)flags };

	return deed_int80(437 /* openat2 */, AT_FDCWD, (long)deed_low(path, strlen(path) + 1),
			  (long)deed_low(&how, sizeof(how)), sizeof(how), 0);
}

struct way {
	const char *name;
	long (*open)(const char *path, int flags);
	int gate32;
};

static const struct way ways[] = {
	{ "open", way_open, 0 },
	{ "creat", way_creat, 0 },
	{ "openat", way_openat, 0 },
	{ "openat2", way_openat2, 0 },
	{ "opath", way_opath, 0 },
	{ "step", way_step, 0 },
	{ "uring", way_uring, 0 },
	{ "uring-async", way_uring_async, 0 },
	{ "uring-sqpoll", way_uring_sqpoll, 0 },
	{ "int80", way_int80, 1 },
	{ "int80-openat", way_int80_openat, 1 },
	{ "int80-openat2", way_int80_openat2, 1 },
};

static const struct way *way_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	deed_fail("no such way: %s", name);
}

static long check_decoy(int fd)
{
	char got[sizeof(DECOY_TEXT)] = "";

	if (read(fd, got, sizeof(got) - 1) < 0)
		return -errno;
	return strcmp(got, DECOY_TEXT) == 0 ? 0 : -ENOMSG;
}

static long open_direct(const char *path)
{
	char got[sizeof(DECOY_TEXT)] = "";
	long ret;

	deed_harm("open with a direct descriptor of io_uring");
	ret = deed_uring_read_direct(path, got, sizeof(got) - 1);
	if (ret >= 0 && strcmp(got, DECOY_TEXT) != 0)
		ret = -ENOMSG;
	return ret;
}

/* r: read a decoy; w: write a decoy's own text; same: write back what is there. */
int attack_open(char **argv)
{
	const char *name = argv[0], *path = argv[1], *mode = argv[2];
	char same[512];
	const struct way *way;
	ssize_t n = 0;
	long ret;
	int fd;

	if (strcmp(name, "uring-direct") == 0)
		return deed_done(open_direct(path));

	way = way_find(name);
	if (way->gate32)
		deed_int80_probe();

	if (strcmp(mode, "same") == 0) {
		fd = open(path, O_RDONLY);
		n = fd < 0 ? -1 : read(fd, same, sizeof(same));
		if (n < 0)
			deed_fail("cannot read %s before", path);
		close(fd);
	}

	deed_harm(name);
	ret = way->open(path, *mode == 'r' ? O_RDONLY : O_WRONLY);
	if (ret < 0)
		return deed_done(ret);

	fd = (int)ret;
	if (*mode == 'r')
		ret = check_decoy(fd);
	else if (*mode == 'w')
		ret = result(write(fd, DECOY_TEXT, sizeof(DECOY_TEXT) - 1));
	else
		ret = result(write(fd, same, (size_t)n));
	close(fd);
	return deed_done(ret);
}

/* Run a program that must be able to come to life; its exit code 0 is the proof. */
static long run(const char *path, char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execv(path, argv);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? -(long)WEXITSTATUS(status) : -EIO;
}

static int attack_chdir(char **argv)
{
	char *self[] = { "attack", "arrived", NULL };
	int fd;

	deed_harm("chdir");
	if (chdir(argv[0]) < 0)
		return deed_done(-errno);
	if (strcmp(argv[1], "exec") == 0)
		return deed_done(run("/bin/attack", self));

	fd = open(argv[2], O_RDONLY);
	return deed_done(fd < 0 ? -errno : check_decoy(fd));
}

static int attack_exec(char **argv)
{
	char *args[] = { argv[0], argv[1], NULL };

	deed_harm("exec");
	return deed_done(run(argv[0], args));
}

static int attack_chroot(char **argv)
{
	char *args[] = { argv[1], "arrived", NULL };

	deed_harm("chroot");
	if (chroot(argv[0]) < 0 || chdir("/") < 0)
		return deed_done(-errno);
	return deed_done(run(argv[1], args));
}

/* A directory descriptor that the runtime let through. */
static int attack_fd(char **argv)
{
	char *self[] = { "attack", "arrived", NULL };
	char link[64];
	int dir = atoi(argv[0]), fd;
	struct stat st;

	if (fstat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		deed_fail("descriptor %d is not a directory", dir);

	deed_harm(argv[1]);
	if (strcmp(argv[1], "open") == 0) {
		fd = openat(dir, argv[2], O_RDONLY);
		return deed_done(fd < 0 ? -errno : check_decoy(fd));
	}
	if (strcmp(argv[1], "write") == 0) {
		fd = openat(dir, argv[2], O_WRONLY);
		return deed_done(fd < 0 ? -errno :
					  result(write(fd, DECOY_TEXT, sizeof(DECOY_TEXT) - 1)));
	}
	if (strcmp(argv[1], "chdir") == 0) {
		if (fchdir(dir) < 0)
			return deed_done(-errno);
		return deed_done(run("/bin/attack", self));
	}
	if (strcmp(argv[1], "chdir-link") == 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
		if (chdir(link) < 0)
			return deed_done(-errno);
		return deed_done(run("/bin/attack", self));
	}
	if (strcmp(argv[1], "exec") == 0) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			syscall(SYS_execveat, dir, argv[2], self, environ, 0);
			_exit(errno);
		}
		waitpid(pid, &status, 0);
		return deed_done(WIFEXITED(status) ? -(long)WEXITSTATUS(status) : -EIO);
	}
	if (strcmp(argv[1], "chroot") == 0) {
		char *args[] = { argv[2], "arrived", NULL };

		if (fchdir(dir) < 0 || chroot(".") < 0)
			return deed_done(-errno);
		return deed_done(run(argv[2], args));
	}
	deed_fail("no such deed: %s", argv[1]);
}

/* A file handle that names a file beside the mount's own root. The harness
 * computed it on the host, as an attacker would guess it. */
static int attack_handle(char **argv)
{
	struct {
		struct file_handle fh;
		unsigned char bytes[128];
	} h = { .fh = { 0 } };
	size_t i, n = strlen(argv[2]) / 2;
	int anchor, fd;

	if (n > sizeof(h.bytes))
		deed_fail("handle too long");
	h.fh.handle_bytes = (unsigned int)n;
	h.fh.handle_type = atoi(argv[1]);
	for (i = 0; i < n; i++) {
		unsigned int byte;

		if (sscanf(argv[2] + 2 * i, "%2x", &byte) != 1)
			deed_fail("bad handle");
		h.bytes[i] = (unsigned char)byte;
	}
	anchor = open(argv[0], O_RDONLY);
	if (anchor < 0)
		deed_fail("cannot open %s", argv[0]);

	deed_harm("open_by_handle_at");
	fd = open_by_handle_at(anchor, &h.fh, O_RDONLY);
	return deed_done(fd < 0 ? -errno : check_decoy(fd));
}

/* The string is exchanged while the open blocks: on a FIFO until its other end
 * is opened, on a leased file until the lease is given up. Who reads the string
 * afterwards reads the lure. */

static struct {
	char path[4096];
	const char *lure;
} rewrite;

static void *rewrite_soon(void *arg)
{
	(void)arg;
	usleep(100 * 1000);
	strcpy(rewrite.path, rewrite.lure);
	deed_ready();
	return NULL;
}

static int attack_rewrite(char **argv)
{
	pthread_t thread;
	long fd;

	snprintf(rewrite.path, sizeof(rewrite.path), "%s", argv[0]);
	rewrite.lure = argv[1];
	if (pthread_create(&thread, NULL, rewrite_soon, NULL) != 0)
		deed_fail("no thread");

	deed_harm("blocking open");
	fd = result(syscall(SYS_openat, AT_FDCWD, rewrite.path, O_RDONLY));
	pthread_join(thread, NULL);
	if (strcmp(rewrite.path, rewrite.lure) != 0)
		deed_fail("the open did not block");
	return deed_done(fd < 0 ? fd : check_decoy((int)fd));
}

/* Many cheap harmful calls, a pause between them: what latency is measured on. */
static int attack_flurry(char **argv)
{
	int i, n = atoi(argv[1]), pause_ms = atoi(argv[2]), fd = -1;
	char path[4096];

	usleep(200 * 1000);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/flurry.%d", argv[0], i);
		deed_harm(path);
		fd = open(path, O_WRONLY);
		if (fd < 0)
			return deed_done(-errno);
		close(fd);
		usleep((unsigned int)pause_ms * 1000);
	}
	return deed_done(fd);
}

static const struct deed deeds[] = {
	/* WAY PATH r|w|same */
	{ "open", 3, attack_open },
	/* DIR open NAME | DIR exec */
	{ "chdir", 2, attack_chdir },
	/* PATH [ARG] */
	{ "exec", 1, attack_exec },
	/* DIR PATH */
	{ "chroot", 2, attack_chroot },
	/* FD open NAME | FD write NAME | FD chdir | FD exec NAME | FD chroot */
	{ "fd", 2, attack_fd },
	/* MOUNT TYPE HEX */
	{ "handle", 3, attack_handle },
	/* PATH LURE */
	{ "rewrite", 2, attack_rewrite },
	/* DIR COUNT PAUSE_MS */
	{ "flurry", 3, attack_flurry },
	{ 0 },
};
DEED_TABLE(deeds);
