/* SPDX-License-Identifier: Apache-2.0 */
/* Many objects by one route. The plan says what there is; each object is used
 * once, nothing is written, and everything that a route needs beforehand is
 * done before the clock is read: an alert within the cell's time is about its
 * last call alone.
 *
 * A line of the plan: NAME MODE PATH HARD BOUND OTHER HANDLE LENT, where MODE is r
 * (read), w (write), d (directory) or c (connect), PATH to OTHER are the host's,
 * HANDLE is TYPE:HEX, LENT is the container's; "-" stands for none. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PLAN "/plan"
#define LENDER "/lender.sock"
#define LEAKED_FD 3
#define DECOY_FD 100

struct object {
	char name[32], mode;
	char path[300], hard[300], bound[300], other[300], handle[300], lent[100];
};

static struct {
	int decoy;
	char root[64];	/* the host's, through the decoy */
	uint64_t harm_ns;
} stage;

/* The last call, by one of three doors. */
enum door { DOOR_NATIVE, DOOR_IA32, DOOR_URING };

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

static int flags_of(const struct object *o)
{
	return o->mode == 'w' ? O_WRONLY : o->mode == 'd' ? O_RDONLY | O_DIRECTORY : O_RDONLY;
}

static void now(void)
{
	stage.harm_ns = boot_ns();
}

static long go_connect(int dir, const char *path, enum door door)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n;
	void *low = NULL;
	long ret;

	if (dir == AT_FDCWD)
		n = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	else
		n = snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", dir, path);
	if (n >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	if (door == DOOR_IA32)
		low = deed_low(&addr, sizeof(addr));
	now();
	if (door == DOOR_IA32)
		ret = deed_int80(362 /* connect */, fd, (long)low, sizeof(addr), 0, 0);
	else if (door == DOOR_URING)
		ret = deed_uring_connect(fd, &addr, sizeof(addr));
	else
		ret = result(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	close(fd);
	return ret;
}

static long go(const struct object *o, int dir, const char *path, enum door door)
{
	int flags = flags_of(o);
	void *low = NULL;

	if (o->mode == 'c')
		return go_connect(dir, path, door);
	if (door == DOOR_IA32)
		low = deed_low(path, strlen(path) + 1);
	now();
	if (door == DOOR_IA32)
		return deed_int80(295 /* openat */, dir, (long)low, flags, 0, 0);
	if (door == DOOR_URING)
		return deed_uring_openat(dir, path, flags, 0);
	return result(syscall(SYS_openat, dir, path, flags, 0));
}

/* The file that an O_PATH descriptor stands for. */
static long go_fd(const struct object *o, int fd)
{
	char path[64];

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return go(o, AT_FDCWD, path, DOOR_NATIVE);
}

static const char *through_root(const char *path)
{
	static char whole[400];

	snprintf(whole, sizeof(whole), "%s%s", stage.root, path);
	return whole;
}

static int open_root(void)
{
	return open(stage.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static long route_direct(const struct object *o)
{
	return go(o, AT_FDCWD, through_root(o->path), DOOR_NATIVE);
}

static long route_chain(const struct object *o)
{
	unlink("/tmp/c1");
	unlink("/tmp/c2");
	unlink("/tmp/c3");
	if (symlink(through_root(o->path), "/tmp/c3") < 0 || symlink("c3", "/tmp/c2") < 0 ||
	    symlink("/tmp/../tmp/c2", "/tmp/c1") < 0)
		return -errno;
	return go(o, AT_FDCWD, "/tmp/c1", DOOR_NATIVE);
}

static long route_dots(const struct object *o)
{
	char path[PATH_MAX];

	mkdir("/tmp/a", 0755);
	mkdir("/tmp/a/b", 0755);
	if (chdir("/tmp/a/b") < 0)
		return -errno;
	snprintf(path, sizeof(path), "../.././..%s", through_root(o->path));
	return go(o, AT_FDCWD, path, DOOR_NATIVE);
}

static long route_opath(const struct object *o)
{
	return go_fd(o, open(through_root(o->path), O_PATH | O_CLOEXEC));
}

static long route_dirfd(const struct object *o)
{
	char parent[300];
	const char *base = strrchr(o->path, '/') + 1;
	int dir;

	snprintf(parent, sizeof(parent), "%.*s", (int)(base - o->path), o->path);
	dir = open(through_root(parent), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : go(o, dir, base, DOOR_NATIVE);
}

static long route_resolve(const struct object *o)
{
	struct open_how how = { .flags = (unsigned int)flags_of(o),
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int root = open_root();
	long fd;

	if (root < 0)
		return -errno;
	if (o->mode == 'c') {
		how.flags = O_PATH;
		fd = syscall(SYS_openat2, root, o->path, &how, sizeof(how));
		return go_fd(o, (int)fd);
	}
	now();
	return result(syscall(SYS_openat2, root, o->path, &how, sizeof(how)));
}

static long route_self_root(const struct object *o)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/root%s", through_root(o->path));
	return go(o, AT_FDCWD, path, DOOR_NATIVE);
}

static long route_thread_self(const struct object *o)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/thread-self/root%s", through_root(o->path));
	return go(o, AT_FDCWD, path, DOOR_NATIVE);
}

static long route_cwd(const struct object *o)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/cwd/../../../../../..%s", stage.decoy, o->path);
	return go(o, AT_FDCWD, path, DOOR_NATIVE);
}

static long route_fd(const struct object *o)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d%s", stage.decoy, DECOY_FD, o->path);
	return go(o, AT_FDCWD, path, DOOR_NATIVE);
}

static long route_bound(const struct object *o)
{
	return go(o, AT_FDCWD, through_root(o->bound), DOOR_NATIVE);
}

static long route_other(const struct object *o)
{
	return go(o, AT_FDCWD, through_root(o->other), DOOR_NATIVE);
}

static long route_inherited(const struct object *o)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "../../../../../..%s", o->path);
	return go(o, LEAKED_FD, path, DOOR_NATIVE);
}

