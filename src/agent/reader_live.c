/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reader_live.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "agent/reader_mounts.h"

#define ENGINES_FOR_MS 5000
#define SOCKETS_MAX 32u	     /* listening sockets of all engines */
#define INODES_MAX 4096u     /* sockets among the descriptors of one engine */
#define OPENED_MAX 64u	     /* mounts of one container looked at by inode */
#define TABLE_MAX (1u << 20) /* bytes read of a table below /proc/PID/net */

/* Who listens there can be told to start a container. */
static const char *const engine_names[] = { "dockerd", "containerd",  "crio",
					    "podman",  "cri-dockerd", "buildkitd",
					    "k3s",     "k3s-server",  NULL };

struct engine_socket {
	uint64_t dev, ino;     /* of the file */
	uint32_t mount_dev;    /* as mount tables have it */
	char fspath[PATH_MAX]; /* in its file system */
	char path[108];
};

struct live_engines {
	int64_t until_ms;
	size_t n_sockets, n_dropped, n_ports;
	struct engine_socket sockets[SOCKETS_MAX];
	struct posture_port ports[POSTURE_LIVE_PORTS_MAX];
};

void live_engines_free(struct live_engines *engines)
{
	free(engines);
}

struct search {
	const struct places *places;
	struct live_engines *engines;
	uint64_t host_net;
};

/* ---- the descriptors of one engine */

struct inodes {
	uint64_t list[INODES_MAX];
	size_t n;
};

static void read_inodes(const struct places *places, uint32_t pid, struct inodes *ret)
{
	char path[64 + NAME_MAX], link[64];
	DIR *dir = NULL;
	struct dirent *entry;
	int fd;

	ret->n = 0;
	snprintf(path, sizeof(path), "%u/fd", pid);
	fd = openat(places->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return;
	}
	while (ret->n < INODES_MAX && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "fd/%s", entry->d_name);
		if (places_read_link(places, pid, path, link, sizeof(link)) > 8 &&
		    strncmp(link, "socket:[", 8) == 0)
			ret->list[ret->n++] = strtoull(link + 8, NULL, 10);
	}
	closedir(dir);
}

static bool has_inode(const struct inodes *inodes, uint64_t inode)
{
	for (size_t i = 0; i < inodes->n; i++)
		if (inodes->list[i] == inode)
			return true;
	return false;
}

/* ---- its Unix sockets */

/* The path within its file system, from the mount that the descriptor came by. */
static bool find_fspath(const struct places *places, uint32_t pid, int fd,
			struct engine_socket *socket)
{
	char self[64], whole[PATH_MAX], point[PATH_MAX], root[PATH_MAX];
	struct mounts mounts = { 0 };
	struct mount_line line;
	struct statx stx;
	ssize_t len, point_len, root_len;
	bool found = false;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlinkat(AT_FDCWD, self, whole, sizeof(whole) - 1);
	if (len <= 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 ||
	    !(stx.stx_mask & STATX_MNT_ID))
		return false;
	/* The host's tree is looked at through our own mounts. */
	if (places_ns(places, pid, "mnt") == places->mnt_ns)
		pid = (uint32_t)getpid();
	snprintf(self, sizeof(self), "%u/mountinfo", pid);
	if (mounts_read(places->proc_fd, self, &mounts) < 0)
		return false;
	whole[len] = 0;
	if (mounts_find(&mounts, stx.stx_mnt_id, &line)) {
		point_len = mounts_unescape(line.point, point, sizeof(point) - 1);
		root_len = mounts_unescape(line.root, root, sizeof(root) - 1);
		if (point_len == 1)
			point_len = 0; /* "/" */
		if (root_len == 1)
			root_len = 0;
		if (point_len >= 0 && root_len >= 0 && point_len < len &&
		    memcmp(whole, point, (size_t)point_len) == 0 &&
		    snprintf(socket->fspath, sizeof(socket->fspath), "%.*s%s", (int)root_len, root,
			     whole + point_len) < (int)sizeof(socket->fspath)) {
			socket->mount_dev = line.dev;
			found = true;
		}
	}
	mounts_release(&mounts);
	return found;
}

