// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a task of the host maps, or opens as its script, may be a container's. */
#include "calls.bpf.h"
#include "consume.bpf.h"
#include "use.bpf.h"

/* A hook of a runtime, in the new mount namespace, has the image's root directory
 * as its working directory, on a mount of its own that is nobody's root yet. */
static __always_inline bool is_of_coming_root(const struct sensor_config *cfg,
					      struct task_struct *task, struct file *file)
{
	struct vfsmount *mnt = KREAD(file, f_path.mnt);

	return !in_initial_mnt_ns(cfg, task) && mnt == KREAD(task, fs, pwd.mnt) &&
	       mnt != KREAD(task, fs, root.mnt);
}

/* How long a file of an image, once told, is not told again of the same hook: its
 * children all load what it preloads. Of another it is: containers share images, and
 * the next one's overlay may have the same device and inode numbers. */
#define TOLD_IMAGE_NS 100000000ull

static __always_inline bool is_told_image(struct task_struct *task, const struct written *w)
{
	return w->told_to == (u32)KREAD(task, real_parent, tgid) &&
	       bpf_ktime_get_boot_ns() - w->time_ns <= TOLD_IMAGE_NS;
}

/* A program of a runtime's lineage maps a file of a container's root as code: a
 * copy helper or a hook that loads what the image brought. */
static __always_inline u64 image_code_facts(const struct sensor_config *cfg,
					    struct task_struct *task, const struct subject *sub,
					    struct file *file, struct inode *inode)
{
	u32 magic = KREAD(inode, i_sb, s_magic);
	struct written told = { .told = 1 };
	struct inode *exe = KREAD(task, mm, exe_file, f_inode);
	struct super_block *sb = KREAD(inode, i_sb);
	struct inode_id id = {};

	if (!sub || !(sub->lineage & LINEAGE_RUNTIME) || !exe)
		return 0;
	if (!is_of_coming_root(cfg, task, file) &&
	    (magic != MAGIC_OVERLAY || (u64)sb == cfg->host_root_sb || KREAD(exe, i_sb) == sb))
		return 0;
	inode_id_of(kcompat_data_inode(inode, magic), &id);
	told.time_ns = bpf_ktime_get_boot_ns();
	told.told_to = KREAD(task, real_parent, tgid);
	bpf_map_update_elem(&container_written, &id, &told, BPF_ANY);
	return FACT_FROM_CONTAINER | FACT_OWN_LAYER;
}

/* mmap() as code by a task of the host. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__host_map, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct subject *sub;
	struct inode *inode;
	struct written *w;
	struct file *file;
	bool compat;
	u64 facts;
	s32 fd;

	if (!cfg || !s || !is_wanted(cfg, EVENT_USE))
		return 0;
	compat = task->thread_info.status & TS_COMPAT_BIT;
	if (regs->orig_ax != (compat ? NR_MMAP2_IA32 : NR_MMAP_NATIVE))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (sub && (sub->phase == PHASE_CONTAINED || sub->phase == PHASE_ESCAPED))
		return 0;
	fd = (s32)(compat ? regs->di : regs->r8);
	file = file_of_fd(task, fd);
	if (!file)
		return 0;
	inode = KREAD(file, f_inode);
	w = written_of(inode);
	s->code_container = 0;
	if (w && !w->container && !is_told_image(task, w))
		w = NULL;
	if (w) {
		if (w->told)
			return 0;
		w->told = 1;
		s->code_container = w->container;
		facts = written_facts(w);
	} else {
		facts = image_code_facts(cfg, task, sub, file, inode);
		if (!facts)
			return 0;
	}
	s->call.nr = regs->orig_ax;
	s->call.ret = ret;
	s->call.way = compat ? WAY_IA32 : WAY_NATIVE;
	emit_host_use(cfg, s, task, sub, file, USE_MAP_EXEC, fd, facts);
	return 0;
}

/* An open by a task of the host that is an interpreter and whose script bears the
 * name of something that a container wrote. The inode decides. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__script_open, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct name_key name = {};
	struct subject *sub;
	struct written *w;
	struct file *file;

	if (!cfg || !s || !is_wanted(cfg, EVENT_USE))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || !(sub->flags & SUBJECT_F_SCRIPT))
		return 0;
	if (!sub->script_opens--)
		subject_unmark_script(sub);
	file = file_of_fd(task, ret);
	w = file ? written_of(KREAD(file, f_inode)) : NULL;
	if (!w)
		return 0;
	if (sub->script_hash) {
		name_key_of(KREAD(file, f_path.dentry), &name);
		if (name_hash(&name) != sub->script_hash)
			return 0;
	}
	subject_unmark_script(sub);
	if (w->told)
		return 0;
	w->told = 1;
	s->code_container = w->container;
	emit_host_use(cfg, s, task, sub, file, USE_SCRIPT, ret, written_facts(w));
	return 0;
}
