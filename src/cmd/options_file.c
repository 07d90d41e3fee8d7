/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file. It is the administrator's and read before anything
 * else is done; still it is bounded, must be a regular file and may not make
 * the agent wait. Links are followed: a ConfigMap of Kubernetes is one. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/json_where.h"
#include "base/suggest.h"
#include "cmd/options.h"

/* --- bytes -------------------------------------------------------------- */

static bool fail_errno(struct options *options, const struct option_place *place, const char *what)
{
	options_fail(options, place, false, "%s: %s", what, strerror(errno));
	return false;
}

static void warn_of_writers(struct options *options, const struct option_place *place,
			    const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		options_fail(
			options, place, true,
			"belongs to uid %u, who decides what is watched: expected root or uid %u",
			st->st_uid, geteuid());
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		options_fail(
			options, place, true,
			"is writable by %s (mode %04o), who decide what is watched: chmod go-w helps",
			st->st_mode & S_IWOTH ? "everybody" : "its group", st->st_mode & 07777);
}

static bool read_bytes(int fd, char *text, size_t size, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return true;
}

static bool read_file(struct options *options, const char *path, const struct option_place *place,
		      char **ret, size_t *ret_len)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	cleanup_free char *text = NULL;
	struct stat st;
	size_t len;

	if (fd < 0)
		return fail_errno(options, place, "cannot open");
	if (fstat(fd, &st) < 0)
		return fail_errno(options, place, "cannot stat");
	if (!S_ISREG(st.st_mode)) {
		options_fail(options, place, false, "is not a regular file");
		return false;
	}
	options->file_state = st;
	warn_of_writers(options, place, &st);
	/* One byte more than allowed: its length may have changed since. */
	text = malloc(CONFIG_FILE_MAX + 1);
	if (!text)
		return fail_errno(options, place, "cannot read");
	if (!read_bytes(fd, text, CONFIG_FILE_MAX + 1, &len))
		return fail_errno(options, place, "cannot read");
	if (len > CONFIG_FILE_MAX) {
		options_fail(options, place, false, "is longer than the %u bytes that are allowed",
			     CONFIG_FILE_MAX);
		return false;
	}
	*ret = take_ptr(text);
	*ret_len = len;
	return true;
}

/* --- values ------------------------------------------------------------- */

struct reading {
	struct options *options;
	struct option_place place; /* of the key */
};

static const char *type_name(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT: return "an object";
	case JSON_ARRAY: return "an array";
	case JSON_STRING: return "a string";
	case JSON_INTEGER: return "a number";
	case JSON_REAL: return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE: return "true or false";
	default: return "null";
	}
}

static bool want_type(const struct reading *reading, const struct option_place *place,
		      const json_t *json, bool is_right, const char *expected)
{
	if (!is_right)
		options_fail(reading->options, place, false, "%s: expected %s, found %s",
			     place->name, expected, type_name(json));
	return is_right;
}

static void read_item(const struct reading *reading, enum option_id id,
		      const struct option_place *place, json_t *json)
{
	const struct run_option *option = &run_options[id];

	if (option->type == OPTION_IS_OUTPUT)
		options_add_output(reading->options, id, place, json);
	else if (want_type(reading, place, json, json_is_string(json), "a string"))
		options_add(reading->options, id, place, json_string_value(json));
}

static void read_list(const struct reading *reading, enum option_id id, json_t *json)
{
	const struct run_option *option = &run_options[id];
	bool is_output = option->type == OPTION_IS_OUTPUT;
	json_t *item;
	size_t i;

	if (!want_type(reading, &reading->place, json, json_is_array(json),
		       is_output ? "an array of objects" : "an array of strings"))
		return;
	if (json_array_size(json) > option->items_max) {
		options_fail(reading->options, &reading->place, false,
			     "%s: at most %zu are allowed, found %zu", reading->place.name,
			     option->items_max, json_array_size(json));
		return;
	}
	json_array_foreach(json, i, item) {
		struct json_at at = { reading->place.at, NULL, i };
		struct option_place place = reading->place;

		place.at = &at;
		read_item(reading, id, &place, item);
	}
}

