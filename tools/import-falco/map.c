/* SPDX-License-Identifier: Apache-2.0 */
/* What each field of theirs is with us. A field that both know by the same name
 * and that is not in the table has the same meaning: that is how src/event/field.c
 * chooses its names. Whatever comes out is asked of our own loader, so that
 * nothing is written that it would refuse. */
#include "map.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "rule/rule.h"

/* --- helpers ------------------------------------------------------------- */

bool op_is(const struct ast *test, const char *op)
{
	return strcmp(test->op, op) == 0;
}

const char *value_at(const struct ast *test, size_t i)
{
	return ((const struct ast_value *)test->values.items[i])->text;
}

bool op_is_negation(const struct ast *test)
{
	return op_is(test, "!=");
}

bool op_is_equality(const struct ast *test)
{
	return op_is(test, "=") || op_is(test, "==") || op_is(test, "!=") ||
	       op_is(test, "in") || op_is(test, "intersects");
}

/* How theirs writes a value that is missing. */
bool is_na(const char *value)
{
	return strcmp(value, "<NA>") == 0 || strcmp(value, "N/A") == 0;
}

/* A comparison with != is the exclusion of a value. */
struct out *lose(struct job *job, const struct ast *test, bool droppable, const char *format, ...)
{
	char text[400];
	struct out *out;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	out = out_lost(job, test->at, droppable, "%s%s%s%s %s: %s", test->name, test->arg ? "[" : "",
		       test->arg ? test->arg : "", test->arg ? "]" : "", test->op, text);
	out->is_negated = op_is_negation(test);
	return out;
}

struct out *each_value(struct job *job, const struct ast *test,
		       struct out *(*one)(struct job *job, const struct ast *test,
					  const char *value))
{
	struct out *all = out_new(job, OUT_FALSE);

	for (size_t i = 0; i < test->values.n; i++) {
		struct out *each = one(job, test, value_at(test, i));

		if (each->kind == OUT_LOST)
			return each;
		all = out_join(job, OUT_OR, all, each);
	}
	return op_is_negation(test) ? out_not(job, all) : all;
}

/* --- kinds of events ----------------------------------------------------- */

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; (p = strstr(p, word)); p += len) {
		if ((p == words || p[-1] == ',') && (p[len] == ',' || p[len] == '\0'))
			return true;
	}
	return false;
}

bool asks_only_for(const struct job *job, const char *words)
{
	for (size_t i = 0; i < job->types.n; i++) {
		if (!has_word(words, job->types.items[i]))
			return false;
	}
	return job->types.n > 0;
}

bool asks_for_any(const struct job *job, const char *words)
{
	for (size_t i = 0; i < job->types.n; i++) {
		if (has_word(words, job->types.items[i]))
			return true;
	}
	return false;
}

/* evt.type in (those of `words` that the rule asks for). */
struct out *is_of_types(struct job *job, const char *words)
{
	struct out *out = out_test(job, "evt.type", "in", NULL);

	out->is_number = true;
	for (size_t i = 0; i < job->types.n; i++) {
		if (has_word(words, job->types.items[i]))
			ptrs_add(job->pool, &out->values, job->types.items[i]);
	}
	return out->values.n > 0 ? out : out_new(job, OUT_FALSE);
}

/* --- asking our loader --------------------------------------------------- */

struct probe {
	struct probe *next;
	const char *text;
	bool accepted;
};

static bool ask_loader(const char *condition)
{
	struct rule_set *set = NULL;
	struct parse_error error;
	json_t *json, *text;
	char *file;
	bool accepted = false;

	text = json_string(condition); /* NULL: no UTF-8, our file cannot hold it */
	json = text ? json_pack("{s:i, s:s, s:[{s:s, s:s, s:s, s:s, s:[s], s:s, s:o, s:s}]}",
				"schema_version", 1, "ruleset", "probe", "rules", "id", "PROBE-0001",
				"name", "p", "description", "p", "why", "p", "response", "p", "priority",
				"debug", "condition", text, "output", "p") :
		      NULL;
	file = json ? json_dumps(json, 0) : NULL;
	if (file) {
		accepted = rule_set_load_text("probe", slice_from(file), &set, &error) == 0;
		rule_set_free(set);
	}
	free(file);
	json_decref(json);
	return accepted;
}

