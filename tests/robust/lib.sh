# SPDX-License-Identifier: Apache-2.0
# Shared by the cases: counting, the agent, containers, alerts. Everything lies
# below $dir; every wait has a deadline; only what was started here is ended.

passed=0 failed=0 skipped=0
ok() { passed=$((passed + 1)); echo "ok - $1"; }
not_ok() { failed=$((failed + 1)); echo "not ok - $1: $2"; }
skip() { skipped=$((skipped + 1)); echo "skip - $1: $2"; }
# check NAME WHY COMMAND...: the command's success decides.
check() {
	local name=$1 why=$2
	shift 2
	if "$@"; then ok "$name"; else not_ok "$name" "$why"; fi
}

now_ms() { local t=$EPOCHREALTIME; echo $((${t/./} / 1000)); }
# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.01
	done
}
is_gone() { ! [ -d "/proc/$1" ] || grep -qs '^State:	Z' "/proc/$1/status"; }
# The end of a child of this shell; its exit code in $status, 124 after SECONDS.
wait_end() {
	if wait_for "$2" is_gone "$1"; then
		wait "$1" 2>/dev/null
		status=$?
	else
		status=124
	fi
}

# ---- the agent ----

# agent_start [OPTION...]: JSON into $alerts unless there is another --output,
# messages into $messages, pid in $agent.
agent_start() {
	alerts=$dir/alerts.$((++n_runs)).json messages=$dir/messages.$n_runs
	: >"$alerts"
	[[ " $* " == *" --output "* ]] || set -- --output "$alerts" "$@"
	"$brigwatch" run --rules "$rules" --format json "$@" 2>"$messages" </dev/null &
	agent=$!
	started+=" $agent"
	agent_wait_ready
}
agent_wait_ready() {
	if ! wait_for 10 grep -qs ': watching with' "$messages"; then
		echo "# the agent did not start: $(tail -n 3 "$messages" | tr '\n' ' ')"
		return 1
	fi
}
# agent_stop [SIGNAL]: exit code in $status.
agent_stop() {
	kill "-${1:-TERM}" "$agent" 2>/dev/null
	wait_end "$agent" 12
}
# The agent's other processes: all, or one by its name.
children() { cat "/proc/$agent/task/$agent/children" 2>/dev/null; }
child_named() {
	local pid
	for pid in $(children); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && echo "$pid" && return
	done
	return 1
}
engine_pid() { child_named brigwatch-engin; }
reader_pid() { child_named brigwatch-read; }
output_pid() { child_named brigwatch-out; }
resolver_pid() { child_named brigwatch-resol; }
are_gone() {
	local pid
	for pid in "$@"; do is_gone "$pid" || return 1; done
}
said() { grep -qsE -- "$1" "$messages"; }
n_said() { grep -csE -- "$1" "$messages"; }
nothing_attached() { ! [ -e /sys/fs/bpf/brigwatch ] && ! bpftool prog list 2>/dev/null | grep -qE 'name (tp_btf__sys_exit|tp_btf__task_newt)'; }
# Programs go a moment after the last descriptor.
nothing_left() { wait_for 3 nothing_attached; }
# The books in the summary: seen = delivered + dropped + suppressed.
books() {
	local line
	line=$(grep -E 'summary: books:' "$messages" | tail -n 1)
	seen=$(sed -nE 's/.* seen=([0-9]+).*/\1/p' <<<"$line")
	delivered=$(sed -nE 's/.* delivered=([0-9]+).*/\1/p' <<<"$line")
	dropped=$(sed -nE 's/.* dropped=([0-9]+).*/\1/p' <<<"$line")
	suppressed=$(sed -nE 's/.* suppressed=([0-9]+).*/\1/p' <<<"$line")
	received=$(sed -nE 's/.* received=([0-9]+).*/\1/p' <<<"$line")
	[ "${seen:-0}" -gt 0 ] && [ "$seen" -eq $((delivered + dropped + suppressed)) ]
}
n_alerts() { sed -nE 's/.* events, ([0-9]+) alerts .*/\1/p' "$messages" | tail -n 1; }
not_written() { sed -nE 's/.* ([0-9]+) alerts not written.*/\1/p' "$messages" | tail -n 1; }

# ---- containers ----

