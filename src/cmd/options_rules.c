/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules the options name. */
#include "cmd/options.h"

#define RULES_DEFAULT "/etc/brigwatch/rules"
#ifndef RULES_SHARED
#define RULES_SHARED "/usr/share/brigwatch/rules"
#endif

void options_rules(const struct options *options, struct options_rules *ret)
{
	*ret = (struct options_rules){};
	ret->load.paths = options_list(options, OPTION_RULES, &ret->load.n_paths);
	if (!ret->load.paths) {
		ret->default_paths[0] =
			access(RULES_DEFAULT, F_OK) == 0 ? RULES_DEFAULT : RULES_SHARED;
		ret->load.paths = ret->default_paths;
		ret->load.n_paths = 1;
	}
	ret->load.n_choices = options_choices(options, ret->choices);
	ret->load.choices = ret->choices;
}

void options_tell_rule(const struct parse_error *error, void *arg)
{
	(void)arg;
	if (error->line)
		fprintf(stderr, "brigwatch: rules: %s:%u:%u: %s\n", error->file, error->line,
			error->column, error->message);
	else
		fprintf(stderr, "brigwatch: rules: %s%s%s\n", error->file,
			error->file[0] ? ": " : "", error->message);
	if (error->excerpt[0]) {
		fprintf(stderr, "    %s\n", error->excerpt);
		if (error->caret)
			fprintf(stderr, "    %*s\n", (int)error->caret, "^");
	}
}
