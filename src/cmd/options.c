/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the options of `run`, and what was said of them. */
#include "cmd/options.h"

#include <stdarg.h>
#include <strings.h>

#include "agent/status_server.h"

#define HOSTNAME_LEN_MAX 253 /* of a DNS name */

static const char *const formats[] = { "text", "json", "falco", "ocsf", NULL };

/* NOLINTBEGIN(bugprone-macro-parentheses): values of members */
#define CHOICE(name, what)                                                                          \
	.flag = name, .argument = "WHICH", .key = name, .type = OPTION_IS_TEXT, .items_max = 64,    \
	.separator = ' ', .help = what

#define ROOTS(name, key_name, env_name, what)                                                       \
	.flag = name, .argument = "DIR", .key = key_name, .env = env_name, .type = OPTION_IS_PATH, \
	.items_max = 16, .separator = ':', .fallback_text = "the usual places", .help = what
/* NOLINTEND(bugprone-macro-parentheses) */

static bool check_listen(const char *text, char error[OPTION_ERROR_MAX])
{
	if (status_check_address(text, NULL, true) == 0)
		return true;
	snprintf(error, OPTION_ERROR_MAX,
		 "'%.100s' is not ADDRESS:PORT, as 127.0.0.1:9110 or [::1]:9110", text);
	return false;
}

const struct run_option run_options[OPTIONS_N] = {
	[OPTION_CONFIG] = {
		.flag = "config", .letter = 'c', .argument = "FILE", .env = "BRIGWATCH_CONFIG",
		.type = OPTION_IS_TEXT,
		.fallback_text = CONFIG_FILE_DEFAULT ", if there is one",
		.help = "Read the configuration from FILE; \"none\": read none. What flags and environment "
			"say goes before it.",
	},
	[OPTION_RULES] = {
		.flag = "rules", .letter = 'r', .argument = "DIR", .key = "rules", .env = "BRIGWATCH_RULES",
		.type = OPTION_IS_PATH, .items_max = 16, .separator = ':',
		.fallback_text = "/etc/brigwatch/rules if there is one, else the rules that came with brigwatch",
		.help = "Rules to use: a directory of *.json files, with rules.d/*.json behind them, or one "
			"file. Files and the directories above them must belong to root or to the caller "
			"and must not be writable by others; links are not followed.",
	},
	[OPTION_ONLY] = { CHOICE("only", "Use no other rules than these."), .env = "BRIGWATCH_ONLY" },
	[OPTION_DISABLE] = { CHOICE("disable", "Do not use these rules."), .env = "BRIGWATCH_DISABLE" },
	[OPTION_ENABLE] = {
		CHOICE("enable",
		       "Use these rules: ids (BW-0101, BW-01*), tags, techniques of ATT&CK (T1611), "
		       "priorities (warning, or warning+ for that and what is more urgent), with commas "
		       "between. The words of --disable and --only are the same. A file says first what "
		       "only, then what to disable, then what to enable; flags count in their order."),
		.env = "BRIGWATCH_ENABLE",
	},
	[OPTION_FORMAT] = {
		.flag = "format", .letter = 'f', .argument = "FORMAT", .key = "format",
		.env = "BRIGWATCH_FORMAT", .type = OPTION_IS_WORD, .words = formats, .items_max = 1,
		.fallback = "text",
		.help = "How alerts are written. json is one object a line, falco the same as Falco writes "
			"it, ocsf as Detection Finding of OCSF; text is for reading: several lines an alert "
			"on a terminal, one line elsewhere.",
	},
	[OPTION_OUTPUTS] = {
		.flag = "output", .letter = 'o', .argument = "SPEC", .key = "outputs",
		.env = "BRIGWATCH_OUTPUTS", .type = OPTION_IS_OUTPUT, .items_max = OUTPUTS_MAX, .separator = ' ',
		.fallback_text = "standard output", .check = options_check_output,
		.help = "Where alerts go: a file to append to, - for standard output, unix:PATH, syslog, journald, "
			"http://... or https://..., with options behind commas (format=json,priority=warning). "
			"Each output has a queue of its own. brigwatch(8) has them all below OUTPUTS.",
	},
	[OPTION_HOST_ROOT] = {
		.flag = "host-root", .argument = "DIR", .key = "host_root", .env = "BRIGWATCH_HOST_ROOT",
		.type = OPTION_IS_PATH, .items_max = 1, .fallback = "/",
		.help = "The host's root directory as seen from here: in a container, where it is mounted, "
			"read-only.",
	},
	[OPTION_RUN_DIR] = {
		.flag = "run-dir", .argument = "DIR", .key = "run_dir", .env = "BRIGWATCH_RUN_DIR",
		.type = OPTION_IS_PATH, .items_max = 1, .fallback = "/run/brigwatch",
		.help = "Where the lock is that keeps a second agent away, and status.sock; in a container, "
			"a directory of the host.",
	},
	[OPTION_LISTEN] = {
		.flag = "listen", .argument = "ADDRESS:PORT", .key = "listen", .env = "BRIGWATCH_LISTEN",
		.type = OPTION_IS_TEXT, .items_max = 1, .check = check_listen,
		.fallback_text = "no port; the socket status.sock in the run directory answers always",
		.help = "Answer /metrics, /livez, /readyz, /healthz and /version by HTTP there. An address of "
			"the loopback, or the pod's own, which the variable POD_IP names; IPv6 in brackets.",
	},
	[OPTION_LISTEN_ANY] = {
		.flag = "listen-any", .key = "listen_any", .env = "BRIGWATCH_LISTEN_ANY",
		.type = OPTION_IS_SWITCH, .items_max = 1,
		.help = "Allow any other address to --listen: everybody who reaches it can read the metrics.",
	},
	[OPTION_METRICS_FILE] = {
		.flag = "metrics-file", .argument = "FILE", .key = "metrics_file",
		.env = "BRIGWATCH_METRICS_FILE", .type = OPTION_IS_PATH, .items_max = 1, .fallback_text = "none",
		.help = "Write the metrics into FILE every 15 s, for the textfile collector of node_exporter: "
			"a name that ends in .prom in its directory.",
	},
	[OPTION_HOSTNAME] = {
		.flag = "hostname", .argument = "NAME", .key = "hostname", .env = "BRIGWATCH_HOSTNAME",
		.type = OPTION_IS_TEXT, .items_max = 1, .fallback_text = "the system's host name",
		.check = options_check_hostname,
		.help = "What alerts and figures call this host; in a pod, the name of the node.",
	},
	[OPTION_RUNC_ROOTS] = { ROOTS("runc-root", "runc_roots", "BRIGWATCH_RUNC_ROOTS",
				      "Another directory of the states of runc (runc --root).") },
	[OPTION_CRUN_ROOTS] = { ROOTS("crun-root", "crun_roots", "BRIGWATCH_CRUN_ROOTS",
				      "Another directory of the states of crun (crun --root).") },
	[OPTION_DOCKER_ROOTS] = { ROOTS("docker-root", "docker_roots", "BRIGWATCH_DOCKER_ROOTS",
					"Another data directory of Docker (dockerd --data-root).") },
	[OPTION_BUNDLE_ROOTS] = { ROOTS("bundle-root", "bundle_roots", "BRIGWATCH_BUNDLE_ROOTS",
					"Another directory with a bundle (config.json) a container, as those "
					"of containerd's tasks.") },
	[OPTION_STORAGE_ROOTS] = { ROOTS("storage-root", "storage_roots", "BRIGWATCH_STORAGE_ROOTS",
					 "Another storage directory of Podman or CRI-O (podman --root).") },
	[OPTION_MACHINE_ROOTS] = { ROOTS("machine-root", "machine_roots", "BRIGWATCH_MACHINE_ROOTS",
					 "Another directory where systemd-machined keeps its machines.") },
	[OPTION_LXC_ROOTS] = { ROOTS("lxc-root", "lxc_roots", "BRIGWATCH_LXC_ROOTS",
				     "Another directory of LXC's containers (lxc-start -P).") },
	[OPTION_HELP] = {
		.flag = "help", .letter = 'h', .type = OPTION_IS_SWITCH,
		.help = "Print this text.",
	},
};