static void add_socket(struct search *search, const struct engine_process *process,
		       const char *path)
{
	struct live_engines *engines = search->engines;
	struct engine_socket *socket = &engines->sockets[engines->n_sockets];
	cleanup_close int fd = -1;
	struct stat st;

	if (engines->n_sockets == SOCKETS_MAX) {
		engines->n_dropped++;
		return;
	}
	fd = reader_open_below(process->base, path, O_PATH, RESOLVE_IN_ROOT);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	*socket = (struct engine_socket){ .dev = st.st_dev, .ino = st.st_ino };
	snprintf(socket->path, sizeof(socket->path), "%s", path);
	if (!find_fspath(search->places, process->pid, fd, socket)) {
		/* By inode still. Device numbers of mount tables and of stat()
		 * differ on some file systems only. */
		socket->fspath[0] = 0;
		socket->mount_dev = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev));
	}
	engines->n_sockets++;
}

/* "Num: RefCount Protocol Flags Type St Inode Path" */
static void read_unix(struct search *search, const struct engine_process *process,
		      const struct inodes *inodes, char *table)
{
	const unsigned int accepting = 0x10000;
	char *at, *save = NULL;

	if (places_read(search->places, process->pid, "net/unix", table, TABLE_MAX) < 0)
		return;
	for (at = strtok_r(table, "\n", &save); at; at = strtok_r(NULL, "\n", &save)) {
		unsigned int flags;
		unsigned long long inode;
		int end = 0;

		/* The kernel's numbers. */
		if (sscanf(at, "%*x: %*x %*x %x %*x %*x %llu %n", /* NOLINT(cert-err34-c) */
			   &flags, &inode, &end) != 2 ||
		    !(flags & accepting) || end == 0 || at[end] != '/' || !has_inode(inodes, inode))
			continue;
		add_socket(search, process, at + end);
	}
}

/* ---- its TCP ports */

/* Does the text have the key with true, or the option? Whole words of the
 * host's own files: no more is asked than whether certificates are. */
static bool wants_certificates(const char *text, size_t len)
{
	static const char option[] = "--tlsverify", key[] = "\"tlsverify\"";
	const char *at, *end = text + len;

	for (at = text; (at = memmem(at, (size_t)(end - at), option, sizeof(option) - 1));) {
		at += sizeof(option) - 1;
		if (at == end || *at == 0 || (end - at >= 5 && memcmp(at, "=true", 5) == 0))
			return true;
	}
	for (at = text; (at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1));) {
		at += sizeof(key) - 1;
		while (at < end && (*at == ' ' || *at == ':' || *at == '\t' || *at == '\n'))
			at++;
		if (end - at >= 4 && memcmp(at, "true", 4) == 0)
			return true;
	}
	return false;
}

/* Is it the port of a tcp: address in the text, "tcp://host:port" or, of
 * podman, "tcp:host:port"? The engine's other ports (swarm, metrics) do not
 * take orders. */
static bool names_port(const char *text, size_t len, unsigned int port)
{
	static const char scheme[] = "tcp:";
	const char *at = text, *end = text + len;

	while ((at = memmem(at, (size_t)(end - at), scheme, sizeof(scheme) - 1))) {
		const char *colon = NULL;

		for (at += sizeof(scheme) - 1; at < end && *at == '/'; at++)
			;
		for (; at < end && *at && *at != '"' && *at != ','; at++)
			if (*at == ':')
				colon = at;
		if (!colon ? port == 2375 : strtoul(colon + 1, NULL, 10) == port)
			return true;
	}
	return false;
}

