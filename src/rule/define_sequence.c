/* SPDX-License-Identifier: Apache-2.0 */
/* One after the other: "sequence" of a rule. Its condition becomes "what the
 * rule's says, and one of the steps", so that all who ask which events a rule
 * can match need not know of sequences. */
#include "rule/define.h"

#include <stdio.h>

#include "base/suggest.h"

static int take_join(struct loader *loader, const struct place *object, struct sequence *sequence)
{
	static const struct {
		const char *word;
		enum join join;
	} joins[] = {
		{ "process_tree", JOIN_TREE },
		{ "container", JOIN_CONTAINER },
		{ "file", JOIN_FILE },
		{ "incident", JOIN_INCIDENT },
	};
	struct suggest suggest = { NULL, 0 };
	struct member member;
	const char *text;

	if (!find_member(object, "by", &member))
		return fail_at(loader, object, "key 'by' is missing");
	if (json_is_array(member.place.json)) {
		sequence->join = JOIN_FIELDS;
		return take_by(loader, &member.place, &sequence->key);
	}
	text = json_string_value(member.place.json);
	for (size_t i = 0; text && i < ARRAY_SIZE(joins); i++) {
		suggest_offer(&suggest, slice_from(text), joins[i].word);
		if (strcmp(text, joins[i].word) != 0)
			continue;
		sequence->join = joins[i].join;
		return 0;
	}
	return fail_at(loader, &member.place,
		       "expected process_tree, container, file, incident or an array of field names%s",
		       hint_from(suggest.best).text);
}

/* What step and rule ask for must not shut each other out. */
static int define_step(struct loader *loader, const struct place *place, const struct rule *rule,
		       struct step *step, struct node **ret)
{
	const struct sequence *sequence = &rule->sequence;
	struct member member;
	int r;

	r = check_keys(loader, place, step_keys);
	if (r == 0)
		r = take_string(loader, place, "name", &step->name);
	if (r < 0)
		return r;
	for (const struct step *other = sequence->steps; other < step; other++) {
		find_member(place, "name", &member);
		if (strcmp(other->name, step->name) == 0)
			return fail_at(loader, &member.place, "two steps are called '%.60s'",
				       step->name);
	}
	if (!find_member(place, "condition", &member))
		return fail_at(loader, place, "key 'condition' is missing");
	r = parse_condition(loader, &member.place, ret);
	if (r == 0)
		r = compile_program(loader, *ret, false, &step->condition);
	if (r < 0)
		return r;
	if (step->condition.event_types == 0)
		return fail_at(loader, &member.place,
			       "this can never be true: no evt.type satisfies it");
	r = check_verdict(loader, &member.place, *ret);
	if (r < 0)
		return r;
	if ((step->condition.event_types & rule->condition.event_types) == 0)
		return fail_at(loader, &member.place,
			       "this can never be true: no evt.type satisfies both it and the "
			       "rule's condition");
	return 0;
}

static struct node *join_nodes(struct loader *loader, enum node_kind kind, struct node **nodes,
			       size_t n)
{
	struct node *node = arena_alloc(&loader->arena, sizeof(*node));
	struct child *children = arena_alloc(&loader->arena, n * sizeof(*children));

	if (!node || !children)
		return NULL;
	*node = (struct node){ .kind = kind, .children = children };
	for (size_t i = 0; i < n; i++) {
		children[i] = (struct child){ nodes[i], i + 1 < n ? &children[i + 1] : NULL };
		node->n_tests += nodes[i]->n_tests;
		if (nodes[i]->depth >= node->depth)
			node->depth = nodes[i]->depth + 1;
	}
	return node;
}

/* "(" text ")" with `before` in front of it, behind what is in `text`. */
static int add_text(struct loader *loader, const struct place *object, char *text, size_t size,
		    const char *before)
{
	struct member member;
	struct slice condition;
	size_t len = strlen(text);
	int r;

	find_member(object, "condition", &member);
	r = place_text(loader, &member.place, CONDITION_LEN_MAX, &condition);
	if (r == 0)
		snprintf(text + len, size - len, "%s(%.*s)", before, (int)condition.len,
			 condition.data);
	return r;
}

