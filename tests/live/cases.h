/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of attacks, one file a family: cases_*.c. A new file is found by the
 * Makefile, and its tables by CASE_TABLE(): nothing else lists them. Both tables
 * of a file end with { 0 }.
 *
 * Words in braces are filled in: {dir} temporary directory, {case} the case's own,
 * {name} its random part, {decoy} the decoy's pid, {victim} that of one for this
 * case alone, {daemon} that of a decoy named dockerd,
 * {lender} that of one with the host's root as descriptor 100, {port} a TCP port of it,
 * {handle}, {loop}, {identity} of the runtime's throw-away copy. */
#ifndef LIVE_CASES_H
#define LIVE_CASES_H

#include "harness.h"

/* A family of rules, as cases name it. A name may be used by every file, and is
 * given by one. */
struct family {
	const char *name;
	const char *ids; /* extended regular expression on rule_id */
};

struct case_table {
	const struct family *families;
	const struct attack_case *cases;
};

#define CASE_TABLE(fam, cas)                                                               \
	static const struct case_table case_table = { .families = (fam), .cases = (cas) }; \
	static const struct case_table *const case_table_entry                             \
		__attribute__((used, section("case_tables"))) = &case_table

#define ROOT "/proc/{decoy}/root"
#define SECRET ROOT "{dir}/outside/secret"
/* clang-format off */
#define PTRACER { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE" }
#define JOINER { .flags = BOX_HOST_PID, .caps = "SYS_PTRACE,SYS_ADMIN" }
#define PRIVILEGED { .flags = BOX_PRIVILEGED }
/* clang-format on */
#define CORE "/proc/sys/kernel/core_pattern"

#endif
