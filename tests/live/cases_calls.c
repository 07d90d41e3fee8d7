/* SPDX-License-Identifier: Apache-2.0 */
/* System calls nobody classified, and by rate: G10. */
#include "cases.h"

static const struct family families[] = {
	{ "unknown-call", "^BW-0370$" },
	{ 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
	/* Numbers that nobody knows: told once each, whatever becomes of the call. */
	{ .technique = "G4 unknown call", .variant = "64-bit, 1000 times", .runtime = RUNC,
	  .argv = "call native 1000 1000 1000", .outcome = REFUSED, .expect = "unknown-call",
	  .mention = "number 1000 (native)", .counted = "unknown-call", .n_counted = 1 },
	{ .technique = "G4 unknown call", .variant = "64-bit and int 0x80, 1000 times each",
	  .runtime = DOCKER, .way = WAY_IA32, .argv = "call native 1000 1000 1000 int80 900 900 1000",
	  .outcome = REFUSED, .expect = "unknown-call", .mention = "number 900 (ia32)",
	  .counted = "unknown-call", .n_counted = 2 },
	{ .technique = "G4 unknown call", .variant = "upper half of the register used",
	  .runtime = RUNC, .argv = "call high 1001 1001 3 native 1001 1001 3", .outcome = REFUSED,
	  .expect = "unknown-call", .mention = "number 1001 (native)", .counted = "unknown-call",
	  .n_counted = 1 },
	{ .technique = "G4 unknown call", .variant = "all numbers from 600 on, ten times",
	  .runtime = RUNC, .argv = "call native 600 2599 10", .outcome = REFUSED,
	  .expect = "unknown-call", .mention = "number 600 (native)", .counted = "unknown-call",
	  .n_counted = 32 },
	{ .technique = "G11 unknown call", .variant = "64-bit number that x32 lacks, x32 number without its bit",
	  .runtime = RUNC, .way = WAY_X32, .argv = "call x32 16 16 5 native 520 520 5",
	  .outcome = REFUSED, .expect = "unknown-call", .mention = "number 16 (x32)",
	  .counted = "unknown-call", .n_counted = 2 },
	{ .technique = "B10 setns", .variant = "upper half of the register used", .runtime = RUNC,
	  .box = JOINER, .argv = "high-setns {decoy}", .expect = "namespace" },
	/* The benign twin; the gate's alert tells that the agent looked. */
	{ .technique = "G11 known calls", .variant = "new, retired and skipped ones stay silent",
	  .runtime = RUNC, .way = WAY_IA32, .argv = "known-calls", .expect = "gate32",
	  .counted = "unknown-call" },
	{ .technique = "G11 known calls", .variant = "new, retired and skipped ones stay silent",
	  .runtime = DOCKER, .way = WAY_IA32, .argv = "known-calls", .expect = "gate32",
	  .counted = "unknown-call" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
