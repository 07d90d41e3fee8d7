/* SPDX-License-Identifier: Apache-2.0 */
/* The live tests' harness: real containers, real attacks on decoys, one agent
 * that watches, and a score.
 *
 *   child     processes with a deadline, and their lines
 *   host      the temporary directory, decoys, the Docker daemon, a loop device
 *   bundle    container descriptions: runc's config.json, docker's options
 *   watch     the agent and the alerts that it writes
 *   cases_*   the tables of attacks, one a family
 *   play, suite  how an attack is played and scored, all of them
 *   grid      a container a row, a deed a column
 *   abi       the same alerts by every door of the kernel
 *   routes    one verdict for each object, by whatever route
 *   races     the right verdict though the path is rewritten
 *   report    the matrix of outcomes
 *   scripts   those of benign/, and how they are scored
 *
 * Everything that is made lies in one temporary directory and is undone at the
 * end; every wait has a deadline. */
#ifndef LIVE_HARNESS_H
#define LIVE_HARNESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ARGS_MAX 96

uint64_t boot_ns(void);

struct options {
	const char *agent;
	const char *rules;
	const char *benign;   /* folder of the benign scripts */
	const char *programs; /* folder of attack, benign, decoy, tricked, preload.so */
	const char *matrix;   /* file for the outcomes as JSON, or NULL */
	const char *only;     /* extended regular expression on case names, or NULL */
	int jobs;	      /* attack cases at a time */
	int n_races;	      /* opens in all */
	int n_latency;	      /* repetitions of the latency measurement */
	bool list;
	bool keep;     /* leave the temporary directory */
	bool no_agent; /* prove the deeds only */
	bool verbose;
};

/* Set by SIGINT and SIGTERM: finish the running cases, then clean up. */
extern volatile bool stopping;

/* child.c */

struct child {
	pid_t pid;
	int out;	 /* its stdout, or -1 */
	char buf[65536]; /* what was read and is not yet a line */
	size_t len;
	int status; /* as wait(2), once it has ended */
	bool ended;
};

struct child_how {
	const char *log;  /* file for stderr, appended; NULL: inherit */
	int leak_fd;	  /* passed on as descriptor 3; -1: none */
	bool capture;	  /* read its stdout */
	bool die_with_us; /* for children that the main thread starts only */
};

/* Start argv[0] from PATH in a process group of its own, with stdin empty.
 * 0 or -errno. */
int child_start(struct child *c, char *const argv[], const struct child_how *how);
/* The next line of its stdout, without newline, valid until the next call; NULL
 * at the end or when the deadline (boot time) has passed. */
char *child_line(struct child *c, uint64_t deadline_ns);
bool child_has_output(struct child *c);
/* Wait for its end until the deadline; -ETIMEDOUT leaves it running. Returns the
 * exit code, or 128 + signal. */
int child_wait(struct child *c, uint64_t deadline_ns);
/* Signal its group, wait, kill after `grace_ms`. */
int child_stop(struct child *c, int sig, int grace_ms);
/* Run to the end, at most timeout_ms; then it is killed and -ETIMEDOUT comes
 * back. `out` may be NULL; else it takes the last line. */
