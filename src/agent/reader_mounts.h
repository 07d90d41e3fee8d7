/* SPDX-License-Identifier: Apache-2.0 */
/* Mount tables, /proc/PID/mountinfo. Private to the reader. */
#ifndef BW_AGENT_READER_MOUNTS_H
#define BW_AGENT_READER_MOUNTS_H

#include "base/base.h"

/* Most bytes of one table that are read; a mount beyond is as good as unknown. */
#define MOUNTS_BYTES_MAX (1u << 20)

struct mounts {
	char *text;
	size_t len;
};

/* One line. `root` is the mount's root within its file system, `point` where it
 * is mounted, as seen from the root directory of the table's process; both
 * borrowed from the table, and octal escapes are still in them. */
struct mount_line {
	uint32_t dev; /* of the superblock, kernel encoding */
	struct slice root, point;
	char fs[16]; /* type, without subtype */
};

/* Read the file `path` below the directory `dirfd` of procfs. */
int mounts_read(int dirfd, const char *path, struct mounts *ret);
void mounts_release(struct mounts *mounts);

/* The mount with that id; ids are never 0. */
bool mounts_find(const struct mounts *mounts, uint64_t id, struct mount_line *ret);

/* The next line, from *at on, which begins as 0. False at the end; a line that
 * does not parse is passed over. */
bool mounts_next(const struct mounts *mounts, size_t *at, uint64_t *ret_id, struct mount_line *ret);

/* Does another machine or a user's program answer there, or nobody? */
bool mount_is_slow(const struct mount_line *line);

/* The text without its escapes; its length, or -ENAMETOOLONG. */
ssize_t mounts_unescape(struct slice text, char *ret, size_t size);

#endif
