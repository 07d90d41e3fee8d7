/* SPDX-License-Identifier: Apache-2.0 */
/* Building what rules share, once, when a set is loaded. */
#include "rule/index.h"

#define NO_SLOT UINT16_MAX
/* Fewer constants than that are faster compared with one by one. */
#define GROUP_MIN 4
/* Bytes of constants in groups; tests beyond are made by themselves. A node of
 * a trie is six times as large. */
#define GROUP_BYTES_MAX (4u << 20)

/* --- distinct comparisons -------------------------------------------------- */

static bool same_values(const struct test *a, const struct test *b)
{
	for (uint32_t i = 0; i < a->n_values; i++) {
		if (a->nums && a->nums[i] != b->nums[i])
			return false;
		if (a->strs && !slice_eq(a->strs[i], b->strs[i]))
			return false;
		if (a->bits &&
		    (a->bits[i].mask != b->bits[i].mask || a->bits[i].value != b->bits[i].value ||
		     a->bits[i].symbols != b->bits[i].symbols))
			return false;
	}
	return true;
}

/* Sets of paths and addresses and regular expressions are as their strings say. */
static bool same_test(const struct test *a, const struct test *b)
{
	return a->field == b->field && a->item == b->item && !a->bits == !b->bits &&
	       a->op == b->op && a->negate == b->negate && a->when_cut == b->when_cut &&
	       a->truth == b->truth && a->n_values == b->n_values && !a->nums == !b->nums &&
	       !a->strs == !b->strs && same_values(a, b);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0xff51afd7ed558ccdull;
	return h ^ (h >> 32);
}

static uint64_t hash_test(const struct test *test)
{
	uint64_t h = mix(test->field, test->op | (uint64_t)test->n_values << 8);

	h = mix(h, (uint64_t)test->negate | (uint64_t)test->when_cut << 1 |
			   (uint64_t)test->truth << 3 | (uint64_t)(uint8_t)test->item << 8);
	for (uint32_t i = 0; i < test->n_values && test->nums; i++)
		h = mix(h, (uint64_t)test->nums[i]);
	for (uint32_t i = 0; i < test->n_values && test->bits; i++)
		h = mix(h, test->bits[i].mask ^ test->bits[i].value << 1);
	for (uint32_t i = 0; i < test->n_values && test->strs; i++) {
		h = mix(h, test->strs[i].len);
		for (size_t k = 0; k < test->strs[i].len; k++)
			h = mix(h, (uint8_t)test->strs[i].data[k]);
	}
	return h;
}

/* The set's tests, while their number is not known. */
struct table {
	uint32_t *slots; /* number + 1, or 0 */
	size_t n_slots;	 /* a power of two, at least twice the tests of all programs */
};

static uint32_t share_test(struct index *index, struct table *table, const struct test *test)
{
	uint64_t at = hash_test(test) & (table->n_slots - 1);

	for (; table->slots[at]; at = (at + 1) & (table->n_slots - 1)) {
		if (same_test(index->tests[table->slots[at] - 1].test, test))
			return table->slots[at] - 1;
	}
	index->tests[index->n_tests] = (struct shared_test){ test, NO_GROUP, 0 };
	table->slots[at] = ++index->n_tests;
	return index->n_tests - 1;
}

static int share_program(struct index *index, struct table *table, struct program *program)
{
	uint32_t *shared = arena_alloc(&index->arena, (program->n_tests + 1) * sizeof(*shared));

	if (!shared)
		return -ENOMEM;
	for (uint32_t i = 0; i < program->n_tests; i++)
		shared[i] = share_test(index, table, &program->tests[i]);
	program->shared = shared;
	return 0;
}

/* evt.type is asked of every event, so that it has a slot in any case. */
static int share_tests(struct index *index, const struct rule_set *set)
{
	cleanup_free uint32_t *slots = NULL;
	struct table table = { .n_slots = 16 };
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < set->n_rules; i++) {
		n += set->rules[i]->condition.n_tests;
		for (size_t k = 0; k < set->rules[i]->n_exceptions; k++)
			n += set->rules[i]->exceptions[k].when.n_tests;
	}
	while (table.n_slots < 2 * n)
		table.n_slots *= 2;
	slots = calloc(table.n_slots, sizeof(*slots));
	table.slots = slots;
	index->tests = arena_alloc(&index->arena, (n + 1) * sizeof(*index->tests));
	if (!slots || !index->tests)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_rules && r == 0; i++) {
		r = share_program(index, &table, &set->rules[i]->condition);
		for (size_t k = 0; k < set->rules[i]->n_exceptions && r == 0; k++)
			r = share_program(index, &table, &set->rules[i]->exceptions[k].when);
	}
	index->marks = arena_alloc(&index->arena, (index->n_tests + 1) * sizeof(*index->marks));
	return r < 0 || !index->marks ? -ENOMEM : 0;
}

/* --- fields ---------------------------------------------------------------- */

