// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's own surface: modules, kexec, bpf, perf, keys, crypto sockets,
 * terminals, fanotify. A healthy container seldom comes here, so attempts are
 * told too, whatever their errno: on a hardened host the call fails, and was
 * made all the same. */
#include "surface.bpf.h"
#include "use.bpf.h"

/* ---- which call ---- */

static __always_inline u32 native_of_ia32(u32 nr)
{
	switch (nr) {
	case 25: return NR_SETTIMEOFDAY; /* stime */
	case 54: return NR_IOCTL;
	case 74: return NR_SETHOSTNAME;
	case 79: return NR_SETTIMEOFDAY;
	case 103: return NR_SYSLOG;
	case 121: return NR_SETDOMAINNAME;
	case 124: return NR_ADJTIMEX;
	case 128: return NR_INIT_MODULE;
	case 129: return NR_DELETE_MODULE;
	case 264:
	case 404: return NR_CLOCK_SETTIME;
	case 286: return NR_ADD_KEY;
	case 287: return NR_REQUEST_KEY;
	case 288: return NR_KEYCTL;
	case 336: return NR_PERF_EVENT_OPEN;
	case 338: return NR_FANOTIFY_INIT;
	case 339: return NR_FANOTIFY_MARK;
	case 343:
	case 405: return NR_CLOCK_ADJTIME;
	case 350: return NR_FINIT_MODULE;
	case 357: return NR_BPF;
	case 374: return NR_USERFAULTFD;
	}
	return 0; /* one that needs no closer look */
}

static __always_inline u32 surface_nr(const struct call *call)
{
	if (call->way == WAY_IA32)
		return native_of_ia32(call->nr);
	if ((call->nr & ~X32_BIT) == 514)
		return NR_IOCTL; /* x32 */
	return call->nr & ~X32_BIT;
}

/* ---- the record ---- */

/* The same call with the same first argument, by the same process and with the
 * same outcome, is told once in a while. */
static __always_inline bool is_call_repeated(struct scratch *s, const struct subject *sub,
					     const struct event_syscall *ev, u64 request)
{
	struct access_key *key = &s->access;
	u64 *seen;

	__builtin_memset(key, 0, sizeof(*key));
	key->container = sub->container;
	key->actor_tgid = ev->hdr.proc.tgid;
	key->request = request;
	key->op = (u32)ev->hdr.nr << 8 | ev->hdr.way << 4 | 15;
	key->failed = ev->hdr.ret < 0 ? (u32)-ev->hdr.ret : 0;
	key->inode = ev->file.ino;
	seen = bpf_map_lookup_elem(&accesses, key);
	if (seen && ev->hdr.time_ns - *seen < ACCESS_QUIET_NS)
		return true;
	bpf_map_update_elem(&accesses, key, &ev->hdr.time_ns, BPF_ANY);
	return false;
}

static __always_inline struct event_syscall *syscall_begin(struct scratch *s,
							   struct task_struct *task,
							   const struct subject *sub)
{
	struct event_syscall *ev = record_begin(s, sizeof(*ev));
	int i;

	fill_header(s, EVENT_SYSCALL, task, sub);
	fill_call(s);
	for (i = 0; i < 6; i++)
		ev->args[i] = s->call.args[i];
	return ev;
}

static __always_inline void add_file(const struct sensor_config *cfg, struct scratch *s,
				     struct task_struct *task, const struct subject *sub,
				     struct event_syscall *ev, struct file *file)
{
	struct file_view v = {};

	if (!file)
		return;
	view_of_file(cfg, task, sub, file, &v);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	fill_boundary(&ev->hdr, sub, &v);
	ev->hdr.facts |= forget(s, file_facts(s, sub, &v)) & ~FACT_FILE_WRITE;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
}

/* ---- modules, kexec, clocks, keys and the rest ---- */

