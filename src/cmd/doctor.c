// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <sys/statfs.h>
#include <sys/utsname.h>

#include "agent/log.h"
#include "base/base.h"
#include "cmd/cmd.h"
#include "cmd/usage.h"
#include "source/live.h"

#define HOOKS_MAX 32

/* What no hook of this tier shows, whatever the kernel. */
static const char *const blind_spots[] = {
	"names changed by an absolute path on xfs, btrfs and others without such hooks: looked up afterwards, at best;",
	"  changes of names through io_uring there, and changes of another container's overlay: not at all",
	"requests that io_uring refused; UDP and Unix datagrams",
	"the object of a remount, an umount or a mount_setattr by path: only the caller's path",
	"settings that a runtime's helper writes from the host's own mount namespace",
	"refused opens of another process' entries in /proc, if not asked for as /proc/PID/NAME",
	"the object of a refused open that was not named by /proc/*/exe or fd/N: only the caller's path",
	"processes of other pid namespaces at start, if brigwatch runs in one: met when they act",
	"containers in virtual machines or user-space kernels (Kata, gVisor): their system calls are not the host's",
};

static void read_line(const char *path, char *buf, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0) {
		snprintf(buf, size, "not readable (%s)", strerror(errno));
		return;
	}
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static void print_facts(void)
{
	struct utsname uts;
	struct statfs fs;
	char line[128];

	if (uname(&uts) == 0)
		printf("kernel       %s %s\n", uts.release, uts.machine);
	read_line("/sys/kernel/security/lockdown", line, sizeof(line));
	printf("lockdown     %s\n", line);
	read_line("/sys/kernel/security/lsm", line, sizeof(line));
	printf("lsm          %s\n", line);
	printf("bpf fs       %s\n",
	       statfs("/sys/fs/bpf", &fs) == 0 && (unsigned long)fs.f_type == 0xcafe4a11 ?
		       "mounted at /sys/fs/bpf" :
		       "not mounted; `run` mounts it if it may");
	printf("tier         tracepoint (the lsm and fentry tiers are not built yet)\n");
}

static int print_hooks(bool *ret_usable)
{
	struct live_hook hooks[HOOKS_MAX];
	struct live_error error = {};
	int n = live_probe(hooks, HOOKS_MAX, &error);

	if (n < 0) {
		printf("\n%s\n", error.message);
		return n;
	}
	*ret_usable = true;
	printf("\n%-22s %-10s %s\n", "hook", "kernel", "sees");
	for (int i = 0; i < n; i++) {
		printf("%-22s %-10s %s\n", hooks[i].hook,
		       hooks[i].available ? "has it" : "LACKS IT", hooks[i].sees);
		if (!hooks[i].available)
			printf("%-33s without it: %s\n", "", hooks[i].without);
		*ret_usable &= hooks[i].available || !hooks[i].required;
	}
	return 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct live_error error = {};
	bool is_usable = false;
	int code = EXIT_DONE, r;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		printf("usage: brigwatch doctor\n\nTells what this kernel allows, which hooks fit and what is not seen. Loads "
		       "the\nprograms to try them (root) and attaches nothing.\n\n  --help             this text\n\n"
		       "Exit codes: 0 it can watch here, 2 usage, 3 privileges are missing, 4 the kernel\ncannot, 5 output.\n");
		return EXIT_DONE;
	}
	if (argc > 1)
		return usage_refuse_argument("doctor", argv[1]);
	print_facts();
	r = print_hooks(&is_usable);
	if (r < 0 || !is_usable)
		code = r == -EPERM ? EXIT_PRIVILEGES : EXIT_KERNEL;
	if (code == EXIT_DONE) {
		r = live_try(&error);
		printf("\nprograms     %s%s\n",
		       r == 0 ? "the verifier takes them all" : "cannot be loaded: ",
		       r == 0 ? "" : error.message);
		if (r < 0)
			code = r == -EPERM ? EXIT_PRIVILEGES : EXIT_KERNEL;
	}
	printf("\nnot seen in this tier:\n");
	for (size_t i = 0; i < ARRAY_SIZE(blind_spots); i++)
		printf("%s %s\n", blind_spots[i][0] == ' ' ? " " : " -", blind_spots[i]);
	if (code == EXIT_PRIVILEGES)
		printf("\nverdict: run as root, or with CAP_BPF and CAP_PERFMON\n");
	else
		printf("\nverdict: %s\n", code == EXIT_DONE ? "brigwatch can watch here" :
							      "brigwatch cannot watch here");
	return fflush(stdout) == 0 ? code : EXIT_INTERNAL;
}
