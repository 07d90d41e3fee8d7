/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BW_CMD_RULES_H
#define BW_CMD_RULES_H

/* `brigwatch rules COMMAND`; argv[0] is "rules". Returns the exit code:
 * 0 done, 2 usage or a rule is wrong, 5 a file could not be read or stdout not
 * be written. */
int cmd_rules(int argc, char **argv);

#endif
