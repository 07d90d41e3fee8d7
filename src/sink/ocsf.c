/* SPDX-License-Identifier: Apache-2.0 */
/* Detection Finding, class 2004 of the Open Cybersecurity Schema Framework, with
 * the profiles host and container. Attributes are those of version 1.4.0, the
 * first with is_alert, that are there in 1.9 too. What the schema has no place
 * for is in "unmapped", under our names and with the raw bytes (_b64) of strings
 * that were not text; everywhere else such bytes are shown as \xHH only. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sink/doc.h"

#define OCSF_VERSION "1.4.0"
#define ATTACK_VERSION "18.0" /* what rule files may name */
#define NS_PER_MS 1000000u

enum { FILE_UNKNOWN, FILE_REGULAR, FILE_FOLDER, FILE_CHAR, FILE_BLOCK, FILE_SOCKET, FILE_PIPE, FILE_LINK };
enum { OBSERVABLE_HOSTNAME = 1, OBSERVABLE_IP = 2, OBSERVABLE_PROCESS = 9, OBSERVABLE_RESOURCE = 10 };

/* A string of the schema; bytes that are not text are shown, not kept. */
static void put_text(struct doc *doc, json_t *obj, const char *key, struct slice bytes)
{
	bool changed;

	put(doc, obj, key, string_from(bytes, &changed));
}

static void put_text_known(struct doc *doc, json_t *obj, const char *key, struct slice bytes)
{
	if (bytes.len > 0)
		put_text(doc, obj, key, bytes);
}

static void put_words(struct doc *doc, json_t *obj, const char *key, const char *text)
{
	put_text_known(doc, obj, key, slice_from(text));
}

static void put_ms(struct doc *doc, json_t *obj, const char *key, uint64_t wall_ns)
{
	put_u64(doc, obj, key, wall_ns / NS_PER_MS);
}

/* ---- the finding ---- */

/* Priorities onto 1 informational .. 6 fatal. */
static void put_severity(struct doc *doc, json_t *obj, unsigned int severity)
{
	static const struct {
		unsigned int id;
		const char *name;
	} of[] = { { 6, "Fatal" },  { 5, "Critical" }, { 5, "Critical" },      { 4, "High" },
		   { 3, "Medium" }, { 2, "Low" },      { 1, "Informational" }, { 1, "Informational" } };
	size_t i = severity < ARRAY_SIZE(of) ? severity : ARRAY_SIZE(of) - 1;

	put_u64(doc, obj, "severity_id", of[i].id);
	put_str(doc, obj, "severity", of[i].name);
}

static uint64_t first_ns(const struct finding *finding)
{
	uint64_t first = finding->event->wall_ns;

	for (size_t i = 0; i < finding->n_sequence; i++)
		if (finding->sequence[i].wall_ns < first)
			first = finding->sequence[i].wall_ns;
	return first;
}

/* The same for the same record and rule, also when a capture is replayed, and for
 * no other: host, time, place in the stream, rule. */
static void put_uid(struct doc *doc, json_t *obj, const struct finding *finding)
{
	const struct event_hdr *hdr = &finding->event->hdr;
	struct buf uid = { 0 };

	buf_add_str(&uid, finding->hostname ? finding->hostname : "");
	buf_printf(&uid, "/%" PRIu64 "/%u-%" PRIu64 "/", finding->event->wall_ns, hdr->cpu, (uint64_t)hdr->seq);
	buf_add_str(&uid, finding->rule_id);
	doc->failed |= uid.failed;
	put_text(doc, obj, "uid", (struct slice){ uid.data, uid.len });
	buf_release(&uid);
}

static void put_metadata(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *obj = put(doc, root, "metadata", json_object()), *product;
	static const char *const profiles[] = { "container", "host", NULL };

	put_str(doc, obj, "version", OCSF_VERSION);
	put_uid(doc, obj, finding);
	product = put(doc, obj, "product", json_object());
	put_str(doc, product, "name", "brigwatch");
	put_str(doc, product, "vendor_name", "brigwatch");
	put_str(doc, product, "version", BRIGWATCH_VERSION);
	put_str(doc, obj, "log_name", "alerts");
	put_words(doc, obj, "event_code", finding->rule_id);
	put_u64(doc, obj, "sequence", finding->number);
	put_list(doc, obj, "profiles", profiles);
	if (finding->incident)
		put_words(doc, obj, "correlation_uid", finding->incident->id);
}

