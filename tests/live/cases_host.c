/* SPDX-License-Identifier: Apache-2.0 */
/* A7 to A11, F3, F7: the host or the runtime uses what a container left; helpers of the
 * kernel. */
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
