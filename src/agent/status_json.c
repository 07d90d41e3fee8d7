// SPDX-License-Identifier: Apache-2.0
#include "agent/status_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json_text.h"
#include "event/event.h"

/* Each put gives the value away. What cannot be had for want of memory is left
 * out; `failed` tells at the end. */
struct maker {
	bool failed;
};

static json_t *put(struct maker *maker, json_t *obj, const char *key, json_t *value)
{
	if (!obj || json_object_set_new(obj, key, value) < 0)
		maker->failed = true;
	return obj ? json_object_get(obj, key) : NULL;
}

static void put_text(struct maker *maker, json_t *obj, const char *key, const char *text)
{
	put(maker, obj, key, json_from_text(text));
}

static void put_u64(struct maker *maker, json_t *obj, const char *key, uint64_t value)
{
	put(maker, obj, key, json_integer((json_int_t)(value > INT64_MAX ? INT64_MAX : value)));
}

static void put_bool(struct maker *maker, json_t *obj, const char *key, bool value)
{
	put(maker, obj, key, json_boolean(value));
}

/* Seconds since `then_ns`, to the millisecond; null: never. */
static void put_age(struct maker *maker, json_t *obj, const char *key, uint64_t now_ns, uint64_t then_ns)
{
	uint64_t age = now_ns > then_ns ? (now_ns - then_ns) / 1000000 : 0;

	put(maker, obj, key, then_ns ? json_real((double)age / 1e3) : json_null());
}

static json_t *add(struct maker *maker, json_t *array, json_t *value)
{
	if (!array || json_array_append_new(array, value) < 0) {
		maker->failed = true;
		return NULL;
	}
	return json_array_get(array, json_array_size(array) - 1);
}

static json_t *finish(const struct maker *maker, json_t *root)
{
	if (!maker->failed)
		return root;
	json_decref(root);
	return NULL;
}

static void put_reasons(struct maker *maker, json_t *root, const struct verdict *verdict, enum view_scope scope)
{
	json_t *reasons = put(maker, root, "reasons", json_array());

	for (size_t i = 0; i < verdict->n_reasons; i++) {
		const struct view_reason *reason = &verdict->reasons[i];
		json_t *obj;

		if (reason->scope > scope)
			continue;
		obj = add(maker, reasons, json_object());
		put_text(maker, obj, "against", view_scope_name(reason->scope));
		put_text(maker, obj, "code", reason->code);
		put_text(maker, obj, "what", reason->what);
		put_text(maker, obj, "advice", reason->advice);
	}
}

json_t *status_json_probe(const struct verdict *verdict, enum view_scope scope)
{
	bool is_ok = scope == VIEW_LIVE ? verdict->is_live : scope == VIEW_READY ? verdict->is_ready : verdict->is_healthy;
	struct maker maker = {};
	json_t *root = json_object();

	put_text(&maker, root, "status", is_ok ? "ok" : "failing");
	put_reasons(&maker, root, verdict, scope);
	return finish(&maker, root);
}

static void fill_version(struct maker *maker, json_t *obj, const struct view *view)
{
	const struct status_sensor *sensor = &view->sensor;

	put_text(maker, obj, "version", sensor->version);
	put_text(maker, obj, "bpf_object", sensor->object);
	put_text(maker, obj, "kernel", sensor->release);
	put_text(maker, obj, "tier", sensor->tier);
}

json_t *status_json_version(const struct view *view)
{
	struct maker maker = {};
	json_t *root = json_object();

	fill_version(&maker, root, view);
	return finish(&maker, root);
}

/* ---- the whole */

static void put_book(struct maker *maker, json_t *obj, const struct book *book)
{
	put_u64(maker, obj, "seen", book->seen);
	put_u64(maker, obj, "delivered", book->delivered);
	put_u64(maker, obj, "dropped", book->dropped);
	put_u64(maker, obj, "suppressed", book->suppressed);
}

