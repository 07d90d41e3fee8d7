# SPDX-License-Identifier: Apache-2.0
# Layers put together inside a container, as image builders do: overlay and tmpfs,
# a chroot into the result, programs run there.
. "$LIVE_LIB/lib.sh"

box builder privileged -- sh -c 'set -e; mount -t tmpfs none /mnt2 2>/dev/null || { mkdir /mnt2; mount -t tmpfs none /mnt2; }
cd /mnt2; mkdir low up work all; mkdir -p low/bin; cp /bin/busybox low/bin/; ln -s busybox low/bin/sh
mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work all
echo x >all/file; chroot all /bin/sh -c "echo y >/other"; test -s up/other; cd /; umount /mnt2/all; umount /mnt2'
box_run builder
