/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs: in the configuration file an object, { "target": ..., "format": ... },
 * which becomes the text that --output takes. */
#include <strings.h>

#include "agent/output_spec.h"
#include "base/suggest.h"
#include "cmd/options.h"

static bool fail_key(struct options *options, const struct option_place *place, const char *key,
		     bool at_key, const char *message)
{
	struct json_at at = { place->at, key, 0 };
	struct option_place in = *place;

	in.at = &at;
	in.at_key = at_key;
	options_fail(options, &in, false, "%s: %s", place->name, message);
	return false;
}

/* A comma within is written "\,". */
static bool append_escaped(char *to, size_t size, size_t *len, const char *text)
{
	for (; *text; text++) {
		if (*len + 3 > size)
			return false;
		if (*text == ',')
			to[(*len)++] = '\\';
		to[(*len)++] = *text;
	}
	to[*len] = '\0';
	return true;
}

static bool append_pair(char *to, size_t size, size_t *len, const char *key, const char *value)
{
	if (*len + strlen(key) + 3 > size)
		return false;
	*len += (size_t)snprintf(to + *len, size - *len, ",%s=", key);
	return append_escaped(to, size, len, value);
}

static bool is_option(const char *key)
{
	for (size_t i = 0; i < output_options_len; i++)
		if (!strcmp(key, output_options[i].key))
			return true;
	return false;
}

static bool refuse_key(struct options *options, const struct option_place *place, const char *key)
{
	struct suggest suggest = {};
	char message[200];

	suggest_offer(&suggest, slice_from(key), "target");
	for (size_t i = 0; i < output_options_len; i++)
		suggest_offer(&suggest, slice_from(key), output_options[i].key);
	snprintf(message, sizeof(message), "unknown key '%.100s' of an output%s%s%s", key,
		 suggest.best ? ", did you mean '" : "", suggest.best ? suggest.best : "",
		 suggest.best ? "'?" : "");
	return fail_key(options, place, key, true, message);
}

/* The text being made of an output. */
struct made {
	struct output_spec spec;
	size_t len;
	char text[OPTION_TEXT_MAX + 1];
};

/* One option, checked. What is 10 in JSON is "10" to the parser. */
static bool read_pair(struct options *options, const struct option_place *place, const char *key,
		      json_t *value, struct made *made)
{
	char number[32], error[OUTPUT_ERROR_MAX];
	const char *text = json_string_value(value);

	if (!is_option(key))
		return refuse_key(options, place, key);
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		text = number;
	}
	if (!text) {
		snprintf(error, sizeof(error), "%s: expected a string or a number", key);
		return fail_key(options, place, key, false, error);
	}
	if (output_spec_set(&made->spec, key, text, error) < 0)
		return fail_key(options, place, key, false, error);
	if (text[0] && text[strlen(text) - 1] == '\\')
		return fail_key(options, place, key, false, "may not end with a backslash");
	if (!append_pair(made->text, sizeof(made->text), &made->len, key, text))
		return fail_key(options, place, key, false, "too long");
	return true;
}

static bool read_target(struct options *options, const struct option_place *place, json_t *json,
			struct made *made)
{
	const char *target = json_string_value(json_object_get(json, "target"));
	char error[OUTPUT_ERROR_MAX];

	if (!target) {
		options_fail(options, place, false, "%s: expected \"target\", a string",
			     place->name);
		return false;
	}
	if (output_spec_parse_target(target, &made->spec, error) < 0)
		return fail_key(options, place, "target", false, error);
	if (target[strlen(target) - 1] == '\\')
		return fail_key(options, place, "target", false, "may not end with a backslash");
	if (!append_escaped(made->text, sizeof(made->text), &made->len, target))
		return fail_key(options, place, "target", false, "too long");
	return true;
}

bool options_add_output(struct options *options, enum option_id id,
			const struct option_place *place, json_t *json)
{
	struct made made = {};
	const char *key;
	json_t *value;
	bool is_good;

	if (!json_is_object(json)) {
		options_fail(options, place, false, "%s: expected an object with a \"target\"",
			     place->name);
		return false;
	}
	is_good = read_target(options, place, json, &made);
	if (is_good) {
		json_object_foreach(json, key, value)
			if (strcmp(key, "target") != 0 && !json_is_null(value))
				is_good &= read_pair(options, place, key, value, &made);
	}
	output_spec_release(&made.spec);
	return is_good && options_add(options, id, place, made.text);
}

bool options_check_output(const char *text, char error[OPTION_ERROR_MAX])
{
	struct output_spec spec;
	bool is_good = output_spec_parse(text, &spec, error) == 0;

	if (is_good)
		output_spec_release(&spec);
	return is_good;
}

void options_name_output(const char *text, char *ret, size_t size)
{
	const char *host = strstr(text, "://"), *rest;
	size_t len;

	if (!host || strncasecmp(text, "http", 4) != 0) {
		snprintf(ret, size, "%s", text);
		return;
	}
	len = (size_t)(host + 3 - text);
	len += strcspn(text + len, "/?#,");
	for (rest = text + len; *rest && *rest != ','; rest++)
		if (rest[0] == '\\' && rest[1])
			rest++;
	snprintf(ret, size, "%.*s%s%s", (int)len, text, rest > text + len ? "/..." : "", rest);
}

/* Each as a whole, with the format that --format gives it. */
void options_check_outputs(struct options *options, struct option_place *place)
{
	const struct option_value *value = &options->values[OPTION_OUTPUTS];
	enum sink_format format = output_format_from(options_text(options, OPTION_FORMAT));
	char error[OUTPUT_ERROR_MAX], name[OPTION_TEXT_MAX + 1];
	struct output_spec spec;

	for (size_t i = 0; i < value->n; i++) {
		if (output_spec_parse(value->items[i], &spec, error) < 0)
			continue; /* told when it was read */
		if (output_spec_finish(&spec, format, error) < 0) {
			options_name_output(value->items[i], name, sizeof(name));
			options_fail(options, place, false, "output %s: %s", name, error);
		}
		output_spec_release(&spec);
	}
}
