/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Identity drift: what a task may do (ids, capabilities, user namespace, the
 * other namespaces, seccomp, root directory) is compared with what it was last
 * explained to be. Whatever an exploit of the kernel does inside, it ends with
 * a task that may do more, and no system call that could have given it that.
 *
 * Contents are compared and not pointers: keyctl(), a reload of AppArmor and
 * setgroups() swap the pointers, exploits overwrite what they point to. Less
 * than before is never drift; capset(), prctl() and seccomp() only take away. */
#ifndef BW_CRED_BPF_H
#define BW_CRED_BPF_H

#include "file.bpf.h"

/* include/uapi/linux/capability.h, securebits.h */
#define CAP_BIT_SETGID (1ull << 6)
#define CAP_BIT_SETUID (1ull << 7)
#define SECBIT_KEEP_CAPS (1u << 4)

#define TASK_EXITING 0x4u /* include/linux/sched.h: PF_EXITING */

/* ---- namespaces ---- */

static __always_inline u64 ns_kind_flag(u32 kind)
{
	switch (kind) {
	case NSK_MNT: return NEWNS;
	case NSK_PID: return NEWPID;
	case NSK_NET: return NEWNET;
	case NSK_IPC: return NEWIPC;
	case NSK_UTS: return NEWUTS;
	case NSK_CGROUP: return NEWCGROUP;
	case NSK_USER: return NEWUSER;
	case NSK_TIME: return NEWTIME;
	}
	return 0;
}

/* Compare the task's namespaces with those last explained, and take the new
 * ones for explained. A namespace of the host counts as joined unless the
 * container was born in it. `is_made`: the task made its mount namespace itself. */
static __always_inline void explain_namespaces(const struct sensor_config *cfg, struct scratch *s,
					       struct task_struct *task, struct subject *sub,
					       bool is_made)
{
	struct ns_change *ret = &s->ns;
	struct container_state *born = bpf_map_lookup_elem(&containers, &sub->container);
	u32 born_host = born ? born->host_ns : 0;
	u64 mnt_id = current_mnt_ns_id(task), owner;
	u32 now[NSK_MAX] = {};
	u32 i;

	__builtin_memset(ret, 0, sizeof(*ret));
	read_namespaces(task, now);
	for (i = 0; i < NSK_MAX; i++) {
		if (!now[i] || now[i] == sub->ns_inum[i])
			continue;
		ret->changed |= ns_kind_flag(i);
		if (now[i] == cfg->init_ns_inum[i] && !(born_host & (1u << i)))
			ret->joined_host |= ns_kind_flag(i);
		sub->ns_inum[i] = now[i];
	}
	if (mnt_id == sub->mnt_ns)
		return;
	sub->mnt_ns = mnt_id;
	sub->own_mnt_ns = 0;
	if (is_made) {
		/* Made by the task itself: part of its container. */
		mnt_ns_learn(mnt_id, sub->container);
		sub->own_mnt_ns = (u64)KREAD(task, nsproxy, mnt_ns);
		return;
	}
	owner = container_of_mnt_ns(mnt_id);
	if (!owner)
		/* a private namespace of the host, if not the initial one */
		ret->joined_host |= NEWNS;
	else if (owner == sub->container)
		sub->own_mnt_ns = (u64)KREAD(task, nsproxy, mnt_ns);
	else
		ret->other = owner;
}

/* ---- what explains a change ---- */

static __always_inline void occasion_begin(struct scratch *s, u32 at)
{
	__builtin_memset(&s->occasion, 0, sizeof(s->occasion));
	s->occasion.at = at;
}

/* The new user namespace is a child of the old one, or was joined by setns(),
 * whose own record tells where to. */
static __always_inline bool is_user_ns_explained(const struct identity *old,
						 const struct identity *now,
						 const struct occasion *o)
{
	struct user_namespace *ns = (void *)now->user_ns;

	if (!o->is_ns)
		return false;
	return !o->is_made || (u64)KREAD(ns, parent) == old->user_ns;
}

