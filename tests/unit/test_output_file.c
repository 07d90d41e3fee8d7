// SPDX-License-Identifier: Apache-2.0
/* Alerts into files: no line is torn, whoever is killed, whatever is full. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/output_driver.h"

static char dir[64];

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, 128, "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void expect_file(const char *name, const char *want)
{
	char text[4096] = "";
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (!want) {
		assert_int_equal(n, -1);
		return;
	}
	assert_true(n >= 0);
	assert_string_equal(text, want);
}

static struct outbox_record record_of(uint64_t number, const char *text)
{
	return (struct outbox_record){ .number = number, .severity = 4, .text = slice_from(text) };
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/bw-output.XXXXXX");
	signal(SIGPIPE, SIG_IGN);
	output_is_restart = false;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void *open_at(const struct output_spec *spec)
{
	struct output_error error = {};
	void *file = NULL;

	if (output_file.open(spec, -1, &file, &error) < 0)
		fail_msg("%s", error.text);
	return file;
}

static void put_into(const struct output_driver *driver, void *file, uint64_t number, const char *text)
{
	struct outbox_record record = record_of(number, text);
	struct output_error error = {};

	assert_int_equal(driver->deliver(file, &record, 1, &error), 1);
}

static void put(void *file, uint64_t number, const char *text)
{
	put_into(&output_file, file, number, text);
}

#define ONE "{\"n\":1,\"text\":\"first alert\"}\n"
#define TWO "{\"n\":2,\"text\":\"second alert\"}\n"

static void test_what_a_killed_process_left(void **state)
{
	static const struct {
		const char *name, *before, *after;
	} cases[] = {
		{ "nothing", "", TWO },
		{ "whole lines", ONE, ONE TWO },
		{ "half of this record", ONE "{\"n\":2,\"te", ONE TWO },
		{ "half of this record, alone", "{\"n\":2", TWO },
		{ "all but its line end", "{\"n\":2,\"text\":\"second alert\"}", TWO },
		{ "all of this record", ONE TWO, ONE TWO },
		{ "half of something else", ONE "{\"n\":7", ONE "{\"n\":7\n" TWO },
		{ "something longer without end", "{\"n\":2,\"text\":\"second alert\"} and more and more",
		  "{\"n\":2,\"text\":\"second alert\"} and more and more\n" TWO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char target[128];
		struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target };
		void *file;

		strcpy(target, path_of("alerts"));
		write_file("alerts", cases[i].before);
		file = open_at(&spec);
		put(file, 2, TWO);
		output_file.close(file);
		print_message("%s\n", cases[i].name);
		expect_file("alerts", cases[i].after);
	}
}

static void test_rotation_by_size(void **state)
{
	char target[128];
	struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target, .max_size = 25, .keep = 2 };
	char text[16];
	void *file;

	(void)state;
	strcpy(target, path_of("alerts"));
	file = open_at(&spec);
	for (unsigned int i = 1; i <= 9; i++) {
		snprintf(text, sizeof(text), "alert %u...\n", i);
		put(file, i, text);
	}
	expect_file("alerts", "alert 9...\n");
	expect_file("alerts.1", "alert 7...\nalert 8...\n");
	expect_file("alerts.2", "alert 5...\nalert 6...\n");
	expect_file("alerts.3", NULL);
	/* One that is larger than the limit has a file of its own. */
	put(file, 10, "an alert that is much longer than the limit of the size\n");
	expect_file("alerts", "an alert that is much longer than the limit of the size\n");
	expect_file("alerts.1", "alert 9...\n");
	output_file.close(file);
}

static void test_rotation_that_cannot_be_loses_nothing(void **state)
{
	char target[128];
	struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target, .max_size = 4, .keep = 1 };
	void *file;

	(void)state;
	strcpy(target, path_of("alerts"));
	/* A directory that is not empty stands where the old file should go. */
	assert_int_equal(mkdir(path_of("alerts.1"), 0755), 0);
	write_file("alerts.1/in", "x");
	file = open_at(&spec);
	put(file, 1, ONE);
	put(file, 2, TWO);
	expect_file("alerts", ONE TWO);
	output_file.close(file);
}

