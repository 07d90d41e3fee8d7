# SPDX-License-Identifier: Apache-2.0
# One agent a host; a clean end leaves nothing behind.

for signal in TERM INT; do
	agent_start
	all="$agent $(children)"
	box_serve "stop$signal"
	act "marker-$signal"
	alerted "marker-$signal"
	if [ $signal = TERM ]; then
		begin=$(now_ms)
		timeout 20 "$brigwatch" run --rules "$rules" >/dev/null 2>"$dir/second" </dev/null
		code=$?
		check "stop: a second agent is refused with exit 2: $(tail -n 1 "$dir/second" | cut -c 1-120)" \
			"exit $code after $(($(now_ms) - begin)) ms: $(cat "$dir/second")" \
			eval '[ $code -eq 2 ] && grep -q "another brigwatch" "$dir/second"'
		act marker-still
		check "stop: the first agent does not mind" "no alert" alerted marker-still
	fi
	begin=$(now_ms)
	agent_stop $signal
	took=$(($(now_ms) - begin))
	check "stop: SIG$signal ends with 0 within 5 s ($took ms)" "exit $status after $took ms" \
		eval '[ $status -eq 0 ] && [ $took -lt 5000 ]'
	check "stop: SIG$signal: books add up" "$(grep books "$messages")" books
	check "stop: SIG$signal: all that was delivered was received" "delivered $delivered, received $received" \
		[ "$delivered" = "$received" ]
	check "stop: SIG$signal: nothing left in the kernel" "$(ls /sys/fs/bpf/brigwatch 2>&1; bpftool prog list | grep -c tp_btf__)" nothing_left
	check "stop: SIG$signal: no process left" "one of $all" are_gone $all
	box_end
done
