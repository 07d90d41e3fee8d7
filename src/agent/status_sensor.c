// SPDX-License-Identifier: Apache-2.0
#include "agent/status_sensor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#define USAGE_INTERVAL_NS 5000000000ull

int sensor_status_init(struct sensor_status *ret, const char *hostname)
{
	struct status_sensor *data = &ret->data;
	struct utsname kernel;
	struct timespec wall;
	int fd = -1, r;

	*ret = (struct sensor_status){ .engine_fd = -1, .engine_read_fd = -1, .sensor_read_fd = -1 };
	clock_gettime(CLOCK_REALTIME, &wall);
	data->start_wall_ns = (uint64_t)wall.tv_sec * 1000000000ull + (uint64_t)wall.tv_nsec;
	data->start_ns = status_now();
	snprintf(data->version, sizeof(data->version), "%s", BRIGWATCH_VERSION);
	snprintf(data->object, sizeof(data->object), "%.12s", live_object_hash);
	snprintf(data->hostname, sizeof(data->hostname), "%s", hostname);
	snprintf(data->tier, sizeof(data->tier), "tracepoint");
	if (uname(&kernel) == 0)
		snprintf(data->release, sizeof(data->release), "%s", kernel.release);

	r = status_page_make(STATUS_OF_ENGINE, &ret->engine_fd, &ret->engine_read_fd);
	if (r == 0)
		r = status_page_make(STATUS_OF_SENSOR, &fd, &ret->sensor_read_fd);
	if (r < 0) {
		sensor_status_release(ret);
		return r;
	}
	r = status_page_write(fd, STATUS_OF_SENSOR, &ret->page);
	close(fd);
	if (r < 0)
		sensor_status_release(ret);
	return r;
}

void sensor_status_release(struct sensor_status *status)
{
	int *fds[] = { &status->engine_fd, &status->engine_read_fd, &status->sensor_read_fd };

	status_page_release(take_ptr(status->page));
	status_page_release(take_ptr(status->engine_seen));
	status_page_release(take_ptr(status->sensor_seen));
	free(take_ptr(status->view));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

void sensor_status_take_hooks(struct sensor_status *status, const struct live_state *state)
{
	struct status_sensor *data = &status->data;

	data->checked_ns = status_now();
	data->n_hooks = (uint8_t)(state->n_hooks < STATUS_HOOKS_MAX ? state->n_hooks : STATUS_HOOKS_MAX);
	for (size_t i = 0; i < data->n_hooks; i++) {
		const struct live_hook_state *from = &state->hooks[i];
		struct status_hook *to = &data->hooks[i];

		snprintf(to->name, sizeof(to->name), "%s", from->hook);
		snprintf(to->without, sizeof(to->without), "%s", from->without ? from->without : "");
		to->missed_runs = from->missed_runs;
		to->is_attached = from->attached;
		to->is_required = from->required;
	}
	if (state->missed_runs > data->missed_runs)
		data->missed_ns = data->checked_ns;
	data->missed_runs = state->missed_runs;
	data->pins_expected = state->n_pins;
	data->pins_missing = state->n_pins_missing;
	data->pin_error = state->pin_error;
	if (state->n_pins_missing)
		data->pins_taken_ns = data->checked_ns;
	/* The last could not be put back, or nothing would be wrong. */
	data->pins_restored += state->n_pins_missing - (state->pin_error && state->n_pins_missing ? 1 : 0);
}

void sensor_status_note_process(struct sensor_status *status, const char *name, pid_t pid, bool is_wanted,
				uint64_t restarts)
{
	struct status_sensor *data = &status->data;
	struct status_process *process = NULL;

	for (size_t i = 0; i < data->n_processes && !process; i++)
		if (!strcmp(data->processes[i].name, name))
			process = &data->processes[i];
	if (!process) {
		if (data->n_processes == STATUS_PROCESSES_MAX)
			return;
		process = &data->processes[data->n_processes++];
		snprintf(process->name, sizeof(process->name), "%s", name);
	}
	if (process->pid != (uint32_t)pid) {
		process->cpu_ns = process->resident_bytes = 0;
		status->next_usage_ns = 0;
	}
	process->pid = (uint32_t)pid;
	process->is_wanted = is_wanted;
	process->restarts = restarts;
}

/* proc(5): the name, which may hold anything, ends with the last parenthesis;
 * the state, field 3, follows. */
static void look_up_usage(struct status_process *process)
{
	enum { STATE = 3, USER_TICKS = 14, SYSTEM_TICKS = 15, PAGES = 24 };
	unsigned long long ticks = 0, pages = 0;
	char path[32], text[1024], *at;
	cleanup_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/stat", process->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	at = strrchr(text, ')');
	for (unsigned int field = STATE; at && field <= PAGES; field++) {
		at = strchr(at + 1, ' ');
		if (at && (field == USER_TICKS || field == SYSTEM_TICKS))
			ticks += strtoull(at, NULL, 10);
		if (at && field == PAGES)
			pages = strtoull(at, NULL, 10);
	}
	process->cpu_ns = ticks * (1000000000ull / (unsigned long long)sysconf(_SC_CLK_TCK));
	process->resident_bytes = pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

void sensor_status_publish(struct sensor_status *status)
{
	struct status_sensor *data = &status->data;
	uint64_t now = status_now();

	if (!status->page)
		return;
	status_turn(status->page, now);
	if (now >= status->next_usage_ns) {
		status->next_usage_ns = now + USAGE_INTERVAL_NS;
		for (size_t i = 0; i < data->n_processes; i++)
			if (data->processes[i].pid)
				look_up_usage(&data->processes[i]);
	}
	data->written_ns = now;
	status_publish(status->page, data);
}

bool sensor_status_judge(struct sensor_status *status, const struct outbox *const *outputs, size_t n_outputs,
			 struct verdict *ret)
{
	struct view_sources from;

	if (!status->page)
		return false;
	if (!status->engine_seen)
		(void)status_page_read(status->engine_read_fd, STATUS_OF_ENGINE, &status->engine_seen);
	if (!status->sensor_seen)
		(void)status_page_read(status->sensor_read_fd, STATUS_OF_SENSOR, &status->sensor_seen);
	if (!status->view)
		status->view = calloc(1, sizeof(*status->view));
	if (!status->engine_seen || !status->sensor_seen || !status->view)
		return false;
	from = (struct view_sources){ .engine = status->engine_seen, .sensor = status->sensor_seen,
				      .outputs = outputs, .n_outputs = n_outputs };
	view_read(&from, status->view);
	view_judge(status->view, ret);
	return true;
}
