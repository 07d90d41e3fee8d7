/* SPDX-License-Identifier: Apache-2.0 */
/* Two halves in one process: the first looks below /proc, with privileges, and
 * reads nothing but the kernel's own words; the second parses what containers
 * chose, with none. */
#include "agent/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/reader_roots.h"
#include "agent/sandbox.h"

#define PID_NS_OF_HOST 0xEFFFFFFCu /* PROC_PID_INIT_INO, the same since Linux 3.8 */
#define WAIT_MS 8000
#define ID_MAX READER_ID_MAX

struct found {
	uint32_t pid, ppid;
	uint64_t start, mnt_ns;
	char exe[64], id[ID_MAX + 1];
	const char *runtime;
	bool is_hinted; /* its cgroup is called as a container's would be */
	bool is_nested;
};

struct list {
	struct found *found;
	size_t n;
	struct scan_stats stats;
};

/* ---- looking */

/* One line for each hierarchy, "N:controllers:/path". */
static void read_cgroup(const struct places *places, struct found *ret)
{
	char text[16384], *line, *save = NULL;
	struct slice id;

	ret->runtime = "";
	if (places_read(places, ret->pid, "cgroup", text, sizeof(text)) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		if (!path)
			continue;
		if (!ret->is_hinted &&
		    cgroup_path_parse(slice_from(path + 1), &id, &ret->runtime)) {
			ret->is_hinted = true;
			snprintf(ret->id, sizeof(ret->id), "%.*s", (int)id.len, id.data);
		} else if (!ret->id[0] && cgroup_path_name(slice_from(path + 1), &id)) {
			snprintf(ret->id, sizeof(ret->id), "%.*s", (int)id.len, id.data);
		}
	}
}

struct host {
	const struct places *places;
	struct stat root;
	uint64_t mnt_ns, pid_ns;
};

static bool root_of(const struct places *places, uint32_t pid, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "%u/root", pid);
	return fstatat(places->proc_fd, path, ret, 0) == 0;
}

/* A namespace of mounts alone makes no container: services have one, too. */
static bool has_own_root(const struct host *host, uint32_t pid)
{
	struct stat st;

	return (root_of(host->places, pid, &st) &&
		(st.st_dev != host->root.st_dev || st.st_ino != host->root.st_ino)) ||
	       places_ns(host->places, pid, "pid") != host->pid_ns;
}

static struct found *find_ns(struct list *list, uint64_t mnt_ns)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->found[i].mnt_ns == mnt_ns)
			return &list->found[i];
	return NULL;
}

/* By the text of /proc/PID/stat: "PID (NAME) STATE ..." */
static bool has_ended(const char *stat)
{
	const char *at = strrchr(stat, ')');

	return at && at[1] == ' ' && (at[2] == 'Z' || at[2] == 'X');
}

/* The oldest process of a mount namespace stands for it. */
static void look_at(struct list *list, const struct host *host, uint32_t pid)
{
	struct found found = { .pid = pid }, *same;
	char text[1024], exe[PATH_MAX], *slash;

	found.mnt_ns = places_ns(host->places, pid, "mnt");
	if (!found.mnt_ns) {
		/* One that has ended and waits for its parent has none. */
		if (places_read(host->places, pid, "stat", text, sizeof(text)) > 0 &&
		    !has_ended(text))
			list->stats.n_unreadable++;
		return;
	}
	if (found.mnt_ns == host->mnt_ns || !has_own_root(host, pid) ||
	    places_read(host->places, pid, "stat", text, sizeof(text)) < 0 ||
	    !reader_parse_stat(text, &found.ppid, &found.start))
		return;
	same = find_ns(list, found.mnt_ns);
	if (same && (same->start < found.start || (same->start == found.start && same->pid < pid)))
		return;
	if (!same && list->n == SCAN_CONTAINERS_MAX) {
		list->stats.n_dropped++;
		return;
	}
	/* A kernel thread has no program, and no namespace of its own. */
	if (places_read_link(host->places, pid, "exe", exe, sizeof(exe)) >= 0) {
		slash = strrchr(exe, '/');
		snprintf(found.exe, sizeof(found.exe), "%.63s", slash ? slash + 1 : exe);
	}
	read_cgroup(host->places, &found);
	if (same)
		*same = found;
	else
		list->found[list->n++] = found;
}

/* A sandbox within a container is the container's own affair; a container
 * within one is not. */
static void mark_nested(struct list *list, const struct host *host)
{
	for (size_t i = 0; i < list->n; i++) {
		struct found *found = &list->found[i];
		uint64_t above = places_ns(host->places, found->ppid, "mnt");
		const struct found *parent = above == found->mnt_ns ? NULL : find_ns(list, above);

		found->is_nested =
			parent && (!found->is_hinted || strcmp(found->id, parent->id) == 0);
		list->stats.n_nested += found->is_nested;
	}
}

