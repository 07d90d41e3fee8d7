# SPDX-License-Identifier: Apache-2.0
# Somebody with root on the host works on the sensor itself.

pins() { echo /sys/fs/bpf/brigwatch/*/; }

agent_start
box_serve tamper
act marker-untouched
alerted marker-untouched
pin=$(pins)
begin=$(now_ms)
"$programs/ring_thief" "${pin}map_ring_urgent" 3000 >"$dir/thief" &
thief=$!
sleep 0.3
for i in 1 2 3 4 5 6 7 8; do act "marker-stolen-$i"; sleep 0.1; done
wait "$thief"
echo "# $(cat "$dir/thief")"
lost=0
for i in 1 2 3 4 5 6 7 8; do has_alert "marker-stolen-$i" || lost=$((lost + 1)); done
if [ $lost -eq 0 ]; then
	skip "tamper: an emptied ring is reported" "the thief was too slow"
else
	gap_told() { has_rule BW-0190; }
	check "tamper: an emptied ring is reported as loss ($lost of 8 stolen)" "no BW-0190 within 20 s" wait_for 20 gap_told
	echo "# told after $(($(now_ms) - begin)) ms: $(grep -a BW-0190 "$alerts" | jq -r .message | head -n 2 | tr '\n' ';')"
	wait_for 15 has_rule BW-0190 '.loss.kind == "gap" or (.message | contains("(gap)"))'
	check "tamper: as a gap" "only $(grep -a BW-0190 "$alerts" | jq -r .message)" \
		has_rule BW-0190 '.loss.kind == "gap" or (.message | contains("(gap)"))'
fi
act marker-after-theft
check "tamper: the watch goes on" "no alert" alerted marker-after-theft

# All pins of the hooks are taken away: they stay attached to the agent.
rm -f "${pin}"link_*
act marker-unpinned
check "tamper: without pins the watch goes on" "no alert" alerted marker-unpinned
pins_back() { [ -e "${pin}link_tp_btf__sys_exit" ]; }
check "tamper: pins are put back" "they are gone" wait_for 15 pins_back
check "tamper: and that is told" "" wait_for 5 has_rule BW-0190 '.loss.kind == "hook" or (.message | contains("(hook)"))'
box_end
agent_stop
check "tamper: a clean end still" "exit $status" eval '[ $status -eq 0 ] && nothing_left'
