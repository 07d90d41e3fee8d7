/* SPDX-License-Identifier: Apache-2.0 */
/* D2, D6, D7, C2, C13, B8: the newer mount calls, and the host's tree. */
#include "cases.h"

#include <stdio.h>

/* A folder of the host's whose mounts show in a container that is given it
 * `rshared`, and the other way round. */
static int share_folder(struct play *p)
{
	return shell(p->host->log, 5000,
		     "d='%s/peers.%c'; mkdir -p \"$d\" && mount --bind \"$d\" \"$d\" && "
		     "mount --make-shared \"$d\"",
		     p->host->dir, p->c->variant[0]);
}

static void unshare_folder(struct play *p)
{
	shell(p->host->log, 5000, "umount -R '%s/peers.%c'", p->host->dir, p->c->variant[0]);
}

/* The test's own disk, mounted by the host and lent to the container. */
static int lend_disk(struct play *p)
{
	return shell(p->host->log, 5000,
		     "d='%s/disk.%d'; mkdir -p \"$d\" && mount -o ro '%s' \"$d\"", p->host->dir,
		     p->c->way, p->host->loop);
}

static void take_disk_back(struct play *p)
{
	shell(p->host->log, 5000, "umount '%s/disk.%d'", p->host->dir, p->c->way);
}

static const struct family families[] = {
	{ "protection-off", "^BW-0143$" },
	{ "disk-reconfigured", "^BW-0200$" },
	{ "tree-refused", "^BW-0201$" },
	{ "host-root-entered", "^BW-0202$" },
	{ "host-root-bound", "^BW-0203$" },
	{ "reaches-host", "^BW-0204$" },
	{ 0 },
};

/* clang-format off */
#define MOUNTER { .caps = "SYS_ADMIN" }
#define WHOLE_HOST { .caps = "SYS_ADMIN", .binds = { "/:/host:ro" } }
#define PROOF "{dir}/outside/secret"

