// SPDX-License-Identifier: Apache-2.0
/* The queue between engine and output process: books, kills, the hostile other. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/outbox.h"
#include "lib/random.h"

#define SIZE 65536

struct pair {
	struct outbox_file file;
	struct outbox *in, *out;
};

static void pair_open(struct pair *pair, const char *dir, uint64_t size)
{
	assert_int_equal(outbox_file_make(dir, "file:/x|json", "file", "/x", size, &pair->file), 0);
	assert_int_equal(outbox_open(&pair->file, OUTBOX_PRODUCER, &pair->in), 0);
	assert_int_equal(outbox_open(&pair->file, OUTBOX_CONSUMER, &pair->out), 0);
}

static void pair_close(struct pair *pair, bool unlink_it)
{
	outbox_close(pair->in);
	outbox_close(pair->out);
	outbox_file_release(&pair->file, unlink_it);
}

static struct outbox_stats stats_of(const struct outbox *box)
{
	struct outbox_stats stats;

	outbox_get_stats(box, &stats);
	assert_true(stats.accepted == stats.written + stats.failed + stats.queued);
	return stats;
}

static int push_text(struct outbox *box, const char *text, size_t len)
{
	struct outbox_record record = { .severity = 4, .text = { text, len } };

	return outbox_push(box, &record);
}

static void test_comes_out_as_it_went_in(void **state)
{
	struct outbox_record in = {
		.wall_ns = 12345, .severity = 2, .is_urgent = true,
		.labels = { [OUTBOX_RULE] = SLICE_LITERAL("BW-0101"), [OUTBOX_POD] = SLICE_LITERAL("web-0") },
		.text = SLICE_LITERAL("{\"a\":1}\n"),
	};
	struct outbox_record out;
	struct outbox_stats stats;
	struct pair pair;

	(void)state;
	pair_open(&pair, NULL, SIZE);
	assert_int_equal(outbox_peek(pair.out, 0, &out), -EAGAIN);
	assert_int_equal(outbox_push(pair.in, &in), 0);
	assert_int_equal(outbox_peek(pair.out, 1, &out), -EAGAIN);
	assert_int_equal(outbox_peek(pair.out, 0, &out), 0);
	assert_int_equal(outbox_peek(pair.out, 0, &out), 0);
	assert_int_equal(out.number, 1);
	assert_int_equal(out.wall_ns, 12345);
	assert_int_equal(out.severity, 2);
	assert_true(out.is_urgent);
	assert_true(out.queued_ns > 0);
	assert_true(slice_eq(out.text, in.text));
	for (size_t i = 0; i < OUTBOX_LABELS; i++)
		assert_true(slice_eq(out.labels[i], in.labels[i]));
	assert_int_equal(stats_of(pair.out).queued, 1);
	outbox_done(pair.out, 1, OUTBOX_WRITTEN);
	assert_int_equal(outbox_peek(pair.out, 0, &out), -EAGAIN);
	stats = stats_of(pair.in);
	assert_int_equal(stats.written, 1);
	assert_int_equal(stats.queued_bytes, 0);
	assert_true(stats.last_written_ns > 0);
	assert_string_equal(stats.name, "/x");
	assert_string_equal(stats.kind, "file");
	pair_close(&pair, true);
}

static void test_full_is_dropped_and_counted(void **state)
{
	char text[1000] = { 0 };
	struct outbox_record out;
	struct outbox_stats stats;
	unsigned int accepted = 0;
	struct pair pair;

	(void)state;
	pair_open(&pair, NULL, SIZE);
	for (int i = 0; i < 200; i++) {
		int r = push_text(pair.in, text, sizeof(text));

		assert_true(r == 0 || r == -ENOSPC);
		accepted += r == 0;
	}
	assert_int_equal(accepted, SIZE / (64 + 1000));
	stats = stats_of(pair.in);
	assert_int_equal(stats.accepted, accepted);
	assert_int_equal(stats.dropped, 200 - accepted);
	assert_int_equal(stats.accepted_bytes, accepted * 1064);
	/* One out, one more in; each goes round the end of the ring in time. */
	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(outbox_peek(pair.out, 0, &out), 0);
		assert_int_equal(out.number, i + 1);
		outbox_done(pair.out, 1, i % 10 ? OUTBOX_WRITTEN : OUTBOX_FAILED);
		assert_int_equal(push_text(pair.in, text, sizeof(text)), 0);
	}
	stats = stats_of(pair.in);
	assert_int_equal(stats.written, 900);
	assert_int_equal(stats.failed, 100);
	assert_int_equal(stats.queued, accepted);
	pair_close(&pair, true);
}

