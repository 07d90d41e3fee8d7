/* SPDX-License-Identifier: Apache-2.0 */
/* Findings out: one internal finding, printed as text or JSON to a descriptor. */
#ifndef BW_SINK_SINK_H
#define BW_SINK_SINK_H

#include "event/event.h"
#include "event/field.h"

/* Steps of an incident that an alert tells of, itself the last. */
#define INCIDENT_STEPS_MAX 16u
#define INCIDENT_ID_LEN 16

struct incident_step {
	uint64_t wall_ns;
	const char *rule_id, *rule_name, *priority;
	const char *phase;			/* where the subject stood: "contained", "escaped"... */
	uint32_t pid;
	struct slice name, exe, summary;	/* raw bytes, cut */
};

/* What a finding is a part of. Steps count from 1; when there are more than are
 * told, the first are left out. */
struct incident_view {
	const char *id;
	struct slice container;			/* id, or empty */
	uint64_t first_wall_ns;
	uint64_t step;				/* number of this finding */
	unsigned int n_steps;			/* that are told */
	const struct incident_step *steps[INCIDENT_STEPS_MAX];
};

/* One event of several that a rule waits for, in the order that it names. */
struct sequence_step {
	const char *name; /* as the rule calls it */
	uint64_t wall_ns;
	uint32_t pid;
	struct slice proc_name; /* raw bytes */
};

/* One alert, all borrowed. The agent fills it from a rule and an event; sink
 * knows neither rules nor rings. */
struct finding {
	const char *rule_id, *rule_name, *description, *why;
	const char *priority;			/* "Critical" */
	unsigned int severity;			/* 0 emergency .. 7 debug */
	const char *const *response, *const *references, *const *mitre, *const *tags;
	const char *const *techniques;		/* "A1": its page is docs/techniques/A1.md */
	struct slice message;			/* rendered output, raw bytes */
	const struct field *const *fields;	/* for output_fields */
	size_t n_fields;
	const struct event *event;
	uint64_t number;			/* of this run, from 1 */
	uint64_t folded;			/* equals suppressed before this one */
	const struct incident_view *incident;	/* NULL: none */
	const struct sequence_step *sequence;	/* the last is `event`, or came before its record */
	size_t n_sequence;			/* 0: the rule has no sequence */
	const char *rules_hash;
	const char *hostname;
	uint64_t lost;				/* records lost so far in this run: how complete the view is */
};

enum sink_format { SINK_TEXT = 1, SINK_JSON = 2, SINK_FALCO = 3, SINK_OCSF = 4 };

/* The finding as text in this format, with its line end: *ret_text is the caller's,
 * *ret_len bytes. 0, -ENOMEM, -EINVAL: no such format. */
int sink_render(const struct finding *finding, enum sink_format format, bool colour, char **ret_text,
		size_t *ret_len);

struct sink;

/* Write to `fd`, owned from a successful return on when `own`; `colour` for text
 * on terminals. The process must ignore SIGPIPE, and a descriptor that may
 * block for ever (a pipe, a terminal) should be O_NONBLOCK; a socket need not. */
int sink_new(int fd, bool own, enum sink_format format, bool colour, struct sink **ret);
void sink_free(struct sink *sink);

/* Write one finding. Text is several lines for a terminal (colour) or exactly
 * one line otherwise; JSON is exactly one line. Written with write(2) in full
 * before it returns: what is returned as 0 has left the process. Waits at most
 * SINK_WAIT_MS in all for a descriptor that would block.
 *
 * -errno of the write otherwise (ENOSPC, EPIPE, EAGAIN...), -ENOMEM when the
 * finding could not be rendered. When a write stops within a line, the rest of
 * that line (never more than one finding) is kept, and the next call finishes
 * it before anything else: a line is never left broken by what follows. The
 * finding was reported as failed, so who repeats it may get it twice, never
 * not at all. sink_free() tries once more to finish it. */
#define SINK_WAIT_MS 1000
int sink_write(struct sink *sink, const struct finding *finding);

/* Bytes -> valid UTF-8, printable, one line: control characters of ASCII and
 * invalid bytes become \xHH; other control, bidi, zero-width and invisible
 * characters become \u{HHHH}. A backslash stands for itself (cgroup and unit
 * names are full of them), so the text alone does not tell an escape from the
 * same bytes written by hand; the raw bytes in the JSON do. Returns the length;
 * the output is NUL-terminated and cut at a character border with "…" when
 * `size` is short. `size` 0 writes nothing. */
size_t encode_text(struct slice in, char *buf, size_t size);

/* The same in full, as the valid UTF-8 that jansson is fed (quotes and
 * backslashes of JSON are jansson's work). *ret_changed tells whether bytes were
 * replaced, so that <field>_b64 is added. Heap, NUL-terminated, to be freed;
 * NULL: out of memory. */
char *encode_utf8(struct slice in, size_t *ret_len, bool *ret_changed);

#endif
