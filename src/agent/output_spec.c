/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_spec.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <sys/un.h>

#include "base/suggest.h"
#include "rule/rule.h"

#define HOST_MAX 253	   /* of a DNS name */
#define FACILITY_AUTHPRIV 10 /* command lines of others are not for every reader of logs */
#define SYSLOG_PORT "514"
#define JOURNALD_PATH "/run/systemd/journal/socket"
#define TIMEOUT_MAX_MS 600000u

#define BIT(kind) (1u << (kind))
#define EVERY (~0u << OUTPUT_STDOUT)
#define SYSLOG (1u << OUTPUT_SYSLOG_UNIX | 1u << OUTPUT_SYSLOG_UDP | 1u << OUTPUT_SYSLOG_TCP)

/* For set_option(), in the order of output_options[]. */
enum { FORMAT, PRIORITY, QUEUE, NAME, RETRY_MAX, MAX_SIZE, KEEP, FACILITY, RFC, BATCH, TIMEOUT, HEADERS, CA };

const struct output_option output_options[] = {
	[FORMAT] = { "format", "FORMAT", "text, json, falco or ocsf; default: that of --format", EVERY },
	[PRIORITY] = { "priority", "PRIORITY", "only alerts of this priority and more urgent ones", EVERY },
	[QUEUE] = { "queue", "SIZE", "bytes that may wait for a slow receiver, 64K to 1G (4M)", EVERY },
	[NAME] = { "name", "NAME", "what messages and metrics call this output", EVERY },
	[RETRY_MAX] = { "retry_max", "TIME", "longest pause between two tries, 100ms to 600s (60s)", EVERY },
	[MAX_SIZE] = { "max_size", "SIZE", "rotate the file before it grows beyond this, 0: never (0)",
		       BIT(OUTPUT_FILE) },
	[KEEP] = { "keep", "NUMBER", "rotated files that stay, 1 to 1000 (5)", BIT(OUTPUT_FILE) },
	[FACILITY] = { "facility", "FACILITY", "name or number of syslog's facility (authpriv)",
		       SYSLOG | BIT(OUTPUT_JOURNALD) },
	[RFC] = { "rfc", "NUMBER", "5424, or 3164 for local daemons that know no other (5424)", SYSLOG },
	[BATCH] = { "batch", "NUMBER", "alerts of one request, 1 to 1000; above 1 as a JSON array (1)",
		    BIT(OUTPUT_HTTP) },
	[TIMEOUT] = { "timeout", "TIME", "longest wait for one request, 100ms to 600s (10s)", BIT(OUTPUT_HTTP) },
	[HEADERS] = { "headers", "FILE", "further header lines of requests, as 'Authorization: Bearer ...'",
		      BIT(OUTPUT_HTTP) },
	[CA] = { "ca", "FILE", "certificates to trust instead of the system's", BIT(OUTPUT_HTTP) },
};
const size_t output_options_len = ARRAY_SIZE(output_options);

/* Schemes of targets, for look-up and suggestions. */
static const char *const schemes[] = { "file", "unix", "unixgram", "syslog", "journald", "http", "https" };

static const char *const facilities[] = {
	"kern",	   "user",     "mail",	 "daemon", "auth",   "syslog", "lpr",	 "news",
	"uucp",	   "cron",     "authpriv", "ftp",  "ntp",    "audit",  "alert",	 "clock",
	"local0",  "local1",   "local2", "local3", "local4", "local5", "local6", "local7",
};

static const char *const formats[] = {
	[SINK_TEXT] = "text", [SINK_JSON] = "json", [SINK_FALCO] = "falco", [SINK_OCSF] = "ocsf"
};

enum sink_format output_format_from(const char *name)
{
	for (unsigned int i = SINK_TEXT; i < ARRAY_SIZE(formats); i++)
		if (strcmp(name, formats[i]) == 0)
			return i;
	return 0;
}

