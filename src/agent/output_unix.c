/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts to a Unix socket that somebody listens on: lines on a stream, or one
 * alert a datagram (without line end). */
#include <stdio.h>
#include <sys/socket.h>

#include "agent/output_socket.h"

struct unix_output {
	struct output_stream stream;
	const struct output_spec *spec;
};

static int fail(const struct unix_output *output, int r, struct output_error *ret_error)
{
	if (r == -EAGAIN)
		return output_fail(ret_error, EAGAIN, "%s: connected, but takes nothing", output->spec->name);
	return output_fail(ret_error, -r, "%s: %s", output->spec->name, strerror(-r));
}

static int connect_to(struct unix_output *output, int type, struct output_error *ret_error)
{
	int fd = output_connect_unix(output->spec->target, type);

	if (fd == -EPROTOTYPE)
		return output_fail(ret_error, EPROTOTYPE, "%s: the socket is of the other kind: use %s:", output->spec->name,
				   type == SOCK_STREAM ? "unixgram" : "unix");
	if (fd < 0)
		return output_fail(ret_error, -fd, "cannot connect to %s: %s", output->spec->name, strerror(-fd));
	output->stream.fd = fd;
	return 0;
}

static int open_of(const struct output_spec *spec, int type, void **ret_state, struct output_error *ret_error)
{
	struct unix_output *output = calloc(1, sizeof(*output));
	int r;

	if (!output)
		return output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	output->spec = spec;
	output->stream.fd = -1;
	r = connect_to(output, type, ret_error);
	if (r < 0) {
		free(output);
		return r;
	}
	*ret_state = output;
	return 0;
}

static int open_stream(const struct output_spec *spec, int fd, void **ret_state, struct output_error *ret_error)
{
	(void)fd;
	return open_of(spec, SOCK_STREAM, ret_state, ret_error);
}

static int open_datagram(const struct output_spec *spec, int fd, void **ret_state, struct output_error *ret_error)
{
	(void)fd;
	return open_of(spec, SOCK_DGRAM, ret_state, ret_error);
}

/* A receiver that only is slow keeps its connection and the half of a line that it
 * has; one that went away gets the whole line anew when it is back. */
static int deliver_stream(void *state, const struct outbox_record *records, unsigned int n,
			  struct output_error *ret_error)
{
	struct unix_output *output = state;
	struct output_stream *stream = &output->stream;
	uint64_t finished = 0;
	unsigned int i = 0;
	int r = 0;

	if (stream->fd >= 0 && output_stream_is_closed(stream))
		output_stream_reset(stream);
	if (stream->fd < 0)
		r = connect_to(output, SOCK_STREAM, ret_error);
	if (r < 0)
		return r;
	r = output_stream_finish(stream, OUTPUT_WAIT_MS, &finished);
	if (r == 0 && finished == records[0].number && finished != 0)
		i = 1;
	for (; r == 0 && i < n; i++) {
		r = output_stream_send(stream, records[i].text.data, records[i].text.len, records[i].number,
				       OUTPUT_WAIT_MS);
		if (r < 0)
			break;
	}
	if (r < 0 && r != -EAGAIN)
		output_stream_reset(stream);
	return i > 0 ? (int)i : fail(output, r, ret_error);
}

static int deliver_datagram(void *state, const struct outbox_record *records, unsigned int n,
			    struct output_error *ret_error)
{
	struct unix_output *output = state;
	struct slice line;
	unsigned int i;
	int r = 0;

	for (i = 0; i < n; i++) {
		line = output_line(records[i].text);
		r = output_send_datagram(output->stream.fd, line.data, line.len, OUTPUT_WAIT_MS);
		if (r < 0)
			break;
	}
	if (i > 0)
		return (int)i;
	r = fail(output, r, ret_error);
	ret_error->is_final = r == -EMSGSIZE;
	return r;
}

static void close_output(void *state)
{
	struct unix_output *output = state;

	output_stream_reset(&output->stream);
	free(output);
}

const struct output_driver output_unix = { .open = open_stream, .deliver = deliver_stream, .close = close_output };
const struct output_driver output_unixgram = {
	.open = open_datagram, .deliver = deliver_datagram, .close = close_output, .closes_on_error = true
};
