/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of events and arguments of calls. Theirs has one event for each system
 * call; ours has one for each kind of act, by whatever call. */
#include "map.h"

#include <ctype.h>
#include <stdio.h>

/* clang-format off */
/* Their calls that we see. `minor`: asked for alone, our word would say too much. */
static const struct {
	const char *call, *word;
	bool minor;
} calls[] = {
	{ "open", "open", false },	{ "openat", "open", false },	{ "openat2", "open", false },
	{ "creat", "open", true },	{ "open_by_handle_at", "open", true },
	{ "execve", "exec", false },	{ "execveat", "exec", false },
	{ "clone", "fork", false },	{ "clone3", "fork", false },	{ "fork", "fork", false },
	{ "vfork", "fork", false },	{ "procexit", "exit", false },
	{ "connect", "connect", false }, { "connect", "inet", false },
	{ "rename", "rename", false },	{ "renameat", "rename", false }, { "renameat2", "rename", false },
	{ "unlink", "unlink", false },	{ "unlinkat", "unlink", false }, { "rmdir", "unlink", true },
	{ "mkdir", "mkdir", false },	{ "mkdirat", "mkdir", false },
	{ "symlink", "symlink", false }, { "symlinkat", "symlink", false },
	{ "link", "link", false },	{ "linkat", "link", false },
	{ "chmod", "chmod", false },	{ "fchmod", "chmod", false },	{ "fchmodat", "chmod", false },
	{ "chown", "chown", false },	{ "lchown", "chown", false },	{ "fchown", "chown", false },
	{ "fchownat", "chown", false },
	{ "mknod", "mknod", false },	{ "mknodat", "mknod", false },
	{ "truncate", "truncate", false }, { "ftruncate", "truncate", false },
	{ "setxattr", "setxattr", false }, { "lsetxattr", "setxattr", false }, { "fsetxattr", "setxattr", false },
	{ "mount", "mount", false },	{ "umount", "umount", false },	{ "umount2", "umount", false },
	{ "pivot_root", "pivot_root", false }, { "fsconfig", "fsconfig", false },
	{ "chdir", "chdir", false },	{ "fchdir", "fchdir", false },	{ "chroot", "chroot", false },
	{ "setns", "setns", false },	{ "unshare", "unshare", false },
	{ "ptrace", "ptrace", false },	{ "process_vm_readv", "process_vm_readv", false },
	{ "process_vm_writev", "process_vm_writev", false },
	{ "pidfd_getfd", "pidfd_getfd", false }, { "pidfd_open", "pidfd_open", false },
	{ "kill", "signal", false },	{ "tkill", "signal", false },	{ "tgkill", "signal", false },
	{ "bpf", "syscall", true },	{ "init_module", "syscall", true }, { "finit_module", "syscall", true },
	{ "delete_module", "syscall", true }, { "perf_event_open", "syscall", true },
	{ "userfaultfd", "syscall", true }, { "keyctl", "syscall", true }, { "socket", "syscall", true },
	{ "splice", "syscall", true },	{ "kexec_load", "syscall", true }, { "kexec_file_load", "syscall", true },
	{ "syslog", "syscall", true },	{ "acct", "syscall", true },	{ "swapon", "syscall", true },
	{ "swapoff", "syscall", true },	{ "reboot", "syscall", true },	{ "iopl", "syscall", true },
	{ "ioperm", "syscall", true },	{ "fanotify_init", "syscall", true }, { "fanotify_mark", "syscall", true },
	{ "sethostname", "syscall", true }, { "setdomainname", "syscall", true },
	{ "settimeofday", "syscall", true }, { "clock_settime", "syscall", true }, { "adjtimex", "syscall", true },
};
/* clang-format on */

static bool has_value(const struct ptrs *values, const char *value)
{
	for (size_t i = 0; i < values->n; i++) {
		if (strcmp(values->items[i], value) == 0)
			return true;
	}
	return false;
}

/* Words that stand for their calls by themselves. */
static void add_whole_words(struct job *job, const struct ast *test, struct out *types)
{
	for (size_t i = 0; i < test->values.n; i++) {
		for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
			if (!calls[c].minor && strcmp(calls[c].call, value_at(test, i)) == 0 &&
			    !has_value(&types->values, calls[c].word))
				ptrs_add(job->pool, &types->values, (void *)calls[c].word);
		}
	}
}

/* Calls of which our word is not enough: evt.type = word and evt.syscall in (...). */
static struct out *add_single_calls(struct job *job, const struct ast *test, struct out *types)
{
	static const char *const words[] = { "open", "unlink", "syscall" };
	struct out *all = out_new(job, OUT_FALSE);

