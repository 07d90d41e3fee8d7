/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors judged where they are used, code from nowhere: mmap, memfd, B22, G7, G8. */
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
