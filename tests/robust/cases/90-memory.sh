# SPDX-License-Identifier: Apache-2.0
# Resident memory of all processes of the agent beside the rings, after fifty containers.

# resident PID...: KiB, without the mappings of BPF maps (the rings).
resident() {
	local pid
	for pid in "$@"; do cat "/proc/$pid/smaps"; done | awk '
		/^[0-9a-f]+-[0-9a-f]+ / { is_ring = /bpf-map|bpf_ringbuf/ }
		/^Rss:/ && !is_ring { sum += $2 }
		END { print sum }'
}
# proportional PID...: pages that they share are counted once.
proportional() {
	local pid
	for pid in "$@"; do cat "/proc/$pid/smaps"; done | awk '
		/^[0-9a-f]+-[0-9a-f]+ / { is_ring = /bpf-map|bpf_ringbuf/ }
		/^Pss:/ && !is_ring { sum += $2 }
		END { print sum }'
}

n_acts() { jq -r 'select(.rule_id == "BW-0103") | .rule_id' "$alerts" 2>/dev/null | wc -l; }
agent_start
fresh=$(resident "$agent" $(children))
box_make brief acts "$foreign/brief-" 3 0
begin=$(now_ms)
for i in $(seq 1 25); do
	runc run --bundle "$dir/box.brief" "$prefix-b$i-a" >/dev/null 2>&1 </dev/null &
	first=$!
	runc run --bundle "$dir/box.brief" "$prefix-b$i-b" >/dev/null 2>&1 </dev/null
	wait $first
done
echo "# 50 containers in $(($(now_ms) - begin)) ms, $(n_acts) alerts"
wait_for 5 eval '[ "$(n_acts)" -eq 150 ]'
check "memory: fifty containers, three alerts each" "$(n_acts) alerts" [ "$(n_acts)" -eq 150 ]
named=$(jq -r 'select(.rule_id == "BW-0103") | .container.id' "$alerts" | grep -cE "^$prefix-b[0-9]+-[ab]$")
check "memory: all are named" "$named of 150" [ "$named" -eq 150 ]
each=
for pid in $agent $(children); do each+="$(cat "/proc/$pid/comm") $(resident "$pid"), "; done
# The limit is that of sensor and engine; reader and resolver are told beside it.
both=$(resident "$agent" "$(engine_pid)")
sum=$(resident "$agent" $(children))
echo "# all processes: $sum KiB resident (${each% }; $fresh at start), $(proportional "$agent" $(children)) KiB with shared pages counted once"
check "memory: sensor and engine $both KiB resident beside the rings, at most 20480" "over the limit" [ "$both" -le 20480 ]
agent_stop
