/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reload.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <time.h>

#include "agent/log.h"

#define QUIET_MS 300	  /* an editor's writes and renames are one change */
#define QUIET_MAX_MS 2000 /* but who never stops does not put it off for ever */
#define PAUSE_MS 250	  /* between two loads, and at least PAUSE_FACTOR times what one takes */
#define PAUSE_FACTOR 4
#define TRIES_MAX 5 /* at files that change while they are read */

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- watching files ---- */

static bool holds_rules(const struct reload *reload, int wd)
{
	for (size_t i = 0; i < reload->n_watches; i++) {
		if (reload->watches[i] == wd)
			return true;
	}
	return false;
}

static void watch(struct reload *reload, const char *path, uint32_t mask, bool has_rules)
{
	int wd = inotify_add_watch(reload->inotify_fd, path, mask | IN_MASK_ADD);

	if (has_rules && wd >= 0 && !holds_rules(reload, wd) &&
	    reload->n_watches < RELOAD_WATCHES_MAX)
		reload->watches[reload->n_watches++] = wd;
}

/* A directory, what is local in it, and what either is in: they may be put in
 * place by a rename. A watch that is there already is only confirmed. */
static void watch_all(struct reload *reload)
{
	const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
			      IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF;

	reload->n_watches = 0;
	for (size_t i = 0; i < reload->load->n_paths; i++) {
		const char *path = reload->load->paths[i];
		size_t len = strlen(path);
		char name[4096];

		if (len + sizeof("/rules.d") > sizeof(name))
			continue;
		watch(reload, path, mask, true);
		snprintf(name, sizeof(name), "%s/rules.d", path);
		watch(reload, name, mask, true);
		/* The directory above: for a file, or a directory that is replaced. */
		memcpy(name, path, len + 1);
		while (len > 1 && name[len - 1] == '/')
			name[--len] = '\0';
		while (len > 0 && name[len - 1] != '/')
			len--;
		name[len] = '\0';
		watch(reload, len ? name : ".", IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE, false);
	}
}

static const char *last_name(const char *path, size_t *ret_len)
{
	size_t len = strlen(path), from;

	while (len > 1 && path[len - 1] == '/')
		len--;
	for (from = len; from > 0 && path[from - 1] != '/'; from--)
		;
	*ret_len = len - from;
	return path + from;
}

/* Rule files, not what editors put beside them; and the directories. */
static bool concerns_rules(const struct reload *reload, const struct inotify_event *event)
{
	size_t len = event->len ? strlen(event->name) : 0;

	if (event->mask & IN_IGNORED)
		return false;
	if (event->mask & IN_Q_OVERFLOW || (len == 0 && holds_rules(reload, event->wd)))
		return true;
	for (size_t i = 0; i < reload->load->n_paths; i++) {
		size_t name_len;
		const char *name = last_name(reload->load->paths[i], &name_len);

		if (name_len == len && memcmp(name, event->name, len) == 0)
			return true;
	}
	if (!holds_rules(reload, event->wd) || len == 0)
		return false;
	if (strcmp(event->name, "rules.d") == 0)
		return true;
	return event->name[0] != '.' && len > 5 && strcmp(event->name + len - 5, ".json") == 0;
}

