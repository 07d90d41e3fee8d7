/* SPDX-License-Identifier: Apache-2.0 */
/* Their tree to ours. What we have nothing for is "lost", and what we never see
 * is false. How far that reaches depends on where it stands:
 *
 *	- in an "or" the branch is left out. Below an even number of nots the rule
 *	  then fires less often (narrower); below an odd one an exclusion is gone,
 *	  and it fires more often (wider).
 *	- in an "and" the whole is lost: without one of its parts it would mean
 *	  something else. The exception is an exclusion, "and not ...", that names
 *	  who is to be passed over: the rule stands without it (wider).
 *	- what is left when the root is lost, or false, is no rule.
 *
 * Missing values: theirs make a comparison false, ours unknown. Below an odd
 * number of nots that differs, so there a test is joined with "exists". */
#include "import.h"

#include <stdarg.h>
#include <stdio.h>

/* --- constructors -------------------------------------------------------- */

struct out *out_new(struct job *job, enum out_kind kind)
{
	struct out *out = pool_alloc(job->pool, sizeof(*out));

	out->kind = kind;
	return out;
}

struct out *out_test(struct job *job, const char *field, const char *op, const char *value)
{
	struct out *out = out_new(job, OUT_TEST);

	out->field = field;
	out->op = op;
	if (value)
		ptrs_add(job->pool, &out->values, (void *)value);
	return out;
}

struct out *out_word(struct job *job, const char *field, const char *value)
{
	struct out *out = out_test(job, field, "=", value);

	out->is_number = true;
	return out;
}

static void vnote(struct job *job, struct out *out, enum note_kind kind, struct where at,
		  const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	if (out->notes.n < NOTES_MAX)
		ptrs_add(job->pool, &out->notes, note_new(job->pool, kind, at, "%s", text));
}

void out_note(struct job *job, struct out *out, enum note_kind kind, struct where at,
	      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vnote(job, out, kind, at, format, args);
	va_end(args);
}

struct out *out_lost(struct job *job, struct where at, bool droppable, const char *format, ...)
{
	struct out *out = out_new(job, OUT_LOST);
	va_list args;

	out->is_droppable = droppable;
	va_start(args, format);
	vnote(job, out, NOTE_REFUSED, at, format, args);
	va_end(args);
	return out;
}

struct out *out_unseen(struct job *job, struct where at, const char *format, ...)
{
	struct out *out = out_new(job, OUT_FALSE);
	va_list args;

	va_start(args, format);
	vnote(job, out, NOTE_REFUSED, at, format, args);
	va_end(args);
	return out;
}

static void take_notes(struct job *job, struct out *to, const struct out *from, enum note_kind as)
{
	for (size_t i = 0; i < from->notes.n && to->notes.n < NOTES_MAX; i++) {
		const struct note *note = from->notes.items[i];

		/* What a dropped branch had to say about itself is of no interest any more. */
		if (as != NOTE_INFO && note->kind != NOTE_REFUSED)
			continue;
		ptrs_add(job->pool, &to->notes,
			 note_new(job->pool, as == NOTE_INFO ? note->kind : as, note->at, "%s",
				  note->text));
	}
}

struct out *out_not(struct job *job, struct out *kid)
{
	struct out *out;

	switch (kid->kind) {
	case OUT_TRUE: return out_new(job, OUT_FALSE);
	case OUT_FALSE: return out_new(job, OUT_TRUE);
	case OUT_NOT: return kid->kids.items[0];
	case OUT_LOST: kid->is_negated = !kid->is_negated; return kid;
	default: break;
	}
	out = out_new(job, OUT_NOT);
	out->notes = kid->notes;
	ptrs_add(job->pool, &out->kids, kid);
	return out;
}

static void adopt(struct job *job, struct out *out, struct out *kid)
{
	take_notes(job, out, kid, NOTE_INFO);
	if (kid->kind != out->kind) {
		ptrs_add(job->pool, &out->kids, kid);
		return;
	}
	for (size_t i = 0; i < kid->kids.n; i++)
		ptrs_add(job->pool, &out->kids, kid->kids.items[i]);
}

static struct out *settle(struct job *job, struct out *out, enum out_kind if_empty)
{
	struct out *only;

	if (out->kids.n == 0) {
		only = out_new(job, if_empty);
		only->notes = out->notes;
		return only;
	}
	if (out->kids.n > 1)
		return out;
	only = out->kids.items[0];
	only->notes = out->notes;
	return only;
}

static struct out *join_and(struct job *job, const struct ptrs *kids, bool positive)
{
	struct out *out = out_new(job, OUT_AND), *lost = NULL, *unseen = NULL;

