// SPDX-License-Identifier: Apache-2.0
/* The output process as the sensor starts it: killed at random, with receivers that
 * live and die. Runs with the sandbox that it has in the agent. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/outputs.h"
#include "lib/random.h"

static char dir[64];

struct rig {
	struct output_spec specs[4];
	int fds[4];
	size_t n;
	struct outputs outputs;
	struct outbox *boxes[4]; /* producers */
	pid_t pid;
};

static void shed(void *arg)
{
	(void)arg;
}

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	strcpy(dir, "/tmp/bw-out.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void add(struct rig *rig, int fd, const char *format, ...)
{
	char error[OUTPUT_ERROR_MAX], text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (output_spec_parse(text, &rig->specs[rig->n], error) < 0 ||
	    output_spec_finish(&rig->specs[rig->n], SINK_JSON, error) < 0)
		fail_msg("%s", error);
	rig->fds[rig->n++] = fd;
}

static void begin(struct rig *rig)
{
	assert_int_equal(outputs_init(&rig->outputs, rig->specs, rig->fds, rig->n, dir), 0);
	for (size_t i = 0; i < rig->n; i++)
		assert_int_equal(outbox_open(&rig->outputs.files[i], OUTBOX_PRODUCER, &rig->boxes[i]), 0);
	assert_int_equal(outputs_spawn(&rig->outputs, false, shed, NULL, &rig->pid), 0);
}

static void end(struct rig *rig)
{
	outputs_stop(&rig->outputs, &rig->pid);
	for (size_t i = 0; i < rig->n; i++)
		outbox_close(rig->boxes[i]);
	outputs_release(&rig->outputs);
	for (size_t i = 0; i < rig->n; i++)
		output_spec_release(&rig->specs[i]);
	rig->n = 0;
}

static void kill_it(struct rig *rig)
{
	int status;

	kill(rig->pid, SIGKILL);
	assert_int_equal(waitpid(rig->pid, &status, 0), rig->pid);
	assert_int_equal(outputs_spawn(&rig->outputs, true, shed, NULL, &rig->pid), 0);
}

/* As long as alerts are: some kilobytes. */
static void push(struct rig *rig, size_t i, unsigned int number)
{
	static char text[8000];
	struct outbox_record record = { .severity = number % 7 ? 4 : 2, .is_urgent = number % 7 == 0 };
	int len = snprintf(text, sizeof(text), "{\"number\":%u,\"pad\":\"", number);

	memset(text + len, 'a' + (int)(number % 26), 3000);
	len += 3000;
	len += snprintf(text + len, sizeof(text) - (size_t)len, "\"}\n");
	record.text = (struct slice){ text, (size_t)len };
	assert_int_equal(outbox_push(rig->boxes[i], &record), 0);
}

static struct outbox_stats stats_of(const struct rig *rig, size_t i)
{
	struct outbox_stats stats;

	outbox_get_stats(rig->outputs.boxes[i], &stats);
	assert_true(stats.accepted == stats.written + stats.failed + stats.queued);
	return stats;
}

static void wait_written(const struct rig *rig, size_t i, uint64_t n)
{
	for (int k = 0; stats_of(rig, i).written < n; k++) {
		if (k == 1000)
			fail_msg("output %zu: %llu of %llu", i, (unsigned long long)stats_of(rig, i).written,
				 (unsigned long long)n);
		usleep(5000);
	}
}

/* Lines 1 to n in order, each once and whole. Others are counted. */
static unsigned int check_lines(const char *name, unsigned int n)
{
	char path[128], *line = NULL, want[64];
	unsigned int next = 1, others = 0;
	size_t room = 0;
	ssize_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	assert_non_null(file);
	while ((len = getline(&line, &room, file)) > 0) {
		snprintf(want, sizeof(want), "{\"number\":%u,", next);
		if (strncmp(line, want, strlen(want)) == 0 && strcmp(line + len - 3, "\"}\n") == 0)
			next++;
		else
			others++;
	}
	fclose(file);
	free(line);
	assert_int_equal(next, n + 1);
	return others;
}

static void test_killed_at_random(void **state)
{
	struct random random = { 99 };
	struct rig rig = {};
	const unsigned int n = 3000;

	(void)state;
	add(&rig, -1, "%s/alerts.json,queue=16M", dir);
	begin(&rig);
	for (unsigned int i = 1; i <= n; i++) {
		push(&rig, 0, i);
		if (random_below(&random, 20) == 0)
			usleep((useconds_t)random_below(&random, 2000));
		if (i % 60 == 0)
			kill_it(&rig);
	}
	wait_written(&rig, 0, n);
	/* Not one line twice, not one cut. */
	assert_int_equal(check_lines("alerts.json", n), 0);
	end(&rig);
}

static void test_one_that_is_dead_hinders_nobody(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct rig rig = {};
	char got[65536];
	size_t sum = 0, want = 0;
	int listener, peer;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
	add(&rig, -1, "%s/alerts.json", dir);
	add(&rig, -1, "unix:%s/socket,retry_max=200ms", dir);
	add(&rig, -1, "http://127.0.0.1:1/,retry_max=200ms");
	begin(&rig);
	for (unsigned int i = 1; i <= 10; i++)
		for (size_t k = 0; k < 3; k++)
			push(&rig, k, i);
	wait_written(&rig, 0, 10);
	usleep(300000);
	for (size_t k = 1; k < 3; k++) {
		assert_int_equal(stats_of(&rig, k).written, 0);
		assert_int_equal(stats_of(&rig, k).queued, 10);
		assert_true(stats_of(&rig, k).retries > 0 && stats_of(&rig, k).is_failing);
	}
	/* It comes to life, and nobody tells. */
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	peer = accept(listener, NULL, NULL);
	want = (size_t)stats_of(&rig, 0).accepted_bytes - 10 * 64;
	while (sum + 7 * 10 < want) {
		ssize_t len = read(peer, got, sizeof(got));

		assert_true(len > 0);
		sum += (size_t)len;
	}
	wait_written(&rig, 1, 10);
	assert_false(stats_of(&rig, 1).is_failing);
	close(peer);
	close(listener);
	end(&rig);
}

static void test_what_is_left_is_delivered_by_the_next(void **state)
{
	struct rig rig = {};
	char path[128];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	add(&rig, -1, "%s/fifo", dir);
	begin(&rig);
	for (unsigned int i = 1; i <= 3; i++)
		push(&rig, 0, i);
	end(&rig);

	/* Killed as a whole: nobody stops anything. */
	add(&rig, -1, "%s/fifo", dir);
	begin(&rig);
	assert_int_equal(stats_of(&rig, 0).adopted, 3);
	push(&rig, 0, 4);
	kill(rig.pid, SIGKILL);
	waitpid(rig.pid, NULL, 0);
	rig.pid = 0;
	outbox_close(rig.boxes[0]);
	outbox_close(rig.outputs.boxes[0]);
	outbox_file_release(&rig.outputs.files[0], false);
	close(rig.outputs.control_fd);
	output_spec_release(&rig.specs[0]);
	rig.n = 0;

	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	add(&rig, -1, "%s/fifo", dir);
	begin(&rig);
	assert_int_equal(stats_of(&rig, 0).adopted, 4);
	wait_written(&rig, 0, 4);
	end(&rig);
	close(fd);
}

static void test_closed_stdout_is_told(void **state)
{
	struct rig rig = {};
	struct pollfd pfd = { .events = POLLIN };
	int pair[2];

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
	add(&rig, pair[1], "-");
	begin(&rig);
	push(&rig, 0, 1);
	wait_written(&rig, 0, 1);
	close(pair[0]);
	push(&rig, 0, 2);
	pfd.fd = rig.outputs.control_fd;
	assert_int_equal(poll(&pfd, 1, 5000), 1);
	assert_true(outputs_read(&rig.outputs));
	push(&rig, 0, 3);
	end(&rig);
	close(pair[1]);
}

static void test_no_such_directory_is_refused_at_the_start(void **state)
{
	struct rig rig = {};

	(void)state;
	add(&rig, -1, "%s/none/alerts.json", dir);
	assert_int_equal(outputs_init(&rig.outputs, rig.specs, rig.fds, rig.n, dir), 0);
	assert_int_equal(outputs_spawn(&rig.outputs, false, shed, NULL, &rig.pid), -ECANCELED);
	outputs_release(&rig.outputs);
	output_spec_release(&rig.specs[0]);
}

static void test_the_same_twice_is_refused(void **state)
{
	struct rig rig = {};

	(void)state;
	add(&rig, -1, "%s/alerts,format=json", dir);
	add(&rig, -1, "%s/alerts,format=json,priority=error", dir);
	assert_int_equal(outputs_init(&rig.outputs, rig.specs, rig.fds, rig.n, dir), -EEXIST);
	outputs_release(&rig.outputs);
	for (size_t i = 0; i < rig.n; i++)
		output_spec_release(&rig.specs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_killed_at_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_that_is_dead_hinders_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_left_is_delivered_by_the_next, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_stdout_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_directory_is_refused_at_the_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_same_twice_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
