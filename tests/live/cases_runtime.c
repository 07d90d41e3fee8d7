/* SPDX-License-Identifier: Apache-2.0 */
/* A: the runtime's own files and descriptors. */
#include "cases.h"

#include <stdio.h>

/* An administrator runs a program in the container, some times. */
static void admin_execs(struct play *p)
{
	int i;

	for (i = 0; i < 10 && !child_has_output(&p->main) && !stopping; i++) {
		if (p->c->runtime == DOCKER)
			shell(p->host->log, 5000, "%s -H unix://%s exec %s /bin/victim",
			      p->host->docker, p->host->docker_sock, p->id);
		else
			shell(p->host->log, 5000, "'%s' exec %s /bin/victim", p->runtime, p->id);
	}
}

/* tricked.c in the runtime's place; the case's argv names how. */
static int trick_runtime(struct play *p)
{
	snprintf(p->runtime, sizeof(p->runtime), "%s/tricked-%s", p->dir, p->c->argv);
	return shell(p->host->log, 5000, "mkdir -p '%s' && cp '%s/tricked' '%s'", p->dir,
		     p->options->programs, p->runtime);
}

/* A volume for /dev whose null device is a link. */
static int evil_dev(struct play *p)
{
	return shell(p->host->log, 5000,
		     "d='%s/evil-dev'; mkdir -p \"$d\" && ln -sf " CORE " \"$d/null\"",
		     p->host->dir);
}

