/* SPDX-License-Identifier: Apache-2.0 */
/* A field as rules write it, with the place in a list: proc.aname[2]. */
#include "event/field.h"

/* What stands between the brackets at the end; -1: no number of one or two digits. */
static int read_index(struct slice text, size_t open)
{
	int index = 0;

	if (text.data[text.len - 1] != ']' || text.len - open < 3 || text.len - open > 4)
		return -1;
	for (size_t i = open + 1; i + 1 < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		index = index * 10 + (text.data[i] - '0');
	}
	return index;
}

int field_find_ref(struct slice text, struct field_ref *ret)
{
	const char *open = text.len ? memchr(text.data, '[', text.len) : NULL;
	struct slice name = { text.data, open ? (size_t)(open - text.data) : text.len };
	int index;

	*ret = (struct field_ref){ field_find(name), -1 };
	if (!ret->field)
		return -ENOENT;
	if (!open)
		return 0;
	index = read_index(text, name.len);
	if (index < 0)
		return -EINVAL;
	if (ret->field->type != VALUE_LIST)
		return -ENOTSUP;
	if (ret->field->self && index == 0) {
		ret->field = field_find(slice_from(ret->field->self));
		return 0;
	}
	ret->item = ret->field->self ? index - 1 : index;
	return ret->item < VALUE_ITEMS_MAX ? 0 : -ERANGE;
}

int field_ref_format(const struct field_ref *ref, const struct event *ev, struct value *tmp,
		     struct slice *ret)
{
	int r;

	r = ref->field->get(ev, tmp);
	if (r == 0 && ref->item >= 0)
		r = value_take_item(tmp, ref->item);
	return r < 0 ? r : value_format(tmp, ret);
}
