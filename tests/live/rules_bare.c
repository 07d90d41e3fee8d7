/* SPDX-License-Identifier: Apache-2.0 */
/* The delivered rules without what folds repeats. */
#include "harness.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int strip_file(const char *from, const char *to)
{
	json_t *root = json_load_file(from, 0, NULL), *rule;
	size_t i;
	int r;

	json_array_foreach(json_object_get(root, "rules"), i, rule)
		json_object_del(rule, "suppress");
	r = root ? json_dump_file(root, to, JSON_INDENT(1)) : -1;
	json_decref(root);
	/* The agent takes no rules that others may write. */
	return r < 0 ? r : chmod(to, 0644);
}

int watch_bare_rules(const struct host *h, const struct options *o, char *ret_dir, size_t size)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(o->rules);
	int r = dir ? 0 : -1;
	size_t len;

	snprintf(ret_dir, size, "%s/rules", h->dir);
	mkdir(ret_dir, 0755);
	while (r == 0 && (entry = readdir(dir))) {
		len = strlen(entry->d_name);
		if (len < 6 || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		snprintf(from, sizeof(from), "%s/%s", o->rules, entry->d_name);
		snprintf(to, sizeof(to), "%s/%s", ret_dir, entry->d_name);
		r = strip_file(from, to);
	}
	if (dir)
		closedir(dir);
	if (r < 0)
		fprintf(stderr, "harness: cannot copy the rules to %s\n", ret_dir);
	return r;
}
