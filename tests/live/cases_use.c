/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors judged where they are used, code from nowhere: mmap, memfd, B22, G7, G8. */
#include "cases.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static const struct family families[] = {
	{ .name = "foreign-use", .ids = "^BW-0290$" },
	{ .name = "foreign-code", .ids = "^BW-0293$" },
	{ .name = "from-memory", .ids = "^BW-0295$" },
	{ .name = "no-name", .ids = "^BW-0296$" },
	{ .name = "shared-memory", .ids = "^BW-0297$" },
	{ .name = "not-image", .ids = "^BW-0298$" },
	{ 0 },
};

/* The decoy's file is opened by the host for a while. */
static void open_secret(struct play *p)
{
	struct pollfd wait = { .fd = -1 };
	char path[300];
	int i, fd;

	snprintf(path, sizeof(path), "%s/outside/secret", p->host->dir);
	for (i = 0; i < 20 && !child_has_output(&p->main) && !stopping; i++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			close(fd);
		poll(&wait, 1, 50);
	}
}

/* clang-format off */
#define SERVED { .binds = { "{dir}/serve.sock:/serve.sock" } }
#define PASSED(op, door) \
	{ .technique = "A6 passed descriptor", .variant = op, .runtime = RUNC, .way = door, .box = SERVED, \
	  .argv = "use " op, .expect = "foreign-use" }
#define PASSED_DOCKER(op) \
	{ .technique = "A6 passed descriptor", .variant = op, .runtime = DOCKER, .way = WAY_RECEIVED, .box = SERVED, \
	  .argv = "use " op, .expect = "foreign-use" }
#define DROPPED(what, rules) \
	{ .technique = "G7 program from nowhere", .variant = what, .runtime = RUNC, \
	  .argv = "drop " what, .expect = rules }

static const struct attack_case cases[] = {
	PASSED("read", WAY_RECEIVED),
	PASSED("pread", WAY_RECEIVED),
	PASSED("readv", WAY_RECEIVED),
	PASSED("copy", WAY_RECEIVED),
	PASSED("write", WAY_RECEIVED),
	PASSED("writev", WAY_RECEIVED),
	PASSED("map", WAY_RECEIVED),
	PASSED("list", WAY_RECEIVED),
	PASSED("int80", WAY_IA32),
	PASSED("uring", WAY_URING),
	PASSED_DOCKER("read"),
	PASSED_DOCKER("write"),
	PASSED_DOCKER("list"),
	{ .technique = "A6 passed descriptor", .variant = "mapped as code", .runtime = RUNC, .way = WAY_RECEIVED,
	  .box = SERVED, .argv = "use map-exec", .expect = "foreign-code" },
	{ .technique = "A6 passed descriptor", .variant = "made code by mprotect", .runtime = RUNC, .way = WAY_RECEIVED,
	  .box = SERVED, .argv = "use mprotect", .expect = "foreign-code" },
	{ .technique = "A6 passed descriptor", .variant = "as interpreter of a program", .runtime = RUNC,
	  .way = WAY_RECEIVED, .box = SERVED, .argv = "loader", .expect = "foreign-code" },
	{ .technique = "B22 fanotify", .variant = "read of an event's file", .runtime = RUNC, .way = WAY_RECEIVED,
	  .box = { .caps = "SYS_ADMIN" }, .argv = "use-fanotify", .on_ready = open_secret,
	  .expect = "foreign-use" },
	DROPPED("memfd", "from-memory"),
	DROPPED("tmpfile", "no-name"),
	DROPPED("deleted", "no-name"),
	{ .technique = "G8 dropped program", .variant = "written, then run", .runtime = RUNC, .argv = "drop upper",
	  .expect = "not-image" },
	{ .technique = "G7 program from nowhere", .variant = "memfd", .runtime = DOCKER, .argv = "drop memfd",
	  .expect = "from-memory" },
	{ .technique = "G8 dropped program", .variant = "written, then run", .runtime = DOCKER, .argv = "drop upper",
	  .expect = "not-image" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
