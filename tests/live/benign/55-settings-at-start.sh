# SPDX-License-Identifier: Apache-2.0
# Settings of its own namespaces that the runtime writes before a container
# starts, and that an init container writes.
. "$LIVE_LIB/lib.sh"

box own privileged -- sh -c 'set -e; echo 4096 >/proc/sys/net/core/somaxconn
echo 1 >/proc/sys/net/ipv4/tcp_tw_reuse; echo 1024 65000 >/proc/sys/net/ipv4/ip_local_port_range
echo 65536 >/proc/sys/kernel/msgmax; cat /proc/sys/kernel/shmmax >/dev/null'
box_run own
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm --sysctl net.ipv4.ip_unprivileged_port_start=0 --sysctl kernel.msgmax=65536 \
	--sysctl net.core.somaxconn=1024 box sh -c 'test "$(cat /proc/sys/net/core/somaxconn)" = 1024'
