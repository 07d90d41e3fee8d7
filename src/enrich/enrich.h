/* SPDX-License-Identifier: Apache-2.0 */
/* Process tree and container table, fed by records only (so that a replay
 * knows what the live run knew), and the parsers of the runtimes' own files.
 * Bounded tables; evictions are counted. */
#ifndef BW_ENRICH_ENRICH_H
#define BW_ENRICH_ENRICH_H

#include "event/event.h"

struct enrich;

struct enrich_limits {
	size_t procs_max;	/* live and remembered processes, default 32768 */
	size_t containers_max;	/* default 4096 */
	size_t bytes_max;	/* of strings in both tables, default 8 MiB */
};

struct enrich_stats {
	uint64_t procs;			/* images of processes in the table now, the remembered too */
	uint64_t procs_evicted;		/* forgotten while alive, or while a descendant was known */
	uint64_t containers;		/* in the table now */
	uint64_t containers_evicted;
	uint64_t inners_evicted;	/* containers in containers; 1024 are kept */
	uint64_t conflicts_dropped;	/* contradictions that nobody took in time */
	uint64_t strings_cut;		/* names, paths or argument lists cut or dropped for want of room */
};

int enrich_new(const struct enrich_limits *limits, struct enrich **ret);
void enrich_free(struct enrich *enrich);

/* Learn from the record (fork, exec, exit, proc, container, container_info),
 * then fill ev->container, inner, target_container, proc, ancestors, n_ancestors with
 * views that stay valid until the next call. An exited process is kept while a
 * descendant lives, and for a while after. Ancestry is of exec ids: the chain
 * names the images as they were when they forked. */
void enrich_apply(struct enrich *enrich, struct event *ev);

/* An alert on `ev` goes out. If its container's files have not been read yet, the
 * record that brings them tells how many alerts it completes. */
void enrich_note_alert(struct enrich *enrich, const struct event *ev);

void enrich_get_stats(const struct enrich *enrich, struct enrich_stats *ret);

/* What is said of a container disagrees: what an EVENT_IDENTITY record is made of. */
struct identity_conflict {
	struct event_hdr hdr; /* of the record at which it was seen; container, target_container */
	enum identity_kind kind;
	enum identity_source source;
	char claimed[256], actual[256]; /* cut */
	char path[EVENT_PATH_MAX + 1];	/* of the cgroup that bears the claim, or "" */
};

/* The oldest contradiction that enrich_apply() found and nobody took yet. Each
 * is found once per container and kind; at most 8 wait. False: there is none. */
bool enrich_take_conflict(struct enrich *enrich, struct identity_conflict *ret);

/* The container with this key, or NULL. Valid until the next enrich_apply(). */
const struct container_view *enrich_find_container(const struct enrich *enrich, uint64_t key);

/* What a cgroup path says of the container: id and runtime by the known forms
 * (docs: reliability of this hint). False when it matches none. */
bool cgroup_path_parse(struct slice path, struct slice *ret_id, const char **ret_runtime);

/* The name of the cgroup itself, where it may be a container's: runc and crun
 * call it after the container, or runc-<id>.scope. For containers of which
 * nothing else is known. *ret_id is borrowed from `path`. */
bool cgroup_path_name(struct slice path, struct slice *ret_id);

/* What the arguments of a process (separated by NUL) say of the container that
 * it makes, if it is a command-line runtime (runc, crun, youki: `run`, `create`
 * or `restore`, options, then the id), a shim of containerd's (`-id ID`),
 * lxc-start (`-n NAME`; its monitor's title) or systemd-nspawn (`-M`, `-D`).
 * *ret_id is borrowed from `args`, at most RUNTIME_ARGS_ID_MAX bytes of
 * [A-Za-z0-9_.+-]; *ret_runtime is static. A hint: only arguments of the host's
 * own processes are to be passed. False when it is none. */
#define RUNTIME_ARGS_ID_MAX 128
bool runtime_args_parse(struct slice args, struct slice *ret_id, const char **ret_runtime);

/* Facts read from a runtime's files. Strings owned, NUL-terminated, may be NULL. */
struct container_facts {
	char *id, *name, *image, *runtime;
	uint32_t init_pid;	/* 0: not said */
	uint64_t init_start;	/* clock ticks since boot as in /proc/PID/stat field 22; 0: not said */
	char *pod, *pod_ns, *pod_uid; /* Kubernetes' */
	char *sandbox;		      /* full id of the pod's sandbox */
	char *image_id, *digest;      /* digest: "sha256:..." */
	/* The parsers' own. Annotations of CRI-O could be an image's under podman;
	 * they are taken once the index has shown whose container it is. */
	char *said_image, *said_digest;
	bool is_indexed, is_crio;
	bool is_machine; /* from systemd-machined: init_start is not said, and need not be */
};
void container_facts_release(struct container_facts *facts);

/* Parsers of hostile bytes, of at most RUNTIME_FILE_MAX; depth and memory are
 * bounded. They fill what they find, in place: what a better source said stays,
 * so the files of one container can be given in any order. Strings keep their
 * bytes, cut at 4096; a string with a NUL inside is as good as absent.
 * -EBADMSG: not what it should be; -EFBIG; -ENOMEM; facts are untouched. */
#define RUNTIME_FILE_MAX (4u << 20)

int parse_runc_state(struct slice json, struct container_facts *facts);
int parse_crun_status(struct slice json, struct container_facts *facts);	/* gives no id: its directory is the id */
int parse_docker_config(struct slice json, struct container_facts *facts);	/* config.v2.json */
int parse_oci_config(struct slice json, struct container_facts *facts);	/* bundle config.json annotations */
/* containers.json of podman and CRI-O: the entry of facts->id. -ENOENT: not in it. */
int parse_storage_index(struct slice json, struct container_facts *facts);
/* Lines KEY=VALUE: a container of systemd-nspawn, or of another that registers
 * with systemd-machined. Virtual machines: -EBADMSG. */
int parse_machine(struct slice text, struct container_facts *facts);
int parse_lxc_config(struct slice text, struct container_facts *facts); /* its directory is the id */

#endif
