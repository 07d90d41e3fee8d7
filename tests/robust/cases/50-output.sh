# SPDX-License-Identifier: Apache-2.0
# Outputs that fail: nothing is lost in silence, nothing stops the watch.

is_alive() { ! is_gone "$agent" && engine_pid >/dev/null; }
# start_with OUTPUT-COMMAND...: like agent_start, but stdout is what the caller set.
start_to_stdout() {
	messages=$dir/messages.$((++n_runs))
	"$brigwatch" run --rules "$rules" --format json 2>"$messages" </dev/null &
	agent=$!
	started+=" $agent"
	agent_wait_ready
}

# ---- a full file system ----
full=$dir/full
mkdir -p "$full"
if mount -t tmpfs -o size=1m,mode=700 tmpfs "$full" 2>/dev/null; then
	agent_start --output "$full/alerts.json"
	alerts=$full/alerts.json
	box_serve full
	act marker-space
	alerted marker-space
	dd if=/dev/zero of="$full/fill" bs=4k count=1000 2>/dev/null
	dd if=/dev/zero of="$full/fill2" bs=1 count=4096 2>/dev/null
	for i in 1 2 3 4 5; do act "marker-full-$i"; done
	sleep 0.3
	check "output: full disk: the agent runs on" "it ended" is_alive
	check "output: full disk: said once" "said $(n_said 'cannot write an alert') times" \
		[ "$(n_said 'cannot write an alert')" -eq 1 ]
	rm -f "$full/fill" "$full/fill2"
	act marker-space-again
	check "output: full disk: writes again when there is space" "no alert" alerted marker-space-again
	check "output: full disk: and says so" "$(cat "$messages")" said 'alerts are written again'
	box_end
	agent_stop
	check "output: full disk: ends with 0" "exit $status" [ $status -eq 0 ]
	check "output: full disk: what waited is written, too" "$(not_written) not written, $(grep -c marker-full "$alerts") of 5" \
		eval '[ "$(not_written)" -eq 0 ] && for i in 1 2 3 4 5; do has_alert "marker-full-$i" || exit 1; done'
	check "output: full disk: no broken line" "$(jq -c . "$alerts" 2>&1 >/dev/null)" jq -e . "$alerts" >/dev/null
	umount "$full" && full=
else
	full=
	skip "output: full disk" "cannot mount a tmpfs here"
fi

agent_start --output /dev/full
box_serve devfull
for i in 1 2 3; do act "marker-devfull-$i"; done
sleep 0.3
check "output: /dev/full: the agent runs on" "it ended" is_alive
check "output: /dev/full: said once" "said $(n_said 'cannot write an alert') times" [ "$(n_said 'cannot write an alert')" -eq 1 ]
box_end
agent_stop
# The three acts, and what is told beside them.
check "output: /dev/full: ends with 0, all $(n_alerts) alerts not written" "exit $status, $(not_written) of $(n_alerts) not written" \
	eval '[ $status -eq 0 ] && [ "$(not_written)" -ge 3 ] && [ "$(not_written)" -eq "$(n_alerts)" ]'
left=$(not_written)
agent_start --output /dev/full
check "output: /dev/full: the next run has the $left that are left" "$(cat "$messages")" said "$left alerts of an earlier run wait"
agent_stop
rm -f /run/brigwatch/outbox-*

# ---- stdout ----
timeout 10 "$brigwatch" run --rules "$rules" >&- 2>"$dir/refused" </dev/null
code=$?
check "output: closed stdout: exit 5: $(head -n 1 "$dir/refused" | cut -c 1-100)" "exit $code: $(cat "$dir/refused")" \
	eval '[ $code -eq 5 ] && grep -q "stdout is closed" "$dir/refused"'

mkfifo "$dir/pipe"
head -n 1 "$dir/pipe" >"$dir/head.out" &
started+=" $!"
start_to_stdout >"$dir/pipe"
box_serve head
act marker-head-1
wait_for 3 test -s "$dir/head.out"
sleep 0.2
act marker-head-2
wait_end "$agent" 6
check "output: reader gone: exit 5" "exit $status" [ "$status" -eq 5 ]
check "output: reader gone: said: $(grep 'output:' "$messages" | head -n 1 | cut -c 1-120)" "$(cat "$messages")" \
	said 'nobody reads|reader'
