/* SPDX-License-Identifier: Apache-2.0 */
/* The live view prints one line an event, in columns, whatever the bytes in it;
 * equal ones are folded, alerts never are. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "agent/watch.h"
#include "cmd/watch_view.h"
#include "unit/check_text.h"
#include "unit/record.h"

#define SECOND 1000000000ull

struct fixture {
	FILE *out;
	char *text;
	size_t len;
	struct view *view;
	struct event ev;
	struct container_view container;
};

static void begin(struct fixture *fx, const struct view_options *options)
{
	memset(fx, 0, sizeof(*fx));
	fx->out = open_memstream(&fx->text, &fx->len);
	assert_non_null(fx->out);
	assert_int_equal(view_new(fx->out, options, &fx->view), 0);
	fx->ev.hdr = record_hdr();
	fx->ev.hdr.type = EVENT_EXEC;
	fx->ev.wall_ns = 1700000000 * SECOND;
	memcpy(fx->ev.hdr.comm, "sh", 3);
	fx->container = (struct container_view){ .key = 77, .id = SLICE_LITERAL("4f1c"), .name = SLICE_LITERAL("web-1") };
	fx->ev.container = &fx->container;
}

static const char *text_of(struct fixture *fx)
{
	fflush(fx->out);
	return fx->text;
}

static void end(struct fixture *fx)
{
	view_free(fx->view);
	fclose(fx->out);
	free(fx->text);
}

static unsigned int n_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_columns_stand_below_each_other(void **state)
{
	static const char *const names[] = { "a", "web", "a-name-that-is-longer-than-its-column-is-wide", "größe-ümläut" };
	struct fixture fx;
	const char *at;

	(void)state;
	begin(&fx, &(struct view_options){ 0 });
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fx.ev.hdr.container = 77 + i;
		fx.container.name = slice_from(names[i]);
		view_event(fx.view, &fx.ev, VIEW_EXEC, SLICE_LITERAL("DETAIL"), 0);
	}
	assert_int_equal(n_lines(text_of(&fx)), ARRAY_SIZE(names));
	at = fx.text;
	for (size_t i = 0, column = 0; i < ARRAY_SIZE(names); i++) {
		const char *detail = strstr(at, "DETAIL");
		size_t n = 0;

		assert_non_null(detail);
		for (; at < detail; at++)
			n += ((unsigned char)*at & 0xc0) != 0x80;
		assert_true(column == 0 || column == n);
		column = n;
		at = strchr(detail, '\n') + 1;
	}
	end(&fx);
}

static void test_hostile_bytes_stay_in_their_line(void **state)
{
	static const char hostile[] = "x\n\033[2J\r\xff\xe2\x80\xaey";
	struct fixture fx;

	(void)state;
	begin(&fx, &(struct view_options){ .tree = true });
	memcpy(fx.ev.hdr.comm, "\033[31m\nevil", 11);
	fx.container.name = (struct slice){ hostile, sizeof(hostile) - 1 };
	view_event(fx.view, &fx.ev, VIEW_EXEC, (struct slice){ hostile, sizeof(hostile) - 1 }, 40);
	assert_int_equal(n_lines(text_of(&fx)), 1);
	for (size_t i = 0; i + 1 < fx.len; i++)
		assert_false((unsigned char)fx.text[i] < 0x20 || fx.text[i] == 0x7f);
	end(&fx);
}

static void test_repeats_are_counted(void **state)
{
	struct fixture fx;

	(void)state;
	begin(&fx, &(struct view_options){ 0 });
	for (unsigned int i = 0; i < 38; i++) {
		fx.ev.hdr.proc.tgid = 1000 + i;
		view_event(fx.view, &fx.ev, VIEW_EXEC, SLICE_LITERAL("cat /etc/x"), 0);
	}
	fx.ev.hdr.ret = -1;
	view_event(fx.view, &fx.ev, VIEW_EXEC, SLICE_LITERAL("cat /etc/x"), 0);
	assert_int_equal(n_lines(text_of(&fx)), 2); /* one that failed is another */
	view_settle(fx.view, fx.ev.wall_ns + VIEW_FOLD_NS - 1);
	assert_int_equal(n_lines(text_of(&fx)), 2);
	view_settle(fx.view, fx.ev.wall_ns + VIEW_FOLD_NS);
	assert_int_equal(n_lines(text_of(&fx)), 3);
	assert_non_null(strstr(fx.text, "(1037)"));
	assert_non_null(strstr(fx.text, "cat /etc/x  x37\n"));
	end(&fx);
}

