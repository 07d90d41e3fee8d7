/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

static void free_loader(struct loader *loader)
{
	for (size_t i = 0; i < loader->n_files; i++)
		json_decref(loader->files[i].root);
	free(loader->files);
	free(loader->macros);
	free(loader->lists);
	rule_set_free(loader->set);
	arena_release(&loader->arena);
}
#define cleanup_loader __attribute__((cleanup(free_loader)))

/* Tell of a file as a whole; -err is returned. */
__attribute__((format(printf, 4, 5))) static int fail_file(struct loader *loader, const char *name,
							   int error, const char *format, ...)
{
	va_list args;

	memset(loader->err, 0, sizeof(*loader->err));
	snprintf(loader->err->file, sizeof(loader->err->file), "%s", name);
	va_start(args, format);
	vsnprintf(loader->err->message, sizeof(loader->err->message), format, args);
	va_end(args);
	return -error;
}

/* --- reading ------------------------------------------------------------ */

static int add_file(struct loader *loader, const char *name, struct slice text)
{
	struct source_file *more;

	if (loader->n_files >= FILES_MAX)
		return fail_file(loader, name, EINVAL, "more than %u rule files", FILES_MAX);
	more = reallocarray(loader->files, loader->n_files + 1, sizeof(*more));
	if (!more)
		return fail_memory(loader);
	loader->files = more;
	more[loader->n_files] = (struct source_file){ .text = text };
	more[loader->n_files].name = arena_copy(&loader->arena, slice_from(name));
	if (!more[loader->n_files].name)
		return fail_memory(loader);
	loader->n_files++;
	return 0;
}

/* Whoever can write the rules decides what is seen: only root and the caller. */
static int check_owner(struct loader *loader, const char *name, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return fail_file(
			loader, name, EPERM,
			"belongs to uid %u, refused: rules must belong to root or to uid %u",
			st->st_uid, geteuid());
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return fail_file(loader, name, EPERM,
				 "is writable by others (mode %04o), refused: chmod go-w helps",
				 st->st_mode & 07777);
	return 0;
}

static int open_path(struct loader *loader, int dirfd, const char *path, const char *name, int *ret)
{
	int fd;

	fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP)
		return fail_file(loader, name, ELOOP,
				 "is a symbolic link, refused: links are not followed");
	if (fd < 0)
		return fail_file(loader, name, errno, "cannot open: %s", strerror(errno));
	*ret = fd;
	return 0;
}

/* The whole of an open file, at most RULE_FILE_MAX bytes, also when it grows
 * while it is read. */
