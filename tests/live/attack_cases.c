/* SPDX-License-Identifier: Apache-2.0 */
/* The attacks: each line one container, one deed, and what must be said of it.
 * Technique ids are those of docs/techniques. Words in braces are filled in:
 * {dir} temporary directory, {name} its random part, {decoy} the decoy's pid,
 * {daemon} that of a decoy named dockerd, {handle}, {loop}, {identity} of the
 * runtime's throw-away copy. */
#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Families of rules, as the cases name them; ids are those of rules/. */
static struct {
	const char *name;
	const char *ids; /* extended regular expression on rule_id */
	regex_t compiled;
	int state;
} families[] = {
	{ .name = "runtime-write", .ids = "^BW-0101$" },
	{ .name = "foreign-exec", .ids = "^BW-0102$" },
	{ .name = "foreign-file", .ids = "^BW-0103$" },
	{ .name = "foreign-tried", .ids = "^BW-0104$" },
	{ .name = "foreign-position", .ids = "^BW-0105$" },
	{ .name = "handle", .ids = "^BW-0106$" },
	{ .name = "handle-refused", .ids = "^BW-0107$" },
	{ .name = "escaped-exec", .ids = "^BW-0108$" },
	{ .name = "gate32", .ids = "^BW-0110$" },
	{ .name = "api", .ids = "^BW-0120$" },
	{ .name = "namespace", .ids = "^BW-0130$" },
	{ .name = "namespace-refused", .ids = "^BW-0131$" },
	{ .name = "mount-disk", .ids = "^BW-0140$" },
	{ .name = "mount-control", .ids = "^BW-0141$" },
	{ .name = "mount-proc", .ids = "^BW-0142$" },
	{ .name = "mount-refused", .ids = "^BW-0144$" },
	{ .name = "core-pattern", .ids = "^BW-0160$" },
	{ .name = "release-agent", .ids = "^BW-0161$" },
	{ .name = "notify-on-release", .ids = "^BW-0162$" },
	{ .name = "kernel-helper", .ids = "^BW-0163$" },
};

const char *families_check(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		if (regcomp(&families[i].compiled, families[i].ids, REG_EXTENDED | REG_NOSUB) != 0)
			return families[i].name;
	return NULL;
}

bool family_matches(const char *family, const struct alert *a)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		if (strcmp(families[i].name, family) == 0)
			return regexec(&families[i].compiled, a->rule_id, 0, NULL, 0) == 0;
	return false;
}

/* The host's part of some attacks. */

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

/* The other end of the FIFO is opened; what was promised is in it. */
static void feed_fifo(struct play *p)
{
	struct pollfd wait = { .fd = -1 };
	char path[300];
	int i, fd = -1;

	snprintf(path, sizeof(path), "%s/outside/fifo", p->host->dir);
	for (i = 0; i < 50 && fd < 0; i++) {
		fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			poll(&wait, 1, 20);
	}
	if (fd < 0)
		return;
	if (write(fd, "brigwatch decoy\n", 16) < 0)
		perror(path);
	poll(&wait, 1, 200);
	close(fd);
}

/* A case is a paragraph, not a column: */
/* clang-format off */
#define ROOT "/proc/{decoy}/root"
#define SECRET ROOT "{dir}/outside/secret"
#define PTRACER { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE" }
#define JOINER { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE,SYS_ADMIN" }
#define PRIVILEGED { .flags = BOX_PRIVILEGED }
#define CORE "/proc/sys/kernel/core_pattern"

