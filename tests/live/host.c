/* SPDX-License-Identifier: Apache-2.0 */
/* The stage: everything outside of the containers. */
#include "deed.h"
#include "harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SECOND 1000000000ull

int host_write_file(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	ssize_t n;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -EIO;
}

/* Start a decoy and wait until it is ready. */
static int decoy_start(struct host *h, struct child *c, const char *program, const char *verb,
		       const char *arg)
{
	struct child_how how = {
		.log = h->log, .leak_fd = -1, .capture = true, .die_with_us = true
	};
	char path[400];
	char *argv[] = { path, (char *)verb, (char *)arg, NULL };
	char *line;
	int r;

	snprintf(path, sizeof(path), "%s/bin/%s", h->dir, program);
	r = child_start(c, argv, &how);
	if (r < 0)
		return r;
	line = child_line(c, boot_ns() + 5 * SECOND);
	if (!line || strcmp(line, "READY") != 0) {
		fprintf(stderr, "harness: decoy %s %s is not ready\n", program, verb);
		return -ETIMEDOUT;
	}
	return 0;
}

/* A TCP port of both loopback addresses that nobody uses just now. */
static unsigned int free_port(void)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_addr = in6addr_any };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		fprintf(stderr, "harness: no free TCP port\n");
	close(fd);
	return ntohs(addr.sin6_port);
}

/* The image: busybox, the attack and the benign program, the library and what
 * it needs to be loaded into a runtime. */
static int image_build(const struct host *h, const struct options *o)
{
	return shell(
		h->log, 30000,
		"set -e; umask 022; r='%s/image'; p='%s'; mkdir -p $r; cd $r\n"
		"mkdir -p bin dev etc lib proc sys tmp root run var/run usr/bin; chmod 1777 tmp\n"
		"cp \"$(command -v busybox)\" bin/busybox\n"
		"for a in $(bin/busybox --list | grep -vx busybox); do ln -s busybox bin/$a; done\n"
		"cp $p/attack $p/benign bin/; cp $p/preload.so lib/\n"
		"echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd; echo 'root:x:0:' >etc/group\n"
		"echo box >etc/hostname\n"
		"ldd \"$(command -v runc)\" | grep -o '/[^ ]*' | while read -r l; do\n"
		"  mkdir -p \"$r${l%%/*}\"; cp -L \"$l\" \"$r$l\"; done\n",
		h->dir, o->programs);
}

static void handle_compute(struct host *h)
{
	struct {
		struct file_handle fh;
		unsigned char bytes[128];
	} f = { .fh = { .handle_bytes = 128 } };
	char path[400];
	size_t i, at;
	int mount_id;

	snprintf(path, sizeof(path), "%s/outside/secret", h->dir);
	if (name_to_handle_at(AT_FDCWD, path, &f.fh, &mount_id, 0) < 0) {
		snprintf(h->no_handle, sizeof(h->no_handle), "no file handles there: %s",
			 strerrorname_np(errno));
		return;
	}
	at = (size_t)snprintf(h->handle, sizeof(h->handle), "%d ", f.fh.handle_type);
	for (i = 0; i < f.fh.handle_bytes && at + 3 < sizeof(h->handle); i++)
		at += (size_t)snprintf(h->handle + at, sizeof(h->handle) - at, "%02x", f.bytes[i]);
}

static void loop_make(struct host *h)
{
	char file[400];
	char *losetup[] = { "losetup", "--find", "--show", file, NULL };
	struct stat st;

	snprintf(file, sizeof(file), "%s/disk.img", h->dir);
	if (shell(h->log, 20000, "truncate -s 8M '%s' && mkfs.ext4 -q -F '%s'", file, file) != 0)
		snprintf(h->no_loop, sizeof(h->no_loop), "cannot make an ext4 image");
	else if (run(losetup, h->log, 10000, h->loop, sizeof(h->loop)) != 0 ||
		 stat(h->loop, &st) < 0 || !S_ISBLK(st.st_mode))
		snprintf(h->no_loop, sizeof(h->no_loop), "no loop device to be had");
	if (h->no_loop[0]) {
		h->loop[0] = '\0';
		return;
	}
	h->loop_major = major(st.st_rdev);
	h->loop_minor = minor(st.st_rdev);
}

