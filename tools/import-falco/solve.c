/* SPDX-License-Identifier: Apache-2.0 */
#include "import.h"

json_t *solve_tests(struct job *job, const struct out *condition)
{
	(void)job;
	(void)condition;
	return NULL;
}