/* --- what is wrong ------------------------------------------------------ */

/* The path of a web hook is its password: a line with a URL is not shown. */
static bool has_url(struct slice text, size_t offset)
{
	size_t i = offset < text.len ? offset : text.len;

	while (i > 0 && text.data[i - 1] != '\n')
		i--;
	for (; i + 4 <= text.len && text.data[i] != '\n'; i++)
		if (!strncasecmp(text.data + i, "http", 4))
			return true;
	return false;
}

void options_fail(struct options *options, const struct option_place *place, bool is_warning,
		  const char *format, ...)
{
	struct parse_error error = {};
	struct text_place where;
	va_list args;

	snprintf(error.file, sizeof(error.file), "%s", place->file);
	va_start(args, format);
	vsnprintf(error.message, sizeof(error.message), format, args);
	va_end(args);
	/* A message is one line, and does nothing to a terminal. */
	for (char *c = error.message; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	error.line = place->line;
	if (place->text.data) {
		size_t offset = place->has_offset ? place->offset :
						    json_find(place->text, place->at, place->at_key);

		text_place_find(place->text, offset, &where);
		error.line = where.line;
		error.column = where.column;
		if (!has_url(place->text, offset)) {
			memcpy(error.excerpt, where.excerpt, sizeof(error.excerpt));
			error.caret = where.caret;
		}
	}
	if (is_warning)
		options->n_warnings++;
	else
		options->n_errors++;
	if (place->tell)
		place->tell(&error, is_warning, place->arg);
}

/* --- values ------------------------------------------------------------- */

static void forget(struct option_value *value)
{
	for (size_t i = 0; i < value->n; i++)
		free(value->items[i]);
	free(value->items);
	free(value->order);
	*value = (struct option_value){};
}

void options_release(struct options *options)
{
	for (size_t i = 0; i < OPTIONS_N; i++)
		forget(&options->values[i]);
	free(options->file);
	*options = (struct options){};
}

void options_begin(struct options *options, enum option_id id, const struct option_place *place)
{
	struct option_value *value = &options->values[id];
	struct text_place where;

	if (place->source < value->source)
		return;
	/* A flag that is given again adds to a list, or is the last that counts. */
	if (place->source == value->source && run_options[id].items_max > 1)
		return;
	forget(value);
	value->source = place->source;
	if (place->text.data) {
		text_place_find(place->text, json_find(place->text, place->at, true), &where);
		value->line = where.line;
	}
}

static bool is_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

void options_list_words(const char *const *words, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; words && words[i] && len < size; i++)
		len += (size_t)snprintf(ret + len, size - len, "%s%s",
					i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

bool options_check_hostname(const char *text, char error[OPTION_ERROR_MAX])
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");

	if (len == strlen(text) && len <= HOSTNAME_LEN_MAX)
		return true;
	snprintf(error, OPTION_ERROR_MAX, "expected at most %d letters, digits, dots, dashes and underscores",
		 HOSTNAME_LEN_MAX);
	return false;
}

static bool check_text(struct options *options, enum option_id id, const struct option_place *place,
		       const char *text)
{
	const struct run_option *option = &run_options[id];
	char error[OPTION_ERROR_MAX] = "";

	if (text[0] == '\0') {
		options_fail(options, place, false, "%s is empty", place->name);
		return false;
	}
	if (strlen(text) > OPTION_TEXT_MAX) {
		options_fail(options, place, false, "%s is %zu bytes long, at most %u are allowed",
			     place->name, strlen(text), OPTION_TEXT_MAX);
		return false;
	}
	if (option->type == OPTION_IS_WORD && !is_word(text, option->words)) {
		options_list_words(option->words, error, sizeof(error));
		options_fail(options, place, false, "%s is %s, not '%.100s'", place->name, error, text);
		return false;
	}
	if (option->type == OPTION_IS_PATH && place->source == FROM_FILE && text[0] != '/') {
		options_fail(options, place, false,
			     "%s: '%.200s' is relative, expected an absolute path", place->name, text);
		return false;
	}
	if (option->check && !option->check(text, error)) {
		options_fail(options, place, false, "%s: %s", place->name, error);
		return false;
	}
	return true;
}

bool options_add(struct options *options, enum option_id id, const struct option_place *place,
		 const char *text)
{
	struct option_value *value = &options->values[id];
	unsigned int *order;
	char **items;

	if (!check_text(options, id, place, text))
		return false;
	if (place->source < value->source)
		return true;
	if (value->n >= (run_options[id].items_max ? run_options[id].items_max : 1)) {
		options_fail(options, place, false, "at most %zu of %s are allowed",
			     run_options[id].items_max, place->name);
		return false;
	}
	/* One more, that lists end with NULL. */
	items = reallocarray(value->items, value->n + 2, sizeof(*items));
	if (items)
		value->items = items;
	order = reallocarray(value->order, value->n + 1, sizeof(*order));
	if (order)
		value->order = order;
	if (!items || !order || !(items[value->n] = strdup(text))) {
		options_fail(options, place, false, "out of memory");
		return false;
	}
	/* Flags count as they were typed; the rest as the table has it, for a file of
	 * JSON has no order. */
	order[value->n++] = ((unsigned int)place->source << 24) + options->n_items++ +
			    (place->source == FROM_FLAG ? 0 : (unsigned int)id << 16);
	items[value->n] = NULL;
	return true;
}

const char *options_text(const struct options *options, enum option_id id)
{
	const struct option_value *value = &options->values[id];

	return value->n > 0 ? value->items[value->n - 1] : run_options[id].fallback;
}

bool options_is_on(const struct options *options, enum option_id id)
{
	const char *text = options_text(options, id);

	return text && !strcmp(text, "true");
}

const char *const *options_list(const struct options *options, enum option_id id, size_t *ret_n)
{
	const struct option_value *value = &options->values[id];

	if (ret_n)
		*ret_n = value->n;
	return value->n > 0 ? (const char *const *)value->items : NULL;
}

size_t options_choices(const struct options *options, struct rule_choice ret[OPTION_CHOICES_MAX])
{
	static const struct {
		enum option_id id;
		enum rule_choice_kind kind;
	} kinds[] = {
		{ OPTION_ONLY, RULE_ONLY },
		{ OPTION_DISABLE, RULE_DISABLE },
		{ OPTION_ENABLE, RULE_ENABLE },
	};
	unsigned int orders[OPTION_CHOICES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct option_value *value = &options->values[kinds[i].id];

		for (size_t k = 0; k < value->n && n < OPTION_CHOICES_MAX; k++) {
			size_t at = n++;

			for (; at > 0 && orders[at - 1] > value->order[k]; at--) {
				orders[at] = orders[at - 1];
				ret[at] = ret[at - 1];
			}
			orders[at] = value->order[k];
			ret[at] = (struct rule_choice){ kinds[i].kind, value->items[k] };
		}
	}
	return n;
}
