/* SPDX-License-Identifier: Apache-2.0 */
/* A checked view of one record of the wire format (include/brigwatch/event.h). */
#ifndef BW_EVENT_EVENT_H
#define BW_EVENT_EVENT_H

#include "base/base.h"
#include "brigwatch/event.h"

/* Who says a container's id. A cgroup's path is a hint: whoever may make cgroups
 * chooses it. */
enum container_id_source { ID_MADE_UP, ID_FROM_CGROUP, ID_FROM_RUNTIME };

/* What enrichment knows of a container. Strings are borrowed, may be empty. */
struct container_view {
	uint64_t key;
	uint64_t cgroup_id;
	struct slice id; /* full id as the runtime writes it; "cg-<cgroup id>" when not known */
	struct slice name;
	struct slice image;
	struct slice runtime; /* "docker", "containerd", "podman", "crio", "runc", "crun"... or "" */
	struct slice cgroup;  /* cgroup path */
	struct slice pod, pod_ns, pod_uid; /* Kubernetes' */
	struct slice sandbox;		   /* full id of the pod's sandbox */
	struct slice image_id;
	struct slice digest; /* of the image, "sha256:..." */
	uint64_t outer; /* of a container in a container: the key of the one around it */
	unsigned int depth; /* likewise, how many are around it; 0: it is the host's */
	bool pending;	      /* runtime's files have not been read yet */
	bool is_unanswered;   /* nor will be: nobody answered */
	uint64_t n_completed; /* alerts that went out pending, and this very record completes */
	enum container_id_source id_source;
	bool has_posture; /* what it was given is known, and the three below */
	uint8_t posture_severity;
	uint64_t posture; /* 1 << enum posture_check */
	struct slice posture_reason; /* "it runs privileged"; empty: nothing leads to the host */
};

#define CONTAINER_UNKNOWN UINT64_MAX /* of a process that only others' records name */

/* One process of an ancestry chain. Strings are borrowed, may be empty. */
struct proc_view {
	struct exec_id id;
	uint32_t ppid;
	struct slice name; /* comm */
	struct slice exepath;
	struct slice args; /* separated by NUL, argv[0] first */
	struct slice cwd;
	uint64_t container; /* key of its container, 0: a process of the host; or CONTAINER_UNKNOWN */
	uint8_t exe_owner; /* enum mount_owner, 0: not known */
};

/* Most ancestors handed to rules and output, the parent first. */
#define EVENT_ANCESTORS_MAX 16

/* A decoded record. Pointers and slices are borrowed from the record and from
 * enrichment and are valid while one event is handled. `file` is NULL for
 * types without one, or with file->source == SOURCE_NONE for no object. */
struct event {
	struct event_hdr hdr;
	union {
		struct event_fork fork;
		struct event_exec exec;
		struct event_exit exit;
		struct event_open open;
		struct event_mount mount;
		struct event_chdir chdir;
		struct event_ns ns;
		struct event_connect connect;
		struct event_cgroup cgroup;
		struct event_container container;
		struct event_proc proc;
		struct event_canary canary;
		struct event_loss loss;
		struct event_container_info info;
		struct event_change change;
		struct event_access access;
		struct event_syscall call;
		struct event_inet inet;
		struct event_cred cred;
		struct event_capable capable;
		struct event_rate rate;
		struct event_use use;
		struct event_identity identity;
		struct event_posture posture;
	} u; /* fixed part, copied (records may be unaligned) */
	const struct event_file *file;

	/* Strings; .data == NULL when the type has no such string. */
	struct slice path, fspath, arg, arg2, filename, cwd, args;
	struct slice source, target, fstype, point; /* mount */
	struct slice cgroup_path, rootpath;  /* cgroup, container */
	struct slice info_id, info_name, info_image, info_runtime;
	struct slice info_pod, info_pod_ns, info_pod_uid, info_sandbox, info_image_id, info_digest;
	struct slice rules_hash, rules_before, rules_error;
	struct slice claimed, actual; /* identity; its path is cgroup_path */
	struct slice posture_reason, posture_details;

	/* Filled by the agent from enrichment before rules run. NULL/0: unknown. */
	const struct container_view *container;
	const struct container_view *inner; /* innermost, of those that were made inside of `container` */
	const struct container_view *target_container;
	const struct proc_view *proc; /* the subject itself */
	const struct proc_view *ancestors[EVENT_ANCESTORS_MAX];
	unsigned int n_ancestors;
	uint64_t wall_ns; /* hdr.time_ns as CLOCK_REALTIME, by the stream's anchor */
};

/* Check and decode the record `rec` of `len` bytes into *ret.
 *
 * -EBADMSG: sizes disagree, unknown version, string lengths past the end or
 * over their limit; *ret is untouched. -ENOTSUP: a type this build does not
 * know (count it, go on). The record must outlive *ret. */
int event_decode(const void *rec, size_t len, struct event *ret);

/* Name of the event as rules see it in evt.type, by type, system call or op:
 * "exec", "open", "mount", "umount", "pivot_root", "chdir", "fchdir", "chroot",
 * "setns", "unshare", "clone", "connect", ... Never NULL; "unknown" at worst. */
const char *event_name(const struct event *ev);

/* Name of the system call behind it, by hdr.way and hdr.nr: "openat2";
 * "io_uring:openat" when way is io_uring, where nr is the IORING_OP_*. The
 * numbers are those of x86-64, ia32 and x32. Never NULL; "unknown" for calls
 * that brigwatch has no use for and for events without a call. */
const char *event_syscall_name(const struct event *ev);

/* Checked look-ups; "unknown" for numbers without a name. */
const char *posture_check_name(unsigned int bit); /* "host-pid", of 1 << enum posture_check */
const char *posture_severity_name(unsigned int severity);
const char *phase_name(unsigned int phase);
const char *owner_name(unsigned int owner);
const char *way_name(unsigned int way);
const char *boundary_name(unsigned int boundary);
const char *tier_name(unsigned int tier);
const char *source_name(unsigned int source);
const char *loss_name(unsigned int kind);
const char *use_op_name(unsigned int op);
const char *rate_name(unsigned int kind);
const char *identity_kind_name(unsigned int kind);
const char *identity_source_name(unsigned int source);
const char *drift_at_name(unsigned int at);
const char *drift_name(unsigned int bit);	/* bit number in event_cred.changed: "uid" */
const char *event_type_name(unsigned int type); /* "open", for counters */
const char *fact_name(unsigned int bit);	/* bit number in hdr.facts: "file_foreign" */
const char *flag_name(unsigned int bit);	/* bit number in hdr.flags: "path_cut" */

#endif
