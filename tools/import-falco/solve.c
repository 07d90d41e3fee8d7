/* SPDX-License-Identifier: Apache-2.0 */
/* An event that a condition fires at, found by going through it: goals are parts
 * that must be true or false, choices are tried one after the other. What is
 * found is a proposal, for values interact in more ways than are thought of
 * here; rules.c keeps what the engine confirms. Steps are bounded. */
#include "import.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <strings.h>

#define STEPS_MAX 3000u
#define CHOICES_MAX 24u /* values of one test that are tried */
#define NEAR_MISSES_MAX 16u

struct goal {
	const struct out *out;
	bool want;
	const struct goal *next;
};

struct solver {
	struct job *job;
	unsigned int n_steps;
	json_t *found;
};

/* --- values -------------------------------------------------------------- */

/* "proc.aname[2]": the field, and its place in an array; -1: none. */
static const struct field *field_of(const char *name, int *ret_item)
{
	const char *open = strchr(name, '[');

	*ret_item = -1;
	if (!open)
		return field_find(slice_from(name));
	*ret_item = (int)strtol(open + 1, NULL, 10) - 1;
	return field_find((struct slice){ name, (size_t)(open - name) });
}

static bool in_net(const char *have, const char *net)
{
	unsigned char a[16], b[16];
	char text[64];
	const char *slash = strchr(net, '/');
	size_t len = slash ? (size_t)(slash - net) : strlen(net);
	int family = strchr(net, ':') ? AF_INET6 : AF_INET, bits;

	if (len >= sizeof(text))
		return false;
	memcpy(text, net, len);
	text[len] = '\0';
	bits = slash ? (int)strtol(slash + 1, NULL, 10) : family == AF_INET ? 32 : 128;
	if (bits < 0 || bits > (family == AF_INET ? 32 : 128))
		return false;
	if (inet_pton(family, text, b) != 1 || inet_pton(family, have, a) != 1)
		return false;
	for (int i = 0; i < bits; i++) {
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	}
	return true;
}

static bool has_bit(const char *have, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = have; (p = strstr(p, name)); p += len) {
		if ((p == have || p[-1] == '|') && (p[len] == '|' || p[len] == '\0'))
			return true;
	}
	return false;
}

static bool meets_text(const struct field *field, const char *op, const char *have,
		       const char *value)
{
	size_t n = strlen(have), len = strlen(value);

	if (field->kind == FIELD_ADDRESS)
		return in_net(have, value);
	if (strcmp(op, "=") == 0 || strcmp(op, "in") == 0)
		return strcmp(have, value) == 0;
	if (strcmp(op, "contains") == 0)
		return strstr(have, value) != NULL;
	if (strcmp(op, "icontains") == 0)
		return strcasestr(have, value) != NULL;
	if (strcmp(op, "startswith") == 0)
		return strncmp(have, value, len) == 0;
	if (strcmp(op, "endswith") == 0)
		return n >= len && strcmp(have + n - len, value) == 0;
	if (strcmp(op, "glob") == 0)
		return fnmatch(value, have, 0) == 0;
	if (strcmp(op, "pmatch") == 0)
		return strncmp(have, value, len) == 0 && (have[len] == '/' || !have[len]);
	return strcmp(op, "intersects") == 0 && has_bit(have, value);
}

static bool meets_number(const char *op, json_int_t have, const char *value)
{
	json_int_t num = strtoll(value, NULL, 0);

	if (strcmp(op, "<") == 0)
		return have < num;
	if (strcmp(op, "<=") == 0)
		return have <= num;
	if (strcmp(op, ">") == 0)
		return have > num;
	if (strcmp(op, ">=") == 0)
		return have >= num;
	return have == num;
}

static bool meets_one(const struct field *field, const struct out *test, const json_t *have,
		      const char *value)
{
	const char *op = strcmp(test->op, "!=") == 0 ? "=" : test->op;
	size_t i;
	json_t *item;

	if (json_is_array(have)) {
		json_array_foreach((json_t *)have, i, item) {
			if (meets_one(field, test, item, value))
				return true;
		}
		return false;
	}
	if (json_is_integer(have))
		return meets_number(op, json_integer_value(have), value);
	return json_is_string(have) && meets_text(field, op, json_string_value(have), value);
}

