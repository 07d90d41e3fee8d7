#include "vmlinux.h"
#include "brigwatch/event.h"
#include <bpf/bpf_helpers.h>
