# SPDX-License-Identifier: Apache-2.0
# A web server: files and streams spliced, descriptors passed among its workers,
# TLS by the kernel.
. "$LIVE_LIB/lib.sh"

work='set -e; echo text >/tmp/page; benign proxy /tmp/page; benign pass /tmp/page'
box proxy caps=NET_ADMIN -- sh -c "ifconfig lo up; $work; benign crypto"
box_run proxy
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work; benign crypto"
