/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"
#include "deed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int n_args; /* at least */
	int (*run)(char **argv);
} attacks[] = {
	{ "open", 3, attack_open },
	{ "chdir", 2, attack_chdir },
	{ "exec", 1, attack_exec },
	{ "chroot", 2, attack_chroot },
	{ "fd", 2, attack_fd },
	{ "handle", 3, attack_handle },
	{ "rewrite", 2, attack_rewrite },
	{ "flurry", 3, attack_flurry },
	{ "setns", 3, attack_setns },
	{ "nsenter", 2, attack_nsenter },
	{ "mount", 3, attack_mount },
	{ "block", 3, attack_block },
	{ "bind-open", 2, attack_bind_open },
	{ "link-open", 2, attack_link_open },
	{ "open-stay", 2, attack_open_stay },
	{ "dir-open", 1, attack_dir_open },
	{ "child-open", 1, attack_child_open },
	{ "proc-open", 2, attack_proc_open },
	{ "cgroup", 2, attack_cgroup },
	{ "connect", 2, attack_connect },
	{ "compat", 0, attack_compat },
	{ "overwrite-wait", 1, attack_overwrite_wait },
	{ "overwrite-fd", 2, attack_overwrite_fd },
};

int main(int argc, char **argv)
{
	size_t i;

	/* No deed takes long: a stuck one must not outlive its case. */
	alarm(40);

	/* `attack arrived`: another program's exec led here. Nothing to do. */
	if (argc == 2 && strcmp(argv[1], "arrived") == 0)
		return 0;

	for (i = 0; argc >= 2 && i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (strcmp(argv[1], attacks[i].name) != 0)
			continue;
		if (argc - 2 < attacks[i].n_args)
			break;
		return attacks[i].run(argv + 2);
	}
	fprintf(stderr, "attack: no such deed, or too few arguments\n");
	return 2;
}
