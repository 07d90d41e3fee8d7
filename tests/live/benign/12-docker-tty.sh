# SPDX-License-Identifier: Apache-2.0
# Terminals: docker run -t, docker exec -t, and an interactive shell.
. "$LIVE_LIB/lib.sh"
need_docker
need script

docker_run --rm -t box sh -c 'tty; ls -l /dev/console; echo x >/dev/tty; echo y >/dev/console'
c=$(docker_run -d -t box sh -c 'sleep 600')
docker exec -t "$c" sh -c 'tty; echo x >/dev/stdout; echo y >/dev/tty; stty -a' >/dev/null
printf 'ls /\nexit\n' |
	script -qec "$LIVE_DOCKER exec -it $c sh" /dev/null >/dev/null
