/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel side: probe, load, attach, pin, adopt. Privileged; only the sensor
 * process calls it. With rings.c and counters.c the only code that sees libbpf. */
#ifndef BW_SOURCE_LIVE_H
#define BW_SOURCE_LIVE_H

#include "base/base.h"
#include "brigwatch/maps.h"

#define LIVE_PIN_ROOT "/sys/fs/bpf/brigwatch"

struct live;

/* One hook, for `doctor` and the start-up message. */
struct live_hook {
	const char *hook;	/* "tp_btf/sys_exit" */
	const char *sees;	/* what it is for */
	const char *without;	/* what is not seen without it */
	bool required;
	bool available;		/* the kernel has it */
	bool attached;
};

/* What went wrong, in words: the log of libbpf and of the verifier. */
struct live_error {
	char message[1024];
};

/* Ask the kernel what it can do, without loading anything. Fills up to `max`
 * hooks and returns their number, or -errno: -ENOTSUP no BTF, -EPERM. */
int live_probe(struct live_hook *ret_hooks, size_t max, struct live_error *reterr);

/* Load every program without attaching any, and forget them: does the verifier
 * of this kernel take them? */
int live_try(struct live_error *reterr);

/* Load and attach, or adopt what a killed agent left pinned: *ret_adopted tells.
 * Hooks of another build that are pinned go after the new ones are attached.
 * -EPERM privileges, -ENOTSUP kernel cannot, others as they come. */
int live_start(uint64_t wanted, uint64_t wanted_plain, struct live **ret, bool *ret_adopted,
	       struct live_error *reterr);

/* Detach and unpin everything: after a clean end nothing stays in the kernel. */
void live_stop(struct live *live);

/* Forget without detaching: pins stay. */
void live_free(struct live *live);

bool live_is_pinned(const struct live *live);
int live_map_fd(const struct live *live, const char *name);

/* The identity of an open file becomes a runtime's program. */
int live_register_runtime(struct live *live, int fd, enum runtime_origin origin);

/* Watch for files whose last name is one of `names` (NULL-terminated); `kind` is
 * a bit WATCH_*. */
int live_watch_names(struct live *live, const char *const *names, uint32_t kind);

/* Lists of names and what each is watched for. */
struct live_watch {
	const char *const *names; /* NULL-terminated */
	uint32_t kind;
};

/* Watch for these and for no others. */
int live_watch_only(struct live *live, const struct live_watch *lists, size_t n_lists);

/* Send other types of records from now on. */
int live_set_wanted(struct live *live, uint64_t wanted, uint64_t wanted_plain);

/* Look at what runs: runtimes and their sockets; subjects, whose snapshot goes
 * into the urgent ring; tasks that may do more than what explained them allows;
 * namespaces still in use. */
int live_scan_runtimes(struct live *live);
int live_scan_sockets(struct live *live);
int live_scan_subjects(struct live *live);
int live_sweep_identities(struct live *live);
int live_sweep_namespaces(struct live *live, uint64_t older_than_ns);

/* Tell the kernel side the addresses of the host: those of the network namespace
 * of process 1. In a pod with hostPID that is another than the caller's. */
int live_scan_addresses(struct live *live);

/* One line of /proc/PID/net/fib_trie and of if_inet6. True: *ret is an address of
 * that namespace, not a loopback one. `last` begins empty, and goes from line to line. */
bool live_read_fib_line(const char *line, char last[16], struct inet_address *ret);
bool live_read_inet6_line(const char *line, struct inet_address *ret);

/* A hook that this kernel has, as it is now. Strings are static. */
#define LIVE_HOOKS_MAX 32
struct live_hook_state {
	const char *hook, *without; /* as in struct live_hook */
	bool required, attached;
	uint64_t missed_runs; /* that did not take place: the program was running on that CPU */
};
struct live_state {
	struct live_hook_state hooks[LIVE_HOOKS_MAX];
	size_t n_hooks, n_detached;
	uint64_t missed_runs; /* of all hooks, since they were attached */
	unsigned int n_pins;  /* that there should be, 0 without a bpf file system */
	/* Of these, taken away by somebody or put in place of ours. They were put back,
	 * unless pin_error, an errno, tells why not: then the count is a lower bound. */
	unsigned int n_pins_missing;
	int pin_error;
};

/* Look at what should be attached and pinned, and put missing pins back. */
void live_check_hooks(struct live *live, struct live_state *ret);

/* Sum of one per-CPU counter, or of the books: index as in maps.h. By map
 * descriptor, so that the engine can ask too. */
int live_read_counter(int counters_fd, unsigned int counter, uint64_t *ret);
int live_read_book(int books_fd, unsigned int ring, unsigned int type, struct book *ret);

/* Is the inode one of a runtime's programs? For who knows no generation. */
bool live_has_runtime(int binaries_fd, uint32_t dev, uint64_t ino);

/* Walk the budgets: `fn` is called for each container with suppressed records. */
int live_each_budget(int budgets_fd,
		     void (*fn)(const struct budget_key *key, const struct budget *budget, void *arg), void *arg);

/* Names under which runtimes' programs are first looked for; NULL-terminated. */
extern const char *const live_runtime_names[];

extern const char live_object_hash[];	/* hex, names the pin directory */

#endif
