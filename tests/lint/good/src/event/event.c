#include "event/event.h"
#include "event.h"

#include <stdio.h>

/* A comment may say clock_gettime() and #include "agent/agent.h", and even
 * open() a file. */
struct hook {
	int (*open)(int fd);
	int (*time)(void);
};

int event_describe(struct hook *hook, char *buf)
{
	event_open(1); // time(NULL) in a comment
	snprintf(buf, 10, "open(%d) time()", hook->open(3) + hook->time());
	return 0;
}
