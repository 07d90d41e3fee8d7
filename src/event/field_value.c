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
	ret->symbols = 0;
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

int give_flags(struct value *ret, uint64_t bits, uint32_t symbols)
{
	(void)give_uint(ret, bits);
	ret->symbols = symbols;
	return 0;
}

/* --- lists -------------------------------------------------------------- */

void list_begin(struct value *ret, enum value_type item_type)
{
	ret->type = VALUE_LIST;
	ret->item_type = item_type;
	ret->cut_head = false;
	ret->n_items = 0;
	ret->known = 0;
}

void list_add(struct value *ret, struct slice item)
{
	if (ret->n_items >= VALUE_ITEMS_MAX)
		return;
	if (item.len > 0)
		ret->known |= 1u << ret->n_items;
	ret->items[ret->n_items++] = item;
}

void list_add_num(struct value *ret, int64_t num, bool known)
{
	if (ret->n_items >= VALUE_ITEMS_MAX)
		return;
	if (known)
		ret->known |= 1u << ret->n_items;
	ret->nums[ret->n_items++] = num;
}

int list_end(const struct value *ret)
{
	return ret->known ? 0 : -ENODATA;
}

int value_take_item(struct value *value, int item)
{
	if (value->type != VALUE_LIST || item < 0 || (uint32_t)item >= value->n_items ||
	    !(value->known & 1u << item))
		return -ENODATA;
	value->type = value->item_type;
	value->num = value->nums[item];
	value->symbols = 0;
	if (value->type == VALUE_STRING)
		value->str = value->items[item];
	return 0;
}

/* Items of text may lie in scratch themselves, each behind where it goes. */
static size_t join_item(struct value *value, size_t len, uint32_t i)
{
	struct slice item = value->items[i];
	char digits[24];

	if (value->item_type == VALUE_INT) {
		int n = snprintf(digits, sizeof(digits), "%" PRId64, value->nums[i]);

		item = (struct slice){ digits, (size_t)n };
	}
	return scratch_append(value, len, item);
}

void value_join(struct value *value)
{
	size_t len = 0;

	if (value->type != VALUE_LIST)
		return;
	for (uint32_t i = 0; i < value->n_items; i++) {
		if (!(value->known & 1u << i))
			continue;
		if (len > 0)
			len = scratch_append(value, len, SLICE_LITERAL(","));
		len = join_item(value, len, i);
	}
	(void)give_slice(value, (struct slice){ value->scratch, len });
}
