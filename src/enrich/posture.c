/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the runtimes' files for what they give a container. */
#include <linux/capability.h>
#include <linux/major.h>
#include <stdarg.h>
#include <stdio.h>

#include "enrich/posture_find.h"
#include "enrich/runtime_json.h"

#define PATH_LEN_MAX 4096u
#define ITEMS_MAX POSTURE_ITEMS_MAX

static void release_json(json_t **root)
{
	json_decref(*root);
}
#define cleanup_json __attribute__((cleanup(release_json)))

/* NULL for what is no string, is empty or has a NUL inside. */
static const char *string_of(const json_t *value)
{
	const char *s = json_string_value(value);

	return s && *s && strlen(s) == json_string_length(value) ? s : NULL;
}

static const char *get_string(const json_t *object, const char *key)
{
	return string_of(json_object_get(object, key));
}

static bool is_positive(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key)) > 0;
}

static size_t n_items(const json_t *array)
{
	size_t n = json_array_size(array);

	return n < ITEMS_MAX ? n : ITEMS_MAX;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

void posture_release(struct posture *posture)
{
	if (!posture)
		return;
	for (size_t i = 0; i < posture->n_binds; i++)
		free(posture->binds[i].source);
	free(posture->binds);
	free(posture->details);
	*posture = (struct posture){ 0 };
}

/* ---- findings */

void posture_set(struct posture *posture, enum posture_check check)
{
	posture->findings |= UINT64_C(1) << check;
}

void posture_find(struct posture *posture, enum posture_check check, const char *format, ...)
{
	struct posture_detail detail = { .check = check };
	va_list ap;

	posture_set(posture, check);
	va_start(ap, format);
	vsnprintf(detail.text, sizeof(detail.text), format, ap);
	va_end(ap);
	for (size_t i = 0; i < posture->n_details; i++)
		if (posture->details[i].check == detail.check &&
		    strcmp(posture->details[i].text, detail.text) == 0)
			return;
	if (!posture->details)
		posture->details = calloc(POSTURE_DETAILS_MAX, sizeof(*posture->details));
	if (!posture->details || posture->n_details == POSTURE_DETAILS_MAX) {
		posture->n_details_dropped++;
		return;
	}
	posture->details[posture->n_details++] = detail;
}

/* ---- names of secrets: never a value */

static bool contains_word(const char *name, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t i = 0; i + word_len <= len; i++)
		if (strncasecmp(name + i, word, word_len) == 0)
			return true;
	return false;
}

/* POSTGRES_PASSWORD_FILE names a file: that is how it should be. */
static bool names_secret(const char *name, size_t len)
{
	static const char *const words[] = { "passw",	   "secret",	 "token",
					     "api_key",	   "apikey",	 "private_key",
					     "access_key", "credential", "passphrase" };
	static const char *const files[] = { "_FILE", "_PATH", "_DIR" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t n = strlen(files[i]);

		if (len > n && strncasecmp(name + len - n, files[i], n) == 0)
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (contains_word(name, len, words[i]))
			return true;
	return false;
}

/* An entry without '=' may be all value: it is passed over. */
static void read_env(const json_t *env, struct posture *posture)
{
	for (size_t i = 0; i < n_items(env); i++) {
		const char *s = string_of(json_array_get(env, i));
		const char *eq = s ? strchr(s, '=') : NULL;

		if (eq && eq[1] && names_secret(s, (size_t)(eq - s)))
			posture_find(posture, POSTURE_SECRET_NAMES, "environment variable %.*s",
			     (int)(eq - s < POSTURE_DETAIL_MAX ? eq - s : POSTURE_DETAIL_MAX), s);
	}
}

static void read_labels(json_t *labels, struct posture *posture)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach(labels, key, value) {
		if (n++ == ITEMS_MAX)
			break;
		if (string_of(value) && names_secret(key, strlen(key)))
			posture_find(posture, POSTURE_SECRET_NAMES, "label %s", key);
	}
}

