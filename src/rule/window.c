/* SPDX-License-Identifier: Apache-2.0 */
/* What a set of rules remembers between events: how often something happened
 * within a while, and what was told a moment ago. Time is the events' own.
 * Everything is allocated at load and bounded; who has been quiet for longest
 * is forgotten first, and counted. */
#include "rule/keep.h"

#define MARKS_MAX (1u << 17) /* events that all windows of one rule hold */
#define WINDOWS_MIN 64u	     /* keys of one rule, however high its count */
#define WINDOWS_MAX 2048u
#define QUIETS_MAX 16384u /* keys of all rules that are being folded */

static void make_key(const struct table *table, const struct key *by, uint64_t first,
		     const struct reader *reader, struct value *tmp, uint64_t ret[2])
{
	ret[0] = ret[1] = first;
	for (size_t i = 0; i < by->n_by; i++)
		(void)key_mix_field(table, ret, reader, by->by[i], tmp); /* missing is a key too */
}

/* --- thresholds --------------------------------------------------------- */

struct mark {
	uint64_t time_ns;
	uint64_t value; /* hash of the value that is told apart */
};

/* Marks in the order of their time, for records of several processors arrive
 * slightly out of it. At most count - 1 between two events. */
struct window {
	struct entry entry;
	struct mark *marks;
	uint32_t n;
};

struct tracker {
	struct memory memory;
	struct mark *marks; /* `count` for each window */
	uint64_t n_evicted;
};

int tracker_new(const struct rule *rule, struct tracker **ret)
{
	size_t n_max = MARKS_MAX / rule->threshold.count;
	struct tracker *tracker;
	int r;

	n_max = n_max > WINDOWS_MAX ? WINDOWS_MAX : n_max < WINDOWS_MIN ? WINDOWS_MIN : n_max;
	tracker = calloc(1, sizeof(*tracker));
	if (!tracker)
		return -ENOMEM;
	tracker->marks = calloc(n_max * rule->threshold.count, sizeof(*tracker->marks));
	r = memory_init(&tracker->memory, sizeof(struct window), n_max);
	if (r < 0 || !tracker->marks) {
		tracker_free(tracker);
		return -ENOMEM;
	}
	*ret = tracker;
	return 0;
}

void tracker_free(struct tracker *tracker)
{
	if (!tracker)
		return;
	memory_release(&tracker->memory);
	free(tracker->marks);
	free(tracker);
}

uint64_t tracker_evicted(const struct tracker *tracker)
{
	return tracker->n_evicted;
}

static struct window *find_window(struct tracker *tracker, const struct threshold *threshold,
				  const uint64_t key[2])
{
	struct entry *entry = memory_find(&tracker->memory, key);
	struct window *window;
	bool evicted;

	if (entry)
		return (struct window *)entry;
	window = (struct window *)memory_take(&tracker->memory, key, &evicted);
	tracker->n_evicted += evicted && window->n > 0;
	if (!window->marks) {
		size_t i = (size_t)((char *)window - tracker->memory.entries) / sizeof(*window);

		window->marks = tracker->marks + i * threshold->count;
	}
	window->n = 0;
	return window;
}

static void remove_mark(struct window *window, uint32_t i)
{
	window->n--;
	memmove(window->marks + i, window->marks + i + 1, (window->n - i) * sizeof(*window->marks));
}

static void insert_mark(struct window *window, struct mark mark)
{
	uint32_t i = window->n;

	while (i > 0 && window->marks[i - 1].time_ns > mark.time_ns)
		i--;
	memmove(window->marks + i + 1, window->marks + i, (window->n - i) * sizeof(*window->marks));
	window->marks[i] = mark;
	window->n++;
}

/* A value that is there already is as young as its last sight. False: it was
 * seen later than that. */
static bool renew_value(struct window *window, struct mark mark)
{
	for (uint32_t i = 0; i < window->n; i++) {
		if (window->marks[i].value != mark.value)
			continue;
		if (window->marks[i].time_ns > mark.time_ns)
			return false;
		remove_mark(window, i);
		return true;
	}
	return true;
}

/* Too old to be within one window with the youngest. */
static void drop_old(struct window *window, uint64_t within_ns)
{
	uint64_t youngest = window->marks[window->n - 1].time_ns;
	uint32_t n = 0;

	while (youngest - window->marks[n].time_ns > within_ns)
		n++;
	window->n -= n;
	memmove(window->marks, window->marks + n, window->n * sizeof(*window->marks));
}

bool tracker_count(struct tracker *tracker, const struct rule *rule, const struct reader *reader,
		   uint64_t time_ns, struct value *tmp)
{
	const struct threshold *threshold = &rule->threshold;
	const struct table *table = &tracker->memory.table;
	struct mark mark = { .time_ns = time_ns };
	uint64_t key[2], value[2] = { 0, 0 };
	struct window *window;

	if (threshold->distinct && !key_mix_field(table, value, reader, threshold->distinct, tmp))
		return false;
	mark.value = value[0];
	make_key(table, &threshold->key, 0, reader, tmp, key);
	window = find_window(tracker, threshold, key);
	if (threshold->distinct && !renew_value(window, mark))
		return false;
	insert_mark(window, mark);
	drop_old(window, threshold->within_ns);
	if (window->n < threshold->count)
		return false;
	window->n = 0;
	return true;
}

/* --- suppression -------------------------------------------------------- */

struct quiet {
	struct entry entry;
	uint64_t since_ns; /* time of the alert that was told */
	uint64_t n_folded; /* equals since then */
};

