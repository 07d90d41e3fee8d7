// SPDX-License-Identifier: Apache-2.0
#include "agent.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 20000
#define STOP_MS 10000

int agent_start(struct agent *agent, const char *path, const char *rules, const char *dir)
{
	int pipefd[2], null;

	*agent = (struct agent){ .err = -1 };
	snprintf(agent->output, sizeof(agent->output), "%s/alerts.json", dir);
	unlink(agent->output);
	if (pipe2(pipefd, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);

	agent->started_ns = now_ns();
	agent->pid = spawn((char *[]){ (char *)path, "run", "--rules", (char *)rules, "--format",
				       "json", "--output", agent->output, NULL },
			   null, null, pipefd[1]);
	close(null);
	close(pipefd[1]);
	agent->err = pipefd[0];
	if (agent->pid < 0) {
		close(agent->err);
		agent->err = -1;
		return agent->pid;
	}
	return 0;
}

/* The pipe has to be emptied even when nobody keeps the words: a full one would
 * block the agent. */
static void hear(struct agent *agent)
{
	char buf[4096];
	ssize_t n;
	size_t take;

	while ((n = read(agent->err, buf, sizeof(buf))) > 0) {
		/* The summary comes last: when it does not fit, the middle goes. */
		if (agent->said_len + (size_t)n >= sizeof(agent->said)) {
			take = sizeof(agent->said) / 2;
			memmove(agent->said + take / 2, agent->said + agent->said_len - take, take);
			agent->said_len = take / 2 + take;
		}
		take = sizeof(agent->said) - 1 - agent->said_len;
		take = (size_t)n < take ? (size_t)n : take;
		memcpy(agent->said + agent->said_len, buf, take);
		agent->said_len += take;
		agent->said[agent->said_len] = '\0';
	}
}

static void show_last_words(const struct agent *agent)
{
	const char *start = agent->said + (agent->said_len > 1000 ? agent->said_len - 1000 : 0);

	complain("the agent said:\n%s", start);
}

int agent_wait_watching(struct agent *agent)
{
	uint64_t limit = agent->started_ns + START_MS * 1000000ull;
	int status, r = -ETIMEDOUT;

	while (now_ns() < limit && !stopping) {
		hear(agent);
		if (strstr(agent->said, "watching")) {
			agent->watching_ns = now_ns() - agent->started_ns;
			return 0;
		}
		if (waitpid(agent->pid, &status, WNOHANG) == agent->pid) {
			agent->pid = 0;
			complain("the agent ended at its start, exit %d",
				 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
			r = -ECHILD;
			break;
		}
		sleep_ms(1);
	}
	if (stopping)
		return -EINTR;
	hear(agent);
	show_last_words(agent);
	agent_stop(agent);
	return r;
}

int agent_wait_alert(struct agent *agent, unsigned int ms, uint64_t *ret_ns)
{
	uint64_t limit = agent->started_ns + (uint64_t)ms * 1000000;
	struct stat st;

	while (now_ns() < limit && !stopping) {
		if (stat(agent->output, &st) == 0 && st.st_size > 0) {
			*ret_ns = now_ns() - agent->started_ns;
			return 0;
		}
		hear(agent);
		usleep(500);
	}
	return stopping ? -EINTR : -ETIMEDOUT;
}

int agent_stop(struct agent *agent)
{
	uint64_t limit = now_ns() + STOP_MS * 1000000ull;
	int status = -1;

	if (agent->pid > 0) {
		kill(agent->pid, SIGTERM);
		while (wait_child(agent->pid, 5, &status) == -ETIMEDOUT && now_ns() < limit)
			hear(agent);
		if (status == -1)
			status = stop_child(agent->pid, 0);
	}
	if (agent->err >= 0) {
		hear(agent);
		close(agent->err);
	}
	agent->pid = 0;
	agent->err = -1;
	return status == 0 ? 0 : -EIO;
}

/* --- /proc --- */

static pid_t parent_of(pid_t pid)
{
	char path[64], buf[512], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_small(path, buf, sizeof(buf)) < 0)
		return 0;
	end = strrchr(buf, ')'); /* a name may hold anything */
	return end && strlen(end) > 4 ? (pid_t)parse_number(end + 4) : 0;
}

static bool descends(pid_t pid, pid_t ancestor)
{
	for (int depth = 0; depth < 16 && pid > 1; depth++, pid = parent_of(pid))
		if (pid == ancestor)
			return true;
	return false;
}

static void read_name(pid_t pid, char *ret, size_t size)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	len = read_small(path, ret, size);
	if (len <= 0)
		snprintf(ret, size, "%d", pid);
	else if (ret[len - 1] == '\n')
		ret[len - 1] = '\0';
}

/* In ns, from schedstat; in ticks of 10 ms, from stat, where a kernel keeps none. */
static uint64_t read_cpu(pid_t pid)
{
	char path[320], buf[512], *end;
	uint64_t sum = 0;
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_small(path, buf, sizeof(buf)) > 0)
			sum += strtoull(buf, NULL, 10);
	}
	if (tasks)
		closedir(tasks);
	if (sum > 0)
		return sum;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_small(path, buf, sizeof(buf)) < 0)
		return 0;
	end = strrchr(buf, ')');
	for (int field = 2; end && field < 14; field++) /* to utime, the 14th */
		end = strchr(end + 1, ' ');
	if (!end)
		return 0;
	sum = strtoull(end, &end, 10);
	sum += strtoull(end, NULL, 10);
	return sum * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* A line "START-END PERMS OFFSET DEV INODE NAME" begins a mapping, and lines "Key: N kB"
 * describe it. */
static void read_memory(pid_t pid, struct agent_process *process)
{
	char path[64], *line = NULL;
	bool is_map = false;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) > 0) {
		if (!isupper((unsigned char)line[0]))
			is_map = strstr(line, "bpf-map") || strstr(line, "bpf_ringbuf");
		else if (strncmp(line, "Rss:", 4) == 0)
			*(is_map ? &process->rings : &process->rss) +=
				strtoull(line + 4, NULL, 10) * 1024;
		else if (strncmp(line, "Pss:", 4) == 0 && !is_map)
			process->pss += strtoull(line + 4, NULL, 10) * 1024;
	}
	free(line);
	if (file)
		fclose(file);
}

int agent_processes(const struct agent *agent, struct agent_process *ret)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	int n = 0;
	pid_t pid;

	while (proc && n < AGENT_PROCESSES_MAX && (entry = readdir(proc))) {
		pid = (pid_t)parse_number(entry->d_name);
		if (pid <= 0 || !descends(pid, agent->pid))
			continue;
		ret[n] = (struct agent_process){ .pid = pid, .cpu_ns = read_cpu(pid) };
		read_name(pid, ret[n].name, sizeof(ret[n].name));
		read_memory(pid, &ret[n]);
		n++;
	}
	if (proc)
		closedir(proc);
	return n;
}
