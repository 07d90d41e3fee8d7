# SPDX-License-Identifier: Apache-2.0
# The agent by its configuration alone: what the file says holds, a flag goes before
# it, SIGHUP says when the file has changed, and a slip keeps the agent away.

config=$dir/config.json alerts=$dir/alerts.config.json
config_write() {
	cat >"$config" <<-END
	{ "rules": ["$rules"], "format": "json", "hostname": "from-file",
	  "outputs": [{ "target": "$alerts" }] $1 }
	END
}
# config_start [OPTION...]: without the flags of agent_start.
config_start() {
	messages=$dir/messages.config.$((++n_runs))
	"$brigwatch" run --config "$config" "$@" 2>"$messages" </dev/null &
	agent=$!
	started+=" $agent"
	agent_wait_ready
}
hosts() { jq -r .hostname "$alerts" | sort -u | tr '\n' ' '; }

config_write ""
: >"$alerts"
config_start
box_serve config
act config-file
alerted config-file
check "config: rules, format and output are those of the file" "no alert in $alerts" grep -qs config-file "$alerts"
check "config: so is the host's name" "$(hosts)" [ "$(hosts)" = "from-file " ]
kill -HUP "$agent"
wait_for 5 grep -qs 'rules: nothing has changed' "$messages"
check "config: SIGHUP has nothing to say of a file as it was" "$(cat "$messages")" \
	[ "$(grep -c 'needs a restart' "$messages")" -eq 0 ]
config_write ", \"disable\": [\"BW-0101\"]"
kill -HUP "$agent"
check "config: SIGHUP says that a change needs a restart" "$(cat "$messages")" \
	wait_for 5 grep -qs "config.json has changed, which needs a restart" "$messages"
agent_stop
check "config: SIGTERM ends it as ever" "exit code $status" [ "$status" -eq 0 ]

: >"$alerts"
config_start --hostname from-flag
act config-flag
alerted config-flag
check "config: a flag goes before the file" "$(hosts)" [ "$(hosts)" = "from-flag " ]
agent_stop
box_end

config_write ", \"formt\": \"text\""
"$brigwatch" run --config "$config" 2>"$dir/messages.slip" </dev/null
status=$?
check "config: a slip is told, and nothing is watched" "exit code $status, $(cat "$dir/messages.slip")" \
	eval '[ $status -eq 2 ] && grep -qs "unknown key .formt., did you mean .format.?" "$dir/messages.slip"'
