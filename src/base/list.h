/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked ring with a head, the links inside the members. */
#ifndef BW_BASE_LIST_H
#define BW_BASE_LIST_H

#include "base/base.h"

struct list {
	struct list *prev, *next;
};

/* The struct of type `type` whose member `member` is at `ptr`. */
#define member_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->prev = list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_append(struct list *list, struct list *link)
{
	link->prev = list->prev;
	link->next = list;
	list->prev->next = link;
	list->prev = link;
}

/* Also of a link that is in no list, when it was list_init()ed. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

#endif
