#include "base/json.h"

#include <jansson.h>
#include <time.h>

/* The wrapper may: it checks the bytes first. */
int json_put_bytes(void *object, const char *key, const char *data, unsigned long len)
{
	return json_object_set_new(object, key, json_stringn(data, len));
}

long base_now(void)
{
	return time(NULL);
}
