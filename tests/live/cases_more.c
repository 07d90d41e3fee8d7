/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that other cases do not reach: what an escaped process does besides, the
 * neighbour's processes, the host's name, short processes, shared memory. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>

static const struct family families[] = {
	{ "aftermath-mount", "^BW-0363$" },  { "aftermath-namespace", "^BW-0364$" },
	{ "aftermath-process", "^BW-0365$" }, { "aftermath-change", "^BW-0366$" },
	{ "aftermath-kernel", "^BW-0367$" },  { "aftermath-any", "^BW-036[0-7]$" },
	{ "neighbour", "^BW-0247$" },	      { "neighbour-disturbed", "^BW-0248$" },
	{ "host-name", "^BW-0255$" },	      { "short-storm", "^BW-0331$" },
	{ 0 },
};

#define WORK \
	"aftermath-mount aftermath-change aftermath-process aftermath-kernel aftermath-namespace"

/* Another container, in pid and mount namespaces of its own; {victim} is its
 * process as the host sees it. */
static int start_neighbour(struct play *p)
{
	struct box box = { 0 };
	char *argv[] = { "/bin/sleep", "60", NULL };
	char dir[450], line[32] = "", cmd[2600];
	char *sh[] = { "sh", "-c", cmd, NULL };

	snprintf(dir, sizeof(dir), "%s.n", p->dir);
	p->victim = calloc(1, sizeof(*p->victim));
	if (!p->victim || bundle_write(p->host, dir, &box, argv) < 0)
		return -1;
	p->victim->out = -1;
	snprintf(cmd, sizeof(cmd),
		 "runc run -d -b '%s' --pid-file '%s/pid' \"n-$(basename '%s')-%d\" </dev/null >/dev/null "
		 "2>>'%s' && echo $(cat '%s/pid')",
		 dir, dir, p->dir, (int)p->host->decoy.pid, p->host->log, dir);
	if (run(sh, p->host->log, 10000, line, sizeof(line)) != 0)
		return -1;
	p->victim->pid = atoi(line);
	return p->victim->pid > 0 ? 0 : -1;
}

static void stop_neighbour(struct play *p)
{
	shell("/dev/null", 10000, "runc delete -f \"n-$(basename '%s')-%d\"", p->dir,
	      (int)p->host->decoy.pid);
	free(p->victim);
	p->victim = NULL;
}

/* clang-format off */
#define NEIGHBOUR .prepare = start_neighbour, .cleanup = stop_neighbour
#define TOUCH(text, door, deed, rules) \
	{ .technique = text, .variant = "another container: " deed, .runtime = RUNC, .way = door, \
	  .box = PTRACER, .argv = deed, NEIGHBOUR, .expect = rules }
#define NAME(text, door, deed) \
	{ .technique = "B15 name of the host", .variant = text, .runtime = RUNC, .way = door, \
	  .box = JOINER, .argv = deed, .expect = "host-name" }

static const struct attack_case cases[] = {
	{ .technique = "B10 aftermath", .variant = "mounts, trees, processes, the kernel", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE,SYS_ADMIN,BPF" },
	  .argv = "at-work out {decoy} {dir}/outside", .expect = WORK },
	{ .technique = "B10 aftermath", .variant = "mounts, trees, processes, the kernel", .runtime = DOCKER,
	  .box = { .flags = BOX_HOST_PID | BOX_PRIVILEGED }, .argv = "at-work out {decoy} {dir}/outside",
	  .expect = WORK },
	/* The harmless twin: the same without the join is no aftermath. */
	{ .technique = "G2 bpf", .variant = "the same deeds within the container", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE,SYS_ADMIN,BPF" },
	  .argv = "at-work in {decoy} /tmp", .expect = "bpf|bpf-refused", .counted = "aftermath-any" },

	TOUCH("B17 ptrace", WAY_NATIVE, "ptrace attach {victim}", "neighbour"),
	TOUCH("B17 ptrace", WAY_IA32, "ptrace int80 {victim}", "neighbour"),
	TOUCH("B18 memory", WAY_NATIVE, "peek openat {victim} mem r", "neighbour"),
	TOUCH("B18 memory", WAY_URING, "peek uring {victim} mem w", "neighbour"),
	TOUCH("B19 pidfd_getfd", WAY_NATIVE, "getfd native {victim} 0", "neighbour"),
	TOUCH("B20 environ", WAY_NATIVE, "peek openat {victim} environ r", "neighbour-disturbed"),
	TOUCH("B17 signal", WAY_NATIVE, "signal kill {victim} 9", "neighbour-disturbed"),
	TOUCH("B17 signal", WAY_NATIVE, "signal pidfd {victim} 9", "neighbour-disturbed"),

	NAME("sethostname", WAY_NATIVE, "hostname {decoy} native"),
	NAME("setdomainname", WAY_NATIVE, "hostname {decoy} domain"),
	NAME("int 0x80", WAY_IA32, "hostname {decoy} int80"),
	{ .technique = "G10 short processes", .variant = "forty thousand", .runtime = RUNC,
	  .argv = "short 40000", .expect = "short-storm" },
	{ .technique = "G7 program from nowhere", .variant = "shared memory", .runtime = RUNC,
	  .box = { .binds = { "{dir}/shared:/dev/shm" } }, .argv = "drop shm", .expect = "shared-memory" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
