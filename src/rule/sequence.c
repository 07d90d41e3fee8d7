/* SPDX-License-Identifier: Apache-2.0 */
/* Ordered steps within a while, joined by who or what they concern.
 *
 * For each key and each number of steps the way to them that began last is kept:
 * if any way can still be completed in time, that one can. So a flood of first
 * steps costs no memory and hides nothing.
 *
 * Records of several processors arrive slightly out of order. Those of the last
 * SKEW_NS wait in a log, sorted by time, before they become part of what is
 * kept; whether the steps are complete is asked at once, of both together. */
#include "rule/keep.h"

#define SKEW_NS 1000000000ull
#define LOG_MAX 32u	      /* records in the log: beyond that the oldest settles early */
#define BRIEFS_MAX (1u << 15) /* events that all keys of one rule keep */
#define CHAINS_MAX 2048u      /* keys of one rule */
#define LINE_MAX (EVENT_ANCESTORS_MAX + 1)

/* What the alert tells of a step. */
struct brief {
	uint64_t time_ns, wall_ns;
	uint32_t pid;
	uint8_t name_len;
	char name[16];
};

/* An event that is one step or another: keys[0] is its own, the rest are those
 * of its ancestors, whose trees it belongs to without being their root. */
struct sighting {
	struct brief brief;
	uint32_t steps; /* bit i: it is step i */
	uint32_t n_keys;
	uint64_t keys[LINE_MAX][2];
};

struct chain {
	struct entry entry;
	uint32_t known; /* bit i: there is a way through steps 0 to i */
};

/* The ways of one key: that through steps 0 to i has i + 1 briefs and begins
 * after those of the shorter ones. */
struct ways {
	uint32_t known;
	struct brief *briefs;
};

struct sequencer {
	struct memory memory;
	struct brief *briefs; /* n_briefs for each chain, then as many to try on */
	size_t n_briefs;
	struct sighting log[LOG_MAX];
	uint32_t n_log;
	struct brief told[SEQUENCE_STEPS_MAX]; /* of the last that was complete */
	uint16_t pid, name, container, target, dev, ino, ppid;
	uint64_t n_evicted;
};

static uint16_t field_index(const char *name)
{
	return (uint16_t)(field_find(slice_from(name)) - field_table);
}

int sequencer_new(const struct rule *rule, struct sequencer **ret)
{
	size_t n = rule->sequence.n_steps, n_briefs = n * (n - 1) / 2, n_max;
	struct sequencer *sequencer = calloc(1, sizeof(*sequencer));
	int r;

	if (!sequencer)
		return -ENOMEM;
	n_max = BRIEFS_MAX / n_briefs > CHAINS_MAX ? CHAINS_MAX : BRIEFS_MAX / n_briefs;
	sequencer->n_briefs = n_briefs;
	sequencer->briefs = calloc((n_max + 1) * n_briefs, sizeof(*sequencer->briefs));
	r = memory_init(&sequencer->memory, sizeof(struct chain), n_max);
	if (r < 0 || !sequencer->briefs) {
		sequencer_free(sequencer);
		return -ENOMEM;
	}
	sequencer->pid = field_index("proc.pid");
	sequencer->ppid = field_index("proc.ppid");
	sequencer->name = field_index("proc.name");
	sequencer->container = field_index("container.id");
	sequencer->target = field_index("target.container");
	sequencer->dev = field_index("file.dev");
	sequencer->ino = field_index("file.ino");
	*ret = sequencer;
	return 0;
}

void sequencer_free(struct sequencer *sequencer)
{
	if (!sequencer)
		return;
	memory_release(&sequencer->memory);
	free(sequencer->briefs);
	free(sequencer);
}

uint64_t sequencer_evicted(const struct sequencer *sequencer)
{
	return sequencer->n_evicted;
}

size_t sequencer_told(const struct sequencer *sequencer, const struct rule *rule,
		      struct rule_step ret[SEQUENCE_STEPS_MAX])
{
	for (uint32_t i = 0; i < rule->sequence.n_steps; i++) {
		const struct brief *brief = &sequencer->told[i];

		ret[i] = (struct rule_step){
			.name = rule->sequence.steps[i].name,
			.wall_ns = brief->wall_ns,
			.pid = brief->pid,
			.proc_name = { brief->name, brief->name_len },
		};
	}
	return rule->sequence.n_steps;
}

/* --- ways --------------------------------------------------------------- */