/* ---- mounts */

/* The path without "//", "." and "..", /var/run as /run; false when it is not
 * absolute or too long. */
static bool clean_path(const char *path, char *ret, size_t size)
{
	size_t len = 0;

	if (path[0] != '/' || strlen(path) + 2 > size)
		return false;
	while (*path) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len && ret[--len] != '/')
				;
		} else if (n && !(n == 1 && path[0] == '.')) {
			ret[len++] = '/';
			memcpy(ret + len, path, n);
			len += n;
		}
		path += n;
	}
	if (len == 0)
		ret[len++] = '/';
	ret[len] = 0;
	if (starts_with(ret, "/var/run") && (ret[8] == '/' || ret[8] == 0))
		memmove(ret, ret + 4, len - 4 + 1);
	return true;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* .../<64 digits>/hosts and the like: an engine's, wherever its data lie. */
static bool is_engines_file(const char *path)
{
	static const char *const names[] = { "/hosts", "/hostname", "/resolv.conf", "/shm",
					     "/mounts/shm", "/userdata/hosts", "/userdata/hostname",
					     "/userdata/resolv.conf", "/userdata/shm",
					     "/userdata/run/.containerenv",
					     "/userdata/.containerenv", "/userdata/run/secrets" };
	size_t len = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);

		if (len <= n + 65 || strcmp(path + len - n, names[i]) != 0 ||
		    path[len - n - 65] != '/')
			continue;
		if (strspn(path + len - n - 64, "0123456789abcdef") == 64)
			return true;
	}
	return false;
}

/* What the runtimes themselves mount into ordinary containers. */
static bool is_runtimes_own(const char *path, bool writable)
{
	static const char *const trees[] = {
		"/var/lib/docker/volumes/",
		"/var/lib/docker/containers/",
		"/var/lib/kubelet/pods/",
		"/var/lib/containers/storage/volumes/",
		"/var/lib/containers/storage/overlay-containers/",
		"/run/containers/storage/overlay-containers/",
		"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/",
		"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/",
	};
	static const char *const read_only[] = { "/etc/hosts", "/etc/resolv.conf", "/etc/hostname",
						 "/etc/localtime", "/etc/timezone" };

	/* Something of one container or volume, not the tree of all. */
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		const char *rest = path + strlen(trees[i]);

		if (starts_with(path, trees[i]) && strchr(rest, '/'))
			return true;
	}
	for (size_t i = 0; !writable && i < ARRAY_SIZE(read_only); i++)
		if (strcmp(path, read_only[i]) == 0)
			return true;
	return strcmp(path, "/dev/shm") == 0 || /* host-ipc tells of it */
	       is_engines_file(path);
}

static bool is_engine_socket(const char *path)
{
	static const char *const names[] = { "docker.sock",	 "containerd.sock",
					     "crio.sock",	 "podman.sock",
					     "cri-dockerd.sock", "dockershim.sock",
					     "buildkitd.sock",	 "docker-raw.sock" };
	/* A directory that holds one, or is above it. */
	static const char *const sockets[] = {
		"/run/containerd/containerd.sock",
		"/run/docker/containerd/containerd.sock",
		"/run/crio/crio.sock",
		"/run/podman/podman.sock",
		"/run/k3s/containerd/containerd.sock",
	};
	const char *base = strrchr(path, '/') + 1;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(base, names[i]) == 0)
			return true;
	/* /run and / have findings of their own. */
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		if (path[1] && strcmp(path, "/run") != 0 && is_below(sockets[i], path))
			return true;
	return false;
}

/* A whole home directory, or what programs keep keys in. */
static bool is_home_of_keys(const char *path)
{
	static const char *const names[] = { "/.ssh", "/.kube", "/.docker", "/.aws", "/.gnupg",
					     "/.config/gcloud", "/.azure" };

	if (!starts_with(path, "/home/"))
		return false;
	if (!strchr(path + strlen("/home/"), '/'))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *at = strstr(path, names[i]);
		char end = at ? at[strlen(names[i])] : 'x';

		if (end == 0 || end == '/')
			return true;
	}
	return false;
}

