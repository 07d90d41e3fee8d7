/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/containers.h"

#include <inttypes.h>
#include <stdio.h>

#include "enrich/enrich.h"

/* Longest kept; what is longer is cut and counted. */
#define NAME_MAX_LEN 1024u
#define FALLBACK_MAX 32u /* "cg-" and 20 digits */

struct container *containers_lookup(const struct containers *containers, uint64_t key)
{
	struct table_link *link =
		table_first(&containers->by_key, table_hash(&containers->by_key, key, 0));

	for (; link; link = table_next(link)) {
		struct container *container = member_of(link, struct container, link);

		if (container->view.key == key)
			return container;
	}
	return NULL;
}

static void forget(struct containers *containers, struct container *container)
{
	table_remove(&containers->by_key, &container->link);
	list_remove(&container->lru);
	containers->bytes -= container->n_bytes;
	free(container->bytes);
	free(container);
}

/* Forget the container that was named longest ago, but not `keep`. */
static bool evict_one(struct containers *containers, const struct container *keep)
{
	for (struct list *at = containers->lru.next; at && at != &containers->lru; at = at->next) {
		struct container *container = member_of(at, struct container, lru);

		if (container == keep)
			continue;
		forget(containers, container);
		containers->n_evicted++;
		return true;
	}
	return false;
}

static struct slice cut(struct containers *containers, struct slice s, size_t len_max)
{
	if (s.len <= len_max)
		return s;
	containers->n_cut++;
	return (struct slice){ s.data, len_max };
}

void container_set_strings(struct containers *containers, struct container *container,
			   const struct container_view *want)
{
	/* What stands in a view, as it is there. */
	static const struct {
		size_t off;
		size_t len_max;
	} strings[] = {
		{ offsetof(struct container_view, id), NAME_MAX_LEN },
		{ offsetof(struct container_view, name), NAME_MAX_LEN },
		{ offsetof(struct container_view, image), NAME_MAX_LEN },
		{ offsetof(struct container_view, runtime), NAME_MAX_LEN },
		{ offsetof(struct container_view, cgroup), EVENT_PATH_MAX },
		{ offsetof(struct container_view, pod), NAME_MAX_LEN },
		{ offsetof(struct container_view, pod_ns), NAME_MAX_LEN },
		{ offsetof(struct container_view, pod_uid), NAME_MAX_LEN },
		{ offsetof(struct container_view, sandbox), NAME_MAX_LEN },
		{ offsetof(struct container_view, image_id), NAME_MAX_LEN },
		{ offsetof(struct container_view, digest), NAME_MAX_LEN },
		{ offsetof(struct container_view, posture_reason), NAME_MAX_LEN },
	};
	struct slice parts[ARRAY_SIZE(strings)];
	size_t len = 0, at = 0;
	char *bytes;

	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		memcpy(&parts[i], (const char *)want + strings[i].off, sizeof(parts[i]));
		parts[i] = cut(containers, parts[i], strings[i].len_max);
		len += parts[i].len;
	}
	while (containers->bytes - container->n_bytes + len > containers->bytes_max)
		if (!evict_one(containers, container))
			break;
	bytes = malloc(len ? len : 1);
	if (!bytes || containers->bytes - container->n_bytes + len > containers->bytes_max) {
		free(bytes);
		containers->n_cut++;
		return;
	}

	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].len)
			memcpy(bytes + at, parts[i].data, parts[i].len);
		parts[i].data = bytes + at;
		at += parts[i].len;
	}
	free(container->bytes);
	containers->bytes += len - container->n_bytes;
	container->bytes = bytes;
	container->n_bytes = len;
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
		memcpy((char *)&container->view + strings[i].off, &parts[i], sizeof(parts[i]));
}

void container_set_number(struct containers *containers, struct container *container)
{
	struct container_view want = container->view;
	char id[FALLBACK_MAX];
	int len = snprintf(id, sizeof(id), "cg-%" PRIu64, container->view.cgroup_id);

	want.id = (struct slice){ id, (size_t)len };
	container->view.id_source = ID_MADE_UP;
	container_set_strings(containers, container, &want);
}

struct container *containers_get(struct containers *containers, uint64_t key, uint64_t cgroup_id)
{
	struct container *container;

	if (key == 0)
		return NULL;
	container = containers_lookup(containers, key);
	if (!container) {
		container = calloc(1, sizeof(*container));
		if (!container)
			return NULL;
		while (containers->by_key.n >= containers->n_max)
			evict_one(containers, NULL);
		container->view.key = key;
		container->view.cgroup_id = cgroup_id;
		container->view.pending = true;
		table_insert(&containers->by_key, &container->link,
			     table_hash(&containers->by_key, key, 0));
		list_init(&container->lru);
		container_set_number(containers, container);
	} else if (container->view.cgroup_id == 0 && cgroup_id) {
		container->view.cgroup_id = cgroup_id;
		if (container->view.id_source == ID_MADE_UP)
			container_set_number(containers, container);
	}
	list_remove(&container->lru);
	list_append(&containers->lru, &container->lru);
	return container;
}

void containers_learn_posture(struct containers *containers, const struct event *ev,
			      struct container *container)
{
	struct container_view want = container->view;

	want.posture_reason = ev->posture_reason;
	container_set_strings(containers, container, &want);
	container->view.posture = ev->u.posture.findings;
	container->view.posture_severity = ev->u.posture.severity < POSTURE_CRITICAL ?
						   (uint8_t)ev->u.posture.severity :
						   POSTURE_CRITICAL;
	container->view.has_posture = true;
}

void containers_note_alert(struct containers *containers, uint64_t key)
{
	struct container *container = key ? containers_lookup(containers, key) : NULL;

	if (container && container->view.pending)
		container->n_pending++;
}

const struct container_view *containers_find(const struct containers *containers, uint64_t key)
{
	struct container *container = key ? containers_lookup(containers, key) : NULL;

	return container ? &container->view : NULL;
}

int containers_init(struct containers *ret, size_t n_max, size_t bytes_max)
{
	struct containers containers = { .n_max = n_max, .bytes_max = bytes_max };
	int r = table_init(&containers.by_key, n_max);

	if (r < 0)
		return r;
	*ret = containers;
	list_init(&ret->lru);
	return 0;
}

void containers_release(struct containers *containers)
{
	if (!containers || !containers->by_key.heads)
		return;
	while (!list_is_empty(&containers->lru))
		forget(containers, member_of(containers->lru.next, struct container, lru));
	table_release(&containers->by_key);
}
