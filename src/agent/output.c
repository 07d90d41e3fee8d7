// SPDX-License-Identifier: Apache-2.0
#include "agent/output.h"

#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "agent/log.h"
#include "agent/sandbox.h"

#define STACK_BYTES (512u << 10)
#define LINGER_MS 200 /* the engine may have something to say yet when the sensor is gone */
#define STOP_TRIES 2  /* that fail in a row: then the rest stays */

struct worker {
	const struct output_spec *spec;
	const struct output_driver *driver;
	struct outbox *box;
	int fd, wake_fd, bell_fd;
	atomic_bool is_reopen, is_done;
	void *state; /* of the driver, when it is open */
	bool is_open, is_running, is_failing, is_gone;
	unsigned int n_failures; /* in a row */
	struct outbox_record *records;
	pthread_t thread;
};

/* What the threads are told, and tell. */
static _Atomic uint64_t stop_at_ms; /* 0: not to stop */
static _Atomic uint64_t linger_until_ms;
static int gone_fd = -1;
static __thread struct worker *current;
bool output_is_restart;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t boot_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static const struct output_driver *driver_of(enum output_kind kind)
{
	switch (kind) {
	case OUTPUT_STDOUT: return &output_stdout;
	case OUTPUT_FILE: return &output_file;
	case OUTPUT_UNIX: return &output_unix;
	case OUTPUT_UNIXGRAM: return &output_unixgram;
	case OUTPUT_SYSLOG_UNIX:
	case OUTPUT_SYSLOG_UDP:
	case OUTPUT_SYSLOG_TCP: return &output_syslog;
	case OUTPUT_JOURNALD: return &output_journald;
	case OUTPUT_HTTP: return &output_http;
	}
	return NULL;
}

void output_note_rotation(void)
{
	if (current)
		outbox_note_rotation(current->box);
}

/* ---- waiting ---- */

static void drain_counter(int fd)
{
	uint64_t value;

	(void)!read(fd, &value, sizeof(value));
}

/* Until somebody has something for this thread; a pause is not cut short by alerts. */
static void wait_for_news(struct worker *worker, int timeout_ms, bool is_pause)
{
	struct pollfd pfds[] = {
		{ .fd = worker->bell_fd, .events = POLLIN },
		{ .fd = is_pause ? -1 : worker->wake_fd, .events = POLLIN },
	};

	if (poll(pfds, ARRAY_SIZE(pfds), timeout_ms) <= 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(pfds); i++)
		if (pfds[i].revents)
			drain_counter(pfds[i].fd);
}

static void ring(struct worker *worker)
{
	const uint64_t one = 1;

	(void)!write(worker->bell_fd, &one, sizeof(one));
}

/* ---- failures ---- */

static unsigned int pause_of(const struct worker *worker, const struct output_error *error)
{
	unsigned int most = worker->spec->retry_max_ms, pause = OUTPUT_PAUSE_MIN_MS;

	if ((worker->spec->kind == OUTPUT_FILE || worker->spec->kind == OUTPUT_STDOUT) && most > OUTPUT_PAUSE_LOCAL_MS)
		most = OUTPUT_PAUSE_LOCAL_MS;
	for (unsigned int i = 1; i < worker->n_failures && pause < most; i++)
		pause *= 2;
	if (error->retry_after_ms > pause)
		pause = error->retry_after_ms;
	return pause < most ? pause : most;
}

static const char *reason(const struct output_error *error)
{
	return error->text[0] ? error->text : strerror(error->error);
}

static void note_failure(struct worker *worker, const struct output_error *error, bool is_retry)
{
	if (!worker->is_failing)
		log_message("output", "%s: cannot write an alert: %s. Detection goes on; alerts wait, and those that find "
			    "no room are counted", worker->spec->name, reason(error));
	worker->is_failing = true;
	worker->n_failures++;
	if (is_retry)
		outbox_note_retry(worker->box, error->error, error->status);
	else
		outbox_note_error(worker->box, error->error, error->status);
}

static void note_success(struct worker *worker)
{
	struct outbox_stats stats;

	if (worker->is_failing) {
		outbox_get_stats(worker->box, &stats);
		log_message("output", "%s: alerts are written again; %" PRIu64 " were dropped so far, %" PRIu64 " wait",
			    worker->spec->name, stats.dropped, stats.queued);
	}
	worker->is_failing = false;
	worker->n_failures = 0;
}

