/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Descriptors judged where they are used. A file may reach a container without
 * being opened there: inherited, passed over a socket, taken from another process,
 * made by fanotify. Sooner or later somebody reads it, writes it or maps it. */
#ifndef BW_USE_BPF_H
#define BW_USE_BPF_H

#include "open.bpf.h"

#define PROT_EXEC_BIT 4u
#define MAP_ANONYMOUS_BIT 0x20u

/* Terminals, /dev/null, zero, full, random, urandom, tty, console, ptmx
 * (Documentation/admin-guide/devices.txt): they are passed about and harm nobody. */
static __always_inline bool is_harmless_device(u32 rdev)
{
	u32 major = rdev >> 20, minor = rdev & 0xfffff;

	if (major == 1)
		return minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9;
	return major == 5 || (major >= 136 && major <= 143);
}

static __always_inline bool is_use_harmless(const struct subject *sub, const struct file_view *v)
{
	switch (v->mode & MODE_FMT) {
	case MODE_REG:
	case MODE_DIR:
	case MODE_BLK: break;
	case MODE_CHR:
		if (is_harmless_device(KREAD(v->inode, i_rdev)))
			return true;
		break;
	default: return true;
	}
	return is_stdio(sub, v->inode);
}

/* A foreign file was used. */
static __always_inline void judge_use(const struct sensor_config *cfg, struct scratch *s,
				      struct task_struct *task, const struct subject *sub,
				      struct file *file, s32 fd, u32 op)
{
	struct file_view v = {};
	struct event_use *ev;
	u64 facts;

	view_of_file(cfg, task, sub, file, &v);
	if (!is_foreign(v.owner) || is_use_harmless(sub, &v))
		return;
	if (use_was_told(sub, v.inode, 1u << op))
		return;
	v.f_mode = op == USE_WRITE ? FMODE_WRITE_BIT : FMODE_READ_BIT;
	facts = file_facts(s, sub, &v);
	if (op == USE_MAP_EXEC)
		facts |= FACT_CODE_FOREIGN;
	facts = forget(s, facts);
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_USE, task, sub);
	fill_call(s);
	fill_file(&ev->file, &v, SOURCE_KERNEL);
	fill_boundary(&ev->hdr, sub, &v);
	ev->hdr.facts |= facts;
	ev->fd = fd;
	ev->op = op;
	ev->f_mode = KREAD(file, f_mode) & 3;
	ev->path_len = put_path_of(s, v.mnt, v.dentry);
	ev->fspath_len = put_path_of(s, NULL, v.dentry);
	record_end(RING_URGENT);
}

#define NATIVE_SENDFILE 40
#define IA32_SENDFILE 187
#define IA32_SENDFILE64 239

/* The descriptor that data comes from or, in a write, goes to. */
static __always_inline s32 use_fd_of(const struct call *call)
{
	bool is_ia32 = call->way == WAY_IA32;

	if (call->handler == HANDLER_SPLICE &&
	    (is_ia32 ? call->nr == IA32_SENDFILE || call->nr == IA32_SENDFILE64 :
		       (call->nr & ~0x40000000) == NATIVE_SENDFILE))
		return call->args[1];
	return call->args[0];
}

/* arch/x86/entry/syscalls: what HANDLER_USE calls do with the descriptor */
static __always_inline u32 use_op_of(const struct call *call)
{
	if (call->way == WAY_IA32) {
		switch (call->nr) {
		case 4:	  /* write */
		case 146: /* writev */
		case 181: /* pwrite64 */
		case 334: /* pwritev */
		case 379: /* pwritev2 */ return USE_WRITE;
		case 89:  /* readdir */
		case 141: /* getdents */
		case 220: /* getdents64 */ return USE_LIST;
		}
		return USE_READ;
	}
	switch (call->nr & ~0x40000000) {
	case 1:	  /* write */
	case 18:  /* pwrite64 */
	case 20:  /* writev */
	case 296: /* pwritev */
	case 328: /* pwritev2 */
	case 516: /* x32 writev */
	case 535: /* x32 pwritev */
	case 547: /* x32 pwritev2 */ return USE_WRITE;
	case 78: /* getdents */
	case 217: /* getdents64 */ return USE_LIST;
	}
	return USE_READ;
}

#endif