int run(char *const argv[], const char *log, int timeout_ms, char *out, size_t out_size);
/* The same for a shell line made with printf. */
int shell(const char *log, int timeout_ms, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* host.c */

struct host {
	char dir[256];	 /* temporary directory; the rest lies below it */
	char log[300];	 /* stderr of everything */
	char docker[64]; /* the client's program */
	char docker_sock[300];
	char no_docker[200]; /* why there is none; empty: there is one */
	char no_loop[200];
	char no_handle[200];
	unsigned int loop_major, loop_minor;
	char loop[64];
	char handle[300];      /* "TYPE HEX" of a file outside of every bind mount */
	char docker_copy[64];  /* identity of the runtime copy that docker knows */
	unsigned int tcp_port; /* of the decoy that listens as an engine on loopback */
	struct child decoy, dockerd, tcp, listener, late, abstract, log_socket, lease, lender,
		server;
	unsigned int groups_before; /* which groups of engines were there before us */
};

int host_init(struct host *h, const struct options *o);
/* A sleeping decoy for one case, to be freed by child_stop() and free(); NULL: none. */
struct child *host_start_victim(struct host *h);
/* The same as a listener at `path`, under the name of a program. */
struct child *host_start_listener(struct host *h, const char *program, const char *path);
/* Started when the agent already runs. */
int host_init_late(struct host *h);
void host_release(struct host *h, const struct options *o);
/* Copy the runtime below the temporary directory, under `name`, for one case;
 * `path` and its identity "dev:ino" come back. */
int host_copy_runtime(const char *folder, const char *name, char *path, size_t path_size,
		      char *identity, size_t identity_size);
int host_write_file(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* bundle.c */

enum {
	BOX_HOST_PID = 1 << 0,
	BOX_HOST_NET = 1 << 1,
	BOX_PRIVILEGED = 1 << 2, /* every capability, nothing masked, every device */
	BOX_NO_SECCOMP = 1 << 3, /* docker only: runc bundles have no filter */
	BOX_NO_CAPS = 1 << 4,
};

#define BINDS_MAX 16

struct box {
	unsigned int flags;	      /* BOX_* */
	const char *caps;	      /* beyond the default ones: "SYS_PTRACE,SYS_ADMIN" */
	const char *binds[BINDS_MAX]; /* "from:to[:ro]", NULL-terminated if fewer */
	const char *env;	      /* one more variable, or NULL */
	const char *cwd;	      /* NULL: / */
	bool init;		      /* docker --init */
	const char *hook;	      /* runc only: a line of shell as createContainer hook */
	const char *hook_kind;	      /* another kind of hook than createContainer */
};

/* Write DIR/config.json and fill DIR/rootfs from the image. */
int bundle_write(const struct host *h, const char *dir, const struct box *box, char *const argv[]);
/* `harness --bundle DIR [privileged] [hostpid] [cap=X] [bind=a:b] -- argv`, for scripts. */
int bundle_main(int argc, char **argv);
/* Options of `docker run` for the box, appended to argv; the new count. */
size_t docker_options(const struct box *box, char *argv[], size_t n, char *store,
		      size_t store_size);

/* watch.c */

enum { PRIORITY_WARNING = 4 }; /* as syslog: smaller is worse */

struct alert {
	uint64_t boot_ns; /* of the event */
	uint64_t seen_ns; /* when its line could be read */
	int priority;
	char rule_id[64];
	char rule[128];
	char container[160];
	char target[160]; /* container that it hits or that is behind it, or "" */
	char process[128];
	char *line;
};

/* Not of a container, but of the host itself. */
bool alert_of_host(const struct alert *a);

/* With the rules of that folder. After watch_stop(), another one may be started:
 * what was seen is forgotten. */
int watch_start(const struct host *h, const struct options *o, const char *rules);
/* The rules without what folds repeats, in a folder of its own, so that
 * each call's alert can be counted. */
int watch_bare_rules(const struct host *h, const struct options *o, char *ret_dir, size_t size);
/* Ends the agent; prints its books. Returns what was wrong with them, or NULL. */
const char *watch_stop(void);
bool watch_running(void);
/* Number of alerts so far, and a copy of the i-th. `line` stays valid. */
size_t watch_count(void);
void watch_get(size_t i, struct alert *ret);
/* Sleep until there are more than `n` alerts or the deadline has passed. */
void watch_wait(size_t n, uint64_t deadline_ns);

/* cases.c, play.c */

enum runtime { RUNC, DOCKER };
enum outcome { DONE_OK, REFUSED, EITHER };

/* By which door of the kernel the harmful call came. */
enum way {
	WAY_NATIVE, /* 64-bit system call */
	WAY_IA32,
	WAY_X32,
	WAY_URING,
	WAY_URING_DIRECT, /* its descriptor never enters the table */
	WAY_URING_WORKER,
	WAY_URING_SQPOLL,
	WAY_RUNTIME,  /* the runtime was made to do it */
	WAY_RECEIVED, /* the descriptor arrived: inherited, passed, taken */
	WAY_HOST,     /* the host used what the container left */
	N_WAYS,
};

struct play;

struct attack_case {
	const char *technique; /* its id in docs/techniques, blank, a word: "B10 setns" */
	const char *variant;
	enum runtime runtime;
	enum way way;
	struct box box;
	const char *argv; /* for /bin/attack; starts with / : a program of its own */
	enum outcome outcome;
	const char *expect;  /* families; blank: and, |: or */
	const char *story;   /* rules that must be told in this order, as one incident, or NULL */
	const char *mention; /* what an expected alert's line must hold, or NULL */
	const char *counted; /* families of which there must be exactly n_counted alerts */
	unsigned int n_counted;
	/* On the host: before the container starts (below 0: the case fails), when
	 * its program says READY, and at the end; any may be NULL. */
	int (*prepare)(struct play *p);
	void (*on_ready)(struct play *p);
	void (*cleanup)(struct play *p);
	const char *(*why_not)(const struct play *p); /* why it cannot be done here, or NULL */
	const char *runtime_name; /* runtime is a throw-away copy of this name */
	bool harm_at_start;	  /* the container's program itself is the harm */
	bool leak;		  /* the runtime inherits a directory of the host as descriptor 3 */
	bool runtime_may_refuse;  /* a patched runtime does not start it: skip */
	bool needs_loop, needs_handle;
	bool host_too; /* the expected alert may be of the host, who used what was left */
};

struct play {
	const struct attack_case *c;
	struct host *host;
	const struct options *options;
	char name[160]; /* technique, variant and runtime in one */
	char dir[400];
	char id[160];	   /* of the container */
	char runtime[500]; /* runc or its throw-away copy */
	char identity[64];
	struct child main;
	struct child *victim; /* a decoy of this case's own, if prepare() started one */
	size_t first_alert; /* alerts before it are older than the case */
	uint64_t start_ns, harm_ns, end_ns;
	bool done, refused;
	char error[32];	  /* name of the errno when refused */
	char verdict[16]; /* pass, fail, skip */
	char reason[420];
	char got[200]; /* rules that alerted */
	bool any, after;
	bool missed;	    /* the deed is proven, an alert is not there */
	char container[16]; /* right, wrong, none */
	double latency_ms;  /* worst of the expected alerts, event to line; <= 0: none */
};

/* Gather the tables; below 0 and a message: one of them is wrong. */
int cases_init(void);
/* All cases, in the order of their techniques. */
const struct attack_case *const *cases_all(size_t *n);
void case_id(const struct attack_case *c, char *out, size_t size);
int case_id_compare(const char *a, const char *b);
const char *way_name(enum way way);
/* Is the alert of that family? */
bool family_matches(const char *family, const struct alert *a);

/* The words in braces of cases.h in `text`. */
void play_expand(const struct play *p, const char *text, char *out, size_t size);
int play_start(struct play *p);
void play_stop(struct play *p);
void play_finish(struct play *p, const char *verdict, const char *reason);
/* story.c: NULL, or what is wrong with the incident that the case's alerts make,
 * in `out`. */
const char *story_check(const struct play *p, char *out, size_t size);
/* Start, follow, judge, stop. */
void play_one(struct play *p);

/* suite.c */
void play_attacks(struct host *h, const struct options *o);
void play_latency(struct host *h, const struct options *o);

/* scripts.c */
void play_benign(struct host *h, const struct options *o);

/* grid.c: a container for each row, which does one deed for each column and
 * prints `CELL column before after ok|na|ERRNO` for it, times as boot_ns(). */

#define GRID_RULES 160

struct grid_cell {
	uint64_t harm_ns, done_ns;
	char result[32];	/* ok, na, the name of an errno; empty: not played */
	char rules[GRID_RULES]; /* ids of those that spoke of it, sorted */
	bool right;		/* one of them names the column's object */
};

struct grid {
	const char *name;
	const char *const *rows, *const *columns;
	size_t n_rows, n_columns;
	struct grid_cell *cells;
	/* Is the alert one that counts here at all? Does it name the object? */
	bool (*counts)(const struct alert *a);
	bool (*names)(const struct grid *g, size_t column, const struct alert *a);
	/* Is the cell's outcome the wanted one? */
	bool (*good)(const struct grid *g, size_t row, size_t column);
};

struct grid_score {
	unsigned int right, wrong, none;
};

struct grid_cell *grid_cell(const struct grid *g, size_t row, size_t column);
void grid_collect(const struct grid *g, size_t row, size_t column, const struct play *p);
void grid_play_row(const struct grid *g, struct host *h, const struct options *o,
		   const struct attack_case *c, size_t row);
void grid_print(const struct grid *g, bool no_agent, struct grid_score *ret);

/* abi.c: the same alerts by every door of the kernel. */
void play_abi(struct host *h, const struct options *o);

/* routes.c: many ways to few objects, one verdict. */
void play_routes(struct host *h, const struct options *o);

/* races.c: opens whose path is rewritten meanwhile. */
void play_races(struct host *h, const struct options *o);

/* report.c: what came out, gathered for the end. */
void report_attack(const struct play *p);
void report_benign(const char *name, const char *verdict, size_t warnings, size_t notices,
		   const char *expects, const char *reason);
/* Anything else that was checked: latency, routes, races. */
void report_check(const char *name, const char *verdict, const char *text);
/* The matrix and the counts. */
void report_print(void);
int report_write(const char *path);

/* harness.c */
bool selected(const struct options *o, const char *name);
void count_pass(void);
void count_fail(void);
void count_skip(void);

#endif
