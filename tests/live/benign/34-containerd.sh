# SPDX-License-Identifier: Apache-2.0
# Containers of containerd without docker, by the daemon that docker started.
. "$LIVE_LIB/lib.sh"
need_docker
need ctr
sock=$LIVE_DIR/exec/containerd/containerd.sock
[ -S "$sock" ] || skip "docker uses a containerd of the machine's"

cp -a "$LIVE_DIR/image" "$WORK/rootfs"
i=0
while [ $i -lt 5 ]; do
	ctr -a "$sock" -n brigwatch-live run --rm --rootfs "$WORK/rootfs" "c$i" /bin/sh -c 'echo x >/dev/stdout; cat /etc/passwd; echo ran >>/ran' >/dev/null </dev/null
	i=$((i + 1))
done
test "$(wc -l <"$WORK/rootfs/ran")" -eq 5
ctr -a "$sock" -n brigwatch-live run -d --rootfs "$WORK/rootfs" long /bin/sleep 600
ctr -a "$sock" -n brigwatch-live tasks exec --exec-id one long /bin/sh -c 'ls /' >/dev/null
ctr -a "$sock" -n brigwatch-live tasks kill -s KILL long
sleep 0.5
ctr -a "$sock" -n brigwatch-live tasks rm long >/dev/null 2>&1 || :
ctr -a "$sock" -n brigwatch-live containers rm long
