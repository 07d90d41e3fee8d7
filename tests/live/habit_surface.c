/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy use of the kernel's own surface. What the kernel refuses here it
 * refuses to healthy programs too, and they go on. */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "benign: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

/* sniff: as tcpdump in a side-car does */
static int do_sniff(char **argv)
{
	struct sock_filter none = { 0x6, 0, 0, 0 };
	struct sock_fprog filter = { 1, &none };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	(void)argv;
	if (fd < 0)
		return fail("packet socket");
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
		return fail("filter");
	close(fd);
	return 0;
}

/* profile: a program measures itself, on whatever processor it runs */
static int do_profile(char **argv)
{
	struct {
		unsigned int type, size;
		unsigned char rest[104];
	} attr = { .type = 1, .size = 112 };

	(void)argv;
	attr.rest[32] = 1 << 5; /* exclude_kernel */
	syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, 0);
	return 0;
}

/* serve: files into sockets and pipes by sendfile and splice, as root and as
 * nobody, as web servers, proxies and some cats do */
static int do_serve(char **argv)
{
	int ends[2], pair[2], fd;

	(void)argv;
	if (pipe(ends) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return fail("pipe");
	for (int i = 0; i < 2; i++) {
		fd = open("/etc/passwd", O_RDONLY);
		if (fd < 0 || sendfile(pair[0], fd, NULL, 8) != 8 ||
		    sendfile(ends[1], fd, NULL, 8) != 8)
			return fail("sendfile");
		if (splice(fd, &(off_t){ 0 }, ends[1], NULL, 8, 0) != 8 ||
		    splice(ends[0], NULL, pair[0], NULL, 16, 0) <= 0)
			return fail("splice");
		close(fd);
		if (i == 0 && setuid(65534) < 0)
			return fail("setuid");
	}
	return 0;
}

/* init: what systemd asks for when it starts in a container without rights */
static int do_init(char **argv)
{
	struct timex now = { 0 };
	char attr[120] = { 1 };

	(void)argv;
	prctl(PR_SET_NAME, "systemd");
	syscall(SYS_bpf, 5, attr, sizeof(attr));
	adjtimex(&now);
	syscall(SYS_syslog, 10, NULL, 0);
	syscall(SYS_keyctl, 1 /* JOIN_SESSION_KEYRING */, 0);
	syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3, 0);
	syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */);
	syscall(SYS_reboot, 1, 1, 1, 0);
	syscall(SYS_fanotify_init, 0x200, 0);
	return 0;
}

/* root: a package manager or scanner that reads set-id programs as root */
static int do_scan(char **argv)
{
	int ends[2], fd = open("/tmp/tool", O_RDWR | O_CREAT, 0755);

	(void)argv;
	if (fd < 0 || write(fd, DECOY_TEXT, 8) != 8 || fchmod(fd, 04755) < 0 || pipe(ends) < 0)
		return fail("tool");
	return sendfile(ends[1], fd, &(off_t){ 0 }, 8) == 8 ? 0 : fail("sendfile");
}

static const struct deed deeds[] = {
	{ "sniff", 0, do_sniff }, { "profile", 0, do_profile }, { "serve", 0, do_serve },
	{ "init", 0, do_init },	  { "scan", 0, do_scan },	{ 0 },
};
DEED_TABLE(deeds);
