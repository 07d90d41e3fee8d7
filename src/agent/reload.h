/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that change while they judge, on the side that may open paths: when to
 * read them again, and the one change that is under way. What the new rules need
 * of the kernel side is there before they judge; what only the old ones needed
 * goes afterwards. */
#ifndef BW_AGENT_RELOAD_H
#define BW_AGENT_RELOAD_H

#include "rule/rule.h"
#include "source/live.h"

#define RELOAD_WATCHES_MAX 16

struct reload {
	const struct rule_load *load;  /* where the rules are */
	const struct rule_set *rules;  /* that judge */
	struct rule_set *own, *coming; /* to be freed: `rules` unless it is the first; under way */
	int inotify_fd;
	int watches[RELOAD_WATCHES_MAX]; /* on what holds rules */
	size_t n_watches;
	uint64_t changed_ms, first_ms; /* the last and the first change not looked at; 0: none */
	uint64_t not_before_ms;
	unsigned int n_tries; /* to read files that somebody was writing */
	bool is_asked;	      /* by a signal: say so if nothing changed */
	uint64_t watched, watched_plain; /* types that the live view wants beside the rules */
	bool is_refused;      /* the files as they were last read are not what judges */
};

void reload_init(struct reload *ret, const struct rule_load *load, const struct rule_set *rules);
void reload_release(struct reload *reload);

/* Somebody asked for it, or inotify has something to say. */
void reload_ask(struct reload *reload);
void reload_notice(struct reload *reload, uint64_t now_ms);

/* Milliseconds until reload_begin() is to be called, 0: now, -1: no reason to. */
int64_t reload_due_ms(const struct reload *reload, uint64_t now_ms);

/* Read the rules again. 1: others are to be handed to the engine, in the file
 * *ret_fd, and then reload_end() is to be called. 0: nothing changed. -errno:
 * refused, `error` tells; all errors went to the log. */
int reload_begin(struct reload *reload, struct live *live, int *ret_fd, char *error, size_t size);

/* The engine took them, or those before stay. */
void reload_end(struct reload *reload, struct live *live, bool is_taken);

/* What the kernel side must send for a set, its base included. */
uint64_t reload_wanted(const struct rule_set *set);

/* The live view wants these types, too; 0: no longer. */
void reload_set_watched(struct reload *reload, struct live *live, uint64_t types, uint64_t plain_types);

/* Names that the kernel side is to watch for: add those of `set`. */
int reload_watch_names(struct live *live, const struct rule_set *set);

#endif
