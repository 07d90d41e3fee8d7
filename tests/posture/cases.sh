# SPDX-License-Identifier: Apache-2.0
# The containers and what must be found. Sourced by run.

# ---- Docker, by a daemon of our own that also listens on TCP without certificates

port=$((20000 + RANDOM % 10000))
docker_start() {
	command -v dockerd >/dev/null || return 1
	# Docker gives privileged containers every capability, and runc fails where
	# this machine itself lacks one: it is taken out of the list on the way.
	cat >"$dir/runc-fewer" <<-'END'
		#!/bin/sh
		bundle= last= lacks=$(capsh --print | sed -n 's/^Current: =ep //p' | tr ' ,' '\n\n' | sed 's/[-+].*//')
		for arg; do
			[ "$last" != --bundle ] || bundle=$arg
			last=$arg
		done
		for cap in ${bundle:+$lacks}; do
			c=$(echo "$cap" | tr a-z A-Z)
			jq -c "(.process.capabilities[]|arrays)-=[\"$c\"]" "$bundle/config.json" >"$bundle/c" &&
				mv "$bundle/c" "$bundle/config.json"
		done
		exec runc "$@"
	END
	chmod +x "$dir/runc-fewer"
	dockerd --iptables=false --ip6tables=false --bridge=none --data-root "$dir/docker" \
		--exec-root "$dir/exec" -p "$dir/dockerd.pid" -H "unix://$dir/run/docker.sock" \
		-H "tcp://127.0.0.1:$port" --add-runtime "fewer=$dir/runc-fewer" >"$dir/dockerd.log" 2>&1 &
	pids="$pids $!"
	for _ in $(seq 150); do
		docker version >/dev/null 2>&1 && break
		sleep 0.1
	done
	tar -C "$dir/image" -c . | command docker -H "unix://$dir/run/docker.sock" import - box >/dev/null 2>&1
}

# box NAME [OPTION...]
box() {
	local name=$1
	shift
	docker run -d --name "$name" "$@" box sleep 600 >/dev/null 2>>"$dir/docker.err" ||
		not_ok "$name starts: $(tail -n 1 "$dir/docker.err")"
}

hardened="--network none --read-only --cap-drop ALL --security-opt no-new-privileges
	--user 1000:1000 --pids-limit 50 --memory 64m --cpu-shares 100 --cgroupns private
	--ulimit nofile=256:256 --restart on-failure:3 --health-cmd true"

if [ ! -r /sys/kernel/btf/vmlinux ]; then
	skip "run: this kernel has no BTF"
elif ! agent_start; then
	not_ok "the agent starts: $(tail -n 1 "$dir/agent.log")"
fi

