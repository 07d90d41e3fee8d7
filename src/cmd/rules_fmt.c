/* SPDX-License-Identifier: Apache-2.0 */
/* `brigwatch rules fmt`: rule files in their one layout, printed, written in
 * place, or compared with what is there. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/json_text.h"
#include "cmd/rules_tool.h"

struct work {
	const struct rules_call *call;
	bool write, check;
	size_t n_files, n_differ;
	json_t *differ;
	int code;
};

static int tell(const struct work *work, const char *path, const char *what, int code)
{
	json_t *json;

	if (!work->call->json) {
		fprintf(stderr, "%s: %s\n", path, what);
		return code;
	}
	json = json_object();
	json_object_set_new(json, "file", json_from_text(path));
	json_object_set_new(json, "message", json_from_text(what));
	rules_print_json(json_pack("{s:b, s:o}", "ok", 0, "error", json));
	return code;
}

/* The whole file into `text`, which has room for RULE_FILE_MAX + 1; 0, or -errno. */
static int read_bytes(int fd, char *text, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	while (len <= RULE_FILE_MAX) {
		n = read(fd, text + len, RULE_FILE_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

/* 0, or the exit code; *ret is to be freed in any case. */
static int read_file(const struct work *work, const char *path, struct stat *st, char **ret,
		     size_t *ret_len)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r;

	if (fd < 0)
		return tell(work, path,
			    errno == ELOOP ? "is a symbolic link, refused" : strerror(errno),
			    errno == ELOOP ? RULES_WRONG : RULES_IO);
	if (fstat(fd, st) < 0)
		return tell(work, path, strerror(errno), RULES_IO);
	if (!S_ISREG(st->st_mode))
		return tell(work, path, "is not a regular file, refused", RULES_WRONG);
	*ret = malloc(RULE_FILE_MAX + 1);
	r = *ret ? read_bytes(fd, *ret, ret_len) : -ENOMEM;
	if (r < 0)
		return tell(work, path, strerror(-r), RULES_IO);
	if (*ret_len > RULE_FILE_MAX)
		return tell(work, path, "is larger than a rule file may be, refused", RULES_WRONG);
	return 0;
}

/* Beside the file, then in its place: whoever reads it sees the old or the new. */
static int write_file(const struct work *work, const char *path, const struct stat *st,
		      const char *text)
{
	cleanup_close int fd = -1;
	char temporary[4096];
	size_t len = strlen(text), done = 0;
	ssize_t n;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		return tell(work, path, "this path is too long", RULES_IO);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return tell(work, path, strerror(errno), RULES_IO);
	while (done < len) {
		n = write(fd, text + done, len - done);
		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (done == len && fchown(fd, st->st_uid, st->st_gid) == 0 &&
	    fchmod(fd, st->st_mode & 07777) == 0 && fsync(fd) == 0 && rename(temporary, path) == 0)
		return 0;
	n = errno;
	unlink(temporary);
	return tell(work, path, strerror((int)n), RULES_IO);
}

/* The new text says what the old one says, or it is not used. */
static bool says_the_same(struct slice text, const char *laid_out)
{
	json_t *old = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *new = json_loads(laid_out, JSON_REJECT_DUPLICATES, NULL);
	bool same = old && new &&json_equal(old, new);

	json_decref(old);
	json_decref(new);
	return same;
}

static int lay_out(const struct work *work, const char *path, struct slice text, char **ret)
{
	json_error_t error;
	json_t *json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	char message[512];

	if (!json) {
		snprintf(message, sizeof(message), "not valid JSON, line %d column %d: %s",
			 error.line, error.column, error.text);
		return tell(work, path, message, RULES_WRONG);
	}
	json_decref(json);
	*ret = rules_layout(text);
	if (!*ret)
		return tell(work, path, "nests deeper than any rule file", RULES_WRONG);
	if (says_the_same(text, *ret))
		return 0;
	free(*ret);
	return tell(work, path, "would not say the same: left alone, please report this", RULES_IO);
}

static int format_file(struct work *work, const char *path)
{
	cleanup_free char *text = NULL, *laid_out = NULL;
	struct stat st = { 0 };
	size_t len = 0;
	bool differs;
	int code;

	code = read_file(work, path, &st, &text, &len);
	if (code == 0)
		code = lay_out(work, path, (struct slice){ text, len }, &laid_out);
	if (code != 0)
		return code;
	work->n_files++;
	differs = !slice_eq((struct slice){ text, len }, slice_from(laid_out));
	if (differs) {
		work->n_differ++;
		json_array_append_new(work->differ, json_from_text(path));
	}
	if (work->check && differs && !work->call->json)
		printf("%s: not in its layout\n", path);
	if (work->write && differs)
		return write_file(work, path, &st, laid_out);
	if (!work->write && !work->check && !work->call->json)
		fputs(laid_out, stdout);
	return 0;
}

/* --- which files --------------------------------------------------------- */

static int is_rule_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       strcmp(entry->d_name + len - 5, ".json") == 0 &&
	       !(len > 12 && strcmp(entry->d_name + len - 12, ".schema.json") == 0);
}

static void keep_worst(struct work *work, int code)
{
	if (code > work->code)
		work->code = code;
}

static void format_directory(struct work *work, const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_rule_file, alphasort);
	char name[4096];

	if (n < 0) {
		keep_worst(work, tell(work, path, strerror(errno), RULES_IO));
		return;
	}
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		keep_worst(work, format_file(work, name));
		free(entries[i]);
	}
	free(entries);
}

static void format_path(struct work *work, const char *path)
{
	char local[4096];
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		keep_worst(work, format_file(work, path));
		return;
	}
	format_directory(work, path);
	snprintf(local, sizeof(local), "%s/rules.d", path);
	if (lstat(local, &st) == 0 && S_ISDIR(st.st_mode))
		format_directory(work, local);
}

static int format_files(const struct rules_call *call, const struct rule_set *set)
{
	struct work work = { .call = call,
			     .write = rules_given(call, "write"),
			     .check = rules_given(call, "check") };
	json_t *json;

	(void)set;
	if (work.write && work.check)
		return rules_refuse(call, "--write and --check exclude each other");
	work.differ = json_array();
	for (size_t i = 0; i < call->n_args; i++)
		format_path(&work, call->args[i]);
	if (call->n_args == 0)
		format_path(&work, call->path);
	if (work.check && work.n_differ > 0)
		keep_worst(&work, RULES_WRONG);
	if (call->json) {
		json = json_object();
		json_object_set_new(json, "ok", json_boolean(work.code == 0));
		json_object_set_new(json, "files", json_integer((json_int_t)work.n_files));
		json_object_set(json, "differ", work.differ);
		rules_print_json(json);
	} else if (work.check || work.write) {
		printf("%zu file%s, %zu %s\n", work.n_files, work.n_files == 1 ? "" : "s",
		       work.n_differ, work.check ? "not in their layout" : "written");
	}
	json_decref(work.differ);
	return work.code;
}

static const struct rules_option options[] = {
	{ "write", NULL, "in place, files that are not in their layout only" },
	{ "check", NULL, "name those files, exit with 2 if there are any" },
	{ NULL },
};

const struct rules_command rules_fmt = {
	.name = "fmt",
	.args = "[FILE]...",
	.summary = "rule files in their one layout: printed, or written in place",
	.args_max = 512,
	.options = options,
	.no_set = true,
	.run = format_files,
};
