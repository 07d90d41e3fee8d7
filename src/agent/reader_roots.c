/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reader_roots.h"

#include "agent/reader_live.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define LEVELS_MAX 8 /* ancestors looked at */
#define CMDLINE_MAX (64u << 10)
#define SUBDIRS_MAX 32u	 /* namespaces below a configured root */
#define PROCS_MAX 65536u /* entries of /proc looked at for daemons */
#define DAEMONS_MAX 4u
#define ENGINES_MAX 64u
#define FDS_MAX 4096u /* descriptors of one daemon */
#define DAEMONS_FOR_MS 5000

static const char *const runc_roots[] = {
	"/run/runc",
	"/run/docker/runtime-runc/moby",
	"/var/run/docker/runtime-runc/moby",
	"/run/containerd/runc/*",
	NULL,
};
static const char *const crun_roots[] = { "/run/crun", NULL };
static const char *const docker_roots[] = { "/var/lib/docker", NULL };
static const char *const bundle_roots[] = {
	"/run/containerd/io.containerd.runtime.v2.task/*",
	"/run/docker/containerd/daemon/io.containerd.runtime.v2.task/*",
	"/run/k3s/containerd/io.containerd.runtime.v2.task/*",
	NULL,
};
static const char *const storage_roots[] = { "/var/lib/containers/storage",
					     "/run/containers/storage", NULL };

static const char *const machine_roots[] = { "/run/systemd/machines", NULL };
static const char *const lxc_roots[] = { "/var/lib/lxc", NULL };

