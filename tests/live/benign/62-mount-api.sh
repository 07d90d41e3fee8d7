# SPDX-License-Identifier: Apache-2.0
# The newer mount calls as sandboxes and newer tools make them inside a container:
# tmpfs, overlay, binds made read-only, a procfs of their own processes, a chroot
# into a tree of their own.
. "$LIVE_LIB/lib.sh"

box mounts caps=SYS_ADMIN -- benign newmount mounts
box_run mounts
box sandbox -- benign newmount sandbox
box_run sandbox
box build privileged -- sh -c 'mkdir -p /build/bin /build/proc; cp /bin/busybox /build/bin/sh
chroot /build /bin/sh -c "echo built"; mount --bind /build /build; umount /build'
box_run build
