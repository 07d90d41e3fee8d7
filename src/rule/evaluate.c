/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/run.h"

struct reading {
	const struct reader *reader;
	struct value *tmp;
};

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

static enum truth ask_reader(const struct program *program, uint32_t test, void *arg)
{
	const struct reading *reading = arg;

	return test_run(&program->tests[test], reading->reader, reading->tmp);
}

enum truth program_run(const struct program *program, const struct reader *reader,
		       struct value *tmp)
{
	struct reading reading = { reader, tmp };

	return run_program(program, ask_reader, &reading);
}
