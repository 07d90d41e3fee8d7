# SPDX-License-Identifier: Apache-2.0
# A package gives its program a file capability, in the image's own layer; ping
# uses it.
. "$LIVE_LIB/lib.sh"

work='set -e; cp /bin/busybox /usr/bin/ping; benign setcap /usr/bin/ping
/usr/bin/ping -c 1 127.0.0.1 >/dev/null || :'
box caps -- sh -c "ifconfig lo up 2>/dev/null || :; $work"
box_run caps
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work"
