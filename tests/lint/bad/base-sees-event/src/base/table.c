#include "base/table.h"
#include "event/event.h"
