# SPDX-License-Identifier: Apache-2.0
# Bubblewrap inside a container, as a build or a browser would use it.
. "$LIVE_LIB/lib.sh"
need bwrap

give() {
	bwrap=$(command -v bwrap)
	mkdir -p "$WORK/$1/rootfs/usr/bin"
	cp -L "$bwrap" "$WORK/$1/rootfs/usr/bin/bwrap"
	ldd "$bwrap" | grep -o '/[^ ]*' | while read -r l; do
		mkdir -p "$WORK/$1/rootfs${l%/*}"
		cp -L "$l" "$WORK/$1/rootfs$l"
	done
}

# Privileged, with a procfs of its own processes.
box root privileged -- bwrap --ro-bind / / --tmpfs /tmp --dev /dev --proc /proc \
	--unshare-all --die-with-parent sh -c 'cat /proc/self/status >/tmp/x; ls /proc >/dev/null; test -s /tmp/x'
give root
box_run root

# By a user namespace, without any capability that counts outside.
box user -- bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts --ro-bind / / \
	--tmpfs /tmp --dev-bind /dev /dev sh -c 'echo x >/tmp/x; benign selfexe; ls / >/dev/null'
give user
box_run user