#define IS_ONE_OF(id, old, r, e, s) ((id) == (old)->r || (id) == (old)->e || (id) == (old)->s)

static __always_inline u64 drift_of_ids(const struct identity *old, const struct identity *now,
					const struct occasion *o)
{
	bool by_exec = o->at == DRIFT_AT_EXEC;
	bool may_uid = o->is_cred && (old->effective & CAP_BIT_SETUID);
	bool may_gid = o->is_cred && (old->effective & CAP_BIT_SETGID);
	bool is_nnp = old->confined & CONFINED_NNP;
	u64 drift = 0;

	if (by_exec && !is_nnp) {
		may_uid = o->exe_mode & MODE_SUID;
		may_gid = o->exe_mode & MODE_SGID;
	}
	if (now->uid != old->uid || now->euid != old->euid || now->suid != old->suid) {
		if (!o->is_cred && !by_exec)
			drift |= DRIFT_UID;
		else if (!may_uid && !(IS_ONE_OF(now->uid, old, uid, euid, suid) &&
				       IS_ONE_OF(now->euid, old, uid, euid, suid) &&
				       IS_ONE_OF(now->suid, old, uid, euid, suid)))
			drift |= DRIFT_UID;
		else if (by_exec && now->uid != old->uid)
			drift |= DRIFT_UID;
	}
	if (now->gid != old->gid || now->egid != old->egid || now->sgid != old->sgid) {
		if (!o->is_cred && !by_exec)
			drift |= DRIFT_GID;
		else if (!may_gid && !(IS_ONE_OF(now->gid, old, gid, egid, sgid) &&
				       IS_ONE_OF(now->egid, old, gid, egid, sgid) &&
				       IS_ONE_OF(now->sgid, old, gid, egid, sgid)))
			drift |= DRIFT_GID;
		else if (by_exec && now->gid != old->gid)
			drift |= DRIFT_GID;
	}
	return drift;
}

/* capabilities(7), "Transformation of capabilities during execve()": for root,
 * set-uid-root programs and file capabilities the new permitted set is at most
 * bounding | inheritable, else it is what was ambient. With no_new_privs it is
 * never more than before. */
static __always_inline u64 drift_of_caps(const struct identity *old, const struct identity *now,
					 const struct occasion *o)
{
	u64 permitted = old->permitted, drift = 0;

	if (o->at == DRIFT_AT_EXEC && !(old->confined & CONFINED_NNP))
		permitted |= old->bounding | old->inheritable;
	if (now->permitted & ~permitted)
		drift |= DRIFT_CAP_PERMITTED;
	/* capset() may add to it what is permitted, and with SETPCAP what is in the
	 * bounding set. */
	if (now->inheritable & ~(old->inheritable | old->permitted | old->bounding))
		drift |= DRIFT_CAP_PERMITTED;
	if (now->effective & ~now->permitted)
		drift |= DRIFT_CAP_EFFECTIVE;
	if (now->bounding & ~old->bounding)
		drift |= DRIFT_CAP_BOUNDING;
	return drift;
}

/* All that was not explained but the namespaces, which explain_namespaces() tells. */
static __always_inline u64 drift_of(const struct identity *old, const struct identity *now,
				    const struct occasion *o)
{
	u32 lost = old->confined & ~now->confined;
	u32 securebits = old->securebits ^ now->securebits;
	u64 drift = drift_of_ids(old, now, o);
	bool is_new_user_ns = false;

	if (now->user_ns != old->user_ns) {
		if (is_user_ns_explained(old, now, o))
			is_new_user_ns = true;
		else
			drift |= DRIFT_USER_NS;
	}
	/* The first task of a user namespace, and who joins one, has every capability there. */
	if (!is_new_user_ns)
		drift |= drift_of_caps(old, now, o);
	if (o->at == DRIFT_AT_EXEC)
		securebits &= ~SECBIT_KEEP_CAPS;
	if (securebits && !o->is_cred && !is_new_user_ns)
		drift |= DRIFT_SECUREBITS;
	if (lost & (CONFINED_FILTER | CONFINED_ENTRY))
		drift |= DRIFT_SECCOMP;
	if (lost & CONFINED_NNP)
		drift |= DRIFT_NO_NEW_PRIVS;
	return drift;
}

