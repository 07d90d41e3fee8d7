/* SPDX-License-Identifier: Apache-2.0 */
/* What getters make their values with. */
#include "event/field_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

int give_bool(struct value *ret, bool truth)
{
	ret->type = VALUE_BOOL;
	ret->truth = truth;
	return 0;
}

int give_int(struct value *ret, int64_t num)
{
	ret->type = VALUE_INT;
	ret->num = num;
	return 0;
}

int give_uint(struct value *ret, uint64_t num)
{
	return give_int(ret, num > INT64_MAX ? INT64_MAX : (int64_t)num);
}

int give_slice(struct value *ret, struct slice str)
{
	ret->type = VALUE_STRING;
	ret->str = str;
	ret->cut_head = false;
	return 0;
}

int give_word(struct value *ret, const char *word)
{
	return give_slice(ret, slice_from(word));
}

int give_nonempty(struct value *ret, struct slice str)
{
	return str.data && str.len > 0 ? give_slice(ret, str) : -ENODATA;
}

/* A path of the kernel's own: missing when it is empty, for no object has an
 * empty path, and with its head missing when the record says so. */
int give_path(const struct event *ev, struct value *ret, struct slice path)
{
	if (give_nonempty(ret, path) < 0)
		return -ENODATA;
	ret->cut_head = ev->hdr.flags & EVENT_F_PATH_CUT;
	return 0;
}

/* A string of the caller's: an empty one is a value, an unread one is not. */
int give_caller(const struct event *ev, struct value *ret, struct slice str)
{
	if (!str.data || (str.len == 0 && (ev->hdr.flags & EVENT_F_ARG_UNREAD)))
		return -ENODATA;
	return give_slice(ret, str);
}

int give_printf(struct value *ret, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(ret->scratch, sizeof(ret->scratch), format, args);
	va_end(args);
	if (n < 0)
		return -ENODATA;
	return give_slice(ret, slice_from(ret->scratch));
}

/* Append to scratch what fits of `str`; `len` is what is there already. */
size_t scratch_append(struct value *ret, size_t len, struct slice str)
{
	size_t n = str.len;

	if (n > sizeof(ret->scratch) - len)
		n = sizeof(ret->scratch) - len;
	if (n > 0)
		memcpy(ret->scratch + len, str.data, n);
	return len + n;
}

int give_device(struct value *ret, uint32_t dev)
{
	return give_printf(ret, "%" PRIu32 ":%" PRIu32, dev >> 20, dev & 0xfffff);
}
