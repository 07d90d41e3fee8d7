// SPDX-License-Identifier: Apache-2.0
#include "agent/figures.h"

#include <stdio.h>

#include "sink/sink.h"

int figures_init(struct figures *ret, int page_fd)
{
	memset(ret, 0, sizeof(*ret));
	ret->status.start_ns = status_now();
	return page_fd < 0 ? 0 : status_page_write(page_fd, STATUS_OF_ENGINE, &ret->page);
}

void figures_release(struct figures *figures)
{
	status_page_release(take_ptr(figures->page));
}

/* FNV-1a: ids are short, and chosen by who writes the rules. */
static size_t slot_of(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3ull;
	return (size_t)(hash >> 40) % FIGURES_SLOTS;
}

/* NULL: there is no room to count it apart. */
static struct status_rule *find_rule(struct figures *figures, const char *id)
{
	struct status_engine *status = &figures->status;
	size_t i = slot_of(id);

	if (strlen(id) >= STATUS_RULE_ID_MAX)
		return NULL;
	for (; figures->slots[i]; i = (i + 1) % FIGURES_SLOTS)
		if (!strcmp(status->rules[figures->slots[i] - 1].id, id))
			return &status->rules[figures->slots[i] - 1];
	if (status->n_rules == STATUS_RULES_MAX)
		return NULL;
	memcpy(status->rules[status->n_rules].id, id, strlen(id) + 1);
	figures->slots[i] = (uint16_t)++status->n_rules;
	return &status->rules[status->n_rules - 1];
}

void figures_take_rules(struct figures *figures, const struct rule_set *set, uint64_t wall_ns)
{
	struct status_engine *status = &figures->status;

	for (size_t i = 0; i < rule_set_len(set); i++) {
		const struct rule *rule = rule_set_at(set, i);
		struct status_rule *counted = find_rule(figures, rule_id(rule));

		if (counted)
			counted->priority = rule_priority(rule);
	}
	status->rules_loaded = rule_set_len(set);
	status->rules_wall_ns = wall_ns;
	snprintf(status->rules_hash, sizeof(status->rules_hash), "%s", rule_set_hash(set));
}

void figures_count_alert(struct figures *figures, const struct rule *rule, uint64_t latency_ns)
{
	struct status_engine *status = &figures->status;
	struct status_rule *counted = find_rule(figures, rule_id(rule));
	size_t i = 0;

	status->alerts++;
	if (counted)
		counted->alerts++;
	else
		status->alerts_other++;
	while (i < STATUS_LATENCIES && (double)latency_ns > status_latency_bounds[i] * 1e9)
		i++;
	status->latencies[i]++;
	status->latency_sum_ns += latency_ns;
}

/* ---- gathering */

static void gather_tables(struct status_engine *status, const struct figures_sources *from,
			  const struct rule_state *state)
{
	struct incident_stats incidents;
	struct enrich_stats enrich;
	struct rule_stats rules;

	enrich_get_stats(from->enrich, &enrich);
	incidents_get_stats(from->incidents, &incidents);
	rule_state_get_stats(state, &rules);
	status->entries[STATUS_PROCESSES] = enrich.procs;
	status->entries[STATUS_CONTAINERS] = enrich.containers;
	status->evictions[STATUS_PROCESSES] = enrich.procs_evicted;
	status->evictions[STATUS_CONTAINERS] = enrich.containers_evicted;
	status->evictions[STATUS_STRINGS] = enrich.strings_cut;
	status->evictions[STATUS_INCIDENTS] = incidents.n_evicted;
	status->evictions[STATUS_FOLDS] = rules.n_folds_evicted;
	status->evictions[STATUS_THRESHOLDS] = rules.n_windows_evicted;
	status->evictions[STATUS_SEQUENCES] = rules.n_chains_evicted;
	status->incidents = incidents.n_begun;
	status->alerts_folded = rules.n_folded;
}

static int by_records(const void *a, const void *b)
{
	const struct ledger_container *const *first = a, *const *second = b;
	uint64_t x = ledger_suppressed(*first), y = ledger_suppressed(*second);

	if (x == y) {
		x = (*first)->received;
		y = (*second)->received;
	}
	return x < y ? 1 : x > y ? -1 : 0;
}

static void gather_containers(struct status_engine *status, const struct figures_sources *from)
{
	const struct ledger_container *all[LEDGER_CONTAINERS_MAX];
	uint64_t suppressed = 0;
	size_t n = 0;

	for (unsigned int ring = 0; ring < RING_MAX; ring++)
		for (unsigned int type = 0; type < EVENT_TYPE_MAX; type++)
			suppressed += status->books[ring][type].suppressed;
	status->suppressed_containers = 0;
	status->received_host = from->ledger->received_host;
	status->received_other = from->ledger->received_other;
	for (size_t i = 0; i < LEDGER_CONTAINERS_MAX; i++) {
		const struct ledger_container *slot = &from->ledger->containers[i];

		if (!slot->container)
			continue;
		status->suppressed_containers += ledger_suppressed(slot) > 0;
		all[n++] = slot;
	}
	qsort(all, n, sizeof(all[0]), by_records);
	status->n_containers = n < STATUS_CONTAINERS_MAX ? n : STATUS_CONTAINERS_MAX;
	for (size_t i = status->n_containers; i < n; i++)
		status->received_other += all[i]->received;
	for (size_t i = 0; i < status->n_containers; i++) {
		struct status_container *container = &status->containers[i];
		const struct container_view *view = enrich_find_container(from->enrich, all[i]->container);

		*container = (struct status_container){ .key = all[i]->container,
							.received = all[i]->received,
							.suppressed = ledger_suppressed(all[i]) };
		suppressed -= container->suppressed < suppressed ? container->suppressed : suppressed;
		if (!view)
			continue;
		encode_text(view->id, container->id, sizeof(container->id));
		encode_text(view->name, container->name, sizeof(container->name));
	}
	status->suppressed_other = suppressed;
}

void figures_publish(struct figures *figures, const struct figures_sources *from,
		     const struct rule_state *state)
{
	struct status_engine *status = &figures->status;
	const struct ledger *ledger = from->ledger;
	const struct resolver *resolver = from->resolver;
	uint64_t answered = resolver->n_asked - resolver->n_late;

	if (!figures->page)
		return;
	status->written_ns = status_now();
	memcpy(status->books, ledger->books, sizeof(status->books));
	memcpy(status->counters, ledger->counters, sizeof(status->counters));
	status->received = ledger->received;
	status->malformed = ledger->malformed;
	status->gaps = ledger->gaps;
	status->unexplained = ledger->told_gaps;
	status->missed_runs = ledger->missed_runs;
	if (ledger->n_losses != figures->n_losses)
		status->lost_ns = status->written_ns;
	figures->n_losses = ledger->n_losses;
	status->enriched[ENRICHED_OK] = from->asks->n_ok;
	status->enriched[ENRICHED_LATE] = from->asks->n_late;
	status->enriched[ENRICHED_MISSING] = from->asks->n_missing;
	status->refused[REFUSED_FOUND] = resolver->n_found;
	status->refused[REFUSED_NOT_FOUND] = answered > resolver->n_found ? answered - resolver->n_found : 0;
	status->refused[REFUSED_LATE] = resolver->n_late;
	status->refused[REFUSED_SKIPPED] = resolver->n_skipped;
	gather_tables(status, from, state);
	gather_containers(status, from);
	status_publish(figures->page, status);
}
