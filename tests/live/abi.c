/* SPDX-License-Identifier: Apache-2.0 */
/* Each operation by every door that offers it: the native call, the 32-bit gate,
 * and io_uring in its forms. The rules that speak of it must be the same. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As attack_abi.c knows them. */
static const char *const rows[] = { "native", "ia32", "io_uring", "worker", "sqpoll", "direct" };

/* What is the container's own business here: its own namespaces, mounts and keys, a
 * signal that only asks, a mount that was told when it was made. */
#define SILENT NULL

/* The family of rules that the call must raise by each door, or that none may: two
 * doors that are both blind agree, too. */
static const struct operation {
	const char *name, *family;
} operations[] = {
	{ "open", "foreign-file" },
	{ "creat", "foreign-file" },
	{ "openat", "foreign-file" },
	{ "openat2", "foreign-file" },
	{ "open_by_handle", "foreign-file" },
	{ "connect", "api" },
	{ "socketcall", "api" },
	{ "execve", "foreign-exec" },
	{ "execveat", "foreign-exec" },
	{ "chdir", "foreign-position" },
	{ "fchdir", "foreign-position" },
	{ "chroot", "foreign-position" },
	{ "setns", "namespace" },
	{ "unshare", SILENT },
	{ "mount", "mount-proc" },
	{ "remount", "protection-off" },
	{ "umount2", SILENT },
	{ "fsopen", SILENT },
	{ "fsmount", "mount-proc" },
	{ "open_tree", SILENT },
	{ "move_mount", SILENT },
	{ "mount_setattr", SILENT },
	{ "link", "foreign-change" },
	{ "linkat", "foreign-change" },
	{ "symlink", "foreign-change" },
	{ "symlinkat", "foreign-change" },
	{ "rename", "foreign-change" },
	{ "renameat", "foreign-change" },
	{ "mkdir", "foreign-change" },
	{ "mkdirat", "foreign-change" },
	{ "mknod", "foreign-change" },
	{ "mknodat", "foreign-change" },
	{ "unlink", "foreign-change" },
	{ "unlinkat", "foreign-change" },
	{ "rmdir", "foreign-change" },
	{ "truncate", "foreign-change" },
	{ "ftruncate", "foreign-change" },
	{ "chmod", "foreign-change" },
	{ "fchmod", "foreign-change" },
	{ "fchmodat", "foreign-change" },
	{ "fchmodat2", "foreign-change" },
	{ "chown", "foreign-change" },
	{ "fchownat", "foreign-change" },
	{ "setxattr", "foreign-change" },
	{ "utimensat", "foreign-change" },
	{ "ptrace", "process-write" },
	{ "pidfd_getfd", "process-fd" },
	{ "kill", SILENT },
	{ "bpf", "bpf" },
	{ "perf_event_open", "perf" },
	{ "userfaultfd", "unusual" },
	{ "add_key", SILENT },
	{ "keyctl", SILENT },
	{ "socket", "socket" },
	{ "fanotify_init", SILENT },
};
#define N_OPERATIONS ARRAY_SIZE(operations)

static const char *columns[N_OPERATIONS];
static struct grid_cell cells[ARRAY_SIZE(rows) * N_OPERATIONS];

/* That a call came through the 32-bit gate is told beside all else, that a capability
 * was used once a minute, and what the container was given a moment after its start. */
static bool counts(const struct alert *a)
{
	return !family_matches("gate32", a) && strcmp(a->rule_id, "BW-0270") != 0 &&
	       strcmp(a->rule_id, "BW-0380") != 0;
}

static bool names(const struct grid *g, size_t column, const struct alert *a)
{
	(void)g;
	return operations[column].family && family_matches(operations[column].family, a);
}

static bool good(const struct grid *g, size_t row, size_t column)
{
	const struct grid_cell *c = grid_cell(g, row, column), *native = grid_cell(g, 0, column);

	if (operations[column].family ? !c->right : *c->rules != '\0')
		return false;
	return strcmp(c->rules, native->rules) == 0;
}

static const struct grid grid = { .name = "abi",
				  .rows = rows,
				  .columns = columns,
				  .n_rows = ARRAY_SIZE(rows),
				  .n_columns = N_OPERATIONS,
				  .cells = cells,
				  .counts = counts,
				  .names = names,
				  .good = good };

static void play_row(struct host *h, const struct options *o, size_t row)
{
	struct attack_case c = { .technique = "abi",
				 .variant = rows[row],
				 .runtime = RUNC,
				 .box = { .flags = BOX_HOST_PID | BOX_PRIVILEGED } };
	char argv[400];

	snprintf(argv, sizeof(argv), "abi %s %d {dir}", rows[row], h->lender.pid);
	c.argv = argv;
	grid_play_row(&grid, h, o, &c, row);
}

void play_abi(struct host *h, const struct options *o)
{
	struct grid_score score = { 0 };
	unsigned int silent = 0;
	char text[200];
	size_t i;

	if (!selected(o, "abi"))
		return;
	for (i = 0; i < N_OPERATIONS; i++)
		columns[i] = operations[i].name;
	if (shell(h->log, 5000, "cd '%s' && mkdir abi && echo 0123456789abcde >abi/file", h->dir)) {
		printf("\nabi: the stage cannot be set: fail\n");
		count_fail();
		return;
	}
	for (i = 0; i < ARRAY_SIZE(rows) && !stopping; i++)
		play_row(h, o, i);
	grid_print(&grid, o->no_agent, &score);
	for (i = 0; i < N_OPERATIONS; i++)
		silent += !*grid_cell(&grid, 0, i)->rules;
	snprintf(text, sizeof(text),
		 "%zu operations by %zu doors: %u as they must be, %u not, %u not offered; %u "
		 "operations are silent by all",
		 N_OPERATIONS, ARRAY_SIZE(rows), score.right, score.wrong, score.none, silent);
	printf("abi: %s: %s\n", text, score.wrong ? "fail" : "pass");
	report_check("abi", score.wrong ? "fail" : "pass", text);
	if (score.wrong)
		count_fail();
	else
		count_pass();
}