/* From s->old, s->id and s->occasion into s->drift. A function of its own, without
 * arguments, so that the verifier walks its many ways once and not in each program. */
__noinline int measure_drift(void)
{
	struct scratch *s = scratch_get();

	if (s)
		s->drift = drift_of(&s->old, &s->id, &s->occasion);
	return 0;
}

static __always_inline bool is_root_adrift(const struct sensor_config *cfg,
					   struct task_struct *task, const struct subject *sub,
					   const struct identity *now)
{
	u64 container;

	return is_foreign(
		mount_owner(cfg, task, sub, (struct vfsmount *)now->root_mnt, &container));
}

/* s->id differs from what is explained. Reports what s->occasion does not explain, and
 * takes the new state for explained: one alert a change. The namespaces of a
 * successful setns() or unshare() are left to its own handler. */
static __noinline int judge_identity(struct scratch *s, struct task_struct *task,
				     struct subject *sub)
{
	const struct sensor_config *cfg = sensor_config();
	const struct occasion *o = &s->occasion;
	struct ns_change *ns = &s->ns;
	struct event_cred *ev;
	u64 drift;

	if (!cfg)
		return 0;
	s->old = sub->id;
	measure_drift();
	drift = s->drift;
	__builtin_memset(ns, 0, sizeof(*ns));
	if (!o->is_ns && (s->id.nsproxy != sub->id.nsproxy || s->id.mnt_ns != sub->id.mnt_ns)) {
		explain_namespaces(cfg, s, task, sub, false);
		/* exec moves a task into the time namespace that its children have. */
		ns->changed &= ~(NEWUSER | NEWTIME);
		if (ns->changed)
			drift |= DRIFT_NAMESPACES;
		ns->joined_host &= ~NEWTIME;
	}
	if (!o->is_ns && !o->is_root && s->id.root_mnt != sub->id.root_mnt &&
	    is_root_adrift(cfg, task, sub, &s->id))
		drift |= DRIFT_ROOT;
	if (!drift || !is_wanted(cfg, EVENT_CRED)) {
		identity_learn(sub, &s->id);
		return 0;
	}

	if (ns->joined_host || (drift & DRIFT_ROOT) ||
	    ((drift & (DRIFT_CAP_PERMITTED | DRIFT_CAP_BOUNDING | DRIFT_USER_NS)) &&
	     KREAD((struct user_namespace *)s->id.user_ns, level) == 0))
		subject_escape(task, sub);
	ev = record_begin(s, sizeof(*ev));
	fill_header(s, EVENT_CRED, task, sub);
	if (o->at == DRIFT_AT_SYSCALL)
		fill_call(s);
	ev->hdr.facts |= FACT_UNEXPLAINED;
	ev->changed = drift;
	ev->ns_changed = ns->changed;
	ev->ns_joined_host = ns->joined_host;
	if (ns->joined_host)
		ev->hdr.boundary = BOUNDARY_HOST;
	if (ns->other) {
		ev->hdr.target_container = ns->other;
		ev->hdr.boundary = BOUNDARY_OTHER;
	}
	ev->old_permitted = sub->id.permitted;
	ev->new_permitted = s->id.permitted;
	ev->old_effective = sub->id.effective;
	ev->new_effective = s->id.effective;
	ev->old_bounding = sub->id.bounding;
	ev->new_bounding = s->id.bounding;
	ev->old_uid = sub->id.euid;
	ev->new_uid = s->id.euid;
	ev->old_gid = sub->id.egid;
	ev->new_gid = s->id.egid;
	ev->at = o->at;
	identity_learn(sub, &s->id);
	record_end(RING_URGENT);
	return 0;
}

#endif
