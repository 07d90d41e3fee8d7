/* SPDX-License-Identifier: Apache-2.0 */
/* The process table: who ran what, and out of whom. Private to enrich.
 *
 * The unit is the *image*: one process between two of its execs. An image
 * names the image that its process was forked from, so a chain of ancestors
 * tells what each of them was at the time, not what it became.
 *
 * Every image is charged to an owner: its container, or the host. When the
 * table is full the owner with more than its share pays, so that a fork bomb
 * in one container forgets its own processes and not its neighbours'. */
#ifndef BW_ENRICH_PROCS_H
#define BW_ENRICH_PROCS_H

#include "base/table.h"
#include "event/event.h"

enum image_state {
	IMAGE_DEAD = 0,	    /* process is over or became another image, no descendants known */
	IMAGE_ANCESTOR = 1, /* likewise, but a descendant is in the table */
	IMAGE_LEAF = 2,	    /* lives, without children */
	IMAGE_PARENT = 3,   /* lives, has children */
	IMAGE_STATE_MAX = 4,
};

struct image;

/* A reference that does not keep alive: stale once the image is forgotten. */
struct image_ref {
	struct image *image;
	uint64_t generation;
};

/* Whom images and their strings are charged to. */
struct owner {
	struct table_link link;
	struct list all;
	uint64_t key;			     /* of the container, 0: host */
	struct list images[IMAGE_STATE_MAX]; /* oldest use first */
	size_t n_images[IMAGE_STATE_MAX];
	size_t n;	   /* images in all states */
	struct list texts; /* with bytes, oldest use first */
	size_t n_texts;	   /* with or without bytes */
	size_t bytes;
};

/* Strings of an image, shared with the images forked from it. When memory is
 * short the bytes go and the shell stays: `bytes` NULL and all lengths 0. */
struct text {
	struct list lru;
	struct owner *owner;
	char *bytes;
	uint32_t exepath_len, args_len, cwd_len; /* in this order in `bytes` */
	uint32_t n_refs;
};

struct image {
	struct table_link by_exec; /* every image */
	struct table_link by_proc; /* the latest image of each process */
	struct list lru;	   /* in the owner's list of its state, or in the free list */
	struct list dead;	   /* in the table's list of dead images */
	struct owner *owner;
	struct text *text;
	struct image_ref parent;
	uint64_t generation;
	struct exec_id id;
	uint32_t ppid;
	uint32_t n_children; /* images in the table that name this one as parent */
	uint8_t state;	     /* enum image_state */
	uint8_t exe_owner;   /* enum mount_owner */
	bool is_current;     /* in by_proc */
	bool has_ended;	     /* exec'd into another image, or exited */
	bool has_exited;
	bool has_parent; /* known once; the reference may be stale by now */
	bool is_met; /* a record of its own was read: its owner is known */
	bool is_pinned;
	char comm[16];
};

struct procs {
	struct table by_exec, by_proc, owners;
	struct list all_owners;
	struct image *slab;
	size_t n_max, n_used, n; /* places in the slab, ever used, in use now */
	size_t dead_max;	 /* remembered dead images of one owner */
	size_t bytes_max, bytes;
	struct list free, dead;
	struct image *pins[8]; /* not to be evicted during this call */
	unsigned int n_pins;
	uint64_t n_evicted, n_cut;
};

int procs_init(struct procs *ret, size_t n_max, size_t bytes_max);
void procs_release(struct procs *procs);

/* Learn what `ev` says of its subject, a process of container `key` (0: host).
 * The subject's image, or NULL when the record names none or memory is out. */
const struct image *procs_learn(struct procs *procs, const struct event *ev, uint64_t key);

/* The image and then its ancestors, the parent first, at most `n_max` in all.
 * The views are valid until the next procs_learn(). */
unsigned int procs_view_chain(const struct image *image, struct proc_view *ret, unsigned int n_max);

/* Is this process in the table, and has its end not been seen? */
bool procs_is_alive(const struct procs *procs, uint32_t tgid, uint64_t start_ns);

/* Is any process of this owner known that has not ended? */
bool procs_has_living(const struct procs *procs, uint64_t key);

#endif