check "output: reader gone: nothing left in the kernel" "hooks are attached" nothing_left
box_end

# A reader that sleeps, then wakes up.
rm -f "$dir/pipe" && mkfifo "$dir/pipe"
(until [ -e "$dir/wake" ]; do sleep 0.1; done; exec cat) <"$dir/pipe" >"$dir/blocked.json" &
started+=" $!"
start_to_stdout >"$dir/pipe"
alerts=$dir/blocked.json
box_serve blocked
begin=$(now_ms)
for i in $(seq 1 60); do act "marker-blocked-$i"; done
sleep 1.5
check "output: sleeping reader: the agent runs on" "it ended: $(tail -n 2 "$messages")" is_alive
check "output: sleeping reader: said once" "said $(n_said 'cannot write an alert') times" \
	[ "$(n_said 'cannot write an alert')" -eq 1 ]
touch "$dir/wake"
sleep 0.5
act marker-awake
check "output: sleeping reader: writes again when it wakes" "no alert" alerted marker-awake
check "output: sleeping reader: no loss alert" "$(grep -c BW-0190 "$alerts")" eval '! grep -q BW-0190 "$alerts"'
box_end
begin=$(now_ms)
agent_stop
check "output: sleeping reader: ends with 0 ($(($(now_ms) - begin)) ms)" "exit $status: $(tail -n 3 "$messages")" [ "$status" -eq 0 ]
wait_for 2 is_gone "$!"
written=$(jq -r '.file.path // empty' "$alerts" | grep -c marker-)
check "output: sleeping reader: all of 61 alerts are written" "$written written, $(not_written) not" \
	eval '[ "$written" -ge 61 ] && [ "$(not_written)" -eq 0 ]'
check "output: sleeping reader: whole lines only" "broken JSON" eval 'jq -e . "$alerts" >/dev/null'

# Nobody ever reads: the end is bounded too.
rm -f "$dir/pipe" "$dir/wake" && mkfifo "$dir/pipe"
sleep 30 <"$dir/pipe" &
sleeper=$!
started+=" $sleeper"
start_to_stdout >"$dir/pipe"
box_serve never
for i in $(seq 1 60); do act "marker-never-$i"; done
begin=$(now_ms)
agent_stop
took=$(($(now_ms) - begin))
check "output: reader that never wakes: ends with 0 within 5 s ($took ms), $(not_written) not written" \
	"exit $status after $took ms: $(tail -n 3 "$messages")" \
	eval '[ "$status" -eq 0 ] && [ $took -lt 5000 ] && [ "$(not_written)" -gt 0 ]'
kill "$sleeper"
box_end

# What others share of our stdout stays as it was.
rm -f "$dir/pipe" && mkfifo "$dir/pipe"
cat "$dir/pipe" >"$dir/shared.json" &
exec {shared}<>"$dir/pipe"
start_to_stdout >&"$shared"
alerts=$dir/shared.json
box_serve shared
act marker-shared
check "output: pipe: alerts come" "no alert" alerted marker-shared
flags=$(sed -n 's/^flags:	*//p' "/proc/$$/fdinfo/$shared")
check "output: pipe: the shell's own end is not made O_NONBLOCK" "flags $flags" [ $((flags & 04000)) -eq 0 ]
box_end
agent_stop
exec {shared}>&-

# A stream socket, as under systemd, that nobody reads for a while.
messages=$dir/messages.$((++n_runs)) alerts=$dir/socket.json
"$programs/socket_out" "$dir/wake2" "$dir/socket.pid" "$brigwatch" run --rules "$rules" --format json \
	>"$alerts" 2>"$messages" </dev/null &
socket_out=$!
started+=" $socket_out"
agent_wait_ready
read -r agent <"$dir/socket.pid"
box_serve socket
for i in $(seq 1 60); do act "marker-socket-$i"; done
sleep 1.5
check "output: socket nobody reads: the agent runs on" "$(tail -n 2 "$messages")" is_alive
check "output: socket nobody reads: said once" "said $(n_said 'cannot write an alert') times" \
	[ "$(n_said 'cannot write an alert')" -eq 1 ]
