/* SPDX-License-Identifier: Apache-2.0 */
/* Findings that belong together: all of one container, of what escaped from it,
 * and of the host's processes that the kernel side links to it. They make an
 * incident, a story of numbered steps that each alert tells up to itself.
 * Everything comes from events: a replay makes the same incidents. */
#ifndef BW_AGENT_INCIDENT_H
#define BW_AGENT_INCIDENT_H

#include "sink/sink.h"

/* An incident without a finding for so long is over; the next begins another. */
#define INCIDENT_IDLE_NS (3600ull * 1000000000)

/* From this priority on (or above) a finding begins one; a lesser joins what is open. */
#define INCIDENT_SEVERITY_MAX 4u /* warning */

struct incidents;

/* Room for `n_max` open incidents; beyond that the one that was quiet for longest
 * is closed, and counted. */
int incidents_new(size_t n_max, struct incidents **ret);
void incidents_free(struct incidents *incidents);

/* The incident of which `finding` is a step from now on, or NULL when it is of
 * none. Valid until the next call. */
const struct incident_view *incidents_join(struct incidents *incidents,
					   const struct finding *finding);

struct incident_stats {
	uint64_t n_begun, n_evicted;
};
void incidents_get_stats(const struct incidents *incidents, struct incident_stats *ret);

#endif
