/* SPDX-License-Identifier: Apache-2.0 */
/* The native JSON document: version 1, a superset of Falco's keys. Keys are only
 * added within a version; what is not known is null, never a made-up value. */
#include <linux/sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sink/doc.h"

/* The ids, and where each is explained. */
static void put_techniques(struct doc *doc, json_t *obj, const char *const *techniques)
{
	json_t *pages;
	bool changed;

	put_list(doc, obj, "techniques", techniques);
	pages = put(doc, obj, "pages", json_array());
	for (; techniques && *techniques; techniques++) {
		const char *const one[] = { *techniques, NULL };
		struct buf page = { 0 };

		buf_add_pages(&page, one, "");
		append(doc, pages, string_from((struct slice){ page.data, page.len }, &changed));
		doc->failed |= page.failed;
		buf_release(&page);
	}
}

/* Names of the bits that are set. */
static void put_bits(struct doc *doc, json_t *obj, const char *key, uint64_t bits,
		     const char *(*name)(unsigned int bit))
{
	json_t *array = put(doc, obj, key, json_array());

	for (unsigned int bit = 0; bit < 64; bit++)
		if (bits & 1ull << bit)
			append(doc, array, json_string(name(bit)));
}

static const char *namespace_name(unsigned int bit)
{
	switch (1ull << bit) {
	case CLONE_NEWNS: return "mnt";
	case CLONE_NEWPID: return "pid";
	case CLONE_NEWNET: return "net";
	case CLONE_NEWIPC: return "ipc";
	case CLONE_NEWUTS: return "uts";
	case CLONE_NEWCGROUP: return "cgroup";
	case CLONE_NEWUSER: return "user";
	case CLONE_NEWTIME: return "time";
	default: return "unknown";
	}
}

static void put_namespaces(struct doc *doc, json_t *obj, const char *key, uint64_t flags)
{
	const uint64_t all = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			     CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWUSER | CLONE_NEWTIME;

	put_bits(doc, obj, key, flags & all, namespace_name);
}

/* "args" as a list; the whole list raw in "args_b64" when any was changed. */
static void put_args(struct doc *doc, json_t *obj, struct slice args)
{
	bool arg_changed, changed = false;
	struct slice rest = args, arg = { NULL, 0 };
	const char *end;
	json_t *array;

	if (args.len == 0) {
		put(doc, obj, "args", json_null());
		return;
	}

	array = put(doc, obj, "args", json_array());
	do {
		end = memchr(rest.data, '\0', rest.len);
		slice_take(&rest, end ? (size_t)(end - rest.data) : rest.len, &arg);
		arg_changed = false;
		append(doc, array, string_from(arg, &arg_changed));
		changed |= arg_changed;
		if (end)
			slice_take(&rest, 1, &arg);
	} while (rest.len > 0);

	if (changed)
		put_base64(doc, obj, "args", args);
}

static void put_pod(struct doc *doc, json_t *container, const struct container_view *view)
{
	json_t *obj;

	if (view->pod.len == 0 && view->pod_ns.len == 0 && view->pod_uid.len == 0)
		return;
	obj = put(doc, container, "pod", json_object());
	put_known(doc, obj, "name", view->pod);
	put_known(doc, obj, "namespace", view->pod_ns);
	put_known(doc, obj, "uid", view->pod_uid);
	put_known(doc, obj, "sandbox_id", view->sandbox);
}

/* A container in the container; what `container` says is of the outermost. */
static void put_inner(struct doc *doc, json_t *container, const struct container_view *inner)
{
	json_t *obj;

	if (!inner)
		return;
	obj = put(doc, container, "inner", json_object());
	put_known(doc, obj, "id", inner->id);
	put_known(doc, obj, "runtime", inner->runtime);
	put_u64(doc, obj, "depth", inner->depth);
	put_u64(doc, obj, "key", inner->key);
}

