# SPDX-License-Identifier: Apache-2.0
# The same life under podman.
. "$LIVE_LIB/lib.sh"
need podman runc

pod() {
	podman --root "$WORK/root" --runroot "$WORK/run" --tmpdir "$WORK/tmp" --runtime runc \
		--cgroup-manager cgroupfs --events-backend file "$@"
}
pod_run() {
	pod run --network none --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$@" </dev/null
}
tar -C "$LIVE_DIR/image" -c . | pod import - localhost/box >/dev/null 2>&1 ||
	skip "podman cannot import an image here"
pod_run --rm localhost/box true >"$WORK/said" 2>&1 ||
	skip "podman cannot start a container here: $(tail -n 1 "$WORK/said")"
i=0
while [ $i -lt 5 ]; do
	pod_run --rm localhost/box sh -c 'benign stdio; echo x >/dev/stdout; cat /etc/passwd >/dev/null' >/dev/null
	i=$((i + 1))
done
c=$(pod_run -d localhost/box sleep 600)
pod exec "$c" sh -c 'ls / >/dev/null; echo x >/dev/stdout' >/dev/null
pod cp "$c:/etc/passwd" "$WORK/passwd"
pod rm -f -t 0 "$c" >/dev/null
