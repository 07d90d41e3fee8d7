/* SPDX-License-Identifier: Apache-2.0 */
/* The status process: answers HTTP with what the status pages and the queues of
 * the outputs say. It has no capability, may make no socket of its own, and
 * nobody waits for it: when it falls, the sensor starts another.
 *
 * libmicrohttpd is loaded here only, so that no other process carries it. */
#ifndef BW_AGENT_STATUS_SERVER_H
#define BW_AGENT_STATUS_SERVER_H

#include <sys/types.h>

#include "agent/outbox.h"
#include "agent/status.h"

#define STATUS_SOCKET "status.sock"	/* in the run directory */
#define STATUS_ADDRESS_MAX 300

/* Limits against clients that are slow, many, or mean harm. */
#define STATUS_CONNECTIONS_MAX 64	/* of the port; the socket has as many of its own */
#define STATUS_CONNECTIONS_PER_ADDRESS 16
#define STATUS_CONNECTION_MEMORY 16384	/* bytes of a request's head */
#define STATUS_CONNECTION_MS 5000	/* from accept to the last byte */

struct status_server_config {
	int unix_fd, tcp_fd;		/* listening sockets, -1: none */
	int engine_fd, sensor_fd;	/* pages, read only */
	const struct outbox *const *outputs; /* as an observer sees them, mapped already */
	size_t n_outputs;
	void (*shed)(void *arg);	/* called in the new process, to give memory back; may be NULL */
	void *shed_arg;
};

/* "ADDRESS:PORT": IPv4, or IPv6 in brackets. Unless `any`, ADDRESS must be of the
 * loopback or `own` (a pod's address, may be NULL). 0: fine. -EINVAL: not an
 * address with a port; -EADDRNOTAVAIL: not one of those. */
int status_check_address(const char *address, const char *own, bool any);

/* A socket that listens there. -errno. */
int status_listen_tcp(const char *address, int *ret_fd);

/* The same for a Unix socket, which takes the place of one that was left behind.
 * Only the user that the agent runs as, and root, can connect. */
int status_listen_unix(int dir_fd, int *ret_fd);

/* Start it. -ENOPKG: there is no libmicrohttpd; -errno. */
int status_server_spawn(const struct status_server_config *config, pid_t *ret_pid);

#endif
