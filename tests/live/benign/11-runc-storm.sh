# SPDX-License-Identifier: Apache-2.0
# A storm of container starts, execs and stops through runc alone.
. "$LIVE_LIB/lib.sh"
need runc jq

box short -- true
i=0
while [ $i -lt 20 ]; do
	box_run short
	i=$((i + 1))
done

box long -- sleep 600
box_start long
i=0
while [ $i -lt 50 ]; do
	box_exec long sh -c 'cat /etc/passwd >/tmp/copy'
	i=$((i + 1))
done
runc pause "$(box_id long)"
runc resume "$(box_id long)"
runc ps "$(box_id long)" >/dev/null
runc events --stats "$(box_id long)" >/dev/null
box_exec long test -s /tmp/copy
runc kill "$(box_id long)" KILL

# Created first, started later: the way of every engine.
box two -- true
runc create -b "$WORK/two" "$(box_id two)" </dev/null >/dev/null 2>&1
runc start "$(box_id two)"