touch "$dir/wake2"
sleep 0.5
act marker-socket-awake
check "output: socket: writes again when it is read" "no alert" alerted marker-socket-awake
box_end
kill -TERM "$agent"
wait_end "$socket_out" 6
written=$(jq -r '.file.path // empty' "$alerts" | grep -c marker-)
check "output: socket: ends with 0, all of 61 alerts are written" "exit $status, $written written, $(not_written) not" \
	eval '[ $status -eq 0 ] && [ "$written" -ge 61 ] && [ "$(not_written)" -eq 0 ] && jq -e . "$alerts" >/dev/null'

# Half a line that somebody left is not made one with the next alert.
alerts=$dir/half.json messages=$dir/messages.$((++n_runs))
printf '{"half' >"$alerts"
(
	ulimit -f 32
	exec "$brigwatch" run --rules "$rules" --format json --output "$alerts" 2>"$messages" </dev/null
) &
agent=$!
started+=" $agent"
agent_wait_ready
box_serve half
act marker-half-1
check "output: half a line of a former run: the next is whole" "$(head -n 2 "$alerts" | cut -c 1-60)" alerted marker-half-1
printf '{"other' >>"$alerts"
kill -KILL "$(output_pid)"
act marker-half-2
alerted marker-half-2
check "output: half a line while no output process runs: the next is whole" "$(grep -ac other "$alerts")" \
	eval '[ "$(jq -R -r "fromjson? | .file.path" "$alerts" | grep -c marker-half)" -eq 2 ]'
for i in 3 4 5 6 7 8 9 10; do act "marker-half-$i"; done
sleep 0.3
check "output: file at its size limit: the agent runs on" "$(tail -n 2 "$messages")" is_alive
check "output: file at its size limit: said: $(grep 'cannot write' "$messages" | cut -c 1-80)" "$(cat "$messages")" said 'File too large'
box_end
agent_stop
check "output: file at its size limit: ends with 0, $(not_written) not written" "exit $status" \
	eval '[ $status -eq 0 ] && [ "$(not_written)" -gt 0 ]'

# Files are moved away: by logrotate, which sends SIGHUP, and by the agent itself.
mkdir -p "$dir/rotate"
agent_start --output "$dir/rotate/hup.json" --output "$dir/rotate/size.json,max_size=64K,keep=3"
alerts=$dir/rotate/hup.json
box_serve rotate
act marker-before
alerted marker-before
mv "$alerts" "$dir/rotate/hup.old"
act marker-between
wait_for 3 grep -qs 'marker-between"' "$dir/rotate/hup.old"
kill -HUP "$agent"
wait_for 3 test -e "$alerts"
for i in $(seq 1 80); do act "marker-rotated-$i"; done
check "output: SIGHUP: what comes then is in the new file" "$(grep -c . "$alerts" "$dir/rotate/hup.old")" alerted marker-rotated-80
check "output: SIGHUP: what came before in the old one" "not" \
	eval 'jq -r .file.path "$dir/rotate/hup.old" | grep -q marker-before && ! jq -r .file.path "$alerts" | grep -q marker-before'
box_end
agent_stop
sizes=$(stat -c %s "$dir/rotate"/size.json* | tr '\n' ' ')
n_files=$(ls "$dir/rotate" | grep -c '^size')
check "output: rotation by size: four files, each within 64K: $sizes" "$n_files files: $sizes" \
	eval '[ $n_files -eq 4 ] && for size in $sizes; do [ $size -le 65536 ] || exit 1; done'
check "output: rotation by size: the newest alert is in the newest file, the one before in that or the next" "not" \
	eval 'grep -qF "marker-rotated-80\"" "$dir/rotate/size.json" && cat "$dir/rotate/size.json.1" "$dir/rotate/size.json" | grep -qF "marker-rotated-79\""'
check "output: rotation by size: whole lines" "broken" eval 'cat "$dir/rotate"/size.json* | jq -e . >/dev/null'
rm -f /run/brigwatch/outbox-*
