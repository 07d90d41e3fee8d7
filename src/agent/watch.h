/* SPDX-License-Identifier: Apache-2.0 */
/* The live view's way to a running agent. A client connects to the socket below
 * the run directory; the sensor looks at who it is, asks the kernel side for what
 * the client wants beyond the rules' needs, and hands the connection to the
 * engine, which copies to it every record that it judges and every alert that it
 * tells. The engine never waits: what a client does not take is counted, and the
 * count comes with the next message. */
#ifndef BW_AGENT_WATCH_H
#define BW_AGENT_WATCH_H

#include "event/event.h"
#include "sink/sink.h"

#define WATCH_VERSION 1u
#define WATCH_SOCKET "watch.sock" /* in the run directory; SOCK_SEQPACKET, mode 0600 */
#define WATCHERS_MAX 4u
/* Longest message: a record, or an alert with its strings. */
#define WATCH_MESSAGE_MAX (EVENT_SIZE_MAX + 64u)

/* watch_hello.flags */
#define WATCH_F_PLAIN (1u << 0) /* ordinary opens and changes of directory, too */

/* The client's only message, within a second of its connection. */
struct watch_hello {
	uint32_t version; /* WATCH_VERSION */
	uint32_t flags;	  /* WATCH_F_* */
};

/* WATCH_DROPPED is a head alone: nothing came after what was dropped. */
enum watch_type { WATCH_RECORD = 1, WATCH_ALERT = 2, WATCH_DROPPED = 3 };

/* Begins each message of the engine; for WATCH_RECORD the record follows. */
struct watch_head {
	uint32_t type;	  /* enum watch_type */
	uint32_t pad;
	uint64_t dropped; /* messages so far that this client had no room for */
};

/* WATCH_ALERT. Strings follow: rule id, rule name, message; raw bytes. */
struct watch_alert {
	struct watch_head head;
	uint64_t wall_ns;
	uint64_t number;
	uint64_t container; /* key; 0: the host */
	uint32_t pid;
	uint32_t severity;  /* enum priority */
	uint16_t rule_id_len, rule_name_len, message_len;
	uint16_t pad;
};

/* ---- the engine's side */

struct watchers {
	struct watcher {
		int fd; /* -1: free */
		uint64_t dropped, told; /* messages; what the client knows of them */
	} all[WATCHERS_MAX];
	unsigned int n;
};

void watchers_init(struct watchers *watchers);
void watchers_release(struct watchers *watchers);

/* Takes `fd`. False: there are as many as there may be; it was closed. */
bool watchers_add(struct watchers *watchers, int fd);

/* Copy to everybody who has room. Those that are gone are let go. */
void watchers_record(struct watchers *watchers, const void *rec, size_t len);
void watchers_alert(struct watchers *watchers, const struct finding *finding);

/* Between records: let go of those that are gone, tell the others what they missed. */
void watchers_sweep(struct watchers *watchers);

/* ---- the sensor's side */

struct watch_door {
	int listen_fd;	/* -1: none */
	int coming_fd;	/* connected, has not said what it wants; -1: none */
	uint64_t coming_until_ms;
	char path[108];
};

/* Listen in `run_dir`. -errno: no live view, all else goes on. */
int watch_door_open(struct watch_door *door, const char *run_dir);
void watch_door_close(struct watch_door *door);

/* Something happened on listen_fd or coming_fd, or time passed. A descriptor to
 * be given to the engine and *ret_hello, or -EAGAIN. Who is neither root nor of
 * the agent's own user is turned away. */
int watch_door_take(struct watch_door *door, uint64_t now_ms, struct watch_hello *ret_hello);

/* What the kernel side is to send while somebody watches: types, and of these
 * the ones without any fact. */
uint64_t watch_wanted(void);
uint64_t watch_wanted_plain(const struct watch_hello *hello);

/* ---- the client's side */

/* Connect and ask. The descriptor; -ENOENT, -ECONNREFUSED: no agent runs there;
 * -EACCES; other -errno. */
int watch_connect(const char *run_dir, uint32_t flags);

struct watch_message {
	enum watch_type type;
	uint64_t dropped;
	struct slice record;	  /* WATCH_RECORD */
	struct watch_alert alert; /* WATCH_ALERT */
	struct slice rule_id, rule_name, message;
};

/* The next message, slices into `buf` (WATCH_MESSAGE_MAX bytes). 1; 0: the agent
 * closed; -EAGAIN after timeout_ms; -EBADMSG; other -errno. */
int watch_receive(int fd, int timeout_ms, char *buf, struct watch_message *ret);

#endif
