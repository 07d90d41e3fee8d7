/* SPDX-License-Identifier: Apache-2.0 */
/* The object of a refused open, or of a change of a tree that the kernel's side
 * could not tell the object of. The kernel made no file, and its side resolves
 * magic links only; for all other strings the engine asks a reader to look
 * where the string leads, as the task would have gone. Of a change that makes or
 * takes away a name the object is the directory.
 *
 * What comes back is marked SOURCE_RESOLVED and is no fact: the task may have
 * changed what the string leads to meanwhile, or may be gone. It is put into
 * the record before anything else sees it, so that a capture holds it and a
 * replay, which asks nobody, decides the same. */
#ifndef BW_AGENT_RESOLVE_H
#define BW_AGENT_RESOLVE_H

#include "event/event.h"

/* Never a READER_VERSION: by the first word a reader tells its requests apart. */
#define RESOLVE_VERSION 0x52530001u
/* So long an alert may wait for an answer. */
#define RESOLVE_WAIT_MS 20

/* One SOCK_SEQPACKET message, from the engine, of path_len bytes beyond the
 * fixed part. */
struct resolve_request {
	uint32_t version;  /* RESOLVE_VERSION */
	uint32_t number;   /* comes back in the reply */
	uint64_t start_ns; /* of the leader, CLOCK_BOOTTIME */
	uint64_t parent_start_ns;
	uint64_t end_ms;	  /* CLOCK_MONOTONIC; nobody waits for the answer any longer */
	uint32_t tgid, tid;	  /* initial pid namespace */
	uint32_t ns_tgid, ns_tid; /* the task's own pid namespace */
	uint32_t parent_tgid;	  /* who stands in for a task that is gone; 0: nobody */
	uint32_t mnt_ns_inum, pid_ns_inum;
	int32_t dirfd; /* as passed to the call; AT_FDCWD */
	uint16_t path_len;
	uint16_t pad[3];
	char path[EVENT_PATH_MAX + 1]; /* without NUL */
};

/* One message, of path_len + fspath_len bytes beyond the fixed part. */
struct resolve_reply {
	uint32_t version;
	uint32_t number;
	int32_t error; /* 0, or why there is no object: -ENOENT, -ESRCH, -ELOOP, ... */
	uint32_t dev;  /* of the superblock, kernel encoding */
	uint64_t ino;
	uint32_t rdev; /* of a device node, kernel encoding */
	uint32_t fs_magic;
	uint32_t nlink;
	uint32_t uid;
	uint16_t mode;
	uint8_t mount_owner; /* OWNER_OWN, OWNER_HOST or OWNER_UNKNOWN */
	uint8_t is_stdio;    /* the task has it as descriptor 0, 1 or 2 */
	uint16_t path_len;   /* as from the root of its mount namespace; 0: not known */
	uint16_t fspath_len; /* within its file system; 0: not known */
	char fs[16];	     /* type, NUL-padded */
	char text[2 * EVENT_PATH_MAX];
};

/* ---- the engine's side; nothing here opens anything */

/* What one container may ask: a burst, then so many a second. One whose
 * question was not answered in time (its file systems may hang on purpose) asks
 * nothing for a while. All together may keep the engine waiting for a tenth of
 * the time. */
#define RESOLVE_BURST 64u
#define RESOLVE_RATE 16u
#define RESOLVE_BUCKETS 1024u

struct resolve_bucket {
	uint64_t container;
	uint64_t last_ns;
	uint32_t tokens;
};

struct resolver {
	int fd;		 /* to a reader; -1: none */
	int binaries_fd; /* map of runtimes' programs; -1: none */
	uint32_t number; /* of the last request */
	uint32_t answered;
	uint64_t sent_ns;
	uint64_t patience_ns, patience_at_ns;
	struct resolve_bucket buckets[RESOLVE_BUCKETS]; /* by hash; a collision starts anew */
	uint64_t n_asked, n_found, n_late, n_skipped;
};

void resolver_init(struct resolver *resolver, int reader_fd, int binaries_fd);

/* If `rec` is a refused open or a change by a contained task without an object, and one was
 * found in time: true, and the record with its object is in ret_rec, which has
 * EVENT_SIZE_MAX bytes. Else the record is to be taken as it is. */
bool resolve_record(struct resolver *resolver, const void *rec, size_t len, char *ret_rec,
		    size_t *ret_len);

/* Complete the record `ev` from `reply`: the part of the above that neither asks
 * nor waits. -EBADMSG: the reply is not sound. */
int resolve_complete(const struct event *ev, const struct resolve_reply *reply, bool is_runtime,
		     char *ret_rec, size_t *ret_len);

/* ---- the reader's side */

struct places;

/* Is this message such a request at all, and one that may be looked at? */
bool resolve_is_request(const void *message, size_t len);
bool resolve_is_sound(const struct resolve_request *request, size_t len);

/* Look. Fills *ret in any case; the error is in it. */
void resolve_answer(const struct places *places, const struct resolve_request *request,
		    struct resolve_reply *ret);

#endif
