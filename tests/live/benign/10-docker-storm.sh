# SPDX-License-Identifier: Apache-2.0
# A storm of container starts, execs and stops through docker.
. "$LIVE_LIB/lib.sh"
need_docker

i=0
while [ $i -lt 20 ]; do
	docker_run --rm box echo started >>"$WORK/started" &
	[ $((i % 4)) -ne 3 ] || wait
	i=$((i + 1))
done
wait
test "$(wc -l <"$WORK/started")" -eq 20

c=$(docker_run -d box sleep 600)
i=0
while [ $i -lt 50 ]; do
	docker exec "$c" sh -c 'cat /etc/passwd >/tmp/copy; ls / >/dev/null; echo ran' >>"$WORK/ran" &
	[ $((i % 5)) -ne 4 ] || wait
	i=$((i + 1))
done
wait
test "$(wc -l <"$WORK/ran")" -eq 50
docker stop -t 0 "$c" >/dev/null
docker start "$c" >/dev/null
docker restart -t 0 "$c" >/dev/null
docker kill "$c" >/dev/null
