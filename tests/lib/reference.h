/* SPDX-License-Identifier: Apache-2.0 */
/* What a condition means, in the plainest way: for each event the tree is
 * walked from its root, each field is read each time, each operator is written
 * out as docs/rules.md has it. It shares nothing with src/rule but the truth
 * that the two must agree on. */
#ifndef BW_TESTS_REFERENCE_H
#define BW_TESTS_REFERENCE_H

#include "lib/condition.h"

enum answer { ANSWER_NO = 0, ANSWER_UNKNOWN = 1, ANSWER_YES = 2 };

/* `exception`: the condition is that of an exception. */
enum answer reference_ask(const struct expr *expr, const struct event *ev, bool exception);

/* How often each operator gave each answer, and how often the missing head of
 * a path would have decided: a test that never met a case proves nothing of it. */
extern uint64_t reference_answers[EXPR_OP_MAX][3];
extern uint64_t reference_cuts[EXPR_OP_MAX];

#endif