	for (size_t i = 0; i < kids->n; i++) {
		struct out *kid = kids->items[i];

		if (kid->kind == OUT_FALSE && kid->notes.n == 0)
			return kid; /* as they wrote it: never true */
		if (kid->kind == OUT_FALSE && !unseen)
			unseen = kid;
		else if (kid->kind == OUT_LOST && positive && kid->is_negated && kid->is_droppable)
			take_notes(job, out, kid, NOTE_WIDER);
		else if (kid->kind == OUT_LOST && !lost)
			lost = kid;
		else if (kid->kind != OUT_TRUE && kid->kind != OUT_LOST && kid->kind != OUT_FALSE)
			adopt(job, out, kid);
		else if (kid->kind == OUT_TRUE)
			take_notes(job, out, kid, NOTE_INFO);
	}
	if (unseen)
		return unseen;
	if (lost) {
		/* Together with others it is no longer a mere exclusion. */
		lost->is_negated = false;
		return lost;
	}
	return settle(job, out, OUT_TRUE);
}

static struct out *join_or(struct job *job, const struct ptrs *kids, bool positive)
{
	struct out *out = out_new(job, OUT_OR), *lost = NULL;
	enum note_kind as = positive ? NOTE_NARROWER : NOTE_WIDER;
	bool droppable = true;

	for (size_t i = 0; i < kids->n; i++) {
		struct out *kid = kids->items[i];

		if (kid->kind == OUT_TRUE)
			return kid;
		if (kid->kind == OUT_LOST) {
			droppable = droppable && kid->is_droppable;
			lost = kid;
		} else if (kid->kind != OUT_FALSE) {
			adopt(job, out, kid);
		}
	}
	for (size_t i = 0; i < kids->n; i++) {
		struct out *kid = kids->items[i];

		/* What is not seen needs no exclusion. */
		if (kid->kind == OUT_LOST || (kid->kind == OUT_FALSE && positive))
			take_notes(job, out, kid, out->kids.n > 0 ? as : NOTE_INFO);
	}
	if (out->kids.n == 0 && lost) {
		lost = out_new(job, OUT_LOST);
		lost->notes = out->notes;
		lost->is_droppable = droppable;
		return lost;
	}
	return settle(job, out, OUT_FALSE);
}

struct out *out_join(struct job *job, enum out_kind kind, struct out *a, struct out *b)
{
	struct ptrs kids = { 0 };

	ptrs_add(job->pool, &kids, a);
	ptrs_add(job->pool, &kids, b);
	return kind == OUT_AND ? join_and(job, &kids, true) : join_or(job, &kids, true);
}

/* --- lists --------------------------------------------------------------- */

static int add_list_values(struct job *job, struct ast *test, struct falco_list *list,
			   const struct ast_value *named, struct problem *retproblem)
{
	int r = model_expand_list(job->model, list, retproblem);

	if (r < 0)
		return r;
	job->budget.n_values += (unsigned int)list->values.n;
	if (job->budget.n_values > FILTER_VALUES_MAX)
		return problem_set(retproblem, named->at, "more than %u values with all lists expanded",
				   FILTER_VALUES_MAX);
	for (size_t i = 0; i < list->values.n; i++) {
		struct ast_value *value = pool_alloc(job->pool, sizeof(*value));

		*value = (struct ast_value){ list->values.items[i], true, named->at };
		ptrs_add(job->pool, &test->values, value);
	}
	if (list->values.n > 0)
		ptrs_add(job->pool, &test->lists, list);
	return 0;
}

/* The names of lists among a test's values give way to what they hold. */
static int expand_lists(struct job *job, const struct ast *written, struct ast *ret,
			struct problem *retproblem)
{
	*ret = *written;
	ret->values = (struct ptrs){ 0 };
	for (size_t i = 0; i < written->values.n; i++) {
		struct ast_value *value = written->values.items[i];
		struct falco_list *list =
			value->is_quoted ? NULL :
					   model_list(job->model, value->text, strlen(value->text));
		int r;

		if (list) {
			r = add_list_values(job, ret, list, value, retproblem);
			if (r < 0)
				return r;
		} else {
			ptrs_add(job->pool, &ret->values, value);
			ptrs_add(job->pool, &ret->plain, value);
		}
	}
	return 0;
}

/* --- the tree ------------------------------------------------------------ */

struct walk {
	struct job *job;
	struct problem *problem;
	unsigned int depth;
	bool positive;
	bool only_types; /* the first time: see what kinds of events are asked for */
};

static int walk(struct walk *w, const struct ast *ast, struct out **ret);

