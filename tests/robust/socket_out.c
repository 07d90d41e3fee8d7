// SPDX-License-Identifier: Apache-2.0
/* Run a program whose stdout is a stream socket, as journald gives its services,
 * that nobody reads until a file appears; then copy what comes to stdout.
 * usage: socket_out WAKE PID-FILE PROGRAM ARG... */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_for(const char *path)
{
	struct timespec pause = { .tv_nsec = 50000000 };

	for (int i = 0; i < 400 && access(path, F_OK) < 0; i++)
		nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
	int pair[2], size = 16384, status;
	char buf[16384];
	FILE *file;
	ssize_t n;
	pid_t pid;

	if (argc < 4 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 2;
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], STDOUT_FILENO);
		execv(argv[3], argv + 3);
		_exit(127);
	}
	close(pair[1]);
	file = fopen(argv[2], "we");
	if (!file)
		return 2;
	fprintf(file, "%d\n", pid);
	fclose(file);
	wait_for(argv[1]);
	while ((n = read(pair[0], buf, sizeof(buf))) > 0)
		if (write(STDOUT_FILENO, buf, (size_t)n) != n)
			return 2;
	if (waitpid(pid, &status, 0) < 0)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
