#include "event/event.h"
	#  include "sink/sink.h"