static void test_too_large_is_dropped(void **state)
{
	static char text[OUTBOX_RECORD_MAX + 1];
	struct outbox_record record = { .labels[OUTBOX_IMAGE] = { text, OUTBOX_LABEL_MAX + 1 } };
	struct pair pair;

	(void)state;
	pair_open(&pair, NULL, 4 << 20);
	assert_int_equal(push_text(pair.in, text, sizeof(text)), -EMSGSIZE);
	assert_int_equal(push_text(pair.in, text, OUTBOX_RECORD_MAX), -EMSGSIZE);
	assert_int_equal(push_text(pair.in, text, OUTBOX_RECORD_MAX - 64), 0);
	assert_int_equal(outbox_push(pair.in, &record), -EMSGSIZE);
	assert_int_equal(stats_of(pair.in).dropped, 3);
	pair_close(&pair, true);
}

static void test_batches(void **state)
{
	struct outbox_record out;
	struct pair pair;
	char text[32];

	(void)state;
	pair_open(&pair, NULL, SIZE);
	for (int i = 1; i <= 100; i++)
		assert_int_equal(push_text(pair.in, text, (size_t)snprintf(text, sizeof(text), "%d\n", i)), 0);
	assert_int_equal(outbox_waiting(pair.out), 100);
	for (unsigned int done = 0; done < 100; done += 25) {
		for (unsigned int i = 0; i < 50 && done + i < 100; i++) {
			assert_int_equal(outbox_peek(pair.out, i, &out), 0);
			assert_int_equal(out.number, done + i + 1);
			assert_int_equal(atoi(out.text.data), (int)(done + i + 1));
		}
		outbox_done(pair.out, 25, OUTBOX_WRITTEN);
	}
	assert_int_equal(stats_of(pair.out).written, 100);
	assert_int_equal(outbox_waiting(pair.out), 0);
	pair_close(&pair, true);
}

