/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's side of the reader: no path, no open. */
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "agent/reader.h"

bool reader_id_is_valid(struct slice id)
{
	if (id.len == 0 || id.len > READER_ID_MAX || id.data[0] == '.')
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '.' || c == '+' || c == '-'))
			return false;
	}
	return true;
}

void reader_request_init(struct reader_request *ret, uint32_t number,
			 const struct container_view *container, uint32_t init_tgid,
			 uint64_t init_start_ns)
{
	*ret = (struct reader_request){
		.version = READER_VERSION,
		.number = number,
		.container = container->key,
		.init_start_ns = init_start_ns,
		.init_tgid = init_tgid,
	};
	/* "cg-<cgroup id>" is our own word for "not known". */
	if (!reader_id_is_valid(container->id) || strncmp(container->id.data, "cg-", 3) == 0)
		return;
	ret->id_len = (uint16_t)container->id.len;
	memcpy(ret->id, container->id.data, container->id.len);
}

int reader_request(int fd, const struct reader_request *request)
{
	ssize_t n = send(fd, request, sizeof(*request), MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? -errno : 0;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static int wait_readable(int fd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int r = poll(&pollfd, 1, timeout_ms);

	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

static bool reply_is_sound(const struct reader_reply *reply, size_t len, size_t n_fds, int flags)
{
	if (len != sizeof(*reply) || (flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    reply->version != READER_VERSION)
		return false;
	if (reply->n_files != n_fds || reply->id_len > READER_ID_MAX)
		return false;
	return reply->last ? reply->n_files == 0 : reply->n_files > 0;
}

int reader_receive(int fd, int timeout_ms, struct reader_reply *ret, int ret_fds[READER_FILES_MAX])
{
	struct reader_reply reply = { 0 };
	struct iovec iov = { &reply, sizeof(reply) };
	union {
		char bytes[CMSG_SPACE(sizeof(int) * READER_FILES_MAX)];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes),
	};
	int fds[READER_FILES_MAX + 1];
	size_t n_fds = 0;
	ssize_t n;
	int r;

	r = wait_readable(fd, timeout_ms);
	if (r < 0)
		return r;
	n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS || n_fds)
			continue;
		n_fds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n_fds > ARRAY_SIZE(fds)) /* alignment leaves room for one more */
			n_fds = ARRAY_SIZE(fds);
		memcpy(fds, CMSG_DATA(cmsg), n_fds * sizeof(int));
	}
	if (n == 0 && n_fds == 0)
		return -EPIPE;
	if (n_fds > READER_FILES_MAX || !reply_is_sound(&reply, (size_t)n, n_fds, msg.msg_flags)) {
		close_all(fds, n_fds);
		return -EBADMSG;
	}

	*ret = reply;
	memcpy(ret_fds, fds, n_fds * sizeof(int));
	return 0;
}

/* ---- from descriptors to facts */

void reader_result_release(struct reader_result *result)
{
	if (!result)
		return;
	container_facts_release(&result->facts);
	posture_release(&result->posture);
	*result = (struct reader_result){ 0 };
}

static int read_whole(int fd, char *bytes, size_t size, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = pread(fd, bytes + len, size - len, (off_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			*ret_len = len;
			return 0;
		}
		len += (size_t)n;
	}
	return -EFBIG;
}

static int parse_kind(unsigned int kind, struct slice json, struct container_facts *facts)
{
	switch (kind) {
	case READER_RUNC_STATE: return parse_runc_state(json, facts);
	case READER_CRUN_STATUS: return parse_crun_status(json, facts);
	case READER_DOCKER_CONFIG: return parse_docker_config(json, facts);
	case READER_OCI_CONFIG: return parse_oci_config(json, facts);
	case READER_STORAGE_INDEX:
	case READER_STORAGE_VOLATILE: return parse_storage_index(json, facts);
	case READER_MACHINE: return parse_machine(json, facts);
	case READER_LXC_CONFIG: return parse_lxc_config(json, facts);
	case READER_DOCKER_HOSTCONFIG: return 0; /* for posture */
	default: return -ENOTSUP;
	}
}

/* Files that decide whether the rest is looked at. */
static bool is_state(unsigned int kind)
{
	return kind == READER_RUNC_STATE || kind == READER_CRUN_STATUS || kind == READER_MACHINE;
}

/* What state files call init is the process that was asked for. They count its
 * start in clock ticks, as /proc does. Only systemd-machined leaves it out, and
 * removes the file when the process ends. */
static bool is_init(const struct container_facts *facts, const struct reader_request *request)
{
	uint64_t tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);

	return facts->init_pid && facts->init_pid == request->init_tgid &&
	       (facts->is_machine || (facts->init_start &&
				      facts->init_start == request->init_start_ns / tick_ns));
}

/* The state file that names the very init, or else the first: containers of
 * several runtimes may bear one name. */
static bool parse_state(const struct reader_reply *reply, const int *fds,
			const struct reader_request *request, struct container_facts *facts)
{
	cleanup_free char *bytes = malloc(RUNTIME_FILE_MAX + 1);
	size_t len = 0;

	for (unsigned int i = 0; bytes && i < reply->n_files; i++) {
		struct container_facts one = { 0 };

		if (!is_state(reply->kinds[i]) ||
		    read_whole(fds[i], bytes, RUNTIME_FILE_MAX + 1, &len) < 0 ||
		    parse_kind(reply->kinds[i], (struct slice){ bytes, len }, &one) < 0) {
			container_facts_release(&one);
			continue;
		}
		if (is_init(&one, request) || !facts->init_pid) {
			container_facts_release(facts);
			*facts = one;
		} else {
			container_facts_release(&one);
		}
		if (is_init(facts, request))
			return true;
	}
	return false;
}

