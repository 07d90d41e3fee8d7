/* SPDX-License-Identifier: Apache-2.0 */
/* TCP on loopback: an engine's port, the metadata address, neighbours. Nothing is
 * sent. */
#include "deed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t address_of(union address *addr, const char *text, int port)
{
	memset(addr, 0, sizeof(*addr));
	if (strchr(text, ':')) {
		addr->v6.sin6_family = AF_INET6;
		addr->v6.sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, text, &addr->v6.sin6_addr) == 1)
			return sizeof(addr->v6);
	} else {
		addr->v4.sin_family = AF_INET;
		addr->v4.sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, text, &addr->v4.sin_addr) == 1)
			return sizeof(addr->v4);
	}
	deed_fail("not an address: %s", text);
}

static int tcp_socket(const union address *addr, int flags)
{
	int fd = socket(addr->any.sa_family, SOCK_STREAM | flags, 0);

	if (fd < 0)
		deed_fail("socket");
	return fd;
}

static int attack_tcp(char **argv)
{
	const char *way = argv[0];
	union address addr;
	socklen_t len = address_of(&addr, argv[1], atoi(argv[2]));
	int fd = tcp_socket(&addr, strcmp(way, "nonblock") == 0 ? SOCK_NONBLOCK : 0);
	long ret;

	if (strcmp(way, "int80") == 0) {
		deed_int80_probe();
		deed_harm(way);
		ret = deed_int80(362 /* connect */, fd, (long)deed_low(&addr, len), len, 0, 0);
		close(fd);
		return deed_done(ret);
	}
	deed_harm(way);
	if (strcmp(way, "uring") == 0) {
		ret = deed_uring_connect(fd, &addr, len);
	} else if (strcmp(way, "fastopen") == 0) {
		ret = sendto(fd, "", 0, MSG_FASTOPEN, &addr.any, len);
		ret = ret < 0 ? -errno : 0;
	} else {
		ret = connect(fd, &addr.any, len);
		if (ret < 0 && errno == ECONNREFUSED && strcmp(way, "knock") == 0)
			ret = 0; /* nobody is at home */
		ret = ret < 0 && errno != EINPROGRESS ? -errno : 0;
	}
	close(fd);
	return deed_done(ret);
}

/* The loopback device of the container's own network namespace gets the address. */
static int attack_metadata(char **argv)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	struct sockaddr_in *in = (struct sockaddr_in *)&ifr.ifr_addr;
	union address addr;
	socklen_t len = address_of(&addr, argv[0], 80);
	int fd = tcp_socket(&addr, 0);

	*in = addr.v4;
	in->sin_port = 0;
	strcpy(ifr.ifr_name, "lo:0");
	if (ioctl(fd, SIOCSIFADDR, &ifr) < 0)
		deed_fail("SIOCSIFADDR: %s", strerror(errno));
	deed_harm("metadata");
	(void)connect(fd, &addr.any, len); /* nobody answers */
	close(fd);
	return deed_done(0);
}

/* Knock at `n` doors, none of which is open. */
static int attack_scan(char **argv)
{
	bool v6 = strchr(argv[0], ':') != NULL;
	const char *what = argv[1];
	int n = atoi(argv[2]), i, fd, port;
	bool nonblock = strcmp(what, "nonblock") == 0;
	union address addr;
	socklen_t len;

	deed_harm(what);
	for (i = 0; i < n; i++) {
		port = strcmp(what, "login") == 0	? 22 :
		       strcmp(what, "addresses") == 0 ? 7 :
						       20000 + i;
		len = address_of(&addr, argv[0], port);
		if (strcmp(what, "addresses") == 0 && !v6)
			addr.v4.sin_addr.s_addr = htonl(0x7f000100u + (uint32_t)i);
		fd = tcp_socket(&addr, nonblock ? SOCK_NONBLOCK : 0);
		if (connect(fd, &addr.any, len) == 0)
			deed_fail("somebody listens at port %d", port);
		close(fd);
	}
	return deed_done(0);
}

static const struct deed deeds[] = {
	/* plain|knock|nonblock|fastopen|int80|uring ADDRESS PORT */
	{ "tcp", 3, attack_tcp },
	/* ADDRESS */
	{ "metadata", 1, attack_metadata },
	/* ADDRESS ports|addresses|nonblock|login N */
	{ "scan", 3, attack_scan },
	{ 0 },
};
DEED_TABLE(deeds);