static void test_reopen(void **state)
{
	char target[128];
	struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target };
	struct output_error error = {};
	void *file;

	(void)state;
	strcpy(target, path_of("alerts"));
	file = open_at(&spec);
	put(file, 1, ONE);
	assert_int_equal(rename(target, path_of("alerts.old")), 0);
	put(file, 2, TWO);
	assert_int_equal(output_file.reopen(file, &error), 0);
	put(file, 3, ONE);
	expect_file("alerts.old", ONE TWO);
	expect_file("alerts", ONE);
	/* Its directory is gone: what is open stays. */
	assert_int_equal(rename(target, path_of("moved")), 0);
	assert_int_equal(symlink("/etc/passwd", target), 0);
	assert_int_equal(output_file.reopen(file, &error), -ELOOP);
	put(file, 4, TWO);
	expect_file("moved", ONE TWO);
	output_file.close(file);
}

static void test_links_are_not_followed(void **state)
{
	char target[128];
	struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target };
	struct output_error error = {};
	void *file = NULL;

	(void)state;
	strcpy(target, path_of("alerts"));
	write_file("victim", "");
	assert_int_equal(symlink(path_of("victim"), target), 0);
	assert_int_equal(output_file.open(&spec, -1, &file, &error), -ELOOP);
	assert_non_null(strstr(error.text, target));
	assert_int_equal(error.error, ELOOP);
}

static void test_fifo(void **state)
{
	char target[128], text[8192], got[16384];
	struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target };
	struct output_error error = {};
	struct outbox_record record;
	struct timespec begin, end;
	void *file = NULL;
	size_t sum = 0, off = 0;
	unsigned int number = 0;
	int fd;

	(void)state;
	strcpy(target, path_of("fifo"));
	assert_int_equal(mkfifo(target, 0600), 0);
	/* Nobody reads: no hang. */
	assert_int_equal(output_file.open(&spec, -1, &file, &error), -ENXIO);
	fd = open(target, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_SETPIPE_SZ, 4096), 4096);
	file = open_at(&spec);
	/* Not as much as comes: the call ends, and the next goes on in the middle. */
	memset(text, 'x', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	record = record_of(++number, text);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(output_file.deliver(file, &record, 1, &error), -EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec <= 2);
	while (sum < sizeof(text) - 1) {
		ssize_t n = read(fd, got + off, sizeof(got) - off);

		if (n > 0) {
			off += (size_t)n;
			sum += (size_t)n;
		}
		if (sum < sizeof(text) - 1)
			(void)output_file.deliver(file, &record, 1, &error);
	}
	assert_int_equal(sum, sizeof(text) - 1);
	assert_memory_equal(got, text, sizeof(text) - 1);
	/* The reader goes and another comes: a FIFO is no closed pipe. */
	close(fd);
	record = record_of(++number, ONE);
	memset(&error, 0, sizeof(error));
	assert_int_equal(output_file.deliver(file, &record, 1, &error), -EPIPE);
	assert_false(error.is_gone);
	assert_int_equal(output_file.deliver(file, &record, 1, &error), -ENXIO);
	fd = open(target, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(output_file.deliver(file, &record, 1, &error), 1);
	assert_int_equal(read(fd, got, sizeof(got)), strlen(ONE));
	close(fd);
	output_file.close(file);
}

static void test_closed_stdout_is_final(void **state)
{
	struct output_spec spec = { .kind = OUTPUT_STDOUT, .target = NULL };
	struct outbox_record record = record_of(1, ONE);
	struct output_error error = {};
	void *file;
	int pair[2];

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(output_stdout.open(&spec, pair[1], &file, &error), 0);
	assert_int_equal(output_stdout.deliver(file, &record, 1, &error), 1);
	close(pair[0]);
	assert_int_equal(output_stdout.deliver(file, &record, 1, &error), -EPIPE);
	assert_true(error.is_gone);
	output_stdout.close(file);
	/* What was inherited is not ours to close. */
	assert_true(fcntl(pair[1], F_GETFD) >= 0);
	close(pair[1]);
}

static void test_full_device(void **state)
{
	char target[] = "/dev/full";
	struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target };
	struct outbox_record record = record_of(1, ONE);
	struct output_error error = {};
	void *file = open_at(&spec);

	(void)state;
	assert_int_equal(output_file.deliver(file, &record, 1, &error), -ENOSPC);
	assert_int_equal(error.error, ENOSPC);
	assert_false(error.is_final || error.is_gone);
	output_file.close(file);
}

