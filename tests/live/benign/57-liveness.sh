# SPDX-License-Identifier: Apache-2.0
# A liveness check by exec, thirty times in a row.
. "$LIVE_LIB/lib.sh"

box service -- sh -c 'echo ok >/tmp/health; while :; do sleep 1; done'
box_start service
i=0
while [ $i -lt 30 ]; do
	test "$(box_exec service cat /tmp/health)" = ok
	i=$((i + 1))
done
