/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager's side: READY=1, STATUS=, RELOADING=1, STOPPING=1 and the
 * watchdog, by the protocol of sd_notify(3), a datagram to the socket that the
 * variable NOTIFY_SOCKET names. Without that variable nothing happens. */
#ifndef BW_AGENT_NOTIFY_H
#define BW_AGENT_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/base.h"

struct notify {
	int fd; /* -1: nobody is to be told */
	struct sockaddr_un address;
	socklen_t address_len;
	uint64_t watchdog_ns; /* how often it is to be fed, half of what it waits; 0: there is none */
	uint64_t next_ns;
	bool is_told, is_reloading;
	char status[256]; /* as last told */
};

/* By the environment; `log_message` tells of what cannot be used. */
void notify_init(struct notify *ret);
void notify_release(struct notify *notify);

/* What the agent does is well under way, `status` says how. */
void notify_ready(struct notify *notify, const char *status);
/* Told when it changed. */
void notify_status(struct notify *notify, const char *status);
void notify_reloading(struct notify *notify);
/* It is over: said only after notify_reloading(). */
void notify_reloaded(struct notify *notify);
void notify_stopping(struct notify *notify);

/* Everything that has to makes progress. Sent when it is due. */
void notify_alive(struct notify *notify, uint64_t now_ns);

#endif