static void make_dir(char dir[32])
{
	strcpy(dir, "/tmp/bw-outbox.XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void test_next_run_takes_over_what_waits(void **state)
{
	struct outbox_record out;
	struct outbox_stats stats;
	struct outbox_file other;
	struct pair pair;
	char dir[32], name[OUTBOX_NAME_MAX];
	uint64_t queued;

	(void)state;
	make_dir(dir);
	pair_open(&pair, dir, SIZE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(push_text(pair.in, "waits\n", 6), 0);
	assert_int_equal(outbox_peek(pair.out, 0, &out), 0);
	outbox_done(pair.out, 1, OUTBOX_WRITTEN);
	/* One at a time. */
	assert_int_equal(outbox_file_make(dir, "file:/x|json", "file", "/x", SIZE, &other), -EWOULDBLOCK);
	assert_int_equal(outbox_file_look(pair.file.path, name, &queued), -EWOULDBLOCK);
	pair_close(&pair, false);

	pair_open(&pair, dir, SIZE);
	assert_int_equal(pair.file.n_adopted, 4);
	stats = stats_of(pair.in);
	assert_int_equal(stats.adopted, 4);
	assert_int_equal(stats.accepted, 4);
	assert_int_equal(stats.queued, 4);
	assert_int_equal(stats.written, 0);
	assert_int_equal(push_text(pair.in, "new\n", 4), 0);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(outbox_peek(pair.out, 0, &out), 0);
		assert_int_equal(out.number, i + 2);
		outbox_done(pair.out, 1, OUTBOX_WRITTEN);
	}
	assert_int_equal(push_text(pair.in, "left\n", 5), 0);
	pair_close(&pair, false);

	/* Who has no use for it can tell whose it is. */
	assert_int_equal(outbox_file_look(pair.file.path, name, &queued), 0);
	assert_string_equal(name, "/x");
	assert_int_equal(queued, 1);

	/* Of another size: not to be taken over, but not lost in silence. */
	pair_open(&pair, dir, 2 * SIZE);
	assert_int_equal(pair.file.n_lost, 1);
	assert_int_equal(pair.file.n_adopted, 0);
	assert_int_equal(stats_of(pair.in).queued, 0);
	pair_close(&pair, true);
	assert_int_equal(rmdir(dir), 0);
}

static void test_a_strange_file_is_replaced(void **state)
{
	struct pair pair;
	char dir[32], path[256], name[OUTBOX_NAME_MAX];
	uint64_t queued;
	int fd;

	(void)state;
	make_dir(dir);
	pair_open(&pair, dir, SIZE);
	strcpy(path, pair.file.path);
	pair_close(&pair, true);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "no queue", 8), 8);
	close(fd);
	assert_int_equal(outbox_file_look(path, name, &queued), -EBADMSG);
	pair_open(&pair, dir, SIZE);
	assert_int_equal(pair.file.n_adopted + pair.file.n_lost, 0);
	assert_int_equal(push_text(pair.in, "a\n", 2), 0);
	pair_close(&pair, true);
	/* A link leads nowhere. */
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(outbox_file_make(dir, "file:/x|json", "file", "/x", SIZE, &pair.file), -ELOOP);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- kills ---- */

struct tally {
	_Atomic uint64_t begun, ended, accepted; /* pushes */
};

static void produce(const struct outbox_file *file, struct tally *tally, uint64_t seed)
{
	struct random random = { seed };
	struct outbox *box;
	static char text[6000];

	if (outbox_open(file, OUTBOX_PRODUCER, &box) < 0)
		_exit(1);
	for (;;) {
		size_t len = 24 + random_below(&random, random_below(&random, 20) ? 600 : 5000);
		uint64_t n = tally->begun++;
		int head = snprintf(text, sizeof(text), "%llu %zu ", (unsigned long long)n, len);

		memset(text + head, 'a' + (char)(n % 26), len - (size_t)head);
		text[len - 1] = '\n';
		if (push_text(box, text, len) == 0)
			tally->accepted++;
		else
			usleep(50);
		tally->ended++;
	}
}

static void consume(const struct outbox_file *file, int fd, uint64_t seed)
{
	struct random random = { seed };
	struct outbox_record record;
	struct outbox *box;
	static char entry[8000];

	/* A kill may have cut an entry short. */
	if (outbox_open(file, OUTBOX_CONSUMER, &box) < 0 || write(fd, "\n", 1) != 1)
		_exit(1);
	for (;;) {
		unsigned int n, want = 1 + (unsigned int)random_below(&random, 20);

		for (n = 0; n < want; n++) {
			int r = outbox_peek(box, n, &record);

			if (r == -EAGAIN)
				break;
			if (r < 0)
				_exit(2);
			r = snprintf(entry, sizeof(entry), "%llu %zu %.*s", (unsigned long long)record.number, record.text.len,
				     (int)record.text.len, record.text.data);
			if (write(fd, entry, (size_t)r) != r)
				_exit(3);
		}
		if (!n && seed == 0)
			_exit(0);
		outbox_done(box, n, OUTBOX_WRITTEN);
		if (!n)
			usleep(50);
	}
}

static pid_t start(const struct outbox_file *file, struct tally *tally, int fd, bool is_producer, uint64_t seed)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	if (is_producer)
		produce(file, tally, seed);
	else
		consume(file, fd, seed);
	_exit(4);
}