static uint16_t find_slot(struct index *index, size_t field, int item)
{
	for (uint32_t i = 0; i < index->n_slots; i++) {
		if (index->slots[i].field == field && index->slots[i].item == item)
			return (uint16_t)i;
	}
	index->slots[index->n_slots].field = (uint16_t)field;
	index->slots[index->n_slots].item = (int8_t)item;
	return (uint16_t)index->n_slots++;
}

static int share_fields(struct index *index)
{
	const struct field *type = field_find(SLICE_LITERAL("evt.type"));
	const struct field *time = field_find(SLICE_LITERAL("evt.time"));

	index->slots = arena_alloc(&index->arena,
				   field_table_len * (VALUE_ITEMS_MAX + 1) * sizeof(*index->slots));
	if (!index->slots)
		return -ENOMEM;
	index->type_slot = find_slot(index, (size_t)(type - field_table), -1);
	index->time_slot = find_slot(index, (size_t)(time - field_table), -1);
	for (uint32_t i = 0; i < index->n_tests; i++)
		index->tests[i].slot =
			find_slot(index, index->tests[i].test->field, index->tests[i].test->item);
	index->values = arena_alloc(&index->arena, index->n_slots * sizeof(*index->values));
	return index->values ? 0 : -ENOMEM;
}

/* --- groups ---------------------------------------------------------------- */

/* The longest run of a pattern that stands for itself, and where it must stand:
 * a glob can only match where it does. */
static struct pattern glob_part(struct slice glob)
{
	struct slice best = { NULL, 0 }, run = { glob.data, 0 };
	bool at_start = false, at_end = false;

	for (size_t i = 0; i <= glob.len; i++) {
		if (i < glob.len && !memchr("*?[]\\", glob.data[i], 5)) {
			run.len++;
			continue;
		}
		if (run.len > best.len) {
			best = run;
			at_start = run.data == glob.data;
			at_end = i == glob.len;
		}
		/* What is escaped, or in a set, does not stand for itself: end there. */
		if (i < glob.len && (glob.data[i] == '[' || glob.data[i] == '\\'))
			break;
		run = (struct slice){ glob.data + i + 1, 0 };
	}
	return (struct pattern){ best, at_start ? PATTERN_PREFIX :
				       at_end	? PATTERN_SUFFIX :
						  PATTERN_PIECE };
}

/* What a value must meet for the test to be true: its i-th pattern. `exact`: it
 * need not meet more. False: no pattern says that. */
static bool test_pattern(const struct test *test, uint32_t i, struct pattern *ret, bool *ret_exact)
{
	static const uint8_t classes[] = {
		[OP_EQUAL] = PATTERN_EQUAL,
		[OP_CONTAINS] = PATTERN_PIECE,
		[OP_ICONTAINS] = PATTERN_PIECE_NOCASE,
		[OP_STARTSWITH] = PATTERN_PREFIX,
		[OP_ENDSWITH] = PATTERN_SUFFIX,
	};

	*ret_exact = true;
	switch (test->op) {
	case OP_EQUAL:
		if (test->nums) {
			ret->bytes = (struct slice){ (const char *)&test->nums[i],
						     sizeof(test->nums[i]) };
			ret->class = PATTERN_EQUAL;
			return true;
		}
		/* fall through */
	case OP_CONTAINS:
	case OP_ICONTAINS:
	case OP_STARTSWITH:
	case OP_ENDSWITH:
		if (!test->strs)
			return false;
		*ret = (struct pattern){ test->strs[i], classes[test->op] };
		return true;
	case OP_GLOB:
		*ret_exact = false;
		*ret = glob_part(test->strs[0]);
		return ret->bytes.len > 1;
	default: return false;
	}
}

/* A group while it grows. */
struct nursery {
	struct pattern *patterns;
	struct {
		uint32_t pattern, test;
		bool exact;
	} * links;
	uint32_t n_patterns, n_links;
	uint32_t n_class[PATTERN_CLASS_MAX];
	uint32_t *slots; /* of a hash table of patterns, number + 1 or 0 */
	size_t n_slots;
	size_t n_bytes; /* of constants in all groups so far */
};

static uint32_t share_pattern(struct nursery *nursery, const struct pattern *pattern)
{
	uint64_t h = mix(pattern->class, pattern->bytes.len), at;

	for (size_t i = 0; i < pattern->bytes.len; i++)
		h = mix(h, (uint8_t)pattern->bytes.data[i]);
	at = h & (nursery->n_slots - 1);
	for (; nursery->slots[at]; at = (at + 1) & (nursery->n_slots - 1)) {
		const struct pattern *other = &nursery->patterns[nursery->slots[at] - 1];

		if (other->class == pattern->class && slice_eq(other->bytes, pattern->bytes))
			return nursery->slots[at] - 1;
	}
	nursery->patterns[nursery->n_patterns] = *pattern;
	nursery->slots[at] = ++nursery->n_patterns;
	return nursery->n_patterns - 1;
}

static bool in_group(const struct index *index, const struct nursery *nursery, uint32_t test,
		     uint16_t slot)
{
	const struct shared_test *shared = &index->tests[test];
	struct pattern pattern;
	bool exact;

	/* A != is nothing that one could look for, and of few words each is met often. */
	return shared->slot == slot && !shared->test->negate &&
	       !field_table[shared->test->field].words &&
	       test_pattern(shared->test, 0, &pattern, &exact) &&
	       (!nursery || nursery->n_class[pattern.class] >= GROUP_MIN);
}