static void test_later_ones_are_told_again(void **state)
{
	struct fixture fx;

	(void)state;
	begin(&fx, &(struct view_options){ 0 });
	for (unsigned int i = 0; i < 5; i++) {
		view_event(fx.view, &fx.ev, VIEW_EXEC, SLICE_LITERAL("true"), 0);
		fx.ev.wall_ns += 2 * VIEW_FOLD_NS;
	}
	assert_int_equal(n_lines(text_of(&fx)), 5);
	assert_null(strstr(fx.text, " x1"));
	end(&fx);
}

static void test_what_is_folded_at_the_end_is_told(void **state)
{
	struct fixture fx;

	(void)state;
	begin(&fx, &(struct view_options){ 0 });
	view_event(fx.view, &fx.ev, VIEW_EXEC, SLICE_LITERAL("true"), 0);
	view_event(fx.view, &fx.ev, VIEW_EXEC, SLICE_LITERAL("true"), 0);
	view_free(fx.view);
	fx.view = NULL;
	assert_non_null(strstr(text_of(&fx), "true  x1\n"));
	end(&fx);
}

static void test_lines_fit_the_terminal(void **state)
{
	char detail[600];
	struct fixture fx;

	(void)state;
	memset(detail, 'd', sizeof(detail));
	begin(&fx, &(struct view_options){ .width = 100 });
	view_event(fx.view, &fx.ev, VIEW_EXEC, (struct slice){ detail, sizeof(detail) }, 0);
	assert_int_equal(n_lines(text_of(&fx)), 1);
	assert_int_equal(fx.len - 1, 100 + strlen("…") - 1);
	end(&fx);
}

static void test_alerts_are_whole_and_never_folded(void **state)
{
	char message[600];
	struct view_alert alert = { .wall_ns = 1700000000 * SECOND, .severity = 2, .pid = 7,
				    .rule_id = SLICE_LITERAL("BW-0101"), .rule_name = SLICE_LITERAL("name") };
	struct fixture fx;

	(void)state;
	memset(message, 'm', sizeof(message));
	alert.message = (struct slice){ message, sizeof(message) };
	begin(&fx, &(struct view_options){ .width = 100 });
	view_alert(fx.view, &alert);
	view_alert(fx.view, &alert);
	assert_int_equal(n_lines(text_of(&fx)), 2);
	assert_non_null(strstr(fx.text, "CRITICAL BW-0101 name: "));
	assert_true(fx.len > 2 * sizeof(message));
	end(&fx);
}

static void test_colour_only_when_asked(void **state)
{
	struct fixture fx;

	(void)state;
	for (int colour = 0; colour <= 1; colour++) {
		begin(&fx, &(struct view_options){ .colour = colour });
		view_event(fx.view, &fx.ev, VIEW_BORDER, SLICE_LITERAL("x"), 0);
		view_alert(fx.view, &(struct view_alert){ .severity = 3 });
		view_note(fx.view, "%s", "note");
		assert_int_equal(strchr(text_of(&fx), '\033') != NULL, colour);
		end(&fx);
	}
}

/* ---- messages between engine and view ---- */

