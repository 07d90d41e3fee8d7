/* SPDX-License-Identifier: Apache-2.0 */
/* System calls nobody classified, and by rate: G10. */
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
