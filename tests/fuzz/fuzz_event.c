/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a record: event_decode() reads nothing outside, and what it
 * accepts obeys the wire format. */
#include "event/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Every slice lies in the record, and together with the fixed part they fill it. */
static void check_strings(const struct event *ev, const char *rec, size_t len)
{
	const struct slice *const strings[] = {
		&ev->path,     &ev->fspath,  &ev->arg,	     &ev->filename,   &ev->cwd,
		&ev->args,     &ev->source,  &ev->target,    &ev->fstype,     &ev->cgroup_path,
		&ev->rootpath, &ev->info_id, &ev->info_name, &ev->info_image, &ev->info_runtime,
	};
	size_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		if (!strings[i]->data) {
			check(strings[i]->len == 0);
			continue;
		}
		check(strings[i]->data >= rec + sizeof(struct event_hdr));
		check(strings[i]->data + strings[i]->len <= rec + len);
		check(strings[i]->len <= EVENT_ARGS_MAX);
		sum += strings[i]->len;
	}
	check(sum <= len - sizeof(struct event_hdr));
}

static void check_names(const struct event *ev)
{
	check(event_name(ev) && event_syscall_name(ev) && phase_name(ev->hdr.phase) &&
	      way_name(ev->hdr.way));
	check(boundary_name(ev->hdr.boundary) && tier_name(ev->hdr.tier) &&
	      event_type_name(ev->hdr.type));
	if (ev->file)
		check(owner_name(ev->file->mount_owner) && source_name(ev->file->source));
}

static void check_record(const void *rec, size_t len)
{
	struct event ev;
	int r;

	r = event_decode(rec, len, &ev);
	check(r == 0 || r == -EBADMSG || r == -ENOTSUP);
	if (r < 0)
		return;

	check(ev.hdr.size == len && ev.hdr.version == EVENT_VERSION);
	check(ev.hdr.type > 0 && ev.hdr.type < EVENT_TYPE_MAX);
	check(!ev.file || ((const char *)ev.file >= (const char *)&ev.u &&
			   (const char *)(ev.file + 1) <= (const char *)(&ev.u + 1)));
	check(!ev.container && !ev.proc && ev.n_ancestors == 0);
	check_strings(&ev, rec, len);
	check_names(&ev);
}

/* As it is, and with a header that agrees: guessing the size is not the point. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_free char *rec = NULL;
	uint32_t size = (uint32_t)len;

	check_record(data, len);
	if (len < sizeof(struct event_hdr))
		return 0;

	rec = malloc(len);
	check(rec != NULL);
	memcpy(rec, data, len);
	memcpy(rec + offsetof(struct event_hdr, size), &size, sizeof(size));
	rec[offsetof(struct event_hdr, version)] = EVENT_VERSION;
	check_record(rec, len);
	return 0;
}
