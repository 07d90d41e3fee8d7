// SPDX-License-Identifier: Apache-2.0
#include "source/live.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

#include "cast.skel.h"
#include "probe.skel.h"
#include "source/calls.h"

#define BPF_FS_MAGIC 0xcafe4a11
#define PATH_ROOM 256

/* A program that is attached to a hook. Handlers, iterators and programs that
 * the sensor runs by hand are not in this table. */
struct hook {
	const char *program;
	const char *tracepoint;		/* looked up in BTF as btf_trace_<this> */
	const char *sees, *without;
	int n_params;			/* the tracepoint must have exactly these, 0: any */
	bool required;
	const char *module; /* it may be there instead of in the kernel itself, or NULL */
};

static const struct hook hooks[] = {
	{ "tp_btf__sys_exit", "sys_exit", "system calls, 64-bit and 32-bit, refused ones included",
	  "every system call: no detection is possible", 0, true },
	{ "tp_btf__task_newtask", "task_newtask", "birth of processes and threads",
	  "lineage: containers cannot be told from the host", 0, true },
	{ "tp_btf__sched_process_exec", "sched_process_exec", "programs, their image, directory and root",
	  "programs run in containers", 0, true },
	{ "tp_btf__sched_process_exit", "sched_process_exit", "end of processes",
	  "the end of processes; tables grow until they evict", 0, true },
	{ "tp_btf__cgroup_attach_task", "cgroup_attach_task", "moves between cgroups",
	  "a container that leaves its own cgroup", 0, false },
	{ "tp_btf__inet_sock_set_state", "inet_sock_set_state", "TCP connections of containers",
	  "TCP connections: management ports, cloud metadata, scans", 3, false },
	{ "tp_btf__signal_generate", "signal_generate", "signals, whoever they reach",
	  "signals that containers send to processes of the host, unless refused", 5, false },
	{ "tp_btf__cap_capable", "cap_capable", "capabilities that containers use",
	  "unusual capabilities used by calls that are not watched themselves", 5, false },
	/* arguments without the leading context pointer of the BTF prototype */
	{ "tp_btf__io_uring_complete", "io_uring_complete", "files and sockets opened through io_uring",
	  "files and sockets opened through io_uring", 3, false },
	{ "tp_btf__io_uring_complete_v61", "io_uring_complete", "files and sockets opened through io_uring",
	  "files and sockets opened through io_uring", 7, false },
	{ "tp_btf__ext4_mark_inode_dirty", "ext4_mark_inode_dirty", "changes of trees on ext4, whatever call makes them",
	  "links, renames and the like on ext4 by an absolute path", 0, false, "ext4" },
	{ "tp_btf__ext4_journal_start_inode", "ext4_journal_start_inode", "extended attributes set on ext4",
	  "extended attributes set on ext4 by an absolute path", 6, false, "ext4" },
	{ "tp_btf__writeback_mark_inode_dirty", "writeback_mark_inode_dirty",
	  "changes of modes, owners and sizes on most file systems",
	  "changes of modes, owners and sizes by an absolute path", 0, false, NULL },
};

struct live {
	struct bpf_link *links[ARRAY_SIZE(hooks)];
	char pin_dir[64];	/* "" when not pinned */
	struct live_map {
		char name[32];
		int fd;
	} maps[64];
	size_t n_maps;
	struct live_prog {
		char name[48];
		int fd;
	} progs[96];
	size_t n_progs;
};

static char log_text[768];
static size_t log_len;

/* libbpf's warnings are kept for the error message: its last words name the
 * cause. */
__attribute__((format(printf, 2, 0))) static int keep_log(enum libbpf_print_level level, const char *format, va_list args)
{
	int n;

	if (level != LIBBPF_WARN)
		return 0;
	if (log_len > sizeof(log_text) / 2)
		log_len = 0;
	n = vsnprintf(log_text + log_len, sizeof(log_text) - log_len, format, args);
	if (n > 0)
		log_len = log_len + (size_t)n < sizeof(log_text) ? log_len + (size_t)n : sizeof(log_text) - 1;
	return n;
}

__attribute__((format(printf, 3, 4))) static int fail(struct live_error *reterr, int r, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(reterr->message, sizeof(reterr->message), format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(reterr->message) && log_len)
		snprintf(reterr->message + n, sizeof(reterr->message) - (size_t)n, " (%.600s)", log_text);
	return r;
}

/* ---- probing ---- */

