// SPDX-License-Identifier: Apache-2.0
/* Where the status server listens. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "agent/status_server.h"

#define BACKLOG 128

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int parse_port(const char *text, in_port_t *ret)
{
	unsigned long port;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	port = strtoul(text, &end, 10);
	if (*end || port == 0 || port > 65535)
		return -EINVAL;
	*ret = htons((uint16_t)port);
	return 0;
}

static int parse_ip(const char *text, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->any.sa_family = AF_INET;
		return 0;
	}
	if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1) {
		ret->any.sa_family = AF_INET6;
		return 0;
	}
	return -EINVAL;
}

static int parse(const char *text, union address *ret)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t len;
	int r;

	len = colon ? (size_t)(colon - text) : 0;
	if (len < 2 || len >= sizeof(host))
		return -EINVAL;
	if (text[0] == '[' && text[len - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)len - 2, text + 1);
	else if (!memchr(text, ':', len))
		snprintf(host, sizeof(host), "%.*s", (int)len, text);
	else
		return -EINVAL; /* IPv6 without brackets: which colon is the port's? */
	r = parse_ip(host, ret);
	if (r < 0)
		return r;
	if ((text[0] == '[') != (ret->any.sa_family == AF_INET6))
		return -EINVAL;
	return parse_port(colon + 1, ret->any.sa_family == AF_INET ? &ret->v4.sin_port : &ret->v6.sin6_port);
}

static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static bool is_same_ip(const union address *a, const union address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr && a->v4.sin_addr.s_addr != INADDR_ANY;
	return IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr) && !IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

int status_check_address(const char *address, const char *own, bool any)
{
	union address parsed, own_parsed;
	int r;

	r = parse(address, &parsed);
	if (r < 0 || any || is_loopback(&parsed))
		return r;
	if (own && parse_ip(own, &own_parsed) == 0 && is_same_ip(&parsed, &own_parsed))
		return 0;
	return -EADDRNOTAVAIL;
}

int status_listen_tcp(const char *address, int *ret_fd)
{
	cleanup_close int fd = -1;
	union address parsed;
	const int one = 1;
	socklen_t len;
	int r;

	r = parse(address, &parsed);
	if (r < 0)
		return r;
	len = parsed.any.sa_family == AF_INET ? sizeof(parsed.v4) : sizeof(parsed.v6);
	fd = socket(parsed.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    (parsed.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0) ||
	    bind(fd, &parsed.any, len) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

/* By its directory's descriptor: the path of that is short, whatever its name. */
int status_listen_unix(int dir_fd, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATUS_SOCKET, dir_fd);
	if (fd < 0 || (unlinkat(dir_fd, STATUS_SOCKET, 0) < 0 && errno != ENOENT) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(dir_fd, STATUS_SOCKET, 0600, 0) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}
