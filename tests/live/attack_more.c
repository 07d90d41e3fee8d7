/* SPDX-License-Identifier: Apache-2.0 */
/* What an escaped process may do besides: mounts, namespaces, other processes, trees,
 * the kernel. Nothing of it lasts: mounts stay detached, names are taken back. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* A detached copy of a folder; nobody sees it. */
static long do_mount(const char *dir)
{
	long tree = result(syscall(SYS_open_tree, AT_FDCWD, dir, 1 /* OPEN_TREE_CLONE */));

	if (tree >= 0)
		close((int)tree);
	return tree;
}

static long do_touch(int pid)
{
	long ret = result(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	if (ret == 0)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return ret;
}

static long do_change(const char *dir)
{
	char path[300];
	long ret;

	snprintf(path, sizeof(path), "%s/made.%d", dir, getpid());
	ret = result(mkdir(path, 0700));
	rmdir(path);
	return ret;
}

static long do_kernel(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 4,
				.max_entries = 1 };
	long fd = result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));

	return fd == -EPERM || fd == -ENOSYS ? 0 : fd; /* the attempt is what counts */
}

/* out|in PID DIR: after a join of PID's mount namespace, or without. */
static int attack_at_work(char **argv)
{
	bool out = strcmp(argv[0], "out") == 0;
	int pid = atoi(argv[1]);
	char path[64];
	long ret = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	fd = open(path, O_RDONLY);
	deed_harm(argv[0]);
	if (out && (fd < 0 || setns(fd, CLONE_NEWNS) < 0))
		deed_fail("setns");
	ret = do_mount(argv[2]);
	if (ret >= 0)
		ret = do_change(argv[2]);
	if (ret >= 0)
		ret = out ? do_touch(pid) : 0;
	if (ret >= 0)
		ret = do_kernel();
	if (ret >= 0)
		ret = result(unshare(CLONE_NEWUTS));
	return deed_done(ret < 0 ? ret : 0);
}

/* PID: the host's UTS namespace is joined, and its name set to what it is. */
static int attack_hostname(char **argv)
{
	char path[64], name[256] = "";
	bool host = strcmp(argv[0], "0") != 0;
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%s/ns/uts", argv[0]);
	if (host)
		fd = open(path, O_RDONLY);
	if (host && (fd < 0 || setns(fd, CLONE_NEWUTS) < 0))
		deed_fail("setns");
	if (gethostname(name, sizeof(name) - 1) < 0)
		deed_fail("gethostname");
	if (strcmp(argv[1], "int80") == 0)
		deed_int80_probe();
	deed_harm("sethostname");
	if (strcmp(argv[1], "domain") == 0) {
		if (getdomainname(name, sizeof(name) - 1) < 0)
			deed_fail("getdomainname");
		return deed_done(result(setdomainname(name, strlen(name))));
	}
	if (strcmp(argv[1], "int80") == 0)
		return deed_done(deed_int80(74, (long)deed_low(name, sizeof(name)),
					    (long)strlen(name), 0, 0, 0));
	return deed_done(result(sethostname(name, strlen(name))));
}

/* COUNT: children that end at once, without a copy of anything. */
static int attack_short(char **argv)
{
	int n = atoi(argv[0]), i;
	pid_t pid;

	deed_harm("vfork");
	for (i = 0; i < n; i++) {
		pid = vfork();
		if (pid == 0)
			_exit(0);
		if (pid < 0)
			return deed_done(-errno);
		waitpid(pid, NULL, 0);
	}
	return deed_done(0);
}

static const struct deed deeds[] = {
	/* out|in PID DIR */
	{ "at-work", 3, attack_at_work },
	/* PID|0 native|int80|domain */
	{ "hostname", 2, attack_hostname },
	/* COUNT */
	{ "short", 1, attack_short },
	{ 0 },
};
DEED_TABLE(deeds);