static void judge_bind(struct posture *posture, const char *path, bool writable)
{
	static const struct {
		const char *dir;
		enum posture_check check;
		bool exact; /* ordinary volumes lie below it */
	} dirs[] = {
		{ "/etc", POSTURE_MOUNT_ETC_RW, false },
		{ "/var/spool/cron", POSTURE_MOUNT_ETC_RW, false },
		{ "/proc", POSTURE_MOUNT_KERNEL_RW, false },
		{ "/sys", POSTURE_MOUNT_KERNEL_RW, false },
		{ "/boot", POSTURE_MOUNT_KERNEL_RW, false },
		{ "/lib/modules", POSTURE_MOUNT_KERNEL_RW, false },
		{ "/usr/lib/modules", POSTURE_MOUNT_KERNEL_RW, false },
		{ "/dev", POSTURE_MOUNT_DEV_RW, false },
		{ "/root", POSTURE_MOUNT_HOME_RW, false },
		{ "/home", POSTURE_MOUNT_HOME_RW, true },
		{ "/var/lib/kubelet", POSTURE_MOUNT_STATE_RW, false },
		{ "/var/lib/docker", POSTURE_MOUNT_STATE_RW, false },
		{ "/var/lib/containerd", POSTURE_MOUNT_STATE_RW, false },
		{ "/var/lib/containers", POSTURE_MOUNT_STATE_RW, false },
		{ "/run", POSTURE_MOUNT_RUN_RW, true },
		{ "/usr", POSTURE_MOUNT_PROGRAMS_RW, false },
		{ "/bin", POSTURE_MOUNT_PROGRAMS_RW, false },
		{ "/sbin", POSTURE_MOUNT_PROGRAMS_RW, false },
		{ "/lib", POSTURE_MOUNT_PROGRAMS_RW, false },
		{ "/lib64", POSTURE_MOUNT_PROGRAMS_RW, false },
		{ "/opt/cni/bin", POSTURE_MOUNT_PROGRAMS_RW, false },
	};

	if (is_engine_socket(path))
		posture_find(posture, POSTURE_ENGINE_SOCKET, "%s", path);
	if (is_runtimes_own(path, writable))
		return;
	if (strcmp(path, "/") == 0) {
		posture_find(posture, writable ? POSTURE_MOUNT_ROOT_RW : POSTURE_MOUNT_ROOT_RO, "/");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		bool hit = is_below(dirs[i].dir, path) ||
			   (!dirs[i].exact && is_below(path, dirs[i].dir));

		if (strcmp(dirs[i].dir, "/home") == 0)
			hit |= is_home_of_keys(path);
		if (hit)
			posture_find(posture, writable ? dirs[i].check : POSTURE_MOUNT_SENSITIVE_RO, "%s",
			     path);
	}
}

void posture_add_bind(struct posture *posture, const char *source, bool writable)
{
	char path[PATH_LEN_MAX];
	char *copy;

	if (!clean_path(source, path, sizeof(path))) {
		posture->n_binds_dropped++;
		return;
	}
	judge_bind(posture, path, writable);
	if (!posture->binds)
		posture->binds = calloc(POSTURE_BINDS_MAX, sizeof(*posture->binds));
	copy = posture->binds && posture->n_binds < POSTURE_BINDS_MAX ? strdup(path) : NULL;
	if (!copy) {
		posture->n_binds_dropped++;
		return;
	}
	posture->binds[posture->n_binds++] = (struct posture_bind){ copy, writable };
}

