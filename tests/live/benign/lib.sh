# SPDX-License-Identifier: Apache-2.0
# Shared by the benign scripts. Sourced as: . "$LIVE_LIB/lib.sh"
#
# A script does one thing that healthy software does and exits with 0 when it
# was really done, or calls skip with a reason. The harness sets
#   LIVE_DIR      its temporary directory; image/ in it is the image "box"
#   LIVE_DOCKER   the docker client with the address of the harness's daemon
#   LIVE_HARNESS  the harness's program, which also writes bundles
#   LIVE_NO_DOCKER  why there is no daemon, or nothing
#   LIVE_PROGRAMS  where attack, benign and tricked are
set -eu

NAME=$(basename "$0" .sh)
WORK=$LIVE_DIR/benign.$NAME
PIDS=
BOXES=
mkdir -p "$WORK"

leave() {
	status=$?
	set +e
	for p in $PIDS; do kill "$p" 2>/dev/null; done
	for b in $BOXES; do runc delete -f "$b" >/dev/null 2>&1; done
	[ -n "$LIVE_NO_DOCKER" ] || docker_sweep
	grep -o "$WORK/[^ ]*" /proc/self/mountinfo | sort -r | while read -r m; do
		umount -l "$m" 2>/dev/null
	done
	rm -rf --one-file-system "$WORK"
	exit $status
}
trap leave EXIT

skip() {
	echo "$*"
	exit 77
}

die() {
	echo "$*"
	exit 1
}

need() {
	for c; do command -v "$c" >/dev/null || skip "no $c"; done
}

need_docker() {
	[ -z "$LIVE_NO_DOCKER" ] || skip "$LIVE_NO_DOCKER"
}

docker() {
	$LIVE_DOCKER "$@" </dev/null
}

# A container of this script; the sweep at the end finds it.
docker_run() {
	docker run --label "live=$NAME" --network none "$@"
}

docker_sweep() {
	for c in $(docker ps -aq --filter "label=live=$NAME" 2>/dev/null); do
		docker rm -f "$c" >/dev/null 2>&1 || :
	done
}

# box ID [options of harness --bundle] -- argv: a bundle in $WORK/ID.
box() {
	id=$1
	shift
	"$LIVE_HARNESS" --bundle "$WORK/$id" "$@"
	BOXES="$BOXES bw-$NAME-$id"
}

# Names for runc: its containers are known by one name on the whole machine.
box_id() {
	echo "bw-$NAME-$1"
}

box_run() {
	runc run -b "$WORK/$1" "$(box_id "$1")" </dev/null
}

box_start() {
	runc run -d -b "$WORK/$1" "$(box_id "$1")" </dev/null >/dev/null 2>&1
}

box_exec() {
	id=$1
	shift
	runc exec "$(box_id "$id")" "$@" </dev/null
}

box_stop() {
	runc delete -f "$(box_id "$1")"
}

box_pid() {
	runc state "$(box_id "$1")" | jq .pid
}
