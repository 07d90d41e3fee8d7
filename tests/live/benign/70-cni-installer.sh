# SPDX-License-Identifier: Apache-2.0
# A network plug-in's installer: a container copies a program to a volume, renames
# it into place, and the host runs it again and again.
# expects: BW-0340 once
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/bin"
box cni "bind=$WORK/bin:/host/opt/cni/bin" -- sh -c \
	'cp /bin/benign /host/opt/cni/bin/.plugin && mv /host/opt/cni/bin/.plugin /host/opt/cni/bin/plugin'
box_run cni
for _ in 1 2 3 4 5; do
	"$WORK/bin/plugin" true
done
