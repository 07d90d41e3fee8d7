/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "sink/render.h"

struct sink {
	int fd;
	bool own;
	bool is_socket; /* cannot be opened anew to be O_NONBLOCK (journald's stdout) */
	enum sink_format format;
	bool colour;
	struct buf rest; /* end of a line whose write stopped half-way */
	size_t rest_off; /* bytes of it that are out */
};

int sink_new(int fd, bool own, enum sink_format format, bool colour, struct sink **ret)
{
	struct sink *sink;
	struct stat st;

	if (fd < 0 || format < SINK_TEXT || format > SINK_OCSF)
		return -EINVAL;

	sink = calloc(1, sizeof(*sink));
	if (!sink)
		return -ENOMEM;
	sink->fd = fd;
	sink->own = own;
	sink->is_socket = fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
	sink->format = format;
	sink->colour = colour;

	*ret = sink;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait until `fd` takes more, but not past the deadline. What is wrong with the
 * descriptor (POLLERR, POLLHUP) is for the next write to say. */
static int wait_writable(int fd, int64_t deadline_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	int64_t left_ms;
	int r;

	do {
		left_ms = deadline_ms - now_ms();
		if (left_ms <= 0)
			return -EAGAIN;
		r = poll(&pollfd, 1, (int)left_ms);
	} while (r < 0 && errno == EINTR);

	if (r < 0)
		return -errno;
	return r == 0 ? -EAGAIN : 0;
}

/* Write from *off on, which moves with what is out. 0 when all is. */
static int write_all(const struct sink *sink, const struct buf *buf, size_t *off, int64_t deadline_ms)
{
	ssize_t n;
	int r;

	while (*off < buf->len) {
		if (sink->is_socket)
			n = send(sink->fd, buf->data + *off, buf->len - *off, MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = write(sink->fd, buf->data + *off, buf->len - *off);
		if (n > 0) {
			*off += (size_t)n;
			continue;
		}
		if (n == 0)
			return -EIO;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_writable(sink->fd, deadline_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_rest(struct sink *sink, int64_t deadline_ms)
{
	int r;

	r = write_all(sink, &sink->rest, &sink->rest_off, deadline_ms);
	if (r < 0)
		return r;
	buf_release(&sink->rest);
	sink->rest_off = 0;
	return 0;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;

	(void)write_rest(sink, now_ms() + SINK_WAIT_MS);
	buf_release(&sink->rest);
	if (sink->own)
		close(sink->fd);
	free(sink);
}

static int render(const struct sink *sink, const struct finding *finding, struct buf *buf)
{
	switch (sink->format) {
	case SINK_JSON: return render_json(finding, buf);
	case SINK_FALCO: return render_falco(finding, buf);
	case SINK_OCSF: return render_ocsf(finding, buf);
	default: return sink->colour ? render_block(finding, buf) : render_text(finding, buf);
	}
}

int sink_render(const struct finding *finding, enum sink_format format, bool colour, char **ret_text,
		size_t *ret_len)
{
	const struct sink sink = { .format = format, .colour = colour };
	struct buf buf = {};
	int r;

	r = render(&sink, finding, &buf);
	if (r < 0) {
		buf_release(&buf);
		return r;
	}
	*ret_text = buf.data;
	*ret_len = buf.len;
	return 0;
}

int sink_write(struct sink *sink, const struct finding *finding)
{
	int64_t deadline_ms = now_ms() + SINK_WAIT_MS;
	struct buf buf = { 0 };
	size_t off = 0;
	int r;

	r = write_rest(sink, deadline_ms);
	if (r < 0)
		return r;

	r = render(sink, finding, &buf);
	if (r == 0)
		r = write_all(sink, &buf, &off, deadline_ms);
	if (r < 0 && off > 0) {
		sink->rest = buf;
		sink->rest_off = off;
		return r;
	}

	buf_release(&buf);
	return r;
}