	for (size_t w = 0; w < ARRAY_SIZE(words); w++) {
		struct out *names = out_test(job, "evt.syscall", "in", NULL);

		for (size_t i = 0; i < test->values.n; i++) {
			for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
				if (calls[c].minor && strcmp(calls[c].call, value_at(test, i)) == 0 &&
				    strcmp(calls[c].word, words[w]) == 0)
					ptrs_add(job->pool, &names->values, (void *)calls[c].call);
			}
		}
		if (names->values.n > 0 && !has_value(&types->values, words[w]))
			all = out_join(job, OUT_OR, all,
				       out_join(job, OUT_AND, out_word(job, "evt.type", words[w]), names));
	}
	return all;
}

static bool is_seen(const char *call)
{
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		if (strcmp(calls[c].call, call) == 0)
			return true;
	}
	return false;
}

struct out *map_evt_type(struct job *job, const struct ast *test, bool positive,
			 const struct mapping *self)
{
	struct out *types = out_test(job, "evt.type", "in", NULL), *all, *unseen;

	(void)self;
	if (!op_is_equality(test))
		return lose(job, test, false, "kinds of events are compared with =, != and in only");
	types->is_number = true;
	add_whole_words(job, test, types);
	all = add_single_calls(job, test, types);
	if (types->values.n == 1)
		types->op = "=";
	if (types->values.n > 0)
		all = out_join(job, OUT_OR, types, all);
	unseen = out_new(job, OUT_FALSE);
	for (size_t i = 0; i < test->values.n; i++) {
		if (!is_seen(value_at(test, i)))
			out_note(job, unseen, NOTE_REFUSED, test->at, "%s() is not recorded",
				 value_at(test, i));
	}
	if (unseen->notes.n > 0 && (positive || all->kind == OUT_FALSE))
		all = out_join(job, OUT_OR, all, unseen);
	return op_is_negation(test) ? out_not(job, all) : all;
}

/* --- arguments ----------------------------------------------------------- */

enum arg_kind { ARG_TEXT, ARG_FLAGS, ARG_PTRACE, ARG_BPF, ARG_FAMILY };

/* clang-format off */
static const struct {
	const char *arg;
	const char *words; /* kinds of events that have it */
	const char *ours;
	enum arg_kind kind;
} arguments[] = {
	{ "path", "mkdir,unlink,chdir,chroot,mknod,truncate,chown", "evt.arg.path", ARG_TEXT },
	{ "name", "open,unlink,umount", "evt.arg.path", ARG_TEXT },
	{ "filename", "chmod,exec", "evt.arg.path", ARG_TEXT },
	{ "pathname", "exec,chown", "evt.arg.path", ARG_TEXT },
	{ "newpath", "rename,link", "evt.arg.path", ARG_TEXT },
	{ "oldpath", "rename,link", "evt.arg.path2", ARG_TEXT },
	{ "linkpath", "symlink", "evt.arg.path", ARG_TEXT },
	{ "target", "symlink", "evt.arg.path2", ARG_TEXT },
	{ "dir", "mount", "mount.target", ARG_TEXT },
	{ "dev", "mount", "mount.source", ARG_TEXT },
	{ "type", "mount", "mount.fstype", ARG_TEXT },
	{ "flags", "open,unshare,fork,mount,umount,rename", "evt.arg.flags", ARG_FLAGS },
	{ "nstype", "setns", "evt.arg.flags", ARG_FLAGS },
	{ "mode", "chmod,mkdir,mknod", "change.mode", ARG_FLAGS },
	{ "request", "ptrace", "ptrace.request", ARG_PTRACE },
	{ "cmd", "syscall", "bpf.cmd", ARG_BPF },
	{ "domain", "syscall", "socket.family", ARG_FAMILY },
};
/* clang-format on */

const char *evt_arg_output(const char *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		if (strcmp(arguments[i].arg, arg) == 0)
			return arguments[i].ours;
	}
	return NULL;
}

/* "O_CREAT|O_TRUNC": all of them are set. */
static struct out *flags_value(struct job *job, const struct ast *test, const char *ours,
			       const char *value)
{
	struct out *all = out_new(job, OUT_TRUE), *one;
	const char *p = value;

	while (*p) {
		size_t len = strcspn(p, "|");
		char *name = pool_copy(job->pool, p, len);

		one = out_test(job, ours, "intersects", name);
		one->is_number = true;
		if (name[0] && (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != len ||
				!map_is_accepted(job, one)))
			return lose(job, test, false, "no bit of %s is called '%.60s' with us", ours, name);
		if (name[0])
			all = out_join(job, OUT_AND, all, one);
		p += len + (p[len] == '|');
	}
	return all;
}

static struct out *map_flags(struct job *job, const struct ast *test, const char *ours)
{
	struct out *all = out_new(job, OUT_FALSE);

	if (!op_is(test, "contains") && !op_is(test, "icontains") && !op_is(test, "intersects"))
		return lose(job, test, false, "flags are compared with contains and intersects only");
	for (size_t i = 0; i < test->values.n; i++) {
		struct out *one = flags_value(job, test, ours, value_at(test, i));

		if (one->kind == OUT_LOST)
			return one;
		all = out_join(job, OUT_OR, all, one);
	}
	return all;
}

