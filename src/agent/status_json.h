/* SPDX-License-Identifier: Apache-2.0 */
/* Health for machines. All answers are objects; NULL: no memory. */
#ifndef BW_AGENT_STATUS_JSON_H
#define BW_AGENT_STATUS_JSON_H

#include <jansson.h>

#include "agent/status_view.h"

/* What /livez, /readyz and /healthz say: {"status": "ok" | "failing", "reasons": []},
 * with the reasons that speak against `scope`. */
json_t *status_json_probe(const struct verdict *verdict, enum view_scope scope);

json_t *status_json_version(const struct view *view);

/* All that is known: docs/metrics.md has the layout. */
json_t *status_json_health(const struct view *view, const struct verdict *verdict);

#endif