static struct brief *way_to(const struct ways *ways, uint32_t step)
{
	return ways->briefs + (size_t)step * (step + 1) / 2;
}

static void begin_way(struct ways *ways, const struct brief *brief)
{
	if (ways->known & 1 && ways->briefs[0].time_ns > brief->time_ns)
		return;
	ways->briefs[0] = *brief;
	ways->known |= 1;
}

/* Does the way to the step before lead here in time? */
static bool leads_to(const struct ways *ways, uint32_t step, const struct brief *brief,
		     uint64_t within_ns)
{
	const struct brief *way = way_to(ways, step - 1);

	return ways->known & 1u << (step - 1) && way[step - 1].time_ns <= brief->time_ns &&
	       brief->time_ns - way[0].time_ns <= within_ns;
}

/* One more event, being the steps of `steps`. The last step first, so that no
 * event is two of them. True: all are done, told in `told`. */
static bool walk(struct ways *ways, const struct sequence *sequence, uint32_t steps,
		 const struct brief *brief, struct brief *told)
{
	for (uint32_t i = sequence->n_steps - 1; i > 0; i--) {
		const struct brief *before = way_to(ways, i - 1);
		struct brief *way = way_to(ways, i);

		if (!(steps & 1u << i) || !leads_to(ways, i, brief, sequence->within_ns))
			continue;
		if (i == sequence->n_steps - 1) {
			memcpy(told, before, i * sizeof(*told));
			told[i] = *brief;
			return true;
		}
		/* One that began as late was here earlier. */
		if (ways->known & 1u << i && way[0].time_ns >= before[0].time_ns)
			continue;
		memcpy(way, before, i * sizeof(*way));
		way[i] = *brief;
		ways->known |= 1u << i;
	}
	if (steps & 1)
		begin_way(ways, brief);
	return false;
}

/* --- the log ------------------------------------------------------------ */

static bool same_key(const uint64_t a[2], const uint64_t b[2])
{
	return a[0] == b[0] && a[1] == b[1];
}

/* The steps that it is for this key: a tree begins with its root only. */
static uint32_t steps_for(const struct sighting *sighting, const uint64_t key[2])
{
	for (uint32_t i = 0; i < sighting->n_keys; i++) {
		if (same_key(sighting->keys[i], key))
			return i == 0 ? sighting->steps : sighting->steps & ~1u;
	}
	return 0;
}

static struct brief *briefs_of(const struct sequencer *sequencer, const struct chain *chain)
{
	size_t i = (size_t)((const char *)chain - sequencer->memory.entries) / sizeof(*chain);

	return sequencer->briefs + (i + 1) * sequencer->n_briefs;
}

/* A first step needs a chain; all others only concern those that are there. */
static struct chain *find_chain(struct sequencer *sequencer, const uint64_t key[2], uint32_t steps)
{
	struct chain *chain = (struct chain *)memory_find(&sequencer->memory, key);
	bool evicted;

	if (chain || !(steps & 1))
		return chain;
	chain = (struct chain *)memory_take(&sequencer->memory, key, &evicted);
	sequencer->n_evicted += evicted && chain->known;
	chain->known = 0;
	return chain;
}

static void remove_sighting(struct sequencer *sequencer, uint32_t i)
{
	sequencer->n_log--;
	memmove(sequencer->log + i, sequencer->log + i + 1,
		(sequencer->n_log - i) * sizeof(*sequencer->log));
}

/* The oldest becomes part of what is kept. Nothing is completed by that: it was
 * asked when the last of its events came. */
static void settle(struct sequencer *sequencer, const struct sequence *sequence)
{
	const struct sighting *sighting = &sequencer->log[0];

	for (uint32_t i = 0; i < sighting->n_keys; i++) {
		uint32_t steps = steps_for(sighting, sighting->keys[i]);
		struct chain *chain = find_chain(sequencer, sighting->keys[i], steps);
		struct brief told[SEQUENCE_STEPS_MAX];
		struct ways ways;

		if (!chain)
			continue;
		ways = (struct ways){ chain->known, briefs_of(sequencer, chain) };
		(void)walk(&ways, sequence, steps, &sighting->brief, told);
		chain->known = ways.known;
	}
	remove_sighting(sequencer, 0);
}

