#include "event/event.h"
	#  include "enrich/enrich.h"