/* "T1055.008" is sub-technique and technique. */
static void put_attacks(struct doc *doc, json_t *info, const char *const *mitre)
{
	json_t *array, *attack, *obj;
	size_t len;

	if (!mitre || !*mitre)
		return;
	array = put(doc, info, "attacks", json_array());
	for (; *mitre; mitre++) {
		len = strcspn(*mitre, ".");
		attack = json_object();
		put_str(doc, attack, "version", ATTACK_VERSION);
		obj = put(doc, attack, "technique", json_object());
		put_text(doc, obj, "uid", (struct slice){ *mitre, len });
		if ((*mitre)[len]) {
			obj = put(doc, attack, "sub_technique", json_object());
			put_str(doc, obj, "uid", *mitre);
		}
		append(doc, array, attack);
	}
}

static void put_finding_info(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *obj = put(doc, root, "finding_info", json_object()), *analytic;

	put_uid(doc, obj, finding);
	put_str(doc, obj, "title", finding->rule_name);
	put_words(doc, obj, "desc", finding->description);
	put_ms(doc, obj, "created_time", finding->event->wall_ns);
	put_ms(doc, obj, "first_seen_time", first_ns(finding));
	put_ms(doc, obj, "last_seen_time", finding->event->wall_ns);
	if (finding->tags && *finding->tags)
		put_list(doc, obj, "types", finding->tags);
	analytic = put(doc, obj, "analytic", json_object());
	put_str(doc, analytic, "name", finding->rule_name);
	put_str(doc, analytic, "uid", finding->rule_id);
	put_u64(doc, analytic, "type_id", 1);
	put_str(doc, analytic, "type", "Rule");
	put_words(doc, analytic, "version", finding->rules_hash);
	put_attacks(doc, obj, finding->mitre);
}

/* What to do, as the rule says it. */
static void put_remediation(struct doc *doc, json_t *root, const struct finding *finding)
{
	struct buf text = { 0 };
	json_t *obj;

	if (!finding->response || !*finding->response)
		return;
	for (const char *const *step = finding->response; *step; step++) {
		if (text.len > 0)
			buf_add_str(&text, " ");
		buf_add_str(&text, *step);
	}
	doc->failed |= text.failed;
	obj = put(doc, root, "remediation", json_object());
	put_text(doc, obj, "desc", (struct slice){ text.data, text.len });
	if (finding->references && *finding->references)
		put_list(doc, obj, "references", finding->references);
	buf_release(&text);
}

/* ---- who and where ---- */

/* "registry:5000/nginx:1.27@sha256:..." -> "registry:5000/nginx" and "1.27". */
static void put_image(struct doc *doc, json_t *container, const struct container_view *view)
{
	struct slice name = view->image, tag = { NULL, 0 };
	const char *at, *p;
	bool changed;
	json_t *obj;

	if (view->image_id.len == 0 && view->digest.len == 0 && name.len == 0)
		return;
	obj = put(doc, container, "image", json_object());
	put_text(doc, obj, "uid", view->image_id.len > 0 ? view->image_id : view->digest.len > 0 ? view->digest : name);
	at = name.len > 0 ? memchr(name.data, '@', name.len) : NULL;
	if (at)
		name.len = (size_t)(at - name.data);
	for (p = name.data + name.len; p > name.data && p[-1] != '/'; p--)
		if (p[-1] == ':') {
			tag = (struct slice){ p, (size_t)(name.data + name.len - p) };
			name.len = (size_t)(p - name.data) - 1;
			break;
		}
	put_text_known(doc, obj, "name", name);
	if (tag.len > 0) /* "tag" is deprecated since 1.4.0, for this */
		append(doc, put(doc, obj, "labels", json_array()), string_from(tag, &changed));
}

