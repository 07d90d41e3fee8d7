# SPDX-License-Identifier: Apache-2.0
# What runtimes set, bind and hide on the operator's behalf when a container starts.
. "$LIVE_LIB/lib.sh"

# A runtime of no known name that does what all of them do.
box own -- true
cp "$LIVE_PROGRAMS/tricked" "$WORK/tricked-honest"
"$WORK/tricked-honest" run -b "$WORK/own" "live-$$"

[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shm_rmid_forced=1 \
	--sysctl kernel.msgmax=65536 --hostname inner --domainname example.test box true
docker_run --rm -v /proc:/host/proc:ro -v /sys:/host/sys:ro box cat /host/proc/loadavg >/dev/null
docker_run --rm --security-opt systempaths=unconfined --security-opt seccomp=unconfined \
	--cap-add SYS_ADMIN box true
docker_run --rm -t box true >/dev/null
