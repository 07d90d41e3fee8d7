/* SPDX-License-Identifier: Apache-2.0 */
/* What the processes give up. */
#ifndef BW_AGENT_SANDBOX_H
#define BW_AGENT_SANDBOX_H

#include <stddef.h>
#include <sys/types.h>

/* Close every descriptor but 0 to 2 and those listed, which are sorted: no program,
 * link or map that a child does not need. */
void sandbox_close_all_but(int *keep, size_t n);

/* The engine: no capability, another user, no new privileges, not dumpable,
 * and only the system calls that it needs. For good. 0 or -errno. */
int sandbox_enter_engine(void);

/* Makes effective what is permitted: a program file may permit capabilities without making
 * them effective (setcap ...=p), so that it can be run without them for what needs none. */
void sandbox_raise(void);

/* The same for the status process, with the calls of a server; it ends with
 * `parent`, the sensor. -ESRCH: that has ended already. */
int sandbox_enter_status(pid_t parent);

/* The output process, before it has threads: no capability, no new privileges, not
 * dumpable; it keeps its user, opens files and sockets, but starts no program and
 * maps nothing executable. For good. 0 or -errno. */
int sandbox_enter_output(void);

/* Names of capabilities that this process lacks and nothing can be watched
 * without; NULL: none. */
const char *sandbox_missing(void);

/* The sensor: of the capabilities that it has, those it needs to load, attach,
 * scan and start its children again. 0 or -errno. */
int sandbox_enter_sensor(void);

#endif
