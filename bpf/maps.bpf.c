// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The maps. Every one is pinned by the sensor: a program array without a
 * user-space reference is emptied by the kernel, and its tail calls then fall
 * through in silence. */
#include "brigwatch.bpf.h"

struct sensor_config config SEC(".data.config") = {};
__u64 n_outside SEC(".data.outside") = 0;

struct map_counters counters SEC(".maps");
struct map_books books SEC(".maps");
struct map_sequences sequences SEC(".maps");
struct map_scratches scratches SEC(".maps");
struct map_calls calls_native SEC(".maps");
struct map_calls calls_x32 SEC(".maps");
struct map_calls calls_ia32 SEC(".maps");
struct map_call_counts call_counts SEC(".maps");
struct map_unknown_calls unknown_calls SEC(".maps");
struct map_containers containers SEC(".maps");
struct map_mnt_ns mnt_ns SEC(".maps");
struct map_runtime_binaries runtime_binaries SEC(".maps");
struct map_runtime_names runtime_names SEC(".maps");
struct map_runtime_sockets runtime_sockets SEC(".maps");
struct map_runtime_abstract runtime_abstract SEC(".maps");
struct map_runtime_ports runtime_ports SEC(".maps");
struct map_host_addresses host_addresses SEC(".maps");
struct map_inet_peers inet_peers SEC(".maps");
struct map_inet_scans inet_scans SEC(".maps");
struct map_inet_pending inet_pending SEC(".maps");
struct map_budgets budgets SEC(".maps");
struct map_exe_by_pid exe_by_pid SEC(".maps");
struct map_own_roots own_roots SEC(".maps");
struct map_accesses accesses SEC(".maps");
struct map_container_written container_written SEC(".maps");
struct map_written_names written_names SEC(".maps");
struct map_interpreters interpreters SEC(".maps");
struct map_watched_names watched_names SEC(".maps");
struct map_host_helpers host_helpers SEC(".maps");
struct map_helper_setter helper_setter SEC(".maps");
struct map_uses uses SEC(".maps");
struct map_subjects subjects SEC(".maps");
struct map_ring_urgent ring_urgent SEC(".maps");
struct map_ring_bulk ring_bulk SEC(".maps");
struct map_handlers handlers SEC(".maps");
