/* SPDX-License-Identifier: Apache-2.0 */
/* The empty programs of empty.bpf.c, attached and detached. */
#ifndef BW_BENCH_HOOKS_H
#define BW_BENCH_HOOKS_H

struct hooks;

/* Load and attach one empty program to each of the agent's hooks that this
 * kernel has. -EPERM without privileges, -ENOENT when not even sys_exit is
 * there; libbpf's own words go to stderr. *ret is to be freed with
 * hooks_detach(), after which nothing is left in the kernel. */
int hooks_attach(struct hooks **ret);
void hooks_detach(struct hooks *hooks);

/* How many programs are attached, and their names for a person. */
int hooks_count(const struct hooks *hooks);
const char *hooks_names(const struct hooks *hooks);

#endif
