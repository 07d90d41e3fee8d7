// SPDX-License-Identifier: Apache-2.0
/* The status pages: what is written is what is read, whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "agent/status.h"

static void fill(struct status_engine *engine, uint64_t value)
{
	uint64_t *words = (uint64_t *)engine;

	for (size_t i = 0; i < sizeof(*engine) / sizeof(*words); i++)
		words[i] = value;
}

static void test_round(void **state)
{
	static struct status_engine in, out;
	struct status_page *writer, *reader;
	int fd, read_fd;

	(void)state;
	assert_int_equal(status_page_make(STATUS_OF_ENGINE, &fd, &read_fd), 0);
	assert_int_equal(status_page_read(read_fd, STATUS_OF_ENGINE, &reader), 0);
	assert_int_equal(status_last_turn(reader), 0);
	assert_int_equal(status_page_write(fd, STATUS_OF_ENGINE, &writer), 0);
	assert_int_equal(status_get_engine(reader, &out), -ENODATA);
	assert_true(status_last_turn(reader) > 0 && status_last_turn(reader) <= status_now());
	for (uint64_t i = 1; i < 10; i++) {
		in.received = i;
		status_turn(writer, i * 2);
		status_publish(writer, &in);
		assert_int_equal(status_get_engine(reader, &out), 0);
		assert_int_equal(out.received, i);
		assert_int_equal(status_last_turn(reader), i * 2);
	}
	/* Another writer begins anew. */
	status_page_release(writer);
	assert_int_equal(status_page_write(fd, STATUS_OF_ENGINE, &writer), 0);
	assert_int_equal(status_get_engine(reader, &out), -ENODATA);
	assert_true(status_last_turn(reader) > 18);
	status_page_release(writer);
	status_page_release(reader);
	close(fd);
	close(read_fd);
}

static void test_borders(void **state)
{
	struct status_page *page = NULL;
	int fd, read_fd;

	(void)state;
	assert_int_equal(status_page_make(STATUS_OF_SENSOR, &fd, &read_fd), 0);
	/* Who reads cannot write, and nobody can pull the memory from under a reader. */
	assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, read_fd, 0), MAP_FAILED);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 24), -1);
	assert_int_equal(status_page_read(read_fd, STATUS_OF_ENGINE, &page), -EBADMSG);
	assert_null(page);
	status_publish(NULL, NULL);
	status_turn(NULL, 1);
	status_page_release(NULL);
	close(fd);
	close(read_fd);
}

/* A writer as fast as it can, for a while, then killed where it is: what a
 * reader gets is one number throughout. */
static void test_torn(void **state)
{
	static struct status_engine engine;
	struct status_page *reader;
	uint64_t end = status_now() + 300000000ull;
	unsigned int n_read = 0, n_busy = 0;
	int fd, read_fd, r;
	pid_t pid;

	(void)state;
	assert_int_equal(status_page_make(STATUS_OF_ENGINE, &fd, &read_fd), 0);
	pid = fork();
	if (pid == 0) {
		struct status_page *writer;
		uint64_t i = 0;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (status_page_write(fd, STATUS_OF_ENGINE, &writer) < 0)
			_exit(1);
		for (;;) {
			fill(&engine, ++i);
			status_publish(writer, &engine);
		}
	}
	assert_int_equal(status_page_read(read_fd, STATUS_OF_ENGINE, &reader), 0);
	while (status_now() < end + 50000000ull) {
		if (status_now() > end && pid) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			pid = 0;
		}
		r = status_get_engine(reader, &engine);
		if (r == -EAGAIN || r == -ENODATA) {
			n_busy++;
			assert_true(pid || r == -ENODATA);
			continue;
		}
		n_read++;
		/* The counts are bounded by the reader, the words around them are not. */
		for (unsigned int ring = 0; ring < RING_MAX; ring++)
			for (unsigned int type = 0; type < EVENT_TYPE_MAX; type++)
				assert_int_equal(engine.books[ring][type].suppressed, engine.written_ns);
		assert_int_equal(engine.reloads_refused, engine.written_ns);
		assert_int_equal(engine.rules[STATUS_RULES_MAX - 1].alerts, engine.written_ns);
	}
	if (n_read < 100)
		fail_msg("%u reads, %u times busy", n_read, n_busy);
	assert_int_equal(status_get_engine(reader, &engine), 0);
	status_page_release(reader);
	close(fd);
	close(read_fd);
}

static void test_hostile(void **state)
{
	static struct status_engine engine;
	static struct status_sensor sensor;

	(void)state;
	memset(&engine, 0xff, sizeof(engine));
	memset(&sensor, 0xff, sizeof(sensor));
	snprintf(engine.rules[0].id, sizeof(engine.rules[0].id), "a\"b\\c\nd\x1b[1m");
	status_check_engine(&engine);
	status_check_sensor(&sensor);
	assert_string_equal(engine.rules[0].id, "a?b?c?d?[1m");
	assert_int_equal(engine.n_rules, STATUS_RULES_MAX);
	assert_int_equal(engine.n_containers, STATUS_CONTAINERS_MAX);
	assert_int_equal(sensor.n_hooks, STATUS_HOOKS_MAX);
	assert_int_equal(sensor.n_processes, STATUS_PROCESSES_MAX);
	assert_true(strlen(engine.rules[STATUS_RULES_MAX - 1].id) < STATUS_RULE_ID_MAX);
	assert_true(strlen(engine.containers[0].name) < sizeof(engine.containers[0].name));
	assert_true(strlen(sensor.hostname) < sizeof(sensor.hostname));
	assert_true(strlen(sensor.processes[STATUS_PROCESSES_MAX - 1].name) < sizeof(sensor.processes[0].name));
	assert_string_equal(status_table_name(STATUS_TABLES), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
