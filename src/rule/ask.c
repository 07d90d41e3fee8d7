/* SPDX-License-Identifier: Apache-2.0 */
/* One event and all rules: what was asked once is remembered until the next. */
#include "rule/index.h"
#include "rule/run.h"

/* `now` has 30 bits beside a truth; then all marks are forgotten. */
#define NOW_MAX ((1u << 30) - 1)

static void begin_event(struct index *index, const struct reader *reader)
{
	index->reader = reader;
	if (index->now++ < NOW_MAX)
		return;
	memset(index->marks, 0, index->n_tests * sizeof(*index->marks));
	for (uint32_t i = 0; i < index->n_slots; i++)
		index->slots[i].read = 0;
	for (uint32_t i = 0; i < index->n_groups; i++)
		index->groups[i].asked = 0;
	index->now = 1;
}

/* The value of a field; NULL: it has none. */
static const struct value *read_slot(struct index *index, uint16_t number)
{
	struct slot *slot = &index->slots[number];
	struct value *value = &index->values[number];
	int r;

	if (slot->read >> 1 != index->now) {
		r = index->reader->get(index->reader, slot->field, value);
		if (r == 0 && slot->item >= 0)
			r = value_take_item(value, slot->item);
		slot->read = index->now << 1 | (r < 0);
	}
	return slot->read & 1 ? NULL : value;
}

/* A pattern of a group was found: its tests are true, or likely to be. */
static void hit_pattern(struct index *index, struct group *group, uint32_t pattern,
			const struct value *value)
{
	for (uint32_t i = group->first[pattern]; i < group->first[pattern + 1]; i++) {
		uint32_t test = group->links[i].test;
		enum truth truth = TRUTH_TRUE;

		if (index->marks[test] >> 2 == index->now)
			continue;
		if (!group->links[i].exact)
			truth = test_value(index->tests[test].test, value);
		index->marks[test] = index->now << 2 | truth;
		if (truth == TRUTH_TRUE)
			group->hits[group->n_hits++] = test;
	}
}

static void look_up(struct index *index, struct group *group, struct slice str,
		    const struct value *value)
{
	uint32_t n = patterns_find(group->patterns, str, group->found);

	for (uint32_t i = 0; i < n; i++)
		hit_pattern(index, group, group->found[i], value);
}

static struct slice bytes_of(const int64_t *num)
{
	return (struct slice){ (const char *)num, sizeof(*num) };
}

/* Of a list one item is enough. */
static void look_up_items(struct index *index, struct group *group, const struct value *value)
{
	for (uint32_t i = 0; i < value->n_items; i++) {
		if (value->known >> i & 1)
			look_up(index, group,
				value->item_type == VALUE_INT ? bytes_of(&value->nums[i]) :
								value->items[i],
				value);
	}
}

/* What a path without its head means is for each test to say. */
static unsigned int ask_group(struct index *index, struct group *group)
{
	const struct value *value;

	if (group->asked == index->now)
		return group->state;
	group->asked = index->now;
	group->n_hits = 0;
	value = read_slot(index, group->slot);
	group->state = !value					      ? GROUP_MISSING :
		       value->type == VALUE_STRING && value->cut_head ? GROUP_SINGLY :
									GROUP_DONE;
	if (group->state != GROUP_DONE)
		return group->state;
	switch (value->type) {
	case VALUE_INT: look_up(index, group, bytes_of(&value->num), value); break;
	case VALUE_STRING: look_up(index, group, value->str, value); break;
	case VALUE_LIST: look_up_items(index, group, value); break;
	default: group->state = GROUP_SINGLY; break;
	}
	return group->state;
}

static enum truth ask_anew(struct index *index, uint32_t test)
{
	const struct shared_test *shared = &index->tests[test];
	const struct value *value;

	if (shared->group != NO_GROUP) {
		switch (ask_group(index, &index->groups[shared->group])) {
		case GROUP_DONE:
			return index->marks[test] >> 2 == index->now ? index->marks[test] & 3 :
								       TRUTH_FALSE;
		case GROUP_MISSING: return TRUTH_UNKNOWN;
		default: break;
		}
	}
	value = read_slot(index, shared->slot);
	if (shared->test->op == OP_EXISTS)
		return value ? TRUTH_TRUE : TRUTH_FALSE;
	return value ? test_value(shared->test, value) : TRUTH_UNKNOWN;
}

