# SPDX-License-Identifier: Apache-2.0
# The sandbox of browsers: new user, process and network namespaces, and an empty
# root by way of procfs.
. "$LIVE_LIB/lib.sh"

box user -- benign sandbox
box_run user
box nobody -- benign user 1000 /bin/benign sandbox
box_run nobody
"$LIVE_DIR/image/bin/benign" sandbox
