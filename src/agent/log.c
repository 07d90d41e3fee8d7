// SPDX-License-Identifier: Apache-2.0
#include "agent/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define MESSAGE_MAX 2048

/* One write(2) a line, so that lines of several processes do not mix. */
void log_message(const char *subsystem, const char *format, ...)
{
	char line[MESSAGE_MAX];
	va_list args;
	size_t len;
	int n;

	n = snprintf(line, sizeof(line), "brigwatch: %s: ", subsystem);
	len = (size_t)n;
	va_start(args, format);
	n = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	if (n > 0)
		len += (size_t)n < sizeof(line) - len - 1 ? (size_t)n : sizeof(line) - len - 2;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;		/* nowhere left to say so */
}
