// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* io_uring: no system call per operation. Judged at completion, where the file
 * exists. Completions run in the submitter, in a worker thread of its process or
 * in its SQPOLL thread; all share its descriptor table and inherit its subject.
 *
 * The tracepoint's arguments changed in 6.12 (the result moved into a cqe):
 * two programs, of which the sensor loads the one whose arguments fit. */
#include "connect.bpf.h"
#include "surface.bpf.h"
#include "use.bpf.h"

#define URING_CONNECT 16	/* enum io_uring_op, include/uapi/linux/io_uring.h */
#define URING_OPENAT 18
#define URING_OPENAT2 28
#define URING_READV 1
#define URING_WRITEV 2
#define URING_READ_FIXED 4
#define URING_WRITE_FIXED 5
#define URING_FALLOCATE 17
#define URING_READ 22
#define URING_WRITE 23
#define URING_FTRUNCATE 55
#define SLOT_ALLOC (~0u)	/* IORING_FILE_INDEX_ALLOC: the kernel chose, the result tells */

static __always_inline struct file *file_of_uring_open(struct task_struct *task,
						       struct io_kiocb *req, u32 res)
{
	u32 slot = KREAD((struct io_open *)req, file_slot);

	if (!slot)
		return file_of_fd(task, res);
	return kcompat_uring_file(KREAD(req, ctx), slot == SLOT_ALLOC ? res : slot - 1);
}

/* Each kind is a function of its own: all in one frame are more than the stack
 * holds on 6.1 with what they call. `req` is the request's address. Returns what
 * follow_uring_open() is to look at. */
int __noinline judge_uring_open(u64 req, u64 res)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct subject *sub;
	struct file *file;

	if (!cfg || !s || !req)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	file = file_of_uring_open(task, (struct io_kiocb *)req, res);
	__builtin_memset(&s->open, 0, sizeof(s->open));
	if (file)
		return judge_opened_file(cfg, s, task, sub, &s->open, file);
	count(COUNTER_DIRECT_FD);
	return 0;
}

int __noinline follow_uring_open(u64 req, u64 res, u64 found)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s = scratch_get();
	struct file *file;

	if (!s || !req)
		return 0;
	file = file_of_uring_open(task, (struct io_kiocb *)req, res);
	if (file)
		follow_open(s, file, found);
	return 0;
}

int __noinline judge_uring_connect(u64 req)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct scratch *s = scratch_get();
	struct subject *sub;

	if (!cfg || !s || !req)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (sub)
		judge_connect(cfg, s, task, sub, KREAD((struct io_kiocb *)req, file), 0);
	return 0;
}

static __always_inline bool is_uring_surface(u8 opcode)
{
	return opcode == URING_SPLICE || opcode == URING_SOCKET || opcode == URING_BIND;
}

#define SPLICE_FD_IN_FIXED (1u << 31) /* SPLICE_F_FD_IN_FIXED: a slot, not a descriptor */

int __noinline judge_uring_surface(u64 req, u64 opcode)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct io_kiocb *kiocb = (struct io_kiocb *)req;
	struct io_socket *socket = (struct io_socket *)req;
	struct io_splice *splice = (struct io_splice *)req;
	struct scratch *s = scratch_get();
	struct file *source;
	s32 fd;

	if (!s || !req)
		return 0;
	__builtin_memset(s->call.args, 0, sizeof(s->call.args));
	if (opcode == URING_SOCKET)
		return judge_socket((u32)KREAD(socket, domain), (u32)KREAD(socket, type),
				    (u32)KREAD(socket, protocol));
	if (opcode == URING_BIND)
		return judge_bind(forget(s, (u64)KREAD(kiocb, file)), 0);
	fd = KREAD(splice, splice_fd_in);
	if (KREAD(splice, flags) & SPLICE_FD_IN_FIXED)
		source = kcompat_uring_file(KREAD(kiocb, ctx), fd);
	else
		source = file_of_fd(task, fd);
	return judge_splice(forget(s, (u64)source), forget(s, (u64)KREAD(kiocb, file)));
}

static __always_inline u32 use_op_of_uring(u8 opcode)
{
	switch (opcode) {
	case URING_READV:
	case URING_READ_FIXED:
	case URING_READ: return USE_READ;
	case URING_WRITEV:
	case URING_WRITE_FIXED:
	case URING_WRITE: return USE_WRITE;
	}
	return 0;
}

