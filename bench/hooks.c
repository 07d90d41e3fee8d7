// SPDX-License-Identifier: Apache-2.0
#include "hooks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "empty.skel.h"

struct hooks {
	struct empty_bpf *skel;
	int count;
	char names[256];
};

/* Without libbpf_find_vmlinux_btf_id(), which parses the kernel's BTF again for
 * every name and warns of each that is missing. */
static bool kernel_has(const struct btf *btf, const char *hook)
{
	char name[64];

	snprintf(name, sizeof(name), "btf_trace_%s", hook);
	return btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) > 0;
}

static void note_name(struct hooks *hooks, const char *section)
{
	const char *hook = strchr(section, '/');
	size_t used = strlen(hooks->names);

	if (used > 0)
		strncat(hooks->names, ", ", sizeof(hooks->names) - used - 1);
	strncat(hooks->names, hook ? hook + 1 : section,
		sizeof(hooks->names) - strlen(hooks->names) - 1);
	hooks->count++;
}

int hooks_attach(struct hooks **ret)
{
	struct bpf_program *prog;
	struct btf *btf = NULL;
	struct hooks *hooks;
	int r;

	hooks = calloc(1, sizeof(*hooks));
	if (!hooks)
		return -ENOMEM;
	hooks->skel = empty_bpf__open();
	if (!hooks->skel) {
		r = -errno;
		goto fail;
	}

	btf = btf__load_vmlinux_btf();
	if (!btf) {
		r = -errno;
		goto fail;
	}
	bpf_object__for_each_program(prog, hooks->skel->obj)
	{
		const char *section = bpf_program__section_name(prog);
		const char *hook = strchr(section, '/');

		/* A hook that this kernel was built without is left out, as the agent does. */
		if (!hook || !kernel_has(btf, hook + 1))
			continue;
		bpf_program__set_autoload(prog, true);
		note_name(hooks, section);
	}
	if (!strstr(hooks->names, "sys_exit")) {
		r = -ENOENT;
		goto fail;
	}

	r = empty_bpf__load(hooks->skel);
	if (r == 0)
		r = empty_bpf__attach(hooks->skel);
	if (r < 0)
		goto fail;

	btf__free(btf);
	*ret = hooks;
	return 0;

fail:
	btf__free(btf);
	hooks_detach(hooks);
	return r;
}

void hooks_detach(struct hooks *hooks)
{
	if (!hooks)
		return;
	empty_bpf__destroy(hooks->skel);
	free(hooks);
}

int hooks_count(const struct hooks *hooks)
{
	return hooks->count;
}

const char *hooks_names(const struct hooks *hooks)
{
	return hooks->names;
}
