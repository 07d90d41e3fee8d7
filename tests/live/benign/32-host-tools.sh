# SPDX-License-Identifier: Apache-2.0
# Ordinary life of the host: archives, searches through /proc, a compiler, a
# loop device, a mount, the runtime's own socket used by its owner.
. "$LIVE_LIB/lib.sh"

mkdir "$WORK/src"
for n in 1 2 3 4 5; do printf 'int f%s(void){return %s;}\n' $n $n >"$WORK/src/f$n.c"; done
printf 'int main(void){return 0;}\n' >"$WORK/src/main.c"
if command -v cc >/dev/null; then
	(cd "$WORK/src" && cc -o prog ./*.c && ./prog)
fi
tar -C "$WORK" -czf "$WORK/src.tgz" src
tar -C "$WORK" -tzf "$WORK/src.tgz" >/dev/null
find /proc -maxdepth 2 -name status >/dev/null 2>&1 || :
for p in /proc/[0-9]*; do ls -l "$p/exe" "$p/cwd" "$p/root" >/dev/null 2>&1 || :; done
ps aux >/dev/null
cat /proc/sys/kernel/core_pattern >/dev/null
mkdir "$WORK/mnt"
unshare -m sh -c "mount -t tmpfs none '$WORK/mnt' && mount -t proc proc '$WORK/mnt' && ls '$WORK/mnt' >/dev/null"
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker ps >/dev/null
docker info >/dev/null 2>&1
docker images >/dev/null
