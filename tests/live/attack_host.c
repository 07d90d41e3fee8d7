/* SPDX-License-Identifier: Apache-2.0 */
/* What a container leaves for the host to run. The harness plays the host. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SCRIPT "#!/bin/sh\necho ran\nexit 0\n"

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* What is planted: a text, or a copy of a file of the image. */
static long fill(int fd, const char *what)
{
	char buf[65536];
	ssize_t n;
	int from;

	if (strcmp(what, "script") == 0)
		return result(write(fd, SCRIPT, sizeof(SCRIPT) - 1));
	if (strcmp(what, "line") == 0)
		return result(write(fd, "echo more\n", 10));
	from = open(what, O_RDONLY);
	if (from < 0)
		deed_fail("cannot open %s", what);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return -errno;
	close(from);
	return n;
}

static long plant_at(const char *path, int flags, const char *way, const char *what)
{
	long fd, ret;

	if (strcmp(way, "uring") == 0)
		fd = deed_uring_openat(AT_FDCWD, path, flags, 0);
	else if (strcmp(way, "int80") == 0)
		fd = deed_int80(5, (long)deed_low(path, strlen(path) + 1), flags, 0755, 0, 0);
	else
		fd = result(open(path, flags, 0755));
	if (fd < 0)
		return fd;
	fchmod((int)fd, 0755);
	ret = fill((int)fd, what);
	close((int)fd);
	return ret < 0 ? ret : 0;
}

/* The host has its turn when it reads READY; it is done when FILE.done is there,
 * or after a while. */
static int planted(long ret, const char *path)
{
	char done[4096];
	int i;

	if (ret < 0)
		return deed_done(ret);
	snprintf(done, sizeof(done), "%s.done", path);
	deed_ready();
	for (i = 0; i < 200 && access(done, F_OK) < 0; i++)
		usleep(10 * 1000);
	return deed_done(access(done, F_OK) < 0 ? -ETIMEDOUT : 0);
}

/* HOW PATH WHAT */
static int attack_plant(char **argv)
{
	const char *how = argv[0], *path = argv[1], *what = argv[2];
	char other[4096];
	long ret;

	snprintf(other, sizeof(other), "%s.new", path);
	if (strcmp(how, "int80") == 0)
		deed_int80_probe();
	deed_harm(how);
	if (strcmp(how, "append") == 0) {
		ret = plant_at(path, O_WRONLY | O_APPEND, how, what);
	} else if (strcmp(how, "rewrite") == 0) {
		ret = plant_at(path, O_WRONLY | O_TRUNC, how, what);
	} else if (strcmp(how, "rename") == 0) {
		ret = plant_at(other, O_WRONLY | O_CREAT | O_TRUNC, how, what);
		if (ret == 0)
			ret = result(rename(other, path));
	} else if (strcmp(how, "link") == 0) {
		ret = plant_at(other, O_WRONLY | O_CREAT | O_TRUNC, how, what);
		if (ret == 0)
			ret = result(link(other, path));
	} else if (strcmp(how, "symlink") == 0) {
		ret = plant_at(other, O_WRONLY | O_CREAT | O_TRUNC, how, what);
		if (ret == 0)
			ret = result(symlink(strrchr(other, '/') + 1, path));
	} else {
		ret = plant_at(path, O_WRONLY | O_CREAT | O_TRUNC, how, what);
	}
	return planted(ret, path);
}

static long write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	long ret;

	if (fd < 0)
		return -errno;
	ret = result(write(fd, text, strlen(text)));
	close(fd);
	return ret < 0 ? ret : 0;
}

/* A hierarchy of the test's own, by its name: its release_agent is the host's
 * path of a harmless script, which the kernel runs when a group in it ends.
 * NAME AGENT MARK */
static int attack_release_agent(char **argv)
{
	char path[4096];
	pid_t pid;
	long ret;
	int i;

	mkdir("/tmp/cg", 0700);
	deed_harm("mount of cgroup v1");
	snprintf(path, sizeof(path), "none,name=%s", argv[0]);
	if (mount("none", "/tmp/cg", "cgroup", 0, path) < 0)
		return deed_done(-errno);
	ret = write_text("/tmp/cg/release_agent", argv[1]);
	if (ret == 0 && mkdir("/tmp/cg/g", 0700) < 0)
		ret = -errno;
	if (ret == 0)
		ret = write_text("/tmp/cg/g/notify_on_release", "1");
	if (ret < 0)
		return deed_done(ret);
	pid = fork();
	if (pid == 0)
		_exit(write_text("/tmp/cg/g/cgroup.procs", "0") < 0);
	for (i = 0; i < 300 && access(argv[2], F_OK) < 0; i++)
		usleep(10 * 1000);
	ret = access(argv[2], F_OK) < 0 ? -ETIMEDOUT : 0;
	(void)!write_text("/tmp/cg/release_agent", "\n");
	rmdir("/tmp/cg/g");
	umount2("/tmp/cg", 0);
	return deed_done(ret);
}

static const struct deed deeds[] = {
	/* HOW PATH WHAT */
	{ "plant", 3, attack_plant },
	/* NAME AGENT MARK */
	{ "release-agent", 3, attack_release_agent },
	{ 0 },
};
DEED_TABLE(deeds);
