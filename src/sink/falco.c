/* SPDX-License-Identifier: Apache-2.0 */
/* Falco's alert, as falcosecurity/falco userspace/engine/formats.cpp writes it and
 * falcosidekick reads it (types.go, handlers.go): the same keys, types and words,
 * so that what eats Falco's alerts eats ours. `output_fields` is never empty, and
 * there k8s.ns.name and k8s.pod.name are strings or null: falcosidekick refuses
 * the first and panics at the second otherwise. Names are Falco's where the
 * meaning is; what Falco does not know has a name of ours. */
#include <stdio.h>

#include "sink/doc.h"

#define TAGS_MAX 64

/* In every alert, null where not known: consumers can count on the columns. */
static const char *const common[] = {
	"evt.time",	     "evt.type",	      "evt.res",	    "proc.name",	   "proc.exepath",
	"proc.cmdline",	     "proc.pid",	      "proc.ppid",	    "proc.pname",	   "proc.cwd",
	"user.uid",	     "container.name",	      "container.image.repository", "container.image.tag",
	"k8s.ns.name",	     "k8s.pod.name",	      "k8s.pod.uid",
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t gather(const char **tags, size_t n, const char *const *list)
{
	for (; list && *list && n < TAGS_MAX; list++)
		tags[n++] = *list;
	return n;
}

/* A sorted set, ids of ATT&CK among them, as Falco's rules have it. */
static void put_tags(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *array = put(doc, root, "tags", json_array());
	const char *tags[TAGS_MAX];
	bool changed;
	size_t n;

	n = gather(tags, 0, finding->tags);
	n = gather(tags, n, finding->mitre);
	qsort(tags, n, sizeof(tags[0]), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(tags[i - 1], tags[i]) != 0)
			append(doc, array, string_from(slice_from(tags[i]), &changed));
}

/* proc.aname[2] is the parent's parent. */
static void put_ancestors(struct doc *doc, json_t *fields, const struct event *ev)
{
	char name[24];

	for (unsigned int i = 1; i < 4 && i < ev->n_ancestors; i++) {
		snprintf(name, sizeof(name), "proc.aname[%u]", i + 1);
		put_bytes(doc, fields, name, ev->ancestors[i]->name);
	}
}

/* "CAP_CHOWN CAP_SYS_ADMIN": bits with us, words with Falco. */
static void put_capabilities(struct doc *doc, json_t *fields, const struct event *ev)
{
	const struct symbol *symbol;
	struct buf text = { 0 };

	for (size_t i = 0; (symbol = symbol_at(SYMBOLS_CAP, i)); i++) {
		if (!(ev->hdr.cap_effective & symbol->mask))
			continue;
		if (text.len > 0)
			buf_add_str(&text, " ");
		buf_add_str(&text, symbol->name);
	}
	doc->failed |= text.failed;
	put_bytes(doc, fields, "thread.cap_effective", (struct slice){ text.data, text.len });
	buf_release(&text);
}

static void put_number_text(struct buf *buf, const struct event *ev, const char *name)
{
	const struct field *field = field_find(slice_from(name));
	struct slice text = { NULL, 0 };
	struct value value;

	if (field && field_format(field, ev, &value, &text) == 0)
		buf_add(buf, text.data, text.len);
}

/* A path, or ADDRESS:PORT of the other side. */
static void put_fd_name(struct doc *doc, json_t *fields, const struct event *ev)
{
	struct buf text = { 0 };

	if (ev->hdr.type == EVENT_INET) {
		put_number_text(&text, ev, "fd.sip");
		buf_add_str(&text, ":");
		put_number_text(&text, ev, "fd.sport");
	} else {
		put_number_text(&text, ev, "file.path");
	}
	doc->failed |= text.failed;
	put_known(doc, fields, "fd.name", (struct slice){ text.data, text.len });
	buf_release(&text);
}

static void put_container(struct doc *doc, json_t *fields, const struct event *ev)
{
	char scratch[CONTAINER_ID_MAX];
	struct slice id = container_id(ev, scratch);

	put_bytes(doc, fields, "container.id", id.len > 0 ? short_id(id) : slice_from("host"));
	put_known(doc, fields, "container.full_id", id);
}

/* The first under Falco's name: is it privileged? Null where that is not known,
 * as the field itself cannot be. */
static void put_given(struct doc *doc, json_t *fields, const struct event *ev)
{
	const struct container_view *view = ev->container;
	struct buf checks = { 0 }, reason = { 0 };

	if (!view || !view->has_posture || ev->hdr.container == 0) {
		put(doc, fields, "container.privileged", json_null());
		return;
	}
	put_bool(doc, fields, "container.privileged", view->posture >> POSTURE_PRIVILEGED & 1);
	for (unsigned int bit = 0; bit < POSTURE_N; bit++)
		if (view->posture >> bit & 1) {
			buf_add_str(&checks, checks.len > 0 ? "," : "");
			buf_add_str(&checks, posture_check_name(bit));
		}
	if (view->posture_reason.len > 0) {
		buf_add_str(&reason, POSTURE_BEFORE_REASON);
		buf_add(&reason, view->posture_reason.data, view->posture_reason.len);
	}
	doc->failed |= checks.failed | reason.failed;
	put_known(doc, fields, "brigwatch.posture", (struct slice){ checks.data, checks.len });
	put_known(doc, fields, "brigwatch.posture_reason",
		  (struct slice){ reason.data, reason.len });
	buf_release(&checks);
	buf_release(&reason);
}

static void put_ours(struct doc *doc, json_t *fields, const struct finding *finding)
{
	put_str(doc, fields, "brigwatch.rule_id", finding->rule_id);
	put_str(doc, fields, "brigwatch.why", finding->why);
	put_str(doc, fields, "brigwatch.boundary", boundary_name(finding->event->hdr.boundary));
	put_str(doc, fields, "brigwatch.incident", finding->incident ? finding->incident->id : NULL);
	put_u64(doc, fields, "brigwatch.folded", finding->folded);
	put_u64(doc, fields, "brigwatch.number", finding->number);
	if (enrichment_name(finding->event))
		put_str(doc, fields, "brigwatch.enrichment", enrichment_name(finding->event));
	if (finding->event->inner)
		put_known(doc, fields, "brigwatch.inner_container", finding->event->inner->id);
}

/* Those that the rule names; an integer of ours that Falco has as text stays ours,
 * and a name that is Falco's is not written over. */
static void put_rule_fields(struct doc *doc, json_t *fields, const struct finding *finding)
{
	for (size_t i = 0; i < finding->n_fields; i++)
		if (!json_object_get(fields, finding->fields[i]->name))
			put_field(doc, fields, finding->fields[i], finding->event, true);
}

static void put_output_fields(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *fields = put(doc, root, "output_fields", json_object());
	const struct event *ev = finding->event;
	const struct field *field;

	for (size_t i = 0; i < ARRAY_SIZE(common); i++) {
		field = field_find(slice_from(common[i]));
		if (field)
			put_field(doc, fields, field, ev, true);
	}
	put_container(doc, fields, ev);
	put_given(doc, fields, ev);
	put_ancestors(doc, fields, ev);
	put_capabilities(doc, fields, ev);
	put_fd_name(doc, fields, ev);
	put_rule_fields(doc, fields, finding);
	put_ours(doc, fields, finding);
}

int render_falco(const struct finding *finding, struct buf *buf)
{
	struct doc doc = { .failed = false };
	json_t *root = json_object();
	char time[TIME_LEN + 1];

	format_time(finding->event->wall_ns, time);
	put_str(&doc, root, "hostname", finding->hostname ? finding->hostname : "");
	put_output_line(&doc, root, finding, time);
	put_output_fields(&doc, root, finding);
	put_str(&doc, root, "priority", finding->priority);
	put_str(&doc, root, "rule", finding->rule_name);
	put_str(&doc, root, "source", source_of(finding->event));
	put_tags(&doc, root, finding);
	put_str(&doc, root, "time", time);
	return doc_finish(&doc, root, buf);
}
