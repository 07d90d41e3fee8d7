/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's side of the live view. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "agent/watch.h"

#define STRING_MAX 4096u /* of an alert; what is longer is cut, the alert itself goes to the sinks */

void watchers_init(struct watchers *watchers)
{
	*watchers = (struct watchers){ 0 };
	for (unsigned int i = 0; i < WATCHERS_MAX; i++)
		watchers->all[i].fd = -1;
}

static void let_go(struct watchers *watchers, struct watcher *watcher)
{
	close(watcher->fd);
	watcher->fd = -1;
	watchers->n--;
}

void watchers_release(struct watchers *watchers)
{
	for (unsigned int i = 0; i < WATCHERS_MAX; i++)
		if (watchers->all[i].fd >= 0)
			let_go(watchers, &watchers->all[i]);
}

bool watchers_add(struct watchers *watchers, int fd)
{
	for (unsigned int i = 0; i < WATCHERS_MAX; i++) {
		if (watchers->all[i].fd >= 0)
			continue;
		watchers->all[i] = (struct watcher){ .fd = fd };
		watchers->n++;
		return true;
	}
	close(fd);
	return false;
}

/* `parts[0]` is the head, whose count is set for each. */
static void send_all(struct watchers *watchers, struct watch_head *head, struct iovec *parts,
		     size_t n_parts)
{
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = n_parts };

	for (unsigned int i = 0; i < WATCHERS_MAX; i++) {
		struct watcher *watcher = &watchers->all[i];

		if (watcher->fd < 0)
			continue;
		head->dropped = watcher->dropped;
		if (sendmsg(watcher->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			watcher->told = head->dropped;
			continue;
		}
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR || errno == ENOMEM)
			watcher->dropped++;
		else
			let_go(watchers, watcher);
	}
}

void watchers_record(struct watchers *watchers, const void *rec, size_t len)
{
	struct watch_head head = { .type = WATCH_RECORD };
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)rec, len } };

	if (watchers->n)
		send_all(watchers, &head, parts, ARRAY_SIZE(parts));
}

static struct slice cut(struct slice s)
{
	return (struct slice){ s.data, s.len < STRING_MAX ? s.len : STRING_MAX };
}

void watchers_alert(struct watchers *watchers, const struct finding *finding)
{
	struct slice strings[] = { cut(slice_from(finding->rule_id)),
				   cut(slice_from(finding->rule_name)), cut(finding->message) };
	struct watch_alert alert = {
		.head.type = WATCH_ALERT,
		.wall_ns = finding->event->wall_ns,
		.number = finding->number,
		.container = finding->event->hdr.container,
		.pid = finding->event->hdr.proc.tgid,
		.severity = finding->severity,
		.rule_id_len = (uint16_t)strings[0].len,
		.rule_name_len = (uint16_t)strings[1].len,
		.message_len = (uint16_t)strings[2].len,
	};
	struct iovec parts[] = { { &alert, sizeof(alert) },
				 { (void *)strings[0].data, strings[0].len },
				 { (void *)strings[1].data, strings[1].len },
				 { (void *)strings[2].data, strings[2].len } };

	if (watchers->n)
		send_all(watchers, &alert.head, parts, ARRAY_SIZE(parts));
}

/* What was dropped last has no message after it that could say so. */
static void tell_dropped(struct watcher *watcher)
{
	struct watch_head head = { .type = WATCH_DROPPED, .dropped = watcher->dropped };

	if (watcher->dropped != watcher->told &&
	    send(watcher->fd, &head, sizeof(head), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		watcher->told = watcher->dropped;
}

void watchers_sweep(struct watchers *watchers)
{
	for (unsigned int i = 0; i < WATCHERS_MAX && watchers->n; i++) {
		struct pollfd pfd = { .fd = watchers->all[i].fd };

		if (pfd.fd < 0)
			continue;
		if (poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLHUP | POLLERR))
			let_go(watchers, &watchers->all[i]);
		else
			tell_dropped(&watchers->all[i]);
	}
}
