#include "../rule/rule.h"
