# SPDX-License-Identifier: Apache-2.0
# Refusals that are nobody's attack: by mode bits, by read-only mounts, because
# the program runs.
. "$LIVE_LIB/lib.sh"

echo text >"$WORK/setting"
box plain bind="$WORK/setting":/etc/setting:ro -- benign refused /etc/setting
box_run plain
# The same with the host's processes in sight
box hostpid hostpid bind="$WORK/setting":/etc/setting:ro -- benign refused /etc/setting
box_run hostpid
# Started by a shell, output in a file of the host
box file bind="$WORK/setting":/etc/setting:ro -- sh -c 'benign refused /etc/setting; exit $?'
box_run file >"$WORK/log" 2>&1
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm -v "$WORK/setting":/etc/setting:ro box benign refused /etc/setting
