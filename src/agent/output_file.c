// SPDX-License-Identifier: Apache-2.0
/* Alerts into stdout and into files. A line is never torn: what a write left is
 * completed by the next, and what a killed process left by the next process. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/log.h"
#include "agent/output_driver.h"

#define FILE_MODE 0640
/* Each urgent alert is put on the disk at once, but a flood of them not one by one: a
 * disk that takes milliseconds would fill the queue. */
#define SAFE_INTERVAL_MS 20

struct file {
	const struct output_spec *spec;
	int fd;		/* -1: to be opened */
	int dir_fd;	/* O_PATH, of the file's directory; -1: no file that could be rotated */
	char *base;	/* its name there */
	bool is_ours;	/* opened by us, not inherited */
	bool is_regular, is_socket;
	bool is_fresh;	/* nothing was written since it was opened */
	uint64_t number; /* of the record of which `off` bytes are out */
	size_t off;
	bool rotation_failed; /* told once */
	bool is_unsafe;	/* something urgent is written, and not known to be on the disk */
	int64_t safe_ms; /* when all of it was */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fail(struct output_error *error, int r, const char *what, const char *path)
{
	error->error = -r;
	if (path)
		snprintf(error->text, sizeof(error->text), "cannot %s %s: %s", what, path,
			 r == -ENXIO ? "nobody reads it" : strerror(-r));
	return r;
}

/* ---- opening ---- */

static bool is_descriptor_name(const char *path)
{
	return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0;
}

static void look_at(struct file *file)
{
	struct stat st;

	file->is_fresh = true;
	file->off = 0;
	file->is_regular = fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode);
	file->is_socket = !file->is_regular && S_ISSOCK(st.st_mode);
}

/* Links are not followed, but for the names of descriptors. */
static int open_path(struct file *file)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;

	if (!is_descriptor_name(file->spec->target))
		flags |= O_NOFOLLOW;
	fd = file->dir_fd >= 0 ? openat(file->dir_fd, file->base, flags, FILE_MODE) :
				 open(file->spec->target, flags, FILE_MODE);
	if (fd < 0)
		return -errno;
	file->fd = fd;
	look_at(file);
	return 0;
}

static int find_dir(struct file *file)
{
	const char *path = file->spec->target, *slash = strrchr(path, '/');
	cleanup_free char *dir = NULL;

	file->base = strdup(slash ? slash + 1 : path);
	dir = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	if (!file->base || !dir)
		return -ENOMEM;
	file->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return file->dir_fd < 0 ? -errno : 0;
}

static void file_settle(void *state)
{
	struct file *file = state;

	if (!file->is_unsafe || file->fd < 0)
		return;
	(void)fdatasync(file->fd);
	file->is_unsafe = false;
	file->safe_ms = now_ms();
}

static void file_close(void *state)
{
	struct file *file = state;

	if (!file)
		return;
	file_settle(file);
	if (file->is_ours)
		close_fd(&file->fd);
	close_fd(&file->dir_fd);
	free(file->base);
	free(file);
}

static int file_open(const struct output_spec *spec, int fd, void **ret_state, struct output_error *ret_error)
{
	struct file *file = calloc(1, sizeof(*file));
	int r = 0;

	if (!file)
		return fail(ret_error, -ENOMEM, NULL, NULL);
	file->spec = spec;
	file->fd = fd;
	file->dir_fd = -1;
	file->is_ours = fd < 0;
	if (!file->is_ours) {
		look_at(file);
	} else {
		if (!is_descriptor_name(spec->target))
			r = find_dir(file);
		if (r == 0)
			r = open_path(file);
	}
	if (r < 0) {
		file_close(file);
		return fail(ret_error, r, "open", spec->target);
	}
	/* Of a line that cannot be read back nobody knows whether it is whole. */
	if (!file->is_regular && output_is_restart)
		(void)!write(file->fd, "\n", 1);
	*ret_state = file;
	return 0;
}

/* ---- what is there already ---- */

/* The file's last bytes, at most `max`: the same file, opened for reading. */
static ssize_t read_tail(const struct file *file, char *ret, size_t max)
{
	cleanup_close int fd = -1;
	char path[32];
	struct stat st;
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	len = (uint64_t)st.st_size < max ? (size_t)st.st_size : max;
	return pread(fd, ret, len, st.st_size - (off_t)len);
}

enum found { FOUND_NOTHING, FOUND_PART, FOUND_ALL, FOUND_OTHER };

/* Whoever was here before may have been killed in the middle of this record, or after
 * it but before it was counted; or somebody else left half a line. */
static enum found look_for(const struct file *file, struct slice text, size_t *ret_part)
{
	size_t max = text.len + 1, start;
	cleanup_free char *tail = malloc(max);
	ssize_t n;

	if (!tail)
		return FOUND_NOTHING;
	n = read_tail(file, tail, max);
	if (n <= 0)
		return FOUND_NOTHING;
	if (tail[n - 1] == '\n')
		return (size_t)n >= text.len && text.len > 16 && memcmp(tail + n - text.len, text.data, text.len) == 0 ?
			       FOUND_ALL :
			       FOUND_NOTHING;
	for (start = (size_t)n; start > 0 && tail[start - 1] != '\n';)
		start--;
	*ret_part = (size_t)n - start;
	return *ret_part < text.len && memcmp(tail + start, text.data, *ret_part) == 0 ? FOUND_PART : FOUND_OTHER;
}

/* ---- writing ---- */

static int wait_writable(int fd, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int64_t left = deadline_ms - now_ms();
	int r;

	if (left <= 0)
		return -EAGAIN;
	r = poll(&pfd, 1, (int)left);
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r == 0 ? -EAGAIN : 0;
}

