/* SPDX-License-Identifier: Apache-2.0 */
/* strerrorname_np() */
#define _GNU_SOURCE 1
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "sink/render.h"

static bool buf_reserve(struct buf *buf, size_t len)
{
	size_t size = buf->size ? buf->size : 1024;
	char *data;

	if (buf->failed || len > SIZE_MAX / 4 - buf->len) {
		buf->failed = true;
		return false;
	}
	if (buf->len + len <= buf->size)
		return true;

	while (size < buf->len + len)
		size *= 2;
	data = realloc(buf->data, size);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->size = size;
	return true;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	if (len == 0 || !buf_reserve(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void buf_add_str(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	char line[256];
	va_list args;
	int len;

	va_start(args, format);
	/* clang-tidy 14 loses sight of va_start() when it is given several files. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(line)) {
		/* For short, bounded pieces only; strings go through buf_add. */
		buf->failed = true;
		return;
	}
	buf_add(buf, line, (size_t)len);
}

void buf_release(struct buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	*buf = (struct buf){ 0 };
}

void format_time(uint64_t wall_ns, char ret[TIME_LEN + 1])
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	char line[64];
	struct tm tm;

	/* 64 bits of nanoseconds end in 2554: four digits of year suffice. */
	gmtime_r(&seconds, &tm);
	snprintf(line, sizeof(line), "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ",
		 (unsigned int)tm.tm_year + 1900, (unsigned int)tm.tm_mon + 1,
		 (unsigned int)tm.tm_mday, (unsigned int)tm.tm_hour, (unsigned int)tm.tm_min,
		 (unsigned int)tm.tm_sec, (unsigned int)(wall_ns % 1000000000u));
	memcpy(ret, line, TIME_LEN);
	ret[TIME_LEN] = '\0';
}

void buf_add_pages(struct buf *buf, const char *const *techniques, const char *between)
{
	const char *before = "";

	for (; techniques && *techniques; techniques++) {
		buf_add_str(buf, before);
		buf_add_str(buf, "docs/techniques/");
		buf_add_str(buf, *techniques);
		buf_add_str(buf, ".md");
		before = between;
	}
}

const char *errno_name(int64_t err)
{
	return err > 0 && err <= INT_MAX ? strerrorname_np((int)err) : NULL;
}

struct slice short_id(struct slice id)
{
	const size_t shown = 12;

	if (id.len <= shown)
		return id;
	for (size_t i = 0; i < id.len; i++)
		if (!memchr("0123456789abcdef", id.data[i], 16))
			return id;
	return (struct slice){ id.data, shown };
}

struct slice container_id(const struct event *ev, char scratch[CONTAINER_ID_MAX])
{
	int len;

	if (ev->container && ev->container->id.len > 0)
		return ev->container->id;
	if (!ev->container && ev->hdr.container == 0)
		return (struct slice){ "", 0 };

	len = snprintf(scratch, CONTAINER_ID_MAX, "cg-%llu", (unsigned long long)ev->hdr.cgroup_id);
	return (struct slice){ scratch, (size_t)len };
}

const char *enrichment_name(const struct event *ev)
{
	const struct container_view *view = ev->container;

	if (!view)
		return ev->hdr.container ? "pending" : NULL;
	if (view->pending)
		return "pending";
	if (ev->hdr.type != EVENT_CONTAINER_INFO || !view->n_completed)
		return NULL;
	if (view->is_unanswered)
		return "unanswered";
	return ev->info_id.len ? "complete" : "not_found";
}
