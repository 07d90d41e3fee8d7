#include "event/event.h"
	#  include "source/source.h"
