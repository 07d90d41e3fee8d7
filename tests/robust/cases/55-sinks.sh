# SPDX-License-Identifier: Apache-2.0
# Three receivers are dead for a minute of alerts: a full disk, a connection that is
# refused, a pipe that nobody reads. A fourth is well. How long it takes from an act to
# the alert in its file is the same as before; what found no room is counted to the
# last alert; all three go on by themselves when they can.

sinks_seconds=${SINKS_SECONDS:-60}
sinks=$dir/sinks
mkdir -p "$sinks/full" "$sinks/http"
summary_of() { grep -F "summary: output $1: " "$messages" | tail -n 1; }
# The number before these words.
figure() { sed -nE "s/.*[ (]([0-9]+) $2.*/\1/p" <<<"$(summary_of "$1")"; }
http_start() {
	rm -f "$sinks/http/port"
	PORT=${1:-0} "$here/../outputs/receiver" "$sinks/http" 200 &
	receiver=$!
	started+=" $receiver"
	wait_for 5 test -s "$sinks/http/port"
}
latency() { "$here/latency" "$serve_fd" "$foreign/$1" "$sinks/well.json" "$2"; }
has_everywhere() {
	local file
	for file in "$sinks/well.json" "$full/full.json" "$sinks/fifo.json" "$sinks/http/bodies"; do
		grep -qsF "$1\"" "$file" || return 1
	done
}
is_full() { ! dd if=/dev/zero of="$full/fill" oflag=append conv=notrunc bs=1k count=1024 2>/dev/null; }

full=$sinks/full
if ! mount -t tmpfs -o size=2m,mode=700 tmpfs "$full" 2>/dev/null; then
	full=
	skip "sinks: three dead receivers" "cannot mount a tmpfs here"
else
	mkfifo "$sinks/fifo"
	exec {hold}<>"$sinks/fifo" # somebody has it open
	cat <"$sinks/fifo" >"$sinks/fifo.json" &
	cat=$!
	started+=" $cat"
	http_start
	port=$(cat "$sinks/http/port")
	url=http://127.0.0.1:$port
	agent_start --output "$sinks/well.json" --output "$full/full.json,queue=64K" --output "$sinks/fifo,queue=64K" \
		--output "$url,queue=64K,retry_max=2s"
	alerts=$sinks/well.json
	box_serve sinks
	read -r acts_before missing_before before before95 before_most < <(latency before 8)
	check "sinks: all well: the last alert is everywhere" "not" wait_for 3 has_everywhere "before-$acts_before"

	# They die.
	kill -STOP "$cat"
	kill "$receiver"
	wait "$receiver" 2>/dev/null
	until is_full; do :; done
	was="$agent $(output_pid) $(engine_pid)"
	read -r acts missing during during95 during_most < <(latency during "$sinks_seconds")
	echo "# from the act to the line, median, 95th percentile, maximum: $before, $before95, $before_most us before; $during, $during95, $during_most us in $sinks_seconds s with three dead receivers"
	check "sinks: $acts_before acts before and $acts during, none without its alert" "$missing_before and $missing" \
		[ $((missing_before + missing)) -eq 0 ]
	check "sinks: latency unchanged: ratio of medians $((during * 100 / before)) %" "slower" \
		[ $((during * 100)) -lt $((before * 150)) -o $((during - before)) -lt 500 ]
	check "sinks: each failure is said once" "$(grep 'output:' "$messages")" \
		eval '[ "$(n_said "cannot write an alert")" -eq 3 ] && [ "$(n_said "its queue is full")" -eq 3 ]'
	check "sinks: a record tells of dropped alerts" "none" has_rule BW-0190 '.loss.kind == "output"'

	# They live again; nobody restarts anything.
	rm -f "$full/fill"
	kill -CONT "$cat"
	http_start "$port"
	begin=$(now_ms)
	recovered() { [ "$(n_said 'alerts are written again')" -ge 3 ]; }
	check "sinks: all three go on by themselves" "$(grep 'written again' "$messages")" wait_for 10 recovered
	echo "# all go on $(($(now_ms) - begin)) ms later"
	act marker-after
	check "sinks: the next alert is everywhere" "not" wait_for 5 has_everywhere marker-after
	check "sinks: without a restart" "$was, $agent $(output_pid) $(engine_pid)" [ "$was" = "$agent $(output_pid) $(engine_pid)" ]
	box_end
	agent_stop
	check "sinks: ends with 0" "exit $status" [ $status -eq 0 ]
	exec {hold}>&-
	wait_end "$cat" 3
	while read -r sink file; do
		offered=$(figure "$sink" 'alerts offered') written=$(figure "$sink" written) dropped=$(figure "$sink" dropped)
		refused=$(figure "$sink" refused) left=$(figure "$sink" left)
		lines=$(jq -r .rule_id "$file" | wc -l) numbers=$(jq -r .number "$file" | sort -un | wc -l)
		echo "# ${file##*/}: offered $offered = written $written + dropped $dropped + refused $refused + left $left; $lines lines, $numbers different"
		check "sinks: ${file##*/}: all $(n_alerts) alerts offered, exact books, each written one there once, $dropped dropped" \
			"$(summary_of "$sink"); $lines lines" \
			eval '[ "$offered" -eq "$(n_alerts)" ] && [ "$offered" -eq $((written + dropped)) ] && [ "$refused$left" = 00 ] &&
				[ "$lines" -eq "$written" ] && [ "$numbers" -eq "$written" ] &&
				if [ "$file" = "$alerts" ]; then [ "$dropped" -eq 0 ]; else [ "$dropped" -gt 0 ]; fi'
	done <<-END
		$sinks/well.json $sinks/well.json
		$full/full.json $full/full.json
		$sinks/fifo $sinks/fifo.json
		$url $sinks/http/bodies
	END
	kill "$receiver"
	wait "$receiver" 2>/dev/null
	umount "$full" && full=
	rm -f /run/brigwatch/outbox-*
fi
