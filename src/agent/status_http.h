/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to an answer: what the status server says, without the server. */
#ifndef BW_AGENT_STATUS_HTTP_H
#define BW_AGENT_STATUS_HTTP_H

#include "agent/status_view.h"

struct http_answer {
	unsigned int code;	/* 200, 404, 405, 500, 503 */
	const char *type;	/* Content-Type */
	char *body;		/* to be freed */
	size_t len;
};

/* Answer `method` `path` (without query) and count it in view->http. `is_local`:
 * the client came by the Unix socket and may see everything. The body is NULL
 * when there is no memory: code 500. */
void http_answer(const struct view_sources *from, struct view *view, const char *method, const char *path,
		 bool is_local, struct http_answer *ret);

#endif
