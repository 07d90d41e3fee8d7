# SPDX-License-Identifier: Apache-2.0
# Rules change while a container acts: each act is judged by one whole set, the
# one before or the one after; a broken set changes nothing.

# resident_engine: KiB of the engine, without the rings.
resident_engine() {
	awk '/^[0-9a-f]+-[0-9a-f]+ / { is_ring = /bpf-map|bpf_ringbuf/ }
		/^Rss:/ && !is_ring { sum += $2 }
		END { print sum }' "/proc/$(engine_pid)/smaps"
}
# rules_write ID: a set of one rule that bears this id; in place at once.
rules_write() {
	cat >"$dir/next" <<-END
	{ "schema_version": 1, "ruleset": "local", "rules": [ {
	  "id": "$1", "name": "Foreign file opened for writing", "priority": "warning",
	  "description": "A container opened a file of the host.", "why": "It is not its own.",
	  "response": ["Look at it."],
	  "condition": "evt.type = open and evt.is_open_write and file.mount_owner = host",
	  "output": "%file.path",
	  "tests": [
	    { "name": "fires", "alerts": 1, "events": [ { "evt.type": "open", "evt.is_open_write": true, "file.mount_owner": "host" } ] },
	    { "name": "near miss", "alerts": 0, "events": [ { "evt.type": "open", "evt.is_open_write": true, "file.mount_owner": "own" } ] }
	  ] } ] }
	END
	mv "$dir/next" "$dir/rules/local.json"
}
n_taken() { n_said 'rules: watching with 1 rules'; }
taken() { [ "$(n_taken)" -ge "$1" ]; }
# judged: each alert's own object; the story of its incident names others.
judged() { jq -r 'select(.rule_id | startswith("LOC-")) | .message' "$alerts" | sed 's,.*/,,' | sort; }
# misjudged MARKER...: those that are not there, or not once.
misjudged() { diff <(printf '%s\n' "$@" | sort) <(judged | grep -v broken) | grep '^[<>]' | tr '\n' ' '; }

mkdir -m 755 "$dir/rules"
rules_write LOC-0001
rules_all=$rules rules=$dir/rules
agent_start
box_serve reload
markers=()
# Acts without a pause from here on, each with a name of its own.
for n in $(seq 1 40); do
	rules_write "LOC-000$(((n + n / 4) % 2 + 1))" # every fourth another than four before
	kill -HUP "$agent"
	for k in 1 2 3 4; do
		act "reload-$n-$k-"
		markers+=("reload-$n-$k-")
		sleep 0.02
	done
	# Reloads in a hurry are one: let some of them come to pass.
	[ $((n % 4)) -ne 0 ] || wait_for 5 taken $((n / 4))
	[ "$n" -ne 10 ] || before=$(resident_engine)
done
alerted "${markers[-1]}"
wrong=$(misjudged "${markers[@]}")
check "reload: each act is judged once, by the old set or the new" "of ${#markers[@]}:$wrong" [ -z "$wrong" ]
check "reload: sets are taken while the container acts" "$(n_taken) taken" [ "$(n_taken)" -ge 10 ]
n_by() { jq -r .rule_id "$alerts" | grep -c "$1"; }
n_old=$(n_by LOC-0001) n_new=$(n_by LOC-0002)
check "reload: both sets judge" "$n_old and $n_new" [ "$n_old" -gt 0 -a "$n_new" -gt 0 ]

# Written and broken: the old set goes on, and says why the new one does not.
rules_write LOC-0001
kill -HUP "$agent"
wait_for 5 grep -qs 'watching with 1 rules' "$messages"
sleep 1
sed 's/file.mount_owner/file.mount_ower/' "$dir/rules/local.json" >"$dir/next"
mv "$dir/next" "$dir/rules/local.json"
kill -HUP "$agent"
check "reload: a broken file is named with line and column" "$(tail -n 1 "$messages")" \
	wait_for 5 said 'local.json:[0-9]+:[0-9]+: unknown field .file.mount_ower'
act reload-broken-
alerted reload-broken-
check "reload: the old set judges on" "$(judged | grep -c broken) alerts" [ "$(judged | grep -c broken)" -eq 1 ]

after=$(resident_engine)
check "reload: the engine does not grow" "$before KiB before, $after KiB after" [ "$after" -le $((before + 1024)) ]
box_end
agent_stop
check "reload: books add up, nothing is lost" "$(grep 'summary: books' "$messages")" \
	eval 'books && [ "$received" -eq "$delivered" ] && [ "$dropped" -eq 0 ]'
check "reload: nothing is left" "hooks are still attached" nothing_left
echo "# ${#markers[@]} acts, $(n_taken) sets taken, alerts $n_old and $n_new, engine $before KiB -> $after KiB"
rules=$rules_all
