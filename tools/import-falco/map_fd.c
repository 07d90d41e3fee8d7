/* SPDX-License-Identifier: Apache-2.0 */
/* Files and connections. Theirs are descriptors with the name that the caller
 * passed, made absolute; ours are the kernel's objects, links followed. */
#include "map.h"

#include <stdio.h>

#define NETWORK "inet,connect"

/* --- files --------------------------------------------------------------- */

/* Places that the kernel's object never has: links, which it has followed. */
static bool is_magic(const char *path)
{
	return strncmp(path, "/proc/self", 10) == 0 || strncmp(path, "/proc/thread-self", 17) == 0;
}

static void note_links(struct job *job, const struct ast *test, struct out *out)
{
	static const char *const links[] = { "/bin", "/sbin", "/lib", "/lib64", "/var/run", "/var/lock" };

	for (size_t i = 0; i < test->values.n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(links); k++) {
			size_t len = strlen(links[k]);
			const char *value = value_at(test, i);

			if (strncmp(value, links[k], len) != 0 || (value[len] && value[len] != '/'))
				continue;
			out_note(job, out, NOTE_INFO, test->at,
				 "%s: where %s is a link, the object's path is another one: name that too",
				 test->name, links[k]);
			return;
		}
	}
}

struct out *map_fd_name(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self)
{
	struct out *out;

	(void)positive;
	if (asks_only_for(job, NETWORK))
		return lose(job, test, true, "a connection has no name with us: see fd.sip and fd.sport");
	if (test->values.n == 1 && is_magic(value_at(test, 0)))
		return compare(job, test, "evt.arg.path");
	out = compare(job, test, self->ours);
	if (out->kind == OUT_TEST)
		note_links(job, test, out);
	return out;
}

struct out *map_fd_directory(struct job *job, const struct ast *test, bool positive,
			     const struct mapping *self)
{
	struct out *out = compare(job, test, self->ours);

	(void)positive;
	if (out->kind == OUT_TEST)
		note_links(job, test, out);
	return out;
}

static struct out *family(struct job *job, const char *all)
{
	return out_join(job, OUT_AND, out_word(job, "evt.type", "inet"),
			out_test(job, "fd.sip", "=", all));
}

static struct out *type_value(struct job *job, const struct ast *test, const char *value)
{
	if (strcmp(value, "f") == 0 || strcmp(value, "file") == 0)
		return out_not(job, out_word(job, "file.type", "directory"));
	if (strcmp(value, "d") == 0 || strcmp(value, "directory") == 0)
		return out_word(job, "file.type", "directory");
	if (strcmp(value, "4") == 0 || strcmp(value, "ipv4") == 0)
		return family(job, "0.0.0.0/0");
	if (strcmp(value, "6") == 0 || strcmp(value, "ipv6") == 0)
		return family(job, "::/0");
	if (strcmp(value, "ip") == 0)
		return out_word(job, "evt.type", "inet");
	if (strcmp(value, "u") == 0 || strcmp(value, "unix") == 0)
		return out_word(job, "evt.type", "connect");
	return out_unseen(job, test->at, "%s = %.40s: no event of ours has such a descriptor", test->name,
			  value);
}

struct out *map_fd_type(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self)
{
	(void)positive;
	(void)self;
	if (!op_is_equality(test))
		return lose(job, test, false, "kinds of descriptors are compared with =, != and in only");
	return each_value(job, test, type_value);
}

/* Of an open: whether it succeeded. */
struct out *map_fd_num(struct job *job, const struct ast *test, bool positive,
		       const struct mapping *self)
{
	const char *value = test->values.n == 1 ? value_at(test, 0) : "";
	struct out *failed = out_test(job, "evt.failed", NULL, NULL);

	(void)positive;
	(void)self;
	if ((op_is(test, ">=") && strcmp(value, "0") == 0) ||
	    (op_is(test, ">") && strcmp(value, "-1") == 0) ||
	    (op_is_negation(test) && strcmp(value, "-1") == 0))
		return out_not(job, failed);
	if ((op_is(test, "<") && strcmp(value, "0") == 0) ||
	    (op_is(test, "=") && strcmp(value, "-1") == 0)) {
		out_note(job, failed, NOTE_NARROWER, test->at,
			 "of refused opens only those for writing are recorded");
		return failed;
	}
	return lose(job, test, false, "numbers of descriptors are not recorded");
}

/* --- addresses ----------------------------------------------------------- */

/* Of the two ends of a connection only the server's is recorded. Networks are
 * written as with theirs. */
struct out *map_fd_inet(struct job *job, const struct ast *test, bool positive,
			const struct mapping *self)
{
	(void)positive;
	if (!op_is_equality(test) && !op_is(test, "exists"))
		return lose(job, test, true, "addresses are compared with =, != and in only");
	return compare(job, test, self->ours);
}
