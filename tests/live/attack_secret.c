/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets on volumes, read by others than the main program; too many processes. */
#include "attack.h"
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run PROGRAM [ARGS...]; the decoy's text on its output is the proof. */
static int attack_tool(char **argv)
{
	char got[sizeof(DECOY_TEXT)] = "";
	size_t len = 0;
	int out[2];
	ssize_t n;
	pid_t pid;

	if (pipe(out) < 0)
		deed_fail("no pipe");
	deed_harm(argv[0]);
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	while (len < sizeof(got) - 1 && (n = read(out[0], got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	close(out[0]);
	waitpid(pid, NULL, 0);
	return deed_done(strcmp(got, DECOY_TEXT) == 0 ? 0 : -ENOMSG);
}

/* COUNT processes that do nothing, all at once; they end with this one. */
static int attack_storm(char **argv)
{
	int i, n = atoi(argv[0]), made = 0, error = 0;
	pid_t *pids = calloc((size_t)n, sizeof(*pids));

	if (!pids || n > 4000)
		deed_fail("no room");
	deed_harm("fork");
	for (i = 0; i < n; i++) {
		pids[made] = fork();
		if (pids[made] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(20);
			pause();
			_exit(0);
		}
		if (pids[made] < 0) {
			error = errno;
			break;
		}
		made++;
	}
	for (i = 0; i < made; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < made; i++)
		waitpid(pids[i], NULL, 0);
	return deed_done(error ? -error : 0);
}

static const struct deed deeds[] = {
	/* PROGRAM [ARGS...] */
	{ "tool", 1, attack_tool },
	/* COUNT */
	{ "storm", 1, attack_storm },
	{ 0 },
};
DEED_TABLE(deeds);
