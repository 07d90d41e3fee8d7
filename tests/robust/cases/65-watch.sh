# SPDX-License-Identifier: Apache-2.0
# The live view: shows what containers do and alerts, and never holds up the agent.

run_dir=/run/brigwatch
n_views=0
# view_start OPTION...: output in $shown, messages in $view_said, pid in $view.
view_start() {
	n_views=$((n_views + 1))
	shown=$dir/watch.$n_views view_said=$dir/watch.$n_views.err
	"$brigwatch" watch --rules "$rules" "$@" >"$shown" 2>"$view_said" </dev/null &
	view=$!
	started+=" $view"
}
view_stop() { kill -INT "$view" 2>/dev/null; wait_end "$view" 12; }
# The engine has it: what happens from now on is copied to it.
view_ready() {
	# shellcheck disable=SC2016
	wait_for 10 sh -c 'ls -l /proc/$1/fd | grep -q socket:' sh "$view"
	sleep 0.5
}
shows() { wait_for "${2:-5}" grep -qsE -- "$1" "$shown"; }

# ---- without an agent: one of its own ----
view_start
wait_for 10 grep -qs 'watching with' "$view_said"
box_serve own
act marker-watch-own
check "watch: starts an agent and shows an exec" "$(cat "$view_said")" shows "$prefix-own +[^ ]*actor.* exec +/actor"
check "watch: and an alert" "$(tail -n 3 "$shown")" shows 'BW-[0-9]+ .*marker-watch-own'
check "watch: no colour but on a terminal" "escapes" eval '! grep -q "$(printf "\033")" "$shown"'
box_end
view_stop
check "watch: Ctrl-C ends both with 0" "exit $status: $(cat "$view_said")" [ "$status" -eq 0 ]
check "watch: nothing is left in the kernel" "hooks are attached" nothing_left

# ---- beside an agent ----
agent_start
messages_agent=$messages
box_serve there
act marker-watch-before
view_start --tree
# What ran before is known: the next act names its container.
view_ready
act marker-watch-there
check "watch: attaches to the agent, knows containers that ran before" "$(cat "$shown" "$view_said")" \
	shows "$prefix-there .*marker-watch-there"
check "watch: starts no agent beside it" "$(cat "$view_said")" eval '! grep -q "no agent runs" "$view_said"'

view_start --filter 'proc.name = no-such-name'
filtered=$view filtered_shown=$shown
view_ready
view_start --container "$prefix-other"
view_ready
act marker-watch-filtered
sleep 0.5
check "watch: --filter leaves out events, not alerts" "$(cat "$filtered_shown")" \
	eval '! grep -qE " (exec|open) " "$filtered_shown" && grep -q "BW-.*marker-watch-filtered" "$filtered_shown"'
check "watch: --container leaves out all others" "$(cat "$shown")" eval '! grep -q marker-watch-filtered "$shown"'
kill -INT "$filtered"; wait_end "$filtered" 5
view_stop
view_start --filter 'proc.nme = x'
wait_end "$view" 5
check "watch: a wrong filter: exit 2, what was meant" "exit $status: $(cat "$view_said")" \
	eval '[ $status -eq 2 ] && grep -q "did you mean .proc.name" "$view_said"'

check "watch: the socket is root's alone" "$(stat -c '%a %u' "$run_dir/watch.sock")" \
	[ "$(stat -c '%a %u' "$run_dir/watch.sock")" = "600 0" ]
setpriv --reuid=65534 --regid=65534 --clear-groups "$brigwatch" watch >"$dir/nobody" 2>&1 </dev/null
code=$?
check "watch: nobody is refused: exit 3" "exit $code: $(cat "$dir/nobody")" [ $code -eq 3 ]

# ---- a view that does not read ----
view_start --all
view_ready
kill -STOP "$view"
begin=$(now_ms)
for i in $(seq 1 60); do act "marker-watch-slow-$i"; done
took=$(($(now_ms) - begin))
check "watch: a stopped view does not hold up alerts ($took ms for 60)" "$(n_said 'cannot write')" alerted marker-watch-slow-60
# More alerts than its socket holds, whatever the budget of one container lets through.
n_noise() { grep -c /noise- "$alerts"; }
for round in $(seq 1 20); do
	[ "$(n_noise)" -lt 3000 ] || break
	noisy=()
	for i in 1 2 3 4; do
		box_make "noisy$i" acts "$foreign/noise-$round-" 1000 0
		runc run --bundle "$dir/box.noisy$i" "$prefix-noisy$i" >/dev/null 2>&1 </dev/null &
		noisy+=($!)
	done
	wait "${noisy[@]}"
done
check "watch: nor $(n_noise) of a flood" "" [ "$(n_noise)" -ge 3000 ]
kill -CONT "$view"
check "watch: what it missed is told" "$(tail -n 3 "$shown")" shows '^-- [0-9]+ events were not shown' 10
view_stop

# ---- the engine falls ----
view_start
view_ready
kill -KILL "$(engine_pid)"
check "watch: comes back after the engine fell" "$(cat "$shown" "$view_said")" shows 'engine was started anew' 10
# The new engine has the view a moment after the view has the socket.
shows_on() { act marker-watch-again && shows marker-watch-again 1; }
check "watch: and shows on" "$(tail -n 3 "$shown")" wait_for 8 shows_on
messages=$messages_agent
box_end
agent_stop
check "watch: the agent ends with 0 and books that add up" "exit $status" eval '[ $status -eq 0 ] && books'
wait_end "$view" 5
check "watch: the view ends with the agent: says so" "exit $status: $(cat "$view_said")" \
	eval '[ $status -eq 0 ] && grep -q "agent has ended" "$view_said"'
check "watch: no socket is left" "$(ls "$run_dir")" eval '! [ -e "$run_dir/watch.sock" ]'