static int tracepoint_params(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *t;
	char name[96];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -ENOENT;
	t = btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type);
	if (!t || !btf_is_ptr(t))
		return -ENOENT;
	t = btf__type_by_id(btf, t->type);
	if (!t || !btf_is_func_proto(t))
		return -ENOENT;
	return btf_vlen(t) - 1;	/* the first is the tracepoint's own data */
}

/* In a module: its type information is there while it is loaded, and to attach
 * to it libbpf looks through that of all modules, which takes CAP_SYS_ADMIN. */
static int module_params(const struct btf *btf, const struct hook *hook)
{
	struct btf *module;
	__u32 id = 0;
	int n;

	if (!hook->module || bpf_btf_get_next_id(0, &id) < 0)
		return -ENOENT;
	module = btf__load_module_btf(hook->module, (struct btf *)btf);
	if (!module)
		return -ENOENT;
	n = tracepoint_params(module, hook->tracepoint);
	btf__free(module);
	return n;
}

static bool hook_fits(const struct btf *btf, const struct hook *hook)
{
	int n = tracepoint_params(btf, hook->tracepoint);

	if (n < 0)
		n = module_params(btf, hook);
	return n >= 0 && (!hook->n_params || hook->n_params == n);
}

int live_probe(struct live_hook *ret_hooks, size_t max, struct live_error *reterr)
{
	struct btf *btf;
	size_t i, n = 0;

	libbpf_set_print(keep_log);
	log_len = 0;
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return fail(reterr, -ENOTSUP, "this kernel has no type information (/sys/kernel/btf/vmlinux): %s",
			    strerror(errno));
	for (i = 0; i < ARRAY_SIZE(hooks) && n < max; i++) {
		bool fits = hook_fits(btf, &hooks[i]);

		/* Of two shapes of one tracepoint only the one that fits is named. */
		if (!fits && hooks[i].n_params && (tracepoint_params(btf, hooks[i].tracepoint) >= 0 || n == 0 ||
						   !strcmp(ret_hooks[n - 1].hook, hooks[i].tracepoint)))
			continue;
		ret_hooks[n++] = (struct live_hook){ .hook = hooks[i].tracepoint,
					       .sees = hooks[i].sees,
					       .without = hooks[i].without,
					       .required = hooks[i].required,
					       .available = fits };
	}
	btf__free(btf);
	return (int)n;
}

/* ---- pins ---- */

static int pin_path(char *buf, const struct live *live, const char *kind, const char *name)
{
	int n = snprintf(buf, PATH_ROOM, "%s/%s_%s", live->pin_dir, kind, name);

	/* A bpf file system allows no dots. */
	for (char *dot = strchr(buf, '.'); dot; dot = strchr(dot, '.'))
		*dot = '_';
	return n < PATH_ROOM ? 0 : -ENAMETOOLONG;
}

static void remove_pin_dir(const char *dir)
{
	char path[PATH_ROOM * 2];
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return;
	/* Links first: no hook may run on without its maps. */
	for (int pass = 0; pass < 2; pass++) {
		rewinddir(d);
		while ((entry = readdir(d))) {
			if (entry->d_name[0] == '.' || (pass == 0 && strncmp(entry->d_name, "link_", 5) != 0))
				continue;
			snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
			unlink(path);
		}
	}
	closedir(d);
	rmdir(dir);
}

