/* SPDX-License-Identifier: Apache-2.0 */
/* G9: shells tied to a network connection. */
#include "cases.h"

static const struct family families[] = {
	{ "on-connection", "^BW-0299$" },
	{ 0 },
};

/* clang-format off */
#define SHELL(text, how, door) \
	{ .technique = "G9 shell", .variant = text, .runtime = RUNC, .way = door, \
	  .argv = "shell " how " /bin/sh", .expect = "on-connection" }

static const struct attack_case cases[] = {
	SHELL("connect, dup3", "dup3", WAY_NATIVE),
	SHELL("connect, close and dup", "dup", WAY_NATIVE),
	SHELL("connect, fcntl", "fcntl", WAY_NATIVE),
	SHELL("output as errors only", "half", WAY_NATIVE),
	SHELL("accept: a shell that waits", "accept", WAY_NATIVE),
	SHELL("IPv6", "ipv6", WAY_NATIVE),
	SHELL("connected by io_uring", "uring", WAY_URING),
	SHELL("connect and dup2 by int 0x80", "int80", WAY_IA32),
	{ .technique = "G9 shell", .variant = "under another name", .runtime = RUNC,
	  .argv = "shell dup3 copy", .expect = "on-connection" },
	{ .technique = "G9 shell", .variant = "nc -e", .runtime = RUNC, .argv = "netcat",
	  .expect = "on-connection" },
	{ .technique = "G9 shell", .variant = "connect, dup3", .runtime = DOCKER,
	  .argv = "shell dup3 /bin/sh", .expect = "on-connection" },
	{ 0 },
};
/* clang-format on */

CASE_TABLE(families, cases);
