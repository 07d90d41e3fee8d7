// SPDX-License-Identifier: Apache-2.0
/* Children, time and small files for the other parts of bench. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

volatile sig_atomic_t stopping;

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

void complain(const char *format, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

pid_t spawn(char *const argv[], int in, int out, int err)
{
	pid_t parent = getpid(), pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0)
		return pid;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(126);
	/* Through high numbers first: one of the three may be 0, 1 or 2 itself. */
	in = fcntl(in, F_DUPFD, 10);
	out = fcntl(out, F_DUPFD, 10);
	err = fcntl(err, F_DUPFD, 10);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	execvp(argv[0], argv);
	fprintf(stderr, "bench: cannot execute %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int wait_child(pid_t pid, unsigned int ms, int *ret_status)
{
	uint64_t limit = now_ns() + (uint64_t)ms * 1000000;
	pid_t r;

	do {
		r = waitpid(pid, ret_status, WNOHANG);
		if (r == pid)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
		sleep_ms(1);
	} while (now_ns() < limit);
	return -ETIMEDOUT;
}

int stop_child(pid_t pid, unsigned int ms)
{
	int status = 0;

	kill(pid, SIGTERM);
	if (wait_child(pid, ms, &status) == -ETIMEDOUT) {
		kill(pid, SIGKILL);
		wait_child(pid, 5000, &status);
	}
	return status;
}

long parse_number(const char *text)
{
	return strtol(text, NULL, 10);
}

ssize_t read_small(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	saved = errno;
	close(fd);
	if (n < 0)
		return -saved;
	buf[len] = '\0';
	return (ssize_t)len;
}
