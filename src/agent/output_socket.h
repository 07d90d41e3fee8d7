/* SPDX-License-Identifier: Apache-2.0 */
/* What the outputs over sockets share: connecting and sending with a limit of
 * time, and streams that finish what they began. No call raises SIGPIPE. */
#ifndef BW_AGENT_OUTPUT_SOCKET_H
#define BW_AGENT_OUTPUT_SOCKET_H

#include "agent/output_driver.h"

/* Fill in *ret and return -error. */
__attribute__((format(printf, 3, 4))) int output_fail(struct output_error *ret, int error, const char *format, ...);

/* CLOCK_MONOTONIC */
int64_t output_now_ms(void);

/* A connected, non-blocking, close-on-exec socket of `type` (SOCK_DGRAM,
 * SOCK_STREAM), or -errno. Waits at most `wait_ms` for the other side; looking up
 * a host's name may take some seconds more. -ENXIO: there is no such host; -EHOSTDOWN:
 * the name server does not say. Never -EAGAIN. */
int output_connect_unix(const char *path, int type);
int output_connect_host(const char *host, const char *port, int type, int wait_ms);

/* One datagram, waiting at most `wait_ms` for room. 0 or -errno; -EAGAIN: no room came;
 * -EMSGSIZE: too large. */
int output_send_datagram(int fd, const void *data, size_t len, int wait_ms);

/* Bytes that must stay together on a stream. When the receiver takes only some,
 * the rest is kept and goes first, whatever comes next. */
struct output_stream {
	int fd;		  /* -1: not connected */
	char *rest;	  /* of record `number`, from `off` on */
	size_t len, off;
	uint64_t number;
};

/* Has the other side gone? What it said is thrown away. */
bool output_stream_is_closed(const struct output_stream *stream);

/* Finish what was begun. 0, *ret_number: the record that is out by that, 0: there was
 * none. -errno: still not. */
int output_stream_finish(struct output_stream *stream, int wait_ms, uint64_t *ret_number);

/* Send all; 0. -errno, -EAGAIN when it is only slow: the rest is kept when some of it is out, else nothing was. */
int output_stream_send(struct output_stream *stream, const void *data, size_t len, uint64_t number, int wait_ms);

/* Close; what was begun is forgotten, since a new connection wants whole records. */
void output_stream_reset(struct output_stream *stream);

/* `text` without its line end. */
struct slice output_line(struct slice text);

#endif
