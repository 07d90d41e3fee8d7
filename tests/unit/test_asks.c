/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's questions: whatever the reader does, each ends with an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "agent/asks.h"

#define SUBMITTED_MAX (2 * ASKS_MAX)

struct rig {
	struct asks asks;
	int reader_fd;
	bool waits;
	unsigned int n, n_postures;
	struct event_posture posture; /* the last */
	struct {
		uint64_t container;
		unsigned int flags;
		bool has_id;
	} submitted[SUBMITTED_MAX];
};

static void submit(void *rec, size_t len, void *arg)
{
	struct rig *rig = arg;
	struct event_container_info info;
	struct event_hdr hdr;

	memcpy(&hdr, rec, sizeof(hdr));
	if (hdr.type == EVENT_POSTURE) {
		assert_true(len >= sizeof(rig->posture));
		memcpy(&rig->posture, rec, sizeof(rig->posture));
		rig->n_postures++;
		return;
	}
	assert_true(len >= sizeof(info));
	memcpy(&info, rec, sizeof(info));
	/* An alert on this very record, of a container that is not known yet. */
	for (uint64_t key = 1; rig->waits && key < 10; key++)
		assert_false(asks_wait(&rig->asks, key, 50, submit, rig));
	assert_int_equal(info.hdr.type, EVENT_CONTAINER_INFO);
	assert_true(rig->n < SUBMITTED_MAX);
	rig->submitted[rig->n].container = info.hdr.container;
	rig->submitted[rig->n].flags = info.info_flags;
	rig->submitted[rig->n++].has_id = info.id_len > 0;
}

static struct rig *make(bool has_reader)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int engine_fd = -1;

	assert_non_null(rig);
	rig->reader_fd = -1;
	if (has_reader)
		assert_int_equal(reader_socketpair(&engine_fd, &rig->reader_fd), 0);
	asks_init(&rig->asks, engine_fd);
	return rig;
}

static void rig_free(struct rig *rig)
{
	int fd = rig->asks.fd;

	asks_release(&rig->asks);
	close_fd(&fd);
	close_fd(&rig->reader_fd);
	free(rig);
}

static void begin(struct rig *rig, uint64_t key)
{
	struct container_view view = { .key = key, .id = SLICE_LITERAL("cg-1"), .pending = true };

	asks_begin(&rig->asks, &view, 77, 99, false, submit, rig);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The reader finds nothing, as often as it is asked. */
static void answer_all(struct rig *rig)
{
	struct reader_request request;

	while (recv(rig->reader_fd, &request, sizeof(request), MSG_DONTWAIT) ==
	       (ssize_t)sizeof(request)) {
		struct reader_reply reply = {
			.version = READER_VERSION,
			.number = request.number,
			.container = request.container,
			.error = -ENOENT,
			.last = 1,
		};

		assert_int_equal(send(rig->reader_fd, &reply, sizeof(reply), MSG_DONTWAIT),
				 sizeof(reply));
	}
}

static int make_file(const void *bytes, size_t len)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	return fd;
}

/* One reply with one file. */
static void send_file(struct rig *rig, const struct reader_request *request, unsigned int kind,
		      const void *bytes, size_t len)
{
	struct reader_reply reply = { .version = READER_VERSION,
				      .number = request->number,
				      .container = request->container,
				      .n_files = 1,
				      .kinds = { (uint8_t)kind } };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { &reply, sizeof(reply) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.bytes) };
	int fd = make_file(bytes, len);

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
	assert_true(sendmsg(rig->reader_fd, &msg, MSG_DONTWAIT) > 0);
	close(fd);
}

/* Every question is answered with what /proc says, and `state` if it is there. */
static void answer_with_live(struct rig *rig, const char *state)
{
	static const struct posture_live live = { .version = POSTURE_LIVE_VERSION,
						  .compared = 0x7e,
						  .host = 1u << POSTURE_HOST_PID };
	struct reader_request request;

	while (recv(rig->reader_fd, &request, sizeof(request), MSG_DONTWAIT) ==
	       (ssize_t)sizeof(request)) {
		struct reader_reply last = { .version = READER_VERSION,
					     .number = request.number,
					     .container = request.container,
					     .error = state ? 0 : -ENOENT,
					     .last = 1 };

		if (state)
			send_file(rig, &request, READER_RUNC_STATE, state, strlen(state));
		send_file(rig, &request, READER_LIVE, &live, sizeof(live));
		assert_int_equal(send(rig->reader_fd, &last, sizeof(last), MSG_DONTWAIT),
				 sizeof(last));
	}
}

static void run_until_answered(struct rig *rig, const char *state)
{
	int64_t end_ms = now_ms() + 10000;

	while (rig->n == 0 && now_ms() < end_ms) {
		answer_with_live(rig, state);
		asks_collect(&rig->asks, submit, rig);
		usleep(1000);
	}
	assert_true(rig->n > 0);
}

