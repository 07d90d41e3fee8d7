/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: a small process that finds the runtimes' files of a container and
 * hands their contents to the engine, which may open nothing itself.
 *
 * The engine reads hostile bytes, so the reader believes nothing it asks. The
 * files are hostile too, so the reader does not look into them: it copies each
 * into a sealed memory file, which can neither block nor grow nor change, and
 * passes the descriptor. Parsing is the engine's. */
#ifndef BW_AGENT_READER_H
#define BW_AGENT_READER_H

#include <sys/types.h>

#include "enrich/enrich.h"
#include "enrich/posture.h"

#define READER_VERSION 1u
#define READER_ID_MAX 128u	  /* bytes of an id */
#define READER_FILES_MAX 8u	  /* descriptors in one reply */
#define READER_CANDIDATES_MAX 64u /* containers in the replies to one request */

/* Where to look. Paths are as the host has them, below `host_root`; links in
 * them are followed, within host_root. A path that ends in a slash and a star
 * stands for every directory there. Lists end with NULL, or are NULL; the
 * usual places are looked in behind them. */
struct reader_config {
	const char *name;		  /* of the process; NULL: "brigwatch-read" */
	const char *host_root;		  /* NULL: "/" */
	const char *proc_root;		  /* procfs of the host's pid namespace; NULL: "/proc" */
	const char *const *runc_roots;	  /* DIR/<id>/state.json */
	const char *const *crun_roots;	  /* DIR/<id>/status */
	const char *const *docker_roots;  /* DIR/containers/<id>/config.v2.json, hostconfig.json */
	const char *const *bundle_roots;  /* DIR/<id>/config.json */
	const char *const *storage_roots; /* podman, CRI-O: DIR/overlay-containers/... */
	const char *const *machine_roots; /* systemd-machined: DIR/<name> */
	const char *const *lxc_roots;	  /* DIR/<name>/config */
	uid_t uid;			  /* to become; 0: 65534 */
	gid_t gid;			  /* likewise */
	void (*shed)(void *arg);	  /* called in the new process: free what it has no use for */
	void *shed_arg;
};

enum reader_kind {
	READER_RUNC_STATE = 1,
	READER_CRUN_STATUS = 2,
	READER_DOCKER_CONFIG = 3,
	READER_OCI_CONFIG = 4,
	READER_STORAGE_INDEX = 5,
	READER_DOCKER_HOSTCONFIG = 6, /* hostconfig.json: posture, no names */
	READER_STORAGE_VOLATILE = 7,  /* the other index: containers that do not outlive a restart */
	READER_LIVE = 8,	      /* struct posture_live, in a reply of its own, without id */
	READER_MACHINE = 9,	      /* systemd-nspawn and others that register: name and leader */
	READER_LXC_CONFIG = 10,
	READER_KIND_MAX,
};

/* One SOCK_SEQPACKET message, from the engine. */
struct reader_request {
	uint32_t version;	/* READER_VERSION */
	uint32_t number;	/* comes back in the replies */
	uint64_t container;	/* key, comes back too; the reader does not use it */
	uint64_t init_start_ns; /* start of the container's init, CLOCK_BOOTTIME; 0: not known */
	uint32_t init_tgid;	/* initial pid namespace; 0: not known */
	uint16_t id_len;	/* 0: no hint */
	uint16_t pad;
	char id[READER_ID_MAX]; /* hint, from the cgroup's path */
};

/* One message each, to the engine, with n_files descriptors: the files of one
 * container that may be the one asked for. The last has `last` set and none. */
struct reader_reply {
	uint32_t version;
	uint32_t number;
	uint64_t container;
	int32_t error; /* of the last: 0, -ENOENT nothing found, -ETIMEDOUT not all was looked at, -EINVAL */
	uint32_t n_refused; /* of the last: files that were no regular file, too large or unreadable */
	uint8_t last;
	uint8_t n_files;
	uint8_t kinds[READER_FILES_MAX]; /* enum reader_kind */
	uint16_t id_len;
	uint32_t pad;
	char id[READER_ID_MAX]; /* by which directory they were found; the file has the last word */
};

/* ---- the sensor's side */

/* A pair of sockets: *ret_engine for the engine, *ret_reader for
 * reader_spawn(). Keep the latter open: a reader that died can then be
 * replaced by another on the same socket, and the engine need not know. */
int reader_socketpair(int *ret_engine, int *ret_reader);

/* Fork a reader that serves `fd`, with the capabilities CAP_SYS_PTRACE and
 * CAP_DAC_READ_SEARCH as far as the caller has them and no other, another user
 * id where allowed, and a system call filter. It ends when the caller does,
 * when the other side closes, or when the kernel makes it wait for seconds.
 *
 * 0 and *ret_pid, to be waited for, once it serves; else -errno. `fd` stays the
 * caller's. All other descriptors but stderr are closed in the child. */
int reader_spawn(const struct reader_config *config, int fd, pid_t *ret_pid);

/* The loop itself, in this process, without any sandbox: for tests. Returns
 * when the other side closes. */
int reader_serve(const struct reader_config *config, int fd);

/* Is this an id that the reader would look for? */
bool reader_id_is_valid(struct slice id);

/* ---- the engine's side; nothing here opens anything */

/* Fill *ret. An id that is not valid is left out. */
void reader_request_init(struct reader_request *ret, uint32_t number,
			 const struct container_view *container, uint32_t init_tgid,
			 uint64_t init_start_ns);

/* Send without waiting. 0, or -errno: -EAGAIN when the reader is behind. */
int reader_request(int fd, const struct reader_request *request);

/* Receive one reply; timeout 0 does not wait. On success the first
 * ret->n_files of ret_fds are the caller's to close. -ETIMEDOUT, -EBADMSG for
 * what a reader does not send, -EPIPE when it is gone for good, else -errno. */
int reader_receive(int fd, int timeout_ms, struct reader_reply *ret, int ret_fds[READER_FILES_MAX]);

/* What the replies to one request add up to. Zero it to begin; `file` and
 * is_init_certain may be set. */
struct reader_result {
	bool is_init_certain; /* a state file of that name that means another process is another's */
	struct container_facts facts;
	struct posture posture; /* without what is live until it is done */
	bool has_live;
	struct posture_live live;
	bool is_verified; /* a state file names the very init that was asked for */
	bool is_done;
	int error;
};
void reader_result_release(struct reader_result *result);

/* Read and parse the files of `reply` and merge what they say, if they are of
 * the container that `request` asks for; `fds` are closed in any case. A reply
 * to another request changes nothing. */
void reader_result_add(struct reader_result *result, const struct reader_request *request,
		       const struct reader_reply *reply, const int fds[READER_FILES_MAX]);

/* Ask and wait: the above in one. On success *ret is to be released with
 * container_facts_release(), and *ret_verified tells whether a state file names
 * the init asked for; without that the facts rest on the hint alone.
 * -ENOENT: nothing found (yet: runc writes its state a moment after the
 * container's first process); -ETIMEDOUT. */
int container_facts_collect(int fd, const struct reader_request *request, int timeout_ms,
			    struct container_facts *ret, bool *ret_verified);

#endif
