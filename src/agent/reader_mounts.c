/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reader_mounts.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sysmacros.h>

#include "agent/reader_roots.h"

static const char *const slow_types[] = {
	"fuse", "fuseblk", "nfs",  "nfs4", "cifs",  "smb3",   "9p",	"virtiofs",
	"coda", "afs",	   "ceph", "gfs2", "ocfs2", "lustre", "autofs", "orangefs",
};

/* ---- reading */

int mounts_read(int dirfd, const char *path, struct mounts *ret)
{
	cleanup_close int fd = -1;
	cleanup_free char *text = NULL;
	size_t len = 0, room = 16384;
	ssize_t n = 1;

	/* Not across a mount: whoever owns the place may have put another file there. */
	fd = reader_open_below(dirfd, path, O_RDONLY | O_NONBLOCK,
			       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0)
		return fd;
	text = malloc(room);
	if (!text)
		return -ENOMEM;
	while (n > 0 && len < MOUNTS_BYTES_MAX) {
		if (room - len < 4096) {
			char *larger = realloc(text, room * 2);

			if (!larger)
				return -ENOMEM;
			text = larger;
			room *= 2;
		}
		n = read(fd, text + len, room - len);
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	ret->text = take_ptr(text);
	ret->len = len;
	return 0;
}

void mounts_release(struct mounts *mounts)
{
	free(mounts->text);
	*mounts = (struct mounts){ 0 };
}

/* ---- looking up */

static bool take_word(struct slice *line, struct slice *ret)
{
	const char *end = line->len ? memchr(line->data, ' ', line->len) : NULL;
	size_t len = end ? (size_t)(end - line->data) : line->len;

	if (len == 0)
		return false;
	*ret = (struct slice){ line->data, len };
	if (end)
		len++;
	line->data += len;
	line->len -= len;
	return true;
}

/* A decimal number at the start of `word`; what follows it is left in *word. */
static bool take_number(struct slice *word, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i < word->len && i < 18 && word->data[i] >= '0' && word->data[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(word->data[i] - '0');
	word->data += i;
	word->len -= i;
	*ret = n;
	return i > 0;
}

/* "36 35 98:0 /root /point options [tags] - type source options" */
static bool parse_line(struct slice line, struct mount_line *ret)
{
	struct slice parent, dev, options, word = { NULL, 0 };
	uint64_t major = 0, minor = 0;
	size_t len;

	if (!take_word(&line, &parent) || !take_word(&line, &dev) ||
	    !take_word(&line, &ret->root) || !take_word(&line, &ret->point) ||
	    !take_word(&line, &options))
		return false;
	do
		if (!take_word(&line, &word))
			return false;
	while (!slice_eq(word, SLICE_LITERAL("-")));
	if (!take_word(&line, &word))
		return false;

	if (!take_number(&dev, &major) || dev.len == 0 || dev.data[0] != ':')
		return false;
	dev.data++;
	dev.len--;
	if (!take_number(&dev, &minor))
		return false;
	ret->dev = (uint32_t)(major << 20 | (minor & 0xfffff));

	memset(ret->fs, 0, sizeof(ret->fs));
	for (len = 0; len < word.len && len < sizeof(ret->fs) - 1 && word.data[len] != '.'; len++)
		ret->fs[len] = word.data[len];
	return true;
}

bool mounts_find(const struct mounts *mounts, uint64_t id, struct mount_line *ret)
{
	const char *at = mounts->text, *end = at + mounts->len, *newline;
	struct slice line;
	uint64_t number = 0;

	for (; at && at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline) /* cut at the bound */
			return false;
		line = (struct slice){ at, (size_t)(newline - at) };
		if (!take_number(&line, &number) || number != id)
			continue;
		if (line.len == 0 || line.data[0] != ' ')
			continue;
		line.data++;
		line.len--;
		return parse_line(line, ret);
	}
	return false;
}

bool mounts_next(const struct mounts *mounts, size_t *at, uint64_t *ret_id, struct mount_line *ret)
{
	while (*at < mounts->len) {
		const char *start = mounts->text + *at;
		const char *newline = memchr(start, '\n', mounts->len - *at);
		struct slice line;

		if (!newline)
			return false;
		line = (struct slice){ start, (size_t)(newline - start) };
		*at += line.len + 1;
		if (!take_number(&line, ret_id) || line.len == 0 || line.data[0] != ' ')
			continue;
		line.data++;
		line.len--;
		if (parse_line(line, ret))
			return true;
	}
	return false;
}

bool mount_is_slow(const struct mount_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(slow_types); i++)
		if (strcmp(line->fs, slow_types[i]) == 0)
			return true;
	return false;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

ssize_t mounts_unescape(struct slice text, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *c = text.data + i;

		if (n == size)
			return -ENAMETOOLONG;
		if (*c != '\\' || text.len - i < 4 || !is_octal(c[1]) || !is_octal(c[2]) ||
		    !is_octal(c[3])) {
			ret[n++] = *c;
			continue;
		}
		ret[n++] = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0'));
		i += 3;
	}
	return (ssize_t)n;
}
