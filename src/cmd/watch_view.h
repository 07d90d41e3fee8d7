/* SPDX-License-Identifier: Apache-2.0 */
/* How the live view prints: one line an event, in columns; repeats folded; colour
 * on terminals. Knows nothing of where records come from. */
#ifndef BW_CMD_WATCH_VIEW_H
#define BW_CMD_WATCH_VIEW_H

#include <stdio.h>

#include "event/event.h"

#define VIEW_FOLDS 256u
/* Equal lines within so long are one, and how many there were is told after it. */
#define VIEW_FOLD_NS 1000000000ull
#define VIEW_LINE_MAX 16384u

struct view_options {
	bool colour;
	bool tree;	  /* processes below each other */
	unsigned int width; /* columns of the terminal; 0: lines are not cut */
};

/* What a line is about decides its colour. */
enum view_class { VIEW_PLAIN, VIEW_EXEC, VIEW_NET, VIEW_BORDER, VIEW_META };

struct view;

/* Prints to `out`, borrowed. -ENOMEM. */
int view_new(FILE *out, const struct view_options *options, struct view **ret);

/* What is still folded is told first. */
void view_free(struct view *view);

/* One event with its detail, raw bytes. `depth` of its process below the first of
 * its container, for the tree; `now_ns` as ev->wall_ns. */
void view_event(struct view *view, const struct event *ev, enum view_class class, struct slice detail,
		unsigned int depth);

/* An alert: never folded, never cut. `container` may be NULL: the host, or not known. */
struct view_alert {
	uint64_t wall_ns;
	unsigned int severity; /* as in an alert: 0 emergency .. 7 debug */
	uint32_t pid;
	struct slice rule_id, rule_name, message;
	const struct container_view *container;
};
void view_alert(struct view *view, const struct view_alert *alert);

/* A line of the program's own, "-- text". */
__attribute__((format(printf, 2, 3))) void view_note(struct view *view, const char *format, ...);

/* Tell what was folded before `wall_ns` - VIEW_FOLD_NS. */
void view_settle(struct view *view, uint64_t wall_ns);

#endif