static void read_value(const struct reading *reading, enum option_id id, json_t *json)
{
	const struct run_option *option = &run_options[id];

	if (json_is_null(json) || (json_is_array(json) && json_array_size(json) == 0 &&
				   (option->items_max > 1 || option->type == OPTION_IS_OUTPUT)))
		return;
	options_begin(reading->options, id, &reading->place);
	if (option->items_max > 1 || option->type == OPTION_IS_OUTPUT)
		read_list(reading, id, json);
	else if (option->type != OPTION_IS_SWITCH)
		read_item(reading, id, &reading->place, json);
	else if (want_type(reading, &reading->place, json, json_is_boolean(json), "true or false"))
		options_add(reading->options, id, &reading->place,
			    json_is_true(json) ? "true" : "false");
}

/* --- keys --------------------------------------------------------------- */

/* For editors and for people: says nothing to us. */
static bool is_remark(const struct reading *reading, const char *key, const json_t *json)
{
	const json_t *line;
	size_t i;

	if (!strcmp(key, "$schema")) {
		want_type(reading, &reading->place, json, json_is_string(json), "a string");
		return true;
	}
	if (strcmp(key, "$comment") != 0)
		return false;
	if (!json_is_array(json))
		want_type(reading, &reading->place, json, json_is_string(json),
			  "a string or an array of strings");
	json_array_foreach((json_t *)json, i, line)
		if (!want_type(reading, &reading->place, line, json_is_string(line), "strings"))
			break;
	return true;
}

static void refuse_key(const struct reading *reading, const char *key)
{
	struct suggest suggest = {};

	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];

		if (!option->key)
			continue;
		suggest_offer(&suggest, slice_from(key), option->key);
		/* Who knows the flag writes "output". */
		if (!strcmp(key, option->flag))
			suggest = (struct suggest){ option->key, 0 };
	}
	if (suggest.best)
		options_fail(reading->options, &reading->place, false,
			     "unknown key '%.100s', did you mean '%s'?", key, suggest.best);
	else
		options_fail(reading->options, &reading->place, false, "unknown key '%.100s'", key);
}

static void read_key(const struct reading *all, const char *key, json_t *json)
{
	struct json_at at = { NULL, key, 0 };
	struct reading reading = *all;

	reading.place.at = &at;
	reading.place.name = key;
	if (is_remark(&reading, key, json))
		return;
	for (int id = 0; id < OPTIONS_N; id++) {
		if (run_options[id].key && !strcmp(run_options[id].key, key)) {
			read_value(&reading, (enum option_id)id, json);
			return;
		}
	}
	reading.place.at_key = true;
	refuse_key(&reading, key);
}

/* jansson counts from behind what it could not read. */
static bool refuse_text(struct options *options, struct option_place *place,
			const json_error_t *error)
{
	place->offset = error->position > 0 ? (size_t)error->position - 1 : 0;
	place->has_offset = true;
	/* Nor a URL, whose path may be a password. */
	if (!text_may_be_shown() || strcasestr(error->text, "http"))
		options_fail(options, place, false, "not valid JSON: what is there is not shown");
	else if (json_error_code(error) == json_error_duplicate_key)
		options_fail(options, place, false, "a key is there twice: %s", error->text);
	else
		options_fail(options, place, false, "not valid JSON: %s", error->text);
	return false;
}

bool options_read_text(struct options *options, const char *name, struct slice text,
		       option_tell tell, void *arg)
{
	struct reading reading = {
		options,
		{ .source = FROM_FILE, .file = name, .text = text, .tell = tell, .arg = arg }
	};
	unsigned int before = options->n_errors;
	json_error_t error;
	const char *key;
	json_t *json, *value;

	json = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return refuse_text(options, &reading.place, &error);
	if (!json_is_object(json))
		options_fail(options, &reading.place, false,
			     "expected an object with the keys of "
			     "brigwatch.json(5), found %s",
			     type_name(json));
	json_object_foreach(json, key, value)
		read_key(&reading, key, value);
	json_decref(json);
	return options->n_errors == before;
}

bool options_read_file(struct options *options, const char *path, option_tell tell, void *arg)
{
	struct option_place place = { .source = FROM_FILE, .file = path, .tell = tell, .arg = arg };
	cleanup_free char *text = NULL;
	size_t len;

	free(options->file);
	options->file = strdup(path);
	if (!read_file(options, path, &place, &text, &len))
		return false;
	return options_read_text(options, path, (struct slice){ text, len }, tell, arg);
}