const char *output_format_name(enum sink_format format)
{
	return format < ARRAY_SIZE(formats) ? formats[format] : NULL;
}

const char *output_kind_name(enum output_kind kind)
{
	switch (kind) {
	case OUTPUT_STDOUT: return "stdout";
	case OUTPUT_FILE: return "file";
	case OUTPUT_UNIX: return "unix";
	case OUTPUT_UNIXGRAM: return "unixgram";
	case OUTPUT_SYSLOG_UNIX:
	case OUTPUT_SYSLOG_UDP:
	case OUTPUT_SYSLOG_TCP: return "syslog";
	case OUTPUT_JOURNALD: return "journald";
	case OUTPUT_HTTP: return "http";
	default: return NULL;
	}
}

/* Decimal digits at the start of `text`. NULL: none, or too many. */
static const char *parse_number(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return NULL;
	*ret = value;
	return text;
}

bool output_parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMG";
	uint64_t value, factor = 1;
	const char *unit;

	text = parse_number(text, &value);
	if (!text)
		return false;
	if (*text) {
		unit = strchr(units, toupper((unsigned char)*text));
		if (!unit || (text[1] && strcmp(text + 1, "iB") != 0))
			return false;
		factor = 1024ull << 10 * (unit - units);
	}
	if (__builtin_mul_overflow(value, factor, &value))
		return false;
	*ret = value;
	return true;
}

