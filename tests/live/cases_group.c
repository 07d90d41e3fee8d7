/* SPDX-License-Identifier: Apache-2.0 */
/* C3, C7 to C9, C11, D4, G5: control of the kernel through mounts and files that a
 * container made or was lent. */
#include "cases.h"

#include <unistd.h>

static const struct family families[] = {
	{ "left-cgroup", "^BW-0109$" },
	{ "block-refused", "^BW-0147$" },
	{ 0 },
};

static const char *no_uevent_helper(const struct play *p)
{
	(void)p;
	return access("/sys/kernel/uevent_helper", F_OK) == 0 ? NULL :
								"this kernel has no uevent_helper";
}

static int make_volume(struct play *p)
{
	return shell(p->host->log, 5000, "mkdir -p '%s/vol'", p->dir) == 0 ? 0 : -1;
}

/* clang-format off */
#define HOST_PROC(mode) { .binds = { "/proc:/host/proc" mode } }
#define HOST_CORE "/host/proc/sys/kernel/core_pattern"
#define ADMIN { .caps = "SYS_ADMIN" }
#define GROUP(text, door, deed, rules) \
	{ .technique = text, .variant = deed, .runtime = RUNC, .way = door, .box = PRIVILEGED, \
	  .argv = deed, .expect = rules }
#define GROUP_DOCKER(text, deed, rules) \
	{ .technique = text, .variant = deed, .runtime = DOCKER, .box = PRIVILEGED, \
	  .argv = deed, .expect = rules }
#define NODE(text, door, how) \
	{ .technique = "D4 block device", .variant = text, .runtime = RUNC, .way = door, \
	  .argv = "node {loop} " how, .needs_loop = true, .outcome = REFUSED, .expect = "block-refused" }
#define COPY_UP(how) \
	{ .technique = "G5 copy-up", .variant = "set-id program copied to a volume by " how, \
	  .runtime = RUNC, .box = { .binds = { "{case}/vol:/data" } }, .prepare = make_volume, \
	  .argv = "copy-up " how " /data", .expect = "setid" }

static const struct attack_case cases[] = {
	{ .technique = "C3 host's procfs", .variant = "openat", .runtime = RUNC, .box = HOST_PROC(""),
	  .argv = "open openat " HOST_CORE " same", .expect = "core-pattern" },
	{ .technique = "C3 host's procfs", .variant = "openat", .runtime = DOCKER, .box = HOST_PROC(""),
	  .argv = "open openat " HOST_CORE " same", .expect = "core-pattern" },
	{ .technique = "C3 host's procfs", .variant = "symbolic link", .runtime = RUNC,
	  .box = HOST_PROC(""), .argv = "link-open openat2 " HOST_CORE, .expect = "core-pattern" },
	{ .technique = "C3 host's procfs", .variant = "int 0x80", .way = WAY_IA32, .runtime = RUNC,
	  .box = HOST_PROC(""), .argv = "open int80 " HOST_CORE " same", .expect = "core-pattern" },
	{ .technique = "C3 host's procfs", .variant = "io_uring", .way = WAY_URING, .runtime = RUNC,
	  .box = HOST_PROC(""), .argv = "open uring " HOST_CORE " same", .expect = "core-pattern" },
	{ .technique = "C3 host's procfs", .variant = "refused: read-only", .runtime = RUNC,
	  .box = HOST_PROC(":ro"), .argv = "open-stay openat " HOST_CORE, .outcome = REFUSED,
	  .expect = "core-pattern" },

	GROUP("C7 list of devices", WAY_NATIVE, "devices native", "kernel-helper"),
	GROUP("C7 list of devices", WAY_IA32, "devices int80", "kernel-helper"),
	GROUP("C7 list of devices", WAY_URING, "devices uring", "kernel-helper"),
	GROUP_DOCKER("C7 list of devices", "devices native", "kernel-helper"),

	GROUP("C8 own cgroup left", WAY_NATIVE, "leave native pids", "left-cgroup"),
	GROUP("C8 own cgroup left", WAY_NATIVE, "leave native memory", "left-cgroup"),
	GROUP("C8 own cgroup left", WAY_NATIVE, "leave native devices", "left-cgroup"),
	GROUP("C8 own cgroup left", WAY_NATIVE, "leave native cgroup2", "left-cgroup"),
	GROUP("C8 own cgroup left", WAY_NATIVE, "leave thread pids", "left-cgroup"),
	GROUP("C8 own cgroup left", WAY_NATIVE, "leave clone3 cgroup2", "left-cgroup"),
	GROUP("C8 own cgroup left", WAY_IA32, "leave int80 pids", "left-cgroup"),
	GROUP("C8 own cgroup left", WAY_URING, "leave uring pids", "left-cgroup"),
	GROUP_DOCKER("C8 own cgroup left", "leave native pids", "left-cgroup"),

	{ .technique = "C9 uevent_helper", .variant = "openat", .runtime = RUNC, .box = PRIVILEGED,
	  .argv = "open openat /sys/kernel/uevent_helper same", .why_not = no_uevent_helper,
	  .expect = "kernel-helper" },
	{ .technique = "C9 uevent_helper", .variant = "io_uring", .way = WAY_URING, .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "open uring /sys/kernel/uevent_helper same",
	  .why_not = no_uevent_helper, .expect = "kernel-helper" },
	{ .technique = "C9 uevent_helper", .variant = "refused: read-only", .runtime = RUNC,
	  .argv = "open-stay openat /sys/kernel/uevent_helper", .why_not = no_uevent_helper,
	  .outcome = REFUSED, .expect = "kernel-helper" },

	GROUP("C11 binfmt_misc", WAY_NATIVE, "binfmt native host", "mount-control kernel-helper"),
	GROUP("C11 binfmt_misc", WAY_IA32, "binfmt int80 host", "mount-control kernel-helper"),
	GROUP("C11 binfmt_misc", WAY_URING, "binfmt uring host", "mount-control kernel-helper"),
	GROUP("C11 binfmt_misc", WAY_NATIVE, "binfmt native own", "mount-control kernel-helper"),
	GROUP("C11 binfmt_misc", WAY_NATIVE, "fsmount native binfmt_misc source=none float", "mount-control"),
	GROUP_DOCKER("C11 binfmt_misc", "binfmt native host", "mount-control kernel-helper"),
	{ .technique = "C11 binfmt_misc", .variant = "refused: no capability", .runtime = RUNC,
	  .argv = "mount binfmt_misc none /tmp/bf", .outcome = REFUSED, .expect = "mount-refused" },

	NODE("open", WAY_NATIVE, "native"),
	NODE("open for reading", WAY_NATIVE, "read"),
	NODE("openat2", WAY_NATIVE, "openat2"),
	NODE("symbolic link", WAY_NATIVE, "link"),
	NODE("int 0x80", WAY_IA32, "int80"),
	{ .technique = "D4 block device", .variant = "open", .runtime = DOCKER,
	  .argv = "node {loop} native", .needs_loop = true, .outcome = REFUSED,
	  .expect = "block-refused" },

	COPY_UP("open"),
	COPY_UP("utime"),
	COPY_UP("link"),
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