static int look(const struct reader_config *config, struct list *list)
{
	struct places places;
	struct host host = { .places = &places };
	struct dirent *entry;
	DIR *dir = NULL;
	int fd, r;

	r = places_init(&places, config);
	if (r < 0)
		return r;
	host.mnt_ns = places_host_ns(&places, "mnt");
	host.pid_ns = places_host_ns(&places, "pid");
	list->stats.is_inside = host.pid_ns != PID_NS_OF_HOST;
	fd = reader_open_below(places.proc_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0)
		dir = fdopendir(fd);
	/* Where the host's mount namespace is not known, its root tells. */
	if (!host.pid_ns || fstat(places.host_fd, &host.root) < 0)
		r = -EPERM;
	else if (!dir)
		r = fd < 0 ? fd : -ENOMEM;
	while (r == 0 && (entry = readdir(dir))) {
		char *end;
		unsigned long pid = strtoul(entry->d_name, &end, 10);

		if (!*end && pid > 1 && pid <= INT32_MAX)
			look_at(list, &host, (uint32_t)pid);
	}
	if (r == 0)
		mark_nested(list, &host);
	if (dir)
		closedir(dir);
	else
		close_fd(&fd);
	places_release(&places);
	return r;
}

/* ---- judging */

static int ask(int fd, const struct found *found, uint32_t number, struct reader_result *ret)
{
	uint64_t tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	struct container_view view = { .key = number, .id = slice_from(found->id) };
	struct reader_request request;
	int64_t end_ms = reader_now_ms() + WAIT_MS;
	int r;

	reader_request_init(&request, number, &view, found->pid, found->start * tick_ns);
	r = reader_request(fd, &request);
	while (r == 0 && !ret->is_done) {
		int64_t left_ms = end_ms - reader_now_ms();
		struct reader_reply reply = { 0 };
		int fds[READER_FILES_MAX];

		r = left_ms < 0 ? -ETIMEDOUT : reader_receive(fd, (int)left_ms, &reply, fds);
		if (r == 0)
			reader_result_add(ret, &request, &reply, fds);
	}
	return r;
}

static void visit_one(const struct found *found, const struct reader_result *result,
		      scan_visit_fn visit, void *arg)
{
	const struct container_facts *facts = &result->facts;
	struct scan_container container = {
		.init_tgid = found->pid,
		.id = facts->id ? facts->id : found->id,
		.runtime = facts->runtime ? facts->runtime : found->runtime,
		.facts = facts,
		.posture = &result->posture,
		.error = result->error,
		.is_container = facts->id || found->is_hinted,
	};

	if (!result->error && !result->posture.has_spec)
		container.error = -ENOENT;
	memcpy(container.exe, found->exe, sizeof(container.exe));
	visit(&container, arg);
}

static int judge_all(struct list *list, int fd, scan_visit_fn visit, void *arg)
{
	int r = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct reader_result result = { 0 };

		if (list->found[i].is_nested)
			continue;
		r = ask(fd, &list->found[i], (uint32_t)i + 1, &result);
		/* Ended since: nothing of it is there to be judged. */
		if (r == 0 && (result.has_live || result.facts.id)) {
			visit_one(&list->found[i], &result, visit, arg);
			list->stats.n_containers++;
		}
		reader_result_release(&result);
		if (r < 0)
			break;
	}
	return r == -ETIMEDOUT ? -EPIPE : r;
}

static int by_pid(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int scan_run(const struct reader_config *config, scan_visit_fn visit, void *arg,
	     struct scan_stats *ret)
{
	cleanup_close int fd = -1, reader_fd = -1;
	struct list list = { 0 };
	pid_t pid = 0;
	int r;

	list.found = calloc(SCAN_CONTAINERS_MAX, sizeof(*list.found));
	if (!list.found)
		return -ENOMEM;
	r = look(config, &list);
	qsort(list.found, list.n, sizeof(*list.found), by_pid);
	if (r == 0)
		r = reader_socketpair(&fd, &reader_fd);
	if (r == 0)
		r = reader_spawn(config, reader_fd, &pid);
	/* Closed here, so that a reader that died is seen. */
	close_fd(&reader_fd);
	reader_fd = -1;
	if (r == 0)
		r = sandbox_enter_engine();
	if (r == 0)
		r = judge_all(&list, fd, visit, arg);
	*ret = list.stats;
	free(list.found);
	/* The reader ends when this side closes; nobody need wait for it. */
	return r;
}
