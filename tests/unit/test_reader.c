/* SPDX-License-Identifier: Apache-2.0 */
/* The reader finds the files of containers, in trees made here and of a real
 * runc, and nobody on either side of its socket can hurt the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/reader.h"

#define ID "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef"
#define OTHER "605439acbd4fb18c145069289094b17f17e0cfa938f78012d4960bc797305f22"
#define WAIT_MS 5000

struct rig {
	char dir[64]; /* the host's root, as the reader is told */
	int engine_fd, reader_fd;
	pid_t pid;
	uint32_t n_requests;
};

/* ---- trees */

static void make_dirs(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = 0;
		mkdir(copy, 0755);
		*at = '/';
	}
}

static void __attribute__((format(printf, 3, 4)))
put(const struct rig *rig, const char *path, const char *format, ...)
{
	char whole[PATH_MAX];
	va_list args;
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/%s", rig->dir, path);
	make_dirs(whole);
	file = fopen(whole, "we");
	assert_non_null(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	assert_int_equal(fclose(file), 0);
}

static void put_state(const struct rig *rig, const char *path, const char *id, uint32_t pid,
		      uint64_t start)
{
	put(rig, path, "{\"id\":\"%s\",\"init_process_pid\":%u,\"init_process_start\":%llu}", id,
	    pid, (unsigned long long)start);
}

static void put_docker(const struct rig *rig, const char *id, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "var/lib/docker/containers/%s/config.v2.json", id);
	put(rig, path,
	    "{\"ID\":\"%s\",\"Name\":\"/%s\",\"Config\":{\"Image\":\"busy:1\"},\"State\":{\"Pid\":1}}",
	    id, name);
}

static void remove_tree(const char *dir)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* ---- a reader, without its sandbox so that anyone can run this */

static void start_reader(struct rig *rig)
{
	rig->pid = fork();
	assert_true(rig->pid >= 0);
	if (rig->pid == 0) {
		struct reader_config config = { .host_root = rig->dir };

		close(rig->engine_fd);
		_exit(reader_serve(&config, rig->reader_fd) < 0);
	}
}

