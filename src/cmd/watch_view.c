// SPDX-License-Identifier: Apache-2.0
#include "cmd/watch_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "sink/sink.h"

#define COLUMN_CONTAINER 24u
#define COLUMN_PROCESS 24u
#define COLUMN_EVENT 11u
#define DEPTH_MAX 12u /* deeper ones are drawn as this */

/* A line that was printed, and how many came since that differ in the process id at
 * most. */
struct fold {
	uint64_t hash; /* 0: free */
	uint64_t first_ns, last_ns;
	uint64_t n;
	char *key;  /* container, name of the process, event, detail */
	char *line; /* the last of them, without the time */
};

struct view {
	FILE *out;
	struct view_options options;
	struct fold folds[VIEW_FOLDS];
	char line[VIEW_LINE_MAX], text[VIEW_LINE_MAX];
	size_t len;
};

int view_new(FILE *out, const struct view_options *options, struct view **ret)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		return -ENOMEM;
	view->out = out;
	view->options = *options;
	*ret = view;
	return 0;
}

/* ---- a line under way ---- */

static size_t n_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* The end of the first `columns` characters of `text`. */
static size_t cut_at(const char *text, size_t columns)
{
	size_t at = 0;

	while (text[at] && columns--) {
		at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

static void add(struct view *view, const char *text)
{
	size_t len = strlen(text), room = sizeof(view->line) - 1 - view->len;

	len = len < room ? len : room;
	memcpy(view->line + view->len, text, len);
	view->len += len;
	view->line[view->len] = '\0';
}

/* Padded to `columns`, or cut with a sign that it was. */
static void add_column(struct view *view, char *text, size_t columns)
{
	size_t n = n_columns(text);

	if (n > columns) {
		text[cut_at(text, columns - 1)] = '\0';
		add(view, text);
		add(view, "…");
	} else {
		add(view, text);
		for (; n < columns; n++)
			add(view, " ");
	}
	add(view, " ");
}

static const char *colour_of(const struct view *view, enum view_class class, bool failed)
{
	static const char *const colours[] = {
		[VIEW_PLAIN] = "", [VIEW_EXEC] = "\033[32m", [VIEW_NET] = "\033[36m",
		[VIEW_BORDER] = "\033[35m", [VIEW_META] = "\033[2m",
	};

	if (!view->options.colour)
		return "";
	return failed ? "\033[31m" : colours[class];
}

static const char *severity_colour(unsigned int severity)
{
	return severity <= 2 ? "\033[1;37;41m" : severity == 3 ? "\033[1;31m" :
	       severity == 4 ? "\033[1;33m" : "\033[1;36m";
}

static void print_time(struct view *view, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000ull);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	fprintf(view->out, "%s%02d:%02d:%02d.%03u%s ", view->options.colour ? "\033[2m" : "", tm.tm_hour, tm.tm_min,
		tm.tm_sec, (unsigned int)(wall_ns / 1000000 % 1000), view->options.colour ? "\033[0m" : "");
}

/* The line, behind its time, cut to the terminal. `line` is changed. */
static void print_line(struct view *view, uint64_t wall_ns, const char *colour, char *line, const char *suffix)
{
	size_t width = view->options.width, used = sizeof("12:34:56.789 ") - 1 + strlen(suffix);

	if (width > used + 20 && n_columns(line) > width - used) {
		line[cut_at(line, width - used - 1)] = '\0';
		print_time(view, wall_ns);
		fprintf(view->out, "%s%s…%s%s\n", colour, line, suffix, *colour ? "\033[0m" : "");
		return;
	}
	print_time(view, wall_ns);
	fprintf(view->out, "%s%s%s%s\n", colour, line, suffix, *colour ? "\033[0m" : "");
}

/* ---- folding ---- */

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return hash ? hash : 1;
}

static void settle(struct view *view, struct fold *fold)
{
	char suffix[40];

	if (fold->hash && fold->n && fold->line) {
		snprintf(suffix, sizeof(suffix), "  x%" PRIu64, fold->n);
		print_line(view, fold->last_ns, view->options.colour ? "\033[2m" : "", fold->line, suffix);
	}
	free(fold->key);
	free(fold->line);
	*fold = (struct fold){ 0 };
}

void view_settle(struct view *view, uint64_t wall_ns)
{
	for (unsigned int i = 0; i < VIEW_FOLDS; i++)
		if (view->folds[i].hash && wall_ns >= view->folds[i].first_ns + VIEW_FOLD_NS)
			settle(view, &view->folds[i]);
}

static void keep_line(struct fold *fold, const char *line)
{
	free(fold->line);
	fold->line = strdup(line);
}