static int walk_macro(struct walk *w, const struct ast *ast, struct out **ret)
{
	struct falco_macro *macro = model_macro(w->job->model, ast->name, strlen(ast->name));
	struct ast *body;
	int r;

	if (!macro)
		return problem_set(w->problem, ast->at, "macro '%.80s' is not defined in these files",
				   ast->name);
	if (macro->busy)
		return problem_set(w->problem, ast->at, "macro '%.80s' uses itself", macro->name);
	r = filter_parse(w->job->pool, &macro->condition, &w->job->budget, &body, w->problem);
	if (r < 0)
		return r;
	macro->busy = true;
	r = walk(w, body, ret);
	macro->busy = false;
	return r;
}

static int walk_chain(struct walk *w, const struct ast *ast, struct out **ret)
{
	struct ptrs kids = { 0 };

	for (size_t i = 0; i < ast->kids.n; i++) {
		struct out *kid = NULL;
		int r = walk(w, ast->kids.items[i], &kid);

		if (r < 0)
			return r;
		if (kid)
			ptrs_add(w->job->pool, &kids, kid);
	}
	if (!w->only_types)
		*ret = ast->kind == AST_AND ? join_and(w->job, &kids, w->positive) :
					      join_or(w->job, &kids, w->positive);
	return 0;
}

static int walk_not(struct walk *w, const struct ast *ast, struct out **ret)
{
	struct out *kid = NULL;
	int r;

	w->positive = !w->positive;
	r = walk(w, ast->kids.items[0], &kid);
	w->positive = !w->positive;
	if (r < 0 || !kid)
		return r;
	if (w->positive && kid->kind == OUT_TEST && kid->is_container)
		*ret = out_unseen(w->job, ast->at,
				  "it asks for processes of the host: their deeds are not recorded");
	else
		*ret = out_not(w->job, kid);
	return 0;
}

static int walk_test(struct walk *w, const struct ast *ast, struct out **ret)
{
	struct ast test;
	int r;

	r = expand_lists(w->job, ast, &test, w->problem);
	if (r < 0)
		return r;
	if (w->only_types) {
		if (w->positive)
			map_note_types(w->job, &test);
		return 0;
	}
	*ret = map_test(w->job, &test, w->positive);
	return 0;
}

static int walk(struct walk *w, const struct ast *ast, struct out **ret)
{
	int r;

	if (w->depth >= FILTER_DEPTH_MAX)
		return problem_set(w->problem, ast->at, "brackets and macros deeper than %u",
				   FILTER_DEPTH_MAX);
	w->depth++;
	switch (ast->kind) {
	case AST_AND:
	case AST_OR: r = walk_chain(w, ast, ret); break;
	case AST_NOT: r = walk_not(w, ast, ret); break;
	case AST_MACRO: r = walk_macro(w, ast, ret); break;
	default: r = walk_test(w, ast, ret); break;
	}
	w->depth--;
	return r;
}

/* --- missing values ------------------------------------------------------ */

/* Fields that must be there for the condition to be true at all. */
static void find_known(struct job *job, const struct out *out, struct ptrs *known)
{
	if (out->kind == OUT_AND) {
		for (size_t i = 0; i < out->kids.n; i++)
			find_known(job, out->kids.items[i], known);
	} else if (out->kind == OUT_TEST) {
		ptrs_add(job->pool, known, (void *)out->field);
	}
}

static bool is_in(const struct ptrs *known, const char *name)
{
	for (size_t i = 0; i < known->n; i++) {
		if (strcmp(known->items[i], name) == 0)
			return true;
	}
	return false;
}

static struct out *guard(struct job *job, struct out *out, bool positive, const struct ptrs *known)
{
	struct out *both;

	if (out->kind == OUT_TEST) {
		if (positive || !out->op || strcmp(out->op, "exists") == 0 ||
		    !map_may_miss(out->field) || is_in(known, out->field))
			return out;
		both = out_new(job, OUT_AND);
		ptrs_add(job->pool, &both->kids, out_test(job, out->field, "exists", NULL));
		ptrs_add(job->pool, &both->kids, out);
		return both;
	}
	for (size_t i = 0; i < out->kids.n; i++)
		out->kids.items[i] = guard(job, out->kids.items[i],
					   out->kind == OUT_NOT ? !positive : positive, known);
	return out;
}

static bool asks_for_container(const struct out *out)
{
	if (out->kind == OUT_TEST)
		return out->is_container;
	for (size_t i = 0; out->kind == OUT_AND && i < out->kids.n; i++) {
		if (asks_for_container(out->kids.items[i]))
			return true;
	}
	return false;
}

/* --- whole conditions ---------------------------------------------------- */

int translate_condition(struct job *job, const struct source_text *source, struct out **ret,
			struct problem *retproblem)
{
	struct walk w = { .job = job, .problem = retproblem, .positive = true, .only_types = true };
	struct ptrs known = { 0 };
	struct ast *ast;
	struct out *out = NULL;
	int r;