static const struct family families[] = {
	{ "runtime-write", "^BW-0101$" },
	{ "foreign-exec", "^BW-0102$" },
	{ "foreign-position", "^BW-0105$" },
	{ "runtime-bound", "^BW-0210$" },
	{ "file-lent", "^BW-0211$" },
	{ "runtime-wrote", "^BW-0212$" },
	{ "runtime-misled", "^BW-0213$" },
	{ "host-root-lent", "^BW-0214$" },
	{ 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
	{ .technique = "A1 runtime overwritten", .variant = "exec into a waiting container",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "overwrite-wait {identity}", .runtime_name = "runc",
	  .on_ready = admin_execs, .outcome = EITHER, .expect = "runtime-write",
	  .host_too = true },
	{ .technique = "A1 runtime overwritten", .variant = "exec, runtime named cargo",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "overwrite-wait {identity}", .runtime_name = "cargo",
	  .on_ready = admin_execs, .outcome = EITHER, .expect = "runtime-write",
	  .host_too = true },
	{ .technique = "A1 runtime overwritten", .variant = "exec into a waiting container",
	  .runtime = DOCKER, .way = WAY_RUNTIME, .argv = "overwrite-wait {identity}", .runtime_name = "runc",
	  .on_ready = admin_execs, .outcome = EITHER, .expect = "runtime-write",
	  .host_too = true },
	{ .technique = "A1 runtime overwritten", .variant = "/proc/PID/exe of a daemon",
	  .runtime = RUNC, .box = PTRACER, .argv = "open openat /proc/{daemon}/exe w",
	  .outcome = REFUSED, .expect = "runtime-write" },
	{ .technique = "A1 runtime overwritten", .variant = "by its path below /proc/PID/root",
	  .runtime = DOCKER, .box = PTRACER, .argv = "open openat " ROOT "{dir}/rt/docker/runc same",
	  .runtime_name = "runc", .outcome = EITHER, .expect = "runtime-write",
	  .host_too = true },
	{ .technique = "A1 runtime overwritten", .variant = "refused: by its path while it runs",
	  .runtime = RUNC, .box = PTRACER, .argv = "open openat " ROOT "{dir}/bin/dockerd same",
	  .outcome = REFUSED, .expect = "runtime-write" },
	{ .technique = "A1 runtime overwritten", .variant = "refused: by its path while it runs",
	  .runtime = DOCKER, .box = PTRACER, .argv = "open openat " ROOT "{dir}/bin/dockerd same",
	  .outcome = REFUSED, .expect = "runtime-write" },
	{ .technique = "A1 runtime overwritten", .variant = "refused: by a link while it runs",
	  .runtime = RUNC, .box = PTRACER, .argv = "link-open openat2 " ROOT "{dir}/bin/dockerd",
	  .outcome = REFUSED, .expect = "runtime-write" },
	{ .technique = "A2 malicious image", .variant = "library loaded into /proc/self/exe",
	  .runtime = RUNC, .way = WAY_RUNTIME, .box = { .env = "LD_PRELOAD=/lib/preload.so DECOY_IDENTITY={identity}" },
	  .argv = "/proc/self/exe", .runtime_name = "runc", .outcome = EITHER,
	  .expect = "runtime-write",
	  .host_too = true },
	{ .technique = "A2 malicious image", .variant = "library, runtime named cargo",
	  .runtime = RUNC, .way = WAY_RUNTIME, .box = { .env = "LD_PRELOAD=/lib/preload.so DECOY_IDENTITY={identity}" },
	  .argv = "/proc/self/exe", .runtime_name = "cargo", .outcome = EITHER,
	  .expect = "runtime-write",
	  .host_too = true },
	{ .technique = "A2 malicious image", .variant = "library loaded into /proc/self/exe",
	  .runtime = DOCKER, .way = WAY_RUNTIME, .argv = "/proc/self/exe", .runtime_name = "runc", .outcome = EITHER,
	  .expect = "runtime-write",
	  .host_too = true },
	{ .technique = "A2 malicious image", .variant = "entry point /proc/self/exe alone",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "/proc/self/exe --version", .runtime_name = "runc",
	  .harm_at_start = true, .expect = "foreign-exec" },
	{ .technique = "A2 malicious image", .variant = "entry point alone, named cargo",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "/proc/self/exe --version", .runtime_name = "cargo",
	  .harm_at_start = true, .expect = "foreign-exec" },
	{ .technique = "A3 leaked directory", .variant = "as working directory of the container",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "/bin/echo here", .leak = true,
	  .box = { .cwd = "/proc/self/fd/3" }, .harm_at_start = true, .runtime_may_refuse = true,
	  .expect = "foreign-position" },
	{ .technique = "A3 leaked directory", .variant = "fchdir, exec", .runtime = RUNC, .way = WAY_RECEIVED,
	  .argv = "fd 3 chdir", .leak = true, .expect = "foreign-position" },
	{ .technique = "A3 leaked directory", .variant = "chdir by /proc/self/fd, exec",
	  .runtime = RUNC, .way = WAY_RECEIVED, .argv = "fd 3 chdir-link", .leak = true, .expect = "foreign-position" },
	{ .technique = "A4 leaked directory", .variant = "execveat", .runtime = RUNC, .way = WAY_RECEIVED,
	  .argv = "fd 3 exec bin/hostprog", .leak = true, .expect = "foreign-exec" },
	{ .technique = "A5 leaked directory", .variant = "openat to read", .runtime = RUNC, .way = WAY_RECEIVED,
	  .argv = "fd 3 open secret", .leak = true, .expect = "foreign-file" },
	{ .technique = "A5 leaked directory", .variant = "openat to write, upwards",
	  .runtime = RUNC, .way = WAY_RECEIVED, .argv = "fd 3 write ../outside/secret", .leak = true,
	  .expect = "foreign-file" },
	{ .technique = "A5 leaked directory", .variant = "chroot", .runtime = RUNC, .way = WAY_RECEIVED,
	  .argv = "fd 3 chroot /bin/hostprog", .leak = true,
	  .expect = "foreign-position foreign-exec|escaped-exec" },
	{ .technique = "A7 runtime tricked", .variant = "null device of a volume is a link",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "/bin/echo here", .prepare = evil_dev,
	  .box = { .binds = { "{dir}/evil-dev:/dev" } }, .harm_at_start = true,
	  .runtime_may_refuse = true, .expect = "runtime-bound" },
	{ .technique = "A7 runtime tricked", .variant = "file of procfs lent",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "/bin/echo here",
	  .box = { .binds = { CORE ":/etc/app.conf" } }, .harm_at_start = true,
	  .expect = "file-lent" },
	{ .technique = "A7 runtime tricked", .variant = "core_pattern over a masked file",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "mask", .prepare = trick_runtime,
	  .expect = "runtime-bound" },
	{ .technique = "A7 runtime tricked", .variant = "the same by open_tree, move_mount",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "mask-by-tree", .prepare = trick_runtime,
	  .expect = "runtime-bound" },
	{ .technique = "A7 runtime tricked", .variant = "core_pattern over the console",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "console", .prepare = trick_runtime,
	  .expect = "runtime-bound" },
	{ .technique = "A8 runtime misled", .variant = "label: link to core_pattern",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "label-link", .prepare = trick_runtime,
	  .expect = "runtime-wrote" },
	{ .technique = "A8 runtime misled", .variant = "label: link to poweroff_cmd",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "label-poweroff", .prepare = trick_runtime,
	  .expect = "runtime-wrote" },
	{ .technique = "A8 runtime misled", .variant = "label: volume over /proc",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "label-volume", .prepare = trick_runtime,
	  .expect = "runtime-misled" },
	{ .technique = "A8 runtime misled", .variant = "setting: volume over /proc/sys",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "sysctl-volume", .prepare = trick_runtime,
	  .expect = "runtime-misled" },
	{ .technique = "A11 host's root lent", .variant = "as a volume",
	  .runtime = RUNC, .way = WAY_RUNTIME, .argv = "/bin/echo here",
	  .box = { .binds = { "/:/host:ro" } }, .harm_at_start = true, .expect = "host-root-lent" },
	{ .technique = "A11 host's root lent", .variant = "as a volume",
	  .runtime = DOCKER, .way = WAY_RUNTIME, .argv = "report",
	  .box = { .binds = { "/:/host:ro" } }, .harm_at_start = true, .expect = "host-root-lent" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