void reload_notice(struct reload *reload, uint64_t now)
{
	char buf[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool is_change = false;
	ssize_t n;

	while ((n = read(reload->inotify_fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event =
				(const struct inotify_event *)(const void *)(buf + at);

			is_change |= concerns_rules(reload, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	if (!is_change)
		return;
	reload->changed_ms = now;
	if (!reload->first_ms)
		reload->first_ms = now;
}

void reload_ask(struct reload *reload)
{
	reload->is_asked = true;
}

int64_t reload_due_ms(const struct reload *reload, uint64_t now)
{
	uint64_t due = now;

	if (reload->coming || (!reload->is_asked && !reload->changed_ms))
		return -1;
	if (!reload->is_asked) {
		due = reload->changed_ms + QUIET_MS;
		if (due > reload->first_ms + QUIET_MAX_MS)
			due = reload->first_ms + QUIET_MAX_MS;
	}
	if (due < reload->not_before_ms)
		due = reload->not_before_ms;
	return due > now ? (int64_t)(due - now) : 0;
}

/* ---- the kernel side ---- */

static const struct {
	enum rule_watch list;
	uint32_t kind;
} watch_kinds[] = {
	{ RULE_WATCH_OPENED, WATCH_OPENED },
	{ RULE_WATCH_WRITTEN, WATCH_WRITTEN },
	{ RULE_WATCH_FOLDERS, WATCH_FOLDER },
};

uint64_t reload_wanted(const struct rule_set *set)
{
	return rule_set_event_types(set) | (1ull << EVENT_EXEC) | (1ull << EVENT_FORK) |
	       (1ull << EVENT_EXIT) | (1ull << EVENT_CONTAINER) | (1ull << EVENT_PROC);
}

int reload_watch_names(struct live *live, const struct rule_set *set)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(watch_kinds) && r == 0; i++)
		r = live_watch_names(live, rule_set_watched(set, watch_kinds[i].list),
				     watch_kinds[i].kind);
	return r;
}

/* From what both sets need, or more, to what this one needs. More is only cost. */
static void narrow(const struct reload *reload, struct live *live, const struct rule_set *set)
{
	struct live_watch lists[ARRAY_SIZE(watch_kinds)];

	for (size_t i = 0; i < ARRAY_SIZE(watch_kinds); i++)
		lists[i] = (struct live_watch){ rule_set_watched(set, watch_kinds[i].list),
						watch_kinds[i].kind };
	(void)live_watch_only(live, lists, ARRAY_SIZE(lists));
	(void)live_set_wanted(live, reload_wanted(set) | reload->watched,
			      rule_set_plain_types(set) | reload->watched_plain);
}

static int widen(const struct reload *reload, struct live *live, const struct rule_set *old,
		 const struct rule_set *coming)
{
	int r;

	r = reload_watch_names(live, coming);
	if (r == 0)
		r = live_set_wanted(live, reload_wanted(old) | reload_wanted(coming) | reload->watched,
				    rule_set_plain_types(old) | rule_set_plain_types(coming) |
					    reload->watched_plain);
	return r;
}

/* During a change what both sets need stays asked for: reload_end() narrows. */
void reload_set_watched(struct reload *reload, struct live *live, uint64_t types, uint64_t plain_types)
{
	const struct rule_set *coming = reload->coming ? reload->coming : reload->rules;

	reload->watched = types;
	reload->watched_plain = plain_types;
	(void)widen(reload, live, reload->rules, coming);
}

/* ---- a change ---- */

static void tell_error(const struct parse_error *error, void *arg)
{
	bool *is_told = arg;

	*is_told = true;
	if (error->line)
		log_message("rules", "%s:%u:%u: %s", error->file, error->line, error->column,
			    error->message);
	else
		log_message("rules", "%s: %s", error->file, error->message);
}

static void format_error(const struct parse_error *error, char *buf, size_t size)
{
	if (error->line)
		snprintf(buf, size, "%s:%u:%u: %s", error->file, error->line, error->column,
			 error->message);
	else
		snprintf(buf, size, "%s: %s", error->file, error->message);
}

static int fill_file(const char *bytes, size_t len, int *ret_fd)
{
	cleanup_close int fd = memfd_create("brigwatch-rules", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n;

	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < len; at += (size_t)n) {
		n = write(fd, bytes + at, len - at);
		if (n < 0)
			return -errno;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

/* The files are being written: they are looked at again when that is over. */
static bool try_again(struct reload *reload, int r, uint64_t now)
{
	if (r != -EAGAIN || ++reload->n_tries >= TRIES_MAX)
		return false;
	reload->changed_ms = reload->first_ms = now;
	return true;
}

static int load_again(struct reload *reload, char **bundle, size_t *len, char *error, size_t size)
{
	struct rule_load load = *reload->load;
	struct parse_error err = { 0 };
	bool is_told = false;
	uint64_t begin = now_ms(), end;
	int r;

	load.tell = tell_error;
	load.arg = &is_told;
	load.ret_bundle = bundle;
	load.ret_bundle_len = len;
	/* First, so that no change after the reading is missed. */
	watch_all(reload);
	reload->changed_ms = reload->first_ms = 0;
	r = rule_set_load_with(AT_FDCWD, &load, &reload->coming, &err);
	end = now_ms();
	reload->not_before_ms = end + PAUSE_FACTOR * (end - begin);
	if (reload->not_before_ms < begin + PAUSE_MS)
		reload->not_before_ms = begin + PAUSE_MS;
	if (r < 0 && !err.message[0])
		snprintf(err.message, sizeof(err.message), "%s", strerror(-r));
	format_error(&err, error, size);
	if (r < 0 && !is_told)
		log_message("rules", "%s", error);
	if (r < 0 && try_again(reload, r, end))
		return -EINPROGRESS;
	reload->n_tries = 0;
	return r;
}

int reload_begin(struct reload *reload, struct live *live, int *ret_fd, char *error, size_t size)
{
	cleanup_free char *bundle = NULL;
	bool is_asked = reload->is_asked;
	size_t len = 0;
	int r;

	reload->is_asked = false;
	r = load_again(reload, &bundle, &len, error, size);
	if (r == -EINPROGRESS)
		return 0;
	reload->is_refused = r < 0;
	if (r < 0)
		return r;
	if (strcmp(rule_set_hash(reload->coming), rule_set_hash(reload->rules)) == 0) {
		if (is_asked)
			log_message("rules", "nothing has changed, %zu rules (%.12s)",
				    rule_set_len(reload->rules), rule_set_hash(reload->rules));
		rule_set_free(take_ptr(reload->coming));
		malloc_trim(0);
		return 0;
	}
	r = widen(reload, live, reload->rules, reload->coming);
	if (r < 0)
		snprintf(error, size, "the kernel side cannot be told what the new rules need: %s",
			 strerror(-r));
	if (r == 0) {
		r = fill_file(bundle, len, ret_fd);
		if (r < 0)
			snprintf(error, size, "cannot hand the new rules over: %s", strerror(-r));
	}
	if (r < 0) {
		log_message("rules", "%s", error);
		reload_end(reload, live, false);
		return r;
	}
	return 1;
}

void reload_end(struct reload *reload, struct live *live, bool is_taken)
{
	if (!reload->coming)
		return;
	reload->is_refused = !is_taken;
	if (is_taken) {
		log_message("rules", "watching with %zu rules (%.12s), until now with %zu (%.12s)",
			    rule_set_len(reload->coming), rule_set_hash(reload->coming),
			    rule_set_len(reload->rules), rule_set_hash(reload->rules));
		rule_set_free(reload->own);
		reload->rules = reload->own = take_ptr(reload->coming);
	}
	narrow(reload, live, reload->rules);
	rule_set_free(take_ptr(reload->coming));
	malloc_trim(0);
}

/* ---- life ---- */

void reload_init(struct reload *ret, const struct rule_load *load, const struct rule_set *rules)
{
	*ret = (struct reload){ .load = load, .rules = rules };
	ret->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (ret->inotify_fd < 0)
		log_message("rules", "cannot watch the rule files: %s; SIGHUP reads them again",
			    strerror(errno));
	else
		watch_all(ret);
}

void reload_release(struct reload *reload)
{
	if (reload->inotify_fd >= 0)
		close(reload->inotify_fd);
	rule_set_free(reload->own);
	rule_set_free(reload->coming);
}
