/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts as messages of RFC 5424: to the local daemon's socket, over UDP (RFC 5426)
 * or over TCP with octet counting (RFC 6587). What programs sort by is structured
 * data; "brigwatch@32473" uses the number that RFC 5612 sets aside, since there is
 * none of our own. With rfc=3164 the older head, for local daemons that know no
 * other. No byte order mark before the text: parsers of JSON choke on it. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "agent/output_socket.h"

#define DATAGRAM_MAX 65000u /* of UDP, less its headers */
#define HOSTNAME_MAX 255

struct syslog_output {
	struct output_stream stream; /* its descriptor is used for datagrams, too */
	const struct output_spec *spec;
	bool is_stream;
	bool is_counted; /* "123 <86>1 ...": else a line */
	char hostname[HOSTNAME_MAX + 1];
};

/* ---- the message ---- */

/* PRINTUSASCII of at most `max` characters, "-" for nothing. */
static void put_word(FILE *out, struct slice word, size_t max)
{
	if (word.len == 0)
		putc('-', out);
	for (size_t i = 0; i < word.len && i < max; i++)
		putc(word.data[i] > ' ' && word.data[i] < 0x7f ? word.data[i] : '_', out);
}

/* Six decimals are the most that the format has. */
static void put_time(FILE *out, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	char text[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		putc('-', out);
		return;
	}
	fprintf(out, "%s.%06uZ", text, (unsigned int)(wall_ns % 1000000000u / 1000u));
}

static void put_parameter(FILE *out, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	fprintf(out, " %s=\"", name);
	for (size_t i = 0; i < value.len; i++) {
		if (strchr("\"\\]", value.data[i]))
			putc('\\', out);
		putc(value.data[i], out);
	}
	putc('"', out);
}

static void put_data(FILE *out, const struct outbox_record *record)
{
	static const char *const names[OUTBOX_LABELS] = {
		[OUTBOX_RULE] = "rule",		    [OUTBOX_RULE_NAME] = "ruleName",
		[OUTBOX_CONTAINER] = "container",   [OUTBOX_CONTAINER_NAME] = "containerName",
		[OUTBOX_IMAGE] = "image",	    [OUTBOX_NAMESPACE] = "namespace",
		[OUTBOX_POD] = "pod",
	};

	/* Holes in sequenceId tell of messages that were lost on the way. */
	fprintf(out, "[meta sequenceId=\"%" PRIu64 "\"][origin software=\"brigwatch\" swVersion=\"%s\"]"
		     "[brigwatch@32473",
		(record->number - 1) % INT32_MAX + 1, BRIGWATCH_VERSION);
	for (size_t i = 0; i < OUTBOX_LABELS; i++)
		put_parameter(out, names[i], record->labels[i]);
	putc(']', out);
}

/* As RFC 3164 tells of and local daemons expect: no year, local time, no data; the
 * host's name only over a network. */
static void put_old_head(FILE *out, const struct syslog_output *output, const struct outbox_record *record)
{
	time_t seconds = (time_t)(record->wall_ns / 1000000000u);
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%b %e %H:%M:%S ", &tm) > 0)
		fputs(text, out);
	if (output->spec->kind != OUTPUT_SYSLOG_UNIX) {
		put_word(out, slice_from(output->hostname), HOSTNAME_MAX);
		putc(' ', out);
	}
	fprintf(out, "brigwatch[%d]: ", (int)getpid());
}

static void put_head(FILE *out, const struct syslog_output *output, const struct outbox_record *record)
{
	fputs("1 ", out);
	put_time(out, record->wall_ns);
	putc(' ', out);
	put_word(out, slice_from(output->hostname), HOSTNAME_MAX);
	fprintf(out, " brigwatch %d ", (int)getpid());
	put_word(out, record->labels[OUTBOX_RULE], 32);
	putc(' ', out);
	put_data(out, record);
	putc(' ', out);
}

