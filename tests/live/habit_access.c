/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy acts on processes: all within one container. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long shared_word = 42;

static int fail(const char *what)
{
	fprintf(stderr, "benign: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

static int debug_child(pid_t pid)
{
	long copy = 0;
	struct iovec here = { &copy, sizeof(copy) };
	struct iovec there = { (void *)&shared_word, sizeof(shared_word) };
	char path[64];
	int fd;

	if (syscall(SYS_process_vm_readv, pid, &here, 1, &there, 1, 0) != sizeof(copy) ||
	    copy != 42)
		return fail("process_vm_readv");
	if (syscall(SYS_process_vm_writev, pid, &here, 1, &there, 1, 0) != sizeof(copy))
		return fail("process_vm_writev");
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) < 0 || waitpid(pid, NULL, __WALL) != pid)
		return fail("ptrace attach");
	if (ptrace(PTRACE_POKEDATA, pid, (void *)&shared_word, 43L) < 0)
		return fail("ptrace poke");
	ptrace(PTRACE_DETACH, pid, 0, 0);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return fail(path);
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return fail(path);
	close(fd);
	return 0;
}

/* debug: what gdb and strace do to a program of their own. */
static int do_debug(char **argv)
{
	pid_t pid = fork();
	int pidfd, r;

	(void)argv;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = debug_child(pid);
	if (r == 0 && syscall(SYS_pidfd_getfd, pidfd, 1, 0) < 0)
		r = fail("pidfd_getfd");
	kill(pid, SIGQUIT); /* attach of a Java tool: a thread dump */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}

static int read_entry(int pid, const char *name)
{
	char path[64], text[4096];
	int fd, good;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	good = read(fd, text, sizeof(text)) >= 0;
	close(fd);
	return good;
}

/* stat PID...: what a node exporter reads of every process. */
static int do_stat(char **argv)
{
	static const char *const names[] = { "stat",   "status", "statm",     "cmdline",
					     "comm",   "cgroup", "limits",    "oom_score",
					     "mounts", "sched",	 "mountinfo", "net/dev" };
	int n = 0;

	for (; *argv; argv++) {
		kill(atoi(*argv), 0);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			n += read_entry(atoi(*argv), names[i]);
	}
	return n > 0 ? 0 : 1;
}

static const struct deed deeds[] = {
	{ "debug", 0, do_debug },
	{ "stat", 1, do_stat },
	{ 0 },
};
DEED_TABLE(deeds);
