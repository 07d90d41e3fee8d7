# SPDX-License-Identifier: Apache-2.0
# Sockets as standard input that are no shell's connection: FastCGI's listening one and
# a pair of Unix sockets. Beside it, the peer of one's own socket and a handle of one's
# own namespace.
. "$LIVE_LIB/lib.sh"

work='set -e; benign stdio; benign peer; benign own-handle'
box stdin -- sh -c "$work"
box_run stdin
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work"
