#include "sink/sink.h"
#include "source/source.h"
