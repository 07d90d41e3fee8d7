/* SPDX-License-Identifier: Apache-2.0 */
/* Text for eyes: one line for logs, a block of several for a terminal. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "sink/render.h"

#define BLOCK_WIDTH 100
#define BLOCK_INDENT 8

/* Most processes of the chain that are named, the subject included. */
#define CHAIN_MAX 8

/* In the one-line form " | " stands between the parts and key=value pairs make
 * the last one. What others chose never contains a '|', and is put in quotes
 * when it holds anything that could be taken for a separator. */
static const char not_in_line[] = "|";
static const char not_in_quotes[] = "|\"";

static bool is_word(struct slice s)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,-";

	for (size_t i = 0; i < s.len; i++)
		if (!memchr(plain, s.data[i], sizeof(plain) - 1))
			return false;
	return s.len > 0;
}

static void add_word(struct buf *buf, struct slice s)
{
	if (is_word(s)) {
		buf_add(buf, s.data, s.len);
		return;
	}
	buf_add_str(buf, "\"");
	buf_add_encoded(buf, s, not_in_quotes);
	buf_add_str(buf, "\"");
}

static void add_pair(struct buf *buf, const char *key, struct slice value)
{
	if (value.len == 0)
		return;
	buf_add_str(buf, " ");
	buf_add_str(buf, key);
	buf_add_str(buf, "=");
	add_word(buf, value);
}

static void add_pair_str(struct buf *buf, const char *key, const char *value)
{
	add_pair(buf, key, slice_from(value));
}

static void add_priority(struct buf *buf, const char *priority)
{
	char c;

	for (; *priority; priority++) {
		c = (char)toupper((unsigned char)*priority);
		buf_add(buf, &c, 1);
	}
}

static struct slice subject_name(const struct event *ev)
{
	return slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm));
}

static struct slice subject_exe(const struct event *ev)
{
	if (ev->hdr.type == EVENT_EXEC || ev->hdr.type == EVENT_PROC)
		return ev->path;
	return ev->proc ? ev->proc->exepath : (struct slice){ NULL, 0 };
}

static void add_link(struct buf *buf, struct slice name, uint32_t pid, bool with_pid)
{
	add_word(buf, name.len > 0 ? name : SLICE_LITERAL("?"));
	if (with_pid)
		buf_printf(buf, "(%u)", pid);
}

/* "containerd-shim->sh->evil", eldest first. */
static void add_chain(struct buf *buf, const struct event *ev, const char *arrow, bool with_pid)
{
	unsigned int n =
		ev->n_ancestors < EVENT_ANCESTORS_MAX ? ev->n_ancestors : EVENT_ANCESTORS_MAX;

	if (n > CHAIN_MAX - 1) {
		n = CHAIN_MAX - 1;
		buf_add_str(buf, "…");
		buf_add_str(buf, arrow);
	}
	while (n-- > 0) {
		add_link(buf, ev->ancestors[n]->name, ev->ancestors[n]->id.tgid, with_pid);
		buf_add_str(buf, arrow);
	}
	add_link(buf, subject_name(ev), ev->hdr.proc.tgid, with_pid);
}

static const char *result_name(const struct event *ev, char *buf, size_t size)
{
	int64_t ret = ev->hdr.ret;
	const char *name;

	if (ret >= 0)
		return ev->hdr.flags & EVENT_F_FAILED ? "failed" : "ok";
	name = ret > INT64_MIN ? errno_name(-ret) : NULL;
	if (name)
		return name;
	snprintf(buf, size, "%" PRId64, ret);
	return buf;
}

static void add_facts(struct buf *buf, uint64_t facts, const char *between)
{
	const char *before = "";

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(facts & 1ull << bit))
			continue;
		buf_add_str(buf, before);
		buf_add_str(buf, fact_name(bit));
		before = between;
	}
}

static void add_container(struct buf *buf, const struct event *ev)
{
	const struct container_view *view = ev->container;
	char scratch[CONTAINER_ID_MAX];
	struct slice id;

	id = container_id(ev, scratch);
	if (id.len == 0) {
		add_pair_str(buf, "container", ev->hdr.phase == PHASE_HOST ? "host" : "unknown");
		return;
	}

	add_pair(buf, "container", short_id(id));
	if (!view)
		return;
	if (view->name.len > 0) {
		buf_add_str(buf, " (");
		add_word(buf, view->name);
		buf_add_str(buf, ")");
	}
	if (enrichment_name(ev))
		add_pair_str(buf, "enrichment", enrichment_name(ev));
	add_pair(buf, "pod", view->pod);
	add_pair(buf, "ns", view->pod_ns);
	add_pair(buf, "image", view->image);
	if (ev->inner)
		add_pair(buf, "inner", short_id(ev->inner->id));
	if (view->has_posture && view->posture_reason.len > 0) {
		buf_add_str(buf, " posture=\"" POSTURE_BEFORE_REASON);
		buf_add_encoded(buf, view->posture_reason, not_in_quotes);
		buf_add_str(buf, "\"");
	}
}

