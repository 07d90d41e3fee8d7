# SPDX-License-Identifier: Apache-2.0
# A build with eight jobs at a time: short-lived processes by the thousand, many
# small files.
. "$LIVE_LIB/lib.sh"

work='set -e; benign forks 2000; mkdir -p /b; i=0
while [ $i -lt 300 ]; do echo $i >/b/$i.c; i=$((i + 1)); done
ls /b | xargs -P 8 -n 10 sh -c "cd /b; cat \"\$@\" >/dev/null" x'
box build -- sh -c "$work"
box_run build
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work"
