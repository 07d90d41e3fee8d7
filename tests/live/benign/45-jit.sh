# SPDX-License-Identifier: Apache-2.0
# Language runtimes: code in memory files mapped twice, anonymous memory made
# executable, many threads, maps for profilers, reading what limits one has.
. "$LIVE_LIB/lib.sh"

work='set -e; benign jit; benign perf
cat /proc/self/maps /proc/self/cgroup /proc/self/mountinfo /proc/self/limits /proc/cpuinfo >/dev/null
cat /proc/sys/kernel/core_pattern /proc/sys/vm/max_map_count /sys/kernel/mm/transparent_hugepage/enabled >/dev/null'
box jit -- sh -c "$work"
box_run jit
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work"
