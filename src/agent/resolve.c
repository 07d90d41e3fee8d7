/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/resolve.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "source/live.h"

#define SECOND 1000000000ull
#define PATIENCE_MAX_NS (SECOND / 5)
#define PATIENCE_SHARE 10	 /* one part in so many of the time */
#define PENALTY_NS (10 * SECOND) /* of a container whose question was not answered in time */
#define OUTSTANDING_MAX 4u
#define READER_GONE_NS SECOND /* without an answer for so long: questions were lost with it */
#define FMODE_WRITE 2u

void resolver_init(struct resolver *resolver, int reader_fd, int binaries_fd)
{
	memset(resolver, 0, sizeof(*resolver));
	resolver->fd = reader_fd;
	resolver->binaries_fd = binaries_fd;
	resolver->patience_ns = PATIENCE_MAX_NS;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

/* ---- budgets */

static struct resolve_bucket *bucket_of(struct resolver *resolver, uint64_t container, uint64_t now)
{
	size_t i = (size_t)((container * 0x9e3779b97f4a7c15ull) >> 54) % RESOLVE_BUCKETS;
	struct resolve_bucket *bucket = &resolver->buckets[i];
	uint64_t grown;

	if (bucket->container != container) {
		*bucket = (struct resolve_bucket){ container, now, RESOLVE_BURST };
		return bucket;
	}
	if (now <= bucket->last_ns) /* fresh, or on a penalty */
		return bucket;
	grown = (now - bucket->last_ns) * RESOLVE_RATE / SECOND;
	if (grown) {
		bucket->last_ns = now;
		bucket->tokens = grown + bucket->tokens > RESOLVE_BURST ?
					 RESOLVE_BURST :
					 (uint32_t)grown + bucket->tokens;
	}
	return bucket;
}

static void patience_grow(struct resolver *resolver, uint64_t now)
{
	uint64_t grown = (now - resolver->patience_at_ns) / PATIENCE_SHARE;

	if (!resolver->patience_at_ns || grown > PATIENCE_MAX_NS)
		grown = PATIENCE_MAX_NS;
	resolver->patience_at_ns = now;
	resolver->patience_ns += grown;
	if (resolver->patience_ns > PATIENCE_MAX_NS)
		resolver->patience_ns = PATIENCE_MAX_NS;
}

static void patience_take(struct resolver *resolver, uint64_t ns)
{
	resolver->patience_ns -= ns < resolver->patience_ns ? ns : resolver->patience_ns;
}

/* ---- asking */

static bool reply_is_sound(const struct resolve_reply *reply, size_t len)
{
	size_t fixed = offsetof(struct resolve_reply, text);

	return len >= fixed && reply->version == RESOLVE_VERSION &&
	       reply->path_len <= EVENT_PATH_MAX && reply->fspath_len <= EVENT_PATH_MAX &&
	       len == fixed + reply->path_len + reply->fspath_len;
}

/* The reply to the last request, for which to wait until `end`; older ones are
 * read and forgotten. */
static int receive(struct resolver *resolver, uint64_t end, struct resolve_reply *ret)
{
	struct pollfd pfd = { .fd = resolver->fd, .events = POLLIN };
	uint64_t now;
	ssize_t n;
	int r;

	for (;;) {
		n = recv(resolver->fd, ret, sizeof(*ret), MSG_DONTWAIT);
		if (n >= 0 && reply_is_sound(ret, (size_t)n)) {
			resolver->answered = ret->number;
			if (ret->number == resolver->number)
				return ret->error < 0 ? ret->error : 0;
			continue;
		}
		if (n == 0)
			return -EPIPE;
		if (n > 0)
			continue; /* what a reader does not send */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		now = clock_ns(CLOCK_MONOTONIC);
		if (now >= end)
			return -ETIME;
		r = poll(&pfd, 1, (int)((end - now) / 1000000) + 1);
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

/* Where to look: the caller's string, and what it is relative to. */
struct question {
	struct slice path;
	int32_t dirfd;
};

static void fill_request(struct resolve_request *request, const struct event *ev,
			 const struct question *question)
{
	const struct event_hdr *hdr = &ev->hdr;

	memset(request, 0, offsetof(struct resolve_request, path));
	request->version = RESOLVE_VERSION;
	request->start_ns = hdr->proc.start_ns;
	request->parent_start_ns = hdr->parent.start_ns;
	request->tgid = hdr->proc.tgid;
	request->tid = hdr->tid;
	request->ns_tgid = hdr->ns_tgid;
	request->ns_tid = hdr->ns_tid;
	request->parent_tgid = hdr->parent.tgid;
	request->mnt_ns_inum = hdr->mnt_ns_inum;
	request->pid_ns_inum = hdr->pid_ns_inum;
	request->dirfd = question->dirfd;
	request->path_len = (uint16_t)question->path.len;
	memcpy(request->path, question->path.data, question->path.len);
}

static int ask(struct resolver *resolver, const struct event *ev, const struct question *question,
	       struct resolve_reply *ret)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), end = now + RESOLVE_WAIT_MS * 1000000ull;
	struct resolve_bucket *bucket = bucket_of(resolver, ev->hdr.container, now);
	struct resolve_request request;
	size_t len;
	int r;

	patience_grow(resolver, now);
	if (!bucket->tokens || !resolver->patience_ns ||
	    (resolver->number - resolver->answered >= OUTSTANDING_MAX &&
	     now - resolver->sent_ns < READER_GONE_NS)) {
		resolver->n_skipped++;
		return -EBUSY;
	}
	bucket->tokens--;
	resolver->n_asked++;
	fill_request(&request, ev, question);
	request.number = ++resolver->number;
	request.end_ms = end / 1000000;
	resolver->sent_ns = now;
	len = offsetof(struct resolve_request, path) + request.path_len;
	if (send(resolver->fd, &request, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	r = receive(resolver, end, ret);
	patience_take(resolver, clock_ns(CLOCK_MONOTONIC) - now);
	if (r == -ETIME || r == -ETIMEDOUT) {
		resolver->n_late++;
		bucket->tokens = 0;
		bucket->last_ns = now + PENALTY_NS;
	}
	return r;
}

/* ---- the record */

/* As bpf/file.bpf.h has it, for a file that was to be written. */
static bool is_kernel_control(const struct resolve_reply *reply, struct slice fspath)
{
	static const char *const written[] = { "sysfs", "cgroup", "cgroup2" };
	static const char *const steering[] = { "debugfs",     "tracefs",  "securityfs", "bpf",
						"binfmt_misc", "configfs", "efivarfs" };

	/* /dev/mem, /dev/kmem, /dev/port */
	if (S_ISCHR(reply->mode))
		return reply->rdev == (1u << 20 | 1) || reply->rdev == (1u << 20 | 2) ||
		       reply->rdev == (1u << 20 | 4);
	if (!S_ISREG(reply->mode))
		return false;
	if (strcmp(reply->fs, "proc") == 0)
		return fspath.len > 1 && (fspath.data[1] < '0' || fspath.data[1] > '9');
	for (size_t i = 0; i < ARRAY_SIZE(written); i++)
		if (strcmp(reply->fs, written[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(steering); i++)
		if (strcmp(reply->fs, steering[i]) == 0)
			return true;
	return false;
}

/* Did the call aim at a name in a directory, and not at what has the name? */
static bool change_names(const struct event *ev)
{
	return ev->u.change.op >= CHANGE_LINK && ev->u.change.op <= CHANGE_MKNOD;
}

static void fill_file(struct event_file *file, const struct event *ev,
		      const struct resolve_reply *reply)
{
	*file = (struct event_file){
		.ino = reply->ino,
		.mount_container = reply->mount_owner == OWNER_OWN ? ev->hdr.container : 0,
		.dev = reply->dev,
		.rdev = reply->rdev,
		.fs_magic = reply->fs_magic,
		.nlink = reply->nlink,
		.uid = reply->uid,
		.mode = reply->mode,
		.mount_owner = reply->mount_owner,
		.source = SOURCE_RESOLVED,
	};
	memcpy(file->fs, reply->fs, sizeof(file->fs));
}

static uint64_t facts_of(const struct resolve_reply *reply, bool is_runtime)
{
	struct slice fspath = { reply->text + reply->path_len, reply->fspath_len };
	uint64_t facts = 0;

	if (is_runtime && S_ISREG(reply->mode))
		facts |= FACT_RUNTIME_BINARY;
	if (S_ISBLK(reply->mode))
		facts |= FACT_BLOCK_DEVICE;
	if (is_kernel_control(reply, fspath))
		facts |= FACT_KERNEL_CONTROL;
	if (reply->mount_owner == OWNER_HOST && reply->is_stdio)
		facts |= FACT_STDIO;
	else if (reply->mount_owner == OWNER_HOST)
		facts |= FACT_FILE_FOREIGN;
	return facts;
}

int resolve_complete(const struct event *ev, const struct resolve_reply *reply, bool is_runtime,
		     char *ret_rec, size_t *ret_len)
{
	bool is_change = ev->hdr.type == EVENT_CHANGE;
	size_t paths_len = (size_t)reply->path_len + reply->fspath_len;
	size_t fixed_len = is_change ? sizeof(struct event_change) : sizeof(struct event_open);
	size_t args_len = ev->arg.len + (is_change ? ev->arg2.len : 0);
	struct event fixed = *ev;
	struct event_hdr *hdr = &fixed.u.open.hdr; /* every record begins with it */
	char *at = ret_rec + fixed_len;

	if (reply->error || reply->fs[sizeof(reply->fs) - 1] || reply->mount_owner > OWNER_HOST ||
	    fixed_len + paths_len + args_len > EVENT_SIZE_MAX)
		return -EBADMSG;
	hdr->facts |= facts_of(reply, is_runtime);
	if (hdr->facts & FACT_FILE_FOREIGN)
		hdr->boundary = BOUNDARY_HOST;
	hdr->size = (uint32_t)(fixed_len + paths_len + args_len);
	if (is_change) {
		fill_file(&fixed.u.change.file, ev, reply);
		fixed.u.change.path_len = reply->path_len;
		fixed.u.change.fspath_len = reply->fspath_len;
		fixed.u.change.object = change_names(ev) ? OBJECT_PARENT : OBJECT_FILE;
	} else {
		fill_file(&fixed.u.open.file, ev, reply);
		fixed.u.open.path_len = reply->path_len;
		fixed.u.open.fspath_len = reply->fspath_len;
	}

	memcpy(ret_rec, &fixed.u, fixed_len);
	memcpy(at, reply->text, paths_len);
	memcpy(at + paths_len, ev->arg.data, ev->arg.len);
	if (is_change && ev->arg2.len)
		memcpy(at + paths_len + ev->arg.len, ev->arg2.data, ev->arg2.len);
	*ret_len = hdr->size;
	return 0;
}

static bool is_question(const void *rec, size_t len, struct event *ret)
{
	struct event_hdr hdr;

	if (len < sizeof(hdr))
		return false;
	memcpy(&hdr, rec, sizeof(hdr));
	if ((hdr.phase != PHASE_CONTAINED && hdr.phase != PHASE_ESCAPED) ||
	    !(hdr.type == EVENT_CHANGE ||
	      (hdr.type == EVENT_OPEN && (hdr.flags & EVENT_F_FAILED))))
		return false;
	return event_decode(rec, len, ret) == 0 && ret->file->source == SOURCE_NONE &&
	       ret->arg.len > 0 && ret->arg.len <= EVENT_PATH_MAX && !(hdr.facts & FACT_HANDLE);
}

/* The directory part of a path; "." for a name alone. */
static struct slice directory_of(struct slice path)
{
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	while (path.len > 0 && path.data[path.len - 1] != '/')
		path.len--;
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	return path.len ? path : slice_from(".");
}

static int answer(struct resolver *resolver, const struct event *ev, struct resolve_reply *ret)
{
	struct question question = { .path = ev->arg };
	int r;

	if (ev->hdr.type == EVENT_OPEN) {
		question.dirfd = ev->u.open.dirfd;
		return ask(resolver, ev, &question, ret);
	}
	question.dirfd = ev->u.change.dirfd;
	if (!change_names(ev)) {
		r = ask(resolver, ev, &question, ret);
		if (r != -ENOENT)
			return r;
	}
	question.path = directory_of(ev->arg);
	r = ask(resolver, ev, &question, ret);
	/* A name may also have been taken from there: the old one. */
	if (ev->u.change.op != CHANGE_RENAME || ev->arg2.len == 0 || ev->arg2.data[0] != '/' ||
	    (r == 0 && ret->mount_owner == OWNER_HOST))
		return r;
	question.path = directory_of(ev->arg2);
	return ask(resolver, ev, &question, ret);
}

bool resolve_record(struct resolver *resolver, const void *rec, size_t len, char *ret_rec,
		    size_t *ret_len)
{
	struct resolve_reply reply;
	bool is_runtime = false;
	struct event ev;

	memset(&reply, 0, offsetof(struct resolve_reply, text));
	if (resolver->fd < 0 || !is_question(rec, len, &ev) || answer(resolver, &ev, &reply) < 0)
		return false;
	if (resolver->binaries_fd >= 0)
		is_runtime = live_has_runtime(resolver->binaries_fd, reply.dev, reply.ino);
	if (resolve_complete(&ev, &reply, is_runtime, ret_rec, ret_len) < 0)
		return false;
	resolver->n_found++;
	return true;
}
