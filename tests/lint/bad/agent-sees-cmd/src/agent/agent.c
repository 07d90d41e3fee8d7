#include "cmd/run.h"
