/* SPDX-License-Identifier: Apache-2.0 */
/* The attack program: one static binary, one subcommand for each deed. It runs
 * inside the test's containers and aims at decoys only; whatever is written is
 * what was there before. Each deed ends with deed_done().
 *
 * Deeds live in attack_*.c, each file with a table of its own (DEED_TABLE() of
 * deed.h); a new file is found by the Makefile. Here is what they share. */
#ifndef LIVE_ATTACK_H
#define LIVE_ATTACK_H

/* attack_file.c: WAY PATH r|w|same */
int attack_open(char **argv);
/* attack_use.c: "r NAME", "w NAME" or "d NAME" of the host, passed over a socket */
int attack_receive(const char *what);

#endif
