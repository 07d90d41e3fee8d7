# SPDX-License-Identifier: Apache-2.0
# Without what it needs the agent says what that is; with no more than that it runs.

chmod 0711 "$dir"
cp "$brigwatch" "$dir/brigwatch.copy"
cp -r "$rules" "$dir/rules.copy"
chmod -R a+rX "$dir/rules.copy"

# unprivileged NAME PATTERN COMMAND...
unprivileged() {
	local name=$1 pattern=$2 code
	shift 2
	timeout 10 "$@" "$dir/brigwatch.copy" run --rules "$dir/rules.copy" >/dev/null 2>"$dir/refused" </dev/null
	code=$?
	if [ $code -ne 3 ]; then
		not_ok "privileges: $name" "exit $code, not 3: $(head -c 300 "$dir/refused")"
	elif ! grep -qE "$pattern" "$dir/refused"; then
		not_ok "privileges: $name" "no \"$pattern\" in: $(head -c 300 "$dir/refused" | tr '\n' ' ')"
	else
		ok "privileges: $name: $(head -n 1 "$dir/refused" | cut -c 1-140)"
	fi
}
without() { setpriv --bounding-set "$1" --inh-caps "$1" "${@:2}"; }

unprivileged "as nobody" 'CAP_BPF' setpriv --reuid 65534 --regid 65534 --clear-groups
unprivileged "root without CAP_BPF" 'CAP_BPF' setpriv --bounding-set -bpf,-sys_admin
unprivileged "root without CAP_PERFMON" 'CAP_PERFMON' setpriv --bounding-set -perfmon,-sys_admin
unprivileged "root without any capability" 'CAP_BPF' setpriv --bounding-set -all
check "privileges: nothing attached" "hooks are left" nothing_left

# least NAME COMMAND...: it runs, alerts, and ends as it should.
least() {
	local name=$1
	shift
	alerts=$dir/alerts.least.json messages=$dir/messages.least
	: >"$alerts"
	"$@" "$dir/brigwatch.copy" run --rules "$dir/rules.copy" --format json --output "$alerts" \
		2>"$messages" </dev/null &
	agent=$!
	started+=" $agent"
	if ! agent_wait_ready; then
		not_ok "privileges: $name" "$(tr '\n' ' ' <"$messages")"
		kill "$agent" 2>/dev/null
		return
	fi
	box_serve least
	act marker-least
	if ! alerted marker-least; then
		not_ok "privileges: $name" "no alert"
	elif [ "$(value_of marker-least '.container.id')" != "$box_id" ]; then
		not_ok "privileges: $name" "container $(value_of marker-least '.container.id'), not $box_id"
	else
		ok "privileges: $name: runs, alerts, names the container"
	fi
	box_end
	agent_stop
	check "privileges: $name: ends cleanly" "exit $status: $(tail -n 2 "$messages")" [ $status -eq 0 ]
	grep -v 'summary\|watching' "$messages" | sed 's/^/# /'
	nothing_left || not_ok "privileges: $name" "something is left in the kernel"
}
least "CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH alone" \
	setpriv --bounding-set -all,+bpf,+perfmon,+sys_ptrace,+dac_read_search --no-new-privs
