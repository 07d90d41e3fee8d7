# SPDX-License-Identifier: Apache-2.0
# An agent that shares the host's pid namespace and reads the figures of every
# process, as node exporters do; and ps and top of an administrator in there.
. "$LIVE_LIB/lib.sh"

pids=$(ls /proc | grep -E '^[0-9]+$' | head -40 | tr '\n' ' ')
# shellcheck disable=SC2086
box agent hostpid -- /bin/benign stat $pids
box_run agent
box ps hostpid -- /bin/sh -c 'ps -o pid,user,args >/dev/null; top -b -n 1 >/dev/null; pidof sh >/dev/null'
box_run ps
