/* SPDX-License-Identifier: Apache-2.0 */
/* Where does this string lead that task? The kernel's own walk cannot be asked:
 * done for a reader, it would take "/proc/self" and absolute links for the
 * reader's. So the path is walked by the component, nothing is opened but
 * places (O_PATH), and before any directory is entered its mount is looked up:
 * where another machine or a container's program would have to answer, the walk
 * ends. Magic links are followed where the task itself named them. */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "agent/reader_mounts.h"
#include "agent/reader_roots.h"
#include "agent/resolve.h"

#define LINKS_MAX 40	/* as in the kernel */
#define STEPS_MAX 2100u /* components; a path has at most 2048, links add theirs */
#define REST_MAX (2 * EVENT_PATH_MAX + 2)
#define PROC_ROOT_INO 1

/* By whom the way is shown. A task that is gone had an absolute path at best. */
enum guide { GUIDE_TASK, GUIDE_PARENT, GUIDE_NONE, GUIDE_MAX };

/* Whose mount tables a mount was found in. A task with a root directory of its
 * own is shown only what lies below: then its parent's may have the rest. */
enum table { TABLE_TASK, TABLE_PARENT, TABLE_HOST, TABLE_LINK, TABLE_MAX };

struct walk {
	const struct places *places;
	const struct resolve_request *request;
	int task;		  /* O_PATH, /proc/TGID/task/TID; -1: gone */
	int root, at;		  /* O_PATH; root -1: gone */
	struct statx root_st, st; /* of `root` and `at` */
	struct mounts tables[TABLE_MAX];
	enum mount_owner link_owner; /* of mounts that only TABLE_LINK has */
	struct mount_line mount;     /* of `at` */
	enum table table;
	unsigned int n_links, n_steps;
	char rest[REST_MAX]; /* still to go, from rest_at to rest_len */
	size_t rest_at, rest_len;
};

static void walk_release(struct walk *walk)
{
	close_fd(&walk->task);
	close_fd(&walk->root);
	close_fd(&walk->at);
	for (unsigned int i = 0; i < TABLE_MAX; i++)
		mounts_release(&walk->tables[i]);
}

/* Attributes as they are known, without asking the file system's server. */
static int look(int fd, struct statx *ret)
{
	int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;

	if (statx(fd, "", flags, STATX_BASIC_STATS | STATX_MNT_ID, ret) < 0)
		return -errno;
	return ret->stx_mask & STATX_MNT_ID ? 0 : -ENOTSUP; /* Linux 5.8 has it */
}

static bool is_same(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
	       a->stx_dev_minor == b->stx_dev_minor;
}

