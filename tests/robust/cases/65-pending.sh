# SPDX-License-Identifier: Apache-2.0
# The process that reads the runtimes' files hangs: alerts do not wait for it, say
# so, and one more completes them once it answers, or once it is clear that nobody will.

agent_start
reader=$(reader_pid)
kill -STOP "$reader"
box_serve pending
begin=$(now_ms)
act marker-unnamed-1
check "pending: an alert while the reader hangs" "none within 5 s" alerted marker-unnamed-1
echo "# alerted after $(($(now_ms) - begin)) ms"
check "pending: within a second" "took $(($(now_ms) - begin)) ms" eval '[ $(($(now_ms) - begin)) -lt 1000 ]'
act marker-unnamed-2
check "pending: the next one, too" "none" alerted marker-unnamed-2
one_of() { grep -aF "$1" "$alerts" | head -n 1; }
is_marked() { [ "$(one_of "$1" | jq -r .enrichment)" = pending ]; }
check "pending: both are marked" "$(one_of marker-unnamed-1 | jq -c '[.enrichment, .container]')" \
	eval 'is_marked marker-unnamed-1 && is_marked marker-unnamed-2'
sleep 1.2	# beyond the deadline, at which the record goes out that says so
check "pending: nothing completes them yet" "$(grep -aF BW-0194 "$alerts" | jq -c .enrichment)" \
	eval '! grep -qaF BW-0194 "$alerts"'

kill -CONT "$reader"
completed() { grep -aF BW-0194 "$alerts" | jq -e --arg id "$box_id" 'select(.container.id == $id)' >/dev/null; }
check "pending: the answer completes them" "$(grep -aF BW-0194 "$alerts" | jq -c .container)" wait_for 10 completed
key_of() { one_of "$1" | jq .container.key; }
key=$(key_of marker-unnamed-1)
of_key() { jq -c --argjson key "$key" "select(.container.key == \$key and $1)" "$alerts"; }
n_pending=$(of_key '.enrichment == "pending"' | wc -l)
follow_up=$(of_key '.rule_id == "BW-0194"')
check "pending: it tells whose they are and how many ($n_pending)" "$(jq -c '[.enrichment, .container]' <<<"$follow_up")" \
	eval '[ "$(jq -r "[.enrichment, .container.completed_alerts, .container.runtime] | join(\" \")" <<<"$follow_up")" = "complete $n_pending runc" ]'
act marker-named
check "pending: later ones are not pending" "none, or marked" \
	eval 'alerted marker-named && [ "$(one_of marker-named | jq -r .enrichment)" = null ]'
check "pending: one follow-up and no more" "$(of_key '.rule_id == "BW-0194"')" \
	eval '[ "$(of_key ".rule_id == \"BW-0194\"" | wc -l)" -eq 1 ]'
box_end

# It never answers: that is told, too, and the reader is replaced meanwhile or not.
reader=$(reader_pid)
kill -STOP "$reader"
box_serve silent
act marker-silent
check "pending: another, with a reader that never wakes" "none" alerted marker-silent
finally() { grep -aF BW-0194 "$alerts" | jq -e --argjson key "$(key_of marker-silent)" 'select(.container.key == $key)' >/dev/null; }
check "pending: at last it is told that nobody answers" "$(grep -aF BW-0194 "$alerts" | jq -c '[.enrichment, .container.key]')" \
	wait_for 30 finally
echo "# $(grep -aF BW-0194 "$alerts" | tail -n 1 | jq -c '[.enrichment, .container.id, .container.completed_alerts]')"
kill -CONT "$reader" 2>/dev/null
box_end

# The agent is told to stop before any answer.
reader=$(reader_pid)
kill -STOP "$reader"
box_serve stopped
act marker-stopped
check "pending: one more, and the agent is told to stop" "none" alerted marker-stopped
agent_stop
key=$(key_of marker-stopped)
check "pending: the end completes it" "$(grep -aF BW-0194 "$alerts" | tail -n 1 | jq -c '[.enrichment, .container]')" \
	eval '[ "$(of_key ".rule_id == \"BW-0194\"" | jq -r .enrichment)" = unanswered ]'
box_end
check "pending: books" "$(grep books "$messages")" books
