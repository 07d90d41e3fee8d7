/* SPDX-License-Identifier: Apache-2.0 */
/* What a container was given, as an enemy would have the files say it. */
#include "enrich/posture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the parser. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const parsers[])(struct slice, struct posture *) = {
		posture_read_oci,
		posture_read_docker_host,
		posture_read_docker_config,
		posture_read_runc_state,
		posture_read_live,
	};
	struct posture posture = { 0 };
	char reason[16];
	struct slice bytes;

	if (size == 0)
		return 0;
	bytes = (struct slice){ (const char *)data + 1, size - 1 };
	if (parsers[(uint8_t)(data[0] - '0') % ARRAY_SIZE(parsers)](bytes, &posture) < 0 &&
	    (posture.findings || posture.details || posture.binds))
		abort();
	if (posture.findings >> POSTURE_N || posture.n_details > POSTURE_DETAILS_MAX ||
	    posture.n_binds > POSTURE_BINDS_MAX)
		abort();
	for (size_t i = 0; i < posture.n_details; i++)
		if (!memchr(posture.details[i].text, 0, POSTURE_DETAIL_MAX))
			abort();
	for (size_t i = 0; i < posture.n_binds; i++)
		if (posture.binds[i].source[0] != '/')
			abort();
	posture_reason(posture.findings, reason, sizeof(reason));
	posture_release(&posture);
	return 0;
}
