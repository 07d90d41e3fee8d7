/* SPDX-License-Identifier: Apache-2.0 */
/* Why a test of a rule came out as it did. The program is run as program_run()
 * does, and each truth is carried along with the comparison that decided it. */
#include "rule/internal.h"

#include <stdio.h>

struct decided {
	enum truth truth;
	const struct test *by;
};

static struct decided trace_program(const struct program *program, const struct reader *reader,
				    struct value *tmp)
{
	struct decided stack[CONDITION_DEPTH_MAX + 1] = { 0 }, now = { TRUTH_UNKNOWN, NULL };
	size_t n = 0;

	for (uint32_t i = 0; i < program->n_insns; i++) {
		const struct insn *insn = &program->insns[i];

		switch (insn->op) {
		case INSN_TEST:
			now.by = &program->tests[insn->arg];
			now.truth = test_run(now.by, reader, tmp);
			break;
		case INSN_NOT: now.truth = TRUTH_TRUE - now.truth; break;
		case INSN_PUSH: stack[n++] = now; break;
		case INSN_AND:
			n--;
			now = stack[n].truth <= now.truth ? stack[n] : now;
			break;
		case INSN_OR:
			n--;
			now = stack[n].truth >= now.truth ? stack[n] : now;
			break;
		case INSN_JUMP_FALSE:
			if (now.truth == TRUTH_FALSE)
				i = insn->arg - 1;
			break;
		case INSN_JUMP_TRUE:
			if (now.truth == TRUTH_TRUE)
				i = insn->arg - 1;
			break;
		}
	}
	return now;
}

static void show_value(const struct test *test, const struct reader *reader, struct value *tmp,
		       char *buf, size_t size)
{
	struct slice shown = SLICE_LITERAL("<NA>");
	int r;

	r = reader->get(reader, test->field, tmp);
	if (r == 0 && test->item >= 0)
		r = value_take_item(tmp, test->item);
	if (r == 0)
		(void)value_format(tmp, &shown);
	snprintf(buf, size, "%.*s", (int)(shown.len < size ? shown.len : size - 1),
		 shown.data ? shown.data : "");
}

/* Its first round decides what is told; later ones are only counted. */
static void trace_event(const struct rule *rule, struct made_reader *reader,
			struct rule_trace *trace, char *comparison, size_t size, char *value,
			size_t value_size, struct value *tmp)
{
	static const char *const results[] = { "false", "unknown", "true" };
	const struct exception *exception;
	struct decided decided;

	decided = trace_program(&rule->condition, &reader->reader, tmp);
	trace->result = results[decided.truth];
	trace->matched = decided.truth == TRUTH_TRUE;
	if (decided.by) {
		snprintf(comparison, size, "%.*s", (int)decided.by->text.len,
			 decided.by->text.data);
		trace->field = field_table[decided.by->field].name;
		show_value(decided.by, &reader->reader, tmp, value, value_size);
	}
	exception = trace->matched ? rule_excepted(rule, &reader->reader, tmp) : NULL;
	trace->exception = exception ? exception->name : NULL;
}

void rule_trace_test(const struct rule *rule, size_t i,
		     void (*tell)(const struct rule_trace *trace, void *arg), void *arg)
{
	char comparison[256], shown[256];
	const struct rule_test *test;
	uint64_t now_ns = 0;
	struct notes notes;

	if (i >= rule->n_tests)
		return;
	test = &rule->tests[i];
	if (notes_init(&notes, rule) < 0) {
		notes_release(&notes);
		return;
	}
	for (size_t k = 0; k < test->n_events; k++) {
		struct made_reader reader = made_reader_from(&test->events[k]);
		struct rule_trace trace = {
			.event = k, .comparison = comparison, .field = "", .value = shown
		};

		comparison[0] = shown[0] = '\0';
		trace_event(rule, &reader, &trace, comparison, sizeof(comparison), shown,
			    sizeof(shown), &notes.tmp);
		now_ns = made_event_begin(reader.event, now_ns);
		for (; reader.round < reader.event->repeat; reader.round++) {
			if (reader.round > 0)
				now_ns += reader.event->every_ns;
			trace.n_fired += notes_fire(&notes, rule, &reader, now_ns);
		}
		trace.n_rounds = reader.event->repeat;
		tell(&trace, arg);
	}
	notes_release(&notes);
}
