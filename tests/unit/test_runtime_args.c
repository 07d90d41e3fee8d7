/* SPDX-License-Identifier: Apache-2.0 */
/* What the arguments of a runtime say of the container that it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "enrich/enrich.h"

/* clang-format off */
/* Arguments parted by a bar, as there is none in them. `want` NULL: they say nothing. */
static const struct { const char *name, *args, *want, *runtime; } cases[] = {
	{ "runc run", "runc|run|web", "web", "runc" },
	{ "runc create with options", "/usr/sbin/runc|--root|/run/x|create|--bundle|/b|web-1", "web-1", "runc" },
	{ "renamed", "/tmp/x|run|web", "web", "runc" },
	{ "shim", "/usr/bin/containerd-shim-runc-v2|-namespace|default|-id|web|-address|/run/c.sock", "web", "containerd" },
	{ "runc state", "runc|state|web", NULL, NULL },
	{ "nothing behind run", "runc|run", NULL, NULL },
	{ "an id that is none", "runc|run|a/b", NULL, NULL },
	{ "lxc-start", "lxc-start|-n|web", "web", "lxc" },
	{ "lxc-start, joined", "/usr/bin/lxc-start|-nweb|-F", "web", "lxc" },
	{ "lxc-start, long", "lxc-start|--name=web", "web", "lxc" },
	{ "lxc-start, long and apart", "lxc-start|-F|--name|web", "web", "lxc" },
	{ "lxc-start, bare", "lxc-start|web", "web", "lxc" },
	{ "lxc-start, the last one", "lxc-start|-n|one|-n|two", "two", "lxc" },
	{ "lxc's monitor", "[lxc monitor] /var/lib/lxc web", "web", "lxc" },
	{ "lxc's monitor without a name", "[lxc monitor] ", NULL, NULL },
	{ "lxc-start without a name", "lxc-start|-F", NULL, NULL },
	{ "lxc-ls", "lxc-ls|-n|web", NULL, NULL },
	{ "nspawn", "systemd-nspawn|-M|deb|-D|/srv/x|-b", "deb", "systemd-nspawn" },
	{ "nspawn, long", "/usr/bin/systemd-nspawn|--quiet|--keep-unit|--boot|--machine=deb", "deb", "systemd-nspawn" },
	{ "nspawn, by its directory", "systemd-nspawn|-D|/srv/machines/deb-2/", "deb-2", "systemd-nspawn" },
	{ "nspawn, nothing", "systemd-nspawn|-b", NULL, NULL },
	{ "empty", "", NULL, NULL },
	{ "a shell", "sh|-c|echo run web", NULL, NULL },
};
/* clang-format on */

static void arguments_name_the_container(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char args[256];
		struct slice id = { 0 };
		const char *runtime = NULL;
		size_t len = strlen(cases[i].args);
		bool found;

		memcpy(args, cases[i].args, len);
		for (size_t k = 0; k < len; k++)
			args[k] = args[k] == '|' ? '\0' : args[k];
		args[len] = '\0';
		found = runtime_args_parse((struct slice){ args, len ? len + 1 : 0 }, &id, &runtime);
		if (cases[i].want ? !found || !slice_eq(id, slice_from(cases[i].want)) ||
					    strcmp(runtime, cases[i].runtime) != 0 :
				    found)
			fail_msg("%s: want %s, got %.*s (%s)", cases[i].name,
				 cases[i].want ? cases[i].want : "nothing", (int)id.len, id.data,
				 runtime ? runtime : "-");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(arguments_name_the_container) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
