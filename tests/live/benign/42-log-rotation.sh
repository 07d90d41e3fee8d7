# SPDX-License-Identifier: Apache-2.0
# Logs on a volume: written, renamed, compressed, linked relatively, and the
# standard output, a file of the host, opened anew by name.
. "$LIVE_LIB/lib.sh"
mkdir "$WORK/logs"
chmod 1777 "$WORK/logs"

work='set -e; cd /logs; i=0
while [ $i -lt 10 ]; do
	echo line >>app.log; echo line >>/dev/stdout
	mv app.log app.log.$i; ln -sf app.log.$i latest; gzip -c app.log.$i >app.log.$i.gz; rm app.log.$i
	ln -sf ../logs/app.log.$i.gz latest; touch app.log; chmod 640 app.log
	[ $i -lt 5 ] || rm app.log.$((i - 5)).gz
	i=$((i + 1))
done'
box logs bind="$WORK/logs:/logs" -- sh -c "$work"
box_run logs >"$WORK/out"
test "$(wc -l <"$WORK/out")" -eq 10
rm -rf "${WORK:?}/logs"
mkdir "$WORK/logs"
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm -v "$WORK/logs:/logs" box sh -c "$work" >/dev/null