bool map_is_accepted(struct job *job, const struct out *test)
{
	struct text text = { 0 };
	uint32_t hash = 2166136261u;
	struct probe *probe;

	render_condition(job, test, &text);
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 16777619u;
	for (probe = job->probes[hash % PROBES_SIZE]; probe; probe = probe->next) {
		if (strcmp(probe->text, text.data) == 0)
			return probe->accepted;
	}
	probe = pool_alloc(&job->model->pool, sizeof(*probe));
	probe->next = job->probes[hash % PROBES_SIZE];
	job->probes[hash % PROBES_SIZE] = probe;
	probe->text = pool_copy(&job->model->pool, text.data, text.len);
	probe->accepted = ask_loader(probe->text);
	return probe->accepted;
}

/* --- comparisons --------------------------------------------------------- */

static const struct field *field_of(const char *ours)
{
	const char *open = strchr(ours, '[');

	return field_find(open ? (struct slice){ ours, (size_t)(open - ours) } : slice_from(ours));
}

static bool is_number_text(const char *text, char *ret, size_t size)
{
	char *end;
	long long num;

	errno = 0;
	num = strtoll(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
	if (end == text || *end != '\0' || errno)
		return false;
	snprintf(ret, size, "%lld", num);
	return true;
}

static bool is_truth(const char *value, bool *ret)
{
	*ret = strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0;
	return *ret || strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

static struct out *compare_bool(struct job *job, const struct ast *test, const char *ours)
{
	struct out *out = out_test(job, ours, NULL, NULL);
	bool truth;

	if (op_is(test, "exists"))
		return out_new(job, OUT_TRUE);
	if (!op_is_equality(test) || test->values.n != 1 || !is_truth(value_at(test, 0), &truth))
		return lose(job, test, false, "%s is true or false with us", ours);
	return truth == op_is_negation(test) ? out_not(job, out) : out;
}

static bool can_be(const struct field *field, const char *value)
{
	if (!field->words)
		return true;
	for (size_t i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], value) == 0)
			return true;
	}
	return false;
}

/* The values of a test, as far as our field can have them. */
static bool take_values(struct job *job, const struct ast *test, const struct field *field,
			struct out *out, bool *ret_na)
{
	bool by_list = test->lists.n > 0 && !field->words;
	char number[32];

	for (size_t i = 0; i < test->values.n && by_list; i++)
		by_list = !is_na(value_at(test, i)) && strlen(value_at(test, i)) <= 1000 &&
			  value_at(test, i)[0];
	if (by_list)
		out->lists = test->lists;
	out->is_number = field->type == VALUE_INT || field->item == VALUE_INT;
	for (size_t i = 0; i < (by_list ? test->plain.n : test->values.n); i++) {
		const struct ast_value *value = (by_list ? &test->plain : &test->values)->items[i];

		if (is_na(value->text)) {
			*ret_na = true;
		} else if (out->is_number) {
			if (!is_number_text(value->text, number, sizeof(number)))
				return false;
			ptrs_add(job->pool, &out->values,
				 pool_copy(job->pool, number, strlen(number)));
		} else if (can_be(field, value->text) || !op_is_equality(test)) {
			ptrs_add(job->pool, &out->values, (void *)value->text);
		} else {
			out_note(job, out, NOTE_REFUSED, test->at, "%s is never '%.60s' with us",
				 out->field, value->text);
		}
	}
	return true;
}

/* Theirs must match the whole text, ours finds a part of it. */
static struct out *compare_regex(struct job *job, const struct ast *test, const char *ours)
{
	struct out *out =
		out_test(job, ours, "regex", pool_printf(job->pool, "^(?:%s)$", value_at(test, 0)));

	return map_is_accepted(job, out) ? out :
					   lose(job, test, true, "our regex does not take this");
}

/* F = "<NA>" is theirs for "F is missing". */
static struct out *compare_na(struct job *job, const struct ast *test, const char *ours,
			      struct out *rest)
{
	struct out *there = out_test(job, ours, "exists", NULL);