/* Builds other than this one that were left behind, now that ours is attached. */
static void remove_other_builds(const char *ours)
{
	char path[PATH_ROOM * 2];
	struct dirent *entry;
	DIR *d = opendir(LIVE_PIN_ROOT);

	if (!d)
		return;
	while ((entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", LIVE_PIN_ROOT, entry->d_name);
		if (entry->d_name[0] != '.' && strcmp(path, ours) != 0)
			remove_pin_dir(path);
	}
	closedir(d);
}

/* A bpf file system at the usual place; mounted there if nobody did, as bpftool
 * does. */
static int prepare_pin_dir(struct live *live)
{
	struct statfs fs;

	if (statfs("/sys/fs/bpf", &fs) < 0)
		return -errno;
	if ((unsigned long)fs.f_type != BPF_FS_MAGIC &&
	    mount("bpf", "/sys/fs/bpf", "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return -errno;
	if (mkdir(LIVE_PIN_ROOT, 0700) < 0 && errno != EEXIST)
		return -errno;
	snprintf(live->pin_dir, sizeof(live->pin_dir), "%s/%.16s", LIVE_PIN_ROOT, live_object_hash);
	return 0;
}

/* ---- maps and programs by name ---- */

static int remember_map(struct live *live, const char *name, int fd)
{
	struct live_map *map;

	if (live->n_maps == ARRAY_SIZE(live->maps))
		return -E2BIG;
	map = &live->maps[live->n_maps++];
	snprintf(map->name, sizeof(map->name), "%s", name);
	map->fd = fd;
	return 0;
}

static int remember_prog(struct live *live, const char *name, int fd)
{
	struct live_prog *prog;

	if (live->n_progs == ARRAY_SIZE(live->progs))
		return -E2BIG;
	prog = &live->progs[live->n_progs++];
	snprintf(prog->name, sizeof(prog->name), "%s", name);
	prog->fd = fd;
	return 0;
}

int live_map_fd(const struct live *live, const char *name)
{
	for (size_t i = 0; i < live->n_maps; i++)
		if (!strcmp(live->maps[i].name, name))
			return live->maps[i].fd;
	return -ENOENT;
}

static int live_prog_fd(const struct live *live, const char *name)
{
	for (size_t i = 0; i < live->n_progs; i++)
		if (!strcmp(live->progs[i].name, name))
			return live->progs[i].fd;
	return -ENOENT;
}

/* ---- adopting ---- */

/* What this build needs, from its own object file without loading it. One of two
 * objects, for what the kernel has: see bpf/kcompat.bpf.h. */
static struct bpf_object *open_object(const struct btf *btf, struct live_error *reterr)
{
	/* Relocations against types that this kernel lacks end at its own BTF. Left to
	 * itself libbpf would go on to those of the modules, which takes CAP_SYS_ADMIN. */
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "brigwatch",
		    .btf_custom_path = "/sys/kernel/btf/vmlinux");
	struct bpf_object *object;
	const void *bytes;
	size_t len;

	if (btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0)
		bytes = cast_bpf__elf_bytes(&len);
	else
		bytes = probe_bpf__elf_bytes(&len);
	object = bpf_object__open_mem(bytes, len, &opts);
	if (!object)
		fail(reterr, -errno, "cannot read the built-in BPF object: %s", strerror(errno));
	return object;
}

static bool is_internal_map(const char *name)
{
	/* .rodata and its like are held by the programs; .data.* are our variables. */
	return strchr(name, '.') != NULL && strncmp(name, ".data.", 6) != 0;
}

static int adopt(struct live *live, struct bpf_object *object)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	char path[PATH_ROOM];
	size_t i;
	int fd, r;

	if (!live->pin_dir[0])
		return -ENOENT;
	bpf_object__for_each_map(map, object) {
		if (is_internal_map(bpf_map__name(map)))
			continue;
		pin_path(path, live, "map", bpf_map__name(map));
		fd = bpf_obj_get(path);
		if (fd < 0)
			return -errno;
		r = remember_map(live, bpf_map__name(map), fd);
		if (r < 0)
			return r;
	}
	bpf_object__for_each_program(prog, object) {
		pin_path(path, live, "prog", bpf_program__name(prog));
		fd = bpf_obj_get(path);
		if (fd < 0)
			continue;	/* not loaded on this kernel */
		r = remember_prog(live, bpf_program__name(prog), fd);
		if (r < 0)
			return r;
	}
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		pin_path(path, live, "link", hooks[i].program);
		if (access(path, F_OK) == 0)
			live->links[i] = bpf_link__open(path);
		if (!live->links[i] && hooks[i].required)
			return -ENOENT;
	}
	return 0;
}

/* ---- loading ---- */

static void choose_programs(struct bpf_object *object, const struct btf *btf)
{
	struct bpf_program *prog;
	size_t i;

	bpf_object__for_each_program(prog, object)
		bpf_program__set_autoattach(prog, false);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		prog = bpf_object__find_program_by_name(object, hooks[i].program);
		bpf_program__set_autoload(prog, hook_fits(btf, &hooks[i]));
	}
}

static int fill_calls(const struct live *live)
{
	static const char *const maps[ABI_MAX] = {
		[ABI_NATIVE] = "calls_native",
		[ABI_X32] = "calls_x32",
		[ABI_IA32] = "calls_ia32",
	};

	for (enum syscall_abi abi = 0; abi < ABI_MAX; abi++) {
		int fd = live_map_fd(live, maps[abi]);

		for (__u32 nr = 0; nr < SYSCALLS_MAX; nr++) {
			__u8 handler = (__u8)calls_handler(abi, nr);

			if (handler != HANDLER_UNKNOWN &&
			    bpf_map_update_elem(fd, &nr, &handler, BPF_ANY) < 0)
				return -errno;
		}
	}
	return 0;
}

