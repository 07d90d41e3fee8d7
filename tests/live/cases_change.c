/* SPDX-License-Identifier: Apache-2.0 */
/* B4 and F: a tree changed without opening a file. */
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