# box_make NAME ARG...: a bundle whose program is the actor with these arguments,
# in the host's pid namespace and able to look at the decoy.
box_make() {
	local name=$1 arg args=
	shift
	for arg in "$@"; do args+=",\"$arg\""; done
	mkdir -p "$dir/box.$name"
	cat >"$dir/box.$name/config.json" <<-END
	{ "ociVersion": "1.0.2", "hostname": "box",
	  "process": { "terminal": false, "user": { "uid": 0, "gid": 0 }, "cwd": "/",
	    "args": ["/actor"$args], "env": ["PATH=/"],
	    "capabilities": { "bounding": ["CAP_SYS_PTRACE"], "effective": ["CAP_SYS_PTRACE"], "permitted": ["CAP_SYS_PTRACE"] } },
	  "root": { "path": "$dir/rootfs", "readonly": true },
	  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" },
	    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] } ],
	  "linux": { "namespaces": [ { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }, { "type": "network" } ],
	    "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"] } }
	END
}
# box_run NAME ARG...: in the background; its runc's pid in $box, its id in $box_id.
box_run() {
	local name=$1
	shift
	box_make "$name" "$@"
	box_id=$prefix-$name
	runc run --bundle "$dir/box.$name" "$box_id" >"$dir/$name.out" 2>"$dir/$name.err" </dev/null &
	box=$!
	boxes+=" $box_id"
	started+=" $box"
}
# box_serve NAME: a container that opens what it is told; see act.
box_serve() {
	local fifo=$dir/$1.in
	box_make "$1" parent
	mkfifo "$fifo"
	box_id=$prefix-$1
	serve_out=$dir/$1.out
	runc run --bundle "$dir/box.$1" "$box_id" >"$serve_out" 2>"$dir/$1.err" <"$fifo" &
	box=$!
	boxes+=" $box_id"
	started+=" $box"
	exec {serve_fd}>"$fifo"
	wait_for 5 grep -qs ready "$serve_out"
}
# act MARKER: the container opens the foreign file of that name for writing.
act() {
	echo "$foreign/$1" >&"$serve_fd"
	wait_for 5 grep -qsF "$foreign/$1 0" "$serve_out"
}
box_end() {
	exec {serve_fd}>&-
	wait_end "$box" 5
}

# ---- alerts ----

# alerted MARKER [SECONDS]: an alert whose file bears that name, whole.
has_alert() { grep -aqsE "$1\"" "$alerts"; }
alerted() { wait_for "${2:-3}" has_alert "$1"; }
# value_of MARKER JQ: of the first alert on that file.
value_of() { grep -aE "$1\"" "$alerts" | head -n 1 | jq -r "$2"; }
# has_rule ID [JQ-CONDITION]
has_rule() { grep -a "\"$1\"" "$alerts" | jq -e -s "any(.[]; .rule_id == \"$1\" and (${2:-true}))" >/dev/null; }

# ---- setting up ----

cleanup() {
	local pid id
	for pid in $started; do
		kill -0 "$pid" 2>/dev/null && [ "$(ps -o ppid= -p "$pid" | tr -d ' ')" = "$$" ] && kill "$pid" 2>/dev/null
	done
	sleep 0.2
	for id in $boxes; do runc delete -f "$id" >/dev/null 2>&1; done
	for pid in $started; do
		wait_for 6 is_gone "$pid" || { [ "$(ps -o ppid= -p "$pid" | tr -d ' ')" = "$$" ] && kill -KILL "$pid" 2>/dev/null; }
	done
	[ -n "${full:-}" ] && umount "$full" 2>/dev/null
	[ -n "$keep" ] && echo "# kept: $dir" || rm -rf "$dir"
}

setup() {
	dir=$(mktemp -d /tmp/bw-robust.XXXXXX) || exit 5
	prefix=bwr-${dir##*.}
	started= boxes= n_runs=0
	trap cleanup EXIT
	trap 'exit 130' INT TERM
	mkdir -p "$dir/rootfs/proc" "$dir/rootfs/dev" "$dir/outside"
	cp "$actor" "$dir/rootfs/actor"
	cp "$actor" "$dir/outside/program"
	# A process of the host whose root is the way out.
	sleep 1000 &
	decoy=$!
	started+=" $decoy"
	foreign=/proc/$decoy/root$dir/outside
}