struct rule_state {
	const struct rule_set *set;
	struct tracker **trackers;     /* NULL for rules without a threshold */
	struct sequencer **sequencers; /* NULL for rules without a sequence */
	struct memory *quiets;
	struct rule_stats stats;
	struct value tmp;
};

int rule_state_new(const struct rule_set *set, struct rule_state **ret)
{
	struct rule_state *state = calloc(1, sizeof(*state));
	int r;

	if (!state)
		return -ENOMEM;
	state->set = set;
	state->quiets = calloc(1, sizeof(*state->quiets));
	r = state->quiets ? memory_init(state->quiets, sizeof(struct quiet), QUIETS_MAX) : -ENOMEM;
	state->trackers = calloc(set->n_rules + 1, sizeof(struct tracker *));
	state->sequencers = calloc(set->n_rules + 1, sizeof(struct sequencer *));
	if (!state->trackers || !state->sequencers)
		r = -ENOMEM;
	for (size_t i = 0; i < set->n_rules && r == 0; i++) {
		if (set->rules[i]->threshold.count > 0)
			r = tracker_new(set->rules[i], &state->trackers[i]);
		if (r == 0 && set->rules[i]->sequence.n_steps > 0)
			r = sequencer_new(set->rules[i], &state->sequencers[i]);
	}
	if (r < 0) {
		rule_state_free(state);
		return r;
	}
	*ret = state;
	return 0;
}

void rule_state_free(struct rule_state *state)
{
	if (!state)
		return;
	for (size_t i = 0; state->trackers && i < state->set->n_rules; i++)
		tracker_free(state->trackers[i]);
	for (size_t i = 0; state->sequencers && i < state->set->n_rules; i++)
		sequencer_free(state->sequencers[i]);
	free(state->trackers);
	free(state->sequencers);
	if (state->quiets)
		memory_release(state->quiets);
	free(state->quiets);
	free(state);
}

static const struct rule *find_same(const struct rule_set *set, const struct rule *rule)
{
	for (size_t i = 0; i < set->n_rules; i++) {
		if (set->rules[i]->digest == rule->digest &&
		    strcmp(set->rules[i]->id, rule->id) == 0)
			return set->rules[i];
	}
	return NULL;
}

/* Keys of what is folded bear the rule's digest: those of rules that are gone
 * are never asked for again and go first. */
size_t rule_state_inherit(struct rule_state *state, struct rule_state *from)
{
	struct memory *quiets = state->quiets;
	size_t n_same = 0;

	state->quiets = from->quiets;
	from->quiets = quiets;
	state->stats = from->stats;
	for (size_t i = 0; i < state->set->n_rules; i++) {
		const struct rule *same = find_same(from->set, state->set->rules[i]);

		if (!same)
			continue;
		n_same++;
		tracker_free(state->trackers[i]);
		sequencer_free(state->sequencers[i]);
		state->trackers[i] = take_ptr(from->trackers[same->number]);
		state->sequencers[i] = take_ptr(from->sequencers[same->number]);
	}
	/* What those that stay behind forgot is not forgotten. */
	for (size_t i = 0; i < from->set->n_rules; i++) {
		if (from->trackers[i])
			state->stats.n_windows_evicted += tracker_evicted(from->trackers[i]);
		if (from->sequencers[i])
			state->stats.n_chains_evicted += sequencer_evicted(from->sequencers[i]);
	}
	return n_same;
}

/* True: told a moment ago, and counted. */
static bool fold(struct rule_state *state, const struct rule *rule, const struct reader *reader,
		 uint64_t time_ns, uint64_t *ret_folded)
{
	struct memory *quiets = state->quiets;
	struct quiet *quiet;
	uint64_t key[2];
	bool evicted;

	make_key(&quiets->table, &rule->suppress_key, rule->digest, reader, &state->tmp, key);
	quiet = (struct quiet *)memory_find(quiets, key);
	if (!quiet) {
		quiet = (struct quiet *)memory_take(quiets, key, &evicted);
		state->stats.n_folds_evicted += evicted;
	} else if (time_ns < quiet->since_ns || time_ns - quiet->since_ns < rule->suppress_ns) {
		quiet->n_folded++;
		state->stats.n_folded++;
		return true;
	} else {
		*ret_folded = quiet->n_folded;
	}
	quiet->since_ns = time_ns;
	quiet->n_folded = 0;
	return false;
}

bool state_note(struct rule_state *state, const struct rule *rule, const struct act *act,
		uint64_t *ret_folded)
{
	struct sequencer *sequencer = state->sequencers[rule->number];
	struct tracker *tracker = state->trackers[rule->number];

	*ret_folded = 0;
	if (sequencer && !sequencer_note(sequencer, rule, act, &state->tmp))
		return false;
	if (tracker && !tracker_count(tracker, rule, act->keys, act->time_ns, &state->tmp))
		return false;
	return rule->suppress_ns == 0 || !fold(state, rule, act->keys, act->time_ns, ret_folded);
}

size_t rule_state_steps(const struct rule_state *state, const struct rule *rule,
			struct rule_step ret[SEQUENCE_STEPS_MAX])
{
	const struct sequencer *sequencer = state->sequencers[rule->number];

	return sequencer ? sequencer_told(sequencer, rule, ret) : 0;
}

void rule_state_get_stats(const struct rule_state *state, struct rule_stats *ret)
{
	*ret = state->stats;
	for (size_t i = 0; i < state->set->n_rules; i++) {
		if (state->trackers[i])
			ret->n_windows_evicted += tracker_evicted(state->trackers[i]);
		if (state->sequencers[i])
			ret->n_chains_evicted += sequencer_evicted(state->sequencers[i]);
	}
}
