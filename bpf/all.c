// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All programs as one object. One translation unit and not a link of several:
 * the linker of libbpf 1.1 refuses kernel functions (bpf_rdonly_cast) that more
 * than one object names. */
#include "maps.bpf.c"
#include "emit.bpf.c"
#include "path.bpf.c"
#include "lifecycle.bpf.c"
#include "dispatch.bpf.c"
#include "files.bpf.c"
#include "position.bpf.c"
#include "host.bpf.c"
#include "consume.bpf.c"
#include "change.bpf.c"
#include "access.bpf.c"
#include "surface.bpf.c"
#include "capable.bpf.c"
#include "io_uring.bpf.c"
#include "inet.bpf.c"
#include "setup.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
