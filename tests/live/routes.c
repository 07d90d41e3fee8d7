/* SPDX-License-Identifier: Apache-2.0 */
/* Ten protected objects, each by every route that leads to it: the verdict hangs
 * on the object, so it must be the same each time. One container a route. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define N_OBJECTS ARRAY_SIZE(objects)
#define N_ROUTES ARRAY_SIZE(routes)

/* As attack_route.c knows them. */
static const char *const routes[] = {
	"direct",     "link-chain",  "dot-dot",	    "O_PATH",  "from-directory",
	"RESOLVE",    "self-root",   "thread-self", "PID-cwd", "PID-fd",
	"other-name", "other-mount", "inherited",   "passed",  "ia32",
	"io_uring",   "hard-link",   "handle",	    "lent",
};

enum object_kind { OBJECT_OWN_FS, OBJECT_PROC, OBJECT_CGROUP, OBJECT_TRACE };

/* Paths of OBJECT_OWN_FS are below {dir}, those of others below their mount. */
static struct object {
	const char *name;
	char mode; /* r, w, d (directory), c (connect) */
	enum object_kind kind;
	const char *path;
	const char *verdict; /* family of rules */
	const char *no_lent; /* why the lent object is no attack; NULL: it is one */
	unsigned long long ino;
	bool has_hard, has_handle;
} objects[] = {
	{ "runtime-binary", 'w', OBJECT_OWN_FS, "routes/runc", "runtime-write", NULL, 0, 0, 0 },
	{ "host-file", 'r', OBJECT_OWN_FS, "routes/file", "foreign-file", "a volume", 0, 0, 0 },
	{ "host-secret", 'w', OBJECT_OWN_FS, "routes/shadow", "foreign-file", "a volume", 0, 0, 0 },
	{ "host-directory", 'd', OBJECT_OWN_FS, "routes/folder", "foreign-file", "a volume", 0, 0,
	  0 },
	{ "runtime-socket", 'c', OBJECT_OWN_FS, "decoy.sock", "api", NULL, 0, 0, 0 },
	{ "block-device", 'r', OBJECT_OWN_FS, "routes/disk", "block-read", NULL, 0, 0, 0 },
	{ "kernel-memory", 'r', OBJECT_PROC, "kpageflags", "kernel-memory", NULL, 0, 0, 0 },
	{ "core_pattern", 'w', OBJECT_PROC, "sys/kernel/core_pattern", "core-pattern", NULL, 0, 0,
	  0 },
	{ "release_agent", 'w', OBJECT_CGROUP, "release_agent", "release-agent", NULL, 0, 0, 0 },
	{ "tracefs", 'r', OBJECT_TRACE, "trace_clock", "control-fs", NULL, 0, 0, 0 },
};

/* Where the object lies for the host, by its own and by another mount. */
static void object_paths(const struct host *h, const struct object *o, char *path, char *other,
			 size_t size)
{
	switch (o->kind) {
	case OBJECT_OWN_FS:
		snprintf(path, size, "%s/%s", h->dir, o->path);
		snprintf(other, size, "%s/again/%s", h->dir, o->path);
		break;
	case OBJECT_PROC:
		snprintf(path, size, "/proc/%s", o->path);
		snprintf(other, size, "%s/proc/%s", h->dir, o->path);
		break;
	case OBJECT_CGROUP:
		snprintf(path, size, "%s/routes/cg/%s", h->dir, o->path);
		snprintf(other, size, "%s/cg2/%s", h->dir, o->path);
		break;
	case OBJECT_TRACE:
		snprintf(path, size, "%s/routes/trace/%s", h->dir, o->path);
		snprintf(other, size, "%s/trace2/%s", h->dir, o->path);
		break;
	}
}

