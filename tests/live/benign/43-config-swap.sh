# SPDX-License-Identifier: Apache-2.0
# Configuration replaced at once on a volume, by the host and by a container:
# relative links renamed over each other, two files exchanged; a container watches.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/own" "$WORK/lent"

box swap bind="$WORK/own:/config" -- sh -c 'benign swap /config && benign watch /config'
box_run swap
test -L "$WORK/own/..data"
box reader bind="$WORK/lent:/config:ro" -- sh -c 'i=0; while [ $i -lt 20 ]; do
cat /config/..data/value 2>/dev/null || :; i=$((i + 1)); sleep 0.05; done'
box_start reader
i=0
while [ $i -lt 10 ]; do
	mkdir "$WORK/lent/..v$i"
	echo $i >"$WORK/lent/..v$i/value"
	ln -s "..v$i" "$WORK/lent/..data_tmp"
	mv -T "$WORK/lent/..data_tmp" "$WORK/lent/..data"
	i=$((i + 1))
	sleep 0.05
done
test "$(cat "$WORK/lent/..data/value")" = 9
