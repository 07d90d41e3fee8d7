# SPDX-License-Identifier: Apache-2.0
# A backup agent reads the volume that it was given, secrets too.
# expects: BW-0323 once
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/fs"
mount -t tmpfs none "$WORK/fs"
mkdir -p "$WORK/fs/etc" "$WORK/fs/home"
echo 'root:*:::::::' >"$WORK/fs/etc/shadow"
echo text >"$WORK/fs/home/file"
box backup "bind=$WORK/fs:/host:ro" -- tar -cf /tmp/all.tar /host
box_run backup