static void add_target(struct buf *buf, const struct event *ev)
{
	if (ev->hdr.boundary == BOUNDARY_NONE)
		return;
	add_pair_str(buf, "target", boundary_name(ev->hdr.boundary));
	if (ev->target_container)
		add_pair(buf, "target_container", short_id(ev->target_container->id));
}

static void add_view(struct buf *buf, const struct finding *finding)
{
	static const struct {
		uint32_t flags;
		const char *name;
	} gaps[] = {
		{ EVENT_F_SEEDED, "seeded" },
		{ EVENT_F_PATH_CUT | EVENT_F_ARGS_CUT, "truncated" },
		{ EVENT_F_PATH_UNREAD | EVENT_F_ARG_UNREAD, "unread" },
	};
	uint32_t flags = finding->event->hdr.flags;
	const char *before = " view=";

	if (finding->lost > 0) {
		buf_printf(buf, "%slost:%" PRIu64, before, finding->lost);
		before = ",";
	}
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		if (!(flags & gaps[i].flags))
			continue;
		buf_add_str(buf, before);
		buf_add_str(buf, gaps[i].name);
		before = ",";
	}
	if (before[0] != ',')
		buf_add_str(buf, " view=complete");
}

/* "incident=3f... step=3 after=BW-0103,BW-0130": each rule before it once. */
static void add_incident(struct buf *buf, const struct incident_view *incident)
{
	const char *before = " after=";

	if (!incident)
		return;
	add_pair_str(buf, "incident", incident->id);
	buf_printf(buf, " step=%" PRIu64, incident->step);
	for (unsigned int i = 0; i + 1 < incident->n_steps; i++) {
		const char *id = incident->steps[i]->rule_id;
		unsigned int seen = 0;

		while (seen < i && strcmp(incident->steps[seen]->rule_id, id) != 0)
			seen++;
		if (seen < i)
			continue;
		buf_add_str(buf, before);
		buf_add_encoded(buf, slice_from(id), not_in_line);
		before = ",";
	}
}

/* "12:00:01.000 sh(41): dropped". No name of a process looks like the end of a
 * step and another one. */
static void add_sequence_step(struct buf *buf, const struct sequence_step *step, const char *not_in)
{
	char time[TIME_LEN + 1];

	format_time(step->wall_ns, time);
	buf_printf(buf, "%.12s ", time + 11);
	buf_add_encoded(buf, step->proc_name.len > 0 ? step->proc_name : SLICE_LITERAL("?"),
			"|\"()>");
	buf_printf(buf, "(%u): ", step->pid);
	buf_add_encoded(buf, slice_from(step->name), not_in);
}

static void add_sequence(struct buf *buf, const struct finding *finding)
{
	for (size_t i = 0; i < finding->n_sequence; i++) {
		buf_add_str(buf, i == 0 ? " sequence=\"" : " > ");
		add_sequence_step(buf, &finding->sequence[i], not_in_quotes);
	}
	if (finding->n_sequence > 0)
		buf_add_str(buf, "\"");
}

