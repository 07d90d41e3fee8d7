/* SPDX-License-Identifier: Apache-2.0 */
/* What the attacks aim at: small programs in the host's namespaces. Each dies
 * with the harness and says READY when it can be aimed at.
 *
 *   decoy wait           does nothing
 *   decoy listen NAME    listens on a Unix socket (@ for abstract), hangs up at once
 *   decoy tcp PORT       listens on both loopback addresses, hangs up at once
 *   decoy lease FILE     holds a write lease on FILE: whoever opens it blocks until
 *                        it is given up, 400 ms later; then takes it again
 *   decoy lend NAME      holds the root directory as descriptor 100, and passes it to
 *                        whoever connects to the Unix socket
 *   decoy serve NAME     opens files of the folder `outside` beside the Unix socket for
 *                        whoever connects and asks, and passes them */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void ready(void)
{
	printf("READY\n");
	fflush(stdout);
}

static int listen_at(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(name) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, name);
	if (*name == '@') {
		addr.sun_path[0] = '\0';
		len--;
	}
	if (bind(fd, (struct sockaddr *)&addr, len) < 0 || listen(fd, 64) < 0) {
		perror(name);
		return -1;
	}
	return fd;
}

static int do_listen(const char *name)
{
	int fd = listen_at(name), peer;

	if (fd < 0)
		return 1;
	ready();
	for (;;) {
		peer = accept(fd, NULL, NULL);
		if (peer >= 0)
			close(peer);
	}
}

static int listen_tcp(int family, unsigned short port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(family, SOCK_STREAM, 0), one = 1, r;

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET)
		r = bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	else
		r = bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	if (r < 0 || listen(fd, 64) < 0) {
		perror("tcp");
		return -1;
	}
	return fd;
}

static int do_tcp(const char *port)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int peer;

	fds[0].fd = listen_tcp(AF_INET, (unsigned short)atoi(port));
	fds[1].fd = listen_tcp(AF_INET6, (unsigned short)atoi(port));
	if (fds[0].fd < 0 || fds[1].fd < 0)
		return 1;
	ready();
	for (;;) {
		poll(fds, 2, -1);
		for (int i = 0; i < 2; i++) {
			if (!(fds[i].revents & POLLIN))
				continue;
			peer = accept(fds[i].fd, NULL, NULL);
			if (peer >= 0)
				close(peer);
		}
	}
}

static void pass(int peer, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec io = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	sendmsg(peer, &msg, 0);
}

static int do_lend(const char *name)
{
	int root = open("/", O_PATH | O_DIRECTORY), fd, peer;

	if (root < 0 || dup2(root, 100) < 0)
		return 1;
	fd = listen_at(name);
	if (fd < 0)
		return 1;
	ready();
	for (;;) {
		peer = accept(fd, NULL, NULL);
		if (peer < 0)
			continue;
		pass(peer, 100);
		close(peer);
	}
}

/* "r NAME", "w NAME" or "d NAME" is asked for. */
static int do_serve(const char *name)
{
	char dir[400], ask[128];
	int at, fd, peer, file;
	ssize_t n;

	snprintf(dir, sizeof(dir), "%.*s/outside", (int)(strrchr(name, '/') - name), name);
	at = open(dir, O_PATH | O_DIRECTORY);
	fd = listen_at(name);
	if (at < 0 || fd < 0)
		return 1;
	ready();
	for (;;) {
		peer = accept(fd, NULL, NULL);
		if (peer < 0)
			continue;
		n = read(peer, ask, sizeof(ask) - 1);
		ask[n > 0 ? n : 0] = '\0';
		file = n < 3 ? -1 : openat(at, ask + 2, ask[0] == 'w' ? O_RDWR : O_RDONLY);
		if (file >= 0) {
			pass(peer, file);
			close(file);
		}
		close(peer);
	}
}

static int do_lease(const char *path)
{
	int fd = open(path, O_RDWR), sig;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0) {
			perror(path);
			return 1;
		}
		ready();
		sigwait(&set, &sig);
		usleep(400 * 1000);
		fcntl(fd, F_SETLEASE, F_UNLCK);
		/* The other side has it open for a moment: no lease until it is closed. */
		while (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
			usleep(50 * 1000);
		fcntl(fd, F_SETLEASE, F_UNLCK);
	}
}

int main(int argc, char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc == 3 && strcmp(argv[1], "listen") == 0)
		return do_listen(argv[2]);
	if (argc == 3 && strcmp(argv[1], "tcp") == 0)
		return do_tcp(argv[2]);
	if (argc == 3 && strcmp(argv[1], "lease") == 0)
		return do_lease(argv[2]);
	if (argc == 3 && strcmp(argv[1], "lend") == 0)
		return do_lend(argv[2]);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return do_serve(argv[2]);
	ready();
	for (;;)
		pause();
}
