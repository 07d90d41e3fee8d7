// SPDX-License-Identifier: Apache-2.0
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* runc itself, without what it starts: generous, the machine is shared. */
#define RUNC_MS 20000

static int copy_file(const char *from, const char *to, mode_t mode)
{
	char buf[65536];
	int in, out, r = 0;
	ssize_t n;

	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (out < 0)
		r = -errno;
	while (r == 0 && (n = read(in, buf, sizeof(buf))) != 0)
		if (n < 0 || write(out, buf, (size_t)n) != n)
			r = errno ? -errno : -EIO;
	close(in);
	if (out >= 0)
		close(out);
	return r;
}

/* A directory with the file, the program and the place of the socket that the
 * operations use. */
static int fill_dir(const struct site *site, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r;

	snprintf(to, sizeof(to), "%s/%s", site->dir, name);
	if (mkdir(to, 0755) < 0)
		return -errno;
	snprintf(from, sizeof(from), "%s/noop", site->build);
	snprintf(to, sizeof(to), "%s/%s/noop", site->dir, name);
	r = copy_file(from, to, 0755);
	snprintf(to, sizeof(to), "%s/%s/file", site->dir, name);
	return r < 0 ? r : copy_file("/dev/null", to, 0644);
}

static int fill_rootfs(const struct site *site)
{
	static const char *const dirs[] = { "rootfs", "rootfs/proc", "rootfs/dev", "rootfs/bin" };
	char from[PATH_MAX], to[PATH_MAX];
	int r;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(to, sizeof(to), "%s/%s", site->dir, dirs[i]);
		if (mkdir(to, 0755) < 0)
			return -errno;
	}
	snprintf(from, sizeof(from), "%s/worker", site->build);
	snprintf(to, sizeof(to), "%s/rootfs/bin/worker", site->dir);
	r = copy_file(from, to, 0755);
	return r < 0 ? r : fill_dir(site, "rootfs/data");
}

/* The host's directory and socket that the alerting container gets hold of. */
static int open_foreign(struct site *site)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/foreign", site->dir);
	site->foreign_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (site->foreign_dir < 0)
		return -errno;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/sock", site->foreign_dir);
	site->foreign_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (site->foreign_listener < 0 ||
	    bind(site->foreign_listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(site->foreign_listener, 8) < 0)
		return -errno;
	return 0;
}

int subject_prepare(struct site *site)
{
	int r = fill_rootfs(site);

	if (r == 0)
		r = fill_dir(site, "host");
	if (r == 0)
		r = fill_dir(site, "foreign");
	if (r == 0)
		r = open_foreign(site);
	if (r < 0)
		complain("cannot prepare %s: %s", site->dir, strerror(-r));
	return r;
}

int subject_send(const struct subject *subject, const struct request *request)
{
	return send(subject->fd, request, sizeof(*request), MSG_NOSIGNAL) == sizeof(*request) ?
		       0 :
		       -errno;
}

int subject_receive(const struct subject *subject, unsigned int ms, struct reply *ret)
{
	struct pollfd pfd = { .fd = subject->fd, .events = POLLIN };
	uint64_t limit = now_ns() + (uint64_t)ms * 1000000;
	int r;

	do {
		if (stopping)
			return -EINTR;
		r = poll(&pfd, 1, 100);
	} while ((r == 0 || (r < 0 && errno == EINTR)) && now_ns() < limit);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	if (recv(subject->fd, ret, sizeof(*ret), 0) != sizeof(*ret))
		return -ECHILD;
	return ret->status;
}

/* The foreign directory and listener go over the socket, so that the worker's
 * own start is the same as that of any other. */
static int send_foreign(const struct site *site, const struct subject *subject)
{
	int fds[2] = { site->foreign_dir, site->foreign_listener };
	struct request request = { .verb = VERB_GO_FOREIGN };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(fds))];
	} control = { 0 };
	struct iovec iov = { .iov_base = &request, .iov_len = sizeof(request) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct reply reply;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	if (sendmsg(subject->fd, &msg, MSG_NOSIGNAL) < 0)
		return -errno;
	return subject_receive(subject, 5000, &reply);
}