static void test_messages_that_lie_are_refused(void **state)
{
	struct watch_alert alert = { .head = { .type = WATCH_ALERT }, .rule_id_len = 3 };
	struct watch_head strange = { .type = 9 };
	const struct { const void *bytes; size_t len; int want; } cases[] = {
		{ "x", 1, -EBADMSG },
		{ &strange, sizeof(strange), -EBADMSG },
		{ &alert, sizeof(alert), -EBADMSG },		/* the string is missing */
		{ &alert, sizeof(struct watch_head), -EBADMSG },
	};
	static char buf[WATCH_MESSAGE_MAX];
	struct watch_message message;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(send(pair[0], cases[i].bytes, cases[i].len, 0), cases[i].len);
		assert_int_equal(watch_receive(pair[1], 1000, buf, &message), cases[i].want);
	}
	assert_int_equal(watch_receive(pair[1], 0, buf, &message), -EAGAIN);
	close(pair[0]);
	assert_int_equal(watch_receive(pair[1], 1000, buf, &message), 0);
	close(pair[1]);
}

static void test_a_slow_view_loses_and_is_told_how_much(void **state)
{
	static char rec[20000], buf[WATCH_MESSAGE_MAX];
	struct watchers watchers;
	struct watch_message message;
	unsigned int n = 0, n_sent = 2000;
	int pair[2];

	(void)state;
	watchers_init(&watchers);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_true(watchers_add(&watchers, pair[0]));
	for (unsigned int i = 0; i < n_sent; i++)
		watchers_record(&watchers, rec, sizeof(rec));
	while (watch_receive(pair[1], 0, buf, &message) == 1) {
		assert_int_equal(message.dropped, 0); /* those that fitted came before the first drop */
		assert_int_equal(message.record.len, sizeof(rec));
		n++;
	}
	assert_true(n > 0 && n < n_sent);
	watchers_sweep(&watchers); /* told though nothing more happens, and once */
	watchers_sweep(&watchers);
	assert_int_equal(watch_receive(pair[1], 0, buf, &message), 1);
	assert_int_equal(message.type, WATCH_DROPPED);
	assert_int_equal(message.dropped, n_sent - n);
	assert_int_equal(watch_receive(pair[1], 0, buf, &message), -EAGAIN);
	watchers_record(&watchers, rec, sizeof(rec));
	assert_int_equal(watch_receive(pair[1], 0, buf, &message), 1);
	assert_int_equal(message.dropped, n_sent - n);
	close(pair[1]);
	watchers_sweep(&watchers);
	assert_int_equal(watchers.n, 0);
	watchers_release(&watchers);
}

static void test_only_so_many_may_watch(void **state)
{
	struct watchers watchers;
	int pairs[WATCHERS_MAX + 1][2];

	(void)state;
	watchers_init(&watchers);
	for (unsigned int i = 0; i <= WATCHERS_MAX; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pairs[i]), 0);
		assert_int_equal(watchers_add(&watchers, pairs[i][0]), i < WATCHERS_MAX);
	}
	close(pairs[1][1]);
	watchers_sweep(&watchers);
	assert_int_equal(watchers.n, WATCHERS_MAX - 1);
	watchers_release(&watchers);
	assert_int_equal(watchers.n, 0);
	for (unsigned int i = 0; i <= WATCHERS_MAX; i++)
		if (i != 1)
			close(pairs[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_stand_below_each_other),
		cmocka_unit_test(test_hostile_bytes_stay_in_their_line),
		cmocka_unit_test(test_repeats_are_counted),
		cmocka_unit_test(test_later_ones_are_told_again),
		cmocka_unit_test(test_what_is_folded_at_the_end_is_told),
		cmocka_unit_test(test_lines_fit_the_terminal),
		cmocka_unit_test(test_alerts_are_whole_and_never_folded),
		cmocka_unit_test(test_colour_only_when_asked),
		cmocka_unit_test(test_messages_that_lie_are_refused),
		cmocka_unit_test(test_a_slow_view_loses_and_is_told_how_much),
		cmocka_unit_test(test_only_so_many_may_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
