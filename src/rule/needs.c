/* SPDX-License-Identifier: Apache-2.0 */
/* Which events must the kernel send although nothing about them is remarkable?
 * Each condition is asked about the most ordinary event of a type, of which
 * only that is known: what the container's own files and sockets look like.
 * All else is unknown; a condition that may still be true needs such events. */
#include "rule/internal.h"

struct ordinary_reader {
	struct reader reader;
	const char *type;
};

/* Facts that the kernel side sends in any case; an ordinary event has none. */
static const char *const fact_fields[] = {
	"file.unreachable",	"file.is_runtime_binary",
	"file.is_block_device", "file.is_kernel_control",
	"file.handle",		"file.is_stdio",
	"sock.is_runtime_api",	"sock.peer_is_host",
	"ns.joined_host",	"cgroup.left",
	"evt.failed",		"mount.is_block_device",
	"mount.is_kernel_fs",	"proc.escaped",
	"file.is_host_root",	"file.is_misplaced",
	"mount.reaches_host",
	"change.link_game",	"change.setid",
	"change.volume",
	"target.is_foreign",	"target.shares_pid_ns",
	"splice.is_setid",	"splice.not_writable",
	"file.from_container",	"file.own_layer",
	"file.patched",		"file.is_sensitive",
	"proc.is_helper",	"file.is_volume",
	"proc.is_main",		"container.runs_script",
	"cred.unexplained",	"proc.code_foreign",
	"proc.is_exe_deleted",	"proc.is_exe_from_memfd",
	"proc.is_exe_upper_layer", "proc.on_connection",
};

static const struct {
	const char *field, *word;
} ordinary_words[] = {
	{ "file.mount_owner", "own" }, { "proc.cwd_owner", "own" }, { "proc.root_owner", "own" },
	{ "proc.phase", "contained" }, { "file.source", "kernel" }, { "target.boundary", "none" },
	{ "evt.res", "SUCCESS" },
};

static int ordinary_get(const struct reader *reader, size_t field, struct value *ret)
{
	const char *name = field_table[field].name;

	ret->type = field_table[field].type;
	ret->cut_head = false;
	if (!strcmp(name, "evt.type")) {
		ret->str = slice_from(((const struct ordinary_reader *)reader)->type);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fact_fields); i++) {
		if (!strcmp(name, fact_fields[i])) {
			ret->truth = false;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(ordinary_words); i++) {
		if (!strcmp(name, ordinary_words[i].field)) {
			ret->str = slice_from(ordinary_words[i].word);
			return 0;
		}
	}
	return -ENODATA;
}

uint64_t rule_plain_types(const struct rule *rule)
{
	static const struct {
		enum event_type type;
		const char *names[4];
	} kinds[] = {
		{ EVENT_OPEN, { "open" } },
		{ EVENT_CHDIR, { "chdir", "fchdir", "chroot" } },
		{ EVENT_CONNECT, { "connect" } },
	};
	struct ordinary_reader reader = { { ordinary_get }, NULL };
	uint64_t types = 0;
	struct value tmp;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t n = 0; kinds[k].names[n]; n++) {
			reader.type = kinds[k].names[n];
			if (program_run(&rule->condition, &reader.reader, &tmp) != TRUTH_FALSE)
				types |= 1ull << kinds[k].type;
		}
	}
	return types;
}

uint64_t rule_set_plain_types(const struct rule_set *set)
{
	uint64_t types = 0;

	for (size_t i = 0; i < set->n_rules; i++)
		types |= rule_plain_types(set->rules[i]);
	return types;
}

bool rule_field_is_fact(const struct field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(fact_fields); i++) {
		if (strcmp(field->name, fact_fields[i]) == 0)
			return true;
	}
	return false;
}
