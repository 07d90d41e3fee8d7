# SPDX-License-Identifier: Apache-2.0
# An administrator on the host who looks into a container: nsenter, its root
# through /proc, its files, its network.
. "$LIVE_LIB/lib.sh"
need nsenter jq

box target -- sh -c 'while :; do cat /etc/hostname >/dev/null; sleep 0.2; done'
box_start target
pid=$(box_pid target)

nsenter -t "$pid" -m -p -u -i -n sh -c 'ls /; cat /etc/hostname; echo x >/tmp/x; ps' >/dev/null
nsenter -t "$pid" -a /bin/busybox ls / >/dev/null
nsenter -t "$pid" -n sh -c 'ls /sys/class/net; cat /proc/net/dev' >/dev/null
nsenter -t "$pid" -m /bin/busybox cat /etc/passwd >/dev/null
nsenter -t "$pid" -p -u sh -c 'ls /proc >/dev/null; hostname >/dev/null'
cat "/proc/$pid/root/etc/passwd" "/proc/$pid/environ" "/proc/$pid/maps" >/dev/null
echo y >"/proc/$pid/root/tmp/y"
ls -l "/proc/$pid/fd" "/proc/$pid/ns" >/dev/null
tar -C "/proc/$pid/root" -cf - etc | tar -tf - >/dev/null
chroot "/proc/$pid/root" /bin/busybox true
test -s "$WORK/target/rootfs/tmp/y"