/* "500ms", "10s", plain seconds. */
static bool parse_time_ms(const char *text, unsigned int *ret)
{
	uint64_t value;

	text = parse_number(text, &value);
	if (!text || value > TIMEOUT_MAX_MS)
		return false;
	if (strcmp(text, "ms") != 0) {
		if (*text && strcmp(text, "s") != 0)
			return false;
		value *= 1000;
	}
	if (value < 100 || value > TIMEOUT_MAX_MS)
		return false;
	*ret = (unsigned int)value;
	return true;
}

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *format, ...)
{
	char text[OUTPUT_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* What was typed may be anything; a message is one line. */
	encode_text(slice_from(text), error, OUTPUT_ERROR_MAX);
	return -EINVAL;
}

static int copy(char **ret, const char *text, size_t len)
{
	char *s = strndup(text, len);

	if (!s)
		return -ENOMEM;
	free(*ret);
	*ret = s;
	return 0;
}

static int copy_all(char **ret, const char *text)
{
	return copy(ret, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static int copy_format(char **ret, const char *format, ...)
{
	char *s = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&s, format, args);
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	free(*ret);
	*ret = s;
	return 0;
}

void output_spec_release(struct output_spec *spec)
{
	if (!spec)
		return;
	free(spec->target);
	free(spec->port);
	free(spec->name);
	free(spec->hostname);
	free(spec->headers);
	free(spec->ca);
	*spec = (struct output_spec){ 0 };
}

/* ---- targets ---- */

static int set_path(struct output_spec *spec, enum output_kind kind, const char *path, char *error)
{
	struct sockaddr_un addr;

	spec->kind = kind;
	if (!*path)
		return refuse(error, "the target is empty: expected a path");
	if (kind != OUTPUT_FILE && strlen(path) >= sizeof(addr.sun_path))
		return refuse(error, "the path of a Unix socket has at most %zu bytes, this one has %zu",
			      sizeof(addr.sun_path) - 1, strlen(path));
	return copy_all(&spec->target, path);
}

static bool is_port(const char *text, size_t len)
{
	unsigned int value = 0;

	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		value = value * 10 + (unsigned int)(text[i] - '0');
		if (value > 65535)
			return false;
	}
	return value > 0;
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT" */
static int split_authority(struct slice text, struct slice *ret_host, struct slice *ret_port, char *error)
{
	struct slice host = text, port = { NULL, 0 };
	const char *end = NULL;

	if (text.len > 0 && text.data[0] == '[') {
		end = memchr(text.data, ']', text.len);
		if (!end)
			return refuse(error, "an address that begins with [ ends with ], as in [::1]:514");
		host = (struct slice){ text.data + 1, (size_t)(end - text.data) - 1 };
		end++;
	} else {
		end = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
		if (end && memchr(end + 1, ':', text.len - (size_t)(end - text.data) - 1))
			return refuse(error, "an IPv6 address is written in brackets, as in [::1]:514");
		if (!end)
			end = text.data + text.len;
		host.len = (size_t)(end - text.data);
	}
	if (end < text.data + text.len) {
		port = (struct slice){ end + 1, text.len - (size_t)(end - text.data) - 1 };
		if (*end != ':' || !is_port(port.data, port.len))
			return refuse(error, "the port behind the host is a number from 1 to 65535");
	}
	if (host.len == 0 || host.len > HOST_MAX)
		return refuse(error, "expected a host of 1 to %d characters", HOST_MAX);
	for (size_t i = 0; i < host.len; i++)
		if (!isalnum((unsigned char)host.data[i]) && !strchr(".-_:%", host.data[i]))
			return refuse(error, "expected a host name or an address, then perhaps a port");
	*ret_host = host;
	*ret_port = port;
	return 0;
}

static int set_syslog_host(struct output_spec *spec, enum output_kind kind, const char *text, char *error)
{
	struct slice host = { NULL, 0 }, port = { NULL, 0 };
	int r;

	spec->kind = kind;
	r = split_authority(slice_from(text), &host, &port, error);
	if (r < 0)
		return r;
	r = copy(&spec->target, host.data, host.len);
	if (r < 0)
		return r;
	return port.len > 0 ? copy(&spec->port, port.data, port.len) : copy_all(&spec->port, SYSLOG_PORT);
}

static int set_syslog(struct output_spec *spec, const char *text, char *error)
{
	if (!text)
		return set_path(spec, OUTPUT_SYSLOG_UNIX, "/dev/log", error);
	if (strncmp(text, "udp://", 6) == 0)
		return set_syslog_host(spec, OUTPUT_SYSLOG_UDP, text + 6, error);
	if (strncmp(text, "tcp://", 6) == 0)
		return set_syslog_host(spec, OUTPUT_SYSLOG_TCP, text + 6, error);
	if (strncmp(text, "tls://", 6) == 0)
		return refuse(error, "syslog over tls:// is not offered: send to a local syslog daemon that forwards with "
				     "TLS, or use https://");
	if (strstr(text, "://"))
		return refuse(error, "syslog goes to a path, to udp://HOST[:PORT] or to tcp://HOST[:PORT]");
	return set_path(spec, OUTPUT_SYSLOG_UNIX, text, error);
}

/* `text`: the whole URL; `rest`: what follows the scheme and its two slashes. */
static int set_http(struct output_spec *spec, const char *text, const char *rest, char *error)
{
	struct slice authority = { rest, strcspn(rest, "/?#") }, host = { NULL, 0 }, port = { NULL, 0 };

	spec->kind = OUTPUT_HTTP;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return refuse(error, "a URL has no blanks, no control characters and only ASCII: write %%20 and so on");
	if (memchr(authority.data, '@', authority.len))
		return refuse(error, "no user and no password in the URL, where all can read them: write an "
				     "Authorization line into a file and name it with headers=FILE");
	if (split_authority(authority, &host, &port, error) < 0)
		return -EINVAL;
	return copy_all(&spec->target, text);
}

static int refuse_scheme(const char *text, size_t len, char *error)
{
	struct slice scheme = { text, len };
	struct suggest suggest = { NULL, 0 };

	if (len == 3 && (strncmp(text, "tcp", 3) == 0 || strncmp(text, "udp", 3) == 0))
		return refuse(error, "'%.3s:' alone says no protocol: did you mean syslog:%.3s://HOST[:PORT]?", text, text);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		suggest_offer(&suggest, scheme, schemes[i]);
	if (suggest.best)
		return refuse(error, "unknown kind of output '%.*s', did you mean '%s'? (a file of such a name is "
				     "written file:NAME)", (int)len, text, suggest.best);
	return refuse(error, "unknown kind of output '%.*s': expected -, a path, file:, unix:, unixgram:, syslog:, journald, "
			     "http:// or https:// (a file of such a name is written file:NAME)", (int)len, text);
}

static int set_target(struct output_spec *spec, const char *text, char *error)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+");
	const char *rest = text + len + 1;

	if (strcmp(text, "-") == 0) {
		spec->kind = OUTPUT_STDOUT;
		return 0;
	}
	if (strcmp(text, "syslog") == 0)
		return set_syslog(spec, NULL, error);
	if (strcmp(text, "journald") == 0)
		return set_path(spec, OUTPUT_JOURNALD, JOURNALD_PATH, error);
	if (text[len] != ':' || len == 0)
		return set_path(spec, OUTPUT_FILE, text, error);
	if (len > 64)
		len = 64;

	if (strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0)
		return set_http(spec, text, rest + 2, error);
	if (strncmp(text, "file:", 5) == 0)
		return set_path(spec, OUTPUT_FILE, rest, error);
	if (strncmp(text, "unix:", 5) == 0)
		return set_path(spec, OUTPUT_UNIX, rest, error);
	if (strncmp(text, "unixgram:", 9) == 0)
		return set_path(spec, OUTPUT_UNIXGRAM, rest, error);
	if (strncmp(text, "journald:", 9) == 0)
		return set_path(spec, OUTPUT_JOURNALD, rest, error);
	if (strncmp(text, "syslog:", 7) == 0)
		return set_syslog(spec, rest, error);
	return refuse_scheme(text, len, error);
}

int output_spec_parse_target(const char *target, struct output_spec *ret, char error[OUTPUT_ERROR_MAX])
{
	struct output_spec spec = { 0 };
	int r;

	*ret = (struct output_spec){ 0 };
	r = set_target(&spec, target, error);
	if (r < 0) {
		if (r == -ENOMEM)
			snprintf(error, OUTPUT_ERROR_MAX, "out of memory");
		output_spec_release(&spec);
		return r;
	}
	*ret = spec;
	return 0;
}

/* ---- options ---- */

static const char *nearest(const char *typed, const char *const *names, size_t n_names)
{
	struct suggest suggest = { NULL, 0 };

	for (size_t i = 0; i < n_names; i++)
		if (names[i])
			suggest_offer(&suggest, slice_from(typed), names[i]);
	return suggest.best;
}

static int set_format(struct output_spec *spec, const char *value, char *error)
{
	const char *near = nearest(value, formats, ARRAY_SIZE(formats));
	enum sink_format format = output_format_from(value);

	if (!format && near)
		return refuse(error, "unknown format '%.40s', did you mean '%s'?", value, near);
	if (!format)
		return refuse(error, "unknown format '%.40s': expected text, json, falco or ocsf", value);
	spec->format = format;
	return 0;
}

static int set_priority(struct output_spec *spec, const char *value, char *error)
{
	char lower[PRIORITY_MAX][16];
	struct suggest suggest = { NULL, 0 };
	const char *name;

	for (unsigned int i = 0; i < PRIORITY_MAX; i++) {
		name = priority_name(i);
		if (strcasecmp(value, name) == 0 ||
		    (i == PRIORITY_INFORMATIONAL && strcasecmp(value, "info") == 0)) {
			spec->min_priority = i;
			spec->has_min_priority = true;
			return 0;
		}
		snprintf(lower[i], sizeof(lower[i]), "%s", name);
		lower[i][0] = (char)tolower((unsigned char)lower[i][0]);
		suggest_offer(&suggest, slice_from(value), lower[i]);
	}
	if (suggest.best)
		return refuse(error, "unknown priority '%.40s', did you mean '%s'?", value, suggest.best);
	return refuse(error, "unknown priority '%.40s': expected emergency, alert, critical, error, warning, notice, "
			     "informational or debug", value);
}

static int set_facility(struct output_spec *spec, const char *value, char *error)
{
	const char *end, *near = nearest(value, facilities, ARRAY_SIZE(facilities));
	uint64_t number;

	end = parse_number(value, &number);
	if (!end || *end)
		for (number = 0; number < ARRAY_SIZE(facilities); number++)
			if (strcmp(value, facilities[number]) == 0)
				break;
	if (number >= ARRAY_SIZE(facilities))
		return near ? refuse(error, "unknown facility '%.40s', did you mean '%s'?", value, near) :
			      refuse(error, "unknown facility '%.40s': expected a name as authpriv, daemon, local0, or a number "
					    "up to 23", value);
	spec->facility = (unsigned int)number;
	spec->has_facility = true;
	return 0;
}

static int set_count(unsigned int *ret, const char *key, const char *value, unsigned int max, char *error)
{
	uint64_t number;
	const char *end = parse_number(value, &number);

	if (!end || *end || number < 1 || number > max)
		return refuse(error, "%s is a number from 1 to %u, not '%.40s'", key, max, value);
	*ret = (unsigned int)number;
	return 0;
}

static int set_size(struct output_spec *spec, size_t option, const char *value, char *error)
{
	uint64_t size;

	if (!output_parse_size(value, &size))
		return refuse(error, "%s is a size as 64K, 10M or 1G, not '%.40s'", output_options[option].key, value);
	if (option == QUEUE && (size < OUTPUT_QUEUE_MIN || size > OUTPUT_QUEUE_MAX))
		return refuse(error, "queue is a size from 64K to 1G, not '%.40s'", value);
	if (option == MAX_SIZE && size > 0 && size < OUTPUT_QUEUE_MIN)
		return refuse(error, "max_size is at least 64K, or 0 for no limit, not '%.40s'", value);
	*(option == QUEUE ? &spec->queue_bytes : &spec->max_size) = size;
	return 0;
}

static int set_time(unsigned int *ret, const char *key, const char *value, char *error)
{
	if (!parse_time_ms(value, ret))
		return refuse(error, "%s is a time from 100ms to 600s as 500ms, 10s or 10, not '%.40s'", key, value);
	return 0;
}

static int set_string(char **ret, const char *key, const char *value, char *error)
{
	if (!*value)
		return refuse(error, "%s is empty", key);
	return copy_all(ret, value);
}

static int set_name(struct output_spec *spec, const char *value, char *error)
{
	cleanup_free char *text = NULL;
	bool changed = false;
	size_t len;

	text = encode_utf8(slice_from(value), &len, &changed);
	if (!text)
		return -ENOMEM;
	if (changed)
		return refuse(error, "the name of an output is UTF-8 without control characters");
	if (strlen(value) > 100)
		return refuse(error, "the name of an output has at most 100 bytes");
	return set_string(&spec->name, "name", value, error);
}

static int set_rfc(struct output_spec *spec, const char *value, char *error)
{
	if (strcmp(value, "5424") != 0 && strcmp(value, "3164") != 0)
		return refuse(error, "rfc is 5424 or 3164, not '%.40s'", value);
	spec->rfc = value[0] == '5' ? 5424 : 3164;
	return 0;
}

static int set_option(struct output_spec *spec, size_t option, const char *value, char *error)
{
	const char *key = output_options[option].key;

	switch (option) {
	case FORMAT: return set_format(spec, value, error);
	case PRIORITY: return set_priority(spec, value, error);
	case NAME: return set_name(spec, value, error);
	case RETRY_MAX: return set_time(&spec->retry_max_ms, key, value, error);
	case KEEP: return set_count(&spec->keep, key, value, OUTPUT_KEEP_MAX, error);
	case FACILITY: return set_facility(spec, value, error);
	case RFC: return set_rfc(spec, value, error);
	case BATCH: return set_count(&spec->batch, key, value, OUTPUT_BATCH_MAX, error);
	case TIMEOUT: return set_time(&spec->timeout_ms, key, value, error);
	case HEADERS: return set_string(&spec->headers, key, value, error);
	case CA: return set_string(&spec->ca, key, value, error);
	default: return set_size(spec, option, value, error);
	}
}

/* "file", or "file, syslog": who knows an option. */
static void kinds_text(unsigned int kinds, char *ret, size_t size)
{
	const char *last = "", *name;
	size_t len = 0;

	ret[0] = '\0';
	for (unsigned int kind = OUTPUT_STDOUT; kind <= OUTPUT_HTTP; kind++) {
		name = output_kind_name(kind);
		if (!(kinds & BIT(kind)) || strcmp(name, last) == 0)
			continue;
		if (len < size)
			len += (size_t)snprintf(ret + len, size - len, "%s%s", *last ? ", " : "", name);
		last = name;
	}
}

static int refuse_key(const char *key, char *error)
{
	struct suggest suggest = { NULL, 0 };
	char all[200] = "";
	size_t len = 0;

	for (size_t i = 0; i < output_options_len; i++) {
		suggest_offer(&suggest, slice_from(key), output_options[i].key);
		if (len < sizeof(all))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i > 0 ? ", " : "",
						output_options[i].key);
	}
	if (suggest.best)
		return refuse(error, "unknown option '%.40s' of an output, did you mean '%s'?", key, suggest.best);
	return refuse(error, "unknown option '%.40s' of an output: there are %s", key, all);
}