int render_text(const struct finding *finding, struct buf *buf)
{
	const struct event *ev = finding->event;
	char time[TIME_LEN + 1], result[24];

	format_time(ev->wall_ns, time);
	buf_add_str(buf, time);
	buf_add_str(buf, " ");
	add_priority(buf, finding->priority);
	buf_add_str(buf, " ");
	buf_add_encoded(buf, slice_from(finding->rule_id), not_in_line);
	buf_add_str(buf, " ");
	buf_add_encoded(buf, slice_from(finding->rule_name), not_in_line);
	buf_add_str(buf, " | ");
	buf_add_encoded(buf, finding->message, not_in_line);
	buf_add_str(buf, " |");

	add_container(buf, ev);
	buf_add_str(buf, " process=");
	add_chain(buf, ev, "->", false);
	buf_printf(buf, " pid=%u uid=%u", ev->hdr.proc.tgid, ev->hdr.uid);
	add_pair(buf, "exe", subject_exe(ev));
	add_pair_str(buf, "event", event_name(ev));
	if (ev->hdr.nr >= 0)
		add_pair_str(buf, "syscall", event_syscall_name(ev));
	if (ev->hdr.way == WAY_IA32 || ev->hdr.way == WAY_X32)
		add_pair_str(buf, "way", way_name(ev->hdr.way));
	if (ev->file)
		add_pair(buf, "file", ev->path.len > 0 ? ev->path : ev->arg);
	add_target(buf, ev);
	add_pair_str(buf, "result", result_name(ev, result, sizeof(result)));
	if (ev->hdr.facts) {
		buf_add_str(buf, " facts=");
		add_facts(buf, ev->hdr.facts, ",");
	}
	if (finding->folded > 0)
		buf_printf(buf, " folded=%" PRIu64, finding->folded);
	add_sequence(buf, finding);
	add_incident(buf, finding->incident);
	add_view(buf, finding);
	if (finding->techniques && finding->techniques[0]) {
		buf_add_str(buf, " see=");
		buf_add_pages(buf, finding->techniques, ",");
	}
	buf_add_str(buf, "\n");
	return buf->failed ? -ENOMEM : 0;
}

static size_t count_columns(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
	return n;
}

/* "  label text...", wrapped between words to BLOCK_WIDTH, the lines after the
 * first set in by `indent`. A word that is too long has a line of its own. */
static void add_wrapped(struct buf *buf, const char *label, size_t indent, struct slice text)
{
	size_t column = BLOCK_INDENT, columns;
	struct slice word = { NULL, 0 };
	const char *end;
	bool first = true;

	buf_printf(buf, "  \033[2m%-5s\033[0m ", label);
	while (text.len > 0) {
		end = memchr(text.data, ' ', text.len);
		slice_take(&text, end ? (size_t)(end - text.data) : text.len, &word);
		if (end)
			slice_take(&text, 1, &(struct slice){ 0 });

		columns = count_columns(word);
		if (!first && column + 1 + columns > BLOCK_WIDTH) {
			buf_printf(buf, "\n%*s", (int)(BLOCK_INDENT + indent), "");
			column = BLOCK_INDENT + indent;
		} else if (!first) {
			buf_add_str(buf, " ");
			column++;
		}
		buf_add(buf, word.data, word.len);
		column += columns;
		first = false;
	}
	buf_add_str(buf, "\n");
}

/* The same from a buffer that is used up. */
static void add_paragraph(struct buf *buf, const char *label, size_t indent, struct buf *text)
{
	if (text->failed)
		buf->failed = true;
	else if (text->len > 0)
		add_wrapped(buf, label, indent, (struct slice){ text->data, text->len });
	buf_release(text);
}

static const char *severity_colour(unsigned int severity)
{
	if (severity <= 2)
		return "\033[1;37;41m"; /* emergency, alert, critical: white on red */
	if (severity == 3)
		return "\033[1;31m";
	if (severity == 4)
		return "\033[1;33m";
	return severity <= 6 ? "\033[1;36m" : "\033[2m";
}

static void add_headline(struct buf *buf, const struct finding *finding)
{
	buf_add_str(buf, severity_colour(finding->severity));
	buf_add_str(buf, " ");
	add_priority(buf, finding->priority);
	buf_add_str(buf, " \033[0m \033[1m");
	buf_add_encoded(buf, slice_from(finding->rule_name), NULL);
	buf_add_str(buf, "\033[0m ");
	buf_add_encoded(buf, slice_from(finding->rule_id), NULL);
	buf_add_str(buf, "\n");
}

static void add_when(struct buf *buf, const struct finding *finding)
{
	char time[TIME_LEN + 1];
	struct buf text = { 0 };

	format_time(finding->event->wall_ns, time);
	buf_add_str(&text, time);
	if (finding->hostname && *finding->hostname) {
		buf_add_str(&text, " on ");
		add_word(&text, slice_from(finding->hostname));
	}
	buf_printf(&text, ", alert %" PRIu64, finding->number);
	if (finding->folded > 0)
		buf_printf(&text, ", %" PRIu64 " equal ones before it were not shown",
			   finding->folded);
	add_paragraph(buf, "when", 0, &text);
}

