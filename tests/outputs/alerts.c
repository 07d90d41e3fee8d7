/* SPDX-License-Identifier: Apache-2.0 */
/* Print alerts of every rule in a format. usage: alerts FORMAT RULES NUMBER SEED */
#include <stdio.h>

#include "agent/output_spec.h"
#include "lib/alerts.h"

static void print(const struct finding *finding, void *arg)
{
	if (sink_write(arg, finding) < 0)
		exit(1);
}

int main(int argc, char **argv)
{
	enum sink_format format = argc == 5 ? output_format_from(argv[1]) : 0;
	struct sink *sink;
	int n_rules;

	if (!format || sink_new(STDOUT_FILENO, false, format, false, &sink) < 0) {
		fprintf(stderr, "usage: alerts FORMAT RULES NUMBER SEED\n");
		return 2;
	}
	n_rules = alerts_of_every_rule(argv[2], (unsigned int)strtoul(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
				       print, sink);
	sink_free(sink);
	return n_rules > 0 ? 0 : 1;
}
