/* SPDX-License-Identifier: Apache-2.0 */
/* Between sink.c and the formats: a growing buffer and one renderer per format.
 * Private to this folder, its tests and its fuzzers. */
#ifndef BW_SINK_RENDER_H
#define BW_SINK_RENDER_H

#include "sink/sink.h"

/* Zero-initialised is empty. The first allocation that fails sets `failed`, and
 * all that follows is ignored: callers look once, at the end. */
struct buf {
	char *data; /* not NUL-terminated */
	size_t len, size;
	bool failed;
};

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_str(struct buf *buf, const char *s);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_release(struct buf *buf);

/* encode_text() without a bound. `also`: further ASCII characters to be written
 * as \xHH, or NULL. Returns true when something was replaced. */
bool buf_add_encoded(struct buf *buf, struct slice in, const char *also);

/* RFC 4648 base64 with padding. */
void buf_add_base64(struct buf *buf, struct slice in);

/* "2026-07-01T12:34:56.123456789Z" */
#define TIME_LEN 30
void format_time(uint64_t wall_ns, char ret[TIME_LEN + 1]);

/* "docs/techniques/A1.md,docs/techniques/B1.md": where to read more, or empty. */
void buf_add_pages(struct buf *buf, const char *const *techniques, const char *between);

/* "ETXTBSY" for 26; NULL for numbers without a name. */
const char *errno_name(int64_t err);

/* What stands before a container's posture_reason. */
#define POSTURE_BEFORE_REASON "could reach the host because "

/* What is shown of a container: 12 characters of a hexadecimal id, others whole. */
struct slice short_id(struct slice id);

/* "cg-<cgroup id>" or the id that enrichment gave; empty on the host. */
#define CONTAINER_ID_MAX 32
struct slice container_id(const struct event *ev, char scratch[CONTAINER_ID_MAX]);

/* How far the container's runtime has been asked: "pending"; or, of the alert
 * that completes pending ones, "complete", "not_found" or "unanswered". NULL: as
 * usual. The same words in every format. */
const char *enrichment_name(const struct event *ev);

/* The finding with its line end, appended to `buf`. 0 or -ENOMEM. */
int render_json(const struct finding *finding, struct buf *buf);
int render_falco(const struct finding *finding, struct buf *buf); /* as Falco's alerts */
int render_ocsf(const struct finding *finding, struct buf *buf);  /* a Detection Finding */
int render_text(const struct finding *finding, struct buf *buf);  /* one line */
int render_block(const struct finding *finding, struct buf *buf); /* several, in colour */

#endif