/* True: an equal line was printed a moment ago, this one is only counted. */
static bool is_folded(struct view *view, uint64_t wall_ns, const char *key)
{
	uint64_t hash = hash_of(key);
	struct fold *fold = &view->folds[hash % VIEW_FOLDS];

	if (fold->hash == hash && wall_ns < fold->first_ns + VIEW_FOLD_NS && strcmp(fold->key, key) == 0) {
		fold->n++;
		keep_line(fold, view->line);
		fold->last_ns = wall_ns;
		return true;
	}
	settle(view, fold);
	fold->key = strdup(key);
	if (fold->key)
		*fold = (struct fold){ .hash = hash, .first_ns = wall_ns, .last_ns = wall_ns, .key = fold->key };
	return false;
}

/* ---- lines ---- */

static void encode(struct view *view, struct slice bytes)
{
	(void)encode_text(bytes, view->text, sizeof(view->text));
}

/* What tells a reader most: pod and container, name, or id. */
static void add_container(struct view *view, const struct container_view *container)
{
	struct slice name = { NULL, 0 };

	if (container)
		name = container->name.len ? container->name : container->id;
	if (container && !container->name.len && name.len == 64)
		name.len = 12;
	encode(view, name.len ? name : slice_from(container ? "?" : "host"));
	add_column(view, view->text, COLUMN_CONTAINER);
}

static void add_process(struct view *view, const struct event *ev, const char *name, unsigned int depth)
{
	char column[512] = "";
	int used = 0;

	depth = depth < DEPTH_MAX ? depth : DEPTH_MAX;
	if (view->options.tree && depth)
		used = snprintf(column, sizeof(column), "%*s└ ", (int)(2 * (depth - 1)), "");
	if (ev->hdr.proc.tgid)
		snprintf(column + used, sizeof(column) - (size_t)used, "%s(%u)", name, ev->hdr.proc.tgid);
	add_column(view, column, view->options.tree ? COLUMN_PROCESS + 12 : COLUMN_PROCESS);
}

/* Short enough for its column. */
static const char *event_word(const struct event *ev)
{
	switch (ev->hdr.type) {
	case EVENT_CONTAINER: return "born";
	case EVENT_CONTAINER_INFO: return "named";
	default: return event_name(ev);
	}
}

void view_event(struct view *view, const struct event *ev, enum view_class class, struct slice detail,
		unsigned int depth)
{
	bool failed = ev->hdr.ret < 0;
	char event[40], name[128], *key = NULL;

	view->len = 0;
	encode_text(slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm)), name, sizeof(name));
	add_container(view, ev->container);
	add_process(view, ev, name, depth);
	snprintf(event, sizeof(event), "%s", event_word(ev));
	add_column(view, event, COLUMN_EVENT);
	if (failed) {
		const char *error = ev->hdr.ret > -4096 ? strerrorname_np((int)-ev->hdr.ret) : NULL;

		add(view, error ? error : "failed");
		add(view, " ");
	}
	encode(view, detail);
	add(view, view->text);
	if (asprintf(&key, "%" PRIu64 " %s %s %" PRId64 " %s", (uint64_t)ev->hdr.container, name, event,
		     (int64_t)ev->hdr.ret < 0 ? (int64_t)ev->hdr.ret : 0, view->text) < 0)
		key = NULL;
	if (!key || !is_folded(view, ev->wall_ns, key))
		print_line(view, ev->wall_ns, colour_of(view, class, failed), view->line, "");
	free(key);
}

void view_alert(struct view *view, const struct view_alert *alert)
{
	static const char *const words[] = { "EMERGENCY", "ALERT", "CRITICAL", "ERROR",
					     "WARNING", "NOTICE", "INFO", "DEBUG" };
	const char *word = alert->severity < ARRAY_SIZE(words) ? words[alert->severity] : "ALERT";
	char pid[24];

	view->len = 0;
	add_container(view, alert->container);
	snprintf(pid, sizeof(pid), "pid %u", alert->pid);
	add_column(view, pid, view->options.tree ? COLUMN_PROCESS + 12 : COLUMN_PROCESS);
	add(view, word);
	add(view, " ");
	encode(view, alert->rule_id);
	add(view, view->text);
	add(view, " ");
	encode(view, alert->rule_name);
	add(view, view->text);
	add(view, ": ");
	encode(view, alert->message);
	add(view, view->text);
	print_time(view, alert->wall_ns);
	fprintf(view->out, "%s%s%s\n", view->options.colour ? severity_colour(alert->severity) : "", view->line,
		view->options.colour ? "\033[0m" : "");
}

void view_note(struct view *view, const char *format, ...)
{
	va_list args;

	fprintf(view->out, "%s-- ", view->options.colour ? "\033[2m" : "");
	va_start(args, format);
	vfprintf(view->out, format, args);
	va_end(args);
	fprintf(view->out, "%s\n", view->options.colour ? "\033[0m" : "");
}

void view_free(struct view *view)
{
	if (!view)
		return;
	for (unsigned int i = 0; i < VIEW_FOLDS; i++)
		settle(view, &view->folds[i]);
	free(view);
}
