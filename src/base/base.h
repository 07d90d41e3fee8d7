/* SPDX-License-Identifier: Apache-2.0 */
/* The ground that every layer stands on: slices, ownership, small numbers. */
#ifndef BW_BASE_H
#define BW_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A borrowed run of bytes, not NUL-terminated, possibly with NULs inside and
 * not necessarily UTF-8. `data` may be NULL when `len` is 0. */
struct slice {
	const char *data;
	size_t len;
};

/* The "" lets nothing but a literal be one: the size of a pointer is no length. */
#define SLICE_LITERAL(s) ((struct slice){ "" s, sizeof("" s) - 1 })

static inline struct slice slice_from(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Cut the first `len` bytes off `rest` into *ret. False, and nothing is
 * changed, when `rest` is shorter. */
static inline bool slice_take(struct slice *rest, size_t len, struct slice *ret)
{
	if (rest->len < len)
		return false;
	*ret = (struct slice){ rest->data, len };
	rest->data = rest->data ? rest->data + len : NULL;
	rest->len -= len;
	return true;
}

/* A NUL-padded fixed field as a slice that ends before the first NUL. */
static inline struct slice slice_from_field(const char *field, size_t size)
{
	return (struct slice){ field, strnlen(field, size) };
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Locals that clean themselves up. */
static inline void free_ptr(void *p)
{
	free(*(void **)p);
}
static inline void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define cleanup_free __attribute__((cleanup(free_ptr)))
#define cleanup_close __attribute__((cleanup(close_fd)))

/* Give a cleaned-up local away. */
#define take_ptr(p) __extension__({ __auto_type take_ptr_tmp = (p); (p) = NULL; take_ptr_tmp; })
#define take_fd(fd) __extension__({ int take_fd_tmp = (fd); (fd) = -1; take_fd_tmp; })

#endif