#define ADJ_ADJTIME 0x8000u /* a mode of adjtimex() that may only read */
#define ADJ_OFFSET_READONLY 0x2000u
#define UFFD_USER_ONLY 1u
#define SYSLOG_READS(a) ((a) >= 2 && (a) <= 8)

/* keyctl() commands that show or take keys; the others make one's own. */
static __always_inline bool is_key_search(u64 op)
{
	return op == 6 || op == 8 || op == 10 || op == 11; /* DESCRIBE, LINK, SEARCH, READ */
}

/* Did adjtimex() change anything, or was it refused to? */
static __always_inline u32 clock_modes(u64 addr)
{
	u32 modes = 0;

	bpf_probe_read_user(&modes, sizeof(modes), (const void *)addr);
	return (modes & (ADJ_ADJTIME | ADJ_OFFSET_READONLY)) ==
			       (ADJ_ADJTIME | ADJ_OFFSET_READONLY) ?
		       0 :
		       modes;
}

static __always_inline bool is_surface_remarkable(const struct sensor_config *cfg,
						  struct task_struct *task, const struct call *call,
						  u32 nr)
{
	switch (nr) {
	case NR_SYSLOG: return SYSLOG_READS(call->args[0]);
	case NR_USERFAULTFD: return !(call->args[0] & UFFD_USER_ONLY);
	case NR_KEYCTL: return is_key_search(call->args[0]);
	case NR_ADD_KEY:
	case NR_REQUEST_KEY: return false; /* of one's own; what others hold is not shown */
	case NR_ADJTIMEX: return call->ret >= 0 && clock_modes(call->args[0]);
	case NR_CLOCK_ADJTIME: return call->ret >= 0 && clock_modes(call->args[1]);
	case NR_SETTIMEOFDAY:
	case NR_CLOCK_SETTIME: return call->ret == 0;
	case NR_SETHOSTNAME:
	case NR_SETDOMAINNAME:
		return call->ret == 0 &&
		       KREAD(task, nsproxy, uts_ns, ns.inum) == cfg->init_ns_inum[NSK_UTS];
	}
	return true;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__surface, struct pt_regs *regs, long ret)
{
	struct event_syscall *ev;
	u32 nr;
	HANDLER_PROLOGUE(EVENT_SYSCALL);

	nr = surface_nr(&s->call);
	if (!is_surface_remarkable(cfg, task, &s->call, nr))
		return 0;
	nr = forget(s, nr);
	ev = syscall_begin(s, task, sub);
	if (nr == NR_ADJTIMEX)
		ev->detail[0] = clock_modes(s->call.args[0]);
	if (nr == NR_FINIT_MODULE || nr == NR_KEXEC_FILE_LOAD)
		add_file(cfg, s, task, sub, ev, file_of_fd(task, (s32)s->call.args[0]));
	/* A search through keys is known by its number, so each call counts. */
	if (nr == NR_KEYCTL) {
		record_end(RING_BULK);
		return 0;
	}
	if (is_call_repeated(s, sub, ev, nr == NR_SYSLOG ? s->call.args[0] : 0))
		return 0;
	if (nr == NR_DELETE_MODULE)
		ev->arg_len = put_user_string(s, s->call.args[0]);
	record_end(RING_URGENT);
	return 0;
}

/* ---- bpf, perf ---- */

#define BPF_CMD_PROG_LOAD 5
#define BPF_CMD_MAP_CREATE 0
#define PERF_ATTR_CONFIG 8

/* Reading and writing the elements of maps one has. */
static __always_inline bool is_bpf_everyday(u64 cmd)
{
	return (cmd >= 1 && cmd <= 4) || cmd == 15 || cmd == 21 || (cmd >= 24 && cmd <= 27);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__bpf, struct pt_regs *regs, long ret)
{
	struct event_syscall *ev;
	u64 cmd;
	u32 type = 0;
	HANDLER_PROLOGUE(EVENT_SYSCALL);

	cmd = (u32)s->call.args[0];
	if (is_bpf_everyday(cmd))
		return 0;
	if (cmd == BPF_CMD_PROG_LOAD || cmd == BPF_CMD_MAP_CREATE)
		bpf_probe_read_user(&type, sizeof(type), (const void *)s->call.args[1]);
	ev = syscall_begin(s, task, sub);
	ev->detail[0] = type;
	if (!is_call_repeated(s, sub, ev, cmd << 32 | type))
		record_end(RING_URGENT);
	return 0;
}

