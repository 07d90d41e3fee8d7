/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of events as a node with containers has it: most of them programs
 * that start, end and open their own files, some on volumes, sockets and the
 * kernel's files, few mounts, and one in some hundred that a rule tells of.
 * Made once, and the same on each machine; only decoding and rules are timed. */
#include "cmd/bench_rules.h"

#include <stdio.h>

#define N_CONTAINERS 8
#define N_PROCS 32

struct made {
	uint32_t offset, len;
	uint8_t container, proc;
};

struct bench_stream {
	struct made *made;
	size_t n, room;
	char *bytes;
	size_t n_bytes, bytes_room;
	uint64_t state; /* of the numbers that choose */
	struct container_view containers[N_CONTAINERS];
	struct proc_view procs[N_PROCS];
	char names[N_CONTAINERS][3][80];
};

static unsigned int below(struct bench_stream *stream, unsigned int n)
{
	stream->state = stream->state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(stream->state >> 33) % n;
}

/* Not ARRAY_SIZE(): cppcheck does not expand it within another macro. */
#define PICK(stream, array) ((array)[below((stream), sizeof(array) / sizeof((array)[0]))])

/* --- records --------------------------------------------------------------- */

struct writer {
	char bytes[EVENT_SIZE_MAX];
	size_t len;
};

/* Common parts of every record. */
static struct event_hdr make_header(struct bench_stream *stream, unsigned int type)
{
	static const char *const comms[] = {
		"nginx",    "node",	    "python3", "java",	"sh",
		"postgres", "redis-server", "runc",    "sleep", "curl"
	};
	struct event_hdr hdr = {
		.type = (uint16_t)type,
		.version = EVENT_VERSION,
		.tier = TIER_TRACEPOINT,
		.seq = stream->n + 1,
		.time_ns = 1000000000ull + stream->n * 50000,
		.phase = PHASE_CONTAINED,
		.nr = 257,
		.uid = below(stream, 4) == 0 ? 0 : 1000,
		.cap_effective = 0xa80425fb,
		.cgroup_id = 5000,
		.container = 1 + below(stream, N_CONTAINERS),
		.user_ns_inum = 0xeffffffd,
	};

	hdr.proc = (struct exec_id){ 1000 + stream->n, 4000 + below(stream, 2000), 1 };
	hdr.tid = hdr.proc.tgid;
	hdr.ns_tgid = hdr.proc.tgid - 3990;
	hdr.ppid = 3990;
	snprintf(hdr.comm, sizeof(hdr.comm), "%s", PICK(stream, comms));
	return hdr;
}

static struct event_file make_file(unsigned int mode)
{
	return (struct event_file){
		.ino = 262401,
		.mount_container = 1,
		.dev = 45,
		.fs_magic = 0x794c7630,
		.nlink = 1,
		.mode = (uint16_t)mode,
		.mount_owner = OWNER_OWN,
		.source = SOURCE_KERNEL,
		.fs = "overlay",
	};
}

static void begin(struct writer *writer, const void *fixed, size_t len)
{
	memcpy(writer->bytes, fixed, len);
	writer->len = len;
}