	r = filter_parse(job->pool, source, &job->budget, &ast, retproblem);
	if (r == 0)
		r = walk(&w, ast, &out);
	if (r < 0)
		return r;
	w.only_types = false;
	job->budget = (struct filter_budget){ 0 };
	r = walk(&w, ast, &out);
	if (r < 0 || !out)
		return r;
	if (out->kind != OUT_LOST && out->kind != OUT_FALSE && out->kind != OUT_TRUE) {
		job->wants_container = asks_for_container(out);
		find_known(job, out, &known);
		out = guard(job, out, true, &known);
	}
	*ret = out;
	return 0;
}

/* --- exceptions ---------------------------------------------------------- */

static const char *scalar_at(const struct node *node, size_t i)
{
	if (!node)
		return NULL;
	if (node->kind == NODE_SCALAR)
		return i == 0 ? node->text : NULL;
	if (node->kind != NODE_SEQUENCE || i >= node->n || node->items[i]->kind != NODE_SCALAR)
		return NULL;
	return node->items[i]->text;
}

static int add_node_value(struct job *job, struct ast *test, const struct node *node,
			  struct problem *retproblem)
{
	struct ast_value *value;

	if (node->kind == NODE_SEQUENCE) {
		for (size_t i = 0; i < node->n; i++) {
			if (node->items[i]->kind != NODE_SCALAR)
				return problem_set(retproblem, node->items[i]->at,
						   "a value of an exception must be a text");
			add_node_value(job, test, node->items[i], retproblem);
		}
		return 0;
	}
	if (node->kind != NODE_SCALAR)
		return problem_set(retproblem, node->at, "a value of an exception must be a text");
	value = pool_alloc(job->pool, sizeof(*value));
	*value = (struct ast_value){ node->text, false, node->at };
	if (node->len >= 2 && (node->text[0] == '"' || node->text[0] == '\'') &&
	    node->text[node->len - 1] == node->text[0]) {
		value->text = pool_copy(job->pool, node->text + 1, node->len - 2);
		value->is_quoted = true;
	}
	ptrs_add(job->pool, &test->values, value);
	return 0;
}

/* "proc.aname[2]" */
static void split_field(struct job *job, const char *text, struct ast *test)
{
	const char *open = strchr(text, '[');

	test->name = text;
	if (!open || text[strlen(text) - 1] != ']')
		return;
	test->name = pool_copy(job->pool, text, (size_t)(open - text));
	test->arg = pool_copy(job->pool, open + 1, strlen(open) - 2);
}

/* field[i] comp[i] value, below the not that an exception is. */
static int exception_test(struct walk *w, const struct falco_exception *exception, size_t i,
			  const char *comp, const struct node *value, struct out **ret)
{
	struct ast test = { .kind = AST_TEST, .at = value->at };
	const char *field = scalar_at(exception->fields, i);
	int r;

	if (!field)
		return problem_set(w->problem, value->at,
				   "exception '%.80s': more values than fields", exception->name);
	split_field(w->job, field, &test);
	test.op = comp;
	r = add_node_value(w->job, &test, value, w->problem);
	return r < 0 ? r : walk_test(w, &test, ret);
}

static int exception_tuple(struct walk *w, const struct falco_exception *exception,
			   const struct node *tuple, struct out **ret)
{
	struct ptrs kids = { 0 };
	const char *comp;
	struct out *kid = NULL;
	int r;

	if (tuple->kind != NODE_SEQUENCE || tuple->n == 0)
		return problem_set(w->problem, tuple->at,
				   "exception '%.80s' has several fields: its values must be lists",
				   exception->name);
	for (size_t i = 0; i < tuple->n; i++) {
		comp = scalar_at(exception->comps, i);
		r = exception_test(w, exception, i, comp ? comp : "=", tuple->items[i], &kid);
		if (r < 0)
			return r;
		ptrs_add(w->job->pool, &kids, kid);
	}
	*ret = join_and(w->job, &kids, false);
	return 0;
}

int translate_exception(struct job *job, const struct falco_exception *exception, struct out **ret,
			struct problem *retproblem)
{
	struct walk w = { .job = job, .problem = retproblem, .positive = false };
	bool single = exception->fields && exception->fields->kind == NODE_SCALAR;
	const char *comp = scalar_at(exception->comps, 0);
	struct ptrs kids = { 0 };
	struct out *kid = NULL;
	int r;

	if (!exception->fields)
		return problem_set(retproblem, exception->at, "exception '%.80s' names no fields",
				   exception->name);
	for (size_t i = 0; i < exception->values.n; i++) {
		const struct node *value = exception->values.items[i];

		r = single ? exception_test(&w, exception, 0, comp ? comp : "in", value, &kid) :
			     exception_tuple(&w, exception, value, &kid);
		if (r < 0)
			return r;
		ptrs_add(job->pool, &kids, kid);
	}
	*ret = join_or(job, &kids, false);
	return 0;
}
