/* SPDX-License-Identifier: Apache-2.0 */
/* D2, D6, C2: the newer mount calls. */
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