static void test_survives_kills_of_either_side(void **state)
{
	struct tally *tally = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct random random = { 20261130 };
	struct outbox *observer;
	struct outbox_stats stats;
	struct outbox_file file;
	char path[] = "/tmp/bw-outbox-log.XXXXXX", *line = NULL;
	uint64_t next = 1, number, last_text = 0;
	size_t room = 0;
	pid_t pids[2];
	int fd = mkostemp(path, O_APPEND | O_CLOEXEC), status, kills = 0, n_cut = 0;
	FILE *log;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(outbox_file_make(NULL, "k", "file", "n", 32768, &file), 0);
	assert_int_equal(outbox_open(&file, OUTBOX_OBSERVER, &observer), 0);
	for (int i = 0; i < 2; i++)
		pids[i] = start(&file, tally, fd, i == 0, 1 + (uint64_t)i);
	while (kills < 400) {
		int who = (int)random_below(&random, 2);

		usleep((useconds_t)random_below(&random, 4000));
		kill(pids[who], SIGKILL);
		assert_int_equal(waitpid(pids[who], &status, 0), pids[who]);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		kills++;
		pids[who] = start(&file, tally, fd, who == 0, 2 + (uint64_t)kills);
	}
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
	}
	pids[1] = start(&file, tally, fd, false, 0);
	assert_int_equal(waitpid(pids[1], &status, 0), pids[1]);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);

	stats = stats_of(observer);
	assert_int_equal(stats.queued, 0);
	assert_int_equal(stats.failed, 0);
	/* Each kill may have come between the push and our own count of it. */
	assert_true(stats.accepted + stats.dropped >= tally->ended && stats.accepted + stats.dropped <= tally->begun);
	assert_true(stats.accepted >= tally->accepted && stats.accepted <= tally->accepted + 402);
	/* All that was accepted came, in order, unchanged; twice only from a kill. */
	log = fopen(path, "re");
	assert_non_null(log);
	while (getline(&line, &room, log) > 0) {
		unsigned long long got, text, text_len, len;
		int at = 0;

		if (sscanf(line, "%llu %llu %n%llu %llu", &got, &len, &at, &text, &text_len) != 4 || strlen(line + at) != len) {
			n_cut += line[0] != '\n';
			continue;
		}
		assert_int_equal(len, text_len);
		for (const char *p = line + at + 20; *p != '\n'; p++)
			if (*p != 'a' + (char)(text % 26) && *p != ' ' && (*p < '0' || *p > '9'))
				fail_msg("record %llu: byte %d", got, *p);
		number = got;
		if (number == next) {
			assert_true(next == 1 || text > last_text);
			last_text = text;
			next++;
		} else if (number > next) {
			fail_msg("record %llu is missing", (unsigned long long)next);
		}
	}
	assert_int_equal(next - 1, stats.accepted);
	assert_true(n_cut <= kills);
	print_message("%d kills, %llu accepted, %llu dropped\n", kills, (unsigned long long)stats.accepted,
		      (unsigned long long)stats.dropped);
	assert_true(stats.accepted > 1000 && stats.dropped > 0);
	fclose(log);
	free(line);
	close(fd);
	unlink(path);
	outbox_close(observer);
	outbox_file_release(&file, true);
	munmap(tally, 4096);
}

/* ---- the hostile other side ---- */

