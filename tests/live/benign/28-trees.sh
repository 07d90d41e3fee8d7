# SPDX-License-Identifier: Apache-2.0
# Trees changed all day long, on the container's own volume and in its image:
# data bases, log rotation, atomic updates, package swaps, copies with all
# attributes, files made without a name.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/rw"

work='set -e; cd /rw
i=0; while [ $i -lt 60 ]; do
	echo page >db-journal; sync; echo page >>db; rm db-journal; i=$((i+1))
done; : >db; truncate -s 100000 db; truncate -s 10 db
mkdir ..v1; echo a >..v1/conf; ln -s ..v1 ..data; ln -s ..data/conf conf
mkdir ..v2; echo b >..v2/conf; ln -s ..v2 ..data_tmp; mv -T ..data_tmp ..data; rm -r ..v1
test "$(cat conf)" = b
echo log >app.log; mv app.log app.log.1; echo log >app.log; gzip app.log.1; ln -sf app.log current
mkdir -p mod/new mod/bin; echo js >mod/new/index.js; mv mod/new mod/pkg
chmod 755 mod/pkg/index.js; ln -s ../pkg/index.js mod/bin/pkg; ln -s ../../mod mod/pkg/self
mkdir -p tree/sub; echo x >tree/sub/f; chmod 640 tree/sub/f; chown 1000:1000 tree/sub/f
touch -d @1 tree/sub/f; mkfifo tree/fifo; cp -a tree copy; chmod 1777 tree; chmod 2775 copy
ln copy/sub/f hard; rm -r tree; benign trees /rw
cd /; mkdir -p /img/dev; cp -a /rw/copy /img/; mv /img/copy /img/moved
mknod /img/dev/null c 1 3 2>/dev/null || :; mknod /img/dev/zero c 1 5 2>/dev/null || :
chmod 4755 /bin/benign; ln -s /usr/bin/env /img/env; rm -r /img'

box bind "bind=$WORK/rw:/rw" -- sh -c "$work"
box_run bind
rm -rf "${WORK:?}/rw"
mkdir "$WORK/rw"
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm --security-opt seccomp=unconfined -v "$WORK/rw:/rw" box sh -c "$work"
docker_run --rm -v "trees$$:/rw" --tmpfs /tmp box sh -c "$work"
rm -rf "${WORK:?}/rw"
mkdir "$WORK/rw"
docker_run --rm --pid=host --cap-add SYS_PTRACE -v "$WORK/rw:/rw" box sh -c "$work"
docker volume rm "trees$$" >/dev/null