static void read_mounts(const json_t *mounts, struct posture *posture)
{
	for (size_t i = 0; i < n_items(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		const json_t *options = json_object_get(mount, "options");
		const char *source = get_string(mount, "source");
		const char *type = get_string(mount, "type");
		bool bind = type && strcmp(type, "bind") == 0, writable = true;

		for (size_t j = 0; j < n_items(options); j++) {
			const char *option = string_of(json_array_get(options, j));

			if (!option)
				continue;
			if (strcmp(option, "bind") == 0 || strcmp(option, "rbind") == 0)
				bind = true;
			else if (strcmp(option, "ro") == 0 || strcmp(option, "rro") == 0)
				writable = false;
			else if (strcmp(option, "rw") == 0)
				writable = true;
			else if (strcmp(option, "shared") == 0 || strcmp(option, "rshared") == 0)
				posture_find(posture, POSTURE_SHARED_MOUNT, "%s", source ? source : "?");
		}
		if (bind && source)
			posture_add_bind(posture, source, writable);
	}
	if (json_array_size(mounts) > ITEMS_MAX)
		posture->n_binds_dropped += json_array_size(mounts) - ITEMS_MAX;
}

/* ---- namespaces */

static void read_namespaces(const json_t *namespaces, struct posture *posture)
{
	static const struct {
		const char *type;
		enum posture_check check;
	} kinds[] = {
		{ "pid", POSTURE_HOST_PID },	   { "network", POSTURE_HOST_NET },
		{ "ipc", POSTURE_HOST_IPC },	   { "uts", POSTURE_HOST_UTS },
		{ "cgroup", POSTURE_HOST_CGROUP }, { "user", POSTURE_HOST_USER },
	};
	uint64_t own = 0;

	for (size_t i = 0; i < n_items(namespaces); i++) {
		const json_t *entry = json_array_get(namespaces, i);
		const char *type = get_string(entry, "type"), *path = get_string(entry, "path");

		for (size_t k = 0; type && k < ARRAY_SIZE(kinds); k++)
			if (strcmp(type, kinds[k].type) == 0 &&
			    !(path && starts_with(path, "/proc/1/ns/")))
				own |= UINT64_C(1) << kinds[k].check;
	}
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		if (!(own >> kinds[k].check & 1))
			posture_set(posture, kinds[k].check);
	posture->has_user_ns = own >> POSTURE_HOST_USER & 1;
}

/* ---- capabilities */

/* clang-format off */
static const struct {
	const char *name, *allows; /* allows: NULL for the default set of the engines */
} caps[] = {
	[CAP_CHOWN] = { "CAP_CHOWN", NULL },
	[CAP_DAC_OVERRIDE] = { "CAP_DAC_OVERRIDE", NULL },
	[CAP_DAC_READ_SEARCH] = { "CAP_DAC_READ_SEARCH", "open any file of a mounted file system by handle" },
	[CAP_FOWNER] = { "CAP_FOWNER", NULL },
	[CAP_FSETID] = { "CAP_FSETID", NULL },
	[CAP_KILL] = { "CAP_KILL", NULL },
	[CAP_SETGID] = { "CAP_SETGID", NULL },
	[CAP_SETUID] = { "CAP_SETUID", NULL },
	[CAP_SETPCAP] = { "CAP_SETPCAP", NULL },
	[CAP_LINUX_IMMUTABLE] = { "CAP_LINUX_IMMUTABLE", "make files of volumes unchangeable" },
	[CAP_NET_BIND_SERVICE] = { "CAP_NET_BIND_SERVICE", NULL },
	[CAP_NET_BROADCAST] = { "CAP_NET_BROADCAST", "not used by the kernel" },
	[CAP_NET_ADMIN] = { "CAP_NET_ADMIN", "change addresses, routes and filters of its network namespace" },
	[CAP_NET_RAW] = { "CAP_NET_RAW", NULL },
	[CAP_IPC_LOCK] = { "CAP_IPC_LOCK", "lock memory beyond limits" },
	[CAP_IPC_OWNER] = { "CAP_IPC_OWNER", "use anybody's shared memory and queues" },
	[CAP_SYS_MODULE] = { "CAP_SYS_MODULE", "load code into the kernel" },
	[CAP_SYS_RAWIO] = { "CAP_SYS_RAWIO", "use ports and memory of devices" },
	[CAP_SYS_CHROOT] = { "CAP_SYS_CHROOT", NULL },
	[CAP_SYS_PTRACE] = { "CAP_SYS_PTRACE", "read and change other users' processes" },
	[CAP_SYS_PACCT] = { "CAP_SYS_PACCT", "have the kernel write process accounting to a file" },
	[CAP_SYS_ADMIN] = { "CAP_SYS_ADMIN", "mount, enter namespaces and much else" },
	[CAP_SYS_BOOT] = { "CAP_SYS_BOOT", "restart the host, load another kernel" },
	[CAP_SYS_NICE] = { "CAP_SYS_NICE", "take processor time from the host" },
	[CAP_SYS_RESOURCE] = { "CAP_SYS_RESOURCE", "exceed limits and quotas" },
	[CAP_SYS_TIME] = { "CAP_SYS_TIME", "set the host's clock" },
	[CAP_SYS_TTY_CONFIG] = { "CAP_SYS_TTY_CONFIG", "configure and hang up terminals" },
	[CAP_MKNOD] = { "CAP_MKNOD", NULL },
	[CAP_LEASE] = { "CAP_LEASE", "take leases on any file" },
	[CAP_AUDIT_WRITE] = { "CAP_AUDIT_WRITE", NULL },
	[CAP_AUDIT_CONTROL] = { "CAP_AUDIT_CONTROL", "switch the kernel's audit off" },
	[CAP_SETFCAP] = { "CAP_SETFCAP", NULL },
	[CAP_MAC_OVERRIDE] = { "CAP_MAC_OVERRIDE", "pass mandatory access control by" },
	[CAP_MAC_ADMIN] = { "CAP_MAC_ADMIN", "change mandatory access control" },
	[CAP_SYSLOG] = { "CAP_SYSLOG", "read the kernel's log and its addresses" },
	[CAP_WAKE_ALARM] = { "CAP_WAKE_ALARM", "wake the host" },
	[CAP_BLOCK_SUSPEND] = { "CAP_BLOCK_SUSPEND", "keep the host awake" },
	[CAP_AUDIT_READ] = { "CAP_AUDIT_READ", "read the kernel's audit records" },
	[CAP_PERFMON] = { "CAP_PERFMON", "watch all processes' performance events" },
	[CAP_BPF] = { "CAP_BPF", "load programs into the kernel" },
	[CAP_CHECKPOINT_RESTORE] = { "CAP_CHECKPOINT_RESTORE", "choose pids, read memory maps of others" },
};
/* clang-format on */

/* What can be done with it does not end at the container's namespaces. */
static bool reaches_host(unsigned int cap)
{
	return cap == CAP_SYS_ADMIN || cap == CAP_SYS_MODULE || cap == CAP_SYS_RAWIO ||
	       cap == CAP_DAC_READ_SEARCH || cap == CAP_SYS_BOOT || cap == CAP_MAC_ADMIN;
}

void posture_add_capability(unsigned int cap, struct posture *posture)
{
	if (cap >= ARRAY_SIZE(caps) || !caps[cap].name)
		return;
	posture->caps |= UINT64_C(1) << cap;
	if (reaches_host(cap))
		posture_find(posture, POSTURE_HOST_CAPABILITIES, "%s: %s", caps[cap].name,
			     caps[cap].allows);
	if (caps[cap].allows)
		posture_find(posture, POSTURE_CAPABILITIES, "%s: %s", caps[cap].name,
			     caps[cap].allows);
}

void posture_add_capabilities(const json_t *names, struct posture *posture)
{
	for (size_t i = 0; i < n_items(names); i++) {
		const char *name = string_of(json_array_get(names, i));

		for (unsigned int cap = 0; name && cap < ARRAY_SIZE(caps); cap++)
			if (strcmp(caps[cap].name, name) == 0)
				posture_add_capability(cap, posture);
	}
}

/* ---- the OCI specification */

static void read_process(const json_t *process, struct posture *posture)
{
	const json_t *all = json_object_get(process, "capabilities");

	posture_add_capabilities(json_object_get(all, "bounding"), posture);
	if (!json_is_true(json_object_get(process, "noNewPrivileges")))
		posture_set(posture, POSTURE_NEW_PRIVILEGES);
	if ((!get_string(process, "apparmorProfile") ||
	     strcmp(get_string(process, "apparmorProfile"), "unconfined") == 0) &&
	    !get_string(process, "selinuxLabel"))
		posture_set(posture, POSTURE_LSM_OFF);
	posture->runs_as_root =
		json_integer_value(json_object_get(json_object_get(process, "user"), "uid")) == 0;
	if (json_array_size(json_object_get(process, "rlimits")) == 0)
		posture_set(posture, POSTURE_NO_RLIMITS);
	read_env(json_object_get(process, "env"), posture);
}

void posture_add_device(const char *path, bool is_block, json_int_t major, struct posture *posture)
{
	/* Every container has these. */
	static const char *const usual[] = { "/dev/null",    "/dev/zero",    "/dev/full",
					     "/dev/random",  "/dev/urandom", "/dev/tty",
					     "/dev/console", "/dev/ptmx" };

	for (size_t k = 0; k < ARRAY_SIZE(usual); k++)
		if (strcmp(path, usual[k]) == 0)
			return;
	posture_find(posture, POSTURE_DEVICES, "%s", path);
	/* Loop devices lead to files that were chosen for them; of major 1 those
	 * that all have are passed over above: mem, kmem and port are left. */
	if ((is_block && major != LOOP_MAJOR) || (!is_block && major == MEM_MAJOR))
		posture_find(posture, POSTURE_HOST_DEVICES, "%s", path);
}

static void read_devices(const json_t *linux_part, struct posture *posture)
{
	const json_t *devices = json_object_get(linux_part, "devices");

	for (size_t i = 0; i < n_items(devices); i++) {
		const json_t *device = json_array_get(devices, i);
		const char *path = get_string(device, "path"), *type = get_string(device, "type");

		if (path)
			posture_add_device(path, type && strcmp(type, "b") == 0,
					   json_integer_value(json_object_get(device, "major")),
					   posture);
	}
}

/* "Allow all": a rule without type and numbers. Ordinary containers have one
 * that denies all, and one each to make nodes. */
static bool allows_all_devices(const json_t *resources)
{
	const json_t *rules = json_object_get(resources, "devices");

	for (size_t i = 0; i < n_items(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		const char *type = get_string(rule, "type");
		const char *access = get_string(rule, "access");

		if (json_is_true(json_object_get(rule, "allow")) &&
		    (!type || strcmp(type, "a") == 0) && !is_positive(rule, "major") &&
		    (!access || strchr(access, 'w')))
			return true;
	}
	return false;
}

static void read_resources(const json_t *resources, struct posture *posture)
{
	const json_t *cpu = json_object_get(resources, "cpu");

	if (!is_positive(json_object_get(resources, "memory"), "limit"))
		posture_set(posture, POSTURE_NO_MEMORY_LIMIT);
	if (!is_positive(json_object_get(resources, "pids"), "limit"))
		posture_set(posture, POSTURE_NO_PIDS_LIMIT);
	if (!is_positive(cpu, "quota") && !is_positive(cpu, "shares"))
		posture_set(posture, POSTURE_NO_CPU_LIMIT);
}

/* A user namespace in which root is the host's root keeps nothing away. */
static bool maps_root_to_root(const json_t *mappings)
{
	for (size_t i = 0; i < n_items(mappings); i++) {
		const json_t *map = json_array_get(mappings, i);

		if (json_integer_value(json_object_get(map, "containerID")) == 0 &&
		    json_integer_value(json_object_get(map, "hostID")) == 0 && is_positive(map, "size"))
			return true;
	}
	return false;
}

static void read_linux(const json_t *part, struct posture *posture)
{
	const json_t *resources = json_object_get(part, "resources");

	read_namespaces(json_object_get(part, "namespaces"), posture);
	if (posture->has_user_ns && maps_root_to_root(json_object_get(part, "uidMappings"))) {
		posture->has_user_ns = false;
		posture_find(posture, POSTURE_HOST_USER, "root is mapped to the host's root");
	}
	read_resources(resources, posture);
	read_devices(part, posture);
	if (!json_is_object(json_object_get(part, "seccomp")))
		posture_set(posture, POSTURE_SECCOMP_OFF);
	if (json_array_size(json_object_get(part, "maskedPaths")) == 0 ||
	    json_array_size(json_object_get(part, "readonlyPaths")) == 0)
		posture_set(posture, POSTURE_PATHS_UNMASKED);
	posture_judge_privileged(posture, allows_all_devices(resources));
}

/* No runtime writes "privileged" into the specification; this is what it comes
 * to, whoever drives the runtime. */
void posture_judge_privileged(struct posture *posture, bool all_devices)
{
	if (all_devices && posture->caps >> CAP_SYS_ADMIN & 1 &&
	    posture->caps >> CAP_SYS_MODULE & 1)
		posture_set(posture, POSTURE_PRIVILEGED);
}

/* A directory of the host that a task with the host's root's id may write to. */
void posture_judge_volumes(struct posture *posture)
{
	if (posture->has_user_ns || !posture->runs_as_root)
		return;
	for (size_t i = 0; i < posture->n_binds; i++)
		if (posture->binds[i].writable && !is_runtimes_own(posture->binds[i].source, true))
			posture_find(posture, POSTURE_ROOT_ON_VOLUME, "%s", posture->binds[i].source);
}

int posture_read_oci(struct slice json, struct posture *posture)
{
	cleanup_json json_t *root = NULL;
	const char *privileged;
	int r;

	r = runtime_json_read(json, &root);
	if (r < 0)
		return r;
	if (!get_string(root, "ociVersion") || !json_is_object(json_object_get(root, "linux")))
		return -EBADMSG;

	posture->has_spec = true;
	read_process(json_object_get(root, "process"), posture);
	read_linux(json_object_get(root, "linux"), posture);
	read_mounts(json_object_get(root, "mounts"), posture);
	if (!json_is_true(json_object_get(json_object_get(root, "root"), "readonly")))
		posture_set(posture, POSTURE_ROOT_WRITABLE);
	privileged = get_string(json_object_get(root, "annotations"),
				"io.podman.annotations.privileged");
	if (privileged && strcasecmp(privileged, "true") == 0)
		posture_set(posture, POSTURE_PRIVILEGED);
	posture_judge_volumes(posture);
	return 0;
}

/* ---- Docker */

static bool is_host(const json_t *root, const char *key)
{
	const char *mode = get_string(root, key);

	return mode && strcmp(mode, "host") == 0;
}

/* "80/tcp": [{"HostIp": "", "HostPort": "8080"}] */
static void read_ports(json_t *ports, struct posture *posture)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach(ports, key, value) {
		if (n++ == ITEMS_MAX)
			break;
		for (size_t i = 0; i < n_items(value); i++) {
			const json_t *binding = json_array_get(value, i);
			const char *port = get_string(binding, "HostPort");
			const char *address = get_string(binding, "HostIp");
			unsigned long number = port ? strtoul(port, NULL, 10) : 0;

			if (number > 0 && number < 1024)
				posture_find(posture, POSTURE_PRIVILEGED_PORT, "%lu", number);
			if (!address || strcmp(address, "0.0.0.0") == 0 ||
			    strcmp(address, "::") == 0)
				posture_find(posture, POSTURE_PORT_ANY_ADDRESS, "%s", key);
		}
	}
}

static void read_docker_only(const json_t *root, struct posture *posture)
{
	const char *restart = get_string(json_object_get(root, "RestartPolicy"), "Name");
	const char *network = get_string(root, "NetworkMode");

	read_ports(json_object_get(root, "PortBindings"), posture);
	if (restart && (strcmp(restart, "always") == 0 || strcmp(restart, "unless-stopped") == 0))
		posture_set(posture, POSTURE_RESTART_ALWAYS);
	if (network && (strcmp(network, "default") == 0 || strcmp(network, "bridge") == 0))
		posture_set(posture, POSTURE_DEFAULT_BRIDGE);
	if (get_string(root, "CgroupParent"))
		posture_set(posture, POSTURE_CGROUP_PARENT);
}

int posture_read_docker_host(struct slice json, struct posture *posture)
{
	cleanup_json json_t *root = NULL;
	const json_t *binds;
	int r;

	r = runtime_json_read(json, &root);
	if (r < 0)
		return r;
	if (!json_is_boolean(json_object_get(root, "Privileged")) ||
	    !json_object_get(root, "NetworkMode"))
		return -EBADMSG;

	posture->has_docker = true;
	if (json_is_true(json_object_get(root, "Privileged")))
		posture_set(posture, POSTURE_PRIVILEGED);
	if (is_host(root, "PidMode"))
		posture_set(posture, POSTURE_HOST_PID);
	if (is_host(root, "NetworkMode"))
		posture_set(posture, POSTURE_HOST_NET);
	if (is_host(root, "IpcMode"))
		posture_set(posture, POSTURE_HOST_IPC);
	if (is_host(root, "UTSMode"))
		posture_set(posture, POSTURE_HOST_UTS);
	if (is_host(root, "UsernsMode"))
		posture_set(posture, POSTURE_HOST_USER);
	read_docker_only(root, posture);

	/* SOURCE:TARGET[:OPTIONS]; a volume's name is no path. With the
	 * specification at hand its mounts say the same, and better. */
	binds = json_object_get(root, "Binds");
	for (size_t i = 0; !posture->has_spec && i < n_items(binds); i++) {
		const char *bind = string_of(json_array_get(binds, i));
		const char *colon = bind ? strchr(bind, ':') : NULL;
		const char *options = colon ? strchr(colon + 1, ':') : NULL;
		char source[PATH_LEN_MAX];
		bool writable = true;

		if (!colon || bind[0] != '/')
			continue;
		if ((size_t)(colon - bind) >= sizeof(source)) {
			posture->n_binds_dropped++;
			continue;
		}
		memcpy(source, bind, (size_t)(colon - bind));
		source[colon - bind] = 0;
		for (const char *at = options; at; at = strchr(at + 1, ','))
			if (strncmp(at + 1, "ro", 2) == 0 && (at[3] == ',' || at[3] == 0))
				writable = false;
		posture_add_bind(posture, source, writable);
	}
	return 0;
}

int posture_read_docker_config(struct slice json, struct posture *posture)
{
	cleanup_json json_t *root = NULL;
	json_t *config;
	int r;

	r = runtime_json_read(json, &root);
	if (r < 0)
		return r;
	config = json_object_get(root, "Config");
	if (!get_string(root, "ID") || !json_is_object(config))
		return -EBADMSG;
	posture->has_docker = true;
	read_env(json_object_get(config, "Env"), posture);
	read_labels(json_object_get(config, "Labels"), posture);
	if (!json_is_object(json_object_get(config, "Healthcheck")))
		posture_set(posture, POSTURE_NO_HEALTH_CHECK);
	return 0;
}
