/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures of doors that no list has: the hunt for what was not thought of. */
#include "cases.h"

static const struct family families[] = {
	{ 0 },
};

/* clang-format off */
#define SERVED { .binds = { "{dir}/serve.sock:/serve.sock" } }
#define ADMIN { .caps = "SYS_ADMIN" }
#define TASK "/proc/{decoy}/task/{decoy}/root{dir}/outside/secret"
#define MIX(id, text, door, b, deed, result, rules) \
	{ .technique = id " mixture", .variant = text, .runtime = RUNC, .way = door, .box = b, \
	  .argv = "mixed " deed, .outcome = result, .expect = rules }

static const struct attack_case cases[] = {
	MIX("B3", "linked open into a slot and write", WAY_URING_DIRECT, PTRACER, "linked " SECRET, DONE_OK, "foreign-file"),
	MIX("B3", "slot put into the table, read by a child", WAY_URING_DIRECT, PTRACER, "installed " SECRET, DONE_OK, "foreign-file"),
	MIX("B2", "through a thread's own root", WAY_NATIVE, PTRACER, "opened " TASK, DONE_OK, "foreign-file"),
	MIX("B3", "openat2 as if the host's root were the root", WAY_NATIVE, PTRACER,
	    "in-root " ROOT " {dir}/outside/secret", DONE_OK, "foreign-file"),
	MIX("B19", "folder out of another process, file below it", WAY_RECEIVED, PTRACER,
	    "taken {lender} 100 {dir}/outside/secret", DONE_OK, "process-fd foreign-file"),
	MIX("B8", "foreign folder as a layer, by descriptor", WAY_NATIVE, JOINER, "layered " ROOT "{dir}/outside", EITHER, "foreign-file|tree-refused"),
	MIX("B5", "execveat of a descriptor that only names it", WAY_NATIVE, PTRACER, "pathless " ROOT "{dir}/bin/hostprog", DONE_OK, "foreign-exec"),
	MIX("A6", "passed program run", WAY_RECEIVED, SERVED, "passed-program", DONE_OK, "foreign-exec"),
	MIX("A6", "passed folder entered", WAY_RECEIVED, SERVED, "passed-folder", DONE_OK, "foreign-position"),
	MIX("A6", "passed file's mode set", WAY_RECEIVED, SERVED, "passed-chmod", DONE_OK, "foreign-change"),
	MIX("A6", "received and read by io_uring alone", WAY_URING, SERVED, "received", DONE_OK, "foreign-use"),
	MIX("A6", "put into a child by a supervisor of its calls", WAY_RECEIVED, SERVED, "injected", DONE_OK, "foreign-use"),
	MIX("C2", "read-only taken from all mounts at once", WAY_NATIVE, ADMIN, "unmasked", DONE_OK, "protection-off"),
	MIX("B4", "nameless file of the host's, named later", WAY_NATIVE, PTRACER, "named-later " ROOT "{dir}/outside", DONE_OK, "foreign-file"),
	MIX("E5", "connected by the first bytes", WAY_NATIVE, { .flags = BOX_HOST_NET }, "fast-open {port}", DONE_OK, "api-tcp"),
	MIX("B10", "one thread alone", WAY_NATIVE, JOINER, "alone {decoy}", DONE_OK, "namespace"),
	MIX("B11", "from a user namespace", WAY_NATIVE, { .flags = BOX_HOST_PID }, "nested {decoy}", REFUSED, "namespace-refused"),
	MIX("A6", "passed file given room", WAY_RECEIVED, SERVED, "passed-hole", DONE_OK, "foreign-change|foreign-use"),
	MIX("A6", "passed file given an attribute", WAY_RECEIVED, SERVED, "passed-attribute", DONE_OK, "foreign-change"),
	MIX("B20", "choice of the killer for a process of the host", WAY_NATIVE, { .flags = BOX_HOST_PID }, "entry {decoy} oom_score_adj 0", EITHER, "process-write|process-looked|process-refused"),
	MIX("B20", "what of a process of the host is dumped", WAY_NATIVE, PTRACER, "entry {decoy} coredump_filter 33", EITHER, "process-write|process-looked|process-refused"),
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
