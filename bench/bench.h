/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of bench share: the names of what is measured, and children. */
#ifndef BW_BENCH_BENCH_H
#define BW_BENCH_BENCH_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

enum config { CONFIG_NOTHING, CONFIG_EMPTY, CONFIG_AGENT, CONFIG_MAX };
enum subject_kind { SUBJECT_HOST, SUBJECT_CONTAINED, SUBJECT_ALERTING, SUBJECT_MAX };

#define ROUNDS_MAX 32

/* Everything below is made at start and gone at the end. */
struct site {
	char dir[PATH_MAX / 4];	  /* temporary; holds all the rest */
	char build[PATH_MAX / 4]; /* where worker and noop were built */
	int foreign_dir;	  /* of the host, leaked to the alerting container on purpose */
	int foreign_listener;
};

/* Set by SIGINT and SIGTERM; every wait ends early then. */
extern volatile sig_atomic_t stopping;

uint64_t now_ns(void);
void sleep_ms(unsigned int ms);

/* Start argv[0] (searched in PATH) with these descriptors as 0, 1, 2 and all
 * others closed; the child dies with its parent. The child's pid or -errno. */
pid_t spawn(char *const argv[], int in, int out, int err);

/* Wait until `pid` has ended, at most `ms`. Its status as of waitpid(), or
 * -ETIMEDOUT, in which case it still runs. */
int wait_child(pid_t pid, unsigned int ms, int *ret_status);

/* SIGTERM, `ms` of patience, SIGKILL. The status as of waitpid(). */
int stop_child(pid_t pid, unsigned int ms);

/* The whole of a small file as a string, cut at size - 1. Length or -errno. */
ssize_t read_small(const char *path, char *buf, size_t size);

/* A decimal number at the start of `text`; 0 when there is none. */
long parse_number(const char *text);

/* "bench: ..." on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
