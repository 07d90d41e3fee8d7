/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/incident.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/table.h"

#define RULE_ID_MAX 32u
#define SUMMARY_MAX 200u
#define EXE_MAX 128u
#define CONTAINER_MAX 128u

struct step {
	struct incident_step view;
	char rule_id[RULE_ID_MAX], rule_name[SUMMARY_MAX];
	char name[16], exe[EXE_MAX], summary[SUMMARY_MAX];
};

struct incident {
	struct table_link link;
	struct list lru;
	uint64_t key;	  /* the container's */
	uint64_t last_ns; /* of the youngest finding */
	uint64_t first_wall_ns;
	uint64_t n_steps;
	char id[INCIDENT_ID_LEN + 1];
	char container[CONTAINER_MAX];
	size_t container_len;
	struct step steps[INCIDENT_STEPS_MAX]; /* the last ones, by number */
};

struct incidents {
	struct table by_key;
	struct list lru;
	struct incident *slab;
	size_t n_used, n_max;
	struct incident_stats stats;
	struct incident_view view;
};

int incidents_new(size_t n_max, struct incidents **ret)
{
	struct incidents *incidents = calloc(1, sizeof(*incidents));
	int r;

	if (!incidents)
		return -ENOMEM;
	list_init(&incidents->lru);
	incidents->n_max = n_max;
	incidents->slab = calloc(n_max, sizeof(*incidents->slab));
	r = incidents->slab ? table_init(&incidents->by_key, n_max) : -ENOMEM;
	if (r < 0) {
		incidents_free(incidents);
		return r;
	}
	*ret = incidents;
	return 0;
}

void incidents_free(struct incidents *incidents)
{
	if (!incidents)
		return;
	table_release(&incidents->by_key);
	free(incidents->slab);
	free(incidents);
}

void incidents_get_stats(const struct incidents *incidents, struct incident_stats *ret)
{
	*ret = incidents->stats;
}

/* Whose story is it? The subject's; of a host's process, that of the container
 * which it is linked to. 0: nobody's. */
static uint64_t story_of(const struct event *ev)
{
	return ev->hdr.container ? ev->hdr.container : ev->hdr.target_container;
}

static struct incident *find_open(struct incidents *incidents, uint64_t key)
{
	struct table_link *link =
		table_first(&incidents->by_key, table_hash(&incidents->by_key, key, 0));

	for (; link; link = table_next(link)) {
		struct incident *incident = member_of(link, struct incident, link);

		if (incident->key == key)
			return incident;
	}
	return NULL;
}

/* No secret and no clock: who replays the events gets the same name. */
static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9fb21c651e98df25ull;
	return h ^ h >> 29;
}

static void make_id(const struct event_hdr *hdr, uint64_t key, char ret[INCIDENT_ID_LEN + 1])
{
	uint64_t h = 0xd6e8feb86659fd93ull;

	h = mix(h, key);
	h = mix(h, hdr->time_ns);
	h = mix(h, hdr->cgroup_id);
	h = mix(h, hdr->proc.start_ns);
	h = mix(h, hdr->proc.tgid);
	h = mix(h, hdr->seq);
	snprintf(ret, INCIDENT_ID_LEN + 1, "%0*" PRIx64, INCIDENT_ID_LEN, h);
}

static struct incident *take_place(struct incidents *incidents)
{
	struct incident *incident;

	if (incidents->n_used < incidents->n_max)
		return &incidents->slab[incidents->n_used++];
	incident = member_of(incidents->lru.next, struct incident, lru);
	list_remove(&incident->lru);
	table_remove(&incidents->by_key, &incident->link);
	incidents->stats.n_evicted++;
	return incident;
}

static void begin(struct incident *incident, const struct event *ev)
{
	incident->n_steps = 0;
	incident->first_wall_ns = ev->wall_ns;
	incident->last_ns = ev->hdr.time_ns;
	make_id(&ev->hdr, incident->key, incident->id);
}

static bool is_over(const struct incident *incident, uint64_t now_ns)
{
	return now_ns > incident->last_ns && now_ns - incident->last_ns > INCIDENT_IDLE_NS;
}

