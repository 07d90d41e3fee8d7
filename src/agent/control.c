// SPDX-License-Identifier: Apache-2.0
/* Messages between sensor and engine. */
#include <sys/socket.h>

#include "agent/engine.h"

int control_send(int control_fd, enum control_type type, uint64_t value, int fd)
{
	struct control control = { .type = type, .value = value };
	struct iovec iov = { &control, sizeof(control) };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} cmsg = {};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *head;

		msg.msg_control = cmsg.buf;
		msg.msg_controllen = sizeof(cmsg.buf);
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &fd, sizeof(int));
	}
	if (control_fd < 0)
		return -ENOTCONN;
	return sendmsg(control_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int control_receive(int control_fd, struct control *ret, int *ret_fd)
{
	struct iovec iov = { ret, sizeof(*ret) };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} cmsg;
	struct msghdr msg;
	ssize_t n;

	*ret_fd = -1;
	do {
		msg = (struct msghdr){ .msg_iov = &iov,
				       .msg_iovlen = 1,
				       .msg_control = cmsg.buf,
				       .msg_controllen = sizeof(cmsg.buf) };
		n = recvmsg(control_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	for (struct cmsghdr *head = CMSG_FIRSTHDR(&msg); head; head = CMSG_NXTHDR(&msg, head)) {
		if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
			memcpy(ret_fd, CMSG_DATA(head), sizeof(int));
	}
	if ((size_t)n == sizeof(*ret))
		return 1;
	memset(ret, 0, sizeof(*ret)); /* of no known type */
	return 1;
}
