/* SPDX-License-Identifier: Apache-2.0 */
/* Reading rule files. Whoever can write them decides what is seen: files, their
 * directory and all directories above must belong to root or the caller and be
 * writable by nobody else. No link is followed, in no part of the path. */
#include "rule/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define LOCAL_DIRECTORY "rules.d"
#define DIRECTORIES_ABOVE_MAX 2048 /* more do not fit a path */

static int add_file(struct loader *loader, const char *name, struct slice text)
{
	struct source_file *more;

	if (loader->n_files >= FILES_MAX)
		return fail_file(loader, name, EINVAL, "more than %u rule files", FILES_MAX);
	more = reallocarray(loader->files, loader->n_files + 1, sizeof(*more));
	if (!more)
		return fail_memory(loader);
	loader->files = more;
	more[loader->n_files] = (struct source_file){ .text = text };
	more[loader->n_files].name = arena_copy(&loader->arena, slice_from(name));
	if (!more[loader->n_files].name)
		return fail_memory(loader);
	loader->n_files++;
	return 0;
}

int read_text(struct loader *loader, const char *name, struct slice text)
{
	if (text.len > RULE_FILE_MAX)
		return fail_file(loader, name, EFBIG, "is larger than %u bytes, refused",
				 RULE_FILE_MAX);
	return add_file(loader, name, text);
}

/* --- who may write ------------------------------------------------------ */

static bool is_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static int check_owner(struct loader *loader, const char *name, const struct stat *st)
{
	if (!is_trusted(st->st_uid))
		return fail_file(
			loader, name, EPERM,
			"belongs to uid %u, refused: rules must belong to root or to uid %u",
			st->st_uid, geteuid());
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return fail_file(loader, name, EPERM,
				 "is writable by others (mode %04o), refused: chmod go-w helps",
				 st->st_mode & 07777);
	return 0;
}

/* Who can rename a directory above can put another in its place. In one that is
 * sticky, as /tmp is, only owners can: that of what lies below was checked. */
static int check_above(struct loader *loader, const char *path, int fd, const struct stat *st)
{
	char link[64], name[PATH_MAX] = "";
	ssize_t len;

	if (is_trusted(st->st_uid) &&
	    (!(st->st_mode & (S_IWGRP | S_IWOTH)) || st->st_mode & S_ISVTX))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof(name) - 1);
	name[len > 0 ? len : 0] = '\0';
	if (!is_trusted(st->st_uid))
		return fail_file(loader, path, EPERM,
				 "lies below '%.200s', which belongs to uid %u, refused: directories "
				 "above rules must belong to root or to uid %u",
				 name, st->st_uid, geteuid());
	return fail_file(loader, path, EPERM,
			 "lies below '%.200s', which is writable by others (mode %04o), refused: "
			 "chmod go-w helps",
			 name, st->st_mode & 07777);
}

