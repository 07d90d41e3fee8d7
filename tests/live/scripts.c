/* SPDX-License-Identifier: Apache-2.0 */
/* The benign cases: shell scripts, one deed of healthy software each. While one
 * runs, no alert of priority warning or above may come, from anyone. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_MS 120000
#define EXIT_SKIP 77
/* After a script's end, time for what it caused to arrive. */
#define SETTLE_US 500000

static int is_script(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && strcmp(entry->d_name + len - 3, ".sh") == 0 &&
	       strcmp(entry->d_name, "lib.sh") != 0;
}

/* `# expects: BW-0120 once` in a script's head: to the kernel the habit is an
 * attack, event by event. Then exactly one alert of that rule comes, which
 * names the exception to write, and no other. */
static void script_expects(const char *path, char *out, size_t size)
{
	char line[300];
	FILE *f = fopen(path, "re");

	snprintf(out, size, "%s", "");
	while (f && fgets(line, sizeof(line), f) && *line == '#')
		if (sscanf(line, "# expects: %31s once", out) == 1)
			break;
	if (f)
		fclose(f);
}

static const char *judge_expected(size_t first, size_t n, const char *rule)
{
	size_t i, told = 0;
	struct alert a;

	for (i = first; i < n; i++) {
		watch_get(i, &a);
		if (strcmp(a.rule_id, rule) != 0) {
			if (a.priority <= PRIORITY_WARNING)
				return "an alert of another rule";
			continue;
		}
		told++;
		if (!strstr(a.line, "exception"))
			return "the alert does not name the exception to write";
	}
	return told == 1 ? NULL : told ? "told more than once" : "not told";
}

static void print_alerts(size_t first, size_t n)
{
	struct alert a;
	size_t i;
	int shown = 0;

	for (i = first; i < n && shown < 5; i++) {
		watch_get(i, &a);
		if (a.priority > PRIORITY_WARNING)
			continue;
		printf("    %.600s\n", a.line);
		shown++;
	}
}

static void play_script(struct host *h, const struct options *o, const char *name)
{
	char path[PATH_MAX], last[300], expects[32], reason[340] = "";
	char *argv[] = { "sh", path, NULL };
	size_t first = watch_count(), n, i, warnings = 0, notices = 0;
	const char *verdict = "pass";
	const char *wrong;
	struct alert a;
	int r;

	snprintf(path, sizeof(path), "%s/%s", o->benign, name);
	script_expects(path, expects, sizeof(expects));
	r = run(argv, h->log, SCRIPT_MS, last, sizeof(last));
	usleep(o->no_agent ? 0 : SETTLE_US);
	n = watch_count();
	for (i = first; i < n; i++) {
		watch_get(i, &a);
		if (a.priority <= PRIORITY_WARNING)
			warnings++;
		else
			notices++;
	}
	if (r == EXIT_SKIP) {
		verdict = "skip";
		snprintf(reason, sizeof(reason), ": %s", last);
	} else if (r != 0) {
		verdict = "fail";
		snprintf(reason, sizeof(reason), ": the deed failed with %d %s", r, last);
	}
	if (verdict[0] == 'p' && *expects && !o->no_agent) {
		wrong = judge_expected(first, n, expects);
		snprintf(reason, sizeof(reason), ": %s %s", expects,
			 wrong ? wrong : "told once, as it must");
		if (wrong)
			verdict = "fail";
	} else if (warnings > 0) {
		verdict = "fail";
	}
	printf("%-34s| %-9zu| %-9zu| %s%s\n", name, warnings, notices, verdict, reason);
	fflush(stdout);
	if (verdict[0] == 'f')
		print_alerts(first, n);
	report_benign(name, verdict, warnings, notices, expects, *reason ? reason + 2 : "");
	if (verdict[0] == 'p')
		count_pass();
	else if (verdict[0] == 's')
		count_skip();
	else
		count_fail();
}

void play_benign(struct host *h, const struct options *o)
{
	struct dirent **list;
	int n = scandir(o->benign, &list, is_script, alphasort), i;
	char text[400];
	bool head = false;

	if (n < 0) {
		fprintf(stderr, "harness: no benign scripts in %s\n", o->benign);
		count_fail();
		return;
	}
	snprintf(text, sizeof(text), "%s -H unix://%s", h->docker, h->docker_sock);
	setenv("LIVE_DOCKER", text, 1);
	setenv("LIVE_NO_DOCKER", h->no_docker, 1);
	setenv("LIVE_DIR", h->dir, 1);
	setenv("LIVE_LIB", o->benign, 1);
	setenv("LIVE_PROGRAMS", o->programs, 1);
	for (i = 0; i < n; i++) {
		if (!stopping && selected(o, list[i]->d_name)) {
			if (!head)
				printf("\n%-34s| %-9s| %-9s| verdict\n", "benign", "warnings",
				       "notices");
			head = true;
			play_script(h, o, list[i]->d_name);
		}
		free(list[i]);
	}
	free(list);
}