static void put_container(struct doc *doc, json_t *root, const struct event *ev)
{
	const struct container_view none = { .pending = true };
	const struct container_view *view = ev->container ? ev->container : &none;
	char scratch[CONTAINER_ID_MAX];
	json_t *obj;

	if (!ev->container && ev->hdr.container == 0) {
		put(doc, root, "container", json_null());
		return;
	}

	obj = put(doc, root, "container", json_object());
	put_bytes(doc, obj, "id", container_id(ev, scratch));
	if (view->id_source == ID_FROM_CGROUP)
		put_str(doc, obj, "id_source", "cgroup");
	put_known(doc, obj, "name", view->name);
	put_known(doc, obj, "image", view->image);
	put_known(doc, obj, "runtime", view->runtime);
	put_known(doc, obj, "image_id", view->image_id);
	put_known(doc, obj, "image_digest", view->digest);
	put_pod(doc, obj, view);
	put_inner(doc, obj, ev->inner);
	put_u64(doc, obj, "key", ev->container ? view->key : ev->hdr.container);
	put_known(doc, obj, "cgroup", view->cgroup);
	put_u64(doc, obj, "cgroup_id", ev->hdr.cgroup_id);
	put_bool(doc, obj, "pending", view->pending);
	if (enrichment_name(ev))
		put_str(doc, root, "enrichment", enrichment_name(ev));
	if (ev->hdr.type == EVENT_CONTAINER_INFO && view->n_completed)
		put_u64(doc, obj, "completed_alerts", view->n_completed);
}

static void put_target(struct doc *doc, json_t *root, const struct event *ev)
{
	json_t *obj = put(doc, root, "target", json_object());

	put_str(doc, obj, "boundary", boundary_name(ev->hdr.boundary));
	put_known(doc, obj, "container",
		  ev->target_container ? ev->target_container->id : (struct slice){ NULL, 0 });
	if (ev->hdr.target_container != 0)
		put_u64(doc, obj, "key", ev->hdr.target_container);
}

static void put_ancestors(struct doc *doc, json_t *process, const struct event *ev)
{
	json_t *array = put(doc, process, "ancestors", json_array()), *obj;
	const struct proc_view *view;

	for (unsigned int i = 0; i < ev->n_ancestors && i < EVENT_ANCESTORS_MAX; i++) {
		view = ev->ancestors[i];
		obj = json_object();
		put_u64(doc, obj, "pid", view->id.tgid);
		put_known(doc, obj, "name", view->name);
		put_known(doc, obj, "exepath", view->exepath);
		put_u64(doc, obj, "start_ns", view->id.start_ns);
		append(doc, array, obj);
	}
}

static void put_process(struct doc *doc, json_t *root, const struct event *ev)
{
	bool has_image = ev->hdr.type == EVENT_EXEC || ev->hdr.type == EVENT_PROC;
	json_t *obj = put(doc, root, "process", json_object());
	const struct proc_view none = { 0 };
	const struct proc_view *view = ev->proc ? ev->proc : &none;

	put_u64(doc, obj, "pid", ev->hdr.proc.tgid);
	put_u64(doc, obj, "tid", ev->hdr.tid);
	put_u64(doc, obj, "vpid", ev->hdr.ns_tgid);
	put_u64(doc, obj, "ppid", ev->hdr.ppid);
	put_u64(doc, obj, "uid", ev->hdr.uid);
	put_u64(doc, obj, "gid", ev->hdr.gid);
	put_bytes(doc, obj, "name", slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm)));
	put_known(doc, obj, "exepath", has_image ? ev->path : view->exepath);
	put_args(doc, obj, has_image ? ev->args : view->args);
	put_known(doc, obj, "cwd", ev->hdr.type == EVENT_EXEC ? ev->cwd : view->cwd);
	put_hex(doc, obj, "cap_effective", ev->hdr.cap_effective);
	put_u64(doc, obj, "start_ns", ev->hdr.proc.start_ns);
	put_u64(doc, obj, "exec_seq", ev->hdr.proc.exec_seq);
	put_str(doc, obj, "phase", phase_name(ev->hdr.phase));
	put_ancestors(doc, obj, ev);
}

static const char *file_type_name(unsigned int mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return "file";
	case S_IFDIR: return "directory";
	case S_IFLNK: return "link";
	case S_IFBLK: return "block";
	case S_IFCHR: return "char";
	case S_IFIFO: return "fifo";
	case S_IFSOCK: return "socket";
	default: return "unknown";
	}
}

static void put_dev(struct doc *doc, json_t *obj, const char *key, uint32_t dev)
{
	char text[24];

	snprintf(text, sizeof(text), "%u:%u", dev >> 20, dev & 0xfffff);
	put_str(doc, obj, key, text);
}

/* What the kernel says of the file; the caller's own string stands apart in
 * "arg". Without an object there are only the strings. */
