/* SPDX-License-Identifier: Apache-2.0 */
/* E7, F4, F8, G10: secrets and places for persistence on volumes; storms. */
#include "cases.h"

static const struct family families[] = {
	{ "token", "^BW-0320$" },
	{ "host-secret", "^BW-0322$" },
	{ "host-secret-main", "^BW-0323$" },
	{ "persistence", "^BW-0324$" },
	{ "storm", "^BW-0330$" },
	{ "cgroup-limits", "^BW-0332$" },
	{ 0 },
};

/* A token as the kubelet lays it out, below a memory file system. */
static int make_token(struct play *p)
{
	return shell(p->host->log, 5000,
		     "mkdir -p '%s/sa' && mount -t tmpfs none '%s/sa' && cd '%s/sa' && mkdir ..2026_11_22 && "
		     "printf '%s' >..2026_11_22/token && ln -s ..2026_11_22 ..data && ln -s ..data/token token",
		     p->dir, p->dir, p->dir, "brigwatch decoy\\n") == 0 ?
		       0 :
		       -1;
}

/* A file system that stands in for the host's root. */
static int make_root(struct play *p)
{
	return shell(p->host->log, 5000,
		     "mkdir -p '%s/fs' && mount -t tmpfs none '%s/fs' && cd '%s/fs' && "
		     "mkdir -p etc/cron.d etc/kubernetes/manifests etc/systemd/system root/.ssh "
		     "var/lib/kubelet/pods/x && for f in etc/shadow etc/ld.so.preload etc/cron.d/job "
		     "etc/systemd/system/x.service etc/kubernetes/manifests/x.yaml etc/kubernetes/admin.conf "
		     "root/.ssh/authorized_keys root/.ssh/id_rsa var/lib/kubelet/pods/x/token; do "
		     "printf '%s' >$f; done",
		     p->dir, p->dir, p->dir, "brigwatch decoy\\n") == 0 ?
		       0 :
		       -1;
}

static void unmount(struct play *p)
{
	shell(p->host->log, 5000, "umount -l '%s/sa' '%s/fs'", p->dir, p->dir);
}

/* clang-format off */
#define SA "/run/secrets/kubernetes.io/serviceaccount"
#define POD .prepare = make_token, .cleanup = unmount, .box = { .binds = { "{case}/sa:" SA } }
#define HOST_ROOT .prepare = make_root, .cleanup = unmount, .box = { .binds = { "{case}/fs:/host" } }

static const struct attack_case cases[] = {
	{ .technique = "E7 token", .variant = "cat", .runtime = RUNC, POD,
	  .argv = "tool /bin/cat " SA "/token", .expect = "token" },
	{ .technique = "E7 token", .variant = "cat", .runtime = DOCKER, POD,
	  .argv = "tool /bin/cat " SA "/token", .expect = "token" },
	{ .technique = "E7 token", .variant = "head, by a link", .runtime = RUNC, POD,
	  .argv = "tool /bin/head -n1 " SA "/..data/token", .expect = "token" },
	{ .technique = "E7 token", .variant = "dd, by the name behind the links", .runtime = RUNC, POD,
	  .argv = "tool /bin/dd if=" SA "/..2026_11_22/token", .expect = "token" },
	{ .technique = "F8 host secret", .variant = "shadow", .runtime = RUNC, HOST_ROOT,
	  .argv = "tool /bin/cat /host/etc/shadow", .expect = "host-secret" },
	{ .technique = "F8 host secret", .variant = "shadow", .runtime = DOCKER, HOST_ROOT,
	  .argv = "tool /bin/cat /host/etc/shadow", .expect = "host-secret" },
	{ .technique = "F8 host secret", .variant = "admin.conf", .runtime = RUNC, HOST_ROOT,
	  .argv = "tool /bin/cp /host/etc/kubernetes/admin.conf /dev/stdout", .expect = "host-secret" },
	{ .technique = "F8 host secret", .variant = "another pod's token", .runtime = RUNC, HOST_ROOT,
	  .argv = "tool /bin/cat /host/var/lib/kubelet/pods/x/token", .expect = "host-secret" },
	{ .technique = "F8 host secret", .variant = "private key, by the main program", .runtime = RUNC, HOST_ROOT,
	  .argv = "open openat /host/root/.ssh/id_rsa r", .expect = "host-secret-main" },
	{ .technique = "F8 host secret", .variant = "private key, by io_uring", .runtime = RUNC, HOST_ROOT,
	  .way = WAY_URING, .argv = "open uring /host/root/.ssh/id_rsa r", .expect = "host-secret-main" },
	{ .technique = "F8 host secret", .variant = "private key, by int 0x80", .runtime = RUNC, HOST_ROOT,
	  .way = WAY_IA32, .argv = "open int80 /host/root/.ssh/id_rsa r", .expect = "host-secret-main" },
	{ .technique = "F4 persistence", .variant = "scheduled task", .runtime = RUNC, HOST_ROOT,
	  .argv = "open openat /host/etc/cron.d/job w", .expect = "persistence" },
	{ .technique = "F4 persistence", .variant = "new scheduled task", .runtime = DOCKER, HOST_ROOT,
	  .argv = "open creat /host/etc/cron.d/new w", .expect = "persistence" },
	{ .technique = "F4 persistence", .variant = "service, by io_uring", .runtime = RUNC, HOST_ROOT,
	  .way = WAY_URING, .argv = "open uring /host/etc/systemd/system/x.service w", .expect = "persistence" },
	{ .technique = "F4 persistence", .variant = "static pod, by int 0x80", .runtime = RUNC, HOST_ROOT,
	  .way = WAY_IA32, .argv = "open int80 /host/etc/kubernetes/manifests/x.yaml w", .expect = "persistence" },
	{ .technique = "F4 persistence", .variant = "login keys", .runtime = RUNC, HOST_ROOT,
	  .argv = "open openat2 /host/root/.ssh/authorized_keys w", .expect = "persistence" },
	{ .technique = "F4 persistence", .variant = "ld.so.preload by another name", .runtime = RUNC, HOST_ROOT,
	  .argv = "link-open open /host/etc/ld.so.preload", .expect = "persistence" },
	{ .technique = "G10 fork storm", .variant = "processes that stay", .runtime = RUNC,
	  .argv = "storm 3000", .expect = "storm" },
	{ .technique = "G10 fork storm", .variant = "processes that stay", .runtime = DOCKER,
	  .argv = "storm 3000", .expect = "storm" },
	{ .technique = "G10 limits", .variant = "pids.max of a group of its own", .runtime = RUNC,
	  .box = { .caps = "SYS_ADMIN" }, .argv = "cgroup pids pids.max", .expect = "cgroup-limits" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