/* Nobody will ever read on: a closed pipe does not open again. */
static void give_up(struct worker *worker, const struct output_error *error)
{
	const uint32_t message = OUTPUT_GONE;

	if (!atomic_load(&stop_at_ms))
		log_message("output", "%s: cannot write an alert: nobody reads the output any more (%s). Ending",
			    worker->spec->name, reason(error));
	worker->is_gone = true;
	outbox_note_error(worker->box, error->error, 0);
	(void)send(gone_fd, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* ---- delivery ---- */

static int open_driver(struct worker *worker, struct output_error *ret_error)
{
	int r = 0;

	if (!worker->is_open) {
		r = worker->driver->open(worker->spec, worker->fd, &worker->state, ret_error);
		worker->is_open = r >= 0;
		if (r < 0 && !ret_error->error)
			ret_error->error = -r;
	}
	return r;
}

static void close_driver(struct worker *worker)
{
	if (worker->is_open)
		worker->driver->close(worker->state);
	worker->is_open = false;
	worker->state = NULL;
}

static void reopen(struct worker *worker)
{
	struct output_error error = {};
	int r = 0;

	if (worker->is_open && worker->driver->reopen)
		r = worker->driver->reopen(worker->state, &error);
	if (r < 0)
		log_message("output", "%s: cannot open it anew: %s; going on with what is open", worker->spec->name,
			    reason(&error));
	else if (worker->driver->reopen)
		outbox_note_reopen(worker->box);
	worker->n_failures = 0; /* somebody looks after it: no long pause now */
}

/* Of the oldest `n`. Milliseconds to pause before the next try. */
static unsigned int deliver(struct worker *worker, unsigned int n)
{
	struct output_error error = {};
	int r;

	r = open_driver(worker, &error);
	if (r >= 0)
		r = worker->driver->deliver(worker->state, worker->records, n, &error);
	if (r > 0) {
		outbox_done(worker->box, (unsigned int)r < n ? (unsigned int)r : n, OUTBOX_WRITTEN);
		note_success(worker);
		return 0;
	}
	if (!error.error)
		error.error = r < 0 ? -r : EIO;
	if (worker->is_open && worker->driver->closes_on_error)
		close_driver(worker);
	if (error.is_gone) {
		give_up(worker, &error);
		return 0;
	}
	if (error.is_final) {
		note_failure(worker, &error, false);
		outbox_done(worker->box, 1, OUTBOX_FAILED);
		worker->n_failures = 0;
		return 0;
	}
	note_failure(worker, &error, true);
	/* One that waited for room waited long enough. */
	return error.error == EAGAIN && !error.retry_after_ms ? 0 : pause_of(worker, &error);
}

/* Look at the oldest, at most a batch. 0: nothing to do yet; *ret_wait_ms, until then,
 * -1 for ever. */
static unsigned int gather(struct worker *worker, int *ret_wait_ms)
{
	uint64_t now, age = 0;
	bool is_urgent = false;
	unsigned int n;
	int r;

	*ret_wait_ms = -1;
	for (n = 0; n < worker->spec->batch; n++) {
		r = outbox_peek(worker->box, n, &worker->records[n]);
		if (r == -EBADMSG) {
			log_message("output", "%s: what waits in its queue makes no sense and is counted as failed",
				    worker->spec->name);
			return 0;
		}
		if (r < 0) {
			if (r == -ENOMEM && !n)
				*ret_wait_ms = OUTPUT_PAUSE_MIN_MS;
			break;
		}
		is_urgent |= worker->records[n].is_urgent;
	}
	if (!n || n == worker->spec->batch || is_urgent || worker->is_failing || atomic_load(&stop_at_ms))
		return n;
	now = boot_ms();
	if (now > worker->records[0].queued_ns / 1000000)
		age = now - worker->records[0].queued_ns / 1000000;
	if (age >= OUTPUT_GATHER_MS)
		return n;
	*ret_wait_ms = (int)(OUTPUT_GATHER_MS - age);
	return 0;
}

static void fail_all(struct worker *worker)
{
	while (outbox_peek(worker->box, 0, &worker->records[0]) == 0)
		outbox_done(worker->box, 1, OUTBOX_FAILED);
}

static void serve(struct worker *worker)
{
	uint64_t now, stop_at;
	unsigned int n, pause;
	int wait_ms;

	for (;;) {
		if (atomic_exchange(&worker->is_reopen, false))
			reopen(worker);
		if (worker->is_gone)
			fail_all(worker);
		n = gather(worker, &wait_ms);
		stop_at = atomic_load(&stop_at_ms);
		now = now_ms();
		if (stop_at && (now >= stop_at || worker->n_failures >= STOP_TRIES ||
				(!n && now >= atomic_load(&linger_until_ms))))
			return;
		if (!n) {
			if (worker->state && worker->driver->settle)
				worker->driver->settle(worker->state);
			wait_for_news(worker, stop_at ? 10 : wait_ms, false);
			continue;
		}
		pause = deliver(worker, n);
		if (pause)
			wait_for_news(worker, (int)pause, true);
	}
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct output_error error = {};

	current = worker;
	if (open_driver(worker, &error) < 0)
		note_failure(worker, &error, false);
	serve(worker);
	close_driver(worker);
	atomic_store(&worker->is_done, true);
	return NULL;
}

/* ---- the process ---- */

static void tell(const struct output_config *config, uint32_t message)
{
	(void)send(config->control_fd, &message, sizeof(message), MSG_NOSIGNAL);
}

/* What must work at the start: somebody would think that the file is being written.
 * What may get better (a full disk, a FIFO without a reader) is tried again. */
static bool may_get_better(int error)
{
	return error == ENXIO || error == ENOSPC || error == EDQUOT || error == EAGAIN || error == ENOMEM ||
	       error == EMFILE || error == ENFILE || error == ETIMEDOUT || error == EROFS;
}

static int prepare(const struct output_config *config, struct worker *workers)
{
	int r;

	for (size_t i = 0; i < config->n; i++) {
		struct worker *worker = &workers[i];
		struct output_error error = {};

		worker->spec = &config->specs[i];
		worker->driver = driver_of(worker->spec->kind);
		worker->fd = config->fds[i];
		worker->wake_fd = config->files[i].wake_fd;
		worker->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		worker->records = calloc(worker->spec->batch, sizeof(*worker->records));
		if (!worker->driver || worker->bell_fd < 0 || !worker->records)
			return -ENOMEM;
		r = outbox_open(&config->files[i], OUTBOX_CONSUMER, &worker->box);
		if (r < 0)
			return r;
		close(config->files[i].fd);
		r = worker->driver->prepare ? worker->driver->prepare(worker->spec, &error) : 0;
		if (r < 0) {
			log_message("output", "%s: %s", worker->spec->name, error.text[0] ? error.text : strerror(-r));
			return r;
		}
	}
	mallopt(M_ARENA_MAX, 1); /* not one of many megabytes for each thread */
	return sandbox_enter_output();
}

/* Files, with the rights that the process has now. */
static int open_files(const struct output_config *config, struct worker *workers)
{
	int r;

	for (size_t i = 0; i < config->n; i++) {
		struct worker *worker = &workers[i];
		struct output_error error = {};

		if (config->is_restart || worker->spec->kind > OUTPUT_FILE)
			continue;
		r = open_driver(worker, &error);
		if (r < 0 && !may_get_better(error.error)) {
			log_message("output", "%s", reason(&error));
			return r;
		}
	}
	return 0;
}

static int start_threads(const struct output_config *config, struct worker *workers)
{
	pthread_attr_t attr;
	int r;

	r = pthread_attr_init(&attr);
	if (r == 0)
		r = pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (size_t i = 0; i < config->n && r == 0; i++) {
		r = pthread_create(&workers[i].thread, &attr, worker_main, &workers[i]);
		workers[i].is_running = r == 0;
	}
	return -r;
}

static void begin_stop(const struct output_config *config, struct worker *workers, unsigned int linger_ms)
{
	uint64_t now = now_ms();

	atomic_store(&linger_until_ms, now + linger_ms);
	atomic_store(&stop_at_ms, now + OUTPUT_DRAIN_MS);
	for (size_t i = 0; i < config->n; i++)
		ring(&workers[i]);
}

static void obey(const struct output_config *config, struct worker *workers)
{
	uint32_t message = 0;
	ssize_t n;

	n = recv(config->control_fd, &message, sizeof(message), MSG_DONTWAIT);
	if (n < 0)
		return;
	if (n == 0 || message == OUTPUT_STOP) {
		begin_stop(config, workers, n == 0 ? LINGER_MS : 0);
	} else if (message == OUTPUT_REOPEN) {
		for (size_t i = 0; i < config->n; i++) {
			atomic_store(&workers[i].is_reopen, true);
			ring(&workers[i]);
		}
	}
}

/* Threads that are in a call end with the process, a moment after the deadline. */
static void wait_for_threads(const struct output_config *config, struct worker *workers)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	bool all = false;

	while (!all && now_ms() < atomic_load(&stop_at_ms) + OUTPUT_WAIT_MS / 4) {
		all = true;
		for (size_t i = 0; i < config->n; i++)
			all &= !workers[i].is_running || atomic_load(&workers[i].is_done);
		if (!all)
			nanosleep(&pause, NULL);
	}
}

int output_serve(const struct output_config *config)
{
	struct worker *workers = calloc(config->n ? config->n : 1, sizeof(*workers));
	struct pollfd pfd = { .fd = config->control_fd, .events = POLLIN };
	int r;

	if (!workers)
		return EXIT_INTERNAL;
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	gone_fd = config->control_fd;
	output_is_restart = config->is_restart;
	r = prepare(config, workers);
	if (r < 0)
		log_message("output", "cannot start: %s", strerror(-r));
	else
		r = open_files(config, workers);
	if (r >= 0)
		r = start_threads(config, workers);
	if (r < 0) {
		tell(config, OUTPUT_REFUSED);
		return EXIT_INTERNAL;
	}
	tell(config, OUTPUT_READY);
	while (!atomic_load(&stop_at_ms))
		if (poll(&pfd, 1, -1) > 0)
			obey(config, workers);
	wait_for_threads(config, workers);
	return EXIT_DONE;
}
