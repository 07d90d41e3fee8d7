/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/internal.h"

/* A real event behind the reader's interface. */
struct event_reader {
	struct reader reader;
	const struct event *ev;
};

static int event_get(const struct reader *reader, size_t field, struct value *ret)
{
	const struct event_reader *self = (const struct event_reader *)reader;

	return field_table[field].get(self->ev, ret);
}

/* The same for keys. A container's id becomes known while events arrive; its
 * key is the same from birth, and means the same. */
static int event_get_key(const struct reader *reader, size_t field, struct value *ret)
{
	const struct event *ev = ((const struct event_reader *)reader)->ev;

	if (ev->hdr.container == 0 || (strcmp(field_table[field].name, "container.id") != 0 &&
				       strcmp(field_table[field].name, "container.full_id") != 0))
		return event_get(reader, field, ret);
	ret->type = VALUE_INT;
	ret->num = (int64_t)ev->hdr.container;
	return 0;
}

bool rule_state_note(struct rule_state *state, const struct rule *rule, const struct event *ev,
		     uint64_t *ret_folded)
{
	struct event_reader keys = { { event_get_key }, ev }, fields = { { event_get }, ev };
	const struct act act = {
		.fields = &fields.reader,
		.keys = &keys.reader,
		.ev = ev,
		.time_ns = ev->hdr.time_ns,
		.wall_ns = ev->wall_ns,
	};

	return state_note(state, rule, &act, ret_folded);
}

/* The time is the event's: a replay next year decides as the live run did.
 * Without a time it cannot be known that the exception still holds. */
static bool has_expired(const struct exception *exception, const struct reader *reader,
			struct value *tmp)
{
	const struct field *time = field_find(SLICE_LITERAL("evt.time"));

	if (exception->expires_ns == 0)
		return false;
	return reader->get(reader, (size_t)(time - field_table), tmp) < 0 ||
	       tmp->num >= exception->expires_ns;
}

const struct exception *rule_excepted(const struct rule *rule, const struct reader *reader,
				      struct value *tmp)
{
	for (size_t i = 0; i < rule->n_exceptions; i++) {
		const struct exception *exception = &rule->exceptions[i];

		if (!has_expired(exception, reader, tmp) &&
		    program_run(&exception->when, reader, tmp) == TRUTH_TRUE)
			return exception;
	}
	return NULL;
}

bool rule_matches(const struct rule *rule, const struct reader *reader, struct value *tmp)
{
	return program_run(&rule->condition, reader, tmp) == TRUTH_TRUE &&
	       !rule_excepted(rule, reader, tmp);
}

void rule_set_evaluate(const struct rule_set *set, const struct event *ev,
		       void (*match)(const struct rule *rule, const struct event *ev, void *arg),
		       void *arg)
{
	struct event_reader reader = { { event_get }, ev };
	unsigned int type = ev->hdr.type;

	if (type < EVENT_TYPE_MAX && set->n_by_type[type] > 0)
		index_evaluate(set->index, &reader.reader, ev, match, arg);
}

void rule_set_free(struct rule_set *set)
{
	if (!set)
		return;
	for (unsigned int type = 0; type < EVENT_TYPE_MAX; type++)
		free(set->by_type[type]);
	for (size_t i = 0; i < RULE_WATCH_MAX; i++)
		free(set->watched[i]);
	index_free(set->index);
	free(set->rules);
	free(set->disabled);
	free(set->origins);
	free(set->warnings);
	arena_release(&set->arena);
	free(set);
}

size_t rule_set_len(const struct rule_set *set)
{
	return set->n_rules;
}

const struct rule *rule_set_at(const struct rule_set *set, size_t i)
{
	return i < set->n_rules ? set->rules[i] : NULL;
}

const char *rule_set_hash(const struct rule_set *set)
{
	return set->hash;
}

uint64_t rule_set_event_types(const struct rule_set *set)
{
	return set->event_types;
}

const char *priority_name(unsigned int priority)
{
	static const char *const names[PRIORITY_MAX] = {
		[PRIORITY_EMERGENCY] = "Emergency",
		[PRIORITY_ALERT] = "Alert",
		[PRIORITY_CRITICAL] = "Critical",
		[PRIORITY_ERROR] = "Error",
		[PRIORITY_WARNING] = "Warning",
		[PRIORITY_NOTICE] = "Notice",
		[PRIORITY_INFORMATIONAL] = "Informational",
		[PRIORITY_DEBUG] = "Debug",
	};

	return priority < PRIORITY_MAX ? names[priority] : "unknown";
}

const char *rule_id(const struct rule *rule)
{
	return rule->id;
}

const char *rule_name(const struct rule *rule)
{
	return rule->name;
}

const char *rule_description(const struct rule *rule)
{
	return rule->description;
}

const char *rule_why(const struct rule *rule)
{
	return rule->why;
}

enum priority rule_priority(const struct rule *rule)
{
	return rule->priority;
}

const char *rule_file(const struct rule *rule)
{
	return rule->file;
}

unsigned int rule_line(const struct rule *rule)
{
	return rule->line;
}

const char *const *rule_response(const struct rule *rule)
{
	return rule->response;
}

const char *const *rule_references(const struct rule *rule)
{
	return rule->references;
}

const char *const *rule_mitre(const struct rule *rule)
{
	return rule->mitre;
}

const char *const *rule_techniques(const struct rule *rule)
{
	return rule->techniques;
}

const char *const *rule_tags(const struct rule *rule)
{
	return rule->tags;
}

size_t rule_fields(const struct rule *rule, const struct field *const **ret)
{
	*ret = rule->fields;
	return rule->n_fields;
}

const char *const *rule_set_watched(const struct rule_set *set, enum rule_watch kind)
{
	static const char *const none[] = { NULL };

	return set->watched[kind] ? (const char *const *)set->watched[kind] : none;
}
