// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Acts on another process: ptrace and its like, descriptors taken from it,
 * signals, the entries of /proc/PID that take a right over it. */
#include "access.bpf.h"

/* Is the entry of procfs outside /proc/PID? Such entries concern the whole
 * machine. The first name below the root tells; process directories begin with
 * a digit. */
static __always_inline bool is_proc_global(struct dentry *dentry)
{
	const unsigned char *name;
	struct dentry *parent;
	char first = 0;
	int i;

	for (i = 0; i < 12; i++) {
		parent = KREAD(dentry, d_parent);
		if (parent == dentry)
			return false; /* the root itself */
		if (KREAD(parent, d_parent) == parent)
			break;
		dentry = parent;
	}
	name = KREAD(dentry, d_name.name);
	bpf_probe_read_kernel(&first, 1, name);
	return first < '0' || first > '9';
}

/* "kcore" at the root of procfs, the kernel's memory, and kpageflags, kpagecount
 * and kpagecgroup, which tell what lies where in it: dangerous even to read. */
static __always_inline bool is_kcore(struct dentry *dentry)
{
	struct dentry *parent = KREAD(dentry, d_parent);
	const unsigned char *name;
	char buf[8] = {};
	bool core, page;

	if (KREAD(parent, d_parent) != parent)
		return false;
	name = KREAD(dentry, d_name.name);
	bpf_probe_read_kernel_str(buf, sizeof(buf), name);
	core = buf[1] == 'c' && buf[2] == 'o' && buf[3] == 'r' && buf[4] == 'e' && !buf[5];
	page = buf[1] == 'p' && buf[2] == 'a' && buf[3] == 'g' && buf[4] == 'e';
	return buf[0] == 'k' && (core || page);
}

__noinline int is_proc_control(u64 dentry, u64 writes)
{
	return writes ? is_proc_global((struct dentry *)dentry) : is_kcore((struct dentry *)dentry);
}

/* ---- who is meant ---- */

#define XA_LEVELS_MAX 6
#define XA_SLOTS 64

u64 __noinline find_task(u64 nr, u64 type)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pid_namespace *ns = pid_ns_of(task);
	struct scratch *s = scratch_get();
	struct xa_node *node;
	u64 entry, i;
	u32 shift;

	if (!ns || !nr || !s)
		return 0;
	entry = (u64)KREAD(ns, idr.idr_rt.xa_head);
	for (i = 0; i < XA_LEVELS_MAX; i++) {
		/* Internal entries, of which nodes are one kind, end in binary 10. */
		if ((entry & 3) != 2)
			break;
		node = (struct xa_node *)(entry - 2);
		shift = KREAD(node, shift);
		if (i == 0 && (nr >> (shift & 31)) >= XA_SLOTS)
			return 0;
		if (bpf_probe_read_kernel(&entry, sizeof(entry),
					  (char *)node +
						  bpf_core_field_offset(struct xa_node, slots) +
						  ((nr >> (shift & 31)) & (XA_SLOTS - 1)) * 8))
			return 0;
	}
	if (!i || (entry & 3))
		return 0;
	return forget(s, (u64)task_of_pid((struct pid *)entry, type));
}

/* ---- /proc/PID ---- */

static __always_inline u64 word_of(const char *name)
{
	u64 word = 0;
	u32 i;

	for (i = 0; i < 8 && name[i]; i++)
		word |= (u64)(u8)name[i] << (8 * i);
	return word;
}

/* Entries that show or change the inside of a process. What ps and node agents
 * read all day (stat, status, cmdline, cgroup, limits...) is not among them. */
static __always_inline bool is_inner_entry(const char name[16])
{
	u64 head = *(const u64 *)name, tail = *(const u64 *)(name + 8);

	if (tail == 0)
		return head == word_of("mem") || head == word_of("environ") ||
		       head == word_of("auxv") || head == word_of("maps") ||
		       head == word_of("smaps") || head == word_of("stack") ||
		       head == word_of("syscall") || head == word_of("pagemap");
	return (head == word_of("personal") && tail == word_of("ity")) ||
	       (head == word_of("numa_map") && tail == word_of("s")) ||
	       (head == word_of("smaps_ro") && tail == word_of("llup"));
}

