/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/usage.h"

#include <stdio.h>

#include "agent/log.h"
#include "base/suggest.h"

static int refuse(const char *command, const char *what, const char *typed, const char *nearest)
{
	fprintf(stderr, "brigwatch %s: %s '%s'%s%s%s\n", command, what, typed,
		nearest ? ", did you mean '--" : "", nearest ? nearest : "", nearest ? "'?" : "");
	fprintf(stderr, "brigwatch %s: `brigwatch %s --help` lists the options\n", command,
		command);
	return EXIT_USAGE;
}

static struct slice bare_name(const char *typed)
{
	struct slice name = { typed, strcspn(typed, "=") };

	while (name.len > 0 && name.data[0] == '-')
		name = (struct slice){ name.data + 1, name.len - 1 };
	return name;
}

int usage_refuse(const char *command, const struct option *known, char *const *argv)
{
	char letter[3] = { '-', (char)optopt, '\0' };
	const char *typed = optind > 0 ? argv[optind - 1] : "";
	struct suggest suggest = {};

	/* getopt knows the option and misses its value, or has one too many. */
	for (const struct option *option = known; optopt && option->name; option++)
		if (option->val == optopt)
			return refuse(command,
				      strchr(typed, '=') ? "no value is taken by" :
							   "a value is missing behind",
				      typed, NULL);
	if (optopt > 0 && optopt < 256)
		return refuse(command, "unknown option", letter, NULL);
	for (; known->name; known++)
		suggest_offer(&suggest, bare_name(typed), known->name);
	return refuse(command, "unknown option", typed, suggest.best);
}

int usage_refuse_argument(const char *command, const char *argument)
{
	struct suggest suggest = {};

	if (argument[0] != '-')
		return refuse(command, "takes no argument, got", argument, NULL);
	suggest_offer(&suggest, bare_name(argument), "help");
	return refuse(command, "unknown option", argument, suggest.best);
}
