# SPDX-License-Identifier: Apache-2.0
# A wide build and a test runner: thousands of short processes, some hundreds at a
# time.
. "$LIVE_LIB/lib.sh"
work='i=0; while [ $i -lt 12 ]; do
	j=0; while [ $j -lt 300 ]; do benign true & j=$((j+1)); done; wait; i=$((i+1)); done'
box wide -- sh -c "$work"
box_run wide
