/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that change while they judge: all or none, and what is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/rulebook.h"
#include "unit/record.h"

#define SECOND 1000000000ull

static const char text[] =
	"{\"schema_version\":1,\"ruleset\":\"t\",\"rules\":[{\"id\":\"T-0001\",\"name\":\"%s\","
	"\"description\":\"d\",\"why\":\"w\",\"response\":[\"r\"],\"priority\":\"error\",\"output\":\"o\","
	"\"condition\":\"%s\",\"threshold\":{\"count\":3,\"by\":[\"container.id\"],\"within\":\"10s\"}}]}";

static int bundle_from(const char *name, const char *condition)
{
	char buf[2048];
	uint32_t head[2] = { 6, 0 };
	int fd = memfd_create("t", 0);

	head[1] = (uint32_t)snprintf(buf, sizeof(buf), text, name, condition);
	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	assert_int_equal(write(fd, "t.json", 6), 6);
	assert_int_equal(write(fd, buf, head[1]), head[1]);
	return fd;
}

static bool note(struct rulebook *book, uint64_t time_ns)
{
	struct event ev = { .hdr = record_hdr() };
	uint64_t folded;

	ev.hdr.type = EVENT_OPEN;
	ev.hdr.time_ns = time_ns;
	return rule_state_note(book->state, rule_set_at(book->set, 0), &ev, &folded);
}

static int replace(struct rulebook *book, int fd)
{
	const struct rule_load load = { 0 };
	struct parse_error err;
	int r = rulebook_replace(book, fd, &load, &err);

	close(fd);
	return r;
}

static void begin(struct rulebook *book, struct rule_set **ret)
{
	struct parse_error err;
	char buf[2048];

	snprintf(buf, sizeof(buf), text, "n", "evt.type = open and proc.pid > 1");
	assert_int_equal(rule_set_load_text("t.json", slice_from(buf), ret, &err), 0);
	assert_int_equal(rulebook_init(book, *ret), 0);
	assert_false(note(book, 1 * SECOND));
	assert_false(note(book, 2 * SECOND));
}

static void a_rule_that_finds_the_same_counts_on(void **state)
{
	struct rule_set *set;
	struct rulebook book;

	(void)state;
	begin(&book, &set);
	assert_int_equal(replace(&book, bundle_from("m", "evt.type = open and proc.pid > 1")), 0);
	assert_string_equal(rule_name(rule_set_at(book.set, 0)), "m");
	assert_true(note(&book, 3 * SECOND));
	rulebook_release(&book);
	rule_set_free(set);
}

static void a_rule_that_finds_other_things_begins_anew(void **state)
{
	struct rule_set *set;
	struct rulebook book;

	(void)state;
	begin(&book, &set);
	assert_int_equal(replace(&book, bundle_from("n", "evt.type = open and proc.pid > 2")), 0);
	assert_false(note(&book, 3 * SECOND));
	rulebook_release(&book);
	rule_set_free(set);
}

static void broken_rules_change_nothing(void **state)
{
	struct rule_set *set;
	struct rulebook book;
	int empty = memfd_create("t", 0);

	(void)state;
	begin(&book, &set);
	assert_true(replace(&book, bundle_from("n", "evt.typ = open")) < 0);
	assert_true(replace(&book, empty) < 0);
	assert_ptr_equal(book.set, set);
	assert_true(note(&book, 3 * SECOND));
	rulebook_release(&book);
	rule_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_that_finds_the_same_counts_on),
		cmocka_unit_test(a_rule_that_finds_other_things_begins_anew),
		cmocka_unit_test(broken_rules_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