/* A comparison with a word that theirs writes with a prefix. */
static struct out *map_prefixed(struct job *job, const struct ast *test, const char *ours,
				const char *prefix)
{
	struct ast bare = *test;
	size_t len = strlen(prefix);

	bare.values = (struct ptrs){ 0 };
	bare.plain = (struct ptrs){ 0 };
	bare.lists = (struct ptrs){ 0 };
	for (size_t i = 0; i < test->values.n; i++) {
		struct ast_value *value = pool_alloc(job->pool, sizeof(*value));

		*value = *(struct ast_value *)test->values.items[i];
		if (strncmp(value->text, prefix, len) == 0)
			value->text += len;
		ptrs_add(job->pool, &bare.values, value);
		ptrs_add(job->pool, &bare.plain, value);
	}
	return compare(job, &bare, ours);
}

static struct out *bpf_value(struct job *job, const struct ast *test, const char *value)
{
	static const char *const numbers[] = { "MAP_CREATE", NULL, NULL, NULL, NULL, "PROG_LOAD",
					       "OBJ_PIN", "OBJ_GET", "PROG_ATTACH", "PROG_DETACH" };
	const char *word = strncmp(value, "BPF_", 4) == 0 ? value + 4 : value;

	if (isdigit((unsigned char)value[0])) {
		unsigned long num = strtoul(value, NULL, 10);

		word = num < ARRAY_SIZE(numbers) && numbers[num] ? numbers[num] : value;
	}
	(void)test;
	return out_test(job, "bpf.cmd", "=", word);
}

/* A process that lets itself be traced crosses nothing. */
static struct out *map_ptrace(struct job *job, const struct ast *test, const char *ours)
{
	if (test->values.n == 1 && strstr(value_at(test, 0), "TRACEME"))
		return out_unseen(job, test->at, "ptrace of oneself (PTRACE_TRACEME) is not recorded");
	return map_prefixed(job, test, ours, "PTRACE_");
}

static struct out *map_argument(struct job *job, const struct ast *test, size_t i)
{
	const char *ours = arguments[i].ours;

	switch (arguments[i].kind) {
	case ARG_FLAGS: return map_flags(job, test, ours);
	case ARG_PTRACE: return map_ptrace(job, test, ours);
	case ARG_FAMILY: return map_prefixed(job, test, ours, "AF_");
	case ARG_BPF:
		if (!op_is_equality(test))
			return lose(job, test, false, "commands are compared with =, != and in only");
		return each_value(job, test, bpf_value);
	default: return compare(job, test, ours);
	}
}

struct out *map_evt_arg(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self)
{
	struct out *out;

	(void)positive;
	(void)self;
	for (size_t i = 0; test->arg && i < ARRAY_SIZE(arguments); i++) {
		if (strcmp(arguments[i].arg, test->arg) != 0)
			continue;
		if (!asks_for_any(job, arguments[i].words))
			continue;
		out = map_argument(job, test, i);
		if (out->kind == OUT_LOST || asks_only_for(job, arguments[i].words))
			return out;
		return out_join(job, OUT_AND, is_of_types(job, arguments[i].words), out);
	}
	return lose(job, test, false, "this argument is not recorded");
}

/* --- others -------------------------------------------------------------- */

/* Their placeholders for never (= 0) and always (>= 0). */
struct out *map_evt_num(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self)
{
	(void)positive;
	(void)self;
	if (test->values.n == 1 && strcmp(value_at(test, 0), "0") == 0) {
		if (op_is(test, "=") || op_is(test, "==") || op_is(test, "<"))
			return out_new(job, OUT_FALSE);
		if (op_is(test, ">=") || op_is(test, ">") || op_is_negation(test))
			return out_new(job, OUT_TRUE);
	}
	return lose(job, test, false, "events are not numbered");
}

/* Ours are recorded when the call returns. */
struct out *map_evt_dir(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self)
{
	struct out *out = out_new(job, OUT_TRUE);

	(void)positive;
	(void)self;
	if (test->values.n != 1 || strcmp(value_at(test, 0), "<") != 0)
		out_note(job, out, NOTE_INFO, test->at,
			 "evt.dir: we tell of a call when it returns, not when it begins");
	return out;
}

/* "evt.res != -1": theirs is a text as well, which is never a number. */
struct out *map_evt_res(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self)
{
	(void)positive;
	(void)self;
	if (op_is_equality(test) && test->values.n == 1 &&
	    !isalpha((unsigned char)value_at(test, 0)[0]))
		return out_new(job, op_is_negation(test) ? OUT_TRUE : OUT_FALSE);
	return compare(job, test, "evt.res");
}
