# SPDX-License-Identifier: Apache-2.0
# A monitoring agent: the host's processes, its root read-only, its network; it
# reads figures of all of them, of groups, mounts and disks.
. "$LIVE_LIB/lib.sh"

box agent hostpid hostnet bind=/:/rootfs:ro bind=/sys:/sys:ro -- sh -c 'set -e
for p in /proc/[0-9]*; do
	cat $p/stat $p/statm $p/status $p/cmdline $p/cgroup $p/schedstat $p/limits >/dev/null 2>&1 || :
done
cat /rootfs/proc/stat /rootfs/proc/meminfo /rootfs/proc/loadavg /rootfs/etc/os-release /proc/net/dev >/dev/null
ls /rootfs/sys/class/net /rootfs/sys/block >/dev/null; df -a >/dev/null 2>&1 || :
find /rootfs/sys/fs/cgroup -maxdepth 2 >/dev/null 2>&1; cat /sys/class/net/lo/statistics/rx_bytes >/dev/null'
box_run agent
