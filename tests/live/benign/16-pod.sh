# SPDX-License-Identifier: Apache-2.0
# A pod: containers that share a network and a process namespace.
. "$LIVE_LIB/lib.sh"
need_docker

a=$(docker_run -d --ipc shareable box sleep 600)
docker run --rm --label "live=$NAME" --network "container:$a" --pid "container:$a" \
	--ipc "container:$a" box sh -c 'ps >/dev/null; cat /proc/1/stat /proc/1/status >/dev/null; ls -l /proc/net >/dev/null'
docker exec "$a" ps >/dev/null
