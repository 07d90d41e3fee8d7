/* SPDX-License-Identifier: Apache-2.0 */
/* E1 to E4: sockets of runtimes. */
#include "cases.h"

static const struct family families[] = {
	{ "api", "^BW-0120$" },
	{ 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
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