static struct incident *find_or_begin(struct incidents *incidents, const struct finding *finding)
{
	const struct event *ev = finding->event;
	bool may_begin = finding->severity <= INCIDENT_SEVERITY_MAX;
	uint64_t key = story_of(ev);
	struct incident *incident;

	if (key == 0)
		return NULL;
	incident = find_open(incidents, key);
	if (incident && !is_over(incident, ev->hdr.time_ns))
		return incident;
	if (!may_begin)
		return NULL;
	if (!incident) {
		incident = take_place(incidents);
		incident->key = key;
		incident->container_len = 0;
		table_insert(&incidents->by_key, &incident->link,
			     table_hash(&incidents->by_key, key, 0));
		list_append(&incidents->lru, &incident->lru);
	}
	begin(incident, ev);
	incidents->stats.n_begun++;
	return incident;
}

/* At most `size` bytes, and no half character at their end. */
static struct slice keep(char *buf, size_t size, struct slice from)
{
	size_t len = from.len;

	if (len > size) {
		len = size;
		while (len > 0 && ((unsigned char)from.data[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(buf, from.data, len);
	return (struct slice){ buf, len };
}

/* The rules may be gone when the step is told again. */
static const char *keep_text(char *buf, size_t size, const char *text)
{
	buf[keep(buf, size - 1, slice_from(text)).len] = '\0';
	return buf;
}

static void add_step(struct incident *incident, const struct finding *finding)
{
	struct step *step = &incident->steps[incident->n_steps % INCIDENT_STEPS_MAX];
	const struct event *ev = finding->event;
	bool has_image = ev->hdr.type == EVENT_EXEC || ev->hdr.type == EVENT_PROC;
	struct slice exe = has_image ? ev->path :
			   ev->proc  ? ev->proc->exepath :
				       (struct slice){ NULL, 0 };

	step->view = (struct incident_step){
		.wall_ns = ev->wall_ns,
		.rule_id = keep_text(step->rule_id, sizeof(step->rule_id), finding->rule_id),
		.rule_name =
			keep_text(step->rule_name, sizeof(step->rule_name), finding->rule_name),
		.priority = finding->priority,
		.phase = phase_name(ev->hdr.phase),
		.pid = ev->hdr.proc.tgid,
		.name = keep(step->name, sizeof(step->name),
			     slice_from_field(ev->hdr.comm, sizeof(ev->hdr.comm))),
		.exe = keep(step->exe, sizeof(step->exe), exe),
		.summary = keep(step->summary, sizeof(step->summary), finding->message),
	};
	incident->n_steps++;
}

/* The name may come later than the first finding. */
static void learn_container(struct incident *incident, const struct event *ev)
{
	const struct container_view *view =
		ev->hdr.container ? ev->container : ev->target_container;

	if (view && view->id.len > 0)
		incident->container_len =
			keep(incident->container, sizeof(incident->container), view->id).len;
}

static void make_view(const struct incident *incident, struct incident_view *ret)
{
	uint64_t n =
		incident->n_steps < INCIDENT_STEPS_MAX ? incident->n_steps : INCIDENT_STEPS_MAX;

	*ret = (struct incident_view){
		.id = incident->id,
		.container = { incident->container, incident->container_len },
		.first_wall_ns = incident->first_wall_ns,
		.step = incident->n_steps,
		.n_steps = (unsigned int)n,
	};
	for (unsigned int i = 0; i < ret->n_steps; i++)
		ret->steps[i] =
			&incident->steps[(incident->n_steps - n + i) % INCIDENT_STEPS_MAX].view;
}

const struct incident_view *incidents_join(struct incidents *incidents,
					   const struct finding *finding)
{
	struct incident *incident = find_or_begin(incidents, finding);
	const struct event *ev = finding->event;

	if (!incident)
		return NULL;
	if (ev->hdr.time_ns > incident->last_ns)
		incident->last_ns = ev->hdr.time_ns;
	list_remove(&incident->lru);
	list_append(&incidents->lru, &incident->lru);
	learn_container(incident, ev);
	add_step(incident, finding);
	make_view(incident, &incidents->view);
	return &incidents->view;
}
