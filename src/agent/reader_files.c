/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reader_files.h"

#include "agent/reader_live.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define DEADLINE_MS 1000      /* for one request */
#define ENTRIES_MAX 4096u     /* of all directories scanned for one request */
#define BYTES_MAX (32u << 20) /* handed out for one request */

/* File systems where another machine or a user's program answers, or does not. */
static const uint32_t slow_file_systems[] = {
	0x65735546 /* fuse */, NFS_SUPER_MAGIC,	   SMB_SUPER_MAGIC,  0xff534d42 /* cifs */,
	0xfe534d42 /* smb2 */, V9FS_MAGIC,	   CODA_SUPER_MAGIC, AFS_SUPER_MAGIC,
	0x00c36400 /* ceph */, AUTOFS_SUPER_MAGIC,
};

/* A place to look at in a scan. */
struct candidate {
	int64_t mtime_ns;
	size_t root;
	char id[READER_ID_MAX + 1];
};

struct search {
	struct places *places;
	const struct reader_request *request;
	struct roots roots;
	int fd;
	int64_t end_ms;
	char *bytes;	/* RUNTIME_FILE_MAX + 1 */
	size_t n_bytes; /* handed out */
	uint32_t n_refused;
	bool is_cut;   /* a limit was hit */
	bool is_named; /* a state file in `reply` has the number of the init */
	unsigned int n_sent;
	struct reader_reply reply; /* the one being filled */
	int fds[READER_FILES_MAX];
};

/* ---- one file */

static bool is_slow(int fd)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(slow_file_systems); i++)
		if ((uint32_t)st.f_type == slow_file_systems[i])
			return true;
	return false;
}

/* The file `path` below `root` for reading. It is looked at before it is
 * opened: opening a device can do things, opening a FIFO can wait. */
