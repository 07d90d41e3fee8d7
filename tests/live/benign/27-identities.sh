# SPDX-License-Identifier: Apache-2.0
# Every healthy way to another identity: set-id calls (64-bit and 32-bit),
# capabilities dropped, kept and ambient, filters for all threads, keyrings,
# user namespaces, set-id programs, file capabilities; and busybox' su.
. "$LIVE_LIB/lib.sh"

work='set -e; benign identities; benign identities
cp /bin/busybox /su; chmod 4755 /su; adduser -D -H visitor 2>/dev/null || echo visitor:x:1001:1001::/:/bin/sh >>/etc/passwd
/su visitor -s /bin/sh -c "id -u" >/dev/null'
box work -- sh -c "$work"
box_run work
box privileged privileged -- sh -c "$work"
box_run privileged
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work"