/* From the directory `fd` up to the root, by "..", whatever was given as path. */
static int check_directories(struct loader *loader, const char *path, int fd)
{
	cleanup_close int here = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct stat st, above;
	int r;

	if (here < 0 || fstat(here, &st) < 0)
		return fail_file(loader, path, errno, "cannot stat: %s", strerror(errno));
	for (unsigned int i = 0; i < DIRECTORIES_ABOVE_MAX; i++) {
		int up = openat(here, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (up >= 0) {
			close(here);
			here = up;
		}
		if (up < 0 || fstat(here, &above) < 0)
			return fail_file(loader, path, errno, "cannot look above: %s",
					 strerror(errno));
		if (above.st_dev == st.st_dev && above.st_ino == st.st_ino)
			return 0;
		r = check_above(loader, path, here, &above);
		if (r < 0)
			return r;
		st = above;
	}
	return fail_file(loader, path, ELOOP, "lies too deep, refused");
}

/* --- opening ------------------------------------------------------------ */

#define OPEN_DIRECTORY (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OPEN_TO_READ (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* One step of a path; `name` is all of it so far. */
static int open_step(struct loader *loader, int dirfd, const char *step, int flags,
		     const char *name, int *ret)
{
	struct stat st;
	int fd, error;

	fd = openat(dirfd, step, flags);
	error = errno;
	if (fd >= 0) {
		*ret = fd;
		return 0;
	}
	if (fstatat(dirfd, step, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return fail_file(loader, name, ELOOP,
				 "is a symbolic link, refused: links are not followed, give the "
				 "real path");
	return fail_file(loader, name, error, "cannot open: %s", strerror(error));
}

/* The last step of `path`, and the directory that it is in. */
static int open_path(struct loader *loader, int dirfd, const char *path, int *ret_parent, int *ret)
{
	cleanup_close int parent = -1;
	char name[PATH_MAX], *step = name, *next;
	int r, fd = -1;

	if (strlen(path) >= sizeof(name))
		return fail_file(loader, path, ENAMETOOLONG, "this path is too long");
	memcpy(name, path, strlen(path) + 1);
	for (size_t len = strlen(name); len > 1 && name[len - 1] == '/'; len--)
		name[len - 1] = '\0';
	r = name[0] == '/' ? open_step(loader, AT_FDCWD, "/", OPEN_DIRECTORY, "/", &parent) :
			     open_step(loader, dirfd, ".", OPEN_DIRECTORY, path, &parent);
	while (r == 0) {
		step += strspn(step, "/");
		next = strchr(step, '/');
		if (!next)
			break;
		*next = '\0';
		r = open_step(loader, parent, step, OPEN_DIRECTORY, name, &fd);
		if (r < 0)
			break;
		close(parent);
		parent = fd;
		*next = '/';
		step = next + 1;
	}
	if (r == 0)
		r = open_step(loader, parent, *step || step == name ? step : ".", OPEN_TO_READ, path,
			      &fd);
	if (r < 0)
		return r;
	*ret = fd;
	*ret_parent = take_fd(parent);
	return 0;
}

/* --- files -------------------------------------------------------------- */

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The whole of an open file whose state is `before`: no half of another. */
static int read_all(struct loader *loader, int fd, const char *name, const struct stat *before,
		    struct slice *ret)
{
	size_t size = (size_t)before->st_size, len = 0;
	struct stat after;
	ssize_t n;
	char *text;

	text = arena_alloc(&loader->arena, size + 1);
	if (!text)
		return fail_memory(loader);
	while (len < size) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_file(loader, name, errno, "cannot read: %s", strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (fstat(fd, &after) < 0)
		return fail_file(loader, name, errno, "cannot stat: %s", strerror(errno));
	if (len != size || !same_state(before, &after))
		return fail_file(loader, name, EAGAIN,
				 "was changed while it was read, refused: try again");
	*ret = (struct slice){ text, len };
	return 0;
}

static int read_file(struct loader *loader, int fd, const char *name)
{
	struct slice text;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return fail_file(loader, name, errno, "cannot stat: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_file(loader, name, EINVAL, "is not a regular file, refused");
	r = check_owner(loader, name, &st);
	if (r < 0)
		return r;
	if (st.st_size > RULE_FILE_MAX)
		return fail_file(loader, name, EFBIG,
				 "is %lld bytes long, at most %u are allowed, refused",
				 (long long)st.st_size, RULE_FILE_MAX);
	r = read_all(loader, fd, name, &st, &text);
	if (r < 0)
		return r;
	return add_file(loader, name, text);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* "rules.schema.json" is for editors; hidden files are their swap files. */
static int is_rule_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && has_suffix(entry->d_name, ".json") &&
	       !has_suffix(entry->d_name, ".schema.json");
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not the locale's order */
}

static int read_entry(struct loader *loader, int dirfd, const char *path, const char *entry)
{
	cleanup_close int fd = -1;
	char name[512];
	int r;

	snprintf(name, sizeof(name), "%s/%s", path, entry);
	r = open_step(loader, dirfd, entry, OPEN_TO_READ, name, &fd);
	return r < 0 ? r : read_file(loader, fd, name);
}

/* All *.json of one directory, in name order. */
static int read_directory(struct loader *loader, int fd, const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n, r;

	if (fstat(fd, &st) < 0)
		return fail_file(loader, path, errno, "cannot stat: %s", strerror(errno));
	r = check_owner(loader, path, &st);
	if (r < 0)
		return r;
	n = scandirat(fd, ".", &entries, is_rule_file, compare_names);
	if (n < 0)
		return fail_file(loader, path, errno, "cannot list: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = collect(loader, read_entry(loader, fd, path, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* What the place itself adds and changes, after all that came with the set. */
static int read_local(struct loader *loader, int dirfd, const char *path)
{
	cleanup_close int fd = -1;
	char name[512];
	struct stat st;
	int r;

	if (fstatat(dirfd, LOCAL_DIRECTORY, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	snprintf(name, sizeof(name), "%s/" LOCAL_DIRECTORY, path);
	r = open_step(loader, dirfd, LOCAL_DIRECTORY, OPEN_TO_READ | O_DIRECTORY, name, &fd);
	return r < 0 ? r : read_directory(loader, fd, name);
}

int read_path(struct loader *loader, int dirfd, const char *path)
{
	cleanup_close int fd = -1, parent = -1;
	size_t n_before = loader->n_files + loader->n_errors;
	struct stat st;
	int r;

	r = open_path(loader, dirfd, path, &parent, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return fail_file(loader, path, errno, "cannot stat: %s", strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		struct stat above;

		if (fstat(parent, &above) < 0)
			return fail_file(loader, path, errno, "cannot stat: %s", strerror(errno));
		r = check_above(loader, path, parent, &above);
		if (r == 0)
			r = check_directories(loader, path, parent);
		return r < 0 ? r : read_file(loader, fd, path);
	}
	r = check_directories(loader, path, fd);
	if (r == 0)
		r = read_directory(loader, fd, path);
	if (r == 0)
		r = read_local(loader, fd, path);
	if (r == 0 && loader->n_files + loader->n_errors == n_before)
		return fail_file(loader, path, EINVAL, "no rule files (*.json) here");
	return r;
}