/* All values of a test, those of its lists too. */
static const char *value_of(const struct out *test, size_t i)
{
	if (i < test->values.n)
		return test->values.items[i];
	i -= test->values.n;
	for (size_t k = 0; k < test->lists.n; k++) {
		const struct falco_list *list = test->lists.items[k];

		if (i < list->values.n)
			return list->values.items[i];
		i -= list->values.n;
	}
	return NULL;
}

static bool meets(const struct field *field, int item, const struct out *test, const json_t *have)
{
	bool any = false;
	const char *value;

	if (!test->op)
		return json_is_true(have);
	if (item >= 0)
		have = json_array_get(have, (size_t)item);
	if (!have)
		return false;
	if (strcmp(test->op, "exists") == 0)
		return true;
	for (size_t i = 0; !any && (value = value_of(test, i)); i++)
		any = meets_one(field, test, have, value);
	return strcmp(test->op, "!=") == 0 ? !any : any;
}

/* A value that conditions are rarely about. */
static json_t *plain_value(const struct field *field, const struct out *test)
{
	if (field->type == VALUE_BOOL)
		return json_false();
	if (field->kind == FIELD_ADDRESS)
		return json_string("203.0.113.7"); /* for documentation, RFC 5737 */
	if (field->type == VALUE_INT && field->kind == FIELD_PLAIN)
		return json_integer(12345);
	if (field->type == VALUE_INT)
		return json_integer(0);
	if (field->type == VALUE_LIST)
		return field->item == VALUE_INT ? json_pack("[i]", 12345) :
						  json_pack("[s]", "plain");
	for (size_t i = 0; field->words && field->words[i]; i++) {
		json_t *word = json_string(field->words[i]);

		if (!test || !meets(field, -1, test, word))
			return word;
		json_decref(word);
	}
	if (strstr(field->name, "path") || strcmp(field->name, "proc.cwd") == 0)
		return json_string("/srv/plain/file");
	return json_string(
		strcmp(field->name, "container.image") == 0 ? "registry.example/plain:1" : "plain");
}

/* What a pattern stands for, at its shortest. */
static const char *of_pattern(struct pool *pool, const char *pattern)
{
	char *text = pool_copy(pool, pattern, strlen(pattern));
	size_t n = 0;

	for (const char *p = pattern; *p; p++) {
		if (*p == '\\' && p[1])
			text[n++] = *++p;
		else
			text[n++] = *p == '*' || *p == '?' ? 'x' : *p;
	}
	text[n] = '\0';
	return text;
}

/* "^(?:...)$" of plain bytes. */
static const char *of_regex(struct pool *pool, const char *regex)
{
	size_t len = strlen(regex), n = 0;
	char *text = pool_copy(pool, regex, len);

	if (len < 6)
		return regex;
	for (const char *p = regex + 4; p < regex + len - 2; p++) {
		if (*p == '\\' && p[1])
			text[n++] = *++p;
		else if (*p == '.' && (p[1] == '*' || p[1] == '+'))
			p++, text[n++] = 'x';
		else
			text[n++] = *p == '.' ? 'x' : *p;
	}
	text[n] = '\0';
	return text;
}

static const char *wanted_text(struct pool *pool, const struct field *field, const struct out *test,
			       const char *have, const char *value)
{
	const char *op = test->op;
	const char *slash = field->kind == FIELD_ADDRESS ? strchr(value, '/') : NULL;

	if (slash)
		return strncmp(value, "::", 2) == 0 ? "2001:db8::1" : /* RFC 3849 */
						      pool_copy(pool, value, (size_t)(slash - value));
	if (strcmp(op, "glob") == 0)
		value = of_pattern(pool, value);
	if (strcmp(op, "glob") == 0 && have && strstr(value, have))
		return value;
	if (strcmp(op, "regex") == 0)
		value = of_regex(pool, value);
	if (strcmp(op, "pmatch") == 0)
		value = pool_printf(pool, "%s/x", of_pattern(pool, value));
	if (have && strcmp(op, "startswith") == 0)
		return pool_printf(pool, "%s%s", value, have);
	if (have && (strcmp(op, "contains") == 0 || strcmp(op, "endswith") == 0 ||
		     strcmp(op, "icontains") == 0))
		return pool_printf(pool, "%s%s", have, value);
	if (have && strcmp(op, "intersects") == 0)
		return pool_printf(pool, "%s|%s", have, value);
	return have ? NULL : value;
}

