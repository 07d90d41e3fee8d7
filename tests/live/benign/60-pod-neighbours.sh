# SPDX-License-Identifier: Apache-2.0
# A side-car in the process namespace of its neighbour looks at its figures, and
# sends it a signal.
. "$LIVE_LIB/lib.sh"
need_docker

a=$(docker_run -d box sh -c 'trap "echo got >/tmp/got" HUP; while :; do sleep 0.2; done')
docker run --rm --label "live=$NAME" --network "container:$a" --pid "container:$a" box \
	sh -c 'cat /proc/1/stat /proc/1/status /proc/1/cmdline /proc/1/limits >/dev/null; top -b -n 1 >/dev/null; kill -HUP 1'
i=0
until docker exec "$a" test -s /tmp/got; do
	i=$((i + 1))
	[ $i -lt 20 ] || die "the signal did not arrive"
	sleep 0.2
done