/* 8-4-4-4-12 hexadecimal digits. Pods that a kubelet starts from its own files have
 * the hash of the file instead, which stays in "unmapped". */
static bool is_uuid(struct slice text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (text.len != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (form[i] == '-' ? text.data[i] != '-' : !isxdigit((unsigned char)text.data[i]))
			return false;
	return true;
}

static void put_container(struct doc *doc, json_t *parent, const struct event *ev)
{
	const struct container_view *view = ev->container;
	char scratch[CONTAINER_ID_MAX];
	struct slice id = container_id(ev, scratch);
	json_t *obj;

	if (id.len == 0)
		return;
	obj = put(doc, parent, "container", json_object());
	put_text(doc, obj, "uid", id);
	if (!view)
		return;
	put_text_known(doc, obj, "name", view->name);
	put_text_known(doc, obj, "runtime", view->runtime);
	if (is_uuid(view->pod_uid))
		put_text(doc, obj, "pod_uuid", view->pod_uid);
	if (view->pod.len > 0)
		put_str(doc, obj, "orchestrator", "kubernetes");
	put_image(doc, obj, view);
}

static unsigned int file_type(unsigned int mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return FILE_REGULAR;
	case S_IFDIR: return FILE_FOLDER;
	case S_IFCHR: return FILE_CHAR;
	case S_IFBLK: return FILE_BLOCK;
	case S_IFSOCK: return FILE_SOCKET;
	case S_IFIFO: return FILE_PIPE;
	case S_IFLNK: return FILE_LINK;
	default: return FILE_UNKNOWN;
	}
}

/* The name is what follows the last slash; of "/" it is the whole. */
static void put_file(struct doc *doc, json_t *parent, struct slice path, unsigned int type)
{
	struct slice name = path;
	json_t *obj;

	if (path.len == 0)
		return;
	for (size_t i = 0; i + 1 < path.len; i++)
		if (path.data[i] == '/')
			name = (struct slice){ path.data + i + 1, path.len - i - 1 };
	obj = put(doc, parent, "file", json_object());
	put_text(doc, obj, "name", name);
	put_text(doc, obj, "path", path);
	put_u64(doc, obj, "type_id", type);
}

/* argv, one blank between two: for people. */
static void put_command(struct doc *doc, json_t *obj, struct slice args)
{
	struct buf text = { 0 };

	while (args.len > 0 && args.data[args.len - 1] == '\0')
		args.len--;
	if (args.len == 0)
		return;
	buf_add(&text, args.data, args.len);
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\0')
			text.data[i] = ' ';
	doc->failed |= text.failed;
	put_text(doc, obj, "cmd_line", (struct slice){ text.data, text.len });
	buf_release(&text);
}

/* This process and no other with the same number. */
static void put_process_id(struct doc *doc, json_t *obj, const struct exec_id *id, const struct event *ev)
{
	char uid[64];

	put_u64(doc, obj, "pid", id->tgid);
	snprintf(uid, sizeof(uid), "%" PRIu64 "-%u-%u", (uint64_t)id->start_ns, (unsigned int)id->tgid,
		 (unsigned int)id->exec_seq);
	put_str(doc, obj, "uid", uid);
	if (id->start_ns > 0 && id->start_ns <= ev->hdr.time_ns && ev->hdr.time_ns - id->start_ns <= ev->wall_ns)
		put_ms(doc, obj, "created_time", ev->wall_ns - (ev->hdr.time_ns - id->start_ns));
}

/* The parent in the child, and so on. */
static void put_ancestors(struct doc *doc, json_t *process, const struct event *ev)
{
	const struct proc_view *view;

	for (unsigned int i = 0; i < ev->n_ancestors && i < EVENT_ANCESTORS_MAX; i++) {
		view = ev->ancestors[i];
		process = put(doc, process, "parent_process", json_object());
		put_process_id(doc, process, &view->id, ev);
		put_text_known(doc, process, "name", view->name);
		put_command(doc, process, view->args);
		put_file(doc, process, view->exepath, FILE_REGULAR);
	}
}

