// SPDX-License-Identifier: Apache-2.0
#include "agent/own.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define TICK_FALLBACK_HZ 100

int own_init(struct own *own, uint32_t sensor)
{
	cleanup_close int fd = -1;
	char path[32], text[1024], *field, *end;
	unsigned long long start;
	long hz = sysconf(_SC_CLK_TCK);
	ssize_t n;

	*own = (struct own){ .tick_ns = 1000000000ull / (uint64_t)(hz > 0 ? hz : TICK_FALLBACK_HZ) };
	snprintf(path, sizeof(path), "/proc/%u/stat", sensor);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	/* The name may hold blanks and brackets. The start is the 20th word after it. */
	field = strrchr(text, ')');
	for (int i = 0; field && i < 20; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -EBADMSG;
	start = strtoull(field + 1, &end, 10);
	if (*end != ' ')
		return -EBADMSG;
	own->start_ticks = start;
	own->tgid = sensor;
	return 0;
}

static bool is_sensor(const struct own *own, const struct exec_id *id)
{
	return id->tgid == own->tgid && id->start_ns / own->tick_ns == own->start_ticks;
}

/* Its children are forks that never execute anything: a counter that went on is
 * another program. */
static bool is_own(struct own *own, const struct event_hdr *hdr)
{
	if (is_sensor(own, &hdr->proc)) {
		if (!own->sensor.tgid)
			own->sensor = hdr->proc;
		return hdr->proc.exec_seq == own->sensor.exec_seq;
	}
	return own->sensor.tgid && is_sensor(own, &hdr->parent) &&
	       hdr->parent.exec_seq == own->sensor.exec_seq && hdr->proc.exec_seq == own->sensor.exec_seq;
}

void own_note_file(struct own *own, const char *path)
{
	if (path && path[0] == '/' && own->n_files < OWN_FILES_MAX)
		own->files[own->n_files++] = path;
}

static bool is_output(const struct own *own, struct slice path)
{
	for (size_t i = 0; i < own->n_files; i++)
		if (slice_eq(path, slice_from(own->files[i])))
			return true;
	return false;
}

static bool is_output_dir(const struct own *own, struct slice path)
{
	for (size_t i = 0; i < own->n_files; i++) {
		size_t len = (size_t)(strrchr(own->files[i], '/') - own->files[i]);

		if (slice_eq(path, (struct slice){ own->files[i], len ? len : 1 }))
			return true;
	}
	return false;
}

static bool is_usual(const struct own *own, const struct event *ev)
{
	switch (ev->hdr.type) {
	case EVENT_OPEN:
		return !(ev->hdr.facts & FACT_FILE_WRITE) || is_output(own, ev->path);
	case EVENT_CHANGE:
		return ev->u.change.op == CHANGE_RENAME && ev->u.change.object == OBJECT_PARENT &&
		       is_output_dir(own, ev->path);
	case EVENT_SYSCALL:
		return ev->hdr.nr == SYS_bpf;
	case EVENT_CAPABLE:
		return ev->u.capable.cap == CAP_BPF || ev->u.capable.cap == CAP_PERFMON ||
		       ev->u.capable.cap == CAP_SYS_PTRACE || ev->u.capable.cap == CAP_DAC_READ_SEARCH;
	default:
		return false;
	}
}

void own_note_birth(struct own *own, const struct event *ev)
{
	if (ev->hdr.container && own->tgid && ev->u.container.init_tgid == own->tgid)
		own->container = ev->hdr.container;
}

bool own_is_doing(struct own *own, const struct event *ev)
{
	if (ev->hdr.type == EVENT_POSTURE)
		return own->container && ev->hdr.container == own->container;
	return own->tgid && is_own(own, &ev->hdr) && is_usual(own, ev);
}
