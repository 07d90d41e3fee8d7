// SPDX-License-Identifier: Apache-2.0
/* The static test program of the QEMU lane: does the deeds inside a container
 * and judges, outside, what the agent wrote about them.
 *
 *	vmtest attack PID		the deeds; one line "NAME BOOT_NS result" each
 *	vmtest drift			what exploits of the kernel do, by tests/vm/module
 *	vmtest alert FILE ID NS NAME [RULE]	is there an alert that names container ID and
 *					NAME, of an event at or after boot time NS, whose
 *					rule id begins with RULE?
 *	vmtest quiet FILE		is there no alert of priority warning or above?
 *	vmtest lossless FILE		and none in which the agent says that it lost events?
 *
 * Exit: 0 yes, 1 no, 2 usage. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

static long long boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* A file of the host, reached through a process of the host. */
static void deed_decoy(const char *pid)
{
	char path[64];
	long long since;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/root/tmp/decoy", pid);
	since = boot_ns();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	printf("decoy %lld open %s: %s\n", since, path, fd < 0 ? strerror(errno) : "done");
	if (fd >= 0)
		close(fd);
}

/* The same value is written back: nothing changes but the intent. */
static void deed_core_pattern(void)
{
	static const char path[] = "/proc/sys/kernel/core_pattern";
	char value[256];
	long long since;
	ssize_t n = -1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, value, sizeof(value));
		close(fd);
	}

	since = boot_ns();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && n > 0)
		n = write(fd, value, (size_t)n);
	printf("core_pattern %lld write %s: %s\n", since, path,
	       fd < 0 || n < 0 ? strerror(errno) : "done");
	if (fd >= 0)
		close(fd);
}

/* What a process must be before the deed, so that the deed makes a difference. */
static int prepare_nobody(void)
{
	return setresgid(1000, 1000, 1000) < 0 || setresuid(1000, 1000, 1000) < 0 ? -1 : 0;
}

static int prepare_filter(void)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog program = { .len = 1, .filter = allow };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ?
		       -1 :
		       0;
}

static int prepare_userns(void)
{
	return unshare(CLONE_NEWUSER);
}

static const struct {
	const char *deed;
	int (*prepare)(void);
} drifts[] = {
	{ "commit", prepare_nobody },
	{ "overwrite", prepare_nobody },
	{ "bounding", NULL },
	{ "userns", prepare_userns },
	{ "ns", NULL },
	{ "root", NULL },
	{ "seccomp", prepare_filter },
	{ "entry", prepare_filter },
	{ "nnp", prepare_filter },
};

