/* SPDX-License-Identifier: Apache-2.0 */
/* From files to a set, in phases: what is wrong in one phase is told of all
 * files, at most RULE_ERRORS_MAX times, before the load is given up. */
#include "rule/define.h"

#include <gcrypt.h>
#include <stdarg.h>
#include <stdio.h>

static void free_loader(struct loader *loader)
{
	for (size_t i = 0; i < loader->n_files; i++)
		json_decref(loader->files[i].root);
	free(loader->files);
	free(loader->macros);
	free(loader->lists);
	free(loader->errors);
	rule_set_free(loader->set);
	arena_release(&loader->arena);
}
#define cleanup_loader __attribute__((cleanup(free_loader)))

/* --- errors ------------------------------------------------------------- */

int fail_file(struct loader *loader, const char *name, int error, const char *format, ...)
{
	va_list args;

	memset(loader->err, 0, sizeof(*loader->err));
	snprintf(loader->err->file, sizeof(loader->err->file), "%s", name);
	va_start(args, format);
	vsnprintf(loader->err->message, sizeof(loader->err->message), format, args);
	va_end(args);
	return -error;
}

static bool is_same_error(const struct parse_error *a, const struct parse_error *b)
{
	return a->line == b->line && a->column == b->column && strcmp(a->file, b->file) == 0 &&
	       strcmp(a->message, b->message) == 0;
}

int collect(struct loader *loader, int r)
{
	if (r >= 0)
		return 0;
	if (r == -ENOMEM || r == LOAD_GIVEN_UP)
		return r;
	if (!loader->errors)
		loader->errors = calloc(RULE_ERRORS_MAX, sizeof(*loader->errors));
	if (!loader->errors)
		return fail_memory(loader);
	if (loader->n_errors == 0)
		loader->first_error = r;
	for (size_t i = 0; i < loader->n_errors; i++) {
		if (is_same_error(&loader->errors[i], loader->err))
			return 0; /* a macro is wrong for each that names it */
	}
	loader->errors[loader->n_errors++] = *loader->err;
	return loader->n_errors < RULE_ERRORS_MAX ? 0 : LOAD_GIVEN_UP;
}

/* A phase is over: on with the next one only if nothing was wrong. */
static int end_phase(struct loader *loader, int r)
{
	if (r < 0 && r != LOAD_GIVEN_UP)
		return r;
	if (loader->n_errors == 0)
		return 0;
	*loader->err = loader->errors[0];
	return loader->first_error;
}

/* --- parsing ------------------------------------------------------------ */

/* jansson says where it stood when it had read the wrong token; messages point
 * at where that begins. */
static size_t error_offset(const struct source_file *file, const json_error_t *error)
{
	size_t offset = error->position > 0 ? (size_t)error->position : 0, len = 0;
	const char *near = strstr(error->text, " near '");

	if (near) {
		near += strlen(" near '");
		len = strlen(near);
		len -= len > 0; /* the quote */
	}
	if (offset > file->text.len)
		offset = file->text.len;
	if (len > 0 && len <= offset && memcmp(file->text.data + offset - len, near, len) == 0)
		return offset - len;
	return offset;
}

static int parse_json(struct loader *loader, struct source_file *file)
{
	json_error_t error;

	file->root = json_loadb(file->text.data, file->text.len, JSON_REJECT_DUPLICATES, &error);
	if (file->root)
		return 0;
	return fail_offset(loader, file, error_offset(file, &error), "not valid JSON: %s",
			   text_may_be_shown() ? error.text : "what is there is not shown");
}

/* Each file's length before it, so that bytes cannot move between files
 * without a change. */
static int hash_files(struct loader *loader)
{
	const unsigned char *digest;
	gcry_md_hd_t md;

	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		gcry_check_version(NULL);
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	if (gcry_md_open(&md, GCRY_MD_SHA256, 0) != 0)
		return fail_memory(loader);
	for (size_t i = 0; i < loader->n_files; i++) {
		char head[32];
		int len = snprintf(head, sizeof(head), "%zu\n", loader->files[i].text.len);

		gcry_md_write(md, head, (size_t)len);
		gcry_md_write(md, loader->files[i].text.data, loader->files[i].text.len);
	}
	digest = gcry_md_read(md, GCRY_MD_SHA256);
	for (size_t i = 0; i < 32; i++)
		snprintf(loader->set->hash + 2 * i, 3, "%02x", digest[i]);
	gcry_md_close(md);
	return 0;
}

/* Candidates by type of record, so that an event only meets rules that could
 * fire on it. */
static int index_rules(struct loader *loader)
{
	struct rule_set *set = loader->set;

	for (size_t i = 0; i < set->n_rules; i++)
		set->rules[i]->digest = rule_digest(set->rules[i]);
	for (unsigned int type = 1; type < EVENT_TYPE_MAX; type++) {
		set->by_type[type] = calloc(set->n_rules + 1, sizeof(struct rule *));
		if (!set->by_type[type])
			return fail_memory(loader);
		for (size_t i = 0; i < set->n_rules; i++) {
			if (set->rules[i]->condition.event_types & (1ull << type))
				set->by_type[type][set->n_by_type[type]++] = set->rules[i];
		}
		if (set->n_by_type[type] > 0)
			set->event_types |= 1ull << type;
	}
	return index_new(set, &set->index) < 0 ? fail_memory(loader) : 0;
}

const char *const watch_list_names[RULE_WATCH_MAX] = { "watched_names", "watched_when_written",
						       "watched_folders" };

