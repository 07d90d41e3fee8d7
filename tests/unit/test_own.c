// SPDX-License-Identifier: Apache-2.0
/* The agent's own doings, and what only looks like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "agent/own.h"

#define TICK 10000000ull
#define SENSOR { .start_ns = 500 * TICK + 7, .tgid = 40, .exec_seq = 3 }

static const struct {
	const char *name;
	struct exec_id proc, parent;
	unsigned int type, nr, cap;
	uint64_t facts;
	bool want;
} cases[] = {
	{ "sensor, bpf()", SENSOR, {}, EVENT_SYSCALL, SYS_bpf, 0, 0, true },
	{ "sensor, another call", SENSOR, {}, EVENT_SYSCALL, SYS_init_module, 0, 0, false },
	{ "reader, reading", { 510 * TICK, 41, 3 }, SENSOR, EVENT_OPEN, 0, 0, 0, true },
	{ "reader, writing", { 510 * TICK, 41, 3 }, SENSOR, EVENT_OPEN, 0, 0, FACT_FILE_WRITE, false },
	{ "reader, one of its four", { 510 * TICK, 41, 3 }, SENSOR, EVENT_CAPABLE, 0, 19, 0, true },
	{ "reader, CAP_SYS_ADMIN", { 510 * TICK, 41, 3 }, SENSOR, EVENT_CAPABLE, 0, 21, 0, false },
	{ "reader, mounting", { 510 * TICK, 41, 3 }, SENSOR, EVENT_MOUNT, 0, 0, 0, false },
	{ "child that executed something", { 510 * TICK, 41, 4 }, SENSOR, EVENT_OPEN, 0, 0, 0, false },
	{ "grandchild", { 520 * TICK, 42, 3 }, { 510 * TICK, 41, 3 }, EVENT_OPEN, 0, 0, 0, false },
	{ "stranger of the pod", { 520 * TICK, 43, 3 }, { 90 * TICK, 39, 3 }, EVENT_OPEN, 0, 0, 0, false },
	{ "same number, another life", { 600 * TICK, 40, 3 }, {}, EVENT_SYSCALL, SYS_bpf, 0, 0, false },
	{ "sensor that executed something", { 500 * TICK + 7, 40, 4 }, {}, EVENT_SYSCALL, SYS_bpf, 0, 0, false },
};

static void test_own(void **state)
{
	struct event first = { .hdr = { .type = EVENT_SYSCALL, .nr = SYS_bpf, .proc = SENSOR } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct own own = { .tgid = 40, .start_ticks = 500, .tick_ns = TICK };
		struct event ev = { .hdr = { .type = (uint16_t)cases[i].type,
					     .facts = cases[i].facts,
					     .proc = cases[i].proc,
					     .parent = cases[i].parent } };

		ev.hdr.nr = cases[i].nr;
		if (cases[i].type == EVENT_CAPABLE)
			ev.u.capable.cap = cases[i].cap;
		assert_true(own_is_doing(&own, &first));
		if (own_is_doing(&own, &ev) != cases[i].want)
			fail_msg("%s: wanted %d", cases[i].name, cases[i].want);
	}
}

/* The files of its outputs, and names beside them when it rotates; nobody else's. */
static void test_own_outputs(void **state)
{
	static const struct {
		const char *name, *path;
		unsigned int type, op, object;
		bool is_stranger, want;
	} files[] = {
		{ "its file", "/var/log/brigwatch/alerts.json", EVENT_OPEN, 0, 0, false, true },
		{ "another beside it", "/var/log/brigwatch/other.json", EVENT_OPEN, 0, 0, false, false },
		{ "longer", "/var/log/brigwatch/alerts.json.1", EVENT_OPEN, 0, 0, false, false },
		{ "a rotation", "/var/log/brigwatch", EVENT_CHANGE, CHANGE_RENAME, OBJECT_PARENT, false, true },
		{ "a rename elsewhere", "/var/log", EVENT_CHANGE, CHANGE_RENAME, OBJECT_PARENT, false, false },
		{ "a link beside it", "/var/log/brigwatch", EVENT_CHANGE, CHANGE_LINK, OBJECT_PARENT, false, false },
		{ "at the top", "/", EVENT_CHANGE, CHANGE_RENAME, OBJECT_PARENT, false, true },
		{ "a stranger of the pod", "/var/log/brigwatch/alerts.json", EVENT_OPEN, 0, 0, true, false },
	};
	struct event first = { .hdr = { .type = EVENT_SYSCALL, .nr = SYS_bpf, .proc = SENSOR } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct own own = { .tgid = 40, .start_ticks = 500, .tick_ns = TICK };
		struct event ev = { .hdr = { .type = (uint16_t)files[i].type,
					     .facts = FACT_FILE_WRITE,
					     .proc = { 510 * TICK, 41, 3 },
					     .parent = SENSOR },
				    .path = slice_from(files[i].path) };

		if (files[i].is_stranger)
			ev.hdr.parent.tgid = 39;
		ev.u.change.op = files[i].op;
		ev.u.change.object = files[i].object;
		own_note_file(&own, "relative.json");
		own_note_file(&own, "/var/log/brigwatch/alerts.json");
		own_note_file(&own, "/top.json");
		assert_true(own_is_doing(&own, &first));
		if (own_is_doing(&own, &ev) != files[i].want)
			fail_msg("%s: wanted %d", files[i].name, files[i].want);
	}
}

/* What the agent's own container was given is no news; what others were is. */
static void test_own_posture(void **state)
{
	struct own own = { .tgid = 40, .start_ticks = 500, .tick_ns = TICK };
	struct event posture = { .hdr = { .type = EVENT_POSTURE, .container = 7 } };
	struct event birth = { .hdr = { .type = EVENT_CONTAINER, .container = 8 } };

	(void)state;
	birth.u.container.init_tgid = 41;
	own_note_birth(&own, &birth);
	assert_false(own_is_doing(&own, &posture));
	birth.hdr.container = 7;
	birth.u.container.init_tgid = 40;
	own_note_birth(&own, &birth);
	assert_true(own_is_doing(&own, &posture));
	posture.hdr.container = 8;
	assert_false(own_is_doing(&own, &posture));
	/* On the host there is no container of its own. */
	birth.hdr.container = posture.hdr.container = 0;
	own.container = 0;
	own_note_birth(&own, &birth);
	assert_false(own_is_doing(&own, &posture));
}

static void test_unknown_sensor(void **state)
{
	struct event ev = { .hdr = { .type = EVENT_SYSCALL, .nr = SYS_bpf, .proc = SENSOR } };
	struct own own;

	(void)state;
	assert_int_equal(own_init(&own, 0x7fffffff), -ENOENT);
	assert_false(own_is_doing(&own, &ev));
	assert_int_equal(own_init(&own, (uint32_t)getpid()), 0);
	assert_true(own.start_ticks > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_own), cmocka_unit_test(test_own_outputs), cmocka_unit_test(test_own_posture),
					    cmocka_unit_test(test_unknown_sensor) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
