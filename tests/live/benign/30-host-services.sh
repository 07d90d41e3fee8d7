# SPDX-License-Identifier: Apache-2.0
# Services of the host in private mount namespaces, and other namespaces that
# are no containers.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/tmp" "$WORK/root"

# As PrivateTmp and ProtectSystem do
unshare -m sh -c "mount --bind '$WORK/tmp' '$WORK/root'; mount -t tmpfs tmpfs /mnt
mount -o remount,ro,bind '$WORK/root' || :; echo x >/mnt/x; ls / /etc >/dev/null; cat /etc/passwd >/dev/null"
unshare -m --propagation slave sh -c 'exec ls / >/dev/null'
unshare -mpf --mount-proc sh -c 'ps >/dev/null 2>&1; ls /proc >/dev/null; cat /proc/1/status >/dev/null'
unshare -n sh -c 'ls /sys/class/net >/dev/null'
unshare -i -u sh -c 'hostname inner; cat /etc/passwd >/dev/null'
unshare -U -r sh -c 'id >/dev/null; cat /etc/passwd >/dev/null'
unshare -U -r -m -p -f --mount-proc sh -c 'ls /proc >/dev/null'
# A descriptor from before, used after
exec 5<"$WORK/tmp"
unshare -m sh -c 'cat /proc/self/fd/5/../../../../../../etc/passwd >/dev/null 2>&1; ls -l /proc/self/fd/5/ >/dev/null; cd /proc/self/fd/5 && ls >/dev/null'
# chroot on the host, as builders do
chroot "$LIVE_DIR/image" /bin/sh -c 'ls / >/dev/null; cat /etc/hostname >/dev/null'
if command -v bwrap >/dev/null; then
	bwrap --ro-bind / / --tmpfs /tmp --dev /dev --proc /proc --unshare-all \
		sh -c 'ls /proc >/dev/null; cat /etc/passwd >/dev/null'
fi
