#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include "brigwatch.skel.h"
