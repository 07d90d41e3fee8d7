/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/maker.h"

#include "enrich/enrich.h"

static struct slice base_name(struct slice path)
{
	for (size_t i = path.len; i > 0; i--)
		if (path.data[i - 1] == '/')
			return (struct slice){ path.data + i, path.len - i };
	return path;
}

static bool is_runtime_name(struct slice path)
{
	static const struct slice names[] = {
		SLICE_LITERAL("runc"),	SLICE_LITERAL("docker-runc"), SLICE_LITERAL("buildah-runc"),
		SLICE_LITERAL("crun"),	SLICE_LITERAL("youki"),	      SLICE_LITERAL("runsc"),
	};
	struct slice name = base_name(path);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (slice_eq(name, names[i]))
			return true;
	return false;
}

/* By the name of its file, the name that it was called by, or by an option that
 * only OCI runtimes have. "npm run build" is none. */
static bool is_runtime(const struct proc_view *proc)
{
	const char *nul = proc->args.len ? memchr(proc->args.data, '\0', proc->args.len) : NULL;
	struct slice called = { proc->args.data,
				nul ? (size_t)(nul - proc->args.data) : proc->args.len };

	return is_runtime_name(proc->exepath) || is_runtime_name(called) ||
	       (proc->args.len && memmem(proc->args.data, proc->args.len, "\0--bundle", 9));
}

static bool maker_parse(const struct proc_view *proc, struct maker *ret)
{
	*ret = (struct maker){ 0 };
	if (!runtime_args_parse(proc->args, &ret->id, &ret->runtime))
		return false;
	ret->is_weak = strcmp(ret->runtime, "containerd") == 0 || !is_runtime(proc);
	return true;
}

struct maker maker_of_born(const struct event *ev)
{
	struct maker maker, weak = { 0 };

	for (unsigned int i = 0; i < ev->n_ancestors; i++) {
		const struct proc_view *proc = ev->ancestors[i];

		if (proc->container == CONTAINER_UNKNOWN)
			continue;
		/* Made out of a container, or by what escaped from one: from here on
		 * the line is that container's. */
		if (proc->container &&
		    (ev->u.container.seeded || proc->container != ev->u.container.key))
			break;
		if (!maker_parse(proc, &maker))
			continue;
		if (!maker.is_weak)
			return maker;
		if (!weak.runtime)
			weak = maker;
	}
	return weak;
}

struct maker maker_of_inner(const struct event *ev, uint64_t outer, unsigned int *ret_depth)
{
	struct maker maker, found = { 0 };
	struct slice last = { 0 };
	unsigned int depth = 0;

	for (unsigned int i = 0; i < ev->n_ancestors; i++) {
		const struct proc_view *proc = ev->ancestors[i];

		if (proc->container != outer || !maker_parse(proc, &maker) ||
		    slice_eq(maker.id, last))
			continue;
		/* A shim names what runc made already, or the pod around it. */
		if (maker.is_weak && (depth || strcmp(maker.runtime, "containerd") != 0))
			continue;
		if (depth++ == 0)
			found = maker;
		last = maker.id;
	}
	*ret_depth = depth;
	return found;
}
