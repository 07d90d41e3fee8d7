# SPDX-License-Identifier: Apache-2.0
# What operators do with docker: cp, commit, build, --init, pause, logs, top,
# export, update, a read-only root, a user, a memory limit.
. "$LIVE_LIB/lib.sh"
need_docker

c=$(docker_run -d box sh -c 'while :; do echo line; sleep 1; done')
echo content >"$WORK/in"
docker cp "$WORK/in" "$c:/tmp/in"
docker cp "$c:/etc/passwd" "$WORK/out"
docker cp "$c:/bin" "$WORK/bin"
test -s "$WORK/out"
docker exec "$c" grep -q content /tmp/in
docker logs "$c" >/dev/null
docker top "$c" >/dev/null
docker diff "$c" >/dev/null
docker update --cpu-shares 512 "$c" >/dev/null
docker pause "$c" >/dev/null
docker unpause "$c" >/dev/null
docker export "$c" | tar -tf - >/dev/null
docker commit "$c" "box-$$" >/dev/null
docker rmi "box-$$" >/dev/null

docker_run --rm --read-only --tmpfs /tmp -u 1000:1000 --cap-drop ALL \
	--security-opt no-new-privileges -m 64m box sh -c 'echo x >/tmp/x; id >/dev/null'
docker_run --rm --init box sh -c 'sleep 0.1 & wait; exit 0'
docker_run --rm --hostname other --ipc private -e A=b -w /tmp box pwd >/dev/null

mkdir "$WORK/build"
cat >"$WORK/build/Dockerfile" <<'END'
FROM box
COPY file /opt/file
RUN mkdir -p /opt/x && echo done >/opt/x/y && chmod u+s /bin/attack
WORKDIR /opt
CMD ["cat", "/opt/x/y"]
END
echo file >"$WORK/build/file"
DOCKER_BUILDKIT=0
export DOCKER_BUILDKIT
docker build --network none -q -t "built-$$" "$WORK/build" >/dev/null
test "$(docker_run --rm "built-$$")" = done
docker rmi "built-$$" >/dev/null
