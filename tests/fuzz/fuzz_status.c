// SPDX-License-Identifier: Apache-2.0
/* A status page as an engine that somebody took over would write it: whatever is in
 * it, what is served is whole, and every line of it is a line of the format. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/status_json.h"
#include "agent/status_metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* The input again and again, from another place in it each time. */
static void fill(void *to, size_t size, const uint8_t *data, size_t len, size_t from)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = data[(from + i) % len];
}

/* name{label="value",...} number */
static void check_sample(const char *line, size_t len)
{
	const char *at = line, *end = line + len;

	check(len > 10 && !memcmp(line, "brigwatch_", 10));
	while (at < end && ((*at >= 'a' && *at <= 'z') || *at == '_'))
		at++;
	if (at < end && *at == '{') {
		bool is_quoted = false;

		for (at++; at < end && (is_quoted || *at != '}'); at++) {
			check((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f);
			if (*at == '\\')
				at++;
			else if (*at == '"')
				is_quoted = !is_quoted;
		}
		check(at < end && *at == '}' && !is_quoted);
		at++;
	}
	check(at < end && *at == ' ');
	for (at++; at < end; at++)
		check((*at >= '0' && *at <= '9') || strchr(".-+e", *at));
}

static void check_metrics(const struct view *view, const struct verdict *verdict, bool is_textfile)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	check(to != NULL);
	metrics_write(view, verdict, is_textfile, to);
	fclose(to);
	check(len > 0 && text[len - 1] == '\n' && strlen(text) == len);
	for (char *line = text; *line; line = strchr(line, '\n') + 1)
		if (line[0] == '#')
			check(!strncmp(line, "# HELP brigwatch_", 17) || !strncmp(line, "# TYPE brigwatch_", 17));
		else
			check_sample(line, strcspn(line, "\n"));
	free(text);
}

static void check_json(json_t *root)
{
	check(json_is_object(root));
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct view view;
	struct verdict verdict;

	if (len < 16)
		return 0;
	memset(&view, 0, sizeof(view));
	fill(&view.engine, sizeof(view.engine), data, len, 0);
	fill(&view.sensor, sizeof(view.sensor), data, len, len / 2);
	/* A whole number near the size of the tables is rare in what comes. */
	if (data[0] & 1) {
		view.engine.n_rules %= STATUS_RULES_MAX + 2;
		view.engine.n_containers %= STATUS_CONTAINERS_MAX + 2;
	}
	status_check_engine(&view.engine);
	status_check_sensor(&view.sensor);
	memcpy(&view.engine_turn_ns, data, sizeof(view.engine_turn_ns));
	memcpy(&view.sensor_turn_ns, data + 8, sizeof(view.sensor_turn_ns));
	view.now_ns = view.boot_ns = view.wall_ns = 1000000000000ull;
	view.has_engine = data[1] & 1;
	view.has_sensor = data[1] & 2;
	view.n_outputs = data[2] % (OUTPUTS_MAX + 1);
	for (size_t i = 0; i < view.n_outputs; i++) {
		fill(&view.outputs[i], sizeof(view.outputs[i]), data, len, i);
		status_check_text(view.outputs[i].name, sizeof(view.outputs[i].name));
		status_check_text(view.outputs[i].kind, sizeof(view.outputs[i].kind));
		view.outputs[i].is_failing = data[3] & 1;
	}
	view_judge(&view, &verdict);
	check(verdict.n_reasons <= VIEW_REASONS_MAX && verdict.is_healthy == (verdict.n_reasons == 0));
	check_metrics(&view, &verdict, data[1] & 4);
	check_json(status_json_health(&view, &verdict));
	check_json(status_json_probe(&verdict, VIEW_HEALTHY));
	check_json(status_json_version(&view));
	return 0;
}
