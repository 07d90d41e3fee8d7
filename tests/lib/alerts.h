/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts of every rule over made-up records of every type, for the tests of output
 * formats: the rules' own texts and fields, hostile bytes wherever a process can
 * put bytes. */
#ifndef BW_TESTS_ALERTS_H
#define BW_TESTS_ALERTS_H

#include "sink/sink.h"

/* `each` of every rule below `rules`, `n` events each. Returns how many rules there
 * were, or -errno. Same `seed`, same alerts. */
int alerts_of_every_rule(const char *rules, unsigned int n, uint64_t seed,
			 void (*each)(const struct finding *finding, void *arg), void *arg);

#endif
