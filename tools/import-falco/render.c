/* SPDX-License-Identifier: Apache-2.0 */
/* Our tree to the text of a condition, and output templates. */
#include "import.h"

#include <ctype.h>
#include <stdio.h>

/* --- conditions ---------------------------------------------------------- */

static void put_value(struct job *job, struct text *ret, const char *value, bool bare)
{
	if (bare) {
		text_puts(job->pool, ret, value);
		return;
	}
	text_puts(job->pool, ret, "\"");
	for (const char *p = value; *p; p++) {
		char escaped[8];

		if (*p == '"' || *p == '\\')
			snprintf(escaped, sizeof(escaped), "\\%c", *p);
		else if ((unsigned char)*p < 0x20 || *p == 0x7f)
			snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)*p);
		else
			snprintf(escaped, sizeof(escaped), "%c", *p);
		text_puts(job->pool, ret, escaped);
	}
	text_puts(job->pool, ret, "\"");
}

static bool takes_brackets(const char *op)
{
	return strcmp(op, "in") == 0 || strcmp(op, "intersects") == 0 || strcmp(op, "pmatch") == 0;
}

/* "a.b" and "a_b" are two lists with one name. */
static bool is_taken(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->lists.n; i++) {
		const struct falco_list *other = model->lists.items[i];

		if (other->ours && strcmp(other->ours, name) == 0)
			return true;
	}
	return false;
}

/* ^[a-z][a-z0-9_]*$, at most 64 bytes; a name that is long or taken has a mark
 * of the whole behind it. */
static const char *list_name(struct job *job, struct falco_list *list)
{
	char name[64];
	uint32_t hash = 2166136261u;
	size_t n;

	if (list->ours)
		return list->ours;
	snprintf(name, sizeof(name), "%s_", job->prefix);
	n = strlen(name);
	for (const char *p = list->name; *p; p++) {
		hash = (hash ^ (unsigned char)*p) * 16777619u;
		if (n < 52)
			name[n++] = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '_';
	}
	name[n] = '\0';
	if (strlen(list->name) + strlen(job->prefix) + 1 > 52 || is_taken(job->model, name))
		snprintf(name + n, sizeof(name) - n, "_%08x", hash);
	list->ours = pool_copy(&job->model->pool, name, strlen(name));
	return list->ours;
}

static void note_list(struct job *job, struct falco_list *list)
{
	for (size_t i = 0; i < job->used_lists.n; i++) {
		if (job->used_lists.items[i] == list)
			return;
	}
	ptrs_add(&job->model->pool, &job->used_lists, list);
}

static void put_test(struct job *job, const struct out *out, struct text *ret)
{
	const char *before = "";

	text_puts(job->pool, ret, out->field);
	if (!out->op)
		return;
	text_puts(job->pool, ret, " ");
	text_puts(job->pool, ret, out->op);
	if (strcmp(out->op, "exists") == 0)
		return;
	text_puts(job->pool, ret, takes_brackets(out->op) ? " (" : " ");
	for (size_t i = 0; i < out->lists.n; i++) {
		text_puts(job->pool, ret, before);
		text_puts(job->pool, ret, list_name(job, out->lists.items[i]));
		note_list(job, out->lists.items[i]);
		before = ", ";
	}
	for (size_t i = 0; i < out->values.n; i++) {
		text_puts(job->pool, ret, before);
		put_value(job, ret, out->values.items[i], out->is_number);
		before = ", ";
	}
	if (takes_brackets(out->op))
		text_puts(job->pool, ret, ")");
}

static void put(struct job *job, const struct out *out, struct text *ret, bool brackets)
{
	const char *before = "";

	switch (out->kind) {
	case OUT_TEST: put_test(job, out, ret); return;
	case OUT_NOT:
		text_puts(job->pool, ret, "not ");
		put(job, out->kids.items[0], ret, true);
		return;
	case OUT_AND:
	case OUT_OR: break;
	default: text_puts(job->pool, ret, "?"); return; /* cannot be: settled before */
	}
	if (brackets)
		text_puts(job->pool, ret, "(");
	for (size_t i = 0; i < out->kids.n; i++) {
		text_puts(job->pool, ret, before);
		put(job, out->kids.items[i], ret, true);
		before = out->kind == OUT_AND ? " and " : " or ";
	}
	if (brackets)
		text_puts(job->pool, ret, ")");
}

void render_condition(struct job *job, const struct out *out, struct text *ret)
{
	put(job, out, ret, false);
}

/* --- output -------------------------------------------------------------- */

static bool is_field_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* "%proc.aname[2]" at `p`: its end, and its parts. NULL: no field. */
static const char *read_field(struct job *job, const char *p, const char **ret_name,
			      const char **ret_arg)
{
	const char *start = p + 1, *end = start, *close;

	while (is_field_byte(*end))
		end++;
	while (end > start && end[-1] == '.')
		end--;
	if (end == start || !memchr(start, '.', (size_t)(end - start)))
		return NULL;
	*ret_name = pool_copy(job->pool, start, (size_t)(end - start));
	*ret_arg = NULL;
	if (*end != '[')
		return end;
	close = strchr(end, ']');
	if (!close)
		return end;
	*ret_arg = pool_copy(job->pool, end + 1, (size_t)(close - end) - 1);
	return close + 1;
}

/* "name=%field" of a field that we do not have goes with its name. */
static void drop_key(struct text *text)
{
	size_t len = text->len;

	if (len == 0 || text->data[len - 1] != '=')
		return;
	while (len > 0 && text->data[len - 1] != ' ')
		len--;
	text->len = len > 0 ? len - 1 : 0;
	text->data[text->len] = '\0';
}

const char *render_output(struct job *job, const char *theirs, struct ptrs *ret_missing)
{
	struct text text = { 0 };
	const char *p = theirs, *end, *name, *arg, *field;

	text_puts(job->pool, &text, "");
	while (*p) {
		if (p[0] == '*' && p[1] == '%') {
			p++; /* "may be missing": ours always may */
			continue;
		}
		if (*p != '%') {
			text_add(job->pool, &text, (unsigned char)*p < ' ' ? " " : p, 1);
			p++;
			continue;
		}
		end = read_field(job, p, &name, &arg);
		if (!end) {
			text_puts(job->pool, &text, "%%");
			p += p[1] == '%' ? 2 : 1;
			continue;
		}
		field = map_output_field(job, name, arg);
		if (field) {
			text_puts(job->pool, &text, "%{");
			text_puts(job->pool, &text, field);
			text_puts(job->pool, &text, "}");
		} else {
			size_t len = text.len;

			ptrs_add(job->pool, ret_missing,
				 pool_printf(job->pool, arg ? "%s[%s]" : "%s", name, arg));
			drop_key(&text);
			if (len == text.len)
				text_puts(job->pool, &text, "<NA>");
		}
		p = end;
	}
	return text.data;
}