static __always_inline void read_name(struct dentry *dentry, char ret[16])
{
	const unsigned char *name = KREAD(dentry, d_name.name);

	__builtin_memset(ret, 0, 16);
	bpf_probe_read_kernel_str(ret, 16, name);
}

/* 1: an inner entry, or one opened for writing, of a process that is not the
 * container's own. Containers that share a pid namespace of theirs are meant to
 * see each other. */
int __noinline is_foreign_proc_entry(u64 inode, u64 dentry, u64 writes)
{
	struct task_struct *task = bpf_get_current_task_btf(), *other;
	const struct sensor_config *cfg = sensor_config();
	struct target target = {};
	struct subject *sub;
	struct pid *pid;
	char name[16];

	if (!inode || !dentry || !cfg)
		return 0;
	pid = pid_of_proc_inode((struct inode *)inode);
	if (!pid || pid == KREAD(task, thread_pid))
		return 0;
	other = task_of_pid(pid, PID_BY_NUMBER);
	if (!other)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	judge_target(cfg, task, sub, other, &target);
	if (target.boundary == BOUNDARY_SAME || target.shares_pid_ns)
		return 0;
	read_name((struct dentry *)dentry, name);
	return writes || is_inner_entry(name);
}

/* 1: a namespace of the host that the container was not born in. */
int __noinline is_foreign_ns_file(u64 inode)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct container_state *born;
	struct subject *sub;
	struct ns_common *ns;
	u32 inum, i;

	if (!inode || !cfg)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	ns = KREAD((struct inode *)inode, i_private);
	inum = ns ? KREAD(ns, inum) : 0;
	born = bpf_map_lookup_elem(&containers, &sub->container);
	for (i = 0; i < NSK_MAX; i++)
		if (inum && inum == cfg->init_ns_inum[i])
			return !born || !(born->host_ns & (1u << i));
	return 0;
}

int __noinline emit_proc_open(u64 file, u64 path)
{
	struct task_struct *task = bpf_get_current_task_btf(), *other = NULL;
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct target target = { .boundary = BOUNDARY_HOST };
	struct event_access *ev;
	struct file_view v = {};
	struct subject *sub;

	if (!cfg || !s || !file || !is_wanted(cfg, EVENT_ACCESS))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	view_of_file(cfg, task, sub, (struct file *)file, &v);
	if (v.magic == MAGIC_PROC)
		other = task_of_pid(pid_of_proc_inode(v.inode), PID_BY_NUMBER);
	if (other)
		judge_target(cfg, task, sub, other, &target);
	ev = access_begin(s, task, sub, ACCESS_PROC_OPEN, &target);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	ev->request = v.f_mode & 3;
	if (v.f_mode & FMODE_WRITE_BIT)
		ev->hdr.facts |= FACT_FILE_WRITE;
	if (is_access_repeated(s, sub, ev))
		return 0;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
	if (path)
		ev->arg_len = put_user_string(s, path);
	record_end(RING_URGENT);
	return 0;
}

/* A refused open has no object. The pid in "/proc/PID/mem" leads to the process
 * all the same; a name that is spelled otherwise does not. */
int __noinline emit_refused_proc_open(u64 path)
{
	struct task_struct *task = bpf_get_current_task_btf(), *other;
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	char head[16] = {}, name[16] = {};
	struct target target = {};
	struct event_access *ev;
	struct subject *sub;
	u32 n, nr = 0;

	if (!cfg || !s || !path || !is_wanted(cfg, EVENT_ACCESS))
		return 0;
	if (bpf_probe_read_user_str(head, sizeof(head), (const void *)path) < 0 ||
	    !is_word(head, "/proc/", 6))
		return 0;
	n = parse_number(head + 6, &nr);
	if (!n || head[(6 + n) & 15] != '/')
		return 0;
	bpf_probe_read_user_str(name, sizeof(name), (const void *)(path + 7 + n));
	if (!is_inner_entry(name))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	other = (struct task_struct *)find_task(nr, PID_BY_NUMBER);
	if (!sub || !other)
		return 0;
	judge_target(cfg, task, sub, other, &target);
	if (target.boundary == BOUNDARY_SAME || target.shares_pid_ns)
		return 0;
	ev = access_begin(s, task, sub, ACCESS_PROC_OPEN, &target);
	ev->target_arg = nr;
	if (is_write_intent(s->open.flags))
		ev->hdr.facts |= FACT_FILE_WRITE;
	if (is_access_repeated(s, sub, ev))
		return 0;
	ev->arg_len = put_user_string(s, path);
	record_end(RING_URGENT);
	return 0;
}

