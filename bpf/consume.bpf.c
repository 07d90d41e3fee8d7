// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is kept of a contained task's open for later. A function of its own: the
 * stack of the open handlers has no room for it. */
#include "open.bpf.h"

int __noinline note_open(u64 address, u64 facts)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct file_view v = {};
	struct subject *sub;

	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!cfg || !sub || !address)
		return 0;
	view_of_file(cfg, task, sub, (struct file *)address, &v);
	if ((facts & (FACT_KERNEL_CONTROL | FACT_FILE_WRITE)) ==
	    (FACT_KERNEL_CONTROL | FACT_FILE_WRITE))
		note_setter(sub, &v);
	if (is_data_file(&v))
		note_written(task, sub, &v);
	return 0;
}
