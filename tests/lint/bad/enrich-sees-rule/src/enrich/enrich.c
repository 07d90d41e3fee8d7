#include "event/event.h"
	#  include "rule/rule.h"
