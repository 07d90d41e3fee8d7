/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with a breakout: the decoy's mount namespace is joined, and then
 * a program run, a file opened for writing, a secret read, a socket and an address reached. */
#include "attack.h"
#include "deed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(const char *way, int pid)
{
	char path[64];
	int fd;

	if (strcmp(way, "pidfd") == 0) {
		fd = (int)syscall(SYS_pidfd_open, pid, 0);
	} else {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
		fd = open(path, O_RDONLY);
	}
	if (fd < 0)
		deed_fail("no descriptor of the decoy's namespace");
	deed_harm("setns");
	if (setns(fd, CLONE_NEWNS) < 0)
		deed_fail("setns: %s", strerror(errno));
	close(fd);
}

static int run_program(const char *path)
{
	char *args[] = { (char *)path, "arrived", NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execv(path, args);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOEXEC;
}

/* Open, and see that it is the decoy. Nothing is written. */
static int open_decoy(const char *path, int flags)
{
	char text[64] = "";
	int fd = open(path, flags);

	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) < 0 || strcmp(text, DECOY_TEXT) != 0) {
		close(fd);
		return -EIO;
	}
	close(fd);
	return 0;
}

static int reach(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), r = 0;

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Nobody listens there: that it was tried is what counts. */
static int reach_tcp(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), r = 0;

	if (fd < 0)
		return -errno;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 && errno != ECONNREFUSED)
		r = -errno;
	close(fd);
	return r;
}

static int attack_aftermath(char **argv)
{
	char path[300];
	int r;

	leave(argv[0], atoi(argv[1]));
	snprintf(path, sizeof(path), "%s/outside/bin/hostprog", argv[2]);
	r = run_program(path);
	snprintf(path, sizeof(path), "%s/outside/secret", argv[2]);
	if (r == 0)
		r = open_decoy(path, O_RDWR);
	snprintf(path, sizeof(path), "%s/outside/.netrc", argv[2]);
	if (r == 0)
		r = open_decoy(path, O_RDONLY);
	snprintf(path, sizeof(path), "%s/log.sock", argv[2]);
	if (r == 0)
		r = reach(path);
	if (r == 0)
		r = reach_tcp();
	return deed_done(r);
}

static const struct deed deeds[] = {
	/* path|pidfd PID DIR */
	{ "aftermath", 3, attack_aftermath },
	{ 0 },
};
DEED_TABLE(deeds);