/* The same as one would write it, for the tools that show it. */
static int write_whole(struct loader *loader, const struct place *object,
		       const struct place *steps, bool has_condition, struct rule *rule)
{
	size_t n = rule->sequence.n_steps, size = (n + 1) * (CONDITION_LEN_MAX + 16);
	char *text = arena_alloc(&loader->arena, size);
	struct member element;
	int r = 0;

	if (!text)
		return fail_memory(loader);
	if (has_condition)
		r = add_text(loader, object, text, size, "");
	if (r == 0 && has_condition)
		snprintf(text + strlen(text), size - strlen(text), " and (");
	for (size_t i = 0; r == 0 && i < n; i++) {
		find_element(steps, i, &element);
		r = add_text(loader, &element.place, text, size, i ? " or " : "");
	}
	if (r < 0)
		return r;
	if (has_condition)
		snprintf(text + strlen(text), size - strlen(text), ")");
	rule->condition_text = arena_copy(&loader->set->arena, slice_from(text));
	return rule->condition_text ? 0 : fail_memory(loader);
}

/* condition and (step or step...) */
static int define_whole(struct loader *loader, const struct place *place, struct node *condition,
			struct node **steps, struct rule *rule)
{
	struct node *both[2] = { condition, NULL }, *whole;

	whole = both[1] = join_nodes(loader, NODE_OR, steps, rule->sequence.n_steps);
	if (whole && condition)
		whole = join_nodes(loader, NODE_AND, both, 2);
	if (!whole)
		return fail_memory(loader);
	if (whole->n_tests > PROGRAM_TESTS_MAX)
		return fail_at(loader, place, "the conditions make more than %u comparisons",
			       PROGRAM_TESTS_MAX);
	if (whole->depth > CONDITION_DEPTH_MAX)
		return fail_at(loader, place, "brackets and macros nest deeper than %u",
			       CONDITION_DEPTH_MAX - 2);
	rule->root = whole; /* overrides may add to it */
	return compile_program(loader, whole, false, &rule->condition);
}

static int define_steps(struct loader *loader, const struct place *rule_place,
			const struct place *object, struct node *condition, struct rule *rule)
{
	struct node *nodes[SEQUENCE_STEPS_MAX] = { NULL };
	struct sequence *sequence = &rule->sequence;
	struct member member, element;
	size_t n;
	int r;

	if (!find_member(object, "steps", &member))
		return fail_at(loader, object, "key 'steps' is missing");
	n = json_array_size(member.place.json);
	if (!json_is_array(member.place.json) || n < 2 || n > SEQUENCE_STEPS_MAX)
		return fail_at(loader, &member.place, "expected an array of 2 to %u steps",
			       SEQUENCE_STEPS_MAX);
	sequence->steps = arena_alloc(&loader->set->arena, n * sizeof(*sequence->steps));
	if (!sequence->steps)
		return fail_memory(loader);
	for (size_t i = 0; i < n; i++) {
		find_element(&member.place, i, &element);
		r = define_step(loader, &element.place, rule, &sequence->steps[i], &nodes[i]);
		if (r < 0)
			return r;
	}
	sequence->n_steps = (uint32_t)n;
	r = define_whole(loader, &member.place, condition, nodes, rule);
	return r < 0 ? r : write_whole(loader, rule_place, &member.place, condition != NULL, rule);
}

int define_sequence(struct loader *loader, const struct place *object, struct rule *rule)
{
	struct node *condition = NULL;
	struct member sequence, member;
	int r = 0;

	rule->condition.event_types = UINT64_MAX;
	if (find_member(object, "condition", &member)) {
		r = parse_condition(loader, &member.place, &condition);
		if (r == 0)
			r = compile_checked(loader, &member.place, condition, false,
					    &rule->condition);
	}
	if (r < 0)
		return r;
	find_member(object, "sequence", &sequence);
	r = check_keys(loader, &sequence.place, sequence_keys);
	if (r == 0)
		r = take_duration(loader, &sequence.place, "within", &rule->sequence.within_ns);
	if (r == 0)
		r = take_join(loader, &sequence.place, &rule->sequence);
	return r < 0 ? r : define_steps(loader, object, &sequence.place, condition, rule);
}