/* The indexes come last, they are searched by the id that the others gave. */
static void parse_rest(const struct reader_reply *reply, const int *fds,
		       struct container_facts *facts)
{
	cleanup_free char *bytes = malloc(RUNTIME_FILE_MAX + 1);
	size_t len = 0;

	for (unsigned int kind = 1; bytes && kind < READER_KIND_MAX; kind++) {
		if (!facts->id && kind == READER_STORAGE_INDEX && reply->id_len)
			facts->id = strndup(reply->id, reply->id_len);
		for (unsigned int i = 0; !is_state(kind) && i < reply->n_files; i++)
			if (reply->kinds[i] == kind &&
			    read_whole(fds[i], bytes, RUNTIME_FILE_MAX + 1, &len) == 0)
				parse_kind(kind, (struct slice){ bytes, len }, facts);
	}
}

static int judge_kind(unsigned int kind, struct slice json, struct posture *posture)
{
	switch (kind) {
	case READER_OCI_CONFIG: return posture_read_oci(json, posture);
	case READER_DOCKER_HOSTCONFIG: return posture_read_docker_host(json, posture);
	case READER_DOCKER_CONFIG: return posture_read_docker_config(json, posture);
	case READER_RUNC_STATE: return posture_read_runc_state(json, posture);
	default: return -ENOTSUP;
	}
}

/* The specification first; runc's state only stands in for it. */
static void judge_files(const struct reader_reply *reply, const int *fds, struct posture *posture)
{
	static const unsigned int order[] = { READER_OCI_CONFIG, READER_RUNC_STATE,
					      READER_DOCKER_HOSTCONFIG, READER_DOCKER_CONFIG };
	cleanup_free char *bytes = malloc(RUNTIME_FILE_MAX + 1);
	size_t len = 0;

	for (size_t k = 0; bytes && k < ARRAY_SIZE(order); k++)
		for (unsigned int i = 0; i < reply->n_files; i++)
			if (reply->kinds[i] == order[k] &&
			    read_whole(fds[i], bytes, RUNTIME_FILE_MAX + 1, &len) == 0)
				judge_kind(order[k], (struct slice){ bytes, len }, posture);
}

static void take_live(struct reader_result *result, int fd)
{
	struct posture_live live;
	size_t len = 0;

	/* One byte more than it has: its end must be seen. */
	char bytes[sizeof(live) + 1];

	if (read_whole(fd, bytes, sizeof(bytes), &len) < 0 || len != sizeof(live))
		return;
	memcpy(&result->live, bytes, sizeof(live));
	result->has_live = true;
}

static bool is_hinted(const struct reader_reply *reply, const struct reader_request *request)
{
	return request->id_len && slice_eq((struct slice){ reply->id, reply->id_len },
					   (struct slice){ request->id, request->id_len });
}

/* Files lie under the name that was asked for; only a cgroup may have named it. */
static bool may_be_its(const struct reader_result *result, const struct reader_request *request,
		       const struct reader_reply *reply, const struct container_facts *facts)
{
	if (result->facts.id || !is_hinted(reply, request))
		return false;
	return !result->is_init_certain || !facts->init_pid ||
	       facts->init_pid == request->init_tgid;
}

void reader_result_add(struct reader_result *result, const struct reader_request *request,
		       const struct reader_reply *reply, const int fds[READER_FILES_MAX])
{
	struct container_facts facts = { 0 };
	bool is_verified;

	if (reply->number != request->number || reply->container != request->container ||
	    result->is_done) {
		close_all(fds, reply->n_files);
		return;
	}
	if (reply->n_files == 1 && reply->kinds[0] == READER_LIVE) {
		take_live(result, fds[0]);
		close_all(fds, 1);
		return;
	}
	if (reply->last) {
		result->is_done = true;
		if (result->has_live)
			(void)posture_read_live((struct slice){ (const char *)&result->live,
								sizeof(result->live) },
						&result->posture);
		result->error = result->facts.id ? 0 : reply->error ? reply->error : -ENOENT;
		return;
	}

	is_verified = parse_state(reply, fds, request, &facts);
	if (is_verified ? !result->is_verified : may_be_its(result, request, reply, &facts)) {
		parse_rest(reply, fds, &facts);
		container_facts_release(&result->facts);
		result->facts = facts;
		result->is_verified = is_verified;
		posture_release(&result->posture);
		judge_files(reply, fds, &result->posture);
		facts = (struct container_facts){ 0 };
	}
	container_facts_release(&facts);
	close_all(fds, reply->n_files);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int container_facts_collect(int fd, const struct reader_request *request, int timeout_ms,
			    struct container_facts *ret, bool *ret_verified)
{
	int64_t end_ms = now_ms() + timeout_ms;
	struct reader_result result = { 0 };
	int r;

	r = reader_request(fd, request);
	if (r < 0)
		return r;
	while (!result.is_done) {
		int64_t left_ms = end_ms - now_ms();
		int fds[READER_FILES_MAX];
		struct reader_reply reply = { 0 };

		r = left_ms < 0 ? -ETIMEDOUT : reader_receive(fd, (int)left_ms, &reply, fds);
		if (r < 0) {
			result.error = result.facts.id ? 0 : r;
			break;
		}
		reader_result_add(&result, request, &reply, fds);
	}

	r = result.error;
	if (r < 0) {
		reader_result_release(&result);
		return r;
	}
	posture_release(&result.posture);
	*ret = result.facts;
	*ret_verified = result.is_verified;
	return 0;
}
