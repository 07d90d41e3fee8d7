// SPDX-License-Identifier: Apache-2.0
/* What runs in the containers of the robustness tests: acts that must be
 * alerted, on decoys of the test's own. Static; no shell is needed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FLOODERS 4
#define COMPONENTS 2000
#define DEEPER 200
#define ARGS_BYTES (2 << 20)
#define ARG_BYTES 65536

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The act: a file of the host opened for writing. */
static int open_foreign(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static volatile sig_atomic_t is_over;

static void on_term(int number)
{
	(void)number;
	is_over = 1;
}

/* PREFIX0001 ... each `ms` apart, at most n, until SIGTERM. */
static int acts(const char *prefix, int n, long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
	char path[1024];
	int i;

	signal(SIGTERM, on_term);
	for (i = 1; i <= n && !is_over; i++) {
		snprintf(path, sizeof(path), "%s%04d", prefix, i);
		if (open_foreign(path) < 0) {
			perror(path);
			return 1;
		}
		nanosleep(&ts, NULL);
	}
	printf("done %d\n", i - 1);
	return 0;
}

/* Each line of stdin is a path; the answer is printed when it is done. */
static int serve(void)
{
	char line[4096];

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		printf("%s %d\n", line, open_foreign(line));
	}
	return 0;
}

/* The same with a process in between, so that there is an ancestry. */
static int parent(void)
{
	char *argv[] = { "/actor", "serve", NULL };
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* ---- flood ---- */

static void flood_one(const char *prefix, int number, double end)
{
	char *argv[] = { "actor", "true", NULL };
	char path[1024];
	unsigned long n = 0;
	int fd;

	while (now() < end) {
		snprintf(path, sizeof(path), "%sflood-%d-%lu", prefix, number, n % 64);
		open_foreign(path);
		fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);	/* refused */
		if (fd >= 0)
			close(fd);
		fd = open("/actor", O_RDONLY);
		if (fd >= 0)
			close(fd);
		if (n++ % 16 == 0) {
			pid_t pid = fork();

			if (pid == 0) {
				execv("/actor", argv);
				_exit(1);
			}
			waitpid(pid, NULL, 0);
		}
	}
	printf("flooder %d: %lu rounds\n", number, n);
	fflush(stdout);
}

static int flood(const char *prefix, int seconds)
{
	double end = now() + seconds;

	for (int i = 0; i < FLOODERS; i++) {
		if (fork() == 0) {
			flood_one(prefix, i, end);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

/* ---- hostile names ---- */

static const char *const names[] = {
	"line\nbreak {\"rule\":\"fake\"}\n",
	"escape\x1b[2J\x1b]0;owned\x07",
	"bidi\u202egnp.exe",
	"bytes\xff\xfe\xc0\xaf\x80",
	"{\"rule\":\"fake\"}\\",
	"carriage\rreturn\ttab\x01\x7f",
};

/* One name after another as the process's name and as the file's. */
static int hostile_names(const char *root)
{
	char path[1024];
	int r;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/name-%zu-%s", root, i, names[i]);
		prctl(PR_SET_NAME, names[i]);
		r = open_foreign(path);
		if (r < 0)
			fprintf(stderr, "name %zu: %s\n", i, strerror(-r));
		printf("name-%zu %d\n", i, r);
	}
	return 0;
}

/* One path of 4095 bytes, filled up with slashes, and one of 2000 components of
 * a letter each, both as long as the caller may make them. */
static int hostile_paths(const char *root)
{
	static const char file[] = "marker-long";
	char path[4096] = "";
	size_t len;
	int fd;

	len = (size_t)snprintf(path, sizeof(path), "%s", root);
	while (len + sizeof(file) < sizeof(path))
		path[len++] = '/';
	memcpy(path + len, file, sizeof(file));
	printf("long %zu %d\n", strlen(path), open_foreign(path));

	len = (size_t)snprintf(path, sizeof(path), "%s", root);
	for (int i = 0; i < COMPONENTS; i++) {
		path[len++] = '/';
		path[len++] = 'd';
	}
	memcpy(path + len, "/m", sizeof("/m"));
	printf("deep %zu %d\n", strlen(path), open_foreign(path));

	/* Deeper than any path is long: the kernel side has to cut. */
	path[len] = '\0';
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	len = 0;
	for (int i = 0; i < DEEPER; i++) {
		path[len++] = 'd';
		path[len++] = '/';
	}
	memcpy(path + len, "marker-cut", sizeof("marker-cut"));
	fd = openat(fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	printf("cut %d\n", fd < 0 ? -errno : 0);
	return 0;
}

/* Run a program under a hostile name of its own: the foreign program itself. */
static int hostile_programs(const char *root)
{
	char path[1024];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *argv[] = { (char *)names[i], "true", NULL };
		pid_t pid;
		int status = 0;

		snprintf(path, sizeof(path), "%s/program-%zu-%s", root, i, names[i]);
		pid = fork();
		if (pid == 0) {
			execv(path, argv);
			fprintf(stderr, "program %zu: %s\n", i, strerror(errno));
			_exit(1);
		}
		waitpid(pid, &status, 0);
		printf("program-%zu %d\n", i, status);
	}
	return 0;
}

/* 2 MiB of arguments, and none at all, each to a foreign program. */
static int hostile_args(const char *program)
{
	size_t n = ARGS_BYTES / ARG_BYTES - 2;
	char **argv = calloc(n + 3, sizeof(*argv)), *arg = malloc(ARG_BYTES), *none[] = { NULL };
	int status = 0;
	pid_t pid;

	memset(arg, '\n', ARG_BYTES - 1);
	arg[ARG_BYTES - 1] = '\0';
	argv[0] = "many";
	argv[1] = "true";
	for (size_t i = 0; i < n; i++)
		argv[2 + i] = arg;
	pid = fork();
	if (pid == 0) {
		execv(program, argv);
		perror("many");
		_exit(1);
	}
	waitpid(pid, &status, 0);
	printf("args-many %d\n", status);
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execve, program, none, none);
		perror("none");
		_exit(1);
	}
	waitpid(pid, &status, 0);
	printf("args-none %d\n", status);
	return 0;
}

/* On the host, before: the program under each hostile name, and the directories
 * of hostile_paths(). */
static int prepare(const char *program, const char *root)
{
	char path[1024];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/program-%zu-%s", root, i, names[i]);
		if (link(program, path) < 0)
			return perror(root), 1;
	}
	if (chdir(root) < 0)
		return perror(root), 1;
	for (int i = 0; i < COMPONENTS + DEEPER; i++)
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			return perror("d"), 1;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "true"))
		return 0;	/* as hostile_args() starts us */
	if (argc == 5 && !strcmp(argv[1], "acts"))
		return acts(argv[2], atoi(argv[3]), atol(argv[4]));
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	if (argc == 2 && !strcmp(argv[1], "parent"))
		return parent();
	if (argc == 4 && !strcmp(argv[1], "flood"))
		return flood(argv[2], atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "prepare"))
		return prepare(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "hostile")) {
		setvbuf(stdout, NULL, _IOLBF, 0);
		return hostile_names(argv[2]) || hostile_programs(argv[2]) || hostile_args(argv[3]) ||
		       hostile_paths(argv[2]);
	}
	fprintf(stderr, "actor: not like this\n");
	return 2;
}