static int open_place(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, O_PATH | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

/* ---- processes */

static uint64_t ticks(uint64_t ns)
{
	return ns / (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Is `number` in this procfs the process that started then? */
static bool is_started(int proc, uint32_t number, uint64_t start_ns)
{
	cleanup_close int fd = -1;
	char path[32], bytes[1024];
	uint32_t ppid;
	uint64_t start;
	ssize_t n;

	if (!number || !start_ns)
		return false;
	snprintf(path, sizeof(path), "%u/stat", number);
	fd = reader_open_below(proc, path, O_RDONLY,
			       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0)
		return false;
	n = read(fd, bytes, sizeof(bytes) - 1);
	if (n <= 0)
		return false;
	bytes[n] = 0;
	return reader_parse_stat(bytes, &ppid, &start) && start == ticks(start_ns);
}

/* Inode number of a namespace of the process whose directory in procfs this is. */
static uint64_t ns_inum(int process, const char *name)
{
	cleanup_close int dir =
		reader_open_below(process, "ns", O_PATH | O_DIRECTORY,
				  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	struct stat st;

	return dir < 0 || fstatat(dir, name, &st, 0) < 0 ? 0 : st.st_ino;
}

/* Take root directory and mount table of this process for those of the task. */
static int adopt(struct walk *walk, uint32_t tgid, uint32_t tid, uint64_t start_ns)
{
	int proc = walk->places->proc_fd;
	cleanup_close int task = -1, root = -1;
	struct mounts mounts = { 0 };
	char path[64];
	int r;

	if (!is_started(proc, tgid, start_ns))
		return -ESRCH;
	snprintf(path, sizeof(path), "%u/task/%u", tgid, tid);
	task = open_place(proc, path, O_DIRECTORY);
	if (task < 0) { /* a thread that ended; its process goes on */
		snprintf(path, sizeof(path), "%u", tgid);
		task = open_place(proc, path, O_DIRECTORY);
	}
	if (task < 0)
		return task;
	/* A stand-in must see what the task saw. */
	if (tgid != walk->request->tgid && ns_inum(task, "mnt") != walk->request->mnt_ns_inum)
		return -ESRCH;
	root = open_place(task, "root", 0);
	if (root < 0)
		return root;
	r = look(root, &walk->root_st);
	if (r >= 0)
		r = mounts_read(task, "mountinfo", &mounts);
	if (r < 0)
		return r;
	/* The number may have gone to another process while it was looked at. */
	if (!is_started(proc, tgid, start_ns)) {
		mounts_release(&mounts);
		return -ESRCH;
	}
	walk->task = take_fd(task);
	walk->root = take_fd(root);
	walk->tables[TABLE_TASK] = mounts;
	return 0;
}

/* ---- mounts */

/* The tables that are not always needed; TABLE_LINK is learned on the way. */
static void read_table(struct walk *walk, enum table table)
{
	const struct resolve_request *request = walk->request;
	int proc = walk->places->proc_fd;
	cleanup_close int parent = -1;
	char path[32];

	if (walk->tables[table].text)
		return;
	if (table == TABLE_HOST)
		(void)mounts_read(proc, "1/mountinfo", &walk->tables[table]);
	if (table != TABLE_PARENT || walk->task < 0 ||
	    !is_started(proc, request->parent_tgid, request->parent_start_ns))
		return;
	snprintf(path, sizeof(path), "%u", request->parent_tgid);
	parent = open_place(proc, path, O_DIRECTORY);
	if (parent >= 0 && ns_inum(parent, "mnt") == request->mnt_ns_inum)
		(void)mounts_read(parent, "mountinfo", &walk->tables[table]);
}

/* Find the mount of walk->st. What is in no table that we know of (detached, or
 * of the kernel's own) could be anything, and is not entered. */
static int find_mount(struct walk *walk)
{
	for (unsigned int i = 0; i < TABLE_MAX; i++) {
		read_table(walk, i);
		if (!mounts_find(&walk->tables[i], walk->st.stx_mnt_id, &walk->mount))
			continue;
		walk->table = i;
		return mount_is_slow(&walk->mount) ? -EREMOTE : 0;
	}
	return -EXDEV;
}

/* Go on from `fd`, which is taken in any case. */
static int step_to(struct walk *walk, int fd)
{
	bool is_first = walk->at < 0;
	uint64_t before = walk->st.stx_mnt_id;
	int r;

	if (fd < 0)
		return fd;
	close_fd(&walk->at);
	walk->at = fd;
	r = look(fd, &walk->st);
	if (r < 0)
		return r;
	return is_first || walk->st.stx_mnt_id != before ? find_mount(walk) : 0;
}

static bool is_on_proc(const struct walk *walk)
{
	return strcmp(walk->mount.fs, "proc") == 0;
}

/* ---- links */

/* Put `text` before what is still to go. */
static int push(struct walk *walk, const char *text, size_t len)
{
	size_t left = walk->rest_len - walk->rest_at;

	if (len + 1 + left > sizeof(walk->rest))
		return -ENAMETOOLONG;
	memmove(walk->rest + len + 1, walk->rest + walk->rest_at, left);
	memcpy(walk->rest, text, len);
	walk->rest[len] = '/';
	walk->rest_at = 0;
	walk->rest_len = len + 1 + left;
	return 0;
}

/* "self" in the root of a procfs is whoever asks; here it is the task, by its
 * number in this procfs. */
static int push_self(struct walk *walk, bool is_thread)
{
	const struct resolve_request *request = walk->request;
	uint32_t tgid = request->ns_tgid, tid = request->ns_tid;
	char text[64];
	int n;

	if (!is_started(walk->at, tgid, request->start_ns)) {
		tgid = request->tgid;
		tid = request->tid;
		if (!is_started(walk->at, tgid, request->start_ns))
			return -ENOENT;
	}
	n = is_thread ? snprintf(text, sizeof(text), "%u/task/%u", tgid, tid) :
			snprintf(text, sizeof(text), "%u", tgid);
	return push(walk, text, (size_t)n);
}

/* Only the kernel knows which links of procfs are magic: it refuses them here,
 * and no others. */
static bool is_magic(int dir, const char *name)
{
	int fd = reader_open_below(dir, name, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_XDEV);

	close_fd(&fd);
	return fd == -ELOOP;
}

/* The link leads where another process is: that process's mounts count too. Of
 * a mount that neither the task nor the host has, it is only told that it is the
 * container's own, and only when that is sure. */
static void learn_mounts(struct walk *walk)
{
	const struct resolve_request *request = walk->request;
	struct mounts mounts = { 0 };
	cleanup_close int up = -1;
	int process = walk->at;
	uint64_t pid_ns;

	if (mounts_read(process, "mountinfo", &mounts) < 0) {
		up = open_place(process, "..", 0); /* from its fd/ */
		process = up;
		if (up < 0 || mounts_read(up, "mountinfo", &mounts) < 0)
			return;
	}
	mounts_release(&walk->tables[TABLE_LINK]);
	walk->tables[TABLE_LINK] = mounts;
	pid_ns = ns_inum(process, "pid");
	walk->link_owner = OWNER_UNKNOWN;
	if (ns_inum(process, "mnt") == request->mnt_ns_inum ||
	    (pid_ns && pid_ns == request->pid_ns_inum && pid_ns != walk->places->pid_ns))
		walk->link_owner = OWNER_OWN;
}

static int follow(struct walk *walk, int link, const char *name)
{
	char text[EVENT_PATH_MAX + 1];
	ssize_t n;
	int r;

	if (walk->n_links++ == LINKS_MAX)
		return -ELOOP;
	if (is_on_proc(walk) && is_magic(walk->at, name)) {
		learn_mounts(walk);
		return step_to(walk, open_place(walk->at, name, 0));
	}
	n = readlinkat(link, "", text, sizeof(text));
	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	if ((size_t)n == sizeof(text))
		return -ENAMETOOLONG;
	r = push(walk, text, (size_t)n);
	if (r < 0 || text[0] != '/')
		return r;
	if (walk->root < 0)
		return -ESRCH;
	return step_to(walk, fcntl(walk->root, F_DUPFD_CLOEXEC, 3));
}

/* ---- the walk */

/* The next component in name[NAME_MAX + 1]; false at the end. */
static int next_name(struct walk *walk, char *name)
{
	const char *start, *end;
	size_t len;

	while (walk->rest_at < walk->rest_len && walk->rest[walk->rest_at] == '/')
		walk->rest_at++;
	if (walk->rest_at == walk->rest_len)
		return 0;
	start = walk->rest + walk->rest_at;
	end = memchr(start, '/', walk->rest_len - walk->rest_at);
	len = end ? (size_t)(end - start) : walk->rest_len - walk->rest_at;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, start, len);
	name[len] = 0;
	walk->rest_at += len;
	return 1;
}

static int step(struct walk *walk, const char *name)
{
	cleanup_close int fd = -1;
	struct statx st;
	int r;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		if (walk->root >= 0 && is_same(&walk->st, &walk->root_st) &&
		    walk->st.stx_mnt_id == walk->root_st.stx_mnt_id)
			return 0;
		return step_to(walk, open_place(walk->at, "..", 0));
	}
	if (is_on_proc(walk) && walk->st.stx_ino == PROC_ROOT_INO) {
		if (strcmp(name, "self") == 0)
			return push_self(walk, false);
		if (strcmp(name, "thread-self") == 0)
			return push_self(walk, true);
	}
	fd = open_place(walk->at, name, O_NOFOLLOW);
	if (fd < 0)
		return fd;
	r = look(fd, &st);
	if (r < 0)
		return r;
	if (S_ISLNK(st.stx_mode))
		return follow(walk, fd, name);
	return step_to(walk, take_fd(fd));
}

/* In the host's pid namespace "/proc/N/..." means what it means to us, even when
 * the task is gone. */
static int begin_without_task(struct walk *walk)
{
	static const char proc[] = "/proc/";
	const char *path = walk->request->path;
	size_t len = sizeof(proc) - 1;

	if (walk->request->pid_ns_inum != walk->places->pid_ns || walk->request->path_len <= len ||
	    memcmp(path, proc, len) != 0 || path[len] < '1' || path[len] > '9')
		return -ESRCH;
	walk->rest_at = len;
	walk->at = fcntl(walk->places->proc_fd, F_DUPFD_CLOEXEC, 3);
	walk->table = TABLE_HOST;
	memcpy(walk->mount.fs, "proc", sizeof("proc"));
	return walk->at < 0 ? -errno : look(walk->at, &walk->st);
}

static int begin(struct walk *walk, enum guide guide)
{
	const struct resolve_request *request = walk->request;
	char path[32];
	int r;

	memcpy(walk->rest, request->path, request->path_len);
	walk->rest_len = request->path_len;
	if (guide == GUIDE_NONE)
		return begin_without_task(walk);
	r = guide == GUIDE_TASK ? adopt(walk, request->tgid, request->tid, request->start_ns) :
				  adopt(walk, request->parent_tgid, request->parent_tgid,
					request->parent_start_ns);
	if (r < 0)
		return r;
	if (request->path[0] == '/')
		return step_to(walk, fcntl(walk->root, F_DUPFD_CLOEXEC, 3));
	if (request->dirfd == AT_FDCWD)
		return step_to(walk, open_place(walk->task, "cwd", 0));
	if (request->dirfd < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "fd/%d", request->dirfd);
	return step_to(walk, open_place(walk->task, path, 0));
}

static int go(struct walk *walk)
{
	char name[NAME_MAX + 1];
	int r;

	for (;;) {
		r = next_name(walk, name);
		if (r <= 0)
			return r;
		if (walk->n_steps++ == STEPS_MAX ||
		    (uint64_t)reader_now_ms() > walk->request->end_ms)
			return -ETIMEDOUT;
		r = step(walk, name);
		if (r < 0)
			return r;
	}
}

/* ---- what was found */

static bool is_stdio(const struct walk *walk)
{
	struct statx st;
	char path[16];

	for (int i = 0; walk->task >= 0 && i < 3; i++) {
		cleanup_close int fd = -1;

		snprintf(path, sizeof(path), "fd/%d", i);
		fd = open_place(walk->task, path, 0);
		if (fd >= 0 && look(fd, &st) >= 0 && is_same(&st, &walk->st))
			return true;
	}
	return false;
}

/* Path of a place of ours from the root of its mount namespace; its length, or 0. */
static size_t path_of(int fd, char *ret, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlinkat(AT_FDCWD, link, ret, size);
	return n <= 0 || ret[0] != '/' || (size_t)n == size ? 0 : (size_t)n;
}

/* Cut `prefix` off the front of *path; "/" is no prefix to speak of. */
static bool skip_prefix(struct slice *path, const char *prefix, size_t len)
{
	if (len == 1 && prefix[0] == '/')
		len = 0;
	if (path->len < len || memcmp(path->data, prefix, len) != 0 ||
	    (path->len > len && path->data[len] != '/'))
		return false;
	path->data += len;
	path->len -= len;
	return true;
}

/* The path within the file system: that of the mount's root there, and what the
 * path has beyond the place where it is mounted. */
static size_t fspath_of(const struct walk *walk, struct slice path, char *ret, size_t size)
{
	char prefix[EVENT_PATH_MAX + 1];
	ssize_t n;
	size_t len;

	/* The table is as seen from its process's root directory. */
	if (walk->table == TABLE_TASK) {
		len = path_of(walk->root, prefix, sizeof(prefix));
		if (!len || !skip_prefix(&path, prefix, len))
			return 0;
	}
	n = mounts_unescape(walk->mount.point, prefix, sizeof(prefix));
	if (n <= 0 || !skip_prefix(&path, prefix, (size_t)n))
		return 0;
	n = mounts_unescape(walk->mount.root, ret, size);
	if (n <= 0 || ret[0] != '/')
		return 0;
	len = n == 1 ? 0 : (size_t)n;
	if (len + path.len > size)
		return 0;
	memcpy(ret + len, path.data, path.len);
	return len + path.len ? len + path.len : 1;
}

static void describe(const struct walk *walk, struct resolve_reply *ret)
{
	static const char deleted[] = " (deleted)";
	size_t len, cut = sizeof(deleted) - 1;
	const struct statx *st = &walk->st;
	struct statfs fs;

	ret->ino = st->stx_ino;
	ret->dev = walk->mount.dev;
	if (S_ISBLK(st->stx_mode) || S_ISCHR(st->stx_mode))
		ret->rdev = st->stx_rdev_major << 20 | st->stx_rdev_minor;
	ret->nlink = st->stx_nlink;
	ret->uid = st->stx_uid;
	ret->mode = st->stx_mode;
	ret->fs_magic = fstatfs(walk->at, &fs) < 0 ? 0 : (uint32_t)fs.f_type;
	memcpy(ret->fs, walk->mount.fs, sizeof(ret->fs));
	ret->mount_owner = walk->table == TABLE_HOST ? OWNER_HOST :
			   walk->table == TABLE_LINK ? walk->link_owner :
						       OWNER_OWN;
	ret->is_stdio = is_stdio(walk);

	len = path_of(walk->at, ret->text, EVENT_PATH_MAX);
	if (!st->stx_nlink && len > cut && memcmp(ret->text + len - cut, deleted, cut) == 0)
		len -= cut;
	ret->path_len = (uint16_t)len;
	if (len)
		ret->fspath_len = (uint16_t)fspath_of(walk, (struct slice){ ret->text, len },
						      ret->text + len, EVENT_PATH_MAX);
}

/* ---- requests */

bool resolve_is_request(const void *message, size_t len)
{
	uint32_t version = 0;

	if (len >= sizeof(version))
		memcpy(&version, message, sizeof(version));
	return version == RESOLVE_VERSION;
}

bool resolve_is_sound(const struct resolve_request *request, size_t len)
{
	size_t fixed = offsetof(struct resolve_request, path);

	return len > fixed && request->version == RESOLVE_VERSION &&
	       request->path_len <= EVENT_PATH_MAX && len == fixed + request->path_len &&
	       !memchr(request->path, 0, request->path_len) && request->tgid > 0 &&
	       request->tgid <= INT32_MAX && request->tid <= INT32_MAX &&
	       request->parent_tgid <= INT32_MAX;
}

static int try_guide(const struct places *places, const struct resolve_request *request,
		     enum guide guide, struct resolve_reply *ret)
{
	struct walk walk = {
		.places = places,
		.request = request,
		.task = -1,
		.root = -1,
		.at = -1,
	};
	int r;

	r = begin(&walk, guide);
	if (r >= 0)
		r = go(&walk);
	if (r >= 0)
		describe(&walk, ret);
	walk_release(&walk);
	return r;
}

/* It may go while it is looked at, and its mounts with it. */
static bool is_gone(const struct places *places, const struct resolve_request *request)
{
	cleanup_close int root = -1;
	char path[32];

	snprintf(path, sizeof(path), "%u/root", request->tgid);
	root = open_place(places->proc_fd, path, 0);
	return root < 0 || !is_started(places->proc_fd, request->tgid, request->start_ns);
}

void resolve_answer(const struct places *places, const struct resolve_request *request,
		    struct resolve_reply *ret)
{
	int r;

	memset(ret, 0, offsetof(struct resolve_reply, text));
	ret->version = RESOLVE_VERSION;
	ret->number = request->number;
	r = try_guide(places, request, GUIDE_TASK, ret);
	if (r < 0 && request->path[0] == '/' && is_gone(places, request))
		for (unsigned int guide = GUIDE_PARENT; r < 0 && guide < GUIDE_MAX; guide++)
			r = try_guide(places, request, guide, ret);
	ret->error = r < 0 ? r : 0;
}
