# SPDX-License-Identifier: Apache-2.0
# Terminals that programs of the container make for themselves and type into.
. "$LIVE_LIB/lib.sh"

box pty -- sh -c 'benign pty && benign pty'
box_run pty
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box benign pty
