/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/render.h"

static int render(const struct finding *finding, enum sink_format format, bool colour, struct buf *buf)
{
	switch (format) {
	case SINK_TEXT: return colour ? render_block(finding, buf) : render_text(finding, buf);
	case SINK_JSON: return render_json(finding, buf);
	case SINK_FALCO: return render_falco(finding, buf);
	case SINK_OCSF: return render_ocsf(finding, buf);
	}
	return -EINVAL;
}

int sink_render(const struct finding *finding, enum sink_format format, bool colour, char **ret_text,
		size_t *ret_len)
{
	struct buf buf = {};
	int r;

	r = render(finding, format, colour, &buf);
	if (r < 0) {
		buf_release(&buf);
		return r;
	}
	*ret_text = buf.data;
	*ret_len = buf.len;
	return 0;
}
