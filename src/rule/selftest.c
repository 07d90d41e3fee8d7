/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's own tests: made-up events through the evaluator that real ones take. */
#include "rule/internal.h"

#include <stdio.h>

static int made_get(const struct reader *reader, size_t field, struct value *ret)
{
	const struct made_event *event = ((const struct made_reader *)reader)->event;

	ret->type = field_table[field].type;
	ret->cut_head = false;
	for (size_t i = 0; i < event->n_values; i++) {
		const struct made_value *value = &event->values[i];

		if (value->field != field)
			continue;
		if (value->missing)
			return -ENODATA;
		ret->truth = value->truth;
		ret->num = value->num;
		ret->str = value->str;
		return 0;
	}
	ret->truth = false;
	return ret->type == VALUE_BOOL ? 0 : -ENODATA;
}

struct made_reader made_reader_from(const struct made_event *event)
{
	return (struct made_reader){ { made_get }, event };
}

unsigned int rule_run_tests(const struct rule_set *set, const struct rule *rule,
			    unsigned int *ret_run,
			    void (*report)(const char *line, bool ok, void *arg), void *arg)
{
	unsigned int n_failed = 0;
	struct value tmp;
	char line[512];

	(void)set;
	for (size_t i = 0; i < rule->n_tests; i++) {
		const struct rule_test *test = &rule->tests[i];
		unsigned int alerts = 0;

		for (size_t j = 0; j < test->n_events; j++) {
			struct made_reader reader = made_reader_from(&test->events[j]);

			alerts += rule_matches(rule, &reader.reader, &tmp);
		}
		snprintf(line, sizeof(line), "%s %s: %u alert%s expected, %u raised", rule->id,
			 test->name, test->alerts, test->alerts == 1 ? "" : "s", alerts);
		n_failed += alerts != test->alerts;
		if (report)
			report(line, alerts == test->alerts, arg);
	}
	if (ret_run)
		*ret_run = (unsigned int)rule->n_tests;
	return n_failed;
}