/* From *off on, which moves with what is out. 0 when all is. */
static int write_all(const struct file *file, const char *data, size_t len, size_t *off, int64_t deadline_ms)
{
	ssize_t n;
	int r;

	while (*off < len) {
		n = file->is_socket ? send(file->fd, data + *off, len - *off, MSG_DONTWAIT | MSG_NOSIGNAL) :
				      write(file->fd, data + *off, len - *off);
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
		r = wait_writable(file->fd, deadline_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- rotation ---- */

static bool is_too_large(const struct file *file, size_t more)
{
	struct stat st;

	return file->spec->max_size && file->is_regular && file->dir_fd >= 0 && file->off == 0 &&
	       fstat(file->fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size + more > file->spec->max_size;
}

/* FILE becomes FILE.1, FILE.1 becomes FILE.2...; the last goes. */
static int shift_names(const struct file *file)
{
	char from[NAME_MAX + 16], to[NAME_MAX + 16];

	for (unsigned int i = file->spec->keep; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", file->base, i);
		if (i == 1)
			snprintf(from, sizeof(from), "%s", file->base);
		else
			snprintf(from, sizeof(from), "%s.%u", file->base, i - 1);
		if (renameat(file->dir_fd, from, file->dir_fd, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Alerts are worth more than a limit: when it cannot be done the file grows on. */
static void rotate(struct file *file)
{
	int old = file->fd, r;

	file_settle(file);
	r = shift_names(file);
	if (r == 0)
		r = open_path(file);
	if (r < 0) {
		file->fd = old;
		if (!file->rotation_failed)
			log_message("output", "cannot rotate %s: %s, going on without", file->spec->target, strerror(-r));
		file->rotation_failed = true;
		return;
	}
	close(old);
	file->is_fresh = false; /* new and empty */
	file->rotation_failed = false;
	output_note_rotation();
}

/* ---- the driver ---- */

/* Before the first record: is it there already, whole or in part? */
static int begin(struct file *file, struct slice text, bool *ret_is_there, int64_t deadline_ms)
{
	size_t part = 0, off = 0;
	enum found found = FOUND_NOTHING;
	int r;

	*ret_is_there = false;
	if (file->is_fresh && file->is_regular)
		found = look_for(file, text, &part);
	if (found == FOUND_OTHER) {
		r = write_all(file, "\n", 1, &off, deadline_ms);
		if (r < 0)
			return r;
	}
	*ret_is_there = found == FOUND_ALL;
	if (found == FOUND_PART)
		file->off = part;
	file->is_fresh = false;
	return 0;
}

static int put(struct file *file, const struct outbox_record *record, int64_t deadline_ms, struct output_error *error)
{
	bool is_there = false;
	int r;

	if (file->fd < 0) {
		r = open_path(file);
		if (r < 0)
			return fail(error, r, "open", file->spec->target);
	}
	if (is_too_large(file, record->text.len))
		rotate(file);
	if (file->off && file->number != record->number) {
		size_t off = 0;

		r = write_all(file, "\n", 1, &off, deadline_ms);
		if (r < 0)
			return r;
		file->off = 0;
	}
	file->number = record->number;
	if (!file->off) {
		r = begin(file, record->text, &is_there, deadline_ms);
		if (r < 0 || is_there)
			return r;
	}
	r = write_all(file, record->text.data, record->text.len, &file->off, deadline_ms);
	if (r < 0)
		return r;
	file->off = 0;
	file->is_unsafe |= record->is_urgent && file->is_regular;
	if (now_ms() - file->safe_ms >= SAFE_INTERVAL_MS)
		file_settle(file);
	return 0;
}

static int file_deliver(void *state, const struct outbox_record *records, unsigned int n,
			struct output_error *ret_error)
{
	struct file *file = state;
	int64_t deadline_ms = now_ms() + OUTPUT_WAIT_MS;
	unsigned int i;
	int r = 0;

	for (i = 0; i < n; i++) {
		r = put(file, &records[i], deadline_ms, ret_error);
		if (r < 0)
			break;
	}
	if (i > 0)
		return (int)i;
	ret_error->error = -r;
	if (!ret_error->text[0] && r == -EAGAIN)
		snprintf(ret_error->text, sizeof(ret_error->text), "nobody reads the output");
	if (r == -EPIPE || r == -ECONNRESET) {
		/* A FIFO with a name may find another reader, what was inherited not. */
		if (file->is_ours) {
			close_fd(&file->fd);
			file->fd = -1;
			file->off = 0;
		} else {
			ret_error->is_gone = true;
		}
	}
	return r;
}

/* A record that is half out goes whole into the new file; its part leaves the old
 * one, which is ours alone to append to. */
static void cut_part(const struct file *file)
{
	struct stat st;

	if (file->off && file->is_regular && fstat(file->fd, &st) == 0 && (uint64_t)st.st_size >= file->off)
		(void)!ftruncate(file->fd, st.st_size - (off_t)file->off);
}

static int file_reopen(void *state, struct output_error *ret_error)
{
	struct file *file = state;
	struct file old;
	int r;

	if (!file->is_ours || file->fd < 0)
		return 0;
	file_settle(file);
	old = *file;
	r = open_path(file);
	if (r < 0)
		return fail(ret_error, r, "open", file->spec->target);
	cut_part(&old);
	close(old.fd);
	return 0;
}

const struct output_driver output_file = {
	.open = file_open,
	.deliver = file_deliver,
	.reopen = file_reopen,
	.settle = file_settle,
	.close = file_close,
};

const struct output_driver output_stdout = {
	.open = file_open,
	.deliver = file_deliver,
	.settle = file_settle,
	.close = file_close,
};
