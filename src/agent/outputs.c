// SPDX-License-Identifier: Apache-2.0
#include "agent/outputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/log.h"
#include "agent/sandbox.h"

#define READY_MS 5000
#define LOCK_WAIT_MS 4000 /* a killed agent's output process delivers what it can first */
#define STOP_MS (OUTPUT_DRAIN_MS + OUTPUT_WAIT_MS)
#define KEY_SIZE 1024

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- queues ---- */

/* The same sink in the same format finds what it left. */
static void make_key(const struct output_spec *spec, char key[KEY_SIZE])
{
	const char *target = spec->target ? spec->target : "";
	cleanup_free char *cwd = spec->kind == OUTPUT_FILE && target[0] != '/' ? getcwd(NULL, 0) : NULL;

	snprintf(key, KEY_SIZE, "%d|%s|%s|%s|%s", (int)spec->kind, output_format_name(spec->format),
		 spec->port ? spec->port : "", cwd ? cwd : "", target);
}

/* A limit of the size of files is meant for what alerts are written to, but holds
 * for memory, too: then the queue is as large as it may be. */
static int make_within_limit(const struct output_spec *spec, const char *dir, const char *key, struct outbox_file *ret)
{
	const char *kind = output_kind_name(spec->kind);
	uint64_t pages = 4 * (uint64_t)sysconf(_SC_PAGESIZE), size;
	struct rlimit limit;
	int r;

	r = outbox_file_make(dir, key, kind, spec->name, spec->queue_bytes, ret);
	if (r != -EFBIG || getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur <= pages)
		return r;
	size = limit.rlim_cur - pages;
	if (size >= spec->queue_bytes)
		return r;
	log_message("output", "%s: its queue is of %" PRIu64 " bytes only: the limit of the size of files (ulimit -f)",
		    spec->name, size);
	return outbox_file_make(dir, key, kind, spec->name, size, ret);
}

static int make_queue(const struct output_spec *spec, const char *dir, struct outbox_file *ret)
{
	uint64_t end = now_ms() + LOCK_WAIT_MS;
	struct timespec pause = { .tv_nsec = 20000000 };
	char key[KEY_SIZE];
	int r;

	make_key(spec, key);
	while ((r = make_within_limit(spec, dir, key, ret)) == -EWOULDBLOCK && now_ms() < end)
		nanosleep(&pause, NULL);
	if (r < 0 && dir) {
		log_message("output", "%s: cannot keep its queue in %s: %s; it ends with the agent", spec->name, dir,
			    r == -EWOULDBLOCK ? "another process has it" : strerror(-r));
		r = make_within_limit(spec, NULL, key, ret);
	}
	if (r == 0 && ret->n_adopted)
		log_message("output", "%s: %" PRIu64 " alerts of an earlier run wait and are written first", spec->name,
			    ret->n_adopted);
	if (r == 0 && ret->n_lost)
		log_message("output", "%s: %" PRIu64 " alerts of an earlier run are lost: the size of the queue was changed",
			    spec->name, ret->n_lost);
	return r;
}

/* Names of our own descriptors mean another file in the next run. */
static bool may_be_kept(const struct output_spec *spec, int fd)
{
	return spec->kind != OUTPUT_STDOUT && fd < 0;
}

static bool is_twice(const struct outputs *outputs, size_t i)
{
	char key[KEY_SIZE], other[KEY_SIZE];

	make_key(&outputs->specs[i], key);
	for (size_t k = 0; k < i; k++) {
		make_key(&outputs->specs[k], other);
		if (strcmp(key, other) == 0)
			return true;
	}
	return false;
}

