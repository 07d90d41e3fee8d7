/* SPDX-License-Identifier: Apache-2.0 */
/* Joining the namespaces of a decoy on the host. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	int flag;
} kinds[] = {
	{ "mnt", CLONE_NEWNS },
	{ "net", CLONE_NEWNET },
	{ "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC },
	{ "all", CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC },
};

static int kind_to_flag(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].flag;
	deed_fail("no such namespace: %s", name);
}

/* Is our namespace of that kind now the decoy's? */
static long joined(int pid, const char *kind)
{
	char path[64];
	struct stat mine, theirs;

	if (strcmp(kind, "all") == 0)
		kind = "uts";
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	if (stat(path, &theirs) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	if (stat(path, &mine) < 0)
		return -errno;
	return mine.st_ino == theirs.st_ino ? 0 : -EXDEV;
}

static int attack_setns(char **argv)
{
	int pid = atoi(argv[1]), flag = kind_to_flag(argv[2]), fd;
	char path[64];

	if (strcmp(argv[0], "pidfd") == 0) {
		fd = (int)syscall(SYS_pidfd_open, pid, 0);
	} else {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, argv[2]);
		fd = open(path, O_RDONLY);
	}
	if (fd < 0)
		deed_fail("no descriptor of the decoy's namespace");

	deed_harm("setns");
	if (setns(fd, flag) < 0)
		return deed_done(-errno);
	return deed_done(joined(pid, argv[2]));
}

static int attack_nsenter(char **argv)
{
	char target[32];
	char *args[] = { "nsenter", "-t", target, argv[1], "/bin/true", NULL };
	int status;
	pid_t pid;

	snprintf(target, sizeof(target), "%s", argv[0]);
	deed_harm("nsenter");
	pid = fork();
	if (pid == 0) {
		execv("/bin/busybox", args);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return deed_done(-errno);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		deed_fail("cannot run nsenter");
	/* nsenter tells 1, whatever the errno was. */
	return deed_done(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM);
}

static const struct deed deeds[] = {
	/* path|pidfd PID mnt|net|uts|ipc|all */
	{ "setns", 3, attack_setns },
	/* PID FLAG */
	{ "nsenter", 2, attack_nsenter },
	{ 0 },
};
DEED_TABLE(deeds);
