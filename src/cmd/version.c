// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "cmd/cmd.h"
#include "cmd/usage.h"
#include "source/live.h"

int cmd_version(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0)
		return usage_refuse_argument("version", argv[1]);
	if (argc > 1)
		printf("usage: brigwatch version\n\nPrints the version, the version of the wire format and the hash of "
		       "the\nkernel side.\n\n  --help             this text\n\nExit codes: 0 done, 2 usage, 5 output.\n");
	else
		printf("brigwatch %s, wire format %d, kernel side %.16s\n", BRIGWATCH_VERSION, EVENT_VERSION,
		       live_object_hash);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_INTERNAL;
}
