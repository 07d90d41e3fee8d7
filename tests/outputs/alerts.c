/* SPDX-License-Identifier: Apache-2.0 */
/* Print alerts of every rule in a format. usage: alerts FORMAT RULES NUMBER SEED */
#include <stdio.h>

#include "agent/output_spec.h"
#include "lib/alerts.h"

static void print(const struct finding *finding, void *arg)
{
	const enum sink_format *format = arg;
	char *text;
	size_t len;

	if (sink_render(finding, *format, false, &text, &len) < 0 || fwrite(text, 1, len, stdout) != len)
		exit(1);
	free(text);
}

int main(int argc, char **argv)
{
	enum sink_format format = argc == 5 ? output_format_from(argv[1]) : 0;
	int n_rules;

	if (!format) {
		fprintf(stderr, "usage: alerts FORMAT RULES NUMBER SEED\n");
		return 2;
	}
	n_rules = alerts_of_every_rule(argv[2], (unsigned int)strtoul(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
				       print, &format);
	return n_rules > 0 && fflush(stdout) == 0 ? 0 : 1;
}