static void test_consumer_bears_any_producer(void **state)
{
	struct random random = { 7 };
	struct outbox_record record;
	struct pair pair;
	uint64_t *words, reads = 0, refused = 0, bytes = 0;
	char *map;

	(void)state;
	pair_open(&pair, NULL, SIZE);
	map = mmap(NULL, 3 * 4096 + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, pair.file.fd, 0);
	assert_true(map != MAP_FAILED);
	words = (uint64_t *)(void *)(map + 4096);
	for (int i = 0; i < 200000; i++) {
		static const uint64_t odd[] = { 0, 1, 7, 8, 63, 64, 4096, SIZE, SIZE + 8, UINT32_MAX, 1ull << 63, UINT64_MAX };
		uint64_t value = random_below(&random, 2) ? odd[random_below(&random, ARRAY_SIZE(odd))] : random_next(&random);

		if (random_below(&random, 3) == 0)
			(void)push_text(pair.in, "abc\n", 4);
		switch (random_below(&random, 4)) {
		case 0: words[random_below(&random, 16)] = value; break;
		case 1: words[random_below(&random, 16)] += value % 128; break;
		default: memcpy(map + 3 * 4096 + random_below(&random, SIZE - 8), &value, 8); break;
		}
		for (unsigned int k = 0; k < 3; k++) {
			int r = outbox_peek(pair.out, k, &record);

			assert_true(r == 0 || r == -EAGAIN || r == -EBADMSG);
			if (r < 0) {
				refused += r == -EBADMSG;
				break;
			}
			reads++;
			/* Every byte is there. */
			assert_true(record.text.len <= OUTBOX_RECORD_MAX);
			for (size_t b = 0; b < record.text.len; b++)
				bytes += (unsigned char)record.text.data[b];
			if (random_below(&random, 3) == 0) {
				outbox_done(pair.out, k + 1, OUTBOX_WRITTEN);
				break;
			}
		}
	}
	assert_true(refused > 100 && reads > 100 && bytes > 0);
	munmap(map, 3 * 4096 + SIZE);
	pair_close(&pair, true);
}

static void test_producer_bears_any_consumer(void **state)
{
	struct random random = { 8 };
	struct outbox_stats stats;
	struct pair pair;
	uint64_t *words, offered = 0;
	char text[700] = { 0 };
	char *map;

	(void)state;
	pair_open(&pair, NULL, SIZE);
	map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, pair.file.fd, 0);
	words = (uint64_t *)(void *)(map + 2 * 4096);
	for (int i = 0; i < 100000; i++) {
		words[random_below(&random, 26)] = random_below(&random, 2) ? random_next(&random) : random_below(&random, 1 << 20) * 8;
		if (i % 3 == 0) {
			(void)push_text(pair.in, text, random_below(&random, sizeof(text)));
			offered++;
		}
	}
	outbox_get_stats(pair.in, &stats);
	assert_int_equal(stats.accepted + stats.dropped, offered);
	munmap(map, 3 * 4096);
	pair_close(&pair, true);
}

/* The consumer's process cannot change what the producer wrote, nor an observer anything. */
static void test_maps_give_no_more_than_the_role(void **state)
{
	struct pair pair;
	char line[512];
	int writable = 0;
	FILE *maps;

	(void)state;
	assert_int_equal(outbox_file_make(NULL, "k", "file", "n", SIZE, &pair.file), 0);
	assert_int_equal(outbox_open(&pair.file, OUTBOX_CONSUMER, &pair.out), 0);
	maps = fopen("/proc/self/maps", "re");
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char rights[8];

		if (strstr(line, "brigwatch-outbox") && sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && rights[1] == 'w') {
			writable++;
			assert_int_equal(to - from, 4096);
		}
	}
	fclose(maps);
	assert_int_equal(writable, 1);
	outbox_close(pair.out);
	outbox_file_release(&pair.file, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_out_as_it_went_in),
		cmocka_unit_test(test_full_is_dropped_and_counted),
		cmocka_unit_test(test_too_large_is_dropped),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_next_run_takes_over_what_waits),
		cmocka_unit_test(test_a_strange_file_is_replaced),
		cmocka_unit_test(test_survives_kills_of_either_side),
		cmocka_unit_test(test_consumer_bears_any_producer),
		cmocka_unit_test(test_producer_bears_any_consumer),
		cmocka_unit_test(test_maps_give_no_more_than_the_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
