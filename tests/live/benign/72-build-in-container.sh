# SPDX-License-Identifier: Apache-2.0
# A build in a container; the host reads, searches, packs and follows what it
# left, links of the same names among it, and runs only what is its own.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/src"
work='cd /src; i=0; while [ $i -lt 40 ]; do echo "int f$i;" >f$i.c; cp f$i.c f$i.o; i=$((i+1)); done
cat *.o >prog; chmod +x prog; printf "#!/bin/sh\necho built\n" >run.sh; chmod +x run.sh
echo line >log; mv run.sh tool.sh; ln -s tool.sh latest.sh; echo "print(1)" >report.py'
box build "bind=$WORK/src:/src" -- sh -c "$work"
box_run build
cat "$WORK/src/log" "$WORK/src/tool.sh" >/dev/null
grep -r built "$WORK/src" >/dev/null
tail -n 1 "$WORK/src/log" >/dev/null
tar -C "$WORK/src" -cf "$WORK/all.tar" .
cp -a "$WORK/src" "$WORK/copy"
sh -c "cat $WORK/src/tool.sh; wc -l $WORK/src/report.py; sha256sum $WORK/src/prog" >/dev/null
# Of the same names, but the host's own.
mkdir "$WORK/own"
printf '#!/bin/sh\ncat "$1" >/dev/null\n' >"$WORK/own/tool.sh"
chmod +x "$WORK/own/tool.sh"
"$WORK/own/tool.sh" "$WORK/src/log"
sh "$WORK/own/tool.sh" "$WORK/src/tool.sh"
cp /bin/true "$WORK/own/prog"
"$WORK/own/prog"
if command -v bash >/dev/null; then bash "$WORK/own/tool.sh" "$WORK/src/report.py"; fi
