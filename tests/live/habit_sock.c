/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy use of sockets. */
#include "deed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int ask_once(const char *path)
{
	static const char question[] = "GET /containers/json HTTP/1.0\r\n\r\n";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[16] = "";
	bool good;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	good = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	       write(fd, question, sizeof(question) - 1) > 0 &&
	       read(fd, answer, sizeof(answer) - 1) > 0 && strstr(answer, " 200");
	close(fd);
	return good ? 0 : -1;
}

/* ask PATH N: as tools do that were given the engine's socket. */
static int do_ask(char **argv)
{
	int i, n = atoi(argv[1]);

	for (i = 0; i < n; i++)
		if (ask_once(argv[0]) < 0) {
			perror("benign: ask");
			return 1;
		}
	return 0;
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int listen_inet(const char *address, int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	inet_pton(AF_INET, address, &addr.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 64) < 0)
		return -1;
	return fd;
}

static int connect_inet(const char *address, int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &addr.sin_addr);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* scrape PREFIX N ROUNDS: a collector asks N targets, PREFIX.1 to PREFIX.N, again and
 * again, as a monitoring server does. */
static int do_scrape(char **argv)
{
	int n = atoi(argv[1]), rounds = atoi(argv[2]), i, k, fd, peer, server;
	char address[64], byte;

	server = listen_inet("0.0.0.0", 9100);
	if (server < 0)
		return fail("listen");
	for (k = 0; k < rounds; k++)
		for (i = 1; i <= n; i++) {
			snprintf(address, sizeof(address), "%s.%d", argv[0], i);
			fd = connect_inet(address, 9100);
			peer = fd < 0 ? -1 : accept(server, NULL, NULL);
			if (peer < 0 || write(peer, "m", 1) != 1 || read(fd, &byte, 1) != 1)
				return fail(address);
			close(peer);
			close(fd);
		}
	return 0;
}

/* pool ADDRESS N: connections that are kept, as to a data base. */
static int do_pool(char **argv)
{
	int n = atoi(argv[1]), i, server = listen_inet(argv[0], 5432);

	if (server < 0)
		return fail("listen");
	for (i = 0; i < n; i++)
		if (connect_inet(argv[0], 5432) < 0 || accept(server, NULL, NULL) < 0)
			return fail("pool");
	return 0;
}

/* proxy FILE: bytes from a file to a socket, and from socket to socket by way of
 * a pipe, none of them copied. */
static int do_proxy(char **argv)
{
	int file = open(argv[0], O_RDONLY | O_CLOEXEC), in[2], out[2], middle[2], i;
	char buf[4096];
	ssize_t n;

	if (file < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, in) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, out) < 0 || pipe2(middle, O_CLOEXEC) < 0)
		return fail("proxy");
	for (i = 0; i < 200; i++) {
		off_t from = 0;

		n = sendfile(in[0], file, &from, sizeof(buf));
		if (n <= 0)
			return fail("sendfile");
		n = splice(in[1], NULL, middle[1], NULL, (size_t)n, SPLICE_F_MOVE);
		if (n <= 0 ||
		    splice(middle[0], NULL, out[0], NULL, (size_t)n, SPLICE_F_MOVE) != n ||
		    read(out[1], buf, sizeof(buf)) != n)
			return fail("splice");
	}
	return 0;
}

/* activate PATH PROGRAM ARGS: the service's socket is made by who starts it, and
 * handed on as descriptor 3. Run on the host. */
static int do_activate(char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", argv[0]);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 8) < 0)
		return fail(argv[0]);
	if (fd != 3 && dup2(fd, 3) < 0)
		return fail("dup2");
	execvp(argv[1], argv + 1);
	return fail(argv[1]);
}

/* activated: the other side of it. */
static int do_activated(char **argv)
{
	int peer = accept(3, NULL, NULL);

	(void)argv;
	return peer >= 0 && write(peer, "hello\n", 6) == 6 ? 0 : fail("accept");
}

/* dial PATH: what the client of a service sees. */
static int do_dial(char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buf[16] = "";

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", argv[0]);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail(argv[0]);
	return read(fd, buf, sizeof(buf) - 1) > 0 && strcmp(buf, "hello\n") == 0 ? 0 :
										   fail("answer");
}

/* pass: a descriptor from one own process to another, as web servers do. */
static int do_pass(char **argv)
{
	int file = open(argv[0], O_RDONLY | O_CLOEXEC), pair[2], got = -1;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 'x';
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &file, sizeof(file));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || sendmsg(pair[0], &msg, 0) < 0 ||
	    recvmsg(pair[1], &msg, 0) < 0)
		return fail("pass");
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(got));
	return read(got, &byte, 1) == 1 ? 0 : fail("read of what was passed");
}

/* crypto: the kernel's ciphers for one's own bytes, where it has them, and TLS in
 * the kernel for one's own connection. */
static int do_crypto(char **argv)
{
	int alg = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), server, fd;

	(void)argv;
	server = listen_inet("127.0.0.1", 8443);
	fd = connect_inet("127.0.0.1", 8443);
	if (server < 0 || fd < 0)
		return fail("connect");
	(void)!setsockopt(fd, IPPROTO_TCP, 31 /* TCP_ULP */, "tls", 3);
	if (alg >= 0)
		close(alg);
	return 0;
}

static const struct deed deeds[] = {
	{ "ask", 2, do_ask },		{ "scrape", 3, do_scrape },
	{ "pool", 2, do_pool },		{ "proxy", 1, do_proxy },
	{ "activate", 2, do_activate }, { "activated", 0, do_activated },
	{ "dial", 1, do_dial },		{ "pass", 1, do_pass },
	{ "crypto", 0, do_crypto },	{ 0 },
};
DEED_TABLE(deeds);
