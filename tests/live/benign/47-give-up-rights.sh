# SPDX-License-Identifier: Apache-2.0
# Entry points that give up their rights, and set-uid programs of the image that
# get them back for somebody.
. "$LIVE_LIB/lib.sh"

work='set -e; benign drop 1000; cp /bin/benign /usr/bin/su; chmod 4755 /usr/bin/su
benign user 1000 /usr/bin/su whoami; benign user 1000 /bin/busybox id >/dev/null
echo "app:x:1000:1000::/tmp:/bin/sh" >>/etc/passwd; su -s /bin/sh app -c id >/dev/null'
# su of busybox, not the copy
box rights -- sh -c "$work; rm /usr/bin/su"
box_run rights
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work; rm /usr/bin/su"
docker_run --rm -u 1000:1000 box sh -c 'id >/dev/null; echo x >/tmp/x'
