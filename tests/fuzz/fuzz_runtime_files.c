/* SPDX-License-Identifier: Apache-2.0 */
/* The runtimes' files, and a cgroup's path, as an enemy would write them. */
#include "enrich/enrich.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the parser; what is then found must be whole strings. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const parsers[])(struct slice, struct container_facts *) = {
		parse_runc_state, parse_crun_status,   parse_docker_config,
		parse_oci_config, parse_storage_index,
	};
	struct container_facts facts = { 0 };
	const char *runtime;
	struct slice bytes, id;
	size_t total;

	if (size == 0)
		return 0;
	bytes = (struct slice){ (const char *)data + 1, size - 1 };
	if (data[0] % (ARRAY_SIZE(parsers) + 1) == ARRAY_SIZE(parsers)) {
		if (cgroup_path_name(bytes, &id) && (id.len == 0 || id.len > bytes.len))
			abort();
		if (cgroup_path_parse(bytes, &id, &runtime) &&
		    (id.len == 0 || id.data < bytes.data ||
		     id.data + id.len > bytes.data + bytes.len))
			abort();
		return 0;
	}

	facts.id = strdup("f2a178f222db05bb702be1f16c539843c66a7510fa9cb3ad68de6b946179835b");
	parsers[data[0] % (ARRAY_SIZE(parsers) + 1)](bytes, &facts);
	total = (facts.id ? strlen(facts.id) : 0) + (facts.name ? strlen(facts.name) : 0) +
		(facts.image ? strlen(facts.image) : 0) +
		(facts.runtime ? strlen(facts.runtime) : 0);
	if (total > 4 * 4096)
		abort();
	container_facts_release(&facts);
	return 0;
}
