#include "base/clock.h"

long a(void) { return time(NULL); }
long b(void) { struct timeval tv; return gettimeofday(&tv, NULL); }
