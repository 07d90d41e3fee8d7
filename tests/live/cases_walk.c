/* SPDX-License-Identifier: Apache-2.0 */
/* B12 to B16: namespaces of the host without its /proc, and user namespaces. */
#include "cases.h"

static const struct family families[] = {
	{ "kernel-fs-nested", "^BW-0148$" },
	{ 0 },
};

/* clang-format off */
#define ADMIN { .caps = "SYS_ADMIN,SYS_PTRACE,DAC_READ_SEARCH,NET_ADMIN" }
#define LENT { .caps = "SYS_ADMIN,SYS_PTRACE", .binds = { "{dir}/log.sock:/run/log.sock" } }
#define WALKER { .flags = BOX_HOST_PID, .caps = "SYS_ADMIN" }

static const struct attack_case cases[] = {
	{ .technique = "B12 handle of a namespace", .variant = "mount", .runtime = RUNC, .box = ADMIN,
	  .argv = "ns-handle native mnt", .expect = "namespace" },
	{ .technique = "B12 handle of a namespace", .variant = "network", .runtime = RUNC, .box = ADMIN,
	  .argv = "ns-handle native net", .expect = "namespace" },
	{ .technique = "B12 handle of a namespace", .variant = "UTS", .runtime = RUNC, .box = ADMIN,
	  .argv = "ns-handle native uts", .expect = "namespace" },
	{ .technique = "B12 handle of a namespace", .variant = "int 0x80", .way = WAY_IA32,
	  .runtime = RUNC, .box = ADMIN, .argv = "ns-handle int80 mnt", .expect = "namespace" },
	{ .technique = "B12 handle of a namespace", .variant = "mount", .runtime = DOCKER,
	  .box = PRIVILEGED, .argv = "ns-handle native mnt", .expect = "namespace" },
	{ .technique = "B12 handle of a namespace", .variant = "refused: no capability", .runtime = RUNC,
	  .argv = "ns-handle native mnt", .outcome = REFUSED, .expect = "handle-refused" },

	{ .technique = "B13 socket's peer", .variant = "pidfd, mount", .runtime = RUNC, .box = LENT,
	  .argv = "peer native mnt pidfd /run/log.sock", .expect = "namespace" },
	{ .technique = "B13 socket's peer", .variant = "pidfd, network", .runtime = RUNC, .box = LENT,
	  .argv = "peer native net pidfd /run/log.sock", .expect = "namespace" },
	{ .technique = "B13 socket's peer", .variant = "ioctl on the pidfd", .runtime = RUNC, .box = LENT,
	  .argv = "peer native mnt ioctl /run/log.sock", .expect = "namespace" },
	{ .technique = "B13 socket's peer", .variant = "int 0x80", .way = WAY_IA32, .runtime = RUNC,
	  .box = LENT, .argv = "peer int80 mnt pidfd /run/log.sock", .expect = "namespace" },
	{ .technique = "B13 socket's peer", .variant = "pidfd, mount", .runtime = DOCKER,
	  .box = { .flags = BOX_PRIVILEGED, .binds = { "{dir}/log.sock:/run/log.sock" } },
	  .argv = "peer native mnt pidfd /run/log.sock", .expect = "namespace" },
	{ .technique = "B13 socket's peer", .variant = "refused: no capability", .runtime = RUNC,
	  .box = { .binds = { "{dir}/log.sock:/run/log.sock" } },
	  .argv = "peer native mnt pidfd /run/log.sock", .outcome = REFUSED,
	  .expect = "namespace-refused" },

	{ .technique = "B14 walk", .variant = "to the oldest", .runtime = RUNC, .box = WALKER,
	  .argv = "walk native", .expect = "namespace" },
	{ .technique = "B14 walk", .variant = "int 0x80", .way = WAY_IA32, .runtime = RUNC,
	  .box = WALKER, .argv = "walk int80", .expect = "namespace" },
	{ .technique = "B14 walk", .variant = "to the oldest", .runtime = DOCKER,
	  .box = { .flags = BOX_PRIVILEGED | BOX_HOST_PID }, .argv = "walk native",
	  .expect = "namespace" },

	{ .technique = "B16 user namespace", .variant = "unshare, procfs", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "userns unshare proc", .expect = "kernel-fs-nested" },
	{ .technique = "B16 user namespace", .variant = "clone, procfs", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "userns clone proc", .expect = "kernel-fs-nested" },
	{ .technique = "B16 user namespace", .variant = "clone3, sysfs", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "userns clone3 sysfs", .expect = "kernel-fs-nested" },
	{ .technique = "B16 user namespace", .variant = "int 0x80 unshare", .way = WAY_IA32,
	  .runtime = RUNC, .box = PRIVILEGED, .argv = "userns int80 proc",
	  .expect = "kernel-fs-nested" },
	{ .technique = "B16 user namespace", .variant = "unshare, procfs", .runtime = DOCKER,
	  .box = PRIVILEGED, .argv = "userns unshare proc", .expect = "kernel-fs-nested" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