/* A process' own measurements are everyday; those of a whole processor show
 * everybody's, those of another process its. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__perf, struct pt_regs *regs, long ret)
{
	struct task_struct *other = NULL;
	struct target target = {};
	struct event_syscall *ev;
	s32 pid;
	HANDLER_PROLOGUE(EVENT_SYSCALL);

	pid = (s32)s->call.args[1];
	if (pid > 0) {
		other = (struct task_struct *)find_task(pid, PID_BY_NUMBER);
		if (!other)
			return 0;
		judge_target(cfg, task, sub, other, &target);
		if (target.boundary == BOUNDARY_SAME || target.shares_pid_ns)
			return 0;
	} else if (pid == 0 || (s32)s->call.args[2] < 0) {
		return 0;
	}
	ev = syscall_begin(s, task, sub);
	bpf_probe_read_user(&ev->detail[0], sizeof(u32), (const void *)s->call.args[0]);
	bpf_probe_read_user(&ev->detail[1], sizeof(u64),
			    (const void *)(s->call.args[0] + PERF_ATTR_CONFIG));
	if (other) {
		ev->hdr.facts |= FACT_FOREIGN_TASK;
		ev->hdr.boundary = target.boundary;
		ev->hdr.target_container = target.container;
	}
	if (!is_call_repeated(s, sub, ev, (u32)pid))
		record_end(RING_URGENT);
	return 0;
}

/* ---- sockets ---- */

#define NETLINK_XFRM 6
#define NETLINK_NETFILTER 12

/* Families that every program uses: Unix, IPv4, IPv6, and netlink but for what
 * only a new user namespace opens. Vsock is what agents of virtual machines use
 * too; it is told all the same. */
static __always_inline bool is_family_everyday(const struct sensor_config *cfg,
					       struct task_struct *task, u32 family, u32 protocol)
{
	if (family == FAMILY_UNIX || family == 2 || family == 10 || !family)
		return true;
	if (family != FAMILY_NETLINK)
		return false;
	if (protocol != NETLINK_XFRM && protocol != NETLINK_NETFILTER)
		return true;
	return KREAD(task, cred, user_ns, ns.inum) == cfg->init_ns_inum[NSK_USER];
}

int __noinline judge_socket(u64 family, u64 type, u64 protocol)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct event_syscall *ev;
	struct subject *sub;

	if (!cfg || !s || !is_wanted(cfg, EVENT_SYSCALL) ||
	    is_family_everyday(cfg, task, family, protocol))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	s->call.args[0] = family;
	s->call.args[1] = type;
	s->call.args[2] = protocol;
	ev = syscall_begin(s, task, sub);
	if (!is_call_repeated(s, sub, ev, family))
		record_end(RING_URGENT);
	return 0;
}

static __always_inline u32 family_of_file(struct file *file)
{
	struct socket *sock;
	struct sock *sk;

	if (!file || (KREAD(file, f_inode, i_mode) & MODE_FMT) != MODE_SOCK)
		return 0;
	sock = KREAD(file, private_data);
	sk = sock ? KREAD(sock, sk) : NULL;
	return sk ? KREAD(sk, __sk_common.skc_family) : 0;
}

/* An AF_ALG socket is bound to an algorithm: struct sockaddr_alg holds its kind
 * from byte 2 on and its name from byte 24 on. */
