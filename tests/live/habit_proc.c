/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy use of processes: debuggers, just-in-time compilers, sandboxes,
 * programs that give up rights. Everything is the container's own. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "benign: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

/* trace: a debugger and its program, as gdb and strace do; then its memory and
 * its descriptors by the newer calls. */
static int do_trace(char **argv)
{
	static volatile long word = 1;
	long got = 0;
	struct iovec here = { &got, sizeof(got) }, there = { (void *)&word, sizeof(word) };
	char path[64];
	int status, pidfd, fd, mem;
	pid_t pid = fork();

	(void)argv;
	if (pid == 0)
		for (;;)
			pause();
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) != pid)
		return fail("attach");
	if (ptrace(PTRACE_POKEDATA, pid, (void *)&word, 7L) < 0 ||
	    ptrace(PTRACE_PEEKDATA, pid, (void *)&word, NULL) != 7)
		return fail("poke");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	if (mem < 0 || pread(mem, &got, sizeof(got), (off_t)(uintptr_t)&word) != sizeof(got))
		return fail("mem");
	close(mem);
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
		return fail("detach");
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof(got) || got != 7)
		return fail("process_vm_readv");
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, 1, 0);
	if (fd < 0 && errno != ENOSYS)
		return fail("pidfd_getfd");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 0;
}

static void *thread_work(void *arg)
{
	*(volatile int *)arg += 1;
	return NULL;
}

/* jit: code written here and run there: a memory file mapped twice, anonymous
 * memory made executable, a map for the profiler, many threads. */
static int do_jit(char **argv)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* return 42 */
	int mem = (int)syscall(SYS_memfd_create, "doublemapper", 1), i, counts[32] = { 0 };
	unsigned char *write_here, *run_here, *anon;
	pthread_t threads[32];
	char name[64];
	FILE *f;

	(void)argv;
	if (mem < 0 || ftruncate(mem, 4096) < 0)
		return fail("memory file");
	write_here = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	run_here = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, mem, 0);
	anon = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (write_here == MAP_FAILED || run_here == MAP_FAILED || anon == MAP_FAILED)
		return fail("map");
	memcpy(write_here, code, sizeof(code));
	memcpy(anon, code, sizeof(code));
	if (mprotect(anon, 4096, PROT_READ | PROT_EXEC) < 0)
		return fail("mprotect");
	if (((int (*)(void))run_here)() != 42 || ((int (*)(void))anon)() != 42)
		return fail("generated code");
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0) == MAP_FAILED)
		return fail("rwx");
	snprintf(name, sizeof(name), "/tmp/perf-%d.map", getpid());
	f = fopen(name, "we");
	if (!f)
		return fail(name);
	fprintf(f, "%lx 6 answer\n", (unsigned long)run_here);
	fclose(f);
	for (i = 0; i < 32; i++)
		if (pthread_create(&threads[i], NULL, thread_work, &counts[i]) != 0)
			return fail("thread");
	for (i = 0; i < 32; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* drop USER ID: as entry points do before they run the service. */
static int do_drop(char **argv)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	unsigned int id = (unsigned int)atoi(argv[0]);
	char *again[] = { "busybox", "true", NULL };
	gid_t groups[1] = { id };
	int cap;

	for (cap = 0; cap <= 40; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	if (setgroups(1, groups) < 0 || setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		return fail("setresuid");
	if (syscall(SYS_capset, &head, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("capset");
	execv("/bin/busybox", again);
	return fail("exec");
}

/* user ID: only that, so that a set-uid program can be run. `whoami` says 0 when
 * it has become root again. */
static int do_user(char **argv)
{
	unsigned int id = (unsigned int)atoi(argv[0]);

	if (setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		return fail("setresuid");
	execv(argv[1], argv + 1);
	return fail(argv[1]);
}

static int do_whoami(char **argv)
{
	(void)argv;
	return setresuid(0, 0, 0) == 0 ? 0 : fail("not root");
}

/* sandbox: as browsers do: new user, process and network namespaces, and a root
 * that is empty, by a directory of procfs that goes with its process. */
static int do_sandbox(char **argv)
{
	int status;
	pid_t pid;

	(void)argv;
	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC) < 0)
		return fail("unshare");
	pid = fork();
	if (pid == 0) {
		if (chroot("/proc/self/fdinfo/") < 0 || chdir("/") < 0)
			_exit(2);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(access("/etc", F_OK) == 0);
	}
	waitpid(pid, &status, 0);
	return status == 0 ? 0 : fail("sandbox");
}

/* pty: a terminal of one's own, typed into by program. */
static int do_pty(char **argv)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), status, i;
	char line[64] = "", back[64] = "";
	ssize_t n;
	pid_t pid;

	(void)argv;
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return fail("ptmx");
	pid = fork();
	if (pid == 0) {
		int end;

		setsid();
		end = open(ptsname(master), O_RDWR | O_CLOEXEC);
		if (end < 0 || ioctl(end, TIOCSCTTY, 0) < 0)
			_exit(1);
		/* Newer kernels refuse the old way of typing: then that is that. */
		for (i = 0; i < 2; i++)
			(void)!ioctl(end, TIOCSTI, &"x\n"[i]);
		n = read(end, line, sizeof(line) - 1);
		_exit(n > 0 && line[n - 1] == '\n' ? 0 : 2);
	}
	if (write(master, "typed\n", 6) != 6)
		return fail("type");
	waitpid(pid, &status, 0);
	(void)!read(master, back, sizeof(back) - 1);
	return status == 0 ? 0 : fail("terminal");
}

/* perf: a profile of oneself. */
static int do_perf(char **argv)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_TASK_CLOCK,
					.exclude_kernel = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 8 /* CLOEXEC */);
	uint64_t value = 0;

	(void)argv;
	if (fd < 0)
		return errno == EACCES || errno == EPERM || errno == ENOENT || errno == ENOSYS ? 0 : fail("perf");
	return read(fd, &value, sizeof(value)) == sizeof(value) ? 0 : fail("read of the counter");
}

