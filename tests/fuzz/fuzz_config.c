/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file as an enemy would write it. What is refused is told, in
 * one line and within the file; what is taken keeps the table's promises. */
#include <ctype.h>

#include "cmd/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool is_so)
{
	if (!is_so)
		abort();
}

struct seen {
	struct slice text;
	unsigned int n_lines, n_errors;
};

static void check_error(const struct parse_error *error, bool is_warning, void *arg)
{
	struct seen *seen = arg;

	want(memchr(error->message, '\0', sizeof(error->message)) && error->message[0]);
	for (const char *c = error->message; *c; c++)
		want(!iscntrl((unsigned char)*c));
	want(memchr(error->excerpt, '\0', sizeof(error->excerpt)) != NULL);
	for (const char *c = error->excerpt; *c; c++)
		want(!iscntrl((unsigned char)*c));
	want(error->line <= seen->n_lines && error->caret <= sizeof(error->excerpt));
	seen->n_errors += !is_warning;
}

static void check_values(const struct options *options)
{
	struct rule_choice choices[OPTION_CHOICES_MAX];
	size_t n, n_choices = options_choices(options, choices);

	for (int id = 0; id < OPTIONS_N; id++) {
		const struct run_option *option = &run_options[id];
		const char *const *list = options_list(options, (enum option_id)id, &n);

		want(n <= (option->items_max ? option->items_max : 1) && (n == 0) == !list);
		want(n == 0 || (option->key && options->values[id].source == FROM_FILE));
		for (size_t i = 0; i < n; i++)
			want(list[i][0] && strlen(list[i]) <= OPTION_TEXT_MAX);
		want(!list || !list[n]);
	}
	for (size_t i = 0; i < n_choices; i++)
		want(choices[i].selector && choices[i].selector[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = { { (const char *)data, size }, 1, 0 };
	struct options options = {};
	bool is_good;

	if (size > CONFIG_FILE_MAX)
		return 0;
	for (size_t i = 0; i < size; i++)
		seen.n_lines += data[i] == '\n';
	is_good = options_read_text(&options, "fuzz.json", seen.text, check_error, &seen);
	want(is_good == (seen.n_errors == 0) && seen.n_errors == options.n_errors);
	check_values(&options);
	options_release(&options);
	return 0;
}