int __noinline judge_bind(u64 file, u64 addr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct event_syscall *ev;
	struct subject *sub;

	if (!cfg || !s || !file || !is_wanted(cfg, EVENT_SYSCALL) ||
	    family_of_file((struct file *)file) != FAMILY_ALG)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	ev = syscall_begin(s, task, sub);
	/* Told by the family of the socket, whatever the address says. */
	ev->args[0] = FAMILY_ALG;
	if (addr)
		bpf_probe_read_user(&ev->detail[0], 8, (const void *)(addr + 2));
	if (is_call_repeated(s, sub, ev, ev->detail[0]))
		return 0;
	if (addr)
		ev->arg_len = put_user_string(s, addr + 24);
	record_end(RING_URGENT);
	return 0;
}

/* ia32's socketcall() has been taken apart when this is reached. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__socket, struct pt_regs *regs, long ret)
{
	HANDLER_PROLOGUE(EVENT_SYSCALL);

	(void)sub;
	if (s->call.handler == HANDLER_BIND)
		return judge_bind(forget(s, (u64)file_of_fd(task, (s32)s->call.args[0])),
				  s->call.args[1]);
	return judge_socket((u32)s->call.args[0], (u32)s->call.args[1], (u32)s->call.args[2]);
}

/* ---- splice ---- */

#define MODE_IXGRP 00010u
#define CAP_BIT_DAC_OVERRIDE 1u
#define MNT_IS_READONLY 0x40 /* MNT_READONLY */
#define SB_IS_READONLY 1u    /* SB_RDONLY */

static __always_inline u32 splice_source(struct task_struct *task, const struct file_view *v)
{
	struct cred *cred = KREAD(task, cred);
	u32 flags = 0, uid = KREAD(cred, euid.val), mode = v->mode;

	if (mode & MODE_SUID || (mode & (MODE_SGID | MODE_IXGRP)) == (MODE_SGID | MODE_IXGRP))
		flags |= SPLICE_SETID;
	if ((KREAD(v->mnt, mnt_flags) & MNT_IS_READONLY) ||
	    (KREAD(v->inode, i_sb, s_flags) & SB_IS_READONLY))
		flags |= SPLICE_READ_ONLY | SPLICE_NOT_WRITABLE;
	if (kcompat_cap_effective(cred) & (1ull << CAP_BIT_DAC_OVERRIDE))
		return flags;
	if (KREAD(v->inode, i_uid.val) == uid			? !(mode & 0200) :
	    KREAD(v->inode, i_gid.val) == KREAD(cred, egid.val) ? !(mode & 0020) :
								  !(mode & 0002))
		flags |= SPLICE_NOT_WRITABLE;
	return flags;
}

/* Pages of a file, not copies of them, go into a pipe or a crypto socket. What
 * the kernel then does wrong with them it does to the file, for everybody who
 * reads it. Remarkable: a source that the caller could not write anyhow and that
 * gives power to whom can (set-id, of the host, a runtime's), and crypto. */
int __noinline judge_splice(u64 source, u64 target)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct event_syscall *ev;
	struct file_view v = {};
	struct subject *sub;
	u64 facts = 0;
	u32 flags = 0;
	u16 type;

	if (!cfg || !s || !source || !target || !is_wanted(cfg, EVENT_SYSCALL))
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	type = KREAD((struct file *)target, f_inode, i_mode) & MODE_FMT;
	if (type == MODE_FIFO)
		flags = SPLICE_TO_PIPE;
	else if (family_of_file((struct file *)target) == FAMILY_ALG)
		flags = SPLICE_TO_CRYPTO;
	else
		return 0;
	view_of_file(cfg, task, sub, (struct file *)source, &v);
	if ((v.mode & MODE_FMT) == MODE_REG) {
		/* Known bits are a state each to the verifier, and what follows is long. */
		flags = forget(s, flags | splice_source(task, &v));
		facts = forget(s, file_facts(s, sub, &v)) &
			(FACT_FILE_FOREIGN | FACT_RUNTIME_BINARY | FACT_FILE_UNREACHABLE);
	}
	if (!facts && !(flags & SPLICE_TO_CRYPTO) &&
	    (flags & (SPLICE_SETID | SPLICE_NOT_WRITABLE)) != (SPLICE_SETID | SPLICE_NOT_WRITABLE))
		return 0;
	ev = syscall_begin(s, task, sub);
	ev->detail[0] = flags;
	ev->hdr.facts |= facts;
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	fill_boundary(&ev->hdr, sub, &v);
	if (is_call_repeated(s, sub, ev, flags))
		return 0;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
	record_end(RING_URGENT);
	return 0;
}

