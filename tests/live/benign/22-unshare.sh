# SPDX-License-Identifier: Apache-2.0
# Sandboxes inside a container: user namespaces, private mounts, new process
# and network namespaces, each with work in it.
. "$LIVE_LIB/lib.sh"

box user -- sh -c 'benign userns && unshare -U -r -m sh -c "mount -t tmpfs none /tmp && echo x >/tmp/x && cat /tmp/x" >/dev/null'
box_run user
box mounts caps=SYS_ADMIN,NET_ADMIN -- sh -c 'set -e; benign mountns
unshare -m sh -c "mount -t tmpfs none /tmp; echo x >/tmp/x; mount --bind /etc /tmp; cat /tmp/hostname" >/dev/null
unshare -i -u -n sh -c "hostname inner; ls /sys >/dev/null"
unshare -p -f sh -c "echo \$\$ >/dev/null; cat /etc/passwd >/dev/null"'
box_run mounts
