/* SPDX-License-Identifier: Apache-2.0 */
/* The live view: the door that the sensor keeps, and the client's side. */
#include "agent/watch.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define HELLO_MS 1000
#define BUFFER_BYTES (4 << 20) /* asked for; the kernel gives what net.core.wmem_max allows */

static int make_address(struct sockaddr_un *ret, const char *run_dir)
{
	int n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/%s", run_dir, WATCH_SOCKET);

	ret->sun_family = AF_UNIX;
	return n > 0 && (size_t)n < sizeof(ret->sun_path) ? 0 : -ENAMETOOLONG;
}

/* ---- the sensor's side ---- */

int watch_door_open(struct watch_door *door, const char *run_dir)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { 0 };
	mode_t mask;
	int r;

	*door = (struct watch_door){ .listen_fd = -1, .coming_fd = -1 };
	if (fd < 0)
		return -errno;
	r = make_address(&address, run_dir);
	if (r < 0)
		return r;
	/* What an agent that was killed left there. The lock says that no other runs. */
	(void)unlink(address.sun_path);
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return r;
	if (listen(fd, 4) < 0) {
		r = -errno;
		(void)unlink(address.sun_path);
		return r;
	}
	memcpy(door->path, address.sun_path, sizeof(door->path));
	door->listen_fd = take_fd(fd);
	return 0;
}

static void forget_coming(struct watch_door *door)
{
	if (door->coming_fd >= 0)
		close(door->coming_fd);
	door->coming_fd = -1;
}

void watch_door_close(struct watch_door *door)
{
	forget_coming(door);
	if (door->listen_fd < 0)
		return;
	close(door->listen_fd);
	(void)unlink(door->path);
	door->listen_fd = -1;
}

static bool is_welcome(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void accept_one(struct watch_door *door, uint64_t now_ms)
{
	int fd = accept4(door->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int size = BUFFER_BYTES;

	if (fd < 0)
		return;
	if (!is_welcome(fd)) {
		close(fd);
		return;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	door->coming_fd = fd;
	door->coming_until_ms = now_ms + HELLO_MS;
}

int watch_door_take(struct watch_door *door, uint64_t now_ms, struct watch_hello *ret_hello)
{
	struct watch_hello hello;
	ssize_t n;

	if (door->listen_fd < 0)
		return -EAGAIN;
	if (door->coming_fd < 0)
		accept_one(door, now_ms);
	if (door->coming_fd < 0)
		return -EAGAIN;
	n = recv(door->coming_fd, &hello, sizeof(hello), MSG_DONTWAIT);
	if (n == (ssize_t)sizeof(hello) && hello.version == WATCH_VERSION) {
		*ret_hello = hello;
		return take_fd(door->coming_fd);
	}
	if (n >= 0 || errno != EAGAIN || now_ms >= door->coming_until_ms)
		forget_coming(door);
	return -EAGAIN;
}

uint64_t watch_wanted(void)
{
	static const unsigned int types[] = {
		EVENT_OPEN,   EVENT_MOUNT,  EVENT_CHDIR,   EVENT_NS,   EVENT_CONNECT, EVENT_CGROUP,
		EVENT_CHANGE, EVENT_ACCESS, EVENT_SYSCALL, EVENT_INET, EVENT_CRED,    EVENT_CAPABLE,
		EVENT_RATE,   EVENT_USE,
	};
	uint64_t wanted = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		wanted |= 1ull << types[i];
	return wanted;
}

uint64_t watch_wanted_plain(const struct watch_hello *hello)
{
	uint64_t wanted = 1ull << EVENT_CONNECT;

	if (hello->flags & WATCH_F_PLAIN)
		wanted |= 1ull << EVENT_OPEN | 1ull << EVENT_CHDIR;
	return wanted;
}

/* ---- the client's side ---- */

int watch_connect(const char *run_dir, uint32_t flags)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const struct watch_hello hello = { .version = WATCH_VERSION, .flags = flags };
	struct sockaddr_un address = { 0 };
	int r;

	if (fd < 0)
		return -errno;
	r = make_address(&address, run_dir);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) < 0)
		return -errno;
	return take_fd(fd);
}

static int read_alert(struct slice rest, struct watch_message *ret)
{
	if (rest.len < sizeof(ret->alert))
		return -EBADMSG;
	memcpy(&ret->alert, rest.data, sizeof(ret->alert));
	rest = (struct slice){ rest.data + sizeof(ret->alert), rest.len - sizeof(ret->alert) };
	if (!slice_take(&rest, ret->alert.rule_id_len, &ret->rule_id) ||
	    !slice_take(&rest, ret->alert.rule_name_len, &ret->rule_name) ||
	    !slice_take(&rest, ret->alert.message_len, &ret->message) || rest.len)
		return -EBADMSG;
	return 1;
}

int watch_receive(int fd, int timeout_ms, char *buf, struct watch_message *ret)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct watch_head head;
	ssize_t n;

	n = poll(&pfd, 1, timeout_ms);
	if (n <= 0)
		return n < 0 ? -errno : -EAGAIN;
	n = recv(fd, buf, WATCH_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
	if (n <= 0)
		return n < 0 && errno != ECONNRESET ? -errno : 0;
	if ((size_t)n < sizeof(head) || (size_t)n > WATCH_MESSAGE_MAX)
		return -EBADMSG;
	memcpy(&head, buf, sizeof(head));
	*ret = (struct watch_message){ .type = (enum watch_type)head.type, .dropped = head.dropped };
	if (head.type == WATCH_ALERT)
		return read_alert((struct slice){ buf, (size_t)n }, ret);
	if (head.type == WATCH_DROPPED)
		return 1;
	if (head.type != WATCH_RECORD)
		return -EBADMSG;
	ret->record = (struct slice){ buf + sizeof(head), (size_t)n - sizeof(head) };
	return 1;
}
