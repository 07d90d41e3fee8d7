# SPDX-License-Identifier: Apache-2.0
# Somebody with root on the host works on the sensor itself.

pins() { echo /sys/fs/bpf/brigwatch/*/; }

agent_start
box_serve tamper
act marker-untouched
alerted marker-untouched
pin=$(pins)

# The engine is held for a moment, or the thief would often come too late.
begin=$(now_ms)
engine=$(engine_pid)
kill -STOP "$engine"
for i in 1 2 3 4 5 6 7 8; do act "marker-stolen-$i"; done
"$programs/ring_thief" "${pin}map_ring_urgent" 100 >"$dir/thief"
kill -CONT "$engine"
echo "# $(cat "$dir/thief")"
for i in 1 2 3 4 5 6 7 8; do act "marker-later-$i"; done
stolen=0
for i in 1 2 3 4 5 6 7 8; do has_alert "marker-stolen-$i" || stolen=$((stolen + 1)); done
told() { has_rule BW-0190; }
told_as_gap() { has_rule BW-0190 '.message | contains("(gap)")'; }
check "tamper: an emptied ring is reported as loss ($stolen of 8 alerts stolen)" "no BW-0190 within 20 s" \
	eval '[ $stolen -eq 8 ] && wait_for 20 told'
echo "# told after $(($(now_ms) - begin)) ms: $(grep -a BW-0190 "$alerts" | jq -r .message | head -n 2 | tr '\n' ';')"
check "tamper: as a gap" "only $(grep -a BW-0190 "$alerts" | jq -r .message)" wait_for 15 told_as_gap
act marker-after-theft
check "tamper: the watch goes on" "no alert" alerted marker-after-theft

# All pins of the hooks are taken away: they stay attached to the agent.
rm -f "${pin}"link_*
act marker-unpinned
check "tamper: without pins the watch goes on" "no alert" alerted marker-unpinned
pins_back() { [ -e "${pin}link_tp_btf__sys_exit" ]; }
check "tamper: pins are put back" "they are gone" wait_for 15 pins_back
check "tamper: and that is told" "" wait_for 5 has_rule BW-0190 '.message | contains("(hook)")'
box_end
agent_stop
check "tamper: a clean end still" "exit $status" eval '[ $status -eq 0 ] && nothing_left'