#define NATIVE_VMSPLICE 278
#define NATIVE_TEE 276
#define NATIVE_COPY_FILE_RANGE 326

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__splice, struct pt_regs *regs, long ret)
{
	s64 source, target;
	u32 nr;
	HANDLER_PROLOGUE(EVENT_SYSCALL);

	nr = s->call.nr & ~X32_BIT;
	source = target = -1; /* vmsplice, tee, copy_file_range: no file's pages go anywhere new */
	if (s->call.way == WAY_IA32 ? nr == 313 : nr == NR_SPLICE) {
		source = (s32)s->call.args[0];
		target = (s32)s->call.args[2];
	} else if (s->call.way == WAY_IA32 ? nr == 187 || nr == 239 : nr == NR_SENDFILE) {
		target = (s32)s->call.args[0];
		source = (s32)s->call.args[1];
	}
	if (source >= 0)
		judge_splice(forget(s, (u64)file_of_fd(task, source)),
			     forget(s, (u64)file_of_fd(task, target)));
	/* The source is read, too. */
	if (s->call.ret >= 0 && is_use_foreign(sub, file_of_fd(task, use_fd_of(&s->call)))) {
		bpf_tail_call(ctx, &handlers, HANDLER_USE);
		count(COUNTER_TAIL_CALL);
	}
	return 0;
}

/* ---- terminals ---- */

/* Characters pushed into a terminal that is not the container's own are typed
 * into the shell of whoever sits there. An inherited one is no less foreign. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle__ioctl, struct pt_regs *regs, long ret)
{
	struct scratch *call = scratch_get();
	struct event_syscall *ev;
	struct file_view v = {};
	struct file *file;

	if (!call || !is_terminal_input(call->call.args[1]))
		return 0;
	HANDLER_PROLOGUE(EVENT_SYSCALL);

	file = file_of_fd(task, (s32)s->call.args[0]);
	if (!file)
		return 0;
	view_of_file(cfg, task, sub, file, &v);
	if (!is_foreign(v.owner) || (v.mode & MODE_FMT) != MODE_CHR)
		return 0;
	ev = syscall_begin(s, task, sub);
	ev->hdr.facts |= FACT_FILE_FOREIGN;
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	fill_boundary(&ev->hdr, sub, &v);
	if (is_call_repeated(s, sub, ev, s->call.args[1]))
		return 0;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	record_end(RING_URGENT);
	return 0;
}

/* ---- fanotify ---- */

#define FAN_ON_MOUNT 0x10u	 /* FAN_MARK_MOUNT */
#define FAN_ON_FILESYSTEM 0x100u /* FAN_MARK_FILESYSTEM */

SEC("tp_btf/sys_exit")
int BPF_PROG(handle__fanotify, struct pt_regs *regs, long ret)
{
	struct event_syscall *ev;
	u32 path;
	HANDLER_PROLOGUE(EVENT_SYSCALL);

	if (surface_nr(&s->call) != NR_FANOTIFY_MARK ||
	    !(s->call.args[1] & (FAN_ON_MOUNT | FAN_ON_FILESYSTEM)))
		return 0;
	ev = syscall_begin(s, task, sub);
	if (is_call_repeated(s, sub, ev, s->call.args[1]))
		return 0;
	/* ia32 hands the 64-bit mask over in two. */
	path = s->call.way == WAY_IA32 ? 5 : 4;
	ev->arg_len = put_user_string(s, s->call.args[path]);
	record_end(RING_URGENT);
	return 0;
}
