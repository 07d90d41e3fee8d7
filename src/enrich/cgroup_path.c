/* SPDX-License-Identifier: Apache-2.0 */
/* What the path of a container's cgroup says of its name. A hint and no more:
 * whoever may make cgroups may choose these names. Identity is the kernel's. */
#include "enrich/enrich.h"

#define ID_LEN 64u /* hexadecimal digits of Docker's, podman's and the CRI's ids */
#define NAME_LEN_MAX 255u

/* clang-format off */
/* Names in front of an id, as in docker-<id>.scope. A child such as
 * libpod-conmon-<id> has no id behind "libpod-" and so never matches. */
static const struct { struct slice prefix; const char *runtime; } prefixes[] = {
	{ SLICE_LITERAL("cri-containerd"), "containerd" },
	{ SLICE_LITERAL("crio"),           "crio" },
	{ SLICE_LITERAL("docker"),         "docker" },
	{ SLICE_LITERAL("libpod"),         "podman" },
	{ SLICE_LITERAL("libpod-payload"), "podman" },
	{ SLICE_LITERAL("nerdctl"),        "containerd" },
};
/* clang-format on */

/* Where the cgroup's name is the container's own. */
static const struct {
	struct slice parent;
	const char *runtime;
} parents[] = {
	{ SLICE_LITERAL("lxc"), "lxc" },
	{ SLICE_LITERAL("lxc.payload"), "lxc" },
};

static bool starts_with(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

static bool strip_prefix(struct slice *s, struct slice prefix)
{
	if (!starts_with(*s, prefix))
		return false;
	s->data += prefix.len;
	s->len -= prefix.len;
	return true;
}

static bool strip_suffix(struct slice *s, struct slice suffix)
{
	if (s->len < suffix.len ||
	    memcmp(s->data + s->len - suffix.len, suffix.data, suffix.len) != 0)
		return false;
	s->len -= suffix.len;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_id(struct slice s)
{
	if (s.len != ID_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_hex(s.data[i]))
			return false;
	return true;
}

/* A name that a person gave: LXC, systemd-nspawn. */
static bool is_name(struct slice s)
{
	if (s.len == 0 || s.len > NAME_LEN_MAX || s.data[0] == '.' || s.data[0] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '_' || c == '-' || c == '+'))
			return false;
	}
	return true;
}

/* 8-4-4-4-12 digits, parted by - or by _, or 32 digits for static pods. */
static bool is_pod_uid(struct slice s)
{
	if (s.len == 32) {
		for (size_t i = 0; i < s.len; i++)
			if (!is_hex(s.data[i]))
				return false;
		return true;
	}
	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool is_gap = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_gap ? s.data[i] != '-' && s.data[i] != '_' : !is_hex(s.data[i]))
			return false;
	}
	return true;
}

static bool is_pod(struct slice s)
{
	return strip_prefix(&s, SLICE_LITERAL("pod")) && is_pod_uid(s);
}

/* <prefix>-<id>[.scope] */
static bool match_prefixed(struct slice s, struct slice *ret_id, const char **ret_runtime)
{
	strip_suffix(&s, SLICE_LITERAL(".scope"));
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct slice id = s;

		if (strip_prefix(&id, prefixes[i].prefix) &&
		    strip_prefix(&id, SLICE_LITERAL("-")) && is_id(id)) {
			*ret_id = id;
			*ret_runtime = prefixes[i].runtime;
			return true;
		}
	}
	return false;
}

/* <anything>:<prefix>:<id>, a systemd form that was taken literally. */
static bool match_colons(struct slice s, struct slice *ret_id, const char **ret_runtime)
{
	const char *colon = s.len ? memchr(s.data, ':', s.len) : NULL;
	struct slice rest;

	if (!colon || colon == s.data)
		return false;
	rest = (struct slice){ colon + 1, s.len - (size_t)(colon + 1 - s.data) };
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct slice id = rest;

		if (strip_prefix(&id, prefixes[i].prefix) &&
		    strip_prefix(&id, SLICE_LITERAL(":")) && is_id(id)) {
			*ret_id = id;
			*ret_runtime = prefixes[i].runtime;
			return true;
		}
	}
	return false;
}

/* lxc.payload.<name>, machine-<name>.scope. libvirt's guests are called
 * machine-qemu\x2d... and have a backslash, which no name has. */
static bool match_named(struct slice s, struct slice before, struct slice *ret_id,
			const char **ret_runtime)
{
	struct slice name = s;

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		if (slice_eq(before, parents[i].parent) && is_name(s)) {
			*ret_id = s;
			*ret_runtime = parents[i].runtime;
			return true;
		}
	}
	if (strip_prefix(&name, SLICE_LITERAL("lxc.payload.")) && is_name(name)) {
		*ret_id = name;
		*ret_runtime = "lxc";
		return true;
	}
	name = s;
	if (slice_eq(before, SLICE_LITERAL("machine.slice")) &&
	    ((strip_prefix(&name, SLICE_LITERAL("machine-")) &&
	      strip_suffix(&name, SLICE_LITERAL(".scope"))) ||
	     (strip_prefix(&name, SLICE_LITERAL("systemd-nspawn@")) &&
	      strip_suffix(&name, SLICE_LITERAL(".service")))) &&
	    is_name(name)) {
		*ret_id = name;
		*ret_runtime = "systemd-nspawn";
		return true;
	}
	return false;
}

bool cgroup_path_parse(struct slice path, struct slice *ret_id, const char **ret_runtime)
{
	const char *bare_runtime = NULL; /* whose bare ids the components so far announce */
	struct slice before = { 0 };

	while (path.len) {
		const char *slash = memchr(path.data, '/', path.len);
		struct slice part = { path.data, slash ? (size_t)(slash - path.data) : path.len };

		slice_take(&path, part.len + (slash ? 1 : 0), &(struct slice){ 0 });
		if (part.len == 0)
			continue;
		if (match_prefixed(part, ret_id, ret_runtime) ||
		    match_colons(part, ret_id, ret_runtime) ||
		    match_named(part, before, ret_id, ret_runtime))
			return true;
		if (bare_runtime && is_id(part)) {
			*ret_id = part;
			*ret_runtime = bare_runtime;
			return true;
		}

		/* Bare ids are believed right below these only. In a pod it may be
		 * Docker's as well; the runtime's files have the last word. */
		if (slice_eq(part, SLICE_LITERAL("docker")))
			bare_runtime = "docker";
		else if (is_pod(part) || starts_with(part, SLICE_LITERAL("kubepods")))
			bare_runtime = "containerd";
		else
			bare_runtime = NULL;
		before = part;
	}
	return false;
}

bool cgroup_path_name(struct slice path, struct slice *ret_id)
{
	struct slice name = path;
	bool is_scope;

	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] == '/')
			name = (struct slice){ path.data + i + 1, path.len - i - 1 };
	is_scope = strip_suffix(&name, SLICE_LITERAL(".scope"));
	if (is_scope && !strip_prefix(&name, SLICE_LITERAL("runc-")) &&
	    !strip_prefix(&name, SLICE_LITERAL("crun-")))
		return false;
	/* Units of the host are no containers, and two words are our own. */
	if (!is_name(name) || slice_eq(name, SLICE_LITERAL("host")) ||
	    starts_with(name, SLICE_LITERAL("cg-")) ||
	    strip_suffix(&name, SLICE_LITERAL(".service")) ||
	    strip_suffix(&name, SLICE_LITERAL(".slice")))
		return false;
	*ret_id = name;
	return true;
}
