/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that point at a value of a rule file. */
#include "rule/internal.h"

#include <stdarg.h>
#include <stdio.h>

static size_t find_offset(const struct place *place, bool want_key)
{
	return json_find(place->file->text, place->at, want_key);
}

static void fill_where(struct loader *loader, const struct source_file *file, size_t offset)
{
	struct parse_error *err = loader->err;
	struct text_place where;

	text_place_find(file->text, offset, &where);
	snprintf(err->file, sizeof(err->file), "%s", file->name);
	err->line = where.line;
	err->column = where.column;
	memcpy(err->excerpt, where.excerpt, sizeof(err->excerpt));
	err->caret = where.caret;
}

__attribute__((format(printf, 2, 0))) static void fill_message(struct loader *loader,
							       const char *format, va_list args)
{
	memset(loader->err, 0, sizeof(*loader->err));
	vsnprintf(loader->err->message, sizeof(loader->err->message), format, args);
}

void tell_offset(struct loader *loader, const struct source_file *file, size_t offset,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill_message(loader, format, args);
	va_end(args);
	fill_where(loader, file, offset);
}

void tell_at(struct loader *loader, const struct place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill_message(loader, format, args);
	va_end(args);
	fill_where(loader, place->file, find_offset(place, false));
}

void tell_key(struct loader *loader, const struct place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill_message(loader, format, args);
	va_end(args);
	fill_where(loader, place->file, find_offset(place, true));
}

void tell_text(struct loader *loader, const struct place *place, size_t pos, const char *format,
	       ...)
{
	struct json_at element = { place->at, NULL, 0 };
	struct place in = *place;
	va_list args;

	va_start(args, format);
	fill_message(loader, format, args);
	va_end(args);

	/* Strings of an array are joined by one space each. */
	if (json_is_array(place->json)) {
		in.at = &element;
		while (element.index + 1 < json_array_size(place->json)) {
			size_t len = json_string_length(json_array_get(place->json, element.index));

			if (pos <= len)
				break;
			pos -= len + 1;
			element.index++;
		}
	}
	fill_where(loader, place->file,
		   json_find_in_string(place->file->text, find_offset(&in, false), pos));
}

void tell_memory(struct loader *loader)
{
	memset(loader->err, 0, sizeof(*loader->err));
	snprintf(loader->err->message, sizeof(loader->err->message), "out of memory");
}

unsigned int place_line(const struct place *place)
{
	size_t offset = find_offset(place, false);
	unsigned int line = 1;

	for (size_t i = 0; i < offset && i < place->file->text.len; i++)
		line += place->file->text.data[i] == '\n';
	return line;
}

/* One walk for all of them: asking for each would walk the file once per rule. */
void place_lines(const struct place *array, unsigned int *lines, size_t n_lines)
{
	struct slice text = array->file->text;
	size_t i = find_offset(array, false), done = 0;
	unsigned int line = 1;

	i = i < text.len ? json_skip_space(text, i + 1) : i;
	for (size_t n = 0; n < n_lines; n++) {
		for (; done < i && done < text.len; done++)
			line += text.data[done] == '\n';
		lines[n] = line;
		i = json_skip_space(text, json_skip_value(text, i));
		if (i < text.len && text.data[i] == ',')
			i = json_skip_space(text, i + 1);
	}
}

struct hint hint_from(const char *best)
{
	struct hint hint = { "" };

	if (best)
		snprintf(hint.text, sizeof(hint.text), ", did you mean '%s'?", best);
	return hint;
}

int place_text(struct loader *loader, const struct place *place, size_t len_max, struct slice *ret)
{
	bool is_array = json_is_array(place->json);
	size_t n = is_array ? json_array_size(place->json) : 1, len = 0;
	char *text;

	for (size_t i = 0; i < n; i++) {
		json_t *part = is_array ? json_array_get(place->json, i) : place->json;
		struct json_at at = { place->at, NULL, i };
		struct place in = { place->file, is_array ? &at : place->at, part };

		if (!json_is_string(part))
			return fail_at(loader, &in, "expected a string%s",
				       is_array ? "" : " or an array of strings");
		len += json_string_length(part) + 1;
	}
	if (len <= 1)
		return fail_at(loader, place, "this is empty, expected a condition");
	if (len - 1 > len_max)
		return fail_at(loader, place, "this is %zu bytes long, at most %zu are allowed",
			       len - 1, len_max);

	text = arena_alloc(&loader->arena, len);
	if (!text)
		return fail_memory(loader);
	len = 0;
	for (size_t i = 0; i < n; i++) {
		json_t *part = is_array ? json_array_get(place->json, i) : place->json;

		if (i > 0)
			text[len++] = ' ';
		memcpy(text + len, json_string_value(part), json_string_length(part));
		len += json_string_length(part);
	}
	*ret = (struct slice){ text, len };
	return 0;
}