static json_t *wanted_number(const char *op, const char *value)
{
	json_int_t num = strtoll(value, NULL, 0);

	return json_integer(strcmp(op, "<") == 0 ? num - 1 : strcmp(op, ">") == 0 ? num + 1 : num);
}

/* The event's value such that the test is met by `value`; NULL: not possible. */
static json_t *wanted(struct pool *pool, const struct field *field, int item,
		      const struct out *test, json_t *have, const char *value)
{
	const char *text;
	json_t *array;

	if (field->type == VALUE_LIST) {
		array = have ? json_deep_copy(have) : json_array();
		while (item >= 0 && json_array_size(array) <= (size_t)item)
			json_array_append_new(array, json_string("plain"));
		text = wanted_text(pool, field, test, NULL, value);
		if (item >= 0)
			json_array_set_new(array, (size_t)item, json_string(text));
		else
			json_array_append_new(array, json_string(text));
		return array;
	}
	if (field->type == VALUE_INT && (!test->op || strcmp(test->op, "intersects") != 0))
		return have ? NULL : wanted_number(test->op, value);
	text = wanted_text(pool, field, test, json_string_value(have), value);
	return text ? json_string(text) : NULL;
}

/* --- the search ---------------------------------------------------------- */

static bool solve(struct solver *solver, const struct goal *goals, json_t *event);

static const struct goal *push(struct solver *solver, const struct out *out, bool want,
			       const struct goal *next)
{
	struct goal *goal = pool_alloc(solver->job->pool, sizeof(*goal));

	*goal = (struct goal){ out, want, next };
	return goal;
}

/* What must not be comes last: until then it is open what there is. */
static const struct goal *push_last(struct solver *solver, const struct goal *goals,
				    const struct out *out, bool want)
{
	const struct goal *all = push(solver, out, want, NULL);
	struct ptrs before = { 0 };

	for (; goals; goals = goals->next)
		ptrs_add(solver->job->pool, &before, (void *)goals);
	for (size_t i = before.n; i > 0; i--) {
		const struct goal *goal = before.items[i - 1];

		all = push(solver, goal->out, goal->want, all);
	}
	return all;
}

static bool solve_with(struct solver *solver, const struct goal *rest, const json_t *event,
		       const char *name, json_t *value)
{
	json_t *copy = json_deep_copy(event);
	bool found;

	json_object_set_new(copy, name, value);
	found = solve(solver, rest, copy);
	json_decref(copy);
	return found;
}

static bool solve_true(struct solver *solver, const struct out *test, const struct goal *rest,
		       json_t *event)
{
	int item;
	const struct field *field = field_of(test->field, &item);
	json_t *have = field ? json_object_get(event, field->name) : NULL, *value;
	const char *text;

	if (!field)
		return false;
	if (have && meets(field, item, test, have))
		return solve(solver, rest, event);
	if (!test->op)
		return !have && solve_with(solver, rest, event, field->name, json_true());
	if (strcmp(test->op, "exists") == 0 || strcmp(test->op, "!=") == 0)
		return !have &&
		       solve_with(solver, rest, event, field->name, plain_value(field, NULL));
	for (size_t i = 0; i < CHOICES_MAX && (text = value_of(test, i)); i++) {
		value = wanted(solver->job->pool, field, item, test, have, text);
		if (value && solve_with(solver, rest, event, field->name, value))
			return true;
	}
	return false;
}

static bool solve_false(struct solver *solver, const struct out *test, const struct goal *rest,
			json_t *event)
{
	int item;
	const struct field *field = field_of(test->field, &item);
	json_t *have = field ? json_object_get(event, field->name) : NULL;

	if (!field)
		return false;
	if (!test->op || (test->op && strcmp(test->op, "exists") == 0))
		return !json_is_true(have) && (!test->op || !have) && solve(solver, rest, event);
	if (have)
		return !meets(field, item, test, have) && solve(solver, rest, event);
	return solve_with(solver, rest, event, field->name, plain_value(field, test));
}