int64_t reader_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int reader_open_below(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC,
				.resolve = resolve | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* ---- the set */

/* Takes `fd` in any case. `owner` 0: whose it is does not matter. */
static void add_owned(struct roots *roots, enum root_kind kind, int fd, uint32_t owner)
{
	struct stat st;

	if (fd < 0)
		return;
	if (roots->n == ROOTS_MAX || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    (owner && st.st_uid != owner)) {
		close(fd);
		return;
	}
	for (size_t i = 0; i < roots->n; i++) {
		const struct root *root = &roots->roots[i];

		if (root->kind == kind && root->dev == st.st_dev && root->ino == st.st_ino) {
			close(fd);
			return;
		}
	}
	roots->roots[roots->n++] = (struct root){ fd, kind, st.st_dev, st.st_ino, owner };
}

static void add_fd(struct roots *roots, enum root_kind kind, int fd)
{
	add_owned(roots, kind, fd, 0);
}

void roots_release(struct roots *roots)
{
	for (size_t i = 0; i < roots->n; i++)
		close(roots->roots[i].fd);
	roots->n = 0;
}

/* A path as a process whose root is `base` sees it; links are followed. */
static int open_dir(int base, const char *path)
{
	return reader_open_below(base, path, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
}

static void add_subdirs(struct roots *roots, enum root_kind kind, int base, const char *path)
{
	int fd = reader_open_below(base, path, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		close_fd(&fd);
		return;
	}
	for (unsigned int i = 0; i < SUBDIRS_MAX && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		add_fd(roots, kind,
		       reader_open_below(fd, entry->d_name, O_PATH | O_DIRECTORY,
					 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
		i++;
	}
	closedir(dir);
}

static void add_list(struct roots *roots, enum root_kind kind, int base, const char *const *paths)
{
	char parent[PATH_MAX];

	for (; *paths; paths++) {
		size_t len = strlen(*paths);

		if (len >= sizeof(parent))
			continue;
		if (len < 2 || strcmp(*paths + len - 2, "/*") != 0) {
			add_fd(roots, kind, open_dir(base, *paths));
			continue;
		}
		memcpy(parent, *paths, len - 1);
		parent[len - 1] = 0;
		add_subdirs(roots, kind, base, parent);
	}
}

static void add_lists(struct roots *roots, enum root_kind kind, int base, const char *const *given,
		      const char *const *usual)
{
	if (given)
		add_list(roots, kind, base, given);
	add_list(roots, kind, base, usual);
}

void roots_add_configured(struct roots *roots, const struct places *places)
{
	const struct reader_config *config = places->config;
	int base = places->host_fd;

	add_lists(roots, ROOT_RUNC, base, config->runc_roots, runc_roots);
	add_lists(roots, ROOT_CRUN, base, config->crun_roots, crun_roots);
	add_lists(roots, ROOT_DOCKER, base, config->docker_roots, docker_roots);
	add_lists(roots, ROOT_BUNDLES, base, config->bundle_roots, bundle_roots);
	add_lists(roots, ROOT_STORAGE, base, config->storage_roots, storage_roots);
	add_lists(roots, ROOT_MACHINES, base, config->machine_roots, machine_roots);
	add_lists(roots, ROOT_LXC, base, config->lxc_roots, lxc_roots);
}

/* ---- processes */

struct process {
	uint32_t pid, ppid;
	uint64_t start;		/* clock ticks */
	uint32_t uid;		/* effective */
	uint32_t owner;		/* whose files count; 0: root's and all others */
	int base;		/* the root that its paths are meant for; O_PATH */
	char exe[NAME_MAX + 1]; /* last component */
	char *args;		/* separated by NUL, and one more at the end */
	size_t args_len;
};

static void process_release(struct process *process)
{
	close_fd(&process->base);
	free(process->args);
}
#define cleanup_process __attribute__((cleanup(process_release)))

/* At most size - 1 bytes of /proc/<pid>/<name>, and a NUL. */
static ssize_t read_proc(const struct places *places, uint32_t pid, const char *name, char *bytes,
			 size_t size)
{
	char path[64];
	cleanup_close int fd = -1;
	size_t len = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "%u/%s", pid, name);
	fd = openat(places->proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, bytes + len, size - 1 - len);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	bytes[len] = 0;
	return (ssize_t)len;
}

/* The name of a process may hold spaces and brackets: from the last one on. */
bool reader_parse_stat(const char *bytes, uint32_t *ret_ppid, uint64_t *ret_start)
{
	const char *at = strrchr(bytes, ')');
	unsigned long long start;
	unsigned int ppid;

	/* The kernel wrote these numbers: they fit. */
	if (!at ||
	    sscanf(at + 1, /* NOLINT(cert-err34-c) */
		   " %*c %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		   &ppid, &start) != 2)
		return false;
	*ret_ppid = ppid;
	*ret_start = start;
	return true;
}

static bool read_stat(const struct places *places, struct process *process)
{
	char bytes[1024];

	return read_proc(places, process->pid, "stat", bytes, sizeof(bytes)) >= 0 &&
	       reader_parse_stat(bytes, &process->ppid, &process->start);
}

static bool read_uid(const struct places *places, struct process *process)
{
	char bytes[4096], *at;
	unsigned int uid;

	if (read_proc(places, process->pid, "status", bytes, sizeof(bytes)) < 0)
		return false;
	at = strstr(bytes, "\nUid:"); /* a newline in a name is escaped there */
	if (!at || sscanf(at + 5, "%*u %u", &uid) != 1) /* NOLINT(cert-err34-c) */
		return false;
	process->uid = uid;
	return true;
}

static ssize_t read_link(const struct places *places, uint32_t pid, const char *name, char *ret,
			 size_t size)
{
	char path[NAME_MAX + 64];
	ssize_t n;

	snprintf(path, sizeof(path), "%u/%s", pid, name);
	n = readlinkat(places->proc_fd, path, ret, size - 1);
	if (n < 0)
		return -errno;
	ret[n] = 0;
	return n;
}

/* As the kernel names them: the last component, without " (deleted)". */
static bool read_exe(const struct places *places, uint32_t pid, char ret[NAME_MAX + 1])
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX], *slash;
	ssize_t len = read_link(places, pid, "exe", path, sizeof(path));
	size_t cut = sizeof(deleted) - 1;

	if (len < 0)
		return false;
	if ((size_t)len > cut && strcmp(path + len - cut, deleted) == 0)
		path[(size_t)len - cut] = 0;
	slash = strrchr(path, '/');
	return snprintf(ret, NAME_MAX + 1, "%s", slash ? slash + 1 : path) <= NAME_MAX;
}

static uint64_t ns_of(const struct places *places, uint32_t pid, const char *name)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "%u/ns/%s", pid, name);
	return fstatat(places->proc_fd, path, &st, 0) < 0 ? 0 : st.st_ino;
}

/* Of the host's init. Where even that may not be looked at, the reader's own
 * stands for it: the agent is to run in the host's pid namespace. */
static uint64_t host_ns(const struct places *places, const char *name)
{
	uint64_t inum = ns_of(places, 1, name);

	return inum ? inum : ns_of(places, (uint32_t)getpid(), name);
}

/* Only root on the host is believed: its pid and user namespaces are those of
 * the host's init. Its paths are taken below its own root if it has a mount
 * namespace of its own, as services may. */
static bool is_believed(const struct places *places, struct process *process)
{
	static const char *const walls[] = { "net", "ipc", "uts", "cgroup" };
	unsigned int n_own = 0;
	uint64_t mnt_ns = ns_of(places, process->pid, "mnt");
	char path[64];

	if (process->uid != 0 || mnt_ns == 0 ||
	    ns_of(places, process->pid, "pid") != places->pid_ns ||
	    ns_of(places, process->pid, "user") != places->user_ns)
		return false;
	if (mnt_ns == places->mnt_ns) {
		process->base = fcntl(places->host_fd, F_DUPFD_CLOEXEC, 3);
	} else {
		/* A container in the host's pid namespace is no service; the kernel side
		 * draws the line at the same place. */
		for (size_t i = 0; i < ARRAY_SIZE(walls); i++) {
			uint64_t host = places_host_ns(places, walls[i]);

			/* Not known: nothing is said against it. */
			n_own += host && ns_of(places, process->pid, walls[i]) != host;
		}
		if (n_own >= 2)
			return false;
		snprintf(path, sizeof(path), "%u/root", process->pid);
		process->base = openat(places->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return process->base >= 0;
}

/* Is `uid` of the host one of those in the user namespace of process `pid`? */
static bool maps_uid(const struct places *places, uint32_t pid, uint32_t uid)
{
	unsigned int inside, outside, count;
	char bytes[4096], *at = bytes;
	int n;

	if (read_proc(places, pid, "uid_map", bytes, sizeof(bytes)) < 0)
		return false;
	/* The kernel wrote these numbers: they fit. */
	while (sscanf(at, "%u %u %u%n", &inside, &outside, &count, &n) == 3) { /* NOLINT(cert-err34-c) */
		if (uid >= outside && uid - outside < count)
			return true;
		at += n;
	}
	return false;
}

/* A user's own container: `process`, the direct parent of its `init`, runs as
 * that user, and the container in a user namespace that is that user's. Of such
 * a container the user may say what he likes, as root may of all; only his own
 * files count, by their paths on the host, so that neither root's files nor
 * another container can be meant. */
static bool is_of_user(const struct places *places, struct process *process,
		       const struct process *init)
{
	uint64_t user_ns = ns_of(places, init->pid, "user");

	if (process->uid == 0 || init->ppid != process->pid || user_ns == 0 ||
	    user_ns == places->user_ns || ns_of(places, process->pid, "pid") != places->pid_ns ||
	    !maps_uid(places, init->pid, process->uid))
		return false;
	process->owner = process->uid;
	process->base = fcntl(places->host_fd, F_DUPFD_CLOEXEC, 3);
	return process->base >= 0;
}

static bool read_args(const struct places *places, struct process *process)
{
	ssize_t len;

	process->args = malloc(CMDLINE_MAX);
	if (!process->args)
		return false;
	len = read_proc(places, process->pid, "cmdline", process->args, CMDLINE_MAX);
	process->args_len = len < 0 ? 0 : (size_t)len;
	return len >= 0;
}

/* The value of an option, as "--name=value" or in the next argument; only an
 * absolute path counts. The last one given wins, as it does for the program. */
static const char *find_option(const struct process *process, const char *name)
{
	size_t name_len = strlen(name), at = 0, len;
	const char *found = NULL;
	bool is_next = false;

	for (; at < process->args_len; at += len + 1) {
		const char *arg = process->args + at;

		len = strnlen(arg, process->args_len - at);
		if (is_next && len > 0 && arg[0] == '/')
			found = arg;
		is_next = strcmp(arg, name) == 0;
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): read from the process */
		if (len > name_len + 1 && memcmp(arg, name, name_len) == 0 && arg[name_len] == '=' &&
		    arg[name_len + 1] == '/')
			found = arg + name_len + 1;
	}
	return found;
}

static const char *find_options(const struct process *process, const char *const *names)
{
	const char *found = NULL;

	for (; *names && !found; names++)
		found = find_option(process, *names);
	return found;
}

static void add_path(struct roots *roots, enum root_kind kind, const struct process *process,
		     const char *path)
{
	if (path)
		add_owned(roots, kind, open_dir(process->base, path), process->owner);
}

static void add_below(struct roots *roots, enum root_kind kind, const struct process *process,
		      const char *path, int path_len, const char *rest)
{
	char joined[PATH_MAX];
	int n = snprintf(joined, sizeof(joined), "%.*s%s", path_len, path, rest);

	if (n > 0 && (size_t)n < sizeof(joined))
		add_owned(roots, kind, open_dir(process->base, joined), process->owner);
}

/* ---- what each program tells */

static void learn_exec_root(struct roots *roots, const struct process *process, const char *path,
			    int len)
{
	add_below(roots, ROOT_RUNC, process, path, len, "/runtime-runc/moby");
	add_below(roots, ROOT_BUNDLES, process, path, len,
		  "/containerd/daemon/io.containerd.runtime.v2.task/moby");
}

/* A shim works in its bundle, <state>/io.containerd.runtime.v2.task/<ns>/<id>.
 * The shim of a pod serves several containers: its own bundle is of the first. */
static void learn_shim(struct roots *roots, const struct places *places,
		       const struct process *process)
{
	static const char task[] = "/io.containerd.runtime.v2.task/", own[] = "/containerd/daemon";
	char path[PATH_MAX], *slash, *at;
	size_t state_len;

	if (read_link(places, process->pid, "cwd", path, sizeof(path)) < 0)
		return;
	at = strstr(path, task);
	slash = strrchr(path, '/');
	if (!at || slash <= at + sizeof(task) - 2)
		return;
	add_below(roots, ROOT_BUNDLES, process, path, (int)(slash - path), "");

	/* A containerd of dockerd's own keeps its state below the exec root. */
	state_len = (size_t)(at - path);
	if (state_len > sizeof(own) - 1 &&
	    strncmp(at - (sizeof(own) - 1), own, sizeof(own) - 1) == 0)
		learn_exec_root(roots, process, path, (int)(state_len - (sizeof(own) - 1)));
}

static void learn_runtime(struct roots *roots, const struct places *places,
			  const struct process *process)
{
	static const char *const bundle_options[] = { "--bundle", "-b", NULL };
	const char *bundle = find_options(process, bundle_options);
	char path[64];

	add_path(roots, ROOT_RUNC, process, find_option(process, "--root"));
	add_path(roots, ROOT_CRUN, process, find_option(process, "--root"));
	if (bundle) {
		add_path(roots, ROOT_ONE_BUNDLE, process, bundle);
		return;
	}
	snprintf(path, sizeof(path), "%u/cwd", process->pid);
	add_fd(roots, ROOT_ONE_BUNDLE,
	       openat(places->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* conmon serves one container; the bundle of podman and CRI-O lies in
 * <storage>/overlay-containers/<id>/userdata. */
static void learn_conmon(struct roots *roots, const struct process *process)
{
	static const char *const bundle_options[] = { "-b", "--bundle", NULL };
	const char *bundle = find_options(process, bundle_options), *at;

	add_path(roots, ROOT_RUNC, process, find_option(process, "--root"));
	add_path(roots, ROOT_CRUN, process, find_option(process, "--root"));
	if (!bundle)
		return;
	add_path(roots, ROOT_ONE_BUNDLE, process, bundle);
	at = strstr(bundle, "-containers/");
	while (at && at > bundle && *at != '/')
		at--;
	if (at && at > bundle)
		add_below(roots, ROOT_STORAGE, process, bundle, (int)(at - bundle), "");
}

/* The data root may come from a configuration file; but the daemon holds
 * <data root>/volumes/metadata.db open, and that cannot be mistaken. */
static void learn_open_files(struct roots *roots, const struct places *places,
			     const struct process *process)
{
	static const char held[] = "/volumes/metadata.db";
	char path[PATH_MAX], link[NAME_MAX + 32];
	DIR *dir = NULL;
	struct dirent *entry;
	int fd;

	snprintf(link, sizeof(link), "%u/fd", process->pid);
	fd = openat(places->proc_fd, link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return;
	}
	for (unsigned int i = 0; i < FDS_MAX && (entry = readdir(dir)); i++) {
		ssize_t len;

		snprintf(link, sizeof(link), "fd/%s", entry->d_name);
		len = read_link(places, process->pid, link, path, sizeof(path));
		if (len < (ssize_t)sizeof(held) ||
		    strcmp(path + len - (sizeof(held) - 1), held) != 0)
			continue;
		add_below(roots, ROOT_DOCKER, process, path,
			  (int)((size_t)len - (sizeof(held) - 1)), "");
		break;
	}
	closedir(dir);
}

static void learn_dockerd(struct roots *roots, const struct places *places,
			  const struct process *process)
{
	static const char *const data_options[] = { "--data-root", "--graph", "-g", NULL };
	const char *exec_root = find_option(process, "--exec-root");

	add_path(roots, ROOT_DOCKER, process, find_options(process, data_options));
	learn_open_files(roots, places, process);
	if (exec_root)
		learn_exec_root(roots, process, exec_root, (int)strlen(exec_root));
}

/* Rootless podman has its runtime keep the state beside its own run directory:
 * $XDG_RUNTIME_DIR/containers/..., where conmon writes its pid file. */
static void learn_user_runtime(struct roots *roots, const struct process *process)
{
	static const char *const pidfile_options[] = { "-p", "--container-pidfile", NULL };
	const char *path = find_options(process, pidfile_options);
	const char *at = path ? strstr(path, "/containers/") : NULL;

	if (!at)
		return;
	add_below(roots, ROOT_RUNC, process, path, (int)(at - path), "/runc");
	add_below(roots, ROOT_CRUN, process, path, (int)(at - path), "/crun");
}

/* `init`: of the container asked for; NULL for daemons. */
static void learn(struct roots *roots, const struct places *places, struct process *process,
		  const struct process *init)
{
	const char *exe = process->exe;

	if (!read_exe(places, process->pid, process->exe) || !read_uid(places, process))
		return;
	if (init && strcmp(exe, "conmon") == 0 && is_of_user(places, process, init)) {
		if (!read_args(places, process))
			return;
		learn_conmon(roots, process);
		learn_user_runtime(roots, process);
		return;
	}
	if (!is_believed(places, process) || !read_args(places, process))
		return;
	if (strncmp(exe, "containerd-shim", 15) == 0)
		learn_shim(roots, places, process);
	else if (strcmp(exe, "conmon") == 0)
		learn_conmon(roots, process);
	else if (strcmp(exe, "dockerd") == 0)
		learn_dockerd(roots, places, process);
	else if (strcmp(exe, "runc") == 0 || strcmp(exe, "crun") == 0 ||
		 strcmp(exe, "docker-runc") == 0)
		learn_runtime(roots, places, process);
}

void roots_add_ancestry(struct roots *roots, const struct places *places, uint32_t tgid,
			uint64_t start_ns)
{
	uint64_t tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	struct process init = { .pid = tgid, .base = -1 };
	uint32_t pid;

	if (tgid <= 1 || !read_stat(places, &init) ||
	    (start_ns && init.start != start_ns / tick_ns))
		return;
	pid = init.ppid;
	for (unsigned int i = 0; i < LEVELS_MAX && pid > 1; i++) {
		cleanup_process struct process process = { .pid = pid, .base = -1 };

		if (!read_stat(places, &process))
			return;
		learn(roots, places, &process, &init);
		pid = process.ppid;
	}
}

static void find_daemons(struct places *places)
{
	char exe[NAME_MAX + 1];
	unsigned int n_found = 0;
	struct dirent *entry;
	DIR *dir = NULL;
	int fd;

	fd = reader_open_below(places->proc_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return;
	}
	for (unsigned int i = 0; i < PROCS_MAX && n_found < DAEMONS_MAX && (entry = readdir(dir));
	     i++) {
		cleanup_process struct process process = { .base = -1 };
		char *end;

		process.pid = (uint32_t)strtoul(entry->d_name, &end, 10);
		if (*end || !read_exe(places, process.pid, exe) || strcmp(exe, "dockerd") != 0)
			continue;
		learn(&places->daemons, places, &process, NULL);
		n_found++;
	}
	closedir(dir);
}

void roots_add_daemons(struct roots *roots, struct places *places)
{
	int64_t now_ms = reader_now_ms();

	if (now_ms >= places->daemons_until_ms) {
		roots_release(&places->daemons);
		find_daemons(places);
		places->daemons_until_ms = now_ms + DAEMONS_FOR_MS;
	}
	for (size_t i = 0; i < places->daemons.n; i++)
		add_fd(roots, places->daemons.roots[i].kind,
		       fcntl(places->daemons.roots[i].fd, F_DUPFD_CLOEXEC, 3));
}

/* ---- for those who look at processes for other reasons */

ssize_t places_read(const struct places *places, uint32_t pid, const char *name, char *ret,
		    size_t size)
{
	return read_proc(places, pid, name, ret, size);
}

ssize_t places_read_link(const struct places *places, uint32_t pid, const char *name, char *ret,
			 size_t size)
{
	return read_link(places, pid, name, ret, size);
}

uint64_t places_ns(const struct places *places, uint32_t pid, const char *name)
{
	return ns_of(places, pid, name);
}

uint64_t places_host_ns(const struct places *places, const char *name)
{
	const char *root = places->config->host_root;

	/* An agent in a pod shares the host's pid namespace and no other. */
	if (root && strcmp(root, "/") != 0 && strcmp(name, "pid") != 0)
		return ns_of(places, 1, name);
	return host_ns(places, name);
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

bool places_visit_engines(const struct places *places, const char *const *names,
			  void (*visit)(const struct engine_process *process, void *arg), void *arg)
{
	unsigned int n_found = 0, n_seen = 0;
	struct dirent *entry;
	DIR *dir = NULL;
	int fd;

	fd = reader_open_below(places->proc_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return false;
	}
	while ((entry = readdir(dir)) && n_seen++ < PROCS_MAX && n_found < ENGINES_MAX) {
		cleanup_process struct process process = { .base = -1 };
		char *end;

		process.pid = (uint32_t)strtoul(entry->d_name, &end, 10);
		if (*end || !read_exe(places, process.pid, process.exe) ||
		    !is_one_of(process.exe, names) || !read_uid(places, &process) ||
		    !is_believed(places, &process) || !read_args(places, &process))
			continue;
		visit(&(struct engine_process){ process.pid, process.base, process.exe,
						process.args, process.args_len },
		      arg);
		n_found++;
	}
	closedir(dir);
	return !entry;
}

/* ---- life */

int places_init(struct places *ret, const struct reader_config *config)
{
	struct places places = { .config = config, .host_fd = -1, .proc_fd = -1 };

	places.host_fd =
		open(config->host_root ? config->host_root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (places.host_fd < 0)
		return -errno;
	places.proc_fd = open(config->proc_root ? config->proc_root : "/proc",
			      O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (places.proc_fd < 0) {
		int r = -errno;

		close(places.host_fd);
		return r;
	}
	places.pid_ns = host_ns(&places, "pid");
	places.user_ns = host_ns(&places, "user");
	places.mnt_ns = host_ns(&places, "mnt");
	*ret = places;
	return 0;
}

void places_release(struct places *places)
{
	roots_release(&places->daemons);
	live_engines_free(places->engines);
	close_fd(&places->host_fd);
	close_fd(&places->proc_fd);
}
