# SPDX-License-Identifier: Apache-2.0
# Packet capture, profiling of oneself, sendfile and splice of web servers, and
# what an init asks of the kernel in a container without rights.
. "$LIVE_LIB/lib.sh"

work='set -e; benign sniff; benign profile; benign serve; benign init; benign scan'
box plain -- /bin/sh -c "$work"
box_run plain
need_docker
docker_run --rm box sh -c "$work"