/* ---- calls ---- */

#define PTRACE_IS_ATTACH(r) ((r) == 16 || (r) == 0x4206) /* PTRACE_ATTACH, PTRACE_SEIZE */
#define NATIVE_VM_WRITEV 311
#define IA32_VM_WRITEV 348
#define X32_VM_WRITEV 540

/* POKETEXT, POKEDATA, POKEUSER, SETREGS, SETFPREGS, SETFPXREGS, SETSIGINFO,
 * SETREGSET. Reading follows an attach, which is told. */
static __always_inline bool is_ptrace_write(u64 request)
{
	return (request >= 4 && request <= 6) || request == 13 || request == 15 || request == 19 ||
	       request == 0x4203 || request == 0x4205;
}

static __always_inline u32 access_op(const struct call *call)
{
	switch (call->handler) {
	case HANDLER_PTRACE: return ACCESS_PTRACE;
	case HANDLER_VM_ACCESS:
		switch (call->way == WAY_X32 ? call->nr & ~X32_BIT : call->nr) {
		case NATIVE_VM_WRITEV: return ACCESS_VM_WRITE;
		case IA32_VM_WRITEV:
			return call->way == WAY_IA32 ? ACCESS_VM_WRITE : ACCESS_VM_READ;
		case X32_VM_WRITEV: return ACCESS_VM_WRITE;
		}
		return ACCESS_VM_READ;
	case HANDLER_PIDFD_GETFD: return ACCESS_GETFD;
	case HANDLER_PIDFD_OPEN: return ACCESS_PIDFD_OPEN;
	case HANDLER_MADVISE: return ACCESS_MADVISE;
	case HANDLER_KCMP: return ACCESS_KCMP;
	}
	return ACCESS_SIGNAL;
}

/* Whom the call is aimed at, as its arguments say: a pid, a process group or a
 * descriptor. */
static __always_inline struct task_struct *aim_of_call(struct task_struct *task,
						       const struct call *call)
{
	struct file *file;
	s64 nr;

	switch (call->handler) {
	case HANDLER_PIDFD_GETFD:
	case HANDLER_PIDFD_SIGNAL:
	case HANDLER_MADVISE:
		file = file_of_fd(task, (s32)call->args[0]);
		return file ? task_of_pid(pid_of_file(file), PID_BY_NUMBER) : NULL;
	case HANDLER_PTRACE:
	case HANDLER_TGKILL: nr = (s32)call->args[1]; break;
	default: nr = (s32)call->args[0]; break;
	}
	if (nr < -1 && call->handler == HANDLER_KILL)
		return (struct task_struct *)find_task(-nr, PID_OF_GROUP);
	return nr > 0 ? (struct task_struct *)find_task(nr, PID_BY_NUMBER) : NULL;
}

static __always_inline u64 access_request(const struct call *call)
{
	switch (call->handler) {
	case HANDLER_PTRACE: return call->args[0];
	case HANDLER_KILL:
	case HANDLER_PIDFD_SIGNAL:
	case HANDLER_PIDFD_GETFD: return call->args[1];
	case HANDLER_TGKILL: return call->args[2];
	}
	return 0;
}

/* Success of a signal is told by signal_generate, which has the process itself;
 * sys_exit comes too late for one that was killed and is gone. */