static int make_rig(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	snprintf(rig->dir, sizeof(rig->dir), "/tmp/brigwatch-reader.XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	assert_int_equal(reader_socketpair(&rig->engine_fd, &rig->reader_fd), 0);
	start_reader(rig);
	*state = rig;
	return 0;
}

static int free_rig(void **state)
{
	struct rig *rig = *state;
	int status = 0;

	close(rig->engine_fd);
	close(rig->reader_fd);
	if (rig->pid > 0)
		assert_int_equal(waitpid(rig->pid, &status, 0), rig->pid);
	assert_int_equal(status, 0);
	remove_tree(rig->dir);
	free(rig);
	return 0;
}

static struct reader_request ask(struct rig *rig, const char *id, uint32_t tgid, uint64_t start_ns)
{
	struct container_view container = { .key = 77, .id = slice_from(id) };
	struct reader_request request;

	reader_request_init(&request, ++rig->n_requests, &container, tgid, start_ns);
	return request;
}

static int collect(struct rig *rig, const struct reader_request *request,
		   struct container_facts *facts, bool *verified)
{
	*facts = (struct container_facts){ 0 };
	*verified = false;
	return container_facts_collect(rig->engine_fd, request, WAIT_MS, facts, verified);
}

/* The last reply to `request`; what comes before it is thrown away. */
static struct reader_reply last_reply(struct rig *rig, unsigned int *ret_n_files)
{
	struct reader_reply reply;
	int fds[READER_FILES_MAX];

	*ret_n_files = 0;
	do {
		assert_int_equal(reader_receive(rig->engine_fd, WAIT_MS, &reply, fds), 0);
		for (unsigned int i = 0; i < reply.n_files; i++)
			close(fds[i]);
		*ret_n_files += reply.n_files;
	} while (!reply.last);
	return reply;
}

static uint64_t start_of(pid_t pid)
{
	char path[64], line[1024] = "", *at;
	unsigned long long start = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	at = strrchr(line, ')');
	assert_non_null(at);
	assert_int_equal(
		sscanf(at + 1,
		       " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		       &start),
		1);
	return start;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

static unsigned int count_fds(void)
{
	unsigned int n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* ---- finding */

static void files_are_found_by_id(void **state)
{
	struct rig *rig = *state;
	struct container_facts facts;
	bool verified;
	struct reader_request request = ask(rig, ID, 4242, ticks_to_ns(99));

	assert_int_equal(collect(rig, &request, &facts, &verified), -ENOENT);
	put_state(rig, "run/docker/runtime-runc/moby/" ID "/state.json", ID, 4242, 99);
	put_docker(rig, ID, "web-1");
	put_docker(rig, OTHER, "not-me");

	request = ask(rig, ID, 4242, ticks_to_ns(99) + 12345);
	assert_int_equal(collect(rig, &request, &facts, &verified), 0);
	assert_string_equal(facts.id, ID);
	assert_string_equal(facts.name, "web-1");
	assert_string_equal(facts.image, "busy:1");
	assert_string_equal(facts.runtime, "docker");
	assert_true(verified);
	container_facts_release(&facts);

	/* The same by name, but of a process that came later. */
	request = ask(rig, ID, 4242, ticks_to_ns(100));
	assert_int_equal(collect(rig, &request, &facts, &verified), 0);
	assert_false(verified);
	container_facts_release(&facts);
}

/* Of the container asked for, and of no other: posture judges by it. */
static void hostconfig_comes_along(void **state)
{
	static const char text[] = "{\"Privileged\":true}";
	struct rig *rig = *state;
	struct reader_request request = ask(rig, ID, 0, 0);
	struct reader_reply reply;
	int fds[READER_FILES_MAX];
	unsigned int n_found = 0;

	put_docker(rig, ID, "web-1");
	put(rig, "var/lib/docker/containers/" ID "/hostconfig.json", text);
	put(rig, "var/lib/docker/containers/" OTHER "/hostconfig.json", "{}");
	assert_int_equal(reader_request(rig->engine_fd, &request), 0);
	do {
		assert_int_equal(reader_receive(rig->engine_fd, WAIT_MS, &reply, fds), 0);
		for (unsigned int i = 0; i < reply.n_files; i++) {
			char bytes[64] = "";

			if (reply.kinds[i] == READER_DOCKER_HOSTCONFIG) {
				assert_int_equal(pread(fds[i], bytes, sizeof(bytes) - 1, 0),
						 sizeof(text) - 1);
				assert_string_equal(bytes, text);
				n_found++;
			}
			close(fds[i]);
		}
	} while (!reply.last);
	assert_int_equal(n_found, 1);
}

static void files_are_found_by_init(void **state)
{
	struct rig *rig = *state;
	struct container_facts facts;
	struct reader_request request;
	bool verified;

	put_state(rig, "run/runc/a-name/state.json", "a-name", 142421, 99);
	put_state(rig, "run/runc/b-name/state.json", "b-name", 4242,
		  98); /* the pid's former owner */
	put_state(rig, "run/containerd/runc/default/c-name/state.json", "c-name", 4242, 99);
	put_state(rig, "run/containerd/runc/default/d-name/state.json", "d-name", 77, 4242);
	put(rig, "run/containerd/io.containerd.runtime.v2.task/default/c-name/config.json",
	    "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\","
	    "\"io.kubernetes.cri.container-name\":\"shop\"}}");
	request = ask(rig, "cg-5151", 4242, ticks_to_ns(99));
	assert_int_equal(request.id_len, 0);
	assert_int_equal(collect(rig, &request, &facts, &verified), 0);
	assert_string_equal(facts.id, "c-name");
	assert_string_equal(facts.name, "shop");
	assert_true(verified);
	container_facts_release(&facts);

	/* A wrong hint does not stand in the way, be it of nobody or of another. */
	for (unsigned int i = 0; i < 2; i++) {
		request = ask(rig, i ? "a-name" : "z-name", 4242, ticks_to_ns(98));
		assert_int_equal(collect(rig, &request, &facts, &verified), 0);
		assert_string_equal(facts.id, "b-name");
		assert_true(verified);
		container_facts_release(&facts);
	}
}

/* systemd-machined names the leader and needs no start; LXC's directory is a hint.
 * One name may be in use by several runtimes. */
static void machines_are_found(void **state)
{
	struct rig *rig = *state;
	struct container_facts facts;
	struct reader_request request;
	bool verified;

	put(rig, "run/systemd/machines/web", "NAME=web\nCLASS=container\nLEADER=4242\n");
	put(rig, "run/systemd/machines/vm", "NAME=vm\nCLASS=vm\nLEADER=4243\n");
	put_state(rig, "run/runc/web/state.json", "web", 77, 99);
	put(rig, "var/lib/lxc/web/config", "lxc.uts.name = lxc-web\n");
	put(rig, "var/lib/lxc/box/config", "lxc.uts.name = lxc-box\n");
	for (unsigned int hinted = 0; hinted < 2; hinted++) {
		request = ask(rig, hinted ? "web" : "cg-1", 4242, ticks_to_ns(55));
		assert_int_equal(collect(rig, &request, &facts, &verified), 0);
		assert_string_equal(facts.id, "web");
		assert_string_equal(facts.runtime, "systemd-nspawn");
		assert_string_equal(facts.name, "web");
		assert_true(verified);
		container_facts_release(&facts);

		request = ask(rig, hinted ? "web" : "cg-1", 77, ticks_to_ns(99));
		assert_int_equal(collect(rig, &request, &facts, &verified), 0);
		assert_string_equal(facts.runtime, "runc");
		assert_null(facts.name);
		assert_true(verified);
		container_facts_release(&facts);
	}
	request = ask(rig, "cg-1", 4243, ticks_to_ns(55));
	assert_int_equal(collect(rig, &request, &facts, &verified), -ENOENT);

	request = ask(rig, "box", 4244, ticks_to_ns(55));
	assert_int_equal(collect(rig, &request, &facts, &verified), 0);
	assert_string_equal(facts.id, "box");
	assert_string_equal(facts.name, "lxc-box");
	assert_string_equal(facts.runtime, "lxc");
	assert_false(verified);
	container_facts_release(&facts);
}

/* From the places where containerd and k3s keep it. */
static void pods_are_named(void **state)
{
	static const char *const places[] = {
		"run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
		"run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct reader_request request = ask(rig, ID, 0, 0);
		struct container_facts facts;
		char json[256], path[PATH_MAX];
		bool verified;

		snprintf(json, sizeof(json),
			 "{\"ociVersion\":\"1.0.2\",\"annotations\":{"
			 "\"io.kubernetes.cri.container-type\":\"container\","
			 "\"io.kubernetes.cri.sandbox-name\":\"web-%zu\"}}",
			 i);
		put(rig, places[i], "%s", json);
		assert_int_equal(collect(rig, &request, &facts, &verified), 0);
		assert_string_equal(facts.id, ID);
		snprintf(json, sizeof(json), "web-%zu", i);
		assert_string_equal(facts.pod, json);
		assert_false(verified);
		container_facts_release(&facts);
		snprintf(path, sizeof(path), "%s/%s", rig->dir, places[i]);
		assert_int_equal(unlink(path), 0);
	}
}

/* CRI-O's bundle lies in either directory of the storage; its index, and the one
 * of containers that need not outlive a restart, name the pod. */
static void pods_of_crio_are_named(void **state)
{
	static const char *const bundles[] = {
		"run/containers/storage/overlay-containers/" ID "/userdata/config.json",
		"var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json",
	};
	static const char *const indexes[] = {
		"var/lib/containers/storage/overlay-containers/containers.json",
		"var/lib/containers/storage/overlay-containers/volatile-containers.json",
		"run/containers/storage/overlay-containers/volatile-containers.json",
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bundles) * ARRAY_SIZE(indexes); i++) {
		const char *bundle = bundles[i % 2], *index = indexes[i / 2];
		struct reader_request request = ask(rig, ID, 0, 0);
		struct container_facts facts;
		char path[PATH_MAX];
		bool verified;

		put(rig, bundle,
		    "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.container.manager\":\"cri-o\"}}");
		put(rig, index,
		    "[{\"id\":\"" OTHER "\",\"names\":[\"x\"]},{\"id\":\"" ID
		    "\",\"names\":[\"k8s_a_web-0_shop_u-1_0\"],\"metadata\":\"{\\\"pod-id\\\":\\\"" OTHER
		    "\\\",\\\"pod-name\\\":\\\"k8s_web-0_shop_u-1_0\\\",\\\"metadata-name\\\":\\\"a\\\"}\"}]");
		assert_int_equal(collect(rig, &request, &facts, &verified), 0);
		assert_string_equal(facts.id, ID);
		assert_string_equal(facts.name, "a");
		if (!facts.pod)
			fail_msg("%s, %s: no pod", bundle, index);
		assert_string_equal(facts.pod, "web-0");
		assert_string_equal(facts.pod_uid, "u-1");
		assert_string_equal(facts.sandbox, OTHER);
		container_facts_release(&facts);
		snprintf(path, sizeof(path), "%s/%s", rig->dir, bundle);
		assert_int_equal(unlink(path), 0);
		snprintf(path, sizeof(path), "%s/%s", rig->dir, index);
		assert_int_equal(unlink(path), 0);
	}
}

static void crun_and_podman_are_found(void **state)
{
	struct rig *rig = *state;
	struct container_facts facts;
	struct reader_request request;
	bool verified;

	put(rig, "run/crun/" ID "/status",
	    "{\"pid\": 4242, \"process-start-time\": 99, \"bundle\": \"/b\"}");
	put(rig, "var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json",
	    "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.container.manager\":\"libpod\"}}");
	put(rig, "var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"" OTHER "\",\"names\":[\"x\"]},{\"id\":\"" ID "\",\"names\":[\"pod-web\"],"
	    "\"metadata\":\"{\\\"image-name\\\":\\\"pbusy:3\\\"}\"}]");
	for (unsigned int hinted = 0; hinted < 2; hinted++) {
		request = ask(rig, hinted ? ID : "", 4242, ticks_to_ns(99));
		assert_int_equal(collect(rig, &request, &facts, &verified), 0);
		assert_string_equal(facts.id, ID);
		assert_string_equal(facts.name, "pod-web");
		assert_string_equal(facts.image, "pbusy:3");
		assert_string_equal(facts.runtime, "podman");
		assert_true(verified);
		container_facts_release(&facts);
	}
}

static void links_in_configured_roots_stay_within_the_host(void **state)
{
	struct rig *rig = *state;
	struct container_facts facts;
	struct reader_request request;
	bool verified;
	char path[PATH_MAX];

	/* Absolute, as /var/run is; it means the host's, not ours. */
	put_state(rig, "elsewhere/runc/web/state.json", "web", 4242, 99);
	snprintf(path, sizeof(path), "%s/run", rig->dir);
	assert_int_equal(symlink("/elsewhere", path), 0);
	request = ask(rig, "web", 4242, ticks_to_ns(99));
	assert_int_equal(collect(rig, &request, &facts, &verified), 0);
	assert_true(verified);
	container_facts_release(&facts);
}

/* ---- hostile files */

static void only_plain_files_are_read(void **state)
{
	static const char *const names[] = { "fifo", "dir",    "link",	"linked-dir",
					     "huge", "socket", "device" };
	struct rig *rig = *state;
	struct timespec before, after;
	char path[PATH_MAX], target[PATH_MAX];

	put_state(rig, "secret/state.json", "secret", 4242, 99);
	snprintf(target, sizeof(target), "%s/secret/state.json", rig->dir);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct reader_request request;
		struct reader_reply reply;
		unsigned int n_files;
		bool made = true;

		snprintf(path, sizeof(path), "%s/run/runc/%s/state.json", rig->dir, names[i]);
		make_dirs(path);
		if (i == 0) {
			assert_int_equal(mkfifo(path, 0600), 0);
		} else if (i == 1) {
			assert_int_equal(mkdir(path, 0700), 0);
		} else if (i == 2) {
			assert_int_equal(symlink(target, path), 0);
		} else if (i == 3) {
			snprintf(path, sizeof(path), "%s/run/runc/linked-dir", rig->dir);
			assert_int_equal(rmdir(path), 0);
			snprintf(target, sizeof(target), "%s/secret", rig->dir);
			assert_int_equal(symlink(target, path), 0);
		} else if (i == 4) {
			put(rig, "run/runc/huge/state.json", "%s", "{\"id\":");
			assert_int_equal(truncate(path, RUNTIME_FILE_MAX + 1), 0);
		} else {
			mode_t mode = (i == 5 ? S_IFSOCK : S_IFCHR) | 0600;

			made = mknod(path, mode, i == 5 ? 0 : makedev(1, 5)) == 0; /* /dev/zero */
		}
		if (!made)
			continue;

		clock_gettime(CLOCK_MONOTONIC, &before);
		request = ask(rig, names[i], 0, 0);
		assert_int_equal(reader_request(rig->engine_fd, &request), 0);
		reply = last_reply(rig, &n_files);
		clock_gettime(CLOCK_MONOTONIC, &after);
		if (reply.error != -ENOENT || n_files || reply.n_refused == 0)
			fail_msg("%s: error %d, %u files, %u refused", names[i], reply.error,
				 n_files, reply.n_refused);
		assert_true(after.tv_sec - before.tv_sec < 2);
	}
}

static void growing_file_ends(void **state)
{
	struct rig *rig = *state;
	struct reader_request request;
	unsigned int n_files;
	char path[PATH_MAX];
	pid_t writer;

	put(rig, "run/runc/grows/state.json", "{");
	snprintf(path, sizeof(path), "%s/run/runc/grows/state.json", rig->dir);
	writer = fork();
	if (writer == 0) {
		static char block[65536];
		int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

		for (unsigned int i = 0; i < 1024 && write(fd, block, sizeof(block)) > 0; i++)
			;
		_exit(0);
	}
	for (unsigned int i = 0; i < 20; i++) {
		request = ask(rig, "grows", 4242, 0);
		assert_int_equal(reader_request(rig->engine_fd, &request), 0);
		last_reply(rig, &n_files);
	}
	waitpid(writer, NULL, 0);
	request = ask(rig, "grows", 4242, 0);
	assert_int_equal(reader_request(rig->engine_fd, &request), 0);
	assert_int_equal(last_reply(rig, &n_files).error, -ENOENT);
}

static void large_directories_are_bounded(void **state)
{
	struct rig *rig = *state;
	struct reader_request request;
	struct reader_reply reply;
	struct timespec before, after;
	unsigned int n_files;
	char path[PATH_MAX];

	for (unsigned int i = 0; i < 4200; i++) {
		snprintf(path, sizeof(path), "run/runc/c%u/state.json", i);
		put_state(rig, path, "x", i < 200 ? 4242 : 7, 1);
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	request = ask(rig, "", 4242, ticks_to_ns(99));
	assert_int_equal(reader_request(rig->engine_fd, &request), 0);
	reply = last_reply(rig, &n_files);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(reply.error, 0);
	assert_true(n_files <= READER_CANDIDATES_MAX);
	assert_true(after.tv_sec - before.tv_sec <= 3);
}

static void copies_are_sealed(void **state)
{
	struct rig *rig = *state;
	struct reader_request request;
	struct reader_reply reply;
	int fds[READER_FILES_MAX];
	struct stat st;

	put_state(rig, "run/runc/web/state.json", "web", 4242, 99);
	request = ask(rig, "web", 4242, ticks_to_ns(99));
	assert_int_equal(reader_request(rig->engine_fd, &request), 0);
	assert_int_equal(reader_receive(rig->engine_fd, WAIT_MS, &reply, fds), 0);
	assert_int_equal(reply.n_files, 1);
	assert_int_equal(fcntl(fds[0], F_GET_SEALS) &
				 (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL),
			 F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	assert_int_equal(fstat(fds[0], &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(write(fds[0], "x", 1), -1);
	close(fds[0]);
	assert_int_equal(reader_receive(rig->engine_fd, WAIT_MS, &reply, fds), 0);
	assert_int_equal(reply.last, 1);
	assert_int_equal(reader_receive(rig->engine_fd, 0, &reply, fds), -ETIMEDOUT);
}

/* ---- a hostile engine */

static void bad_requests_are_refused(void **state)
{
	static const struct {
		const char *name, *id;
		size_t len;
	} bad[] = {
		{ "parent", "..", 2 },	   { "hidden", ".git", 4 }, { "slash", "a/b", 3 },
		{ "absolute", "/etc", 4 }, { "NUL", "a\0b", 3 },    { "NUL at the end", "a\0", 2 },
		{ "newline", "a\nb", 3 },  { "space", "a b", 3 },   { "not ASCII", "a\xc3\xa9", 3 },
		{ "star", "*", 1 },	   { "percent", "%s", 2 },
	};
	struct rig *rig = *state;
	struct container_facts facts;
	struct reader_request request;
	unsigned int n_files;
	bool verified;

	put_state(rig, "run/runc/web/state.json", "web", 4242, 99);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		request = ask(rig, "", 4242, 0);
		assert_false(reader_id_is_valid((struct slice){ bad[i].id, bad[i].len }));
		memcpy(request.id, bad[i].id, bad[i].len);
		request.id_len = (uint16_t)bad[i].len;
		assert_int_equal(reader_request(rig->engine_fd, &request), 0);
		if (last_reply(rig, &n_files).error != -EINVAL)
			fail_msg("%s: not refused", bad[i].name);
	}

	request = ask(rig, "web", 4242, 0);
	request.id_len = UINT16_MAX;
	reader_request(rig->engine_fd, &request);
	assert_int_equal(last_reply(rig, &n_files).error, -EINVAL);
	request = ask(rig, "web", UINT32_MAX, 0);
	reader_request(rig->engine_fd, &request);
	assert_int_equal(last_reply(rig, &n_files).error, -EINVAL);
	request = ask(rig, "web", 4242, 0);
	request.version = 99;
	reader_request(rig->engine_fd, &request);
	assert_int_equal(last_reply(rig, &n_files).error, -EINVAL);
	assert_int_equal(send(rig->engine_fd, &request, 5, 0), 5);
	assert_int_equal(last_reply(rig, &n_files).error, -EINVAL);

	request = ask(rig, "web", 4242, ticks_to_ns(99));
	assert_int_equal(collect(rig, &request, &facts, &verified), 0);
	assert_true(verified);
	container_facts_release(&facts);
}

static void flood_of_requests_is_survived(void **state)
{
	struct rig *rig = *state;
	struct reader_request request;
	struct container_facts facts;
	unsigned int n_sent = 0;
	bool verified;

	put_state(rig, "run/runc/web/state.json", "web", 4242, 99);
	for (unsigned int i = 0; i < 2000; i++) {
		request = ask(rig, "web", 4242, ticks_to_ns(99));
		n_sent += reader_request(rig->engine_fd, &request) == 0;
	}
	assert_true(n_sent > 0);
	/* Answers to old questions are passed over. */
	for (unsigned int i = 0; i < 50; i++) {
		struct reader_reply reply;
		int fds[READER_FILES_MAX];

		while (reader_receive(rig->engine_fd, 200, &reply, fds) == 0)
			for (unsigned int k = 0; k < reply.n_files; k++)
				close(fds[k]);
	}
	request = ask(rig, "web", 4242, ticks_to_ns(99));
	assert_int_equal(collect(rig, &request, &facts, &verified), 0);
	container_facts_release(&facts);
}

/* ---- a hostile reader */

static void send_with_fds(int fd, const void *bytes, size_t len, unsigned int n_fds)
{
	struct iovec iov = { (void *)bytes, len };
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[16];

	for (unsigned int i = 0; i < n_fds; i++)
		fds[i] = STDERR_FILENO;
	if (n_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n_fds);
	}
	assert_int_equal(sendmsg(fd, &msg, 0), (ssize_t)len);
}

static void bad_replies_are_refused_and_leak_nothing(void **state)
{
	static const struct {
		const char *name;
		unsigned int n_files, n_fds, id_len, version, last;
		size_t len;
	} bad[] = {
		{ "short", 0, 0, 0, READER_VERSION, 1, 8 },
		{ "empty", 0, 0, 0, READER_VERSION, 1, 0 },
		{ "short, with descriptors", 2, 2, 0, READER_VERSION, 0, 8 },
		{ "long", 0, 0, 0, READER_VERSION, 1, sizeof(struct reader_reply) + 1 },
		{ "version", 0, 0, 0, 9, 1, sizeof(struct reader_reply) },
		{ "more files than descriptors", 3, 2, 0, READER_VERSION, 0,
		  sizeof(struct reader_reply) },
		{ "more descriptors than files", 1, 2, 0, READER_VERSION, 0,
		  sizeof(struct reader_reply) },
		{ "no files", 0, 0, 0, READER_VERSION, 0, sizeof(struct reader_reply) },
		{ "last with files", 1, 1, 0, READER_VERSION, 1, sizeof(struct reader_reply) },
		{ "too many descriptors", 8, 9, 0, READER_VERSION, 0, sizeof(struct reader_reply) },
		{ "far too many descriptors", 16, 16, 0, READER_VERSION, 0,
		  sizeof(struct reader_reply) },
		{ "id too long", 1, 1, READER_ID_MAX + 1, READER_VERSION, 0,
		  sizeof(struct reader_reply) },
	};
	unsigned int before;
	int engine, fake;

	(void)state;
	assert_int_equal(reader_socketpair(&engine, &fake), 0);
	before = count_fds();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct {
			struct reader_reply reply;
			char more[64];
		} message = {
			.reply = {
				.version = bad[i].version, .last = (uint8_t)bad[i].last,
				.n_files = (uint8_t)bad[i].n_files, .id_len = (uint16_t)bad[i].id_len,
			},
		};
		struct reader_reply reply = { .number = 12345 };
		int fds[READER_FILES_MAX], r;

		send_with_fds(fake, &message, bad[i].len, bad[i].n_fds);
		r = reader_receive(engine, WAIT_MS, &reply, fds);
		if (r != (bad[i].len ? -EBADMSG : -EPIPE) || reply.number != 12345)
			fail_msg("%s: got %d", bad[i].name, r);
		assert_int_equal(count_fds(), before);
	}
	close(fake);
	assert_int_equal(reader_receive(engine, WAIT_MS, &(struct reader_reply){ 0 },
					(int[READER_FILES_MAX]){ 0 }),
			 -EPIPE);
	close(engine);
}

static void silent_reader_times_out(void **state)
{
	struct container_view container = { .key = 1, .id = SLICE_LITERAL("web") };
	struct container_facts facts = { 0 };
	struct reader_request request;
	int engine, fake;
	bool verified;

	(void)state;
	assert_int_equal(reader_socketpair(&engine, &fake), 0);
	reader_request_init(&request, 1, &container, 7, 7);
	assert_int_equal(container_facts_collect(engine, &request, 50, &facts, &verified),
			 -ETIMEDOUT);
	assert_null(facts.id);
	for (unsigned int i = 0; i < 10000; i++)
		if (reader_request(engine, &request) < 0)
			break;
	assert_int_equal(reader_request(engine, &request), -EAGAIN);
	close(fake);
	close(engine);
}

/* ---- the real thing */

static bool has_line(pid_t pid, const char *want)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		found = strncmp(line, want, strlen(want)) == 0;
	fclose(file);
	return found;
}

static void __attribute__((noreturn)) skip_because(const char *why)
{
	print_message("           skipped: %s\n", why);
	skip();
	abort();
}

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
	char command[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command);
}

static void spawned_reader_is_confined_and_replaceable(void **state)
{
	struct reader_config config = { 0 };
	struct rig rig = { .dir = "" };
	struct container_facts facts;
	struct reader_request request;
	bool verified;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip_because("not root");
	assert_int_equal(reader_socketpair(&rig.engine_fd, &rig.reader_fd), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(reader_spawn(&config, rig.reader_fd, &pid), 0);
		assert_true(has_line(pid, "NoNewPrivs:\t1"));
		assert_true(has_line(pid, "Seccomp:\t2"));
		assert_true(has_line(pid, "Uid:\t65534"));
		assert_true(has_line(pid, "CapEff:\t0000000000080004"));
		assert_true(has_line(pid, "CapPrm:\t0000000000080004"));
		assert_true(has_line(pid, "CapBnd:\t0000000000000000"));
		request = ask(&rig, ID, 0, 0);
		assert_int_equal(collect(&rig, &request, &facts, &verified), -ENOENT);
		if (i == 0)
			kill(pid, SIGKILL);
		else
			close(rig.engine_fd), close(rig.reader_fd);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static int first_pid(const char *path)
{
	FILE *file = fopen(path, "re");
	int pid = 0;

	if (file && fscanf(file, "%d", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	return pid;
}

/* A container that sleeps, started by a runc that stays and that was given a
 * root of its own: neither its id nor its place is known beforehand. */
static void real_container_is_found(void **state)
{
	struct reader_config config = { 0 };
	struct rig rig = { .dir = "/tmp/brigwatch-reader.XXXXXX" };
	struct container_facts facts;
	struct reader_request request;
	char path[PATH_MAX];
	bool verified = false;
	pid_t pid, runc;
	int init = 0, r = -ENOENT;

	(void)state;
	if (geteuid() != 0)
		skip_because("not root");
	if (run("command -v runc >/dev/null && command -v busybox >/dev/null") != 0)
		skip_because("no runc or no busybox");
	assert_non_null(mkdtemp(rig.dir));
	if (run("cd %s && mkdir -p rootfs/bin && cp $(command -v busybox) rootfs/bin/sleep && runc spec && "
		"sed -i 's/\"terminal\": true/\"terminal\": false/; s/\"sh\"/\"sleep\", \"60\"/; "
		"s/\"linux\": {/\"annotations\": {\"nerdctl\\/namespace\": \"a\", \"nerdctl\\/name\": \"shop\"}, &/' config.json",
		rig.dir) != 0) {
		remove_tree(rig.dir);
		skip_because("cannot make a bundle");
	}

	assert_int_equal(reader_socketpair(&rig.engine_fd, &rig.reader_fd), 0);
	assert_int_equal(reader_spawn(&config, rig.reader_fd, &pid), 0);
	runc = fork();
	if (runc == 0) {
		snprintf(path, sizeof(path), "%s/my-root", rig.dir);
		if (chdir(rig.dir) == 0 && freopen("/dev/null", "r", stdin) &&
		    freopen("runc.log", "w", stderr))
			execlp("runc", "runc", "--root", path, "run", "--pid-file", "pid",
			       "brigwatch-test", (char *)NULL);
		_exit(127);
	}
	snprintf(path, sizeof(path), "%s/pid", rig.dir);
	for (unsigned int i = 0; i < 100 && !init && waitpid(runc, NULL, WNOHANG) == 0; i++) {
		init = first_pid(path);
		usleep(50000);
	}
	if (init) {
		request = ask(&rig, "", (uint32_t)init, ticks_to_ns(start_of(init)));
		r = collect(&rig, &request, &facts, &verified);
		kill(init, SIGKILL);
		waitpid(runc, NULL, 0);
		run("runc --root %s/my-root delete -f brigwatch-test >/dev/null 2>&1", rig.dir);
	}
	close(rig.engine_fd);
	close(rig.reader_fd);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (!init)
		run("cat %s/runc.log >&2", rig.dir);
	remove_tree(rig.dir);
	if (!init)
		skip_because("runc cannot run here");

	assert_int_equal(r, 0);
	assert_true(verified);
	assert_string_equal(facts.id, "brigwatch-test");
	assert_string_equal(facts.name, "shop");
	assert_int_equal(facts.init_pid, (uint32_t)init);
	container_facts_release(&facts);
}

/* ---- containers of other runtimes, with the reader in its sandbox */

/* Start something with the shell, which writes the number of the container's
 * init into DIR/init; ask for it; end it with another line of the shell. */
static void check_real(const char *start, const char *stop, const char *want_id,
		       const char *want_name, const char *want_runtime, bool want_verified)
{
	struct reader_config config = { 0 };
	struct rig rig = { .dir = "/tmp/brigwatch-reader.XXXXXX" };
	struct container_facts facts = { 0 };
	struct reader_request request;
	bool verified = false;
	char path[PATH_MAX];
	int init, r = -ESRCH;
	pid_t pid;

	assert_non_null(mkdtemp(rig.dir));
	assert_int_equal(chmod(rig.dir, 0755), 0);
	assert_int_equal(reader_socketpair(&rig.engine_fd, &rig.reader_fd), 0);
	assert_int_equal(reader_spawn(&config, rig.reader_fd, &pid), 0);
	run("cd %s && mkdir -p rootfs/bin rootfs/dev rootfs/proc rootfs/sys rootfs/run rootfs/etc rootfs/usr rootfs/tmp && "
	    "cp $(command -v busybox) rootfs/bin/sleep && { %s; } >log 2>&1",
	    rig.dir, start);
	snprintf(path, sizeof(path), "%s/init", rig.dir);
	init = first_pid(path);
	if (init > 0) {
		request = ask(&rig, want_verified ? "" : want_id, (uint32_t)init,
			      ticks_to_ns(start_of(init)));
		r = collect(&rig, &request, &facts, &verified);
	} else {
		run("cat %s/log >&2", rig.dir);
	}
	run("cd %s && { %s; } >/dev/null 2>&1", rig.dir, stop);
	close(rig.engine_fd);
	close(rig.reader_fd);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	remove_tree(rig.dir);
	if (init <= 0)
		skip_because("it cannot run here");

	assert_int_equal(r, 0);
	if (want_id)
		assert_string_equal(facts.id, want_id);
	assert_string_equal(facts.name, want_name);
	assert_string_equal(facts.runtime, want_runtime);
	assert_int_equal(verified, want_verified);
	container_facts_release(&facts);
}

#define AS_USER \
	"setpriv --reuid games --regid games --clear-groups env -i PATH=$PATH HOME=$PWD XDG_RUNTIME_DIR=$PWD/run " \
	"podman --storage-driver vfs --cgroup-manager cgroupfs --runtime runc "

static void rootless_podman_is_named(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("not root");
	if (run("command -v podman >/dev/null && command -v runc >/dev/null && command -v setpriv >/dev/null") != 0)
		skip_because("no podman, no runc or no setpriv");
	check_real("mkdir run && chmod 700 run && chown -R games . && "
		   AS_USER "run -d --rm --name rootless-web --network none --security-opt seccomp=unconfined "
			   "--rootfs $PWD/rootfs /bin/sleep 60 && "
			   AS_USER "inspect --format '{{.State.Pid}}' rootless-web >init",
		   /* It keeps a process for its namespaces, and conmon starts it anew
		    * for the cleaning up: all that have this home. */
		   AS_USER "rm -f -t 0 rootless-web; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; "
			   "for p in $(pgrep -u games); do grep -qs HOME=$PWD /proc/$p/environ && kill -KILL $p; done; done",
		   NULL, "rootless-web", "podman", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_found_by_id, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(hostconfig_comes_along, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(files_are_found_by_init, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(pods_are_named, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(machines_are_found, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(pods_of_crio_are_named, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(pods_of_crio_are_named, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(crun_and_podman_are_found, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(links_in_configured_roots_stay_within_the_host,
						make_rig, free_rig),
		cmocka_unit_test_setup_teardown(only_plain_files_are_read, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(growing_file_ends, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(large_directories_are_bounded, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(copies_are_sealed, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(bad_requests_are_refused, make_rig, free_rig),
		cmocka_unit_test_setup_teardown(flood_of_requests_is_survived, make_rig, free_rig),
		cmocka_unit_test(bad_replies_are_refused_and_leak_nothing),
		cmocka_unit_test(silent_reader_times_out),
		cmocka_unit_test(spawned_reader_is_confined_and_replaceable),
		cmocka_unit_test(real_container_is_found),
		cmocka_unit_test(rootless_podman_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
