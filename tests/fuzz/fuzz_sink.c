/* SPDX-License-Identifier: Apache-2.0 */
/* Any record that decodes, as an alert in every format: one line, safe, JSON
 * that parses. The same corpus as fuzz_event. */
#include <jansson.h>

#include "sink/render.h"
#include "unit/check_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_line(const struct buf *buf)
{
	check(buf->len > 0 && buf->data[buf->len - 1] == '\n');
	check(check_is_safe((struct slice){ buf->data, buf->len - 1 }));
}

static void check_json(const struct finding *finding, int (*render)(const struct finding *finding, struct buf *buf))
{
	struct buf json = { 0 };
	json_t *root;

	check(render(finding, &json) == 0);
	check_line(&json);
	root = json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
	check(root != NULL);
	json_decref(root);
	buf_release(&json);
}

static void check_formats(const struct finding *finding)
{
	struct buf text = { 0 }, block = { 0 };

	check_json(finding, render_json);
	check_json(finding, render_falco);
	check_json(finding, render_ocsf);

	check(render_text(finding, &text) == 0);
	check_line(&text);
	check(render_block(finding, &block) == 0);

	buf_release(&text);
	buf_release(&block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct finding finding = {
		.rule_id = "BW-0001", .rule_name = "fuzz", .priority = "Debug", .severity = 7
	};
	struct incident_step step = {
		.rule_id = "BW-0001", .rule_name = "fuzz", .priority = "Debug", .phase = "escaped"
	};
	struct incident_view incident = {
		.id = "0", .step = 2, .n_steps = 2, .steps = { &step, &step }
	};
	struct container_view container = { 0 };
	struct proc_view proc = { 0 };
	cleanup_free char *rec = NULL;
	uint32_t size = (uint32_t)len;
	struct event ev;

	if (len < sizeof(struct event_hdr))
		return 0;
	rec = malloc(len);
	check(rec != NULL);
	memcpy(rec, data, len);
	memcpy(rec + offsetof(struct event_hdr, size), &size, sizeof(size));
	if (event_decode(rec, len, &ev) < 0)
		return 0;

	proc.name = slice_from_field(ev.hdr.comm, sizeof(ev.hdr.comm));
	proc.exepath = ev.path;
	proc.args = ev.args;
	proc.cwd = ev.cwd;
	container.id = container.name = container.image = container.cgroup =
		ev.path.data ? ev.path : ev.info_id;
	ev.wall_ns = ev.hdr.time_ns;
	ev.proc = &proc;
	ev.container = &container;
	ev.n_ancestors = ev.hdr.cpu % (EVENT_ANCESTORS_MAX + 1);
	for (unsigned int i = 0; i < ev.n_ancestors; i++)
		ev.ancestors[i] = &proc;
	finding.message = ev.arg;
	step.name = proc.name;
	step.exe = step.summary = incident.container = ev.path;
	finding.incident = &incident;
	finding.lost = ev.hdr.seq;
	finding.event = &ev;
	check_formats(&finding);

	finding.incident = NULL;
	ev.container = NULL;
	ev.proc = NULL;
	check_formats(&finding);
	return 0;
}