/* keys: a ticket in a keyring of one's own. */
static int do_keys(char **argv)
{
	long ring = syscall(SYS_keyctl, 1 /* JOIN_SESSION_KEYRING */, NULL), key;
	char back[16];

	(void)argv;
	if (ring < 0)
		return fail("session keyring");
	key = syscall(SYS_add_key, "user", "brigwatch:ticket", "secret", 6, -3);
	if (key < 0 || syscall(SYS_keyctl, 11 /* READ */, key, back, sizeof(back)) != 6)
		return fail("key");
	return syscall(SYS_keyctl, 3 /* REVOKE */, key) < 0 ? fail("revoke") : 0;
}

/* forks N: short-lived children, eight at a time, as a parallel build has. */
static int do_forks(char **argv)
{
	int n = atoi(argv[0]), running = 0, i;
	char *again[] = { "busybox", "true", NULL };

	for (i = 0; i < n; i++) {
		if (running == 8 && wait(NULL) > 0)
			running--;
		switch (fork()) {
		case 0: execv("/bin/busybox", again); _exit(1);
		case -1: return fail("fork");
		default: running++;
		}
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

/* watch DIR: be told of changes of one's own configuration. */
static int do_watch(char **argv)
{
	int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[300], events[4096];

	if (in < 0 || inotify_add_watch(in, argv[0], IN_ALL_EVENTS) < 0)
		return fail("inotify");
	snprintf(path, sizeof(path), "%s/watched", argv[0]);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	unlink(path);
	return read(in, events, sizeof(events)) > 0 ? 0 : fail("no event");
}

static const struct deed deeds[] = {
	{ "trace", 0, do_trace },     { "jit", 0, do_jit },	{ "drop", 1, do_drop },
	{ "user", 2, do_user },	      { "whoami", 0, do_whoami }, { "sandbox", 0, do_sandbox },
	{ "pty", 0, do_pty },	      { "perf", 0, do_perf },	{ "keys", 0, do_keys },
	{ "forks", 1, do_forks },     { "watch", 1, do_watch }, { 0 },
};
DEED_TABLE(deeds);