const struct attack_case attack_cases[] = {
	/* A: the runtime's own files and descriptors */
	{ .technique = "A1 runtime overwritten", .variant = "exec into a waiting container",
	  .runtime = RUNC, .argv = "overwrite-wait {identity}", .runtime_name = "runc",
	  .on_ready = admin_execs, .outcome = EITHER, .expect = "runtime-write" },
	{ .technique = "A1 runtime overwritten", .variant = "exec, runtime named cargo",
	  .runtime = RUNC, .argv = "overwrite-wait {identity}", .runtime_name = "cargo",
	  .on_ready = admin_execs, .outcome = EITHER, .expect = "runtime-write" },
	{ .technique = "A1 runtime overwritten", .variant = "exec into a waiting container",
	  .runtime = DOCKER, .argv = "overwrite-wait {identity}", .runtime_name = "runc",
	  .on_ready = admin_execs, .outcome = EITHER, .expect = "runtime-write" },
	{ .technique = "A1 runtime overwritten", .variant = "/proc/PID/exe of a daemon",
	  .runtime = RUNC, .box = PTRACER, .argv = "open openat /proc/{daemon}/exe w",
	  .outcome = REFUSED, .expect = "runtime-write" },
	{ .technique = "A1 runtime overwritten", .variant = "by its path below /proc/PID/root",
	  .runtime = DOCKER, .box = PTRACER, .argv = "open openat " ROOT "{dir}/rt/docker/runc same",
	  .runtime_name = "runc", .outcome = EITHER, .expect = "runtime-write" },
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
	  .runtime = RUNC, .box = { .env = "LD_PRELOAD=/lib/preload.so DECOY_IDENTITY={identity}" },
	  .argv = "/proc/self/exe", .runtime_name = "runc", .outcome = EITHER,
	  .expect = "runtime-write" },
	{ .technique = "A2 malicious image", .variant = "library, runtime named cargo",
	  .runtime = RUNC, .box = { .env = "LD_PRELOAD=/lib/preload.so DECOY_IDENTITY={identity}" },
	  .argv = "/proc/self/exe", .runtime_name = "cargo", .outcome = EITHER,
	  .expect = "runtime-write" },
	{ .technique = "A2 malicious image", .variant = "library loaded into /proc/self/exe",
	  .runtime = DOCKER, .argv = "/proc/self/exe", .runtime_name = "runc", .outcome = EITHER,
	  .expect = "runtime-write" },
	{ .technique = "A2 malicious image", .variant = "entry point /proc/self/exe alone",
	  .runtime = RUNC, .argv = "/proc/self/exe --version", .runtime_name = "runc",
	  .harm_at_start = true, .expect = "foreign-exec" },
	{ .technique = "A2 malicious image", .variant = "entry point alone, named cargo",
	  .runtime = RUNC, .argv = "/proc/self/exe --version", .runtime_name = "cargo",
	  .harm_at_start = true, .expect = "foreign-exec" },
	{ .technique = "A3 leaked directory", .variant = "as working directory of the container",
	  .runtime = RUNC, .argv = "/bin/echo here", .leak = true,
	  .box = { .cwd = "/proc/self/fd/3" }, .harm_at_start = true, .runtime_may_refuse = true,
	  .expect = "foreign-position" },
	{ .technique = "A3 leaked directory", .variant = "fchdir, exec", .runtime = RUNC,
	  .argv = "fd 3 chdir", .leak = true, .expect = "foreign-position" },
	{ .technique = "A3 leaked directory", .variant = "chdir by /proc/self/fd, exec",
	  .runtime = RUNC, .argv = "fd 3 chdir-link", .leak = true, .expect = "foreign-position" },
	{ .technique = "A4 leaked directory", .variant = "execveat", .runtime = RUNC,
	  .argv = "fd 3 exec bin/hostprog", .leak = true, .expect = "foreign-exec" },
	{ .technique = "A5 leaked directory", .variant = "openat to read", .runtime = RUNC,
	  .argv = "fd 3 open secret", .leak = true, .expect = "foreign-file" },
	{ .technique = "A5 leaked directory", .variant = "openat to write, upwards",
	  .runtime = RUNC, .argv = "fd 3 write ../outside/secret", .leak = true,
	  .expect = "foreign-file" },
	{ .technique = "A5 leaked directory", .variant = "chroot", .runtime = RUNC,
	  .argv = "fd 3 chroot /bin/hostprog", .leak = true,
	  .expect = "foreign-position foreign-exec|escaped-exec" },

	/* B: doors of other processes */
	{ .technique = "B1 /proc/PID/root", .variant = "open to read", .runtime = RUNC,
	  .box = PTRACER, .argv = "open open " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B1 /proc/PID/root", .variant = "openat to write", .runtime = RUNC,
	  .box = PTRACER, .argv = "open openat " SECRET " w", .expect = "foreign-file" },
	{ .technique = "B1 /proc/PID/root", .variant = "openat to read", .runtime = DOCKER,
	  .box = PTRACER, .argv = "open openat " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B1 /proc/PID/root", .variant = "openat to write", .runtime = DOCKER,
	  .box = PTRACER, .argv = "open openat " SECRET " w", .expect = "foreign-file" },
	{ .technique = "B1 /proc/PID/root", .variant = "creat", .runtime = RUNC, .box = PTRACER,
	  .argv = "open creat " ROOT "{dir}/outside/planted w", .expect = "foreign-file" },
	{ .technique = "B1 /proc/PID/root", .variant = "openat2", .runtime = RUNC, .box = PTRACER,
	  .argv = "open openat2 " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B1 /proc/PID/root", .variant = "refused: no capability", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_PID }, .argv = "open openat " SECRET " w",
	  .outcome = REFUSED, .expect = "foreign-tried" },
	{ .technique = "B2 /proc/PID/cwd", .variant = "openat to read", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE" },
	  .argv = "open openat /proc/{decoy}/cwd/../../../../../..{dir}/outside/secret r",
	  .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "O_PATH, reopened by number",
	  .runtime = RUNC, .box = PTRACER, .argv = "open opath " SECRET " w",
	  .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "step by step", .runtime = RUNC,
	  .box = PTRACER, .argv = "open step " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "io_uring openat", .runtime = RUNC,
	  .box = PTRACER, .argv = "open uring " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "io_uring openat by a worker",
	  .runtime = RUNC, .box = PTRACER, .argv = "open uring-async " SECRET " w",
	  .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "io_uring direct descriptor",
	  .runtime = RUNC, .box = PTRACER, .argv = "open uring-direct " SECRET " r",
	  .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "io_uring openat", .runtime = DOCKER,
	  .box = { .flags = BOX_HOST_PID | BOX_NO_SECCOMP, .caps = "SYS_PTRACE" },
	  .argv = "open uring " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "int 0x80 open", .runtime = RUNC,
	  .box = PTRACER, .argv = "open int80 " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "int 0x80 openat2", .runtime = RUNC,
	  .box = PTRACER, .argv = "open int80-openat2 " SECRET " w", .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "int 0x80 openat", .runtime = DOCKER,
	  .box = PTRACER, .argv = "open int80-openat " SECRET " r", .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "chdir, open", .runtime = RUNC,
	  .box = PTRACER, .argv = "chdir " ROOT "{dir}/outside open secret",
	  .expect = "foreign-file" },
	{ .technique = "B3 /proc/PID/root", .variant = "chdir, exec of an own program",
	  .runtime = RUNC, .box = PTRACER, .argv = "chdir " ROOT "{dir}/outside exec",
	  .expect = "foreign-position" },
	{ .technique = "B5 /proc/PID/root", .variant = "exec of a host program", .runtime = RUNC,
	  .box = PTRACER, .argv = "exec " ROOT "{dir}/bin/hostprog arrived",
	  .expect = "foreign-exec" },
	{ .technique = "B5 /proc/PID/root", .variant = "exec of a host program", .runtime = DOCKER,
	  .box = PTRACER, .argv = "exec " ROOT "{dir}/bin/hostprog arrived",
	  .expect = "foreign-exec" },
	{ .technique = "B6 /proc/PID/root", .variant = "chroot, exec", .runtime = RUNC,
	  .box = PTRACER, .argv = "chroot " ROOT " {dir}/bin/hostprog",
	  .expect = "foreign-position foreign-exec|escaped-exec" },
	{ .technique = "B7 /proc/PID/root", .variant = "connect to the runtime's socket",
	  .runtime = RUNC, .box = PTRACER, .argv = "connect plain " ROOT "{dir}/decoy.sock",
	  .expect = "api" },
	{ .technique = "B9 file handle", .variant = "beside the bind mount", .runtime = RUNC,
	  .box = { .caps = "DAC_READ_SEARCH", .binds = { "{dir}/shared:/data" } },
	  .argv = "handle /data {handle}", .needs_handle = true, .expect = "handle" },
	{ .technique = "B9 file handle", .variant = "beside the bind mount", .runtime = DOCKER,
	  .box = { .flags = BOX_NO_SECCOMP, .caps = "DAC_READ_SEARCH",
		   .binds = { "{dir}/shared:/data" } },
	  .argv = "handle /data {handle}", .needs_handle = true, .expect = "handle" },
	{ .technique = "B9 file handle", .variant = "refused: no capability", .runtime = RUNC,
	  .box = { .binds = { "{dir}/shared:/data" } }, .argv = "handle /data {handle}",
	  .needs_handle = true, .outcome = REFUSED, .expect = "handle-refused" },
	{ .technique = "B10 setns", .variant = "/proc/PID/ns/mnt", .runtime = RUNC, .box = JOINER,
	  .argv = "setns path {decoy} mnt", .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "/proc/PID/ns/mnt", .runtime = DOCKER,
	  .box = JOINER, .argv = "setns path {decoy} mnt", .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "nsenter -m", .runtime = RUNC, .box = JOINER,
	  .argv = "nsenter {decoy} -m", .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "nsenter -m, privileged", .runtime = DOCKER,
	  .box = { .flags = BOX_HOST_PID | BOX_PRIVILEGED }, .argv = "nsenter {decoy} -m",
	  .expect = "namespace" },
	{ .technique = "B10 setns", .variant = "refused: no capability", .runtime = RUNC,
	  .box = PTRACER, .argv = "setns path {decoy} mnt", .outcome = REFUSED,
	  .expect = "namespace-refused" },
	{ .technique = "B11 setns", .variant = "pidfd, mount namespace", .runtime = RUNC,
	  .box = JOINER, .argv = "setns pidfd {decoy} mnt", .expect = "namespace" },
	{ .technique = "B11 setns", .variant = "pidfd, several at once", .runtime = RUNC,
	  .box = JOINER, .argv = "setns pidfd {decoy} all", .expect = "namespace" },
	{ .technique = "B11 setns", .variant = "refused: no capability", .runtime = RUNC,
	  .box = PTRACER, .argv = "setns pidfd {decoy} mnt", .outcome = REFUSED,
	  .expect = "namespace-refused" },
	{ .technique = "B15 setns", .variant = "network only", .runtime = RUNC, .box = JOINER,
	  .argv = "setns path {decoy} net", .expect = "namespace" },

	/* C: control files of the kernel; each gets back what it holds */
	{ .technique = "C1 core_pattern", .variant = "openat", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "open openat " CORE " same", .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "openat, privileged", .runtime = DOCKER,
	  .box = PRIVILEGED, .argv = "open openat " CORE " same", .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "int 0x80 open", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "open int80 " CORE " same", .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "io_uring openat", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "open uring " CORE " same", .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "symbolic link", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "link-open open " CORE, .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "bound under another name", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "bind-open openat2 " CORE, .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "bound under another name",
	  .runtime = DOCKER, .box = PRIVILEGED, .argv = "bind-open openat " CORE,
	  .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: read-only", .runtime = RUNC,
	  .argv = "open openat " CORE " same", .outcome = REFUSED, .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: read-only", .runtime = DOCKER,
	  .argv = "open openat " CORE " same", .outcome = REFUSED, .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: symbolic link", .runtime = RUNC,
	  .argv = "link-open openat " CORE, .outcome = REFUSED, .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: symbolic link", .runtime = DOCKER,
	  .argv = "link-open openat " CORE, .outcome = REFUSED, .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: int 0x80, symbolic link",
	  .runtime = RUNC, .argv = "link-open int80 " CORE, .outcome = REFUSED,
	  .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: from a directory, as nobody",
	  .runtime = RUNC, .argv = "dir-open " CORE, .outcome = REFUSED, .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: from a directory, as nobody",
	  .runtime = DOCKER, .argv = "dir-open " CORE, .outcome = REFUSED,
	  .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: by a child that ends at once",
	  .runtime = RUNC, .argv = "child-open " CORE, .outcome = REFUSED,
	  .expect = "core-pattern" },
	{ .technique = "C1 core_pattern", .variant = "refused: lent read-only, another name",
	  .runtime = RUNC, .box = { .binds = { CORE ":/etc/app.conf:ro" } },
	  .argv = "open-stay openat /etc/app.conf", .outcome = REFUSED, .expect = "core-pattern" },
	{ .technique = "C2 core_pattern", .variant = "below a procfs of its own", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "proc-open openat sys/kernel/core_pattern",
	  .expect = "core-pattern" },
	{ .technique = "C4 core_pattern", .variant = "lent by the host under another name",
	  .runtime = RUNC, .box = { .binds = { CORE ":/etc/app.conf" } },
	  .argv = "open openat /etc/app.conf same", .expect = "core-pattern" },
	{ .technique = "C5 release_agent", .variant = "hierarchy of its own", .runtime = RUNC,
	  .box = { .caps = "SYS_ADMIN" }, .argv = "cgroup none,name=brigwatch{name} release_agent",
	  .expect = "mount-control release-agent" },
	{ .technique = "C5 release_agent", .variant = "existing hierarchy", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "cgroup pids release_agent",
	  .expect = "mount-control release-agent" },
	{ .technique = "C5 release_agent", .variant = "existing hierarchy", .runtime = DOCKER,
	  .box = PRIVILEGED, .argv = "cgroup pids release_agent",
	  .expect = "mount-control release-agent" },
	{ .technique = "C5 notify_on_release", .variant = "group of its own", .runtime = RUNC,
	  .box = { .caps = "SYS_ADMIN" }, .argv = "cgroup pids notify_on_release",
	  .expect = "mount-control notify-on-release" },
	{ .technique = "C5 cgroup v1", .variant = "refused: no capability", .runtime = RUNC,
	  .argv = "cgroup pids release_agent", .outcome = REFUSED, .expect = "mount-refused" },
	{ .technique = "C10 control file", .variant = "poweroff_cmd", .runtime = RUNC,
	  .box = PRIVILEGED, .argv = "open openat /proc/sys/kernel/poweroff_cmd same",
	  .expect = "kernel-helper" },

	/* D: mounts */
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

	/* E: the runtime's own socket */
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
	{ .technique = "E1 runtime socket", .variant = "int 0x80 connect", .runtime = RUNC,
	  .box = { .binds = { "{dir}/decoy.sock:/tmp/x" } }, .argv = "connect int80 /tmp/x",
	  .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "int 0x80 socketcall", .runtime = RUNC,
	  .box = { .binds = { "{dir}/decoy.sock:/tmp/x" } }, .argv = "connect socketcall /tmp/x",
	  .expect = "api" },
	{ .technique = "E1 runtime socket", .variant = "decoy that came after the agent",
	  .runtime = RUNC, .box = { .binds = { "{dir}/late.sock:/tmp/x" } },
	  .argv = "connect plain /tmp/x", .expect = "api" },
	{ .technique = "E2 runtime socket", .variant = "io_uring connect", .runtime = RUNC,
	  .box = { .binds = { "{dir}/decoy.sock:/tmp/x" } }, .argv = "connect uring /tmp/x",
	  .expect = "api" },
	{ .technique = "E4 runtime socket", .variant = "abstract name", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_NET }, .argv = "connect plain @/containerd-shim/{name}.sock",
	  .expect = "api" },
	{ .technique = "E4 runtime socket", .variant = "abstract name", .runtime = DOCKER,
	  .box = { .flags = BOX_HOST_NET }, .argv = "connect plain @/containerd-shim/{name}.sock",
	  .expect = "api" },

	/* G and the string that lies */
	{ .technique = "G11 32-bit entry", .variant = "int 0x80 getpid", .runtime = RUNC,
	  .argv = "compat", .expect = "gate32" },
	{ .technique = "G11 32-bit entry", .variant = "int 0x80 getpid", .runtime = DOCKER,
	  .argv = "compat", .expect = "gate32" },
	{ .technique = "G11 32-bit entry", .variant = "int 0x80 openat of a decoy", .runtime = RUNC,
	  .box = PTRACER, .argv = "open int80-openat " SECRET " r",
	  .expect = "gate32 foreign-file" },
	{ .technique = "T01 path rewritten", .variant = "while a FIFO blocks", .runtime = RUNC,
	  .box = PTRACER, .argv = "rewrite " ROOT "{dir}/outside/fifo /etc/hostname",
	  .on_ready = feed_fifo, .expect = "foreign-file", .mention = "{dir}/outside/fifo" },
	{ .technique = "T01 path rewritten", .variant = "while a lease blocks", .runtime = RUNC,
	  .box = PTRACER, .argv = "rewrite " ROOT "{dir}/outside/leased /etc/hostname",
	  .expect = "foreign-file", .mention = "{dir}/outside/leased" },
};
/* clang-format on */
const size_t n_attack_cases = ARRAY_SIZE(attack_cases);