if docker_start; then
	ln "$dir/run/docker.sock" "$dir/data/other-name" 2>/dev/null
	ln -s "$dir/run/docker.sock" "$dir/data/by-link"
	mkdir -p "$dir/home/user/.ssh"
	# shellcheck disable=SC2086
	box twin $hardened
	box privileged --network none --privileged --runtime fewer
	box socket --network none -v "$dir/run/docker.sock:/var/run/docker.sock"
	box socket-renamed --network none -v "$dir/data/other-name:/srv/x"
	box socket-linked --network none -v "$dir/data/by-link:/srv/y"
	box socket-folder --network none -v "$dir/run:/srv/run:ro"
	box root --network none -v /:/host
	box root-ro --network none -v /:/host:ro
	box etc --network none -v /etc:/e
	box secrets --network none -e DB_PASSWORD=hunter2-value -e API_TOKEN_FILE=/x -l my.secret=label-value
	box namespaces --network host --pid host --ipc host --uts host --cgroupns host
	box open --network none --cap-add SYS_PTRACE --security-opt seccomp=unconfined \
		--security-opt systempaths=unconfined --device /dev/fuse
	box volume --network none -v "$dir/data:/data"
	# Opens a setting of the kernel, and leaves it as it is.
	docker run -d --name acting --network none --privileged --runtime fewer box \
		sh -c 'sleep 4; exec 3>>/proc/sys/kernel/core_pattern; exec sleep 600' >/dev/null
	scan
	if [ $code -eq 1 ]; then ok; else not_ok "findings are code 1, not $code: $(cat "$dir/scan.err")"; fi

	is_sound twin
	for check in no-memory-limit no-pids-limit no-cpu-limit root-writable root-on-volume new-privileges \
		no-rlimits restart-always no-health-check capabilities seccomp-off engine-tcp engine-socket; do
		has_not twin $check
	done
	has privileged privileged
	has privileged capabilities CAP_SYS_ADMIN
	has privileged no-memory-limit
	has privileged root-writable
	has_not privileged engine-socket
	for c in socket socket-renamed socket-linked socket-folder; do
		has $c engine-socket docker.sock
	done
	has root mount-root-rw /
	has root engine-socket
	has root-ro mount-root-ro /
	has_not root-ro mount-root-rw
	has etc mount-etc-rw /etc
	has_not etc engine-socket
	has secrets secret-names DB_PASSWORD
	has secrets secret-names my.secret
	has namespaces host-net
	has namespaces host-pid
	has namespaces host-ipc
	has namespaces host-uts
	has namespaces host-cgroup
	has namespaces engine-tcp "127.0.0.1:$port"
	has_not root host-pid
	has open capabilities CAP_SYS_PTRACE
	has open seccomp-off
	has open paths-unmasked
	has open devices /dev/fuse
	has volume root-on-volume "$dir/data"
	is_sound secrets

	# Values are nowhere, in no format.
	"$brigwatch" scan --docker-root "$dir/docker" >"$dir/scan.txt" 2>&1
	if grep -q DB_PASSWORD "$dir/scan.txt" && ! grep -qE 'hunter2|label-value' "$dir/scan.txt" "$dir/scan.json"; then
		ok
	else
		not_ok "names of secrets, and no values"
	fi
	grep -q 'could reach the host because it runs privileged' "$dir/scan.txt" && ok || not_ok "the reason in words"
	grep -q 'CIS 5.5' "$dir/scan.txt" && ok || not_ok "the benchmark's number"

	# What the agent said at their start is what scan says now; and what a
	# container does later bears it.
	if [ -n "$agent" ]; then
		agent_wait() {
			for _ in $(seq 50); do
				jq -se "$1" "$dir/alerts.json" >/dev/null 2>&1 && return
				sleep 0.1
			done
			return 1
		}
		scan
		for c in privileged socket socket-renamed socket-linked socket-folder root root-ro etc namespaces open; do
			agent_wait "any(.[]; .event.type==\"posture\" and .container.name==\"$c\")"
			told=$(jq -sr --arg n $c '[.[]|select(.event.type=="posture" and .container.name==$n)]|last|.posture.checks|sort|join(" ")' "$dir/alerts.json")
			seen=$(keys $c | sort | tr '\n' ' ' | sed 's/ $//')
			if [ -n "$told" ] && [ "$told" = "$seen" ]; then ok; else not_ok "run and scan agree on $c: $told; $seen"; fi
		done
		for c in twin secrets volume; do
			if jq -se --arg n $c 'all(.[]; .container.name!=$n)' "$dir/alerts.json" >/dev/null; then ok; else not_ok "no alert about $c"; fi
		done
		if agent_wait 'any(.[]; .event.type!="posture" and .container.name=="acting" and .posture.privileged and
			.posture.reason=="could reach the host because it runs privileged")'; then
			ok
		else
			not_ok "a later alert bears the posture: $(jq -c '[.rule_id,.container.name,.posture]' "$dir/alerts.json" | tail -n 3)"
		fi
		if jq -se 'all(.[]; .event.type!="posture" or .priority=="Notice" or .priority=="Informational")' "$dir/alerts.json" >/dev/null; then
			ok
		else
			not_ok "what was given is no alarm by itself"
		fi
		if ! grep -qE 'hunter2|label-value' "$dir/alerts.json"; then ok; else not_ok "no value in an alert"; fi
	fi

	# As in a pod: the host's root elsewhere, in mounts of its own.
	mkdir "$dir/host"
	# shellcheck disable=SC2016
	unshare -m --propagation private sh -c 'mount --rbind / "$1/host" && exec "$2" scan --format json \
		--host-root "$1/host" --docker-root "$1/docker" socket-renamed etc' \
		sh "$dir" "$brigwatch" >"$dir/scan.json" 2>"$dir/scan.err"
	has socket-renamed engine-socket docker.sock
	has etc mount-etc-rw /etc
	has_not etc engine-socket

	"$brigwatch" scan --severity grave >/dev/null 2>&1
	[ $? -eq 2 ] && ok || not_ok "a severity that is none is code 2"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$brigwatch" scan >/dev/null 2>"$dir/scan.err"
	code=$?
	if [ $code -eq 3 ] || [ $code -eq 5 ]; then ok; else not_ok "nobody cannot scan: $code, $(cat "$dir/scan.err")"; fi

	scan --severity warning twin
	if [ $code -eq 0 ]; then ok; else not_ok "nothing at warning is code 0, not $code: $(cat "$dir/scan.err")"; fi
	scan nobody-is-called-so
	if [ $code -eq 2 ]; then ok; else not_ok "an unknown name is code 2, not $code"; fi
	id=$(docker ps -q --no-trunc --filter name=^twin$)
	scan "${id:0:12}"
	if [ "$(jq '.containers|length' "$dir/scan.json")" = 1 ]; then ok; else not_ok "one container by its short id"; fi
	docker ps -aq | while read -r c; do docker rm -f "$c" >/dev/null 2>&1; done
