// SPDX-License-Identifier: Apache-2.0
/* The measured task. Static, so that the same binary runs on the host and in a
 * container without any library.
 *
 *	worker DIR	DIR holds "file" and "noop"; requests come on descriptor 0
 *
 * How it times on a machine that others use too: short batches; a batch counts
 * only when the thread was not preempted in it and a fixed piece of user code
 * ran at full speed just before and just after; of those, the 10th percentile.
 * When the clock is lower than at its best, by the same factor in both, the time
 * is scaled to the best.
 *
 * Ends when the other side closes, so a killed bench leaves no worker behind. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

#define BATCH_NS 200000 /* about as long as the machine stays calm */
#define BATCH_EXEC 8	/* fork+exec: as many as are still short */
#define BATCHES_MAX 20000
#define CLEAN_MIN 24	 /* fewer clean batches say little */
#define SPEED_SAME 1.04	 /* what still counts as the same speed */
#define SPEED_CLOCK 1.25 /* slower than the best by no more than this: a lower clock */

static int dir = -1;
static int listener = -1;
static struct sockaddr_un peer = { .sun_family = AF_UNIX };
static char own_path[256], own_noop[256];
static char *const noop_argv[] = { (char[]){ "noop" }, NULL }, *const noop_env[] = { NULL };
static bool foreign;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* --- the operations: 0 or -errno --- */

static int do_null(void)
{
	syscall(SYS_getppid);
	return 0;
}

/* One byte of what is opened at the first call and stays open. */
static int do_read(void)
{
	static int fd = -1;
	char byte;

	if (fd < 0)
		fd = openat(dir, foreign ? "file" : own_path, O_RDONLY);
	return fd < 0 || pread(fd, &byte, 1, 0) < 0 ? -errno : 0;
}

static int do_stat(void)
{
	struct stat st;

	return fstatat(dir, foreign ? "file" : own_path, &st, 0) < 0 ? -errno : 0;
}

static int do_open(void)
{
	int fd = openat(dir, foreign ? "file" : own_path, O_RDONLY);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A whole connection: the queue of a listener that nobody serves fills up. */
static int do_connect(void)
{
	int fd, server, r = 0;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0) {
		r = -errno;
	} else {
		server = accept(listener, NULL, NULL);
		if (server < 0)
			r = -errno;
		else
			close(server);
	}
	close(fd);
	return r;
}

static int do_exec(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (foreign)
			syscall(SYS_execveat, dir, "noop", noop_argv, noop_env, 0);
		else
			execve(own_noop, noop_argv, noop_env);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return status == 0 ? 0 : -ENOEXEC;
}

static int (*const ops[OP_MAX])(void) = {
	[OP_NULL] = do_null, [OP_READ] = do_read,	[OP_STAT] = do_stat,
	[OP_OPEN] = do_open, [OP_CONNECT] = do_connect, [OP_EXEC] = do_exec,
};

/* --- timing --- */

struct batch {
	double ns;    /* per operation, as it would be at full speed */
	double speed; /* ns of the fixed code, the slower of before and after */
	bool preempted;
	bool steady; /* the same speed before and after */
};

static struct batch batches[BATCHES_MAX];
static double speed_best = 1e18; /* ns; lowered by what bench knows from other workers */

/* The fixed piece of user code, some 5 us: six chains that keep the whole width
 * of a core busy, so that it slows down when another thread shares the core, and
 * not only when the clock does. */
static double run_fixed_code(void)
{
	static uint64_t table[512];
	uint64_t start = now_ns(), a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;

	for (int i = 0; i < 4000; i++) {
		a = a * 5 + table[b & 511];
		b += c ^ (uint64_t)i;
		c = (c << 1) + d;
		d ^= table[e & 511] + 7;
		e += 3;
		f = (f >> 1) ^ e;
	}
	table[(a ^ b ^ c ^ d ^ f) & 511]++;
	return (double)(now_ns() - start);
}