int host_copy_runtime(const char *folder, const char *name, char *path, size_t path_size,
		      char *identity, size_t identity_size)
{
	struct stat st;

	snprintf(path, path_size, "%s/%s", folder, name);
	if (shell(NULL, 10000, "mkdir -p '%s' && cp -L \"$(command -v runc)\" '%s'", folder,
		  path) != 0 ||
	    stat(path, &st) < 0)
		return -ENOENT;
	snprintf(identity, identity_size, "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	return 0;
}

static void docker_start(struct host *h)
{
	char data[300], exec_root[300], pid[300], url[340], runtime[700], folder[300], copy[320];
	char *argv[] = { "dockerd",
			 "--iptables=false",
			 "--ip6tables=false",
			 "--bridge=none",
			 "--data-root",
			 data,
			 "--exec-root",
			 exec_root,
			 "-p",
			 pid,
			 "-H",
			 url,
			 "--add-runtime",
			 runtime,
			 NULL };
	struct child_how how = { .log = h->log, .leak_fd = -1, .die_with_us = true };
	uint64_t deadline = boot_ns() + 40 * SECOND;

	snprintf(h->docker, sizeof(h->docker), "%s",
		 access("/usr/bin/docker", X_OK) == 0 ? "/usr/bin/docker" : "docker");
	snprintf(data, sizeof(data), "%s/docker", h->dir);
	snprintf(exec_root, sizeof(exec_root), "%s/exec", h->dir);
	snprintf(pid, sizeof(pid), "%s/dockerd.pid", h->dir);
	snprintf(h->docker_sock, sizeof(h->docker_sock), "%s/docker.sock", h->dir);
	snprintf(url, sizeof(url), "unix://%s", h->docker_sock);
	snprintf(folder, sizeof(folder), "%s/rt/docker", h->dir);
	if (host_copy_runtime(folder, "runc", copy, sizeof(copy), h->docker_copy,
			      sizeof(h->docker_copy)) < 0) {
		snprintf(h->no_docker, sizeof(h->no_docker), "no runc to copy");
		return;
	}
	snprintf(runtime, sizeof(runtime), "throwaway=%s", copy);

	if (child_start(&h->dockerd, argv, &how) < 0) {
		snprintf(h->no_docker, sizeof(h->no_docker), "dockerd cannot be started");
		return;
	}
	while (shell("/dev/null", 5000, "%s -H %s version", h->docker, url) != 0) {
		if (boot_ns() > deadline || child_wait(&h->dockerd, 0) >= 0) {
			snprintf(h->no_docker, sizeof(h->no_docker),
				 "dockerd does not come up, see its log");
			return;
		}
		usleep(100 * 1000);
	}
	if (shell(h->log, 60000,
		  "tar -C '%s/image' -c . | %s -H %s import - box && "
		  "tar -C '%s/image' -c . | %s -H %s import "
		  "-c 'ENV LD_PRELOAD=/lib/preload.so DECOY_IDENTITY=%s' "
		  "-c 'ENTRYPOINT [\"/proc/self/exe\"]' - evil",
		  h->dir, h->docker, url, h->dir, h->docker, url, h->docker_copy) != 0)
		snprintf(h->no_docker, sizeof(h->no_docker), "docker import failed, see its log");
}

/* Files that attacks aim at, and folders that containers are given. */
struct child *host_start_victim(struct host *h)
{
	struct child *c = calloc(1, sizeof(*c));

	if (c && decoy_start(h, c, "decoy", "wait", NULL) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

struct child *host_start_listener(struct host *h, const char *program, const char *path)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c || shell(h->log, 5000, "cd '%s/bin' && cp -n decoy '%s'", h->dir, program) != 0 ||
	    decoy_start(h, c, program, "listen", path) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

static int decoys_build(struct host *h)
{
	char path[300];
	int i, r = 0;

	for (i = 0; i < 4; i++) {
		static const char *const folders[] = { "bin", "outside", "shared", "lat" };

		snprintf(path, sizeof(path), "%s/%s", h->dir, folders[i]);
		if (mkdir(path, 0755) < 0)
			return -errno;
	}
	r |= host_write_file(DECOY_TEXT, "%s/outside/secret", h->dir);
	r |= host_write_file(DECOY_TEXT, "%s/outside/leased", h->dir);
	r |= host_write_file(DECOY_TEXT, "%s/shared/lent", h->dir);
	for (i = 0; i < 1000; i++)
		r |= host_write_file("", "%s/lat/flurry.%d", h->dir, i);
	snprintf(path, sizeof(path), "%s/outside/fifo", h->dir);
	if (r < 0 || mkfifo(path, 0600) < 0)
		return -EIO;
	return 0;
}

/* Groups that engines make and leave behind, those that were not there before. */
static const char *const engine_groups[] = { "docker", "libpod_parent", "brigwatch-live" };

static bool group_exists(const char *name)
{
	char line[200];

	snprintf(line, sizeof(line), "ls -d /sys/fs/cgroup/%s /sys/fs/cgroup/*/%s", name, name);
	return shell("/dev/null", 5000, "test -n \"$(%s 2>/dev/null)\"", line) == 0;
}

static void cgroups_note(struct host *h)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engine_groups); i++)
		if (group_exists(engine_groups[i]))
			h->groups_before |= 1u << i;
}