/* Files of the test's own, and second mounts of every file system involved. */
static int stage_set(const struct host *h)
{
	const char *d = h->dir;

	return shell(
		h->log, 20000,
		"set -e; cd '%s'; mkdir routes again proc cg2 trace2 bound routes/folder routes/cg routes/trace\n"
		"cp -L \"$(command -v runc)\" routes/runc; echo text >routes/file\n"
		"echo text >routes/shadow; chmod 600 routes/shadow; mknod routes/disk b %u %u\n"
		"mount -t cgroup -o none,name=brigwatch%s none routes/cg; mount -t tracefs none routes/trace\n"
		"mount --bind . again; mount --bind /proc proc\n"
		"mount --bind routes/cg cg2; mount --bind routes/trace trace2\n"
		/* What was never run as a runtime is none. */
		"cp -a image runtime-rootfs; mkdir once; mv runtime-rootfs once/rootfs\n"
		"LIVE_DIR='%s' '%s' --bundle \"$PWD/once\" -- /bin/true\n"
		"routes/runc run -b once bw-routes-once\n",
		d, h->loop_major, h->loop_minor, strrchr(d, '.') + 1, d, getenv("LIVE_HARNESS"));
}

static bool handle_of(const char *path, char *out, size_t size)
{
	struct {
		struct file_handle fh;
		unsigned char bytes[128];
	} f = { .fh = { .handle_bytes = 128 } };
	size_t at;
	int id;
	unsigned int i;

	if (name_to_handle_at(AT_FDCWD, path, &f.fh, &id, 0) < 0)
		return false;
	at = (size_t)snprintf(out, size, "%d:", f.fh.handle_type);
	for (i = 0; i < f.fh.handle_bytes && at + 3 < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%02x", f.bytes[i]);
	return true;
}

/* Another name on the host: bound over an empty file or folder. */
static int bind_name(const struct host *h, const struct object *o, const char *path, char *bound,
		     size_t size)
{
	snprintf(bound, size, "%s/bound/%s", h->dir, o->name);
	return shell(h->log, 5000, "%s '%s' && mount --bind '%s' '%s'",
		     o->mode == 'd' ? "mkdir" : "touch", bound, path, bound);
}

static int plan_object(const struct host *h, FILE *f, struct object *o)
{
	char path[300], other[300], bound[300], hard[320], handle[300] = "-", lent[60];
	struct stat st;

	object_paths(h, o, path, other, sizeof(path));
	if (stat(path, &st) < 0 || bind_name(h, o, path, bound, sizeof(bound)) != 0) {
		fprintf(stderr, "harness: routes: %s: %s\n", path, strerror(errno));
		return -1;
	}
	o->ino = st.st_ino;
	snprintf(hard, sizeof(hard), "%s/routes/hard.%s", h->dir, o->name);
	o->has_hard = link(path, hard) == 0;
	o->has_handle = handle_of(path, handle, sizeof(handle));
	snprintf(lent, sizeof(lent), "/lent.%s", o->name);
	fprintf(f, "%s %c %s %s %s %s %s %s\n", o->name, o->mode, path, o->has_hard ? hard : "-",
		bound, other, o->has_handle ? handle : "-", o->no_lent ? "-" : lent);
	return 0;
}

static int plan_write(const struct host *h)
{
	char name[300];
	size_t i;
	int r = 0;
	FILE *f;

	snprintf(name, sizeof(name), "%s/routes/plan", h->dir);
	f = fopen(name, "we");
	if (!f)
		return -1;
	for (i = 0; i < N_OBJECTS && r == 0; i++)
		r = plan_object(h, f, &objects[i]);
	fclose(f);
	return r;
}

static void box_fill(const struct host *h, struct box *box, char store[][700])
{
	char path[300], other[300];
	size_t i, n = 0;

	snprintf(store[n++], 700, "%s/routes/plan:/plan:ro", h->dir);
	snprintf(store[n++], 700, "%s/lender.sock:/lender.sock", h->dir);
	for (i = 0; i < N_OBJECTS && n < BINDS_MAX; i++) {
		if (objects[i].no_lent)
			continue;
		object_paths(h, &objects[i], path, other, sizeof(path));
		snprintf(store[n++], 700, "%s:/lent.%s", path, objects[i].name);
	}
	for (i = 0; i < n; i++)
		box->binds[i] = store[i];
}

/* Ways are told apart by notices. */
static bool counts(const struct alert *a)
{
	return a->priority <= PRIORITY_WARNING;
}

/* The alert is of the object's rule, and names its inode. */
static bool names(const struct grid *g, size_t column, const struct alert *a)
{
	const struct object *o = &objects[column];
	char ino[40];

	(void)g;
	snprintf(ino, sizeof(ino), "\"ino\":%llu,", o->ino);
	return family_matches(o->verdict, a) && (o->mode == 'c' || strstr(a->line, ino));
}

/* That a file is foreign, too, says no more about the object. */
static bool good(const struct grid *g, size_t row, size_t column)
{
	return grid_cell(g, row, column)->right;
}

static struct grid_cell cells[N_ROUTES * N_OBJECTS];
static const char *columns[N_OBJECTS];
static const struct grid grid = { .name = "route",
				  .rows = routes,
				  .columns = columns,
				  .n_rows = N_ROUTES,
				  .n_columns = N_OBJECTS,
				  .cells = cells,
				  .counts = counts,
				  .names = names,
				  .good = good };

static void play_route(struct host *h, const struct options *o, size_t route)
{
	struct attack_case c = { .technique = "routes",
				 .variant = routes[route],
				 .runtime = RUNC,
				 .leak = true,
				 .box = { .flags = BOX_HOST_PID | BOX_PRIVILEGED } };
	char store[BINDS_MAX][700], argv[100];

	box_fill(h, &c.box, store);
	snprintf(argv, sizeof(argv), "route %s %d", routes[route], h->lender.pid);
	c.argv = argv;
	grid_play_row(&grid, h, o, &c, route);
}

static const char *why_none(const char *route, const struct object *o)
{
	if (strcmp(route, "hard-link") == 0)
		return o->mode == 'd' ? "no hard links to directories" :
					"its file system has no hard links";
	if (strcmp(route, "handle") == 0)
		return "its file system has no handles";
	return o->no_lent;
}

static void print_none(void)
{
	size_t r, k;

	for (r = 0; r < N_ROUTES; r++)
		for (k = 0; k < N_OBJECTS; k++)
			if (strcmp(grid_cell(&grid, r, k)->result, "na") == 0)
				printf("n/a: %s, %s: %s\n", objects[k].name, routes[r],
				       why_none(routes[r], &objects[k]));
}

void play_routes(struct host *h, const struct options *o)
{
	uint64_t start = boot_ns();
	struct grid_score score = { 0 };
	char text[200];
	size_t r;

	if (!selected(o, "routes"))
		return;
	for (r = 0; r < N_OBJECTS; r++)
		columns[r] = objects[r].name;
	if (h->no_loop[0]) {
		printf("\nroutes: skipped: %s\n", h->no_loop);
		count_skip();
		return;
	}
	if (stage_set(h) != 0 || plan_write(h) < 0) {
		printf("\nroutes: the stage cannot be set, see %s: fail\n", h->log);
		count_fail();
		return;
	}
	for (r = 0; r < N_ROUTES && !stopping; r++)
		play_route(h, o, r);
	grid_print(&grid, o->no_agent, &score);
	print_none();
	snprintf(text, sizeof(text),
		 "%zu routes x %zu objects: %u with the object's verdict, %u not, %u do not "
		 "exist; %.1f s",
		 N_ROUTES, N_OBJECTS, score.right, score.wrong, score.none,
		 (double)(boot_ns() - start) / 1e9);
	printf("routes: %s: %s\n", text, score.wrong ? "fail" : "pass");
	report_check("routes", score.wrong ? "fail" : "pass", text);
	if (score.wrong)
		count_fail();
	else
		count_pass();
}