int output_spec_set(struct output_spec *spec, const char *key, const char *value, char error[OUTPUT_ERROR_MAX])
{
	char name[32], kinds[100];
	int r;

	snprintf(name, sizeof(name), "%s", key);
	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	for (size_t i = 0; i < output_options_len; i++) {
		if (strcmp(name, output_options[i].key) != 0)
			continue;
		if (!(output_options[i].kinds & BIT(spec->kind))) {
			kinds_text(output_options[i].kinds, kinds, sizeof(kinds));
			return refuse(error, "option %s is for outputs of kind %s, and this one is %s", name, kinds,
				      output_kind_name(spec->kind));
		}
		r = set_option(spec, i, value, error);
		if (r == -ENOMEM)
			snprintf(error, OUTPUT_ERROR_MAX, "out of memory");
		return r;
	}
	return refuse_key(key, error);
}

/* Cut the next part off *text, at a comma without backslash; `\,` becomes a comma.
 * *text is NULL after the last. */
static char *take_part(char **text)
{
	char *start = *text, *in = start, *out = start;

	for (; *in && *in != ','; in++) {
		if (in[0] == '\\' && in[1] == ',')
			in++;
		*out++ = *in;
	}
	*text = *in ? in + 1 : NULL;
	*out = '\0';
	return start;
}