else
	skip "docker: $(tail -n 1 "$dir/dockerd.log" 2>/dev/null)"
fi

# ---- runc alone: only its state tells where the bundle was

bundle() {
	mkdir -p "$dir/$1"
	cp -a "$dir/rt/rootfs" "$dir/$1/"
	(cd "$dir/$1" && { [ -e config.json ] || runc spec; } &&
		jq "(.process.terminal=false)|(.process.args=[\"sleep\",\"600\"])|$2" config.json >c && mv c config.json)
}

bundle plain .
bundle bad '(.linux.namespaces|=map(select(.type!="pid" and .type!="network")))|
	(.mounts+=[{"source":"/etc","destination":"/e","type":"bind","options":["rbind","rw"]}])|
	(.process.capabilities.bounding+=["CAP_SYS_ADMIN"])'
if runc --root "$dir/runc" run -d --bundle "$dir/plain" plain </dev/null >"$dir/runc.log" 2>&1 &&
	runc --root "$dir/runc" run -d --bundle "$dir/bad" bad </dev/null >>"$dir/runc.log" 2>&1; then
	scan plain bad
	is_sound plain
	has plain seccomp-off
	has bad host-pid
	has bad host-net
	has bad mount-etc-rw /etc
	has bad capabilities CAP_SYS_ADMIN
	has_not bad host-ipc
	for c in plain bad; do runc --root "$dir/runc" delete -f $c; done
else
	skip "runc: $(tail -n 1 "$dir/runc.log")"
fi

# ---- podman

if command -v podman >/dev/null && tar -C "$dir/image" -c . |
	podman --root "$dir/podman" --runroot "$dir/podrun" --tmpdir "$dir/podtmp" import - localhost/box >/dev/null 2>&1; then
	limits="--network none --ulimit nofile=1024:1024 --ulimit nproc=4096:4096"
	# shellcheck disable=SC2086
	if pod run -d --name pod-privileged $limits --privileged localhost/box sleep 600 >/dev/null 2>"$dir/pod.log" &&
		pod run -d --name pod-twin $limits --read-only --cap-drop ALL --user 1000:1000 \
			--security-opt no-new-privileges localhost/box sleep 600 >/dev/null 2>>"$dir/pod.log"; then
		scan
		has pod-privileged privileged
		is_sound pod-twin
		has_not pod-twin root-writable
		has_not pod-twin new-privileges
	else
		skip "podman: $(tail -n 1 "$dir/pod.log")"
	fi
else
	skip "podman: not here, or cannot import"
fi
