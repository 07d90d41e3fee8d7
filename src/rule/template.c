/* SPDX-License-Identifier: Apache-2.0 */
/* Output templates: "%proc.name opened %{file.path}s, 100 %%". */
#include "rule/internal.h"

static bool is_name(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
	       byte == '.';
}

/* "[2]", which is a place in a list; 0 for all else. */
static size_t index_len(struct slice text)
{
	size_t i = 1;

	while (i < text.len && text.data[i] >= '0' && text.data[i] <= '9')
		i++;
	return i > 1 && i < text.len && text.data[0] == '[' && text.data[i] == ']' ? i + 1 : 0;
}

/* The field's name behind the percent sign at `pos`, and where the text goes
 * on. A full stop at its end ends a sentence. False: there is none. */
static bool find_name(struct slice text, size_t pos, struct slice *ret, size_t *ret_end)
{
	bool braces = pos + 1 < text.len && text.data[pos + 1] == '{';
	size_t start = pos + 1 + braces, end = start;

	while (end < text.len && is_name(text.data[end]))
		end++;
	end += index_len((struct slice){ text.data + end, text.len - end });
	if (braces && (end >= text.len || text.data[end] != '}'))
		return false;
	*ret_end = end + braces;
	while (!braces && end > start && text.data[end - 1] == '.')
		*ret_end = --end;
	*ret = (struct slice){ text.data + start, end - start };
	return ret->len > 0;
}

static int find_field(struct loader *loader, const struct place *place, size_t pos,
		      struct slice name, struct field_ref *ret)
{
	switch (field_find_ref(name, ret)) {
	case 0: return 0;
	case -ENOENT:
		return fail_text(loader, place, pos, "unknown field '%.*s'%s", (int)name.len,
				 name.data, hint_from(field_suggest(name)).text);
	case -ENOTSUP:
		return fail_text(loader, place, pos,
				 "%s is no list; write %%{%s} when a bracket is text",
				 ret->field->name, ret->field->name);
	default:
		return fail_text(loader, place, pos, "%s has places up to [%d]", ret->field->name,
				 ret->field->self ? VALUE_ITEMS_MAX : VALUE_ITEMS_MAX - 1);
	}
}

static int add_segment(struct loader *loader, const struct place *place, struct slice text,
		       size_t *pos, struct segment *segment)
{
	struct slice name;
	size_t start = *pos;

	while (*pos < text.len && text.data[*pos] != '%')
		(*pos)++;
	segment->text = (struct slice){ text.data + start, *pos - start };
	if (*pos >= text.len)
		return 0;
	if (*pos + 1 < text.len && text.data[*pos + 1] == '%') {
		segment->text.len++; /* the first of the two */
		*pos += 2;
		return 0;
	}
	start = *pos;
	if (!find_name(text, start, &name, pos))
		return fail_text(loader, place, start,
				 "expected %%field or %%{field}; a percent sign itself is %%%%");
	return find_field(loader, place, start, name, &segment->ref);
}

int parse_template(struct loader *loader, const struct place *place, struct template *ret)
{
	struct slice given, text;
	size_t room = 1, pos = 0;
	int r;

	if (!json_is_string(place->json))
		return fail_at(loader, place, "expected a string");
	r = place_text(loader, place, TEXT_LEN_MAX, &given);
	if (r < 0)
		return r;

	for (size_t i = 0; i < given.len; i++)
		room += given.data[i] == '%';
	ret->segments = arena_alloc(&loader->set->arena, room * sizeof(*ret->segments));
	text = (struct slice){ arena_copy(&loader->set->arena, given), given.len };
	if (!ret->segments || !text.data)
		return fail_memory(loader);

	ret->n_segments = 0;
	while (pos < text.len) {
		r = add_segment(loader, place, text, &pos, &ret->segments[ret->n_segments]);
		if (r < 0)
			return r;
		ret->n_segments++;
	}
	return 0;
}

/* Append what fits, one byte is left for the NUL. */
static size_t append(char *buf, size_t size, size_t len, struct slice bytes)
{
	size_t n = bytes.len;

	if (n > size - 1 - len)
		n = size - 1 - len;
	if (n > 0)
		memcpy(buf + len, bytes.data, n);
	return len + n;
}

size_t rule_format_output(const struct rule *rule, const struct event *ev, char *buf, size_t size)
{
	struct value tmp;
	size_t len = 0;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < rule->output.n_segments; i++) {
		const struct segment *segment = &rule->output.segments[i];
		struct slice shown = SLICE_LITERAL("<NA>");

		len = append(buf, size, len, segment->text);
		if (!segment->ref.field)
			continue;
		(void)field_ref_format(&segment->ref, ev, &tmp, &shown); /* missing: stays <NA> */
		len = append(buf, size, len, shown);
	}
	buf[len] = '\0';
	return len;
}
