/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program. Inline, because who answers a test is known where it is run:
 * the reader of an event, or what the index remembers of it. */
#ifndef BW_RULE_RUN_H
#define BW_RULE_RUN_H

#include "rule/internal.h"

static inline __attribute__((always_inline)) enum truth run_program(
	const struct program *program,
	enum truth (*ask)(const struct program *program, uint32_t test, void *arg), void *arg)
{
	enum truth stack[CONDITION_DEPTH_MAX + 1], now = TRUTH_UNKNOWN;
	size_t n = 0;

	for (uint32_t i = 0; i < program->n_insns; i++) {
		const struct insn *insn = &program->insns[i];

		switch (insn->op) {
		case INSN_TEST: now = ask(program, insn->arg, arg); break;
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

#endif
