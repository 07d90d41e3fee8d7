/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that judge, in the engine: a set and what is remembered for it. They
 * are changed as a whole between two records, or not at all. */
#ifndef BW_AGENT_RULEBOOK_H
#define BW_AGENT_RULEBOOK_H

#include "rule/rule.h"

struct rulebook {
	const struct rule_set *set;
	struct rule_set *own; /* what `set` is once it was changed; NULL: the one it began with */
	struct rule_state *state;
};

/* `set` is borrowed and must outlive the book. */
int rulebook_init(struct rulebook *ret, const struct rule_set *set);
void rulebook_release(struct rulebook *book);

/* Change to the rules in the file `fd`, as rule_set_load_bundle() takes them.
 * What is remembered of rules that are the same in both goes on; the set before
 * is freed. On failure all stays as it is and *reterr tells. */
int rulebook_replace(struct rulebook *book, int fd, const struct rule_load *load,
		     struct parse_error *reterr);

#endif