static void add_what(struct buf *buf, const struct finding *finding)
{
	const struct event *ev = finding->event;
	struct buf text = { 0 };
	char result[24];

	buf_add_encoded(&text, finding->message, NULL);
	add_paragraph(buf, "what", 0, &text);

	buf_add_str(&text, event_name(ev));
	if (ev->hdr.nr >= 0) {
		buf_add_str(&text, " by ");
		buf_add_str(&text, event_syscall_name(ev));
		if (ev->hdr.way == WAY_IA32 || ev->hdr.way == WAY_X32) {
			buf_add_str(&text, " of ");
			buf_add_str(&text, way_name(ev->hdr.way));
		}
	}
	buf_add_str(&text, ", result ");
	buf_add_str(&text, result_name(ev, result, sizeof(result)));
	if (ev->file && ev->file->source != SOURCE_NONE) {
		buf_add_str(&text, ", file ");
		add_word(&text, ev->path.len > 0 ? ev->path : SLICE_LITERAL("?"));
		buf_add_str(&text, " on ");
		add_word(&text, slice_from_field(ev->file->fs, sizeof(ev->file->fs)));
		buf_add_str(&text, ", mount owner ");
		buf_add_str(&text, owner_name(ev->file->mount_owner));
	}
	if (ev->hdr.facts) {
		buf_add_str(&text, ", facts ");
		add_facts(&text, ev->hdr.facts, " ");
	}
	add_paragraph(buf, "", 0, &text);
}

static void add_who(struct buf *buf, const struct event *ev)
{
	struct slice exe = subject_exe(ev);
	struct buf text = { 0 };

	add_chain(&text, ev, " -> ", true);
	add_paragraph(buf, "who", 0, &text);

	if (exe.len > 0) {
		buf_add_str(&text, "exe ");
		add_word(&text, exe);
		buf_add_str(&text, ", ");
	}
	buf_printf(&text, "uid %u, capabilities 0x%" PRIx64 ", pid %u inside", ev->hdr.uid,
		   (uint64_t)ev->hdr.cap_effective, ev->hdr.ns_tgid);
	if (ev->hdr.phase != PHASE_CONTAINED) {
		buf_add_str(&text, ", phase ");
		buf_add_str(&text, phase_name(ev->hdr.phase));
	}
	add_paragraph(buf, "", 0, &text);
}

static void add_where(struct buf *buf, const struct event *ev)
{
	const struct container_view *view = ev->container;
	char scratch[CONTAINER_ID_MAX];
	struct buf text = { 0 };
	struct slice id;

	id = container_id(ev, scratch);
	if (id.len == 0) {
		buf_add_str(&text, ev->hdr.phase == PHASE_HOST ?
					   "on the host" :
					   "not known whether host or container");
	} else {
		buf_add_str(&text, "container ");
		add_word(&text, short_id(id));
	}
	if (view && view->name.len > 0) {
		buf_add_str(&text, " (");
		add_word(&text, view->name);
		buf_add_str(&text, ")");
	}
	if (view && view->image.len > 0) {
		buf_add_str(&text, ", image ");
		add_word(&text, view->image);
	}
	if (view && view->runtime.len > 0) {
		buf_add_str(&text, ", runtime ");
		add_word(&text, view->runtime);
	}
	if (id.len > 0 && (!view || view->pending))
		buf_add_str(&text, ", the runtime's files have not been read yet");
	if (view && !view->pending && view->is_unanswered)
		buf_add_str(&text, ", nobody answered what the runtime's files say");
	if (view && view->id_source == ID_FROM_CGROUP)
		buf_add_str(&text, ", named by its cgroup alone");
	if (ev->inner) {
		buf_add_str(&text, "; within it in container ");
		add_word(&text, short_id(ev->inner->id));
		if (ev->inner->runtime.len > 0) {
			buf_add_str(&text, ", runtime ");
			add_word(&text, ev->inner->runtime);
		}
	}
	if (ev->hdr.boundary == BOUNDARY_HOST)
		buf_add_str(&text, "; the act hits the host");
	if (ev->hdr.boundary == BOUNDARY_OTHER) {
		buf_add_str(&text, "; the act hits another container");
		if (ev->target_container) {
			buf_add_str(&text, ", ");
			add_word(&text, short_id(ev->target_container->id));
		}
	}
	add_paragraph(buf, "where", 0, &text);
	if (id.len > 0 && view && view->has_posture && view->posture_reason.len > 0) {
		buf_add_str(&text, POSTURE_BEFORE_REASON);
		buf_add_encoded(&text, view->posture_reason, NULL);
		add_paragraph(buf, "", 0, &text);
	}
}