static int open_regular(const struct root *root, const char *path)
{
	cleanup_close int found = -1;
	char self[64];
	struct stat st;
	int fd;

	found = reader_open_below(root->fd, path, O_PATH | O_NOFOLLOW,
				  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (found < 0)
		return found;
	if (fstat(found, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (root->owner && st.st_uid != root->owner)
		return -EPERM;
	if (st.st_size > (off_t)RUNTIME_FILE_MAX)
		return -EFBIG;
	if (is_slow(found))
		return -EREMOTE;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The whole content into search->bytes; its length. */
static ssize_t read_file(struct search *search, const struct root *root, const char *path)
{
	cleanup_close int fd = open_regular(root, path);
	size_t len = 0;
	ssize_t n;

	if (fd < 0) {
		if (fd != -ENOENT && fd != -ENOTDIR)
			search->n_refused++;
		return fd;
	}
	while (len <= RUNTIME_FILE_MAX) {
		n = read(fd, search->bytes + len, RUNTIME_FILE_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			search->n_refused++;
			return -errno;
		}
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
	}
	search->n_refused++; /* it grows while it is read */
	return -EFBIG;
}

/* A copy that nobody can change, or wait for. */
static int make_copy(const char *bytes, size_t len)
{
	cleanup_close int fd = -1;
	size_t at = 0;
	ssize_t n;

	fd = memfd_create("runtime-file", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0)
		fd = memfd_create("runtime-file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	while (at < len) {
		n = write(fd, bytes + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	return take_fd(fd);
}

/* Does the number stand in the file at all? No parsing: it is only to pass over
 * the files of all other containers. */
static bool mentions(const char *bytes, size_t len, uint32_t number)
{
	char digits[16];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%u", number);
	const char *at = bytes, *end = bytes + len;

	for (; (at = memmem(at, (size_t)(end - at), digits, n)); at++) {
		bool starts = at == bytes || at[-1] < '0' || at[-1] > '9';
		bool stops = at + n == end || at[n] < '0' || at[n] > '9';

		if (starts && stops)
			return true;
	}
	return false;
}

/* ---- the files of one container */

static void reply_begin(struct search *search, const char *id)
{
	struct reader_reply *reply = &search->reply;

	*reply = (struct reader_reply){
		.version = READER_VERSION,
		.number = search->request->number,
		.container = search->request->container,
		.id_len = (uint16_t)strlen(id),
	};
	memcpy(reply->id, id, reply->id_len);
	search->is_named = false;
}

static bool reply_has(const struct search *search, enum reader_kind kind)
{
	for (unsigned int i = 0; i < search->reply.n_files; i++)
		if (search->reply.kinds[i] == kind)
			return true;
	return false;
}

static void reply_add_bytes(struct search *search, enum reader_kind kind, size_t len)
{
	struct reader_reply *reply = &search->reply;
	int fd;

	if (reply->n_files == READER_FILES_MAX || search->n_bytes + len > BYTES_MAX) {
		search->is_cut = true;
		return;
	}
	fd = make_copy(search->bytes, len);
	if (fd < 0) {
		search->n_refused++;
		return;
	}
	if (kind == READER_RUNC_STATE || kind == READER_CRUN_STATUS || kind == READER_MACHINE)
		search->is_named |= mentions(search->bytes, len, search->request->init_tgid);
	search->n_bytes += len;
	search->fds[reply->n_files] = fd;
	reply->kinds[reply->n_files++] = (uint8_t)kind;
}

/* The first of its kind wins: configured places come before learned ones. */
static void reply_add(struct search *search, enum reader_kind kind, const struct root *root,
		      const char *path)
{
	ssize_t len;

	if (reply_has(search, kind))
		return;
	len = read_file(search, root, path);
	if (len >= 0)
		reply_add_bytes(search, kind, (size_t)len);
}

static const char *const storage_drivers[] = { "overlay", "vfs", "btrfs", "zfs" };

static void add_storage(struct search *search, const struct root *root, const char *id)
{
	char path[READER_ID_MAX + 64];

	for (size_t i = 0; i < ARRAY_SIZE(storage_drivers); i++) {
		snprintf(path, sizeof(path), "%s-containers/%s/userdata/config.json",
			 storage_drivers[i], id);
		reply_add(search, READER_OCI_CONFIG, root, path);
	}
}

/* Each storage has its own index: that counts which has the id in it. */
static void add_index(struct search *search, enum reader_kind kind, const struct root *root,
		      const char *path, const char *id)
{
	ssize_t len;

	if (reply_has(search, kind))
		return;
	len = read_file(search, root, path);
	if (len > 0 && memmem(search->bytes, (size_t)len, id, strlen(id)))
		reply_add_bytes(search, kind, (size_t)len);
}

/* The bundle may lie in one directory of a storage and the index in the other. */
static void add_indexes(struct search *search, const struct root *root, const char *id)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(storage_drivers); i++) {
		snprintf(path, sizeof(path), "%s-containers/containers.json", storage_drivers[i]);
		add_index(search, READER_STORAGE_INDEX, root, path, id);
		snprintf(path, sizeof(path), "%s-containers/volatile-containers.json",
			 storage_drivers[i]);
		add_index(search, READER_STORAGE_VOLATILE, root, path, id);
	}
}

static void add_from_root(struct search *search, const struct root *root, const char *id)
{
	char path[READER_ID_MAX + 64];

	switch (root->kind) {
	case ROOT_RUNC:
		snprintf(path, sizeof(path), "%s/state.json", id);
		reply_add(search, READER_RUNC_STATE, root, path);
		break;
	case ROOT_CRUN:
		snprintf(path, sizeof(path), "%s/status", id);
		reply_add(search, READER_CRUN_STATUS, root, path);
		snprintf(path, sizeof(path), "%s/config.json", id);
		reply_add(search, READER_OCI_CONFIG, root, path);
		break;
	case ROOT_DOCKER:
		snprintf(path, sizeof(path), "containers/%s/config.v2.json", id);
		reply_add(search, READER_DOCKER_CONFIG, root, path);
		snprintf(path, sizeof(path), "containers/%s/hostconfig.json", id);
		reply_add(search, READER_DOCKER_HOSTCONFIG, root, path);
		break;
	case ROOT_BUNDLES:
		snprintf(path, sizeof(path), "%s/config.json", id);
		reply_add(search, READER_OCI_CONFIG, root, path);
		break;
	case ROOT_STORAGE: add_storage(search, root, id); break;
	case ROOT_MACHINES: reply_add(search, READER_MACHINE, root, id); break;
	case ROOT_LXC:
		snprintf(path, sizeof(path), "%s/config", id);
		reply_add(search, READER_LXC_CONFIG, root, path);
		break;
	case ROOT_ONE_BUNDLE: break;
	}
}

static void add_all(struct search *search, const char *id)
{
	for (size_t i = 0; i < search->roots.n; i++)
		add_from_root(search, &search->roots.roots[i], id);
	for (size_t i = 0; i < search->roots.n; i++)
		if (search->roots.roots[i].kind == ROOT_ONE_BUNDLE)
			reply_add(search, READER_OCI_CONFIG, &search->roots.roots[i],
				  "config.json");
	for (size_t i = 0; i < search->roots.n && reply_has(search, READER_OCI_CONFIG); i++)
		if (search->roots.roots[i].kind == ROOT_STORAGE)
			add_indexes(search, &search->roots.roots[i], id);
}

int reader_send(int fd, const struct reader_reply *reply, const int *fds)
{
	struct iovec iov = { (void *)reply, sizeof(*reply) };
	union {
		char bytes[CMSG_SPACE(sizeof(int) * READER_FILES_MAX)];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (reply->n_files) {
		struct cmsghdr *cmsg = &control.align;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * reply->n_files);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * reply->n_files);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * reply->n_files);
	}
	n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	return n < 0 ? -errno : 0;
}

static int reply_send(struct search *search)
{
	int r = 0;

	if (search->reply.n_files) {
		r = reader_send(search->fd, &search->reply, search->fds);
		search->n_sent++;
	}
	for (unsigned int i = 0; i < search->reply.n_files; i++)
		close(search->fds[i]);
	search->reply.n_files = 0;
	return r;
}

/* ---- by id */

static bool has_state(const struct search *search)
{
	return reply_has(search, READER_RUNC_STATE) || reply_has(search, READER_CRUN_STATUS);
}

/* With *ret_found a state file was sent that may well be of this very init, and
 * no scan is needed: a name alone may have been chosen by someone. */
static int search_by_id(struct search *search, bool *ret_found)
{
	char id[READER_ID_MAX + 1] = { 0 };

	memcpy(id, search->request->id, search->request->id_len);
	reply_begin(search, id);
	add_all(search, id);
	if (!has_state(search) || !reply_has(search, READER_DOCKER_CONFIG)) {
		roots_add_daemons(&search->roots, search->places);
		add_all(search, id);
	}
	*ret_found = search->is_named;
	return reply_send(search);
}

/* ---- by the process id that the state file must name */

/* The files that name the init, by the directory where they are found. */
static const struct {
	enum root_kind root;
	enum reader_kind kind;
	const char *below; /* the entry of that directory */
} states[] = {
	{ ROOT_RUNC, READER_RUNC_STATE, "/state.json" },
	{ ROOT_CRUN, READER_CRUN_STATUS, "/status" },
	{ ROOT_MACHINES, READER_MACHINE, "" },
};

/* -1: no such files there. */
static int state_of(enum root_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (states[i].root == kind)
			return (int)i;
	return -1;
}

static void list_root(struct search *search, size_t at, struct candidate *candidates, size_t *n)
{
	const struct root *root = &search->roots.roots[at];
	char path[READER_ID_MAX + 64];
	DIR *dir = NULL;
	struct dirent *entry;
	struct stat st;
	int fd;

	fd = reader_open_below(root->fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return;
	}
	while ((entry = readdir(dir))) {
		if (!reader_id_is_valid(slice_from(entry->d_name)))
			continue;
		if (*n == ENTRIES_MAX || reader_now_ms() > search->end_ms) {
			search->is_cut = true;
			break;
		}
		snprintf(path, sizeof(path), "%.*s%s", (int)READER_ID_MAX, entry->d_name,
			 states[state_of(root->kind)].below);
		if (fstatat(root->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		candidates[*n] = (struct candidate){
			.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
			.root = at,
		};
		snprintf(candidates[*n].id, sizeof(candidates[*n].id), "%.*s", (int)READER_ID_MAX,
			 entry->d_name);
		(*n)++;
	}
	closedir(dir);
}

static int newest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->mtime_ns < y->mtime_ns ? 1 : x->mtime_ns > y->mtime_ns ? -1 : 0;
}

static int try_candidate(struct search *search, const struct candidate *candidate)
{
	const struct root *root = &search->roots.roots[candidate->root];
	int state = state_of(root->kind);
	char path[READER_ID_MAX + 64];
	ssize_t len;

	if (state < 0)
		return 0;
	snprintf(path, sizeof(path), "%s%s", candidate->id, states[state].below);
	len = read_file(search, root, path);
	if (len < 0 || !mentions(search->bytes, (size_t)len, search->request->init_tgid))
		return 0;

	reply_begin(search, candidate->id);
	reply_add_bytes(search, states[state].kind, (size_t)len);
	add_all(search, candidate->id);
	return reply_send(search);
}

static int search_by_init(struct search *search)
{
	cleanup_free struct candidate *candidates = calloc(ENTRIES_MAX, sizeof(*candidates));
	unsigned int n_sent = search->n_sent;
	size_t n = 0;
	int r;

	if (!candidates)
		return -ENOMEM;
	for (size_t i = 0; i < search->roots.n; i++)
		if (state_of(search->roots.roots[i].kind) >= 0)
			list_root(search, i, candidates, &n);
	qsort(candidates, n, sizeof(*candidates), newest_first);

	for (size_t i = 0; i < n; i++) {
		if (search->n_sent - n_sent == READER_CANDIDATES_MAX ||
		    reader_now_ms() > search->end_ms) {
			search->is_cut = true;
			break;
		}
		r = try_candidate(search, &candidates[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Last, so that names do not wait for it; it does not count as a find. */
static int send_live(struct search *search)
{
	const struct reader_request *request = search->request;
	unsigned int n_sent = search->n_sent;
	struct posture_live live;
	int r;

	if (live_collect(search->places, request->init_tgid, request->init_start_ns, &live) < 0)
		return 0;
	reply_begin(search, "");
	memcpy(search->bytes, &live, sizeof(live));
	reply_add_bytes(search, READER_LIVE, sizeof(live));
	r = reply_send(search);
	search->n_sent = n_sent;
	return r;
}

int reader_answer(struct places *places, const struct reader_request *request, int fd,
		  struct reader_reply *ret)
{
	struct search search = {
		.places = places,
		.request = request,
		.fd = fd,
		.end_ms = reader_now_ms() + DEADLINE_MS,
	};
	cleanup_free char *bytes = malloc(RUNTIME_FILE_MAX + 1);
	bool found = false;
	int r = 0;

	if (!bytes)
		return -ENOMEM;
	search.bytes = bytes;
	roots_add_configured(&search.roots, places);
	roots_add_ancestry(&search.roots, places, request->init_tgid, request->init_start_ns);

	if (request->id_len)
		r = search_by_id(&search, &found);
	if (r >= 0 && !found && request->init_tgid) {
		roots_add_daemons(&search.roots, places);
		r = search_by_init(&search);
	}
	roots_release(&search.roots);
	if (r >= 0 && request->init_tgid)
		r = send_live(&search);
	if (r < 0)
		return r;

	reply_begin(&search, "");
	search.reply.last = 1;
	search.reply.n_refused = search.n_refused;
	search.reply.error = search.n_sent ? 0 : search.is_cut ? -ETIMEDOUT : -ENOENT;
	*ret = search.reply;
	return 0;
}