static void fill_rings(struct maker *maker, json_t *root, const struct view *view)
{
	static const char *const names[RING_MAX] = { [RING_URGENT] = "urgent", [RING_BULK] = "bulk" };
	static const uint64_t sizes[RING_MAX] = { [RING_URGENT] = RING_URGENT_BYTES, [RING_BULK] = RING_BULK_BYTES };
	json_t *rings = put(maker, root, "rings", json_array());

	for (unsigned int ring = 0; ring < RING_MAX; ring++) {
		json_t *obj = add(maker, rings, json_object()), *types;
		struct book sum = {};

		put_text(maker, obj, "ring", names[ring]);
		put_u64(maker, obj, "size_bytes", sizes[ring]);
		put_u64(maker, obj, "unread_bytes", view->engine.ring_unread[ring]);
		types = json_object();
		for (unsigned int type = 1; type < EVENT_TYPE_MAX; type++) {
			const struct book *book = &view->engine.books[ring][type];

			sum.seen += book->seen;
			sum.delivered += book->delivered;
			sum.dropped += book->dropped;
			sum.suppressed += book->suppressed;
			if (book->seen)
				put_book(maker, put(maker, types, event_type_name(type), json_object()), book);
		}
		put_book(maker, obj, &sum);
		put(maker, obj, "types", types);
	}
}

static void fill_containers(struct maker *maker, json_t *root, const struct view *view)
{
	const struct status_engine *engine = &view->engine;
	json_t *containers = put(maker, root, "containers", json_object());
	json_t *list = put(maker, containers, "list", json_array());

	put_u64(maker, containers, "suppressed", engine->suppressed_containers);
	for (size_t i = 0; i < engine->n_containers; i++) {
		const struct status_container *from = &engine->containers[i];
		json_t *obj = add(maker, list, json_object());
		char key[24];

		snprintf(key, sizeof(key), "%016" PRIx64, from->key);
		put_text(maker, obj, "key", key);
		put_text(maker, obj, "id", from->id);
		put_text(maker, obj, "name", from->name);
		put_u64(maker, obj, "received", from->received);
		put_u64(maker, obj, "suppressed", from->suppressed);
	}
	put_u64(maker, containers, "host_received", engine->received_host);
	put_u64(maker, containers, "other_received", engine->received_other);
	put_u64(maker, containers, "other_suppressed", engine->suppressed_other);
}

static void fill_events(struct maker *maker, json_t *root, const struct view *view)
{
	const struct status_engine *engine = &view->engine;
	json_t *books = put(maker, root, "books", json_object());
	json_t *losses = put(maker, root, "losses", json_object());
	struct book sum = view_books(view);

	put_book(maker, books, &sum);
	put_u64(maker, books, "received", engine->received);
	put_u64(maker, books, "gaps", engine->gaps);
	put_u64(maker, losses, "total", view_losses(view));
	put_u64(maker, losses, "dropped", sum.dropped);
	put_u64(maker, losses, "unexplained", engine->unexplained);
	put_u64(maker, losses, "malformed", engine->malformed);
	put_u64(maker, losses, "missed_runs", view->sensor.missed_runs);
	put_age(maker, losses, "last_age_seconds", view->now_ns,
		engine->lost_ns > view->sensor.missed_ns ? engine->lost_ns : view->sensor.missed_ns);
	fill_rings(maker, root, view);
	fill_containers(maker, root, view);
}

static void fill_hooks(struct maker *maker, json_t *root, const struct view *view)
{
	const struct status_sensor *sensor = &view->sensor;
	json_t *hooks = put(maker, root, "hooks", json_array());
	json_t *pins = put(maker, root, "pins", json_object());
	json_t *canary = put(maker, root, "canary", json_object());

	for (size_t i = 0; i < sensor->n_hooks; i++) {
		json_t *obj = add(maker, hooks, json_object());

		put_text(maker, obj, "hook", sensor->hooks[i].name);
		put_bool(maker, obj, "attached", sensor->hooks[i].is_attached);
		put_bool(maker, obj, "required", sensor->hooks[i].is_required);
		put_u64(maker, obj, "missed_runs", sensor->hooks[i].missed_runs);
	}
	put_bool(maker, pins, "used", sensor->is_pinned);
	put_u64(maker, pins, "expected", sensor->pins_expected);
	put_u64(maker, pins, "missing", sensor->pins_missing);
	put_u64(maker, pins, "restored", sensor->pins_restored);
	put_age(maker, pins, "checked_age_seconds", view->now_ns, sensor->checked_ns);
	put_u64(maker, canary, "sent", view->engine.canaries);
	put_u64(maker, canary, "missed", view->engine.canaries_missed);
	put_age(maker, canary, "last_success_age_seconds", view->now_ns, view->engine.canary_ok_ns);
}

