# SPDX-License-Identifier: Apache-2.0
# A pod whose main program reads its own token, one that was started for a
# script, and a client beside the main program.
. "$LIVE_LIB/lib.sh"
sa=/run/secrets/kubernetes.io/serviceaccount
mkdir "$WORK/sa"
mount -t tmpfs none "$WORK/sa"
mkdir "$WORK/sa/..data_1"
echo token >"$WORK/sa/..data_1/token"
ln -s ..data_1 "$WORK/sa/..data"
ln -s ..data/token "$WORK/sa/token"
box client "bind=$WORK/sa:$sa:ro" -- /bin/cat $sa/token
test "$(box_run client)" = token
box script "bind=$WORK/sa:$sa:ro" -- sh -c "cat $sa/token; benign true"
test "$(box_run script)" = token
