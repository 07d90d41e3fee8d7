/* SPDX-License-Identifier: Apache-2.0 */
/* Is a rule the same as one of another set? What it counts and joins goes on only
 * then. That is decided by what it compiles to, macros, lists and overrides
 * included; names, texts and tests do not matter. */
#include "rule/internal.h"

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9fb21c651e98df25ull;
	return h ^ h >> 29;
}

static uint64_t mix_bytes(uint64_t h, struct slice bytes)
{
	h = mix(h, bytes.len);
	for (size_t i = 0; i < bytes.len; i++)
		h = mix(h, (unsigned char)bytes.data[i]);
	return h;
}

static uint64_t mix_test(uint64_t h, const struct test *test)
{
	h = mix(h, test->field);
	h = mix(h, (uint64_t)test->op << 8 | (uint64_t)test->negate << 1 | test->truth);
	h = mix(h, (uint64_t)test->when_cut << 8 | (uint8_t)test->item);
	h = mix_bytes(h, test->text);
	h = mix(h, test->n_values);
	for (uint32_t i = 0; test->nums && i < test->n_values; i++)
		h = mix(h, (uint64_t)test->nums[i]);
	for (uint32_t i = 0; test->strs && i < test->n_values; i++)
		h = mix_bytes(h, test->strs[i]);
	for (uint32_t i = 0; test->bits && i < test->n_values; i++)
		h = mix(mix(mix(h, test->bits[i].mask), test->bits[i].value),
			test->bits[i].symbols);
	return h;
}

static uint64_t mix_program(uint64_t h, const struct program *program)
{
	h = mix(h, program->n_insns);
	for (uint32_t i = 0; i < program->n_insns; i++)
		h = mix(h, (uint64_t)program->insns[i].op << 32 | program->insns[i].arg);
	for (uint32_t i = 0; i < program->n_tests; i++)
		h = mix_test(h, &program->tests[i]);
	return h;
}

static uint64_t mix_key(uint64_t h, const struct key *key)
{
	h = mix(h, key->n_by);
	for (size_t i = 0; i < key->n_by; i++)
		h = mix(h, (uint64_t)(key->by[i] - field_table));
	return h;
}

uint64_t rule_digest(const struct rule *rule)
{
	const struct sequence *sequence = &rule->sequence;
	uint64_t h = mix_bytes(0xd6e8feb86659fd93ull, slice_from(rule->id));

	h = mix_program(h, &rule->condition);
	for (size_t i = 0; i < rule->n_exceptions; i++) {
		h = mix_program(h, &rule->exceptions[i].when);
		h = mix(h, (uint64_t)rule->exceptions[i].expires_ns);
	}
	h = mix(h, sequence->n_steps);
	h = mix(h, sequence->within_ns);
	h = mix_key(mix(h, sequence->join), &sequence->key);
	for (uint32_t i = 0; i < sequence->n_steps; i++)
		h = mix_program(h, &sequence->steps[i].condition);
	h = mix(h, rule->threshold.count);
	h = mix(h, rule->threshold.within_ns);
	h = mix(h, rule->threshold.distinct ? (uint64_t)(rule->threshold.distinct - field_table) :
					      UINT64_MAX);
	h = mix_key(h, &rule->threshold.key);
	return mix_key(mix(h, rule->suppress_ns), &rule->suppress_key);
}