static void plant_test(struct index *index, struct nursery *nursery, uint32_t number)
{
	const struct test *test = index->tests[number].test;
	uint32_t n = test->op == OP_EQUAL ? test->n_values : 1;
	struct pattern pattern;
	bool exact;

	for (uint32_t i = 0; i < n; i++) {
		test_pattern(test, i, &pattern, &exact);
		nursery->n_bytes += pattern.bytes.len;
		nursery->links[nursery->n_links].pattern = share_pattern(nursery, &pattern);
		nursery->links[nursery->n_links].test = number;
		nursery->links[nursery->n_links++].exact = exact;
	}
	index->tests[number].group = index->n_groups;
}

/* Links in the order of their patterns. */
static int settle_links(struct index *index, const struct nursery *nursery, struct group *group)
{
	uint32_t n = nursery->n_patterns;

	group->first = arena_alloc(&index->arena, (n + 2) * sizeof(*group->first));
	group->links = arena_alloc(&index->arena, (nursery->n_links + 1) * sizeof(*group->links));
	group->found = arena_alloc(&index->arena, (n + 1) * sizeof(*group->found));
	group->hits = arena_alloc(&index->arena, (nursery->n_links + 1) * sizeof(*group->hits));
	if (!group->first || !group->links || !group->found || !group->hits)
		return -ENOMEM;
	for (uint32_t i = 0; i < nursery->n_links; i++)
		group->first[nursery->links[i].pattern + 2]++;
	for (uint32_t i = 2; i <= n; i++)
		group->first[i] += group->first[i - 1];
	for (uint32_t i = 0; i < nursery->n_links; i++) {
		struct group_link *link =
			&group->links[group->first[nursery->links[i].pattern + 1]++];

		link->test = nursery->links[i].test & INT32_MAX;
		link->exact = nursery->links[i].exact;
	}
	return 0;
}

/* Room for the links of the tests of one field. */
static int prepare(struct nursery *nursery, size_t n_links)
{
	free(nursery->patterns);
	free(nursery->links);
	free(nursery->slots);
	nursery->n_slots = 16;
	while (nursery->n_slots < 2 * n_links)
		nursery->n_slots *= 2;
	nursery->patterns = calloc(n_links + 1, sizeof(*nursery->patterns));
	nursery->links = calloc(n_links + 1, sizeof(*nursery->links));
	nursery->slots = calloc(nursery->n_slots, sizeof(*nursery->slots));
	nursery->n_patterns = nursery->n_links = 0;
	return nursery->patterns && nursery->links && nursery->slots ? 0 : -ENOMEM;
}

static int make_group(struct index *index, struct nursery *nursery, uint16_t slot)
{
	struct group *group = &index->groups[index->n_groups];
	struct pattern pattern;
	size_t n_links = 0;
	bool exact;
	int r;

	memset(nursery->n_class, 0, sizeof(nursery->n_class));
	for (uint32_t i = 0; i < index->n_tests; i++) {
		const struct test *test = index->tests[i].test;
		uint32_t n = test->op == OP_EQUAL ? test->n_values : 1;

		if (!in_group(index, NULL, i, slot))
			continue;
		n_links += n;
		test_pattern(test, 0, &pattern, &exact);
		nursery->n_class[pattern.class] += n;
	}
	r = prepare(nursery, n_links);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < index->n_tests; i++) {
		if (nursery->n_bytes < GROUP_BYTES_MAX && in_group(index, nursery, i, slot))
			plant_test(index, nursery, i);
	}
	if (nursery->n_links == 0)
		return 0;
	group->slot = slot;
	r = settle_links(index, nursery, group);
	if (r == 0)
		r = patterns_new(&index->arena, nursery->patterns, nursery->n_patterns,
				 &group->patterns);
	index->n_groups++;
	return r;
}

static int make_groups(struct index *index)
{
	struct nursery nursery = { 0 };
	int r = 0;

	index->groups = arena_alloc(&index->arena, index->n_slots * sizeof(*index->groups));
	if (!index->groups)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < index->n_slots && r == 0; slot++)
		r = make_group(index, &nursery, (uint16_t)slot);
	free(nursery.patterns);
	free(nursery.links);
	free(nursery.slots);
	return r;
}

/* --- the whole ------------------------------------------------------------- */

int index_new(const struct rule_set *set, struct index **ret)
{
	struct index *index = calloc(1, sizeof(*index));
	int r;

	if (!index)
		return -ENOMEM;
	index->set = set;
	r = share_tests(index, set);
	if (r == 0)
		r = share_fields(index);
	if (r == 0)
		r = make_groups(index);
	if (r == 0)
		r = index_guards(index);
	if (r < 0) {
		index_free(index);
		return r;
	}
	*ret = index;
	return 0;
}

void index_free(struct index *index)
{
	if (!index)
		return;
	arena_release(&index->arena);
	free(index);
}