static void put_process(struct doc *doc, json_t *actor, const struct event *ev)
{
	bool has_image = ev->hdr.type == EVENT_EXEC || ev->hdr.type == EVENT_PROC;
	json_t *obj = put(doc, actor, "process", json_object()), *user;
	const struct proc_view none = { 0 };
	const struct proc_view *view = ev->proc ? ev->proc : &none;
	char uid[16];

	put_process_id(doc, obj, &ev->hdr.proc, ev);
	put_text_known(doc, obj, "name", slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm)));
	put_command(doc, obj, has_image ? ev->args : view->args);
	put_u64(doc, obj, "namespace_pid", ev->hdr.ns_tgid);
	put_text_known(doc, obj, "working_directory", ev->hdr.type == EVENT_EXEC ? ev->cwd : view->cwd);
	put_file(doc, obj, has_image ? ev->path : view->exepath, FILE_REGULAR);
	put_container(doc, obj, ev);
	user = put(doc, obj, "user", json_object());
	snprintf(uid, sizeof(uid), "%u", (unsigned int)ev->hdr.uid);
	put_str(doc, user, "uid", uid);
	put_ancestors(doc, obj, ev);
}

static bool get_field(const struct event *ev, const char *name, struct value *value, struct slice *ret)
{
	const struct field *field = field_find(slice_from(name));

	*ret = (struct slice){ NULL, 0 };
	return field && field_format(field, ev, value, ret) == 0 && ret->len > 0;
}

static void put_peer(struct doc *doc, json_t *evidence, const struct event *ev)
{
	struct value value;
	struct slice text;
	json_t *obj;

	if (ev->hdr.type != EVENT_INET || !get_field(ev, "fd.sip", &value, &text))
		return;
	obj = put(doc, evidence, "dst_endpoint", json_object());
	put_text(doc, obj, "ip", text);
	put_u64(doc, obj, "port", ev->u.inet.port);
}

static void put_evidences(struct doc *doc, json_t *root, const struct event *ev)
{
	json_t *array = put(doc, root, "evidences", json_array()), *evidence = json_object(), *actor;

	actor = put(doc, evidence, "actor", json_object());
	put_process(doc, actor, ev);
	if (ev->file && ev->file->source != SOURCE_NONE)
		put_file(doc, evidence, ev->path, file_type(ev->file->mode));
	put_peer(doc, evidence, ev);
	append(doc, array, evidence);
}

/* The container, and the pod that it is of; on the host, the host. */
static void put_resources(struct doc *doc, json_t *root, const struct finding *finding)
{
	const struct event *ev = finding->event;
	const struct container_view none = { 0 };
	const struct container_view *view = ev->container ? ev->container : &none;
	json_t *array = put(doc, root, "resources", json_array()), *obj = json_object();
	char scratch[CONTAINER_ID_MAX];
	struct slice id = container_id(ev, scratch);

	put_str(doc, obj, "type", id.len > 0 ? "container" : "host");
	if (id.len > 0)
		put_text(doc, obj, "uid", id);
	else
		put_str(doc, obj, "name", finding->hostname && *finding->hostname ? finding->hostname : "unknown");
	if (id.len > 0)
		put_text_known(doc, obj, "name", view->pod.len > 0 ? view->pod : view->name);
	put_text_known(doc, obj, "namespace", view->pod_ns);
	append(doc, array, obj);
}

static void put_device(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *obj, *os;

	if (!finding->hostname || !*finding->hostname)
		return;
	obj = put(doc, root, "device", json_object());
	put_str(doc, obj, "hostname", finding->hostname);
	put_u64(doc, obj, "type_id", 0);
	put_str(doc, obj, "type", "Unknown");
	os = put(doc, obj, "os", json_object());
	put_str(doc, os, "name", "Linux");
	put_u64(doc, os, "type_id", 200);
}

/* ---- what a search is made by ---- */