static int set_pair(struct output_spec *spec, char *pair, char *error)
{
	char *value = strchr(pair, '=');

	if (!*pair)
		return refuse(error, "there is no option behind a comma (a comma in a path is written \\,)");
	if (!value)
		return refuse(error, "expected an option as %.40s=VALUE (a comma in a path is written \\,)", pair);
	*value = '\0';
	return output_spec_set(spec, pair, value + 1, error);
}

int output_spec_parse(const char *text, struct output_spec *ret, char error[OUTPUT_ERROR_MAX])
{
	cleanup_free char *whole = strdup(text);
	struct output_spec spec;
	char *rest = whole;
	int r;

	*ret = (struct output_spec){ 0 };
	if (!whole) {
		snprintf(error, OUTPUT_ERROR_MAX, "out of memory");
		return -ENOMEM;
	}
	r = output_spec_parse_target(take_part(&rest), &spec, error);
	while (r == 0 && rest)
		r = set_pair(&spec, take_part(&rest), error);
	if (r < 0) {
		output_spec_release(&spec);
		return r;
	}
	*ret = spec;
	return 0;
}

/* ---- the whole ---- */

/* "https://host:port/...": the path of a web hook is its password. */
static int name_url(struct output_spec *spec)
{
	bool tls = strncasecmp(spec->target, "https:", 6) == 0;
	const char *host = strstr(spec->target, "://") + 3, *rest;
	size_t len = strcspn(host, "/?#");

	rest = host + len;
	return copy_format(&spec->name, "http%s://%.*s%s", tls ? "s" : "", (int)len, host,
			   *rest && strcmp(rest, "/") != 0 ? "/..." : "");
}

