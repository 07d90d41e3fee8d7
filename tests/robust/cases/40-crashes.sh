# SPDX-License-Identifier: Apache-2.0
# One process of the agent falls, the others go on.

agent_start
box_serve crash

# after_crash NAME MARKER: an alert with the right container, and the ancestry
# back to the runtime.
after_crash() {
	act "$2"
	if ! alerted "$2"; then
		not_ok "crash: $1: later alerts come" "no alert within 3 s"
		return
	fi
	ok "crash: $1: later alerts come"
	local id ancestors
	id=$(value_of "$2" '.container.id')
	check "crash: $1: container id is right" "$id, not $box_id" [ "$id" = "$box_id" ]
	ancestors=$(value_of "$2" '.process.exepath + " < " + ([.process.ancestors[] | .name] | join(" < "))')
	check "crash: $1: ancestry is right ($ancestors)" "$(value_of "$2" '.process | tostring')" \
		eval '[[ $ancestors == "/actor < actor"* ]]'
}
other_engine() { local now; now=$(engine_pid) && [ "$now" != "$old" ]; }
other_reader() { local now; now=$(reader_pid) && [ "$now" != "$old" ]; }

act marker-before
alerted marker-before
before=$(value_of marker-before '[.process.ancestors[] | .name] | join(" < ")')
echo "# ancestry before: $before"
for signal in KILL SEGV; do
	old=$(engine_pid)
	kill -$signal "$old"
	check "crash: engine, SIG$signal: another is started" "$(tail -n 2 "$messages")" wait_for 3 other_engine
	check "crash: engine, SIG$signal: reported" "$(tail -n 2 "$messages")" \
		said "the engine was ended by signal .*, starting another"
	after_crash "engine, SIG$signal" "marker-engine-$signal"
done
old=$(reader_pid)
kill -KILL "$old"
check "crash: reader: another is started" "$(tail -n 2 "$messages")" wait_for 3 other_reader
check "crash: reader: reported" "$(tail -n 2 "$messages")" said "the reader was ended by signal .*, starting another"
after_crash reader marker-reader
box_end
box_serve crash2
after_crash "reader, and a container born later" marker-crash2

# The third and later crash of the engine; the sixth is the end.
for i in 3 4 5 6; do
	old=$(engine_pid)
	kill -KILL "$old"
	[ $i -eq 6 ] || wait_for 3 other_engine || not_ok "crash: engine, $i times" "no other engine"
	sleep 0.2
done
wait_end "$agent" 8
check "crash: the sixth within a minute ends the agent with 5" "exit $status: $(tail -n 2 "$messages")" [ $status -eq 5 ]
check "crash: and says so" "$(tail -n 3 "$messages")" said "6th time within a minute, ending"
box_end
nothing_left || not_ok "crash: the end leaves nothing" "hooks are attached"

# The sensor alone: the engine ends by itself, what happens meanwhile is kept.
agent_start
first=$messages
box_serve orphan
engine=$(engine_pid) others=$(children)
begin=$(now_ms)
kill -KILL "$agent"
wait_end "$agent" 2
check "crash: sensor: the engine ends by itself ($(($(now_ms) - begin)) ms)" "it runs on" wait_for 2 is_gone "$engine"
check "crash: sensor: the readers too" "one runs on" wait_for 2 are_gone $others
act marker-nobody-home
agent_start
check "crash: sensor: the next agent takes the hooks over" "$(cat "$messages")" said "took over the hooks"
check "crash: sensor: what happened without an agent is alerted" "no alert" alerted marker-nobody-home
id=$(value_of marker-nobody-home '.container.id')
check "crash: sensor: under the right container" "$id, not $box_id" [ "$id" = "$box_id" ]
after_crash sensor marker-orphan
box_end
agent_stop
check "crash: after a take-over the end is clean" "exit $status" eval '[ $status -eq 0 ] && nothing_left'
