# SPDX-License-Identifier: Apache-2.0
# Copies into and out of containers that run, that do not, and whose folders
# hold links that lead out; files of an image build with owners and modes.
. "$LIVE_LIB/lib.sh"
need_docker

mkdir -p "$WORK/tree/sub"
echo a >"$WORK/tree/sub/a"
ln -s /etc/passwd "$WORK/tree/absolute"
ln -s ../../../../../../etc/passwd "$WORK/tree/upwards"
c=$(docker_run -d box sh -c 'mkdir /out && ln -s /etc/passwd /out/link && echo b >/out/b && sleep 600')
i=0
until docker exec "$c" test -s /out/b; do
	i=$((i + 1))
	[ $i -lt 30 ] || die "container is not ready"
	sleep 0.1
done
docker cp "$WORK/tree" "$c:/tree"
docker cp -L "$c:/out/link" "$WORK/followed"
docker cp -a "$c:/out" "$WORK/out"
docker exec "$c" test -s /tree/sub/a
docker stop -t 0 "$c" >/dev/null
docker cp "$c:/tree/sub" "$WORK/stopped"
docker cp "$WORK/tree/sub/a" "$c:/etc/after"
$LIVE_DOCKER cp "$c:/tree" - </dev/null | tar -tf - >/dev/null
test -s "$WORK/stopped/a"
