/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts to systemd's journal by its native protocol
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of fields, or a sealed memory
 * file with them when they are larger than a datagram. No library. */
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "agent/output_socket.h"

/* Of every alert, for `journalctl MESSAGE_ID=`. */
#define MESSAGE_ID "41f6974e8b8b476884e70940adade2c6"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct journald_output {
	const struct output_spec *spec;
	int fd;
};

/* "KEY=value", or with a length when the value has more than one line. */
static void put_field(FILE *out, const char *key, struct slice value)
{
	uint64_t len = htole64(value.len);

	if (value.len == 0)
		return;
	if (!memchr(value.data, '\n', value.len)) {
		fprintf(out, "%s=", key);
	} else {
		fprintf(out, "%s\n", key);
		fwrite(&len, 1, sizeof(len), out);
	}
	fwrite(value.data, 1, value.len, out);
	putc('\n', out);
}

static char *make_entry(const struct journald_output *output, const struct outbox_record *record, size_t *ret_len)
{
	static const char *const keys[OUTBOX_LABELS] = {
		[OUTBOX_RULE] = "BRIGWATCH_RULE",
		[OUTBOX_RULE_NAME] = "BRIGWATCH_RULE_NAME",
		[OUTBOX_CONTAINER] = "BRIGWATCH_CONTAINER_ID",
		[OUTBOX_CONTAINER_NAME] = "BRIGWATCH_CONTAINER_NAME",
		[OUTBOX_IMAGE] = "BRIGWATCH_IMAGE",
		[OUTBOX_NAMESPACE] = "BRIGWATCH_NAMESPACE",
		[OUTBOX_POD] = "BRIGWATCH_POD",
	};
	char *text = NULL;
	bool failed;
	FILE *out;

	out = open_memstream(&text, ret_len);
	if (!out)
		return NULL;
	put_field(out, "MESSAGE", output_line(record->text));
	fprintf(out, "PRIORITY=%u\nSYSLOG_FACILITY=%u\nSYSLOG_IDENTIFIER=brigwatch\nMESSAGE_ID=" MESSAGE_ID "\n",
		record->severity < 8 ? record->severity : 7, output->spec->facility);
	fprintf(out, "BRIGWATCH_TIME_NS=%" PRIu64 "\nBRIGWATCH_NUMBER=%" PRIu64 "\n", record->wall_ns, record->number);
	for (size_t i = 0; i < OUTBOX_LABELS; i++)
		put_field(out, keys[i], record->labels[i]);
	failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

static int open_output(const struct output_spec *spec, int fd, void **ret_state, struct output_error *ret_error)
{
	struct journald_output *output = calloc(1, sizeof(*output));

	(void)fd;
	if (!output)
		return output_fail(ret_error, ENOMEM, "%s: out of memory", spec->name);
	output->spec = spec;
	output->fd = output_connect_unix(spec->target, SOCK_DGRAM);
	if (output->fd < 0) {
		int error = -output->fd;

		free(output);
		return output_fail(ret_error, error, "cannot reach the journal at %s: %s", spec->target, strerror(error));
	}
	*ret_state = output;
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_descriptor(int to, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t n;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	do {
		n = sendmsg(to, &message, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int send_large(int to, const char *data, size_t len)
{
	cleanup_close int fd = -1;
	int r;

	fd = memfd_create("brigwatch-alert", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, len);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return send_descriptor(to, fd);
}

static int send_record(const struct journald_output *output, const struct outbox_record *record)
{
	cleanup_free char *entry = NULL;
	size_t len;
	int r;

	entry = make_entry(output, record, &len);
	if (!entry)
		return -ENOMEM;
	r = output_send_datagram(output->fd, entry, len, OUTPUT_WAIT_MS);
	return r == -EMSGSIZE ? send_large(output->fd, entry, len) : r;
}

static int deliver(void *state, const struct outbox_record *records, unsigned int n, struct output_error *ret_error)
{
	const struct journald_output *output = state;
	unsigned int i;
	int r = 0;

	for (i = 0; i < n; i++) {
		r = send_record(output, &records[i]);
		if (r < 0)
			break;
	}
	if (i > 0)
		return (int)i;
	if (r == -EAGAIN)
		return output_fail(ret_error, EAGAIN, "the journal takes nothing");
	return output_fail(ret_error, -r, "cannot write to the journal at %s: %s", output->spec->target, strerror(-r));
}

static void close_output(void *state)
{
	struct journald_output *output = state;

	close(output->fd);
	free(output);
}

const struct output_driver output_journald = {
	.open = open_output, .deliver = deliver, .close = close_output, .closes_on_error = true
};