static int fill_handlers(const struct live *live)
{
	int fd = live_map_fd(live, "handlers"), prog;

	for (__u32 i = 0; i < HANDLER_MAX; i++) {
		if (!handler_programs[i])
			continue;
		prog = live_prog_fd(live, handler_programs[i]);
		if (prog < 0)
			return prog;
		if (bpf_map_update_elem(fd, &i, &prog, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

/* Programs of container runtimes and of what decides over containers, by the
 * name of their inode. A first guess only: what is run by root on the host
 * under such a name is remembered by identity, and any program that is seen to
 * start a container joins it, whatever its name. */
const char *const live_runtime_names[] = {
	"runc", "crun", "youki", "runsc", "kata-runtime", "lxc-start", "systemd-nspawn",
	"conmon", "conmonrs", "containerd", "containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2",
	"dockerd", "rootlesskit", "crio", "podman", "buildah", "buildkitd",
	"kubelet", "k3s", "rke2", "cri-dockerd", "nvidia-container-runtime", "nvidia-container-cli",
	NULL,
};

/* Programs that read a file in order to do what it says, without the numbers of
 * their versions: when the host starts one with a file that a container wrote,
 * that is code. By name, because nothing else tells sh from cat; it is the host
 * that chooses them. */
static const char *const interpreter_names[] = {
	"sh",	"bash",	  "dash",   "ash",   "ksh",    "mksh",	  "zsh",    "fish", "csh",
	"tcsh", "python", "pypy",   "perl",  "ruby",   "node",	  "nodejs", "deno", "bun",
	"php",	"lua",	  "luajit", "tclsh", "expect", "Rscript", "guile",  "pwsh", NULL,
};

static int fill_names(const struct live *live, const char *map, const char *const *names)
{
	int fd = live_map_fd(live, map);
	__u32 one = 1;

	for (size_t i = 0; names[i]; i++) {
		struct name_key key = {};

		snprintf(key.name, sizeof(key.name), "%s", names[i]);
		if (bpf_map_update_elem(fd, &key, &one, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static int run_by_hand(int prog, void *ctx, __u32 ctx_size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = ctx, .ctx_size_in = ctx_size);

	if (prog < 0)
		return prog;
	if (bpf_prog_test_run_opts(prog, &opts) < 0)
		return -errno;
	return opts.retval == 0 ? 0 : -EIO;
}

static int set_config(const struct live *live, uint64_t wanted, uint64_t wanted_plain)
{
	struct sensor_config config;
	struct timespec wall, boot;
	int fd = live_map_fd(live, ".data.config");
	__u32 zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, &config) < 0)
		return -errno;
	config.wanted = wanted;
	config.wanted_plain = wanted_plain;
	config.agent_tgid = (__u32)getpid();
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	config.wall_boot_ns = (__u64)(wall.tv_sec - boot.tv_sec) * 1000000000u +
			      (__u64)(wall.tv_nsec - boot.tv_nsec);
	if (bpf_map_update_elem(fd, &zero, &config, BPF_ANY) < 0)
		return -errno;
	return 0;
}

/* The number that the kernel gave to what `fd` stands for, of any kind: 0 when it
 * does not say. */
static __u32 object_id(const char *kind, int fd)
{
	union {
		struct bpf_map_info map;
		struct bpf_prog_info prog;
		struct bpf_link_info link;
	} info = {};
	__u32 len = *kind == 'm' ? sizeof(info.map) : *kind == 'p' ? sizeof(info.prog) : sizeof(info.link);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return 0;
	return *kind == 'm' ? info.map.id : *kind == 'p' ? info.prog.id : info.link.id;
}

/* Is what is pinned there this very object, and not one that somebody put in its
 * place? The next agent would take it for ours. */
static bool is_pinned_there(const char *path, const char *kind, int fd)
{
	cleanup_close int pinned = bpf_obj_get(path);

	return pinned >= 0 && object_id(kind, pinned) == object_id(kind, fd);
}

static int pin_one(const struct live *live, const char *kind, const char *name, int fd, unsigned int *n,
		   unsigned int *n_missing)
{
	char path[PATH_ROOM];

	++*n;
	pin_path(path, live, kind, name);
	if (is_pinned_there(path, kind, fd))
		return 0;
	++*n_missing;
	(void)unlink(path);
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

/* Pin what is not: *ret_missing of the *ret_n that there are. */
static int pin_all(const struct live *live, unsigned int *ret_n, unsigned int *ret_missing)
{
	int r = 0;
	size_t i;

	*ret_n = *ret_missing = 0;
	if (mkdir(LIVE_PIN_ROOT, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(live->pin_dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	for (i = 0; i < live->n_maps && r == 0; i++)
		r = pin_one(live, "map", live->maps[i].name, live->maps[i].fd, ret_n, ret_missing);
	for (i = 0; i < live->n_progs && r == 0; i++)
		r = pin_one(live, "prog", live->progs[i].name, live->progs[i].fd, ret_n, ret_missing);
	/* Links last: a directory without all required links is not adopted. */
	for (i = 0; i < ARRAY_SIZE(hooks) && r == 0; i++)
		if (live->links[i])
			r = pin_one(live, "link", hooks[i].program, bpf_link__fd(live->links[i]), ret_n,
				    ret_missing);
	return r;
}

/* Descriptors of our own: the object goes when all is attached, with the megabytes
 * of instructions that libbpf keeps. */
static int remember_all(struct live *live, struct bpf_object *object)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int fd, r;

	bpf_object__for_each_map(map, object)
	{
		if (is_internal_map(bpf_map__name(map)))
			continue;
		fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		r = fd < 0 ? -errno : remember_map(live, bpf_map__name(map), fd);
		if (r < 0)
			return r;
	}
	bpf_object__for_each_program(prog, object)
	{
		if (bpf_program__fd(prog) < 0)
			continue; /* not for this kernel */
		fd = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 0);
		r = fd < 0 ? -errno : remember_prog(live, bpf_program__name(prog), fd);
		if (r < 0)
			return r;
	}
	return 0;
}

static int load(struct live *live, struct bpf_object *object, const struct btf *btf,
		uint64_t wanted, uint64_t wanted_plain, struct live_error *reterr)
{
	struct bpf_program *prog;
	size_t i;
	int r;

	choose_programs(object, btf);
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].required && !hook_fits(btf, &hooks[i]))
			return fail(reterr, -ENOTSUP, "the kernel lacks the tracepoint %s",
				    hooks[i].tracepoint);

	r = bpf_object__load(object);
	if (r < 0)
		return fail(reterr, r, "the kernel refused the programs: %s", strerror(-r));

	r = remember_all(live, object);
	if (r < 0)
		return fail(reterr, r, "cannot keep the maps and programs: %s", strerror(-r));
	r = fill_calls(live);
	if (r == 0)
		r = fill_handlers(live);
	if (r == 0)
		r = fill_names(live, "runtime_names", live_runtime_names);
	if (r == 0)
		r = fill_names(live, "interpreters", interpreter_names);
	if (r == 0)
		r = set_config(live, wanted, wanted_plain);
	if (r < 0)
		return fail(reterr, r, "cannot fill the maps: %s", strerror(-r));
	r = run_by_hand(live_prog_fd(live, "raw_tp__setup"), NULL, 0);
	if (r < 0)
		return fail(reterr, r, "cannot find the host's namespaces: %s", strerror(-r));

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		prog = bpf_object__find_program_by_name(object, hooks[i].program);
		if (!bpf_program__autoload(prog))
			continue;
		live->links[i] = bpf_program__attach(prog);
		if (!live->links[i] && hooks[i].required)
			return fail(reterr, -errno, "cannot attach %s: %s", hooks[i].program, strerror(errno));
	}
	if (live->pin_dir[0]) {
		unsigned int n, n_missing;

		remove_pin_dir(live->pin_dir);
		r = pin_all(live, &n, &n_missing);
		if (r < 0) {
			remove_pin_dir(live->pin_dir);
			return fail(reterr, r, "cannot pin below %s: %s", live->pin_dir, strerror(-r));
		}
		remove_other_builds(live->pin_dir);
	}
	return 0;
}

static struct btf *load_btf(struct live_error *reterr)
{
	struct btf *btf;

	libbpf_set_print(keep_log);
	log_len = 0;
	reterr->message[0] = '\0';
	btf = btf__load_vmlinux_btf();
	if (!btf)
		fail(reterr, -ENOTSUP,
		     "this kernel has no type information (/sys/kernel/btf/vmlinux): %s",
		     strerror(errno));
	return btf;
}

static void free_btf(struct btf **btf)
{
	btf__free(*btf);
}
#define cleanup_btf __attribute__((cleanup(free_btf)))

static void close_object(struct bpf_object **object)
{
	bpf_object__close(*object);
}
#define cleanup_object __attribute__((cleanup(close_object)))

int live_try(struct live_error *reterr)
{
	cleanup_btf struct btf *btf = load_btf(reterr);
	cleanup_object struct bpf_object *object = NULL;
	int r;

	if (!btf)
		return -ENOTSUP;
	object = open_object(btf, reterr);
	if (!object)
		return -EINVAL;
	choose_programs(object, btf);
	r = bpf_object__load(object);
	if (r < 0)
		fail(reterr, r, "the kernel refused the programs: %s", strerror(-r));
	return r;
}

/* Give back what an attempt to adopt took. */
static void forget_all(struct live *live)
{
	size_t i;

	for (i = 0; i < live->n_maps; i++)
		close(live->maps[i].fd);
	for (i = 0; i < live->n_progs; i++)
		close(live->progs[i].fd);
	live->n_maps = live->n_progs = 0;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		bpf_link__destroy(take_ptr(live->links[i]));
}

int live_start(uint64_t wanted, uint64_t wanted_plain, struct live **ret, bool *ret_adopted,
	       struct live_error *reterr)
{
	cleanup_btf struct btf *btf = load_btf(reterr);
	cleanup_object struct bpf_object *object = NULL;
	struct live *live;
	int r;

	if (!btf)
		return -ENOTSUP;
	object = open_object(btf, reterr);
	if (!object)
		return -EINVAL;
	live = calloc(1, sizeof(*live));
	if (!live)
		return -ENOMEM;
	r = prepare_pin_dir(live);
	if (r < 0)
		live->pin_dir[0] = '\0';	/* the caller says so: live_is_pinned() */
	r = adopt(live, object);
	*ret_adopted = r == 0;
	if (r == 0) {
		r = set_config(live, wanted, wanted_plain);
		if (r < 0)
			fail(reterr, r, "cannot take over the pinned maps: %s", strerror(-r));
	} else {
		forget_all(live);
		r = load(live, object, btf, wanted, wanted_plain, reterr);
	}
	if (r < 0) {
		live_free(live);
		return r;
	}
	*ret = live;
	return 0;
}

void live_stop(struct live *live)
{
	size_t i;

	if (!live)
		return;
	if (live->pin_dir[0])
		remove_pin_dir(live->pin_dir);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		/* An unpinned link detaches with its last descriptor. */
		bpf_link__destroy(take_ptr(live->links[i]));
	}
	rmdir(LIVE_PIN_ROOT);
}

void live_free(struct live *live)
{
	if (!live)
		return;
	forget_all(live);
	free(live);
}

bool live_is_pinned(const struct live *live)
{
	return live->pin_dir[0] != '\0';
}

/* ---- looking at what runs ---- */

int live_register_runtime(struct live *live, int fd, enum runtime_origin origin)
{
	struct register_args args = { .fd = (__u64)fd, .origin = origin };

	return run_by_hand(live_prog_fd(live, "raw_tp__register_fd"), &args, sizeof(args));
}

/* The kernel side keeps the end of long names. */
static struct name_key make_name(const char *name)
{
	size_t len = strlen(name), skip = 0;
	struct name_key key = {};

	if (len > sizeof(key.name) - 1)
		skip = len - (sizeof(key.name) - 1);
	memcpy(key.name, name + skip, len - skip);
	return key;
}

int live_watch_names(struct live *live, const char *const *names, uint32_t kind)
{
	int fd = live_map_fd(live, "watched_names");

	for (size_t i = 0; names[i]; i++) {
		struct name_key key = make_name(names[i]);
		__u32 kinds = 0;

		(void)bpf_map_lookup_elem(fd, &key, &kinds);
		kinds |= kind;
		if (bpf_map_update_elem(fd, &key, &kinds, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static __u32 kinds_of(const struct name_key *key, const struct live_watch *lists, size_t n_lists)
{
	__u32 kinds = 0;

	for (size_t i = 0; i < n_lists; i++) {
		for (size_t n = 0; lists[i].names[n]; n++) {
			struct name_key other = make_name(lists[i].names[n]);

			if (memcmp(&other, key, sizeof(other)) == 0)
				kinds |= lists[i].kind;
		}
	}
	return kinds;
}

int live_watch_only(struct live *live, const struct live_watch *lists, size_t n_lists)
{
	int fd = live_map_fd(live, "watched_names"), r = 0;
	struct name_key key, next;
	bool is_last;

	for (size_t i = 0; i < n_lists && r == 0; i++)
		r = live_watch_names(live, lists[i].names, lists[i].kind);
	if (r < 0)
		return r;
	is_last = bpf_map_get_next_key(fd, NULL, &next) < 0;
	while (!is_last) {
		__u32 kinds;

		key = next;
		is_last = bpf_map_get_next_key(fd, &key, &next) < 0;
		kinds = kinds_of(&key, lists, n_lists);
		if (kinds ? bpf_map_update_elem(fd, &key, &kinds, BPF_ANY) < 0 :
			    bpf_map_delete_elem(fd, &key) < 0)
			r = -errno;
	}
	return r;
}

int live_set_wanted(struct live *live, uint64_t wanted, uint64_t wanted_plain)
{
	int fd = live_map_fd(live, ".data.config");
	struct sensor_config config;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, &config) < 0)
		return -errno;
	config.wanted = wanted;
	config.wanted_plain = wanted_plain;
	return bpf_map_update_elem(fd, &zero, &config, BPF_ANY) < 0 ? -errno : 0;
}

static int run_iterator(struct live *live, const char *name)
{
	int prog = live_prog_fd(live, name), link, iter;
	char buf[256];
	ssize_t n;
	int r = 0;

	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	if (link < 0)
		return -errno;
	iter = bpf_iter_create(link);
	if (iter < 0) {
		r = -errno;
		close(link);
		return r;
	}
	do {
		n = read(iter, buf, sizeof(buf));
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	if (n < 0)
		r = -errno;
	close(iter);
	close(link);
	return r;
}

int live_scan_runtimes(struct live *live)
{
	return run_iterator(live, "iter__task_runtimes");
}

int live_scan_sockets(struct live *live)
{
	return run_iterator(live, "iter__task_file_sockets");
}

int live_scan_subjects(struct live *live)
{
	return run_iterator(live, "iter__task_subjects");
}

int live_sweep_identities(struct live *live)
{
	return run_iterator(live, "iter__task_identities");
}

int live_sweep_namespaces(struct live *live, uint64_t older_than_ns)
{
	int fd = live_map_fd(live, "mnt_ns"), containers = live_map_fd(live, "containers"), r;
	__u64 key = 0, next;
	struct mnt_ns_state state;

	r = run_iterator(live, "iter__task_namespaces");
	if (r < 0)
		return r;
	r = bpf_map_get_next_key(fd, NULL, &next);
	while (r == 0) {
		key = next;
		r = bpf_map_get_next_key(fd, &key, &next);
		if (bpf_map_lookup_elem(fd, &key, &state) == 0 && state.seen_ns < older_than_ns) {
			bpf_map_delete_elem(fd, &key);
			bpf_map_delete_elem(containers, &key);
		}
	}
	return 0;
}

static bool link_holds(const struct bpf_link *link)
{
	return link && object_id("link", bpf_link__fd(link)) != 0;
}

void live_check_hooks(struct live *live, struct live_state *ret)
{
	_Static_assert(ARRAY_SIZE(hooks) <= LIVE_HOOKS_MAX, "room for all hooks");

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		int prog = live_prog_fd(live, hooks[i].program);
		struct live_hook_state *state = &ret->hooks[ret->n_hooks];
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (prog < 0)
			continue; /* not for this kernel */
		ret->n_hooks++;
		*state = (struct live_hook_state){ .hook = hooks[i].tracepoint,
						   .without = hooks[i].without,
						   .required = hooks[i].required,
						   .attached = link_holds(live->links[i]) };
		ret->n_detached += !state->attached;
		if (bpf_obj_get_info_by_fd(prog, &info, &len) == 0)
			state->missed_runs = info.recursion_misses;
		ret->missed_runs += state->missed_runs;
	}
	/* Hooks hold without their pins as long as we live; the next agent would not
	 * find them. */
	if (live->pin_dir[0])
		ret->pin_error = -pin_all(live, &ret->n_pins, &ret->n_pins_missing);
}
