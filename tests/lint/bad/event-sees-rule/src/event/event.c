/* The include below is in angle brackets, which changes nothing. */
#include <rule/rule.h>
