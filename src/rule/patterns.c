/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table for whole values, a trie of prefixes, one of suffixes read
 * backwards, and for pieces the automaton of Aho and Corasick: the same trie
 * with, at each node, the way to the longest end of what was read that is also
 * a beginning of a pattern. */
#include "rule/patterns.h"

#define NONE UINT32_MAX

/* A node is reached by `byte`; its children stand side by side, in the order of
 * their bytes. Node 0 is the root, which finds its children by `first`. */
struct node_of_trie {
	uint32_t children, n_children;
	uint32_t fail;	  /* pieces: where to go on when no child fits */
	uint32_t next;	  /* pieces: nearest node by way of `fail` that ends a pattern, or NONE */
	uint32_t pattern; /* that ends here, or NONE */
	uint8_t byte;
};

struct trie {
	struct node_of_trie *nodes;
	uint32_t *first; /* by byte: the root's child, or 0 */
	uint32_t *seen;	 /* pieces: number of the last search that passed here */
	uint32_t search;
	uint32_t n_nodes;
};

struct patterns {
	struct trie tries[PATTERN_CLASS_MAX]; /* n_nodes 0: none of this class */
	const struct pattern *list;
	uint32_t *slots; /* of the hash table, n_slots (a power of two), number + 1 or 0 */
	uint32_t n_slots;
	size_t equal_min, equal_max; /* lengths */
};

/* --- whole values --------------------------------------------------------- */

/* Constants of rule files are hashed, and looked up by what containers choose:
 * nobody can make a bucket longer than the files did. */
