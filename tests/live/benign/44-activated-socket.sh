# SPDX-License-Identifier: Apache-2.0
# A service whose listening socket its starter made and handed on.
. "$LIVE_LIB/lib.sh"

box service -- benign activated
"$LIVE_DIR/image/bin/benign" activate "$WORK/service.sock" \
	runc run --preserve-fds 1 -b "$WORK/service" "$(box_id service)" </dev/null &
PIDS="$PIDS $!"
i=0
until "$LIVE_DIR/image/bin/benign" dial "$WORK/service.sock" 2>/dev/null; do
	i=$((i + 1))
	[ $i -lt 50 ] || die "the service does not answer"
	sleep 0.1
done