/* Of two runs the better: an interrupt in one of them is not the processor's speed. */
static double measure_speed(void)
{
	double first = run_fixed_code(), second = run_fixed_code();
	double best = first < second ? first : second;

	if (best < speed_best)
		speed_best = best;
	return best;
}

static long count_preemptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static int run_batch(enum op op, unsigned int n, struct batch *ret)
{
	int (*const perform)(void) = ops[op];
	double before, after;
	long preemptions;
	uint64_t start, end;
	int r = 0;

	before = measure_speed();
	preemptions = count_preemptions();
	start = now_ns();
	for (unsigned int i = 0; i < n && r == 0; i++)
		r = perform();
	end = now_ns();
	preemptions = count_preemptions() - preemptions;
	after = measure_speed();

	ret->speed = before > after ? before : after;
	ret->steady = ret->speed <= (before < after ? before : after) * SPEED_SAME;
	ret->preempted = preemptions > 0;
	/* At a lower clock all code is slower by the same factor; what is taken is
	 * the time at full clock. */
	ret->ns = (double)(end - start) / n * speed_best / ((before + after) / 2);
	return r;
}

static int compare_ns(const void *a, const void *b)
{
	const struct batch *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

static int compare_speed(const void *a, const void *b)
{
	const struct batch *x = a, *y = b;

	return (x->speed > y->speed) - (x->speed < y->speed);
}

/* fork+exec: the parent yields to the child now and then, which counts as a
 * preemption and is part of the operation. */
static bool is_clean(const struct batch *batch, enum op op, double slack)
{
	return batch->steady && batch->speed <= speed_best * slack &&
	       (op == OP_EXEC || !batch->preempted);
}

static unsigned int count_clean(enum op op, unsigned int n, double slack)
{
	unsigned int clean = 0;

	for (unsigned int i = 0; i < n; i++)
		clean += is_clean(&batches[i], op, slack);
	return clean;
}

/* Move the batches that count to the front, their number to reply->clean: those
 * at full clock if there are enough, else those at any. */
static void select_batches(enum op op, unsigned int n, struct reply *reply)
{
	double slack = count_clean(op, n, SPEED_SAME) >= CLEAN_MIN ? SPEED_SAME : SPEED_CLOCK;
	unsigned int kept = 0;

	reply->batches = n;
	reply->clean = count_clean(op, n, slack);
	if (reply->clean < CLEAN_MIN) {
		reply->noisy = 1;
		qsort(batches, n, sizeof(batches[0]), compare_speed);
		reply->clean = n < CLEAN_MIN ? n : CLEAN_MIN;
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		if (is_clean(&batches[i], op, slack))
			batches[kept++] = batches[i];
}

static unsigned int size_batch(enum op op)
{
	struct batch batch = { 0 };

	if (op == OP_EXEC)
		return BATCH_EXEC;
	for (int i = 0; i < 3; i++)
		run_batch(op, 32, &batch);
	return batch.ns > 0 && batch.ns < BATCH_NS ? (unsigned int)(BATCH_NS / batch.ns) + 1 : 1;
}

static void measure(const struct request *request, struct reply *reply)
{
	unsigned int size = size_batch(request->op), n = 0;
	uint64_t ms = request->ms, start, limit;
	struct batch warm;

	if (request->speed > 0 && request->speed < speed_best)
		speed_best = request->speed;
	/* What a budget lets through at first, caches, tables: not the steady state. */
	for (start = now_ns(); now_ns() - start < ms * 1000000 / 5 && reply->status == 0;)
		reply->status = run_batch(request->op, size, &warm);

	/* On a busy machine it takes longer to find the calm moments. */
	start = now_ns();
	limit = ms * 1000000;
	while (n < BATCHES_MAX && reply->status == 0) {
		if (now_ns() - start >= limit) {
			if (!request->patient || limit > ms * 1000000 ||
			    count_clean(request->op, n, SPEED_CLOCK) >= CLEAN_MIN)
				break;
			limit *= 3;
		}
		reply->status = run_batch(request->op, size, &batches[n++]);
	}
	if (reply->status < 0 || n == 0)
		return;
	reply->speed_best = speed_best;

	select_batches(request->op, n, reply);
	qsort(batches, reply->clean, sizeof(batches[0]), compare_ns);
	reply->ns = batches[reply->clean / 10].ns;
	qsort(batches, reply->clean, sizeof(batches[0]), compare_speed);
	reply->speed = batches[reply->clean / 2].speed;
}

/* --- load --- */

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000),
			       .tv_nsec = (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void flood(const struct request *request, struct reply *reply)
{
	uint64_t start = now_ns(), end = start + (uint64_t)request->ms * 1000000, t;

	for (t = start; t < end && reply->status == 0; t += 1000000) {
		uint64_t due = (t - start + 1000000) * request->rate / 1000000000;

		/* Behind schedule, the count catches up and the sleep is none. */
		while (reply->count < due && reply->status == 0) {
			reply->status = do_open();
			reply->count++;
		}
		sleep_until(t + 1000000);
	}
	reply->ns = (double)(now_ns() - start);
}

static void loop(struct reply *reply)
{
	struct pollfd pfd = { .fd = 0, .events = POLLIN };

	while (poll(&pfd, 1, 1) == 0 && reply->status == 0) {
		reply->status = do_open();
		reply->count++;
	}
}

/* --- requests --- */

static int listen_own(const char *path)
{
	unlink(path);
	snprintf(peer.sun_path, sizeof(peer.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&peer, sizeof(peer)) < 0 ||
	    listen(listener, 8) < 0)
		return -errno;
	return 0;
}

static int go_foreign(int new_dir, int new_listener)
{
	if (new_dir < 0 || new_listener < 0)
		return -EBADF;
	close(listener);
	listener = new_listener;
	dir = new_dir;
	foreign = true;
	snprintf(peer.sun_path, sizeof(peer.sun_path), "/proc/self/fd/%d/sock", dir);
	return 0;
}

/* 1 on a request, 0 when the other side has closed. */
static int receive(struct request *ret, int fds[2])
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = ret, .iov_len = sizeof(*ret) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg;

	if (recvmsg(0, &msg, MSG_CMSG_CLOEXEC) != sizeof(*ret))
		return 0;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS && cmsg->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(cmsg), 2 * sizeof(int));
	return 1;
}