static void cgroups_remove(const struct host *h)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engine_groups); i++)
		if (!(h->groups_before & 1u << i))
			shell("/dev/null", 5000,
			      "for d in $(ls -d /sys/fs/cgroup/%s /sys/fs/cgroup/*/%s); do "
			      "find $d -depth -type d -exec rmdir '{}' ';'; done",
			      engine_groups[i], engine_groups[i]);
}

int host_init(struct host *h, const struct options *o)
{
	char path[400];
	int r;

	snprintf(h->dir, sizeof(h->dir), "%s/brigwatch-live.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(h->dir)) {
		h->dir[0] = '\0';
		return -errno;
	}
	chmod(h->dir, 0755);
	snprintf(h->log, sizeof(h->log), "%s/log", h->dir);

	cgroups_note(h);
	r = decoys_build(h);
	if (r < 0)
		return r;
	/* The same program under the names of runtimes, and under its own; its
	 * copies serve as host programs that an attacker runs. */
	if (shell(h->log, 10000,
		  "cd '%s/bin' && for n in decoy dockerd containerd; do cp '%s/decoy' $n; done && "
		  "cp '%s/attack' hostprog && mkdir -p ../outside/bin && "
		  "cp '%s/attack' ../outside/bin/hostprog",
		  h->dir, o->programs, o->programs, o->programs) != 0 ||
	    image_build(h, o) != 0) {
		fprintf(stderr, "harness: cannot build the image, see %s\n", h->log);
		return -EIO;
	}
	handle_compute(h);
	loop_make(h);
	docker_start(h);

	r = decoy_start(h, &h->decoy, "decoy", "wait", NULL);
	snprintf(path, sizeof(path), "%s/decoy.sock", h->dir);
	if (r == 0)
		r = decoy_start(h, &h->listener, "dockerd", "listen", path);
	h->tcp_port = free_port();
	snprintf(path, sizeof(path), "%u", h->tcp_port);
	if (r == 0)
		r = decoy_start(h, &h->tcp, "dockerd", "tcp", path);
	snprintf(path, sizeof(path), "@/containerd-shim/%s.sock", strrchr(h->dir, '.') + 1);
	if (r == 0)
		r = decoy_start(h, &h->abstract, "containerd", "listen", path);
	snprintf(path, sizeof(path), "%s/log.sock", h->dir);
	if (r == 0)
		r = decoy_start(h, &h->log_socket, "decoy", "listen", path);
	snprintf(path, sizeof(path), "%s/outside/leased", h->dir);
	if (r == 0)
		r = decoy_start(h, &h->lease, "decoy", "lease", path);
	snprintf(path, sizeof(path), "%s/lender.sock", h->dir);
	if (r == 0)
		r = decoy_start(h, &h->lender, "decoy", "lend", path);
	snprintf(path, sizeof(path), "%s/serve.sock", h->dir);
	if (r == 0)
		r = decoy_start(h, &h->server, "decoy", "serve", path);
	return r;
}

int host_init_late(struct host *h)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/late.sock", h->dir);
	return decoy_start(h, &h->late, "containerd", "listen", path);
}

/* Everything mounted below the temporary directory, last first. */
static void unmount_all(const char *dir)
{
	char line[PATH_MAX * 2], at[PATH_MAX], found[PATH_MAX];
	int rounds;
	FILE *f;

	for (rounds = 0; rounds < 200; rounds++) {
		found[0] = '\0';
		f = fopen("/proc/self/mountinfo", "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "%*s %*s %*s %*s %4095s", at) == 1 &&
			    strncmp(at, dir, strlen(dir)) == 0)
				snprintf(found, sizeof(found), "%s", at);
		if (f)
			fclose(f);
		if (!found[0] || umount2(found, MNT_DETACH) < 0)
			return;
	}
}

void host_release(struct host *h, const struct options *o)
{
	struct child *decoys[] = { &h->tcp,	   &h->decoy, &h->listener, &h->late,  &h->abstract,
				   &h->log_socket, &h->lease, &h->lender,   &h->server };
	size_t i;

	if (!h->dir[0])
		return;
	if (h->dockerd.pid > 0) {
		shell(h->log, 30000,
		      "c=$(%s -H unix://%s ps -aq) && [ -n \"$c\" ] && %s -H unix://%s rm -f $c",
		      h->docker, h->docker_sock, h->docker, h->docker_sock);
		child_stop(&h->dockerd, SIGTERM, 20000);
	}
	for (i = 0; i < ARRAY_SIZE(decoys); i++)
		child_stop(decoys[i], SIGKILL, 1000);
	if (h->loop[0])
		shell(h->log, 5000, "losetup -d %s", h->loop);
	cgroups_remove(h);
	unmount_all(h->dir);
	if (o->keep)
		fprintf(stderr, "harness: kept %s\n", h->dir);
	else
		shell("/dev/null", 60000, "rm -rf --one-file-system '%s'", h->dir);
}
