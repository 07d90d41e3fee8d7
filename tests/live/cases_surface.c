/* SPDX-License-Identifier: Apache-2.0 */
/* G1 to G6, E9: modules, bpf, perf, keyrings and the like. */
#include "cases.h"

static const struct family families[] = {
	{ 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
