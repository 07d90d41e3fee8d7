/* SPDX-License-Identifier: Apache-2.0 */
/* Are the alerts of a case told as one story? */
#include "harness.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What was told so far, to hold the next alert against. */
struct story {
	char id[64];
	char rules[64][16]; /* in the order of their alerts */
	size_t n;
};

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The steps that the alert tells are those of the alerts before it, and itself. */
static const char *check_steps(const struct story *story, json_t *incident)
{
	json_t *steps = json_object_get(incident, "steps"), *step;
	size_t told = json_array_size(steps), omitted;
	size_t i;

	omitted = (size_t)json_integer_value(json_object_get(incident, "omitted"));
	if (told == 0 || told + omitted != story->n)
		return "an alert leaves out steps without saying so";
	json_array_foreach(steps, i, step) {
		if (strcmp(text_of(step, "rule_id"), story->rules[omitted + i]) != 0)
			return "an alert tells other steps than were alerted";
		if (i > 0 && strcmp(text_of(json_array_get(steps, i - 1), "time"),
				    text_of(step, "time")) > 0)
			return "an alert tells its steps out of order";
	}
	return NULL;
}

static const char *add_alert(struct story *story, json_t *root)
{
	json_t *incident = json_object_get(root, "incident");
	const char *id = text_of(incident, "id");

	/* A notice begins no incident. */
	if (!*id && story->n == 0 && strcasecmp(text_of(root, "priority"), "notice") == 0)
		return NULL;
	if (!*id)
		return "an alert is of no incident";
	if (story->n > 0 && strcmp(id, story->id) != 0)
		return "the alerts are of several incidents";
	if (story->n == sizeof(story->rules) / sizeof(story->rules[0]))
		return "more alerts than a story may have";
	snprintf(story->id, sizeof(story->id), "%s", id);
	snprintf(story->rules[story->n++], sizeof(story->rules[0]), "%s", text_of(root, "rule_id"));
	if (json_integer_value(json_object_get(incident, "step")) != (json_int_t)story->n)
		return "the steps are not numbered in order";
	return check_steps(story, incident);
}

/* The rules of `wanted` (blank between them) in this order, others may stand
 * between. NULL, or the first that is missing. */
static const char *find_order(const struct story *story, const char *wanted, char *copy,
			      size_t size)
{
	char *part, *rest;
	size_t i = 0;

	snprintf(copy, size, "%s", wanted);
	for (part = strtok_r(copy, " ", &rest); part; part = strtok_r(NULL, " ", &rest)) {
		while (i < story->n && strcmp(story->rules[i], part) != 0)
			i++;
		if (i++ >= story->n)
			return part;
	}
	return NULL;
}

const char *story_check(const struct play *p, char *out, size_t size)
{
	const char *wrong = NULL, *missing;
	struct story story = { .n = 0 };
	char copy[200];
	struct alert a;
	size_t i;

	for (i = p->first_alert; i < watch_count() && !wrong; i++) {
		json_t *root;

		watch_get(i, &a);
		if (strcmp(a.container, p->id) != 0)
			continue;
		root = json_loads(a.line, JSON_ALLOW_NUL, NULL);
		wrong = add_alert(&story, root);
		if (!wrong && strstr(p->c->story, a.rule_id) && a.priority > 2)
			wrong = "a step of the aftermath is less than critical";
		json_decref(root);
	}
	missing = wrong ? NULL : find_order(&story, p->c->story, copy, sizeof(copy));
	if (!wrong && !missing)
		return NULL;
	snprintf(out, size, "story: %s%s",
		 wrong ? wrong : "not told in this order: ", missing ? missing : "");
	return out;
}
