#include "agent/agent.h"
#include "rule/rule.h"

static const char *const example = "/home/user/app";