static void add_observable(struct doc *doc, json_t *array, const char *name, unsigned int type_id, const char *type,
			   struct slice value)
{
	json_t *obj;

	if (value.len == 0)
		return;
	obj = json_object();
	put_str(doc, obj, "name", name);
	put_u64(doc, obj, "type_id", type_id);
	put_str(doc, obj, "type", type);
	put_text(doc, obj, "value", value);
	append(doc, array, obj);
}

static void put_observables(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *array = put(doc, root, "observables", json_array());
	const struct event *ev = finding->event;
	char scratch[CONTAINER_ID_MAX];
	struct value value;
	struct slice ip;

	add_observable(doc, array, "device.hostname", OBSERVABLE_HOSTNAME, "Hostname", slice_from(finding->hostname));
	add_observable(doc, array, "evidences[0].actor.process.name", OBSERVABLE_PROCESS, "Process Name",
		       slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm)));
	add_observable(doc, array, "resources[0].uid", OBSERVABLE_RESOURCE, "Resource UID", container_id(ev, scratch));
	if (ev->hdr.type == EVENT_INET && get_field(ev, "fd.sip", &value, &ip))
		add_observable(doc, array, "evidences[0].dst_endpoint.ip", OBSERVABLE_IP, "IP Address", ip);
}

static void put_unmapped(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *obj = put(doc, root, "unmapped", json_object()), *fields;
	const struct event *ev = finding->event;

	put_str(doc, obj, "priority", finding->priority);
	put_str(doc, obj, "source", source_of(ev));
	put_str(doc, obj, "why", finding->why);
	put_str(doc, obj, "boundary", boundary_name(ev->hdr.boundary));
	put_str(doc, obj, "phase", phase_name(ev->hdr.phase));
	put_list(doc, obj, "techniques", finding->techniques);
	put_u64(doc, obj, "tid", ev->hdr.tid);
	if (ev->container)
		put_known(doc, obj, "pod_uid", ev->container->pod_uid);
	if (enrichment_name(ev))
		put_str(doc, obj, "enrichment", enrichment_name(ev));
	if (ev->inner)
		put_known(doc, obj, "inner_container", ev->inner->id);
	put_u64(doc, obj, "lost", finding->lost);
	put_posture(doc, obj, ev);
	fields = put(doc, obj, "output_fields", json_object());
	for (size_t i = 0; i < finding->n_fields; i++)
		put_field(doc, fields, finding->fields[i], ev, true);
}

int render_ocsf(const struct finding *finding, struct buf *buf)
{
	struct doc doc = { .failed = false };
	json_t *root = json_object();

	put_u64(&doc, root, "activity_id", 1);
	put_str(&doc, root, "activity_name", "Create");
	put_u64(&doc, root, "category_uid", 2);
	put_str(&doc, root, "category_name", "Findings");
	put_u64(&doc, root, "class_uid", 2004);
	put_str(&doc, root, "class_name", "Detection Finding");
	put_u64(&doc, root, "type_uid", 200401);
	put_str(&doc, root, "type_name", "Detection Finding: Create");
	put_ms(&doc, root, "time", finding->event->wall_ns);
	put_ms(&doc, root, "start_time", first_ns(finding));
	put_ms(&doc, root, "end_time", finding->event->wall_ns);
	put_u64(&doc, root, "timezone_offset", 0);
	put_severity(&doc, root, finding->severity);
	put_u64(&doc, root, "status_id", 1);
	put_str(&doc, root, "status", "New");
	put_bool(&doc, root, "is_alert", true);
	put_u64(&doc, root, "count", finding->folded < INT32_MAX ? finding->folded + 1 : INT32_MAX);
	put_text_known(&doc, root, "message", finding->message);
	put_metadata(&doc, root, finding);
	put_finding_info(&doc, root, finding);
	put_remediation(&doc, root, finding);
	put_evidences(&doc, root, finding->event);
	put_resources(&doc, root, finding);
	put_device(&doc, root, finding);
	put_observables(&doc, root, finding);
	put_unmapped(&doc, root, finding);
	return doc_finish(&doc, root, buf);
}
