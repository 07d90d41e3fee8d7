/* SPDX-License-Identifier: Apache-2.0 */
/* The directories that the reader looks in: configured ones, and those learned
 * from the runtimes' processes. Private to the reader. */
#ifndef BW_AGENT_READER_ROOTS_H
#define BW_AGENT_READER_ROOTS_H

#include "agent/reader.h"

#define ROOTS_MAX 96u

enum root_kind {
	ROOT_RUNC,	 /* <id>/state.json */
	ROOT_CRUN,	 /* <id>/status */
	ROOT_DOCKER,	 /* containers/<id>/config.v2.json */
	ROOT_BUNDLES,	 /* <id>/config.json */
	ROOT_STORAGE,	 /* overlay-containers/<id>/userdata/config.json and others */
	ROOT_ONE_BUNDLE, /* config.json, of the container asked for */
	ROOT_MACHINES,	 /* <name>: of systemd-machined */
	ROOT_LXC,	 /* <name>/config */
};

struct root {
	int fd; /* O_PATH */
	enum root_kind kind;
	uint64_t dev, ino;
	uint32_t owner; /* a user's own: only that user's files count; 0: root's, any do */
};

struct roots {
	struct root roots[ROOTS_MAX];
	size_t n;
};

/* What outlives a request. */
struct places {
	const struct reader_config *config;
	int host_fd, proc_fd;		  /* O_PATH */
	uint64_t pid_ns, user_ns, mnt_ns; /* of the host's init; inode numbers */
	struct roots daemons;		  /* learned from dockerd */
	int64_t daemons_until_ms;
	struct live_engines *engines; /* sockets and ports of engines; reader_live.c */
};

int places_init(struct places *ret, const struct reader_config *config);
void places_release(struct places *places);

/* Fresh for each request: runtimes come and go. */
void roots_add_configured(struct roots *roots, const struct places *places);

/* From the command lines and working directories of the ancestors of `tgid`,
 * whose start must be start_ns when that is not 0. */
void roots_add_ancestry(struct roots *roots, const struct places *places, uint32_t tgid,
			uint64_t start_ns);

/* From the Docker daemons that run now; looked for again after some seconds. */
void roots_add_daemons(struct roots *roots, struct places *places);

void roots_release(struct roots *roots);

/* A process of the host whose paths are believed. */
struct engine_process {
	uint32_t pid;
	int base;	  /* the root that its paths are meant for; O_PATH */
	const char *exe;  /* last component */
	const char *args; /* separated by NUL, and one more at the end */
	size_t args_len;
};

/* Calls `visit` for each process that runs one of the programs `names` (ends
 * with NULL) as root on the host. False when there are more than are looked at. */
bool places_visit_engines(const struct places *places, const char *const *names,
			  void (*visit)(const struct engine_process *process, void *arg),
			  void *arg);

/* /proc/<pid>/<name>: at most size - 1 bytes and a NUL; what a link says,
 * likewise; the inode number of a namespace, or 0. */
ssize_t places_read(const struct places *places, uint32_t pid, const char *name, char *ret,
		    size_t size);
ssize_t places_read_link(const struct places *places, uint32_t pid, const char *name, char *ret,
			 size_t size);
uint64_t places_ns(const struct places *places, uint32_t pid, const char *name);

/* Of the host's init; of this process where that may not be looked at. */
uint64_t places_host_ns(const struct places *places, const char *name);

int64_t reader_now_ms(void);

/* The parent and the start, in clock ticks, from the text of /proc/PID/stat. */
bool reader_parse_stat(const char *bytes, uint32_t *ret_ppid, uint64_t *ret_start);

/* openat2() of `path` below `dirfd`, which cannot be left; `resolve` as there. */
int reader_open_below(int dirfd, const char *path, uint64_t flags, uint64_t resolve);

#endif
