# SPDX-License-Identifier: Apache-2.0
# A hundred SIGKILLs at random moments, to every process of the agent in turn,
# while a container acts: at the end every act has its alert. Twice is allowed,
# not at all is not.

n_kills=${KILLS:-100}
alerts=$dir/kills.json messages=$dir/messages.kills
: >"$alerts"
touch "$dir/supervise"
# What systemd would do: start it again, whatever it ended with.
supervisor() {
	while [ -e "$dir/supervise" ]; do
		"$brigwatch" run --rules "$rules" --format json --output "$alerts" 2>>"$messages" </dev/null &
		echo $! >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid"
		wait $! 2>/dev/null
		echo "# exit $?" >>"$messages"
	done
}
supervisor &
supervisor=$!
started+=" $supervisor"
wait_for 10 grep -qs ': watching with' "$messages"

box_run kills acts "$foreign/act-" 9999 20
sleep 0.3
wait_agent() { read -r agent <"$dir/pid" && ! is_gone "$agent"; }
kill_one() {
	local pids
	wait_for 3 wait_agent || return 1
	sleep "0.$(printf '%03d' $((RANDOM % 250)))"
	wait_agent || wait_for 3 wait_agent || return 1
	case $1 in
	sensor) pids=$agent ;;
	engine) wait_for 2 engine_pid >/dev/null; pids=$(engine_pid) ;;
	reader) wait_for 2 reader_pid >/dev/null; pids=$(reader_pid) ;;
	output) wait_for 2 output_pid >/dev/null; pids=$(output_pid) ;;
	resolver) wait_for 2 resolver_pid >/dev/null; pids=$(resolver_pid) ;;
	group) pids="$agent $(children)" ;;
	esac
	[ -n "$pids" ] && kill -KILL $pids 2>/dev/null
}
agent=$(cat "$dir/pid")
victims=(sensor engine output reader group)
resolver_pid >/dev/null && victims+=(resolver)
killed=0
begin=$(now_ms)
for ((i = 0; killed < n_kills && i < 2 * n_kills; i++)); do
	kill_one "${victims[i % ${#victims[@]}]}" && killed=$((killed + 1))
done
took=$(($(now_ms) - begin))
# Whose acts wait in the ring can only be told as long as it lives.
wait_for 5 wait_agent
wait_for 5 engine_pid >/dev/null
sleep 0.5
runc kill "$prefix-kills" TERM
wait_end "$box" 5
n_acts=$(sed -nE 's/^done ([0-9]+)$/\1/p' "$dir/kills.out")
check "kills: $killed SIGKILLs in $((took / 1000)) s, the container acted ${n_acts:-?} times" "$(cat "$dir/kills.err")" \
	eval '[ $killed -eq $n_kills ] && [ "${n_acts:-0}" -gt 500 ]'
echo "# $(grep -c 'watching with' "$messages") starts, $(grep -c 'took over' "$messages") take-overs, $(grep -c 'the engine was ended' "$messages") engines and $(grep -cE 'the (reader|resolver) was ended' "$messages") readers and $(grep -c 'the output process was ended' "$messages") output processes started again"
grep -v 'watching with\|took over\|the engine was ended\|the reader was ended\|the resolver was ended\|the output process was ended\|earlier run wait\|# exit\|summary\|sensor is gone' "$messages" | sort | uniq -c | head -n 10 | sed 's/^/# /'

# The last one reads what is left.
rm -f "$dir/supervise"
wait_for 5 wait_agent
n_watching() { [ "$(grep -c 'watching with' "$messages")" -gt "$1" ]; }
sleep 2
last_is_alerted() { grep -aqE "act-$(printf %04d "$n_acts")\"" "$alerts"; }
wait_for 5 last_is_alerted
kill -TERM "$agent"
wait_end "$supervisor" 8

jq -R -r 'fromjson? | select(.rule_id == "BW-0103") | [(.file.path | sub(".*/"; "")), .container.id, (.process.ancestors | length)] | @tsv' \
	"$alerts" >"$dir/kills.tsv"
cut -f1 "$dir/kills.tsv" | sort -u >"$dir/kills.got"
seq -f 'act-%04g' 1 "${n_acts:-1}" | sort >"$dir/kills.want"
lost=$(comm -13 "$dir/kills.got" "$dir/kills.want" | wc -l)
twice=$(($(wc -l <"$dir/kills.tsv") - $(wc -l <"$dir/kills.got")))
check "kills: no act without an alert ($twice alerts came twice)" "$lost of $n_acts are lost: $(comm -13 "$dir/kills.got" "$dir/kills.want" | head -n 8 | tr '\n' ' ')" [ "$lost" -eq 0 ]
right=$(cut -f1,2 "$dir/kills.tsv" | grep -P "\t$prefix-kills\$" | sort -u | wc -l)
check "kills: every act is told with the right container" "$right of $n_acts" [ "$right" -eq "${n_acts:-0}" ]
broken=$(jq -R -c 'try (fromjson | empty) catch 1' "$alerts" | wc -l)
check "kills: no alert is merged with the rest of another" "$broken broken lines beside the whole ones" [ "$broken" -le "$killed" ]
echo "# $broken cut lines"
books
check "kills: the books still add up" "$(grep books "$messages" | tail -n 1)" books
check "kills: nothing was dropped" "$dropped" [ "${dropped:-1}" -eq 0 ]
check "kills: the end is clean" "something is left" nothing_left
