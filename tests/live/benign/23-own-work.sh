# SPDX-License-Identifier: Apache-2.0
# Steady work on what is one's own: files, io_uring, sockets (one with a name
# that sounds like a runtime's), the log socket that the host lends, one's own
# program run again by its link and from memory.
. "$LIVE_LIB/lib.sh"

work='set -e; benign opens 5000; benign uring /tmp/db; benign selfexe
benign socket /tmp/app.sock; benign socket /run/docker.sock; benign connect /log
mkfifo /tmp/f; (echo x >/tmp/f &); cat /tmp/f >/dev/null
mkdir /tmp/own; cat /bin/busybox >/tmp/own/ls; chmod +x /tmp/own/ls; /tmp/own/ls / >/dev/null
exec 5</etc/passwd; cat /proc/self/fd/5 >/dev/null; find / -xdev >/dev/null'

box work "bind=$LIVE_DIR/log.sock:/log" -- sh -c "$work"
box_run work
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm -v "$LIVE_DIR/log.sock:/log" box sh -c "$work"
