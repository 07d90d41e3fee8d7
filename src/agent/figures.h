/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine tells of itself on its status page, gathered once a second.
 * Alerts are counted as they come; all else is asked of who counts it anyway. */
#ifndef BW_AGENT_FIGURES_H
#define BW_AGENT_FIGURES_H

#include "agent/asks.h"
#include "agent/incident.h"
#include "agent/ledger.h"
#include "agent/resolve.h"
#include "agent/status.h"
#include "rule/rule.h"

/* Whom to ask; all borrowed, none NULL. */
struct figures_sources {
	struct ledger *ledger;
	const struct enrich *enrich;
	const struct incidents *incidents;
	const struct asks *asks;
	const struct resolver *resolver;
};

/* By the rule's id: where in status.rules it is, plus one; 0: free. */
#define FIGURES_SLOTS (STATUS_RULES_MAX * 2)

struct figures {
	struct status_page *page; /* NULL: nobody reads */
	uint64_t n_losses;
	uint16_t slots[FIGURES_SLOTS];
	struct status_engine status;
};

/* `page_fd`: of a STATUS_OF_ENGINE page, borrowed, or -1. 0 or -errno. */
int figures_init(struct figures *ret, int page_fd);
void figures_release(struct figures *figures);

/* These rules judge from now on. What others counted stays. */
void figures_take_rules(struct figures *figures, const struct rule_set *set, uint64_t wall_ns);

/* An alert was handed on, `latency_ns` after its event. */
void figures_count_alert(struct figures *figures, const struct rule *rule, uint64_t latency_ns);

/* Gather and publish. `state` is that of the rules that judge now. */
void figures_publish(struct figures *figures, const struct figures_sources *from,
		     const struct rule_state *state);

#endif
