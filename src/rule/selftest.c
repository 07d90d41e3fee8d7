/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's own tests: made-up events through the evaluator that real ones take. */
#include "rule/internal.h"

#include <stdio.h>

/* Each time another value: 80, 81, 82; "10.0.0.1", "10.0.0.1-1", "10.0.0.1-2". */
static void vary_value(uint32_t round, struct value *ret)
{
	struct slice str = ret->str;
	int len;

	if (ret->type == VALUE_INT)
		ret->num += round;
	if (ret->type != VALUE_STRING)
		return;
	if (str.len > VALUE_LEN_MAX)
		str.len = VALUE_LEN_MAX;
	len = snprintf(ret->scratch, sizeof(ret->scratch), "%.*s-%u", (int)str.len,
		       str.data ? str.data : "", round);
	ret->str = (struct slice){ ret->scratch, (size_t)len };
}

static bool is_varied(const struct made_event *event, size_t field)
{
	for (size_t i = 0; i < event->n_vary; i++) {
		if (event->vary[i] == &field_table[field])
			return true;
	}
	return false;
}

static const struct made_value *find_value(const struct made_event *event, size_t field)
{
	for (size_t i = 0; i < event->n_values; i++) {
		if (event->values[i].field == field)
			return &event->values[i];
	}
	return NULL;
}

static int made_list(const struct field *field, const struct made_value *value, struct value *ret)
{
	ret->item_type = field->item;
	ret->n_items = 0;
	ret->known = 0;
	for (size_t i = 0; i < value->n_items && i < VALUE_ITEMS_MAX; i++) {
		if (field->item == VALUE_INT)
			ret->nums[i] = value->nums[i];
		else
			ret->items[i] = value->items[i];
		if (field->item == VALUE_INT || value->items[i].len > 0)
			ret->known |= 1u << i;
		ret->n_items++;
	}
	return ret->known ? 0 : -ENODATA;
}

static int made_get(const struct reader *reader, size_t field, struct value *ret)
{
	const struct made_reader *self = (const struct made_reader *)reader;
	const struct made_value *value = find_value(self->event, field);

	ret->type = field_table[field].type;
	ret->cut_head = false;
	if (!value) {
		ret->truth = false;
		return ret->type == VALUE_BOOL ? 0 : -ENODATA;
	}
	if (value->missing)
		return -ENODATA;
	if (ret->type == VALUE_LIST)
		return made_list(&field_table[field], value, ret);
	ret->symbols = value->symbols;
	ret->truth = value->truth;
	ret->num = value->num;
	ret->str = value->str;
	if (self->round > 0 && is_varied(self->event, field))
		vary_value(self->round, ret);
	return 0;
}

struct made_reader made_reader_from(const struct made_event *event)
{
	return (struct made_reader){ { made_get }, event, 0 };
}

/* When it happens: as it says, or where the event before left the clock. */
uint64_t made_event_begin(const struct made_event *event, uint64_t now_ns)
{
	size_t time = (size_t)(field_find(SLICE_LITERAL("evt.time")) - field_table);
	const struct made_value *value = find_value(event, time);

	if (value && !value->missing && value->num > 0)
		now_ns = (uint64_t)value->num;
	return now_ns + event->after_ns;
}

int notes_init(struct notes *notes, const struct rule *rule)
{
	int r = 0;

	notes->sequencer = NULL;
	notes->tracker = NULL;
	if (rule->sequence.n_steps > 0)
		r = sequencer_new(rule, &notes->sequencer);
	if (r == 0 && rule->threshold.count > 0)
		r = tracker_new(rule, &notes->tracker);
	return r;
}

void notes_release(struct notes *notes)
{
	sequencer_free(notes->sequencer);
	tracker_free(notes->tracker);
}

bool notes_fire(struct notes *notes, const struct rule *rule, const struct made_reader *reader,
		uint64_t now_ns)
{
	const struct act act = {
		.fields = &reader->reader,
		.keys = &reader->reader,
		.made = reader->event,
		.time_ns = now_ns,
		.wall_ns = now_ns,
	};

	if (!rule_matches(rule, act.fields, &notes->tmp))
		return false;
	if (notes->sequencer && !sequencer_note(notes->sequencer, rule, &act, &notes->tmp))
		return false;
	return !notes->tracker ||
	       tracker_count(notes->tracker, rule, act.keys, now_ns, &notes->tmp);
}

/* What is folded when told is not asked here: a test says what fires. */
static unsigned int run_test(const struct rule *rule, const struct rule_test *test,
			     struct notes *notes)
{
	unsigned int alerts = 0;
	uint64_t now_ns = 0;

	for (size_t i = 0; i < test->n_events; i++) {
		struct made_reader reader = made_reader_from(&test->events[i]);

		now_ns = made_event_begin(reader.event, now_ns);
		for (; reader.round < reader.event->repeat; reader.round++) {
			if (reader.round > 0)
				now_ns += reader.event->every_ns;
			alerts += notes_fire(notes, rule, &reader, now_ns);
		}
	}
	return alerts;
}

unsigned int rule_run_tests(const struct rule_set *set, const struct rule *rule,
			    unsigned int *ret_run,
			    void (*report)(const char *line, bool ok, void *arg), void *arg)
{
	unsigned int n_failed = 0;
	struct notes notes;
	char line[512];

	(void)set;
	for (size_t i = 0; i < rule->n_tests; i++) {
		const struct rule_test *test = &rule->tests[i];
		unsigned int alerts;
		bool ok;

		ok = notes_init(&notes, rule) == 0;
		alerts = ok ? run_test(rule, test, &notes) : 0;
		notes_release(&notes);
		ok = ok && alerts == test->alerts;
		snprintf(line, sizeof(line), "%s %s: %u alert%s expected, %u raised", rule->id,
			 test->name, test->alerts, test->alerts == 1 ? "" : "s", alerts);
		n_failed += !ok;
		if (report)
			report(line, ok, arg);
	}
	if (ret_run)
		*ret_run = (unsigned int)rule->n_tests;
	return n_failed;
}
