/* SPDX-License-Identifier: Apache-2.0 */
/* What a container was given that helps it to reach the host, judged by what
 * the runtimes' files say. No I/O; the files are hostile bytes. Values of
 * environment variables and labels are never kept: only names are. */
#ifndef BW_ENRICH_POSTURE_H
#define BW_ENRICH_POSTURE_H

#include "base/base.h"
#include "event/event.h"

struct posture_check_info {
	const char *key; /* "host-pid" */
	const char *title;
	enum posture_severity severity;
	const char *techniques; /* "B1 B2": pages below docs/techniques; may be "" */
	const char *attack;	/* what it enables */
	const char *fix;
	const char *cis; /* CIS Docker Benchmark 1.6, "5.16"; may be "" */
};

/* NULL beyond POSTURE_N. */
const struct posture_check_info *posture_check_info(unsigned int check);

#define POSTURE_DETAILS_MAX 64
#define POSTURE_DETAIL_MAX 256 /* bytes with the NUL; longer ones are cut */
#define POSTURE_BINDS_MAX 128

struct posture_detail {
	unsigned int check;
	char text[POSTURE_DETAIL_MAX]; /* bytes not encoded: a path, a name */
};

/* A directory or file of the host in the container. */
struct posture_bind {
	char *source; /* absolute, without "." and ".."; /var/run is /run */
	bool writable;
};

#define POSTURE_LIVE_VERSION 1u
#define POSTURE_LIVE_SOCKETS_MAX 16u
#define POSTURE_LIVE_PORTS_MAX 8u

/* What the kernel says of a container that runs: a plain block of bytes, made
 * by whoever may look below /proc. The text is of the container and the host:
 * bytes, not encoded. */
struct posture_live {
	uint32_t version;     /* POSTURE_LIVE_VERSION */
	uint32_t has_status;  /* caps, seccomp and no_new_privs are known */
	uint64_t compared;    /* 1 << POSTURE_HOST_PID ...: namespaces that could be compared */
	uint64_t host;	      /* of these: the container is in the host's */
	uint64_t caps;	      /* bounding set of its init */
	uint32_t seccomp;     /* as in /proc/PID/status: 0 none, 1 strict, 2 filter */
	uint32_t no_new_privs;
	uint32_t root_is_root; /* uid 0 of its user namespace is uid 0 of the host */
	uint32_t has_network;  /* an interface other than loopback */
	uint32_t n_sockets, n_sockets_dropped; /* mounts that are or hold an engine's socket; and engines not looked at */
	uint32_t n_ports; /* TCP addresses where an engine answers anybody */
	uint32_t init_is_root; /* its init is uid 0 of the host */
	char sockets[POSTURE_LIVE_SOCKETS_MAX][POSTURE_DETAIL_MAX];
	struct posture_port {
		uint32_t is_loopback; /* reached from the host's network namespace only */
		char address[60];     /* "127.0.0.1:2375" */
	} ports[POSTURE_LIVE_PORTS_MAX];
};

/* All members are read-only for callers; zero is the initial state. */
struct posture {
	uint64_t findings; /* 1 << enum posture_check */
	uint64_t caps;	   /* 1 << CAP_*, of the bounding set */
	bool has_spec, has_docker, has_live;
	bool is_uncompared; /* not all of its namespaces could be compared with the host's */
	bool has_user_ns, runs_as_root;
	struct posture_detail *details; /* n_details of them */
	size_t n_details, n_details_dropped;
	struct posture_bind *binds;
	size_t n_binds, n_binds_dropped;
};

void posture_release(struct posture *posture);

/* Read a file into the posture; the files of one container in any order, each
 * once. -EBADMSG: not such a file; -EFBIG; -ENOMEM; the posture is untouched. */
int posture_read_oci(struct slice json, struct posture *posture);
int posture_read_docker_host(struct slice json, struct posture *posture);   /* hostconfig.json */
int posture_read_docker_config(struct slice json, struct posture *posture); /* config.v2.json */
/* state.json of runc, for containers whose specification is gone. */
int posture_read_runc_state(struct slice json, struct posture *posture);

/* The bytes of a struct posture_live, after all files: the kernel has the last
 * word on namespaces, and the only one where no file was found. -EBADMSG. */
int posture_read_live(struct slice bytes, struct posture *posture);

/* The highest severity found; POSTURE_INFORMATIONAL when there is nothing. */
enum posture_severity posture_severity(const struct posture *posture);

/* "it runs privileged with the host's pid namespace": the most dangerous
 * combination, for "could reach the host because ...". False, and "", when no
 * finding leads to the host. `size` at least 1. */
bool posture_reason(uint64_t findings, char *buf, size_t size);

/* The bytes of an EVENT_POSTURE record, but for what all headers have, of at
 * most POSTURE_RECORD_MAX; its length. `flags`: POSTURE_F_* to be added. 0: there is nothing to judge by. */
#define POSTURE_RECORD_MAX (sizeof(struct event_posture) + 2 * EVENT_PATH_MAX)
size_t posture_make_record(const struct posture *posture, uint64_t container, uint32_t flags,
			   char *ret);

#endif