static void add(struct writer *writer, size_t len_off, const char *str, size_t len)
{
	uint16_t len16 = (uint16_t)len;

	memcpy(writer->bytes + len_off, &len16, sizeof(len16));
	memcpy(writer->bytes + writer->len, str, len);
	writer->len += len;
}
#define ADD(writer, type, member, str) \
	add(writer, offsetof(struct event_##type, member), str, strlen(str))

/* Keep the record. False: out of memory. */
static bool keep(struct bench_stream *stream, const struct writer *writer)
{
	uint32_t size = (uint32_t)writer->len;
	struct made *made;

	if (stream->n_bytes + writer->len > stream->bytes_room || stream->n == stream->room)
		return false;
	memcpy(stream->bytes + stream->n_bytes, writer->bytes, writer->len);
	memcpy(stream->bytes + stream->n_bytes + offsetof(struct event_hdr, size), &size,
	       sizeof(size));
	made = &stream->made[stream->n++];
	*made = (struct made){ (uint32_t)stream->n_bytes, size,
			       (uint8_t)below(stream, N_CONTAINERS),
			       (uint8_t)below(stream, N_PROCS - 4) };
	stream->n_bytes += writer->len;
	return true;
}

/* --- what happens on a node -------------------------------------------------- */

static void make_fork(struct bench_stream *stream, struct writer *writer)
{
	struct event_fork ev = { .hdr = make_header(stream, EVENT_FORK), .clone_flags = 0x1200011 };

	begin(writer, &ev, sizeof(ev));
}

static void make_exit(struct bench_stream *stream, struct writer *writer)
{
	struct event_exit ev = { .hdr = make_header(stream, EVENT_EXIT),
				 .exit_code = (int)below(stream, 2) << 8 };

	begin(writer, &ev, sizeof(ev));
}

static void make_exec(struct bench_stream *stream, struct writer *writer)
{
	static const char *const paths[] = { "/usr/bin/node", "/usr/local/bin/python3.11",
					     "/bin/busybox",  "/usr/sbin/nginx",
					     "/usr/bin/dash", "/usr/lib/jvm/java-17/bin/java",
					     "/usr/bin/curl", "/app/server" };
	static const char args[] = "python3\0-m\0gunicorn\0--workers\0004\0app.main:application\0";
	struct event_exec ev = { .hdr = make_header(stream, EVENT_EXEC),
				 .file = make_file(0100755),
				 .args_total = sizeof(args) - 1,
				 .cwd_owner = OWNER_OWN,
				 .root_owner = OWNER_OWN };
	const char *path = PICK(stream, paths);

	ev.hdr.nr = 59;
	begin(writer, &ev, sizeof(ev));
	ADD(writer, exec, path_len, path);
	ADD(writer, exec, fspath_len, path);
	ADD(writer, exec, filename_len, path);
	ADD(writer, exec, cwd_len, "/app");
	add(writer, offsetof(struct event_exec, args_len), args, sizeof(args) - 1);
}

static void make_open(struct bench_stream *stream, struct writer *writer)
{
	static const char *const own[] = {
		"/etc/ld.so.cache",
		"/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/usr/lib/x86_64-linux-gnu/libssl.so.3",
		"/usr/local/lib/python3.11/site-packages/django/db/models/fields/__init__.py",
		"/etc/resolv.conf",
		"/app/node_modules/express/lib/router/index.js",
		"/usr/share/zoneinfo/Europe/Berlin",
		"/etc/nsswitch.conf",
		"/etc/passwd",
	};
	static const char *const written[] = { "/var/log/nginx/access.log", "/tmp/upload-8821",
					       "/run/app.pid",
					       "/data/wal/000000010000000000000031" };
	static const char *const control[] = { "/proc/sys/vm/overcommit_memory", "/proc/meminfo",
					       "/sys/fs/cgroup/memory.max", "/proc/self/status" };
	struct event_open ev = { .hdr = make_header(stream, EVENT_OPEN),
				 .file = make_file(0100644),
				 .open_flags = 0x80000,
				 .f_mode = 1,
				 .dirfd = -100 };
	unsigned int kind = below(stream, 100);
	const char *path = PICK(stream, own), *arg;

	if (kind < 14) { /* to write, some of it on a volume */
		path = PICK(stream, written);
		ev.f_mode = 2;
		ev.open_flags = 0x80441;
		ev.hdr.facts = FACT_FILE_WRITE | (kind < 5 ? FACT_VOLUME : 0);
	} else if (kind < 22) {
		path = PICK(stream, control);
		ev.hdr.facts = FACT_KERNEL_CONTROL;
		strcpy(ev.file.fs, "proc");
	} else if (kind < 26) { /* no such file */
		ev.hdr.ret = -2;
		ev.hdr.flags = EVENT_F_FAILED;
		memset(&ev.file, 0, sizeof(ev.file));
	} else if (kind < 28) {
		path = "/run/secrets/tls/tls.key";
		ev.hdr.facts = FACT_SENSITIVE | FACT_VOLUME | FACT_MAIN_PROGRAM;
	} else if (kind < 29) { /* a file of the host: a finding */
		path = "/etc/cron.d/backup";
		ev.file.mount_owner = OWNER_HOST;
		ev.hdr.facts = FACT_FILE_FOREIGN | FACT_FILE_WRITE;
	} else if (kind < 33) {
		path = "/dev/pts/0";
		ev.file.mount_owner = OWNER_HOST;
		ev.file.mode = 0020620;
		ev.hdr.facts = FACT_FILE_FOREIGN | FACT_STDIO;
	}
	arg = path;
	begin(writer, &ev, sizeof(ev));
	ADD(writer, open, path_len, ev.file.source ? path : "");
	ADD(writer, open, fspath_len, ev.file.source ? path : "");
	ADD(writer, open, arg_len, arg);
}

static void make_connect(struct bench_stream *stream, struct writer *writer)
{
	static const char *const paths[] = { "/run/nscd/socket",
					     "/var/run/postgresql/.s.PGSQL.5432",
					     "/tmp/.X11-unix/X0", "/run/php/fpm.sock" };
	struct event_connect ev = { .hdr = make_header(stream, EVENT_CONNECT),
				    .file = make_file(0140777),
				    .peer_tgid = 4100,
				    .peer_uid = 1000 };
	const char *path = PICK(stream, paths);

	ev.hdr.nr = 42;
	begin(writer, &ev, sizeof(ev));
	ADD(writer, connect, path_len, path);
	ADD(writer, connect, arg_len, path);
}

static void make_inet(struct bench_stream *stream, struct writer *writer)
{
	static const uint16_t ports[] = { 5432, 6379, 443, 80, 9092, 53, 8080 };
	struct event_inet ev = { .hdr = make_header(stream, EVENT_INET),
				 .addr = { 10, 96, 0, (uint8_t)below(stream, 250) },
				 .attempts = 1 + below(stream, 5),
				 .n_peers = 1 + below(stream, 4),
				 .n_addresses = 1 + below(stream, 3),
				 .port = PICK(stream, ports),
				 .protocol = 6,
				 .family = 4 };

	ev.hdr.nr = 42;
	begin(writer, &ev, sizeof(ev));
}

static void make_change(struct bench_stream *stream, struct writer *writer)
{
	static const uint32_t ops[] = { CHANGE_RENAME, CHANGE_UNLINK, CHANGE_UNLINK, CHANGE_MKDIR,
					CHANGE_CHMOD,  CHANGE_LINK,   CHANGE_CHOWN,  CHANGE_UTIME };
	static const char *const paths[] = { "/tmp/sess_91af", "/data/base/16384/2619",
					     "/var/cache/nginx/client_temp/0000000012",
					     "/app/.next/cache/webpack/0.pack" };
	struct event_change ev = { .hdr = make_header(stream, EVENT_CHANGE),
				   .file = make_file(0100644),
				   .op = PICK(stream, ops),
				   .mode = 0644,
				   .object = OBJECT_FILE,
				   .dirfd = -100 };
	const char *path = PICK(stream, paths);

	ev.hdr.facts = below(stream, 2) ? FACT_VOLUME : 0;
	begin(writer, &ev, sizeof(ev));
	ADD(writer, change, path_len, path);
	ADD(writer, change, fspath_len, path);
	ADD(writer, change, arg_len, path);
	ADD(writer, change, arg2_len, ev.op == CHANGE_RENAME ? "/tmp/sess_91af.new" : "");
}

/* A runtime that sets a container up. */
static void make_mount(struct bench_stream *stream, struct writer *writer)
{
	static const char *const targets[] = { "/proc", "/dev",	      "/dev/shm",
					       "/sys",	"/etc/hosts", "/data" };
	struct event_mount ev = { .hdr = make_header(stream, EVENT_MOUNT),
				  .file = make_file(0040755),
				  .flags = 0xe,
				  .op = below(stream, 5) ? MOUNT_MOUNT : MOUNT_UMOUNT };
	const char *target = PICK(stream, targets);

	ev.hdr.nr = 165;
	ev.hdr.phase = PHASE_RUNTIME;
	strcpy(ev.hdr.comm, "runc:[2:INIT]");
	begin(writer, &ev, sizeof(ev));
	ADD(writer, mount, target_len, target);
	ADD(writer, mount, source_len, "tmpfs");
	ADD(writer, mount, fstype_len, "tmpfs");
	ADD(writer, mount, path_len, "/");
	ADD(writer, mount, point_len, target);
}

static void make_chdir(struct bench_stream *stream, struct writer *writer)
{
	struct event_chdir ev = { .hdr = make_header(stream, EVENT_CHDIR),
				  .file = make_file(0040755),
				  .op = 1 + below(stream, 2) };

	begin(writer, &ev, sizeof(ev));
	ADD(writer, chdir, path_len, "/app/public");
	ADD(writer, chdir, fspath_len, "/app/public");
	ADD(writer, chdir, arg_len, "public");
}

static void make_ns(struct bench_stream *stream, struct writer *writer)
{
	struct event_ns ev = { .hdr = make_header(stream, EVENT_NS),
			       .flags = 0x10000000,
			       .changed = 0x10000000,
			       .op = NS_UNSHARE };

	begin(writer, &ev, sizeof(ev));
}

static void make_access(struct bench_stream *stream, struct writer *writer)
{
	struct event_access ev = { .hdr = make_header(stream, EVENT_ACCESS),
				   .target = { 1000, 4100, 1 },
				   .request = below(stream, 2) ? 15 : 17,
				   .op = ACCESS_SIGNAL,
				   .target_uid = 1000,
				   .target_arg = 110,
				   .target_comm = "worker" };

	ev.hdr.nr = 62;
	ev.hdr.boundary = BOUNDARY_SAME;
	ev.hdr.target_container = ev.hdr.container;
	begin(writer, &ev, sizeof(ev));
}

static void make_syscall(struct bench_stream *stream, struct writer *writer)
{
	static const int32_t calls[] = { 41, 250, 298, 321, 425, 41 };
	struct event_syscall ev = { .hdr = make_header(stream, EVENT_SYSCALL),
				    .args = { 16, 3, 0 } };

	ev.hdr.nr = PICK(stream, calls);
	ev.hdr.ret = below(stream, 2) ? -1 : 0;
	ev.hdr.flags = ev.hdr.ret < 0 ? EVENT_F_FAILED : 0;
	begin(writer, &ev, sizeof(ev));
	ADD(writer, syscall, arg_len, "");
}

static void make_use(struct bench_stream *stream, struct writer *writer)
{
	struct event_use ev = { .hdr = make_header(stream, EVENT_USE),
				.file = make_file(0010600),
				.fd = 1,
				.op = USE_WRITE,
				.f_mode = 2 };

	ev.hdr.facts = FACT_FILE_FOREIGN | FACT_STDIO;
	ev.file.mount_owner = OWNER_HOST;
	begin(writer, &ev, sizeof(ev));
	ADD(writer, use, path_len, "/run/containerd/fifo/1");
	ADD(writer, use, fspath_len, "/containerd/fifo/1");
}

static void make_capable(struct bench_stream *stream, struct writer *writer)
{
	struct event_capable ev = { .hdr = make_header(stream, EVENT_CAPABLE),
				    .cap = 1 + below(stream, 8) };

	begin(writer, &ev, sizeof(ev));
}

static void make_container(struct bench_stream *stream, struct writer *writer)
{
	struct event_container ev = { .hdr = make_header(stream, EVENT_CONTAINER),
				      .key = 3,
				      .init_tgid = 4000 };

	begin(writer, &ev, sizeof(ev));
	ADD(writer, container, cgroup_len, "/kubepods.slice/pod1/cri-containerd-4f1c2d.scope");
	ADD(writer, container, rootpath_len, "/");
}

static void make_canary(struct bench_stream *stream, struct writer *writer)
{
	struct event_canary ev = { .hdr = make_header(stream, EVENT_CANARY), .nonce = stream->n };

	ev.hdr.phase = PHASE_HOST;
	begin(writer, &ev, sizeof(ev));
}

/* Out of a thousand. */
static const struct {
	unsigned int share;
	void (*make)(struct bench_stream *stream, struct writer *writer);
} mix[] = {
	{ 410, make_open },  { 125, make_fork },  { 125, make_exit },	 { 105, make_exec },
	{ 75, make_change }, { 55, make_inet },	  { 35, make_connect },	 { 25, make_chdir },
	{ 12, make_access }, { 11, make_mount },  { 8, make_syscall },	 { 6, make_use },
	{ 3, make_ns },	     { 2, make_capable }, { 2, make_container }, { 1, make_canary },
};

static void make_record(struct bench_stream *stream, struct writer *writer)
{
	unsigned int at = below(stream, 1000);
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(mix) && at >= mix[i].share)
		at -= mix[i++].share;
	mix[i].make(stream, writer);
}

/* --- what enrichment would add ---------------------------------------------- */

static void make_views(struct bench_stream *stream)
{
	static const char *const names[] = { "containerd-shim", "sh", "node", "supervisord" };
	static const char *const paths[] = { "/usr/bin/containerd-shim-runc-v2", "/usr/bin/dash",
					     "/usr/bin/node", "/usr/bin/supervisord" };

	for (size_t i = 0; i < N_CONTAINERS; i++) {
		snprintf(stream->names[i][0], 80, "%064llx", 0x4f1c2d3e5a6bull * (i + 1));
		snprintf(stream->names[i][1], 80, "web-%zu", i);
		snprintf(stream->names[i][2], 80, "registry.example/shop/web:%zu.4", i);
		stream->containers[i] = (struct container_view){
			.key = i + 1,
			.cgroup_id = 5000 + i,
			.id = slice_from(stream->names[i][0]),
			.name = slice_from(stream->names[i][1]),
			.image = slice_from(stream->names[i][2]),
			.runtime = SLICE_LITERAL("containerd"),
			.cgroup = SLICE_LITERAL("/kubepods.slice/pod1"),
		};
	}
	for (size_t i = 0; i < N_PROCS; i++)
		stream->procs[i] = (struct proc_view){
			.id = { 1000 + i, (uint32_t)(4000 + i), 1 },
			.ppid = 3990,
			.name = slice_from(names[i % 4]),
			.exepath = slice_from(paths[i % 4]),
			.args = SLICE_LITERAL("node\0server.js\0"),
			.cwd = SLICE_LITERAL("/app"),
			.exe_owner = OWNER_OWN,
		};
}

/* --- the stream -------------------------------------------------------------- */

struct bench_stream *bench_stream_new(size_t n)
{
	struct bench_stream *stream = calloc(1, sizeof(*stream));
	struct writer *writer = calloc(1, sizeof(*writer));

	if (!stream || !writer)
		goto fail;
	stream->state = 20260101;
	stream->room = n;
	stream->bytes_room = n * 1024;
	stream->made = calloc(n, sizeof(*stream->made));
	stream->bytes = malloc(stream->bytes_room);
	if (!stream->made || !stream->bytes)
		goto fail;
	make_views(stream);
	while (stream->n < n) {
		make_record(stream, writer);
		if (!keep(stream, writer))
			goto fail;
	}
	free(writer);
	return stream;
fail:
	free(writer);
	bench_stream_free(stream);
	return NULL;
}

void bench_stream_free(struct bench_stream *stream)
{
	if (!stream)
		return;
	free(stream->made);
	free(stream->bytes);
	free(stream);
}

size_t bench_stream_len(const struct bench_stream *stream)
{
	return stream->n;
}

int bench_stream_decode(const struct bench_stream *stream, size_t i, struct event *ret)
{
	const struct made *made = &stream->made[i];
	int r;

	r = event_decode(stream->bytes + made->offset, made->len, ret);
	if (r < 0)
		return r;
	ret->container = &stream->containers[made->container];
	ret->proc = &stream->procs[made->proc];
	ret->n_ancestors = 3;
	for (unsigned int k = 0; k < 3; k++)
		ret->ancestors[k] = &stream->procs[made->proc + k + 1];
	ret->wall_ns = 1790000000000000000ull + ret->hdr.time_ns;
	return 0;
}