static void put_file(struct doc *doc, json_t *root, const struct event *ev)
{
	const struct event_file *file = ev->file;
	char mode[16];
	json_t *obj;

	if (!file || (file->source == SOURCE_NONE && ev->path.len == 0 && ev->arg.len == 0))
		return;

	obj = put(doc, root, "file", json_object());
	put_known(doc, obj, "path", ev->path);
	put_known(doc, obj, "fspath", ev->fspath);
	put_str(doc, obj, "source", source_name(file->source));
	if (ev->arg.len > 0)
		put_bytes(doc, obj, "arg", ev->arg);
	if (file->source == SOURCE_NONE)
		return;

	snprintf(mode, sizeof(mode), "%04o", file->mode & 07777u);
	put_known(doc, obj, "fs", slice_from_field(file->fs, sizeof(file->fs)));
	put_str(doc, obj, "mount_owner", owner_name(file->mount_owner));
	if (file->mount_container != 0)
		put_u64(doc, obj, "mount_container", file->mount_container);
	put_dev(doc, obj, "dev", file->dev);
	put_u64(doc, obj, "ino", file->ino);
	put_u64(doc, obj, "generation", file->generation);
	put_str(doc, obj, "type", file_type_name(file->mode));
	put_str(doc, obj, "mode", mode);
	if (file->rdev != 0)
		put_dev(doc, obj, "rdev", file->rdev);
	put_u64(doc, obj, "nlink", file->nlink);
	put_u64(doc, obj, "uid", file->uid);
}

/* Types without members of their own in the output: what the field table says
 * of this family, by its names. */
static void put_family(struct doc *doc, json_t *root, const struct event *ev)
{
	static const char *const prefixes[EVENT_TYPE_MAX][2] = {
		[EVENT_CHANGE] = { "change." },
		[EVENT_ACCESS] = { "access.", "target." },
		[EVENT_SYSCALL] = { "evt.arg", "call." },
		[EVENT_INET] = { "inet.", "fd." },
		[EVENT_CRED] = { "cred." },
		[EVENT_CAPABLE] = { "cap." },
		[EVENT_RATE] = { "rate." },
		[EVENT_USE] = { "use." },
		[EVENT_RULES] = { "rules." },
		[EVENT_IDENTITY] = { "identity.", "cgroup.path" },
	};
	json_t *obj = NULL;

	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *field = &field_table[i];
		const char *const *prefix = prefixes[ev->hdr.type % EVENT_TYPE_MAX];

		for (size_t p = 0; p < 2 && prefix[p]; p++) {
			if (strncmp(field->name, prefix[p], strlen(prefix[p])) != 0)
				continue;
			if (!obj)
				obj = put(doc, root, event_type_name(ev->hdr.type), json_object());
			put_field(doc, obj, field, ev, false);
		}
	}
}

