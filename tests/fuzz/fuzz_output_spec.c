/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as --output SPEC: it is refused in one line, or it means something that
 * stays within its bounds. */
#include <stdio.h>

#include "agent/output_spec.h"
#include "unit/check_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_error(const char *error)
{
	check(strnlen(error, OUTPUT_ERROR_MAX) > 0 && strnlen(error, OUTPUT_ERROR_MAX) < OUTPUT_ERROR_MAX);
	check(check_is_safe(slice_from(error)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char error[OUTPUT_ERROR_MAX] = "";
	cleanup_free char *text = strndup((const char *)data, len);
	struct output_spec spec;

	check(text != NULL);
	if (output_spec_parse(text, &spec, error) < 0) {
		check_error(error);
		check(!spec.target && !spec.name && !spec.headers);
		return 0;
	}
	if (output_spec_finish(&spec, SINK_TEXT, error) < 0) {
		check_error(error);
		output_spec_release(&spec);
		return 0;
	}
	check(output_kind_name(spec.kind) && output_format_name(spec.format));
	check(spec.name && *spec.name && (spec.kind == OUTPUT_STDOUT) == !spec.target);
	check(spec.queue_bytes >= OUTPUT_QUEUE_MIN && spec.queue_bytes <= OUTPUT_QUEUE_MAX);
	check(spec.batch >= 1 && spec.batch <= OUTPUT_BATCH_MAX && spec.keep >= 1 && spec.keep <= OUTPUT_KEEP_MAX);
	check(spec.facility < 24 && spec.min_priority < 8 && spec.timeout_ms >= 100 && spec.retry_max_ms >= 100);
	check(check_is_safe(slice_from(spec.name)));
	if (spec.kind == OUTPUT_HTTP && !strstr(text, "name"))
		check(!strchr(spec.name, '?') && strlen(spec.name) <= strcspn(spec.target + 8, "/?#") + 12);
	output_spec_release(&spec);
	return 0;
}
