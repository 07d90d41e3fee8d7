/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a task may do, read from its kernel objects and compared; what may
 * explain a change is in cred.bpf.h. */
#ifndef BW_IDENTITY_BPF_H
#define BW_IDENTITY_BPF_H

#include "brigwatch.bpf.h"

#define SECCOMP_FILTER_MODE 2	     /* include/uapi/linux/seccomp.h */
#define SYSCALL_WORK_SECCOMP_BIT 1ul /* include/linux/thread_info.h */
#define NO_NEW_PRIVS_BIT 1ul	     /* include/linux/sched.h: PFA_NO_NEW_PRIVS */

static __always_inline u32 confinement_of(struct task_struct *task)
{
	u32 ret = KHOT(task, seccomp.mode) == SECCOMP_FILTER_MODE ? CONFINED_FILTER : 0;

	ret |= (KHOT(task, thread_info.syscall_work) & SYSCALL_WORK_SECCOMP_BIT) << 1;
	return ret | (KHOT(task, atomic_flags) & NO_NEW_PRIVS_BIT) << 2;
}

/* `cred` is the one in force at a system call's exit, the objective one
 * elsewhere: within a call the kernel may wear somebody else's for a moment.
 * `ret` is in a map, where the verifier forgets that addresses are pointers. */
static __always_inline void read_identity(struct task_struct *task, struct cred *cred,
					  struct identity *ret)
{
	struct nsproxy *ns = KHOT(task, nsproxy);
	struct fs_struct *fs = KHOT(task, fs);

	ret->inheritable = KHOT_CAP(cred, cap_inheritable);
	ret->permitted = KHOT_CAP(cred, cap_permitted);
	ret->effective = KHOT_CAP(cred, cap_effective);
	ret->bounding = KHOT_CAP(cred, cap_bset);
	ret->user_ns = (u64)KHOT(cred, user_ns);
	ret->nsproxy = (u64)ns;
	ret->mnt_ns = ns ? (u64)KHOT(ns, mnt_ns) : 0;
	ret->root_mnt = fs ? (u64)KHOT(fs, root.mnt) : 0;
	ret->uid = KHOT(cred, uid.val);
	ret->euid = KHOT(cred, euid.val);
	ret->suid = KHOT(cred, suid.val);
	ret->gid = KHOT(cred, gid.val);
	ret->egid = KHOT(cred, egid.val);
	ret->sgid = KHOT(cred, sgid.val);
	ret->securebits = KHOT(cred, securebits);
	ret->confined = confinement_of(task);
	barrier();
}

/* No branch but the last: a contained task pays for this at every call. */
static __always_inline bool identity_differs(const struct identity *a, const struct identity *b)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;
	u64 diff = 0;
	u32 i;

#pragma unroll
	for (i = 0; i < IDENTITY_WORDS; i++)
		diff |= x[i] ^ y[i];
	return diff != 0;
}

/* Something is not as it was: a reason to compare in full. Replaced credentials and
 * namespaces, and the words that those who overwrite in place are after. What is
 * left out (the other ids, what may be inherited) gives nothing before a call that
 * is compared in full. */
static __always_inline bool identity_stirs(const struct subject *sub, struct task_struct *task,
					   struct cred *cred, struct nsproxy *ns)
{
	const struct identity *id = &sub->id;
	struct fs_struct *fs = KHOT(task, fs);
	u64 diff;

	if ((u64)cred != sub->cred || (u64)ns != id->nsproxy || !fs ||
	    (u64)KHOT(fs, root.mnt) != id->root_mnt || (u64)KHOT(cred, user_ns) != id->user_ns)
		return true;
	diff = KHOT(cred, euid.val) ^ id->euid;
	diff |= KHOT_CAP(cred, cap_effective) ^ id->effective;
	diff |= KHOT_CAP(cred, cap_bset) ^ id->bounding;
	diff |= confinement_of(task) ^ id->confined;
	return diff != 0;
}

static __always_inline void identity_learn(struct subject *sub, const struct identity *now)
{
	sub->id = *now;
	sub->suspect = 0;
}

#endif
