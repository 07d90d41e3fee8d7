/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of docs/metrics.md, in Prometheus' text format 0.0.4. */
#ifndef BW_AGENT_STATUS_METRICS_H
#define BW_AGENT_STATUS_METRICS_H

#include <stdio.h>

#include "agent/status_view.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Write them all. `is_textfile`: with the time of writing, since nobody asks. */
void metrics_write(const struct view *view, const struct verdict *verdict, bool is_textfile, FILE *to);

#endif
