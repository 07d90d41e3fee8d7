/* SPDX-License-Identifier: Apache-2.0 */
/* Where alerts go, as said by `--output SPEC` or by the configuration:
 *
 *   -                         stdout
 *   PATH, file:PATH           append to a file (or write to a FIFO, a device)
 *   unix:PATH, unixgram:PATH  a Unix socket that somebody listens on
 *   syslog[:PATH]             RFC 5424 to the local daemon, /dev/log
 *   syslog:udp://HOST[:PORT], syslog:tcp://HOST[:PORT]   RFC 5424 over a network
 *   journald[:PATH]           systemd's journal
 *   http://..., https://...   POST
 *
 * each followed by options, `,KEY=VALUE`. A comma in a path is written `\,`.
 *
 * URLs may hold secrets: neither messages nor `name` repeat more of one than
 * scheme, host and port. A user or password in the URL is refused, since command
 * lines are public; it belongs into the file that `headers` names. */
#ifndef BW_AGENT_OUTPUT_SPEC_H
#define BW_AGENT_OUTPUT_SPEC_H

#include "base/base.h"
#include "sink/sink.h"

#define OUTPUTS_MAX 16			/* of one agent */
#define OUTPUT_QUEUE_DEFAULT (4u << 20)	/* bytes */
#define OUTPUT_QUEUE_MIN (64u << 10)
#define OUTPUT_QUEUE_MAX (1u << 30)
#define OUTPUT_BATCH_MAX 1000u
#define OUTPUT_KEEP_MAX 1000u
#define OUTPUT_ERROR_MAX 400

enum output_kind {
	OUTPUT_STDOUT = 1,
	OUTPUT_FILE,
	OUTPUT_UNIX,
	OUTPUT_UNIXGRAM,
	OUTPUT_SYSLOG_UNIX,
	OUTPUT_SYSLOG_UDP,
	OUTPUT_SYSLOG_TCP,
	OUTPUT_JOURNALD,
	OUTPUT_HTTP,
};

/* Strings are the struct's; NULL is "not given". Zero is "the default" until
 * output_spec_finish() fills it in. */
struct output_spec {
	enum output_kind kind;
	char *target;			/* path, host (without brackets), or URL */
	char *port;			/* syslog over a network */
	char *name;			/* for messages and metrics: option "name", else the target without what is secret */
	enum sink_format format;
	unsigned int min_priority;	/* as enum priority; what is less urgent does not go here */
	bool has_min_priority;
	uint64_t queue_bytes;
	uint64_t max_size;		/* file: bytes before it is rotated, 0: never */
	unsigned int keep;		/* file: how many rotated files stay */
	unsigned int facility;		/* syslog, journald: 0 to 23 */
	bool has_facility;
	unsigned int rfc;		/* syslog: 5424 or 3164 */
	unsigned int batch;		/* HTTP: alerts of one request; above 1 as a JSON array */
	unsigned int timeout_ms;	/* HTTP: of one request */
	unsigned int retry_max_ms;	/* longest pause between two tries */
	char *hostname;			/* syslog: whose alerts; the agent sets it. NULL: gethostname() */
	char *headers;			/* HTTP: file with further header lines */
	char *ca;			/* HTTPS: file with the certificates to trust instead of the system's */
};

/* The keys of options, for help, schema and suggestions. */
struct output_option {
	const char *key;
	const char *value;		/* "SIZE", "NUMBER"..., as in help */
	const char *help;
	unsigned int kinds;		/* bits 1 << enum output_kind that know it */
};
extern const struct output_option output_options[];
extern const size_t output_options_len;

/* The whole of `--output SPEC`: target and options, and output_spec_finish() is
 * still to come. -EINVAL, and `error` tells what was expected. -ENOMEM. On error
 * *ret is empty. */
int output_spec_parse(const char *text, struct output_spec *ret, char error[OUTPUT_ERROR_MAX]);

/* The target alone, as in a configuration file. */
int output_spec_parse_target(const char *target, struct output_spec *ret, char error[OUTPUT_ERROR_MAX]);

/* One option of those above, as text: "format", "json". Same errors. */
int output_spec_set(struct output_spec *spec, const char *key, const char *value, char error[OUTPUT_ERROR_MAX]);

/* Fill in the defaults, `format` for who names none, and look at the whole. */
int output_spec_finish(struct output_spec *spec, enum sink_format format, char error[OUTPUT_ERROR_MAX]);

void output_spec_release(struct output_spec *spec);

/* "text", "json"...: 0 when unknown. And back. */
enum sink_format output_format_from(const char *name);
const char *output_format_name(enum sink_format format);
const char *output_kind_name(enum output_kind kind); /* "stdout", "file", "syslog"... */

/* "64K", "100M", "1G", plain bytes. False: no such number. */
bool output_parse_size(const char *text, uint64_t *ret);

#endif