static void fill_rules(struct maker *maker, json_t *root, const struct view *view)
{
	const struct status_engine *engine = &view->engine;
	json_t *rules = put(maker, root, "rules", json_object());
	json_t *alerts = put(maker, root, "alerts", json_object());

	put_u64(maker, rules, "loaded", engine->rules_loaded);
	put_text(maker, rules, "hash", engine->rules_hash);
	put_u64(maker, rules, "reloads_taken", engine->reloads_taken);
	put_u64(maker, rules, "reloads_refused", engine->reloads_refused);
	put_bool(maker, rules, "last_refused", view->sensor.is_refused);
	put_u64(maker, alerts, "told", engine->alerts);
	put_u64(maker, alerts, "folded", engine->alerts_folded);
	put_u64(maker, alerts, "lost", engine->alerts_lost);
	put_u64(maker, alerts, "incidents", engine->incidents);
}

static void fill_outputs(struct maker *maker, json_t *root, const struct view *view)
{
	json_t *outputs = put(maker, root, "outputs", json_array());

	for (size_t i = 0; i < view->n_outputs; i++) {
		const struct outbox_stats *from = &view->outputs[i];
		json_t *obj = add(maker, outputs, json_object());

		put_text(maker, obj, "sink", from->name);
		put_text(maker, obj, "kind", from->kind);
		put_bool(maker, obj, "up", !from->is_failing);
		put_u64(maker, obj, "accepted", from->accepted);
		put_u64(maker, obj, "dropped", from->dropped);
		put_u64(maker, obj, "written", from->written);
		put_u64(maker, obj, "failed", from->failed);
		put_u64(maker, obj, "retries", from->retries);
		put_u64(maker, obj, "queued", from->queued);
		put_u64(maker, obj, "queued_bytes", from->queued_bytes);
		put_u64(maker, obj, "queue_size_bytes", from->size);
		put_age(maker, obj, "last_written_age_seconds", view->boot_ns, from->last_written_ns);
		put_age(maker, obj, "last_error_age_seconds", view->boot_ns, from->last_error_ns);
		put_text(maker, obj, "last_error", from->last_error ? strerror(from->last_error) : "");
		put_u64(maker, obj, "last_status", from->last_status);
	}
}

static void fill_processes(struct maker *maker, json_t *root, const struct view *view)
{
	const struct status_sensor *sensor = &view->sensor;
	json_t *processes = put(maker, root, "processes", json_array());
	json_t *tables = put(maker, root, "evictions", json_object());

	for (size_t i = 0; i < sensor->n_processes; i++) {
		const struct status_process *from = &sensor->processes[i];
		json_t *obj = add(maker, processes, json_object());

		put_text(maker, obj, "process", from->name);
		put_u64(maker, obj, "pid", from->pid);
		put_bool(maker, obj, "up", from->pid != 0);
		put_u64(maker, obj, "restarts", from->restarts);
		put_u64(maker, obj, "cpu_ms", from->cpu_ns / 1000000);
		put_u64(maker, obj, "resident_bytes", from->resident_bytes);
	}
	for (unsigned int i = 0; i < STATUS_TABLES; i++)
		put_u64(maker, tables, status_table_name(i), view->engine.evictions[i]);
}

json_t *status_json_health(const struct view *view, const struct verdict *verdict)
{
	const struct status_sensor *sensor = &view->sensor;
	struct maker maker = {};
	json_t *root = json_object(), *agent;

	put_text(&maker, root, "status", verdict->is_healthy ? "healthy" : "unhealthy");
	put_bool(&maker, root, "live", verdict->is_live);
	put_bool(&maker, root, "ready", verdict->is_ready);
	put_bool(&maker, root, "healthy", verdict->is_healthy);
	put_reasons(&maker, root, verdict, VIEW_HEALTHY);
	agent = put(&maker, root, "agent", json_object());
	fill_version(&maker, agent, view);
	put_text(&maker, agent, "hostname", sensor->hostname);
	put_bool(&maker, agent, "adopted", sensor->is_adopted);
	put_age(&maker, agent, "uptime_seconds", view->now_ns, sensor->start_ns);
	put_age(&maker, agent, "engine_turn_age_seconds", view->now_ns, view->engine_turn_ns);
	put_age(&maker, agent, "sensor_turn_age_seconds", view->now_ns, view->sensor_turn_ns);
	fill_events(&maker, root, view);
	fill_hooks(&maker, root, view);
	fill_rules(&maker, root, view);
	fill_outputs(&maker, root, view);
	fill_processes(&maker, root, view);
	return finish(&maker, root);
}