static void put_details(struct doc *doc, json_t *root, const struct event *ev)
{
	json_t *obj;

	switch (ev->hdr.type) {
	case EVENT_EXEC:
		obj = put(doc, root, "exec", json_object());
		put_known(doc, obj, "filename", ev->filename);
		put_str(doc, obj, "cwd_owner", owner_name(ev->u.exec.cwd_owner));
		put_str(doc, obj, "root_owner", owner_name(ev->u.exec.root_owner));
		break;
	case EVENT_OPEN:
		obj = put(doc, root, "open", json_object());
		put_hex(doc, obj, "flags", ev->u.open.open_flags);
		put_i64(doc, obj, "dirfd", ev->u.open.dirfd);
		put_bool(doc, obj, "write", ev->u.open.f_mode & 2);
		break;
	case EVENT_MOUNT:
		obj = put(doc, root, "mount", json_object());
		put_known(doc, obj, "target", ev->target);
		put_known(doc, obj, "source", ev->source);
		put_known(doc, obj, "fstype", ev->fstype);
		put_hex(doc, obj, "flags", ev->u.mount.flags);
		if (ev->u.mount.bdev != 0)
			put_dev(doc, obj, "bdev", ev->u.mount.bdev);
		break;
	case EVENT_NS:
		obj = put(doc, root, "ns", json_object());
		put_hex(doc, obj, "flags", ev->u.ns.flags);
		put_namespaces(doc, obj, "changed", ev->u.ns.changed);
		put_namespaces(doc, obj, "joined_host", ev->u.ns.joined_host);
		put_u64(doc, obj, "target_inum", ev->u.ns.target_inum);
		put_u64(doc, obj, "target_pid", ev->u.ns.target_tgid);
		break;
	case EVENT_CONNECT:
		obj = put(doc, root, "peer", json_object());
		put_u64(doc, obj, "pid", ev->u.connect.peer_tgid);
		put_u64(doc, obj, "uid", ev->u.connect.peer_uid);
		put_bool(doc, obj, "abstract", ev->u.connect.abstract != 0);
		break;
	case EVENT_CGROUP:
		obj = put(doc, root, "cgroup", json_object());
		put_u64(doc, obj, "old_id", ev->u.cgroup.old_id);
		put_u64(doc, obj, "new_id", ev->u.cgroup.new_id);
		put_known(doc, obj, "path", ev->cgroup_path);
		break;
	case EVENT_CRED:
		obj = put(doc, root, "cred", json_object());
		put_bits(doc, obj, "changed", ev->u.cred.changed, drift_name);
		put_str(doc, obj, "at", drift_at_name(ev->u.cred.at));
		put_namespaces(doc, obj, "namespaces", ev->u.cred.ns_changed);
		put_namespaces(doc, obj, "joined_host", ev->u.cred.ns_joined_host);
		put_u64(doc, obj, "old_uid", ev->u.cred.old_uid);
		put_u64(doc, obj, "new_uid", ev->u.cred.new_uid);
		put_u64(doc, obj, "old_gid", ev->u.cred.old_gid);
		put_u64(doc, obj, "new_gid", ev->u.cred.new_gid);
		put_hex(doc, obj, "old_permitted", ev->u.cred.old_permitted);
		put_hex(doc, obj, "new_permitted", ev->u.cred.new_permitted);
		put_hex(doc, obj, "old_effective", ev->u.cred.old_effective);
		put_hex(doc, obj, "new_effective", ev->u.cred.new_effective);
		put_hex(doc, obj, "old_bounding", ev->u.cred.old_bounding);
		put_hex(doc, obj, "new_bounding", ev->u.cred.new_bounding);
		break;
	case EVENT_USE:
		obj = put(doc, root, "use", json_object());
		put_str(doc, obj, "op", use_op_name(ev->u.use.op));
		put_i64(doc, obj, "fd", ev->u.use.fd);
		put_bool(doc, obj, "write", ev->u.use.f_mode & 2);
		break;
	case EVENT_LOSS:
		obj = put(doc, root, "loss", json_object());
		put_str(doc, obj, "kind", loss_name(ev->u.loss.kind));
		put_u64(doc, obj, "count", ev->u.loss.count);
		put_str(doc, obj, "type",
			ev->u.loss.event_type ? event_type_name(ev->u.loss.event_type) : "any");
		break;
	default: put_family(doc, root, ev);
	}
}

static void put_event(struct doc *doc, json_t *root, const struct event *ev)
{
	json_t *obj = put(doc, root, "event", json_object());

	put_str(doc, obj, "type", event_name(ev));
	put_str(doc, obj, "syscall", event_syscall_name(ev));
	put_str(doc, obj, "way", way_name(ev->hdr.way));
	put_str(doc, obj, "tier", tier_name(ev->hdr.tier));
	put_i64(doc, obj, "result", ev->hdr.ret);
	put_str(doc, obj, "errno",
		ev->hdr.ret < 0 && ev->hdr.ret > INT64_MIN ? errno_name(-ev->hdr.ret) : NULL);
	put_u64(doc, obj, "boot_ns", ev->hdr.time_ns);
	put_u64(doc, obj, "cpu", ev->hdr.cpu);
	put_u64(doc, obj, "seq", ev->hdr.seq);
	put_bits(doc, obj, "facts", ev->hdr.facts, fact_name);
	put_bits(doc, obj, "flags", ev->hdr.flags, flag_name);
}

static void put_step(struct doc *doc, json_t *steps, const struct incident_step *step,
		     uint64_t number)
{
	json_t *obj = json_object();
	char time[TIME_LEN + 1];

	format_time(step->wall_ns, time);
	put_u64(doc, obj, "step", number);
	put_str(doc, obj, "time", time);
	put_str(doc, obj, "rule_id", step->rule_id);
	put_str(doc, obj, "rule", step->rule_name);
	put_str(doc, obj, "priority", step->priority);
	put_str(doc, obj, "phase", step->phase);
	put_u64(doc, obj, "pid", step->pid);
	put_bytes(doc, obj, "name", step->name);
	put_known(doc, obj, "exe", step->exe);
	put_bytes(doc, obj, "summary", step->summary);
	append(doc, steps, obj);
}

