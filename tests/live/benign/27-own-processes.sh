# SPDX-License-Identifier: Apache-2.0
# Debuggers, profilers and thread dumps: within the container that they run in,
# or from one container of a pod on another.
. "$LIVE_LIB/lib.sh"

box own caps=SYS_PTRACE -- /bin/benign debug
box_run own
# In the host's pid namespace, still on its own child only.
box hostpid hostpid caps=SYS_PTRACE -- /bin/benign debug
box_run hostpid

need_docker
a=$(docker_run -d --cap-add SYS_PTRACE box sleep 600)
docker exec "$a" benign debug
docker exec "$a" sh -c 'sleep 60 & kill -HUP $!; kill -0 1'
docker run --rm --label "live=$NAME" --network none --pid "container:$a" --cap-add SYS_PTRACE \
	box sh -c 'cat /proc/1/environ /proc/1/maps >/dev/null; kill -TERM 1 || :'
