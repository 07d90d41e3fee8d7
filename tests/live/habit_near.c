/* SPDX-License-Identifier: Apache-2.0 */
/* The harmless twins of G9, B12 and B13: sockets as standard input that are no
 * connection, handles of one's own namespace, the peer of one's own socket. */
#include "deed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "benign: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

/* A program with `fd` as its descriptors 0 and 1. */
static int run_on(int fd)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

/* FastCGI programs are given the socket that listens; others a pair of Unix
 * sockets, or a datagram socket. */
static int do_stdio(char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int server = socket(AF_INET, SOCK_STREAM, 0), pair[2];

	(void)argv;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (server < 0 || bind(server, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(server, 4) < 0 || run_on(server) < 0)
		return fail("a listening socket");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || run_on(pair[0]) < 0)
		return fail("a pair of sockets");
	return 0;
}

/* As service managers do: who is at the other end, is it still the same? */
static int do_peer(char **argv)
{
	int pair[2], pidfd = -1;
	socklen_t len = sizeof(pidfd);

	(void)argv;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return fail("socketpair");
	if (getsockopt(pair[0], SOL_SOCKET, 77 /* SO_PEERPIDFD */, &pidfd, &len) < 0)
		return errno == ENOPROTOOPT ? 0 : fail("peer");
	return 0;
}

/* A handle of one's own namespace, opened again. */
static int do_handle(char **argv)
{
	struct {
		struct file_handle fh;
		unsigned char bytes[64];
	} h = { .fh = { .handle_bytes = 64 } };
	int ns = open("/proc/self/ns/uts", O_RDONLY), id;

	(void)argv;
	if (ns < 0)
		return fail("namespace");
	if (name_to_handle_at(ns, "", &h.fh, &id, AT_EMPTY_PATH) < 0)
		return errno == EOPNOTSUPP || errno == EPERM ? 0 : fail("handle");
	return open_by_handle_at(-10003 /* FD_NSFS_ROOT */, &h.fh, O_RDONLY) < 0 ? fail("open") : 0;
}

static const struct deed deeds[] = {
	{ "stdio", 0, do_stdio },
	{ "peer", 0, do_peer },
	{ "own-handle", 0, do_handle },
	{ 0 },
};
DEED_TABLE(deeds);