static __always_inline bool is_access_remarkable(const struct call *call, u32 op, u64 request)
{
	bool refused = call->ret == -ERRNO_PERM || call->ret == -ERRNO_ACCES;

	if (call->ret < 0 && !refused)
		return false;
	if (op == ACCESS_PTRACE)
		return PTRACE_IS_ATTACH(request) || is_ptrace_write(request);
	if (op == ACCESS_SIGNAL)
		return refused && request;
	return op != ACCESS_PIDFD_OPEN;
}

/* What pidfd_getfd() brought is judged like what an open brings. */
static __always_inline void add_received_file(const struct sensor_config *cfg, struct scratch *s,
					      struct task_struct *task, const struct subject *sub,
					      struct event_access *ev)
{
	struct file *file = file_of_fd(task, s->call.ret);
	struct file_view v = {};

	if (!file)
		return;
	view_of_file(cfg, task, sub, file, &v);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	ev->hdr.facts |= forget(s, file_facts(s, sub, &v));
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__access, struct pt_regs *regs, long ret)
{
	struct task_struct *other;
	struct target target = {};
	struct event_access *ev;
	u64 request;
	u32 op;
	HANDLER_PROLOGUE(EVENT_ACCESS);

	op = access_op(&s->call);
	request = access_request(&s->call);
	if (!is_access_remarkable(&s->call, op, request))
		return 0;
	other = aim_of_call(task, &s->call);
	if (!other)
		return 0;
	judge_target(cfg, task, sub, other, &target);
	if (target.boundary == BOUNDARY_SAME && op == ACCESS_KCMP) {
		other = (struct task_struct *)find_task((u32)s->call.args[1], PID_BY_NUMBER);
		if (!other)
			return 0;
		judge_target(cfg, task, sub, other, &target);
	}
	if (target.boundary == BOUNDARY_SAME)
		return 0;
	ev = access_begin(s, task, sub, op, &target);
	ev->request = request;
	ev->target_arg = op == ACCESS_PTRACE ? s->call.args[1] : s->call.args[0];
	if (is_access_repeated(s, sub, ev))
		return 0;
	if (op == ACCESS_GETFD && ret >= 0)
		add_received_file(cfg, s, task, sub, ev);
	record_end(RING_URGENT);
	return 0;
}

/* ---- signals ---- */

/* What only a call of the sender makes: SI_USER, SI_TKILL, and those of
 * sigqueue() that no timer or queue of the kernel's makes too. Only these come
 * in the sender's own context; the others may interrupt anybody. */
static __always_inline bool is_sent_by_call(struct kernel_siginfo *info)
{
	s32 code;

	if ((u64)info <= 1) /* SEND_SIG_NOINFO, SEND_SIG_PRIV */
		return false;
	code = KREAD(info, si_code);
	return code <= 0 && !(code <= -2 && code >= -5) && code != -7 && code != -60;
}

/* Runs in the sender, for each process that a signal reaches: kill(-1) and
 * groups included, by whatever call and gate. */
SEC("tp_btf/signal_generate")
int BPF_PROG(tp_btf__signal_generate, int sig, struct kernel_siginfo *info,
	     struct task_struct *other, int group, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct target target = {};
	struct event_access *ev;
	struct pt_regs *regs;
	struct subject *sub;
	struct scratch *s;
	struct nsproxy *ns = task->nsproxy;

	if (!ns || ((u64)ns->mnt_ns == cfg->init_mnt_ns && !n_outside) || other->tgid == task->tgid)
		return 0;
	if (!is_wanted(cfg, EVENT_ACCESS) || !is_sent_by_call(info))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED))
		return 0;
	judge_target(cfg, task, sub, other, &target);
	if (target.boundary == BOUNDARY_SAME)
		return 0;
	s = scratch_get();
	if (!s)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	s->call.nr = KREAD(regs, orig_ax);
	s->call.ret = 0;
	s->call.way = WAY_NATIVE;
	if (task->thread_info.status & TS_COMPAT_BIT)
		s->call.way = WAY_IA32;
	else if (s->call.nr & X32_BIT)
		s->call.way = WAY_X32;
	ev = access_begin(s, task, sub, ACCESS_SIGNAL, &target);
	ev->request = sig;
	if (!is_access_repeated(s, sub, ev))
		record_end(RING_URGENT);
	return 0;
}
