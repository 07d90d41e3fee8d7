/* SPDX-License-Identifier: Apache-2.0 */
/* Falco's field names that are not ours: with the same meaning under another
 * name, with another meaning, or missing and why. */
#include "event/field.h"

/* clang-format off */
const struct falco_name falco_names[] = {
	{ "container.full_id", "container.id", NULL },
	{ "thread.tid", "proc.tid", NULL },
};
/* clang-format on */
const size_t falco_names_len = ARRAY_SIZE(falco_names);

static int compare_name(const void *key, const void *element)
{
	const struct slice *name = key;
	struct slice other = slice_from(((const struct falco_name *)element)->name);
	int r;

	r = memcmp(name->data, other.data, name->len < other.len ? name->len : other.len);
	return r != 0 ? r : (name->len > other.len) - (name->len < other.len);
}

const struct falco_name *falco_name_find(struct slice name)
{
	if (name.len == 0)
		return NULL;
	return bsearch(&name, falco_names, falco_names_len, sizeof(falco_names[0]), compare_name);
}
