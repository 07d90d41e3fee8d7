# SPDX-License-Identifier: Apache-2.0
# Containers that are no OCI runtime's: LXC and systemd-nspawn, at least by name.

others=$dir/others
mkdir -p "$others"/{web,deb-1}/rootfs/{bin,dev,proc,sys,run,etc,usr,tmp,var}
for machine in web deb-1; do
	cp "$(command -v busybox)" "$others/$machine/rootfs/bin/sh" && cp "$others/$machine/rootfs/bin/sh" "$others/$machine/rootfs/bin/sleep"
	: >"$others/$machine/rootfs/etc/os-release"
	printf 'sleep 1\necho x >/proc/sys/kernel/core_pattern\nsleep 2\n' >"$others/$machine/rootfs/act"
done
named() { grep -a '"core_pattern\|/core_pattern' "$alerts" | jq -e --arg id "$1" --arg runtime "$2" \
	'select(.container.id == $id and .container.runtime == $runtime)' >/dev/null; }
seen() { grep -a core_pattern "$alerts" | jq -c '[.rule_id, .container.id, .container.runtime, .container.name, .container.cgroup]'; }

agent_start
if command -v lxc-start >/dev/null; then
	cat >"$others/web/config" <<-END
	lxc.uts.name = lxc-web
	lxc.rootfs.path = dir:$others/web/rootfs
	lxc.net.0.type = empty
	lxc.init.cmd = /bin/sh /act
	lxc.mount.auto = proc:rw sys:ro
	lxc.apparmor.profile = unconfined
	END
	lxc-start -P "$others" -n web -F >"$dir/lxc.out" 2>&1 </dev/null &
	started+=" $!"
	wait_end $! 15
	check "others: a container of LXC is named" "$(seen) $(tail -n 2 "$dir/lxc.out")" wait_for 5 named web lxc
else
	skip "others: LXC" "no lxc-start"
fi
if command -v systemd-nspawn >/dev/null; then
	systemd-nspawn -q --register=no --keep-unit -M deb-1 -D "$others/deb-1/rootfs" /bin/sh /act >"$dir/nspawn.out" 2>&1 </dev/null &
	started+=" $!"
	wait_end $! 15
	check "others: a container of systemd-nspawn is named" "$(seen) $(tail -n 2 "$dir/nspawn.out")" wait_for 5 named deb-1 systemd-nspawn
else
	skip "others: systemd-nspawn" "not installed"
fi
seen | sed 's/^/# /'
agent_stop
