/* SPDX-License-Identifier: Apache-2.0 */
/* B17 to B21: other processes touched. */
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
