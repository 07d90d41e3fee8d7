/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/alerts.h"

#include <fcntl.h>
#include <stdio.h>

#include "lib/random_event.h"
#include "rule/rule.h"

/* What no JSON string can hold as it is, and what only looks harmless. */
static const struct slice hostile[] = {
	SLICE_LITERAL("\xff\xfe not text"),
	SLICE_LITERAL("nul\0inside"),
	SLICE_LITERAL("line\nbreak\ttab\r\x1b[31mred"),
	SLICE_LITERAL("\",\"rule\":\"forged\",\"x\":\""),
	SLICE_LITERAL("\xed\xa0\x80 surrogate \xf4\x90\x80\x80"),
	SLICE_LITERAL("/usr/bin/\xe2\x80\xae\x63od.exe"),
	SLICE_LITERAL("\xc3"),
	SLICE_LITERAL("\\"),
	SLICE_LITERAL("/"),
	SLICE_LITERAL("//"),
	SLICE_LITERAL("a:b@c/d:"),
	SLICE_LITERAL(""),
};

static struct slice pick(struct random *random, struct slice was)
{
	return random_chance(random, 40) ? hostile[random_below(random, ARRAY_SIZE(hostile))] : was;
}

static void make_hostile(struct random_event *made, struct random *random)
{
	struct container_view *container = &made->container;
	struct event *ev = &made->ev;

	ev->path = pick(random, ev->path);
	ev->arg = pick(random, ev->arg);
	ev->args = pick(random, ev->args);
	if (random_chance(random, 30))
		memcpy(ev->hdr.comm, "\xff\x1b\"\\\n\xc3(", 8);
	container->id = pick(random, container->id);
	container->name = pick(random, container->name);
	container->image = pick(random, container->image);
	container->image_id = pick(random, container->image_id);
	container->pod = pick(random, container->pod);
	container->pod_ns = pick(random, container->pod_ns);
	container->pod_uid = pick(random, container->pod_uid);
	container->runtime = pick(random, container->runtime);
	for (size_t i = 0; i < ARRAY_SIZE(made->procs); i++) {
		made->procs[i].name = pick(random, made->procs[i].name);
		made->procs[i].exepath = pick(random, made->procs[i].exepath);
		made->procs[i].args = pick(random, made->procs[i].args);
	}
}

static struct finding make_finding(const struct rule *rule, const struct rule_set *set, const struct event *ev)
{
	const struct field *const *fields = NULL;
	struct finding finding = {
		.rule_id = rule_id(rule),
		.rule_name = rule_name(rule),
		.description = rule_description(rule),
		.why = rule_why(rule),
		.priority = priority_name(rule_priority(rule)),
		.severity = rule_priority(rule),
		.response = rule_response(rule),
		.references = rule_references(rule),
		.mitre = rule_mitre(rule),
		.tags = rule_tags(rule),
		.techniques = rule_techniques(rule),
		.event = ev,
		.rules_hash = rule_set_hash(set),
		.hostname = "node-1",
	};

	finding.n_fields = rule_fields(rule, &fields);
	finding.fields = fields;
	return finding;
}

int alerts_of_every_rule(const char *rules, unsigned int n, uint64_t seed,
			 void (*each)(const struct finding *finding, void *arg), void *arg)
{
	static const struct incident_view incident = { .id = "00f1e2d3c4b5a697", .step = 1 };
	struct random random = { seed };
	struct random_event made;
	struct parse_error err;
	struct rule_set *set;
	struct finding finding;
	char message[4096];
	struct pool pool;
	int n_rules, r;

	r = rule_set_load(AT_FDCWD, rules, &set, &err);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", rules, err.message);
		return r;
	}
	pool_init(&pool, &random);
	n_rules = (int)rule_set_len(set);
	for (unsigned int i = 0; i < (unsigned int)n_rules * n; i++) {
		const struct rule *rule = rule_set_at(set, i / n);

		random_event_init(&made, &pool, &random);
		make_hostile(&made, &random);
		made.ev.wall_ns = 1782909296123456789ull + i * 1000003ull;
		finding = make_finding(rule, set, &made.ev);
		finding.message.data = message;
		finding.message.len = rule_format_output(rule, &made.ev, message, sizeof(message));
		finding.number = i + 1;
		finding.folded = i % 3;
		finding.incident = i % 2 ? &incident : NULL;
		if (i % 17 == 0)
			finding.hostname = NULL;
		each(&finding, arg);
	}
	pool_release(&pool);
	rule_set_free(set);
	return n_rules;
}