/* NULL: out of memory. */
static char *make_message(const struct syslog_output *output, const struct outbox_record *record, size_t *ret_len)
{
	struct slice line = output_line(record->text);
	unsigned int severity = record->severity < 8 ? record->severity : 7;
	char *text = NULL;
	bool failed;
	FILE *out;

	out = open_memstream(&text, ret_len);
	if (!out)
		return NULL;
	fprintf(out, "<%u>", output->spec->facility * 8 + severity);
	if (output->spec->rfc == 3164)
		put_old_head(out, output, record);
	else
		put_head(out, output, record);
	fwrite(line.data, 1, line.len, out);
	failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* With what tells where it ends. */
static char *make_frame(const struct syslog_output *output, const struct outbox_record *record, size_t *ret_len)
{
	cleanup_free char *message = make_message(output, record, ret_len);
	char *frame = NULL;
	int len;

	if (!message)
		return NULL;
	if (output->is_counted)
		len = asprintf(&frame, "%zu %s", *ret_len, message);
	else
		len = asprintf(&frame, "%s\n", message);
	if (len < 0)
		return NULL;
	*ret_len = (size_t)len;
	return frame;
}

/* ---- the way ---- */

/* Some daemons have a stream at /dev/log. */
static int connect_local(struct syslog_output *output)
{
	int fd = output_connect_unix(output->spec->target, SOCK_DGRAM);

	output->is_stream = fd == -EPROTOTYPE;
	return output->is_stream ? output_connect_unix(output->spec->target, SOCK_STREAM) : fd;
}

static int connect_to(struct syslog_output *output, struct output_error *ret_error)
{
	const struct output_spec *spec = output->spec;
	int fd;

	if (spec->kind == OUTPUT_SYSLOG_UNIX)
		fd = connect_local(output);
	else
		fd = output_connect_host(spec->target, spec->port, output->is_stream ? SOCK_STREAM : SOCK_DGRAM,
					 OUTPUT_WAIT_MS);
	if (fd == -ENXIO)
		return output_fail(ret_error, ENXIO, "cannot connect to %s: no such host", spec->name);
	if (fd == -EHOSTDOWN)
		return output_fail(ret_error, EHOSTDOWN, "cannot connect to %s: the name server does not answer", spec->name);
	if (fd < 0)
		return output_fail(ret_error, -fd, "cannot connect to %s: %s", spec->name, strerror(-fd));
	output->stream.fd = fd;
	return 0;
}

static int open_output(const struct output_spec *spec, int fd, void **ret_state, struct output_error *ret_error)
{
	struct syslog_output *output = calloc(1, sizeof(*output));
	int r;

	(void)fd;
	if (!output)
		return output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	output->spec = spec;
	output->stream.fd = -1;
	output->is_stream = output->is_counted = spec->kind == OUTPUT_SYSLOG_TCP;
	if (spec->hostname)
		snprintf(output->hostname, sizeof(output->hostname), "%s", spec->hostname);
	else if (gethostname(output->hostname, HOSTNAME_MAX) < 0)
		output->hostname[0] = '\0';
	r = connect_to(output, ret_error);
	if (r < 0) {
		free(output);
		return r;
	}
	*ret_state = output;
	return 0;
}

static int fail(const struct syslog_output *output, int r, struct output_error *ret_error)
{
	const char *name = output->spec->name;

	if (r == -EMSGSIZE) {
		r = output_fail(ret_error, EMSGSIZE, "%s: an alert is too large for one datagram", name);
		ret_error->is_final = true;
		return r;
	}
	if (r == -EAGAIN)
		return output_fail(ret_error, EAGAIN, "%s: connected, but takes nothing", name);
	return output_fail(ret_error, -r, "%s: %s", name, strerror(-r));
}

/* UDP never says that something came; a host without receiver says that nothing
 * did, and on this host at once. */
static int send_datagram(const struct syslog_output *output, const char *message, size_t len)
{
	socklen_t size = sizeof(int);
	int error = 0, r;

	if (output->spec->kind == OUTPUT_SYSLOG_UDP && len > DATAGRAM_MAX)
		return -EMSGSIZE;
	r = output_send_datagram(output->stream.fd, message, len, OUTPUT_WAIT_MS);
	if (r == 0 && getsockopt(output->stream.fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
		r = -error;
	return r;
}

static int send_record(struct syslog_output *output, const struct outbox_record *record)
{
	cleanup_free char *text = NULL;
	size_t len;

	text = output->is_stream ? make_frame(output, record, &len) : make_message(output, record, &len);
	if (!text)
		return -ENOMEM;
	if (output->is_stream)
		return output_stream_send(&output->stream, text, len, record->number, OUTPUT_WAIT_MS);
	return send_datagram(output, text, len);
}

/* As output_unix.c: who is slow keeps the connection. */
static int prepare(struct syslog_output *output, uint64_t *ret_finished, struct output_error *ret_error)
{
	struct output_stream *stream = &output->stream;
	int r;

	*ret_finished = 0;
	if (output->is_stream && stream->fd >= 0 && output_stream_is_closed(stream))
		output_stream_reset(stream);
	if (stream->fd < 0) {
		r = connect_to(output, ret_error);
		if (r < 0)
			return r;
	}
	r = output->is_stream ? output_stream_finish(stream, OUTPUT_WAIT_MS, ret_finished) : 0;
	if (r < 0 && r != -EAGAIN)
		output_stream_reset(stream);
	return r < 0 ? fail(output, r, ret_error) : 0;
}

static int deliver(void *state, const struct outbox_record *records, unsigned int n, struct output_error *ret_error)
{
	struct syslog_output *output = state;
	uint64_t finished;
	unsigned int i;
	int r;

	r = prepare(output, &finished, ret_error);
	if (r < 0)
		return r;
	for (i = finished != 0 && finished == records[0].number; i < n; i++) {
		r = send_record(output, &records[i]);
		if (r < 0)
			break;
	}
	if (r < 0 && r != -EAGAIN && r != -EMSGSIZE && r != -ENOMEM)
		output_stream_reset(&output->stream);
	return i > 0 ? (int)i : fail(output, r, ret_error);
}

static void close_output(void *state)
{
	struct syslog_output *output = state;

	output_stream_reset(&output->stream);
	free(output);
}

const struct output_driver output_syslog = { .open = open_output, .deliver = deliver, .close = close_output };
