// SPDX-License-Identifier: Apache-2.0
#include "enrich/enrich.h"

static bool is_id(struct slice s)
{
	if (s.len == 0 || s.len > RUNTIME_ARGS_ID_MAX || s.data[0] == '-' || s.data[0] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		      c == '.' || c == '+' || c == '-'))
			return false;
	}
	return true;
}

/* The next argument; false at the end. */
static bool next_arg(struct slice *rest, struct slice *ret)
{
	const char *nul;

	if (rest->len == 0)
		return false;
	nul = memchr(rest->data, '\0', rest->len);
	ret->data = rest->data;
	ret->len = nul ? (size_t)(nul - rest->data) : rest->len;
	rest->data += ret->len + (nul ? 1 : 0);
	rest->len -= ret->len + (nul ? 1 : 0);
	return true;
}

/* Any program counts, whatever its name: a renamed runtime is still one. */
bool runtime_args_parse(struct slice args, struct slice *ret_id, const char **ret_runtime)
{
	struct slice rest = args, arg, last = {}, id = {};
	bool is_creating = false, is_shim_id = false;
	size_t n = 0;

	while (next_arg(&rest, &arg)) {
		n++;
		if (n == 1)
			continue;
		if (is_shim_id) {
			id = arg;
			is_shim_id = false;
		} else if (slice_eq(arg, SLICE_LITERAL("-id"))) {
			is_shim_id = true;
		} else if (slice_eq(arg, SLICE_LITERAL("run")) || slice_eq(arg, SLICE_LITERAL("create")) ||
			   slice_eq(arg, SLICE_LITERAL("restore"))) {
			is_creating = true;
			last = (struct slice){};
			continue;
		}
		last = arg;
	}
	if (is_id(id)) {
		*ret_id = id;
		*ret_runtime = "containerd";
		return true;
	}
	if (!is_creating || !is_id(last))
		return false;
	*ret_id = last;
	*ret_runtime = "runc";
	return true;
}
