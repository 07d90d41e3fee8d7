# SPDX-License-Identifier: Apache-2.0
# A data base: locks, shared mappings, journals, io_uring, on a volume and at home.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/data"

work='set -e; benign db /data/db; benign uring /data/ring; benign tmpfile /data; benign keys'
box db bind="$WORK/data:/data" -- sh -c "$work"
box_run db
box home -- sh -c "mkdir /data; $work"
box_run home
