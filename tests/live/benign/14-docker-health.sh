# SPDX-License-Identifier: Apache-2.0
# A health check that runs every second.
. "$LIVE_LIB/lib.sh"
need_docker

c=$(docker_run -d --health-cmd 'cat /proc/1/stat >/dev/null' --health-interval 1s \
	--health-start-period 1s box sleep 600)
i=0
until [ "$(docker inspect -f '{{.State.Health.Status}}' "$c")" = healthy ]; do
	i=$((i + 1))
	[ $i -lt 30 ] || die "never healthy"
	sleep 0.3
done
sleep 3
