/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for people, on stderr, one line each: subsystem first, what failed,
 * why, what happens next. Control characters are escaped by the caller. */
#ifndef BW_AGENT_LOG_H
#define BW_AGENT_LOG_H

__attribute__((format(printf, 2, 3))) void log_message(const char *subsystem, const char *format, ...);

/* What the exit codes mean (docs/brigwatch.8). */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FINDINGS = 1,
	EXIT_USAGE = 2,		/* usage, configuration or rules */
	EXIT_PRIVILEGES = 3,
	EXIT_KERNEL = 4,	/* the kernel cannot */
	EXIT_INTERNAL = 5,	/* I/O or internal */
};

#endif
