/* SPDX-License-Identifier: Apache-2.0 */
/* E5, E6, G9: endpoints and neighbours over the network. */
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