static const struct attack_case cases[] = {
	{ .technique = "D2 disk", .variant = "fsmount, attached", .runtime = RUNC, .box = PRIVILEGED,
	  .argv = "fsmount-disk native {loop} ext4 attach", .needs_loop = true, .expect = "mount-disk" },
	{ .technique = "D2 disk", .variant = "fsmount, never attached", .runtime = RUNC, .box = PRIVILEGED,
	  .argv = "fsmount-disk native {loop} ext4 float", .needs_loop = true, .expect = "mount-disk" },
	{ .technique = "D2 disk", .variant = "fsmount, never attached, int 0x80", .runtime = RUNC,
	  .way = WAY_IA32, .box = PRIVILEGED, .argv = "fsmount-disk int80 {loop} ext4 float",
	  .needs_loop = true, .expect = "mount-disk" },
	{ .technique = "D2 disk", .variant = "fsmount, never attached", .runtime = DOCKER,
	  .box = PRIVILEGED, .argv = "fsmount-disk native {loop} ext4 float", .needs_loop = true,
	  .expect = "mount-disk" },
	{ .technique = "D2 disk", .variant = "refused: fsopen without capability", .runtime = RUNC,
	  .argv = "fsmount-disk native {loop} ext4 float", .needs_loop = true, .outcome = REFUSED,
	  .expect = "mount-refused" },
	{ .technique = "D2 disk", .variant = "refused: fsopen, int 0x80", .runtime = RUNC, .way = WAY_IA32,
	  .argv = "fsmount-disk int80 {loop} ext4 float", .needs_loop = true, .outcome = REFUSED,
	  .expect = "mount-refused" },
	{ .technique = "D2 disk", .variant = "refused: fsopen by seccomp", .runtime = DOCKER,
	  .argv = "fsmount-disk native {loop} ext4 float", .needs_loop = true, .outcome = REFUSED,
	  .expect = "mount-refused" },
	{ .technique = "C13 debugfs", .variant = "fsmount", .runtime = RUNC, .box = PRIVILEGED,
	  .argv = "fsmount native debugfs source=none attach", .outcome = EITHER, .expect = "mount-control" },
	{ .technique = "C13 securityfs", .variant = "fsmount, never attached", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "fsmount native securityfs source=none float", .outcome = EITHER,
	  .expect = "mount-control" },
	{ .technique = "C13 securityfs", .variant = "fsmount, int 0x80", .runtime = RUNC, .way = WAY_IA32,
	  .box = PRIVILEGED, .argv = "fsmount int80 securityfs source=none float", .outcome = EITHER,
	  .expect = "mount-control" },
	{ .technique = "C5 cgroup v1", .variant = "fsmount", .runtime = RUNC, .box = MOUNTER,
	  .argv = "fsmount native cgroup none,name=brigwatch{name} float", .expect = "mount-control" },
	{ .technique = "C6 cgroup v1", .variant = "refused: fsconfig in a user namespace", .runtime = RUNC,
	  .box = { .flags = BOX_PRIVILEGED }, .argv = "fsmount-userns native cgroup pids",
	  .outcome = REFUSED, .expect = "mount-refused" },
	{ .technique = "C2 procfs", .variant = "fsmount, never attached", .runtime = RUNC, .box = MOUNTER,
	  .argv = "fsmount native proc source=none float", .expect = "mount-proc" },
	{ .technique = "C2 procfs", .variant = "fsmount, int 0x80", .runtime = RUNC, .way = WAY_IA32,
	  .box = MOUNTER, .argv = "fsmount int80 proc source=none attach", .expect = "mount-proc" },
	{ .technique = "C2 procfs", .variant = "fsmount", .runtime = DOCKER, .box = PRIVILEGED,
	  .argv = "fsmount native proc source=none attach", .expect = "mount-proc" },
	{ .technique = "C2 unprotect", .variant = "mount_setattr by path", .runtime = RUNC, .box = MOUNTER,
	  .argv = "setattr native path /proc/sys", .expect = "protection-off" },
	{ .technique = "C2 unprotect", .variant = "mount_setattr by descriptor", .runtime = RUNC,
	  .box = MOUNTER, .argv = "setattr native fd /proc/sys", .expect = "protection-off" },
	{ .technique = "C2 unprotect", .variant = "mount_setattr by descriptor, int 0x80", .runtime = RUNC,
	  .way = WAY_IA32, .box = MOUNTER, .argv = "setattr int80 fd /proc/sys",
	  .expect = "protection-off" },
	{ .technique = "C2 unprotect", .variant = "fspick of /sys", .runtime = RUNC, .box = MOUNTER,
	  .argv = "reconfigure native /sys rw", .expect = "protection-off" },
	{ .technique = "D1 disk", .variant = "fspick, reconfigured", .runtime = RUNC,
	  .box = { .caps = "SYS_ADMIN", .binds = { "{dir}/disk.0:/data" } }, .needs_loop = true,
	  .prepare = lend_disk, .cleanup = take_disk_back, .argv = "reconfigure native /data ro",
	  .expect = "disk-reconfigured" },
	{ .technique = "D1 disk", .variant = "fspick, reconfigured, int 0x80", .runtime = RUNC,
	  .way = WAY_IA32, .box = { .caps = "SYS_ADMIN", .binds = { "{dir}/disk.1:/data" } },
	  .needs_loop = true, .prepare = lend_disk, .cleanup = take_disk_back,
	  .argv = "reconfigure int80 /data ro", .expect = "disk-reconfigured" },
	{ .technique = "B8 /proc/PID/root", .variant = "bind refused", .runtime = RUNC, .box = JOINER,
	  .argv = "bind " ROOT "/etc", .outcome = REFUSED, .expect = "tree-refused" },
	{ .technique = "B8 /proc/PID/root", .variant = "open_tree refused", .runtime = RUNC, .box = JOINER,
	  .argv = "tree native clone " ROOT "/etc", .outcome = REFUSED, .expect = "tree-refused" },
	{ .technique = "B8 /proc/PID/root", .variant = "open_tree refused, int 0x80", .runtime = RUNC,
	  .way = WAY_IA32, .box = JOINER, .argv = "tree int80 clone " ROOT "/etc", .outcome = REFUSED,
	  .expect = "tree-refused" },
	{ .technique = "B3 /proc/PID/root", .variant = "open_tree as open", .runtime = RUNC, .box = PTRACER,
	  .argv = "tree native open " ROOT "{dir}/outside secret", .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "open_tree as open, int 0x80", .runtime = RUNC,
	  .way = WAY_IA32, .box = PTRACER, .argv = "tree int80 open " ROOT "{dir}/outside secret",
	  .expect = "foreign-file" },
	{ .technique = "D6 host's root", .variant = "chroot into a volume", .runtime = RUNC,
	  .box = WHOLE_HOST, .argv = "enter chroot /host " PROOF, .expect = "host-root-entered" },
	{ .technique = "D6 host's root", .variant = "pivot_root into a clone", .runtime = RUNC,
	  .box = WHOLE_HOST, .argv = "enter pivot /host " PROOF,
	  .expect = "host-root-bound host-root-entered" },
	{ .technique = "D6 host's root", .variant = "open_tree, move_mount, chroot", .runtime = RUNC,
	  .box = WHOLE_HOST, .argv = "enter tree /host " PROOF,
	  .expect = "host-root-bound host-root-entered" },
	{ .technique = "D6 host's root", .variant = "chroot into a volume", .runtime = DOCKER,
	  .box = { .binds = { "/:/host:ro" } }, .argv = "enter chroot /host " PROOF,
	  .expect = "host-root-entered" },
	{ .technique = "D7 shared folder", .variant = "mount below it", .runtime = DOCKER,
	  .box = { .flags = BOX_PRIVILEGED, .binds = { "{dir}/peers.m:/data:rshared" } },
	  .argv = "shared native mount /data", .prepare = share_folder, .cleanup = unshare_folder,
	  .expect = "reaches-host" },
	{ .technique = "D7 shared folder", .variant = "fsmount below it", .runtime = DOCKER,
	  .box = { .flags = BOX_PRIVILEGED, .binds = { "{dir}/peers.f:/data:rshared" } },
	  .argv = "shared native fsmount /data", .prepare = share_folder, .cleanup = unshare_folder,
	  .expect = "reaches-host" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
