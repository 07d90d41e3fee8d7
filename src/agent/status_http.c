// SPDX-License-Identifier: Apache-2.0
#include "agent/status_http.h"

#include <stdio.h>

#include "agent/status_json.h"
#include "agent/status_metrics.h"

static void answer_metrics(const struct view *view, const struct verdict *verdict, struct http_answer *ret)
{
	FILE *to = open_memstream(&ret->body, &ret->len);
	bool failed = !to;

	if (to) {
		metrics_write(view, verdict, false, to);
		failed = ferror(to);
		failed |= fclose(to) != 0;
	}
	if (failed) {
		free(take_ptr(ret->body));
		return;
	}
	ret->type = METRICS_CONTENT_TYPE;
	ret->code = 200;
}

static void answer_json(json_t *root, unsigned int code, struct http_answer *ret)
{
	char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;

	json_decref(root);
	if (!text)
		return;
	ret->len = strlen(text);
	text[ret->len++] = '\n'; /* in place of the end: the length tells */
	ret->body = text;
	ret->type = "application/json";
	ret->code = code;
}

static void answer_probe(const struct verdict *verdict, enum view_scope scope, struct http_answer *ret)
{
	bool is_ok = scope == VIEW_LIVE ? verdict->is_live : scope == VIEW_READY ? verdict->is_ready : verdict->is_healthy;

	answer_json(status_json_probe(verdict, scope), is_ok ? 200 : 503, ret);
}

static void answer_text(const char *text, unsigned int code, struct http_answer *ret)
{
	ret->body = strdup(text);
	if (!ret->body)
		return;
	ret->len = strlen(text);
	ret->type = "text/plain; charset=utf-8";
	ret->code = code;
}

static void count(struct view_http *http, unsigned int code)
{
	switch (code) {
	case 200: http->ok++; break;
	case 404: http->not_found++; break;
	case 405: http->not_allowed++; break;
	case 503: http->unavailable++; break;
	default: http->failed++; break;
	}
}

void http_answer(const struct view_sources *from, struct view *view, const char *method, const char *path,
		 bool is_local, struct http_answer *ret)
{
	struct verdict verdict;

	*ret = (struct http_answer){ .code = 500, .type = "text/plain; charset=utf-8" };
	view_read(from, view);
	view_judge(view, &verdict);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		answer_text("only GET and HEAD\n", 405, ret);
	else if (!strcmp(path, "/metrics"))
		answer_metrics(view, &verdict, ret);
	else if (!strcmp(path, "/livez"))
		answer_probe(&verdict, VIEW_LIVE, ret);
	else if (!strcmp(path, "/readyz"))
		answer_probe(&verdict, VIEW_READY, ret);
	else if (!strcmp(path, "/healthz"))
		answer_probe(&verdict, VIEW_HEALTHY, ret);
	else if (!strcmp(path, "/version"))
		answer_json(status_json_version(view), 200, ret);
	else if (is_local && !strcmp(path, "/health"))
		answer_json(status_json_health(view, &verdict), verdict.is_healthy ? 200 : 503, ret);
	else
		answer_text("/metrics /livez /readyz /healthz /version\n", 404, ret);
	count(&view->http, ret->code);
}
