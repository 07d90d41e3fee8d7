/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a container's init and of the host's engines. Private to
 * the reader. */
#ifndef BW_AGENT_READER_LIVE_H
#define BW_AGENT_READER_LIVE_H

#include "agent/reader_roots.h"
#include "enrich/posture.h"

/* Of the process `tgid`, which must have started at start_ns (CLOCK_BOOTTIME)
 * if that is not 0. The engines' sockets and ports are looked for anew after
 * some seconds. 0, -ESRCH, -ENOMEM. */
int live_collect(struct places *places, uint32_t tgid, uint64_t start_ns,
		 struct posture_live *ret);

void live_engines_free(struct live_engines *engines);

#endif