static void add_why(struct buf *buf, const struct finding *finding)
{
	const char *why = finding->why && *finding->why ? finding->why : finding->description;
	const char *const *ids[] = { finding->mitre, finding->references };
	struct buf text = { 0 };
	const char *before = "";

	if (why)
		buf_add_encoded(&text, slice_from(why), NULL);
	add_paragraph(buf, "why", 0, &text);

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		for (const char *const *id = ids[i]; id && *id; id++) {
			buf_add_str(&text, before);
			buf_add_encoded(&text, slice_from(*id), NULL);
			before = ", ";
		}
	}
	if (finding->techniques && finding->techniques[0]) {
		buf_add_str(&text, before);
		buf_add_pages(&text, finding->techniques, ", ");
	}
	add_paragraph(buf, "see", 0, &text);
}

/* The events that make up this alert, a line each. */
static void add_steps(struct buf *buf, const struct finding *finding)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < finding->n_sequence; i++) {
		buf_printf(&text, "%zu. ", i + 1);
		add_sequence_step(&text, &finding->sequence[i], NULL);
		add_paragraph(buf, i == 0 ? "steps" : "", 3, &text);
	}
}

/* What came before, a line each. */
static void add_story(struct buf *buf, const struct incident_view *incident)
{
	struct buf text = { 0 };

	if (!incident)
		return;
	buf_printf(&text, "incident %s, step %" PRIu64, incident->id, incident->step);
	if (incident->step > incident->n_steps)
		buf_printf(&text, ", of which the last %u:", incident->n_steps);
	else if (incident->n_steps > 1)
		buf_add_str(&text, ":");
	add_paragraph(buf, "story", 0, &text);
	for (unsigned int i = 0; i < incident->n_steps && incident->n_steps > 1; i++) {
		const struct incident_step *step = incident->steps[i];
		char time[TIME_LEN + 1];

		format_time(step->wall_ns, time);
		buf_printf(&text, "%" PRIu64 ". %.8s ", incident->step - incident->n_steps + i + 1,
			   time + 11);
		buf_add_encoded(&text, slice_from(step->rule_id), NULL);
		buf_add_str(&text, " ");
		buf_add_encoded(&text, slice_from(step->rule_name), NULL);
		buf_add_str(&text, " (");
		add_link(&text, step->name, step->pid, true);
		buf_add_str(&text, ")");
		add_paragraph(buf, "", 3, &text);
	}
}

static void add_next(struct buf *buf, const struct finding *finding)
{
	const char *const *step = finding->response;
	struct buf text = { 0 };

	for (unsigned int i = 1; step && *step; step++, i++) {
		buf_printf(&text, "%u. ", i);
		buf_add_encoded(&text, slice_from(*step), NULL);
		add_paragraph(buf, i == 1 ? "next" : "", 3, &text);
	}
}

static void add_completeness(struct buf *buf, const struct finding *finding)
{
	static const struct {
		uint32_t flags;
		const char *text;
	} gaps[] = {
		{ EVENT_F_SEEDED, "the process ran before brigwatch saw it" },
		{ EVENT_F_PATH_CUT, "a path was too long, its head is missing" },
		{ EVENT_F_ARGS_CUT, "the argument list was cut" },
		{ EVENT_F_PATH_UNREAD, "a path could not be read" },
		{ EVENT_F_ARG_UNREAD, "a string of the caller could not be read" },
	};
	const struct event_hdr *hdr = &finding->event->hdr;
	const char *before = "\033[33mpartial:\033[0m ";
	struct buf text = { 0 };

	if (finding->lost > 0) {
		buf_add_str(&text, before);
		buf_printf(&text, "%" PRIu64 " records lost so far in this run", finding->lost);
		before = "; ";
	}
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		if (!(hdr->flags & gaps[i].flags))
			continue;
		buf_add_str(&text, before);
		buf_add_str(&text, gaps[i].text);
		before = "; ";
	}
	if (text.len == 0)
		buf_add_str(&text, "complete");
	buf_printf(&text, " (%s tier)", tier_name(hdr->tier));
	add_paragraph(buf, "view", 0, &text);
}

int render_block(const struct finding *finding, struct buf *buf)
{
	const struct event *ev = finding->event;

	add_headline(buf, finding);
	add_when(buf, finding);
	add_what(buf, finding);
	add_who(buf, ev);
	add_where(buf, ev);
	add_steps(buf, finding);
	add_story(buf, finding->incident);
	add_why(buf, finding);
	add_next(buf, finding);
	add_completeness(buf, finding);
	buf_add_str(buf, "\n");
	return buf->failed ? -ENOMEM : 0;
}
