/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Between fork and exec, other threads may hold locks: system calls only. */
_Noreturn static void child_become(char *const argv[], const struct child_how *how, int out)
{
	int null = open("/dev/null", O_RDWR), log, from;

	setpgid(0, 0);
	if (how->die_with_us)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, 0);
	if (out >= 0)
		dup2(out, 1);
	if (how->log) {
		log = open(how->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(log, 2);
		if (out < 0)
			dup2(log, 1);
	}
	if (how->leak_fd >= 0) {
		from = fcntl(how->leak_fd, F_DUPFD, 200);
		dup2(from, 3);
		close_range(4, ~0U, 0);
	} else {
		close_range(3, ~0U, 0);
	}
	execvp(argv[0], argv);
	_exit(127);
}

int child_start(struct child *c, char *const argv[], const struct child_how *how)
{
	int out[2] = { -1, -1 };

	memset(c, 0, sizeof(*c));
	c->out = -1;
	if (how->capture && pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	c->pid = fork();
	if (c->pid == 0)
		child_become(argv, how, out[1]);
	if (out[1] >= 0)
		close(out[1]);
	if (c->pid < 0) {
		c->pid = 0;
		if (out[0] >= 0)
			close(out[0]);
		return -EAGAIN;
	}
	c->out = out[0];
	return 0;
}

static int ms_until(uint64_t deadline_ns)
{
	uint64_t now = boot_ns();

	return now >= deadline_ns ? 0 : (int)((deadline_ns - now) / 1000000u) + 1;
}

bool child_has_output(struct child *c)
{
	struct pollfd p = { .fd = c->out, .events = POLLIN };

	return c->out >= 0 && poll(&p, 1, 0) > 0;
}

char *child_line(struct child *c, uint64_t deadline_ns)
{
	static _Thread_local char line[sizeof(c->buf)];
	struct pollfd p = { .fd = c->out, .events = POLLIN };
	char *end;
	ssize_t n;
	size_t len;

	for (;;) {
		end = memchr(c->buf, '\n', c->len);
		if (!end && c->len == sizeof(c->buf))
			end = c->buf + c->len - 1;
		if (end) {
			len = (size_t)(end - c->buf);
			memcpy(line, c->buf, len);
			line[len] = '\0';
			c->len -= len + 1;
			memmove(c->buf, end + 1, c->len);
			return line;
		}
		if (c->out < 0 || poll(&p, 1, ms_until(deadline_ns)) <= 0)
			return NULL;
		n = read(c->out, c->buf + c->len, sizeof(c->buf) - c->len);
		if (n <= 0) {
			close(c->out);
			c->out = -1;
			return NULL;
		}
		c->len += (size_t)n;
	}
}

int child_wait(struct child *c, uint64_t deadline_ns)
{
	while (!c->ended) {
		pid_t r = waitpid(c->pid, &c->status, WNOHANG);

		if (r == c->pid || (r < 0 && errno == ECHILD)) {
			c->ended = true;
		} else if (boot_ns() >= deadline_ns) {
			return -ETIMEDOUT;
		} else {
			usleep(2000);
		}
	}
	if (c->out >= 0)
		close(c->out);
	c->out = -1;
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}

int child_stop(struct child *c, int sig, int grace_ms)
{
	int r;

	if (c->pid <= 0)
		return 0;
	if (!c->ended)
		kill(-c->pid, sig);
	r = child_wait(c, boot_ns() + (uint64_t)grace_ms * 1000000u);
	if (r == -ETIMEDOUT) {
		kill(-c->pid, SIGKILL);
		r = child_wait(c, boot_ns() + 5000000000u);
	}
	c->pid = 0;
	return r;
}

int run(char *const argv[], const char *log, int timeout_ms, char *out, size_t out_size)
{
	struct child_how how = { .log = log, .leak_fd = -1, .capture = out != NULL };
	uint64_t deadline = boot_ns() + (uint64_t)timeout_ms * 1000000u;
	struct child *c = calloc(1, sizeof(*c));
	char *line;
	int r;

	if (!c)
		return -ENOMEM;
	r = child_start(c, argv, &how);
	if (r == 0 && out) {
		out[0] = '\0';
		while ((line = child_line(c, deadline)))
			snprintf(out, out_size, "%s", line);
	}
	if (r == 0)
		r = child_wait(c, deadline);
	if (r == -ETIMEDOUT)
		child_stop(c, SIGKILL, 1000);
	free(c);
	return r;
}

int shell(const char *log, int timeout_ms, const char *fmt, ...)
{
	char line[4096];
	char *argv[] = { "sh", "-c", line, NULL };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return run(argv, log, timeout_ms, NULL, 0);
}
