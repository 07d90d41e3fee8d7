/* SPDX-License-Identifier: Apache-2.0 */
/* What a container was given: of its own record, and of every later event of
 * the same container. */
#include "event/field_internal.h"

const char *const words_posture_severity[] = { "informational", "notice",  "warning",
					       "critical",	"unknown", NULL };

struct given {
	uint64_t findings;
	unsigned int severity;
	struct slice reason;
};

static bool find_given(const struct event *ev, struct given *ret)
{
	if (ev->hdr.type == EVENT_POSTURE)
		*ret = (struct given){ ev->u.posture.findings, ev->u.posture.severity,
				       ev->posture_reason };
	else if (ev->container && ev->hdr.container != 0 && ev->container->has_posture)
		*ret = (struct given){ ev->container->posture, ev->container->posture_severity,
				       ev->container->posture_reason };
	else
		return false;
	return true;
}

int get_posture_checks(const struct event *ev, struct value *ret)
{
	struct given given;

	return find_given(ev, &given) ? give_flags(ret, given.findings, SYMBOLS_POSTURE) : -ENODATA;
}

int get_posture_severity(const struct event *ev, struct value *ret)
{
	struct given given;

	return find_given(ev, &given) ? give_word(ret, posture_severity_name(given.severity)) :
					-ENODATA;
}

int get_posture_reason(const struct event *ev, struct value *ret)
{
	struct given given;

	return find_given(ev, &given) ? give_nonempty(ret, given.reason) : -ENODATA;
}

/* "privileged, devices: /dev/sda" */
int get_posture_details(const struct event *ev, struct value *ret)
{
	struct slice rest = ev->posture_details, one = { 0 };
	size_t len = 0;

	if (rest.len == 0)
		return -ENODATA;
	while (rest.len > 0) {
		const char *nul = memchr(rest.data, 0, rest.len);

		slice_take(&rest, nul ? (size_t)(nul - rest.data) : rest.len, &one);
		if (len)
			len = scratch_append(ret, len, SLICE_LITERAL(", "));
		len = scratch_append(ret, len, one);
		if (rest.len > 0)
			slice_take(&rest, 1, &one);
	}
	return give_slice(ret, (struct slice){ ret->scratch, len });
}

int get_posture_partial(const struct event *ev, struct value *ret)
{
	return give_bool(ret, ev->hdr.type == EVENT_POSTURE && ev->u.posture.posture_flags != 0);
}

int get_container_privileged(const struct event *ev, struct value *ret)
{
	struct given given;

	return give_bool(ret, find_given(ev, &given) && given.findings >> POSTURE_PRIVILEGED & 1);
}
