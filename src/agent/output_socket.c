/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <resolv.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define USER_TIMEOUT_MS 30000 /* a peer that acknowledges nothing for so long is gone */

int output_fail(struct output_error *ret, int error, const char *format, ...)
{
	va_list args;

	*ret = (struct output_error){ .error = error };
	va_start(args, format);
	vsnprintf(ret->text, sizeof(ret->text), format, args);
	va_end(args);
	return -error;
}

int64_t output_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0, or -EAGAIN when the time is over. What is wrong with the descriptor is for the next call to say. */
static int wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	int64_t left_ms;
	int r;

	do {
		left_ms = deadline_ms - output_now_ms();
		if (left_ms <= 0)
			return -EAGAIN;
		r = poll(&pollfd, 1, (int)left_ms);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -EAGAIN : 0;
}

int output_connect_unix(const char *path, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_close int fd = -1;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno; /* nobody accepts */
	return take_fd(fd);
}

static void set_number(int fd, int level, int name, int value)
{
	/* Each of them only makes a lost peer known sooner. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static int connect_address(const struct addrinfo *info, int64_t deadline_ms)
{
	cleanup_close int fd = -1;
	socklen_t size = sizeof(int);
	int error = 0, r;

	fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
	if (fd < 0)
		return -errno;
	if (info->ai_socktype == SOCK_STREAM) {
		set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	}
	if (connect(fd, info->ai_addr, info->ai_addrlen) == 0)
		return take_fd(fd);
	if (errno != EINPROGRESS)
		return -errno;
	r = wait_for(fd, POLLOUT, deadline_ms);
	if (r < 0)
		return r == -EAGAIN ? -ETIMEDOUT : r;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return error ? -error : take_fd(fd);
}

int output_connect_host(const char *host, const char *port, int type, int wait_ms)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = type, .ai_flags = AI_ADDRCONFIG };
	const struct addrinfo numeric = { .ai_family = AF_UNSPEC, .ai_socktype = type, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list = NULL;
	int fd = -EHOSTUNREACH, r;

	/* One question and one more a second later, not two times five seconds; of this
	 * thread only. */
	if (res_init() == 0) {
		_res.retrans = 1;
		_res.retry = 2;
	}
	r = getaddrinfo(host, port, &numeric, &list);
	if (r == EAI_NONAME)
		r = getaddrinfo(host, port, &hints, &list);
	if (r != 0)
		return r == EAI_SYSTEM ? -errno : r == EAI_MEMORY ? -ENOMEM : r == EAI_AGAIN ? -EHOSTDOWN : -ENXIO;
	for (const struct addrinfo *info = list; info && fd < 0; info = info->ai_next)
		fd = connect_address(info, output_now_ms() + wait_ms);
	freeaddrinfo(list);
	return fd;
}

int output_send_datagram(int fd, const void *data, size_t len, int wait_ms)
{
	int64_t deadline_ms = output_now_ms() + wait_ms;
	int r;

	for (;;) {
		if (send(fd, data, len, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS)
			return -errno;
		r = wait_for(fd, POLLOUT, deadline_ms);
		if (r < 0)
			return r;
	}
}

bool output_stream_is_closed(const struct output_stream *stream)
{
	char scratch[512];
	ssize_t n;

	do {
		n = recv(stream->fd, scratch, sizeof(scratch), MSG_DONTWAIT);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0 || errno != EAGAIN;
}

/* From *off on, which moves. */
static int write_some(int fd, const char *data, size_t len, size_t *off, int wait_ms)
{
	int64_t deadline_ms = output_now_ms() + wait_ms;
	ssize_t n;
	int r;

	while (*off < len) {
		n = send(fd, data + *off, len - *off, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			*off += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		r = wait_for(fd, POLLOUT, deadline_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

static void forget_rest(struct output_stream *stream)
{
	free(stream->rest);
	stream->rest = NULL;
	stream->len = stream->off = 0;
	stream->number = 0;
}

void output_stream_reset(struct output_stream *stream)
{
	forget_rest(stream);
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

int output_stream_finish(struct output_stream *stream, int wait_ms, uint64_t *ret_number)
{
	int r;

	*ret_number = 0;
	if (!stream->rest)
		return 0;
	r = write_some(stream->fd, stream->rest, stream->len, &stream->off, wait_ms);
	if (r < 0)
		return r;
	*ret_number = stream->number;
	forget_rest(stream);
	return 0;
}

int output_stream_send(struct output_stream *stream, const void *data, size_t len, uint64_t number, int wait_ms)
{
	size_t off = 0;
	char *rest;
	int r;

	r = write_some(stream->fd, data, len, &off, wait_ms);
	if (r == 0 || off == 0)
		return r;
	rest = malloc(len - off);
	if (!rest) { /* half a record is out and cannot be ended: the receiver must see that */
		output_stream_reset(stream);
		return -ENOMEM;
	}
	memcpy(rest, (const char *)data + off, len - off);
	stream->rest = rest;
	stream->len = len - off;
	stream->off = 0;
	stream->number = number;
	return r;
}

struct slice output_line(struct slice text)
{
	while (text.len > 0 && text.data[text.len - 1] == '\n')
		text.len--;
	return text;
}