int __noinline judge_uring_use(u64 req, u64 op)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct io_kiocb *kiocb = (struct io_kiocb *)req;
	struct scratch *s = scratch_get();
	struct subject *sub;

	if (!cfg || !s || !req)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (sub)
		judge_use(cfg, s, task, sub, KREAD(kiocb, file), -1, op);
	return 0;
}

static __always_inline bool is_uring_resize(u8 opcode)
{
	return opcode == URING_FALLOCATE || opcode == URING_FTRUNCATE;
}

/* What is changed by descriptor: the file says whose it is. Changes by name are
 * told by the inodes that they dirty, see change.bpf.c. */
int __noinline judge_uring_resize(u64 req)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct io_kiocb *kiocb = (struct io_kiocb *)req;
	struct scratch *s = scratch_get();
	u64 facts = FACT_FILE_FOREIGN;
	struct file_view v = {};
	struct subject *sub;

	if (!cfg || !s || !req)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub)
		return 0;
	view_of_file(cfg, task, sub, KREAD(kiocb, file), &v);
	if (!is_foreign(v.owner) || is_stdio(sub, v.inode))
		return 0;
	__builtin_memset(&s->change, 0, sizeof(s->change));
	s->change.op = CHANGE_TRUNCATE;
	s->change.dirfd = -1;
	s->search.foreign_container = v.mount_container;
	change_emit(forget(s, (u64)v.mnt), forget(s, (u64)v.dentry), forget(s, (u64)v.inode), facts,
		    (u32)v.owner | OBJECT_FILE << OBJECT_SHIFT);
	return 0;
}

static __always_inline int judge_completion(struct io_kiocb *req, s32 res)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sensor_config *cfg = sensor_config();
	struct subject *sub;
	struct scratch *s;
	u32 use, found;
	u8 opcode;

	if (!cfg || !req)
		return 0;
	sub = bpf_task_storage_get(&subjects, task, NULL, 0);
	if (!sub || (sub->phase != PHASE_CONTAINED && sub->phase != PHASE_ESCAPED))
		return 0;
	opcode = KREAD(req, opcode);
	use = use_op_of_uring(opcode);
	if (use) {
		if (res < 0 || sub->phase != PHASE_CONTAINED || !is_wanted(cfg, EVENT_USE))
			return 0;
		if (!is_use_foreign(sub, KREAD(req, file)))
			return 0;
	} else if (opcode != URING_OPENAT && opcode != URING_OPENAT2 && opcode != URING_CONNECT &&
		   !is_uring_surface(opcode) && !is_uring_resize(opcode)) {
		return 0;
	}
	s = scratch_get();
	if (!s)
		return 0;
	s->call.nr = opcode;
	s->call.ret = res;
	s->call.way = WAY_IO_URING;

	if (use) {
		judge_uring_use(forget(s, (u64)req), use);
	} else if (is_uring_resize(opcode)) {
		if (res >= 0 && is_wanted(cfg, EVENT_CHANGE))
			judge_uring_resize(forget(s, (u64)req));
	} else if (is_uring_surface(opcode)) {
		judge_uring_surface(forget(s, (u64)req), opcode);
	} else if (opcode == URING_CONNECT) {
		if (res == 0 && is_wanted(cfg, EVENT_CONNECT))
			judge_uring_connect(forget(s, (u64)req));
	} else if (res >= 0 && is_wanted(cfg, EVENT_OPEN)) {
		found = judge_uring_open(forget(s, (u64)req), res);
		if (found)
			follow_uring_open(forget(s, (u64)req), res, found);
	}
	return 0;
}

SEC("tp_btf/io_uring_complete")
int tp_btf__io_uring_complete(u64 *ctx)
{
	/* (struct io_ring_ctx *, void *req, struct io_uring_cqe *) */
	struct io_uring_cqe *cqe = (void *)ctx[2];

	return judge_completion((struct io_kiocb *)ctx[1], KREAD(cqe, res));
}

SEC("tp_btf/io_uring_complete")
int tp_btf__io_uring_complete_v61(u64 *ctx)
{
	/* (void *ctx, void *req, u64 user_data, int res, unsigned cflags, u64, u64) */
	return judge_completion((struct io_kiocb *)ctx[1], (s32)ctx[3]);
}
