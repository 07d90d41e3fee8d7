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

static struct slice last_component(struct slice path)
{
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	for (size_t i = path.len; i > 0; i--)
		if (path.data[i - 1] == '/')
			return (struct slice){ path.data + i, path.len - i };
	return path;
}

static bool skip_prefix(struct slice *s, struct slice prefix)
{
	return s->len >= prefix.len && memcmp(s->data, prefix.data, prefix.len) == 0 &&
	       slice_take(s, prefix.len, &prefix);
}

/* The value of an option of either spelling, "-M deb", "-Mdeb", "--machine=deb"
 * or "--machine deb"; the last one counts, as it does for the program. */
static struct slice option_value(struct slice args, struct slice brief, struct slice name)
{
	struct slice arg, value, found = {};
	bool is_next = false;

	while (next_arg(&args, &arg)) {
		if (is_next)
			found = arg;
		is_next = slice_eq(arg, brief) || slice_eq(arg, name);
		value = arg;
		if (!is_next && skip_prefix(&value, name) && skip_prefix(&value, SLICE_LITERAL("=")))
			found = value;
		value = arg;
		if (!is_next && skip_prefix(&value, brief) && value.len)
			found = value;
	}
	return found;
}

/* Those that name a container by an option: LXC and systemd-nspawn. The monitor
 * of LXC calls itself "[lxc monitor] PATH NAME". */
static bool parse_named(struct slice args, struct slice *ret_id, const char **ret_runtime)
{
	struct slice rest = args, program = {}, title, id = {};
	const char *runtime = "lxc";

	if (!next_arg(&rest, &program))
		return false;
	title = program;
	program = last_component(program);
	if (skip_prefix(&title, SLICE_LITERAL("[lxc monitor] "))) {
		for (id = title; title.len; slice_take(&title, 1, &(struct slice){}))
			if (title.data[0] == ' ')
				id = (struct slice){ title.data + 1, title.len - 1 };
	} else if (slice_eq(program, SLICE_LITERAL("lxc-start")) ||
		   slice_eq(program, SLICE_LITERAL("lxc-execute"))) {
		id = option_value(rest, SLICE_LITERAL("-n"), SLICE_LITERAL("--name"));
		if (!id.len && rest.len && rest.data[0] != '-')
			next_arg(&rest, &id);
	} else if (slice_eq(program, SLICE_LITERAL("systemd-nspawn"))) {
		runtime = "systemd-nspawn";
		id = option_value(rest, SLICE_LITERAL("-M"), SLICE_LITERAL("--machine"));
		if (!id.len)
			id = last_component(
				option_value(rest, SLICE_LITERAL("-D"), SLICE_LITERAL("--directory")));
	}
	if (!is_id(id))
		return false;
	*ret_id = id;
	*ret_runtime = runtime;
	return true;
}

/* Any program counts, whatever its name: a renamed runtime is still one. */
bool runtime_args_parse(struct slice args, struct slice *ret_id, const char **ret_runtime)
{
	struct slice rest = args, arg, last = {}, id = {};
	bool is_creating = false, is_shim_id = false;
	size_t n = 0;

	if (parse_named(args, ret_id, ret_runtime))
		return true;
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