static void add_sighting(struct sequencer *sequencer, const struct sequence *sequence,
			 const struct sighting *sighting)
{
	uint64_t youngest = sighting->brief.time_ns;
	uint32_t i;

	if (sequencer->n_log > 0 && sequencer->log[sequencer->n_log - 1].brief.time_ns > youngest)
		youngest = sequencer->log[sequencer->n_log - 1].brief.time_ns;
	while (sequencer->n_log > 0 &&
	       (sequencer->n_log == LOG_MAX || youngest - sequencer->log[0].brief.time_ns > SKEW_NS))
		settle(sequencer, sequence);
	i = sequencer->n_log++;
	for (; i > 0 && sequencer->log[i - 1].brief.time_ns > sighting->brief.time_ns; i--)
		sequencer->log[i] = sequencer->log[i - 1];
	sequencer->log[i] = *sighting;
}

/* Are the steps of this key complete, with what is in the log? */
static bool is_complete(struct sequencer *sequencer, const struct sequence *sequence,
			const uint64_t key[2], struct brief *told)
{
	const struct chain *chain = (struct chain *)memory_find(&sequencer->memory, key);
	struct ways trial = { chain ? chain->known : 0, sequencer->briefs };

	if (trial.known)
		memcpy(trial.briefs, briefs_of(sequencer, chain),
		       sequencer->n_briefs * sizeof(*trial.briefs));
	for (uint32_t i = 0; i < sequencer->n_log; i++) {
		uint32_t steps = steps_for(&sequencer->log[i], key);

		if (steps && walk(&trial, sequence, steps, &sequencer->log[i].brief, told))
			return true;
	}
	return false;
}

static void forget(struct sequencer *sequencer, const uint64_t key[2])
{
	struct chain *chain = (struct chain *)memory_find(&sequencer->memory, key);

	if (chain)
		chain->known = 0;
	for (uint32_t i = sequencer->n_log; i > 0; i--) {
		if (steps_for(&sequencer->log[i - 1], key))
			remove_sighting(sequencer, i - 1);
	}
}

/* --- events to sightings ------------------------------------------------ */

/* A container by its name in a field: a made-up event has no other. */
static bool mix_container(const struct table *table, uint64_t key[2], const struct act *act,
			  uint16_t field, struct value *tmp)
{
	uint64_t fresh[2] = { 1, 1 };

	if (!key_mix_field(table, fresh, act->keys, &field_table[field], tmp) ||
	    (tmp->type == VALUE_STRING && slice_eq(tmp->str, SLICE_LITERAL("host"))))
		return false;
	key[0] = fresh[0];
	key[1] = fresh[1];
	return true;
}

/* Whose story is it? The subject's, or of a host's process that of the container
 * which it is linked to: as incidents are made. */
static bool mix_incident(const struct sequencer *sequencer, uint64_t key[2], const struct act *act,
			 struct value *tmp)
{
	const struct table *table = &sequencer->memory.table;

	if (!act->ev)
		return mix_container(table, key, act, sequencer->container, tmp) ||
		       mix_container(table, key, act, sequencer->target, tmp);
	key_mix(table, key,
		act->ev->hdr.container ? act->ev->hdr.container : act->ev->hdr.target_container);
	return act->ev->hdr.container || act->ev->hdr.target_container;
}

/* An inode that is used again has another generation. */
static bool mix_file(const struct sequencer *sequencer, uint64_t key[2], const struct act *act,
		     struct value *tmp)
{
	const struct table *table = &sequencer->memory.table;

	if (act->ev && act->ev->file)
		key_mix(table, key, act->ev->file->generation);
	(void)key_mix_field(table, key, act->keys, &field_table[sequencer->dev], tmp);
	return key_mix_field(table, key, act->keys, &field_table[sequencer->ino], tmp);
}

static bool mix_fields(const struct sequencer *sequencer, uint64_t key[2], const struct key *by,
		       const struct act *act, struct value *tmp)
{
	for (size_t i = 0; i < by->n_by; i++) {
		if (!key_mix_field(&sequencer->memory.table, key, act->keys, by->by[i], tmp))
			return false;
	}
	return true;
}

static void add_process(struct sequencer *sequencer, struct sighting *sighting, uint64_t pid,
			uint64_t start_ns)
{
	uint64_t *key = sighting->keys[sighting->n_keys++];

	key[0] = key[1] = 0;
	key_mix(&sequencer->memory.table, key, pid);
	key_mix(&sequencer->memory.table, key, start_ns);
}

