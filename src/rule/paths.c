/* SPDX-License-Identifier: Apache-2.0 */
/* pmatch: is a path one of a set, or below one? Compared part by part, in a tree
 * that the whole set shares: /etc is above /etc/shadow, not above /etcetera. A
 * part may be a pattern (* ? []), which stays within its part. */
#include "rule/internal.h"

#define PARTS_MAX 64u /* of one listed path */

struct path_node {
	struct slice part;
	bool is_end;			  /* a listed path ends here: all below match */
	bool is_glob;			  /* `part` is a pattern */
	const struct path_node *children; /* sorted by part, patterns behind the others */
	uint32_t n_children, n_exact;
};

struct paths {
	struct path_node root;
};

/* The part at *pos, and *pos behind it; empty at the end. Slashes in a row are one. */
static struct slice next_part(struct slice path, size_t *pos)
{
	size_t start;

	while (*pos < path.len && path.data[*pos] == '/')
		(*pos)++;
	start = *pos;
	while (*pos < path.len && path.data[*pos] != '/')
		(*pos)++;
	return (struct slice){ path.data + start, *pos - start };
}

static bool is_glob(struct slice part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (strchr("*?[\\", part.data[i]) && part.data[i])
			return true;
	}
	return false;
}

const char *path_check(struct slice path)
{
	size_t pos = 0, n = 0;
	const char *wrong = NULL;

	if (path.len == 0 || path.data[0] != '/')
		return "'pmatch' wants paths from the root: /etc";
	for (struct slice part = next_part(path, &pos); part.len > 0 && !wrong;
	     part = next_part(path, &pos)) {
		if (slice_eq(part, SLICE_LITERAL(".")) || slice_eq(part, SLICE_LITERAL("..")))
			wrong = "'.' and '..' are no parts of a path that 'pmatch' compares";
		else if (++n > PARTS_MAX)
			wrong = "a path has at most 64 parts";
		else
			wrong = is_glob(part) ? glob_check(part) : NULL;
	}
	return wrong;
}

static int compare_part(struct slice a, struct slice b)
{
	int r;

	r = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return r != 0 ? r : (a.len > b.len) - (a.len < b.len);
}

/* A listed path while the tree is built: its part at the level being built. */
struct entry {
	struct slice path, part;
	size_t pos; /* behind `part` */
};

/* Paths that end here first, then plain parts, then patterns. */
static int compare_entry(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	bool left_glob = is_glob(left->part), right_glob = is_glob(right->part);

	if (left_glob != right_glob)
		return left_glob ? 1 : -1;
	return compare_part(left->part, right->part);
}

static size_t count_same(const struct entry *entries, size_t n)
{
	size_t same = 1;

	while (same < n && slice_eq(entries[same].part, entries[0].part))
		same++;
	return same;
}

/* At most PARTS_MAX deep. */
static int fill_node(struct arena *arena, struct path_node *node, struct entry *entries, size_t n)
{
	struct path_node *children;
	size_t n_children = 0, same;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		entries[i].part = next_part(entries[i].path, &entries[i].pos);
	qsort(entries, n, sizeof(*entries), compare_entry);
	if (entries[0].part.len == 0) { /* what lies below is listed already */
		node->is_end = true;
		return 0;
	}
	for (size_t i = 0; i < n; i += same, n_children++)
		same = count_same(entries + i, n - i);
	children = arena_alloc(arena, n_children * sizeof(*children));
	if (!children)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i += same) {
		struct path_node *child = &children[node->n_children++];

		same = count_same(entries + i, n - i);
		child->part = entries[i].part;
		child->is_glob = is_glob(child->part);
		node->n_exact += !child->is_glob;
		r = fill_node(arena, child, entries + i, same);
	}
	node->children = children;
	return r;
}

int paths_new(struct arena *arena, const struct slice *paths, size_t n, const struct paths **ret)
{
	struct paths *set = arena_alloc(arena, sizeof(*set));
	cleanup_free struct entry *entries = calloc(n, sizeof(*entries));
	int r;

	if (!set || !entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		entries[i].path = paths[i];
	r = fill_node(arena, &set->root, entries, n);
	if (r < 0)
		return r;
	*ret = set;
	return 0;
}

static const struct path_node *find_exact(const struct path_node *node, struct slice part)
{
	size_t low = 0, high = node->n_exact;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int r = compare_part(part, node->children[middle].part);

		if (r == 0)
			return &node->children[middle];
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Each node stands for one way to take as many parts as it is deep, so none is
 * met twice: at most as many steps as the tree has nodes. */
static bool match_below(const struct path_node *node, struct slice path, size_t pos)
{
	const struct path_node *exact;
	struct slice part;

	if (node->is_end)
		return true;
	part = next_part(path, &pos);
	if (part.len == 0)
		return false;
	exact = find_exact(node, part);
	if (exact && match_below(exact, path, pos))
		return true;
	for (uint32_t i = node->n_exact; i < node->n_children; i++) {
		if (glob_match(node->children[i].part, part) &&
		    match_below(&node->children[i], path, pos))
			return true;
	}
	return false;
}

bool paths_match(const struct paths *paths, struct slice path)
{
	return path.len > 0 && path.data[0] == '/' && match_below(&paths->root, path, 0);
}
