/* SPDX-License-Identifier: Apache-2.0 */
/* System calls by their bare numbers: some that nobody knows, and some that are
 * known and odd. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32_BIT 0x40000000l
#define HIGH_BIT (1l << 32) /* the kernel looks at the lower half of the register */

static long call(const char *way, long nr)
{
	long ret;

	if (strcmp(way, "int80") == 0)
		return deed_int80(nr, -1, -1, -1, -1, -1);
	if (strcmp(way, "x32") == 0)
		nr |= X32_BIT;
	else if (strcmp(way, "high") == 0)
		nr |= HIGH_BIT;
	ret = syscall(nr, -1, -1, -1, -1, -1);
	return ret < 0 ? -errno : ret;
}

/* Make each call that often. */
static int attack_call(char **argv)
{
	long ret = 0, nr, i;

	for (i = 0; argv[i]; i += 4) {
		if (!argv[i + 1] || !argv[i + 2] || !argv[i + 3])
			deed_fail("WAY FIRST LAST TIMES");
		if (strcmp(argv[i], "int80") == 0)
			deed_int80_probe();
	}
	deed_harm(argv[0]);
	for (; *argv; argv += 4)
		for (nr = atol(argv[1]); nr <= atol(argv[2]); nr++)
			for (i = atol(argv[3]); i > 0; i--)
				ret = call(argv[0], nr);
	return deed_done(ret);
}

/* setns() with a register that is full: is the namespace now the decoy's? */
static int attack_high_setns(char **argv)
{
	struct stat theirs, ours;
	char path[64];
	long ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", argv[0]);
	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &theirs) < 0)
		deed_fail("cannot open %s", path);
	deed_harm(path);
	ret = syscall(HIGH_BIT | SYS_setns, fd, CLONE_NEWNS);
	if (ret < 0)
		return deed_done(-errno);
	if (stat("/proc/thread-self/ns/mnt", &ours) < 0 || ours.st_ino != theirs.st_ino)
		deed_fail("joined something else");
	return deed_done(0);
}

static volatile sig_atomic_t n_signals;

static void on_signal(int sig)
{
	(void)sig;
	n_signals++;
}

/* What healthy programs do that looks like it: new calls on an older kernel,
 * retired ones, the number -1 (as tracers leave it), returns from signals, x32
 * numbers, and, so that there is an alert to wait for, the 32-bit gate. */
static int attack_known_calls(char **argv)
{
	static const long calls[] = { 156, 174, 177, 178, 180, 181, 182, 183, 184, 185,
				      205, 211, 214, 215, 236, -1,  -2 };
	long nr, ret;
	size_t i;

	(void)argv;
	deed_int80_probe();
	deed_harm("known calls");
	for (nr = 439; nr <= 471; nr++)
		if (nr != 446) /* landlock_restrict_self, refused for its arguments, but why try */
			call("native", nr);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ret = call("native", calls[i]);
		if (ret >= 0)
			deed_fail("call %ld was made", calls[i]);
	}
	signal(SIGUSR1, on_signal);
	for (i = 0; i < 100; i++)
		raise(SIGUSR1);
	call("x32", SYS_getpid);
	call("x32", 514 /* ioctl */);
	call("high", SYS_getpid);
	ret = deed_int80(20 /* getpid */, 0, 0, 0, 0, 0);
	return deed_done(ret == getpid() && n_signals == 100 ? 0 : -ESRCH);
}

static const struct deed deeds[] = {
	/* native|int80|x32|high FIRST LAST TIMES, again and again */
	{ "call", 4, attack_call },
	/* PID */
	{ "high-setns", 1, attack_high_setns },
	/* no argument */
	{ "known-calls", 0, attack_known_calls },
	{ 0 },
};
DEED_TABLE(deeds);
