/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy use of sockets. */
#include "deed.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int ask_once(const char *path)
{
	static const char question[] = "GET /containers/json HTTP/1.0\r\n\r\n";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[16] = "";
	bool good;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	good = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	       write(fd, question, sizeof(question) - 1) > 0 &&
	       read(fd, answer, sizeof(answer) - 1) > 0 && strstr(answer, " 200");
	close(fd);
	return good ? 0 : -1;
}

/* ask PATH N: as tools do that were given the engine's socket. */
static int do_ask(char **argv)
{
	int i, n = atoi(argv[1]);

	for (i = 0; i < n; i++)
		if (ask_once(argv[0]) < 0) {
			perror("benign: ask");
			return 1;
		}
	return 0;
}

static const struct deed deeds[] = {
	{ "ask", 2, do_ask },
	{ 0 },
};
DEED_TABLE(deeds);