/* The disk fills within a line: told, and whole again when there is room. */
static void test_a_line_that_was_cut_is_finished_first(void **state)
{
	char target[128];
	struct output_spec spec = { .kind = OUTPUT_FILE, .target = target, .name = target };
	struct outbox_record record = record_of(2, TWO);
	struct output_error error = {};
	struct rlimit limit, old;
	void *file;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	strcpy(target, path_of("alerts"));
	file = open_at(&spec);
	put(file, 1, ONE);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = (rlim_t)(strlen(ONE) + 7);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(output_file.deliver(file, &record, 1, &error), -EFBIG);
		assert_int_equal(error.error, EFBIG);
		expect_file("alerts", ONE "{\"n\":2,");
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	put(file, 2, TWO);
	put(file, 3, ONE);
	expect_file("alerts", ONE TWO ONE);

	/* Moved away while half is out: the part goes, the whole comes to the new file. */
	limit.rlim_cur = (rlim_t)(2 * strlen(ONE) + strlen(TWO) + 7);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	record.number = 4;
	assert_int_equal(output_file.deliver(file, &record, 1, &error), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rename(target, path_of("old")), 0);
	assert_int_equal(output_file.reopen(file, &error), 0);
	put(file, 4, TWO);
	expect_file("old", ONE TWO ONE);
	expect_file("alerts", TWO);
	output_file.close(file);
}

static void ignore_signal(int number)
{
	(void)number;
}

static void test_signals_and_short_writes_lose_nothing(void **state)
{
	const struct itimerval every = { { 0, 500 }, { 0, 500 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = ignore_signal }, old; /* no SA_RESTART */
	struct output_spec spec = { .kind = OUTPUT_STDOUT };
	static char text[9000], got[100 * sizeof(text)];
	size_t sum = 0;
	void *file;

	(void)state;
	memset(text, 'y', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	for (int nonblock = 0; nonblock < 2; nonblock++) {
		struct output_error error = {};
		int pair[2], status;
		pid_t reader;

		assert_int_equal(pipe2(pair, O_CLOEXEC | (nonblock ? O_NONBLOCK : 0)), 0);
		assert_true(fcntl(pair[1], F_SETPIPE_SZ, 4096) >= 4096);
		reader = fork();
		if (reader == 0) {
			ssize_t n;

			close(pair[1]);
			sum = 0;
			fcntl(pair[0], F_SETFL, 0);
			while ((n = read(pair[0], got + sum, sizeof(got) - sum)) > 0)
				sum += (size_t)n;
			for (size_t i = 0; i < sum / (sizeof(text) - 1); i++)
				if (memcmp(got + i * (sizeof(text) - 1), text, sizeof(text) - 1) != 0)
					_exit(1);
			_exit(sum == 50 * (sizeof(text) - 1) ? 0 : 2);
		}
		close(pair[0]);
		assert_int_equal(output_stdout.open(&spec, pair[1], &file, &error), 0);
		sigaction(SIGALRM, &action, &old);
		setitimer(ITIMER_REAL, &every, NULL);
		for (unsigned int i = 1; i <= 50; i++)
			put_into(&output_stdout, file, i, text);
		setitimer(ITIMER_REAL, &never, NULL);
		sigaction(SIGALRM, &old, NULL);
		output_stdout.close(file);
		close(pair[1]);
		assert_int_equal(waitpid(reader, &status, 0), reader);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_a_killed_process_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation_by_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation_that_cannot_be_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_stdout_is_final, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_line_that_was_cut_is_finished_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signals_and_short_writes_lose_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