static int read_all(struct loader *loader, int fd, const char *name, struct slice *ret)
{
	cleanup_free char *buf = malloc(RULE_FILE_MAX + 1);
	size_t len = 0;
	ssize_t n;
	char *text;

	if (!buf)
		return fail_memory(loader);
	while (len <= RULE_FILE_MAX) {
		n = read(fd, buf + len, RULE_FILE_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_file(loader, name, errno, "cannot read: %s", strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > RULE_FILE_MAX)
		return fail_file(loader, name, EFBIG, "is larger than %u bytes, refused",
				 RULE_FILE_MAX);
	text = arena_copy(&loader->arena, (struct slice){ buf, len });
	if (!text)
		return fail_memory(loader);
	*ret = (struct slice){ text, len };
	return 0;
}

static int read_file(struct loader *loader, int fd, const char *name)
{
	struct slice text;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return fail_file(loader, name, errno, "cannot stat: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_file(loader, name, EINVAL, "is not a regular file, refused");
	r = check_owner(loader, name, &st);
	if (r < 0)
		return r;
	r = read_all(loader, fd, name, &text);
	if (r < 0)
		return r;
	return add_file(loader, name, text);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* "rules.schema.json" is for editors; hidden files are their swap files. */
static int is_rule_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && has_suffix(entry->d_name, ".json") &&
	       !has_suffix(entry->d_name, ".schema.json");
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not the locale's order */
}

static int read_entry(struct loader *loader, int dirfd, const char *path, const char *entry)
{
	cleanup_close int fd = -1;
	char name[512];
	int r;

	snprintf(name, sizeof(name), "%s/%s", path, entry);
	r = open_path(loader, dirfd, entry, name, &fd);
	return r < 0 ? r : read_file(loader, fd, name);
}

static int read_directory(struct loader *loader, int fd, const char *path)
{
	struct dirent **entries;
	int n, r = 0;

	n = scandirat(fd, ".", &entries, is_rule_file, compare_names);
	if (n < 0)
		return fail_file(loader, path, errno, "cannot list: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = read_entry(loader, fd, path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (r == 0 && n == 0)
		return fail_file(loader, path, EINVAL, "no rule files (*.json) here");
	return r;
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
			   error.text);
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
	return 0;
}

/* The lists that concern the kernel side outlive the loader. */
static int keep_watched(struct loader *loader)
{
	static const char *const names[RULE_WATCH_MAX] = { "watched_names", "watched_when_written",
							   "watched_folders" };
	struct rule_set *set = loader->set;

	for (size_t i = 0; i < loader->n_lists; i++) {
		const struct value_list *list = &loader->lists[i];

		for (size_t k = 0; k < RULE_WATCH_MAX; k++) {
			if (strcmp(list->name, names[k]) != 0)
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

/* All names of all files are known before the first condition is read. */
static int parse_files(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = parse_json(loader, &loader->files[i]);
	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = define_names(loader, &loader->files[i]);
	for (size_t i = 0; i < loader->n_macros && r == 0; i++) {
		if (!loader->macros[i].root)
			r = parse_macro(loader, &loader->macros[i], 0);
	}
	for (size_t i = 0; i < loader->n_files && r == 0; i++)
		r = define_rules(loader, i);
	if (r == 0)
		r = keep_watched(loader);
	if (r == 0)
		r = index_rules(loader);
	return r < 0 ? r : hash_files(loader);
}

static int init_loader(struct loader *loader, struct parse_error *err)
{
	*loader = (struct loader){ .err = err };
	memset(err, 0, sizeof(*err));
	loader->set = calloc(1, sizeof(*loader->set));
	return loader->set ? 0 : fail_memory(loader);
}

int rule_set_load_text(const char *name, struct slice text, struct rule_set **ret,
		       struct parse_error *reterr)
{
	cleanup_loader struct loader loader = { 0 };
	int r;

	r = init_loader(&loader, reterr);
	if (r < 0)
		return r;
	if (text.len > RULE_FILE_MAX)
		return fail_file(&loader, name, EFBIG, "is larger than %u bytes, refused",
				 RULE_FILE_MAX);
	r = add_file(&loader, name, text);
	if (r < 0)
		return r;
	r = parse_files(&loader);
	if (r < 0)
		return r;
	*ret = take_ptr(loader.set);
	return 0;
}

static int read_path(struct loader *loader, int dirfd, const char *path)
{
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	r = open_path(loader, dirfd, path, path, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return fail_file(loader, path, errno, "cannot stat: %s", strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return read_file(loader, fd, path);
	r = check_owner(loader, path, &st);
	return r < 0 ? r : read_directory(loader, fd, path);
}

int rule_set_load(int dirfd, const char *path, struct rule_set **ret, struct parse_error *reterr)
{
	cleanup_loader struct loader loader = { 0 };
	int r;

	r = init_loader(&loader, reterr);
	if (r < 0)
		return r;
	r = read_path(&loader, dirfd, path);
	if (r < 0)
		return r;
	r = parse_files(&loader);
	if (r < 0)
		return r;
	if (loader.set->n_rules == 0)
		return fail_file(&loader, path, EINVAL,
				 "there is no rule in here: nothing would be seen");
	*ret = take_ptr(loader.set);
	return 0;
}