/* The story up to and with this alert. */
static void put_incident(struct doc *doc, json_t *root, const struct incident_view *incident)
{
	char time[TIME_LEN + 1];
	json_t *obj, *steps;

	if (!incident) {
		put(doc, root, "incident", json_null());
		return;
	}
	obj = put(doc, root, "incident", json_object());
	format_time(incident->first_wall_ns, time);
	put_str(doc, obj, "id", incident->id);
	put_u64(doc, obj, "step", incident->step);
	put_str(doc, obj, "first_seen", time);
	put_known(doc, obj, "container", incident->container);
	put_u64(doc, obj, "omitted", incident->step - incident->n_steps);
	steps = put(doc, obj, "steps", json_array());
	for (unsigned int i = 0; i < incident->n_steps; i++)
		put_step(doc, steps, incident->steps[i],
			 incident->step - incident->n_steps + i + 1);
}

/* Only of rules that have one. */
static void put_sequence(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *array, *obj;
	char time[TIME_LEN + 1];

	if (finding->n_sequence == 0)
		return;
	array = put(doc, root, "sequence", json_array());
	for (size_t i = 0; i < finding->n_sequence; i++) {
		const struct sequence_step *step = &finding->sequence[i];

		format_time(step->wall_ns, time);
		obj = json_object();
		put_str(doc, obj, "step", step->name);
		put_str(doc, obj, "time", time);
		put_u64(doc, obj, "pid", step->pid);
		put_bytes(doc, obj, "name", step->proc_name);
		append(doc, array, obj);
	}
}

static void put_output_fields(struct doc *doc, json_t *root, const struct finding *finding)
{
	json_t *obj = put(doc, root, "output_fields", json_object());

	for (size_t i = 0; i < finding->n_fields; i++)
		put_field(doc, obj, finding->fields[i], finding->event, true);
}

static void put_view(struct doc *doc, json_t *root, const struct finding *finding)
{
	uint32_t flags = finding->event->hdr.flags;
	bool truncated = flags & (EVENT_F_PATH_CUT | EVENT_F_ARGS_CUT);
	bool unread = flags & (EVENT_F_ARG_UNREAD | EVENT_F_PATH_UNREAD);
	bool seeded = flags & EVENT_F_SEEDED;
	json_t *obj = put(doc, root, "view", json_object());

	put_bool(doc, obj, "complete", finding->lost == 0 && !truncated && !unread && !seeded);
	put_u64(doc, obj, "lost", finding->lost);
	put_bool(doc, obj, "seeded", seeded);
	put_bool(doc, obj, "truncated", truncated);
	put_bool(doc, obj, "unread", unread);
}

int render_json(const struct finding *finding, struct buf *buf)
{
	const struct event *ev = finding->event;
	struct doc doc = { .failed = false };
	json_t *root = json_object();
	char time[TIME_LEN + 1];

	format_time(ev->wall_ns, time);
	put_i64(&doc, root, "version", 1);
	put_str(&doc, root, "time", time);
	put_str(&doc, root, "rule", finding->rule_name);
	put_str(&doc, root, "rule_id", finding->rule_id);
	put_str(&doc, root, "priority", finding->priority);
	put_str(&doc, root, "source", source_of(ev));
	put_str(&doc, root, "hostname", finding->hostname ? finding->hostname : "");
	put_output_line(&doc, root, finding, time);
	put_bytes(&doc, root, "message", finding->message);
	put_list(&doc, root, "tags", finding->tags);
	put_list(&doc, root, "mitre", finding->mitre);
	put_techniques(&doc, root, finding->techniques);
	put_list(&doc, root, "references", finding->references);
	put_str(&doc, root, "description", finding->description);
	put_str(&doc, root, "why", finding->why);
	put_list(&doc, root, "response", finding->response);
	put_u64(&doc, root, "number", finding->number);
	put_u64(&doc, root, "folded", finding->folded);
	put_sequence(&doc, root, finding);
	put_incident(&doc, root, finding->incident);
	put_container(&doc, root, ev);
	put_posture(&doc, root, ev);
	put_target(&doc, root, ev);
	put_process(&doc, root, ev);
	put_file(&doc, root, ev);
	put_details(&doc, root, ev);
	put_event(&doc, root, ev);
	put_output_fields(&doc, root, finding);
	put_view(&doc, root, finding);
	put_str(&doc, root, "rules_hash", finding->rules_hash);

	return doc_finish(&doc, root, buf);
}
