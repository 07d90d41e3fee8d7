/* SPDX-License-Identifier: Apache-2.0 */
/* C2, C13 and D: mounts by the call mount, and devices. */
#include "cases.h"

static const struct family families[] = {
	{ "mount-disk", "^BW-0140$" }, { "mount-control", "^BW-0141$" },
	{ "mount-proc", "^BW-0142$" }, { "mount-refused", "^BW-0144$" },
	{ "block-read", "^BW-0146$" }, { 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
	{ .technique = "D5 block device", .variant = "loop device, ext4", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "block {loop} ext4", .needs_loop = true, .expect = "mount-disk" },
	{ .technique = "D5 block device", .variant = "loop device, privileged", .runtime = DOCKER,
	  .box = PRIVILEGED, .argv = "block {loop} ext4", .needs_loop = true, .expect = "mount-disk" },
	{ .technique = "D5 block device", .variant = "refused: no capability", .runtime = RUNC,
	  .argv = "block {loop} ext4", .needs_loop = true, .outcome = REFUSED,
	  .expect = "mount-refused" },
	{ .technique = "C2 procfs", .variant = "mounted again", .runtime = RUNC,
	  .box = { .caps = "SYS_ADMIN" }, .argv = "mount proc none /tmp/p", .outcome = EITHER,
	  .expect = "mount-proc" },
	{ .technique = "C13 debugfs", .variant = "mounted", .runtime = DOCKER, .box = PRIVILEGED,
	  .argv = "mount debugfs none /tmp/d", .outcome = EITHER, .expect = "mount-control" },
	{ .technique = "C13 securityfs", .variant = "mounted", .runtime = RUNC, .box = PRIVILEGED,
	  .argv = "mount securityfs none /tmp/s", .outcome = EITHER, .expect = "mount-control" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