/* The last value of --config-file, or the usual place. */
static const char *config_file(const struct engine_process *process)
{
	static const char option[] = "--config-file";
	const char *found = "/etc/docker/daemon.json";
	bool is_next = false;
	size_t at = 0, len;

	for (; at < process->args_len; at += len + 1) {
		const char *arg = process->args + at;

		len = strnlen(arg, process->args_len - at);
		if (is_next && arg[0] == '/')
			found = arg;
		is_next = strcmp(arg, option) == 0;
		if (strncmp(arg, option, sizeof(option) - 1) == 0 &&
		    arg[sizeof(option) - 1] == '=' && arg[sizeof(option)] == '/')
			found = arg + sizeof(option);
	}
	return found;
}

struct engine_text {
	char *bytes; /* arguments, then the configuration file; a NUL at the end */
	size_t len;
};

static bool read_engine_text(const struct engine_process *process, struct engine_text *ret)
{
	const size_t file_max = 256u << 10;
	cleanup_close int fd = -1;
	ssize_t n;

	ret->bytes = malloc(process->args_len + file_max + 1);
	if (!ret->bytes)
		return false;
	memcpy(ret->bytes, process->args, process->args_len);
	ret->len = process->args_len;
	fd = reader_open_below(process->base, config_file(process),
			       O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_IN_ROOT);
	n = fd < 0 ? 0 : read(fd, ret->bytes + ret->len, file_max);
	ret->len += n > 0 ? (size_t)n : 0;
	ret->bytes[ret->len] = 0;
	return true;
}

static void add_port(struct live_engines *engines, const char *hex, bool is_v6, unsigned int port)
{
	struct posture_port *ret = &engines->ports[engines->n_ports];
	unsigned int word[4] = { 0 };
	bool is_any = strspn(hex, "0") == strlen(hex);

	if (engines->n_ports == POSTURE_LIVE_PORTS_MAX) {
		engines->n_dropped++;
		return;
	}
	if (!is_v6) {
		word[0] = (unsigned int)strtoul(hex, NULL, 16);
		snprintf(ret->address, sizeof(ret->address), "%u.%u.%u.%u:%u", word[0] & 255,
			 word[0] >> 8 & 255, word[0] >> 16 & 255, word[0] >> 24, port);
		ret->is_loopback = (word[0] & 255) == 127;
	} else {
		snprintf(ret->address, sizeof(ret->address), is_any ? "[::]:%u" : "[%2$s]:%1$u",
			 port, hex);
		ret->is_loopback = strcmp(hex, "00000000000000000000000001000000") == 0;
	}
	engines->n_ports++;
}

/* "sl: LOCAL:PORT REMOTE:PORT ST tx:rx tr:when retrnsmt uid timeout inode" */
static void read_tcp(struct search *search, const struct engine_process *process,
		     const struct inodes *inodes, const struct engine_text *text, bool is_v6,
		     char *table)
{
	char *at, *save = NULL;

	if (places_read(search->places, process->pid, is_v6 ? "net/tcp6" : "net/tcp", table,
			TABLE_MAX) < 0)
		return;
	for (at = strtok_r(table, "\n", &save); at; at = strtok_r(NULL, "\n", &save)) {
		unsigned long long inode;
		unsigned int port, state;
		char hex[33];

		/* NOLINTNEXTLINE(cert-err34-c): the kernel's numbers */
		if (sscanf(at, " %*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %llu",
			   hex, &port, &state, &inode) != 4 ||
		    state != 0x0a || !has_inode(inodes, inode))
			continue;
		if (names_port(text->bytes, text->len, port) || port == 2375)
			add_port(search->engines, hex, is_v6, port);
	}
}

static void visit(const struct engine_process *process, void *arg)
{
	struct search *search = arg;
	cleanup_free struct inodes *inodes = malloc(sizeof(*inodes));
	cleanup_free char *table = malloc(TABLE_MAX);
	struct engine_text text = { 0 };

	if (!inodes || !table)
		return;
	read_inodes(search->places, process->pid, inodes);
	read_unix(search, process, inodes, table);

	/* containerd's ports take no orders; crio has none. */
	if ((strcmp(process->exe, "dockerd") == 0 || strcmp(process->exe, "podman") == 0) &&
	    places_ns(search->places, process->pid, "net") == search->host_net &&
	    read_engine_text(process, &text) && !wants_certificates(text.bytes, text.len)) {
		read_tcp(search, process, inodes, &text, false, table);
		read_tcp(search, process, inodes, &text, true, table);
	}
	free(text.bytes);
}