static int receive_root(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = LENDER };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	struct cmsghdr *c;

	if (connect(peer, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    recvmsg(peer, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	close(peer);
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static long route_passed(const struct object *o)
{
	int root = receive_root();

	return root < 0 ? -errno : go(o, root, o->path + 1, DOOR_NATIVE);
}

static long route_ia32(const struct object *o)
{
	return go(o, AT_FDCWD, through_root(o->path), DOOR_IA32);
}

static long route_uring(const struct object *o)
{
	return go(o, AT_FDCWD, through_root(o->path), DOOR_URING);
}

static long route_hard(const struct object *o)
{
	return go(o, AT_FDCWD, through_root(o->hard), DOOR_NATIVE);
}

static long route_handle(const struct object *o)
{
	struct {
		struct file_handle fh;
		unsigned char bytes[128];
	} h = { .fh = { 0 } };
	const char *hex = strchr(o->handle, ':') + 1;
	char parent[300];
	unsigned int byte;
	int anchor;
	size_t i;

	h.fh.handle_type = atoi(o->handle);
	h.fh.handle_bytes = (unsigned int)strlen(hex) / 2;
	for (i = 0; i < h.fh.handle_bytes && i < sizeof(h.bytes); i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		h.bytes[i] = (unsigned char)byte;
	}
	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(o->path, '/') - o->path), o->path);
	anchor = open(through_root(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (anchor < 0)
		return -errno;
	if (o->mode == 'c')
		return go_fd(o, open_by_handle_at(anchor, &h.fh, O_PATH));
	now();
	return result(open_by_handle_at(anchor, &h.fh, flags_of(o)));
}

static long route_lent(const struct object *o)
{
	return go(o, AT_FDCWD, o->lent, DOOR_NATIVE);
}

static const struct route {
	const char *name;
	long (*run)(const struct object *o);
	size_t needs; /* offset of the member of the plan that must be there */
} routes[] = {
	{ "direct", route_direct, offsetof(struct object, path) },
	{ "link-chain", route_chain, offsetof(struct object, path) },
	{ "dot-dot", route_dots, offsetof(struct object, path) },
	{ "O_PATH", route_opath, offsetof(struct object, path) },
	{ "from-directory", route_dirfd, offsetof(struct object, path) },
	{ "RESOLVE", route_resolve, offsetof(struct object, path) },
	{ "self-root", route_self_root, offsetof(struct object, path) },
	{ "thread-self", route_thread_self, offsetof(struct object, path) },
	{ "PID-cwd", route_cwd, offsetof(struct object, path) },
	{ "PID-fd", route_fd, offsetof(struct object, path) },
	{ "other-name", route_bound, offsetof(struct object, bound) },
	{ "other-mount", route_other, offsetof(struct object, other) },
	{ "inherited", route_inherited, offsetof(struct object, path) },
	{ "passed", route_passed, offsetof(struct object, path) },
	{ "ia32", route_ia32, offsetof(struct object, path) },
	{ "io_uring", route_uring, offsetof(struct object, path) },
	{ "hard-link", route_hard, offsetof(struct object, hard) },
	{ "handle", route_handle, offsetof(struct object, handle) },
	{ "lent", route_lent, offsetof(struct object, lent) },
};

static bool plan_line(FILE *f, struct object *o)
{
	return fscanf(f, "%31s %c %299s %299s %299s %299s %299s %99s", o->name, &o->mode, o->path,
		      o->hard, o->bound, o->other, o->handle, o->lent) == 8;
}

static void play_object(const struct route *r, const struct object *o)
{
	const char *need = (const char *)o + r->needs;
	long ret;

	if (*need == '-') {
		printf("CELL %s 0 0 na\n", o->name);
		fflush(stdout);
		return;
	}
	stage.harm_ns = 0;
	ret = r->run(o);
	printf("CELL %s %llu %llu %s\n", o->name, (unsigned long long)stage.harm_ns,
	       (unsigned long long)boot_ns(), ret >= 0 ? "ok" : strerrorname_np((int)-ret));
	fflush(stdout);
	if (ret > 2 && o->mode != 'c')
		close((int)ret);
	/* The next cell must not share this one's microsecond. */
	usleep(2000);
}

static int attack_route(char **argv)
{
	const struct route *r = NULL;
	struct object o;
	size_t i;
	FILE *f;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].name, argv[0]) == 0)
			r = &routes[i];
	f = fopen(PLAN, "re");
	if (!r || !f)
		deed_fail("no such route, or no plan");
	stage.decoy = atoi(argv[1]);
	snprintf(stage.root, sizeof(stage.root), "/proc/%d/root", stage.decoy);
	if (r->run == route_ia32)
		deed_int80_probe();
	usleep(100 * 1000);
	while (plan_line(f, &o))
		play_object(r, &o);
	fclose(f);
	return deed_done(0);
}

static const struct deed deeds[] = {
	/* ROUTE DECOY: every object of /plan by that route */
	{ "route", 2, attack_route },
	{ 0 },
};
DEED_TABLE(deeds);