/* A process stays the same when it executes another program. */
static void add_real_line(struct sequencer *sequencer, struct sighting *sighting,
			  const struct event *ev)
{
	add_process(sequencer, sighting, ev->hdr.proc.tgid, ev->hdr.proc.start_ns);
	for (unsigned int i = 0; i < ev->n_ancestors && i < EVENT_ANCESTORS_MAX; i++)
		add_process(sequencer, sighting, ev->ancestors[i]->id.tgid,
			    ev->ancestors[i]->id.start_ns);
}

static void add_made_line(struct sequencer *sequencer, struct sighting *sighting,
			  const struct act *act, struct value *tmp)
{
	if (act->keys->get(act->keys, sequencer->pid, tmp) < 0)
		return;
	add_process(sequencer, sighting, (uint64_t)tmp->num, 0);
	for (size_t i = 0; i < act->made->n_ancestors; i++)
		add_process(sequencer, sighting, act->made->ancestors[i], 0);
	if (act->made->n_ancestors == 0 && act->keys->get(act->keys, sequencer->ppid, tmp) == 0)
		add_process(sequencer, sighting, (uint64_t)tmp->num, 0);
}

/* None: it has nothing by which it could be joined with others. */
static void add_keys(struct sequencer *sequencer, const struct sequence *sequence,
		     const struct act *act, struct sighting *sighting, struct value *tmp)
{
	const struct table *table = &sequencer->memory.table;
	uint64_t *key = sighting->keys[0];
	bool is_joined = false;

	key[0] = key[1] = 0;
	switch (sequence->join) {
	case JOIN_TREE:
		if (act->ev)
			add_real_line(sequencer, sighting, act->ev);
		else
			add_made_line(sequencer, sighting, act, tmp);
		return;
	case JOIN_CONTAINER:
		is_joined = mix_container(table, key, act, sequencer->container, tmp);
		break;
	case JOIN_FILE: is_joined = mix_file(sequencer, key, act, tmp); break;
	case JOIN_INCIDENT: is_joined = mix_incident(sequencer, key, act, tmp); break;
	case JOIN_FIELDS: is_joined = mix_fields(sequencer, key, &sequence->key, act, tmp); break;
	}
	sighting->n_keys = is_joined;
}

static void fill_brief(const struct sequencer *sequencer, const struct act *act,
		       struct brief *brief, struct value *tmp)
{
	*brief = (struct brief){ .time_ns = act->time_ns, .wall_ns = act->wall_ns };
	if (act->fields->get(act->fields, sequencer->pid, tmp) == 0)
		brief->pid = (uint32_t)tmp->num;
	if (act->fields->get(act->fields, sequencer->name, tmp) < 0 || tmp->str.len == 0)
		return;
	brief->name_len = (uint8_t)(tmp->str.len < sizeof(brief->name) ? tmp->str.len :
									 sizeof(brief->name));
	memcpy(brief->name, tmp->str.data, brief->name_len);
}

static bool see(struct sequencer *sequencer, const struct sequence *sequence,
		const struct act *act, struct sighting *ret, struct value *tmp)
{
	ret->steps = ret->n_keys = 0;
	for (uint32_t i = 0; i < sequence->n_steps; i++) {
		if (program_run(&sequence->steps[i].condition, act->fields, tmp) == TRUTH_TRUE)
			ret->steps |= 1u << i;
	}
	if (ret->steps)
		add_keys(sequencer, sequence, act, ret, tmp);
	if (ret->n_keys)
		fill_brief(sequencer, act, &ret->brief, tmp);
	return ret->n_keys > 0;
}

/* An event of several trees may complete several: that of the nearest root is
 * told, and all of them begin anew. */
bool sequencer_note(struct sequencer *sequencer, const struct rule *rule, const struct act *act,
		    struct value *tmp)
{
	const struct sequence *sequence = &rule->sequence;
	struct brief told[SEQUENCE_STEPS_MAX];
	struct sighting sighting;
	uint32_t done = 0;

	if (!see(sequencer, sequence, act, &sighting, tmp))
		return false;
	add_sighting(sequencer, sequence, &sighting);
	for (uint32_t i = 0; i < sighting.n_keys; i++) {
		if (!is_complete(sequencer, sequence, sighting.keys[i], told))
			continue;
		if (!done)
			memcpy(sequencer->told, told, sequence->n_steps * sizeof(*told));
		done |= 1u << i;
	}
	for (uint32_t i = 0; i < sighting.n_keys; i++) {
		if (done & 1u << i)
			forget(sequencer, sighting.keys[i]);
	}
	return done != 0;
}