static struct live_engines *find_engines(struct places *places)
{
	struct search search = { .places = places, .engines = places->engines };

	if (search.engines && reader_now_ms() < search.engines->until_ms)
		return search.engines;
	if (!search.engines)
		search.engines = malloc(sizeof(*search.engines));
	if (!search.engines)
		return NULL;
	places->engines = search.engines;
	search.engines->n_sockets = search.engines->n_dropped = search.engines->n_ports = 0;
	search.host_net = places_host_ns(places, "net");
	if (!places_visit_engines(places, engine_names, visit, &search))
		search.engines->n_dropped++;
	search.engines->until_ms = reader_now_ms() + ENGINES_FOR_MS;
	return search.engines;
}

/* ---- the container */

static void compare_namespaces(const struct places *places, uint32_t tgid, struct posture_live *ret)
{
	static const struct {
		const char *name;
		enum posture_check check;
	} kinds[] = {
		{ "pid", POSTURE_HOST_PID },	   { "net", POSTURE_HOST_NET },
		{ "ipc", POSTURE_HOST_IPC },	   { "uts", POSTURE_HOST_UTS },
		{ "cgroup", POSTURE_HOST_CGROUP }, { "user", POSTURE_HOST_USER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint64_t own = places_ns(places, tgid, kinds[i].name);
		uint64_t host = places_host_ns(places, kinds[i].name);

		if (!own || !host)
			continue;
		ret->compared |= UINT64_C(1) << kinds[i].check;
		if (own == host)
			ret->host |= UINT64_C(1) << kinds[i].check;
	}
}

static void read_status(const struct places *places, uint32_t tgid, struct posture_live *ret)
{
	char text[8192], *caps, *seccomp, *no_new, *uid;
	unsigned int from, to, n;

	if (places_read(places, tgid, "status", text, sizeof(text)) > 0) {
		caps = strstr(text, "\nCapBnd:");
		seccomp = strstr(text, "\nSeccomp:");
		no_new = strstr(text, "\nNoNewPrivs:");
		uid = strstr(text, "\nUid:");
		if (caps && seccomp && no_new && uid) {
			ret->has_status = 1;
			ret->caps = strtoull(caps + 8, NULL, 16);
			ret->seccomp = (uint32_t)strtoul(seccomp + 9, NULL, 10);
			ret->no_new_privs = (uint32_t)strtoul(no_new + 12, NULL, 10);
			ret->init_is_root = strtoul(uid + 5, NULL, 10) == 0;
		}
	}
	if (places_read(places, tgid, "uid_map", text, sizeof(text)) > 0)
		for (char *line = text; line && *line; line = strchr(line, '\n')) {
			line += *line == '\n';
			/* NOLINTNEXTLINE(cert-err34-c): the kernel's numbers */
			if (sscanf(line, "%u %u %u", &from, &to, &n) == 3 && from == 0 && to == 0 &&
			    n)
				ret->root_is_root = 1;
		}
	if (places_read(places, tgid, "net/dev", text, sizeof(text)) > 0)
		for (char *line = text; (line = strchr(line, '\n'));) {
			line++;
			line += strspn(line, " ");
			if (strchr(line, ':') && strncmp(line, "lo:", 3) != 0 &&
			    strcspn(line, ":") < strcspn(line, "|\n"))
				ret->has_network = 1;
		}
}

static bool is_at_or_above(const char *dir, size_t len, const char *path)
{
	if (len == 1 && dir[0] == '/')
		return true;
	return strncmp(path, dir, len) == 0 && (path[len] == 0 || path[len] == '/');
}

/* A link made with ln(1) has another path and the same inode. */
static bool is_same_inode(const struct places *places, uint32_t tgid, const char *point,
			  const struct engine_socket *socket)
{
	cleanup_close int root = -1, fd = -1;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%u/root", tgid);
	root = openat(places->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return false;
	fd = reader_open_below(root, point, O_PATH | O_NOFOLLOW,
			       RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == socket->dev &&
	       st.st_ino == socket->ino;
}

/* Is any mount on the way there one that may make us wait? */
static bool is_behind_slow(const struct mounts *mounts, const char *point)
{
	struct mount_line line;
	size_t at = 0;
	uint64_t id;

	while (mounts_next(mounts, &at, &id, &line)) {
		char above[PATH_MAX];
		ssize_t len = mounts_unescape(line.point, above, sizeof(above) - 1);

		if (mount_is_slow(&line) && (len < 0 || is_at_or_above(above, (size_t)len, point)))
			return true;
	}
	return false;
}

static void add_mount(struct posture_live *ret, const char *point,
		      const struct engine_socket *socket)
{
	if (ret->n_sockets == POSTURE_LIVE_SOCKETS_MAX) {
		ret->n_sockets_dropped++;
		return;
	}
	snprintf(ret->sockets[ret->n_sockets++], sizeof(ret->sockets[0]),
		 "%.120s leads to the host's %s", point, socket->path);
}

static void judge_mount(const struct places *places, uint32_t tgid, const struct mounts *mounts,
			const struct mount_line *line, unsigned int *n_opened,
			struct posture_live *ret)
{
	char root[PATH_MAX], point[PATH_MAX];
	ssize_t root_len = mounts_unescape(line->root, root, sizeof(root) - 1);
	ssize_t point_len = mounts_unescape(line->point, point, sizeof(point) - 1);

	if (root_len <= 0 || point_len <= 0)
		return;
	root[root_len] = 0;
	point[point_len] = 0;
	for (size_t i = 0; i < places->engines->n_sockets; i++) {
		const struct engine_socket *socket = &places->engines->sockets[i];

		if (socket->mount_dev != line->dev)
			continue;
		if ((socket->fspath[0] && is_at_or_above(root, (size_t)root_len, socket->fspath)) ||
		    ((*n_opened)++ < OPENED_MAX && !is_behind_slow(mounts, point) &&
		     is_same_inode(places, tgid, point, socket)))
			add_mount(ret, point, socket);
	}
}

static void find_sockets(struct places *places, uint32_t tgid, struct posture_live *ret)
{
	struct mounts mounts = { 0 };
	struct mount_line line;
	char path[64];
	unsigned int n_opened = 0;
	size_t at = 0;
	uint64_t id;

	snprintf(path, sizeof(path), "%u/mountinfo", tgid);
	if (mounts_read(places->proc_fd, path, &mounts) < 0)
		return;
	while (mounts_next(&mounts, &at, &id, &line))
		judge_mount(places, tgid, &mounts, &line, &n_opened, ret);
	mounts_release(&mounts);
}

int live_collect(struct places *places, uint32_t tgid, uint64_t start_ns, struct posture_live *ret)
{
	uint64_t tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK), start, again;
	const struct live_engines *engines;
	char stat[1024];
	uint32_t ppid;

	if (tgid <= 1 || places_read(places, tgid, "stat", stat, sizeof(stat)) < 0 ||
	    !reader_parse_stat(stat, &ppid, &start) || (start_ns && start != start_ns / tick_ns))
		return -ESRCH;
	engines = find_engines(places);
	if (!engines)
		return -ENOMEM;

	*ret = (struct posture_live){ .version = POSTURE_LIVE_VERSION };
	compare_namespaces(places, tgid, ret);
	read_status(places, tgid, ret);
	find_sockets(places, tgid, ret);
	ret->n_sockets_dropped += (uint32_t)engines->n_dropped;
	ret->n_ports = (uint32_t)engines->n_ports;
	memcpy(ret->ports, engines->ports, sizeof(ret->ports));

	/* Still the same process? What it had may be another's by now. */
	if (places_read(places, tgid, "stat", stat, sizeof(stat)) < 0 ||
	    !reader_parse_stat(stat, &ppid, &again) || again != start)
		return -ESRCH;
	return 0;
}
