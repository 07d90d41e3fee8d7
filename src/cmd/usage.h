/* SPDX-License-Identifier: Apache-2.0 */
/* What every subcommand says of an option that it does not know. */
#ifndef BW_CMD_USAGE_H
#define BW_CMD_USAGE_H

#include <getopt.h>

/* After getopt_long() has answered '?' or ':': tell what is wrong, with the
 * nearest name of `known` (the table that it was given), and where help is.
 * main() keeps getopt itself quiet. Returns EXIT_USAGE. */
int usage_refuse(const char *command, const struct option *known, char *const *argv);

/* For a command that takes no argument but --help: `argv` has one. */
int usage_refuse_argument(const char *command, const char *argument);

#endif
