# SPDX-License-Identifier: Apache-2.0
# A service with many neighbours: it polls forty targets that answer, comes back to
# one of them again and again, and retries one that is down.
. "$LIVE_LIB/lib.sh"

box net -- sh -c 'set -e
echo well >/tmp/health; httpd -p 8080 -h /tmp; sleep 0.2
for i in $(seq 1 40); do wget -q -O /dev/null "http://127.0.0.$i:8080/health"; done
for i in $(seq 1 40); do wget -q -O /dev/null http://127.0.0.1:8080/health; done
for i in $(seq 1 12); do nc -w 1 127.0.0.1 5432 </dev/null 2>/dev/null && exit 1; done
true'
box_run net