static int make_raw_name(struct output_spec *spec)
{
	bool is_address;

	if (!spec->target) /* stdout */
		return copy_all(&spec->name, "-");
	is_address = strchr(spec->target, ':');
	switch (spec->kind) {
	case OUTPUT_FILE: return copy_all(&spec->name, spec->target);
	case OUTPUT_HTTP: return name_url(spec);
	case OUTPUT_SYSLOG_UDP:
	case OUTPUT_SYSLOG_TCP:
		return copy_format(&spec->name, "syslog:%s://%s%s%s:%s", spec->kind == OUTPUT_SYSLOG_UDP ? "udp" : "tcp",
				   is_address ? "[" : "", spec->target, is_address ? "]" : "", spec->port);
	case OUTPUT_JOURNALD:
		if (strcmp(spec->target, JOURNALD_PATH) == 0)
			return copy_all(&spec->name, "journald");
		break;
	default: break;
	}
	return copy_format(&spec->name, "%s:%s", output_kind_name(spec->kind), spec->target);
}

/* Paths may be any bytes, names are read by people and by programs. */
static int make_name(struct output_spec *spec)
{
	bool changed;
	size_t len;
	char *text;

	if (make_raw_name(spec) < 0)
		return -ENOMEM;
	text = encode_utf8(slice_from(spec->name), &len, &changed);
	if (!text)
		return -ENOMEM;
	free(spec->name);
	spec->name = text;
	return 0;
}

