/* SPDX-License-Identifier: Apache-2.0 */
/* G11: the ways into the kernel themselves; T: strings that lie. */
#include "cases.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* The other end of the FIFO is opened; what was promised is in it. */
static void feed_fifo(struct play *p)
{
	struct pollfd wait = { .fd = -1 };
	char path[300];
	int i, fd = -1;

	snprintf(path, sizeof(path), "%s/outside/fifo", p->host->dir);
	for (i = 0; i < 50 && fd < 0; i++) {
		fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			poll(&wait, 1, 20);
	}
	if (fd < 0)
		return;
	if (write(fd, "brigwatch decoy\n", 16) < 0)
		perror(path);
	poll(&wait, 1, 200);
	close(fd);
}

static const struct family families[] = {
	{ "gate32", "^BW-0110$" },
	{ 0 },
};

/* clang-format off */
static const struct attack_case cases[] = {
	{ .technique = "G11 32-bit entry", .variant = "int 0x80 getpid", .runtime = RUNC, .way = WAY_IA32,
	  .argv = "compat", .expect = "gate32" },
	{ .technique = "G11 32-bit entry", .variant = "int 0x80 getpid", .runtime = DOCKER, .way = WAY_IA32,
	  .argv = "compat", .expect = "gate32" },
	{ .technique = "G11 32-bit entry", .variant = "int 0x80 openat of a decoy", .runtime = RUNC, .way = WAY_IA32,
	  .box = PTRACER, .argv = "open int80-openat " SECRET " r",
	  .expect = "foreign-file" },
	{ .technique = "T01 path rewritten", .variant = "while a FIFO blocks", .runtime = RUNC,
	  .box = PTRACER, .argv = "rewrite " ROOT "{dir}/outside/fifo /etc/hostname",
	  .on_ready = feed_fifo, .expect = "foreign-file", .mention = "{dir}/outside/fifo" },
	{ .technique = "T01 path rewritten", .variant = "while a lease blocks", .runtime = RUNC,
	  .box = PTRACER, .argv = "rewrite " ROOT "{dir}/outside/leased /etc/hostname",
	  .expect = "foreign-file", .mention = "{dir}/outside/leased" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
