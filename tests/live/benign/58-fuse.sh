# SPDX-License-Identifier: Apache-2.0
# A file system in user space, as rootless engines and cloud mounts have; its
# device was given to the container.
. "$LIVE_LIB/lib.sh"
grep -qw fuse /proc/filesystems || skip "this kernel has no FUSE"

box fuse privileged -- sh -c 'mkdir /mnt && benign fuse /mnt'
box_run fuse
