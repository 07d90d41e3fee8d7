/* SPDX-License-Identifier: Apache-2.0 */
/* What a container was given that helps it to reach the host, judged by what
 * the runtimes' files say. No I/O; the files are hostile bytes. Values of
 * environment variables and labels are never kept: only names are. */
#ifndef BW_ENRICH_POSTURE_H
#define BW_ENRICH_POSTURE_H

#include "base/base.h"

/* Numbers of bits of posture.findings. Append only. */
enum posture_check {
	POSTURE_PRIVILEGED,
	POSTURE_HOST_PID,
	POSTURE_HOST_NET,
	POSTURE_HOST_IPC,
	POSTURE_HOST_UTS,
	POSTURE_HOST_CGROUP,
	POSTURE_HOST_USER,
	POSTURE_ENGINE_SOCKET,
	POSTURE_MOUNT_ROOT_RW,
	POSTURE_MOUNT_ROOT_RO,
	POSTURE_MOUNT_ETC_RW,
	POSTURE_MOUNT_KERNEL_RW,
	POSTURE_MOUNT_DEV_RW,
	POSTURE_MOUNT_HOME_RW,
	POSTURE_MOUNT_STATE_RW,
	POSTURE_MOUNT_RUN_RW,
	POSTURE_MOUNT_PROGRAMS_RW,
	POSTURE_MOUNT_SENSITIVE_RO,
	POSTURE_CAPABILITIES,
	POSTURE_SECCOMP_OFF,
	POSTURE_LSM_OFF,
	POSTURE_NEW_PRIVILEGES,
	POSTURE_PATHS_UNMASKED,
	POSTURE_DEVICES,
	POSTURE_SHARED_MOUNT,
	POSTURE_SECRET_NAMES,
	POSTURE_NO_MEMORY_LIMIT,
	POSTURE_NO_PIDS_LIMIT,
	POSTURE_NO_CPU_LIMIT,
	POSTURE_ROOT_WRITABLE,
	POSTURE_ROOT_ON_VOLUME,
	POSTURE_PRIVILEGED_PORT,
	POSTURE_PORT_ANY_ADDRESS,
	POSTURE_RESTART_ALWAYS,
	POSTURE_DEFAULT_BRIDGE,
	POSTURE_CGROUP_PARENT,
	POSTURE_NO_HEALTH_CHECK,
	POSTURE_N,
};

enum posture_severity {
	POSTURE_INFORMATIONAL,
	POSTURE_NOTICE,
	POSTURE_WARNING,
	POSTURE_CRITICAL,
};

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
const char *posture_severity_name(enum posture_severity severity);

#define POSTURE_DETAILS_MAX 64
#define POSTURE_DETAIL_MAX 256 /* bytes with the NUL; longer ones are cut */
#define POSTURE_BINDS_MAX 128

struct posture_detail {
	unsigned int check;
	char text[POSTURE_DETAIL_MAX]; /* bytes of the file, not encoded: a path, a name */
};

/* A directory or file of the host in the container. */
struct posture_bind {
	char *source; /* absolute, without "." and ".."; /var/run is /run */
	bool writable;
};

/* All members are read-only for callers; zero is the initial state. */
struct posture {
	uint64_t findings; /* 1 << enum posture_check */
	uint64_t caps;	   /* 1 << CAP_*, of the bounding set */
	bool has_spec, has_docker;
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

/* What the reading side found: binds[i] is, or leads to, an engine's socket. */
void posture_mark_socket(struct posture *posture, size_t i);

/* The highest severity found; POSTURE_INFORMATIONAL when there is nothing. */
enum posture_severity posture_severity(const struct posture *posture);

/* "it runs privileged with the host's pid namespace": the most dangerous
 * combination, for "could reach the host because ...". False, and "", when no
 * finding leads to the host. `size` at least 1. */
bool posture_reason(uint64_t findings, char *buf, size_t size);

#endif