static uint64_t hash(struct slice str)
{
	uint64_t h = str.len * 0x9e3779b97f4a7c15ull, word;
	size_t i = 0;

	for (; i + 8 <= str.len; i += 8) {
		memcpy(&word, str.data + i, 8);
		h = (h ^ word) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	word = 0;
	if (i < str.len)
		memcpy(&word, str.data + i, str.len - i);
	h = (h ^ word) * 0xc4ceb9fe1a85ec53ull;
	return h ^ (h >> 29);
}

static int fill_slots(struct arena *arena, struct patterns *patterns, uint32_t n)
{
	uint32_t n_equal = 0;

	patterns->equal_min = SIZE_MAX;
	for (uint32_t i = 0; i < n; i++) {
		size_t len = patterns->list[i].bytes.len;

		if (patterns->list[i].class != PATTERN_EQUAL)
			continue;
		n_equal++;
		patterns->equal_min = len < patterns->equal_min ? len : patterns->equal_min;
		patterns->equal_max = len > patterns->equal_max ? len : patterns->equal_max;
	}
	patterns->n_slots = 4;
	while (patterns->n_slots < 2 * n_equal)
		patterns->n_slots *= 2;
	patterns->slots = arena_alloc(arena, patterns->n_slots * sizeof(uint32_t));
	if (!patterns->slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t at;

		if (patterns->list[i].class != PATTERN_EQUAL)
			continue;
		at = hash(patterns->list[i].bytes) & (patterns->n_slots - 1);
		while (patterns->slots[at])
			at = (at + 1) & (patterns->n_slots - 1);
		patterns->slots[at] = i + 1;
	}
	return 0;
}

static uint32_t find_equal(const struct patterns *patterns, struct slice str, uint32_t *ret)
{
	uint64_t at;

	if (str.len < patterns->equal_min || str.len > patterns->equal_max)
		return 0;
	at = hash(str) & (patterns->n_slots - 1);
	for (; patterns->slots[at]; at = (at + 1) & (patterns->n_slots - 1)) {
		if (slice_eq(patterns->list[patterns->slots[at] - 1].bytes, str)) {
			*ret = patterns->slots[at] - 1;
			return 1;
		}
	}
	return 0;
}

/* --- tries ---------------------------------------------------------------- */

/* While a trie grows its nodes are linked; settle() lays them side by side. */
struct seedling {
	uint32_t child, sibling, pattern;
	uint8_t byte;
};

static uint32_t grow_child(struct seedling *nodes, uint32_t *n, uint32_t at, uint8_t byte)
{
	uint32_t *link = &nodes[at].child;

	while (*link != NONE && nodes[*link].byte < byte)
		link = &nodes[*link].sibling;
	if (*link != NONE && nodes[*link].byte == byte)
		return *link;
	nodes[*n] = (struct seedling){ NONE, *link, NONE, byte };
	return *link = (*n)++;
}

static void grow(struct seedling *nodes, uint32_t *n, const struct pattern *pattern,
		 uint32_t number)
{
	bool backwards = pattern->class == PATTERN_SUFFIX;
	uint32_t at = 0;

	for (size_t i = 0; i < pattern->bytes.len; i++) {
		size_t k = backwards ? pattern->bytes.len - 1 - i : i;

		at = grow_child(nodes, n, at, (uint8_t)pattern->bytes.data[k]);
	}
	nodes[at].pattern = number;
}

static uint32_t find_child(const struct trie *trie, uint32_t at, uint8_t byte)
{
	const struct node_of_trie *node = &trie->nodes[at];
	uint32_t low = node->children, high = node->children + node->n_children;

	if (at == 0)
		return trie->first[byte];
	while (high - low > 4) {
		uint32_t middle = low + (high - low) / 2;

		if (trie->nodes[middle].byte <= byte)
			low = middle;
		else
			high = middle;
	}
	for (; low < high; low++) {
		if (trie->nodes[low].byte == byte)
			return low;
	}
	return 0;
}

static uint32_t step(const struct trie *trie, uint32_t at, uint8_t byte)
{
	uint32_t child;

	while (!(child = find_child(trie, at, byte)) && at != 0)
		at = trie->nodes[at].fail;
	return child;
}

static void link_child(struct trie *trie, uint32_t parent, uint32_t child)
{
	struct node_of_trie *node = &trie->nodes[child];
	uint32_t fail;

	node->fail = parent == 0 ? 0 : step(trie, trie->nodes[parent].fail, node->byte);
	fail = node->fail;
	node->next = trie->nodes[fail].pattern != NONE ? fail : trie->nodes[fail].next;
}

/* Breadth first: what a node fails to stands before it, and is complete. */
static void settle(struct trie *trie, struct seedling *nodes, uint32_t *order)
{
	uint32_t n = 1;

	order[0] = 0;
	trie->nodes[0] = (struct node_of_trie){ .next = NONE, .pattern = nodes[0].pattern };
	for (uint32_t at = 0; at < n; at++) {
		struct node_of_trie *node = &trie->nodes[at];
		uint32_t seedling = nodes[order[at]].child;

		node->children = n;
		for (; seedling != NONE; seedling = nodes[seedling].sibling) {
			order[n] = seedling;
			trie->nodes[n] = (struct node_of_trie){ .pattern = nodes[seedling].pattern,
								.byte = nodes[seedling].byte };
			if (at == 0)
				trie->first[nodes[seedling].byte] = n;
			n++;
		}
		node->n_children = n - node->children;
		for (uint32_t child = node->children; child < n; child++)
			link_child(trie, at, child);
	}
	trie->n_nodes = n;
}

static int make_trie(struct arena *arena, const struct patterns *patterns, uint32_t n,
		     uint32_t class, struct trie *ret)
{
	cleanup_free struct seedling *nodes = NULL;
	cleanup_free uint32_t *order = NULL;
	uint32_t n_nodes = 1;
	size_t room = 1;

	for (uint32_t i = 0; i < n; i++)
		room += patterns->list[i].class == class ? patterns->list[i].bytes.len : 0;
	if (room == 1)
		return 0;
	nodes = malloc(room * sizeof(*nodes));
	order = malloc(room * sizeof(*order));
	if (!nodes || !order)
		return -ENOMEM;
	nodes[0] = (struct seedling){ NONE, NONE, NONE, 0 };
	for (uint32_t i = 0; i < n; i++) {
		if (patterns->list[i].class == class)
			grow(nodes, &n_nodes, &patterns->list[i], i);
	}
	ret->nodes = arena_alloc(arena, n_nodes * sizeof(*ret->nodes));
	ret->first = arena_alloc(arena, 256 * sizeof(*ret->first));
	ret->seen = arena_alloc(arena, n_nodes * sizeof(*ret->seen));
	if (!ret->nodes || !ret->first || !ret->seen)
		return -ENOMEM;
	settle(ret, nodes, order);
	return 0;
}

static uint32_t find_ends(const struct trie *trie, struct slice str, bool backwards, uint32_t *ret)
{
	uint32_t at = 0, n = 0;

	for (size_t i = 0; i < str.len; i++) {
		at = find_child(trie, at, (uint8_t)str.data[backwards ? str.len - 1 - i : i]);
		if (at == 0)
			break;
		if (trie->nodes[at].pattern != NONE)
			ret[n++] = trie->nodes[at].pattern;
	}
	return n;
}

/* What ends at a node was told of when the node was seen before. */
static uint32_t tell_node(struct trie *trie, uint32_t at, uint32_t *ret)
{
	uint32_t n = 0;

	if (trie->nodes[at].pattern == NONE)
		at = trie->nodes[at].next;
	for (; at != NONE && trie->seen[at] != trie->search; at = trie->nodes[at].next) {
		trie->seen[at] = trie->search;
		ret[n++] = trie->nodes[at].pattern;
	}
	return n;
}

static uint32_t find_pieces(struct trie *trie, struct slice str, bool nocase, uint32_t *ret)
{
	uint32_t at = 0, n = 0;

	if (++trie->search == 0) { /* once in four thousand million */
		memset(trie->seen, 0, trie->n_nodes * sizeof(*trie->seen));
		trie->search = 1;
	}
	for (size_t i = 0; i < str.len; i++) {
		uint8_t byte = (uint8_t)str.data[i];

		if (nocase && byte >= 'A' && byte <= 'Z')
			byte = (uint8_t)(byte - 'A' + 'a');
		at = step(trie, at, byte);
		if (at != 0)
			n += tell_node(trie, at, ret + n);
	}
	return n;
}

/* --- all of them ---------------------------------------------------------- */

int patterns_new(struct arena *arena, const struct pattern *list, uint32_t n, struct patterns **ret)
{
	struct patterns *patterns = arena_alloc(arena, sizeof(*patterns));
	struct pattern *copy = arena_alloc(arena, (n + 1) * sizeof(*copy));
	int r;

	if (!patterns || !copy)
		return -ENOMEM;
	memcpy(copy, list, n * sizeof(*copy));
	patterns->list = copy;
	r = fill_slots(arena, patterns, n);
	for (uint32_t class = PATTERN_PREFIX; class < PATTERN_CLASS_MAX && r == 0; class ++)
		r = make_trie(arena, patterns, n, class, &patterns->tries[class]);
	if (r == 0)
		*ret = patterns;
	return r;
}

uint32_t patterns_find(struct patterns *patterns, struct slice str, uint32_t *ret)
{
	struct trie *tries = patterns->tries;
	uint32_t n;

	n = find_equal(patterns, str, ret);
	if (tries[PATTERN_PREFIX].n_nodes > 0)
		n += find_ends(&tries[PATTERN_PREFIX], str, false, ret + n);
	if (tries[PATTERN_SUFFIX].n_nodes > 0)
		n += find_ends(&tries[PATTERN_SUFFIX], str, true, ret + n);
	if (tries[PATTERN_PIECE].n_nodes > 0)
		n += find_pieces(&tries[PATTERN_PIECE], str, false, ret + n);
	if (tries[PATTERN_PIECE_NOCASE].n_nodes > 0)
		n += find_pieces(&tries[PATTERN_PIECE_NOCASE], str, true, ret + n);
	return n;
}
