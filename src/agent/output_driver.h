/* SPDX-License-Identifier: Apache-2.0 */
/* One kind of receiver of alerts. Each sink is served by a thread of its own in
 * the output process, so a driver may wait, but never longer than its time-outs:
 * a stop must not hang, and a kill loses nothing (the queue keeps what was not
 * reported as delivered). */
#ifndef BW_AGENT_OUTPUT_DRIVER_H
#define BW_AGENT_OUTPUT_DRIVER_H

#include "agent/outbox.h"
#include "agent/output_spec.h"

#define OUTPUT_WAIT_MS 1000 /* longest wait of one call for a receiver that takes nothing */

/* Why a call failed, for messages and figures. */
struct output_error {
	int error;	     /* errno, positive */
	unsigned int status; /* of HTTP, else 0 */
	bool is_final;	     /* this record will never be taken: give it up, go on with the next */
	bool is_gone;	     /* nobody will ever read again (a closed stdout): the agent ends */
	unsigned int retry_after_ms; /* the receiver asked for this pause; 0: it did not */
	char text[200];	     /* for people: what was tried, why it failed */
};

struct output_driver {
	/* Open or connect. `fd`: inherited stdout for OUTPUT_STDOUT, else -1. 0 and
	 * *ret_state, or -errno and *ret_error. Tried again with backoff. */
	int (*open)(const struct output_spec *spec, int fd, void **ret_state, struct output_error *ret_error);

	/* Deliver the `n` records, oldest first, n >= 1 and at most spec->batch. Returns how
	 * many of them the receiver has for good (1..n), or -errno and *ret_error; then
	 * none was taken, as far as is known, and all come again after a pause. What a
	 * stream took of a half-written record is finished first by the next call. */
	int (*deliver)(void *state, const struct outbox_record *records, unsigned int n,
		       struct output_error *ret_error);

	/* Look at the receiver again after SIGHUP: reopen a rotated file. May be NULL. */
	int (*reopen)(void *state, struct output_error *ret_error);

	/* Nothing waits any more: make last what is not safe yet. May be NULL. */
	void (*settle)(void *state);

	void (*close)(void *state);
	bool closes_on_error; /* close and open anew after a failed delivery */

	/* Once, before the process gives up what it may do: afterwards no library can be
	 * loaded, no program started; files and sockets can be opened. 0, or -errno, then
	 * nothing is sent there. May be NULL. */
	int (*prepare)(const struct output_spec *spec, struct output_error *ret_error);
};

/* For drivers that rotate: counted with the figures of the sink whose thread calls. */
void output_note_rotation(void);

/* The process before this one fell, perhaps in the middle of a record. */
extern bool output_is_restart;

extern const struct output_driver output_stdout, output_file, output_unix, output_unixgram, output_syslog,
	output_journald, output_http;

#endif
