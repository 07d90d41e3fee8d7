/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/internal.h"

static enum truth truth_from(bool is)
{
	return is ? TRUTH_TRUE : TRUTH_FALSE;
}

enum truth test_run(const struct test *test, const struct reader *reader, struct value *tmp)
{
	int r;

	r = reader->get(reader, test->field, tmp);
	if (r == 0 && test->item >= 0)
		r = value_take_item(tmp, test->item);
	if (test->op == OP_EXISTS)
		return truth_from(r == 0);
	return r < 0 ? TRUTH_UNKNOWN : test_value(test, tmp);
}

enum truth program_run(const struct program *program, const struct reader *reader,
		       struct value *tmp)
{
	enum truth stack[CONDITION_DEPTH_MAX + 1], now = TRUTH_UNKNOWN;
	size_t n = 0;

	for (uint32_t i = 0; i < program->n_insns; i++) {
		const struct insn *insn = &program->insns[i];

		switch (insn->op) {
		case INSN_TEST: now = test_run(&program->tests[insn->arg], reader, tmp); break;
		case INSN_NOT: now = TRUTH_TRUE - now; break;
		case INSN_PUSH: stack[n++] = now; break;
		case INSN_AND:
			n--;
			/* add_group() makes one INSN_PUSH for each. */
			/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
			now = stack[n] < now ? stack[n] : now;
			break;
		case INSN_OR:
			n--;
			/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
			now = stack[n] > now ? stack[n] : now;
			break;
		case INSN_JUMP_FALSE:
			if (now == TRUTH_FALSE)
				i = insn->arg - 1;
			break;
		case INSN_JUMP_TRUE:
			if (now == TRUTH_TRUE)
				i = insn->arg - 1;
			break;
		}
	}
	return now;
}
