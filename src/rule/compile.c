/* SPDX-License-Identifier: Apache-2.0 */
/* Trees to programs, and what a condition says about the types of records. */
#include "rule/internal.h"

#define ALL_TYPES (((1ull << EVENT_TYPE_END) - 1) & ~1ull)

/* Types of records for which a condition may be true, and may be false.
 * Unknown is neither. */
struct types {
	uint64_t yes, no;
};

struct compiler {
	struct insn *insns;
	struct test *tests;
	uint32_t n_insns, n_tests;
	bool exception;
};

static uint64_t word_types(struct slice word)
{
	unsigned int type = field_event_type(word);

	/* "unknown": a record that is named by its op, of an op without a name. */
	return type ? 1ull << type :
		      1ull << EVENT_MOUNT | 1ull << EVENT_CHDIR | 1ull << EVENT_NS |
			      1ull << EVENT_CHANGE | 1ull << EVENT_ACCESS;
}

/* The test is tried on every word that evt.type can be, so that each operator
 * means here what it means at run time. */
static struct types test_types(const struct test *test)
{
	const struct field *field = &field_table[test->field];
	struct types types = { 0, 0 };
	struct value value;

	if (strcmp(field->name, "evt.type") != 0 || test->op == OP_EXISTS)
		return (struct types){ ALL_TYPES, ALL_TYPES };

	value.type = VALUE_STRING;
	value.cut_head = false;
	for (size_t i = 0; field->words[i]; i++) {
		value.str = slice_from(field->words[i]);
		if (test_value(test, &value) == TRUTH_TRUE)
			types.yes |= word_types(value.str);
		else
			types.no |= word_types(value.str);
	}
	return types;
}

static void add_insn(struct compiler *compiler, enum insn_op op, uint32_t arg)
{
	compiler->insns[compiler->n_insns++] = (struct insn){ op, arg };
}

static struct types add_node(struct compiler *compiler, const struct node *node, bool negative);

/* Doubt about a cut path goes the way that leaves the alert standing: true,
 * but false below a `not` or in an exception, and true again below both. */
static struct types add_test(struct compiler *compiler, const struct node *node, bool negative)
{
	struct test *test = &compiler->tests[compiler->n_tests];

	*test = node->test;
	test->when_cut = negative != compiler->exception ? TRUTH_FALSE : TRUTH_TRUE;
	add_insn(compiler, INSN_TEST, compiler->n_tests++);
	return test_types(test);
}

/* Jumps to the end of the group are chained through their arg until the end
 * is known. */
static struct types add_group(struct compiler *compiler, const struct node *node, bool negative)
{
	bool is_and = node->kind == NODE_AND;
	uint32_t chain = UINT32_MAX;
	struct types types;

	types = add_node(compiler, node->children->node, negative);
	for (const struct child *child = node->children->next; child; child = child->next) {
		struct types more;

		add_insn(compiler, is_and ? INSN_JUMP_FALSE : INSN_JUMP_TRUE, chain);
		chain = compiler->n_insns - 1;
		add_insn(compiler, INSN_PUSH, 0);
		more = add_node(compiler, child->node, negative);
		add_insn(compiler, is_and ? INSN_AND : INSN_OR, 0);

		types.yes = is_and ? types.yes & more.yes : types.yes | more.yes;
		types.no = is_and ? types.no | more.no : types.no & more.no;
	}
	while (chain != UINT32_MAX) {
		uint32_t next = compiler->insns[chain].arg;

		compiler->insns[chain].arg = compiler->n_insns;
		chain = next;
	}
	return types;
}

static struct types add_node(struct compiler *compiler, const struct node *node, bool negative)
{
	struct types types;

	switch (node->kind) {
	case NODE_TEST: return add_test(compiler, node, negative);
	case NODE_NOT:
		types = add_node(compiler, node->children->node, !negative);
		add_insn(compiler, INSN_NOT, 0);
		return (struct types){ types.no, types.yes };
	default: return add_group(compiler, node, negative);
	}
}

/* Instructions: one per test, three per join, at most one per level and test
 * for `not`. */
static size_t count_insns(const struct node *node)
{
	size_t n = 0;

	if (node->kind == NODE_TEST)
		return 1;
	if (node->kind == NODE_NOT)
		return 1 + count_insns(node->children->node);
	for (const struct child *child = node->children; child; child = child->next)
		n += count_insns(child->node) + (child == node->children ? 0 : 3);
	return n;
}

int compile_program(struct loader *loader, const struct node *root, bool exception,
		    struct program *ret)
{
	struct compiler compiler = { .exception = exception };
	struct types types;

	compiler.insns = arena_alloc(&loader->set->arena, count_insns(root) * sizeof(struct insn));
	compiler.tests = arena_alloc(&loader->set->arena, root->n_tests * sizeof(struct test));
	if (!compiler.insns || !compiler.tests)
		return fail_memory(loader);

	types = add_node(&compiler, root, false);
	*ret = (struct program){
		.insns = compiler.insns,
		.n_insns = compiler.n_insns,
		.tests = compiler.tests,
		.n_tests = compiler.n_tests,
		.event_types = types.yes,
	};
	return 0;
}