	if (op_is_negation(test))
		return there;
	return out_join(job, OUT_OR, out_not(job, there), rest);
}

static struct out *compare_texts(struct job *job, const struct ast *test, const char *ours,
				 const struct field *field)
{
	const char *op = op_is(test, "==") ? "=" : op_is(test, "intersects") ? "in" : test->op;
	struct out *out = out_test(job, ours, op, NULL);
	bool na = false;

	if (!take_values(job, test, field, out, &na))
		return lose(job, test, true, "%s is a number with us", ours);
	if (out->values.n == 0 && out->lists.n == 0) {
		out->kind = op_is_negation(test) ? OUT_TRUE : OUT_FALSE;
		if (out->kind == OUT_TRUE)
			out->notes = (struct ptrs){ 0 };
	} else {
		out->notes = (struct ptrs){ 0 };
		if (out->lists.n == 0 && !map_is_accepted(job, out))
			return lose(job, test, true, "no such comparison of %s with us", ours);
	}
	return na ? compare_na(job, test, ours, out) : out;
}

struct out *compare(struct job *job, const struct ast *test, const char *ours)
{
	const struct field *field = field_of(ours);
	struct out *out;

	if (!field)
		return lose(job, test, true, "not known with us");
	if (field->type == VALUE_BOOL)
		return compare_bool(job, test, ours);
	if (op_is(test, "exists")) {
		out = out_test(job, ours, "exists", NULL);
		return map_is_accepted(job, out) ? out : lose(job, test, true, "not known with us");
	}
	if (test->values.n == 0)
		return out_new(job, OUT_FALSE); /* in (): as they wrote it */
	if (op_is(test, "regex"))
		return compare_regex(job, test, ours);
	return compare_texts(job, test, ours, field);
}

/* --- the table ----------------------------------------------------------- */

static struct out *map_to(struct job *job, const struct ast *test, bool positive,
			  const struct mapping *self)
{
	struct out *out = compare(job, test, self->ours);

	(void)positive;
	if (self->why && out->kind != OUT_LOST)
		out_note(job, out, NOTE_INFO, test->at, "%s: %s", self->theirs, self->why);
	return out;
}

static struct out *map_lost(struct job *job, const struct ast *test, bool positive,
			    const struct mapping *self)
{
	(void)positive;
	return lose(job, test, true, "%s", self->why);
}

/* What a rule is about; without it the rule would be another one. */
static struct out *map_essential(struct job *job, const struct ast *test, bool positive,
				 const struct mapping *self)
{
	(void)positive;
	return lose(job, test, false, "%s", self->why);
}

