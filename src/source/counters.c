// SPDX-License-Identifier: Apache-2.0
/* Reading the kernel side's counters, books and budgets by map descriptor. */
#include "source/live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static int n_cpus(void)
{
	static int n;

	if (!n)
		n = libbpf_num_possible_cpus();
	return n;
}

int live_read_counter(int counters_fd, unsigned int counter, uint64_t *ret)
{
	int n = n_cpus();
	cleanup_free uint64_t *values = NULL;
	__u32 key = counter;

	if (n < 0)
		return n;
	values = calloc((size_t)n, sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(counters_fd, &key, values) < 0)
		return -errno;
	*ret = 0;
	for (int i = 0; i < n; i++)
		*ret += values[i];
	return 0;
}

int live_read_book(int books_fd, unsigned int ring, unsigned int type, struct book *ret)
{
	int n = n_cpus();
	cleanup_free struct book *values = NULL;
	__u32 key = ring * EVENT_TYPE_MAX + type;

	if (n < 0)
		return n;
	values = calloc((size_t)n, sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(books_fd, &key, values) < 0)
		return -errno;
	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < n; i++) {
		ret->seen += values[i].seen;
		ret->delivered += values[i].delivered;
		ret->dropped += values[i].dropped;
		ret->suppressed += values[i].suppressed;
	}
	return 0;
}

bool live_has_runtime(int binaries_fd, uint32_t dev, uint64_t ino)
{
	unsigned int left = RUNTIME_BINARIES_MAX * 2;	/* the map changes while it is walked */
	struct inode_id key, next;
	int r;

	r = bpf_map_get_next_key(binaries_fd, NULL, &next);
	while (r == 0 && left--) {
		key = next;
		if (key.ino == ino && key.dev == dev)
			return true;
		r = bpf_map_get_next_key(binaries_fd, &key, &next);
	}
	return false;
}

int live_each_budget(int budgets_fd,
		     void (*fn)(const struct budget_key *key, const struct budget *budget, void *arg), void *arg)
{
	struct budget_key key, next;
	struct budget budget;
	unsigned int left = BUDGETS_MAX * 2;	/* the map changes while it is walked */
	int r;

	r = bpf_map_get_next_key(budgets_fd, NULL, &next);
	while (r == 0 && left--) {
		key = next;
		if (bpf_map_lookup_elem(budgets_fd, &key, &budget) == 0 && budget.suppressed)
			fn(&key, &budget, arg);
		r = bpf_map_get_next_key(budgets_fd, &key, &next);
	}
	return 0;
}
