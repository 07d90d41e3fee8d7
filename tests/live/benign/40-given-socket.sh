# SPDX-License-Identifier: Apache-2.0
# A CI runner that was given the engine's socket, and lists containers.
# expects: BW-0120 once
. "$LIVE_LIB/lib.sh"
need_docker

docker_run --rm -v "$LIVE_DIR/docker.sock:/run/docker.sock" box benign ask /run/docker.sock 10
