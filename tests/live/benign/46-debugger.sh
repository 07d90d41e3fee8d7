# SPDX-License-Identifier: Apache-2.0
# A debugger and its program in one container: attached, poked, its memory read
# by three ways, a descriptor taken.
. "$LIVE_LIB/lib.sh"

box trace caps=SYS_PTRACE -- benign trace
box_run trace
box plain -- benign trace
box_run plain
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm --cap-add SYS_PTRACE box benign trace