/* Alerts for an output that there is no more wait where nobody takes them. */
static void tell_left(const struct outputs *outputs, const char *run_dir)
{
	DIR *dir = opendir(run_dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[sizeof(outputs->files[0].path)], name[OUTBOX_NAME_MAX];
		uint64_t queued;
		bool is_ours = false;

		if (strncmp(entry->d_name, "outbox-", 7) != 0 ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", run_dir, entry->d_name) >= sizeof(path))
			continue;
		for (size_t i = 0; i < outputs->n; i++)
			is_ours |= strcmp(outputs->files[i].path, path) == 0;
		if (is_ours || outbox_file_look(path, name, &queued) < 0)
			continue;
		if (queued)
			log_message("output", "%s: %" PRIu64 " alerts of an earlier run wait in %s and no output takes them: "
				    "start with that output, in the same format, or remove the file", name, queued, path);
		else
			(void)unlink(path);
	}
	if (dir)
		closedir(dir);
}

int outputs_init(struct outputs *ret, const struct output_spec *specs, const int *fds, size_t n, const char *run_dir)
{
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	ret->specs = specs;
	ret->control_fd = -1;
	if (n > OUTPUTS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < n; i++) {
		if (specs[i].kind != OUTPUT_STDOUT && is_twice(ret, i)) {
			log_message("output", "%s is given twice in the format %s", specs[i].name,
				    output_format_name(specs[i].format));
			return -EEXIST;
		}
		ret->fds[i] = fds[i];
		r = make_queue(&specs[i], may_be_kept(&specs[i], fds[i]) ? run_dir : NULL, &ret->files[i]);
		if (r == 0)
			r = outbox_open(&ret->files[i], OUTBOX_OBSERVER, &ret->boxes[i]);
		if (r < 0) {
			log_message("output", "%s: cannot make its queue of %" PRIu64 " bytes: %s", specs[i].name,
				    specs[i].queue_bytes, strerror(-r));
			return r;
		}
		ret->n = i + 1;
	}
	tell_left(ret, run_dir);
	return 0;
}

void outputs_release(struct outputs *outputs)
{
	struct outbox_stats stats;

	for (size_t i = 0; i < outputs->n; i++) {
		outbox_get_stats(outputs->boxes[i], &stats);
		outbox_close(outputs->boxes[i]);
		outbox_file_release(&outputs->files[i], stats.queued == 0);
	}
	outputs->n = 0;
	close_fd(&outputs->control_fd);
	outputs->control_fd = -1;
}

/* ---- the process ---- */

static int child_main(const struct outputs *outputs, int control_fd, bool is_restart)
{
	struct output_config config = {
		.specs = outputs->specs,
		.files = outputs->files,
		.fds = outputs->fds,
		.n = outputs->n,
		.control_fd = control_fd,
		.is_restart = is_restart,
	};
	int keep[1 + 4 * OUTPUTS_MAX];
	size_t n = 0;
	sigset_t none;

	keep[n++] = control_fd;
	for (size_t i = 0; i < outputs->n; i++) {
		keep[n++] = outputs->files[i].fd;
		keep[n++] = outputs->files[i].read_fd;
		keep[n++] = outputs->files[i].wake_fd;
		if (outputs->fds[i] >= 0)
			keep[n++] = outputs->fds[i];
	}
	sandbox_close_all_but(keep, n);
	prctl(PR_SET_NAME, "brigwatch-out");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return output_serve(&config);
}

static int wait_ready(const struct outputs *outputs)
{
	struct pollfd pfd = { .fd = outputs->control_fd, .events = POLLIN };
	uint32_t message = 0;

	if (poll(&pfd, 1, READY_MS) <= 0)
		return -ETIMEDOUT;
	if (recv(outputs->control_fd, &message, sizeof(message), MSG_DONTWAIT) != sizeof(message))
		return -EPROTO;
	return message == OUTPUT_READY ? 0 : -ECANCELED;
}

int outputs_spawn(struct outputs *outputs, bool is_restart, void (*shed)(void *arg), void *arg, pid_t *ret_pid)
{
	int pair[2], r;
	pid_t pid;

	close_fd(&outputs->control_fd);
	outputs->control_fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		r = -errno;
		close(pair[0]);
		close(pair[1]);
		return r;
	}
	if (pid == 0) {
		shed(arg);
		_exit(child_main(outputs, pair[1], is_restart));
	}
	close(pair[1]);
	outputs->control_fd = pair[0];
	r = wait_ready(outputs);
	if (r < 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		close_fd(&outputs->control_fd);
		outputs->control_fd = -1;
		return r;
	}
	*ret_pid = pid;
	return 0;
}

static void tell(const struct outputs *outputs, uint32_t message)
{
	if (outputs->control_fd >= 0)
		(void)send(outputs->control_fd, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void outputs_reopen(struct outputs *outputs)
{
	tell(outputs, OUTPUT_REOPEN);
}

bool outputs_read(struct outputs *outputs)
{
	uint32_t message = 0;
	ssize_t n = recv(outputs->control_fd, &message, sizeof(message), MSG_DONTWAIT);

	if (n == (ssize_t)sizeof(message))
		return message == OUTPUT_GONE;
	/* It fell; its end is told by a signal. */
	if (n == 0 || errno != EAGAIN) {
		close_fd(&outputs->control_fd);
		outputs->control_fd = -1;
	}
	return false;
}

void outputs_stop(struct outputs *outputs, pid_t *pid)
{
	uint64_t end = now_ms() + STOP_MS;
	struct timespec pause = { .tv_nsec = 5000000 };

	if (*pid <= 0)
		return;
	tell(outputs, OUTPUT_STOP);
	while (now_ms() < end) {
		if (waitpid(*pid, NULL, WNOHANG) == *pid) {
			*pid = 0;
			return;
		}
		nanosleep(&pause, NULL);
	}
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

void outputs_print_summary(const struct outputs *outputs)
{
	struct outbox_stats stats;

	for (size_t i = 0; i < outputs->n; i++) {
		outbox_get_stats(outputs->boxes[i], &stats);
		log_message("summary",
			    "output %s: %" PRIu64 " alerts offered, %" PRIu64 " written, %" PRIu64
			    " alerts not written (%" PRIu64 " dropped, %" PRIu64 " refused, %" PRIu64 " left%s), %" PRIu64
			    " retries",
			    stats.name, stats.accepted + stats.dropped, stats.written,
			    stats.dropped + stats.failed + stats.queued, stats.dropped, stats.failed, stats.queued,
			    stats.queued && outputs->files[i].is_kept ? " for the next run" : "", stats.retries);
	}
}
