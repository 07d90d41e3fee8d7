/* SPDX-License-Identifier: Apache-2.0 */
/* What `brigwatch rules bench` measures with: rule sets of any size, and a
 * stream of events such as a node has. */
#ifndef BW_CMD_BENCH_RULES_H
#define BW_CMD_BENCH_RULES_H

#include <jansson.h>

#include "rule/rule.h"

/* The rule files at `path` (a directory or a file) as JSON objects. NULL: one
 * could not be read; *ret_which says which. */
json_t *bench_rules_read(const char *path, char *ret_which, size_t size);

/* A set of `n` of these rules: a part of them, spread evenly, or all of them and
 * then copies of them that compare with other values. */
int bench_rules_make(json_t *files, size_t n, struct rule_set **ret, struct parse_error *err);

struct bench_stream;

/* Records of at least `n` events, always the same ones. NULL: out of memory. */
struct bench_stream *bench_stream_new(size_t n);
void bench_stream_free(struct bench_stream *stream);
size_t bench_stream_len(const struct bench_stream *stream);
/* Decode record `i`, with what enrichment would have added. */
int bench_stream_decode(const struct bench_stream *stream, size_t i, struct event *ret);

#endif