/* Its init's own state file: at once, and once. */
static void what_it_was_given_is_submitted_with_its_name(void **state)
{
	static const char runc[] =
		"{\"id\":\"web\",\"init_process_pid\":77,\"init_process_start\":5,"
		"\"config\":{\"rootfs\":\"/r\",\"namespaces\":[{\"type\":\"NEWPID\"}]}}";
	struct container_view view = { .key = 3, .id = SLICE_LITERAL("web"), .pending = true };
	struct rig *rig = make(true);

	(void)state;
	asks_begin(&rig->asks, &view, 77, 5 * 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK), false,
		   submit, rig);
	run_until_answered(rig, runc);
	assert_int_equal(rig->n_postures, 1);
	assert_int_equal(rig->posture.hdr.container, 3);
	assert_int_equal(rig->posture.posture_flags, 0);
	assert_true(rig->posture.findings >> POSTURE_HOST_PID & 1);
	assert_true(rig->posture.findings >> POSTURE_SECCOMP_OFF & 1);
	rig_free(rig);
}

/* Without any file /proc is all there is, and the record says so. */
static void what_proc_says_is_submitted_when_no_file_is_found(void **state)
{
	struct rig *rig = make(true);

	(void)state;
	begin(rig, 3);
	run_until_answered(rig, NULL);
	assert_int_equal(rig->n_postures, 1);
	assert_int_equal(rig->posture.posture_flags, POSTURE_F_NO_FILES);
	assert_true(rig->posture.findings >> POSTURE_HOST_PID & 1);
	rig_free(rig);
}

static void nothing_found_is_an_answer(void **state)
{
	struct rig *rig = make(true);
	int64_t end_ms = now_ms() + 10000;

	(void)state;
	rig->waits = true;
	begin(rig, 5);
	begin(rig, 6);
	while (rig->n < 2 && now_ms() < end_ms) {
		answer_all(rig);
		asks_collect(&rig->asks, submit, rig);
		usleep(1000);
	}
	assert_int_equal(rig->n, 2);
	assert_int_equal(rig->submitted[0].container, 5);
	assert_int_equal(rig->submitted[0].flags, 0);
	assert_false(rig->submitted[0].has_id);
	assert_int_equal(rig->asks.n_missing, 2);
	rig_free(rig);
}

static void a_silent_reader_is_told_late_once(void **state)
{
	struct rig *rig = make(true);
	int64_t begin_ms = now_ms();

	(void)state;
	begin(rig, 5);
	begin(rig, 5);
	while (rig->n == 0 && now_ms() < begin_ms + 5000) {
		asks_collect(&rig->asks, submit, rig);
		usleep(1000);
	}
	assert_in_range(now_ms() - begin_ms, 900, 3000);
	for (unsigned int i = 0; i < 100; i++)
		asks_collect(&rig->asks, submit, rig);
	assert_int_equal(rig->n, 1);
	assert_int_equal(rig->submitted[0].flags, INFO_LATE);
	rig_free(rig);
}

/* An alert waits once for its container, and a few in all. */
static void a_silent_reader_is_not_waited_for(void **state)
{
	struct rig *rig = make(true);
	int64_t begin_ms;

	(void)state;
	for (uint64_t key = 1; key <= 100; key++)
		begin(rig, key);
	begin_ms = now_ms();
	for (unsigned int round = 0; round < 2; round++)
		for (uint64_t key = 1; key <= 100; key++)
			assert_false(asks_wait(&rig->asks, key, 50, submit, rig));
	assert_in_range(now_ms() - begin_ms, 100, 600);

	/* It speaks again: it is worth waiting for. */
	begin_ms = now_ms();
	answer_all(rig);
	asks_collect(&rig->asks, submit, rig);
	asks_wait(&rig->asks, 100, 50, submit, rig);
	assert_in_range(now_ms() - begin_ms, 40, 600);
	rig_free(rig);
}

static void without_a_reader_nobody_answers(void **state)
{
	struct rig *rig = make(false);

	(void)state;
	begin(rig, 5);
	assert_int_equal(rig->n, 1);
	assert_int_equal(rig->submitted[0].container, 5);
	assert_int_equal(rig->submitted[0].flags, INFO_UNANSWERED);
	assert_false(asks_wait(&rig->asks, 5, 50, submit, rig));
	rig_free(rig);
}

/* An alert that is pending when the agent is told to stop is completed, too. */
static void the_end_answers_what_is_open(void **state)
{
	struct rig *rig = make(true);

	(void)state;
	for (uint64_t key = 1; key <= 5; key++)
		begin(rig, key);
	asks_finish(&rig->asks, submit, rig);
	assert_int_equal(rig->n, 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(rig->submitted[i].flags, INFO_UNANSWERED);
	asks_finish(&rig->asks, submit, rig);
	assert_int_equal(rig->n, 5);
	rig_free(rig);
}

static void too_many_questions_are_not_forgotten(void **state)
{
	struct rig *rig = make(true);

	(void)state;
	for (uint64_t key = 1; key <= ASKS_MAX + 3; key++)
		begin(rig, key);
	assert_int_equal(rig->n, 3);
	assert_int_equal(rig->submitted[2].container, ASKS_MAX + 3);
	assert_int_equal(rig->submitted[2].flags, INFO_UNANSWERED);
	assert_int_equal(rig->asks.n_overflow, 3);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_was_given_is_submitted_with_its_name),
		cmocka_unit_test(what_proc_says_is_submitted_when_no_file_is_found),
		cmocka_unit_test(nothing_found_is_an_answer),
		cmocka_unit_test(a_silent_reader_is_told_late_once),
		cmocka_unit_test(a_silent_reader_is_not_waited_for),
		cmocka_unit_test(without_a_reader_nobody_answers),
		cmocka_unit_test(the_end_answers_what_is_open),
		cmocka_unit_test(too_many_questions_are_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
