// SPDX-License-Identifier: Apache-2.0
/* What runs in the containers of the attribution tests: opens a decoy of the
 * host for writing, so that an alert must come of it, and ends. Static and
 * quick: some containers are to live for milliseconds only.
 *
 *   deed FILE MS                       the deed, then MS milliseconds of life
 *   deed wait                          lives until it is killed
 *   deed at GO FILE MS                 the deed, as soon as the file GO is there
 *   deed move FILE MS DIR...           each DIR is made and entered as a cgroup, then the deed
 *   deed as PID FILE MS                the deed, by a child with that number
 *   deed box PID ROOT DIR PROGRAM...   PROGRAM in a container of ours: in namespaces of its own,
 *                                      with the directory ROOT as root, in the cgroup DIR (unless
 *                                      ""), as number PID (unless 0). No runtime knows of it */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "deed: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void make_folders(const char *dir)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", dir);
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(path, 0755);
		*at = '/';
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die(dir);
}

static void enter_cgroup(const char *dir)
{
	char path[4096];
	int fd;

	make_folders(dir);
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die(path);
	close(fd);
}

static int do_deed(const char *file, long ms)
{
	struct timespec rest = { ms / 1000, ms % 1000 * 1000000 };
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		die(file);
	close(fd);
	nanosleep(&rest, NULL);
	return 0;
}

/* fork(), with new namespaces and with a number for the child, which may still
 * be another's for a moment. */
static pid_t fork_as(uint64_t flags, pid_t number)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.set_tid = number ? (uintptr_t)&number : 0,
		.set_tid_size = number ? 1 : 0,
	};
	long pid = -1;

	for (int i = 0; i < 200; i++) {
		pid = syscall(SYS_clone3, &args, sizeof(args));
		if (pid >= 0 || errno != EEXIST)
			break;
		usleep(5000);
	}
	if (pid < 0)
		die("clone3");
	return (pid_t)pid;
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void change_root(const char *root)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(root) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
	    chdir("/") < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0)
		die(root);
}

static int run_box(char **argv)
{
	pid_t pid;

	if (argv[2][0])
		enter_cgroup(argv[2]);
	pid = fork_as(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC, atoi(argv[0]));
	if (pid)
		return wait_for(pid);
	change_root(argv[1]);
	execv(argv[3], argv + 3);
	die(argv[3]);
}

static int do_deed_as(char **argv)
{
	pid_t pid = fork_as(0, atoi(argv[0]));

	return pid ? wait_for(pid) : do_deed(argv[1], atol(argv[2]));
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(how, "wait") == 0)
		for (;;)
			pause();
	if (argc == 3)
		return do_deed(argv[1], atol(argv[2]));
	if (argc == 5 && strcmp(how, "at") == 0) {
		while (access(argv[2], F_OK) < 0)
			usleep(20000);
		return do_deed(argv[3], atol(argv[4]));
	}
	if (argc == 5 && strcmp(how, "as") == 0)
		return do_deed_as(argv + 2);
	if (argc > 5 && strcmp(how, "box") == 0)
		return run_box(argv + 2);
	if (argc < 5 || strcmp(how, "move") != 0) {
		fprintf(stderr, "deed: not like this\n");
		return 2;
	}
	for (int i = 4; i < argc; i++)
		enter_cgroup(argv[i]);
	return do_deed(argv[2], atol(argv[3]));
}