static inline enum truth ask(struct index *index, uint32_t test)
{
	enum truth truth;

	if (index->marks[test] >> 2 == index->now)
		return index->marks[test] & 3;
	truth = ask_anew(index, test);
	index->marks[test] = index->now << 2 | truth;
	return truth;
}

static enum truth ask_shared(const struct program *program, uint32_t test, void *arg)
{
	return ask(arg, program->shared[test]);
}

/* As rule_matches(). */
static bool fires(struct index *index, const struct rule *rule)
{
	const struct value *time;

	if (run_program(&rule->condition, ask_shared, index) != TRUTH_TRUE)
		return false;
	for (size_t i = 0; i < rule->n_exceptions; i++) {
		const struct exception *exception = &rule->exceptions[i];

		if (exception->expires_ns != 0) {
			time = read_slot(index, index->time_slot);
			if (!time || time->num >= exception->expires_ns)
				continue;
		}
		if (run_program(&exception->when, ask_shared, index) == TRUTH_TRUE)
			return false;
	}
	return true;
}

/* --- which rules to look at ------------------------------------------------- */

static void add_candidates(struct index *index, const struct guard *guard)
{
	for (uint32_t i = 0; i < guard->n_rules; i++)
		index->candidates[guard->rules[i] / 64] |= 1ull << (guard->rules[i] % 64);
}

static const struct guard *find_guard(const struct kind *kind, uint32_t test)
{
	uint32_t low = 0, high = kind->n_grouped;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (kind->grouped[middle].test < test)
			low = middle + 1;
		else
			high = middle;
	}
	return low < kind->n_grouped && kind->grouped[low].test == test ? &kind->grouped[low] :
									  NULL;
}

static void ask_guards(struct index *index, const struct guard *guards, uint32_t n, uint64_t facts)
{
	for (uint32_t i = 0; i < n; i++) {
		if (guards[i].facts && !(guards[i].facts & facts))
			continue;
		if (ask(index, guards[i].test) == TRUTH_TRUE)
			add_candidates(index, &guards[i]);
	}
}

/* `facts`: those that the record may bear. */
static void gather_candidates(struct index *index, const struct kind *kind, uint64_t facts)
{
	memcpy(index->candidates, kind->always, index->n_words * sizeof(*index->candidates));
	if (facts & kind->all_facts)
		ask_guards(index, kind->facts, kind->n_facts, facts);
	ask_guards(index, kind->guards, kind->n_guards, facts);
	for (uint32_t i = 0; i < kind->n_groups; i++) {
		struct group *group = &index->groups[kind->groups[i]];

		if (ask_group(index, group) == GROUP_SINGLY) {
			memcpy(index->candidates, kind->may,
			       index->n_words * sizeof(*index->candidates));
			return;
		}
		for (uint32_t k = 0; k < group->n_hits; k++) {
			const struct guard *guard = find_guard(kind, group->hits[k]);

			if (guard)
				add_candidates(index, guard);
		}
	}
}

/* NULL: no word of evt.type that is known, so that nothing is known of it. */
static const struct kind *find_kind(struct index *index, const struct event *ev)
{
	const struct value *type;
	uint32_t word;

	if (ev && ev->hdr.type < EVENT_TYPE_MAX && index->by_type[ev->hdr.type])
		return index->by_type[ev->hdr.type];
	type = read_slot(index, index->type_slot);
	return type && patterns_find(index->words, type->str, &word) == 1 ? &index->kinds[word] :
									    NULL;
}

void index_evaluate(struct index *index, const struct reader *reader, const struct event *ev,
		    void (*match)(const struct rule *rule, const struct event *ev, void *arg),
		    void *arg)
{
	const struct kind *kind;

	begin_event(index, reader);
	kind = find_kind(index, ev);
	if (kind)
		gather_candidates(index, kind, ev ? ev->hdr.facts : UINT64_MAX);
	else
		memset(index->candidates, 0xff, index->n_words * sizeof(*index->candidates));
	for (uint32_t i = 0; i < index->n_words; i++) {
		uint64_t bits = index->candidates[i];

		for (; bits; bits &= bits - 1) {
			uint32_t number = i * 64 + (uint32_t)__builtin_ctzll(bits);

			if (number < index->set->n_rules && fires(index, index->set->rules[number]))
				match(index->set->rules[number], ev, arg);
		}
	}
}
