/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching a runtime's socket. Nothing is sent. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int attack_connect(char **argv)
{
	const char *way = argv[0], *path = argv[1];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t len;
	long ret;
	int fd;

	if (strcmp(way, "link") == 0) {
		if (symlink(path, "/tmp/innocent.sock") < 0)
			deed_fail("cannot link to %s", path);
		path = "/tmp/innocent.sock";
	}
	if (strlen(path) >= sizeof(addr.sun_path))
		deed_fail("path too long for a socket: %s", path);
	strcpy(addr.sun_path, path);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
	if (*path == '@') {
		addr.sun_path[0] = '\0';
		len--;
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		deed_fail("socket");

	if (strcmp(way, "int80") == 0) {
		deed_int80_probe();
		deed_harm(way);
		ret = deed_int80(362 /* connect */, fd, (long)deed_low(&addr, sizeof(addr)), len, 0,
				 0);
	} else if (strcmp(way, "socketcall") == 0) {
		uint32_t args[3] = { (uint32_t)fd, 0, len };

		deed_int80_probe();
		args[1] = (uint32_t)(uintptr_t)deed_low(&addr, sizeof(addr));
		deed_harm(way);
		ret = deed_int80(102 /* socketcall */, 3 /* SYS_CONNECT */,
				 (long)deed_low(args, sizeof(args)), 0, 0, 0);
	} else if (strcmp(way, "uring") == 0) {
		deed_harm(way);
		ret = deed_uring_connect(fd, &addr, len);
	} else {
		deed_harm(way);
		ret = connect(fd, (struct sockaddr *)&addr, len);
		if (ret < 0)
			ret = -errno;
	}
	close(fd);
	return deed_done(ret);
}

static int attack_compat(char **argv)
{
	long pid;

	(void)argv;
	/* The probe is the deed already, and repeats of it are not told. */
	deed_harm("int 0x80 getpid");
	deed_int80_probe();
	pid = deed_int80(20, 0, 0, 0, 0, 0);
	return deed_done(pid == getpid() ? 0 : -ESRCH);
}

static const struct deed deeds[] = {
	/* plain|link|int80|socketcall|uring PATH (@ for abstract) */
	{ "connect", 2, attack_connect },
	/* no argument */
	{ "compat", 0, attack_compat },
	{ 0 },
};
DEED_TABLE(deeds);
