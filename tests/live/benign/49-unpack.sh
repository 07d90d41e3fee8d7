# SPDX-License-Identifier: Apache-2.0
# Archives with everything in them: absolute links, links upwards, hard links,
# FIFOs, nodes of harmless devices, odd modes and owners.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/vol"

make='set -e; mkdir -p /src/a; cd /src; echo x >a/f; ln a/f a/hard; ln -s /etc/passwd a/absolute
ln -s ../../../../etc/passwd a/upwards; mkfifo a/fifo; mknod a/null c 1 3; chmod 2755 a; chown 1000:1000 a/f
tar -cf /tmp/t.tar .; mkdir /dst; tar -C /dst -xpf /tmp/t.tar; test -L /dst/a/absolute; test -p /dst/a/fifo'
box own -- sh -c "$make"
box_run own
# On a volume, what a source tree holds
box vol bind="$WORK/vol:/vol" -- sh -c 'set -e; mkdir -p /s/bin; cd /s; echo x >f; ln -s f l; ln f h
cp /bin/busybox bin/tool; chmod 755 bin/tool; tar -cf /tmp/t.tar .; tar -C /vol -xf /tmp/t.tar; test -x /vol/bin/tool'
box_run vol
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$make"