/* Leaves nearly everything open: looked at last. */
static bool is_loose(const struct out *out)
{
	return out->kind == OUT_NOT ||
	       (out->kind == OUT_TEST && out->op &&
		(strcmp(out->op, "!=") == 0 || strcmp(out->op, "exists") == 0));
}

static bool is_simple(const struct out *out)
{
	return out->kind == OUT_TEST && (!out->op || value_of(out, 1) == NULL);
}

static bool solve_chain(struct solver *solver, const struct goal *goal, json_t *event)
{
	const struct ptrs *kids = &goal->out->kids;
	const struct goal *rest = goal->next;
	bool all = (goal->out->kind == OUT_AND) == goal->want;

	for (size_t i = 0; !all && i < kids->n; i++) {
		if (solve(solver, push(solver, kids->items[i], goal->want, rest), event))
			return true;
	}
	if (!all)
		return false;
	/* What leaves no choice first. */
	for (int simple = 0; simple <= 1; simple++) {
		for (size_t i = kids->n; i > 0; i--) {
			const struct out *kid = kids->items[i - 1];

			if (goal->want && !is_loose(kid) && is_simple(kid) == (simple == 1))
				rest = push(solver, kid, true, rest);
		}
	}
	for (size_t i = 0; i < kids->n; i++) {
		const struct out *kid = kids->items[i];

		if (is_loose(kid) || !goal->want)
			rest = push_last(solver, rest, kid, goal->want);
	}
	return solve(solver, rest, event);
}

static bool solve(struct solver *solver, const struct goal *goals, json_t *event)
{
	const struct out *out;

	if (++solver->n_steps > STEPS_MAX)
		return false;
	if (!goals) {
		solver->found = json_deep_copy(event);
		return true;
	}
	out = goals->out;
	switch (out->kind) {
	case OUT_TEST:
		return goals->want ? solve_true(solver, out, goals->next, event) :
				     solve_false(solver, out, goals->next, event);
	case OUT_NOT:
		return solve(solver, push(solver, out->kids.items[0], !goals->want, goals->next),
			     event);
	case OUT_AND:
	case OUT_OR: return solve_chain(solver, goals, event);
	default: return false;
	}
}

/* --- tests --------------------------------------------------------------- */

static json_t *test_json(const char *name, json_t *event, int alerts)
{
	return json_pack("{s:s, s:[O], s:i}", "name", name, "events", event, "alerts", alerts);
}

/* The same event with one value another: each gives a candidate, the later ones
 * first, for what stands last in a condition is what it is about. */
static void add_near_misses(json_t *all, json_t *event)
{
	const char *names[64], *name;
	size_t n = 0;
	json_t *value;

	json_object_foreach(event, name, value) {
		if (n < ARRAY_SIZE(names))
			names[n++] = name;
	}
	/* Another kind of event says least: that one comes last. */
	for (size_t i = 1; i < n; i++) {
		if (strcmp(names[i], "evt.type") == 0) {
			names[i] = names[0];
			names[0] = "evt.type";
		}
	}
	for (size_t i = n; i > 0 && json_array_size(all) <= NEAR_MISSES_MAX; i--) {
		const struct field *field = field_find(slice_from(names[i - 1]));
		json_t *copy = json_deep_copy(event), *miss;
		char title[128];

		snprintf(title, sizeof(title), "made by import-falco: near miss, another %s",
			 names[i - 1]);
		json_object_set_new(copy, names[i - 1], plain_value(field, NULL));
		miss = test_json(title, copy, 0);
		json_array_append_new(all, miss);
		json_decref(copy);
	}
}

json_t *solve_tests(struct job *job, const struct out *condition)
{
	struct solver solver = { .job = job };
	json_t *event = json_object(), *all;
	bool found;

	found = solve(&solver, push(&solver, condition, true, NULL), event);
	json_decref(event);
	if (!found)
		return NULL;
	event = solver.found;
	if (!json_object_get(event, "proc.phase"))
		json_object_set_new(event, "proc.phase", json_string("contained"));
	all = json_array();
	json_array_append_new(all, test_json("made by import-falco: fires", event, 1));
	add_near_misses(all, event);
	json_decref(event);
	return all;
}
