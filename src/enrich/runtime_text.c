/* SPDX-License-Identifier: Apache-2.0 */
/* Files of those that write no JSON: systemd-machined and LXC. Lines of a key,
 * an equals sign and a value. */
#include "enrich/enrich.h"

#define VALUE_MAX 255u /* of the values that are taken */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice trim(struct slice s)
{
	while (s.len && is_blank(s.data[0]))
		s = (struct slice){ s.data + 1, s.len - 1 };
	while (s.len && is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

/* The next line that has a key and a value; false at the end. */
static bool next_pair(struct slice *rest, struct slice *ret_key, struct slice *ret_value)
{
	while (rest->len) {
		const char *end = memchr(rest->data, '\n', rest->len), *equals;
		struct slice line = { rest->data, end ? (size_t)(end - rest->data) : rest->len };

		slice_take(rest, line.len + (end ? 1 : 0), &(struct slice){ 0 });
		line = trim(line);
		equals = line.len && line.data[0] != '#' ? memchr(line.data, '=', line.len) : NULL;
		if (!equals)
			continue;
		*ret_key = trim((struct slice){ line.data, (size_t)(equals - line.data) });
		*ret_value = trim((struct slice){ equals + 1,
						  line.len - (size_t)(equals + 1 - line.data) });
		return true;
	}
	return false;
}

/* Names have no quotes to speak of, but systemd may put some around them. */
static bool is_plain(struct slice s)
{
	if (!s.data || s.len == 0 || s.len > VALUE_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] > '~' || s.data[i] == '"' || s.data[i] == '\\')
			return false;
	return true;
}

static struct slice unquote(struct slice s)
{
	if (s.len >= 2 && s.data[0] == '"' && s.data[s.len - 1] == '"')
		s = (struct slice){ s.data + 1, s.len - 2 };
	return s;
}

static uint32_t to_pid(struct slice s)
{
	uint64_t n = 0;

	if (s.len == 0 || s.len > 10)
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return 0;
		n = n * 10 + (uint64_t)(s.data[i] - '0');
	}
	return n <= INT32_MAX ? (uint32_t)n : 0;
}

static void set(char **at, struct slice s)
{
	char *copy = s.data && is_plain(s) ? strndup(s.data, s.len) : NULL;

	if (!copy)
		return;
	free(*at);
	*at = copy;
}

int parse_machine(struct slice text, struct container_facts *facts)
{
	struct slice key, value, name = { 0 }, service = { 0 };
	bool is_container = false;
	uint32_t leader = 0;

	if (text.len > RUNTIME_FILE_MAX)
		return -EFBIG;
	while (next_pair(&text, &key, &value)) {
		value = unquote(value);
		if (slice_eq(key, SLICE_LITERAL("NAME")))
			name = value;
		else if (slice_eq(key, SLICE_LITERAL("CLASS")))
			is_container = slice_eq(value, SLICE_LITERAL("container"));
		else if (slice_eq(key, SLICE_LITERAL("SERVICE")))
			service = value;
		else if (slice_eq(key, SLICE_LITERAL("LEADER")))
			leader = to_pid(value);
	}
	if (!is_container || !leader || !is_plain(name))
		return -EBADMSG;
	set(&facts->id, name);
	set(&facts->name, name);
	set(&facts->runtime, is_plain(service) ? service : SLICE_LITERAL("systemd-nspawn"));
	facts->init_pid = leader;
	facts->is_machine = true;
	return 0;
}

int parse_lxc_config(struct slice text, struct container_facts *facts)
{
	struct slice key, value, name = { 0 };
	bool is_lxc = false;

	if (text.len > RUNTIME_FILE_MAX)
		return -EFBIG;
	while (next_pair(&text, &key, &value)) {
		if (key.len > 4 && memcmp(key.data, "lxc.", 4) == 0)
			is_lxc = true;
		if (slice_eq(key, SLICE_LITERAL("lxc.uts.name")) ||
		    slice_eq(key, SLICE_LITERAL("lxc.utsname"))) /* before LXC 3 */
			name = value;
	}
	if (!is_lxc)
		return -EBADMSG;
	/* Another runtime's container may bear the same name. */
	if (facts->runtime && strcmp(facts->runtime, "lxc") != 0)
		return 0;
	set(&facts->name, name);
	set(&facts->runtime, SLICE_LITERAL("lxc"));
	return 0;
}