/* clang-format off */
static const struct mapping mappings[] = {
	{ "evt.type", map_evt_type, "evt.type", NULL },
	{ "syscall.type", map_evt_type, "evt.type", NULL },
	{ "evt.dir", map_evt_dir, NULL, NULL },
	{ "evt.num", map_evt_num, NULL, NULL },
	{ "evt.res", map_evt_res, "evt.res", NULL },
	{ "evt.arg", map_evt_arg, NULL, NULL },
	{ "evt.rawarg", map_evt_arg, NULL, NULL },
	{ "evt.args", map_lost, NULL, "arguments are not kept as one text" },
	{ "evt.buffer", map_essential, NULL, "data that is read or sent is not looked at" },
	{ "evt.is_open_exec", map_essential, NULL, "the mode that a file is created with is not recorded" },
	{ "evt.hostname", map_lost, NULL, "the host's name is not in the event" },
	{ "evt.time", map_essential, NULL, "times are not compared" },

	{ "fd.name", map_fd_name, "file.path", NULL },
	{ "fd.nameraw", map_to, "evt.arg.path", NULL },
	{ "fd.directory", map_fd_directory, "fd.directory", NULL },
	{ "fd.typechar", map_fd_type, NULL, NULL },
	{ "fd.type", map_fd_type, NULL, NULL },
	{ "fd.sockfamily", map_fd_type, NULL, NULL },
	{ "fd.num", map_fd_num, NULL, NULL },
	{ "fd.ip", map_fd_inet, "fd.sip", NULL },
	{ "fd.sip", map_fd_inet, "fd.sip", NULL },
	{ "fd.rip", map_fd_inet, "fd.sip", NULL },
	{ "fd.port", map_to, "fd.sport", "only the server's port is known" },
	{ "fd.rport", map_to, "fd.sport", NULL },
	{ "fd.net", map_fd_inet, "fd.sip", NULL },
	{ "fd.snet", map_fd_inet, "fd.sip", NULL },
	{ "fd.rnet", map_fd_inet, "fd.sip", NULL },
	{ "fd.sip.name", map_essential, NULL, "names of hosts are not resolved" },
	{ "fd.rip.name", map_essential, NULL, "names of hosts are not resolved" },
	{ "fd.cip.name", map_lost, NULL, "names of hosts are not resolved" },
	{ "fd.lip", map_lost, NULL, "the own address of a connection is not recorded" },
	{ "fd.cip", map_lost, NULL, "the own address of a connection is not recorded" },
	{ "fd.cnet", map_lost, NULL, "the own address of a connection is not recorded" },
	{ "fd.lnet", map_lost, NULL, "the own address of a connection is not recorded" },
	{ "fd.lport", map_lost, NULL, "the own port of a connection is not recorded" },
	{ "fd.cport", map_lost, NULL, "the own port of a connection is not recorded" },
	{ "fd.connected", map_essential, NULL, "datagrams are not seen" },
	{ "fd.name_changed", map_essential, NULL, "datagrams are not seen" },

	{ "proc.aname", map_aname, "proc.aname", NULL },
	{ "proc.pid.ts", map_essential, NULL, "the age of a process is not known" },
	{ "proc.tty", map_essential, NULL, "terminals are not recorded" },
	{ "proc.is_vpgid_leader", map_essential, NULL, "process groups are not recorded" },
	{ "proc.is_sid_leader", map_essential, NULL, "sessions are not recorded" },
	{ "proc.cwd", map_cwd, "proc.cwd", NULL },
	{ "proc.env", map_lost, NULL, "the environment is not recorded" },
	{ "proc.sname", map_lost, NULL, "sessions are not recorded" },
	{ "proc.loginshellid", map_lost, NULL, "sessions are not recorded" },
	{ "thread.cap_effective", map_caps, "thread.cap_effective", NULL },
	{ "thread.cap_permitted", map_caps, "thread.cap_effective",
	  "judged by the effective capabilities, the permitted ones are not recorded" },
	{ "thread.cap_inheritable", map_lost, NULL, "inheritable capabilities are not recorded" },

	{ "user.name", map_user_name, "user.uid", NULL },
	{ "user.loginuid", map_lost, NULL, "the uid of the login is not recorded" },
	{ "user.loginname", map_lost, NULL, "the uid of the login is not recorded" },
	{ "user.homedir", map_lost, NULL, "names of users are not looked up" },
	{ "user.shell", map_lost, NULL, "names of users are not looked up" },
	{ "group.name", map_lost, NULL, "names of groups are not looked up" },

	{ "container.id", map_container_id, "container.short_id", NULL },
	{ "container.full_id", map_to, "container.id", NULL },
	{ "k8s.pod.id", map_to, "k8s.pod.uid", NULL },
	{ "container.privileged", map_essential, NULL, "how a container was configured is not read" },
	{ "container.mounts", map_essential, NULL, "how a container was configured is not read" },
	{ "container.mount.dest", map_essential, NULL, "how a container was configured is not read" },
	{ "container.mount.source", map_essential, NULL, "how a container was configured is not read" },
	{ "container.type", map_lost, NULL, "kinds of runtimes have other words with us: see container.runtime" },
};
/* clang-format on */

static const struct mapping *find_mapping(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mappings); i++) {
		if (strcmp(mappings[i].theirs, name) == 0)
			return &mappings[i];
	}
	return NULL;
}

