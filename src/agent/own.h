/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent itself does. In a pod it is a contained process that loads BPF
 * programs, uses capabilities and opens the host's files, as an attacker would.
 *
 * It is known by the identity of its processes, not by its container: a process
 * that was smuggled into its pod is judged like any other. So is a process of its
 * own once it executed another program, and what the agent never does: writing to
 * other files of the host than those of its outputs, say, or another capability than its four. */
#ifndef BW_AGENT_OWN_H
#define BW_AGENT_OWN_H

#include "event/event.h"

#define OWN_FILES_MAX 16

struct own {
	uint32_t tgid;		/* of the sensor, initial pid namespace; 0: unknown, nothing is own */
	uint64_t start_ticks;	/* its start, as /proc/PID/stat has it: ticks since boot */
	uint64_t tick_ns;
	struct exec_id sensor;	/* all of it, from the first record that it made */
	uint64_t container;	/* whose first process is the sensor; 0: none */
	const char *files[OWN_FILES_MAX]; /* paths that alerts are written to; borrowed */
	size_t n_files;
};

/* Read who `sensor` is. Needs /proc of the initial pid namespace. 0 or -errno; on
 * failure nothing is taken for the agent's own. */
int own_init(struct own *own, uint32_t sensor);

/* Alerts are written to the file `path`, which must outlive `own`: the output process
 * opens it for writing, and changes names in its directory when it rotates. */
void own_note_file(struct own *own, const char *path);

/* Takes note of a container's birth: it may be the agent's own, and then what it was given
 * (EVENT_POSTURE) is what docs/kubernetes.md says that it needs, and no news. */
void own_note_birth(struct own *own, const struct event *ev);

/* True: the agent's own doing, which no rule is to judge. It changes no state. */
bool own_is_doing(struct own *own, const struct event *ev);

#endif
