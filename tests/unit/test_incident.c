/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: what joins what, in which order, and what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "agent/incident.h"
#include "unit/record.h"

#define SECOND 1000000000ull
#define HOUR (3600 * SECOND)

enum { CRITICAL = 2, WARNING = 4, NOTICE = 5 };

static const struct incident_view *join_event(struct incidents *incidents, struct event *ev,
					      unsigned int severity, const char *rule)
{
	struct finding finding = { .event = ev,
				   .severity = severity,
				   .rule_id = rule,
				   .rule_name = "name",
				   .priority = "Critical",
				   .message = slice_from(rule) };

	return incidents_join(incidents, &finding);
}

static const struct incident_view *join(struct incidents *incidents, uint64_t time_ns,
					uint64_t container, unsigned int severity, const char *rule)
{
	struct event ev = { .hdr = record_hdr(), .wall_ns = time_ns };

	ev.hdr.type = EVENT_OPEN;
	ev.hdr.time_ns = time_ns;
	ev.hdr.container = container;
	return join_event(incidents, &ev, severity, rule);
}

static struct incidents *make(size_t n_max)
{
	struct incidents *incidents;

	assert_int_equal(incidents_new(n_max, &incidents), 0);
	return incidents;
}

static void tells_the_steps_in_order(void **state)
{
	static const char *const rules[] = { "BW-0103", "BW-0130", "BW-0108" };
	struct incidents *incidents = make(8);
	const struct incident_view *view = NULL;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		view = join(incidents, (i + 1) * SECOND, 7, CRITICAL, rules[i]);
		assert_non_null(view);
		assert_int_equal(view->step, i + 1);
		assert_int_equal(view->n_steps, i + 1);
		assert_int_equal(view->first_wall_ns, SECOND);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(view->steps[i]->rule_id, rules[i]);
		assert_int_equal(view->steps[i]->wall_ns, (i + 1) * SECOND);
		assert_int_equal(view->steps[i]->pid, 4133);
		assert_true(slice_eq(view->steps[i]->name, SLICE_LITERAL("evil")));
		assert_string_equal(view->steps[i]->phase, "contained");
	}
	incidents_free(incidents);
}

static void keeps_containers_apart(void **state)
{
	struct incidents *incidents = make(8);
	char first[INCIDENT_ID_LEN + 1];
	const struct incident_view *view;

	(void)state;
	view = join(incidents, 1, 7, CRITICAL, "A");
	memcpy(first, view->id, sizeof(first));
	assert_int_equal(strlen(first), INCIDENT_ID_LEN);
	view = join(incidents, 1, 8, CRITICAL, "A");
	assert_int_equal(view->step, 1);
	assert_string_not_equal(view->id, first);
	view = join(incidents, 2, 7, WARNING, "B");
	assert_int_equal(view->step, 2);
	assert_string_equal(view->id, first);
	incidents_free(incidents);
}

static void notices_join_and_do_not_begin(void **state)
{
	struct incidents *incidents = make(8);

	(void)state;
	assert_null(join(incidents, 1, 7, NOTICE, "A"));
	assert_null(join(incidents, 1, 0, CRITICAL, "A")); /* the host's own, of no container */
	assert_int_equal(join(incidents, 2, 7, WARNING, "B")->step, 1);
	assert_int_equal(join(incidents, 3, 7, NOTICE, "A")->step, 2);
	assert_null(join(incidents, 4 + HOUR, 7, NOTICE, "A")); /* over, and not begun anew */
	incidents_free(incidents);
}

/* The kernel says which container set the helper that it runs on the host. */
static void host_processes_join_whom_they_come_from(void **state)
{
	struct container_view container = { .key = 7, .id = SLICE_LITERAL("4f1c2d3e5a6b") };
	struct incidents *incidents = make(8);
	struct event ev = { .hdr = record_hdr() };
	const struct incident_view *view;

	(void)state;
	join(incidents, 1, 7, CRITICAL, "BW-0160");
	ev.hdr.time_ns = 2;
	ev.hdr.type = EVENT_EXEC;
	ev.hdr.phase = PHASE_HOST;
	ev.hdr.container = 0;
	ev.hdr.target_container = 7;
	ev.target_container = &container;
	ev.path = SLICE_LITERAL("/usr/bin/helper");
	view = join_event(incidents, &ev, CRITICAL, "BW-0361");
	assert_int_equal(view->step, 2);
	assert_string_equal(view->steps[1]->phase, "host");
	assert_true(slice_eq(view->steps[1]->exe, SLICE_LITERAL("/usr/bin/helper")));
	assert_true(slice_eq(view->container, container.id));
	incidents_free(incidents);
}

