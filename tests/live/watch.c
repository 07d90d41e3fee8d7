/* SPDX-License-Identifier: Apache-2.0 */
/* The agent, and the alerts that it writes, each stamped when it was seen. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALERTS_MAX 200000
#define LINE_MAX_BYTES (4u << 20)

static struct {
	struct child agent;
	bool started;
	char output[300];
	char messages[300];
	pthread_t thread;
	volatile bool stop;

	pthread_mutex_t lock;
	pthread_cond_t more;
	struct alert *alerts;
	size_t n;
	size_t n_bad; /* lines that are not JSON */
} watch = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const priorities[] = { "emergency", "alert",	 "critical",	  "error",
					  "warning",   "notice", "informational", "debug" };

static int priority_from(const char *name)
{
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(priorities); i++)
		if (strcasecmp(name, priorities[i]) == 0)
			return i;
	return 0; /* an unknown one counts as the worst */
}

/* A key with dots, flat as the contract has it, or nested. */
static json_t *get(json_t *root, const char *key)
{
	json_t *value = json_object_get(root, key);
	const char *dot = strchr(key, '.');
	char head[64];

	if (value || !dot)
		return value;
	snprintf(head, sizeof(head), "%.*s", (int)(dot - key), key);
	return get(json_object_get(root, head), dot + 1);
}

static void get_text(json_t *root, const char *key, char *out, size_t size)
{
	const char *s = json_string_value(get(root, key));

	snprintf(out, size, "%s", s ? s : "");
}

bool alert_of_host(const struct alert *a)
{
	return !a->container[0] || strcmp(a->container, "host") == 0;
}

static void alert_add(char *text, size_t len, uint64_t seen_ns)
{
	json_t *root = json_loadb(text, len, JSON_ALLOW_NUL, NULL), *ns;
	struct alert a = { .seen_ns = seen_ns };
	char priority[32];

	pthread_mutex_lock(&watch.lock);
	if (!root || watch.n == ALERTS_MAX) {
		watch.n_bad++;
	} else {
		ns = get(root, "event.boot_ns");
		a.boot_ns = json_is_integer(ns) ? (uint64_t)json_integer_value(ns) :
			    json_is_string(ns)	? strtoull(json_string_value(ns), NULL, 10) :
						  0;
		get_text(root, "rule_id", a.rule_id, sizeof(a.rule_id));
		get_text(root, "rule", a.rule, sizeof(a.rule));
		get_text(root, "container.id", a.container, sizeof(a.container));
		get_text(root, "target.container", a.target, sizeof(a.target));
		get_text(root, "process.name", a.process, sizeof(a.process));
		get_text(root, "priority", priority, sizeof(priority));
		a.priority = priority_from(priority);
		a.line = strndup(text, len);
		watch.alerts[watch.n++] = a;
		pthread_cond_broadcast(&watch.more);
	}
	pthread_mutex_unlock(&watch.lock);
	json_decref(root);
}

