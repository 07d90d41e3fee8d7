/* SPDX-License-Identifier: Apache-2.0 */
/* Findings out: one internal finding, in each of the formats. */
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

/* The finding in this format. Text is several lines for a terminal (colour) or exactly
 * one line otherwise; the others are exactly one line. With its line end, *ret_len
 * bytes without a NUL; *ret_text is the caller's. 0, -ENOMEM, -EINVAL: no such format. */
int sink_render(const struct finding *finding, enum sink_format format, bool colour, char **ret_text,
		size_t *ret_len);

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
