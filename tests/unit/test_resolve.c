/* SPDX-License-Identifier: Apache-2.0 */
/* Where a string leads a task: in real trees, by real processes in a root
 * directory of their own; and what the engine makes of the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/reader.h"
#include "agent/reader_mounts.h"
#include "agent/resolve.h"
#include "unit/record.h"

#define WAIT_MS 3000

/* A task that did something: it lives in a tree of its own and waits. */
struct rig {
	char dir[64]; /* its root directory, as seen from here */
	int engine_fd, reader_fd;
	pid_t reader, task;
	int dir_fd;	 /* the number of a descriptor that the task has, of its /dir */
	bool has_mounts; /* a mount and a pid namespace of its own, with procfs */
	uint32_t number;
	struct resolve_reply reply;
	char path[EVENT_PATH_MAX + 1], fspath[EVENT_PATH_MAX + 1];
};

static uint64_t start_ns_of(pid_t pid)
{
	char path[64], bytes[1024], *at;
	unsigned long long start = 0;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	n = fread(bytes, 1, sizeof(bytes) - 1, file);
	bytes[n] = 0;
	fclose(file);
	at = strrchr(bytes, ')');
	assert_non_null(at);
	assert_int_equal(sscanf(at + 1,
				" %*c %*u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
				"%*s %*s %*s %llu",
				&start),
			 1);
	return start * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* 0: may not be looked at. */
static uint32_t ns_inum(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return stat(path, &st) < 0 ? 0 : (uint32_t)st.st_ino;
}

/* ---- the tree */

static char *below(const struct rig *rig, const char *path)
{
	static char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", rig->dir, path);
	return whole;
}

static void put(const struct rig *rig, const char *path)
{
	int fd = open(below(rig, path), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void link_to(const struct rig *rig, const char *path, const char *target)
{
	assert_int_equal(symlink(target, below(rig, path)), 0);
}

static void make_tree(struct rig *rig)
{
	snprintf(rig->dir, sizeof(rig->dir), "/tmp/brigwatch-resolve.XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	mkdir(below(rig, "/dir"), 0700);
	mkdir(below(rig, "/dir/sub"), 0700);
	mkdir(below(rig, "/etc"), 0700);
	mkdir(below(rig, "/proc"), 0755);
	mkdir(below(rig, "/mnt"), 0755);
	mkdir(below(rig, "/odd \t\\ name"), 0755);
	put(rig, "/dir/file");
	put(rig, "/etc/shadow");
	put(rig, "/bound");
	link_to(rig, "/absolute", "/etc/shadow");
	link_to(rig, "/dir/relative", "../etc/shadow");
	link_to(rig, "/upwards", "../../../../../../../../etc/shadow");
	link_to(rig, "/loop", "loop");
	link_to(rig, "/loop2", "/dir/../loop3");
	link_to(rig, "/loop3", "loop2");
	link_to(rig, "/dangling", "/no/such/file");
	link_to(rig, "/to-dir", "dir/");
	link_to(rig, "/to-core", "/proc/sys/kernel/core_pattern");
	link_to(rig, "/to-self", "/proc/self/fd/9");
	assert_int_equal(mkfifo(below(rig, "/fifo"), 0600), 0);
}

static void remove_tree(const char *dir)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--one-file-system", "--", dir, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* ---- the task */

/* Procfs, a file of it under another name, and a place whose name needs
 * escapes in mount tables. */
static int mount_all(const struct rig *rig)
{
	char from[PATH_MAX];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(rig->dir, rig->dir, NULL, MS_BIND, NULL) < 0 ||
	    mount("proc", below(rig, "/proc"), "proc", 0, NULL) < 0)
		return -errno;
	snprintf(from, sizeof(from), "%s", below(rig, "/proc/sys/kernel/core_pattern"));
	if (mount(from, below(rig, "/bound"), NULL, MS_BIND, NULL) < 0)
		return -errno;
	snprintf(from, sizeof(from), "%s", below(rig, "/proc/sys/kernel"));
	if (mount(from, below(rig, "/odd \t\\ name"), NULL, MS_BIND, NULL) < 0)
		return -errno;
	return 0;
}

static _Noreturn void be_task(const struct rig *rig, int ready_fd, bool has_mounts)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (has_mounts && mount_all(rig) < 0)
		_exit(2);
	if (chroot(rig->dir) < 0 || chdir("/dir") < 0)
		_exit(3);
	fd = open("/dir", O_RDONLY | O_DIRECTORY);
	dup2(fd, 8);
	fd = open("/etc/shadow", O_RDONLY);
	dup2(fd, 9);
	if (write(ready_fd, "r", 1) != 1)
		_exit(4);
	for (;;)
		pause();
}

/* In a new pid namespace the task is a child's child, and tells its number by
 * being the only child of its parent: so its parent is asked. */
static pid_t start_task(struct rig *rig, bool has_mounts)
{
	int ready[2], numbers[2];
	pid_t middle, pid = -1;
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(numbers), 0);
	middle = fork();
	if (middle == 0) {
		if (has_mounts && unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
			_exit(1);
		pid = fork();
		if (pid == 0)
			be_task(rig, ready[1], has_mounts);
		if (write(numbers[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		close(ready[1]);
		close(numbers[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	close(ready[1]);
	close(numbers[1]);
	if (read(numbers[0], &pid, sizeof(pid)) != sizeof(pid) || read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	close(numbers[0]);
	if (pid < 0)
		waitpid(middle, NULL, 0);
	return pid;
}

static void start_reader(struct rig *rig)
{
	static const struct reader_config config;

	assert_int_equal(reader_socketpair(&rig->engine_fd, &rig->reader_fd), 0);
	/* With its sandbox where this can be had: the filter has to let it work. */
	if (geteuid() == 0 && reader_spawn(&config, rig->reader_fd, &rig->reader) == 0)
		return;
	rig->reader = fork();
	if (rig->reader == 0) {
		close(rig->engine_fd);
		_exit(reader_serve(&config, rig->reader_fd) < 0);
	}
}

static int set_up(void **state, bool has_mounts)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	make_tree(rig);
	rig->dir_fd = 8;
	rig->has_mounts = has_mounts;
	rig->task = geteuid() == 0 ? start_task(rig, has_mounts) : -1;
	start_reader(rig);
	*state = rig;
	return 0;
}

static int set_up_plain(void **state)
{
	return set_up(state, false);
}

static int set_up_box(void **state)
{
	return set_up(state, true);
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	if (rig->task > 0)
		kill(rig->task, SIGKILL);
	kill(rig->reader, SIGKILL);
	waitpid(rig->reader, NULL, 0);
	close(rig->engine_fd);
	close(rig->reader_fd);
	while (waitpid(-1, NULL, 0) > 0)
		;
	remove_tree(rig->dir);
	free(rig);
	return 0;
}

static void need_task(const struct rig *rig)
{
	if (rig->task <= 0) {
		print_message("skipped: no task with a root directory of its own can be made\n");
		skip();
	}
}

/* ---- asking */

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static struct resolve_request request_for(struct rig *rig, int dirfd, const char *path)
{
	struct resolve_request request = {
		.version = RESOLVE_VERSION,
		.number = ++rig->number,
		.end_ms = now_ms() + WAIT_MS,
		.tgid = (uint32_t)rig->task,
		.tid = (uint32_t)rig->task,
		.ns_tgid = rig->has_mounts ? 1 : (uint32_t)rig->task,
		.ns_tid = rig->has_mounts ? 1 : (uint32_t)rig->task,
		.start_ns = start_ns_of(rig->task),
		.mnt_ns_inum = ns_inum(rig->task, "mnt"),
		.pid_ns_inum = ns_inum(rig->task, "pid"),
		.dirfd = dirfd,
	};
	size_t len = strlen(path);

	assert_true(len <= EVENT_PATH_MAX);
	memcpy(request.path, path, len);
	request.path_len = (uint16_t)len;
	return request;
}

static int receive(struct rig *rig, uint32_t number)
{
	struct timeval timeout = { .tv_sec = WAIT_MS / 1000 };
	size_t fixed = offsetof(struct resolve_reply, text);
	struct resolve_reply *reply = &rig->reply;
	ssize_t n;

	setsockopt(rig->engine_fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	n = recv(rig->engine_fd, reply, sizeof(*reply), 0);
	if (n < 0)
		return -ETIME;
	assert_true((size_t)n >= fixed);
	assert_int_equal(n, fixed + reply->path_len + reply->fspath_len);
	assert_int_equal(reply->version, RESOLVE_VERSION);
	assert_int_equal(reply->number, number);
	memset(rig->path, 0, sizeof(rig->path));
	memset(rig->fspath, 0, sizeof(rig->fspath));
	memcpy(rig->path, reply->text, reply->path_len);
	memcpy(rig->fspath, reply->text + reply->path_len, reply->fspath_len);
	return reply->error;
}

static int send_request(struct rig *rig, const struct resolve_request *request)
{
	size_t len = offsetof(struct resolve_request, path) + request->path_len;

	assert_int_equal(send(rig->engine_fd, request, len, MSG_NOSIGNAL), len);
	return receive(rig, request->number);
}

static int ask(struct rig *rig, int dirfd, const char *path)
{
	struct resolve_request request = request_for(rig, dirfd, path);

	return send_request(rig, &request);
}

static void check_is(const struct rig *rig, const char *what)
{
	struct stat st;

	assert_int_equal(stat(below(rig, what), &st), 0);
	if (rig->reply.ino != st.st_ino)
		print_message("expected %s, found %s (%s)\n", what, rig->path, rig->fspath);
	assert_int_equal(rig->reply.ino, st.st_ino);
	assert_int_equal(rig->reply.mode, st.st_mode);
	assert_int_equal(rig->reply.nlink, st.st_nlink);
}

/* ---- paths in a root directory of the task's own */

/* clang-format off */
static const struct {
	const char *name, *path;
	bool by_fd;
	int error;
	const char *is;		/* below the tree, when there is no error */
} cases[] = {
	{ "absolute path", "/etc/shadow", false, 0, "/etc/shadow" },
	{ "many slashes and dots", "//etc/.//./shadow", false, 0, "/etc/shadow" },
	{ "relative to the working directory", "file", false, 0, "/dir/file" },
	{ "relative to a descriptor", "file", true, 0, "/dir/file" },
	{ "above the root is the root", "/../../../../etc/shadow", false, 0, "/etc/shadow" },
	{ "above the root from a descriptor", "../../../../../etc/shadow", true, 0, "/etc/shadow" },
	{ "down and up", "/dir/sub/../../etc/shadow", false, 0, "/etc/shadow" },
	{ "absolute link stays below the root", "/absolute", false, 0, "/etc/shadow" },
	{ "relative link", "/dir/relative", false, 0, "/etc/shadow" },
	{ "link that climbs", "/upwards", false, 0, "/etc/shadow" },
	{ "link in the middle", "/to-dir/sub/../file", false, 0, "/dir/file" },
	{ "FIFO: found, not opened", "/fifo", false, 0, "/fifo" },
	{ "directory", "/dir/sub/", false, 0, "/dir/sub" },
	{ "link to itself", "/loop", false, -ELOOP, NULL },
	{ "two links in a ring", "/loop2", false, -ELOOP, NULL },
	{ "link to nothing", "/dangling", false, -ENOENT, NULL },
	{ "nothing", "/etc/nothing", false, -ENOENT, NULL },
	{ "through a file", "/etc/shadow/x", false, -ENOTDIR, NULL },
	{ "through a FIFO", "/fifo/x", false, -ENOTDIR, NULL },
};
/* clang-format on */

static void paths_lead_where_the_task_would_go(void **state)
{
	struct rig *rig = *state;

	need_task(rig);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = ask(rig, cases[i].by_fd ? rig->dir_fd : AT_FDCWD, cases[i].path);

		if (r != cases[i].error)
			print_message("%s: error %d, expected %d\n", cases[i].name, r,
				      cases[i].error);
		assert_int_equal(r, cases[i].error);
		if (!r)
			check_is(rig, cases[i].is);
	}
}

static void the_answer_describes_the_file(void **state)
{
	struct rig *rig = *state;
	struct stat st;

	need_task(rig);
	assert_int_equal(ask(rig, AT_FDCWD, "/absolute"), 0);
	assert_int_equal(stat(below(rig, "/etc/shadow"), &st), 0);
	assert_int_equal(rig->reply.dev, major(st.st_dev) << 20 | minor(st.st_dev));
	assert_int_equal(rig->reply.rdev, 0);
	assert_int_equal(rig->reply.uid, st.st_uid);
	assert_int_equal(rig->reply.mount_owner, rig->has_mounts ? OWNER_OWN : OWNER_HOST);
	assert_true(rig->reply.fs[0] != 0);
	assert_true(rig->reply.fs_magic != 0);
	assert_false(rig->reply.is_stdio);
	if (!rig->has_mounts)
		assert_string_equal(rig->path, below(rig, "/etc/shadow"));
	assert_string_equal(rig->fspath + strlen(rig->fspath) - strlen("/etc/shadow"),
			    "/etc/shadow");
}

static void bad_descriptors_are_refused(void **state)
{
	struct rig *rig = *state;

	need_task(rig);
	assert_int_equal(ask(rig, 77, "file"), -ENOENT);
	assert_int_equal(ask(rig, -1, "file"), -EBADF);
	assert_int_equal(ask(rig, INT_MIN, "file"), -EBADF);
	assert_int_equal(ask(rig, 9, "file"), -ENOTDIR); /* a file */
	/* An absolute path needs none. */
	assert_int_equal(ask(rig, 77, "/dir/file"), 0);
}

static void deep_and_hostile_strings_end(void **state)
{
	struct rig *rig = *state;
	char path[EVENT_PATH_MAX + 1];
	uint64_t before = now_ms();

	need_task(rig);
	/* The longest string, in the most components. */
	for (size_t i = 0; i + 1 < sizeof(path); i++)
		path[i] = i % 2 ? '.' : '/';
	path[EVENT_PATH_MAX] = 0;
	assert_int_equal(ask(rig, AT_FDCWD, path), 0);
	for (size_t i = 0; i + 2 < sizeof(path); i += 3)
		memcpy(path + i, "../", 3);
	assert_int_equal(ask(rig, AT_FDCWD, path), 0);
	/* One component that is too long. */
	memset(path, 'x', EVENT_PATH_MAX);
	assert_int_equal(ask(rig, AT_FDCWD, path), -ENAMETOOLONG);
	assert_int_equal(ask(rig, AT_FDCWD, "\xff\xfe\n\x1b[2J"), -ENOENT);
	assert_int_equal(ask(rig, AT_FDCWD, "\\040/%s%n"), -ENOENT);
	/* Links that grow: each puts the longest text before the rest. */
	memset(path, '/', sizeof(path));
	memcpy(path + EVENT_PATH_MAX - 5, "bomb", 5);
	path[0] = '/';
	link_to(rig, "/bomb", path);
	assert_int_equal(ask(rig, AT_FDCWD, "/bomb"), -ELOOP);
	assert_true(now_ms() - before < 2000);
}

static void a_chain_of_links_is_followed_as_far_as_the_kernel_does(void **state)
{
	struct rig *rig = *state;
	char from[32], to[32];

	need_task(rig);
	for (int i = 0; i < 41; i++) {
		snprintf(from, sizeof(from), "/chain%d", i);
		snprintf(to, sizeof(to), "chain%d", i + 1);
		link_to(rig, from, to);
	}
	put(rig, "/chain41");
	assert_int_equal(ask(rig, AT_FDCWD, "/chain1"), 0); /* 40 links */
	assert_int_equal(ask(rig, AT_FDCWD, "/chain0"), -ELOOP);
}

/* ---- who is asked about */

static void another_process_under_the_number_is_not_taken(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;

	need_task(rig);
	request = request_for(rig, AT_FDCWD, "/etc/shadow");
	request.start_ns += 1000000000ull;
	assert_int_equal(send_request(rig, &request), -ESRCH);
	request = request_for(rig, AT_FDCWD, "/etc/shadow");
	request.start_ns = 0;
	assert_int_equal(send_request(rig, &request), -ESRCH);
}

static void the_parent_stands_in_for_who_is_gone(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;

	need_task(rig);
	request = request_for(rig, AT_FDCWD, "/absolute");
	request.parent_tgid = request.tgid;
	request.parent_start_ns = request.start_ns;
	request.tgid = request.tid = INT32_MAX;
	assert_int_equal(send_request(rig, &request), 0);
	check_is(rig, "/etc/shadow");

	/* A relative path needs the very task. */
	request = request_for(rig, AT_FDCWD, "file");
	request.parent_tgid = request.tgid;
	request.parent_start_ns = request.start_ns;
	request.tgid = request.tid = INT32_MAX;
	assert_int_equal(send_request(rig, &request), -ESRCH);

	/* A parent that sees other mounts is none. */
	request = request_for(rig, AT_FDCWD, "/absolute");
	request.parent_tgid = request.tgid;
	request.parent_start_ns = request.start_ns;
	request.tgid = request.tid = INT32_MAX;
	request.mnt_ns_inum++;
	assert_int_equal(send_request(rig, &request), -ESRCH);
}

static void an_ended_thread_leaves_its_process(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;

	need_task(rig);
	request = request_for(rig, AT_FDCWD, "file");
	request.tid = INT32_MAX;
	assert_int_equal(send_request(rig, &request), 0);
	check_is(rig, "/dir/file");
}

static void processes_of_the_host_are_found_without_the_task(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;
	char path[200];

	need_task(rig);
	snprintf(path, sizeof(path), "/proc/%d/root/etc/shadow", rig->task);
	request = request_for(rig, AT_FDCWD, path);
	request.tgid = request.tid = INT32_MAX;
	assert_int_equal(send_request(rig, &request), 0);
	check_is(rig, "/etc/shadow");

	/* An absolute link would lead into the root of a task that is gone. */
	snprintf(path, sizeof(path), "/proc/%d/root/absolute", rig->task);
	request = request_for(rig, AT_FDCWD, path);
	request.tgid = request.tid = INT32_MAX;
	assert_int_equal(send_request(rig, &request), -ESRCH);

	/* In another pid namespace the number means somebody else. */
	snprintf(path, sizeof(path), "/proc/%d/root/etc/shadow", rig->task);
	request = request_for(rig, AT_FDCWD, path);
	request.tgid = request.tid = INT32_MAX;
	request.pid_ns_inum++;
	assert_int_equal(send_request(rig, &request), -ESRCH);
	request = request_for(rig, AT_FDCWD, "/proc/self/root/etc/shadow");
	request.tgid = request.tid = INT32_MAX;
	assert_int_equal(send_request(rig, &request), -ESRCH);
}

static void late_questions_are_not_worked_on(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;

	need_task(rig);
	request = request_for(rig, AT_FDCWD, "/etc/shadow");
	request.end_ms = now_ms() - 1;
	assert_int_equal(send_request(rig, &request), -ETIMEDOUT);
}

/* ---- in a box: mounts, procfs */

static void core_pattern_is_known_by_any_name(void **state)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/core_pattern",
		"/to-core",
		"/bound",
		"/odd \t\\ name/core_pattern",
		"/proc/self/root/to-core",
		"/proc/1/root/bound",
		"/proc/thread-self/root/bound",
		"/proc/self/cwd/../to-core",
	};
	struct rig *rig = *state;

	need_task(rig);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = ask(rig, AT_FDCWD, paths[i]);

		if (r < 0 || strcmp(rig->fspath, "/sys/kernel/core_pattern") != 0)
			print_message("%s: error %d, %s, %s\n", paths[i], r, rig->path,
				      rig->fspath);
		assert_int_equal(r, 0);
		assert_string_equal(rig->reply.fs, "proc");
		assert_string_equal(rig->fspath, "/sys/kernel/core_pattern");
		assert_int_equal(rig->reply.mount_owner, OWNER_OWN);
		assert_int_equal(rig->reply.fs_magic, 0x9fa0);
	}
}

/* A task that went into a directory has no mount to show but those below. */
static void the_parent_shows_mounts_that_the_task_does_not_see(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;
	pid_t outer, inner = -1;
	int ready[2], byte;
	char path[64];

	need_task(rig);
	assert_int_equal(pipe(ready), 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", rig->task);
	outer = fork();
	if (outer == 0) {
		int ns = open(path, O_RDONLY);

		if (ns < 0 || setns(ns, CLONE_NEWNS) < 0 || chroot(rig->dir) < 0)
			_exit(1);
		inner = fork();
		if (inner == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			inner = (pid_t)syscall(SYS_getpid);
			if (chroot("/dir") < 0 || write(ready[1], &inner, sizeof(inner)) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, sizeof(byte)), sizeof(byte));
	request = request_for(rig, AT_FDCWD, "/file");
	request.tgid = request.tid = (uint32_t)byte;
	request.start_ns = start_ns_of(byte);
	assert_int_equal(send_request(rig, &request), -EXDEV);
	request.parent_tgid = (uint32_t)outer;
	request.parent_start_ns = start_ns_of(outer);
	request.number = ++rig->number;
	assert_int_equal(send_request(rig, &request), 0);
	check_is(rig, "/dir/file");
	assert_int_equal(rig->reply.mount_owner, OWNER_OWN);
	kill(outer, SIGKILL);
	waitpid(outer, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

/* "self" is the task, and never the reader. */
static void self_is_the_task(void **state)
{
	struct rig *rig = *state;

	need_task(rig);
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/self/fd/9"), 0);
	check_is(rig, "/etc/shadow");
	assert_int_equal(ask(rig, AT_FDCWD, "/to-self"), 0);
	check_is(rig, "/etc/shadow");
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/thread-self/fd/9"), 0);
	check_is(rig, "/etc/shadow");
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/self/comm"), 0);
	assert_string_equal(rig->fspath, "/1/comm");
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/mounts"), 0);
	assert_string_equal(rig->fspath, "/1/mounts");
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/self/fd/77"), -ENOENT);
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/self/fd/self"), -ENOENT);
}

static void the_own_output_is_told(void **state)
{
	struct rig *rig = *state;
	char *own = ttyname(1);
	struct stat st;

	need_task(rig);
	/* The task has it from here; only files that some table knows are found. */
	if (fstat(1, &st) < 0 || (!S_ISREG(st.st_mode) && !own)) {
		print_message("skipped: stdout is neither a file nor a terminal\n");
		skip();
	}
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/self/fd/1"), 0);
	assert_true(rig->reply.is_stdio);
}

/* A descriptor of ours, in a mount namespace that is the host's: what a leak
 * leaves behind. */
static void mounts_of_the_host_are_told(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;
	char path[200];
	struct stat st;

	need_task(rig);
	if (ns_inum(1, "mnt") && ns_inum(getpid(), "mnt") != ns_inum(1, "mnt")) {
		print_message("skipped: not in the mount namespace of the first process\n");
		skip();
	}
	/* As if it had the host's procfs: the task is gone, its string is not. */
	snprintf(path, sizeof(path), "/proc/%d/root/etc/passwd", getpid());
	request = request_for(rig, AT_FDCWD, path);
	request.pid_ns_inum = ns_inum(getpid(), "pid");
	request.tgid = request.tid = INT32_MAX;
	assert_int_equal(send_request(rig, &request), 0);
	assert_int_equal(stat("/etc/passwd", &st), 0);
	assert_int_equal(rig->reply.ino, st.st_ino);
	assert_int_equal(rig->reply.mount_owner, OWNER_HOST);
	assert_string_equal(rig->path, "/etc/passwd");
}

/* A file system that answers to nobody: not entered. */
static void a_hanging_file_system_does_not_hold_up(void **state)
{
	struct rig *rig = *state;
	char options[100], path[100];
	uint64_t before;
	int fuse, r;
	pid_t pid;

	need_task(rig);
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse < 0) {
		print_message("skipped: no /dev/fuse\n");
		skip();
	}
	/* Mounted by a process that enters the box and is not waited for. */
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 fuse);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", rig->task);
	pid = fork();
	if (pid == 0) {
		int ns = open(path, O_RDONLY);

		if (ns < 0 || setns(ns, CLONE_NEWNS) < 0)
			_exit(1);
		_exit(mount("x", below(rig, "/mnt"), "fuse", 0, options) < 0);
	}
	waitpid(pid, &r, 0);
	if (r != 0) {
		close(fuse);
		print_message("skipped: no FUSE mount\n");
		skip();
	}
	before = now_ms();
	assert_int_equal(ask(rig, AT_FDCWD, "/mnt/x"), -EREMOTE);
	assert_int_equal(ask(rig, AT_FDCWD, "/mnt"), -EREMOTE);
	assert_int_equal(ask(rig, AT_FDCWD, "/mnt/../etc/shadow"), -EREMOTE);
	assert_true(now_ms() - before < 1000);
	assert_int_equal(ask(rig, AT_FDCWD, "/etc/shadow"), 0);
	close(fuse);
}

/* A mount without a table: it could be anything. */
static void detached_mounts_are_not_entered(void **state)
{
	struct rig *rig = *state;

	need_task(rig);
	/* The pipe or memory file of the task's is on a mount of the kernel's own. */
	assert_int_equal(ask(rig, AT_FDCWD, "/proc/self/ns/mnt"), -EXDEV);
}

/* ---- messages */

static void unsound_requests_are_not_answered(void **state)
{
	struct rig *rig = *state;
	struct resolve_request request;
	size_t fixed = offsetof(struct resolve_request, path);

	need_task(rig);
	request = request_for(rig, AT_FDCWD, "/etc/shadow");
	assert_true(resolve_is_sound(&request, fixed + request.path_len));
	assert_false(resolve_is_sound(&request, fixed + request.path_len - 1));
	assert_false(resolve_is_sound(&request, fixed + request.path_len + 1));
	assert_false(resolve_is_sound(&request, fixed));
	assert_false(resolve_is_request(&request, 3));
	request.path[3] = 0;
	assert_false(resolve_is_sound(&request, fixed + request.path_len));
	request.path[3] = 'c';
	request.tgid = 0;
	assert_false(resolve_is_sound(&request, fixed + request.path_len));
	request.tgid = UINT32_MAX;
	assert_false(resolve_is_sound(&request, fixed + request.path_len));

	/* The loop goes on after one. */
	assert_int_equal(send(rig->engine_fd, &request, fixed, MSG_NOSIGNAL), fixed);
	assert_int_equal(ask(rig, AT_FDCWD, "/etc/shadow"), 0);
}

/* ---- mount tables */

static void mount_tables_are_read_as_the_kernel_writes_them(void **state)
{
	static char text[] = "21 20 0:21 / /proc rw,nosuid shared:5 master:1 - proc proc rw\n"
			     "22 21 0:21 /sys /proc/sys ro,nosuid - proc proc rw\n"
			     "223 20 259:1048575 /@/a\\040b /mnt/x\\134y rw - btrfs /dev/sda rw\n"
			     "24 20 0:50 / /f rw - fuse.sshfs me@there:/ rw\n"
			     "25 20 garbage / /f rw - ext4 x rw\n"
			     "26 20 8:1 / /f rw shared:1 ext4 x rw\n"
			     "27 20 8:1 / /cut rw - ex";
	struct mounts mounts = { text, sizeof(text) - 1 };
	struct mount_line line;
	char out[64];
	ssize_t n;

	(void)state;
	assert_true(mounts_find(&mounts, 21, &line));
	assert_string_equal(line.fs, "proc");
	assert_int_equal(line.dev, 21);
	assert_true(mounts_find(&mounts, 22, &line));
	assert_true(slice_eq(line.root, slice_from("/sys")));
	assert_true(slice_eq(line.point, slice_from("/proc/sys")));
	assert_false(mount_is_slow(&line));
	assert_true(mounts_find(&mounts, 223, &line));
	assert_int_equal(line.dev, 259u << 20 | 0xfffff);
	n = mounts_unescape(line.root, out, sizeof(out));
	assert_true(slice_eq((struct slice){ out, (size_t)n }, slice_from("/@/a b")));
	n = mounts_unescape(line.point, out, sizeof(out));
	assert_true(slice_eq((struct slice){ out, (size_t)n }, slice_from("/mnt/x\\y")));
	assert_int_equal(mounts_unescape(line.point, out, 3), -ENAMETOOLONG);
	assert_true(mounts_find(&mounts, 24, &line));
	assert_string_equal(line.fs, "fuse");
	assert_true(mount_is_slow(&line));
	for (uint64_t id = 25; id < 29; id++)
		assert_false(mounts_find(&mounts, id, &line));
	assert_false(mounts_find(&mounts, 2, &line));
	assert_false(mounts_find(&mounts, 0, &line));
	assert_false(mounts_find(&(struct mounts){ 0 }, 21, &line));
}

/* ---- the engine's side */

static void make_refused(struct record *rec, const char *arg)
{
	struct event_open open = {
		.hdr = record_hdr(), .open_flags = O_WRONLY, .f_mode = 2, .dirfd = AT_FDCWD
	};

	open.hdr.ret = -EACCES;
	open.hdr.flags = EVENT_F_FAILED;
	open.hdr.facts = FACT_FILE_WRITE;
	open.hdr.boundary = BOUNDARY_NONE;
	record_init(rec, EVENT_OPEN, &open, sizeof(open));
	record_add_str(rec, offsetof(struct event_open, arg_len), arg);
}

static struct resolve_reply make_reply(const char *fs, uint16_t mode, const char *fspath)
{
	struct resolve_reply reply = {
		.version = RESOLVE_VERSION,
		.dev = 21,
		.ino = 99,
		.mode = mode,
		.nlink = 1,
		.mount_owner = OWNER_OWN,
		.path_len = 6,
		.fspath_len = (uint16_t)strlen(fspath),
	};

	snprintf(reply.fs, sizeof(reply.fs), "%s", fs);
	memcpy(reply.text, "/a/b/c", 6);
	memcpy(reply.text + 6, fspath, strlen(fspath));
	return reply;
}

static struct record before, after;

static void complete(const struct resolve_reply *reply, bool is_runtime, struct event *ret)
{
	struct event ev;

	make_refused(&before, "/tmp/innocent");
	assert_int_equal(event_decode(before.bytes, before.len, &ev), 0);
	assert_int_equal(resolve_complete(&ev, reply, is_runtime, after.bytes, &after.len), 0);
	assert_int_equal(event_decode(after.bytes, after.len, ret), 0);
}

static void the_record_is_completed(void **state)
{
	struct resolve_reply reply = make_reply("proc", 0100644, "/sys/kernel/core_pattern");
	struct event ev;

	(void)state;
	complete(&reply, false, &ev);
	assert_int_equal(ev.hdr.type, EVENT_OPEN);
	assert_int_equal(ev.hdr.seq, 7);
	assert_int_equal(ev.hdr.tier, TIER_LSM);
	assert_int_equal(ev.hdr.flags, EVENT_F_FAILED);
	assert_int_equal(ev.file->source, SOURCE_RESOLVED);
	assert_int_equal(ev.file->ino, 99);
	assert_int_equal(ev.file->mount_container, ev.hdr.container);
	assert_true(slice_eq(ev.path, slice_from("/a/b/c")));
	assert_true(slice_eq(ev.fspath, slice_from("/sys/kernel/core_pattern")));
	assert_true(slice_eq(ev.arg, slice_from("/tmp/innocent")));
	assert_int_equal(ev.hdr.facts, FACT_FILE_WRITE | FACT_KERNEL_CONTROL);
	assert_int_equal(ev.hdr.boundary, BOUNDARY_NONE);
}

/* clang-format off */
static const struct {
	const char *name, *fs, *fspath;
	uint16_t mode;
	uint32_t rdev;
	uint8_t owner;
	bool is_runtime, is_stdio;
	uint64_t facts;
} judged[] = {
	{ "entry of a process", "proc", "/12/comm", 0100644, 0, OWNER_OWN, false, false, 0 },
	{ "no path known", "proc", "", 0100644, 0, OWNER_OWN, false, false, 0 },
	{ "sysfs", "sysfs", "/kernel/x", 0100644, 0, OWNER_OWN, false, false, FACT_KERNEL_CONTROL },
	{ "directory of sysfs", "sysfs", "/kernel", 0040755, 0, OWNER_OWN, false, false, 0 },
	{ "tracefs", "tracefs", "/x", 0100644, 0, OWNER_OWN, false, false, FACT_KERNEL_CONTROL },
	{ "memory of the machine", "tmpfs", "/m", 0020600, 1u << 20 | 1, OWNER_OWN, false, false, FACT_KERNEL_CONTROL },
	{ "null", "tmpfs", "/null", 0020600, 1u << 20 | 3, OWNER_OWN, false, false, 0 },
	{ "disk", "tmpfs", "/d", 0060600, 8u << 20, OWNER_OWN, false, false, FACT_BLOCK_DEVICE },
	{ "own file", "overlay", "/etc/shadow", 0100600, 0, OWNER_OWN, false, false, 0 },
	{ "runtime's program", "ext4", "/usr/bin/runc", 0100755, 0, OWNER_OWN, true, false, FACT_RUNTIME_BINARY },
	{ "of the host", "ext4", "/etc/shadow", 0100600, 0, OWNER_HOST, false, false, FACT_FILE_FOREIGN },
	{ "output of the host's", "ext4", "/log", 0100600, 0, OWNER_HOST, false, true, FACT_STDIO },
	{ "of nobody known", "ext4", "/x", 0100600, 0, OWNER_UNKNOWN, false, false, 0 },
};
/* clang-format on */

static void facts_follow_from_the_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++) {
		struct resolve_reply reply =
			make_reply(judged[i].fs, judged[i].mode, judged[i].fspath);
		struct event ev;

		reply.rdev = judged[i].rdev;
		reply.mount_owner = judged[i].owner;
		reply.is_stdio = judged[i].is_stdio;
		complete(&reply, judged[i].is_runtime, &ev);
		if (ev.hdr.facts != (judged[i].facts | FACT_FILE_WRITE))
			print_message("%s: facts %llx\n", judged[i].name,
				      (unsigned long long)ev.hdr.facts);
		assert_int_equal(ev.hdr.facts, judged[i].facts | FACT_FILE_WRITE);
		assert_int_equal(ev.hdr.boundary, judged[i].facts & FACT_FILE_FOREIGN ?
							  BOUNDARY_HOST :
							  BOUNDARY_NONE);
		assert_int_equal(ev.file->mount_owner, judged[i].owner);
	}
}

static void unsound_replies_complete_nothing(void **state)
{
	struct resolve_reply reply = make_reply("proc", 0100644, "/x");
	struct event ev;
	size_t len = 0;

	(void)state;
	make_refused(&before, "/x");
	assert_int_equal(event_decode(before.bytes, before.len, &ev), 0);
	reply.error = -ENOENT;
	assert_int_equal(resolve_complete(&ev, &reply, false, after.bytes, &len), -EBADMSG);
	reply = make_reply("proc", 0100644, "/x");
	memset(reply.fs, 'x', sizeof(reply.fs));
	assert_int_equal(resolve_complete(&ev, &reply, false, after.bytes, &len), -EBADMSG);
	reply = make_reply("proc", 0100644, "/x");
	reply.mount_owner = OWNER_INTERNAL;
	assert_int_equal(resolve_complete(&ev, &reply, false, after.bytes, &len), -EBADMSG);
	assert_int_equal(len, 0);
}

/* A reader of the test's own. */
static struct resolver resolver;

static void the_longest_strings_fit(void **state)
{
	struct resolve_reply *reply = calloc(1, sizeof(*reply));
	char *arg = calloc(1, EVENT_PATH_MAX + 1);
	struct event ev;

	(void)state;
	assert_non_null(reply);
	assert_non_null(arg);
	memset(arg, 'a', EVENT_PATH_MAX);
	memset(reply->text, '/', sizeof(reply->text));
	reply->mode = 0100644;
	reply->path_len = reply->fspath_len = EVENT_PATH_MAX;
	make_refused(&before, arg);
	assert_int_equal(event_decode(before.bytes, before.len, &ev), 0);
	assert_int_equal(resolve_complete(&ev, reply, false, after.bytes, &after.len), 0);
	assert_int_equal(event_decode(after.bytes, after.len, &ev), 0);
	assert_int_equal(ev.arg.len, EVENT_PATH_MAX);
	free(reply);
	free(arg);
}

static void only_refused_opens_without_object_are_asked_for(void **state)
{
	int pair[2];
	struct event_open open;
	size_t len = 0;
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	resolver_init(&resolver, pair[0], -1);
	for (int i = 0; i < 5; i++) {
		make_refused(&before, i == 0 ? "" : "/x");
		memcpy(&open, before.bytes, sizeof(open));
		if (i == 1)
			open.hdr.flags = 0;
		if (i == 2)
			open.hdr.phase = PHASE_HOST;
		if (i == 3)
			open.file.source = SOURCE_MAGIC;
		if (i == 4)
			open.hdr.facts |= FACT_HANDLE;
		memcpy(before.bytes, &open, sizeof(open));
		assert_false(
			resolve_record(&resolver, before.bytes, before.len, after.bytes, &len));
		assert_int_equal(recv(pair[1], &byte, 1, MSG_DONTWAIT), -1);
	}
	assert_false(resolve_record(&resolver, before.bytes, 3, after.bytes, &len));
	resolver_init(&resolver, -1, -1);
	make_refused(&before, "/x");
	assert_false(resolve_record(&resolver, before.bytes, before.len, after.bytes, &len));
	close(pair[0]);
	close(pair[1]);
}

/* Nobody answers: one record waits, the container's next ones do not. */
static void silence_costs_one_wait(void **state)
{
	uint64_t began = now_ms(), took;
	size_t len = 0;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	resolver_init(&resolver, pair[0], -1);
	make_refused(&before, "/x");
	for (int i = 0; i < 1000; i++)
		assert_false(
			resolve_record(&resolver, before.bytes, before.len, after.bytes, &len));
	took = now_ms() - began;
	assert_true(took >= RESOLVE_WAIT_MS);
	assert_true(took < 10 * RESOLVE_WAIT_MS);
	assert_int_equal(resolver.n_asked, 1);
	assert_int_equal(resolver.n_late, 1);
	assert_int_equal(resolver.n_skipped, 999);

	/* Containers by the thousand do not make it wait for longer than its share. */
	began = now_ms();
	for (uint64_t i = 0; i < 1000; i++) {
		struct event_hdr hdr;

		memcpy(&hdr, before.bytes, sizeof(hdr));
		hdr.container = 1000 + i;
		memcpy(before.bytes, &hdr, sizeof(hdr));
		assert_false(
			resolve_record(&resolver, before.bytes, before.len, after.bytes, &len));
	}
	assert_true(now_ms() - began < 500);
	close(pair[0]);
	close(pair[1]);
}

/* A reader that answers at once, some of it wrong. */
static _Noreturn void be_odd_reader(int fd)
{
	struct resolve_reply reply = make_reply("proc", 0100644, "/sys/kernel/core_pattern");
	size_t len = offsetof(struct resolve_reply, text) + reply.path_len + reply.fspath_len;
	struct resolve_request request;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (recv(fd, &request, sizeof(request), 0) > 0) {
		send(fd, "junk", 4, 0);
		reply.number = request.number - 1; /* to an older question */
		send(fd, &reply, len, 0);
		send(fd, &reply, len - 1, 0);
		reply.number = request.number;
		send(fd, &reply, len, 0);
	}
	_exit(0);
}

static void the_budget_of_a_container_ends(void **state)
{
	unsigned int n = 0;
	size_t len = 0;
	int pair[2];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0)
		be_odd_reader(pair[1]);
	resolver_init(&resolver, pair[0], -1);
	make_refused(&before, "/x");
	for (unsigned int i = 0; i < 2 * RESOLVE_BURST; i++)
		n += resolve_record(&resolver, before.bytes, before.len, after.bytes, &len);
	assert_in_range(n, RESOLVE_BURST, RESOLVE_BURST + RESOLVE_RATE);
	assert_int_equal(resolver.n_found, n);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
#define PLAIN(f) cmocka_unit_test_setup_teardown(f, set_up_plain, tear_down)
#define BOX(f) cmocka_unit_test_setup_teardown(f, set_up_box, tear_down)
	const struct CMUnitTest tests[] = {
		PLAIN(paths_lead_where_the_task_would_go),
		PLAIN(the_answer_describes_the_file),
		PLAIN(bad_descriptors_are_refused),
		PLAIN(deep_and_hostile_strings_end),
		PLAIN(a_chain_of_links_is_followed_as_far_as_the_kernel_does),
		PLAIN(another_process_under_the_number_is_not_taken),
		PLAIN(the_parent_stands_in_for_who_is_gone),
		PLAIN(an_ended_thread_leaves_its_process),
		PLAIN(processes_of_the_host_are_found_without_the_task),
		PLAIN(late_questions_are_not_worked_on),
		BOX(paths_lead_where_the_task_would_go),
		BOX(the_answer_describes_the_file),
		BOX(the_parent_shows_mounts_that_the_task_does_not_see),
		BOX(core_pattern_is_known_by_any_name),
		BOX(self_is_the_task),
		BOX(the_own_output_is_told),
		BOX(mounts_of_the_host_are_told),
		BOX(a_hanging_file_system_does_not_hold_up),
		BOX(detached_mounts_are_not_entered),
		PLAIN(unsound_requests_are_not_answered),
		cmocka_unit_test(mount_tables_are_read_as_the_kernel_writes_them),
		cmocka_unit_test(the_record_is_completed),
		cmocka_unit_test(facts_follow_from_the_answer),
		cmocka_unit_test(unsound_replies_complete_nothing),
		cmocka_unit_test(the_longest_strings_fit),
		cmocka_unit_test(only_refused_opens_without_object_are_asked_for),
		cmocka_unit_test(silence_costs_one_wait),
		cmocka_unit_test(the_budget_of_a_container_ends),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
