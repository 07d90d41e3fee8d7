# SPDX-License-Identifier: Apache-2.0
# Folders of the host, lent read-only and to be written, and much I/O in them.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/ro" "$WORK/rw"
echo config >"$WORK/ro/config"

work='cat /ro/config >/rw/copy; i=0
while [ $i -lt 300 ]; do echo $i >/rw/f.$i; mv /rw/f.$i /rw/g.$i; i=$((i+1)); done
tar -C /rw -cf /rw/all.tar . 2>/dev/null || :; find /rw -name "g.*" -delete
cd /rw; echo script >run; chmod +x run; ln -s run link; test -L link
if echo x 2>/dev/null >/ro/no; then exit 1; fi'

box bind "bind=$WORK/ro:/ro:ro" "bind=$WORK/rw:/rw" -- sh -c "$work"
box_run bind
rm -rf "${WORK:?}/rw"
mkdir "$WORK/rw"
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm -v "$WORK/ro:/ro:ro" -v "$WORK/rw:/rw" box sh -c "$work"
docker_run --rm -v "vol$$:/rw" -v "$WORK/ro:/ro:ro" box sh -c "$work"
docker volume rm "vol$$" >/dev/null
