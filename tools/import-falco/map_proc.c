/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, users and containers. */
#include "map.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* --- ancestors ----------------------------------------------------------- */

/* Ours is a list as well: a test is met when one of the ancestors meets it. */
struct out *map_aname(struct job *job, const struct ast *test, bool positive,
		      const struct mapping *self)
{
	(void)positive;
	(void)self;
	if (test->arg && strcmp(test->arg, "0") == 0)
		return compare(job, test, "proc.name");
	if (test->arg && strcmp(test->arg, "1") == 0)
		return compare(job, test, "proc.pname");
	if (test->arg)
		return compare(job, test, pool_printf(job->pool, "proc.aname[%s]", test->arg));
	if (op_is_negation(test))
		return lose(job, test, true, "!= of all ancestors");
	return compare(job, test, "proc.aname");
}

/* --- working directories ------------------------------------------------- */

/* Theirs ends in a slash, ours does not. */
static struct out *cwd_value(struct job *job, const struct ast *test, const char *value)
{
	size_t len = strlen(value);
	bool is_dir = len > 1 && value[len - 1] == '/';

	value = is_dir ? pool_copy(job->pool, value, len - 1) : value;
	if (op_is(test, "startswith"))
		return out_test(job, "proc.cwd", is_dir ? "pmatch" : "startswith", value);
	return out_test(job, "proc.cwd", "=", value);
}

struct out *map_cwd(struct job *job, const struct ast *test, bool positive,
		    const struct mapping *self)
{
	(void)positive;
	if (op_is(test, "exists") || op_is(test, "contains") || op_is(test, "icontains"))
		return compare(job, test, self->ours);
	if (op_is_equality(test) || op_is(test, "startswith"))
		return each_value(job, test, cwd_value);
	return lose(job, test, true,
		    "working directories are compared with =, in, startswith, contains");
}

/* --- capabilities -------------------------------------------------------- */

static struct out *caps_value(struct job *job, const struct ast *test, const char *value)
{
	struct out *out;
	char name[64];
	size_t n;

	n = (size_t)snprintf(name, sizeof(name), "%s%.50s", strncasecmp(value, "CAP_", 4) ? "CAP_" : "",
			     value);
	for (size_t i = 0; i < n && i < sizeof(name); i++)
		name[i] = (char)toupper((unsigned char)name[i]);
	out = out_test(job, "thread.cap_effective", "intersects", pool_copy(job->pool, name, strlen(name)));
	out->is_number = true;
	return map_is_accepted(job, out) ? out : lose(job, test, false, "bits of capabilities are not compared");
}

struct out *map_caps(struct job *job, const struct ast *test, bool positive,
		     const struct mapping *self)
{
	struct out *out;

	if (!op_is(test, "contains") && !op_is(test, "icontains") && !op_is(test, "in"))
		return lose(job, test, false, "capabilities are compared with contains only");
	out = each_value(job, test, caps_value);
	/* What is effective is permitted; so ours says less, and below a not more. */
	if (self->why && out->kind == OUT_TEST)
		out_note(job, out, positive ? NOTE_NARROWER : NOTE_WIDER, test->at, "%s: %s", test->name,
			 self->why);
	return out;
}

/* --- users --------------------------------------------------------------- */

static struct out *user_value(struct job *job, const struct ast *test, const char *value)
{
	struct out *out;

	if (strcmp(value, "root") != 0)
		return lose(job, test, true, "names of users are not looked up, only uids are known");
	out = out_word(job, "user.uid", "0");
	return out;
}

struct out *map_user_name(struct job *job, const struct ast *test, bool positive,
			  const struct mapping *self)
{
	(void)positive;
	(void)self;
	if (!op_is_equality(test))
		return lose(job, test, true, "names of users are not looked up, only uids are known");
	for (size_t i = 0; i < test->values.n; i++) {
		struct out *one = user_value(job, test, value_at(test, i));

		if (one->kind == OUT_LOST)
			return one;
	}
	return each_value(job, test, user_value);
}

/* --- containers ---------------------------------------------------------- */

struct out *map_container_id(struct job *job, const struct ast *test, bool positive,
			     const struct mapping *self)
{
	struct out *inside;

	if (op_is(test, "exists"))
		return out_new(job, OUT_TRUE); /* "host" is an id as well */
	if (!op_is_equality(test) || test->values.n != 1 || strcmp(value_at(test, 0), "host") != 0)
		return compare(job, test, self->ours);
	if (!op_is_negation(test)) {
		if (positive)
			return out_unseen(job, test->at,
					  "it asks for processes of the host: their deeds are not recorded");
		return out_word(job, "proc.phase", "host");
	}
	inside = out_test(job, "proc.phase", "in", "contained");
	ptrs_add(job->pool, &inside->values, (void *)"escaped");
	inside->is_number = true;
	inside->is_container = true;
	return inside;
}
