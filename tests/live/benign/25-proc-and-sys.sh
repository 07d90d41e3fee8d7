# SPDX-License-Identifier: Apache-2.0
# Reading what a container may read of the kernel, and writing what is its own.
. "$LIVE_LIB/lib.sh"

read_all='cat /proc/sys/kernel/core_pattern /proc/self/maps /proc/self/cgroup /proc/self/mountinfo \
	/proc/meminfo /proc/cpuinfo /proc/1/status /proc/self/environ >/dev/null
echo 100 >/proc/self/oom_score_adj; echo name >/proc/self/comm; ls -l /proc/1/root/ /proc/self/fd /proc/1/ns >/dev/null
cat /proc/1/root/etc/passwd /proc/self/root/etc/passwd /proc/self/cwd/etc/passwd >/dev/null
find /sys -maxdepth 3 >/dev/null 2>&1; ps >/dev/null; free >/dev/null; df >/dev/null 2>&1'

box plain -- sh -c "set -e; $read_all"
box_run plain
# sysctls of one's own network namespace
box net privileged -- sh -c "set -e; $read_all
echo 1 >/proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward >/dev/null
sysctl -w net.ipv4.ip_unprivileged_port_start=0 >/dev/null; sysctl kernel.core_pattern >/dev/null"
box_run net
# A node exporter: the host's processes and the host's root, read-only
box exporter hostpid bind=/:/host:ro -- sh -c 'set -e
for p in /proc/[0-9]*; do cat $p/stat $p/status >/dev/null 2>&1 || :; done
cat /host/etc/hostname /host/proc/meminfo >/dev/null; df /host >/dev/null; ls /host/sys/class >/dev/null'
box_run exporter
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "set -e; $read_all"