static void ends_when_it_is_quiet(void **state)
{
	struct incidents *incidents = make(8);
	char first[INCIDENT_ID_LEN + 1];
	const struct incident_view *view;

	(void)state;
	view = join(incidents, HOUR, 7, CRITICAL, "A");
	memcpy(first, view->id, sizeof(first));
	/* Exactly the hour is not over yet, and each finding begins another. */
	assert_int_equal(join(incidents, 2 * HOUR, 7, CRITICAL, "A")->step, 2);
	assert_int_equal(join(incidents, 3 * HOUR, 7, CRITICAL, "A")->step, 3);
	/* One that came late does not put the clock back. */
	assert_int_equal(join(incidents, 1 * HOUR, 7, CRITICAL, "A")->step, 4);
	assert_int_equal(join(incidents, 4 * HOUR, 7, CRITICAL, "A")->step, 5);
	view = join(incidents, 5 * HOUR + 1, 7, CRITICAL, "A");
	assert_int_equal(view->step, 1);
	assert_int_equal(view->n_steps, 1);
	assert_string_not_equal(view->id, first);
	incidents_free(incidents);
}

static void keeps_the_last_steps(void **state)
{
	const struct incident_view *view = NULL;
	struct incidents *incidents = make(8);

	(void)state;
	for (uint64_t i = 1; i <= 100; i++)
		view = join(incidents, i, 7, CRITICAL, "A");
	assert_int_equal(view->step, 100);
	assert_int_equal(view->n_steps, INCIDENT_STEPS_MAX);
	for (unsigned int i = 0; i < INCIDENT_STEPS_MAX; i++)
		assert_int_equal(view->steps[i]->wall_ns, 100 - INCIDENT_STEPS_MAX + 1 + i);
	incidents_free(incidents);
}

static void closes_the_quietest_for_want_of_room(void **state)
{
	struct incidents *incidents = make(4);
	struct incident_stats stats;

	(void)state;
	for (uint64_t key = 1; key <= 4; key++)
		join(incidents, key, key, CRITICAL, "A");
	assert_int_equal(join(incidents, 10, 1, CRITICAL, "B")->step, 2);
	for (uint64_t key = 100; key < 1000; key++) {
		assert_int_equal(join(incidents, key, key, CRITICAL, "A")->step, 1);
		assert_int_equal(join(incidents, key, 1, CRITICAL, "A")->step, key - 100 + 3);
	}
	assert_int_equal(join(incidents, 2000, 2, CRITICAL, "A")->step, 1);
	incidents_get_stats(incidents, &stats);
	assert_int_equal(stats.n_begun, 905);
	assert_int_equal(stats.n_evicted, 901);
	incidents_free(incidents);
}

/* Another run over the same events names the same incidents. */
static void replay_gives_the_same_names(void **state)
{
	struct incidents *one = make(4), *two = make(4);
	unsigned int seed = 3;
	uint64_t now = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint64_t key = (uint64_t)rand_r(&seed) % 7;
		unsigned int severity = (unsigned int)rand_r(&seed) % 8;
		const struct incident_view *a, *b;

		now += (uint64_t)rand_r(&seed) % 64 * 60 * SECOND;
		a = join(one, now, key, severity, "A");
		b = join(two, now, key, severity, "A");
		assert_int_equal(!a, !b);
		if (a) {
			assert_string_equal(a->id, b->id);
			assert_int_equal(a->step, b->step);
		}
	}
	incidents_free(one);
	incidents_free(two);
}

/* Whatever a container names things, what is kept is bounded and ends well. */
static void cuts_at_a_character(void **state)
{
	struct incidents *incidents = make(4);
	struct event ev = { .hdr = record_hdr() };
	struct finding finding = { .event = &ev,
				   .severity = CRITICAL,
				   .rule_id = "A",
				   .rule_name = "n",
				   .priority = "Critical" };
	const struct incident_view *view;
	char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	finding.message = (struct slice){ text + 1, sizeof(text) - 1 };
	view = incidents_join(incidents, &finding);
	assert_true(view->steps[0]->summary.len == 199);
	memset(text, 0x80, sizeof(text));
	view = incidents_join(incidents, &finding);
	assert_true(view->steps[1]->summary.len <= 200);
	incidents_free(incidents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_steps_in_order),
		cmocka_unit_test(keeps_containers_apart),
		cmocka_unit_test(notices_join_and_do_not_begin),
		cmocka_unit_test(host_processes_join_whom_they_come_from),
		cmocka_unit_test(ends_when_it_is_quiet),
		cmocka_unit_test(keeps_the_last_steps),
		cmocka_unit_test(closes_the_quietest_for_want_of_room),
		cmocka_unit_test(replay_gives_the_same_names),
		cmocka_unit_test(cuts_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
