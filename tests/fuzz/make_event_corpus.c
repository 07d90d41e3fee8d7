/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the seed records of corpus/event into the folder named on the command
 * line: one of each type, and some with what attackers write. Run it again when
 * the wire format changes. */
#include <stdio.h>

#include "unit/record.h"

static struct record rec;

/* Begin a record: `ev` is a local of the type's struct with the common parts set. */
#define BEGIN(type, TYPE) record_init(&rec, EVENT_##TYPE, &(type), sizeof(type))
#define ADD(type, member, s) \
	record_add(&rec, offsetof(struct event_##type, member), s, sizeof(s) - 1)

static int save(const char *dir, const char *name)
{
	char path[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "wb");
	if (!file) {
		perror(path);
		return -1;
	}
	n = fwrite(rec.bytes, 1, rec.len, file);
	if (fclose(file) != 0 || n != rec.len) {
		perror(path);
		return -1;
	}
	return 0;
}

static void make_open(struct event_open *ev)
{
	*ev = (struct event_open){ .hdr = record_hdr(),
				   .file = record_file(),
				   .open_flags = 1,
				   .f_mode = 2,
				   .dirfd = -100 };
	ev->hdr.nr = 257;
	ev->hdr.ret = -26;
	ev->hdr.flags = EVENT_F_FAILED;
	ev->hdr.facts = FACT_FILE_FOREIGN | FACT_RUNTIME_BINARY | FACT_FILE_WRITE;
}

static int make_files(const char *dir)
{
	struct event_open open;
	struct event_exec exec = { .hdr = record_hdr(),
				   .file = record_file(),
				   .args_total = 10,
				   .cwd_owner = OWNER_HOST };
	struct event_mount mount = {
		.hdr = record_hdr(), .file = record_file(), .op = MOUNT_MOUNT, .bdev = 8 << 20 | 1
	};
	struct event_chdir chdir = { .hdr = record_hdr(),
				     .file = record_file(),
				     .op = CHDIR_FCHDIR };
	struct event_connect connect = { .hdr = record_hdr(),
					 .file = record_file(),
					 .peer_tgid = 812 };
	int r = 0;

	make_open(&open);
	BEGIN(open, OPEN);
	ADD(open, path_len, "/usr/bin/runc");
	ADD(open, fspath_len, "/usr/bin/runc");
	ADD(open, arg_len, "/proc/self/exe");
	r |= save(dir, "open");

	memcpy(open.hdr.comm, "\x1b[2J\n\xff", 6);
	open.hdr.way = WAY_IO_URING;
	open.hdr.nr = 28;
	BEGIN(open, OPEN);
	ADD(open, path_len, "/x\nfake {\"rule\":\"ok\"}");
	ADD(open, fspath_len, "gpj\xe2\x80\xae.sh\xc3\x28");
	ADD(open, arg_len, "");
	r |= save(dir, "open-hostile");

	BEGIN(exec, EXEC);
	ADD(exec, path_len, "/bin/sh");
	ADD(exec, fspath_len, "/bin/dash");
	ADD(exec, filename_len, "sh");
	ADD(exec, cwd_len, "/");
	ADD(exec, args_len, "sh\0-c\0id\0");
	r |= save(dir, "exec");

	BEGIN(mount, MOUNT);
	ADD(mount, target_len, "/mnt");
	ADD(mount, source_len, "/dev/sda1");
	ADD(mount, fstype_len, "ext4");
	ADD(mount, path_len, "/");
	r |= save(dir, "mount");

	BEGIN(chdir, CHDIR);
	ADD(chdir, path_len, "/");
	ADD(chdir, fspath_len, "/");
	ADD(chdir, arg_len, "/proc/self/fd/8");
	r |= save(dir, "chdir");

	BEGIN(connect, CONNECT);
	ADD(connect, path_len, "/run/docker.sock");
	ADD(connect, arg_len, "/var/run/docker.sock");
	r |= save(dir, "connect");

	connect.abstract = 1;
	BEGIN(connect, CONNECT);
	ADD(connect, path_len, "\0/containerd-shim/x.sock");
	ADD(connect, arg_len, "\0/containerd-shim/x.sock");
	r |= save(dir, "connect-abstract");
	return r;
}

static int make_tasks(const char *dir)
{
	struct event_fork fork = { .hdr = record_hdr(), .clone_flags = 0x20020000 };
	struct event_exit exit = { .hdr = record_hdr(), .exit_code = 9 };
	struct event_ns ns = { .hdr = record_hdr(),
			       .flags = 0x20000,
			       .changed = 0x20000,
			       .joined_host = 0x20000,
			       .op = NS_SETNS };
	struct event_compat compat = { .hdr = record_hdr() };
	struct event_cgroup cgroup = { .hdr = record_hdr(), .old_id = 5151, .new_id = 1 };
	struct event_proc proc = { .hdr = record_hdr(), .file = record_file() };
	int r = 0;

	BEGIN(fork, FORK);
	r |= save(dir, "fork");
	BEGIN(exit, EXIT);
	r |= save(dir, "exit");
	BEGIN(ns, NS);
	r |= save(dir, "ns");
	compat.hdr.way = WAY_IA32;
	compat.hdr.nr = 5;
	BEGIN(compat, COMPAT);
	r |= save(dir, "compat");
	BEGIN(cgroup, CGROUP);
	ADD(cgroup, path_len, "/");
	r |= save(dir, "cgroup");
	BEGIN(proc, PROC);
	ADD(proc, path_len, "/usr/sbin/nginx");
	ADD(proc, args_len, "nginx\0-g\0daemon off;");
	r |= save(dir, "proc");
	return r;
}

static int make_engine(const char *dir)
{
	struct event_container container = {
		.hdr = record_hdr(), .key = 77, .init_tgid = 4000, .host_ns = 4
	};
	struct event_container_info info = { .hdr = record_hdr() };
	struct event_canary canary = { .hdr = record_hdr(), .nonce = 1 };
	struct event_loss loss = {
		.hdr = record_hdr(), .count = 12, .kind = LOSS_SUPPRESSED, .event_type = EVENT_OPEN
	};
	int r = 0;

	BEGIN(container, CONTAINER);
	ADD(container, cgroup_len, "/system.slice/docker-4f1c.scope");
	ADD(container, rootpath_len, "/var/lib/docker/overlay2/x/merged");
	r |= save(dir, "container");
	BEGIN(info, CONTAINER_INFO);
	ADD(container_info, id_len, "4f1c2d3e5a6b");
	ADD(container_info, name_len, "web-1");
	ADD(container_info, image_len, "nginx:1.27");
	ADD(container_info, runtime_len, "docker");
	ADD(container_info, pod_len, "shop-7d9f");
	ADD(container_info, pod_ns_len, "prod");
	r |= save(dir, "container_info");
	BEGIN(canary, CANARY);
	r |= save(dir, "canary");
	BEGIN(loss, LOSS);
	r |= save(dir, "loss");
	return r;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_event_corpus DIR\n");
		return 2;
	}
	return make_files(argv[1]) | make_tasks(argv[1]) | make_engine(argv[1]) ? 5 : 0;
}