static void write_drift(const char *text)
{
	int fd = open("/proc/brigwatch_drift", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("drift-failed 0 %s: %s\n", text, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void be_called(const char *deed)
{
	char name[32];

	snprintf(name, sizeof(name), "drift-%s", deed);
	prctl(PR_SET_NAME, name);
	printf("%s %lld\n", name, boot_ns());
	fflush(stdout);
}

/* One process a deed; what it does afterwards is of no interest by itself. */
static int cmd_drift(void)
{
	char text[32];
	int ready[2];
	pid_t sleeper, child;

	/* Changed by another while it sleeps: only the sweep finds it. */
	if (pipe(ready) < 0)
		return 1;
	sleeper = fork();
	if (sleeper == 0) {
		be_called("sleeper");
		(void)!write(ready[1], "", 1);
		sleep(26);
		_exit(0);
	}
	(void)!read(ready[0], text, 1);
	usleep(200 * 1000);
	snprintf(text, sizeof(text), "sleeper %d", (int)sleeper);
	write_drift(text);

	for (size_t i = 0; i < sizeof(drifts) / sizeof(drifts[0]); i++) {
		child = fork();
		if (child == 0) {
			if (drifts[i].prepare && drifts[i].prepare() < 0)
				printf("drift-failed 0 %s: %s\n", drifts[i].deed, strerror(errno));
			be_called(drifts[i].deed);
			write_drift(drifts[i].deed);
			/* A program of the same name: where no call is looked at, exec is. No
			 * fork: the kernel never gets over a child that its parent's pid
			 * namespace does not know. */
			snprintf(text, sizeof(text), "/bin/drift-%s", drifts[i].deed);
			execl(text, text, "arrived", NULL);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	waitpid(sleeper, NULL, 0);
	return 0;
}

/* Of an alert: the string or number at root.outer.inner. */
static json_t *member(json_t *root, const char *outer, const char *inner)
{
	return json_object_get(json_object_get(root, outer), inner);
}

static bool is_warning(const char *priority)
{
	static const char *const words[] = { "warning", "error", "critical", "alert", "emergency" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (priority && strcasecmp(priority, words[i]) == 0)
			return true;
	return false;
}

enum ask { ASK_DEED, ASK_WARNING, ASK_LOSS };

struct query {
	enum ask ask;
	const char *container, *word, *rule; /* ASK_DEED */
	long long since_ns;
};

/* Is the word in the alert itself? The steps of its incident name other deeds. */
static bool alert_mentions(json_t *alert, const char *word)
{
	char *text;
	bool found;

	json_object_del(alert, "incident");
	text = json_dumps(alert, 0);
	found = text && strstr(text, word);
	free(text);
	return found;
}

static bool alert_matches(const struct query *query, json_t *alert)
{
	const char *id = json_string_value(member(alert, "container", "id"));
	const char *cgroup = json_string_value(member(alert, "container", "cgroup"));
	const char *name = cgroup ? strrchr(cgroup, '/') : NULL;
	const char *rule = json_string_value(json_object_get(alert, "rule_id"));
	json_t *time = member(alert, "event", "boot_ns");

	if (query->ask == ASK_WARNING)
		return is_warning(json_string_value(json_object_get(alert, "priority")));
	if (query->ask == ASK_LOSS) {
		const char *source = json_string_value(json_object_get(alert, "source"));

		return source && strcmp(source, "internal") == 0;
	}
	/* Whose files the agent does not read has its cgroup for a name, and that is called
	 * by the id here. */
	if (id && strncmp(id, "cg-", 3) == 0 && name)
		id = name + 1;
	return id && strcmp(id, query->container) == 0 && rule &&
	       strncmp(rule, query->rule, strlen(query->rule)) == 0 && json_is_integer(time) &&
	       json_integer_value(time) >= query->since_ns &&
	       alert_mentions(alert, query->word);
}

/* How many alerts of the file match; each is named on stdout. A line that is
 * not JSON is a fault of the agent and ends it with -1, but for a last line
 * without its newline: that one is still being written. */
static int count_alerts(const char *path, const struct query *query)
{
	FILE *file = fopen(path, "re");
	json_error_t err;
	json_t *alert;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int n = 0;

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (n >= 0 && (len = getline(&line, &size, file)) > 0 && line[len - 1] == '\n') {
		alert = json_loads(line, JSON_REJECT_DUPLICATES, &err);
		if (!alert) {
			printf("not JSON: %s\n", err.text);
			n = -1;
		} else if (alert_matches(query, alert)) {
			n++;
			printf("%s %s in container %s\n",
			       json_string_value(json_object_get(alert, "rule_id")),
			       json_string_value(json_object_get(alert, "priority")),
			       json_string_value(member(alert, "container", "id")));
		}
		json_decref(alert);
	}
	free(line);
	fclose(file);
	return n;
}

static int cmd_alert(const char *path, const char *container, const char *since, const char *word,
		     const char *rule)
{
	struct query query = { .ask = ASK_DEED,
			       .container = container,
			       .word = word,
			       .rule = rule,
			       .since_ns = strtoll(since, NULL, 10) };

	return count_alerts(path, &query) > 0 ? 0 : 1;
}

static int cmd_none(const char *path, enum ask ask)
{
	struct query query = { .ask = ask };
	struct stat st;
	int n;

	/* The agent may make the file with its first alert. */
	if (stat(path, &st) < 0 && errno == ENOENT)
		n = 0;
	else
		n = count_alerts(path, &query);
	if (n >= 0)
		printf("%d alerts %s\n", n,
		       ask == ASK_LOSS ? "of lost events" : "of priority warning or above");
	return n == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";

	if (strcmp(cmd, "attack") == 0 && argc == 3) {
		deed_decoy(argv[2]);
		deed_core_pattern();
		return 0;
	}
	if (strcmp(cmd, "drift") == 0 && argc == 2)
		return cmd_drift();
	if (strcmp(cmd, "arrived") == 0)
		return 0;
	if (strcmp(cmd, "alert") == 0 && (argc == 6 || argc == 7))
		return cmd_alert(argv[2], argv[3], argv[4], argv[5], argc == 7 ? argv[6] : "");
	if (strcmp(cmd, "quiet") == 0 && argc == 3)
		return cmd_none(argv[2], ASK_WARNING);
	if (strcmp(cmd, "lossless") == 0 && argc == 3)
		return cmd_none(argv[2], ASK_LOSS);
	fprintf(stderr,
		"usage: vmtest attack PID | drift | alert FILE ID NS WORD [RULE] | quiet FILE | lossless FILE\n");
	return 2;
}
