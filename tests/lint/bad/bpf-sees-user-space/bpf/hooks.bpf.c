#include "vmlinux.h"
#include "base/base.h"