/* The lists that concern the kernel side outlive the loader. */
static int keep_watched(struct loader *loader)
{
	struct rule_set *set = loader->set;

	for (size_t i = 0; i < loader->n_lists; i++) {
		const struct value_list *list = &loader->lists[i];

		for (size_t k = 0; k < RULE_WATCH_MAX; k++) {
			if (strcmp(list->name, watch_list_names[k]) != 0)
				continue;
			set->watched[k] = calloc(list->n_items + 1, sizeof(*set->watched[k]));
			if (!set->watched[k])
				return fail_memory(loader);
			for (size_t n = 0; n < list->n_items; n++) {
				char *copy = arena_alloc(&set->arena, list->items[n].len + 1);

				if (!copy)
					return fail_memory(loader);
				memcpy(copy, list->items[n].data, list->items[n].len);
				copy[list->items[n].len] = '\0';
				set->watched[k][n] = copy;
			}
		}
	}
	return 0;
}

static int parse_all_json(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = collect(loader, parse_json(loader, &loader->files[i]));
	return r;
}

static int define_all_names(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = collect(loader, define_names(loader, &loader->files[i]));
	return r;
}

static int parse_all_macros(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_macros && r == 0; i++) {
		if (!loader->macros[i].root)
			r = collect(loader, parse_macro(loader, &loader->macros[i], 0));
	}
	return r;
}

static int define_all_rules(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = define_rules(loader, i);
	return r;
}

static int finish_rules(struct loader *loader)
{
	struct rule_set *set = loader->set;
	int r = 0;

	for (size_t i = 0; i < set->n_rules && r == 0; i++)
		r = collect_fields(loader, set->rules[i]);
	for (size_t i = 0; i < set->n_disabled && r == 0; i++)
		r = collect_fields(loader, set->disabled[i]);
	return r;
}

/* All names of all files are known before the first condition is read. */
static int parse_files(struct loader *loader)
{
	static int (*const phases[])(struct loader *) = {
		parse_all_json,	  define_all_names, override_names, parse_all_macros,
		define_all_rules, override_rules,   warn_of_unused, warn_of_untested,
		choose_rules,	  finish_rules,	    keep_watched,   keep_definitions,
		index_rules,	  hash_files,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(phases) && r == 0; i++)
		r = end_phase(loader, phases[i](loader));
	return r;
}

static void tell_errors(const struct loader *loader, const struct rule_load *load)
{
	if (!load->tell)
		return;
	if (loader->n_errors == 0)
		load->tell(loader->err, load->arg);
	for (size_t i = 0; i < loader->n_errors; i++)
		load->tell(&loader->errors[i], load->arg);
}

static int init_loader(struct loader *loader, const struct rule_load *load, struct parse_error *err)
{
	*loader = (struct loader){ .err = err, .load = load };
	memset(err, 0, sizeof(*err));
	loader->set = calloc(1, sizeof(*loader->set));
	return loader->set ? 0 : fail_memory(loader);
}

int rule_set_load_text(const char *name, struct slice text, struct rule_set **ret,
		       struct parse_error *reterr)
{
	static const struct rule_load none;
	cleanup_loader struct loader loader = { 0 };
	int r;

	r = init_loader(&loader, &none, reterr);
	if (r == 0)
		r = read_text(&loader, name, text);
	if (r == 0)
		r = parse_files(&loader);
	if (r < 0)
		return r;
	*ret = take_ptr(loader.set);
	return 0;
}

static int read_paths(struct loader *loader, int dirfd, const struct rule_load *load)
{
	int r = 0;

	for (size_t i = 0; i < load->n_paths && r == 0; i++)
		r = collect(loader, read_path(loader, dirfd, load->paths[i]));
	return end_phase(loader, r);
}

static int finish_load(struct loader *loader, const struct rule_load *load, const char *path)
{
	int r;

	r = parse_files(loader);
	if (r == 0 && loader->set->n_rules == 0)
		r = fail_file(loader, path, EINVAL, "%s: nothing would be seen",
			      loader->set->n_disabled > 0 ? "every rule is switched off" :
							    "there is no rule in here");
	if (r == 0 && load->ret_bundle)
		r = bundle_make(loader, load->ret_bundle, load->ret_bundle_len);
	if (r == -EFBIG && load->ret_bundle)
		return fail_file(loader, path, EFBIG, "more than %u bytes of rules, refused",
				 RULE_BUNDLE_MAX);
	return r;
}

int rule_set_load_with(int dirfd, const struct rule_load *load, struct rule_set **ret,
		       struct parse_error *reterr)
{
	cleanup_loader struct loader loader = { 0 };
	int r;

	r = init_loader(&loader, load, reterr);
	if (r == 0)
		r = read_paths(&loader, dirfd, load);
	if (r == 0)
		r = finish_load(&loader, load, load->paths[0]);
	if (r < 0) {
		tell_errors(&loader, load);
		return r;
	}
	*ret = take_ptr(loader.set);
	return 0;
}

int rule_set_load_bundle(struct slice bundle, const struct rule_load *load, struct rule_set **ret,
			 struct parse_error *reterr)
{
	cleanup_loader struct loader loader = { 0 };
	int r;

	r = init_loader(&loader, load, reterr);
	if (r == 0)
		r = bundle_read(&loader, bundle);
	if (r == 0)
		r = finish_load(&loader, load, "");
	if (r < 0)
		return r;
	*ret = take_ptr(loader.set);
	return 0;
}

int rule_set_load(int dirfd, const char *path, struct rule_set **ret, struct parse_error *reterr)
{
	const struct rule_load load = { .paths = &path, .n_paths = 1 };

	return rule_set_load_with(dirfd, &load, ret, reterr);
}