/* "evt.arg.path" is "evt.arg" with the argument "path". */
static const struct ast *split_arg(struct job *job, const struct ast *test)
{
	const char *dot = strncmp(test->name, "evt.arg.", 8) == 0    ? test->name + 8 :
			  strncmp(test->name, "evt.rawarg.", 11) == 0 ? test->name + 11 :
									NULL;
	struct ast *split;

	if (!dot)
		return test;
	split = pool_alloc(job->pool, sizeof(*split));
	*split = *test;
	split->name = "evt.arg";
	split->arg = dot;
	return split;
}

/* What is said of a field of theirs that we do not have. */
static const char *why_missing(const char *name)
{
	const struct falco_name *known = falco_name_find(slice_from(name));

	return known && known->note ? known->note : "not known with us";
}

static struct out *map_by_name(struct job *job, const struct ast *test)
{
	const char *name = test->name;

	if (test->arg)
		name = pool_printf(job->pool, "%s[%s]", test->name, test->arg);
	if (!field_of(name))
		return lose(job, test, true, "%s", why_missing(test->name));
	return compare(job, test, name);
}

static bool takes_arg(const struct mapping *mapping)
{
	return mapping->map == map_evt_arg || mapping->map == map_aname ||
	       mapping->map == map_essential || mapping->map == map_lost;
}

struct out *map_test(struct job *job, const struct ast *test, bool positive)
{
	const struct mapping *mapping;

	if (test->transform)
		return lose(job, test, false, "%s() and its like are not translated",
			    test->transform);
	if (op_is(test, "bcontains") || op_is(test, "bstartswith") || op_is(test, "iglob"))
		return lose(job, test, true, "this operator is not known with us");
	test = split_arg(job, test);
	mapping = find_mapping(test->name);
	if (mapping && (!test->arg || takes_arg(mapping)))
		return mapping->map(job, test, positive, mapping);
	return map_by_name(job, test);
}

void map_note_types(struct job *job, const struct ast *test)
{
	struct out *out;
	struct ptrs todo = { 0 };

	if (test->transform || op_is_negation(test) ||
	    (strcmp(test->name, "evt.type") != 0 && strcmp(test->name, "syscall.type") != 0))
		return;
	out = map_evt_type(job, test, true, NULL);
	ptrs_add(job->pool, &todo, out);
	for (size_t i = 0; i < todo.n; i++) {
		out = todo.items[i];
		for (size_t k = 0; k < out->kids.n; k++)
			ptrs_add(job->pool, &todo, out->kids.items[k]);
		if (out->kind != OUT_TEST || strcmp(out->field, "evt.type") != 0)
			continue;
		for (size_t k = 0; k < out->values.n; k++) {
			const char *word = out->values.items[k];
			bool known = false;

			for (size_t t = 0; t < job->types.n; t++)
				known = known || strcmp(job->types.items[t], word) == 0;
			if (!known)
				ptrs_add(job->pool, &job->types, (void *)word);
		}
	}
}

/* --- what else is asked of fields ---------------------------------------- */

bool map_may_miss(const char *ours)
{
	static const char *const always[] = {
		"evt.type", "evt.rawres", "evt.res", "proc.phase", "proc.name", "proc.pid", "proc.tid",
		"user.uid", "group.gid", "thread.cap_effective", "target.boundary",
	};
	const struct field *field = field_of(ours);

	if (field && field->type == VALUE_BOOL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		if (strcmp(always[i], ours) == 0)
			return false;
	}
	return true;
}

const char *map_output_field(struct job *job, const char *name, const char *arg)
{
	const struct mapping *mapping = find_mapping(name);
	struct field_ref ref;

	if (strncmp(name, "evt.arg.", 8) == 0)
		return evt_arg_output(name + 8);
	if (arg) {
		name = pool_printf(job->pool, "%s[%s]", name, arg);
		return field_find_ref(slice_from(name), &ref) == 0 ? name : NULL;
	}
	if (!mapping)
		return field_find(slice_from(name)) ? field_find(slice_from(name))->name : NULL;
	if (mapping->map == map_caps)
		return strcmp(name, mapping->ours) == 0 ? mapping->ours : NULL;
	if (mapping->map == map_user_name || !mapping->ours)
		return NULL;
	return mapping->ours;
}