static void serve(const struct request *request, const int fds[2], struct reply *reply)
{
	switch (request->verb) {
	case VERB_GO_FOREIGN: reply->status = go_foreign(fds[0], fds[1]); break;
	case VERB_MEASURE:
		if (request->op < OP_MAX)
			measure(request, reply);
		else
			reply->status = -EINVAL;
		break;
	case VERB_FLOOD: flood(request, reply); break;
	case VERB_LOOP: loop(reply); break;
	default: reply->status = -EINVAL;
	}
}

/* The last processor: what wakes up elsewhere disturbs least there. */
static void pin_to_last_cpu(void)
{
	cpu_set_t set;
	int last = -1;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			last = cpu;
	CPU_ZERO(&set);
	CPU_SET(last, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	struct request request;
	struct reply reply = { 0 };
	char sock[sizeof(peer.sun_path)];
	int fds[2];

	if (argc != 2)
		return 2;
	pin_to_last_cpu();
	snprintf(own_path, sizeof(own_path), "%s/file", argv[1]);
	snprintf(own_noop, sizeof(own_noop), "%s/noop", argv[1]);
	snprintf(sock, sizeof(sock), "%s/sock", argv[1]);
	dir = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	reply.status = dir < 0 ? -errno : listen_own(sock);
	for (int i = 0; i < 1000; i++)
		measure_speed();

	/* The first reply, without a request, says that the worker is there. */
	while (send(0, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply)) {
		fds[0] = fds[1] = -1;
		if (!receive(&request, fds))
			break;
		reply = (struct reply){ 0 };
		serve(&request, fds, &reply);
	}
	return 0;
}
