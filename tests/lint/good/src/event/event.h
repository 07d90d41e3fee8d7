#include "base/json.h"
#include "brigwatch/event.h"