static void *watch_follow(void *arg)
{
	int fd = open(watch.output, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char *buf = malloc(LINE_MAX_BYTES), *end, junk[4096];
	struct pollfd p = { .fd = in, .events = POLLIN };
	size_t len = 0, at;
	uint64_t now;
	ssize_t n;

	(void)arg;
	inotify_add_watch(in, watch.output, IN_MODIFY);
	for (;;) {
		n = read(fd, buf + len, LINE_MAX_BYTES - len);
		if (n <= 0) {
			if (watch.stop)
				break;
			poll(&p, 1, 20);
			while (read(in, junk, sizeof(junk)) > 0)
				;
			continue;
		}
		now = boot_ns();
		len += (size_t)n;
		for (at = 0; (end = memchr(buf + at, '\n', len - at)); at = (size_t)(end - buf) + 1)
			alert_add(buf + at, (size_t)(end - buf) - at, now);
		len -= at;
		memmove(buf, buf + at, len);
		if (len == LINE_MAX_BYTES)
			len = 0;
	}
	if (len > 0)
		watch.n_bad++;
	free(buf);
	close(fd);
	close(in);
	return NULL;
}

/* Does the agent's stderr hold that word? The whole line comes back. */
static bool messages_find(const char *word, char *line, size_t size)
{
	FILE *f = fopen(watch.messages, "re");
	bool found = false;

	while (f && fgets(line, (int)size, f))
		if (strstr(line, word)) {
			found = true;
			break;
		}
	if (f)
		fclose(f);
	return found;
}

/* A second agent begins with nothing seen. */
static int watch_reset(const struct host *h)
{
	static int number;
	size_t i;
	int fd;

	for (i = 0; i < watch.n; i++)
		free(watch.alerts[i].line);
	watch.n = 0;
	watch.n_bad = 0;
	watch.stop = false;
	number++;
	snprintf(watch.output, sizeof(watch.output), "%s/alerts.%d.json", h->dir, number);
	snprintf(watch.messages, sizeof(watch.messages), "%s/agent.%d.log", h->dir, number);
	if (!watch.alerts)
		watch.alerts = calloc(ALERTS_MAX, sizeof(*watch.alerts));
	fd = open(watch.output, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (!watch.alerts || fd < 0)
		return -ENOMEM;
	close(fd);
	return 0;
}

int watch_start(const struct host *h, const struct options *o, const char *rules)
{
	char *argv[] = { (char *)o->agent, "run",      "--rules",    (char *)rules, "--format",
			 "json",	   "--output", watch.output, NULL };
	struct child_how how = { .log = watch.messages, .leak_fd = -1, .die_with_us = true };
	uint64_t deadline = boot_ns() + 30000000000ull;
	pthread_condattr_t attr;
	char line[1000];

	if (watch_reset(h) < 0)
		return -ENOMEM;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&watch.more, &attr);

	if (child_start(&watch.agent, argv, &how) < 0)
		return -EAGAIN;
	while (!messages_find("watching", line, sizeof(line))) {
		int r = child_wait(&watch.agent, 0);

		if (r < 0 && boot_ns() < deadline) {
			usleep(20000);
			continue;
		}
		fprintf(stderr, "harness: the agent %s; it said:\n",
			r < 0 ? "does not say that it is watching" : "ended at once");
		shell(NULL, 1000, "tail -n 20 '%s' >&2", watch.messages);
		child_stop(&watch.agent, SIGTERM, 5000);
		return -ENOEXEC;
	}
	watch.started = true;
	return -pthread_create(&watch.thread, NULL, watch_follow, NULL);
}

bool watch_running(void)
{
	return watch.started && child_wait(&watch.agent, 0) < 0;
}

/* books: seen=S delivered=D dropped=X suppressed=Y must add up. */
static const char *books_check(void)
{
	static char wrong[300];
	unsigned long long seen, delivered, dropped, suppressed;
	char line[1000], *at;

	if (!messages_find("books:", line, sizeof(line)))
		return "the agent printed no books";
	line[strcspn(line, "\n")] = '\0';
	at = strstr(line, "books:");
	printf("%s\n", at);
	if (sscanf(at, "books: seen=%llu delivered=%llu dropped=%llu suppressed=%llu", &seen,
		   &delivered, &dropped, &suppressed) != 4)
		return "the books cannot be read";
	if (seen == delivered + dropped + suppressed)
		return NULL;
	snprintf(wrong, sizeof(wrong), "the books do not add up: %s", at);
	return wrong;
}

const char *watch_stop(void)
{
	static char wrong[200];
	const char *books;
	int r;

	wrong[0] = '\0';
	if (!watch.started)
		return NULL;
	watch.started = false;
	if (child_wait(&watch.agent, 0) >= 0) {
		r = child_wait(&watch.agent, 0);
		snprintf(wrong, sizeof(wrong), "the agent ended by itself with %d", r);
	} else {
		/* To the agent alone, not its group: its processes settle it. */
		kill(watch.agent.pid, SIGTERM);
		r = child_wait(&watch.agent, boot_ns() + 15000000000ull);
		if (r == -ETIMEDOUT) {
			child_stop(&watch.agent, SIGKILL, 1000);
			snprintf(wrong, sizeof(wrong), "the agent did not end on SIGTERM");
		} else if (r != 0) {
			snprintf(wrong, sizeof(wrong), "the agent ended with %d", r);
		}
	}
	watch.stop = true;
	pthread_join(watch.thread, NULL);
	books = books_check();
	if (!wrong[0] && watch.n_bad > 0)
		snprintf(wrong, sizeof(wrong), "%zu lines of its output are not JSON", watch.n_bad);
	if (wrong[0])
		shell(NULL, 1000, "tail -n 20 '%s' >&2", watch.messages);
	return wrong[0] ? wrong : books;
}

size_t watch_count(void)
{
	size_t n;

	pthread_mutex_lock(&watch.lock);
	n = watch.n;
	pthread_mutex_unlock(&watch.lock);
	return n;
}

void watch_get(size_t i, struct alert *ret)
{
	pthread_mutex_lock(&watch.lock);
	*ret = watch.alerts[i];
	pthread_mutex_unlock(&watch.lock);
}

void watch_wait(size_t n, uint64_t deadline_ns)
{
	struct timespec until;
	uint64_t now = boot_ns(), left;

	if (!watch.started || now >= deadline_ns)
		return;
	left = deadline_ns - now;
	clock_gettime(CLOCK_MONOTONIC, &until);
	left += (uint64_t)until.tv_nsec;
	until.tv_sec += (time_t)(left / 1000000000u);
	until.tv_nsec = (long)(left % 1000000000u);
	pthread_mutex_lock(&watch.lock);
	while (watch.n <= n)
		if (pthread_cond_timedwait(&watch.more, &watch.lock, &until) != 0)
			break;
	pthread_mutex_unlock(&watch.lock);
}
