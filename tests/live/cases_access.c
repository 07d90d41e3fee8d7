/* SPDX-License-Identifier: Apache-2.0 */
/* B17 to B20: other processes touched. */
#include "cases.h"

#include <signal.h>
#include <stdlib.h>

static const struct family families[] = {
	{ "process-write", "^BW-0240$" },
	{ "process-read", "^BW-0241$" },
	{ "process-fd", "^BW-0242$" },
	{ "process-signal", "^BW-0243$" },
	{ "process-asked", "^BW-0244$" },
	{ "process-environment", "^BW-0245$" },
	{ "process-looked", "^BW-0246$" },
	{ "process-refused", "^BW-0249$" },
	{ 0 },
};

/* One process that may be killed. */
static int prepare_victim(struct play *p)
{
	p->victim = host_start_victim(p->host);
	return p->victim ? 0 : -1;
}

static void cleanup_victim(struct play *p)
{
	if (!p->victim)
		return;
	child_stop(p->victim, SIGKILL, 1000);
	free(p->victim);
	p->victim = NULL;
}

/* clang-format off */
#define HOSTPID { .flags = BOX_HOST_PID }
#define VICTIM .prepare = prepare_victim, .cleanup = cleanup_victim

static const struct attack_case cases[] = {
	{ .technique = "B17 ptrace", .variant = "attach, poke", .runtime = RUNC, .box = PTRACER,
	  .argv = "ptrace attach {decoy}", .expect = "process-write" },
	{ .technique = "B17 ptrace", .variant = "seize, poke", .runtime = RUNC, .box = PTRACER,
	  .argv = "ptrace seize {decoy}", .expect = "process-write" },
	{ .technique = "B17 ptrace", .variant = "attach, poke", .runtime = DOCKER, .box = PTRACER,
	  .argv = "ptrace attach {decoy}", .expect = "process-write" },
	{ .technique = "B17 ptrace", .variant = "int 0x80", .way = WAY_IA32, .runtime = RUNC,
	  .box = PTRACER, .argv = "ptrace int80 {decoy}", .expect = "process-write" },
	{ .technique = "B17 ptrace", .variant = "refused: no capability", .runtime = RUNC,
	  .box = HOSTPID, .argv = "ptrace attach {decoy}", .outcome = REFUSED,
	  .expect = "process-refused" },
	{ .technique = "B17 ptrace", .variant = "refused: int 0x80", .way = WAY_IA32,
	  .runtime = RUNC, .box = HOSTPID, .argv = "ptrace int80 {decoy}", .outcome = REFUSED,
	  .expect = "process-refused" },

	{ .technique = "B18 memory", .variant = "process_vm_writev", .runtime = RUNC,
	  .box = PTRACER, .argv = "vm write native {decoy}", .expect = "process-read process-write" },
	{ .technique = "B18 memory", .variant = "process_vm_writev", .runtime = DOCKER,
	  .box = PTRACER, .argv = "vm write native {decoy}", .expect = "process-write" },
	{ .technique = "B18 memory", .variant = "process_vm_readv", .runtime = RUNC,
	  .box = PTRACER, .argv = "vm read native {decoy}", .expect = "process-read" },
	{ .technique = "B18 memory", .variant = "process_vm_writev by int 0x80", .way = WAY_IA32,
	  .runtime = RUNC, .box = PTRACER, .argv = "vm write int80 {decoy}",
	  .expect = "process-read process-write" },
	{ .technique = "B18 memory", .variant = "process_vm_readv by int 0x80", .way = WAY_IA32,
	  .runtime = RUNC, .box = PTRACER, .argv = "vm read int80 {decoy}",
	  .expect = "process-read" },
	{ .technique = "B18 memory", .variant = "refused: process_vm_writev", .runtime = RUNC,
	  .box = HOSTPID, .argv = "vm write native {decoy}", .outcome = REFUSED,
	  .expect = "process-refused" },
	{ .technique = "B18 memory", .variant = "/proc/PID/mem to write", .runtime = RUNC,
	  .box = PTRACER, .argv = "peek openat {decoy} mem w", .expect = "process-write" },
	{ .technique = "B18 memory", .variant = "/proc/PID/mem to read", .runtime = RUNC,
	  .box = PTRACER, .argv = "peek openat {decoy} mem r", .expect = "process-read" },
	{ .technique = "B18 memory", .variant = "/proc/PID/task/TID/mem to write", .runtime = RUNC,
	  .box = PTRACER, .argv = "peek openat {decoy} task/{decoy}/mem w",
	  .expect = "process-write" },
	{ .technique = "B18 memory", .variant = "/proc/PID/mem by io_uring", .way = WAY_URING,
	  .runtime = RUNC, .box = PTRACER, .argv = "peek uring {decoy} mem w",
	  .expect = "process-write" },
	{ .technique = "B18 memory", .variant = "/proc/PID/mem by int 0x80", .way = WAY_IA32,
	  .runtime = RUNC, .box = PTRACER, .argv = "peek int80 {decoy} mem w",
	  .expect = "process-write" },
	{ .technique = "B18 memory", .variant = "refused: /proc/PID/mem", .runtime = RUNC,
	  .box = HOSTPID, .argv = "peek openat {decoy} mem w", .outcome = REFUSED,
	  .expect = "process-refused" },

	{ .technique = "B19 pidfd_getfd", .variant = "standard input", .runtime = RUNC,
	  .box = PTRACER, .argv = "getfd native {decoy} 0", .expect = "process-fd" },
	{ .technique = "B19 pidfd_getfd", .variant = "a pipe", .runtime = RUNC, .box = PTRACER,
	  .argv = "getfd native {decoy} 1", .expect = "process-fd" },
	{ .technique = "B19 pidfd_getfd", .variant = "int 0x80", .way = WAY_IA32, .runtime = RUNC,
	  .box = PTRACER, .argv = "getfd int80 {decoy} 0", .expect = "process-fd" },
	{ .technique = "B19 pidfd_getfd", .variant = "refused: no capability", .runtime = RUNC,
	  .box = HOSTPID, .argv = "getfd native {decoy} 0", .outcome = REFUSED,
	  .expect = "process-refused" },

	{ .technique = "B20 environ", .variant = "openat", .runtime = RUNC, .box = PTRACER,
	  .argv = "peek openat {decoy} environ r", .expect = "process-environment" },
	{ .technique = "B20 environ", .variant = "openat", .runtime = DOCKER, .box = PTRACER,
	  .argv = "peek openat {decoy} environ r", .expect = "process-environment" },
	{ .technique = "B20 environ", .variant = "io_uring", .way = WAY_URING, .runtime = RUNC,
	  .box = PTRACER, .argv = "peek uring {decoy} environ r", .expect = "process-environment" },
	{ .technique = "B20 environ", .variant = "int 0x80", .way = WAY_IA32, .runtime = RUNC,
	  .box = PTRACER, .argv = "peek int80 {decoy} environ r", .expect = "process-environment" },
	{ .technique = "B20 environ", .variant = "refused: no capability", .runtime = RUNC,
	  .box = HOSTPID, .argv = "peek openat {decoy} environ r", .outcome = REFUSED,
	  .expect = "process-looked" },
	{ .technique = "B20 maps", .variant = "openat", .runtime = RUNC, .box = PTRACER,
	  .argv = "peek openat {decoy} maps r", .expect = "process-looked" },
	{ .technique = "B20 namespace", .variant = "opened, not joined", .runtime = RUNC,
	  .box = PTRACER, .argv = "peek openat {decoy} ns/mnt r", .expect = "process-looked" },
	{ .technique = "B20 kcmp", .variant = "files", .runtime = RUNC, .box = PTRACER,
	  .argv = "kcmp {decoy}", .expect = "process-looked" },

	{ .technique = "B17 signal", .variant = "SIGSTOP", .runtime = RUNC, .box = HOSTPID,
	  .argv = "signal kill {victim} 19", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by kill", .runtime = RUNC, .box = HOSTPID,
	  .argv = "signal kill {victim} 9", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by kill", .runtime = DOCKER, .box = HOSTPID,
	  .argv = "signal kill {victim} 9", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL to its group", .runtime = RUNC,
	  .box = HOSTPID, .argv = "signal group {victim} 9", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by tgkill", .runtime = RUNC,
	  .box = HOSTPID, .argv = "signal tgkill {victim} 9", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by tkill", .runtime = RUNC,
	  .box = HOSTPID, .argv = "signal tkill {victim} 9", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by rt_sigqueueinfo", .runtime = RUNC,
	  .box = HOSTPID, .argv = "signal queue {victim} 9", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by pidfd", .runtime = RUNC,
	  .box = HOSTPID, .argv = "signal pidfd {victim} 9", VICTIM, .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by int 0x80", .way = WAY_IA32,
	  .runtime = RUNC, .box = HOSTPID, .argv = "signal int80 {victim} 9", VICTIM,
	  .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGKILL by int 0x80 tgkill", .way = WAY_IA32,
	  .runtime = RUNC, .box = HOSTPID, .argv = "signal int80-tgkill {victim} 9", VICTIM,
	  .expect = "process-signal" },
	{ .technique = "B17 signal", .variant = "SIGHUP", .runtime = RUNC, .box = HOSTPID,
	  .argv = "signal kill {victim} 1", VICTIM, .expect = "process-asked" },
	{ .technique = "B17 process_madvise", .variant = "cold pages", .runtime = RUNC,
	  .box = { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE,SYS_NICE" },
	  .argv = "madvise {decoy}", .expect = "process-signal" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
