/* SPDX-License-Identifier: Apache-2.0 */
/* What --output says, ready for the agent. */
#ifndef BW_CMD_RUN_OUTPUTS_H
#define BW_CMD_RUN_OUTPUTS_H

#include "agent/output_spec.h"
#include "cmd/options.h"

struct run_outputs {
	struct output_spec specs[OUTPUTS_MAX];
	int fds[OUTPUTS_MAX]; /* opened here, for only this process can; else -1 */
	size_t n;
	bool colour; /* stdout is a terminal and may be coloured */
};

/* Stdout when nothing is said. Tells what is wrong; an enum exit_code. To be released
 * in any case. */
int run_outputs_open(const struct options *options, struct run_outputs *ret);
void run_outputs_release(struct run_outputs *outputs);

#endif
