#include "brigwatch/event.h"
