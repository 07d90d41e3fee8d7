/* SPDX-License-Identifier: Apache-2.0 */
/* One function per subcommand; argv[0] is its name. Each returns an exit code
 * (agent/log.h). Data goes to stdout, messages to stderr. */
#ifndef BW_CMD_CMD_H
#define BW_CMD_CMD_H

int cmd_run(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_incidents(int argc, char **argv);
int cmd_check_config(int argc, char **argv);
int cmd_health(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_hand_over(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
