# SPDX-License-Identifier: Apache-2.0
# Killed while it attaches for the first time, or while it takes everything away:
# the next one finds whatever is there and watches.

failures=
for i in $(seq 1 6); do
	"$brigwatch" run --rules "$rules" --output "$dir/birth.json" 2>"$dir/birth" </dev/null &
	agent=$!
	started+=" $agent"
	if [ $((i % 2)) -eq 0 ]; then
		messages=$dir/birth
		agent_wait_ready
		kill -TERM "$agent"
		sleep "0.0$(printf '%02d' $((RANDOM % 60)))"
	else
		sleep "0.$(printf '%03d' $((RANDOM % 250)))"
	fi
	all="$agent $(children)"
	kill -KILL $all 2>/dev/null
	wait_end "$agent" 3
	agent_start || { failures+=" $i(start)"; continue; }
	box_serve "birth$i"
	act "marker-birth-$i"
	alerted "marker-birth-$i" || failures+=" $i(alert)"
	box_end
	agent_stop
	[ "$status" -eq 0 ] || failures+=" $i(exit $status)"
	nothing_left || failures+=" $i(left)"
done
check "births: killed six times while it started or ended, the next one watches and ends cleanly" "failures:$failures" [ -z "$failures" ]
