# SPDX-License-Identifier: Apache-2.0
# Standard output reopened by name, as web servers do: when it is a file of the
# host, a pipe, a terminal's end, docker's log.
. "$LIVE_LIB/lib.sh"

box file -- sh -c 'benign stdio; echo a >>/dev/stdout; echo b >>/proc/self/fd/1; sh -c "echo c >>/dev/stderr"'
box_run file >"$WORK/out" 2>"$WORK/err"
grep -q a "$WORK/out"
box pipe -- sh -c 'benign stdio; echo a >/dev/stdout; echo b >/dev/stderr; cat </dev/stdin'
box_run pipe 2>&1 | cat >"$WORK/piped"
grep -q line "$WORK/piped"

# The same for an exec, and for a child of a child.
box long -- sleep 600
box_start long
box_exec long sh -c 'benign stdio; echo a >>/dev/stdout; benign true' >"$WORK/exec" 2>&1
grep -q a "$WORK/exec"

[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c 'benign stdio; echo a >/dev/stdout; echo b >/dev/stderr' >/dev/null 2>&1
