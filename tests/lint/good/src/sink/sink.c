#include "event/event.h"
#include <jansson.h>

void *sink_text(const char *s)
{
	return json_pack("{s:s, s:o}", "text", s, "other", json_string(s));
}
