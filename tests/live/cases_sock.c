/* SPDX-License-Identifier: Apache-2.0 */
/* E1 to E4: sockets of runtimes. */
#include "cases.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct family families[] = {
	{ "api", "^BW-0120$" },
	{ 0 },
};

/* A decoy of this case's own, under the name of another runtime. */
static int listen_as(struct play *p, const char *program)
{
	char path[450];

	snprintf(path, sizeof(path), "%s.sock", p->dir);
	p->victim = host_start_listener(p->host, program, path);
	return p->victim ? 0 : -1;
}

static int listen_crio(struct play *p)
{
	return listen_as(p, "crio");
}

static int listen_kubelet(struct play *p)
{
	return listen_as(p, "kubelet");
}

static int listen_podman(struct play *p)
{
	return listen_as(p, "podman");
}

static void cleanup_listener(struct play *p)
{
	if (!p->victim)
		return;
	child_stop(p->victim, SIGKILL, 1000);
	free(p->victim);
	p->victim = NULL;
}

/* The machine's own podman, as a service on a socket of this case. */
static int serve_podman(struct play *p)
{
	char url[470], root[470], run[470], path[450],
		*argv[] = { "podman",  "--root", root, "--runroot", run, "system",
			    "service", "--time", "0",  url,	    NULL };
	struct child_how how = { .log = p->host->log, .leak_fd = -1, .capture = true };
	int i;

	snprintf(path, sizeof(path), "%s.sock", p->dir);
	snprintf(url, sizeof(url), "unix://%s", path);
	snprintf(root, sizeof(root), "%s.podman", p->dir);
	snprintf(run, sizeof(run), "%s.podman-run", p->dir);
	p->victim = calloc(1, sizeof(*p->victim));
	if (!p->victim || child_start(p->victim, argv, &how) < 0)
		return -1;
	for (i = 0; i < 100 && access(path, F_OK) < 0; i++)
		usleep(50 * 1000);
	return access(path, F_OK);
}

static const char *no_podman(const struct play *p)
{
	(void)p;
	return access("/usr/bin/podman", X_OK) == 0 ? NULL : "no podman";
}

static const char *no_containerd(const struct play *p)
{
	char path[450];

	snprintf(path, sizeof(path), "%s/exec/containerd/containerd.sock", p->host->dir);
	return access(path, F_OK) == 0 ? NULL : "dockerd did not start a containerd of its own";
}

/* clang-format off */
#define CONTAINERD { .binds = { "{dir}/exec/containerd/containerd.sock:/tmp/x" } }
#define NAMED(program, start, why, door, how) \
	{ .technique = "E3 runtime socket", .variant = program, .runtime = RUNC, .way = door, \
	  .box = { .binds = { "{case}.sock:/tmp/x" } }, .argv = "connect " how " /tmp/x", \
	  .prepare = start, .cleanup = cleanup_listener, .why_not = why, .expect = "api" }

static const struct attack_case cases[] = {
	{ .technique = "E3 runtime socket", .variant = "containerd itself", .runtime = RUNC,
	  .box = CONTAINERD, .argv = "connect plain /tmp/x", .why_not = no_containerd, .expect = "api" },
	{ .technique = "E3 runtime socket", .variant = "containerd itself", .runtime = DOCKER,
	  .box = CONTAINERD, .argv = "connect link /tmp/x", .why_not = no_containerd, .expect = "api" },
	{ .technique = "E3 runtime socket", .variant = "containerd itself, int 0x80", .way = WAY_IA32,
	  .runtime = RUNC, .box = CONTAINERD, .argv = "connect int80 /tmp/x", .why_not = no_containerd,
	  .expect = "api" },
	{ .technique = "E3 runtime socket", .variant = "containerd itself, io_uring", .way = WAY_URING,
	  .runtime = RUNC, .box = CONTAINERD, .argv = "connect uring /tmp/x", .why_not = no_containerd,
	  .expect = "api" },
	NAMED("podman itself", serve_podman, no_podman, WAY_NATIVE, "plain"),
	NAMED("decoy named crio", listen_crio, NULL, WAY_NATIVE, "plain"),
	NAMED("decoy named crio, io_uring", listen_crio, NULL, WAY_URING, "uring"),
	NAMED("decoy named kubelet", listen_kubelet, NULL, WAY_NATIVE, "plain"),
	NAMED("decoy named podman", listen_podman, NULL, WAY_NATIVE, "link"),
	{ .technique = "E1 runtime socket", .variant = "docker.sock under its own name",
	  .runtime = RUNC, .box = { .binds = { "{dir}/docker.sock:/run/docker.sock" } },
	  .argv = "connect plain /run/docker.sock", .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "docker.sock under its own name",
	  .runtime = DOCKER, .box = { .binds = { "{dir}/docker.sock:/run/docker.sock" } },
	  .argv = "connect plain /run/docker.sock", .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "docker.sock as /tmp/x", .runtime = DOCKER,
	  .box = { .binds = { "{dir}/docker.sock:/tmp/x" } }, .argv = "connect plain /tmp/x",
	  .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "decoy bound as /tmp/x", .runtime = RUNC,
	  .box = { .binds = { "{dir}/decoy.sock:/tmp/x" } }, .argv = "connect plain /tmp/x",
	  .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "symbolic link", .runtime = RUNC,
	  .box = { .binds = { "{dir}/decoy.sock:/run/docker.sock" } },
	  .argv = "connect link /run/docker.sock", .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "int 0x80 connect", .runtime = RUNC, .way = WAY_IA32,
	  .box = { .binds = { "{dir}/decoy.sock:/tmp/x" } }, .argv = "connect int80 /tmp/x",
	  .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "int 0x80 socketcall", .runtime = RUNC, .way = WAY_IA32,
	  .box = { .binds = { "{dir}/decoy.sock:/tmp/x" } }, .argv = "connect socketcall /tmp/x",
	  .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "decoy that came after the agent",
	  .runtime = RUNC, .box = { .binds = { "{dir}/late.sock:/tmp/x" } },
	  .argv = "connect plain /tmp/x", .expect = "api" },
	{ .technique = "E2 runtime socket", .variant = "io_uring connect", .runtime = RUNC, .way = WAY_URING,
	  .box = { .binds = { "{dir}/decoy.sock:/tmp/x" } }, .argv = "connect uring /tmp/x",
	  .expect = "api" },
	{ .technique = "E4 runtime socket", .variant = "abstract name", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_NET }, .argv = "connect plain @/containerd-shim/{name}.sock",
	  .expect = "api" },
	{ .technique = "E4 runtime socket", .variant = "abstract name", .runtime = DOCKER,
	  .box = { .flags = BOX_HOST_NET }, .argv = "connect plain @/containerd-shim/{name}.sock",
	  .expect = "api" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
