/* SPDX-License-Identifier: Apache-2.0 */
/* The runtimes' files, a cgroup's path and a runtime's arguments, as an enemy
 * would write them. */
#include "enrich/enrich.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "f2a178f222db05bb702be1f16c539843c66a7510fa9cb3ad68de6b946179835b"
/* What is found must lie within what was given. */
static void check_within(struct slice whole, struct slice part)
{
	if (part.len == 0 || part.data < whole.data || part.data + part.len > whole.data + whole.len)
		abort();
}

static void try_path(struct slice bytes)
{
	const char *runtime;
	struct slice id;

	if (cgroup_path_name(bytes, &id))
		check_within(bytes, id);
	if (cgroup_path_parse(bytes, &id, &runtime))
		check_within(bytes, id);
}

static void try_args(struct slice bytes)
{
	const char *runtime;
	struct slice id;

	if (!runtime_args_parse(bytes, &id, &runtime))
		return;
	check_within(bytes, id);
	if (id.len > RUNTIME_ARGS_ID_MAX)
		abort();
}

/* Whole strings, none of them too long. A record is made of them. */
static void check_facts(const struct container_facts *facts)
{
	const char *strings[] = { facts->id,	  facts->name,	  facts->image,
				  facts->runtime, facts->pod,	  facts->pod_ns,
				  facts->pod_uid, facts->sandbox, facts->image_id,
				  facts->digest };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (strings[i] && (strlen(strings[i]) > 4096 || !*strings[i]))
			abort();
}

/* The first byte chooses the parser. Those from 0xf0 on read two parts, of which
 * the second one follows a NUL: a bundle, and then an index that confirms it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const parsers[])(struct slice, struct container_facts *) = {
		parse_runc_state, parse_crun_status,   parse_docker_config,
		parse_oci_config, parse_storage_index,
	};
	struct container_facts facts = { 0 };
	struct slice bytes, first;
	const char *nul;

	if (size == 0)
		return 0;
	bytes = (struct slice){ (const char *)data + 1, size - 1 };
	facts.id = strdup(ID);
	switch (data[0]) {
	case 0xf0: parse_machine(bytes, &facts); break;
	case 0xf1: parse_lxc_config(bytes, &facts); break;
	case 0xf2: try_args(bytes); break;
	case 0xf3:
		nul = bytes.len ? memchr(bytes.data, 0, bytes.len) : NULL;
		if (!nul)
			break;
		slice_take(&bytes, (size_t)(nul - bytes.data), &first);
		slice_take(&bytes, 1, &(struct slice){ 0 });
		parse_oci_config(first, &facts);
		parse_storage_index(bytes, &facts);
		break;
	default:
		if (data[0] % (ARRAY_SIZE(parsers) + 1) == ARRAY_SIZE(parsers))
			try_path(bytes);
		else
			parsers[data[0] % (ARRAY_SIZE(parsers) + 1)](bytes, &facts);
	}
	check_facts(&facts);
	container_facts_release(&facts);
	return 0;
}