int output_spec_finish(struct output_spec *spec, enum sink_format format, char error[OUTPUT_ERROR_MAX])
{
	/* Nobody posts text who has not said so for this output. */
	if (!spec->format)
		spec->format = spec->kind == OUTPUT_HTTP && format == SINK_TEXT ? SINK_JSON : format;
	if (spec->keep > 0 && spec->max_size == 0)
		return refuse(error, "keep is for rotated files and needs max_size=SIZE");
	if (spec->batch > 1 && spec->format == SINK_TEXT)
		return refuse(error, "batch is for formats that are JSON, not for text");
	if (spec->batch > 1 && spec->format == SINK_FALCO)
		return refuse(error, "batch is not for the format falco: falcosidekick takes one alert a request");
	if (spec->ca && strncasecmp(spec->target, "https:", 6) != 0)
		return refuse(error, "ca is for https:// and this output is http://");

	if (!spec->has_min_priority)
		spec->min_priority = PRIORITY_MAX - 1;
	if (!spec->has_facility)
		spec->facility = FACILITY_AUTHPRIV;
	spec->queue_bytes = spec->queue_bytes ? spec->queue_bytes : OUTPUT_QUEUE_DEFAULT;
	spec->keep = spec->keep ? spec->keep : 5;
	spec->rfc = spec->rfc ? spec->rfc : 5424;
	spec->batch = spec->batch ? spec->batch : 1;
	spec->timeout_ms = spec->timeout_ms ? spec->timeout_ms : 10000;
	spec->retry_max_ms = spec->retry_max_ms ? spec->retry_max_ms : 60000;
	if (!spec->name && make_name(spec) < 0) {
		snprintf(error, OUTPUT_ERROR_MAX, "out of memory");
		return -ENOMEM;
	}
	return 0;
}
