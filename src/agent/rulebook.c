/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/rulebook.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

int rulebook_init(struct rulebook *ret, const struct rule_set *set)
{
	*ret = (struct rulebook){ .set = set };
	return rule_state_new(set, &ret->state);
}

void rulebook_release(struct rulebook *book)
{
	rule_state_free(book->state);
	rule_set_free(book->own);
	*book = (struct rulebook){ 0 };
}

static int fail(struct parse_error *reterr, int r, const char *what)
{
	memset(reterr, 0, sizeof(*reterr));
	snprintf(reterr->message, sizeof(reterr->message), "%s: %s", what, strerror(-r));
	return r;
}

static int load_set(int fd, const struct rule_load *load, struct rule_set **ret,
		    struct parse_error *reterr)
{
	struct stat st;
	void *bytes;
	int r;

	if (fstat(fd, &st) < 0)
		return fail(reterr, -errno, "cannot read the rules that were handed over");
	if (st.st_size <= 0 || st.st_size > RULE_BUNDLE_MAX)
		return fail(reterr, -EFBIG, "cannot read the rules that were handed over");
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return fail(reterr, -errno, "cannot read the rules that were handed over");
	r = rule_set_load_bundle((struct slice){ bytes, (size_t)st.st_size }, load, ret, reterr);
	munmap(bytes, (size_t)st.st_size);
	return r;
}

int rulebook_replace(struct rulebook *book, int fd, const struct rule_load *load,
		     struct parse_error *reterr)
{
	struct rule_state *state = NULL;
	struct rule_set *set = NULL;
	int r;

	r = load_set(fd, load, &set, reterr);
	if (r < 0)
		return r;
	r = rule_state_new(set, &state);
	if (r < 0) {
		rule_set_free(set);
		return fail(reterr, r, "no room for what the new rules remember");
	}
	/* Nothing can fail from here on. */
	rule_state_inherit(state, book->state);
	rule_state_free(book->state);
	rule_set_free(book->own);
	*book = (struct rulebook){ .set = set, .own = set, .state = state };
	malloc_trim(0);
	return 0;
}