static int write_config(const struct site *site, const struct subject *subject)
{
	char path[PATH_MAX];
	FILE *file;

	if (mkdir(subject->bundle, 0755) < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/config.json", subject->bundle);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	fprintf(file,
		"{ \"ociVersion\": \"1.0.2\",\n"
		"  \"process\": { \"terminal\": false, \"user\": { \"uid\": 0, \"gid\": 0 }, \"cwd\": \"/\",\n"
		"    \"args\": [ \"/bin/worker\", \"/data\" ], \"env\": [ \"PATH=/bin\" ] },\n"
		"  \"root\": { \"path\": \"%s/rootfs\" },\n"
		"  \"mounts\": [ { \"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\" },\n"
		"    { \"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", \"options\": [ \"mode=755\", \"size=64k\" ] } ],\n"
		"  \"linux\": { \"cgroupsPath\": \"/%s\", \"namespaces\": [ { \"type\": \"pid\" }, { \"type\": \"ipc\" },\n"
		"    { \"type\": \"uts\" }, { \"type\": \"mount\" }, { \"type\": \"network\" } ] } }\n",
		site->dir, subject->id);
	return fclose(file) == 0 ? 0 : -errno;
}

static int run_runc(char *const argv[], int in)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status = 0, r;
	pid_t pid;

	pid = spawn(argv, in >= 0 ? in : null, null, in >= 0 ? 2 : null);
	r = pid < 0 ? (int)pid : wait_child(pid, RUNC_MS, &status);
	if (r == -ETIMEDOUT)
		stop_child(pid, 1000);
	close(null);
	return r < 0 ? r : status != 0 ? -ECHILD : 0;
}

/* Detached, because only then does runc pass descriptor 0 on as it is; bench is
 * a subreaper, so the worker becomes its child. */
static int start_container(const struct site *site, struct subject *subject, int in)
{
	static unsigned int number;
	char pidfile[PATH_MAX], buf[32];
	int r;

	snprintf(subject->id, sizeof(subject->id), "bwbench-%d-%u", getpid(), ++number);
	snprintf(subject->bundle, sizeof(subject->bundle), "%s/%s", site->dir, subject->id);
	snprintf(pidfile, sizeof(pidfile), "%s/pid", subject->bundle);
	r = write_config(site, subject);
	if (r < 0)
		return r;
	r = run_runc((char *[]){ "runc", "run", "--detach", "--bundle", subject->bundle,
				 "--pid-file", pidfile, subject->id, NULL },
		     in);
	if (r < 0)
		return r;
	r = (int)read_small(pidfile, buf, sizeof(buf));
	subject->pid = r > 0 ? (pid_t)parse_number(buf) : 0;
	return subject->pid > 0 ? 0 : -ECHILD;
}

static int start_on_host(const struct site *site, struct subject *subject, int in)
{
	char worker[PATH_MAX], dir[PATH_MAX];
	pid_t pid;

	snprintf(worker, sizeof(worker), "%s/rootfs/bin/worker", site->dir);
	snprintf(dir, sizeof(dir), "%s/host", site->dir);
	pid = spawn((char *[]){ worker, dir, NULL }, in, in, 2);
	subject->pid = pid > 0 ? pid : 0;
	return pid < 0 ? (int)pid : 0;
}

int subject_start(const struct site *site, enum subject_kind kind, struct subject *subject)
{
	struct reply hello;
	int pair[2], r;

	*subject = SUBJECT_NONE;
	subject->kind = kind;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	subject->fd = pair[0];
	if (kind == SUBJECT_HOST)
		r = start_on_host(site, subject, pair[1]);
	else
		r = start_container(site, subject, pair[1]);
	close(pair[1]);

	if (r == 0)
		r = subject_receive(subject, 10000, &hello);
	/* What others run on its processor would only make clean batches rare. */
	if (r == 0)
		setpriority(PRIO_PROCESS, (id_t)subject->pid, -20);
	if (r == 0 && kind == SUBJECT_ALERTING)
		r = send_foreign(site, subject);
	if (r < 0 && !stopping)
		complain("cannot start a worker %s: %s",
			 kind == SUBJECT_HOST ? "on the host" : "in a runc container",
			 strerror(-r));
	return r;
}

void subject_stop(struct subject *subject)
{
	int status;

	/* The worker ends when its socket closes. */
	if (subject->fd >= 0)
		close(subject->fd);
	if (subject->pid > 0 && wait_child(subject->pid, 5000, &status) == -ETIMEDOUT)
		stop_child(subject->pid, 0);
	if (subject->id[0])
		run_runc((char *[]){ "runc", "delete", "--force", subject->id, NULL }, -1);
	*subject = SUBJECT_NONE;
}
