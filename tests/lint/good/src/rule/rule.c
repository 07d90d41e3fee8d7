#include "event/event.h"
#include <jansson.h>

void *rule_describe(void)
{
	return json_pack("{s:i, s:[b,n], s:{s:o}}", "open(", 1,
			 "list", 1,
			 "nested", "object", NULL);
}
